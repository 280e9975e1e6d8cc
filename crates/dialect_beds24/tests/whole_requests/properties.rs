//! Properties with their rooms, units, price rules and offers.

use serde_json::{Value, json};

use crate::house::in_every_house;

#[tokio::test]
async fn a_property_is_made_with_its_rooms_and_shown_with_what_is_asked_for() {
    in_every_house(|house| async move {
        let element = house.write("/properties", json!([{"name": "Inn", "propertyType": "guesthouse", "currency": "PTE", "city": "Porto",
            "texts": [{"language": "en", "headline": "Hello"}, {"language": "pt", "headline": "Olá"}],
            "roomTypes": [{"name": "Double", "qty": 3, "units": [{"id": 2, "name": "102", "note": "quiet"}],
                "priceRules": [{"id": 1, "name": "Flexible", "priceFor": {"type": "perPerson"}}]}, {"name": "Single"}]}])).await.remove(0);
        let new = element["new"].clone();
        let (property, room) = (new["id"].as_i64().unwrap(), new["roomTypes"][0]["id"].as_i64().unwrap());
        assert!(element["warnings"].is_null() || element["warnings"][0]["field"] == "currency", "{element}");
        assert_eq!(element["info"][0], json!({"action": "new property", "id": property}));

        let bare = house.rows(&format!("/properties?id={property}")).await.remove(0);
        assert_eq!((&bare["name"], &bare["city"], &bare["propertyType"]), (&json!("Inn"), &json!("Porto"), &json!("guesthouse")));
        assert_eq!((&bare["roomTypes"], bare.get("texts"), bare.get("offers")), (&json!([]), None, None));
        assert_eq!(bare["webhooks"], json!({"version": "one", "url": "", "additionalData": "none", "customHeader": ""}));

        let all = house.rows(&format!("/properties?id={property}&includeAllRooms=true&includePriceRules=true&includeUnitDetails=true&includeTexts=all&includeLanguages=pt")).await.remove(0);
        assert_eq!(all["texts"].as_array().unwrap().len(), 1);
        let double = &all["roomTypes"][0];
        assert_eq!((&double["name"], &double["qty"], &double["propertyId"]), (&json!("Double"), &json!(3), &json!(property)));
        assert_eq!(double["priceRules"][0]["priceFor"]["type"], "perPerson");
        let units = double["units"].as_array().unwrap();
        assert_eq!((units.len(), &units[1]["name"], &units[1]["note"]), (3, &json!("102"), &json!("quiet")));

        let named = house.rows(&format!("/properties?roomId={room}")).await;
        assert_eq!((named.len(), named[0]["roomTypes"].as_array().unwrap().len()), (1, 1));
        assert_eq!(named[0]["roomTypes"][0]["units"][1], json!({"id": 2, "name": "102"}));
        let rooms = house.rows(&format!("/properties/rooms?propertyId={property}")).await;
        assert_eq!(rooms.iter().map(|room| room["name"].clone()).collect::<Vec<_>>(), [json!("Double"), json!("Single")]);
        assert!(house.rows("/properties?id=77").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_change_shows_only_the_changed_leaves() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        let changed = house
            .write(
                "/properties",
                json!([{"id": property, "webhooks": {"url": "https://h", "version": "one"},
            "roomTypes": [{"id": room, "maxPeople": 4, "units": [{"id": 1, "name": "A"}]}]}]),
            )
            .await
            .remove(0);
        assert_eq!(
            changed,
            json!({"success": true, "modified": {"webhooks": {"url": "https://h"},
            "roomTypes": [{"id": room, "units": [{"id": 1, "name": "A"}], "maxPeople": 4}]}})
        );
        let refused = house
            .write(
                "/properties",
                json!([{"id": property, "webhooks": {"additionalData": "CVC"}}]),
            )
            .await
            .remove(0);
        assert_eq!(
            refused["warnings"],
            json!([{"field": "webhooks_additionalData", "message": "Invalid"}])
        );
        let kept = house
            .rows(&format!("/properties?id={property}"))
            .await
            .remove(0);
        assert_eq!(
            (
                &kept["webhooks"]["url"],
                &kept["webhooks"]["additionalData"]
            ),
            (&json!("https://h"), &json!("none"))
        );
    })
    .await;
}

#[tokio::test]
async fn unknown_properties_and_rooms_are_errors_and_wrong_quantities_change_nothing() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        let elements = house.write("/properties", json!([
            {"id": 77, "name": "x"}, {"id": property, "roomTypes": [{"id": 77, "name": "x"}]},
            {"id": property, "roomTypes": [{"id": room, "qty": 0}]}, {}, 7,
            {"id": property, "timeZone": "Mars/Olympus", "currency": "XQQ"},
        ])).await;
        assert_eq!(elements[0]["errors"][0]["message"], "not found");
        assert_eq!(elements[1]["errors"][0], json!({"action": "modify room", "id": 77, "field": "roomTypes_id", "message": "not found"}));
        assert_eq!(elements[2]["errors"][0]["field"], "roomTypes_qty");
        assert_eq!(elements[3]["errors"][0]["field"], "name");
        assert_eq!(elements[4]["success"], false);
        assert_eq!(elements[5]["warnings"].as_array().map(Vec::len), Some(2));
        let rooms = house.rows(&format!("/properties/rooms?id={room}")).await;
        assert_eq!(rooms[0]["qty"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_property_limited_token_sees_its_property_alone() {
    in_every_house(|house| async move {
        let (first, _) = house.property(2).await;
        let (second, room) = house.property(2).await;
        let only = Some(vec![domain::id::Id::new(second).unwrap()]);
        let code = house
            .invite(
                &["all:properties", "all:bookings", "all:inventory"],
                only,
                identity::ROOMY_QUOTA,
            )
            .await;
        let setup = house
            .ask(
                "GET",
                "/beds24/v2/authentication/setup",
                &[("code", &*code)],
                "",
            )
            .await
            .json();
        let token = setup["token"].as_str().unwrap();
        let seen = house.get_as(token, "/properties").await.json();
        let ids: Vec<&Value> = seen["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["id"])
            .collect();
        assert_eq!(ids, [&json!(second)]);
        let details = house.get_as(token, "/authentication/details").await.json();
        assert_eq!(details["token"]["onlyPropertyId"], second);
        let written = house
            .post_as(token, "/properties", json!([{"id": first, "name": "Mine"}]))
            .await
            .json();
        assert_eq!(written[0]["errors"][0]["message"], "not found");
        let rooms = house.get_as(token, "/properties/rooms").await.json();
        assert_eq!(
            (&rooms["count"], &rooms["data"][0]["id"]),
            (&json!(1), &json!(room))
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_booked_stays_and_what_is_not_can_be_deleted() {
    in_every_house(|house| async move {
        house
            .removes_rooms
            .store(true, std::sync::atomic::Ordering::Relaxed);
        let (property, room) = house.property(2).await;
        let booked = house
            .book(crate::house::stay(room, "2026-12-01", "2026-12-02"))
            .await;
        let kept = house
            .delete(&format!("/properties?id={property}"))
            .await
            .json();
        assert_eq!(kept[0]["success"], false);
        house
            .delete(&format!("/bookings?id={}", booked["new"]["id"]))
            .await;
        let rooms = house
            .delete(&format!("/properties/rooms?id={room}"))
            .await
            .json();
        assert_eq!(
            rooms[0]["info"],
            json!([{"action": "delete room", "id": room}])
        );
        let gone = house
            .delete(&format!("/properties?id={property}&id=77"))
            .await
            .json();
        assert_eq!(
            (&gone[0]["success"], &gone[1]["success"]),
            (&json!(true), &json!(false))
        );
        assert!(house.rows("/properties").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_different_nested_settings_at_once_are_all_kept() {
    in_every_house(|house| async move {
        let (property, room) = house.property(20).await;
        let mut calls = tokio::task::JoinSet::new();
        for number in 1..=20_i64 {
            let house = std::sync::Arc::clone(&house);
            let template = format!("template{}", (number - 1) % 8 + 1);
            let item = json!({"id": property, "templates": {template: "sent"}, "roomTypes":
                [{"id": room, "units": [{"id": number, "name": format!("Room {number}")}]}]});
            calls.spawn(async move { house.write("/properties", json!([item])).await.remove(0) });
        }
        for element in calls.join_all().await {
            assert_eq!(element["success"], true, "{element}");
        }
        let path = format!("/properties?id={property}&includeAllRooms=true");
        let kept = house.rows(&path).await.remove(0);
        for number in 1..=8 {
            assert_eq!(
                kept["templates"][format!("template{number}")],
                "sent",
                "{number}"
            );
        }
        let units = kept["roomTypes"][0]["units"].as_array().unwrap();
        let expected: Vec<Value> = (1..=20)
            .map(|number| json!({"id": number, "name": format!("Room {number}")}))
            .collect();
        assert_eq!(units, &expected);
    })
    .await;
}

#[tokio::test]
async fn a_new_property_without_a_zone_lies_where_the_oldest_does_whoever_makes_it() {
    in_every_house(|house| async move {
        house.property(1).await;
        let writer = house.token_for(&["write:properties"]).await;
        let made = house
            .post_as(&writer, "/properties", json!([{"name": "Annex"}]))
            .await
            .json();
        assert_eq!(made[0]["new"]["timeZone"], "Europe/Lisbon", "{made}");
    })
    .await;
}
