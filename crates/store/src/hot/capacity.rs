//! Opens lanes and changes how much they hold.

use catalogue::{inventory::Resource, told::change};
use domain::{
    id::{Id, IdSource},
    lane::peak,
    time::Zone,
};
use journal::{BEFORE_THE_FIRST, Entry, Kind as EntryKind};

use super::{
    Decision, Refusal, Stamp,
    judge::Overbooking,
    load::Window,
    seen::{Lane, Seen},
    units::{Span, pin},
};
use crate::events::EventRow;

/// The lane of a new resource.
#[derive(Clone, Debug)]
pub struct OpenLane {
    /// The resource, whose id the lane shares.
    pub resource_id: Id,
    /// The organization it belongs to.
    pub organization_id: Id,
    /// The zone of its nights.
    pub zone: Zone,
    /// How much it holds.
    pub capacity: i64,
    /// Whether stays get numbered units.
    pub has_units: bool,
    /// Whether its owner refuses overbooking always.
    pub refuses_overbooking: bool,
}

/// Another capacity for a lane, or other rules.
#[derive(Clone, Debug)]
pub struct SetCapacity {
    /// The resource.
    pub resource_id: Id,
    /// How much it holds from now on.
    pub capacity: i64,
    /// What to do when more is already sold.
    pub overbooking: Overbooking,
    /// Another rule on overbooking.
    pub refuses_overbooking: bool,
    /// Whether the last unit is cleared first: stays that nobody pinned are moved to other units, and one
    /// that can't be moved stands against it. The new capacity is one less then.
    pub clears_last_unit: bool,
    /// The id of the event that tells of it.
    pub event_id: Id,
}

pub(super) fn open(seen: &mut Seen, stamp: &Stamp, command: &OpenLane) -> Decision {
    let key = (stamp.tenant_id, command.resource_id);
    if let Err(refusal) = check_capacity(command.capacity) {
        return refusal.into();
    }
    let entry = Entry::open(
        key.0.get(),
        key.1.get(),
        stamp.now.as_millisecond(),
        command.capacity,
    );
    let mut lane = Lane {
        organization_id: command.organization_id,
        zone: command.zone.clone(),
        capacity: command.capacity,
        has_units: command.has_units,
        refuses_overbooking: command.refuses_overbooking,
        longest_s: 0,
        sequence: 0,
        hash: BEFORE_THE_FIRST,
        // No later version is the same, because every later id is larger.
        terms: command.resource_id.get(),
        known: vec![(i64::MIN, i64::MAX)],
        allocations: Default::default(),
        limits: std::collections::BTreeMap::new(),
        entries: Vec::new(),
        hashes: Vec::new(),
        given: Default::default(),
        is_new: true,
        is_changed: false,
    };
    lane.enter(entry);
    seen.lanes.insert(key, lane);
    Decision::Done(Box::default())
}

pub(super) fn set(seen: &mut Seen, stamp: &Stamp, command: &SetCapacity, _: &IdSource) -> Decision {
    let key = (stamp.tenant_id, command.resource_id);
    let Some(lane) = seen.lane(stamp, command.resource_id) else {
        return Refusal::UnknownResource.into();
    };
    if let Err(refusal) = check_capacity(command.capacity) {
        return refusal.into();
    }
    let now = stamp.now.as_second();
    if !lane.knows(now, i64::MAX) {
        return Decision::Widen(Window {
            key,
            from: now,
            to: i64::MAX,
        });
    }
    let taken = peak(&lane.taken(now, i64::MAX, None), now, i64::MAX);
    let exceeds = taken > command.capacity;
    if exceeds && (command.overbooking == Overbooking::Refuse || command.refuses_overbooking) {
        return Refusal::CapacityInUse { taken }.into();
    }
    let (organization_id, capacity) = (lane.organization_id, lane.capacity);
    if command.clears_last_unit
        && let Err(decision) = clear_last_unit(seen, key, command.capacity, now)
    {
        return *decision;
    }
    change_lane(seen, stamp, command, exceeds);
    free_lost_units(seen, key, command.capacity);
    let event = EventRow::new(
        stamp,
        command.event_id,
        "resource.changed",
        command.resource_id,
        organization_id,
        true,
    );
    let is_other = capacity != command.capacity;
    let quantity = || change::<Resource>("/quantity", capacity, command.capacity);
    seen.event(event.with_facts(is_other.then(quantity)));
    Decision::Done(Box::default())
}

fn check_capacity(capacity: i64) -> Result<(), Refusal> {
    let most = crate::limits::LARGEST_QUANTITY;
    if (0..=most).contains(&capacity) {
        Ok(())
    } else {
        Err(Refusal::BadQuantity { most })
    }
}

fn change_lane(seen: &mut Seen, stamp: &Stamp, command: &SetCapacity, exceeds: bool) {
    let Some(lane) = seen.lanes.get_mut(&(stamp.tenant_id, command.resource_id)) else {
        return;
    };
    lane.refuses_overbooking = command.refuses_overbooking;
    lane.is_changed = true;
    if lane.capacity == command.capacity {
        return;
    }
    lane.capacity = command.capacity;
    let opened = Entry::open(
        stamp.tenant_id.get(),
        command.resource_id.get(),
        stamp.now.as_millisecond(),
        command.capacity,
    );
    lane.enter(Entry {
        kind: EntryKind::Capacity,
        reason: "capacity_set".into(),
        overbooked: exceeds,
        ..opened
    });
}

/// Moves the stays of the last unit to the others, from now on.
fn clear_last_unit(
    seen: &mut Seen,
    key: (Id, Id),
    capacity: i64,
    now: i64,
) -> Result<(), Box<Decision>> {
    let last = match seen.lanes.get(&key) {
        Some(lane) if lane.has_units && lane.capacity == capacity + 1 => lane.capacity,
        _ => return Ok(()),
    };
    let span = Span {
        key,
        from: now,
        to: i64::MAX,
        without: None,
        now,
    };
    // Whoever wanted the unit from now on, without end, would get it the same way.
    let Some(assignment) = pin(seen, &span, last)? else {
        return Err(Box::new(Refusal::UnitInUse { unit: last }.into()));
    };
    for (allocation_id, unit) in assignment.moves {
        seen.set_unit(key.0, key.1, allocation_id, Some(unit), false);
    }
    Ok(())
}

/// Stays in units that no longer exist lose them; they can be assigned anew.
fn free_lost_units(seen: &mut Seen, key: (Id, Id), units: i64) {
    let Some(lane) = seen.lanes.get(&key) else {
        return;
    };
    let lost: Vec<Id> = lane
        .allocations
        .iter()
        .filter(|allocation| allocation.unit.is_some_and(|unit| unit > units))
        .map(|allocation| allocation.id)
        .collect();
    for allocation_id in lost {
        seen.set_unit(key.0, key.1, allocation_id, None, false);
    }
}
