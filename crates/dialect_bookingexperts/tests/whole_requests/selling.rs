//! Reserving, confirming, changing and calling off through a channel.

use domain::booking::Status;
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::house::{House, in_every_house, stay};
use crate::shop::{JUNE, Shop, changed, error, id};

const CONFLICT: &str = "CONFLICT";

fn state(document: &Value) -> &str {
    document["data"]["attributes"]["state"].as_str().unwrap()
}

async fn total(house: &House, shop: &Shop, id: &str) -> Value {
    let path = format!("/administrations/{}/orders/{id}", shop.park);
    house.get(&path).await["data"]["attributes"]["total"].clone()
}

#[tokio::test]
async fn a_stay_that_nobody_confirms_is_held_for_an_hour_and_is_free_again() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let wanted = shop.wanted("2027-06-01", "2027-06-04");
        let reply = house.send("POST", &shop.at(""), &wanted).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let made = reply.json();
        let location = reply.headers["location"].to_str().unwrap();
        assert_eq!(made["data"]["links"]["self"], location);
        let path = location
            .strip_prefix("https://book.example/bookingexperts/v3")
            .unwrap();
        assert_eq!(house.get(path).await["data"]["id"], made["data"]["id"]);
        assert_eq!(state(&made), "unconfirmed");
        let expires = house.clock.now() + SignedDuration::from_hours(1);
        let shown: jiff::Timestamp = made["data"]["attributes"]["expires_at"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(shown, expires);
        // The same commit that made it took the nights from everybody.
        assert_eq!(shop.free(&house, JUNE, 4).await, [0, 0, 0, 1]);

        // Its time has come, and nobody has ended it yet: it is too late to confirm it or to change it.
        house.clock.advance_ms(60 * 60 * 1_000);
        let confirm = shop.at(&format!("/{}/confirm", id(&made)));
        let late = house.send("POST", &confirm, &Value::Null).await;
        assert_eq!(late.code(), (409, CONFLICT.to_owned()));
        let note = changed(id(&made), json!({ "note": "late" }), json!({}));
        let late = house
            .send("PATCH", &shop.at(&format!("/{}", id(&made))), &note)
            .await;
        assert_eq!(late.code(), (409, CONFLICT.to_owned()));

        assert_eq!(
            house.service.expire_due(house.clock.now()).await.unwrap(),
            1
        );
        assert_eq!(state(&house.get(path).await), "expired");
        assert_eq!(shop.free(&house, JUNE, 4).await, [1, 1, 1, 1]);
        let late = house.send("POST", &confirm, &Value::Null).await;
        assert_eq!(late.code(), (409, CONFLICT.to_owned()));
        // Called off, it stays what it is.
        let cancel = shop.at(&format!("/{}/cancel", id(&made)));
        let reply = house.send("POST", &cancel, &Value::Null).await;
        assert_eq!(state(&reply.json()), "expired");
    })
    .await;
}

#[tokio::test]
async fn a_reservation_is_confirmed_in_each_of_three_ways_and_never_expires() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 3).await;
        let at_once = shop
            .reserve(&house, "2027-06-01", "2027-06-02", "?confirm=true")
            .await;
        let by_path = shop.reserve(&house, "2027-06-01", "2027-06-02", "").await;
        let by_change = shop.reserve(&house, "2027-06-01", "2027-06-02", "").await;
        let confirm = shop.at(&format!("/{}/confirm", id(&by_path)));
        for _ in 0..2 {
            let reply = house.send("POST", &confirm, &Value::Null).await;
            assert_eq!((reply.status, state(&reply.json())), (200, "confirmed"));
        }
        let nothing = changed(id(&by_change), json!({}), json!({}));
        let patch = shop.at(&format!("/{}?confirm=true", id(&by_change)));
        let reply = house.send("PATCH", &patch, &nothing).await;
        assert_eq!((reply.status, state(&reply.json())), (200, "confirmed"));
        house.clock.advance_ms(48 * 60 * 60 * 1_000);
        assert_eq!(
            house.service.expire_due(house.clock.now()).await.unwrap(),
            0
        );
        for made in [&at_once, &by_path, &by_change] {
            let path = shop.at(&format!("/{}?include=booking", id(made)));
            let found = house.get(&path).await;
            assert_eq!(state(&found), "confirmed");
            assert_eq!(found["data"]["attributes"]["expires_at"], Value::Null);
            let booking = &found["included"][0];
            assert!(
                booking["attributes"]["confirmed_at"].is_string(),
                "{booking}"
            );
            let channel = &booking["relationships"]["channel"]["data"]["id"];
            assert_eq!(*channel, shop.channel.to_string());
        }
        assert_eq!(shop.free(&house, JUNE, 1).await, [0]);
    })
    .await;
}

