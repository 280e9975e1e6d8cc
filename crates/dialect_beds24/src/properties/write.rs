//! POST /properties.

use std::collections::HashSet;

use domain::access::Actor;
use domain::id::Id;
use domain::time::Zone;
use http::StatusCode;
use http_kit::{Answer, Call, Result, limits};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use service::properties::{
    PropertyFilter, PropertyOutcome, PropertyView, PropertyWrite, RoomPatch, RoomView, RoomWrite,
};
use service::{PageOf, Refusal};

use super::{model, shown_property};
use crate::bookings::refusal;
use crate::lookups;
use crate::state::{State, refused};
use crate::wire::element::{Element, Remark, expectation};
use crate::wire::merge::{difference, merge};
use crate::wire::property::{
    MODIFY_PROPERTY, MODIFY_ROOM, NEW_PROPERTY, NEW_ROOM, PropertyIn, RoomIn, room_shape, shape,
};
use crate::wire::queries::Shown;

/// Makes and changes properties with their rooms: each item is done or refused by itself.
pub async fn write(state: State, call: Call) -> Result<Answer> {
    let items = call.items(limits::BATCH_ITEMS)?;
    let mut elements = Vec::with_capacity(items.len());
    for item in items {
        elements.push(write_item(&state, &call.actor, item).await?);
    }
    Answer::json(StatusCode::CREATED, &elements)
}

async fn write_item(state: &State, actor: &Actor, raw: &RawValue) -> Result<Element> {
    let mut element = Element::new();
    let Ok(value) = serde_json::from_str::<Value>(raw.get()) else {
        return Ok(Element::refused(
            Remark::on(NEW_PROPERTY).says(expectation("valid JSON text")),
        ));
    };
    let Some(mut item) = PropertyIn::read(&value, &mut element) else {
        return Ok(element);
    };
    check_words(&mut item, &mut element);
    let before = match item.id {
        None => None,
        Some(id) => match known(state, actor, id).await? {
            Some(before) => Some(before),
            None => {
                element.error(refusal(&Refusal::UnknownOrganization, MODIFY_PROPERTY).field("id"));
                return Ok(element);
            }
        },
    };
    let mut write = plan(item, before.as_ref(), &mut element);
    if before.is_none() && write.patch.details.zone.is_none() {
        write.patch.details.zone = zone_of_others(state, actor).await?;
    }
    let action = if before.is_some() {
        MODIFY_PROPERTY
    } else {
        NEW_PROPERTY
    };
    let outcomes = state
        .service
        .properties()
        .write(actor, vec![write])
        .await
        .map_err(refused)?;
    match outcomes.into_iter().next() {
        Some(Ok(outcome)) => say(&outcome, &mut element),
        Some(Err(refused)) => element.error(property_refusal(&refused, action)),
        None => element.error(Remark::on(action).says("not done")),
    }
    Ok(element)
}

/// Leaves out, with a warning, a currency and a zone that there are none of.
fn check_words(item: &mut PropertyIn, element: &mut Element) {
    let mut check = |name: &str, expected: &str, exists: &dyn Fn(&str) -> bool| {
        let word = item.fields.get(name).and_then(Value::as_str);
        if word.is_some_and(|word| !exists(word)) {
            item.fields.shift_remove(name);
            element.warn(
                Remark::default()
                    .field(name)
                    .says(format!("Invalid, expected {expected}")),
            );
        }
    };
    check("currency", "a currency code such as EUR", &|code| {
        model::currency(code).is_some()
    });
    check("timeZone", "a time zone such as Europe/Lisbon", &|name| {
        Zone::new(name).is_ok()
    });
}

async fn known(state: &State, actor: &Actor, id: i64) -> Result<Option<PropertyView>> {
    let Some(id) = Id::new(id) else {
        return Ok(None);
    };
    lookups::property(state, actor, id).await
}

/// The API has no field for a time zone, so a new property lies where the oldest one does.
async fn zone_of_others(state: &State, actor: &Actor) -> Result<Option<Zone>> {
    let any = PropertyFilter::default();
    let found = state
        .service
        .properties()
        .find(actor, &any, PageOf::first(1))
        .await;
    // Whoever may not read properties makes one in UTC.
    Ok(found
        .ok()
        .and_then(|page| Some(page.rows.into_iter().next()?.organization.details.zone)))
}

/// What is to be written: the sent settings merged into what is there.
fn plan(item: PropertyIn, before: Option<&PropertyView>, element: &mut Element) -> PropertyWrite {
    let mut merged = before
        .map(|view| model::property(&view.organization))
        .unwrap_or_default();
    merge(shape(), &mut merged, item.fields.clone());
    let exception_closes = exception_closes(&merged);
    let known: &[RoomView] = before.map_or(&[], |view| &view.rooms);
    let mut rooms = Vec::new();
    for room in item.rooms {
        rooms.extend(plan_room(room, known, exception_closes, element));
    }
    rooms.extend(follow_exception_rule(known, &rooms, exception_closes));
    let id = before.map(|view| view.organization.id);
    PropertyWrite {
        id,
        patch: model::property_patch(&merged, &item.fields),
        rooms,
    }
}

