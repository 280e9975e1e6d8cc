//! What we send, judged by the response schema of the JSON:API project: every answer of every endpoint,
//! every refusal, and every record that webhooks and commands carry.
//!
//! Endpoints come from the table that the walks go over, so a new one is judged by being listed there.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use dialect_bookingexperts::hooks::names;
use dialect_bookingexperts::kinds;
use jsonapi::{Code, ResourceType};
use jsonschema::Validator;
use serde_json::{Value, json};
use service::outgoing::Attempt;

use crate::described::{Described, UNKNOWN, all, parameters};
use crate::house::{House, Reply, in_every_house};
use crate::outside::event;
use crate::strangers::order;
use crate::subscription::with_a_page;
use crate::things::Things;
use crate::world::World;

const RESPONSE: &str =
    include_str!("../../../jsonapi/tests/schemas/jsonapi-1.0-response-schema.json");

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(RESPONSE).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

/// A member of a resource: its type, where in it the member stands, and the member's name.
type Member = (&'static str, &'static str, &'static str);

/// The only exceptions: JSON:API keeps the name of an attribute for itself, and knows one link of a resource
/// only. The vendor's wire has these members all the same, and its clients read them.
const EXCEPTIONS: [Member; 3] = [
    ("agenda_period", "attributes", "type"),
    ("amenity", "attributes", "type"),
    ("subscription", "links", "url"),
];

/// The exceptions among attributes.
fn reserved() -> BTreeSet<Member> {
    let all = EXCEPTIONS.into_iter();
    all.filter(|(_, place, _)| *place == "attributes").collect()
}

/// A document without the members that are exceptions, and those that it had.
fn without_exceptions(document: &Value) -> (Value, BTreeSet<Member>) {
    let (mut plain, mut had) = (document.clone(), BTreeSet::new());
    for member in ["data", "included"] {
        let rows = match plain.get_mut(member) {
            Some(Value::Array(rows)) => rows.iter_mut().collect(),
            Some(row) => vec![row],
            None => Vec::new(),
        };
        for row in rows {
            for (kind, place, name) in EXCEPTIONS {
                if row["type"] != kind {
                    continue;
                }
                let members = row.get_mut(place).and_then(Value::as_object_mut);
                if members.is_some_and(|all| all.remove(name).is_some()) {
                    had.insert((kind, place, name));
                }
            }
        }
    }
    (plain, had)
}

/// What a document breaks: where, and which rule of the schema. Nothing is forgiven but the exceptions,
/// and those only while they are some.
pub fn flaws(document: &Value) -> Vec<String> {
    let (plain, had) = without_exceptions(document);
    let errors = SCHEMA.iter_errors(&plain);
    let mut flaws: Vec<String> = errors
        .map(|error| {
            format!(
                "{:?} breaks {}",
                error.instance_path().as_str(),
                error.schema_path()
            )
        })
        .collect();
    if !had.is_empty() && SCHEMA.is_valid(document) {
        flaws.push(format!("{had:?} need no exception any more"));
    }
    flaws
}

/// The document of an answer, which has to be one of JSON:API.
fn document(place: &str, reply: &Reply) -> Value {
    let media = &reply.headers["content-type"];
    assert_eq!(media, "application/vnd.api+json", "{place}");
    let document = reply.json();
    assert_eq!(flaws(&document), [""; 0], "{place}: {document}");
    document
}

/// The primary resources of a document.
fn rows(document: &Value) -> Vec<&Value> {
    match &document["data"] {
        Value::Array(rows) => rows.iter().collect(),
        Value::Null => Vec::new(),
        row => vec![row],
    }
}

/// Asks for all that resources of a type have and lead to.
fn everything_of(kind: &ResourceType) -> String {
    let attributes = kind.attributes.iter().filter(|known| known.readable);
    let ends = kind.relationships.iter();
    let fields = attributes.map(|known| known.name);
    let fields: Vec<&str> = fields.chain(ends.clone().map(|end| end.name)).collect();
    let ends = ends.filter(|end| end.includable).map(|end| end.name);
    let ends: Vec<&str> = ends.collect();
    let (name, fields, ends) = (kind.name, fields.join(","), ends.join(","));
    format!("fields[{name}]={fields}&include={ends}")
}

/// What some endpoints have to be asked for, so that they have something to show.
fn question(path: &str) -> &'static str {
    match path {
        "/contacts/search/first" => "email=ada@example.org&",
        "/availabilities" => {
            "filter[start_date]=2027-05-07..2027-05-08&filter[los]=1&\
             include_semantic_segment_counts=true&include_amenity_counts=true&"
        }
        path if path.ends_with("/availabilities") => "date_range=2027-05-07..2027-05-10&",
        _ => "",
    }
}

