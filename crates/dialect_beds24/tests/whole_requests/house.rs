//! The dialect over a fresh store, as a client meets it: requests in, answers out.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::Body;
use dialect_beds24::{NAME, State, api, scopes};
use domain::access::{Actor, Capabilities, Reach};
use domain::id::{Id, IdSource};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use http_kit::idempotency::NoStoredAnswers;
use http_kit::{Clock, Kit, Mount};
use identity::{Identity, NewGrant, Quota, ROOMY_QUOTA, Settings};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Value, json};
use service::Service;
use service::tenants::NewTenant;
use testkit::MovableClock;
use tower::ServiceExt;

/// All that a token can be allowed.
pub const EVERYTHING: &[&str] = &[
    "all:bookings",
    "all:bookings-personal",
    "all:bookings-financial",
    "all:inventory",
    "all:properties",
    "all:accounts",
    "all:channels",
];

struct HouseClock(MovableClock);

impl Clock for HouseClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The dialect over one store, with a tenant in it.
pub struct House {
    pub clock: MovableClock,
    pub identity: Identity,
    pub tenant_id: Id,
    /// A token that may do everything.
    pub token: String,
    /// Set by a test that removes rooms: their journal stays when their lane goes, which the judge
    /// of a store takes for a fault.
    pub removes_rooms: AtomicBool,
    pub service: Service,
    router: axum::Router,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The sentence of a refused call.
    pub fn error(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(
            (&body["success"], &body["type"]),
            (&json!(false), &json!("error")),
            "{body}"
        );
        assert_eq!(body["code"], self.status);
        (self.status, body["error"].as_str().unwrap().to_owned())
    }
}

/// Runs a test over every store.
pub async fn in_every_house<F, Run>(test: F)
where
    F: Fn(Arc<House>) -> Run,
    Run: Future<Output = ()>,
{
    testkit::for_each_store(|store| {
        let test = &test;
        async move {
            let clock = MovableClock::default();
            let identity = Identity::new(store.clone(), Settings::default());
            let service = Service::new(store.clone());
            let state = State::new(service.clone(), identity.clone(), [7; 32]);
            let kit = Kit::new(
                Arc::new(HouseClock(clock.clone())),
                Arc::new(identity.clone()),
                Arc::new(NoStoredAnswers),
                Arc::new(IdSource::new(1)),
            );
            let mounts = ["/beds24/v2", "/beds24/api/v2"]
                .map(|prefix| Mount::new("https://book.example", prefix));
            let router = api().unwrap().router(&state, &Arc::new(kit), &mounts);
            let tenant_id = tenant(&service, "Test", clock.now()).await;
            let mut house = House {
                clock,
                identity,
                tenant_id,
                token: String::new(),
                removes_rooms: AtomicBool::new(false),
                service,
                router,
            };
            house.token = house.token_for(EVERYTHING).await;
            let house = Arc::new(house);
            test(Arc::clone(&house)).await;
            if !house.removes_rooms.load(Ordering::Relaxed) {
                // Whatever a test did, the journal must tell it without a gap.
                testkit::verify(&store, tenant_id).await;
            }
        }
    })
    .await;
}

async fn tenant(service: &Service, name: &str, now: Timestamp) -> Id {
    let new = NewTenant {
        name: name.into(),
        sandbox: true,
        clock: None,
    };
    service.tenant_create(new, now).await.unwrap().id
}

impl House {
    /// A token with these scopes, got the way a client gets it.
    pub async fn token_for(&self, words: &[&str]) -> String {
        let code = self.invite(words, None, ROOMY_QUOTA).await;
        let setup = self
            .ask(
                "GET",
                "/beds24/v2/authentication/setup",
                &[("code", &code)],
                "",
            )
            .await;
        assert_eq!(setup.status, 200, "{}", setup.text());
        setup.json()["token"].as_str().unwrap().to_owned()
    }

