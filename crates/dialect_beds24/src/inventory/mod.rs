//! The inventory of rooms: calendars, availability, offers, and who sleeps in which unit.

mod availability;
mod calendar_read;
mod calendar_write;
mod offers;
mod unit_bookings;

pub use self::{
    availability::availability, calendar_read::calendar, calendar_write::write_calendar,
    offers::offers, unit_bookings::unit_bookings,
};

use domain::time::Zone;
use http_kit::{Call, Result};
use jiff::civil::Date;
use service::availability::ResourceFilter;

use crate::wire::queries::{NightsQuery, RoomsAsked};

/// The rooms that a call means.
fn rooms(asked: &RoomsAsked) -> ResourceFilter {
    ResourceFilter {
        ids: asked.room_ids.clone(),
        organization_ids: asked.property_ids.clone(),
    }
}

/// The nights that a call means, the last one left out. The rooms may lie in several zones, so
/// where nothing is said, today is the day in UTC.
fn nights(asked: &NightsQuery, call: &Call) -> Result<(Date, Date)> {
    let today = domain::time::today(&Zone::UTC, call.actor.now);
    let (first, last) = asked.nights(today)?;
    Ok((first, after(last)))
}

/// The day after.
fn after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// The address of the next page, where there is one.
fn next(call: &Call, page: http_kit::Page, more: bool) -> Option<String> {
    more.then(|| call.link_with("page", &(page.number + 1).to_string()))
}
