//! Calendars, availability, offers and units.

use serde_json::{Value, json};

use crate::house::{House, in_every_house, stay};

async fn write(house: &House, room: i64, ranges: Value) -> Value {
    house
        .write(
            "/inventory/rooms/calendar",
            json!([{"roomId": room, "calendar": ranges}]),
        )
        .await
        .remove(0)
}

async fn read(house: &House, room: i64, from: &str, to: &str, shown: &str) -> Value {
    let path =
        format!("/inventory/rooms/calendar?roomId={room}&startDate={from}&endDate={to}{shown}");
    house.rows(&path).await[0]["calendar"].clone()
}

#[tokio::test]
async fn a_calendar_is_written_by_ranges_and_read_with_equal_days_merged() {
    in_every_house(|house| async move {
        let (property, room) = house.property(3).await;
        let written = write(&house, room, json!([
            {"from": "2026-12-01", "to": "2026-12-10", "price1": 99.5, "minStay": 2},
            {"from": "2026-12-05", "to": "2026-12-05", "price1": 120, "override": "noCheckIn"},
        ])).await;
        assert_eq!(written["success"], true, "{written}");
        assert_eq!(written["modified"]["roomId"], room);
        assert_eq!(written["modified"]["calendar"][0], json!({"from": "2026-12-01", "to": "2026-12-10", "price1": 99.5, "minStay": 2}));
        assert_eq!(
            read(&house, room, "2026-12-03", "2026-12-12", "&includePrices=true&includeOverride=true").await,
            json!([
                {"from": "2026-12-03", "to": "2026-12-04", "override": "none", "price1": 99.5},
                {"from": "2026-12-05", "to": "2026-12-05", "override": "noCheckIn", "price1": 120},
                {"from": "2026-12-06", "to": "2026-12-10", "override": "none", "price1": 99.5},
                {"from": "2026-12-11", "to": "2026-12-12", "override": "none"},
            ])
        );
        let all = read(&house, room, "2026-12-01", "2026-12-01", "&includeNumAvail=1&includeMinStay=1&includeMaxStay=1&includeMultiplier=1").await;
        assert_eq!(all, json!([{"from": "2026-12-01", "to": "2026-12-01", "numAvail": 3, "minStay": 2, "maxStay": 365, "multiplier": 1}]));
        let rows = house.rows(&format!("/inventory/rooms/calendar?propertyId={property}&startDate=2026-12-01&endDate=2026-12-02")).await;
        assert_eq!(rows, [json!({"roomId": room, "propertyId": property, "name": "Double", "calendar": []})]);
        write(&house, room, json!([{"from": "2026-12-01", "to": "2026-12-10", "price1": null, "minStay": null, "override": null}])).await;
        assert_eq!(
            read(&house, room, "2026-12-01", "2026-12-10", "&includePrices=1&includeMinStay=1&includeOverride=1").await,
            json!([{"from": "2026-12-01", "to": "2026-12-10", "minStay": 1, "override": "none"}])
        );
    })
    .await;
}

#[tokio::test]
async fn a_limit_is_what_is_left_to_sell_and_a_checked_booking_keeps_to_it() {
    in_every_house(|house| async move {
        let (_, room) = house.property(5).await;
        house.book(stay(room, "2026-12-01", "2026-12-02")).await;
        write(
            &house,
            room,
            json!([{"from": "2026-12-01", "to": "2026-12-01", "numAvail": 1}]),
        )
        .await;
        let left = |house: std::sync::Arc<House>| async move {
            read(
                &house,
                room,
                "2026-12-01",
                "2026-12-01",
                "&includeNumAvail=1",
            )
            .await[0]["numAvail"]
                .clone()
        };
        assert_eq!(left(std::sync::Arc::clone(&house)).await, 1);
        let mut item = stay(room, "2026-12-01", "2026-12-02");
        item["actions"] = json!({"checkAvailability": true});
        assert_eq!(house.book(item.clone()).await["success"], true);
        assert_eq!(house.book(item).await["success"], false);
        assert_eq!(left(std::sync::Arc::clone(&house)).await, 0);
    })
    .await;
}

