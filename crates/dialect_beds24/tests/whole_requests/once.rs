//! Calls with an idempotency key on everything that is no booking.

use serde_json::{Value, json};

use crate::house::{House, Reply, in_every_house};

async fn send(house: &House, path: &str, key: &str, body: &Value) -> Reply {
    let headers = [("token", house.token.as_str()), ("idempotency-key", key)];
    let path = format!("/beds24/v2{path}");
    house.ask("POST", &path, &headers, body.to_string()).await
}

/// Sends the same call again and finds the same bytes, marked as replayed.
async fn is_replayed(house: &House, path: &str, key: &str, body: &Value, first: &Reply) {
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (201, None),
        "{}",
        first.text()
    );
    for _ in 0..2 {
        let again = send(house, path, key, body).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.header("content-type"), first.header("content-type"));
    }
}

#[tokio::test]
async fn properties_that_are_sent_twice_are_made_once_and_partial_success_is_replayed() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        let body = json!([
            {"name": "One", "roomTypes": [{"name": "Double", "qty": 3}]}, {"id": 77, "name": "x"}, {}, 7,
            {"id": property, "webhooks": {"url": "https://h"}, "roomTypes": [{"id": 77}, {"id": room, "units": [{"id": 9, "name": "x"}]}]},
            {"id": property, "webhooks": {"customHeader": "h"}},
        ]);
        let first = send(&house, "/properties", "k", &body).await;
        let elements = first.json();
        let succeeded: Vec<bool> = elements.as_array().unwrap().iter().map(|element| element["success"] == true).collect();
        assert_eq!(succeeded, [true, false, false, false, false, true], "{elements}");
        assert_eq!(elements[4]["modified"], json!({"webhooks": {"url": "https://h"}}));
        assert_eq!(elements[4]["errors"].as_array().map(Vec::len), Some(2));
        assert_eq!(elements[5]["modified"], json!({"webhooks": {"customHeader": "h"}}));
        is_replayed(&house, "/properties", "k", &body, &first).await;
        assert_eq!(house.rows("/properties").await.len(), 2);
        assert_eq!(house.rows("/properties/rooms").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_replayed_even_if_what_it_tells_of_has_changed_since() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        let change = json!([{"id": property, "webhooks": {"url": "https://one"}}]);
        let first = send(&house, "/properties", "p", &change).await;
        house.write("/properties", json!([{"id": property, "webhooks": {"url": "https://two"}}])).await;
        is_replayed(&house, "/properties", "p", &change, &first).await;
        assert_eq!(house.rows("/properties").await[0]["webhooks"]["url"], "https://two");

        let days = json!([{"roomId": room, "calendar": [{"from": "2026-11-20", "to": "2026-11-21", "minStay": 2}]}]);
        let first = send(&house, "/inventory/rooms/calendar", "c", &days).await;
        house.removes_rooms.store(true, std::sync::atomic::Ordering::Relaxed);
        house.delete(&format!("/properties/rooms?id={room}")).await;
        is_replayed(&house, "/inventory/rooms/calendar", "c", &days, &first).await;
    })
    .await;
}

#[tokio::test]
async fn calendars_that_are_sent_twice_are_written_once_and_partial_success_is_replayed() {
    in_every_house(|house| async move {
        let (_, room) = house.property(5).await;
        let path = "/inventory/rooms/calendar";
        let body = json!([
            {"roomId": room, "calendar": [{"from": "2026-12-01", "to": "2026-12-01", "numAvail": 2}]},
            {"roomId": 77, "calendar": [{"from": "2026-12-01", "to": "2026-12-01", "minStay": 2}]},
            {"roomId": room, "calendar": [{"from": "2028-12-01", "to": "2028-12-01", "minStay": 2}]},
        ]);
        let first = send(&house, path, "k", &body).await;
        let elements = first.json();
        assert_eq!((&elements[0]["success"], &elements[1]["success"]), (&json!(true), &json!(false)));
        assert_eq!(elements[2]["warnings"][0]["message"], "invalid dates");
        // What is left to sell follows from what is taken, so that writing it again would show.
        house.book(crate::house::stay(room, "2026-12-01", "2026-12-02")).await;
        is_replayed(&house, path, "k", &body, &first).await;
        let rows = house.rows(&format!("{path}?roomId={room}&startDate=2026-12-01&endDate=2026-12-01&includeNumAvail=1")).await;
        assert_eq!(rows[0]["calendar"][0]["numAvail"], 1);
    })
    .await;
}

#[tokio::test]
async fn another_call_with_a_used_key_is_refused_and_does_nothing() {
    in_every_house(|house| async move {
        let (_, room) = house.property(2).await;
        let days = json!([{"roomId": room, "calendar": [{"from": "2026-12-01", "to": "2026-12-01", "minStay": 2}]}]);
        assert_eq!(send(&house, "/properties", "k", &json!([{"name": "One"}])).await.status, 201);
        for (path, body) in [
            ("/properties", json!([{"name": "Two"}])),
            ("/inventory/rooms/calendar", days),
            ("/bookings", json!([crate::house::stay(room, "2026-12-01", "2026-12-02")])),
        ] {
            assert_eq!(send(&house, path, "k", &body).await.error().0, 422, "{path}");
        }
        assert_eq!(house.rows("/properties").await.len(), 2);
        assert!(house.rows("/bookings").await.is_empty());
        let path = format!("/inventory/rooms/calendar?roomId={room}&startDate=2026-12-01&endDate=2026-12-01&includeMinStay=1");
        assert_eq!(house.rows(&path).await[0]["calendar"][0]["minStay"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_was_refused_as_a_whole_leaves_its_key_unused() {
    in_every_house(|house| async move {
        let many = Value::Array(vec![json!({"id": 77}); 1_001]);
        assert_eq!(send(&house, "/properties", "k", &many).await.error().0, 400);
        assert_eq!(house.post("/properties", many).await.status, 201);
        assert_eq!(
            send(&house, "/properties", "k", &json!([{"name": "One"}]))
                .await
                .status,
            201
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_many_times_at_once_happens_once() {
    in_every_house(|house| async move {
        let body = json!([{"name": "One"}]);
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (house, body) = (std::sync::Arc::clone(&house), body.clone());
            calls.spawn(async move { send(&house, "/properties", "k", &body).await });
        }
        let answers = calls.join_all().await;
        assert!(
            answers
                .iter()
                .all(|answer| [201, 409].contains(&answer.status))
        );
        let fresh = answers.iter().filter(|answer| {
            answer.status == 201 && answer.header("idempotency-replayed").is_none()
        });
        assert_eq!(fresh.count(), 1);
        assert_eq!(house.rows("/properties").await.len(), 1);
    })
    .await;
}
