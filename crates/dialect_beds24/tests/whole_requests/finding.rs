//! Every filter of GET /bookings.

use domain::contact::Contact;
use domain::id::Id;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::bookings::{BookingChange, BookingPatch, BookingWrite};
use service::once::WriteAnswer;
use service::records::create;
use service::sale::{Guest, Registration};

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

#[tokio::test]
async fn a_range_includes_all_of_the_day_or_the_second_that_it_ends_with() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        house.clock.set("2026-11-21T23:59:59.5Z".parse().unwrap());
        house
            .book(named(room, "late", "2026-12-01", "2026-12-02", json!({})))
            .await;
        for name in ["modified", "bookingTime"] {
            for (end, expected) in [
                ("2026-11-21", "late"),
                ("2026-11-21T23:59:59Z", "late"),
                ("2026-11-21T23:59:59", "late"),
                ("2026-11-21T23:59:59.500Z", "late"),
                ("2026-11-21T23:59:59.499Z", ""),
                ("2026-11-21T23:59:58Z", ""),
                ("2026-11-20", ""),
            ] {
                let query = format!("{name}To={end}");
                assert_eq!(names(&house, &query).await.join(" "), expected, "{query}");
            }
            let next_day = format!("{name}From=2026-11-22");
            assert!(names(&house, &next_day).await.is_empty(), "{next_day}");
        }
    })
    .await;
}

/// Gives a booking a channel that this dialect has no word for, as another dialect does.
async fn put_into_channel(house: &House, booking: &Value, channel: &str) {
    let patch = BookingPatch {
        id: Id::new(booking["new"]["id"].as_i64().unwrap()).unwrap(),
        change: BookingChange {
            channel: Some(channel.to_owned()),
            ..BookingChange::default()
        },
        lines: Vec::new(),
        notes: Vec::new(),
        remove_lines: false,
        check_availability: false,
        announce: false,
    };
    let writes = vec![BookingWrite::Change(Box::new(patch))];
    let bookings = house.service.bookings();
    let answer = bookings.write(&house.elsewhere(), writes, None).await;
    let WriteAnswer::Fresh(outcomes) = answer.unwrap() else {
        panic!("nothing was sent twice")
    };
    assert!(outcomes[0].result.is_ok(), "{:?}", outcomes[0].result);
}

#[tokio::test]
async fn a_booking_of_a_channel_without_a_slug_here_is_shown_and_found_as_a_direct_one() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let book = async |name: &str, more: Value| {
            house
                .book(named(room, name, "2026-12-01", "2026-12-02", more))
                .await
        };
        book("plain", json!({})).await;
        book("airbnb", json!({"channel": "airbnb"})).await;
        put_into_channel(&house, &book("site", json!({})).await, "campsite").await;
        put_into_channel(&house, &book("nowhere", json!({})).await, "").await;
        for (query, expected) in [
            ("channel=direct", "nowhere plain site"),
            ("channel=airbnb", "airbnb"),
            ("channel=booking", ""),
            ("channel=direct&searchString=site", "site"),
            ("", "airbnb nowhere plain site"),
        ] {
            assert_eq!(names(&house, query).await.join(" "), expected, "{query}");
        }
        for row in house.rows("/bookings?channel=direct").await {
            assert_eq!(row["channel"], "direct", "{row}");
        }
    })
    .await;
}

#[tokio::test]
async fn guests_are_shown_to_who_asks_for_them_and_may_know_them() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let made = house
            .book(named(room, "Ann", "2026-12-01", "2026-12-02", json!({})))
            .await;
        let id = made["new"]["id"].as_i64().unwrap();
        let path = format!("/bookings?id={id}&includeGuests=true");
        assert_eq!(house.rows(&path).await[0]["guests"], json!([]));

        let actor = house.elsewhere();
        let guest = Guest {
            tenant_id: house.tenant_id,
            id: house.service.new_id(&actor),
            booking_id: Id::new(id).unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
            contact: Contact {
                first_name: "Bo".into(),
                country_code: "PT".into(),
                ..Contact::default()
            },
            note: "window".into(),
            registration: Registration::default(),
            extra: Default::default(),
        };
        let number = guest.id.get();
        let written = house.service.write_one(&actor, create(guest)).await;
        written.unwrap().unwrap();

        let guests = house.rows(&path).await[0]["guests"].clone();
        assert_eq!(guests.as_array().map(Vec::len), Some(1), "{guests}");
        for (name, value) in [
            ("id", json!(number)),
            ("firstName", json!("Bo")),
            ("lastName", json!("")),
            ("country2", json!("PT")),
            ("note", json!("window")),
            ("custom10", json!("")),
        ] {
            assert_eq!(guests[0][name], value, "{name}");
        }
        let bare = house.rows(&format!("/bookings?id={id}")).await;
        assert!(bare[0].get("guests").is_none(), "{}", bare[0]);
        let plain = house.token_for(&["read:bookings"]).await;
        let row = house.get_as(&plain, &path).await.json()["data"][0].clone();
        assert_eq!(row["id"], id);
        assert!(row.get("guests").is_none(), "{row}");
    })
    .await;
}
