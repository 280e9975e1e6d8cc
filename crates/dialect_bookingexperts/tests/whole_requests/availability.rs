//! What is free and at which price: the calendar of a rentable type, and the search for stays.

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use service::calendar::{CalendarRange, CalendarWrite, DayPatch, Openness};
use service::domain::rate::RatePlan;
use service::inventory::{RatePlanRecord, ResourceDetailsPatch};
use service::properties::{PropertyWrite, RoomPatch, RoomWrite};

use crate::house::{House, in_every_house, stay};
use crate::shop::{JUNE, Shop, error, id};

/// Says what the calendar says of these days, both included.
async fn says(house: &House, shop: &Shop, from: Date, to: Date, patch: DayPatch) {
    let write = CalendarWrite {
        resource_id: shop.room,
        ranges: vec![CalendarRange { from, to, patch }],
    };
    let actor = house.actor_now();
    let written = house.service.calendar_write(&actor, vec![write]).await;
    written.unwrap().remove(0).unwrap();
}

/// Sells the shop's type by the calendar: so much a night in June.
pub async fn priced(house: &House, shop: &Shop, price: &str, plan: RatePlan) {
    let record = RatePlanRecord {
        plan,
        extra: Default::default(),
    };
    let details = ResourceDetailsPatch {
        rate_plans: Some([(1, record)].into()),
        ..ResourceDetailsPatch::default()
    };
    let patch = RoomPatch {
        details,
        ..RoomPatch::default()
    };
    let room = RoomWrite {
        id: Some(shop.room),
        patch,
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
    let patch = DayPatch {
        prices: [(1, Some(price.parse::<Decimal>().unwrap()))].into(),
        ..DayPatch::default()
    };
    says(house, shop, JUNE, date(2027, 6, 30), patch).await;
}

fn days(document: &Value) -> Vec<&Value> {
    let rows = document["data"].as_array().unwrap();
    rows.iter().map(|row| &row["attributes"]).collect()
}

#[tokio::test]
async fn the_calendar_says_what_is_left_and_who_may_arrive_when() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 4).await;
        house.book(stay(shop.room, JUNE, date(2027, 6, 3))).await;
        shop.reserve(&house, "2027-06-02", "2027-06-03", "").await;
        let closed = DayPatch {
            openness: Some(Openness {
                closed: true,
                ..Openness::default()
            }),
            ..DayPatch::default()
        };
        says(&house, &shop, date(2027, 6, 4), date(2027, 6, 4), closed).await;
        let bounds = DayPatch {
            min_stay: Some(Some(3)),
            max_stay: Some(Some(14)),
            openness: Some(Openness {
                no_check_in: true,
                no_check_out: true,
                ..Openness::default()
            }),
            ..DayPatch::default()
        };
        says(&house, &shop, date(2027, 6, 5), date(2027, 6, 5), bounds).await;
        for name in ["rentable_types", "categories"] {
            let path = format!(
                "/channels/{}/{name}/{}/availabilities",
                shop.channel, shop.room
            );
            let document = house
                .get(&format!("{path}?date_range=2027-06-01..2027-06-06"))
                .await;
            let shown = days(&document);
            let stock: Vec<i64> = shown
                .iter()
                .map(|day| day["stock"].as_i64().unwrap())
                .collect();
            assert_eq!(stock, [3, 2, 4, 0, 4]);
            assert_eq!(shown[0]["date"], "2027-06-01");
            assert_eq!(
                (&shown[0]["capacity"], &shown[0]["out_of_order"]),
                (&json!(4), &json!(0))
            );
            assert_eq!(
                (
                    &shown[0]["min_length_of_stay"],
                    &shown[0]["max_length_of_stay"]
                ),
                (&json!(1), &json!(30))
            );
            assert_eq!(
                (
                    &shown[4]["min_length_of_stay"],
                    &shown[4]["max_length_of_stay"]
                ),
                (&json!(3), &json!(14))
            );
            assert_eq!(
                (
                    &shown[3]["closed_to_arrival"],
                    &shown[2]["closed_to_arrival"]
                ),
                (&json!(true), &json!(false))
            );
            assert_eq!(
                (
                    &shown[4]["closed_to_arrival"],
                    &shown[4]["closed_to_departure"]
                ),
                (&json!(true), &json!(true))
            );
            assert_eq!(document["links"]["next"], Value::Null);
            assert_eq!(document["meta"]["pagination"]["total_records"], 5);
            let margin = house
                .get(&format!(
                    "{path}?date_range=2027-06-01..2027-06-03&multibook_safety_margin=3"
                ))
                .await;
            let stock: Vec<i64> = days(&margin)
                .iter()
                .map(|day| day["stock"].as_i64().unwrap())
                .collect();
            assert_eq!(stock, [0, 0]);
            let included = house
                .get(&format!(
                    "{path}?date_range=2027-06-01..2027-06-02&include=rentable_type"
                ))
                .await;
            assert_eq!(included["included"][0]["id"], shop.room.to_string());
            // Two years from today, and no day before it or after it.
            let all = house
                .get(&format!("{path}?date_range=2020-01-01..2099-01-01"))
                .await;
            assert_eq!(days(&all)[0]["date"], "2026-11-21");
            assert_eq!(days(&all).last().unwrap()["date"], "2028-11-20");
            assert_eq!(
                days(&all).len(),
                house.get(&path).await["data"].as_array().unwrap().len()
            );
            for (query, place) in [
                ("date_range=soon", "date_range"),
                ("date_range=2027-06-03..2027-06-01", "date_range"),
                ("multibook_safety_margin=-1", "multibook_safety_margin"),
            ] {
                let reply = house.get_as(&house.key, &format!("{path}?{query}")).await;
                assert_eq!(
                    error(&reply),
                    (400, "FORBIDDEN_INPUT".into(), place.to_owned())
                );
            }
        }
        // What the calendar does not sell cannot be reserved, and the field says why.
        for (start, end, field) in [
            ("2027-06-05", "2027-06-09", "start_date"),
            ("2027-06-02", "2027-06-05", "end_date"),
            ("2027-06-03", "2027-06-06", "end_date"),
        ] {
            let reply = house
                .send("POST", &shop.at(""), &shop.wanted(start, end))
                .await;
            let place = format!("/data/attributes/{field}");
            assert_eq!(
                error(&reply),
                (422, "INVALID_ATTRIBUTE".into(), place),
                "{}",
                reply.json()
            );
        }
        let other = format!(
            "/channels/{}/rentable_types/{}/availabilities",
            shop.channel, house.parks[1].1
        );
        assert_eq!(house.get_as(&house.key, &other).await.status, 404);
        let key = house.key_for(&["reservation|read"]).await;
        let path = format!(
            "/channels/{}/rentable_types/{}/availabilities",
            shop.channel, shop.room
        );
        assert_eq!(
            house.get_as(&key, &path).await.code(),
            (403, "NO_VALID_SCOPE".to_owned())
        );
        let key = house.key_for(&["availability|read"]).await;
        assert_eq!(house.get_as(&key, &path).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_search_finds_what_can_be_reserved_at_the_price_that_it_then_has() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        priced(&house, &shop, "80", RatePlan::new(1)).await;
        let week = "/availabilities?filter[start_date]=2027-06-01..2027-06-08&filter[los]=7&filter[guest_group][adults]=2";
        let found = house.get(week).await;
        let rows = found["data"].as_array().unwrap();
        assert_eq!(rows.len(), 7, "{found}");
        for row in rows {
            assert_eq!(row["attributes"]["los"], 7);
            // The channel sells by its list, a hundred a night.
            assert_eq!(row["attributes"]["price"], json!({ "currency": "EUR", "value": "700.00" }));
            assert_eq!(row["relationships"]["rentable_type"]["data"]["id"], shop.room.to_string());
            assert_eq!(row["relationships"]["channel"]["data"]["id"], shop.channel.to_string());
        }
        // Whatever was found can be reserved, and costs that.
        let last = house.get(&format!("{week}&sorters=start_date&sorter[start_date][desc]=true")).await;
        assert_eq!(last["data"][0]["attributes"]["start_date"], "2027-06-07");
        let made = shop.reserve(&house, "2027-06-07", "2027-06-14", "?confirm=true").await;
        let order = format!("/administrations/{}/orders/{}", shop.park, id(&made));
        assert_eq!(house.get(&order).await["data"]["attributes"]["total"], 700);
        // What was reserved a moment ago is found no more.
        let left = house.get(week).await;
        assert_eq!(left["data"], json!([]));
        let short = "/availabilities?filter[start_date]=2027-06-01..2027-06-08&filter[los]=1..3";
        let found = house.get(&format!("{short}&limit=rentable_types&include=rentable_type,administration")).await;
        assert_eq!(found["data"].as_array().unwrap().len(), 1);
        assert_eq!(found["included"].as_array().unwrap().len(), 2);
        for nothing in [
            "filter[guest_group][adults]=9",
            "filter[-rentable_type_ids]=ROOM",
            "filter[amenity_ids]=7",
            "filter[rentable_segment_ids]=7",
            "filter[number_of_bedrooms]=3..",
            "filter[price]=1..2",
            "filter[administration_ids]=7",
        ] {
            let path = format!("{short}&{nothing}").replace("ROOM", &shop.room.to_string());
            assert_eq!(house.get(&path).await["data"], json!([]), "{nothing}");
        }
        for (query, code) in [
            ("filter[wday]=7", "INVALID_FILTER"),
            ("filter[los]=9..2", "INVALID_FILTER"),
            ("filter[weather]=fair", "INVALID_FILTER"),
            ("filter[guest_group][cats]=1", "INVALID_FILTER"),
            ("sorters=weather", "INVALID_SORTING"),
            ("sorters=los_distance", "INVALID_SORTING"),
            ("limit=weather", "FORBIDDEN_INPUT"),
        ] {
            let reply = house.get_as(&house.key, &format!("/availabilities?{query}")).await;
            assert_eq!(reply.code(), (400, code.to_owned()), "{query}");
            assert!(reply.json()["errors"][0]["source"]["parameter"].is_string(), "{query}");
        }
        let key = house.key_for(&["availability|read"]).await;
        assert_eq!(house.get_as(&key, short).await.status, 200);
        let key = house.key_for(&["reservation|read"]).await;
        assert_eq!(house.get_as(&key, short).await.code(), (403, "NO_VALID_SCOPE".to_owned()));
        // Another tenant's channels sell nothing here.
        let stranger = house.another_tenant("Heath").await;
        assert_eq!(stranger.get(short).await["data"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn who_wants_the_notice_to_be_judged_is_told_when_it_is_too_short() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let mut plan = RatePlan::new(1);
        plan.min_days_until_check_in = Some(300);
        priced(&house, &shop, "80", plan).await;
        let wanted = shop.wanted("2027-06-01", "2027-06-03");
        let judged = shop.at("?validate_minimum_advance_notice=true");
        let reply = house.send("POST", &judged, &wanted).await;
        let place = "/data/attributes/start_date".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_ATTRIBUTE".into(), place));
        assert_eq!(house.send("POST", &shop.at(""), &wanted).await.status, 201);
    })
    .await;
}

