//! The plain computation: first come, first served, one reservation after another.
//!
//! It knows nothing of lanes, units, batches or stores: an array of counts for each room
//! entry and night. A reservation fits when every one of its nights has a place left. A
//! room type that is spread over several entries is asked entry by entry.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;

use super::capacity::{Capacities, RoomType};
use super::events::{Event, EventKind};
use super::reservation::Reservation;

/// What first come, first served comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstCome {
    /// Rows that were refused when they were made.
    pub refused: BTreeSet<usize>,
    /// The entry of its room type in which each accepted row sleeps, from 0.
    pub entry: HashMap<usize, usize>,
}

/// A room entry: its type, and which of the type's entries it is, from 0.
pub type RoomEntry = (RoomType, usize);

/// How many stays each entry has in each night.
#[derive(Debug, Clone, Default)]
pub struct Places {
    counts: HashMap<(RoomEntry, Date), i64>,
}

impl Places {
    /// The first entry of a room type that has a place in each of the nights.
    pub fn first_free(
        &self,
        reservation: &Reservation,
        letter: char,
        capacities: &Capacities,
    ) -> Option<usize> {
        let room_type = (reservation.hotel, letter);
        let parts = capacities.parts(room_type);
        parts.iter().enumerate().position(|(entry, capacity)| {
            reservation
                .each_night()
                .all(|night| self.taken((room_type, entry), night) < *capacity)
        })
    }

    /// Adds a stay, or takes it away again with -1.
    pub fn add(&mut self, reservation: &Reservation, room: RoomEntry, quantity: i64) {
        for night in reservation.each_night() {
            *self.counts.entry((room, night)).or_default() += quantity;
        }
    }

    /// Stays of an entry in one night.
    pub fn taken(&self, room: RoomEntry, night: Date) -> i64 {
        self.counts.get(&(room, night)).copied().unwrap_or(0)
    }
}

/// Plays the events over capacities. Each reservation asks for its assigned type, once,
/// when it is made; changes of party or price do not concern it.
pub fn first_come(
    reservations: &[Reservation],
    events: &[Event],
    capacities: &Capacities,
) -> FirstCome {
    let mut outcome = FirstCome::default();
    let mut places = Places::default();
    for event in events {
        let reservation = &reservations[event.row];
        let room_type = (reservation.hotel, reservation.assigned_type);
        match event.kind {
            EventKind::Made => {
                match places.first_free(reservation, reservation.assigned_type, capacities) {
                    Some(entry) => {
                        places.add(reservation, (room_type, entry), 1);
                        outcome.entry.insert(event.row, entry);
                    }
                    None => {
                        outcome.refused.insert(event.row);
                    }
                }
            }
            EventKind::Cancelled => {
                if let Some(entry) = outcome.entry.get(&event.row) {
                    places.add(reservation, (room_type, *entry), -1);
                }
            }
            EventKind::Changed | EventKind::NoShow => {}
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{events, read_reservations};

    #[test]
    fn less_room_refuses_more_and_endless_room_refuses_nobody() {
        let reservations = read_reservations().unwrap();
        let events = events(&reservations);
        let capacities = Capacities::of_kept_stays(&reservations);
        let all = first_come(&reservations, &events, &capacities);
        let cut = first_come(&reservations, &events, &capacities.cut_by_a_tenth());
        assert!(all.refused.len() < cut.refused.len());
        assert_eq!(cut.refused.len() + cut.entry.len(), 14_848);
    }

    #[test]
    fn who_cancels_makes_room_for_who_comes_later() {
        let reservations: Vec<_> = read_reservations().unwrap();
        let events = events(&reservations);
        let one_each = Capacities::of_kept_stays(&[]);
        // No capacity at all: everybody is refused.
        assert_eq!(
            first_come(&reservations, &events, &one_each).refused.len(),
            14_848
        );
        let capacities = Capacities::of_kept_stays(&reservations);
        let without_cancelling: Vec<_> = events
            .iter()
            .copied()
            .filter(|event| event.kind != EventKind::Cancelled)
            .collect();
        let with = first_come(&reservations, &events, &capacities);
        let without = first_come(&reservations, &without_cancelling, &capacities);
        assert!(with.refused.len() < without.refused.len());
    }
}
