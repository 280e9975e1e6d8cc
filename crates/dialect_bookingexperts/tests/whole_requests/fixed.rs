//! Who stays in a unit whatever comes, and who may be moved from it.

use domain::booking::Status;
use jiff::civil::date;
use serde_json::{Value, json};
use service::bookings::UnitChoice;

use crate::house::{House, Reply, in_every_house, stay};
use crate::shop::{JUNE, Shop, changed, error, id};

const CONFLICT: &str = "CONFLICT";

/// The unit of a reservation, and whether it stays there.
fn place(reply: &Value) -> (String, bool) {
    let data = &reply["data"];
    let unit = &data["relationships"]["inventory_object"]["data"]["id"];
    let fixed = data["attributes"]["fixed_rentable"].as_bool().unwrap();
    (unit.as_str().unwrap().to_owned(), fixed)
}

async fn place_of(house: &House, shop: &Shop, id: &str) -> (String, bool) {
    let path = format!("/administrations/{}/reservations/{id}", shop.park);
    place(&house.get(&path).await)
}

/// The answer to a request for one night in this unit, or in any.
async fn wish(house: &House, shop: &Shop, unit: Option<&str>, fixed: Option<bool>) -> Reply {
    let mut wanted = shop.wanted("2027-06-01", "2027-06-02");
    if let Some(unit) = unit {
        wanted["data"]["relationships"]["inventory_object"] =
            json!({ "data": { "type": "inventory_object", "id": unit } });
    }
    if let Some(fixed) = fixed {
        wanted["data"]["attributes"]["fixed_rentable"] = json!(fixed);
    }
    house.send("POST", &shop.at("?confirm=true"), &wanted).await
}

async fn fix(house: &House, shop: &Shop, id: &str, fixed: bool) -> (String, bool) {
    let document = changed(id, json!({ "fixed_rentable": fixed }), json!({}));
    let path = shop.at(&format!("/{id}"));
    let previewed = house
        .send("POST", &format!("{path}/preview"), &document)
        .await;
    assert_eq!(place(&previewed.json()).1, fixed);
    let reply = house.send("PATCH", &path, &document).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    place(&reply.json())
}

#[tokio::test]
async fn who_is_fixed_stays_and_who_is_not_makes_room() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let first = wish(&house, &shop, None, None).await.json();
        let (unit, fixed) = place(&first);
        assert!(!fixed, "nobody has asked for it");
        assert_eq!(
            fix(&house, &shop, id(&first), true).await,
            (unit.clone(), true)
        );
        let refused = wish(&house, &shop, Some(&unit), None).await;
        assert_eq!(
            refused.code(),
            (409, CONFLICT.to_owned()),
            "{}",
            refused.json()
        );

        assert_eq!(
            fix(&house, &shop, id(&first), false).await,
            (unit.clone(), false)
        );
        let second = wish(&house, &shop, Some(&unit), None).await;
        assert_eq!(second.status, 201, "{}", second.json());
        assert_eq!(place(&second.json()), (unit.clone(), true));
        let (moved, fixed) = place_of(&house, &shop, id(&first)).await;
        assert_ne!(moved, unit);
        assert!(!fixed);

        // What is called off has no unit to stay in.
        let path = shop.at(&format!("/{}/cancel", id(&second.json())));
        let gone = house.send("POST", &path, &Value::Null).await.json();
        assert_eq!(gone["data"]["attributes"]["fixed_rentable"], false);
    })
    .await;
}

#[tokio::test]
async fn a_unit_may_be_named_without_being_fixed_and_fixed_without_being_named() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let units = crate::world::units(&house, shop.room).await;
        let unit = units[1].to_string();
        let first = wish(&house, &shop, Some(&unit), Some(false)).await;
        assert_eq!(first.status, 201, "{}", first.json());
        assert_eq!(place(&first.json()), (unit.clone(), false));
        let second = wish(&house, &shop, Some(&unit), None).await.json();
        assert_eq!(place(&second), (unit, true));
        assert_eq!(
            place_of(&house, &shop, id(&first.json())).await.0,
            units[0].to_string()
        );

        // Its unit is free no more on the days to which it goes, so it goes nowhere.
        let mut other = stay(shop.room, date(2027, 6, 2), date(2027, 6, 4));
        other.unit = UnitChoice::Number(2);
        house.book(other).await;
        let path = shop.at(&format!("/{}", id(&second)));
        let longer = changed(id(&second), json!({ "end_date": "2027-06-03" }), json!({}));
        let reply = house.send("PATCH", &path, &longer).await;
        assert_eq!(reply.code(), (409, CONFLICT.to_owned()), "{}", reply.json());
        assert_eq!(
            house.booking(id(&second)).await.departure_on,
            date(2027, 6, 2)
        );
    })
    .await;
}