    /// An invite code with these scopes.
    pub async fn invite(
        &self,
        words: &[&str],
        organizations: Option<Vec<Id>>,
        quota: Quota,
    ) -> String {
        self.invite_in(self.tenant_id, words, organizations, quota)
            .await
    }

    async fn invite_in(
        &self,
        tenant_id: Id,
        words: &[&str],
        organizations: Option<Vec<Id>>,
        quota: Quota,
    ) -> String {
        let grant = NewGrant {
            tenant_id,
            dialect: NAME,
            client_name: "test".into(),
            capabilities: scopes::capabilities(words.iter().copied()).unwrap(),
            scopes: words.iter().map(|word| (*word).to_owned()).collect(),
            organizations,
            allow_list: Vec::new(),
            quota,
            linked_organizations: false,
        };
        static INVITES: AtomicU64 = AtomicU64::new(0);
        let number = INVITES.fetch_add(1, Ordering::Relaxed);
        let seed = number.to_le_bytes().repeat(4);
        let mut random = ChaCha20Rng::from_seed(seed.try_into().unwrap());
        let invited = self
            .identity
            .invite(grant, self.clock.now(), &mut random)
            .await
            .unwrap();
        invited.unwrap().1.reveal().to_owned()
    }

    /// A token of another tenant that may do everything there.
    pub async fn stranger(&self) -> String {
        let tenant_id = tenant(&self.service, "Other", self.clock.now()).await;
        let words = EVERYTHING;
        let code = self.invite_in(tenant_id, words, None, ROOMY_QUOTA).await;
        let setup = self
            .ask(
                "GET",
                "/beds24/v2/authentication/setup",
                &[("code", &code)],
                "",
            )
            .await;
        setup.json()["token"].as_str().unwrap().to_owned()
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.get_as(&self.token, path).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Reply {
        self.ask("GET", &format!("/beds24/v2{path}"), &[("token", token)], "")
            .await
    }

    /// The rows of a list.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()["data"].as_array().unwrap().clone()
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_as(&self.token, path, body).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: Value) -> Reply {
        self.ask(
            "POST",
            &format!("/beds24/v2{path}"),
            &[("token", token)],
            body.to_string(),
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.ask(
            "DELETE",
            &format!("/beds24/v2{path}"),
            &[("token", &self.token)],
            "",
        )
        .await
    }

    /// Writes items and gives the elements of the answer.
    pub async fn write(&self, path: &str, items: Value) -> Vec<Value> {
        let reply = self.post(path, items).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json().as_array().unwrap().clone()
    }

    /// Books and gives the one element of the answer.
    pub async fn book(&self, item: Value) -> Value {
        self.write("/bookings", json!([item])).await.remove(0)
    }

    /// Whoever does something at this moment that no call of this dialect does.
    pub fn elsewhere(&self) -> Actor {
        Actor {
            tenant_id: self.tenant_id,
            client_id: self.tenant_id,
            grant_id: self.tenant_id,
            capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
            organizations: None,
            now: self.clock.now(),
            request_id: "elsewhere".to_owned(),
        }
    }

    /// A property in Lisbon with one room type, as (property, room).
    pub async fn property(&self, quantity: i64) -> (i64, i64) {
        let element = self
            .write(
                "/properties",
                json!([{"name": "Inn", "currency": "EUR", "timeZone": "Europe/Lisbon",
                    "roomTypes": [{"name": "Double", "qty": quantity}]}]),
            )
            .await
            .remove(0);
        assert_eq!(element["success"], true, "{element}");
        let new = &element["new"];
        (
            new["id"].as_i64().unwrap(),
            new["roomTypes"][0]["id"].as_i64().unwrap(),
        )
    }
}

/// A stay of two nights in that room.
pub fn stay(room: i64, arrival: &str, departure: &str) -> Value {
    json!({"roomId": room, "arrival": arrival, "departure": departure, "numAdult": 2, "lastName": "Guest"})
}

/// The same item with more fields.
pub fn with(mut item: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}
