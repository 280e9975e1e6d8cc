//! Discount campaigns: what they take off, for whom, and that everybody computes the same.

use domain::id::Id;
use jiff::civil::date;
use serde_json::{Value, json};
use service::inventory::ResourceDetailsPatch;
use service::properties::{PropertyWrite, RoomPatch, RoomWrite};

use crate::house::{House, in_every_house, stay};
use crate::shop::{JUNE, Shop, changed, error, id};

/// A campaign of the shop's administration.
async fn campaign(house: &House, shop: &Shop, attributes: Value) -> String {
    let mut document = json!({ "data": { "type": "discount_campaign", "attributes": attributes } });
    document["data"]["attributes"]["name"] = json!({ "en": "Early bird", "de": "Frühbucher" });
    let path = format!("/administrations/{}/discount_campaigns", shop.park);
    let reply = house.send("POST", &path, &document).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    id(&reply.json()).to_owned()
}

/// The stays of two nights in the first week of June that a search finds.
async fn found(house: &House, query: &str) -> Vec<Value> {
    let path = "/availabilities?filter[start_date]=2027-06-01..2027-06-08&filter[los]=2&\
                limiter[availabilities][limit]=100";
    let found = house.get(&format!("{path}&{query}")).await;
    let rows = found["data"].as_array().unwrap();
    assert_eq!(found["meta"]["total_availabilities"], rows.len());
    rows.clone()
}

/// Price, price before, and the campaign of a stay that was found.
fn priced(row: &Value) -> (&str, &str, Option<&str>) {
    let shown = &row["attributes"];
    assert_eq!(shown["rent_price"], shown["price"]);
    assert_eq!(shown["original_rent_price"], shown["original_price"]);
    let by = &row["relationships"]["discount_campaign"]["data"]["id"];
    let value = |name: &str| shown[name]["value"].as_str().unwrap();
    (value("price"), value("original_price"), by.as_str())
}

/// The order in a document's included resources: its total, and what its items come to by their names.
fn order(document: &Value) -> (Value, Vec<(String, Value)>) {
    let included = document["included"].as_array().unwrap();
    let order = included.iter().find(|row| row["type"] == "order").unwrap();
    let items = included
        .iter()
        .filter(|row| row["type"] == "main_order_item");
    let named = |row: &Value| {
        let shown = &row["attributes"];
        (
            shown["name"].as_str().unwrap().to_owned(),
            shown["total"].clone(),
        )
    };
    let mut items: Vec<(String, Value)> = items.map(named).collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    (order["attributes"]["total"].clone(), items)
}

const WITH_ORDER: &str = "include=order.main_order_items,discount_campaign";

fn with(shop: &Shop, attribute: Option<(&str, Value)>, campaign: Option<&str>) -> Value {
    let mut wanted = shop.wanted("2027-06-02", "2027-06-04");
    if let Some((name, value)) = attribute {
        wanted["data"]["attributes"][name] = value;
    }
    if let Some(id) = campaign {
        let link = json!({ "data": { "type": "discount_campaign", "id": id } });
        wanted["data"]["relationships"]["discount_campaign"] = link;
    }
    wanted
}

fn campaign_of(document: &Value) -> Option<&str> {
    let links = &document["data"]["relationships"];
    links["discount_campaign"]["data"]["id"].as_str()
}

/// Takes the shop's type out of its price list, so that the calendar prices it at 80.50 a night.
async fn by_calendar(house: &House, shop: &Shop) {
    let details = ResourceDetailsPatch {
        price_list_id: Some(None),
        ..ResourceDetailsPatch::default()
    };
    let room = RoomWrite {
        id: Some(shop.room),
        patch: RoomPatch {
            details,
            ..RoomPatch::default()
        },
        ..RoomWrite::default()
    };
    let write = PropertyWrite {
        id: Some(shop.park),
        rooms: vec![room],
        ..PropertyWrite::default()
    };
    let properties = house.service.properties();
    let written = properties.write(&house.actor_now(), vec![write]).await;
    written.unwrap().remove(0).unwrap();
    crate::availability::priced(house, shop, "80.50", domain::rate::RatePlan::new(1)).await;
}

