//! Discount cards and coupons: what they take off reservations, and who may name them.

use serde_json::{Value, json};

use crate::house::{House, in_every_house};
use crate::shop::{Shop, changed, error, id};
use crate::writing::document;

async fn made(house: &House, path: &str, kind: &str, attributes: Value) -> String {
    let reply = house.send("POST", path, &document(kind, attributes)).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    id(&reply.json()).to_owned()
}

async fn total(house: &House, shop: &Shop, made: &Value) -> Value {
    let path = format!("/administrations/{}/orders/{}", shop.park, id(made));
    house.get(&path).await["data"]["attributes"]["total"].clone()
}

fn ends(document: &Value, name: &str) -> Vec<String> {
    let data = document["data"]["relationships"][name]["data"].as_array();
    let ends = data.unwrap().iter();
    ends.map(|end| end["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A reservation of two nights at a hundred, with codes of cards and of coupons.
fn with_codes(shop: &Shop, cards: &[&str], coupons: &[&str]) -> Value {
    let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
    let mut included = Vec::new();
    for (name, kind, codes) in [
        ("discount_cards", "discount_card", cards),
        ("coupons", "coupon", coupons),
    ] {
        let mut links = Vec::new();
        for code in codes {
            let temp = format!("{kind}-{code}");
            links.push(json!({ "type": kind, "meta": { "temp_id": temp, "method": "create" } }));
            included.push(json!({ "type": kind, "meta": { "temp_id": temp }, "attributes": { "code": code } }));
        }
        if !links.is_empty() {
            wanted["data"]["relationships"][name] = json!({ "data": links });
        }
    }
    if !included.is_empty() {
        wanted["included"] = json!(included);
    }
    wanted
}

const WITH: &str = "?fields[reservation]=discount_cards,coupons,discount_campaign,end_date";

#[tokio::test]
async fn cards_and_coupons_take_off_what_a_campaign_has_left_and_stay_with_the_stay() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 9).await;
        let at = |plural: &str| format!("/administrations/{}/{plural}", shop.park);
        let campaign = json!({ "name": { "en": "Spring" }, "percentage": 10 });
        made(
            &house,
            &at("discount_campaigns"),
            "discount_campaign",
            campaign,
        )
        .await;
        let card = json!({ "code": "Guest-7", "percentage": 50, "valid_until": "2027-06-05" });
        let card = made(&house, &at("discount_cards"), "discount_card", card).await;
        let coupon = json!({ "code": "twenty", "amount": 20, "minimum_length_of_stay": 2 });
        let coupon = made(&house, "/coupons", "coupon", coupon).await;
        // 200 - 20 = 180, of which the card leaves 90 and the coupon 70.
        let path = shop.at(WITH);
        let wanted = with_codes(&shop, &[" guest-7 "], &["TWENTY"]);
        let preview = shop.at("/preview?include=order.main_order_items");
        let shown = house.send("POST", &preview, &wanted).await.json();
        let rows = shown["included"].as_array().unwrap();
        let order = rows.iter().find(|row| row["type"] == "order").unwrap();
        assert_eq!(order["attributes"]["total"], 70, "{shown}");
        let reply = house.send("POST", &path, &wanted).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let reserved = reply.json();
        assert_eq!(ends(&reserved, "discount_cards"), [card.as_str()]);
        assert_eq!(ends(&reserved, "coupons"), [coupon.as_str()]);
        assert_eq!(total(&house, &shop, &reserved).await, 70);
        assert_eq!(
            house.booking(id(&reserved)).await.details.price.to_string(),
            "70.00"
        );
        // Three nights: 300 - 30 = 270, half of it, less twenty.
        let one = shop.at(&format!("/{}{WITH}", id(&reserved)));
        let longer = changed(
            id(&reserved),
            json!({ "end_date": "2027-06-04" }),
            json!({}),
        );
        assert_eq!(house.send("PATCH", &one, &longer).await.status, 200);
        assert_eq!(total(&house, &shop, &reserved).await, 115);
        // What the stay is no longer for is not had any more, and nobody is refused for it.
        let short = changed(
            id(&reserved),
            json!({ "end_date": "2027-06-02" }),
            json!({}),
        );
        let after = house.send("PATCH", &one, &short).await.json();
        assert_eq!(ends(&after, "coupons"), [""; 0], "{after}");
        assert_eq!(total(&house, &shop, &reserved).await, 45);
        // Naming the ones that are had keeps them; naming none gives them back.
        let link = json!({ "data": [{ "type": "discount_card", "id": card }] });
        let again = changed(id(&reserved), json!({}), json!({ "discount_cards": link }));
        assert_eq!(house.send("PATCH", &one, &again).await.status, 200);
        assert_eq!(total(&house, &shop, &reserved).await, 45);
        let none = json!({ "discount_cards": { "data": [] } });
        let after = house
            .send("PATCH", &one, &changed(id(&reserved), json!({}), none))
            .await
            .json();
        assert_eq!(ends(&after, "discount_cards"), [""; 0]);
        assert_eq!(total(&house, &shop, &reserved).await, 90);
    })
    .await;
}