#[tokio::test]
async fn who_is_fixed_from_the_beginning_or_by_another_api_is_shown_as_fixed() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let first = wish(&house, &shop, None, Some(true)).await;
        assert_eq!(first.status, 201, "{}", first.json());
        let (unit, fixed) = place(&first.json());
        assert!(fixed);
        let refused = wish(&house, &shop, Some(&unit), None).await;
        assert_eq!(
            refused.code(),
            (409, CONFLICT.to_owned()),
            "{}",
            refused.json()
        );

        let mut other = stay(shop.room, JUNE, date(2027, 6, 2));
        let units = crate::world::units(&house, shop.room).await;
        let number = 1 + i64::from(unit == units[0].to_string());
        other.unit = UnitChoice::Number(number);
        let other = house.book(other).await;
        assert!(place_of(&house, &shop, &other.to_string()).await.1);
        house.become_(other, Status::Cancelled).await;
        let path = format!(
            "/reservations?fields[reservation]=fixed_rentable&filter[id]={}",
            id(&first.json())
        );
        let shown = house.get(&path).await["data"][0]["attributes"].clone();
        assert_eq!(shown, json!({ "fixed_rentable": true }));
    })
    .await;
}

#[tokio::test]
async fn a_preview_says_who_would_be_fixed() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let made = wish(&house, &shop, None, Some(true)).await.json();
        assert!(place(&made).1);
        let path = shop.at(&format!("/{}", id(&made)));
        let (_, other) = house.parks[0];
        let link = json!({ "type": "rentable_type", "id": other.to_string() });
        let moved = json!({ "rentable_type": { "data": link } });
        for (attributes, links, fixed) in [
            (json!({ "note": "Late" }), json!({}), true),
            (json!({}), moved, false),
        ] {
            let document = changed(id(&made), attributes, links);
            let preview = format!("{path}/preview");
            let previewed = house.send("POST", &preview, &document).await;
            assert_eq!(previewed.status, 200, "{}", previewed.json());
            let shown = &previewed.json()["data"]["attributes"]["fixed_rentable"];
            assert_eq!(*shown, fixed, "{document}");
            let reply = house.send("PATCH", &path, &document).await;
            assert_eq!(place(&reply.json()).1, fixed, "{document}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_has_checked_out_has_no_unit_to_be_given_or_to_keep() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let made = shop
            .reserve(&house, "2027-06-01", "2027-06-05", "?confirm=true")
            .await;
        let noon = "2027-06-03T12:00:00Z".parse::<jiff::Timestamp>().unwrap();
        house.clock.set(noon);
        let unit = place(&made).0;
        let days = json!({ "checked_in_on": "2027-06-01", "checked_out_on": "2027-06-03" });
        let and_fixed = |fixed: bool| {
            let mut attributes = days.clone();
            attributes["fixed_rentable"] = json!(fixed);
            attributes
        };
        let link = json!({ "data": { "type": "inventory_object", "id": unit } });
        let named = json!({ "inventory_object": link });
        let path = shop.at(&format!("/{}", id(&made)));
        let refused = (409, CONFLICT.to_owned(), "/data".to_owned());
        for status in [Status::Confirmed, Status::Completed] {
            for (attributes, links) in [
                (days.clone(), named.clone()),
                (and_fixed(false), named.clone()),
                (and_fixed(true), json!({})),
            ] {
                let document = changed(id(&made), attributes, links);
                for (method, path) in [("POST", format!("{path}/preview")), ("PATCH", path.clone())]
                {
                    let reply = house.send(method, &path, &document).await;
                    assert_eq!(error(&reply), refused, "{}", reply.json());
                    let detail = &reply.json()["errors"][0]["detail"];
                    assert_eq!(detail, "Whoever has checked out has no unit");
                }
                assert_eq!(house.booking(id(&made)).await.status, status);
            }
            // What says only what is so is no conflict.
            let document = changed(id(&made), and_fixed(false), json!({}));
            let reply = house.send("PATCH", &path, &document).await;
            assert_eq!(reply.status, 200, "{}", reply.json());
            assert_eq!(reply.json()["data"]["attributes"]["fixed_rentable"], false);
        }
        let document = changed(id(&made), json!({}), named.clone());
        let reply = house.send("PATCH", &path, &document).await;
        assert_eq!(error(&reply), refused, "{}", reply.json());
        // Whoever is back may be given one.
        let document = changed(id(&made), json!({ "checked_out_on": null }), named);
        let reply = house.send("PATCH", &path, &document).await;
        assert_eq!(place(&reply.json()), (unit, true));
    })
    .await;
}