#[tokio::test]
async fn a_campaign_takes_the_same_off_in_search_preview_reservation_and_every_other_api() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 3).await;
        let by = campaign(
            &house,
            &shop,
            json!({
                "percentage": "12.5", "amount": 5, "minimum_length_of_stay": 2,
                "start_date_from": "2027-06-02", "start_date_until": "2027-06-03",
            }),
        )
        .await;
        // By the price list, then by the calendar: 80.50 a night, of which 20.13 and 5 are taken off.
        for (whole, left, off) in [("200.00", "170.00", "-30"), ("161.00", "135.87", "-25.13")] {
            if whole == "161.00" {
                by_calendar(&house, &shop).await;
            }
            let rows = found(&house, "sorters=start_date").await;
            assert_eq!(rows.len(), 7);
            for row in &rows {
                let day = row["attributes"]["start_date"].as_str().unwrap();
                let is_meant = ["2027-06-02", "2027-06-03"].contains(&day);
                let expected = if is_meant {
                    (left, whole, Some(&*by))
                } else {
                    (whole, whole, None)
                };
                assert_eq!(priced(row), expected, "{day}");
            }
            // Whoever filters and sorts by price, does so by what is left.
            let number: f64 = left.parse().unwrap();
            let cheap = found(&house, &format!("filter[price]=..{}", number + 0.5)).await;
            assert_eq!(cheap.len(), 2);
            let first = found(&house, "sorters=all_in_amount").await;
            assert_eq!(priced(&first[0]).0, left);

            let wanted = shop.wanted("2027-06-02", "2027-06-04");
            let path = shop.at(&format!("/preview?{WITH_ORDER}"));
            let shown = house.send("POST", &path, &wanted).await.json();
            let made = shop
                .reserve(
                    &house,
                    "2027-06-02",
                    "2027-06-04",
                    &format!("?{WITH_ORDER}"),
                )
                .await;
            for document in [&shown, &made] {
                assert_eq!(campaign_of(document), Some(&*by), "{document}");
                let (total, items) = order(document);
                let number = |text: &str| text.parse::<f64>().unwrap();
                assert_eq!(total.as_f64(), Some(number(left)), "{document}");
                let items: Vec<(&str, Option<f64>)> = items
                    .iter()
                    .map(|(name, total)| (&**name, total.as_f64()))
                    .collect();
                let expected = [
                    ("Cabin", Some(number(whole))),
                    ("Early bird", Some(number(off))),
                ];
                assert_eq!(items, expected);
            }
            assert_eq!(made["included"].as_array().unwrap().len(), 4);
            let booked = house.booking(id(&made)).await;
            assert_eq!(booked.details.price.to_string(), left);
            // A stay that is too short, or arrives on another day, costs all of it.
            for (start, end) in [("2027-06-02", "2027-06-03"), ("2027-06-04", "2027-06-07")] {
                let wanted = shop.wanted(start, end);
                let shown = house.send("POST", &path, &wanted).await.json();
                assert_eq!(campaign_of(&shown), None);
                assert_eq!(order(&shown).1.len(), 1);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_campaign_that_needs_a_token_is_had_with_it_and_kept_without() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 5).await;
        let open = campaign(&house, &shop, json!({ "percentage": 5 })).await;
        let by = campaign(
            &house,
            &shop,
            json!({ "percentage": 20, "promotion_token": "Möwe-7" }),
        )
        .await;
        let rows = found(&house, "").await;
        assert!(
            rows.iter()
                .all(|row| priced(row) == ("190.00", "200.00", Some(&*open)))
        );
        let rows = found(&house, "filter[promotion_token]=m%C3%96WE-7").await;
        assert_eq!(rows.len(), 7);
        assert!(
            rows.iter()
                .all(|row| priced(row) == ("160.00", "200.00", Some(&*by)))
        );
        assert!(
            found(&house, "filter[promotion_token]=gull")
                .await
                .is_empty()
        );
        // Naming a campaign is no token, and asks for this one where it needs none.
        assert!(
            found(&house, &format!("filter[discount_campaign_id]={by}"))
                .await
                .is_empty()
        );
        let both = format!("filter[discount_campaign_id]={by}&filter[promotion_token]=m%C3%B6we-7");
        assert_eq!(found(&house, &both).await.len(), 7);
        let rows = found(&house, &format!("filter[discount_campaign_id]={open}")).await;
        assert!(
            rows.iter()
                .all(|row| priced(row) == ("190.00", "200.00", Some(&*open)))
        );

        let path = shop.at(&format!("?{WITH_ORDER}"));
        let token = "/data/attributes/promotion_token";
        let link = "/data/relationships/discount_campaign";
        let told = |text: &str| Some(("promotion_token", json!(text)));
        for (wanted, status, code, pointer) in [
            (
                with(&shop, told("gull"), None),
                422,
                "INVALID_ATTRIBUTE",
                token,
            ),
            (
                with(&shop, None, Some(&by)),
                422,
                "INVALID_RELATIONSHIP",
                link,
            ),
            (
                with(&shop, told("gull"), Some(&by)),
                422,
                "INVALID_RELATIONSHIP",
                link,
            ),
            (
                with(&shop, None, Some("7")),
                404,
                "RESOURCE_NOT_FOUND",
                link,
            ),
        ] {
            for path in [shop.at(""), shop.at("/preview")] {
                let reply = house.send("POST", &path, &wanted).await;
                assert_eq!(
                    error(&reply),
                    (status, code.into(), pointer.into()),
                    "{wanted}"
                );
            }
        }
        for (wanted, total, expected) in [
            (with(&shop, told(" möwe-7 "), None), 160, &by),
            (with(&shop, told("MÖWE-7"), Some(&by)), 160, &by),
            (with(&shop, told("Möwe-7"), Some(&open)), 190, &open),
            (with(&shop, None, None), 190, &open),
        ] {
            let reply = house.send("POST", &path, &wanted).await;
            assert_eq!(reply.status, 201, "{}", reply.json());
            let made = reply.json();
            assert_eq!(
                (order(&made).0, campaign_of(&made)),
                (json!(total), Some(&**expected))
            );
        }
        // What was had is kept when the stay changes, without the token; a longer stay gets more of it.
        let made = house
            .send("POST", &path, &with(&shop, told("möwe-7"), None))
            .await
            .json();
        let one = shop.at(&format!("/{}?{WITH_ORDER}", id(&made)));
        let longer = changed(id(&made), json!({ "end_date": "2027-06-05" }), json!({}));
        let preview = shop.at(&format!("/{}/preview?{WITH_ORDER}", id(&made)));
        for (method, path) in [("POST", &preview), ("PATCH", &one)] {
            let reply = house.send(method, path, &longer).await;
            assert_eq!(reply.status, 200, "{}", reply.json());
            let after = reply.json();
            assert_eq!(
                (order(&after).0, campaign_of(&after)),
                (json!(240), Some(&*by))
            );
        }
        // It is given up for another one, for none, and not come back to without the token.
        let to = |end: Value| {
            changed(
                id(&made),
                json!({}),
                json!({ "discount_campaign": { "data": end } }),
            )
        };
        let other = json!({ "type": "discount_campaign", "id": open });
        for (end, total, expected) in [(other, 285, Some(&*open)), (Value::Null, 300, None)] {
            let after = house.send("PATCH", &one, &to(end)).await.json();
            assert_eq!(
                (order(&after).0, campaign_of(&after)),
                (json!(total), expected)
            );
        }
        let again = json!({ "type": "discount_campaign", "id": by });
        let reply = house.send("PATCH", &one, &to(again)).await;
        assert_eq!(
            error(&reply),
            (422, "INVALID_RELATIONSHIP".into(), link.into())
        );
        let token = changed(id(&made), json!({ "promotion_token": "möwe-7" }), json!({}));
        // An order that is to stay as it is gets no discount.
        let kept = shop.at(&format!(
            "/{}?order_update_mode=based_on_current_order",
            id(&made)
        ));
        let reply = house.send("PATCH", &kept, &token).await;
        let pointer = "/data/attributes/promotion_token".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_ATTRIBUTE".into(), pointer));
        let reply = house.send("PATCH", &kept, &to(Value::Null)).await;
        assert_eq!(
            error(&reply),
            (422, "INVALID_RELATIONSHIP".into(), link.into())
        );
        let after = house.send("PATCH", &one, &token).await.json();
        assert_eq!(order(&after).0, json!(240));
    })
    .await;
}

