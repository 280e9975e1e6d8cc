//! The same comparison through Booking Experts: what was played through Beds24 has to be there for
//! an app that comes later, stay by stay and night by night.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::json;

use super::ReplayFigures;
use super::compare::{LISTED_DIFFERENCES, nights, taken_by_night};
use super::driver::{Played, noon};
use super::plan::Plan;
use crate::bookingexperts::{Access, BookingExperts, ReservationRow, as_created};
use crate::data::{Capacities, Hotel, Reservation, RoomEntry};
use crate::house::House;
use crate::screen::say;

/// Days of arrival that are asked for at a time.
const DAYS_AT_ONCE: i64 = 200;
/// How far a calendar reaches from today on, in days: a little less than its 24 months.
const CALENDAR_DAYS: i64 = 720;

/// Everything that differs.
pub async fn compare(
    house: &mut House,
    reservations: &[Reservation],
    capacities: &Capacities,
    plan: &Plan,
    played: &Played,
    figures: &mut ReplayFigures,
) -> anyhow::Result<Vec<String>> {
    if house.process.is_none() {
        say("Booking Experts is left out: an app for it needs a server of one's own");
        return Ok(Vec::new());
    }
    let properties: Vec<i64> = played.properties.values().copied().collect();
    let api_key = house.let_in("Replay", &properties).await?;
    let mut hotels = Vec::new();
    for hotel in Hotel::ALL {
        let property = played.properties.get(&hotel).copied();
        let property = property.with_context(|| format!("{} was not made", hotel.name()))?;
        hotels.push((hotel, client(house, &api_key, property).await?));
    }
    let mut violations = Vec::new();
    for (hotel, client) in &mut hotels {
        let rows = read_reservations(client, *hotel, reservations, played).await?;
        figures.reservations_elsewhere += rows.len();
        violations.extend(compare_reservations(
            *hotel,
            reservations,
            plan,
            played,
            &rows,
        ));
        violations.extend(compare_occupancy(*hotel, reservations, plan, played, &rows));
    }
    let calendars = compare_calendars(house, &mut hotels, reservations, capacities, plan, played);
    violations.extend(calendars.await?);
    say(format!(
        "through Booking Experts: {} reservations of {} hotels, {} nights of calendars",
        figures.reservations_elsewhere,
        hotels.len(),
        hotels
            .iter()
            .map(|(hotel, _)| nights_of(*hotel, reservations, played))
            .sum::<usize>(),
    ));
    Ok(violations)
}

/// A client of the app that sells a hotel through a channel of its own.
async fn client(house: &House, api_key: &str, property: i64) -> anyhow::Result<BookingExperts> {
    let demo = Access::of_demo(&house.demo)?;
    let access = |channel| Access {
        base_url: demo.base_url.clone(),
        api_key: api_key.to_owned(),
        administration: property,
        channel,
    };
    let document = json!({ "data": { "type": "channel", "attributes": { "name": "Replay" } } });
    let mut maker = BookingExperts::new(access(0))?;
    let path = format!("/administrations/{property}/channels");
    let answer = maker.send("POST", &path, Some(&document)).await?;
    let made = as_created(&answer, &[]).made();
    let channel = made.with_context(|| format!("no channel: {}", answer.excerpt()))?;
    Ok(BookingExperts::new(access(channel))?)
}

/// All reservations of a hotel: as one list, and again type by type and part by part of the time.
/// Both ways must bring the same.
async fn read_reservations(
    client: &mut BookingExperts,
    hotel: Hotel,
    reservations: &[Reservation],
    played: &Played,
) -> anyhow::Result<Vec<ReservationRow>> {
    let place = format!("/administrations/{}", client.access().administration);
    let mut all = client
        .find(&format!("{place}/reservations?sort=id"))
        .await?;
    let mut parts = Vec::new();
    let (first, last) = span(reservations)?;
    for room in rooms_of(hotel, played).map(|(_, room)| room) {
        let mut from = first;
        while from <= last {
            let to = from.saturating_add((DAYS_AT_ONCE - 1).days()).min(last);
            let path = format!(
                "/reservations?filter[rentable_type]={room}&filter[start_date]={from}..{to}"
            );
            parts.extend(client.find(&path).await?);
            from = to.saturating_add(1.day());
        }
    }
    all.sort_by_key(|row| row.id);
    parts.sort_by_key(|row| row.id);
    if all != parts {
        bail!(
            "{}: the list of all has {} reservations, and those by type and dates are {}",
            hotel.name(),
            all.len(),
            parts.len()
        );
    }
    Ok(all)
}