/// Whether an exceptional day is closed: the vendor's rule of the property, which the shared
/// inventory keeps with each room.
fn exception_closes(property: &Map<String, Value>) -> bool {
    let rules = property.get("bookingRules");
    let word = rules
        .and_then(|rules| rules.get("bookingExceptionalType"))
        .and_then(Value::as_str);
    word.is_none_or(|word| word == "blackoutPeriod")
}

fn plan_room(
    room: RoomIn,
    known: &[RoomView],
    exception_closes: bool,
    element: &mut Element,
) -> Option<RoomWrite> {
    let before = match room.id {
        None => None,
        Some(id) => {
            let found = known.iter().find(|view| view.resource.id.get() == id);
            if found.is_none() {
                let unknown = Remark::on(MODIFY_ROOM)
                    .id(id)
                    .field("roomTypes_id")
                    .says("not found");
                element.error(unknown);
                return None;
            }
            found
        }
    };
    let stored = before.map(model::room).unwrap_or_default();
    let mut merged = stored.clone();
    let mut sent = room.fields;
    if before.is_none() {
        sent.entry("priceRules")
            .or_insert_with(model::first_price_rule);
        sent.entry("maxPeople").or_insert(json!(2));
    }
    merge(room_shape(), &mut merged, sent.clone());
    Some(RoomWrite {
        id: before.map(|view| view.resource.id),
        patch: model::room_patch(&merged, &sent, exception_closes),
        units: model::unit_patches(&stored, &merged),
    })
}

/// Writes for the rooms that were not sent but have to follow the property's rule.
fn follow_exception_rule(
    known: &[RoomView],
    written: &[RoomWrite],
    exception_closes: bool,
) -> Vec<RoomWrite> {
    let written: HashSet<Id> = written.iter().filter_map(|write| write.id).collect();
    let others = known
        .iter()
        .filter(|view| !written.contains(&view.resource.id));
    let stale =
        others.filter(|view| view.resource.details.rules.exception_closes != exception_closes);
    let follow = stale.map(|view| {
        let mut patch = RoomPatch::default();
        let rules = view.resource.details.rules;
        patch.details.rules = Some(domain::calendar::StayRules {
            exception_closes,
            ..rules
        });
        RoomWrite {
            id: Some(view.resource.id),
            patch,
            units: Vec::new(),
        }
    });
    follow.collect()
}

/// Says what became of a property: the whole of a new one, the changed leaves of another.
fn say(outcome: &PropertyOutcome, element: &mut Element) {
    for refused in outcome.rooms.iter().filter_map(|room| room.as_ref().err()) {
        element.error(property_refusal(refused, MODIFY_ROOM));
    }
    let all = Shown::everything();
    let after = shown_property(&outcome.after, &all, &|_| true);
    let Some(before) = &outcome.before else {
        let id = outcome.after.organization.id.get();
        element.made(&after);
        element.inform(Remark::on(NEW_PROPERTY).id(id));
        return;
    };
    let mut changed = difference(shape(), &shown_property(before, &all, &|_| true), &after);
    let known: HashSet<i64> = before
        .rooms
        .iter()
        .map(|room| room.resource.id.get())
        .collect();
    if let Some(Value::Array(rooms)) = changed.shift_remove("roomTypes") {
        let is_known = |room: &Value| {
            room.get("id")
                .and_then(Value::as_i64)
                .is_some_and(|id| known.contains(&id))
        };
        let (modified, new): (Vec<Value>, Vec<Value>) = rooms.into_iter().partition(is_known);
        for room in &new {
            let id = room.get("id").and_then(Value::as_i64).unwrap_or_default();
            element.inform(Remark::on(NEW_ROOM).id(id));
        }
        if !new.is_empty() {
            element.made(&json!({"id": outcome.after.organization.id.get(), "roomTypes": new}));
        }
        if !modified.is_empty() {
            changed.insert("roomTypes".into(), Value::Array(modified));
        }
    }
    element.changed(changed);
}

/// A refusal with the vendor's names of the fields.
fn property_refusal(refused: &Refusal, action: &'static str) -> Remark {
    let remark = refusal(refused, action);
    let field = match refused {
        Refusal::UnknownOrganization => "id",
        Refusal::UnknownResource => "roomTypes_id",
        Refusal::CapacityInUse { .. }
        | Refusal::Invalid {
            field: "quantity", ..
        } => "roomTypes_qty",
        Refusal::Invalid { field: "units", .. } => "roomTypes_units",
        Refusal::Invalid { field: "zone", .. } => "timeZone",
        _ => return remark,
    };
    remark.field(field)
}
