//! Bad requests: each gets the dialect's own clear answer.

use axum::body::Body;
use futures_util::stream;

use crate::toy::house;

#[tokio::test]
async fn a_credential_is_judged_before_anything_else() {
    let house = house();
    let hostile = "[".repeat(1_000);
    let got = house
        .ask("POST", "/toy/v2/things", &[], hostile.clone())
        .await;
    assert_eq!(got.error(), (401, "nobody".into()));
    for (token, word) in [("wrong", "Unknown"), ("ended", "Expired")] {
        let got = house.post("/toy/v2/things", token, &hostile).await;
        assert_eq!(got.error(), (401, word.into()));
    }
    let got = house.post("/toy/v2/things", "reader", &hostile).await;
    assert_eq!(got.error(), (403, "bookings:write".into()));
    let long = "t".repeat(10_000);
    assert_eq!(
        house.get("/toy/v2/things", &long).await.error(),
        (401, "Unknown".into())
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_busy_and_says_when_to_return() {
    let got = house().get("/toy/v2/things", "down").await;
    assert_eq!(got.error(), (503, "busy".into()));
    assert_eq!(got.header("retry-after"), "2");
}

#[tokio::test]
async fn an_unknown_path_below_a_mount_gets_the_dialects_answer() {
    let house = house();
    for path in [
        "/toy/v2",
        "/toy/v2/",
        "/toy/v2/nothing",
        "/toy/v2/things/1/2/3",
        "/toy/api/de/x",
    ] {
        let got = house.get(path, "full").await;
        assert_eq!(got.error(), (404, "no such route".into()), "{path}");
    }
    assert_eq!(house.get("/elsewhere", "full").await.status, 404);
}

#[tokio::test]
async fn a_path_that_is_no_id_is_not_found() {
    let house = house();
    for path in [
        "/toy/v2/things/x",
        "/toy/v2/things/-1",
        "/toy/v2/things/99999999999999999999",
        "/toy/v2/things/%ff",
    ] {
        let got = house
            .ask("PATCH", path, &[("token", "full")], r#"{"name":"a"}"#)
            .await;
        assert_eq!(got.error(), (404, "not found".into()), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_use_is_refused_with_the_reason() {
    let house = house();
    let post = async |body: &[u8]| {
        let body = Body::from(body.to_vec());
        house
            .ask("POST", "/toy/v2/things", &[("token", "full")], body)
            .await
            .error()
    };
    assert_eq!(
        post(b"{}").await,
        (400, "Request body must be an array".into())
    );
    assert_eq!(
        post(b"[1,2,3,4]").await,
        (400, "Request body has more than 3 items".into())
    );
    assert_eq!(
        post(b"[1,").await.1,
        "Request body is not valid JSON at line 1 column 3"
    );
    assert_eq!(
        post(b"").await.1,
        "Request body is not valid JSON at line 1 column 0"
    );
    assert_eq!(
        post(b"[\"\xff\"]").await.1,
        "Request body is not valid UTF-8"
    );
    let deep = [b"[".repeat(1_000), b"]".repeat(1_000)].concat();
    assert_eq!(
        post(&deep).await.1,
        "Request body is nested more than 64 levels deep"
    );
    let shape = house
        .ask(
            "PATCH",
            "/toy/v2/things/1",
            &[("token", "full")],
            r#"{"name":1}"#,
        )
        .await;
    assert!(
        shape
            .error()
            .1
            .starts_with("Request body is invalid: invalid type"),
        "{shape:?}"
    );
}

#[tokio::test]
async fn one_bad_item_spoils_no_other() {
    let got = house()
        .post("/toy/v2/things", "full", r#"[{"name":"a"},7,{"name":"c"}]"#)
        .await;
    assert_eq!(got.json()["names"], serde_json::json!(["a", "?", "c"]));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_whether_announced_or_not() {
    let house = house();
    let too_long = house
        .post("/toy/v2/things", "full", &" ".repeat(10_001))
        .await;
    assert_eq!(too_long.error(), (413, "10000".into()));
    let endless = Body::from_stream(stream::iter(
        (0..).map(|_| Ok::<_, std::io::Error>("0123456789")),
    ));
    let got = house
        .ask("POST", "/toy/v2/things", &[("token", "full")], endless)
        .await;
    assert_eq!(got.error(), (413, "10000".into()));
    let announced = [("token", "full"), ("content-length", "100000000")];
    let waiting = Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
    let got = house
        .ask("POST", "/toy/v2/things", &announced, waiting)
        .await;
    assert_eq!(got.error(), (413, "10000".into()));
    let broken = Body::from_stream(stream::iter([Ok("["), Err(std::io::Error::other("gone"))]));
    let got = house
        .ask("POST", "/toy/v2/things", &[("token", "full")], broken)
        .await;
    assert_eq!(got.error(), (400, "Request body could not be read".into()));
}

#[tokio::test]
async fn a_media_type_that_the_dialect_does_not_take_is_refused() {
    let headers = [("token", "full"), ("content-type", "text/plain")];
    let got = house().ask("POST", "/toy/v2/things", &headers, "[]").await;
    assert_eq!(got.error(), (415, "media".into()));
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let house = house();
    let got = house.get("/toy/v2/things?page=0", "full").await;
    assert_eq!(
        got.error(),
        (
            400,
            "Parameter page is out of range. Expected 1 to 100000".into()
        )
    );
    let got = house.get("/toy/v2/things?q=%ff", "full").await;
    assert_eq!(got.error(), (400, "Parameter q is not valid UTF-8".into()));
}

#[tokio::test]
async fn the_cause_of_a_failure_is_not_shown_and_a_panic_is_a_failure() {
    let house = house();
    for path in ["/toy/v2/broken", "/toy/v2/broken?panic"] {
        let got = house.get(path, "full").await;
        assert_eq!(got.error(), (500, "sorry Cause(..)".into()));
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let house = house();
    assert_eq!(
        house.post("/toy/v2/slow", "full", "").await.error(),
        (504, "timed out".into())
    );
    let waiting = Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
    let got = house
        .ask("POST", "/toy/v2/slow", &[("token", "full")], waiting)
        .await;
    assert_eq!(got.error(), (504, "timed out".into()));
}