#[tokio::test]
async fn an_option_is_kept_for_its_days() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let mut wanted = shop.wanted("2027-06-01", "2027-06-02");
        wanted["data"]["attributes"]["option_validity"] = json!(3);
        let made = house.send("POST", &shop.at(""), &wanted).await.json();
        assert_eq!(state(&made), "option");
        let both = house.send("POST", &shop.at("?confirm=true"), &wanted).await;
        let place = "/data/attributes/option_validity".to_owned();
        assert_eq!(error(&both), (422, "INVALID_ATTRIBUTE".into(), place));
        house.clock.advance_ms(71 * 60 * 60 * 1_000);
        assert_eq!(
            house.service.expire_due(house.clock.now()).await.unwrap(),
            0
        );
        house.clock.advance_ms(60 * 60 * 1_000);
        assert_eq!(
            house.service.expire_due(house.clock.now()).await.unwrap(),
            1
        );
        assert_eq!(shop.free(&house, JUNE, 1).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn what_another_api_has_booked_is_gone_here_and_the_other_way_round() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let first = date(2027, 6, 10);
        let other = house.book(stay(shop.room, first, date(2027, 6, 12))).await;
        let made = shop
            .reserve(&house, "2027-06-11", "2027-06-13", "?confirm=true")
            .await;
        assert_eq!(shop.free(&house, first, 3).await, [1, 0, 1]);
        let wanted = shop.wanted("2027-06-10", "2027-06-12");
        let reply = house.send("POST", &shop.at("?confirm=true"), &wanted).await;
        assert_eq!(reply.code(), (409, CONFLICT.to_owned()), "{}", reply.json());
        assert!(reply.json()["errors"][0]["detail"].is_string());
        // The other API meets the same wall.
        let refused = house
            .try_to_book(stay(shop.room, first, date(2027, 6, 12)))
            .await;
        assert_eq!(refused.unwrap_err(), service::Refusal::SoldOut { free: 0 });
        // Each gives back what the other then has.
        let path = shop.at(&format!("/{}", id(&made)));
        let gone = house.send("DELETE", &path, &Value::Null).await;
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        assert_eq!(shop.free(&house, first, 3).await, [1, 1, 2]);
        assert_eq!(state(&house.get(&path).await), "cancelled");
        house.become_(other, Status::Cancelled).await;
        assert_eq!(shop.free(&house, first, 3).await, [2, 2, 2]);
        let again = house.send("POST", &shop.at("?confirm=true"), &wanted).await;
        assert_eq!(again.status, 201);
        let cancel = shop.at(&format!("/{}/cancel", id(&again.json())));
        for _ in 0..2 {
            let reply = house.send("POST", &cancel, &Value::Null).await;
            assert_eq!((reply.status, state(&reply.json())), (200, "cancelled"));
        }
        let confirm = cancel.replace("/cancel", "/confirm");
        let late = house.send("POST", &confirm, &Value::Null).await;
        assert_eq!(late.code(), (409, CONFLICT.to_owned()));
    })
    .await;
}

