//! The same call twice.

use std::sync::atomic::Ordering;

use http_kit::StoredAnswer;

use crate::toy::{Got, House, house, id};

const BODY: &str = r#"[{"name":"a"}]"#;

async fn post(house: &House, path: &str, token: &str, key: &str, body: &str) -> Got {
    let headers = [("token", token), ("idempotency-key", key)];
    house.ask("POST", path, &headers, body.to_owned()).await
}

/// Stores the answer as the use case would, in the commit of its change.
fn shelve(house: &House, key: &str, fingerprint: [u8; 32], got: &Got) {
    let answer = StoredAnswer {
        fingerprint,
        status: got.status,
        media_type: "application/json".into(),
        body: got.bytes.clone().into(),
    };
    house.shelf.0.lock().push((id(1), key.to_owned(), answer));
}

fn fingerprint(body: &str) -> [u8; 32] {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for part in ["POST", "/toy/v2/things?x=1", body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[tokio::test]
async fn a_stored_answer_is_given_again_byte_for_byte_and_nothing_runs() {
    let house = house();
    let path = "/toy/v2/things?x=1";
    let first = post(&house, path, "full", "k1", BODY).await;
    assert_eq!(first.json()["key"], "k1");
    shelve(&house, "k1", fingerprint(BODY), &first);
    let second = post(&house, path, "full", "k1", BODY).await;
    assert_eq!((second.status, &second.bytes), (first.status, &first.bytes));
    assert_eq!(second.header("content-type"), "application/json");
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(house.app.writes.load(Ordering::SeqCst), 1);
    let other_body = post(&house, path, "full", "k1", "[]").await;
    assert_eq!(other_body.error(), (422, "reused".into()));
    let other_path = post(&house, "/toy/v2/things", "full", "k1", BODY).await;
    assert_eq!(other_path.error(), (422, "reused".into()));
    let other_grant = post(&house, path, "metered", "k1", BODY).await;
    assert_eq!(other_grant.status, 201);
}

#[tokio::test]
async fn a_key_whose_call_is_running_is_a_conflict_until_it_ends() {
    let house = house();
    let first = post(&house, "/toy/v2/slow", "full", "k", "");
    let second = async {
        tokio::task::yield_now().await;
        post(&house, "/toy/v2/slow", "full", "k", "").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(second.error(), (409, "running".into()));
    assert_eq!(first.status, 504);
    // The client was told that it timed out; the call itself goes on, and so does its claim.
    let third = post(&house, "/toy/v2/slow", "full", "k", "").await;
    assert_eq!(third.error(), (409, "running".into()));
    house.app.gate.notify_waiters();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    house.app.gate.notify_one();
    let fourth = post(&house, "/toy/v2/slow", "full", "k", "").await;
    assert_eq!(fourth.status, 200);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let house = house();
    let long = "k".repeat(256);
    assert_eq!(
        post(&house, "/toy/v2/things", "full", &long, BODY)
            .await
            .status,
        400
    );
    assert_eq!(
        post(&house, "/toy/v2/things", "full", "", BODY)
            .await
            .status,
        400
    );
    assert_eq!(house.app.writes.load(Ordering::SeqCst), 0);
}