#[tokio::test]
async fn past_days_and_far_ones_are_left_out_with_warnings_and_the_rest_is_written() {
    in_every_house(|house| async move {
        // The clock stands on 2026-11-21.
        let (_, room) = house.property(3).await;
        let element = write(&house, room, json!([
            {"from": "2026-11-19", "to": "2026-11-22", "minStay": 3, "price1": 9},
            {"from": "2028-11-01", "to": "2028-12-01", "minStay": 4},
            {"from": "2026-12-01", "to": "2026-12-01", "minStay": 5},
        ])).await;
        assert_eq!(element["success"], false);
        let ranges: Vec<&Value> = element["modified"]["calendar"].as_array().unwrap().iter().map(|range| &range["from"]).collect();
        assert_eq!(ranges, [&json!("2026-11-21"), &json!("2026-12-01")]);
        let warnings = element["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert_eq!(warnings[2]["message"], "invalid dates");
        assert_eq!(read(&house, room, "2026-11-20", "2026-11-21", "&includeMinStay=1").await, json!([
            {"from": "2026-11-20", "to": "2026-11-20", "minStay": 1}, {"from": "2026-11-21", "to": "2026-11-21", "minStay": 3}]));
    })
    .await;
}

#[tokio::test]
async fn a_limit_on_a_room_without_a_price_rule_is_dropped_in_silence() {
    in_every_house(|house| async move {
        let (property, room) = house.property(3).await;
        house.write("/properties", json!([{"id": property, "roomTypes": [{"id": room, "priceRules": [{"id": 1}]}]}])).await;
        let element = write(&house, room, json!([{"from": "2026-12-01", "to": "2026-12-01", "numAvail": 1, "minStay": 2}])).await;
        assert_eq!(element, json!({"success": true, "modified":
            {"roomId": room, "calendar": [{"from": "2026-12-01", "to": "2026-12-01", "minStay": 2}]}}));
    })
    .await;
}

#[tokio::test]
async fn a_foreign_room_is_no_room_and_spoils_no_other() {
    in_every_house(|house| async move {
        let (_, room) = house.property(3).await;
        let range = json!([{"from": "2026-12-01", "to": "2026-12-01", "minStay": 2}]);
        let elements = house.write("/inventory/rooms/calendar", json!([
            {"roomId": 77, "calendar": range}, {"roomId": room, "calendar": range}, {"calendar": range}])).await;
        assert_eq!(elements[0]["errors"][0]["message"], "not found");
        assert_eq!(elements[1]["success"], true);
        assert_eq!(elements[2]["errors"][0]["field"], "roomId");
    })
    .await;
}

#[tokio::test]
async fn a_night_is_available_with_a_price_and_a_free_room() {
    in_every_house(|house| async move {
        let (property, room) = house.property(1).await;
        write(&house, room, json!([
            {"from": "2026-12-01", "to": "2026-12-04", "price1": 100},
            {"from": "2026-12-03", "to": "2026-12-03", "override": "blackout"}])).await;
        house.book(stay(room, "2026-12-02", "2026-12-03")).await;
        let path = format!("/inventory/rooms/availability?propertyId={property}&startDate=2026-12-01&endDate=2026-12-05");
        assert_eq!(house.rows(&path).await, [json!({"roomId": room, "propertyId": property, "name": "Double", "availability": {
            "2026-12-01": true, "2026-12-02": false, "2026-12-03": false, "2026-12-04": true, "2026-12-05": false}})]);
        assert_eq!(house.rows(&format!("/inventory/rooms/availability?roomId={room}")).await[0]["availability"].as_object().unwrap().len(), 30);
    })
    .await;
}

#[tokio::test]
async fn offers_price_the_whole_stay_and_a_sold_out_room_has_none() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        write(&house, room, json!([{"from": "2026-12-01", "to": "2026-12-02", "price1": 100.5}, {"from": "2026-12-03", "to": "2026-12-03", "price1": 80}])).await;
        let ask = |more: &str| format!("/inventory/rooms/offers?roomId={room}&arrival=2026-12-01&departure=2026-12-04&numAdults=2{more}");
        let offers = house.rows(&ask("")).await;
        assert_eq!(offers, [json!({"roomId": room, "propertyId": property,
            "offers": [{"offerId": 1, "offerName": "Offer 1", "price": 281, "unitsAvailable": 2}]})]);
        assert_eq!(house.rows(&ask("&offerId=2")).await[0]["offers"], json!([]));
        let booked = house.book(stay(room, "2026-12-01", "2026-12-04")).await;
        assert_eq!(booked["new"]["price"], 281, "a price that is not sent is computed");
        house.book(stay(room, "2026-12-03", "2026-12-05")).await;
        assert_eq!(house.rows(&ask("")).await[0]["offers"], json!([]));
        let (status, error) = house.get("/inventory/rooms/offers?arrival=2026-12-01&departure=2026-12-02").await.error();
        assert_eq!((status, &*error), (400, "Parameter numAdults is required"));
    })
    .await;
}

