//! The comparison at the end: what is there against what the file alone says.

use std::collections::HashMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

use super::ReplayFigures;
use super::driver::{Played, mark};
use super::plan::{Mode, Plan};
use crate::beds24::{Beds24, BookingRow};
use crate::data::{Capacities, Fate, Hotel, Occupancy, Reservation, RoomEntry};
use crate::house::House;
use crate::judge;
use crate::screen::say;

/// So many days are asked for at a time.
const DAYS_PER_QUESTION: i64 = 90;
/// So many differences of one kind are listed.
pub const LISTED_DIFFERENCES: usize = 5;

/// Everything that differs.
pub async fn compare(
    house: &House,
    reservations: &[Reservation],
    capacities: &Capacities,
    plan: &Plan,
    played: &Played,
    figures: &mut ReplayFigures,
) -> anyhow::Result<Vec<String>> {
    let mut client = house.client()?;
    let mut rows = Vec::new();
    for hotel in Hotel::ALL {
        let property = played.properties.get(&hotel).copied().unwrap_or_default();
        rows.extend(client.bookings(&format!("propertyId={property}")).await?);
    }
    say(format!("comparing {} bookings", rows.len()));
    let mut violations = compare_refusals(plan, played);
    violations.extend(compare_bookings(reservations, plan, played, &rows));
    violations.extend(compare_kept(reservations, plan, played, &rows, figures));
    violations
        .extend(compare_inventory(&mut client, reservations, capacities, plan, played).await?);
    violations.extend(compare_journal(&mut client, plan, &rows, figures).await);
    Ok(violations)
}

fn compare_refusals(plan: &Plan, played: &Played) -> Vec<String> {
    let needless = played.refused.difference(&plan.refused);
    let missing = plan.refused.difference(&played.refused);
    needless
        .map(|row| format!("reservation {row} was refused, and first come, first served takes it"))
        .chain(missing.map(|row| {
            format!("reservation {row} was taken, and first come, first served refuses it")
        }))
        .collect()
}

fn compare_bookings(
    reservations: &[Reservation],
    plan: &Plan,
    played: &Played,
    rows: &[BookingRow],
) -> Vec<String> {
    let mut by_mark: HashMap<&str, Vec<&BookingRow>> = HashMap::new();
    for row in rows {
        by_mark.entry(row.custom1.as_str()).or_default().push(row);
    }
    let mut violations = Vec::new();
    if rows.len() != plan.expected.len() {
        violations.push(format!(
            "{} bookings are there, {} must be",
            rows.len(),
            plan.expected.len()
        ));
    }
    for (row, expected) in &plan.expected {
        let found = by_mark.remove(mark(*row).as_str()).unwrap_or_default();
        let [booking] = found[..] else {
            violations.push(format!("reservation {row} is there {} times", found.len()));
            continue;
        };
        let reservation = &reservations[*row];
        let status = if expected.cancelled {
            "cancelled"
        } else {
            "confirmed"
        };
        let as_expected = played.bookings.get(row) == Some(&booking.id)
            && played.rooms.get(&expected.room) == Some(&booking.room_id)
            && (booking.arrival, booking.departure) == (reservation.arrival, reservation.departure)
            && booking.status == status
            && (booking.sub_status == "noShow") == expected.no_show;
        if !as_expected {
            violations.push(format!(
                "reservation {row} should be {expected:?}, and is {booking:?}"
            ));
        }
    }
    violations
}

/// Kept stays by night and room type: from the listing, and from the file alone.
fn compare_kept(
    reservations: &[Reservation],
    plan: &Plan,
    played: &Played,
    rows: &[BookingRow],
    figures: &mut ReplayFigures,
) -> Vec<String> {
    let types: HashMap<i64, RoomEntry> = played
        .rooms
        .iter()
        .map(|(entry, id)| (*id, *entry))
        .collect();
    let mut listed = Occupancy::default();
    for row in rows
        .iter()
        .filter(|row| row.takes_capacity() && row.sub_status != "noShow")
    {
        let Some((room_type, _)) = types.get(&row.room_id) else {
            continue;
        };
        for night in nights(row.arrival, row.departure) {
            listed.add(*room_type, night, row.room_qty);
        }
    }
    let kept = reservations
        .iter()
        .filter(|row| row.fate == Fate::Kept && !plan.refused.contains(&row.row));
    let from_file = Occupancy::of(kept.map(|row| (row, row.assigned_type)));
    figures.room_nights = from_file.room_nights();
    let differences = listed.differences(&from_file);
    let lines = differences.iter().take(LISTED_DIFFERENCES);
    lines
        .map(|((hotel, letter), night, here, there)| {
            format!(
                "{} {letter} on {night}: {here} kept stays, the file has {there}",
                hotel.name()
            )
        })
        .collect()
}

