//! What calendars, rooms, properties and offers say against a stay, as offers show it.

use serde_json::{Value, json};

use crate::house::{House, in_every_house, stay, with};

/// A priced property: the prices of the first two price rules are set all December.
async fn priced(house: &House) -> (i64, i64) {
    let (property, room) = house.property(5).await;
    price(house, room).await;
    (property, room)
}

async fn price(house: &House, room: i64) {
    set(
        house,
        room,
        "2026-12-01",
        "2026-12-31",
        json!({"price1": 100, "price2": 90}),
    )
    .await;
}

async fn set(house: &House, room: i64, from: &str, to: &str, fields: Value) {
    let range = with(json!({"from": from, "to": to}), fields);
    let item = json!({"roomId": room, "calendar": [range]});
    let path = "/inventory/rooms/calendar";
    let element = house.write(path, json!([item])).await.remove(0);
    assert_eq!(element["success"], true, "{element}");
}

async fn change(house: &House, property: i64, fields: Value) {
    let item = with(json!({"id": property}), fields);
    let element = house.write("/properties", json!([item])).await.remove(0);
    assert_eq!(element["success"], true, "{element}");
}

/// The names of the offers for a stay in the rooms of a property, room by room.
async fn offered(house: &House, property: i64, arrival: &str, departure: &str) -> Vec<Vec<String>> {
    let stay = format!("arrival={arrival}&departure={departure}&numAdults=2");
    let path = format!("/inventory/rooms/offers?propertyId={property}&{stay}");
    let rooms = house.rows(&path).await;
    let names = |room: &Value| {
        let offers = room["offers"].as_array().unwrap().iter();
        offers
            .map(|offer| offer["offerName"].as_str().unwrap().to_owned())
            .collect()
    };
    rooms.iter().map(names).collect()
}

/// Whether the stay from the second to the fifth of December can be booked.
async fn is_open(house: &House, property: i64) -> bool {
    let rooms = offered(house, property, "2026-12-02", "2026-12-05").await;
    assert_eq!(rooms.len(), 1);
    !rooms[0].is_empty()
}