async fn searched(house: &House, query: &str) -> Value {
    house
        .get(&format!(
            "/availabilities?filter[start_date]=2027-06-01..2027-06-08&filter[los]=2&{query}"
        ))
        .await
}

#[tokio::test]
async fn a_type_that_a_master_price_list_alone_prices_is_found_at_that_price_and_follows_it() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let found = searched(&house, "limiter[availabilities][limit]=100").await;
        assert_eq!(found["meta"]["total_availabilities"], 7, "{found}");
        assert_eq!(found["data"][0]["attributes"]["price"]["value"], "200.00");
        let dear = searched(&house, "filter[price]=201..999").await;
        assert_eq!(dear["meta"]["total_availabilities"], 0);
        let list = house.get(&format!("/administrations/{}/master_price_lists", shop.park)).await;
        let list = list["data"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/administrations/{}/master_price_lists/{list}", shop.park);
        let document = json!({
            "data": { "type": "master_price_list", "id": list, "relationships": { "simple_prices": { "data": [
                { "type": "simple_price", "meta": { "temp_id": "p", "method": "create" } } ] } } },
            "included": [ { "type": "simple_price", "meta": { "temp_id": "p" },
                "attributes": { "date": "2027-06-03", "price": { "currency": "EUR", "value": "150.00" } } } ],
        });
        let reply = house.send("PATCH", &path, &document).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let dear = searched(&house, "filter[price]=201..999").await;
        assert_eq!(dear["meta"]["total_availabilities"], 2, "two stays have the dear night");
        assert_eq!(dear["data"][0]["attributes"]["price"]["value"], "250.00");
    })
    .await;
}

