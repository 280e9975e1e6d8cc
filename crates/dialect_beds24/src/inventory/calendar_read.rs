//! GET /inventory/rooms/calendar.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Actor;
use domain::calendar::CalendarDay;
use domain::id::Id;
use domain::rate::{MOST_LINKS, Sheet, price_of_night};
use http::StatusCode;
use http_kit::{Answer, Call, Result};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;
use service::PageOf;
use service::availability::ResourceFilter;
use service::calendar::{Calendar, CalendarEntry};
use service::inventory::ResourceDetails;
use service::sale::Extra;

use crate::state::{State, page_of, refused};
use crate::wire::calendar::{CalendarShown, DayOut, Override, RoomCalendarOut, entries};
use crate::wire::envelope::ListOut;
use crate::wire::parts::cents;
use crate::wire::queries::CalendarQuery;
use crate::wire::query::Reader;

/// The most other rooms whose prices are looked up for a page.
const MOST_LINKED_ROOMS: u32 = 1_000;

/// Shows the calendars of rooms, equal neighbouring days merged.
pub async fn calendar(state: State, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let asked = CalendarQuery::read(Reader(&query))?;
    let rooms = super::rooms(&asked.rooms);
    let days = (asked.start, super::after(asked.end));
    let page = asked.rooms.page;
    let found = state
        .service
        .calendar_read(&call.actor, &rooms, days, page_of(page));
    let found = found.await.map_err(refused)?;

    let mut prices = PriceTables::default();
    if asked.shown.linked_prices {
        found.rows.iter().for_each(|calendar| prices.add(calendar));
        prices.add_linked(&state, &call.actor, days).await?;
    }
    let next = super::next(&call, page, found.more);
    let rows = found
        .rows
        .iter()
        .map(|calendar| row(calendar, asked.shown, &prices))
        .collect();
    Answer::json(
        StatusCode::OK,
        &ListOut::<RoomCalendarOut>::new("calendar", rows, next),
    )
}

fn row(calendar: &Calendar, shown: CalendarShown, prices: &PriceTables) -> RoomCalendarOut {
    let room = &calendar.resource;
    let days = calendar.days.iter().map(|entry| {
        let mut day = show_day(entry, &room.details, shown);
        if shown.linked_prices {
            day.prices
                .extend(prices.linked(room.id, entry.settings.day));
        }
        (entry.settings.day, day)
    });
    RoomCalendarOut {
        room_id: room.id.get(),
        property_id: room.organization_id.get(),
        name: room.name.clone(),
        calendar: if shown.any() {
            entries(days)
        } else {
            Vec::new()
        },
    }
}

fn show_day(entry: &CalendarEntry, room: &ResourceDetails, shown: CalendarShown) -> DayOut {
    let day = &entry.settings;
    DayOut {
        num_avail: shown.num_avail.then_some(entry.free),
        min_stay: shown
            .min_stay
            .then(|| day.min_stay.or(room.rules.min_stay).unwrap_or(1)),
        max_stay: shown
            .max_stay
            .then(|| day.max_stay.or(room.rules.max_stay).unwrap_or(365)),
        multiplier: shown
            .multiplier
            .then(|| day.multiplier.unwrap_or(Decimal::ONE)),
        override_: shown.override_.then(|| override_of(day).word()),
        prices: if shown.prices {
            day.prices.clone()
        } else {
            BTreeMap::new()
        },
        channels: shown.channels.then(|| channels(&entry.extra)),
    }
}

fn override_of(day: &CalendarDay) -> Override {
    Override {
        closed: day.closed,
        no_check_in: day.no_check_in,
        no_check_out: day.no_check_out,
        exception: day.exception,
    }
}

/// The most bookings of each channel that has such a limit.
fn channels(extra: &Extra) -> BTreeMap<String, Option<i64>> {
    let limits = extra
        .get("channels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    limits
        .map(|(slug, limit)| {
            (
                slug.clone(),
                limit.get("maxBookings").and_then(Value::as_i64),
            )
        })
        .collect()
}

/// The prices of rooms, from which linked ones are worked out.
#[derive(Default)]
struct PriceTables(BTreeMap<Id, Sheet>);

impl PriceTables {
    fn add(&mut self, calendar: &Calendar) {
        let room = &calendar.resource;
        let records = room.details.rate_plans.values();
        // A calendar shows prices without the multipliers of the days, which stand beside them.
        let days = calendar.days.iter().map(|entry| {
            let day = CalendarDay {
                multiplier: None,
                ..entry.settings.clone()
            };
            (day.day, day)
        });
        let sheet = Sheet {
            days: days.collect(),
            plans: records.map(|record| record.plan.clone()).collect(),
        };
        self.0.insert(room.id, sheet);
    }

    /// Looks up the rooms that prices are linked to, and those that they are linked to in turn.
    async fn add_linked(&mut self, state: &State, actor: &Actor, days: (Date, Date)) -> Result<()> {
        for _ in 0..MOST_LINKS {
            let ids: Vec<Id> = self.unknown_links().into_iter().collect();
            if ids.is_empty() {
                break;
            }
            for id in &ids {
                self.0.insert(*id, Sheet::default());
            }
            let rooms = ResourceFilter {
                ids,
                ..ResourceFilter::default()
            };
            let page = PageOf::first(MOST_LINKED_ROOMS);
            let found = state
                .service
                .calendar_read(actor, &rooms, days, page)
                .await
                .map_err(refused)?;
            found.rows.iter().for_each(|calendar| self.add(calendar));
        }
        Ok(())
    }

    fn unknown_links(&self) -> BTreeSet<Id> {
        let plans = self.0.values().flat_map(|sheet| &sheet.plans);
        let links = plans.filter_map(|plan| plan.linking.as_ref());
        links
            .map(|link| link.resource)
            .filter(|room| !self.0.contains_key(room))
            .collect()
    }

    /// The linked prices of a room on a day.
    fn linked(&self, room: Id, day: Date) -> BTreeMap<u8, Decimal> {
        let plans = self.0.get(&room).into_iter().flat_map(|sheet| &sheet.plans);
        let linked = plans.filter(|plan| plan.linking.is_some());
        let priced = linked.filter_map(|plan| {
            let price = price_of_night(&self.0, room, plan, day).ok()?;
            Some((plan.number, cents(price)))
        });
        priced.collect()
    }
}
