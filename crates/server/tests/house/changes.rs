//! What webhooks of Booking Experts say has changed in what is sold, whoever has changed it.

use serde_json::{Value, json};
use testkit::{TestStore, stores};

use crate::{leaving::Receiver, webhooks::House};

const WORDS: &[&str] = &[
    "rentable_type|read",
    "rentable_type|write",
    "category|read",
    "inventory_object|read",
    "inventory_object|write",
    "rentable|read",
    "channel|read",
    "channel|write",
    "administration|read",
    "administration|write",
];

/// A document of this type with these attributes; without an id where it is to be made.
fn document(kind: &str, id: Option<&str>, attributes: Value) -> Value {
    let mut data = json!({ "type": kind, "attributes": attributes });
    if let Some(id) = id {
        data["id"] = id.into();
    }
    json!({ "data": data })
}

/// Changes a resource of the property.
async fn change(house: &House, plural: &str, kind: &str, id: &str, attributes: Value) {
    let path = format!("/administrations/{}/{plural}/{id}", house.app.property_id);
    let document = document(kind, Some(id), attributes);
    let reply = house.send("PATCH", &path, Some(&document)).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
}

/// Sends what is due, and says what was told: under which name, of which resource, with which changes.
async fn told(house: &House, receiver: &mut Receiver) -> Vec<(String, String, Value)> {
    let mut told = Vec::new();
    for _ in 0..house.send_all().await {
        let (_, body) = receiver.next_bytes().await;
        let one: Value = serde_json::from_slice(&body).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let changes = one["event_metadata"]["changes"].clone();
        told.push((
            text(&one["event"]),
            text(&one["record"]["data"]["id"]),
            changes,
        ));
    }
    told.sort_by(|one, other| one.0.cmp(&other.0));
    told
}

#[tokio::test]
async fn a_rentable_type_that_is_archived_says_so_under_both_of_its_names() {
    for home in stores().await {
        let house = House::new(home, WORDS).await;
        let mut receiver = Receiver::new().await;
        let url = receiver.url("127.0.0.1");
        let events = ["rentable_type:updated", "category:updated"];
        house.subscribe_to(&url, &events, "wait_for_success").await;
        let id = house.app.room_ids[0].to_string();
        let wanted = json!({ "archived": true, "max_guests": 7, "name": { "en": "Lodge" } });
        let path = format!("/rentable_types/{id}");
        let before = house.get(&path).await["data"]["attributes"].clone();
        change(&house, "rentable_types", "rentable_type", &id, wanted).await;
        let after = house.get(&path).await["data"]["attributes"].clone();
        let changes = json!({
            "archived": [false, true],
            "max_guests": [before["max_guests"], 7],
            "name": [before["name"], { "en": "Lodge" }],
        });
        assert_eq!(after["archived"], true);
        let expected = ["category:updated", "rentable_type:updated"]
            .map(|name| (name.to_owned(), id.clone(), changes.clone()));
        assert_eq!(told(&house, &mut receiver).await, expected);

        // What is changed before anybody is told is told as it was each time.
        for archived in [false, true] {
            let wanted = json!({ "archived": archived });
            change(&house, "rentable_types", "rentable_type", &id, wanted).await;
        }
        let all = told(&house, &mut receiver).await;
        let changes: Vec<&Value> = all.iter().map(|(_, _, changes)| changes).collect();
        let (off, on) = (
            json!({ "archived": [true, false] }),
            json!({ "archived": [false, true] }),
        );
        assert_eq!(changes, [&off, &on, &off, &on]);

        // Another API's change is told in the same words.
        let quantity = json!([{ "id": house.app.property_id,
            "roomTypes": [{ "id": house.app.room_ids[0], "qty": 40 }] }]);
        let reply = house.app.post("/beds24/v2/properties", &quantity).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let all = told(&house, &mut receiver).await;
        let was = after["number_of_rentables"].clone();
        let changes = json!({ "number_of_rentables": [was, 40] });
        for name in events {
            let expected = (name.to_owned(), id.clone(), changes.clone());
            assert!(all.contains(&expected), "{all:?}");
        }
        house.finish().await;
    }
}