#[tokio::test]
async fn of_two_callers_for_the_last_room_exactly_one_has_it() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        for day in 1..=12 {
            let (start, end) = (
                format!("2027-06-{day:02}"),
                format!("2027-06-{:02}", day + 1),
            );
            let wanted = shop.wanted(&start, &end);
            let here = shop.at("?confirm=true");
            let arrival = date(2027, 6, day);
            let other = stay(shop.room, arrival, arrival.tomorrow().unwrap());
            let (one, two, third) = tokio::join!(
                house.send("POST", &here, &wanted),
                house.send("POST", &here, &wanted),
                house.try_to_book(other),
            );
            let mut won = usize::from(third.is_ok());
            for reply in [one, two] {
                if reply.status == 201 {
                    won += 1;
                } else {
                    assert_eq!(reply.code(), (409, CONFLICT.to_owned()), "{}", reply.json());
                }
            }
            assert_eq!(won, 1, "night of {arrival}");
            assert_eq!(shop.free(&house, arrival, 1).await, [0]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_customer_comes_along_and_is_known_to_every_api() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 3).await;
        let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
        wanted["data"]["attributes"]["note"] = json!("Ground floor, please");
        wanted["data"]["attributes"]["remote_reservation_key"] = json!("R-7");
        wanted["data"]["attributes"]["late_checkout"] = json!(true);
        wanted["data"]["relationships"]["booking"] = json!({ "data": {
            "type": "booking", "meta": { "temp_id": "b", "method": "create" } } });
        wanted["included"] = json!([
            { "type": "booking", "meta": { "temp_id": "b" }, "attributes": { "reference_nr": "X-1" },
              "relationships": { "customer": { "data": {
                "type": "customer", "meta": { "temp_id": "c", "method": "create" } } } } },
            { "type": "customer", "meta": { "temp_id": "c" }, "attributes": {
                "first_name": "Ada", "last_name": "Vos", "email": "ada@example.org", "language": "nl" } },
        ]);
        let path = shop.at("?confirm=true&include=booking.customer");
        let reply = house.send("POST", &path, &wanted).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let made = reply.json();
        let shown = &made["data"]["attributes"];
        assert_eq!(shown["guest_name"], "Ada Vos");
        assert_eq!(shown["note"], "Ground floor, please");
        assert_eq!((&shown["late_checkout"], &shown["fixed_rentable"]), (&json!(true), &json!(false)));
        let included = made["included"].as_array().unwrap();
        let of = |kind: &str| included.iter().find(|row| row["type"] == kind).unwrap();
        assert_eq!(of("booking")["attributes"]["reference_nr"], "X-1");
        assert_eq!(of("customer")["attributes"]["email"], "ada@example.org");
        let customer = of("customer")["id"].as_str().unwrap().to_owned();
        assert_ne!(customer, id(&made));
        let stored = house.booking(id(&made)).await;
        assert_eq!(stored.details.contact.last_name, "Vos");
        assert_eq!((stored.channel.as_str(), stored.external_reference.as_str()), ("shop", "R-7"));
        assert_eq!(stored.details.party.adults, 2);

        // A mistake in what comes along names its place, and nothing is written.
        let mut bad = wanted.clone();
        bad["included"][1]["attributes"]["email"] = json!("nobody");
        let reply = house.send("POST", &path, &bad).await;
        let place = "/included/1/attributes/email".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_ATTRIBUTE".into(), place));
        assert_eq!(shop.free(&house, JUNE, 1).await, [2]);

        // The same customer books again, into the same booking.
        let mut more = shop.wanted("2027-06-05", "2027-06-06");
        let booking = of("booking")["id"].clone();
        more["data"]["relationships"]["booking"] = json!({ "data": { "type": "booking", "id": booking } });
        let reply = house.send("POST", &shop.at("?include=booking"), &more).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let made = reply.json();
        assert_eq!(made["included"][0]["id"], booking);
        let together = &made["included"][0]["relationships"]["reservations"]["data"];
        assert_eq!(together.as_array().unwrap().len(), 2);

        // Whoever may write reservations alone has the customer kept in the reservation.
        let key = house.key_for(&["reservation|write"]).await;
        let reply = house.send_as(&key, "POST", &shop.at(""), &wanted).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let stored = house.booking(id(&reply.json())).await;
        assert_eq!(stored.details.contact.email, "ada@example.org");
    })
    .await;
}