/// Each stay that was played is there once, where, when and as it must be; and nothing else is.
fn compare_reservations(
    hotel: Hotel,
    reservations: &[Reservation],
    plan: &Plan,
    played: &Played,
    rows: &[ReservationRow],
) -> Vec<String> {
    let mut by_id: HashMap<i64, &ReservationRow> = rows.iter().map(|row| (row.id, row)).collect();
    let mut violations = Vec::new();
    let here = plan
        .expected
        .iter()
        .filter(|(_, expected)| expected.room.0.0 == hotel);
    for (row, expected) in here {
        let id = played.bookings.get(row).copied().unwrap_or_default();
        let found = by_id.remove(&id);
        let reservation = &reservations[*row];
        let state = if expected.cancelled {
            "cancelled"
        } else {
            "confirmed"
        };
        let wanted = ReservationRow {
            id,
            state: state.to_owned(),
            arrival: reservation.arrival,
            departure: reservation.departure,
            rentable_type: played
                .rooms
                .get(&expected.room)
                .copied()
                .unwrap_or_default(),
        };
        if found != Some(&wanted) {
            violations.push(format!(
                "through Booking Experts reservation {row} should be {wanted:?}, and is {found:?}"
            ));
        }
    }
    let nobodys = by_id
        .keys()
        .map(|id| format!("nobody made reservation {id}"));
    violations.extend(nobodys);
    violations
}

/// Stays by night and type: from the reservations, and from the file alone.
fn compare_occupancy(
    hotel: Hotel,
    reservations: &[Reservation],
    plan: &Plan,
    played: &Played,
    rows: &[ReservationRow],
) -> Vec<String> {
    let types: HashMap<i64, RoomEntry> = rooms_of(hotel, played)
        .map(|(entry, room)| (room, entry))
        .collect();
    let mut shown: HashMap<(RoomEntry, Date), i64> = HashMap::new();
    for row in rows.iter().filter(|row| row.takes_capacity()) {
        let Some(entry) = types.get(&row.rentable_type) else {
            continue;
        };
        for night in nights(row.arrival, row.departure) {
            *shown.entry((*entry, night)).or_default() += 1;
        }
    }
    let mut expected = taken_by_night(reservations, plan);
    expected.retain(|(entry, _), _| entry.0.0 == hotel);
    let keys: std::collections::BTreeSet<_> = shown.keys().chain(expected.keys()).collect();
    let count = |map: &HashMap<_, i64>, key| map.get(key).copied().unwrap_or_default();
    let differs = keys
        .into_iter()
        .filter(|key| count(&shown, key) != count(&expected, key));
    let lines = differs.take(LISTED_DIFFERENCES).map(|key| {
        let (here, there) = (count(&shown, key), count(&expected, key));
        format!("through Booking Experts {key:?}: {here} stays, the file has {there}")
    });
    lines.collect()
}

/// Calendars begin today, so the clock goes back to the first night, and on from there.
async fn compare_calendars(
    house: &House,
    hotels: &mut [(Hotel, BookingExperts)],
    reservations: &[Reservation],
    capacities: &Capacities,
    plan: &Plan,
    played: &Played,
) -> anyhow::Result<Vec<String>> {
    let taken = taken_by_night(reservations, plan);
    let (first, last) = span(reservations)?;
    let mut hub = house.client()?;
    let mut violations = Vec::new();
    let mut from = first;
    while from <= last {
        let until = from
            .saturating_add(CALENDAR_DAYS.days())
            .min(last.saturating_add(1.day()));
        hub.move_clock(noon(from)?).await?;
        for (hotel, client) in hotels.iter_mut() {
            for (entry, room) in rooms_of(*hotel, played) {
                let quantity = capacities.parts(entry.0).get(entry.1).copied();
                let quantity = quantity.unwrap_or_default();
                let days = client.calendar(room, from, until).await?;
                let mut shown = HashMap::new();
                for day in &days {
                    shown.insert(day.date, (day.stock, day.capacity));
                }
                for night in nights(from, until) {
                    let taken = taken.get(&(entry, night)).copied().unwrap_or_default();
                    let expected = ((quantity - taken).max(0), quantity);
                    if shown.remove(&night) != Some(expected) {
                        violations.push(format!(
                            "the calendar of {entry:?} through Booking Experts: {night} is not {expected:?}"
                        ));
                    }
                }
                if !shown.is_empty() {
                    violations.push(format!(
                        "the calendar of {entry:?} has more nights than asked for"
                    ));
                }
            }
        }
        from = until;
    }
    Ok(violations)
}

fn rooms_of(hotel: Hotel, played: &Played) -> impl Iterator<Item = (RoomEntry, i64)> {
    let rooms = played.rooms.iter();
    rooms
        .filter(move |(entry, _)| entry.0.0 == hotel)
        .map(|(entry, room)| (*entry, *room))
}

fn nights_of(hotel: Hotel, reservations: &[Reservation], played: &Played) -> usize {
    let nights = span(reservations).map_or(0, |(first, last)| nights(first, last).count() + 1);
    rooms_of(hotel, played).count() * nights
}

/// The first arrival and the last departure.
fn span(reservations: &[Reservation]) -> anyhow::Result<(Date, Date)> {
    let first = reservations.iter().map(|row| row.arrival).min();
    let last = reservations.iter().map(|row| row.departure).max();
    first.zip(last).context("there is nothing to compare")
}
