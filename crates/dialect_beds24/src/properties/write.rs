//! POST /properties.

use std::collections::HashSet;
use std::sync::Arc;

use domain::id::Id;
use domain::time::Zone;
use http_kit::{Answer, Call, Result, limits};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use service::Refusal;
use service::properties::{
    PropertyAnswer, PropertyOutcome, PropertyPlan, PropertyView, PropertyWrite, RoomPatch,
    RoomView, RoomWrite,
};

use super::{model, shown_property};
use crate::bookings::refusal;
use crate::once::{answered, once};
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
    let (asked, plans) = Asked::read(&items);
    let asked = Arc::new(asked);
    let keeps = Arc::clone(&asked);
    let once = once(&call, move |outcomes| keeps.elements(outcomes));
    let properties = state.service.properties();
    let answer = properties.write_planned(&call.actor, plans, once).await;
    Ok(answered(answer.map_err(refused)?, |outcomes| {
        asked.elements(outcomes)
    }))
}

/// The items as they were read: what is known of each before anything is done, and what is
/// attempted with those that can be carried out.
struct Asked(Vec<(Element, Option<&'static str>)>);

impl Asked {
    /// Reads all items. The plans are those of the items that can be carried out, in their order.
    fn read(items: &[&RawValue]) -> (Self, Vec<Plan>) {
        let mut plans = Vec::with_capacity(items.len());
        let items = items.iter().map(|raw| {
            let mut element = Element::new();
            let plan = read_item(raw, &mut element);
            let action = plan.as_ref().map(Plan::action);
            plans.extend(plan);
            (element, action)
        });
        let asked = Self(items.collect());
        (asked, plans)
    }

    /// The elements of the answer. They may be rendered more than once, and come out the same.
    fn elements(&self, outcomes: &[PropertyAnswer<Notes>]) -> Vec<Element> {
        let mut outcomes = outcomes.iter();
        let elements = self.0.iter().map(|(read, action)| {
            let mut element = read.clone();
            if let Some(action) = action {
                match outcomes.next() {
                    Some(outcome) => say(action, outcome, &mut element),
                    None => element.error(Remark::on(action).says("not done")),
                }
            }
            element
        });
        elements.collect()
    }
}

fn read_item(raw: &RawValue, element: &mut Element) -> Option<Plan> {
    let Ok(value) = serde_json::from_str::<Value>(raw.get()) else {
        element.error(Remark::on(NEW_PROPERTY).says(expectation("valid JSON text")));
        return None;
    };
    let mut item = PropertyIn::read(&value, element)?;
    check_words(&mut item, element);
    let id = item.id.map(Id::new);
    if id == Some(None) {
        element.error(property_refusal(
            &Refusal::UnknownOrganization,
            MODIFY_PROPERTY,
        ));
        return None;
    }
    Some(Plan {
        id: id.flatten(),
        item,
    })
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

/// Errors that arise while an item is merged into what is stored.
type Notes = Vec<Remark>;

/// What is to be written: the sent settings merged into what is there.
struct Plan {
    id: Option<Id>,
    item: PropertyIn,
}

impl Plan {
    fn action(&self) -> &'static str {
        match self.id {
            Some(_) => MODIFY_PROPERTY,
            None => NEW_PROPERTY,
        }
    }
}

impl PropertyPlan for Plan {
    type Notes = Notes;

    fn id(&self) -> Option<Id> {
        self.id
    }

    fn plan(&self, before: Option<&PropertyView>) -> (PropertyWrite, Notes) {
        let mut merged = before
            .map(|view| model::property(&view.organization))
            .unwrap_or_default();
        merge(shape(), &mut merged, self.item.fields.clone());
        let exception_closes = exception_closes(&merged);
        let known: &[RoomView] = before.map_or(&[], |view| &view.rooms);
        let (mut rooms, mut unknown) = (Vec::new(), Vec::new());
        for room in &self.item.rooms {
            match plan_room(room, known, exception_closes) {
                Ok(write) => rooms.push(write),
                Err(remark) => unknown.push(remark),
            }
        }
        rooms.extend(follow_exception_rule(known, &rooms, exception_closes));
        let write = PropertyWrite {
            id: self.id,
            patch: model::property_patch(&merged, &self.item.fields),
            rooms,
        };
        (write, unknown)
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
    room: &RoomIn,
    known: &[RoomView],
    exception_closes: bool,
) -> std::result::Result<RoomWrite, Remark> {
    let is_it = |id: i64| move |view: &&RoomView| view.resource.id.get() == id;
    let before = match room.id {
        None => None,
        Some(id) => Some(known.iter().find(is_it(id)).ok_or_else(|| {
            Remark::on(MODIFY_ROOM)
                .id(id)
                .field("roomTypes_id")
                .says("not found")
        })?),
    };
    let stored = before.map(model::room).unwrap_or_default();
    let mut merged = stored.clone();
    let mut sent = room.fields.clone();
    if before.is_none() {
        sent.entry("priceRules")
            .or_insert_with(model::first_price_rule);
        sent.entry("maxPeople").or_insert(json!(2));
    }
    merge(room_shape(), &mut merged, sent.clone());
    Ok(RoomWrite {
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

/// Says what became of an item.
fn say(action: &'static str, answer: &PropertyAnswer<Notes>, element: &mut Element) {
    for remark in answer.notes.iter().flatten() {
        element.error(remark.clone());
    }
    match &answer.result {
        Ok(outcome) => say_done(outcome, element),
        Err(refused) => element.error(property_refusal(refused, action)),
    }
}

/// Says what became of a property: the whole of a new one, the changed leaves of another.
fn say_done(outcome: &PropertyOutcome, element: &mut Element) {
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