#[tokio::test]
async fn a_campaign_is_for_its_types_its_administration_and_its_days_of_booking() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 9).await;
        let room = |id: Id| json!({ "data": [{ "type": "rentable_type", "id": id.to_string() }] });
        let here = format!("/administrations/{}/discount_campaigns", shop.park);
        let south = format!("/administrations/{}/discount_campaigns", house.parks[1].0);
        let named = |percentage: i64, types: Value| {
            let attributes = json!({ "name": { "en": "x" }, "percentage": percentage });
            let mut document =
                json!({ "data": { "type": "discount_campaign", "attributes": attributes } });
            if !types.is_null() {
                document["data"]["relationships"]["rentable_types"] = types;
            }
            document
        };
        let lodge = house.parks[0].1;
        for (path, percentage, types) in [
            (&here, 50, room(lodge)),
            (&south, 60, Value::Null),
            (&here, 10, room(shop.room)),
        ] {
            let path = format!("{path}?include=rentable_types");
            let reply = house
                .send("POST", &path, &named(percentage, types.clone()))
                .await;
            assert_eq!(reply.status, 201, "{}", reply.json());
            let shown = &reply.json()["data"]["relationships"]["rentable_types"];
            assert_eq!(
                shown["data"].as_array().map_or(0, Vec::len),
                usize::from(!types.is_null())
            );
        }
        assert!(
            found(&house, "")
                .await
                .iter()
                .all(|row| priced(row).0 == "180.00")
        );
        // For those who book until tomorrow.
        let early =
            json!({ "percentage": 30, "booked_from": "2026-11-21", "booked_until": "2026-11-22" });
        let early = campaign(&house, &shop, early).await;
        assert!(
            found(&house, "")
                .await
                .iter()
                .all(|row| priced(row).0 == "140.00")
        );
        let path = shop.at(&format!("?confirm=true&{WITH_ORDER}"));
        let made = house
            .send("POST", &path, &with(&shop, None, None))
            .await
            .json();
        assert_eq!(
            (order(&made).0, campaign_of(&made)),
            (json!(140), Some(&*early))
        );
        house.clock.advance_ms(2 * 24 * 60 * 60 * 1_000);
        assert!(
            found(&house, "")
                .await
                .iter()
                .all(|row| priced(row).0 == "180.00")
        );
        assert!(
            found(&house, &format!("filter[discount_campaign_id]={early}"))
                .await
                .is_empty()
        );
        // Whoever has booked in time keeps it, as long as the stay itself is one that it is for.
        let one = shop.at(&format!("/{}?{WITH_ORDER}", id(&made)));
        let longer = changed(id(&made), json!({ "end_date": "2027-06-05" }), json!({}));
        let after = house.send("PATCH", &one, &longer).await.json();
        assert_eq!(
            (order(&after).0, campaign_of(&after)),
            (json!(210), Some(&*early))
        );
        let patch = json!({ "data": { "type": "discount_campaign", "id": early,
            "attributes": { "minimum_length_of_stay": 3 } } });
        let reply = house
            .send("PATCH", &format!("{here}/{early}"), &patch)
            .await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let shorter = changed(id(&made), json!({ "end_date": "2027-06-04" }), json!({}));
        let kept = shop.at(&format!(
            "/{}?{WITH_ORDER}&order_update_mode=based_on_current_order",
            id(&made)
        ));
        let after = house.send("PATCH", &kept, &shorter).await.json();
        assert_eq!(order(&after).0, json!(210), "the order was to be kept");
        let after = house.send("PATCH", &one, &shorter).await.json();
        assert_eq!(order(&after).0, json!(180));
        // What an order refers to may go; the order stays as it is.
        assert_eq!(
            house
                .ask_to("DELETE", &format!("{here}/{early}"))
                .await
                .status,
            204
        );
    })
    .await;
}

