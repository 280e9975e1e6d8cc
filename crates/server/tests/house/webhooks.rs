//! Webhooks and commands of Booking Experts, from a booking made through Beds24 to a receiver that verifies
//! what it gets.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use delivery::Dispatcher;
use dialect_bookingexperts::scopes;
use domain::{
    access::{Actor, Capabilities, Reach},
    id::Id,
    text::{Locale, Localized},
};
use http::HeaderMap;
use identity::{ROOMY_QUOTA, oauth::apps::NewApp};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use server::{apps::DIALECTS, leaving, settings::Settings};
use service::{
    content::{ApplicationCommand, CommandDetails, Label, LabelDetails},
    outgoing::sign::sign_sha256,
    records::create,
};
use testkit::{Reply, TestApp, TestStore, stores};

use crate::{
    apps::occasion,
    leaving::{Receiver, book_on, settings},
};

/// An app of Booking Experts with its key, and what sends.
pub struct House {
    pub app: TestApp,
    key: String,
    app_id: Id,
    dispatcher: Dispatcher,
}

impl House {
    pub async fn new(home: TestStore, words: &[&str]) -> Self {
        Self::reaching(home, words, |_| None).await
    }

    /// The same, where the key reaches these administrations.
    async fn reaching(
        home: TestStore,
        words: &[&str],
        organizations: impl Fn(&TestApp) -> Option<Vec<Id>>,
    ) -> Self {
        let settings = Settings {
            environment: "staging".to_owned(),
            ..settings(&["127.0.0.0/8"])
        };
        let app = TestApp::letting_in(home, &settings, DIALECTS).await;
        let known = scopes::permissions().into_iter();
        let permissions: Vec<_> = known
            .filter(|known| words.contains(&known.word.as_str()))
            .collect();
        let new = NewApp {
            tenant_id: app.tenant_id,
            name: "App".to_owned(),
            confidential: true,
            redirect_uris: Vec::new(),
            permissions,
            quota: ROOMY_QUOTA,
        };
        let (occasion, mut rng) = (occasion(&app), StdRng::seed_from_u64(3));
        let oauth = app.app.oauth[0].clone();
        let registered = oauth.register(new, &occasion, &mut rng).await;
        let app_id = registered.unwrap().unwrap().app_id;
        let reach = organizations(&app);
        let made = oauth.api_key(app.tenant_id, app_id, reach, &occasion, &mut rng);
        let (_, key) = made.await.unwrap().unwrap();
        let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();
        Self {
            key: key.reveal().to_owned(),
            app_id,
            dispatcher,
            app,
        }
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let path = format!("/bookingexperts/v3{path}");
        let headers = [
            ("x-api-key", self.key.as_str()),
            ("content-type", "application/vnd.api+json"),
        ];
        let body = body.map(Value::to_string).unwrap_or_default();
        self.app.send(method, &path, &headers, body.into()).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, None).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// Subscribes, and says the endpoint's id and secret.
    async fn subscribe(&self, url: &str, events: &[&str]) -> (String, String) {
        self.subscribe_to(url, events, "wait_for_success").await
    }

    /// The same, confirmed in this way.
    pub async fn subscribe_to(
        &self,
        url: &str,
        events: &[&str],
        confirm: &str,
    ) -> (String, String) {
        let document = json!({ "data": { "type": "webhook_endpoint", "attributes": {
            "target_url": url, "events": events, "confirm_strategy": confirm,
        } } });
        let reply = self
            .send("POST", "/webhook_endpoints", Some(&document))
            .await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let data = &reply.json()["data"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&data["id"]), text(&data["meta"]["secret"]))
    }

    /// Sends what is due. A round takes events out of the outbox, and the next one may have to send them.
    pub async fn send_all(&self) -> usize {
        let mut sent = 0;
        loop {
            match self.dispatcher.round().await.unwrap() {
                0 => return sent,
                more => sent += more,
            }
        }
    }

    pub async fn finish(self) {
        drop(self.dispatcher);
        self.app.finish().await;
    }
}

/// Programs that make an HMAC with the standard library of another language, and how they are asked.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "python3",
        &[
            "-c",
            "import hashlib, hmac, sys; key = sys.argv[1].encode(); body = sys.stdin.buffer.read(); \
             print(hmac.new(key, body, hashlib.sha256).hexdigest())",
        ],
    ),
    (
        "perl",
        &[
            "-MDigest::SHA=hmac_sha256_hex",
            "-e",
            "binmode STDIN; local $/; my $body = <STDIN>; print hmac_sha256_hex($body, $ARGV[0])",
        ],
    ),
    (
        "openssl",
        &["dgst", "-sha256", "-r", "-mac", "HMAC", "-macopt"],
    ),
];

