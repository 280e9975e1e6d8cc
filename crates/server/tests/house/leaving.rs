//! What leaves a whole app: webhooks, and mails to set passwords.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, routing::post};
use domain::access::Actor;
use http::HeaderMap;
use serde_json::{Value, json};
use server::{
    leaving,
    settings::{Delivery, Settings},
};
use service::{
    PageOf,
    outgoing::{
        AttemptFilter, Confirm, NewSubscription, Refusal, sign::sign_sha256, standard,
        target::BadTarget,
    },
};
use testkit::{TestApp, TestStore, stores};
use tokio::sync::{mpsc, oneshot};

use crate::{
    apps,
    toy::{TOY, permissions},
};

/// A receiver on loopback, what it was sent, and how often somebody connected.
struct Receiver {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<(HeaderMap, Value)>,
    connections: Arc<AtomicUsize>,
}

impl Receiver {
    async fn new() -> Self {
        let (sent, received) = mpsc::unbounded_channel();
        let connections = Arc::<AtomicUsize>::default();
        let hook = move |headers: HeaderMap, body: Bytes| {
            let sent = sent.clone();
            async move {
                let body = serde_json::from_slice(&body).unwrap();
                sent.send((headers, body)).unwrap();
            }
        };
        let router = Router::new().route("/hook", post(hook));
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
        }
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.address.port())
    }

    async fn next(&mut self) -> (HeaderMap, Value) {
        let waiting = tokio::time::timeout(Duration::from_secs(60), self.received.recv());
        waiting.await.expect("something arrives").unwrap()
    }
}

fn settings(networks: &[&str]) -> Settings {
    Settings {
        delivery: Delivery {
            allowed_networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            allow_http: true,
            ..Delivery::default()
        },
        ..Settings::default()
    }
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

async fn book_on(app: &TestApp, arrival: &str, departure: &str) -> i64 {
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