#[tokio::test]
async fn a_campaign_that_makes_no_sense_is_refused_and_its_token_is_shown_to_few() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let path = format!("/administrations/{}/discount_campaigns", shop.park);
        for (attribute, value) in [
            ("percentage", json!(101)),
            ("percentage", json!(-1)),
            ("amount", json!(-5)),
            ("amount", json!("1000000000")),
            ("minimum_length_of_stay", json!(0)),
            ("minimum_length_of_stay", json!(99_999)),
            ("promotion_token", json!("two words")),
            ("promotion_token", json!("x".repeat(65))),
            ("start_date_until", json!("2027-05-31")),
            ("booked_until", json!("2027-05-31")),
        ] {
            let mut attributes = json!({ "name": { "en": "x" }, "start_date_from": "2027-06-01",
                "booked_from": "2027-06-01" });
            attributes[attribute] = value;
            let document =
                json!({ "data": { "type": "discount_campaign", "attributes": attributes } });
            let reply = house.send("POST", &path, &document).await;
            let pointer = format!("/data/attributes/{attribute}");
            assert_eq!(
                error(&reply),
                (422, "INVALID_ATTRIBUTE".into(), pointer),
                "{attributes}"
            );
        }
        let by = campaign(
            &house,
            &shop,
            json!({ "percentage": 5, "promotion_token": "gull" }),
        )
        .await;
        let one =
            format!("{path}/{by}?fields[discount_campaign]=promotion_token,needs_promotion_token");
        let reader = house.key_for(&["discount_campaign|read"]).await;
        let shown = house.get_as(&reader, &one).await.json()["data"]["attributes"].clone();
        assert_eq!(
            shown,
            json!({ "promotion_token": null, "needs_promotion_token": true })
        );
        assert_eq!(
            house.get(&one).await["data"]["attributes"]["promotion_token"],
            "gull"
        );
        // Whoever sells needs no word for campaigns to get what guests get.
        let seller = house
            .key_for(&["reservation|write", "reservation|read", "availability|read"])
            .await;
        let wanted = with(&shop, Some(("promotion_token", json!("gull"))), None);
        let made = house.send_as(&seller, "POST", &shop.at(""), &wanted).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let booked = house.booking(id(&made.json())).await;
        assert_eq!(booked.details.price.to_string(), "190.00");
    })
    .await;
}

