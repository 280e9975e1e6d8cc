//! Filters that look at something else first, answers below their types, and words for two names of one thing.

use domain::id::Id;
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use service::bookings::{GroupChoice, UnitChoice};
use service::customers::{Order, Owner, PersonDetails};
use service::links::BookedPackage;
use service::records::{Linking, create, put};

use crate::house::{House, ids, in_every_house, stay};
use crate::shop::{Shop, error, id};
use crate::world::{World, units};
use crate::writing::{document, linked};

async fn made(house: &House, path: &str, document: &Value) -> String {
    let reply = house.send("POST", path, document).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    id(&reply.json()).to_owned()
}

/// Each filter finds exactly these, by their places in the list.
async fn must_find(house: &House, path: &str, all: &[String], table: &[(&str, &[usize])]) {
    for (filter, expected) in table {
        let found = house.get(&format!("{path}?sort=id&{filter}")).await;
        let expected: Vec<String> = expected.iter().map(|place| all[*place].clone()).collect();
        assert_eq!(ids(&found), expected, "{filter}");
        let total = &found["meta"]["pagination"]["total_records"];
        assert_eq!(*total, expected.len(), "{filter}");
    }
}

#[tokio::test]
async fn amenities_are_found_by_how_they_are_answered_what_they_mean_and_their_options() {
    in_every_house(|house| async move {
        let mut all = Vec::new();
        for (kind, meaning) in [
            ("Boolean", Some("wifi")),
            ("Numerical", Some("saunas")),
            ("MultipleChoice", None),
            ("MultipleChoice", Some("View")),
        ] {
            let attributes = json!({ "name": { "en": "Amenity" }, "semantic_amenity_type": meaning,
                "type": format!("Amenities::{kind}Amenity") });
            all.push(made(&house, "/amenities", &document("amenity", attributes)).await);
        }
        let mut options = Vec::new();
        for amenity in [&all[2], &all[3], &all[3]] {
            let of = [("amenity", "amenity", amenity.clone())];
            let option = linked("amenity_option", json!({ "name": { "en": "Sea" } }), &of);
            options.push(made(&house, "/amenity_options", &option).await);
        }
        let (of_two, of_three) = (
            format!("filter[amenity_options]={}", options[0]),
            format!("filter[amenity_options]={},{}", options[1], options[2]),
        );
        let none = format!("filter[amenity_options]=!{},{}", options[0], options[1]);
        let table: &[(&str, &[usize])] = &[
            ("filter[type]=Amenities::NumericalAmenity", &[1]),
            (
                "filter[type]=Amenities::BooleanAmenity,Amenities::NumericalAmenity",
                &[0, 1],
            ),
            ("filter[type]=!Amenities::MultipleChoiceAmenity", &[0, 1]),
            ("filter[type]=~CHOICE", &[2, 3]),
            ("filter[type]=weather", &[]),
            ("filter[semantic_amenity_type]=wifi", &[0]),
            ("filter[semantic_amenity_type]=view", &[]),
            ("filter[semantic_amenity_type]=~VI", &[3]),
            ("filter[semantic_amenity_type]=", &[2]),
            ("filter[semantic_amenity_type]=!", &[0, 1, 3]),
            ("filter[semantic_amenity_type]=s..x", &[0, 1]),
            ("filter[semantic_amenity_type|name]=wifi", &[0]),
            (
                "filter[type]=~choice&filter[semantic_amenity_type]=!View",
                &[2],
            ),
            (&of_two, &[2]),
            (&of_three, &[3]),
            (&none, &[0, 1]),
        ];
        must_find(&house, "/amenities", &all, table).await;
        // Those of another house are not looked at.
        let stranger = house.another_tenant("Heath").await;
        let found = stranger.get("/amenities?filter[type]=~amenity").await;
        assert_eq!(found["data"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn bookings_are_found_by_their_reservations_customer_channel_and_owner() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let new = || stay(world.room, date(2027, 7, 1), date(2027, 7, 3));
        let alone = house.book(new()).await;
        let master = house.book(new()).await;
        let member = house
            .book(service::bookings::NewBooking {
                group: GroupChoice::Join(master),
                ..new()
            })
            .await;
        let owner = house.service.new_id(&house.actor);
        let mut order = Order::new(alone, world.park);
        order.owner_id = Some(owner);
        let person = Owner::new(owner, PersonDetails::default());
        house
            .write(vec![create(person), put(order, |_| Ok(()))])
            .await;
        let all = [world.booking, alone, master].map(|id| id.to_string());
        let by = |name: &str, id: Id| format!("filter[{name}]={id}");
        let both = format!("filter[reservations]={member},{}", world.booking);
        let not = format!("filter[reservations]=!{member}");
        let table: &[(&str, &[usize])] = &[
            (&by("reservations", world.booking), &[0]),
            (&by("reservations", alone), &[1]),
            (&by("reservations", master), &[2]),
            (&by("reservations", member), &[2]),
            (&both, &[0, 2]),
            (&not, &[0, 1]),
            ("filter[reservations]=7", &[]),
            (&by("customer", world.customer), &[0]),
            (&by("channel", world.channel), &[0]),
            (&by("owner", owner), &[1]),
        ];
        must_find(&house, "/bookings", &all, table).await;
    })
    .await;
}

/// A stay of two nights that is pinned to a unit, or to none.
async fn booked(house: &House, room: Id, unit: Option<i64>, arrival: Date) -> String {
    let mut new = stay(
        room,
        arrival,
        arrival.checked_add(jiff::Span::new().days(2)).unwrap(),
    );
    new.unit = unit.map_or(UnitChoice::Any, UnitChoice::Number);
    house.book(new).await.to_string()
}

#[tokio::test]
async fn reservations_are_found_by_their_unit_their_order_and_what_was_asked_for() {
    in_every_house(|house| async move {
        let (_, room) = house.parks[0];
        let units = units(&house, room).await;
        let day = date(2027, 7, 1);
        let all = [
            booked(&house, room, Some(2), day).await,
            booked(&house, room, Some(3), day).await,
            booked(&house, room, None, day).await,
            booked(&house, room, Some(2), date(2027, 8, 1)).await,
        ];
        let shown = house.get(&format!("/reservations/{}", all[2])).await;
        let of_third = &shown["data"]["relationships"]["inventory_object"]["data"]["id"];
        let of_third = of_third.as_str().unwrap();
        let amenity = document("amenity", json!({ "name": { "en": "View" } }));
        let amenity = made(&house, "/amenities", &amenity).await;
        let ends = [
            ("reservation", "reservation", all[1].clone()),
            ("amenity", "amenity", amenity),
        ];
        let answer = linked("reservation_amenity", json!({ "value": "true" }), &ends);
        let path = format!(
            "/administrations/{}/reservation_amenities",
            house.parks[0].0
        );
        let answer = made(&house, &path, &answer).await;
        let by = |name: &str, id: &dyn std::fmt::Display| format!("filter[{name}]={id}");
        let two = format!("filter[inventory_object]={},{}", units[1], units[2]);
        let table: &[(&str, &[usize])] = &[
            (&by("inventory_object", &units[1]), &[0, 3]),
            (&by("rentable_identity", &units[2]), &[1]),
            (&by("rentable", &of_third), &[2]),
            (&two, &[0, 1, 3]),
            (&by("inventory_object", &format!("!{}", units[1])), &[1, 2]),
            ("filter[inventory_object]=7", &[]),
            ("filter[inventory_object]=!7", &[0, 1, 2, 3]),
            (&by("order", &all[2]), &[2]),
            (&by("reservation_amenities", &answer), &[1]),
            ("filter[fixed_rentable]=true", &[0, 1, 3]),
            ("filter[fixed_rentable]=false", &[2]),
            ("filter[fixed_rentable]=!true", &[2]),
            ("filter[fixed_rentable]=true,false", &[0, 1, 2, 3]),
            ("filter[fixed_rentable]=", &[]),
        ];
        must_find(&house, "/reservations", &all, table).await;
        for filter in ["filter[inventory_object]=", "filter[rentable]=,7"] {
            let path = format!("/reservations?{filter}");
            let reply = house.get_as(&house.key, &path).await;
            assert_eq!(reply.code(), (400, "INVALID_FILTER".to_owned()), "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_order_names_the_packages_of_its_reservation() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let path = format!("/administrations/{}/packages", shop.park);
        let package = document("package", json!({ "name": { "en": "Sauna" }, "price": 9 }));
        let (one, other) = (
            made(&house, &path, &package).await,
            made(&house, &path, &package).await,
        );
        let booking = house
            .book(stay(shop.room, date(2027, 7, 1), date(2027, 7, 3)))
            .await;
        let order = format!("/orders/{booking}?fields[order]=primary_package_id,extra_package_ids");
        let attributes = &house.get(&order).await["data"]["attributes"];
        assert_eq!(attributes["primary_package_id"], Value::Null);
        assert_eq!(attributes["extra_package_ids"], json!([]));
        let packages = [&one, &other].map(|id| id.parse::<Id>().unwrap());
        let link = Linking::plain("booking", booking, packages).write::<BookedPackage>();
        house.write(vec![link]).await;
        let attributes = &house.get(&order).await["data"]["attributes"];
        assert_eq!(attributes["primary_package_id"], json!(one));
        assert_eq!(attributes["extra_package_ids"], json!([other]));
    })
    .await;
}

#[tokio::test]
async fn answers_stand_below_the_type_that_they_are_of() {
    in_every_house(|house| async move {
        let [(park, room), (south, other)] = house.parks;
        let amenity = document("amenity", json!({ "name": { "en": "View" } }));
        let amenity = made(&house, "/amenities", &amenity).await;
        for (plural, name) in [
            ("categories", "category"),
            ("rentable_types", "rentable_type"),
        ] {
            let list = format!("/administrations/{park}/{plural}/{room}/amenities");
            let kind = format!("{name}_amenity");
            let of = |id: Id, value: &str| {
                let ends = [
                    (name, name, id.to_string()),
                    ("amenity", "amenity", amenity.clone()),
                ];
                linked(&kind, json!({ "value": value }), &ends)
            };
            let answer = made(&house, &list, &of(room, "true")).await;
            let listed = house.get(&format!("{list}?include=amenity")).await;
            assert_eq!(ids(&listed), [answer.as_str()]);
            assert_eq!(listed["data"][0]["type"], kind);
            assert_eq!(listed["included"][0]["id"], amenity);
            let one = format!("{list}/{answer}");
            let mut change = document(&kind, json!({ "value": "false" }));
            change["data"]["id"] = json!(answer);
            let reply = house.send("PATCH", &one, &change).await;
            assert_eq!(reply.json()["data"]["attributes"]["value"], "false");
            // It is of no other type, and the type of no other administration.
            let reply = house.send("POST", &list, &of(other, "true")).await;
            let pointer = format!("/data/relationships/{name}");
            assert_eq!(error(&reply), (404, "RESOURCE_NOT_FOUND".into(), pointer));
            for path in [
                format!("/administrations/{south}/{plural}/{room}/amenities"),
                format!("/administrations/{park}/{plural}/{other}/amenities"),
                format!("/administrations/{park}/{plural}/7/amenities"),
                format!("/administrations/{south}/{plural}/{other}/amenities/{answer}"),
            ] {
                assert_eq!(house.get_as(&house.key, &path).await.status, 404, "{path}");
            }
            assert_eq!(house.ask_to("DELETE", &one).await.status, 204);
            assert_eq!(house.get(&list).await["data"], json!([]));
        }
    })
    .await;
}

#[tokio::test]
async fn the_older_word_of_segments_opens_both_names_and_the_one_of_subscriptions_nothing_else() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let key = house.key_for(&["category_group|read"]).await;
        for path in ["/category_groups", "/rentable_segments"] {
            assert_eq!(house.get_as(&key, path).await.status, 200, "{path}");
        }
        let segment = document("rentable_segment", json!({ "name": { "en": "Canvas" } }));
        let reply = house
            .send_as(&key, "POST", "/rentable_segments", &segment)
            .await;
        assert_eq!(reply.code(), (403, "NO_VALID_SCOPE".to_owned()));
        let key = house.key_for(&["category_group|write"]).await;
        let reply = house
            .send_as(&key, "POST", "/rentable_segments", &segment)
            .await;
        assert_eq!(reply.status, 201, "{}", reply.json());

        let key = house.key_for(&["subscription|read"]).await;
        let shown = house.get_as(&key, "/subscription").await.json();
        let ends = &shown["data"]["relationships"]["administration_subscriptions"]["data"];
        assert_eq!(ends.as_array().unwrap().len(), house.parks.len(), "{shown}");
        for path in [
            "/administrations".to_owned(),
            format!("/administrations/{}/rentable_types", world.park),
            "/labels".to_owned(),
            "/organization".to_owned(),
            "/subscription?include=administration_subscriptions.administration".to_owned(),
        ] {
            let reply = house.get_as(&key, &path).await;
            assert_eq!(reply.status, 403, "{path}: {}", reply.json());
        }
    })
    .await;
}

#[tokio::test]
async fn a_button_is_about_something_that_it_can_be_pressed_for() {
    in_every_house(|house| async move {
        let of = |context: &str| {
            let attributes = json!({ "identifier": "open", "name": { "en": "Open" }, "http_method": "post",
                "target_url": "https://app.example/open", "context_model": context });
            document("application_command", attributes)
        };
        for context in dialect_bookingexperts::kinds::leaving::CONTEXTS {
            made(&house, "/application_commands", &of(context)).await;
        }
        for context in ["label", "", "Reservation"] {
            let reply = house.send("POST", "/application_commands", &of(context)).await;
            let pointer = "/data/attributes/context_model".to_owned();
            assert_eq!(error(&reply), (422, "INVALID_ATTRIBUTE".into(), pointer));
        }
    })
    .await;
}
