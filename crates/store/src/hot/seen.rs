//! What a batch has read, and what its decisions have made of it.
//!
//! Decisions change this state through a few verbs (take, give, put); [`Seen::flush`] turns the
//! difference into rows. So each decision sees what the earlier ones of the batch did, and a row
//! that changes three times in a batch is written once.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalogue::sale::{Booking, Line, Note};
use domain::{id::Id, lane::Taken, time::Zone};
use journal::{Entry, Kind as EntryKind};

use super::{
    Answer, BookingState, Outcome, Stamp, Submission,
    allocations::{Allocations, Place},
    load::Window,
};
use crate::{events::EventRow, idempotency::Stored, terms::Terms};

/// A row of a tenant: tenant and id.
pub(super) type Key = (Id, Id);

/// One allocation of a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// Its id.
    pub id: Id,
    /// The booking it belongs to.
    pub booking_id: Id,
    /// First second taken.
    pub starts_at: i64,
    /// First second free again.
    pub ends_at: i64,
    /// How much it takes.
    pub quantity: i64,
    /// The unit it has, from 1.
    pub unit: Option<i64>,
    /// Whether the unit was asked for by number and must not be changed.
    pub pinned: bool,
    /// When it expires, milliseconds.
    pub expires_at: Option<i64>,
    /// Whether it was taken beyond capacity.
    pub overbooked: bool,
    pub(super) origin: Origin,
}

/// What the store knows of an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It stands there as it is here.
    Stored,
    /// It stands there with another unit or expiry.
    Changed,
    /// It is new in this batch.
    New,
}

impl Allocation {
    fn has_changed(&mut self) {
        if self.origin == Origin::Stored {
            self.origin = Origin::Changed;
        }
    }

    /// Where it stands in its lane.
    pub(super) fn place(&self) -> Place {
        (self.starts_at, self.id)
    }

    /// What the lane's rules see of it.
    pub fn taken(&self) -> Taken {
        Taken {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            quantity: self.quantity,
        }
    }
}

/// A lane that is locked.
#[derive(Clone, Debug)]
pub struct Lane {
    pub(super) organization_id: Id,
    pub(super) zone: Zone,
    pub(super) capacity: i64,
    pub(super) has_units: bool,
    pub(super) refuses_overbooking: bool,
    pub(super) longest_s: i64,
    pub(super) sequence: i64,
    pub(super) hash: [u8; 32],
    /// The version of what it is sold on.
    pub(super) terms: i64,
    /// Stretches whose allocations have been read, disjoint and ascending.
    pub(super) known: Vec<(i64, i64)>,
    pub(super) allocations: Allocations,
    /// Limits on what is sold, by day number.
    pub(super) limits: BTreeMap<i64, i64>,
    pub(super) entries: Vec<Entry>,
    pub(super) hashes: Vec<[u8; 32]>,
    /// Stored allocations that were given back.
    pub(super) given: HashSet<Place>,
    pub(super) is_new: bool,
    /// Whether anything but its chain has changed.
    pub(super) is_changed: bool,
}

#[cfg(feature = "negative_control")]
impl Lane {
    /// The lane as it was before an id was drawn.
    pub(super) fn as_before(&self, id: Id) -> Self {
        let mut before = self.clone();
        before.allocations.keep_before(id);
        before
    }
}

impl Lane {
    /// Whether its row is written by this batch.
    pub(super) fn is_written(&self) -> bool {
        self.is_new || self.is_changed || !self.entries.is_empty()
    }

    /// What is taken in `[from, to)`, leaving out one booking.
    pub(super) fn taken(&self, from: i64, to: i64, without: Option<Id>) -> Vec<Taken> {
        self.overlapping(from, to, without)
            .map(Allocation::taken)
            .collect()
    }

    pub(super) fn overlapping(
        &self,
        from: i64,
        to: i64,
        without: Option<Id>,
    ) -> impl Iterator<Item = &Allocation> {
        self.allocations
            .overlapping(from, to, self.longest_s)
            .filter(move |allocation| Some(allocation.booking_id) != without)
    }

    /// Whether all allocations of `[from, to)` have been read.
    pub(super) fn knows(&self, from: i64, to: i64) -> bool {
        let next = self
            .known
            .partition_point(|(known_from, _)| *known_from <= from);
        next > 0 && to <= self.known[next - 1].1
    }
}

/// A booking that is locked, with what hangs on it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) booking: Booking,
    /// What it has taken: lane and place in the lane.
    pub(super) taken: Vec<(Id, Place)>,
    pub(super) lines: Vec<Line>,
    pub(super) notes: Vec<Note>,
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
    pub(super) is_removed: bool,
}