#[tokio::test]
async fn marks_of_a_day_count_where_they_mean_something_and_nowhere_else() {
    in_every_house(|house| async move {
        let (property, room) = priced(&house).await;
        for (word, closes) in [
            ("none", ""),
            ("noCheckIn", "2"),
            ("noCheckOut", "5"),
            ("noCheckInOrCheckOut", "2 5"),
            ("blackout", "2 3 4"),
            // A property says blackout for exceptional days unless it says otherwise.
            ("exception", "2 3 4"),
        ] {
            let mut closed = Vec::new();
            for day in 1..=6 {
                let date = format!("2026-12-0{day}");
                set(&house, room, &date, &date, json!({"override": word})).await;
                if !is_open(&house, property).await {
                    closed.push(day.to_string());
                }
                set(&house, room, &date, &date, json!({"override": null})).await;
            }
            assert_eq!(closed.join(" "), closes, "{word}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_length_of_a_stay_is_judged_by_the_first_night_or_by_all() {
    in_every_house(|house| async move {
        let (property, room) = priced(&house).await;
        for (strategy, too_short, too_long) in
            [("stayThrough", "2 3 4", "2 3 4"), ("firstNight", "2", "2")]
        {
            let rule = json!({"id": room, "restrictionStrategy": strategy});
            change(&house, property, json!({"roomTypes": [rule]})).await;
            for (field, fits, wrong, closes) in
                [("minStay", 3, 4, too_short), ("maxStay", 3, 2, too_long)]
            {
                let mut closed = Vec::new();
                for day in 1..=6 {
                    let date = format!("2026-12-0{day}");
                    set(&house, room, &date, &date, json!({field: fits})).await;
                    assert!(is_open(&house, property).await, "{strategy} {field} {day}");
                    set(&house, room, &date, &date, json!({field: wrong})).await;
                    if !is_open(&house, property).await {
                        closed.push(day.to_string());
                    }
                    set(&house, room, &date, &date, json!({field: null})).await;
                }
                assert_eq!(closed.join(" "), closes, "{strategy} {field}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_bounds_of_a_room_hold_although_its_calendar_is_looser() {
    in_every_house(|house| async move {
        let (property, room) = priced(&house).await;
        let looser = json!({"minStay": 1, "maxStay": 30});
        set(&house, room, "2026-12-01", "2026-12-31", looser).await;
        for (bounds, opens) in [
            (json!({"minStay": 4, "maxStay": null}), false),
            (json!({"minStay": null, "maxStay": 2}), false),
            (json!({"minStay": 3, "maxStay": 3}), true),
        ] {
            let rule = with(json!({"id": room}), bounds.clone());
            change(&house, property, json!({"roomTypes": [rule]})).await;
            assert_eq!(is_open(&house, property).await, opens, "{bounds}");
        }
    })
    .await;
}

#[tokio::test]
async fn exceptional_days_are_closed_in_all_rooms_where_the_property_says_so() {
    in_every_house(|house| async move {
        let (property, room) = priced(&house).await;
        let item = json!({"id": property, "roomTypes": [{"name": "Single"}]});
        let element = house.write("/properties", json!([item])).await.remove(0);
        let other = element["new"]["roomTypes"][0]["id"].as_i64().unwrap();
        price(&house, other).await;
        for room in [room, other] {
            let exception = json!({"override": "exception"});
            set(&house, room, "2026-12-03", "2026-12-03", exception).await;
        }
        let rule = |word: &str| json!({"bookingRules": {"bookingExceptionalType": word}});
        let sends_a_room =
            |rule: Value| with(rule, json!({"roomTypes": [{"id": room, "maxPeople": 3}]}));
        for (sent, opens) in [
            (json!({}), false),
            (rule("requestWithManualConfirmation"), true),
            (json!({"city": "Porto"}), true),
            // The room that is sent follows as the one that is not.
            (sends_a_room(rule("blackoutPeriod")), false),
            (sends_a_room(rule("autoConfirmed")), true),
            (rule("blackoutPeriod"), false),
        ] {
            change(&house, property, sent.clone()).await;
            let offers = offered(&house, property, "2026-12-02", "2026-12-05").await;
            let open: Vec<bool> = offers.iter().map(|offers| !offers.is_empty()).collect();
            assert_eq!(open, [opens, opens], "{sent}");
            let days = "startDate=2026-12-03&endDate=2026-12-03";
            let path = format!("/inventory/rooms/availability?propertyId={property}&{days}");
            for row in house.rows(&path).await {
                assert_eq!(row["availability"]["2026-12-03"], opens, "{sent}");
            }
            let path =
                format!("/inventory/rooms/calendar?propertyId={property}&{days}&includeOverride=1");
            for row in house.rows(&path).await {
                assert_eq!(row["calendar"][0]["override"], "exception", "{sent}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_offer_that_is_off_or_wants_more_nights_is_not_made() {
    in_every_house(|house| async move {
        let (property, room) = priced(&house).await;
        let second = json!({"id": room, "priceRules": [{"id": 2, "offer": 2}]});
        change(&house, property, json!({"roomTypes": [second]})).await;
        let of_room = |offer: Value| {
            let offer = with(json!({"offerId": 2}), offer);
            json!({"roomTypes": [{"id": room, "offers": [offer]}]})
        };
        let nights = |kind: &str, nights: i64| {
            json!({"minimumStay": {"type": kind, "numberOfDaysValue": nights}})
        };
        let of_property = json!({"offers": [{"offerId": 1, "enable": "no"}, {"offerId": 2, "name": "House"}]});
        for (sent, expected) in [
            (json!({}), "Offer 1, Offer 2"),
            (of_room(json!({"name": "Flexible", "enable": "no"})), "Offer 1"),
            (of_room(json!({"enable": "always"})), "Offer 1, Flexible"),
            (of_room(nights("numberOfDays", 4)), "Offer 1"),
            (of_room(nights("numberOfDays", 3)), "Offer 1, Flexible"),
            (of_room(nights("default", 4)), "Offer 1, Flexible"),
            // The property's offers count only where it says so, and then the room's do not.
            (of_property, "Offer 1, Flexible"),
            (json!({"offerType": "perProperty"}), "House"),
            (of_room(json!({"enable": "no"})), "House"),
            (json!({"offerType": "perRoom"}), "Offer 1"),
        ] {
            change(&house, property, sent.clone()).await;
            let offers = offered(&house, property, "2026-12-02", "2026-12-05").await;
            assert_eq!(offers[0].join(", "), expected, "{sent}");
        }
    })
    .await;
}

/// What a stay in the second night of December costs when no price is sent.
async fn booked_at(house: &House, room: i64, fields: Value) -> Value {
    let item = with(stay(room, "2026-12-02", "2026-12-03"), fields);
    let element = house.book(item).await;
    assert_eq!(element["success"], true, "{element}");
    element["new"]["price"].clone()
}

#[tokio::test]
async fn an_offer_that_is_not_made_prices_only_the_bookings_that_name_it() {
    in_every_house(|house| async move {
        let (property, room) = priced(&house).await;
        let with_second = |offer: Value| {
            let offer = with(json!({"offerId": 2}), offer);
            let room = json!({"id": room, "qty": 9, "priceRules": [{"id": 2, "offer": 2}], "offers": [offer]});
            json!({"roomTypes": [room]})
        };
        let long = json!({"minimumStay": {"type": "numberOfDays", "numberOfDaysValue": 2}});
        for (offer, price) in [(json!({}), 90), (json!({"enable": "no"}), 100), (with(json!({"enable": "always"}), long), 100)] {
            change(&house, property, with_second(offer.clone())).await;
            let by_itself = booked_at(&house, room, json!({})).await;
            assert_eq!(by_itself, price, "{offer}");
            let named = booked_at(&house, room, json!({"offerId": 2})).await;
            assert_eq!(named, 90, "{offer}");
        }
        // Nothing can be booked where no offer is made.
        let off = json!({"id": room, "offers": [{"offerId": 1, "enable": "no"}]});
        change(&house, property, json!({"roomTypes": [off]})).await;
        let days = "startDate=2026-12-03&endDate=2026-12-03";
        let path = format!("/inventory/rooms/availability?roomId={room}&{days}");
        assert_eq!(house.rows(&path).await[0]["availability"]["2026-12-03"], true);
        let second = json!({"id": room, "offers": [{"offerId": 2, "enable": "no"}]});
        change(&house, property, json!({"roomTypes": [second]})).await;
        assert_eq!(house.rows(&path).await[0]["availability"]["2026-12-03"], false);
        assert_eq!(booked_at(&house, room, json!({})).await, 0);
    })
    .await;
}