/// Calendar and units count no-shows too, because they keep their room.
async fn compare_inventory(
    client: &mut Beds24,
    reservations: &[Reservation],
    capacities: &Capacities,
    plan: &Plan,
    played: &Played,
) -> anyhow::Result<Vec<String>> {
    let taken = taken_by_night(reservations, plan);
    let first = reservations.iter().map(|row| row.arrival).min();
    let last = reservations.iter().map(|row| row.departure).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(Vec::new());
    };
    let mut violations = Vec::new();
    for (room, id) in &played.rooms {
        let quantity = capacities
            .parts(room.0)
            .get(room.1)
            .copied()
            .unwrap_or_default();
        let mut shown = shown_taken(client, *id, quantity, first, last).await?;
        for night in nights(first, last) {
            let expected = taken.get(&(*room, night)).copied().unwrap_or_default();
            let (calendar, units) = shown.remove(&night).unwrap_or_default();
            if calendar != Some(expected) || units.unwrap_or(0) != expected {
                violations.push(format!(
                    "{room:?} on {night}: the file has {expected} taken, the calendar {calendar:?}, \
                     the units {units:?}"
                ));
            }
        }
    }
    Ok(violations)
}

/// What must be taken in each night, from the file alone.
pub fn taken_by_night(
    reservations: &[Reservation],
    plan: &Plan,
) -> HashMap<(RoomEntry, Date), i64> {
    let mut taken: HashMap<(RoomEntry, Date), i64> = HashMap::new();
    let stays = plan.expected.iter();
    for (row, expected) in stays.filter(|(_, expected)| !expected.cancelled) {
        for night in reservations[*row].each_night() {
            *taken.entry((expected.room, night)).or_default() += 1;
        }
    }
    taken
}

/// What the calendar and the units say is taken, night by night.
async fn shown_taken(
    client: &mut Beds24,
    room: i64,
    quantity: i64,
    first: Date,
    last: Date,
) -> anyhow::Result<HashMap<Date, (Option<i64>, Option<i64>)>> {
    let mut shown: HashMap<Date, (Option<i64>, Option<i64>)> = HashMap::new();
    let mut from = first;
    while from <= last {
        let to = from
            .saturating_add((DAYS_PER_QUESTION - 1).days())
            .min(last);
        for (night, free) in client.free_places(room, from, to).await? {
            shown.entry(night).or_default().0 = Some(quantity - free);
        }
        let path =
            format!("/inventory/rooms/unitBookings?roomId={room}&startDate={from}&endDate={to}");
        for row in client.all_rows(&path).await? {
            for (day, units) in row
                .get("unitBookings")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let counts = units.as_object().into_iter().flatten();
                let sum: i64 = counts.filter_map(|(_, count)| count.as_i64()).sum();
                shown.entry(day.parse()?).or_default().1 = Some(sum);
            }
        }
        from = to.saturating_add(1.day());
    }
    Ok(shown)
}

async fn compare_journal(
    client: &mut Beds24,
    plan: &Plan,
    rows: &[BookingRow],
    figures: &mut ReplayFigures,
) -> Option<String> {
    let findings = match judge::verify_journal(client).await {
        Ok(findings) => findings,
        Err(error) => return Some(format!("{error:#}")),
    };
    let overbooked = findings.overbooked_takes;
    let agrees = judge::compare_with_bookings(&findings, rows);
    figures.journal = Some(findings);
    if plan.mode == Mode::Cut && overbooked > 0 {
        return Some(format!("the journal: {overbooked} takes are overbooked"));
    }
    agrees.err().map(|error| format!("{error:#}"))
}

/// The nights of a stay.
pub fn nights(from: Date, to: Date) -> impl Iterator<Item = Date> {
    from.series(1.day()).take_while(move |night| *night < to)
}
