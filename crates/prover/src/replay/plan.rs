//! The plan: what is to happen, and what must be there at the end. Pure, from the file
//! alone.

use std::collections::{BTreeSet, HashMap};

use crate::data::{
    Capacities, Event, EventKind, Fate, Places, Reservation, RoomEntry, events, first_come,
};

/// How the replay is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is refused; reservations move from the reserved to the assigned type.
    Whole,
    /// Less room: what does not fit in its assigned type is refused for good.
    Cut,
}

/// One event, with the room entry that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What happens.
    pub event: Event,
    /// Where it is put by whoever plays it; `None` where the server's refusal decides
    /// whether the next entry of the type is asked.
    pub room: Option<RoomEntry>,
}

/// What must be there of a reservation at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Where it sleeps.
    pub room: RoomEntry,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// Whether nobody came.
    pub no_show: bool,
}

/// The whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How it is played.
    pub mode: Mode,
    /// All steps in order.
    pub steps: Vec<Step>,
    /// By row, what must be there.
    pub expected: HashMap<usize, Expected>,
    /// Rows that must be refused.
    pub refused: BTreeSet<usize>,
}

/// Makes the plan.
pub fn plan(reservations: &[Reservation], capacities: &Capacities, mode: Mode) -> Plan {
    let events = events(reservations);
    match mode {
        Mode::Whole => whole(reservations, &events, capacities),
        Mode::Cut => cut(reservations, &events, capacities),
    }
}

fn whole(reservations: &[Reservation], events: &[Event], capacities: &Capacities) -> Plan {
    let mut places = Places::default();
    let mut sleeps: HashMap<usize, RoomEntry> = HashMap::new();
    let mut steps = Vec::new();
    for event in events {
        let reservation = &reservations[event.row];
        let letter = match event.kind {
            EventKind::Made => Some(reservation.reserved_type),
            EventKind::Changed => Some(reservation.assigned_type),
            EventKind::Cancelled | EventKind::NoShow => None,
        };
        if event.kind != EventKind::NoShow
            && let Some(room) = sleeps.get(&event.row)
        {
            places.add(reservation, *room, -1);
        }
        let room = letter.map(|letter| room_for(&places, reservation, letter, capacities));
        if let Some(room) = room {
            places.add(reservation, room, 1);
            sleeps.insert(event.row, room);
        }
        steps.push(Step {
            event: *event,
            room,
        });
    }
    let expected = sleeps
        .iter()
        .map(|(row, room)| (*row, expected(&reservations[*row], *room)))
        .collect();
    Plan {
        mode: Mode::Whole,
        steps,
        expected,
        refused: BTreeSet::new(),
    }
}

/// The first entry with room, or the last one, which is overbooked then.
fn room_for(
    places: &Places,
    reservation: &Reservation,
    letter: char,
    capacities: &Capacities,
) -> RoomEntry {
    let room_type = (reservation.hotel, letter);
    let last = capacities.parts(room_type).len().saturating_sub(1);
    (
        room_type,
        places
            .first_free(reservation, letter, capacities)
            .unwrap_or(last),
    )
}

fn cut(reservations: &[Reservation], events: &[Event], capacities: &Capacities) -> Plan {
    let outcome = first_come(reservations, events, capacities);
    let steps = events
        .iter()
        .filter(|event| event.kind == EventKind::Made || !outcome.refused.contains(&event.row))
        .map(|event| Step {
            event: *event,
            room: None,
        });
    let expected = outcome.entry.iter().map(|(row, entry)| {
        let reservation = &reservations[*row];
        let room = ((reservation.hotel, reservation.assigned_type), *entry);
        (*row, expected(reservation, room))
    });
    Plan {
        mode: Mode::Cut,
        steps: steps.collect(),
        expected: expected.collect(),
        refused: outcome.refused,
    }
}

fn expected(reservation: &Reservation, room: RoomEntry) -> Expected {
    Expected {
        room,
        cancelled: matches!(reservation.fate, Fate::Cancelled(_)),
        no_show: matches!(reservation.fate, Fate::NoShow(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Occupancy, read_reservations};
    use crate::replay::capacities;

    #[test]
    fn the_plan_ends_with_every_kept_stay_in_its_assigned_type() {
        let reservations = read_reservations().unwrap();
        let plan = plan(
            &reservations,
            &capacities(&reservations, Mode::Whole),
            Mode::Whole,
        );
        assert_eq!(plan.expected.len(), 14_848);
        let kept = |row: &&Reservation| row.fate == Fate::Kept && row.nights() > 0;
        let from_file = Occupancy::of(
            reservations
                .iter()
                .filter(kept)
                .map(|row| (row, row.assigned_type)),
        );
        let from_plan = Occupancy::of(
            plan.expected
                .iter()
                .filter(|(_, expected)| !expected.cancelled && !expected.no_show)
                .map(|(row, expected)| (&reservations[*row], expected.room.0.1)),
        );
        assert_eq!(from_file.differences(&from_plan), vec![]);
        assert!(from_file.room_nights() > 10_000);
    }

    #[test]
    fn with_less_room_somebody_is_refused_and_nothing_follows_a_refusal() {
        let reservations = read_reservations().unwrap();
        let plan = plan(
            &reservations,
            &capacities(&reservations, Mode::Cut),
            Mode::Cut,
        );
        assert!(!plan.refused.is_empty());
        assert_eq!(plan.refused.len() + plan.expected.len(), 14_848);
        let later = plan
            .steps
            .iter()
            .filter(|step| step.event.kind != EventKind::Made);
        assert!(later.clone().count() > 1_000);
        assert!(
            later
                .into_iter()
                .all(|step| !plan.refused.contains(&step.event.row))
        );
    }
}
