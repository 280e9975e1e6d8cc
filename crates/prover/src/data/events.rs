//! What happened, day by day, in one fixed order.
//!
//! The file knows dates, not hours. So a day is played like this: first what is given
//! back (cancellations of earlier reservations), then no-shows and changes, then what is
//! made in the order of the file, and last what was made and changed or cancelled on the
//! very same day.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::reservation::{Fate, Reservation};

/// One thing that happens to one reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// The day.
    pub day: Date,
    /// The place within the day.
    pub phase: u8,
    /// The reservation.
    pub row: usize,
    /// What happens.
    pub kind: EventKind,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// It is made.
    Made,
    /// Party, price or room type change.
    Changed,
    /// It is cancelled.
    Cancelled,
    /// Nobody came.
    NoShow,
}

const EARLIER_CANCELLED: u8 = 0;
const EARLIER_NO_SHOW: u8 = 1;
const EARLIER_CHANGED: u8 = 2;
const MADE: u8 = 3;
const SAME_DAY_CHANGED: u8 = 4;
const SAME_DAY_NO_SHOW: u8 = 5;
const SAME_DAY_CANCELLED: u8 = 6;

/// All events of all reservations that have at least one night, in the order in which
/// they are played.
pub fn events(reservations: &[Reservation]) -> Vec<Event> {
    let mut events: Vec<Event> = reservations
        .iter()
        .filter(|row| row.nights() > 0)
        .flat_map(events_of)
        .collect();
    events.sort_unstable();
    events
}

fn events_of(reservation: &Reservation) -> Vec<Event> {
    let made_on = reservation.made_on;
    let event = |day: Date, kind, earlier, same_day| Event {
        day,
        phase: if day > made_on { earlier } else { same_day },
        row: reservation.row,
        kind,
    };
    let mut events = vec![event(made_on, EventKind::Made, MADE, MADE)];
    if is_changed(reservation) {
        let day = changed_on(reservation);
        events.push(event(
            day,
            EventKind::Changed,
            EARLIER_CHANGED,
            SAME_DAY_CHANGED,
        ));
    }
    match reservation.fate {
        Fate::Kept => {}
        Fate::Cancelled(on) => {
            events.push(event(
                on,
                EventKind::Cancelled,
                EARLIER_CANCELLED,
                SAME_DAY_CANCELLED,
            ));
        }
        Fate::NoShow(on) => {
            events.push(event(
                on,
                EventKind::NoShow,
                EARLIER_NO_SHOW,
                SAME_DAY_NO_SHOW,
            ));
        }
    }
    events
}

/// Whether the replay changes a reservation: the file says so, or it slept in another
/// room type than it had asked for.
pub fn is_changed(reservation: &Reservation) -> bool {
    reservation.changes > 0 || reservation.reserved_type != reservation.assigned_type
}

/// The file does not say when it was changed: half way between being made and its end.
fn changed_on(reservation: &Reservation) -> Date {
    let last = match reservation.fate {
        Fate::Kept => reservation.arrival,
        Fate::Cancelled(on) | Fate::NoShow(on) => on,
    };
    let days = i64::from((last - reservation.made_on).get_days()).max(0);
    reservation.made_on.saturating_add((days / 2).days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::read_reservations;
    use std::collections::HashMap;

    #[test]
    fn a_reservation_is_made_before_anything_else_happens_to_it() {
        let reservations = read_reservations().unwrap();
        let events = events(&reservations);
        let mut seen: HashMap<usize, Vec<EventKind>> = HashMap::new();
        for event in &events {
            seen.entry(event.row).or_default().push(event.kind);
        }
        assert_eq!(seen.len(), 14_938 - 90);
        for (row, kinds) in seen {
            assert_eq!(kinds[0], EventKind::Made, "row {row}");
            let ends = kinds.iter().position(|kind| *kind == EventKind::Cancelled);
            assert!(
                ends.is_none_or(|at| at + 1 == kinds.len()),
                "row {row}: {kinds:?}"
            );
        }
        assert!(events.is_sorted());
    }
}
