//! A small dialect that lets apps in: one page that shows who calls, one that asks another server, and a
//! format of its own for webhooks.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use domain::access::{Capabilities, Capability, Reach, capability as c};
use http::{HeaderMap, StatusCode};
use http_kit::{
    Answer, Api, Call, Credential, Dialect, Endpoint, Kit, Mount, Reading, Refusal, get, post,
};
use identity::{
    ROOMY_QUOTA,
    oauth::{OAuth, Permission},
};
use serde_json::{Value, json};
use server::{
    apps::{AppDialect, Rooms},
    settings::Settings,
};
use service::{
    Service,
    outgoing::{
        ask::Question,
        render::{Event, NotRendered, Recipient, Render, Rendering, Sent},
        seal::Secret,
        sign::sign_sha256,
        target::Target,
    },
};

/// It stands on the host of another dialect, beside it.
pub const TOY: AppDialect = AppDialect {
    name: NAME,
    prefix: "/toy",
    api_prefix: "/v9",
    hosts: |hosts| &hosts.beds24,
    permissions,
    quota: ROOMY_QUOTA,
    adjust: |_| {},
    api,
    refuse: |refusal| Toy.refuse(refusal),
    document: || Ok(Value::Null),
    format: Some(format),
};

const NAME: &str = "toy";

/// All its scope words.
pub fn permissions() -> Vec<Permission> {
    vec![Permission {
        word: "booking|read".to_owned(),
        about: "See bookings".to_owned(),
        capabilities: Capabilities::none().with(c::BOOKINGS_READ, Reach::Tenant),
    }]
}

struct Toy;

impl Dialect for Toy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn credential<'r>(&self, headers: &'r HeaderMap) -> Option<Credential<'r>> {
        let text = headers.get("authorization")?.to_str().ok()?;
        Some(Credential {
            dialect: NAME,
            kind: "access token",
            text: text.strip_prefix("Bearer ")?.into(),
        })
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        let status = match refusal {
            Refusal::NotSignedIn | Refusal::Denied(_) => StatusCode::UNAUTHORIZED,
            Refusal::NoSuchRoute => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        Answer::json(status, &json!({ "toy": format!("{refusal:?}") })).unwrap()
    }

    fn print_meter(&self, _: &Reading, _: &mut HeaderMap) {}
}

fn api(rooms: Rooms, kit: &Arc<Kit>, place: &Mount) -> anyhow::Result<Router> {
    let endpoints: Vec<Endpoint<Rooms>> = vec![
        get("/caller", caller).needs(c::BOOKINGS_READ),
        post("/question", question).any_caller(),
    ];
    let places = std::slice::from_ref(place);
    Ok(Api::new(Toy, endpoints).router(&rooms, kit, places))
}

/// Says who calls.
async fn caller(rooms: Rooms, call: Call) -> Result<Answer, Refusal> {
    let issuer = &rooms.oauth.profile().issuer;
    let scopes = &call.caller.scopes;
    Answer::json(
        StatusCode::OK,
        &json!({ "issuer": issuer, "scopes": scopes }),
    )
}

/// Asks the server whose address is the body, and says what came back.
async fn question(rooms: Rooms, call: Call) -> Result<Answer, Refusal> {
    let url: String = call.json()?;
    let asked = Question {
        target: Target::parse(&url, rooms.outgoing.rules()).unwrap(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{}".to_vec(),
    };
    let answer = match rooms.ask.ask(asked).await {
        Ok(answer) => json!({ "status": answer.status }),
        Err(none) => json!({ "problem": none.word }),
    };
    Answer::json(StatusCode::OK, &answer)
}

fn format(_: &Service, _: &OAuth, settings: &Settings) -> anyhow::Result<Arc<dyn Render>> {
    Ok(Arc::new(Webhooks {
        environment: settings.environment.clone(),
    }))
}

struct Webhooks {
    environment: String,
}

#[async_trait]
impl Render for Webhooks {
    fn needs(&self, name: &str) -> Option<Capability> {
        (name == "booking:created").then_some(c::BOOKINGS_READ)
    }

    fn names(&self, event: &Event) -> Vec<String> {
        let is_new = event.event == "booking.placed";
        is_new
            .then(|| "booking:created".to_owned())
            .into_iter()
            .collect()
    }

    async fn render(
        &self,
        event: &Event,
        name: &str,
        _: &Recipient,
    ) -> Result<Rendering, NotRendered> {
        let body = json!({ "event": name, "booking": event.subject_id.to_string() });
        Ok(Rendering {
            body: body.to_string().into_bytes(),
            content_type: "application/json".to_owned(),
            headers: vec![("x-toy-env".to_owned(), self.environment.clone())],
        })
    }

    fn sign(&self, sent: Sent<'_>, secrets: &[Secret]) -> Vec<(String, String)> {
        let signature = sign_sha256(secrets[0].bytes(), sent.body);
        vec![("x-toy-signature".to_owned(), signature)]
    }
}
