//! Every filter of GET /bookings.

use serde_json::{Value, json};

use crate::house::{House, in_every_house, stay, with};

async fn names(house: &House, query: &str) -> Vec<String> {
    let rows = house.rows(&format!("/bookings?{query}")).await;
    let mut names: Vec<String> = rows
        .iter()
        .map(|row| row["lastName"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn named(room: i64, name: &str, arrival: &str, departure: &str, more: Value) -> Value {
    with(
        with(stay(room, arrival, departure), json!({"lastName": name})),
        more,
    )
}

#[tokio::test]
async fn each_filter_finds_exactly_what_it_names() {
    in_every_house(|house| async move {
        // The clock stands on 2026-11-21.
        let (property, room) = house.property(9).await;
        let (other_property, other_room) = house.property(9).await;
        let elements = house
            .write(
                "/bookings",
                json!([
                    named(room, "past", "2026-11-01", "2026-11-05", json!({})),
                    named(room, "leaving", "2026-11-19", "2026-11-21", json!({})),
                    named(
                        room,
                        "here",
                        "2026-11-20",
                        "2026-11-23",
                        json!({"status": "new", "email": "Ann@Example.org"})
                    ),
                    named(
                        room,
                        "coming",
                        "2026-11-21",
                        "2026-11-22",
                        json!({"status": "request", "apiReference": "REF-1"})
                    ),
                    named(
                        other_room,
                        "later",
                        "2027-01-01",
                        "2027-01-05",
                        json!({"channel": "airbnb"})
                    ),
                    named(
                        room,
                        "shut",
                        "2026-11-20",
                        "2026-11-23",
                        json!({"status": "black"})
                    ),
                    named(
                        room,
                        "asked",
                        "2026-12-20",
                        "2026-12-23",
                        json!({"status": "inquiry"})
                    ),
                    named(
                        room,
                        "off",
                        "2026-12-20",
                        "2026-12-23",
                        json!({"status": "cancelled"})
                    ),
                ]),
            )
            .await;
        let id = |at: usize| elements[at]["new"]["id"].as_i64().unwrap();
        for (query, expected) in [
            (String::new(), "asked coming here later leaving shut"),
            ("filter=arrivals".into(), "coming"),
            ("filter=departures".into(), "leaving"),
            ("filter=current".into(), "coming here"),
            ("filter=new".into(), "coming here later leaving past"),
            (format!("propertyId={other_property}"), "later"),
            (format!("propertyId={property}&status=black"), "shut"),
            (
                format!("roomId={room}&roomId={other_room}&status=new&status=confirmed"),
                "here later leaving",
            ),
            (format!("id={}&id={}", id(0), id(7)), "off past"),
            ("apiReference=REF-1".into(), "coming"),
            ("channel=airbnb".into(), "later"),
            ("arrival=2026-11-20".into(), "here shut"),
            ("arrivalFrom=2026-12-20".into(), "asked later"),
            ("arrivalTo=2026-11-19".into(), "leaving past"),
            (
                "departureFrom=2026-11-22&departureTo=2026-11-23".into(),
                "coming here shut",
            ),
            ("departure=2026-11-05".into(), "past"),
            ("searchString=ann%40EXAMPLE".into(), "here"),
            (format!("searchString={}", id(4)), "later"),
            ("searchString=ref-1".into(), "coming"),
            ("status=cancelled&arrivalFrom=2026-01-01".into(), "off"),
            ("status=request".into(), "coming"),
            (
                "modifiedFrom=2026-11-21".into(),
                "asked coming here later leaving past shut",
            ),
            ("modifiedFrom=2026-11-22".into(), ""),
            ("bookingTimeTo=2026-11-20".into(), ""),
            (
                "bookingTimeFrom=2026-11-21T00:00:00Z&bookingTimeTo=2026-11-21".into(),
                "asked coming here later leaving past shut",
            ),
            ("id=77".into(), ""),
        ] {
            assert_eq!(names(&house, &query).await.join(" "), expected, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn modified_since_finds_what_changed_cancellations_included() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let first = house
            .book(named(room, "first", "2026-12-01", "2026-12-02", json!({})))
            .await;
        house
            .book(named(room, "second", "2026-12-01", "2026-12-02", json!({})))
            .await;
        house.clock.advance_ms(3_600_000);
        let since = house.clock.now().to_string();
        house
            .book(json!({"id": first["new"]["id"], "status": "cancelled"}))
            .await;
        assert!(
            names(&house, &format!("modifiedFrom={since}"))
                .await
                .is_empty()
        );
        assert_eq!(
            names(
                &house,
                &format!("modifiedFrom={since}&status=cancelled&status=confirmed")
            )
            .await,
            ["first"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_search_without_the_personal_scope_finds_no_guest() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let made = house
            .book(named(
                room,
                "Secret",
                "2026-12-01",
                "2026-12-02",
                json!({"apiReference": "R1"}),
            ))
            .await;
        let plain = house.token_for(&["read:bookings"]).await;
        let count = |query: String| {
            let (house, plain) = (std::sync::Arc::clone(&house), plain.clone());
            async move {
                house
                    .get_as(&plain, &format!("/bookings?searchString={query}"))
                    .await
                    .json()["count"]
                    .clone()
            }
        };
        assert_eq!(count("secret".into()).await, 0);
        assert_eq!(count("R1".into()).await, 1);
        assert_eq!(count(made["new"]["id"].to_string()).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_search_follows_the_name_as_it_changes() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let made = house
            .book(named(room, "Before", "2026-12-01", "2026-12-02", json!({})))
            .await;
        house
            .book(json!({"id": made["new"]["id"], "lastName": "Müller"}))
            .await;
        assert_eq!(names(&house, "searchString=m%C3%BCll").await, ["Müller"]);
        assert!(names(&house, "searchString=before").await.is_empty());
        assert!(
            names(&house, "searchString=%25").await.is_empty(),
            "a wildcard is a letter like others"
        );
    })
    .await;
}
