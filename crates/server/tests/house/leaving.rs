//! What leaves a whole app: webhooks, and mails to set passwords.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, body::Bytes, routing::post};
use domain::access::{Actor, Capabilities, Reach};
use http::{HeaderMap, StatusCode};
use identity::users::NewUser;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use server::{
    leaving::{self, Letterbox},
    settings::{Delivery, Mail, Settings},
};
use service::{
    PageOf,
    inventory::OrganizationDetailsPatch,
    outgoing::{
        AttemptFilter, Confirm, NewSubscription, Refusal, sign::sign_sha256, standard,
        target::BadTarget,
    },
    properties::{PropertyPatch, PropertyWrite},
};
use testkit::{TestApp, TestStore, stores};
use tokio::sync::{mpsc, oneshot};

use crate::{
    apps,
    toy::{TOY, permissions},
};

/// A receiver on loopback, what it was sent, and how often somebody connected. It takes webhooks at
/// `/hook`, and has a button at `/button` that opens a door.
pub struct Receiver {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    connections: Arc<AtomicUsize>,
    /// What it answers webhooks with.
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub async fn new() -> Self {
        let (sent, received) = mpsc::unbounded_channel();
        let pressed = sent.clone();
        let connections = Arc::<AtomicUsize>::default();
        let status = Arc::new(AtomicU16::new(200));
        let answered = Arc::clone(&status);
        let hook = move |headers: HeaderMap, body: Bytes| {
            let (sent, answered) = (sent.clone(), Arc::clone(&answered));
            async move {
                sent.send((headers, body)).unwrap();
                StatusCode::from_u16(answered.load(Ordering::SeqCst)).unwrap()
            }
        };
        let button = move |headers: HeaderMap, body: Bytes| {
            let pressed = pressed.clone();
            async move {
                pressed.send((headers, body)).unwrap();
                Json(json!({ "notice": "The door is open" }))
            }
        };
        let router = Router::new()
            .route("/hook", post(hook))
            .route("/button", post(button));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                let stream = hyper_util::rt::TokioIo::new(stream);
                let serving = hyper::server::conn::http1::Builder::new();
                tokio::spawn(async move {
                    drop(serving.serve_connection(stream, service).await);
                });
            }
        });
        Self {
            address,
            received,
            connections,
            status,
        }
    }

    /// Answers webhooks with this status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.address.port())
    }

    async fn next(&mut self) -> (HeaderMap, Value) {
        let (headers, body) = self.next_bytes().await;
        (headers, serde_json::from_slice(&body).unwrap())
    }

    /// The next request, byte by byte.
    pub async fn next_bytes(&mut self) -> (HeaderMap, Bytes) {
        let waiting = tokio::time::timeout(Duration::from_secs(60), self.received.recv());
        waiting.await.expect("something arrives").unwrap()
    }

    /// Whether nothing has arrived that was not taken.
    pub fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

pub fn settings(networks: &[&str]) -> Settings {
    Settings {
        delivery: Delivery {
            allowed_networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            allow_http: true,
            ..Delivery::default()
        },
        ..Settings::default()
    }
}

/// The same, with mail that is written into this folder.
pub fn with_mail(folder: &Path, settings: Settings) -> Settings {
    Settings {
        mail: Mail {
            folder: Some(folder.to_owned()),
            ..Mail::default()
        },
        ..settings
    }
}

/// The only letter in a folder.
pub fn only_letter(folder: &Path) -> String {
    let letters: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert_eq!(letters.len(), 1, "letters");
    std::fs::read_to_string(letters[0].as_ref().unwrap().path()).unwrap()
}

/// Who has the app's token.
async fn actor(app: &TestApp) -> Actor {
    let (now, ip) = (app.clock.now(), app.peer.ip());
    let identity = &app.app.identity;
    let caller = identity.resolve(dialect_beds24::NAME, &app.token, ip, now);
    caller.await.unwrap().actor(now, "test".to_owned())
}

fn subscription(target_url: String) -> NewSubscription {
    NewSubscription {
        target_url,
        events: vec!["booking.placed".to_owned()],
        confirm: Confirm::WaitForSuccess,
        format: standard::NAME.to_owned(),
        owner: None,
        secret: None,
    }
}

/// Books a room over HTTP, to be told of, and says under which id.
async fn book(app: &TestApp) -> i64 {
    book_on(app, "2026-12-01", "2026-12-02").await
}