/// The signature as another language has it.
fn signed_elsewhere(secret: &str, body: &[u8]) -> String {
    for (program, arguments) in OTHERS {
        let secret = match *program {
            "openssl" => format!("key:{secret}"),
            _ => secret.to_owned(),
        };
        let started = Command::new(program)
            .args(*arguments)
            .arg(secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut running) = started else { continue };
        // One that ended before it read will not have succeeded.
        drop(running.stdin.take().unwrap().write_all(body));
        let output = running.wait_with_output().unwrap();
        if output.status.success() {
            let said = String::from_utf8(output.stdout).unwrap();
            let digest = said.split_whitespace().next().unwrap();
            return format!("sha256={digest}");
        }
    }
    panic!(
        "no signature can be verified with another language: install python3, perl with Digest::SHA, or openssl"
    )
}

fn verify(headers: &HeaderMap, secret: &str, body: &[u8]) {
    let signature = headers["x-be-signature"].to_str().unwrap();
    assert_eq!(signature, sign_sha256(secret.as_bytes(), body));
    assert_eq!(signature, signed_elsewhere(secret, body));
    assert_eq!(headers["x-be-env"], "staging");
}

pub const READING: &[&str] = &["reservation|read", "rentable_type|read", "customer|read"];

#[tokio::test]
async fn a_booking_of_beds24_reaches_a_webhook_of_booking_experts_with_the_right_signature() {
    for home in stores().await {
        let house = House::new(home, READING).await;
        let mut receiver = Receiver::new().await;
        let url = receiver.url("127.0.0.1");
        let events = ["reservation|created", "reservation:updated"];
        let (endpoint, secret) = house.subscribe(&url, &events).await;
        let id = book_on(&house.app, "2026-12-01", "2026-12-04").await;
        assert_eq!(house.send_all().await, 1);

        let (headers, body) = receiver.next_bytes().await;
        verify(&headers, &secret, &body);
        let told: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(told["event"], "reservation:created");
        assert_eq!(told["context"], "administration");
        assert_eq!(told["context_id"], house.app.property_id.to_string());
        let subscription = house.get("/subscription").await;
        assert_eq!(told["subscription_id"], subscription["data"]["id"]);
        assert!(told.get("event_metadata").is_none(), "{told}");
        // The record is what a request for it is answered with.
        let path = format!(
            "/administrations/{}/reservations/{id}",
            house.app.property_id
        );
        let shown = house.get(&path).await;
        assert_eq!(told["record"]["data"], shown["data"]);
        assert_eq!(shown["data"]["attributes"]["guest_name"], "Ada");

        // A change through the other dialect is told with what it changed.
        let change = json!([{ "id": id, "departure": "2026-12-05", "firstName": "Grace",
            "numAdult": 3, "actions": { "allowWebhooks": true } }]);
        let reply = house.app.post("/beds24/v2/bookings", &change).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(house.send_all().await, 1);
        let (headers, body) = receiver.next_bytes().await;
        verify(&headers, &secret, &body);
        let told: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(told["event"], "reservation:updated");
        let changes = &told["event_metadata"]["changes"];
        assert_eq!(changes["end_date"], json!(["2026-12-04", "2026-12-05"]));
        assert_eq!(changes["guest_name"], json!(["Ada", "Grace"]));
        assert_eq!(changes["guest_group"][0]["adults"], 2);
        assert_eq!(changes["guest_group"][1]["adults"], 3);
        assert!(changes.get("start_date").is_none(), "{changes}");

        // The log knows both, and sends one of them again: the same bytes.
        let path = format!(
            "/webhook_deliveries?filter[webhook_endpoint]={endpoint}&include=webhook_endpoint"
        );
        let log = house.get(&path).await;
        assert_eq!(log["meta"]["pagination"]["total_records"], 2, "{log}");
        assert_eq!(log["included"][0]["id"], endpoint);
        let newest = &log["data"][0];
        assert_eq!(newest["attributes"]["event"], "reservation:updated");
        assert_eq!(newest["attributes"]["state"], "delivered");
        let path = format!(
            "/webhook_deliveries/{}/resend",
            newest["id"].as_str().unwrap()
        );
        let again = house.send("POST", &path, None).await;
        assert_eq!(again.status, 201, "{}", again.text());
        let again_id = again.json()["data"]["id"].clone();
        assert_ne!(again_id, newest["id"]);
        assert_eq!(house.send_all().await, 1);
        let (headers, bytes) = receiver.next_bytes().await;
        verify(&headers, &secret, &bytes);
        assert_eq!(bytes, body);
        let tries = format!(
            "/webhook_attempts?filter[webhook_delivery]={}",
            again_id.as_str().unwrap()
        );
        let tries = house.get(&tries).await;
        assert_eq!(tries["meta"]["pagination"]["total_records"], 1, "{tries}");
        let attempt = &tries["data"][0]["attributes"];
        assert_eq!(
            (&attempt["status"], &attempt["outcome"]),
            (&json!(200), &json!("delivered"))
        );
        assert_eq!(attempt["request_headers"]["x-be-env"], "staging");
        assert!(receiver.is_quiet());
        house.finish().await;
    }
}

