//! POST /inventory/rooms/calendar.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::Id;
use domain::time::today;
use http_kit::{Answer, Call, Result, limits};
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use service::calendar::{
    CalendarOutcome, CalendarRange, CalendarResource, CalendarWrite, DayPatch, Openness,
};
use service::sale::Extra;

use crate::bookings::refusal;
use crate::once::{answered, once};
use crate::state::{State, refused};
use crate::wire::calendar::{CalendarIn, Override, RangeIn, WRITE_CALENDAR};
use crate::wire::element::{Element, Remark, expectation};

/// The most days, over all rooms and ranges, that one call writes: it bounds what a small body can
/// make the store do.
const MOST_ROOM_DAYS: usize = 200_000;

/// Writes the calendars of rooms, range by range; what lies in the past or too far ahead is left
/// out with a warning, the rest is written.
pub async fn write_calendar(state: State, call: Call) -> Result<Answer> {
    let items = call.items(limits::BATCH_ITEMS)?;
    let read: Vec<(Element, Option<CalendarIn>)> = items.into_iter().map(read).collect();
    let ids: Vec<Id> = read
        .iter()
        .filter_map(|(_, item)| Id::new(item.as_ref()?.room_id))
        .collect();
    let found = state.service.calendar_resources(&call.actor, &ids).await;
    let rooms = found
        .map_err(refused)?
        .into_iter()
        .map(|room| (room.resource.id.get(), room))
        .collect();

    let mut planner = Planner {
        rooms,
        now: call.actor.now,
        days: 0,
    };
    let mut planned: Vec<Item> = Vec::with_capacity(read.len());
    for (mut element, item) in read {
        let plan = item.and_then(|item| planner.plan(item, &mut element));
        planned.push((element, plan));
    }
    let planned = Arc::new(planned);
    let keeps = Arc::clone(&planned);
    let once = once(&call, move |outcomes| elements(&keeps, outcomes));
    let answer = state
        .service
        .calendar_write_once(&call.actor, writes(&planned), once)
        .await;
    Ok(answered(answer.map_err(refused)?, |outcomes| {
        elements(&planned, outcomes)
    }))
}

/// An item: what was said of it before anything was done, and what is to be done.
type Item = (Element, Option<Planned>);

fn writes(planned: &[Item]) -> Vec<CalendarWrite> {
    let plans = planned.iter().filter_map(|(_, plan)| plan.as_ref());
    plans.map(Planned::write).collect()
}

/// The elements of the answer. They may be rendered more than once, and come out the same.
fn elements(planned: &[Item], outcomes: &[CalendarOutcome]) -> Vec<Element> {
    let mut outcomes = outcomes.iter();
    let elements = planned.iter().map(|(read, plan)| {
        let mut element = read.clone();
        let outcome = plan.as_ref().map(|plan| (plan, outcomes.next()));
        match outcome {
            None => {}
            Some((plan, Some(Ok(())))) => plan.say(&mut element),
            Some((_, Some(Err(refused)))) => element.error(refusal(refused, WRITE_CALENDAR)),
            Some((_, None)) => element.error(Remark::on(WRITE_CALENDAR).says("not done")),
        }
        element
    });
    elements.collect()
}

fn read(raw: &RawValue) -> (Element, Option<CalendarIn>) {
    let mut element = Element::new();
    let item = match serde_json::from_str::<Value>(raw.get()) {
        Ok(value) => CalendarIn::read(&value, &mut element),
        Err(_) => {
            element.error(Remark::on(WRITE_CALENDAR).says(expectation("valid JSON text")));
            None
        }
    };
    (element, item)
}

/// An item that can be carried out.
struct Planned {
    room_id: Id,
    ranges: Vec<RangeIn>,
}

struct Planner {
    rooms: HashMap<i64, CalendarResource>,
    now: Timestamp,
    days: usize,
}

impl Planner {
    fn plan(&mut self, item: CalendarIn, element: &mut Element) -> Option<Planned> {
        let Some(room) = self.rooms.get(&item.room_id) else {
            element.error(Remark::on(WRITE_CALENDAR).field("roomId").says("not found"));
            return None;
        };
        let today = today(&room.zone, self.now);
        let has_price_rule = !room.resource.details.rate_plans.is_empty();
        let room_id = room.resource.id;
        let mut ranges = Vec::with_capacity(item.ranges.len());
        for range in item.ranges {
            let Some(mut range) = range.clip(today, element) else {
                continue;
            };
            if !has_price_rule {
                // The live API drops it in silence where there is no daily price.
                range.fields.take(&["numAvail"]);
            }
            self.days += range.days();
            if self.days > MOST_ROOM_DAYS {
                let most = format!("not done, a call writes at most {MOST_ROOM_DAYS} days");
                element.error(Remark::on(WRITE_CALENDAR).field("calendar").says(most));
                break;
            }
            ranges.push(range);
        }
        (!ranges.is_empty()).then_some(Planned { room_id, ranges })
    }
}

impl Planned {
    fn write(&self) -> CalendarWrite {
        CalendarWrite {
            resource_id: self.room_id,
            ranges: self.ranges.iter().map(range).collect(),
        }
    }

    /// Shows what was written.
    fn say(&self, element: &mut Element) {
        let mut modified = Map::new();
        modified.insert("roomId".into(), Value::from(self.room_id.get()));
        modified.insert(
            "calendar".into(),
            self.ranges.iter().map(RangeIn::written).collect(),
        );
        element.changed(modified);
    }
}

fn range(range: &RangeIn) -> CalendarRange {
    let fields = &range.fields;
    let nights = |name: &str| {
        fields
            .whole_or_null(name)
            .map(|nights| nights.and_then(|nights| u16::try_from(nights).ok()))
    };
    let mut extra = Extra::new();
    if let Some(channels) = fields.0.get("channels") {
        extra.insert("channels".into(), channels.clone());
    }
    let is_null = |name: &str| fields.0.get(name).is_some_and(Value::is_null);
    CalendarRange {
        from: range.from,
        to: range.to,
        patch: DayPatch {
            free: fields.whole_or_null("numAvail"),
            min_stay: nights("minStay"),
            max_stay: nights("maxStay"),
            multiplier: fields
                .amount("multiplier")
                .map(|by| (!is_null("multiplier")).then_some(by)),
            openness: fields.text("override").map(|word| openness(&word)),
            reopens: fields.text("override").is_some_and(|word| opens(&word)),
            prices: range.prices(),
            extra,
        },
    }
}

/// Whether the vendor's word takes all marks off a day; `null` reads as the empty word.
fn opens(word: &str) -> bool {
    Override::meant(word) == Override::default()
}

fn openness(word: &str) -> Openness {
    let Override {
        closed,
        no_check_in,
        no_check_out,
        exception,
    } = Override::meant(word);
    Openness {
        closed,
        no_check_in,
        no_check_out,
        exception,
    }
}
