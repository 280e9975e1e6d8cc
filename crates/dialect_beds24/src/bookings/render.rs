//! What became of the items of a write, in the vendor's elements.

use serde_json::{Map, Value, json};
use service::Refusal;
use service::bookings::{BookingOutcome, ItemOutcome, Written};

use super::show;
use crate::wire::booking_in::{BookingIn, Fields, MODIFY_BOOKING, NEW_BOOKING, SubItemIn};
use crate::wire::booking_out::{BookingOut, Sees, changed_fields};
use crate::wire::element::{Element, Remark, expectation};
use crate::wire::parts::Amount;

/// A list of parts of a booking: its key on the wire, and what is attempted with one of them.
struct Parts {
    key: &'static str,
    new: &'static str,
    modify: &'static str,
    delete: &'static str,
}

const INVOICE_ITEMS: Parts = Parts {
    key: "invoiceItems",
    new: "new invoice item",
    modify: "modify invoice item",
    delete: "delete invoice item",
};

const INFO_ITEMS: Parts = Parts {
    key: "infoItems",
    new: "new info item",
    modify: "modify info item",
    delete: "delete info item",
};

/// Says in `element` what became of an item.
pub fn item(item: &BookingIn, outcome: &BookingOutcome, sees: Sees, element: &mut Element) {
    let action = if item.id.is_none() {
        NEW_BOOKING
    } else {
        MODIFY_BOOKING
    };
    match &outcome.result {
        Err(refused) => element.error(refusal(refused, action)),
        Ok(written) => self::written(item, outcome, written, sees, element),
    }
}

fn written(
    item: &BookingIn,
    outcome: &BookingOutcome,
    written: &Written,
    sees: Sees,
    element: &mut Element,
) {
    let is_new = item.id.is_none();
    let mut lines = Shown::of(
        &INVOICE_ITEMS,
        &item.invoice_items,
        &outcome.lines,
        is_new,
        element,
    );
    let notes = Shown::of(
        &INFO_ITEMS,
        &item.info_items,
        &outcome.notes,
        is_new,
        element,
    );
    if is_new && item.actions.auto_invoice_item_charge {
        lines.new.extend(automatic_charge(written, outcome));
    }
    let after = show(&written.after, sees);
    match &written.before {
        None => say_new(after, lines.new, notes.new, element),
        Some(before) => {
            let modified = changed_fields(&show(before, sees), &after);
            say_modified(modified, lines, notes, element);
        }
    }
    if written.unit_not_given {
        let action = if is_new { NEW_BOOKING } else { MODIFY_BOOKING };
        element.warn(Remark::on(action).field("unitId").says("not available"));
    }
}

/// The charge that was made from the price; it comes after all that were sent.
fn automatic_charge(written: &Written, outcome: &BookingOutcome) -> Option<Value> {
    let Some(ItemOutcome::Added(id)) = outcome.lines.last() else {
        return None;
    };
    let price = Amount(written.after.booking.details.price);
    Some(json!({"id": id.get(), "type": "charge", "qty": 1, "amount": price}))
}

fn say_new(mut after: BookingOut<'_>, lines: Vec<Value>, notes: Vec<Value>, element: &mut Element) {
    after.new_parts = vec![(INVOICE_ITEMS.key, lines), (INFO_ITEMS.key, notes)];
    after.new_parts.retain(|(_, parts)| !parts.is_empty());
    element.made(&after);
    element.inform(Remark::on(NEW_BOOKING).id(after.id));
}

fn say_modified(
    mut modified: Map<String, Value>,
    lines: Shown,
    notes: Shown,
    element: &mut Element,
) {
    let mut new = Map::new();
    for (parts, shown) in [(&INVOICE_ITEMS, lines), (&INFO_ITEMS, notes)] {
        put(&mut new, parts.key, shown.new);
        put(&mut modified, parts.key, shown.modified);
    }
    if !new.is_empty() {
        element.made(&new);
    }
    element.changed(modified);
}

/// The parts that an answer shows.
#[derive(Default)]
struct Shown {
    new: Vec<Value>,
    modified: Vec<Value>,
}

impl Shown {
    /// Goes through the parts that were sent and what became of them; the use cases answer for all
    /// parts of a change, and for the added ones of a new booking.
    fn of(
        parts: &Parts,
        sent: &[SubItemIn],
        outcomes: &[ItemOutcome],
        is_new: bool,
        element: &mut Element,
    ) -> Self {
        let mut shown = Self::default();
        let mut outcomes = outcomes.iter();
        for item in sent {
            let skipped = is_new && !matches!(item, SubItemIn::Add(_));
            let outcome = if skipped { None } else { outcomes.next() };
            match (item, outcome) {
                (SubItemIn::Add(fields), Some(ItemOutcome::Added(id))) => {
                    shown.new.push(with_id(id.get(), fields));
                }
                (SubItemIn::Change(_, fields), Some(ItemOutcome::Changed(id))) => {
                    shown.modified.push(with_id(id.get(), fields));
                }
                (SubItemIn::Delete(_), Some(ItemOutcome::Removed(id))) => {
                    element.inform(Remark::on(parts.delete).id(id.get()));
                }
                (SubItemIn::Add(_), _) => element.error(Remark::on(parts.new).says("not added")),
                (SubItemIn::Change(id, _), _) => element.error(unknown(parts.modify, *id)),
                (SubItemIn::Delete(id), _) => element.error(unknown(parts.delete, *id)),
            }
        }
        shown
    }
}

fn unknown(action: &'static str, id: i64) -> Remark {
    Remark::on(action).id(id).field("id").says("not found")
}

fn with_id(id: i64, fields: &Fields) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), Value::from(id));
    shown.extend(fields.0.clone());
    Value::Object(shown)
}

fn put(map: &mut Map<String, Value>, key: &str, parts: Vec<Value>) {
    if !parts.is_empty() {
        map.insert(key.into(), Value::Array(parts));
    }
}

/// A refusal in the vendor's manner: what was attempted, which field, why. What a caller may not
/// know of is answered like what is not there.
pub fn refusal(refusal: &Refusal, action: &'static str) -> Remark {
    let (field, message) = match refusal {
        Refusal::UnknownResource => ("roomId", "not found".to_owned()),
        Refusal::UnknownOrganization => ("propertyId", "not found".to_owned()),
        Refusal::UnknownBooking => ("id", "not found".to_owned()),
        Refusal::UnknownGroup => ("masterId", "not found".to_owned()),
        Refusal::Unknown { field } => (*field, "not found".to_owned()),
        Refusal::UnknownUnit { units } => (
            "unitId",
            expectation(&format!("a number from 1 to {units}")),
        ),
        Refusal::SoldOut { .. } | Refusal::UnitTaken => ("roomId", "not available".to_owned()),
        Refusal::CapacityInUse { taken } => ("qty", format!("not possible, {taken} are booked")),
        Refusal::InUse => ("id", "not possible, there are bookings".to_owned()),
        Refusal::BadDates(_) => ("departure", expectation("a date after arrival")),
        Refusal::NotAllowed { from, to } => {
            ("status", format!("not possible, {from} cannot become {to}"))
        }
        Refusal::ChangedMeanwhile => ("id", "not possible, changed meanwhile".to_owned()),
        Refusal::Invalid { field, expected } => (*field, expectation(expected)),
        Refusal::WithTheOthers => (
            "id",
            "not done, because another item was refused".to_owned(),
        ),
    };
    Remark::on(action).field(field).says(message)
}