/// Everything a batch has read and changed. It is kept in the order of the keys, because rows that are
/// written in that order fill pages one after another.
#[derive(Clone, Default)]
pub struct Seen {
    pub(super) lanes: BTreeMap<Key, Lane>,
    pub(super) bookings: BTreeMap<Key, Held>,
    pub(super) terms: Terms,
    pub(super) changes: RowChanges,
    pub(super) answers: HashMap<(Id, Id, String), KnownAnswer>,
    pub(super) may_widen: bool,
    #[cfg(feature = "negative_control")]
    pub(super) blind_after: Option<Id>,
}

/// Rows of what hangs on bookings, and the records that follow from every change.
#[derive(Clone, Default)]
pub(super) struct RowChanges {
    pub(super) lines: ItemRows<Line>,
    pub(super) notes: ItemRows<Note>,
    pub(super) bookings_removed: Vec<Key>,
    pub(super) events: Vec<EventRow>,
}

/// Rows of one kind that a batch adds, changes and removes.
#[derive(Clone)]
pub(super) struct ItemRows<T> {
    pub(super) added: Vec<T>,
    pub(super) changed: Vec<T>,
    pub(super) removed: Vec<Key>,
}

impl<T> Default for ItemRows<T> {
    fn default() -> Self {
        Self {
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
        }
    }
}

/// An answer kept under an idempotency key.
#[derive(Clone)]
pub(super) struct KnownAnswer {
    pub(super) stored: Stored,
    pub(super) is_new: bool,
}

impl Seen {
    /// The lane of a resource that the caller reaches.
    pub(super) fn lane(&self, stamp: &Stamp, resource_id: Id) -> Option<&Lane> {
        self.lanes
            .get(&(stamp.tenant_id, resource_id))
            .filter(|lane| stamp.reaches(lane.organization_id))
    }

    /// A booking that exists and that the caller reaches.
    pub(super) fn booking(&self, stamp: &Stamp, booking_id: Id) -> Option<&Held> {
        self.bookings
            .get(&(stamp.tenant_id, booking_id))
            .filter(|held| !held.is_removed && stamp.reaches(held.booking.organization_id))
    }

    /// The allocations of a booking, with their lanes.
    pub(super) fn allocations_of(&self, tenant_id: Id, booking_id: Id) -> Vec<(Id, Allocation)> {
        let Some(held) = self.bookings.get(&(tenant_id, booking_id)) else {
            return Vec::new();
        };
        let found = held.taken.iter().filter_map(|(lane_id, place)| {
            let lane = self.lanes.get(&(tenant_id, *lane_id))?;
            Some((*lane_id, lane.allocations.get(*place)?.clone()))
        });
        found.collect()
    }

    /// Takes capacity: an allocation and its journal entry.
    pub(super) fn take(
        &mut self,
        stamp: &Stamp,
        lane_id: Id,
        allocation: Allocation,
        reason: &'static str,
    ) {
        let Some(lane) = self.lanes.get_mut(&(stamp.tenant_id, lane_id)) else {
            return;
        };
        lane.record(stamp, lane_id, EntryKind::Take, &allocation, reason);
        lane.longest_s = lane
            .longest_s
            .max(allocation.ends_at - allocation.starts_at);
        if let Some(held) = self
            .bookings
            .get_mut(&(stamp.tenant_id, allocation.booking_id))
        {
            held.taken.push((lane_id, allocation.place()));
        }
        lane.allocations.add(allocation);
    }

    /// Gives back everything a booking has taken.
    pub(super) fn give(&mut self, stamp: &Stamp, booking_id: Id, reason: &'static str) {
        let Some(held) = self.bookings.get_mut(&(stamp.tenant_id, booking_id)) else {
            return;
        };
        for (lane_id, place) in std::mem::take(&mut held.taken) {
            let Some(lane) = self.lanes.get_mut(&(stamp.tenant_id, lane_id)) else {
                continue;
            };
            let Some(allocation) = lane.allocations.remove(place) else {
                continue;
            };
            lane.record(stamp, lane_id, EntryKind::Give, &allocation, reason);
            if allocation.origin != Origin::New {
                lane.given.insert(place);
            }
        }
    }

