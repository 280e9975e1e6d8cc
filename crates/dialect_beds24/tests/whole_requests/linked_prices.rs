//! Prices that follow from others, and what the calendar keeps for channels.

use serde_json::{Value, json};

use crate::house::{House, in_every_house};

async fn rules(house: &House, property: i64, room: i64, rules: Value) {
    let item = json!({"id": property, "roomTypes": [{"id": room, "priceRules": rules}]});
    let element = house.write("/properties", json!([item])).await.remove(0);
    assert_eq!(element["success"], true, "{element}");
}

async fn write(house: &House, room: i64, ranges: Value) {
    let item = json!({"roomId": room, "calendar": ranges});
    let path = "/inventory/rooms/calendar";
    let element = house.write(path, json!([item])).await.remove(0);
    assert_eq!(element["success"], true, "{element}");
}

async fn shown(house: &House, room: i64, flags: &str) -> Value {
    let days = "startDate=2026-12-01&endDate=2026-12-02";
    let path = format!("/inventory/rooms/calendar?roomId={room}&{days}{flags}");
    house.rows(&path).await[0]["calendar"].clone()
}

/// What each offer of a room costs for one night, by its number.
async fn offered(house: &House, room: i64, arrival: &str, departure: &str) -> Value {
    let stay = format!("arrival={arrival}&departure={departure}&numAdults=2");
    let path = format!("/inventory/rooms/offers?roomId={room}&{stay}");
    let offers = house.rows(&path).await[0]["offers"].clone();
    let offers = offers.as_array().unwrap().iter();
    offers
        .map(|offer| json!([offer["offerId"], offer["price"]]))
        .collect()
}

#[tokio::test]
async fn linked_prices_are_shown_as_they_are_asked_of_a_guest() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        let link = |price: i64, more: Value| {
            let link = json!({"roomId": room, "priceId": price});
            crate::house::with(link, more)
        };
        let linked = json!([
            {"id": 2, "offer": 2, "priceLinking": link(1, json!({"offsetMultiplier": 1.05}))},
            {"id": 3, "offer": 3, "priceLinking": link(1, json!({"offsetAmount": -200}))},
        ]);
        rules(&house, property, room, linked).await;
        let suite = json!({"name": "Suite", "qty": 1, "priceRules":
            [{"id": 1, "priceLinking": link(2, json!({"offsetMultiplier": 3}))}]});
        let item = json!({"id": property, "roomTypes": [suite]});
        let element = house.write("/properties", json!([item])).await.remove(0);
        let suite = element["new"]["roomTypes"][0]["id"].as_i64().unwrap();
        let days = json!([
            {"from": "2026-12-01", "to": "2026-12-02", "price1": 100.1},
            {"from": "2026-12-02", "to": "2026-12-02", "multiplier": 2},
        ]);
        write(&house, room, days).await;

        // 105.105 is rounded away from zero, and what is linked on to it starts from all its
        // digits. A price below zero is none.
        let both = |more: Value| {
            crate::house::with(json!({"from": "2026-12-01", "to": "2026-12-02"}), more)
        };
        assert_eq!(
            shown(&house, room, "&includeLinkedPrices=true").await,
            json!([both(json!({"price2": 105.11}))])
        );
        assert_eq!(
            shown(&house, room, "&includePrices=true&includeLinkedPrices=true").await,
            json!([both(json!({"price1": 100.1, "price2": 105.11}))])
        );
        assert_eq!(
            shown(&house, room, "&includePrices=true").await,
            json!([both(json!({"price1": 100.1}))])
        );
        assert_eq!(
            shown(&house, suite, "&includeLinkedPrices=true").await,
            json!([both(json!({"price1": 315.32}))])
        );
        assert_eq!(
            offered(&house, room, "2026-12-01", "2026-12-02").await,
            json!([[1, 100.1], [2, 105.11]])
        );
        assert_eq!(
            offered(&house, room, "2026-12-02", "2026-12-03").await,
            json!([[1, 200.2], [2, 210.21]])
        );
        assert_eq!(
            offered(&house, suite, "2026-12-01", "2026-12-02").await,
            json!([[1, 315.32]])
        );
    })
    .await;
}

#[tokio::test]
async fn limits_of_channels_are_shown_as_they_were_written() {
    in_every_house(|house| async move {
        let (_, room) = house.property(2).await;
        let limits = json!({"airbnb": {"maxBookings": 2}, "booking": {"maxBookings": null}});
        write(
            &house,
            room,
            json!([{"from": "2026-12-01", "to": "2026-12-01", "channels": limits}]),
        )
        .await;
        assert_eq!(
            shown(&house, room, "&includeChannels=true").await,
            json!([
                {"from": "2026-12-01", "to": "2026-12-01", "channels": limits},
                {"from": "2026-12-02", "to": "2026-12-02", "channels": {}},
            ])
        );
        assert_eq!(
            shown(&house, room, "&includeMinStay=true").await,
            json!([{"from": "2026-12-01", "to": "2026-12-02", "minStay": 1}])
        );
    })
    .await;
}
