//! The table of what sells: every path, with what it takes, what it answers, and the word that opens it.

use http_kit::openapi::Parameter;
use http_kit::{Call, Endpoint, delete, get, patch, post};
use jsonapi::ResourceType;
use jsonapi::openapi::{self, Shape};
use serde_json::{Value, json};
use service::UseCase;

use super::{
    calendar, change, create,
    flags::{FLAGS, MODES},
    parameters, search,
};
use crate::kinds::{
    availability::{AVAILABILITY, RENTABLE_TYPE_AVAILABILITY},
    bookings::RESERVATION,
};
use crate::read::Root;
use crate::scopes;
use crate::state::State;

/// One row of the table.
pub struct Sold {
    /// The endpoint.
    pub endpoint: Endpoint<State>,
    /// Its method, in small letters.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// The type that it shows.
    pub kind: &'static ResourceType,
    /// Whether it answers with resources, whose fields and includes can be chosen.
    pub answers: bool,
    /// The words that open it.
    pub words: Vec<String>,
}

/// All rows.
pub fn sold() -> Vec<Sold> {
    let mut all = channel();
    all.extend(administration());
    all.extend(available());
    all
}

/// A row that only reads.
fn reads(path: &'static str, kind: &'static ResourceType, endpoint: Endpoint<State>) -> Sold {
    Sold {
        endpoint: endpoint.cost(1.0).tag(AVAILABILITY.name),
        method: "get",
        path,
        kind,
        answers: true,
        words: scopes::reading(kind),
    }
}

/// What is free, and at which price.
fn available() -> Vec<Sold> {
    const SEARCH: &str = "/availabilities";
    const DAYS: [&str; 2] = [
        "/channels/{channel_id}/rentable_types/{id}/availabilities",
        "/channels/{channel_id}/categories/{id}/availabilities",
    ];
    let needs = UseCase::SearchStays.needs();
    let search = get(SEARCH, search::stays)
        .needs(needs)
        .summary("Searches for stays that can be reserved")
        .parameter_objects(parameters::of_search())
        .answer_schema(200, openapi::reference(&AVAILABILITY, Shape::Whole));
    let mut all = vec![reads(SEARCH, &AVAILABILITY, search)];
    let day = openapi::DATE;
    let range = json!({ "type": "string", "pattern": format!(r"^(?:{day}\.\.{day})?$") });
    for path in DAYS {
        let kind = &RENTABLE_TYPE_AVAILABILITY;
        let margin = json!({ "type": "integer", "minimum": 0, "maximum": 1000, "default": 0 });
        let days = get(path, calendar::days)
            .needs(needs)
            .summary("Shows what is left of a rentable type, day by day")
            .param(
                Parameter::query("date_range", range.clone())
                    .about("2027-05-01..2027-06-01: the second day is excluded"),
            )
            .param(
                Parameter::query("multibook_safety_margin", margin)
                    .about("So many fewer are shown of what has three units or more"),
            )
            .answer_schema(200, openapi::reference(kind, Shape::List));
        all.push(reads(path, kind, days));
    }
    all
}

/// A row that writes reservations.
fn writes(method: &'static str, path: &'static str, endpoint: Endpoint<State>) -> Sold {
    Sold {
        endpoint: endpoint.cost(1.0).tag(RESERVATION.name),
        method,
        path,
        kind: &RESERVATION,
        answers: method != "delete",
        words: RESERVATION.write.into_iter().map(str::to_owned).collect(),
    }
}

const NEEDS: domain::access::Capability = UseCase::WriteBookings.needs();

/// An endpoint with the flags that say how strictly a stay is looked at.
fn flagged(endpoint: Endpoint<State>) -> Endpoint<State> {
    FLAGS.iter().fold(endpoint, |endpoint, (name, about)| {
        let flag = json!({ "type": "boolean", "default": false });
        endpoint.param(Parameter::query(name, flag).about(about))
    })
}

fn mode() -> Parameter {
    let schema = json!({ "type": "string", "enum": MODES, "default": MODES[0] });
    Parameter::query("order_update_mode", schema)
        .about("Whether a stay that changes is priced anew, or keeps what it was sold at")
}

fn body(shape: Shape) -> Value {
    openapi::reference(&RESERVATION, shape)
}

fn channel() -> Vec<Sold> {
    const LIST: &str = "/channels/{channel_id}/reservations";
    const ONE: &str = "/channels/{channel_id}/reservations/{id}";
    const PREVIEW_NEW: &str = "/channels/{channel_id}/reservations/preview";
    let root = Root::Channel;
    let reserve = flagged(post(LIST, create::create).needs(NEEDS))
        .summary("Reserves a stay")
        .body_schema(body(Shape::Create))
        .answer_schema(201, body(Shape::Written));
    let preview = flagged(post(PREVIEW_NEW, create::preview_new).needs(NEEDS))
        .summary("Says what a reservation would come to")
        .body_schema(body(Shape::Create))
        .answer_schema(200, body(Shape::Document));
    let remove = delete(ONE, move |state: State, call: Call| {
        change::remove(state, call, root)
    });
    let remove = remove
        .needs(NEEDS)
        .summary("Calls a reservation off")
        .answer_empty(204);
    let mut all = vec![
        writes("post", LIST, reserve),
        writes("post", PREVIEW_NEW, preview),
        writes("delete", ONE, remove),
    ];
    all.extend(changing(
        root,
        [
            ONE,
            "/channels/{channel_id}/reservations/{id}/preview",
            "/channels/{channel_id}/reservations/{id}/confirm",
            "/channels/{channel_id}/reservations/{id}/cancel",
        ],
    ));
    all
}

fn administration() -> Vec<Sold> {
    let paths = [
        "/administrations/{administration_id}/reservations/{id}",
        "/administrations/{administration_id}/reservations/{id}/preview",
        "/administrations/{administration_id}/reservations/{id}/confirm",
        "/administrations/{administration_id}/reservations/{id}/cancel",
    ];
    changing(Root::Administration, paths)
}

/// What changes a reservation: the change, its preview, and the two changes that have paths of their own.
fn changing(root: Root, [one, preview, confirm, cancel]: [&'static str; 4]) -> Vec<Sold> {
    let updating = patch(one, move |state: State, call: Call| {
        change::update(state, call, root)
    });
    let updating = flagged(updating.needs(NEEDS))
        .summary("Changes a reservation")
        .param(mode())
        .body_schema(body(Shape::Update))
        .answer_schema(200, body(Shape::Written));
    let previewing = post(preview, move |state: State, call: Call| {
        change::preview_change(state, call, root)
    });
    let previewing = flagged(previewing.needs(NEEDS))
        .summary("Says what a change of a reservation would come to")
        .param(mode())
        .body_schema(body(Shape::Update))
        .answer_schema(200, body(Shape::Document));
    let confirming = post(confirm, move |state: State, call: Call| {
        change::confirm(state, call, root)
    });
    let confirming = confirming
        .needs(NEEDS)
        .summary("Confirms a reservation")
        .answer_schema(200, body(Shape::Written));
    let cancelling = post(cancel, move |state: State, call: Call| {
        change::cancel(state, call, root)
    });
    let cancelling = cancelling
        .needs(NEEDS)
        .summary("Calls a reservation off")
        .answer_schema(200, body(Shape::Written));
    vec![
        writes("patch", one, updating),
        writes("post", preview, previewing),
        writes("post", confirm, confirming),
        writes("post", cancel, cancelling),
    ]
}
