//! The paths of webhooks and commands, and how the document describes them.

use http_kit::{Call, Endpoint, delete, get, patch, post};
use jsonapi::openapi::{self, Shape};
use jsonapi::{MEDIA_TYPE, ResourceType, Rules, Schema};
use serde_json::{Map, Value, json};
use service::{UseCase, content::ApplicationCommand, records::Readable};

use super::{endpoints, log, names};
use crate::commands;
use crate::kinds::leaving::{COMMAND_CALL, WEBHOOK_ATTEMPT, WEBHOOK_DELIVERY, WEBHOOK_ENDPOINT};
use crate::kinds::platform::APPLICATION_COMMAND;
use crate::state::State;

/// One row of the table.
pub struct Leaving {
    /// The endpoint.
    pub endpoint: Endpoint<State>,
    /// Its method, in small letters.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// The type that it is about.
    pub kind: &'static ResourceType,
    /// What a request carries.
    takes: Option<Shape>,
    /// The status and the document of an answer; none for an answer without one.
    gives: Option<(u16, Shape)>,
    /// A parameter of its own.
    own: Option<&'static str>,
}

const ENDPOINTS: &str = "/webhook_endpoints";
const ENDPOINT: &str = "/webhook_endpoints/{id}";
const ENDPOINT_SECRET: &str = "/webhook_endpoints/{id}/rotate_secret";
const DELIVERIES: &str = "/webhook_deliveries";
const DELIVERY: &str = "/webhook_deliveries/{id}";
const RESEND: &str = "/webhook_deliveries/{id}/resend";
const ATTEMPTS: &str = "/webhook_attempts";
const CALLS: &str = "/application_commands/{id}/calls";
const COMMAND_SECRET: &str = "/application_commands/{id}/rotate_secret";

/// Every path of webhooks and commands. Endpoints and their log belong to the installation that calls, so
/// they need no capability; what an endpoint may hear of needs one for each of its events.
pub fn all() -> Vec<Leaving> {
    let mut all = of_endpoints();
    all.extend(of_log());
    all.extend(of_commands());
    all
}

fn row(
    endpoint: Endpoint<State>,
    (method, path): (&'static str, &'static str),
    kind: &'static ResourceType,
    gives: Option<(u16, Shape)>,
) -> Leaving {
    Leaving {
        endpoint: endpoint.cost(1.0).tag(kind.name),
        method,
        path,
        kind,
        takes: None,
        gives,
        own: None,
    }
}

impl Leaving {
    fn takes(self, shape: Shape) -> Self {
        Self {
            takes: Some(shape),
            ..self
        }
    }

    fn own(self, name: &'static str) -> Self {
        Self {
            own: Some(name),
            ..self
        }
    }

    fn about(self, summary: &'static str) -> Self {
        Self {
            endpoint: self.endpoint.summary(summary),
            ..self
        }
    }
}

fn of_endpoints() -> Vec<Leaving> {
    let kind = &WEBHOOK_ENDPOINT;
    let listing = get(ENDPOINTS, |state: State, call: Call| {
        endpoints::list(state, call)
    });
    let making = post(ENDPOINTS, |state: State, call: Call| {
        endpoints::create(state, call)
    });
    let showing = get(ENDPOINT, |state: State, call: Call| {
        endpoints::show(state, call)
    });
    let changing = patch(ENDPOINT, |state: State, call: Call| {
        endpoints::update(state, call)
    });
    let removing = delete(ENDPOINT, |state: State, call: Call| {
        endpoints::remove(state, call)
    });
    let rotating = post(ENDPOINT_SECRET, |state: State, call: Call| {
        endpoints::rotate_secret(state, call)
    });
    let gives = |status, shape| Some((status, shape));
    vec![
        row(
            listing.any_caller(),
            ("get", ENDPOINTS),
            kind,
            gives(200, Shape::List),
        )
        .about("Lists the installation's webhook endpoints"),
        row(
            making.any_caller(),
            ("post", ENDPOINTS),
            kind,
            gives(201, Shape::Written),
        )
        .takes(Shape::Create)
        .about("Makes a webhook endpoint; its secret stands in meta.secret, this once"),
        row(
            showing.any_caller(),
            ("get", ENDPOINT),
            kind,
            gives(200, Shape::Document),
        )
        .about("Shows a webhook endpoint"),
        row(
            changing.any_caller(),
            ("patch", ENDPOINT),
            kind,
            gives(200, Shape::Written),
        )
        .takes(Shape::Update)
        .about("Changes a webhook endpoint"),
        row(removing.any_caller(), ("delete", ENDPOINT), kind, None)
            .about("Removes a webhook endpoint; what waits for it is dropped"),
        row(
            rotating.any_caller(),
            ("post", ENDPOINT_SECRET),
            kind,
            gives(200, Shape::Written),
        )
        .own(endpoints::KEEP_OLD_FOR)
        .about("Gives a webhook endpoint a new secret, which stands in meta.secret, this once"),
    ]
}

fn of_log() -> Vec<Leaving> {
    let listing = get(DELIVERIES, |state: State, call: Call| {
        log::deliveries(state, call)
    });
    let showing = get(DELIVERY, |state: State, call: Call| log::show(state, call));
    let again = post(RESEND, |state: State, call: Call| log::resend(state, call));
    let trying = get(ATTEMPTS, |state: State, call: Call| {
        log::attempts(state, call)
    });
    let gives = |status, shape| Some((status, shape));
    let kind = &WEBHOOK_DELIVERY;
    vec![
        row(
            listing.any_caller(),
            ("get", DELIVERIES),
            kind,
            gives(200, Shape::List),
        )
        .about("Lists what was sent to the installation's webhook endpoints, newest first"),
        row(
            showing.any_caller(),
            ("get", DELIVERY),
            kind,
            gives(200, Shape::Document),
        )
        .about("Shows what was sent"),
        row(
            again.any_caller(),
            ("post", RESEND),
            kind,
            gives(201, Shape::Written),
        )
        .about("Sends the same again, signed anew"),
        row(
            trying.any_caller(),
            ("get", ATTEMPTS),
            &WEBHOOK_ATTEMPT,
            gives(200, Shape::List),
        )
        .about("Lists tries with what was sent and answered, newest first"),
    ]
}