#[tokio::test]
async fn a_card_is_named_by_what_stands_on_it_or_by_those_who_may_read_cards() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 9).await;
        let at = |plural: &str| format!("/administrations/{}/{plural}", shop.park);
        let south = format!("/administrations/{}/discount_cards", house.parks[1].0);
        let details =
            |code: &str| json!({ "code": code, "percentage": 10, "minimum_length_of_stay": 3 });
        let card = made(
            &house,
            &at("discount_cards"),
            "discount_card",
            details("long"),
        )
        .await;
        let theirs = made(
            &house,
            &south,
            "discount_card",
            json!({ "code": "south", "percentage": 5 }),
        )
        .await;
        let good = json!({ "code": "good", "percentage": 10 });
        let good = made(&house, &at("discount_cards"), "discount_card", good).await;
        let by_id = |id: &str| {
            let mut wanted = with_codes(&shop, &[], &[]);
            let link = json!({ "data": [{ "type": "discount_card", "id": id }] });
            wanted["data"]["relationships"]["discount_cards"] = link;
            wanted
        };
        let mut generous = with_codes(&shop, &["good"], &[]);
        generous["included"][0]["attributes"]["percentage"] = json!(100);
        let code = "/included/0/attributes/code";
        let link = "/data/relationships/discount_cards";
        for (wanted, status, expected, pointer) in [
            (
                with_codes(&shop, &["unheard"], &[]),
                422,
                "INVALID_ATTRIBUTE",
                code,
            ),
            (
                with_codes(&shop, &["south"], &[]),
                422,
                "INVALID_ATTRIBUTE",
                code,
            ),
            (
                with_codes(&shop, &["long"], &[]),
                422,
                "INVALID_ATTRIBUTE",
                code,
            ),
            (
                with_codes(&shop, &[], &["good"]),
                422,
                "INVALID_ATTRIBUTE",
                code,
            ),
            (generous, 400, "FORBIDDEN_INPUT", "/included/0"),
            (by_id(&card), 422, "INVALID_RELATIONSHIP", link),
            (by_id(&theirs), 404, "RESOURCE_NOT_FOUND", link),
            (by_id("7"), 404, "RESOURCE_NOT_FOUND", link),
        ] {
            for path in [shop.at(""), shop.at("/preview")] {
                let reply = house.send("POST", &path, &wanted).await;
                let (found, known, place) = error(&reply);
                assert_eq!(
                    (found, &*known),
                    (status, expected),
                    "{wanted}: {}",
                    reply.json()
                );
                assert!(place.starts_with(pointer), "{place} instead of {pointer}");
            }
        }
        // An app that may not read cards names them by their codes only, and is shown none.
        let words = ["reservation|write", "reservation|read"];
        let seller = house.key_for(&words).await;
        let refused = house
            .send_as(&seller, "POST", &shop.at(""), &by_id(&good))
            .await;
        assert_eq!(refused.code(), (403, "NO_VALID_SCOPE".to_owned()));
        let reply = house
            .send_as(
                &seller,
                "POST",
                &shop.at(""),
                &with_codes(&shop, &["good"], &[]),
            )
            .await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        assert_eq!(total(&house, &shop, &reply.json()).await, 180);
        assert_eq!(
            house.send("POST", &shop.at(""), &by_id(&good)).await.status,
            201
        );
        let reader = house.key_for(&["discount_card|read"]).await;
        let shown = house
            .get_as(&reader, &format!("{}/{good}", at("discount_cards")))
            .await
            .json();
        assert_eq!(shown["data"]["attributes"]["code"], Value::Null);
        for attributes in [
            json!({ "code": "two words" }),
            json!({ "code": "" }),
            json!({ "code": "x", "percentage": 101 }),
            json!({ "code": "x", "valid_from": "2027-06-02", "valid_until": "2027-06-01" }),
        ] {
            let reply = house
                .send(
                    "POST",
                    &at("coupons"),
                    &document("coupon", attributes.clone()),
                )
                .await;
            assert_eq!(
                reply.code(),
                (422, "INVALID_ATTRIBUTE".to_owned()),
                "{attributes}"
            );
        }
    })
    .await;
}