pub async fn book_on(app: &TestApp, arrival: &str, departure: &str) -> i64 {
    let booking = json!([{
        "roomId": app.room_ids[0].get(), "status": "confirmed", "numAdult": 2,
        "arrival": arrival, "departure": departure, "firstName": "Ada",
        "actions": { "allowWebhooks": true },
    }]);
    let reply = app.post("/beds24/v2/bookings", &booking).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()[0]["new"]["id"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_made_over_http_reaches_a_receiver_in_a_network_that_is_allowed() {
    for home in stores().await {
        let settings = settings(&["127.0.0.0/8"]);
        let app = TestApp::with(home, &settings).await;
        let mut receiver = Receiver::new().await;
        let new = subscription(receiver.url("127.0.0.1"));
        let outgoing = app.app.outgoing.clone();
        let actor = actor(&app).await;
        let made = outgoing.subscription_create(&actor, new);
        made.await.unwrap().unwrap();
        let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let stopped = async {
                drop(stopped.await);
            };
            dispatcher.run(stopped).await;
        });
        let id = book(&app).await;
        let (headers, body) = receiver.next().await;
        assert_eq!(body["type"], "booking.placed");
        assert_eq!(body["data"]["id"], id);
        assert!(
            headers["webhook-signature"]
                .to_str()
                .unwrap()
                .starts_with("v1,")
        );
        stop.send(()).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(60), running);
        ended.await.expect("it stops when it is asked to").unwrap();
        drop(outgoing);
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nothing_private_is_ever_connected_to() {
    for home in stores().await {
        let settings = settings(&[]);
        let app = TestApp::with(home, &settings).await;
        let receiver = Receiver::new().await;
        let (actor, outgoing) = (actor(&app).await, app.app.outgoing.clone());
        // An address is refused where it is named.
        let named = subscription(receiver.url("127.0.0.1"));
        let refused = outgoing.subscription_create(&actor, named).await.unwrap();
        let expected = Refusal::BadTarget(BadTarget::Address("loopback"));
        assert_eq!(refused.map(|_| ()), Err(expected));
        // What a name leads to is found out when it is connected to.
        let behind_a_name = subscription(receiver.url("localhost"));
        let made = outgoing.subscription_create(&actor, behind_a_name);
        made.await.unwrap().unwrap();
        let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();
        book(&app).await;
        assert_eq!(dispatcher.round().await.unwrap(), 1);
        let every = AttemptFilter::default();
        let attempts = outgoing.attempts(&actor, &every, PageOf::first(10));
        let attempts = attempts.await.unwrap().rows;
        let outcomes: Vec<&str> = attempts.iter().map(|one| &*one.outcome).collect();
        assert_eq!(outcomes, ["refused_address"]);
        assert_eq!(receiver.connections.load(Ordering::SeqCst), 0);
        drop((outgoing, dispatcher));
        app.finish().await;
    }
}

#[tokio::test]
async fn a_dialect_tells_in_its_own_format_where_it_was_told_the_environment() {
    let settings = Settings {
        environment: "staging".to_owned(),
        ..settings(&["127.0.0.0/8"])
    };
    let app = TestApp::letting_in(TestStore::sqlite().await, &settings, &[TOY]).await;
    let mut receiver = Receiver::new().await;
    let (actor, outgoing) = (actor(&app).await, app.app.outgoing.clone());
    let new = NewSubscription {
        events: vec!["booking:created".to_owned()],
        format: TOY.name.to_owned(),
        ..subscription(receiver.url("127.0.0.1"))
    };
    let made = outgoing.subscription_create(&actor, new);
    let (_, secret) = made.await.unwrap().unwrap();
    let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();
    let id = book(&app).await;
    assert_eq!(dispatcher.round().await.unwrap(), 1);
    let (headers, body) = receiver.next().await;
    let expected = json!({ "event": "booking:created", "booking": id.to_string() });
    assert_eq!(body, expected);
    assert_eq!(headers["x-toy-env"], "staging");
    let signature = sign_sha256(secret.bytes(), expected.to_string().as_bytes());
    assert_eq!(headers["x-toy-signature"], signature);
    drop((outgoing, dispatcher));
    app.finish().await;
}

#[tokio::test]
async fn an_app_is_told_what_it_may_know_today_and_nothing_while_it_is_halted() {
    for home in stores().await {
        let settings = settings(&["127.0.0.0/8"]);
        let app = TestApp::letting_in(home, &settings, &[TOY]).await;
        let mut receiver = Receiver::new().await;
        let oauth = app.app.oauth[0].clone();
        let own = apps::own_app(&app).await;
        let (tenant_id, app_id, occasion) = (app.tenant_id, own.app_id, apps::occasion(&app));
        let caller = app
            .app
            .identity
            .resolve(TOY.name, &own.token, app.peer.ip(), app.clock.now());
        let actor = caller
            .await
            .unwrap()
            .actor(app.clock.now(), "test".to_owned());
        let new = NewSubscription {
            events: vec!["booking:created".to_owned()],
            format: TOY.name.to_owned(),
            ..subscription(receiver.url("127.0.0.1"))
        };
        let outgoing = app.app.outgoing.clone();
        let made = outgoing.subscription_create(&actor, new);
        made.await.unwrap().unwrap();
        let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();

        book_on(&app, "2026-12-01", "2026-12-02").await;
        assert_eq!(dispatcher.round().await.unwrap(), 1);
        receiver.next().await;

        let nothing = oauth.set_permissions(tenant_id, app_id, Vec::new(), &occasion);
        nothing.await.unwrap().unwrap();
        book_on(&app, "2026-12-03", "2026-12-04").await;
        assert_eq!(dispatcher.round().await.unwrap(), 0);

        let again = oauth.set_permissions(tenant_id, app_id, permissions(), &occasion);
        again.await.unwrap().unwrap();
        let halting = oauth.halt(tenant_id, app_id, &occasion);
        halting.await.unwrap().unwrap();
        book_on(&app, "2026-12-05", "2026-12-06").await;
        assert_eq!(dispatcher.round().await.unwrap(), 0);

        let resuming = oauth.resume(tenant_id, app_id, &occasion);
        resuming.await.unwrap().unwrap();
        let id = book_on(&app, "2026-12-07", "2026-12-08").await;
        assert_eq!(dispatcher.round().await.unwrap(), 1);
        let (_, body) = receiver.next().await;
        assert_eq!(body["booking"], id.to_string());
        drop((outgoing, dispatcher, oauth));
        app.finish().await;
    }
}

/// Describes the property in this language first.
async fn speak(app: &TestApp, language: &str) {
    let details = OrganizationDetailsPatch {
        locales: Some(vec![language.parse().unwrap()]),
        ..OrganizationDetailsPatch::default()
    };
    let write = PropertyWrite {
        id: Some(app.property_id),
        patch: PropertyPatch {
            details,
            ..PropertyPatch::default()
        },
        ..PropertyWrite::default()
    };
    let (actor, properties) = (actor(app).await, app.app.service.properties());
    let written = properties.write(&actor, vec![write]).await;
    written.unwrap().remove(0).unwrap();
}

#[tokio::test]
async fn the_mail_for_a_password_is_in_the_language_of_the_page_or_else_of_the_house() {
    const ENGLISH: &str = "Subject: Set a new password";
    const GERMAN: &str = "Subject: Neues Passwort setzen";
    const PAGE: &str = "/bookingexperts/oauth/forgotten";
    for home in stores().await {
        let folder = tempfile::tempdir().unwrap();
        let settings = with_mail(folder.path(), Settings::default());
        let app = TestApp::with(home, &settings).await;
        let (oauth, mut rng) = (app.app.oauth[0].clone(), StdRng::seed_from_u64(8));
        let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();
        let letterbox = Letterbox::new(dispatcher, app.app.outgoing.clone(), oauth.clone());
        let users = oauth.users();
        let mut asked = 0;
        for (own, wanted, subject) in [
            (None, Some("fr"), ENGLISH),
            (None, Some("de-AT,de;q=0.9,en;q=0.8"), GERMAN),
            (Some("de-AT"), Some("en-GB,de;q=0.3"), ENGLISH),
            (Some("de-AT"), Some("fr, *;q=0.1"), GERMAN),
            (Some("de-AT"), None, GERMAN),
        ] {
            if let Some(own) = own {
                speak(&app, own).await;
            }
            asked += 1;
            let email = format!("ada{asked}@example.org");
            let new = NewUser {
                tenant_id: app.tenant_id,
                email: email.clone(),
                name: "Ada".to_owned(),
                capabilities: Capabilities::everything(Reach::Tenant),
                organizations: None,
            };
            let occasion = apps::occasion(&app);
            let made = users.create(new, None, &occasion, &mut rng).await;
            made.unwrap().unwrap();
            let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
            headers.extend(wanted.map(|languages| ("accept-language", languages)));
            let form = format!("email={}", email.replace('@', "%40"));
            let reply = app.send("POST", PAGE, &headers, form.into_bytes()).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert_eq!(letterbox.post_waiting(&mut rng).await.unwrap(), 1);
            let file = std::fs::read_dir(folder.path()).unwrap().next();
            let file = file.unwrap().unwrap().path();
            let letter = std::fs::read_to_string(&file).unwrap();
            assert!(letter.contains(&format!("To: Ada <{email}>")), "{letter}");
            assert!(letter.contains(subject), "{own:?} {wanted:?}: {letter}");
            std::fs::remove_file(file).unwrap();
        }
        drop((letterbox, oauth, users));
        app.finish().await;
    }
}
