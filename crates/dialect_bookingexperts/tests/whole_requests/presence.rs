//! Guests who check in and out.

use domain::booking::Status;
use domain::id::Id;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Value, json};
use service::ColumnValue;
use service::outgoing::render::Event;

use crate::house::{House, Reply, in_every_house, stay};
use crate::outside::event;
use crate::shop::{JUNE, Shop, changed, error, id};

const IN: &str = "/data/attributes/checked_in_on";
const OUT: &str = "/data/attributes/checked_out_on";

/// A shop with one unit, on the third of June, and a reservation from the first to the fifth.
async fn begun(house: &House) -> (Shop, String) {
    let shop = Shop::new(house, 1).await;
    let made = shop
        .reserve(house, "2027-06-01", "2027-06-05", "?confirm=true")
        .await;
    house
        .clock
        .set("2027-06-03T12:00:00Z".parse::<Timestamp>().unwrap());
    let id = id(&made).to_owned();
    (shop, id)
}

async fn patch(house: &House, shop: &Shop, id: &str, attributes: Value) -> Reply {
    let document = changed(id, attributes, json!({}));
    let path = shop.at(&format!("/{id}"));
    house.send("PATCH", &path, &document).await
}

/// The last thing that happened to a booking, as the outbox has it.
async fn last_event(house: &House, booking_id: &str) -> Event {
    let subject: Id = booking_id.parse().unwrap();
    let sql = "SELECT event, organization_id, doc FROM outbox WHERE tenant_id = $1 AND subject_id = $2 \
               ORDER BY id DESC LIMIT 1";
    let tx = house.service.store().reader().await.unwrap();
    let parameters = [house.tenant_id.into(), subject.into()];
    let mut rows = tx.query(sql, &parameters).await.unwrap();
    let mut cells = rows.remove(0).into_iter();
    let word = String::from_value(cells.next().unwrap()).unwrap();
    let place = Id::from_value(cells.next().unwrap()).unwrap();
    let facts = String::from_value(cells.next().unwrap()).unwrap();
    let facts = serde_json::from_str(&facts).unwrap();
    event(house, &word, subject, place, facts)
}

/// The verbs of the reservation, other than `updated`, that the last event is told under.
async fn verbs(house: &House, id: &str) -> Vec<String> {
    let happened = last_event(house, id).await;
    let format = house
        .outgoing
        .formats()
        .get(dialect_bookingexperts::NAME)
        .unwrap();
    let names = format.names(&happened).into_iter();
    let verbs = names.filter_map(|name| Some(name.strip_prefix("reservation:")?.to_owned()));
    verbs.filter(|verb| verb != "updated").collect()
}

#[tokio::test]
async fn guests_check_in_and_out_and_everybody_hears_of_it() {
    in_every_house(|house| async move {
        let (shop, id) = begun(&house).await;
        let told = async |name: &str| {
            let happened = last_event(&house, &id).await;
            house.told(&house.key, name, &happened).await.unwrap()
        };
        let status = async || house.booking(&id).await.status;

        let reply = patch(&house, &shop, &id, json!({ "checked_in_on": "2027-06-01" })).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let shown = &reply.json()["data"]["attributes"];
        assert_eq!(
            (&shown["state"], &shown["checked_in_on"]),
            (&json!("confirmed"), &json!("2027-06-01"))
        );
        assert_eq!(shown["checked_out_on"], Value::Null);
        assert_eq!(status().await, Status::InHouse);
        assert_eq!(verbs(&house, &id).await, ["checked_in"]);
        let body = told("reservation:checked_in").await;
        assert_eq!(body["event"], "reservation:checked_in");
        assert_eq!(
            body["record"]["data"]["attributes"]["checked_in_on"],
            "2027-06-01"
        );
        let changes = &body["event_metadata"]["changes"];
        assert_eq!(*changes, json!({ "checked_in_on": [null, "2027-06-01"] }));
        assert_eq!(shop.free(&house, JUNE, 4).await, [0, 0, 0, 0]);

        // A day that was wrong is corrected, and nobody has come once more.
        let reply = patch(&house, &shop, &id, json!({ "checked_in_on": "2027-06-02" })).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(verbs(&house, &id).await, [""; 0]);

        // Whoever has left has given back what was left of the nights.
        let path = format!("/administrations/{}/reservations/{id}", shop.park);
        let left = changed(&id, json!({ "checked_out_on": "2027-06-03" }), json!({}));
        let reply = house.send("PATCH", &path, &left).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let shown = &reply.json()["data"];
        assert_eq!(shown["attributes"]["state"], "confirmed");
        assert_eq!(shown["attributes"]["checked_out_on"], "2027-06-03");
        assert_eq!(
            shown["relationships"]["inventory_object"]["data"],
            Value::Null
        );
        assert_eq!(status().await, Status::Completed);
        assert_eq!(verbs(&house, &id).await, ["checked_out"]);
        let body = told("reservation:checked_out").await;
        assert_eq!(
            body["record"]["data"]["attributes"]["checked_out_on"],
            "2027-06-03"
        );
        assert_eq!(shop.free(&house, JUNE, 4).await, [1, 1, 1, 1]);
    })
    .await;
}

