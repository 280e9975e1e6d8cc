//! What travels along with a reservation, and what a change leaves as it is.

use jiff::civil::date;
use serde_json::{Value, json};

use crate::house::{in_every_house, stay};
use crate::shop::{JUNE, Shop, changed, error, id};

#[tokio::test]
async fn labels_answers_packages_rules_and_an_order_travel_along_in_every_spelling() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 9).await;
        let made = async |path: String, kind: &str, attributes: Value| {
            let document = json!({ "data": { "type": kind, "attributes": attributes } });
            let reply = house.send("POST", &path, &document).await;
            assert_eq!(reply.status, 201, "{path}: {}", reply.json());
            id(&reply.json()).to_owned()
        };
        let at = |plural: &str| format!("/administrations/{}/{plural}", shop.park);
        let name = json!({"en": "Cot"});
        let amenity = made("/amenities".into(), "amenity", json!({"name": name})).await;
        let package = made(at("packages"), "package", json!({"name": name})).await;
        let rule = made(
            at("cancellation_rules"),
            "cancellation_rule",
            json!({"name": name}),
        )
        .await;
        let label = made("/labels".into(), "label", json!({"name": "Old"})).await;
        let first = shop.reserve(&house, "2027-06-01", "2027-06-02", "").await;
        let spellings: [fn(&str) -> Value; 3] = [
            |temp| json!({"meta": {"temp_id": temp, "method": "create"}}),
            |temp| json!({"temp-id": temp, "method": "create"}),
            |temp| json!({"lid": temp}),
        ];
        for spelled in spellings {
            let link = |kind: &str, temp: &str| {
                let mut link = spelled(temp);
                link["type"] = json!(kind);
                link
            };
            let mut wanted = shop.wanted("2027-06-05", "2027-06-06");
            let links = &mut wanted["data"]["relationships"];
            links["labels"] = json!({"data": [{"type": "label", "id": label}, link("label", "l")]});
            links["reservation_amenities"] = json!({"data": [link("reservation_amenity", "a")]});
            links["primary_package"] = json!({"data": {"type": "package", "id": package}});
            links["cancellation_rule"] = json!({"data": {"type": "cancellation_rule", "id": rule}});
            links["order"] = json!({"data": {"type": "order", "id": id(&first)}});
            let mut new_label = link("label", "l");
            new_label["attributes"] = json!({"name": "New", "color": "#00ff00"});
            let mut answer = link("reservation_amenity", "a");
            answer["attributes"] = json!({"value": "true"});
            answer["relationships"] =
                json!({"amenity": {"data": {"type": "amenity", "id": amenity}}});
            for one in [&mut new_label, &mut answer] {
                if let Some(meta) = one.get_mut("meta") {
                    meta.as_object_mut().unwrap().remove("method");
                }
                one.as_object_mut().unwrap().remove("method");
            }
            wanted["included"] = json!([new_label, answer]);
            let include = "labels,reservation_amenities,primary_package,booking";
            let path = shop.at(&format!("?include={include}"));
            let reply = house.send("POST", &path, &wanted).await;
            assert_eq!(reply.status, 201, "{}", reply.json());
            let made = reply.json();
            let of = |kind: &str| {
                let all = made["included"].as_array().unwrap().iter();
                all.filter(|row| row["type"] == kind).collect::<Vec<_>>()
            };
            let names: Vec<&Value> = of("label")
                .iter()
                .map(|row| &row["attributes"]["name"])
                .collect();
            assert!(
                names.contains(&&json!("New")) && names.contains(&&json!("Old")),
                "{made}"
            );
            assert_eq!(of("reservation_amenity")[0]["attributes"]["value"], "true");
            assert_eq!(of("package")[0]["id"], json!(package));
            assert_eq!(
                of("booking")[0]["id"],
                json!(id(&first)),
                "the order leads to its booking"
            );
            // A mistake in what comes along leaves nothing behind.
            let before = house.get("/labels").await["meta"].clone();
            wanted["included"][0]["attributes"]["color"] = json!("green");
            let reply = house.send("POST", &path, &wanted).await;
            let place = "/included/0/attributes/color".to_owned();
            assert_eq!(
                error(&reply),
                (422, "INVALID_ATTRIBUTE".into(), place),
                "{}",
                reply.json()
            );
            wanted["included"][0]["attributes"]["color"] = json!("#00ff00");
            wanted["included"][1]["attributes"]["value"] = json!("perhaps");
            let reply = house.send("POST", &path, &wanted).await;
            let place = "/included/1/attributes/value".to_owned();
            assert_eq!(
                error(&reply),
                (422, "INVALID_ATTRIBUTE".into(), place),
                "{}",
                reply.json()
            );
            assert_eq!(house.get("/labels").await["meta"], before);
        }
        assert_eq!(shop.free(&house, date(2027, 6, 5), 1).await, [6]);
    })
    .await;
}

#[tokio::test]
async fn a_stay_that_others_sold_keeps_its_price_until_it_becomes_another_stay() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 3).await;
        let mut sold = stay(shop.room, JUNE, date(2027, 6, 3));
        sold.details.price = rust_decimal::Decimal::from(77);
        let booking = house.book(sold).await.to_string();
        let path = format!("/administrations/{}/reservations/{booking}", shop.park);
        let group = json!({ "seniors": 0, "adults": 2, "adolescents": 0, "children": 0, "babies": 0, "pets": 0 });
        let same = json!({ "start_date": "2027-06-01", "end_date": "2027-06-03", "guest_group": group, "note": "Late" });
        let reply = house.send("PATCH", &path, &changed(&booking, same, json!({}))).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let stored = house.booking(&booking).await;
        assert_eq!(stored.details.price, rust_decimal::Decimal::from(77));
        assert_eq!(stored.details.notes, "Late");
    })
    .await;
}
