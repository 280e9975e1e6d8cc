//! POST /bookings.

use std::sync::Arc;

use http_kit::{Answer, Call, Result, limits};
use serde_json::Value;
use serde_json::value::RawValue;
use service::bookings::BookingOutcome;
use service::bookings::write::BookingWrite;

use super::{render, sees_reading, sees_writing, translate};
use crate::once::{answered, once};
use crate::state::{State, refused};
use crate::wire::booking_in::{BookingIn, NEW_BOOKING};
use crate::wire::booking_out::Sees;
use crate::wire::element::{Element, Remark, expectation};

/// Makes and changes bookings: each item is done or refused by itself, all of them are committed
/// together, and answered in their order.
pub async fn write(state: State, call: Call) -> Result<Answer> {
    let items = call.items(limits::BATCH_ITEMS)?;
    let (plan, writes) = Plan::read(&items, sees_writing(&call.actor), sees_reading(&call.actor));
    let plan = Arc::new(plan);
    let for_key = Arc::clone(&plan);
    let once = once(&call, move |outcomes| for_key.elements(outcomes));
    let answer = state
        .service
        .bookings()
        .write(&call.actor, writes, once)
        .await;
    Ok(answered(answer.map_err(refused)?, |outcomes| {
        plan.elements(outcomes)
    }))
}

/// The items as they were read: what is known of each before anything is done.
struct Plan {
    items: Vec<(Element, Option<BookingIn>)>,
    sees: Sees,
}

impl Plan {
    /// Reads all items. The writes are those of the items that can be carried out, in their order.
    fn read(items: &[&RawValue], writing: Sees, reading: Sees) -> (Self, Vec<BookingWrite>) {
        // What a caller has just written may be shown back to them.
        let sees = Sees {
            personal: writing.personal || reading.personal,
            financial: writing.financial || reading.financial,
        };
        let mut writes = Vec::with_capacity(items.len());
        let items = items.iter().map(|raw| {
            let mut element = Element::new();
            let item = read_item(raw, writing, &mut element).filter(|item| {
                let write = translate::booking(item);
                let can = write.is_some();
                writes.extend(write);
                can
            });
            if item.is_none() && !element.has_errors() {
                element.error(Remark::on(NEW_BOOKING).says("invalid"));
            }
            (element, item)
        });
        let items = items.collect();
        (Self { items, sees }, writes)
    }

    /// The elements of the answer. They may be rendered more than once, and come out the same.
    fn elements(&self, outcomes: &[BookingOutcome]) -> Vec<Element> {
        let mut outcomes = outcomes.iter();
        let elements = self.items.iter().map(|(read, item)| {
            let mut element = read.clone();
            if let Some(item) = item {
                match outcomes.next() {
                    Some(outcome) => render::item(item, outcome, self.sees, &mut element),
                    None => element.error(Remark::default().says("not done")),
                }
            }
            element
        });
        elements.collect()
    }
}

/// Reads one item from its text. An item may be well-formed and still hold what is no text, such as
/// half of a surrogate pair; that spoils no other item.
fn read_item(raw: &RawValue, sees: Sees, element: &mut Element) -> Option<BookingIn> {
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(value) => BookingIn::read(&value, sees, element),
        Err(_) => {
            element.error(Remark::on(NEW_BOOKING).says(expectation("valid JSON text")));
            None
        }
    }
}
