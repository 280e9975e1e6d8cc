//! The clock of a sandbox.

use std::sync::Arc;

use domain::{
    access::{Actor, Capabilities, Reach},
    booking::Status,
    party::Party,
};
use serde_json::json;
use service::{
    PageOf,
    bookings::{BookingFilter, BookingInclude, BookingWrite, GroupChoice, NewBooking, UnitChoice},
    once::WriteAnswer,
    sale::BookingDetails,
};
use testkit::{TestApp, in_every_app};

const CLOCK: &str = "/tabard/v1/clock";

#[tokio::test]
async fn the_clock_is_read_moved_on_and_set() {
    in_every_app(|app| async move {
        let before = app.get(CLOCK).await.json();
        assert_eq!(before["offset_ms"], 0);
        let moved = app.post(CLOCK, &json!({ "advance": "36h" })).await;
        assert_eq!(moved.status, 200);
        assert_eq!(moved.json()["offset_ms"], 36 * 3_600_000);
        let token = app.token_for(app.tenant_id, &["read:bookings"]).await;
        let headers = [("authorization", format!("Bearer {token}"))];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let set = br#"{"to":"2027-05-01T12:00:00Z"}"#.to_vec();
        let reply = app.send("POST", CLOCK, &headers, set).await;
        assert_eq!(reply.json()["now"], "2027-05-01T12:00:00Z");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_the_clock_has_ended_opens_the_clock_and_nothing_else() {
    in_every_app(|app| async move {
        app.post(CLOCK, &json!({ "advance": "2 months" })).await;
        assert_eq!(app.get("/beds24/v2/bookings").await.status, 401);
        assert_eq!(app.get("/tabard/v1/journal").await.status, 401);
        assert_eq!(app.get(CLOCK).await.status, 200);
        assert_eq!(app.post(CLOCK, &json!({ "to": "real" })).await.status, 200);
        assert_eq!(app.get("/beds24/v2/bookings").await.status, 200);
        assert_eq!(app.get("/tabard/v1/journal").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_was_taken_back_opens_no_clock() {
    let app = TestApp::sqlite().await;
    let caller = app
        .app
        .identity
        .resolve("beds24", &app.token, app.peer.ip(), app.clock.now())
        .await;
    let grant_id = caller.unwrap().grant_id;
    assert!(
        app.app
            .identity
            .revoke(app.tenant_id, grant_id, app.clock.now())
            .await
            .unwrap()
    );
    assert_eq!(app.get(CLOCK).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn outside_a_sandbox_there_is_no_clock_and_the_answer_is_that_for_an_unknown_address() {
    in_every_app(|app| async move {
        let production = app.another_tenant(false).await;
        let token = app
            .token_for(production, &["all:bookings", "all:accounts"])
            .await;
        let headers = [("token", token.as_str())];
        let body = br#"{"advance":"P1D"}"#.to_vec();
        let unknown = app
            .send("GET", "/tabard/v1/nothing", &headers, Vec::new())
            .await;
        assert_eq!(unknown.status, 404);
        for (method, body) in [("GET", Vec::new()), ("POST", body)] {
            let reply = app.send(method, CLOCK, &headers, body).await;
            assert_eq!((reply.status, reply.text()), (404, unknown.text()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_move_that_makes_no_sense_is_refused_and_moves_nothing() {
    let app = TestApp::sqlite().await;
    for body in [
        json!({}),
        json!([]),
        json!({ "to": "tomorrow" }),
        json!({ "to": "2027-02-30T00:00:00Z" }),
        json!({ "to": "2500-01-01T00:00:00Z" }),
        json!({ "advance": "P900Y" }),
        json!({ "advance": "-P900Y" }),
        json!({ "advance": 5 }),
        json!({ "advance": "1d", "to": "real" }),
        json!({ "advance": "1d", "by": 1 }),
    ] {
        let reply = app.post(CLOCK, &body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
    }
    assert_eq!(app.get(CLOCK).await.json()["offset_ms"], 0);
    app.finish().await;
}

#[tokio::test]
async fn holds_lapse_when_the_clock_passes_them_and_not_before() {
    in_every_app(|app| async move {
        let until = app.clock.now() + jiff::SignedDuration::from_hours(2);
        hold(&app, Status::Held, until).await;
        hold(&app, Status::Optional, until).await;
        hold(&app, Status::Confirmed, until).await;
        let almost = app
            .post(CLOCK, &json!({ "advance": "119 minutes" }))
            .await
            .json();
        assert_eq!(almost["expired_bookings"], 0);
        let past = app
            .post(CLOCK, &json!({ "advance": "1 minute" }))
            .await
            .json();
        assert_eq!(past["expired_bookings"], 2);
        let again = app.post(CLOCK, &json!({ "advance": "1h" })).await.json();
        assert_eq!(again["expired_bookings"], 0);
        let found = app
            .app
            .service
            .bookings()
            .find(
                &actor(&app),
                &BookingFilter::default(),
                BookingInclude::default(),
                PageOf::first(10),
            )
            .await
            .unwrap();
        let mut states: Vec<Status> = found.rows.iter().map(|row| row.booking.status).collect();
        states.sort_by_key(|status| status.as_str());
        assert_eq!(
            states,
            [Status::Confirmed, Status::Expired, Status::Expired]
        );
        testkit::verify(&app.app.store, app.tenant_id).await;
    })
    .await;
}

fn actor(app: &TestApp) -> Actor {
    Actor {
        tenant_id: app.tenant_id,
        client_id: app.tenant_id,
        grant_id: app.tenant_id,
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now: app.clock.now(),
        request_id: "test".to_owned(),
    }
}

async fn hold(app: &TestApp, status: Status, until: jiff::Timestamp) {
    let new = NewBooking {
        resource_id: app.room_ids[0],
        arrival: testkit::day(3),
        departure: testkit::day(5),
        quantity: 1,
        unit: UnitChoice::Any,
        status,
        opened: true,
        held_until: Some(until),
        group: GroupChoice::Alone,
        channel: "direct".to_owned(),
        external_reference: String::new(),
        details: BookingDetails {
            party: Party::new(1, 0),
            ..BookingDetails::default()
        },
        price_given: true,
        lines: Vec::new(),
        notes: Vec::new(),
        check_availability: true,
        charge_price: false,
        announce: true,
    };
    let items = vec![BookingWrite::Create(Box::new(new))];
    let answer = app
        .app
        .service
        .bookings()
        .write(&actor(app), items, None)
        .await
        .unwrap();
    let WriteAnswer::Fresh(outcomes) = answer else {
        panic!("nothing was sent twice")
    };
    assert!(outcomes[0].result.is_ok(), "{:?}", outcomes[0].result);
}
