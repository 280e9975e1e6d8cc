//! A dialect made for these tests: its credential is a bare `token` header, its errors are a word and a
//! status, and its table has an endpoint for each thing that the pipeline does.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use domain::access::{Capabilities, Reach, capability};
use domain::id::{Id, IdSource};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use http_kit::idempotency::NoStoredAnswers;
use http_kit::openapi::{Document, Parameter};
use http_kit::*;
use identity::{BEDS24_QUOTA, Caller, Quota, ROOMY_QUOTA};
use ipnet::IpNet;
use jiff::Timestamp;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;

pub struct Toy;

impl Dialect for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn credential<'request>(&self, headers: &'request HeaderMap) -> Option<Credential<'request>> {
        let text = headers.get("token")?.to_str().ok()?;
        Some(Credential {
            dialect: "toy",
            kind: "token",
            text: text.into(),
        })
    }

    fn check_media(&self, asked: &Asked) -> Result<(), Refusal> {
        match asked.header("content-type") {
            Some("text/plain") => Err(Refusal::UnsupportedMediaType),
            _ => Ok(()),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        let (status, word) = match refusal {
            Refusal::NotSignedIn => (401, "nobody".to_owned()),
            Refusal::Denied(denied) => (401, format!("{denied:?}")),
            Refusal::Forbidden { needs } => (403, needs.to_string()),
            Refusal::NoSuchRoute => (404, "no such route".to_owned()),
            Refusal::NotFound => (404, "not found".to_owned()),
            Refusal::WrongMethod { .. } => (405, "wrong method".to_owned()),
            Refusal::Parameter(bad) => (400, bad.to_string()),
            Refusal::Body(bad) => (400, bad.to_string()),
            Refusal::TooLarge { limit } => (413, limit.to_string()),
            Refusal::UnsupportedMediaType => (415, "media".to_owned()),
            Refusal::NotAcceptable => (406, "accept".to_owned()),
            Refusal::Conflict => (409, "conflict".to_owned()),
            Refusal::KeyRunning => (409, "running".to_owned()),
            Refusal::KeyReused => (422, "reused".to_owned()),
            Refusal::OverQuota(_) => (429, "slow down".to_owned()),
            Refusal::Blocked => (403, "blocked".to_owned()),
            Refusal::Busy { .. } => (503, "busy".to_owned()),
            Refusal::TimedOut => (504, "timed out".to_owned()),
            Refusal::Internal(cause) => (500, format!("sorry {cause:?}")),
            Refusal::Answered(_) => unreachable!("it is answered"),
        };
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer::json(status, &json!({ "error": word })).unwrap();
        match refusal {
            Refusal::WrongMethod { allowed } => answer.allow(allowed),
            Refusal::Busy { retry_after_s } => answer.retry_after(*retry_after_s),
            _ => answer,
        }
    }

    fn print_meter(&self, reading: &Reading, headers: &mut HeaderMap) {
        let mut print = |name: &'static str, text: String| {
            headers.insert(name, HeaderValue::try_from(text).unwrap());
        };
        print("x-remaining", reading.remaining.to_string());
        print("x-cost", reading.cost.to_string());
        print("x-resets-in", reading.resets_in_s.to_string());
    }
}

#[derive(Clone, Default)]
pub struct App {
    pub writes: Arc<AtomicUsize>,
    pub gate: Arc<tokio::sync::Notify>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Thing {
    pub name: String,
    #[serde(default)]
    pub count: u32,
}

#[derive(Serialize, JsonSchema)]
pub struct Trouble {
    error: String,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "described, not built")]
pub struct ThingQuery {
    /// Which things.
    id: Option<Vec<i64>>,
    page: Option<u32>,
}

async fn find(_: App, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let page = Page::from_query(&query, "page", 2)?;
    let ids = query.ids("id")?;
    let next = call.link_with("page", &(page.number + 1).to_string());
    let who = json!({
        "tenant": call.actor.tenant_id, "now": call.actor.now.to_string(),
        "ip": call.remote_ip.to_string(), "ids": ids, "next": next, "self": call.link("/things"),
    });
    Answer::json(StatusCode::OK, &who)
}