#[tokio::test]
async fn unit_bookings_count_the_bookings_of_each_unit() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        house.book(stay(room, "2026-12-01", "2026-12-02")).await;
        let mut second = stay(room, "2026-12-01", "2026-12-03");
        second["unitId"] = json!(2);
        house.book(second).await;
        house.book(stay(room, "2026-12-01", "2026-12-02")).await;
        let path = format!("/inventory/rooms/unitBookings?roomId={room}&startDate=2026-12-01&endDate=2026-12-02");
        assert_eq!(house.rows(&path).await, [json!({"roomId": room, "propertyId": property, "name": "Double", "qty": 2,
            "unitBookings": {"2026-12-01": {"1": 1, "2": 1, "unassigned": 1}, "2026-12-02": {"1": 0, "2": 1, "unassigned": 0}}})]);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_may_only_write_the_inventory_can_do_just_that() {
    in_every_house(|house| async move {
        let (property, room) = house.property(3).await;
        let writer = house.token_for(&["write:inventory"]).await;
        let items = json!([{"roomId": room, "calendar": [{"from": "2026-12-01", "to": "2026-12-01", "minStay": 2}]}]);
        let written = house.post_as(&writer, "/inventory/rooms/calendar", items).await.json();
        assert_eq!(written[0]["success"], true, "{written}");
        let path = "/inventory/rooms/calendar?startDate=2026-12-01&endDate=2026-12-01";
        assert_eq!(house.get_as(&writer, path).await.error().0, 401);

        let writer = house.token_for(&["write:properties"]).await;
        let items = json!([{"id": property, "bookingRules": {"bookingCutOffHour": 12}}]);
        let written = house.post_as(&writer, "/properties", items).await.json();
        assert_eq!(written[0], json!({"success": true, "modified": {"bookingRules": {"bookingCutOffHour": 12}}}));
        assert_eq!(house.get_as(&writer, "/properties").await.error().0, 401);
    })
    .await;
}

#[tokio::test]
async fn leaving_a_blackout_for_none_without_a_number_clears_the_limit_and_nothing_else_does() {
    in_every_house(|house| async move {
        let (_, room) = house.property(5).await;
        house.book(stay(room, "2026-12-01", "2026-12-02")).await;
        let day = |fields: Value| {
            crate::house::with(json!({"from": "2026-12-01", "to": "2026-12-01"}), fields)
        };
        let shown = async || {
            let days = read(
                &house,
                room,
                "2026-12-01",
                "2026-12-01",
                "&includeNumAvail=1&includeOverride=1",
            )
            .await;
            (
                days[0]["numAvail"].as_i64().unwrap(),
                days[0]["override"].as_str().unwrap().to_owned(),
            )
        };
        let close = json!({"numAvail": 1, "override": "blackout"});
        for (change, left, word) in [
            (json!({"override": "none"}), 4, "none"),
            (json!({"override": null}), 4, "none"),
            (json!({"override": "none", "numAvail": 2}), 2, "none"),
            (json!({"override": "noCheckIn"}), 1, "noCheckIn"),
            (json!({"override": "blackout"}), 1, "blackout"),
            (json!({"minStay": 2}), 1, "blackout"),
        ] {
            write(&house, room, json!([day(close.clone())])).await;
            write(&house, room, json!([day(change.clone())])).await;
            assert_eq!(shown().await, (left, word.to_owned()), "{change}");
        }
        write(
            &house,
            room,
            json!([day(json!({"numAvail": 1, "override": "noCheckIn"}))]),
        )
        .await;
        write(&house, room, json!([day(json!({"override": "none"}))])).await;
        assert_eq!(shown().await, (1, "none".to_owned()), "it was no blackout");
    })
    .await;
}