#[tokio::test]
async fn a_unit_says_what_has_become_of_it_under_each_of_its_names() {
    for home in stores().await {
        let house = House::new(home, WORDS).await;
        let mut receiver = Receiver::new().await;
        let url = receiver.url("127.0.0.1");
        let events = ["inventory_object:updated", "rentable:updated"];
        house.subscribe_to(&url, &events, "wait_for_success").await;
        let units = house.get("/inventory_objects?page[size]=1").await;
        let unit = units["data"][0].clone();
        let id = unit["id"].as_str().unwrap();
        let name = json!({ "name": "Sea view" });
        change(&house, "inventory_objects", "inventory_object", id, name).await;
        let now = house.get(&format!("/inventory_objects/{id}")).await;
        let (old, new) = (&unit["attributes"], &now["data"]["attributes"]);
        let all = told(&house, &mut receiver).await;
        let expected = json!({
            "name": [old["name"], "Sea view"],
            "name_with_type": [old["name_with_type"], new["name_with_type"]],
        });
        let named = json!({ "name": [old["name"], "Sea view"] });
        assert_eq!(
            all,
            [
                (
                    "inventory_object:updated".to_owned(),
                    id.to_owned(),
                    expected
                ),
                ("rentable:updated".to_owned(), id.to_owned(), named),
            ]
        );
        let archived = json!({ "archived": true });
        change(
            &house,
            "inventory_objects",
            "inventory_object",
            id,
            archived,
        )
        .await;
        let all = told(&house, &mut receiver).await;
        let says = |name: &str, attribute: &str| {
            let pair = |(told, of, changes): &(String, String, Value)| {
                (told == name && of == id).then(|| changes[attribute].clone())
            };
            all.iter().filter_map(pair).find(|pair| !pair.is_null())
        };
        let expected = Some(json!([false, true]));
        assert_eq!(
            says("inventory_object:updated", "archived"),
            expected,
            "{all:?}"
        );
        let till = says("rentable:updated", "active_till").unwrap();
        assert!(till[0].is_null() && till[1].is_string(), "{till}");
        house.finish().await;
    }
}

#[tokio::test]
async fn a_channel_and_an_administration_say_what_has_changed() {
    let house = House::new(TestStore::sqlite().await, WORDS).await;
    let mut receiver = Receiver::new().await;
    let url = receiver.url("127.0.0.1");
    let events = ["channel:updated", "administration:updated"];
    house.subscribe_to(&url, &events, "wait_for_success").await;
    let property = house.app.property_id;
    let path = format!("/administrations/{property}/channels");
    let new = document("channel", None, json!({ "name": "Site" }));
    let made = house.send("POST", &path, Some(&new)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json()["data"].clone();
    let id = made["id"].as_str().unwrap();
    let wanted = json!({ "name": "Shop", "price_factor": "1.5" });
    change(&house, "channels", "channel", id, wanted).await;
    let old = &made["attributes"];
    let now = house.get(&format!("/channels/{id}")).await;
    let changes = json!({
        "name": ["Site", "Shop"],
        "price_factor": [old["price_factor"], now["data"]["attributes"]["price_factor"]],
    });
    let expected = ("channel:updated".to_owned(), id.to_owned(), changes);
    assert_eq!(told(&house, &mut receiver).await, [expected]);

    let path = format!("/administrations/{property}");
    let before = house.get(&path).await["data"]["attributes"].clone();
    let wanted = json!({ "name": "North Dunes", "website": "https://north.example" });
    let wanted = document("administration", Some(&property.to_string()), wanted);
    let reply = house.send("PATCH", &path, Some(&wanted)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let changes = json!({
        "name": [before["name"], "North Dunes"],
        "website": [before["website"], "https://north.example"],
    });
    let id = property.to_string();
    let expected = ("administration:updated".to_owned(), id, changes);
    assert_eq!(told(&house, &mut receiver).await, [expected]);
    house.finish().await;
}

#[tokio::test]
async fn what_a_request_does_not_show_is_not_among_the_changes() {
    let words = ["discount_campaign|read", "discount_campaign|write"];
    let house = House::new(TestStore::sqlite().await, &words).await;
    let mut receiver = Receiver::new().await;
    let url = receiver.url("127.0.0.1");
    let events = ["discount_campaign:updated"];
    house.subscribe_to(&url, &events, "wait_for_success").await;
    let kind = "discount_campaign";
    let path = format!(
        "/administrations/{}/discount_campaigns",
        house.app.property_id
    );
    let new = json!({ "name": { "en": "Early" }, "promotion_token": "first-word" });
    let new = document(kind, None, new);
    let made = house.send("POST", &path, Some(&new)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json()["data"].clone();
    let id = made["id"].as_str().unwrap();
    let wanted = json!({ "promotion_token": "other-word", "minimum_length_of_stay": 3 });
    change(&house, "discount_campaigns", kind, id, wanted).await;
    assert_eq!(house.send_all().await, 1);
    let (_, body) = receiver.next_bytes().await;
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(!body.contains("-word"), "{body}");
    let told: Value = serde_json::from_str(&body).unwrap();
    let before = &made["attributes"]["minimum_length_of_stay"];
    let expected = json!({ "minimum_length_of_stay": [before, 3] });
    assert_eq!(told["event_metadata"]["changes"], expected);
    house.finish().await;
}