/// One of everything, with a webhook endpoint whose log has something in it, and a button that answers.
async fn things(house: &House) -> Things {
    let world = World::new(house).await;
    let own = Things::of(house, world, true).await;
    let own = own.with_endpoint(house, &house.key).await;
    let id = |kind| own.a(kind).unwrap().parse().unwrap();
    let now = house.clock.now();
    let attempt = Attempt {
        tenant_id: house.tenant_id,
        id: house.service.new_id(&house.actor_now()),
        delivery_id: id("webhook_delivery"),
        subscription_id: id("webhook_endpoint"),
        number: 3,
        at: now,
        took_ms: 17,
        outcome: "refused".into(),
        status: Some(500),
        problem: Some("the receiver refused it".into()),
        url: "https://app.example/hook".into(),
        request_head: vec![("content-type".into(), "application/json".into())],
        request: "{}".into(),
        response_head: vec![("content-length".into(), "4".into())],
        response: "Oops".into(),
        next_at: Some(now),
    };
    testkit::put_in(&house.store, attempt).await;
    house.button.answers(200, &json!({ "notice": "done" }));
    own
}

/// Every endpoint: what reads comes first, and what takes away comes last.
fn endpoints() -> Vec<Described> {
    let mut rows = all();
    rows.sort_by_key(|row| (order(row), row.method != "GET"));
    rows
}

/// The type of what a document shows, which has to be something.
fn shown(place: &str, document: &Value) -> &'static ResourceType {
    let rows = rows(document);
    let first = rows
        .first()
        .unwrap_or_else(|| panic!("{place} shows nothing"));
    let mut kinds = kinds::TYPES.iter();
    let kind = kinds.find(|kind| first["type"] == kind.name);
    kind.unwrap_or_else(|| panic!("{place} shows {}", first["type"]))
}

#[tokio::test]
async fn every_endpoint_answers_with_a_document_of_json_api() {
    in_every_house(|house| async move {
        let own = things(&house).await;
        let (mut had, mut statuses) = (BTreeSet::new(), BTreeSet::new());
        for row in endpoints() {
            let path = format!("{}?{}", own.path(row.path, None), question(row.path));
            let place = format!("{} {path}", row.method);
            if row.method == "GET" {
                let plain = document(&place, &house.get_as(&house.key, &path).await);
                let path = format!("{path}{}", everything_of(shown(&place, &plain)));
                let reply = house.get_as(&house.key, &path).await;
                assert_eq!(reply.status, 200, "{path}: {}", reply.json());
                let whole = document(&path, &reply);
                shown(&path, &whole);
                had.extend(without_exceptions(&whole).1);
                continue;
            }
            let asked = row.carries.map(everything_of).unwrap_or_default();
            let path = format!("{path}{asked}");
            let sent = own.document(&row);
            let reply = house
                .call_as(&house.key, &row.method, &path, sent.as_ref())
                .await;
            statuses.insert(reply.status);
            if reply.status == 204 {
                assert_eq!(reply.body.len(), 0, "{place}");
                continue;
            }
            let answer = document(&place, &reply);
            // What others still need, or have taken away before, can't go.
            let goes = row.method == "DELETE" || row.path.ends_with("/archive");
            if !(goes && [404, 409].contains(&reply.status)) {
                assert!([200, 201].contains(&reply.status), "{place}: {answer}");
                shown(&place, &answer);
            }
        }
        let (key, _) = with_a_page(&house).await;
        let subscription = document("/subscription", &house.get_as(&key, "/subscription").await);
        had.extend(without_exceptions(&subscription).1);
        assert_eq!(had, BTreeSet::from(EXCEPTIONS), "each exception was met");
        assert!(
            statuses.is_superset(&BTreeSet::from([200, 201, 204])),
            "{statuses:?}"
        );
    })
    .await;
}

/// The document of a refusal.
fn refused(place: &str, reply: &Reply) {
    let document = document(place, reply);
    let status = reply.status;
    assert!((400..500).contains(&status), "{place}: {status} {document}");
    let errors = document["errors"].as_array();
    let errors = errors.unwrap_or_else(|| panic!("{place}: {document}"));
    assert!(!errors.is_empty(), "{place}");
    for error in errors {
        let is_known = Code::ALL.iter().any(|code| error["code"] == code.as_str());
        assert!(is_known, "{place}: {error}");
    }
}