async fn write(app: App, call: Call) -> Result<Answer> {
    let items = call.items(3)?;
    let names: Vec<String> = items
        .iter()
        .map(|item| match serde_json::from_str::<Thing>(item.get()) {
            Ok(thing) => thing.name,
            Err(_) => "?".to_owned(),
        })
        .collect();
    let count = app.writes.fetch_add(1, Ordering::SeqCst);
    let key = call.idempotency.as_ref().map(|key| key.key.clone());
    let body = json!({ "count": count, "names": names, "key": key });
    Answer::json(StatusCode::CREATED, &body)
}

async fn slow(app: App, _: Call) -> Result<Answer> {
    app.gate.notified().await;
    Ok(Answer::empty(StatusCode::OK))
}

async fn one(_: App, call: Call) -> Result<Answer> {
    let id: Id = call.path_value("id")?;
    let thing: Thing = call.json()?;
    Answer::json(StatusCode::OK, &json!({ "id": id, "name": thing.name }))
}

async fn joined(_: App, call: Call) -> Result<Answer> {
    let text = format!("{} {}", call.method, call.path_parameter("id")?);
    Answer::json(StatusCode::OK, &text)
}

async fn broken(_: App, call: Call) -> Result<Answer> {
    assert!(call.raw_query() != "panic", "as asked");
    Err(Refusal::internal("the secret of the house"))
}

async fn about(_: App, call: PublicCall) -> Result<Answer> {
    let Some(text) = call.header("token") else {
        return Answer::json(StatusCode::OK, &json!({ "valid": false }));
    };
    let credential = Credential {
        dialect: "toy",
        kind: "token",
        text: text.into(),
    };
    let caller = call.resolve(&credential).await?;
    let reading = call.charge(caller.grant_id, caller.quota)?;
    if call.raw_query() == "in_vain" {
        call.give_back(caller.grant_id, caller.quota);
        return Err(Refusal::Busy { retry_after_s: 1 });
    }
    Ok(Answer::json(StatusCode::OK, &json!({ "valid": true }))?.metered(reading))
}

pub fn endpoints() -> Vec<Endpoint<App>> {
    vec![
        get("/things", find)
            .needs(capability::BOOKINGS_READ)
            .cost(1.0)
            .summary("Finds things")
            .query::<ThingQuery>()
            .answer::<Vec<Thing>>(200),
        post("/things", write)
            .needs(capability::BOOKINGS_WRITE)
            .cost_per_item(1.0, 0.1)
            .accepts_idempotency()
            .body_limit(10_000)
            .body::<Vec<Thing>>()
            .answer::<Vec<Thing>>(201),
        patch("/things/{id}", one)
            .needs(capability::BOOKINGS_WRITE)
            .param(Parameter::path("id", json!({ "type": "integer" })))
            .body::<Thing>(),
        link("/things/{id}/link", joined).needs(capability::BOOKINGS_WRITE),
        unlink("/things/{id}/link", joined).needs(capability::BOOKINGS_WRITE),
        post("/slow", slow)
            .any_caller()
            .accepts_idempotency()
            .time_limit(Duration::from_millis(100)),
        get("/broken", broken).any_caller(),
        get("/about", about).public().cost(1.0),
    ]
}

pub fn document() -> Document {
    let key = json!({ "type": "apiKey", "in": "header", "name": "token" });
    Document::new("Toy", "1", key).errors::<Trouble>()
}

/// Callers by token: `full`, `reader`, `metered`, `far` (whose tenant's clock is a day ahead), `fenced`.
#[derive(Default)]
pub struct Known;

#[async_trait::async_trait]
impl Callers for Known {
    async fn resolve(
        &self,
        presented: &Credential<'_>,
        remote_ip: IpAddr,
        _: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        let known = match presented.text.as_ref() {
            "full" => caller(1, true, ROOMY_QUOTA, 0, &[]),
            "reader" => caller(2, false, ROOMY_QUOTA, 0, &[]),
            "metered" => caller(3, true, BEDS24_QUOTA, 0, &[]),
            "far" => caller(4, true, ROOMY_QUOTA, 86_400_000, &[]),
            "fenced" => caller(5, true, ROOMY_QUOTA, 0, &["198.51.100.0/24"]),
            "ended" => return Err(Denied::Expired),
            "down" => return Err(Denied::Unavailable { retry_after_s: 2 }),
            _ => return Err(Denied::Unknown),
        };
        if !known.allows_address(remote_ip) {
            return Err(Denied::WrongAddress);
        }
        Ok(Arc::new(known))
    }
}