#[tokio::test]
async fn wrong_input_names_the_field() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let attribute = |name: &str, value: Value| {
            let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
            wanted["data"]["attributes"][name] = value;
            wanted
        };
        let link = |name: &str, kind: &str, id: &str| {
            let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
            wanted["data"]["relationships"][name] = json!({ "data": { "type": kind, "id": id } });
            wanted
        };
        let without = |family: &str, name: &str| {
            let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
            wanted["data"][family].as_object_mut().unwrap().remove(name);
            wanted
        };
        let crowd = json!({ "adults": 5 });
        let nobody = json!({ "pets": 1 });
        let south = house.parks[1].1.to_string();
        let month = "validate_length_of_stay_does_not_exceed_max_av_cache_length_of_stay=true";
        for (query, body, status, code, place) in [
            (
                "",
                attribute("start_date", json!("soon")),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/start_date",
            ),
            (
                "",
                attribute("end_date", json!("2027-06-01")),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/end_date",
            ),
            (
                "",
                attribute("start_date", json!("2026-11-01")),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/start_date",
            ),
            (
                "",
                attribute("guest_group", crowd),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/guest_group",
            ),
            (
                "",
                attribute("guest_group", nobody),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/guest_group",
            ),
            (
                "",
                attribute("state", json!("confirmed")),
                400,
                "FORBIDDEN_INPUT",
                "/data/attributes/state",
            ),
            (
                "",
                attribute("stars", json!(5)),
                400,
                "UNKNOWN_ATTRIBUTE",
                "/data/attributes/stars",
            ),
            (
                "",
                without("attributes", "start_date"),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/start_date",
            ),
            (
                "",
                without("attributes", "guest_group"),
                422,
                "INVALID_ATTRIBUTE",
                "/data/attributes/guest_group",
            ),
            (
                "",
                without("relationships", "rentable_type"),
                422,
                "INVALID_RELATIONSHIP",
                "/data/relationships/rentable_type",
            ),
            (
                "?confirm=perhaps",
                attribute("note", json!("")),
                400,
                "FORBIDDEN_INPUT",
                "confirm",
            ),
            (
                "?include=weather",
                attribute("note", json!("")),
                400,
                "INVALID_INCLUDE",
                "include",
            ),
        ] {
            let reply = house.send("POST", &shop.at(query), &body).await;
            let expected = (status, code.to_owned(), place.to_owned());
            assert_eq!(error(&reply), expected, "{query} {body}: {}", reply.json());
        }
        for (name, id) in [
            ("rentable_type", "7"),
            ("rentable_type", "0"),
            ("rentable_type", &*south),
            ("inventory_object", "7"),
            ("booking", "7"),
            ("cancellation_rule", "7"),
        ] {
            let body = link(name, name, id);
            let reply = house.send("POST", &shop.at(""), &body).await;
            let place = format!("/data/relationships/{name}");
            let expected = (404, "RESOURCE_NOT_FOUND".to_owned(), place);
            assert_eq!(error(&reply), expected, "{body}: {}", reply.json());
        }
        let long = shop.wanted("2027-06-01", "2027-07-02");
        let reply = house
            .send("POST", &shop.at(&format!("?{month}")), &long)
            .await;
        let place = "/data/attributes/end_date".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_ATTRIBUTE".into(), place));
        // Nothing of all this has taken a room.
        assert_eq!(shop.free(&house, JUNE, 1).await, [1]);
        let past = shop.wanted("2026-11-20", "2026-11-22");
        let path = shop.at("?allow_reservations_in_the_past=true");
        let reply = house.send("POST", &path, &past).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let long = house
            .send(
                "POST",
                &shop.at(""),
                &shop.wanted("2027-06-01", "2027-07-02"),
            )
            .await;
        assert_eq!(long.status, 201, "{}", long.json());
    })
    .await;
}