    /// Gives an allocation another unit.
    pub(super) fn set_unit(
        &mut self,
        tenant_id: Id,
        lane_id: Id,
        allocation_id: Id,
        unit: Option<i64>,
        pinned: bool,
    ) {
        let Some(lane) = self.lanes.get_mut(&(tenant_id, lane_id)) else {
            return;
        };
        let found = lane.allocations.find_mut(allocation_id);
        if let Some(allocation) =
            found.filter(|allocation| (allocation.unit, allocation.pinned) != (unit, pinned))
        {
            (allocation.unit, allocation.pinned) = (unit, pinned);
            allocation.has_changed();
        }
    }

    /// Changes when what a booking has taken expires.
    pub(super) fn set_expiry(&mut self, tenant_id: Id, booking_id: Id, expires_at: Option<i64>) {
        let Some(held) = self.bookings.get(&(tenant_id, booking_id)) else {
            return;
        };
        for (lane_id, place) in &held.taken {
            let lane = self.lanes.get_mut(&(tenant_id, *lane_id));
            let allocation = lane.and_then(|lane| lane.allocations.get_mut(*place));
            if let Some(allocation) = allocation.filter(|of| of.expires_at != expires_at) {
                allocation.expires_at = expires_at;
                allocation.has_changed();
            }
        }
    }

    /// The booking with its units, for the answer.
    pub(super) fn state(&self, tenant_id: Id, booking_id: Id) -> Option<BookingState> {
        let held = self.bookings.get(&(tenant_id, booking_id))?;
        let allocations = self.allocations_of(tenant_id, booking_id);
        let mut units: Vec<i64> = allocations
            .iter()
            .filter_map(|(_, allocation)| allocation.unit)
            .collect();
        units.sort_unstable();
        let overbooked = allocations
            .iter()
            .any(|(_, allocation)| allocation.overbooked);
        let pinned = allocations
            .iter()
            .any(|(_, allocation)| allocation.unit.is_some() && allocation.pinned);
        Some(BookingState {
            booking: held.booking.clone(),
            units,
            overbooked,
            pinned,
        })
    }

    /// Records what happened, for those who are told and those who look it up.
    pub(super) fn event(&mut self, event: EventRow) {
        self.changes.events.push(event);
    }

    /// The answer for a key that was used before.
    pub(super) fn known_answer(&self, submission: &Submission) -> Option<Answer> {
        let claim = submission.idempotency.as_ref()?;
        let known = self.answers.get(&claim.key(&submission.stamp))?;
        Some(if known.stored.fingerprint == claim.fingerprint {
            Answer::Replayed(known.stored.clone())
        } else {
            Answer::KeyReused
        })
    }

    /// Keeps the answer under the caller's key, to be written in the same commit.
    pub(super) fn keep_answer(&mut self, submission: &Submission, outcomes: &[Outcome]) {
        let Some(claim) = &submission.idempotency else {
            return;
        };
        let stored = (claim.render)(outcomes);
        let stored = Stored {
            fingerprint: claim.fingerprint,
            at: submission.stamp.now,
            ..stored
        };
        self.answers.insert(
            claim.key(&submission.stamp),
            KnownAnswer {
                stored,
                is_new: true,
            },
        );
    }

    /// Where a window lies that must be read before deciding; `None` when it is known.
    pub(super) fn missing(&self, stamp: &Stamp, lane_id: Id, from: i64, to: i64) -> Option<Window> {
        let lane = self.lanes.get(&(stamp.tenant_id, lane_id))?;
        (!lane.knows(from, to)).then_some(Window {
            key: (stamp.tenant_id, lane_id),
            from,
            to,
        })
    }
}

impl Lane {
    fn record(
        &mut self,
        stamp: &Stamp,
        lane_id: Id,
        kind: EntryKind,
        allocation: &Allocation,
        reason: &'static str,
    ) {
        self.enter(Entry {
            tenant: stamp.tenant_id.get(),
            lane: lane_id.get(),
            sequence: 0,
            at: stamp.now.as_millisecond(),
            kind,
            reason: reason.into(),
            allocation: Some(allocation.id.get()),
            booking: Some(allocation.booking_id.get()),
            quantity: allocation.quantity,
            starts_at: allocation.starts_at,
            ends_at: allocation.ends_at,
            capacity: self.capacity,
            overbooked: allocation.overbooked,
        });
    }

    /// Appends an entry to the lane's chain.
    pub(super) fn enter(&mut self, mut entry: Entry) {
        self.sequence += 1;
        entry.sequence = self.sequence;
        self.hash = entry.hash(&self.hash);
        self.hashes.push(self.hash);
        self.entries.push(entry);
    }
}