#[tokio::test]
async fn a_search_is_narrowed_to_units_and_campaigns_sorted_by_amenities_and_counts_what_was_found()
{
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let made = async |path: String, kind: &str, attributes: Value, links: Value| {
            let document = json!({ "data": { "type": kind, "attributes": attributes, "relationships": links } });
            let reply = house.send("POST", &path, &document).await;
            assert_eq!(reply.status, 201, "{path}: {}", reply.json());
            id(&reply.json()).to_owned()
        };
        let at = |plural: &str| format!("/administrations/{}/{plural}", shop.park);
        let name = json!({"en": "x"});
        let amenity = made("/amenities".into(), "amenity", json!({"name": name}), json!({})).await;
        let segment = made("/rentable_segments".into(), "rentable_segment", json!({"name": name}), json!({})).await;
        let own = json!({"data": {"type": "rentable_type", "id": shop.room.to_string()}});
        let links = json!({"amenity": {"data": {"type": "amenity", "id": amenity}}, "rentable_type": own});
        made(at("rentable_type_amenities"), "rentable_type_amenity", json!({"value": "true"}), links).await;
        let path = format!("/rentable_types/{}", shop.room);
        let links = json!({"rentable_segments": {"data": [{"type": "rentable_segment", "id": segment}]}});
        let document = json!({"data": {"type": "rentable_type", "id": shop.room.to_string(), "relationships": links}});
        assert_eq!(house.send("PATCH", &path, &document).await.status, 200);
        let flags = "include_semantic_segment_counts=true&include_amenity_counts=true";
        let sorted = format!("sorters=amenity_ids_match_score&sorter[amenity_ids_match_score][amenity_ids]={amenity}");
        let found = searched(&house, &format!("{flags}&{sorted}")).await;
        assert_eq!(found["meta"]["semantic_segment_counts"][&segment], 1, "{found}");
        assert_eq!(found["meta"]["amenity_counts"][&amenity], 1);
        let count = async |filter: String| searched(&house, &filter).await["meta"]["total_availabilities"].clone();
        let units = crate::world::units(&house, shop.room).await;
        let others = crate::world::units(&house, house.parks[1].1).await;
        assert_eq!(count(format!("filter[inventory_object_id]={}", units[0])).await, 7);
        assert_eq!(count(format!("filter[inventory_object_id]={}", others[0])).await, 0);
        let campaign = made(at("discount_campaigns"), "discount_campaign", json!({"name": name}), json!({})).await;
        assert_eq!(count(format!("filter[discount_campaign_id]={campaign}")).await, 7);
        assert_eq!(count("filter[discount_campaign_id]=7".into()).await, 0);
        assert_eq!(count("filter[promotion_token]=abc".into()).await, 0);
        let reply = house.get_as(&house.key, "/availabilities?filter[inventory_object_id]=x").await;
        assert_eq!(error(&reply), (400, "INVALID_FILTER".into(), "filter[inventory_object_id]".into()));
        let reply = house.get_as(&house.key, "/availabilities?include_amenity_counts=perhaps").await;
        assert_eq!(reply.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_search_for_a_unit_finds_the_stays_that_the_unit_can_be_reserved_for() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let units = crate::world::units(&house, shop.room).await;
        let arrivals = async |unit: domain::id::Id, nights: u16| -> Vec<String> {
            let path =
                "/availabilities?filter[start_date]=2027-06-01..2027-06-08&sorters=start_date";
            let filter = format!("filter[los]={nights}&filter[inventory_object_id]={unit}");
            let found = house.get(&format!("{path}&{filter}")).await;
            let rows = found["data"].as_array().unwrap();
            assert_eq!(found["meta"]["total_availabilities"], rows.len());
            let day = |row: &Value| row["attributes"]["start_date"].as_str().unwrap().to_owned();
            rows.iter().map(day).collect()
        };
        let days = |numbers: &[u8]| -> Vec<String> {
            numbers
                .iter()
                .map(|number| format!("2027-06-{number:02}"))
                .collect()
        };
        let pinned = |number: i64, from: i8, to: i8| service::bookings::NewBooking {
            unit: service::bookings::UnitChoice::Number(number),
            ..stay(shop.room, date(2027, 6, from), date(2027, 6, to))
        };
        assert_eq!(arrivals(units[0], 2).await, days(&[1, 2, 3, 4, 5, 6, 7]));
        // In the archive it is had by nobody.
        let path = format!("/inventory_objects/{}", units[1]);
        let reply = house
            .send("POST", &format!("{path}/archive"), &Value::Null)
            .await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert!(arrivals(units[1], 2).await.is_empty());
        let back = json!({ "data": { "type": "inventory_object", "id": units[1].to_string(),
            "attributes": { "archived": false } } });
        assert_eq!(house.send("PATCH", &path, &back).await.status, 200);
        // A guest who is pinned to the unit keeps it; the other unit is free all the while.
        house.book(pinned(1, 3, 4)).await;
        assert_eq!(arrivals(units[0], 2).await, days(&[1, 4, 5, 6, 7]));
        assert_eq!(arrivals(units[1], 2).await, days(&[1, 2, 3, 4, 5, 6, 7]));
        // One who may be moved makes way where the other unit is free, and nowhere else.
        house
            .book(stay(shop.room, date(2027, 6, 5), date(2027, 6, 7)))
            .await;
        assert_eq!(arrivals(units[0], 2).await, days(&[1, 4, 5, 6, 7]));
        assert_eq!(arrivals(units[1], 2).await, days(&[1, 2, 3, 4, 5, 6, 7]));
        house.book(pinned(2, 6, 7)).await;
        assert_eq!(arrivals(units[0], 1).await, days(&[1, 2, 4, 7]));
        assert_eq!(arrivals(units[1], 1).await, days(&[1, 2, 3, 4, 5, 7]));
        // Whatever was found is had, and what was not found is not.
        for (place, unit) in units.iter().enumerate() {
            let found = arrivals(*unit, 1).await;
            for day in 1..=7 {
                let (start, end) = (
                    format!("2027-06-{day:02}"),
                    format!("2027-06-{:02}", day + 1),
                );
                let mut wanted = shop.wanted(&start, &end);
                let link = json!({ "type": "inventory_object", "id": unit.to_string() });
                wanted["data"]["relationships"]["inventory_object"] = json!({ "data": link });
                let reply = house.send("POST", &shop.at("/preview"), &wanted).await;
                let expected = if found.contains(&start) { 200 } else { 409 };
                assert_eq!(
                    reply.status,
                    expected,
                    "unit {place}, {start}: {}",
                    reply.json()
                );
            }
        }
    })
    .await;
}