#[tokio::test]
async fn costs_and_extras_are_charged_with_the_stay_and_follow_its_changes() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let (cost, breakfast, elsewhere) = shop.add_ons(&house).await;
        let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
        let item = |temp: &str| json!({ "type": "extra_order_item", "meta": { "temp_id": temp, "method": "create" } });
        let taken = |extra: domain::id::Id, quantity: i64| json!([{
            "type": "extra_order_item", "meta": { "temp_id": "e" },
            "attributes": { "quantity": quantity },
            "relationships": { "extra": { "data": { "type": "extra", "id": extra.to_string() } } },
        }]);
        wanted["data"]["relationships"]["extra_order_items"] = json!({ "data": [item("e")] });
        wanted["included"] = taken(breakfast, 3);
        let path = shop.at("?confirm=true&include=order.main_order_items,extra_order_items.extra");
        let reply = house.send("POST", &path, &wanted).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let made = reply.json();
        let included = made["included"].as_array().unwrap();
        let of = |kind: &str| -> Vec<&Value> {
            included.iter().filter(|row| row["type"] == kind).collect()
        };
        // Two nights at a hundred; two euros a night and person; three breakfasts of nine.
        assert_eq!(of("order")[0]["attributes"]["total"], 235);
        assert_eq!(of("main_order_item").len(), 2);
        assert_eq!(of("extra_order_item")[0]["attributes"]["total"], 27);
        assert_eq!(of("extra")[0]["id"], breakfast.to_string());
        assert_ne!(cost, breakfast);
        let longer = changed(id(&made), json!({ "end_date": "2027-06-04" }), json!({}));
        let one = shop.at(&format!("/{}", id(&made)));
        assert_eq!(house.send("PATCH", &one, &longer).await.status, 200);
        assert_eq!(total(&house, &shop, id(&made)).await, 339);
        for (included, status, place) in [
            (taken(breakfast, 9), 422, "/included/0/attributes/quantity"),
            (taken(elsewhere, 1), 404, "/included/0/relationships/extra"),
            (taken(shop.room, 1), 404, "/included/0/relationships/extra"),
        ] {
            wanted["included"] = included;
            let reply = house.send("POST", &path, &wanted).await;
            let (found, _, pointer) = error(&reply);
            assert_eq!((found, pointer.as_str()), (status, place), "{}", reply.json());
        }
        assert_eq!(shop.free(&house, JUNE, 1).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn a_preview_says_what_it_would_cost_and_takes_nothing() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let wanted = shop.wanted("2027-06-01", "2027-06-04");
        let path = shop.at("/preview?include=order.main_order_items");
        for _ in 0..2 {
            let reply = house.send("POST", &path, &wanted).await;
            assert_eq!(reply.status, 200, "{}", reply.json());
            let shown = reply.json();
            assert_eq!(shown["data"]["attributes"]["start_date"], "2027-06-01");
            assert_eq!(shown["data"]["links"]["self"], Value::Null);
            let included = shown["included"].as_array().unwrap();
            let order = included.iter().find(|row| row["type"] == "order").unwrap();
            assert_eq!(order["attributes"]["total"], 300);
            let item = included.iter().find(|row| row["type"] == "main_order_item");
            assert_eq!(item.unwrap()["attributes"]["name"], "Cabin");
        }
        assert_eq!(
            house.get(&shop.at("")).await["meta"]["pagination"]["total_records"],
            0
        );
        assert_eq!(shop.free(&house, JUNE, 1).await, [1]);
        let made = shop
            .reserve(&house, "2027-06-01", "2027-06-04", "?confirm=true")
            .await;
        assert_eq!(total(&house, &shop, id(&made)).await, 300);
        let reply = house.send("POST", &path, &wanted).await;
        assert_eq!(reply.code(), (409, CONFLICT.to_owned()));

        // A change as it would be, which is not made either.
        let longer = changed(id(&made), json!({ "end_date": "2027-06-06" }), json!({}));
        let path = shop.at(&format!("/{}/preview?include=order", id(&made)));
        let shown = house.send("POST", &path, &longer).await;
        assert_eq!(shown.status, 200, "{}", shown.json());
        assert_eq!(shown.json()["included"][0]["attributes"]["total"], 500);
        assert_eq!(shown.json()["data"]["attributes"]["end_date"], "2027-06-06");
        let mode = format!("{path}&order_update_mode=based_on_current_order");
        let shown = house.send("POST", &mode, &longer).await;
        assert_eq!(shown.json()["included"][0]["attributes"]["total"], 300);
        assert_eq!(total(&house, &shop, id(&made)).await, 300);
        assert_eq!(shop.free(&house, date(2027, 6, 4), 2).await, [1, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_priced_anew_unless_it_keeps_its_order() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let made = shop
            .reserve(&house, "2027-06-01", "2027-06-03", "?confirm=true")
            .await;
        let path = shop.at(&format!("/{}", id(&made)));
        let patch = |attributes: Value| changed(id(&made), attributes, json!({}));
        let longer = patch(json!({ "end_date": "2027-06-05", "guest_group": { "children": 1 } }));
        let reply = house.send("PATCH", &path, &longer).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let shown = &reply.json()["data"]["attributes"];
        assert_eq!(shown["end_date"], "2027-06-05");
        assert_eq!(
            (
                &shown["guest_group"]["adults"],
                &shown["guest_group"]["children"]
            ),
            (&json!(2), &json!(1))
        );
        assert_eq!(total(&house, &shop, id(&made)).await, 400);
        assert_eq!(shop.free(&house, JUNE, 5).await, [1, 1, 1, 1, 2]);
        let kept = format!("{path}?order_update_mode=based_on_current_order");
        let shorter = patch(json!({ "end_date": "2027-06-02" }));
        assert_eq!(house.send("PATCH", &kept, &shorter).await.status, 200);
        assert_eq!(total(&house, &shop, id(&made)).await, 400);
        assert_eq!(shop.free(&house, JUNE, 2).await, [1, 2]);
        let note = patch(json!({ "note": "Two keys" }));
        assert_eq!(house.send("PATCH", &path, &note).await.status, 200);
        assert_eq!(total(&house, &shop, id(&made)).await, 400);
        let odd = format!("{path}?order_update_mode=cheapest");
        let place = "order_update_mode".to_owned();
        let reply = house.send("PATCH", &odd, &note).await;
        assert_eq!(error(&reply), (400, "FORBIDDEN_INPUT".into(), place));
        // Where nothing is free it stays as it is.
        for _ in 0..2 {
            house
                .book(stay(shop.room, date(2027, 6, 20), date(2027, 6, 22)))
                .await;
        }
        let moved = patch(json!({ "start_date": "2027-06-20", "end_date": "2027-06-21" }));
        let reply = house.send("PATCH", &path, &moved).await;
        assert_eq!(reply.code(), (409, CONFLICT.to_owned()));
        assert_eq!(
            house.get(&path).await["data"]["attributes"]["end_date"],
            "2027-06-02"
        );
    })
    .await;
}