fn of_commands() -> Vec<Leaving> {
    let needs = UseCase::Write(<ApplicationCommand as Readable>::SUBJECT).needs();
    let pressing = post(CALLS, |state: State, call: Call| {
        commands::endpoints::call(state, call)
    });
    let rotating = post(COMMAND_SECRET, |state: State, call: Call| {
        commands::endpoints::rotate_secret(state, call)
    });
    vec![
        row(
            pressing.needs(needs),
            ("post", CALLS),
            &COMMAND_CALL,
            Some((201, Shape::Written)),
        )
        .takes(Shape::Create)
        .about("Presses a command's button, and shows what its application answers"),
        row(
            rotating.needs(needs),
            ("post", COMMAND_SECRET),
            &APPLICATION_COMMAND,
            Some((200, Shape::Written)),
        )
        .own(endpoints::KEEP_OLD_FOR)
        .about("Gives a command a new secret, which stands in meta.secret, this once"),
    ]
}

/// Names the events that there are in the schemas of requests.
pub fn describe_events(schemas: &mut Map<String, Value>) {
    for shape in [Shape::Create, Shape::Update] {
        let name = openapi::name(&WEBHOOK_ENDPOINT, shape);
        if let Some(body) = schemas.get_mut(&name) {
            let path = "/properties/data/properties/attributes/properties/events/items";
            if let Some(items) = body.pointer_mut(path) {
                *items = json!({ "type": "string", "enum": names::all() });
            }
        }
    }
}

/// The log is found by plain values, or by when it was written.
fn describe_filter(mut parameter: Value) -> Value {
    let pattern = match parameter["name"].as_str() {
        Some("filter[created_at]") => {
            let day = openapi::DATE;
            format!(r"^(?:{day})?\.\.(?:{day})?$")
        }
        Some("filter[state]" | "filter[outcome]" | "filter[resource_id]") => {
            // A word, in which no two dots make a range; the first is neither negated nor a part of a text.
            let rest = r"(?:\.?[^,.\u0000])*";
            let next = format!(r"[^,.\u0000]{rest}");
            format!(r"^[^!~,.\u0000]{rest}(?:,{next})*$")
        }
        Some("filter[id]") => "^[0-9]{1,100}(?:,[0-9]{1,100})*$".to_owned(),
        Some(name) if name.starts_with("filter[") => {
            "^[0-9A-Za-z_-]{1,100}(?:,[0-9A-Za-z_-]{1,100})*$".to_owned()
        }
        _ => return parameter,
    };
    parameter["schema"]["pattern"] = pattern.into();
    parameter
}

/// Adds to an operation what the types say of its query, its body and its answers. `shared` puts a
/// parameter where all who use it find it.
pub fn describe(
    operation: &mut Value,
    schema: &Schema,
    row: &Leaving,
    shared: &mut dyn FnMut(Value, &str) -> Value,
) {
    let kind = row.kind;
    let rules = match row.gives {
        Some((_, Shape::List)) => Rules::list(schema, kind),
        _ => Rules::one(schema, kind),
    };
    let known = operation["parameters"].as_array().cloned();
    let mut all = known.unwrap_or_default();
    if row.gives.is_some() {
        // Attempts have no address of their own, and are found by what they belong to.
        let is_known = |parameter: &Value| {
            *kind != WEBHOOK_ATTEMPT || parameter["name"].as_str() != Some("filter[id]")
        };
        let of_query = openapi::query(&rules).into_iter().filter(is_known);
        let of_query = of_query.chain([openapi::accept_language()]);
        let is_log = *kind == WEBHOOK_DELIVERY || *kind == WEBHOOK_ATTEMPT;
        all.extend(of_query.map(|parameter| {
            let parameter = if is_log {
                describe_filter(parameter)
            } else {
                parameter
            };
            shared(parameter, kind.name)
        }));
    }
    if let Some(name) = row.own {
        all.push(json!({
            "name": name,
            "in": "query",
            "description": "For how many hours the secrets before the new one stay valid; a day unless told",
            "schema": { "type": "integer", "minimum": 0, "maximum": endpoints::MOST_KEPT_HOURS },
        }));
    }
    operation["parameters"] = all.into();
    let content = |schema: Value| json!({ MEDIA_TYPE: { "schema": schema } });
    if let Some(shape) = row.takes {
        let schema = openapi::reference(kind, shape);
        operation["requestBody"] = json!({ "required": true, "content": {
            MEDIA_TYPE: { "schema": schema.clone() },
            "application/json": { "schema": schema },
        } });
    }
    let refused = content(openapi::errors_reference());
    let mut responses = json!({ "default": { "description": "Refused", "content": refused } });
    match row.gives {
        Some((status, shape)) => {
            let found = content(openapi::reference(kind, shape));
            responses[status.to_string()] = json!({ "description": "OK", "content": found });
        }
        None => responses["204"] = json!({ "description": "Gone" }),
    }
    operation["responses"] = responses;
    let word = kind.write.filter(|_| kind.name == APPLICATION_COMMAND.name);
    let word = word.or(APPLICATION_COMMAND.write.filter(|_| *kind == COMMAND_CALL));
    if let Some(word) = word {
        operation["x-scopes"] = json!([word]);
    }
}
