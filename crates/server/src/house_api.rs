//! The house's own small API: the clock of a sandbox and the journal of a tenant.
//!
//! It belongs to no vendor. It takes the access token of any dialect, as `token` or as
//! `Authorization: Bearer`, and speaks plain JSON.

mod clock;
mod errors;
mod journal;

use domain::access::capability;
use http::{HeaderMap, header};
use http_kit::{Answer, Api, Credential, Dialect, Endpoint, Refusal, get, openapi::Document, post};
use identity::Identity;
use serde_json::json;
use service::Service;
use store::Store;

/// Its name in logs, metrics and documents.
pub const NAME: &str = "tabard";

/// Where it stands.
pub const PREFIX: &str = "/tabard/v1";

/// What its handlers stand on.
#[derive(Clone)]
pub struct State {
    /// The use cases.
    pub service: Service,
    /// Clocks.
    pub identity: Identity,
    /// The store, for reading the journal without holding a connection.
    pub store: Store,
}

/// The table of contents.
pub fn endpoints() -> Vec<Endpoint<State>> {
    vec![
        get("/clock", clock::read)
            .needs(capability::CLOCK_READ)
            .summary("Reads the clock of a sandbox tenant")
            .answer::<clock::ClockOut>(200),
        post("/clock", clock::set)
            .needs(capability::CLOCK_WRITE)
            .summary("Moves the clock of a sandbox tenant; holds and tokens that end by then end")
            .body::<clock::ClockIn>()
            .answer::<clock::MovedOut>(200),
        get("/journal", journal::read)
            .needs(capability::ACCOUNTS_READ)
            .summary("Writes the tenant's journal as JSON lines, for tabard verify")
            .query::<journal::JournalQuery>(),
    ]
}

/// Its dialect and table, with the document served.
///
/// # Errors
/// When the document can't be written; a mistake of ours.
pub fn api() -> anyhow::Result<Api<State>> {
    let api = Api::new(House, endpoints()).serving_document("/openapi.json", &about());
    api.map_err(|_| anyhow::anyhow!("the document of the house's own API can't be written"))
}

/// Its OpenAPI document.
pub fn document() -> serde_json::Value {
    Api::new(House, endpoints()).document(&about())
}

fn about() -> Document {
    let security = json!({ "type": "apiKey", "in": "header", "name": "token" });
    let mut about = Document::new("Tabard", "1", security).errors::<errors::ErrorOut>();
    about.description =
        "The house's own API: the clock of a sandbox tenant and the tenant's journal. \
                         It takes the access token of any dialect, also as a bearer token."
            .to_owned();
    about.servers = vec![PREFIX.to_owned()];
    about
}

/// The house as a dialect.
struct House;

impl Dialect for House {
    fn name(&self) -> &'static str {
        NAME
    }

    fn credential<'request>(&self, headers: &'request HeaderMap) -> Option<Credential<'request>> {
        let plain = |name: &str| headers.get(name)?.to_str().ok();
        let bearer = || {
            let (scheme, text) = plain(header::AUTHORIZATION.as_str())?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
        };
        let text = plain("token").or_else(bearer)?;
        Some(Credential {
            dialect: NAME,
            kind: "token",
            text: text.into(),
        })
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        refuse(refusal)
    }
}

/// A refusal in the house's own words, which are also those for what belongs to no dialect.
pub(crate) fn refuse(refusal: &Refusal) -> Answer {
    errors::answer(refusal)
}