#[tokio::test]
async fn while_a_secret_is_rotated_the_old_one_and_the_new_one_verify() {
    let house = House::new(TestStore::sqlite().await, READING).await;
    let mut receiver = Receiver::new().await;
    let url = receiver.url("127.0.0.1");
    let (endpoint, old) = house.subscribe(&url, &["reservation:created"]).await;
    let path = format!("/webhook_endpoints/{endpoint}/rotate_secret?keep_old_for_hours=2");
    let rotated = house.send("POST", &path, None).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let new = rotated.json()["data"]["meta"]["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(old, new);

    book_on(&house.app, "2026-12-01", "2026-12-02").await;
    assert_eq!(house.send_all().await, 1);
    let (headers, body) = receiver.next_bytes().await;
    verify(&headers, &old, &body);
    let both = [&old, &new].map(|secret| sign_sha256(secret.as_bytes(), &body));
    assert_eq!(headers["x-tabard-signatures"], both.join(", "));

    house.app.clock.advance_ms(2 * 3_600_000 + 1);
    book_on(&house.app, "2026-12-03", "2026-12-04").await;
    assert_eq!(house.send_all().await, 1);
    let (headers, body) = receiver.next_bytes().await;
    verify(&headers, &new, &body);
    house.finish().await;
}

#[tokio::test]
async fn an_app_that_has_lost_the_word_is_told_nothing_more() {
    for home in stores().await {
        let house = House::new(home, READING).await;
        let mut receiver = Receiver::new().await;
        let url = receiver.url("127.0.0.1");
        let events = ["reservation:created", "rentable_type:availability_updated"];
        house.subscribe(&url, &events).await;
        let oauth = house.app.app.oauth[0].clone();
        let known = scopes::permissions().into_iter();
        let left = known.filter(|known| known.word == "rentable_type|read");
        let occasion = occasion(&house.app);
        let (tenant_id, app_id) = (house.app.tenant_id, house.app_id);
        let losing = oauth.set_permissions(tenant_id, app_id, left.collect(), &occasion);
        losing.await.unwrap().unwrap();
        drop(oauth);
        book_on(&house.app, "2026-12-01", "2026-12-02").await;
        assert_eq!(house.send_all().await, 1);
        let (_, body) = receiver.next_bytes().await;
        let told: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(told["event"], "rentable_type:availability_updated");
        assert_eq!(
            told["record"]["data"]["id"],
            house.app.room_ids[0].to_string()
        );
        assert!(receiver.is_quiet());
        house.finish().await;
    }
}

#[tokio::test]
async fn a_button_asks_its_app_with_a_signature_and_shows_what_it_answers() {
    let words = [
        READING,
        &["application_command|read", "application_command|write"],
    ]
    .concat();
    let house = House::new(TestStore::sqlite().await, &words).await;
    let mut receiver = Receiver::new().await;
    let id = book_on(&house.app, "2026-12-01", "2026-12-02").await;
    let url = receiver.url("127.0.0.1").replace("/hook", "/button");
    let command = command(&house, &url).await;
    let rotated = house
        .send(
            "POST",
            &format!("/application_commands/{command}/rotate_secret"),
            None,
        )
        .await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let secret = rotated.json()["data"]["meta"]["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let press = json!({ "data": { "type": "application_command_call",
        "attributes": { "back_url": "https://hotel.example/back", "user_name": "Ada" },
        "relationships": { "record": { "data": { "type": "reservation", "id": id.to_string() } } },
    } });
    let path = format!("/application_commands/{command}/calls");
    let reply = house.send("POST", &path, Some(&press)).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let attributes = reply.json()["data"]["attributes"].clone();
    assert_eq!(attributes["answer"], "notice");
    assert_eq!(attributes["notice"], "The door is open");
    let (headers, body) = receiver.next_bytes().await;
    verify(&headers, &secret, &body);
    let asked: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(asked["command"], "open_door");
    assert_eq!(asked["record"]["data"]["id"], id.to_string());
    assert_eq!(asked["back_url"], "https://hotel.example/back");
    assert_eq!(asked["current_user"]["name"], "Ada");
    house.finish().await;
}

