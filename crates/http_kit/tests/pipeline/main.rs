//! Whole requests through the toy dialect's table.

#![cfg(test)]

mod idempotency;
mod refusals;
mod table;
mod toy;

use std::sync::atomic::Ordering;

use serde_json::json;
use toy::{bare_kit, house};

#[tokio::test]
async fn a_call_reaches_its_handler_with_its_actor_and_its_links() {
    let house = house();
    let got = house
        .get("/toy/v2/things?id=1&id=2&status=a%20b", "full")
        .await;
    assert_eq!(got.status, 200);
    let body = got.json();
    assert_eq!(body["tenant"], 1_000);
    assert_eq!(body["ids"], json!([1, 2]));
    assert_eq!(
        body["next"],
        "https://book.example/toy/v2/things?id=1&id=2&status=a%20b&page=2"
    );
    assert_eq!(body["self"], "https://book.example/toy/v2/things");
}

#[tokio::test]
async fn a_dialect_stands_under_several_prefixes_and_links_stay_under_each() {
    let got = house().get("/toy/api/de/things", "full").await;
    assert_eq!(got.status, 200);
    assert_eq!(
        got.json()["next"],
        "https://book.example/toy/api/de/things?page=2"
    );
}

#[tokio::test]
async fn the_methods_link_and_unlink_are_methods_like_others() {
    let house = house();
    for method in ["LINK", "UNLINK"] {
        let got = house
            .ask(method, "/toy/v2/things/7/link", &[("token", "full")], "")
            .await;
        assert_eq!(got.json(), json!(format!("{method} 7")));
    }
    let got = house.get("/toy/v2/things/7/link", "full").await;
    assert_eq!(got.error(), (405, "wrong method".into()));
    assert_eq!(got.header("allow"), "LINK, UNLINK");
}

#[tokio::test]
async fn an_actor_lives_by_its_tenants_clock_and_the_quota_by_the_real_one() {
    let house = house();
    house.clock.0.store(5_000, Ordering::SeqCst);
    let near = house.get("/toy/v2/things", "full").await.json();
    let far = house.get("/toy/v2/things", "far").await.json();
    assert_eq!(near["now"], "2027-01-15T08:00:05Z");
    assert_eq!(far["now"], "2027-01-16T08:00:05Z");
}

#[tokio::test]
async fn the_callers_address_comes_from_the_named_proxy() {
    let house = house();
    let headers = [
        ("token", "fenced"),
        ("x-forwarded-for", "6.6.6.6, 198.51.100.7"),
    ];
    let got = house.ask("GET", "/toy/v2/things", &headers, "").await;
    assert_eq!(got.json()["ip"], "198.51.100.7");
    let got = house.get("/toy/v2/things", "fenced").await;
    assert_eq!(got.error(), (401, "WrongAddress".into()));
}

#[tokio::test]
async fn a_request_keeps_its_id_or_gets_one() {
    let house = house();
    let named = [("token", "full"), ("x-request-id", "abc-1")];
    let got = house.ask("GET", "/toy/v2/things", &named, "").await;
    assert_eq!(got.header("x-request-id"), "abc-1");
    let first = house.get("/toy/v2/things", "full").await;
    let second = house.get("/toy/v2/nowhere", "full").await;
    assert_ne!(first.header("x-request-id"), "");
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn the_meter_counts_calls_and_items_and_prints_itself() {
    let house = house();
    let got = house.get("/toy/v2/things", "metered").await;
    assert_eq!(
        (got.header("x-remaining"), got.header("x-cost")),
        ("99", "1")
    );
    house.clock.0.store(145_000, Ordering::SeqCst);
    let body = r#"[{"name":"a"},{"name":"b"},{"name":"c,d"}]"#;
    let got = house.post("/toy/v2/things", "metered", body).await;
    assert_eq!(got.status, 201);
    assert_eq!(
        (got.header("x-remaining"), got.header("x-cost")),
        ("97.7", "1.3")
    );
    assert_eq!(got.header("x-resets-in"), "155");
}

#[tokio::test]
async fn a_call_that_ends_with_400_costs_nothing_and_prints_no_meter() {
    let house = house();
    for body in ["{}", "[1,2,3,4]", "nonsense"] {
        let got = house.post("/toy/v2/things", "metered", body).await;
        assert_eq!((got.status, got.header("x-cost")), (400, ""), "{body}");
    }
    let got = house.get("/toy/v2/things", "metered").await;
    assert_eq!(got.header("x-remaining"), "99");
}

#[tokio::test]
async fn a_used_up_quota_refuses_with_its_meter_until_the_window_ends() {
    let house = house();
    for _ in 0..100 {
        assert_eq!(house.get("/toy/v2/things", "metered").await.status, 200);
    }
    let got = house.get("/toy/v2/things", "metered").await;
    assert_eq!(got.error(), (429, "slow down".into()));
    assert_eq!(
        (got.header("x-remaining"), got.header("x-resets-in")),
        ("0", "300")
    );
    house.clock.0.store(300_000, Ordering::SeqCst);
    assert_eq!(house.get("/toy/v2/things", "metered").await.status, 200);
}

#[tokio::test]
async fn a_public_endpoint_can_look_a_caller_up_and_charge_it() {
    let house = house();
    let nobody = house.ask("GET", "/toy/v2/about", &[], "").await;
    assert_eq!(nobody.json(), json!({ "valid": false }));
    let got = house.get("/toy/v2/about", "metered").await;
    assert_eq!((got.status, got.header("x-remaining")), (200, "99"));
    // What came to nothing is given back.
    let vain = house.get("/toy/v2/about?in_vain", "metered").await;
    assert_eq!((vain.status, vain.header("x-remaining")), (503, ""));
    let got = house.get("/toy/v2/about", "metered").await;
    assert_eq!(got.header("x-remaining"), "98");
    assert_eq!(
        house.get("/toy/v2/about", "wrong").await.error(),
        (401, "Unknown".into())
    );
}

#[tokio::test]
async fn a_head_request_is_answered_like_a_get() {
    let house = house();
    let got = house
        .ask("HEAD", "/toy/v2/things", &[("token", "full")], "")
        .await;
    assert_eq!(got.status, 200);
}

#[tokio::test]
async fn the_way_to_the_handler_takes_microseconds() {
    let api = http_kit::Api::new(toy::Toy, toy::endpoints());
    let mounts = [http_kit::Mount::new("https://book.example", "/toy/v2")];
    let router = api.router(&toy::App::default(), &bare_kit(), &mounts);
    let watch = http_kit::Stopwatch::start();
    let rounds = 2_000;
    for _ in 0..rounds {
        let got = toy::ask(
            router.clone(),
            "GET",
            "/toy/v2/things",
            &[("token", "metered")],
            "",
        )
        .await;
        assert!(matches!(got.status, 200 | 429));
    }
    let each = watch.elapsed() / rounds;
    // Unoptimised, with the client's side and a JSON answer: the bound only catches a mistake of kind.
    assert!(each.as_micros() < 2_000, "{each:?}");
}
