//! How receivers of Booking Experts confirm: what is told again until it is, what is told once, and what the
//! log shows of both.

use serde_json::{Value, json};
use testkit::stores;

use crate::{
    leaving::{Receiver, book_on},
    webhooks::{House, READING},
};

const HOUR_MS: i64 = 3_600_000;

/// The only delivery to an endpoint.
async fn delivery(house: &House, endpoint: &str) -> Value {
    let log = house
        .get(&format!(
            "/webhook_deliveries?filter[webhook_endpoint]={endpoint}"
        ))
        .await;
    assert_eq!(log["meta"]["pagination"]["total_records"], 1, "{log}");
    log["data"][0]["attributes"].clone()
}

/// What the tries of an endpoint came to, oldest first: number, outcome, status.
async fn tries(house: &House, endpoint: &str) -> Vec<Value> {
    let path = format!("/webhook_attempts?filter[webhook_endpoint]={endpoint}");
    let log = house.get(&path).await;
    let newest_first = log["data"].as_array().unwrap();
    let one = |row: &Value| {
        let shown = &row["attributes"];
        json!([shown["number"], shown["outcome"], shown["status"]])
    };
    newest_first.iter().rev().map(one).collect()
}

#[tokio::test]
async fn who_waits_for_success_is_told_again_until_a_200() {
    for home in stores().await {
        let house = House::new(home, READING).await;
        let mut receiver = Receiver::new().await;
        let (endpoint, _) = house
            .subscribe_to(
                &receiver.url("127.0.0.1"),
                &["reservation:created"],
                "wait_for_success",
            )
            .await;
        book_on(&house.app, "2026-12-01", "2026-12-02").await;
        let mut bodies = Vec::new();
        // No other status confirms, be it one of success.
        let refused = [202, 204, 500];
        for (index, status) in refused.into_iter().enumerate() {
            receiver.answer(status);
            assert_eq!(house.send_all().await, 1, "{status}");
            bodies.push(receiver.next_bytes().await);
            let shown = delivery(&house, &endpoint).await;
            assert_eq!(shown["state"], "waiting", "{status}: {shown}");
            assert_eq!(shown["attempts"], index + 1);
            assert!(shown["next_attempt_at"].is_string(), "{shown}");
            // It is not told again before its time.
            assert_eq!(house.send_all().await, 0, "{status}");
            house.app.clock.advance_ms(HOUR_MS);
        }
        receiver.answer(200);
        assert_eq!(house.send_all().await, 1);
        bodies.push(receiver.next_bytes().await);
        let shown = delivery(&house, &endpoint).await;
        assert_eq!(shown["state"], "delivered", "{shown}");
        assert_eq!(shown["next_attempt_at"], Value::Null);
        assert_eq!(
            tries(&house, &endpoint).await,
            [
                json!([1, "refused", 202]),
                json!([2, "refused", 204]),
                json!([3, "refused", 500]),
                json!([4, "delivered", 200]),
            ]
        );
        // Each time it was the same, and could be told to be.
        for (headers, body) in &bodies {
            assert_eq!(*body, bodies[0].1);
            assert_eq!(
                headers["x-tabard-delivery"],
                bodies[0].0["x-tabard-delivery"]
            );
        }
        house.app.clock.advance_ms(100 * HOUR_MS);
        assert_eq!(house.send_all().await, 0);
        assert!(receiver.is_quiet());
        house.finish().await;
    }
}

#[tokio::test]
async fn who_fires_and_forgets_is_told_once_whatever_the_answer_is() {
    for home in stores().await {
        let house = House::new(home, READING).await;
        for (day, status) in [(1, 202), (3, 500), (5, 200)] {
            let mut receiver = Receiver::new().await;
            receiver.answer(status);
            let (endpoint, _) = house
                .subscribe_to(
                    &receiver.url("127.0.0.1"),
                    &["reservation:created"],
                    "fire_and_forget",
                )
                .await;
            let (from, until) = (format!("2026-12-0{day}"), format!("2026-12-0{}", day + 1));
            book_on(&house.app, &from, &until).await;
            assert_eq!(house.send_all().await, 1, "{status}");
            receiver.next_bytes().await;
            house.app.clock.advance_ms(6 * HOUR_MS);
            assert_eq!(house.send_all().await, 0, "{status}");
            assert!(receiver.is_quiet());
            let (state, outcome) = match status {
                200 => ("delivered", "delivered"),
                _ => ("failed", "refused"),
            };
            let shown = delivery(&house, &endpoint).await;
            assert_eq!(shown["state"], state, "{status}: {shown}");
            assert_eq!(shown["next_attempt_at"], Value::Null);
            let expected = [json!([1, outcome, status])];
            assert_eq!(tries(&house, &endpoint).await, expected);
            let path = format!("/webhook_endpoints/{endpoint}");
            let shown = house.get(&path).await["data"]["attributes"].clone();
            let never = if status == 200 {
                "last_failed_at"
            } else {
                "last_delivered_at"
            };
            assert_eq!(shown[never], Value::Null, "{shown}");
            let removed = house.send("DELETE", &path, None).await;
            assert_eq!(removed.status, 204, "{}", removed.text());
        }
        house.finish().await;
    }
}
