//! GET /bookings.

use domain::access::capability;
use http::StatusCode;
use http_kit::{Answer, Call, Result};
use serde_json::{Map, Value, json};
use service::bookings::{
    BookingFilter, BookingInclude, BookingView, ChannelChoice, DayRange, InstantRange, OnDay,
    StatusChoice,
};
use service::sale;

use super::{sees_reading, show, show_line, show_note};
use crate::state::{State, page_of, refused};
use crate::wire::booking::{DIRECT, channels, shape, statuses_found};
use crate::wire::booking_out::{BookingOut, Sees};
use crate::wire::booking_query::{BookingsQuery, Days, Instants};
use crate::wire::envelope::ListOut;
use crate::wire::merge::complete;
use crate::wire::parts::GroupOut;
use crate::wire::query::Reader;

/// Finds bookings by any of the vendor's filters.
pub async fn find(state: State, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let asked = BookingsQuery::read(Reader(&query))?;
    let sees = sees_reading(&call.actor);
    let include = BookingInclude {
        lines: asked.include_invoice_items && sees.financial,
        notes: asked.include_info_items,
        guests: asked.include_guests && sees.personal,
        groups: asked.include_booking_group,
    };
    let may_search_persons = call.actor.may(capability::BOOKINGS_PERSONAL_READ);
    let page = page_of(asked.page);
    let filter = filter(&asked, may_search_persons);
    let bookings = state.service.bookings();
    let found = bookings
        .find(&call.actor, &filter, include, page)
        .await
        .map_err(refused)?;

    let rows = found
        .rows
        .iter()
        .map(|view| row(view, sees, &asked))
        .collect();
    let next = found
        .more
        .then(|| call.link_with("page", &(asked.page.number + 1).to_string()));
    Answer::json(
        StatusCode::OK,
        &ListOut::<BookingOut<'_>>::new("booking", rows, next),
    )
}

fn row<'a>(view: &'a BookingView, sees: Sees, asked: &BookingsQuery) -> BookingOut<'a> {
    let mut out = show(view, sees);
    out.booking_group = asked.include_booking_group.then(|| {
        let group = view.group.as_ref();
        group.map(|group| GroupOut {
            master: group.master.get(),
            ids: group.ids.iter().map(|id| id.get()).collect(),
        })
    });
    out.invoice_items = asked
        .include_invoice_items
        .then(|| view.lines.iter().map(show_line).collect());
    out.info_items = asked
        .include_info_items
        .then(|| view.notes.iter().map(show_note).collect());
    out.guests = asked
        .include_guests
        .then(|| view.guests.iter().map(show_guest).collect());
    out
}

fn show_guest(guest: &sale::Guest) -> Value {
    let contact = &guest.contact;
    let mut stored: Map<String, Value> = guest.extra.clone().into_iter().collect();
    let texts = [
        ("title", &contact.title),
        ("firstName", &contact.first_name),
        ("lastName", &contact.last_name),
        ("email", &contact.email),
        ("phone", &contact.phone),
        ("mobile", &contact.mobile),
        ("company", &contact.company),
        ("address", &contact.address),
        ("city", &contact.city),
        ("state", &contact.region),
        ("postcode", &contact.postcode),
        ("country", &contact.country),
        ("note", &guest.note),
    ];
    stored.extend(texts.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))));
    stored.insert("id".into(), json!(guest.id.get()));
    if !contact.country_code.is_empty() {
        stored.insert("country2".into(), json!(contact.country_code));
    }
    let shown = shape()
        .inner("guests")
        .map(|shape| complete(shape, &stored, &|_| true));
    Value::Object(shown.unwrap_or(stored))
}

fn filter(asked: &BookingsQuery, may_search_persons: bool) -> BookingFilter {
    let mut filter = BookingFilter {
        ids: asked.ids.clone(),
        organization_ids: asked.property_ids.clone(),
        resource_ids: asked.room_ids.clone(),
        group_ids: asked.master_ids.clone(),
        external_references: asked.api_references.clone(),
        channel: asked.channel.map(channel),
        arrival: days(asked.arrival),
        departure: days(asked.departure),
        created: instants(asked.booking_time),
        changed: instants(asked.modified),
        search: None,
        statuses: Some(statuses(&asked.statuses)),
        on_day: asked.filter.and_then(on_day),
        not_departed: asked.upcoming,
    };
    match &asked.search {
        // A search must not tell what the answer hides.
        Some(text) if !may_search_persons => match text.trim().parse() {
            Ok(id) => filter.ids.push(id),
            Err(_) => filter.external_references.push(text.clone()),
        },
        search => filter.search.clone_from(search),
    }
    filter
}

/// Bookings of channels that have no slug here are shown as direct ones, so they are found as such.
fn channel(slug: &str) -> ChannelChoice {
    if slug != DIRECT {
        return ChannelChoice::Only(slug.to_owned());
    }
    let others = channels().iter().filter(|slug| **slug != DIRECT);
    ChannelChoice::AllBut(others.map(|slug| (*slug).to_owned()).collect())
}

fn days(asked: Days) -> DayRange {
    DayRange {
        from: asked.from,
        to: asked.to,
    }
}

fn instants(asked: Instants) -> InstantRange {
    InstantRange {
        from: asked.from,
        to: asked.to,
    }
}

fn statuses(words: &[&str]) -> Vec<StatusChoice> {
    let found = words.iter().flat_map(|word| statuses_found(word));
    found
        .map(|(status, opened)| StatusChoice {
            status: *status,
            opened: *opened,
        })
        .collect()
}

fn on_day(filter: &str) -> Option<OnDay> {
    Some(match filter {
        "arrivals" => OnDay::Arrival,
        "departures" => OnDay::Departure,
        "current" => OnDay::InHouse,
        "new" => OnDay::Made,
        _ => return None,
    })
}