fn caller(grant: i64, writes: bool, quota: Quota, clock_offset_ms: i64, nets: &[&str]) -> Caller {
    let mut capabilities = Capabilities::default();
    capabilities.grant(capability::BOOKINGS_READ, Reach::Tenant);
    if writes {
        capabilities.grant(capability::BOOKINGS_WRITE, Reach::Tenant);
    }
    let nets: Vec<IpNet> = nets.iter().map(|net| net.parse().unwrap()).collect();
    Caller {
        client_id: id(100),
        client_name: "toy".into(),
        grant_id: id(grant),
        tenant_id: id(1_000),
        capabilities: Arc::new(capabilities),
        scopes: Arc::from([]),
        organizations: None,
        channels: Arc::from([]),
        linked_organizations: false,
        allow_list: nets.into(),
        quota,
        sandbox: true,
        clock_offset_ms,
        token_created_at: start(),
        token_expires_at: None,
    }
}

pub fn id(number: i64) -> Id {
    Id::new(number).unwrap()
}

fn start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// A clock that tests move.
#[derive(Default)]
pub struct Moved(pub AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let ms = start().as_millisecond() + self.0.load(Ordering::SeqCst);
        Timestamp::from_millisecond(ms).unwrap()
    }
}

/// Stored answers in a list, as the store would hold them.
#[derive(Default)]
pub struct Shelf(pub Mutex<Vec<(Id, String, StoredAnswer)>>);

#[async_trait::async_trait]
impl StoredAnswers for Shelf {
    async fn find(&self, caller: &Caller, key: &str) -> Result<Option<StoredAnswer>> {
        let shelf = self.0.lock();
        let found = shelf
            .iter()
            .find(|(grant, known, _)| *grant == caller.grant_id && known == key);
        Ok(found.map(|(_, _, answer)| answer.clone()))
    }
}

/// The toy dialect, mounted twice, behind a router.
pub struct House {
    pub router: axum::Router,
    pub app: App,
    pub clock: Arc<Moved>,
    pub shelf: Arc<Shelf>,
}

pub fn house() -> House {
    let (app, clock, shelf) = (
        App::default(),
        Arc::new(Moved::default()),
        Arc::new(Shelf::default()),
    );
    let ids = Arc::new(IdSource::new(0));
    let mut kit = Kit::new(clock.clone(), Arc::new(Known), shelf.clone(), ids);
    kit.proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let mounts = [
        Mount::new("https://book.example", "/toy/v2"),
        Mount::new("https://book.example/", "/toy/api/{lang}/"),
    ];
    let api = Api::new(Toy, endpoints()).serving_document("/openapi.json", &document());
    let router = api.unwrap().router(&app, &Arc::new(kit), &mounts);
    House {
        router,
        app,
        clock,
        shelf,
    }
}

/// A kit without stored answers, for the overhead measurement.
pub fn bare_kit() -> Arc<Kit> {
    let ids = Arc::new(IdSource::new(0));
    let clock = Arc::new(Moved::default());
    Arc::new(Kit::new(
        clock,
        Arc::new(Known),
        Arc::new(NoStoredAnswers),
        ids,
    ))
}

/// What came back.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn error(&self) -> (u16, String) {
        let word = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status, word)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl House {
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Got {
        ask(self.router.clone(), method, path, headers, body).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Got {
        self.ask("GET", path, &[("token", token)], Body::empty())
            .await
    }

    pub async fn post(&self, path: &str, token: &str, body: &str) -> Got {
        self.ask("POST", path, &[("token", token)], body.to_owned())
            .await
    }
}

pub async fn ask(
    router: axum::Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Got {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body.into()).unwrap();
    let peer = "10.0.0.1:4711".parse().unwrap();
    request.extensions_mut().insert(Peer(peer));
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Got {
        status: parts.status.as_u16(),
        headers: parts.headers,
        bytes: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}
