//! Booking Experts beside Beds24, over one inventory.

use dialect_bookingexperts::scopes;
use domain::id::Id;
use identity::{Occasion, ROOMY_QUOTA, oauth::apps::NewApp};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use testkit::{TestApp, in_every_app};

/// An app that may do everything: its key, its name in OAuth 2.0, and its secret.
async fn app_of(app: &TestApp) -> (String, String, String) {
    let (oauth, mut random) = (&app.app.oauth[0], StdRng::from_seed([5; 32]));
    let occasion = Occasion {
        now: app.clock.now(),
        remote_ip: app.peer.ip(),
        request_id: "test".into(),
    };
    let new = NewApp {
        tenant_id: app.tenant_id,
        name: "Test".to_owned(),
        confidential: true,
        redirect_uris: Vec::new(),
        permissions: scopes::permissions(),
        quota: ROOMY_QUOTA,
    };
    let registered = oauth.register(new, &occasion, &mut random).await;
    let registered = registered.unwrap().unwrap();
    let (tenant_id, app_id) = (app.tenant_id, registered.app_id);
    let made = oauth.api_key(tenant_id, app_id, None, &occasion, &mut random);
    let (_, key) = made.await.unwrap().unwrap();
    let secret = registered.client_secret.unwrap();
    (
        key.reveal().to_owned(),
        registered.client_id,
        secret.reveal().to_owned(),
    )
}

async fn read(app: &TestApp, header: (&str, &str), path: &str) -> Value {
    let path = format!("/bookingexperts/v3{path}");
    let reply = app.send("GET", &path, &[header], Vec::new()).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

#[tokio::test]
async fn what_is_booked_through_beds24_is_a_reservation_of_booking_experts() {
    in_every_app(|app| async move {
        let (key, ..) = app_of(&app).await;
        let header = ("x-api-key", key.as_str());
        let room = app.room_ids[0];
        let types = read(&app, header, "/rentable_types").await;
        let ids: Vec<Id> = types["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(ids, app.room_ids);
        let stay = json!([{ "roomId": room, "arrival": "2026-12-10", "departure": "2026-12-12",
            "lastName": "Vos", "numAdult": 2, "status": "confirmed" }]);
        let token = ("token", app.token.as_str());
        let body = stay.to_string().into_bytes();
        let written = app
            .send("POST", "/beds24/v2/bookings", &[token], body)
            .await;
        let id = written.json()[0]["new"]["id"].to_string();
        let found = read(
            &app,
            header,
            "/reservations?include=rentable_type,booking.customer",
        )
        .await;
        let row = &found["data"][0];
        assert_eq!(row["id"], id, "{found}");
        let attributes = &row["attributes"];
        assert_eq!(
            (
                &attributes["start_date"],
                &attributes["end_date"],
                &attributes["guest_name"]
            ),
            (&json!("2026-12-10"), &json!("2026-12-12"), &json!("Vos"))
        );
        assert_eq!(attributes["guest_group"]["adults"], 2);
        let kind = &row["relationships"]["rentable_type"]["data"]["id"];
        assert_eq!(*kind, room.to_string());
    })
    .await;
}

#[tokio::test]
async fn an_app_gets_a_token_beside_the_api_and_it_opens_the_api() {
    in_every_app(|app| async move {
        let (_, client_id, secret) = app_of(&app).await;
        let form =
            format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        let path = "/bookingexperts/oauth/token";
        let reply = app
            .send("POST", path, &[form_type], form.into_bytes())
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        let header = ("authorization", bearer.as_str());
        let subscription = read(&app, header, "/subscription?include=organization").await;
        assert_eq!(subscription["data"]["attributes"]["authorized"], true);
        assert_eq!(subscription["included"][0]["id"], app.tenant_id.to_string());
    })
    .await;
}