#[tokio::test]
async fn a_reservation_moves_to_the_unit_that_is_named_and_to_no_other() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let units = crate::world::units(&house, shop.room).await;
        let made = shop
            .reserve(&house, "2027-06-01", "2027-06-03", "?confirm=true")
            .await;
        let path = format!("/administrations/{}/reservations/{}", shop.park, id(&made));
        let to = |unit: domain::id::Id| {
            let link = json!({ "data": { "type": "rentable_identity", "id": unit.to_string() } });
            changed(
                id(&made),
                json!({ "fixed_rentable": true }),
                json!({ "rentable_identity": link }),
            )
        };
        for unit in [units[1], units[0], units[1]] {
            let reply = house.send("PATCH", &path, &to(unit)).await;
            assert_eq!(reply.status, 200, "{}", reply.json());
            let shown = &reply.json()["data"];
            assert_eq!(shown["attributes"]["fixed_rentable"], true);
            assert_eq!(
                shown["relationships"]["inventory_object"]["data"]["id"],
                unit.to_string()
            );
        }
        let mut pinned = stay(shop.room, JUNE, date(2027, 6, 2));
        pinned.unit = service::bookings::UnitChoice::Number(1);
        house.book(pinned).await;
        let reply = house.send("PATCH", &path, &to(units[0])).await;
        assert_eq!(reply.code(), (409, CONFLICT.to_owned()), "{}", reply.json());
        let foreign = crate::world::units(&house, house.parks[1].1).await[0];
        let reply = house.send("PATCH", &path, &to(foreign)).await;
        let place = "/data/relationships/rentable_identity".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_RELATIONSHIP".into(), place));
    })
    .await;
}

#[tokio::test]
async fn only_those_who_may_sell_through_the_channel_do() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let wanted = shop.wanted("2027-06-01", "2027-06-03");
        let reader = house.key_for(&["reservation|read", "channel|read"]).await;
        let made = shop
            .reserve(&house, "2027-06-01", "2027-06-03", "?confirm=true")
            .await;
        let one = format!("/{}", id(&made));
        let south = house.parks[1].0;
        let words = ["reservation|write", "reservation|read"];
        let (_, _, elsewhere) = house
            .install(&words, Some(vec![south]), identity::ROOMY_QUOTA)
            .await;
        let stranger = house.another_tenant("Heath").await;
        for (method, path) in [
            ("POST", shop.at("")),
            ("POST", shop.at("/preview")),
            ("PATCH", shop.at(&one)),
            ("DELETE", shop.at(&one)),
            ("POST", shop.at(&format!("{one}/confirm"))),
            ("POST", shop.at(&format!("{one}/cancel"))),
            ("POST", shop.at(&format!("{one}/preview"))),
        ] {
            let body = if method == "PATCH" || path.ends_with(&format!("{one}/preview")) {
                changed(id(&made), json!({ "note": "x" }), json!({}))
            } else if path.contains(&one) {
                Value::Null
            } else {
                wanted.clone()
            };
            let nobody = house.send_as("", method, &path, &body).await;
            assert_eq!(
                nobody.code(),
                (401, "INVALID_TOKEN".to_owned()),
                "{method} {path}"
            );
            let reply = house.send_as(&reader, method, &path, &body).await;
            assert_eq!(
                reply.code(),
                (403, "NO_VALID_SCOPE".to_owned()),
                "{method} {path}"
            );
            let reply = house.send_as(&elsewhere, method, &path, &body).await;
            assert_eq!(
                reply.code(),
                (403, "NO_CHANNEL_ACCESS".to_owned()),
                "{method} {path}"
            );
            let reply = stranger.send(method, &path, &body).await;
            assert_eq!(
                reply.code(),
                (404, "RESOURCE_NOT_FOUND".to_owned()),
                "{method} {path}"
            );
        }
        assert_eq!(state(&house.get(&shop.at(&one)).await), "confirmed");
    })
    .await;
}
