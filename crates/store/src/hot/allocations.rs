//! The allocations of a lane that a batch has read or made, in the order of their starts.
//!
//! A lane that everybody wants holds thousands of them, and each decision looks at a few nights:
//! so they are found by start, going back no further than the lane's longest allocation.

use std::collections::{BTreeMap, btree_map::Entry};

use domain::id::Id;

use super::seen::Allocation;

/// Where an allocation stands in its lane: its start, then its id.
pub(super) type Place = (i64, Id);

/// Allocations of one lane.
#[derive(Clone, Debug, Default)]
pub(super) struct Allocations(BTreeMap<Place, Allocation>);

impl Allocations {
    /// Those that overlap `[from, to)`, none of which is longer than `longest_s`.
    pub(super) fn overlapping(
        &self,
        from: i64,
        to: i64,
        longest_s: i64,
    ) -> impl Iterator<Item = &Allocation> {
        let first = from.saturating_sub(longest_s);
        self.0
            .range((first, Id::SMALLEST)..(to.max(first), Id::SMALLEST))
            .map(|(_, allocation)| allocation)
            .filter(move |allocation| from < allocation.ends_at)
    }

    /// Adds one that was read, unless it is there already and known better.
    pub(super) fn add_read(&mut self, allocation: Allocation) {
        if let Entry::Vacant(place) = self.0.entry((allocation.starts_at, allocation.id)) {
            place.insert(allocation);
        }
    }

    /// Adds one that was made.
    pub(super) fn add(&mut self, allocation: Allocation) {
        self.0
            .insert((allocation.starts_at, allocation.id), allocation);
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Allocation> {
        self.0.remove(&place)
    }

    /// The one with this id, wherever it begins. For the few that change their unit.
    pub(super) fn find_mut(&mut self, id: Id) -> Option<&mut Allocation> {
        self.0.values_mut().find(|allocation| allocation.id == id)
    }

    pub(super) fn get(&self, place: Place) -> Option<&Allocation> {
        self.0.get(&place)
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut Allocation> {
        self.0.get_mut(&place)
    }

    /// All of them, by start.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Allocation> {
        self.0.values()
    }

    #[cfg(feature = "negative_control")]
    pub(super) fn keep_before(&mut self, id: Id) {
        self.0.retain(|place, _| place.1 < id);
    }
}