#[tokio::test]
async fn what_another_api_has_sold_gets_a_discount_only_where_somebody_asks_for_it() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        by_calendar(&house, &shop).await;
        let by = campaign(&house, &shop, json!({ "percentage": 10 })).await;
        let made = house
            .book(stay(shop.room, JUNE, date(2027, 6, 2)))
            .await
            .to_string();
        let one = format!(
            "/administrations/{}/reservations/{made}?{WITH_ORDER}",
            shop.park
        );
        let longer = changed(&made, json!({ "end_date": "2027-06-03" }), json!({}));
        let after = house.send("PATCH", &one, &longer).await.json();
        assert_eq!((order(&after).0, campaign_of(&after)), (json!(161), None));
        let end = json!({ "data": { "type": "discount_campaign", "id": by } });
        let asked = changed(&made, json!({}), json!({ "discount_campaign": end }));
        let after = house.send("PATCH", &one, &asked).await.json();
        assert_eq!(order(&after).0.as_f64(), Some(144.9), "{after}");
        // What it has, it keeps.
        let longer = changed(&made, json!({ "end_date": "2027-06-04" }), json!({}));
        let after = house.send("PATCH", &one, &longer).await.json();
        assert_eq!(order(&after).0.as_f64(), Some(217.35), "{after}");
        assert_eq!(campaign_of(&after), Some(&*by));
    })
    .await;
}