#[tokio::test]
async fn every_endpoint_refuses_with_a_document_of_json_api() {
    in_every_house(|house| async move {
        let own = things(&house).await;
        for row in all() {
            let path = own.path(row.path, None);
            let place = format!("{} {path}", row.method);
            let whole = format!("/bookingexperts/v3{path}");
            let (method, key) = (row.method.as_str(), house.key.as_str());
            refused(&place, &house.ask(method, &whole, &[]).await);
            let csv = [("x-api-key", key), ("accept", "text/csv")];
            let reply = house.ask(method, &whole, &csv).await;
            assert_eq!(reply.status, 406, "{place}");
            refused(&place, &reply);
            if method == "GET" {
                let path = format!("{path}?include=unicorn&sort=x&fields[x]=y&filter[x]=y");
                let reply = house.get_as(key, &path).await;
                assert_eq!(reply.status, 400, "{path}");
                refused(&path, &reply);
            }
            let sent = own.document(&row);
            if let Some(sent) = &sent {
                let text = [("content-type", "text/csv")];
                let reply = house.send_under(key, method, &path, sent, &text).await;
                assert_eq!(reply.status, 415, "{place}");
                refused(&place, &reply);
                let odd = json!({ "data": { "type": "unicorn", "attributes": 7 } });
                refused(&place, &house.send_as(key, method, &path, &odd).await);
            }
            for name in parameters(row.path) {
                let path = own.path(row.path, Some((name, UNKNOWN)));
                let reply = house.call_as(key, method, &path, sent.as_ref()).await;
                refused(&format!("{method} {path}"), &reply);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_event_carries_a_document_of_json_api() {
    in_every_house(|house| async move {
        let own = things(&house).await;
        let mut had = BTreeSet::new();
        for (noun, kinds) in names::NOUNS {
            for kind in *kinds {
                // Nobody reads it again: whoever makes it is shown it once.
                let id = match *kind {
                    "organization" => house.tenant_id,
                    "guest_mutation_notification" => notification(&house, &own).await,
                    kind => own
                        .a(kind)
                        .unwrap_or_else(|| panic!("no {kind}"))
                        .parse()
                        .unwrap(),
                };
                let happened = event(
                    &house,
                    &format!("{noun}.changed"),
                    id,
                    house.parks[0].0,
                    json!({}),
                );
                let name = format!("{kind}:updated");
                // Whatever is told is judged where it is rendered.
                let body = house.told(&house.key, &name, &happened).await;
                let body = body.unwrap_or_else(|| panic!("nothing is told of {name}"));
                assert_eq!(shown(&name, &body["record"]).name, *kind);
                had.extend(without_exceptions(&body["record"]).1);
            }
        }
        assert_eq!(had, reserved(), "each exception was met");
    })
    .await;
}

/// The id of word that was given of other guests.
async fn notification(house: &House, own: &Things) -> domain::id::Id {
    let rows = all();
    let mut rows = rows.iter();
    let row = rows
        .find(|row| row.path.ends_with("/guest_mutation_notifications"))
        .unwrap();
    let path = own.path(row.path, None);
    let reply = house.send("POST", &path, &own.document(row).unwrap()).await;
    reply.json()["data"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn no_other_attribute_has_a_reserved_name() {
    let attributes = kinds::TYPES.iter().flat_map(|kind| {
        let reserved = kind.attributes.iter().filter(|known| known.reserved_name);
        reserved.map(|known| (kind.name, "attributes", known.name))
    });
    assert_eq!(attributes.collect::<BTreeSet<_>>(), reserved());
}

#[test]
fn what_is_no_document_of_json_api_is_found() {
    let row = |kind: &str, attributes: Value| json!({ "data": { "type": kind, "id": "1", "attributes": attributes } });
    let named = json!({ "name": "x" });
    assert_eq!(flaws(&row("label", named.clone())), [""; 0]);
    assert_eq!(flaws(&row("amenity", json!({ "type": "x" }))), [""; 0]);
    for broken in [
        row("label", json!({ "type": "x" })),
        row("label", json!({ "id": "x" })),
        row("amenity", json!({ "type": "x", "id": "x" })),
        row("amenity", json!({ "type": "x", "a|b": 1 })),
        json!({ "data": [row("amenity", json!({ "type": "x" }))["data"], { "type": "label" }] }),
        json!({ "data": { "type": "label", "id": 1 } }),
        json!({ "data": { "type": "label", "id": "1", "links": { "url": "https://x.example" } } }),
        json!({ "data": [], "links": { "next": 7 } }),
        json!({ "data": [], "errors": [] }),
        json!({ "errors": [{ "status": 401 }] }),
        json!({ "total": 3 }),
    ] {
        assert_ne!(flaws(&broken), [""; 0], "{broken}");
    }
}