/// Whoever runs the house.
fn operator(house: &House) -> Actor {
    let tenant_id = house.app.tenant_id;
    Actor {
        tenant_id,
        client_id: tenant_id,
        grant_id: tenant_id,
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now: house.app.clock.now(),
        request_id: "test".to_owned(),
    }
}

#[tokio::test]
async fn who_was_granted_one_administration_hears_of_what_all_have_in_common() {
    let one = |app: &TestApp| Some(vec![app.property_id]);
    let house = House::reaching(TestStore::sqlite().await, &["label|read"], one).await;
    let mut receiver = Receiver::new().await;
    let url = receiver.url("127.0.0.1");
    house.subscribe(&url, &["label:created"]).await;
    let (service, actor) = (&house.app.app.service, operator(&house));
    let details = LabelDetails {
        name: "VIP".to_owned(),
        ..LabelDetails::default()
    };
    let label = Label::new(service.new_id(&actor), details);
    let id = label.id;
    let made = service.write_one(&actor, create(label)).await;
    made.unwrap().unwrap();
    assert_eq!(house.send_all().await, 1);
    let (_, body) = receiver.next_bytes().await;
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["record"]["data"]["id"], id.to_string());
    assert_eq!(told["context"], "organization");
    assert_eq!(told["context_id"], house.app.tenant_id.to_string());
    house.finish().await;
}

/// A button about reservations of the house's app.
async fn command(house: &House, url: &str) -> Id {
    let service = &house.app.app.service;
    let actor = operator(house);
    let details = CommandDetails {
        identifier: "open_door".to_owned(),
        name: Localized::of(Locale::english(), "Open the door"),
        context: "reservation".to_owned(),
        method: "post".to_owned(),
        target_url: url.to_owned(),
        client_id: Some(house.app_id),
        ..CommandDetails::default()
    };
    let row = ApplicationCommand::new(service.new_id(&actor), details);
    let made = service.write_one(&actor, create(row)).await;
    made.unwrap().unwrap()
}

#[tokio::test]
async fn what_beds24_announces_to_nobody_is_told_and_a_move_is_told_of_both_types() {
    for home in stores().await {
        let house = House::new(home, READING).await;
        let mut receiver = Receiver::new().await;
        let url = receiver.url("127.0.0.1");
        let events = [
            "rentable_type:created",
            "reservation:updated",
            "rentable_type:availability_updated",
        ];
        let property_id = house.app.property_id;
        let id = book_on(&house.app, "2026-12-01", "2026-12-04").await;
        house.send_all().await;
        house.subscribe(&url, &events).await;
        let rooms = json!([{ "id": property_id, "roomTypes": [{ "name": "Other", "qty": 2 }] }]);
        let reply = house.app.post("/beds24/v2/properties", &rooms).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let before = house.get(&format!("/reservations/{id}")).await;
        let old = before["data"]["relationships"]["rentable_type"]["data"]["id"].clone();
        house.send_all().await;
        let mut told = Vec::new();
        let (_, body) = receiver.next_bytes().await;
        let first: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(first["event"], "rentable_type:created");
        let new = first["record"]["data"]["id"].as_str().unwrap().to_owned();
        assert_ne!(old, new);
        let change = json!([{ "id": id, "roomId": new.parse::<i64>().unwrap() }]);
        let reply = house.app.post("/beds24/v2/bookings", &change).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        house.send_all().await;
        for _ in 0..3 {
            let (_, body) = receiver.next_bytes().await;
            let one: Value = serde_json::from_slice(&body).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            told.push((text(&one["event"]), text(&one["record"]["data"]["id"])));
        }
        let available = "rentable_type:availability_updated".to_owned();
        for pair in [
            ("reservation:updated".to_owned(), id.to_string()),
            (available.clone(), old.as_str().unwrap().to_owned()),
            (available, new),
        ] {
            assert!(told.contains(&pair), "{pair:?} in {told:?}");
        }
        assert!(receiver.is_quiet());
        house.finish().await;
    }
}