#[tokio::test]
async fn what_was_said_of_guests_is_taken_back_as_long_as_their_room_is_free() {
    in_every_house(|house| async move {
        let (shop, id) = begun(&house).await;
        let both = json!({ "checked_in_on": "2027-06-01", "checked_out_on": "2027-06-03" });
        let path = shop.at(&format!("/{id}/preview"));
        let reply = house
            .send("POST", &path, &changed(&id, both.clone(), json!({})))
            .await;
        assert_eq!(
            reply.json()["data"]["attributes"]["checked_out_on"],
            "2027-06-03"
        );
        assert_eq!(house.booking(&id).await.status, Status::Confirmed);
        let reply = patch(&house, &shop, &id, both).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(verbs(&house, &id).await, ["checked_in", "checked_out"]);

        let other = house
            .book(stay(shop.room, date(2027, 6, 4), date(2027, 6, 6)))
            .await;
        let back = json!({ "checked_out_on": null });
        let reply = patch(&house, &shop, &id, back.clone()).await;
        assert_eq!(
            reply.code(),
            (409, "CONFLICT".to_owned()),
            "{}",
            reply.json()
        );
        assert_eq!(house.booking(&id).await.status, Status::Completed);
        house.become_(other, Status::Cancelled).await;
        let reply = patch(&house, &shop, &id, back).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(verbs(&house, &id).await, [""; 0]);
        assert_eq!(house.booking(&id).await.status, Status::InHouse);
        assert_eq!(shop.free(&house, JUNE, 4).await, [0, 0, 0, 0]);

        let nobody = json!({ "checked_in_on": null });
        let reply = patch(&house, &shop, &id, nobody.clone()).await;
        let shown = &reply.json()["data"]["attributes"];
        assert_eq!(
            (&shown["checked_in_on"], &shown["checked_out_on"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(house.booking(&id).await.status, Status::Confirmed);
        assert_eq!(verbs(&house, &id).await, [""; 0]);
        let reply = patch(&house, &shop, &id, nobody).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    })
    .await;
}

#[tokio::test]
async fn nobody_checks_in_too_early_or_out_before_that_or_without_a_confirmed_reservation() {
    in_every_house(|house| async move {
        let (shop, id) = begun(&house).await;
        let wrong = |place: &str| (422, "INVALID_ATTRIBUTE".to_owned(), place.to_owned());
        for (attributes, place) in [
            (json!({ "checked_in_on": "2027-05-31" }), IN),
            (json!({ "checked_in_on": "2027-06-04" }), IN),
            (json!({ "checked_in_on": "2027-06-06" }), IN),
            (json!({ "checked_in_on": "today" }), IN),
            (json!({ "checked_out_on": "2027-06-03" }), OUT),
            (json!({ "checked_in_on": "2027-06-01", "checked_out_on": "2027-06-04" }), OUT),
            (json!({ "checked_in_on": "2027-06-03", "checked_out_on": "2027-06-02" }), OUT),
            (json!({ "checked_in_on": "2027-06-01", "end_date": "2027-06-06", "start_date": "2027-06-02" }), IN),
        ] {
            let reply = patch(&house, &shop, &id, attributes.clone()).await;
            assert_eq!(error(&reply), wrong(place), "{attributes}: {}", reply.json());
        }
        assert_eq!(house.booking(&id).await.status, Status::Confirmed);
        let both = json!({ "checked_in_on": "2027-06-02", "checked_out_on": "2027-06-03" });
        assert_eq!(patch(&house, &shop, &id, both).await.status, 200);
        for attributes in [json!({ "checked_in_on": null }), json!({ "checked_in_on": "2027-06-04" })] {
            let reply = patch(&house, &shop, &id, attributes).await;
            assert_eq!(error(&reply), wrong(IN), "{}", reply.json());
        }

        let held = shop.reserve(&house, "2027-06-10", "2027-06-11", "").await;
        let gone = shop.reserve(&house, "2027-06-12", "2027-06-13", "?confirm=true").await;
        let path = shop.at(&format!("/{}", crate::shop::id(&gone)));
        assert_eq!(house.send("DELETE", &path, &Value::Null).await.status, 204);
        for (made, word) in [(held, "unconfirmed"), (gone, "cancelled")] {
            let made = crate::shop::id(&made);
            let reply = patch(&house, &shop, made, json!({ "checked_in_on": "2027-06-03" })).await;
            assert_eq!(reply.code(), (409, "CONFLICT".to_owned()), "{}", reply.json());
            let detail = format!("A reservation that is {word} cannot be checked in");
            assert_eq!(reply.json()["errors"][0]["detail"], detail);
        }
        let mut wanted = shop.wanted("2027-06-14", "2027-06-15");
        wanted["data"]["attributes"]["checked_in_on"] = json!("2027-06-14");
        let reply = house.send("POST", &shop.at("?confirm=true"), &wanted).await;
        assert_eq!(error(&reply), (400, "FORBIDDEN_INPUT".to_owned(), IN.to_owned()));
    })
    .await;
}

#[tokio::test]
async fn whoever_left_by_another_way_does_not_come_back_when_their_arrival_is_noted() {
    in_every_house(|house| async move {
        let (shop, id) = begun(&house).await;
        let booking: Id = id.parse().unwrap();
        for status in [Status::InHouse, Status::Completed] {
            house.become_(booking, status).await;
        }
        let arrived = json!({ "checked_in_on": "2027-06-01" });
        let reply = patch(&house, &shop, &id, arrived).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let shown = &reply.json()["data"]["attributes"];
        assert_eq!(shown["checked_in_on"], "2027-06-01");
        assert_eq!(house.booking(&id).await.status, Status::Completed);
        assert_eq!(shop.free(&house, JUNE, 4).await, [1, 1, 1, 1]);
    })
    .await;
}
