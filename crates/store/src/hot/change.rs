//! Changes a booking: dates, resource, quantity, unit, state, and everything that hangs on it.

use catalogue::sale::{
    Booking, BookingDetailsPatch, Line, LineDetailsPatch, Note, NoteDetailsPatch,
};
use domain::{
    booking::{CapacityChange, Status},
    id::{Id, IdSource},
};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::{
    Decision, Done, Refusal, Stamp, SubOutcome,
    judge::{Overbooking, Stay},
    place::{
        Group, Taking, UnitChoice, Wish, check_quantity, check_reference, joined_group,
        mark_master, taking,
    },
    seen::{ItemRows, Key, Seen},
};
use crate::events::{EventRow, changes};

/// A change of one booking.
#[derive(Clone, Debug)]
pub struct ChangeBooking {
    /// The booking.
    pub booking_id: Id,
    /// What changes; absent fields stay.
    pub change: BookingChange,
    /// Changes of its lines.
    pub lines: Vec<SubChange<Line, LineDetailsPatch>>,
    /// Changes of its notes.
    pub notes: Vec<SubChange<Note, NoteDetailsPatch>>,
    /// Whether all its lines go, before `lines` are looked at.
    pub remove_lines: bool,
    /// What to do when the change does not fit.
    pub overbooking: Overbooking,
    /// The id of the event that tells of it.
    pub event_id: Id,
    /// Whether subscribers are told.
    pub announce: bool,
}

/// The fields of a booking that may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BookingChange {
    /// Another resource.
    pub resource_id: Option<Id>,
    /// Another arrival.
    pub arrival_on: Option<Date>,
    /// Another departure.
    pub departure_on: Option<Date>,
    /// Another quantity.
    pub quantity: Option<i64>,
    /// Another unit.
    pub unit: Option<UnitChoice>,
    /// Another state.
    pub status: Option<Status>,
    /// The states that the caller's word for the other one covers too: there it stays as it is.
    pub stays: Vec<Status>,
    /// The states in which it may be changed so; empty for any. A hold that has lapsed counts as expired,
    /// even if nobody has ended it yet.
    pub only_from: Vec<Status>,
    /// The version that the change was decided for; none where it holds for any. Every change of a booking
    /// and of its lines and notes is another version.
    pub only_version: Option<i64>,
    /// Whether staff has looked at it.
    pub opened: Option<bool>,
    /// Until when it is held.
    pub held_until: Option<Option<Timestamp>>,
    /// Another group.
    pub group: Option<Group>,
    /// Another channel.
    pub channel: Option<String>,
    /// Another reference.
    pub external_reference: Option<String>,
    /// Whether the time of a cancellation is recorded.
    pub records_cancellation: bool,
    /// Everything that takes no capacity.
    pub details: BookingDetailsPatch,
}

/// A change of something that hangs on a booking.
#[derive(Clone, Debug, PartialEq)]
pub enum SubChange<T, P> {
    /// Adds it.
    Add(T),
    /// Changes it.
    Change(Id, P),
    /// Removes it.
    Remove(Id),
}

pub(super) fn decide(
    seen: &mut Seen,
    stamp: &Stamp,
    command: &ChangeBooking,
    ids: &IdSource,
) -> Decision {
    let Some(held) = seen.booking(stamp, command.booking_id) else {
        return Refusal::UnknownBooking.into();
    };
    let before = held.booking.clone();
    let after = match changed(seen, stamp, &before, &command.change) {
        Ok(after) => after,
        Err(refusal) => return refusal.into(),
    };
    let event = event_word(before.status, after.status);
    let state_before = seen.state(stamp.tenant_id, before.id);
    let was_pinned = is_pinned(seen, stamp, before.id);
    let unit_not_given = match occupy(seen, stamp, command, &before, after, ids) {
        Ok(unit_not_given) => unit_not_given,
        Err(decision) => return *decision,
    };
    let (lines, notes) = change_items(seen, stamp, command);
    finish(seen, stamp, command.booking_id);
    let after = seen.state(stamp.tenant_id, command.booking_id);
    let booking = after.as_ref().map_or(&before, |after| &after.booking);
    let event = EventRow::new(
        stamp,
        command.event_id,
        event,
        command.booking_id,
        booking.organization_id,
        command.announce,
    );
    let pinned = [was_pinned, is_pinned(seen, stamp, booking.id)];
    let facts = facts(&before, booking, pinned);
    let event = event.ordered(booking.version).with_facts(facts);
    // What a booking leaves has something to tell as well as what it comes to.
    let left = (before.resource_id != booking.resource_id).then(|| {
        let organization_id = before.organization_id;
        let (id, left) = (ids.next(stamp.now), before.resource_id);
        EventRow::new(
            stamp,
            id,
            "room.freed",
            left,
            organization_id,
            command.announce,
        )
    });
    seen.event(event);
    if let Some(left) = left {
        seen.event(left);
    }
    Decision::Done(Box::new(Done {
        before: state_before,
        after,
        lines,
        notes,
        unit_not_given,
    }))
}

/// What has changed: attributes of the booking, and `pinned`, whether it may get other units.
fn facts(before: &Booking, after: &Booking, pinned: [bool; 2]) -> Option<Value> {
    let facts = changes(before, after);
    if pinned[0] == pinned[1] {
        return facts;
    }
    let mut facts = facts.unwrap_or_else(|| json!({ "changes": {} }));
    facts["changes"]["pinned"] = json!(pinned);
    Some(facts)
}

/// Whether the booking has a unit that it keeps.
fn is_pinned(seen: &Seen, stamp: &Stamp, booking_id: Id) -> bool {
    let own = seen.allocations_of(stamp.tenant_id, booking_id);
    own.iter().any(|(_, of)| of.pinned && of.unit.is_some())
}

fn event_word(from: Status, to: Status) -> &'static str {
    match to {
        to if to == from => "booking.changed",
        // Whoever takes a check-in back has confirmed nothing.
        Status::Confirmed if matches!(from, Status::InHouse | Status::Completed) => {
            "booking.changed"
        }
        Status::Cancelled => "booking.cancelled",
        Status::Confirmed => "booking.confirmed",
        Status::Expired => "booking.expired",
        _ => "booking.changed",
    }
}

/// Whether the booking is in a state in which it may be changed so, and still the one that was looked at.
fn check_state(stamp: &Stamp, before: &Booking, change: &BookingChange) -> Result<(), Refusal> {
    let has_lapsed = before.held_until.is_some_and(|until| until <= stamp.now);
    let from = if before.status.expires() && has_lapsed {
        Status::Expired
    } else {
        before.status
    };
    if !change.only_from.is_empty() && !change.only_from.contains(&from) {
        let to = change.status.unwrap_or(from);
        return Err(Refusal::NotAllowed { from, to });
    }
    match change.only_version {
        Some(version) if version != before.version => Err(Refusal::ChangedMeanwhile),
        _ => Ok(()),
    }
}

/// The booking as it will be, without any question of capacity.
fn changed(
    seen: &Seen,
    stamp: &Stamp,
    before: &Booking,
    change: &BookingChange,
) -> Result<Booking, Refusal> {
    check_state(stamp, before, change)?;
    let mut after = before.clone();
    let other = change
        .status
        .filter(|_| !change.stays.contains(&before.status));
    if let Some(status) = other {
        before
            .status
            .transition(status)
            .map_err(|refused| Refusal::NotAllowed {
                from: refused.from,
                to: refused.to,
            })?;
        // Whoever ends holds has found this one a moment ago; it may have been prolonged since.
        let is_prolonged = before.held_until.is_some_and(|until| until > stamp.now);
        if status == Status::Expired && is_prolonged {
            return Err(Refusal::NotAllowed {
                from: before.status,
                to: status,
            });
        }
        after.status = status;
    }
    if let Some(resource_id) = change.resource_id {
        let lane = seen
            .lane(stamp, resource_id)
            .ok_or(Refusal::UnknownResource)?;
        (after.resource_id, after.organization_id) = (resource_id, lane.organization_id);
    }
    match change.group {
        None => {}
        Some(Group::Alone) => after.group_id = None,
        Some(Group::Start) => after.group_id = Some(after.id),
        Some(Group::Join(master) | Group::JoinIfThere(master)) => {
            let group_id = joined_group(seen, stamp, master).ok_or(Refusal::UnknownGroup)?;
            after.group_id = Some(group_id);
        }
    }
    after.arrival_on = change.arrival_on.unwrap_or(after.arrival_on);
    after.departure_on = change.departure_on.unwrap_or(after.departure_on);
    after.quantity = change.quantity.unwrap_or(after.quantity);
    after.opened = change.opened.unwrap_or(after.opened);
    after.held_until = change.held_until.unwrap_or(after.held_until);
    if let Some(channel) = &change.channel {
        after.channel.clone_from(channel);
    }
    if let Some(reference) = &change.external_reference {
        check_reference(reference)?;
        after.external_reference.clone_from(reference);
    }
    change.details.clone().apply(&mut after.details);
    if after.status.is_off() && !before.status.is_off() && change.records_cancellation {
        after.cancelled_at = Some(stamp.now);
    }
    Ok(after)
}

/// Gives back and takes what the change asks for, and puts the booking as it will be.
fn occupy(
    seen: &mut Seen,
    stamp: &Stamp,
    command: &ChangeBooking,
    before: &Booking,
    mut after: Booking,
    ids: &IdSource,
) -> Result<bool, Box<Decision>> {
    let refuse = |refusal: Refusal| Box::new(Decision::Refused(refusal));
    let lane = seen
        .lane(stamp, after.resource_id)
        .ok_or_else(|| refuse(Refusal::UnknownResource))?;
    let stay = Stay::in_lane(lane, after.arrival_on, after.departure_on).map_err(refuse)?;
    if after.quantity != before.quantity {
        check_quantity(lane, after.quantity).map_err(refuse)?;
    }
    (after.starts_at, after.ends_at) = (stay.period.starts_at, stay.period.ends_at);
    let capacity = CapacityChange::between(before.status, after.status);
    let stays = stays_there(seen, stamp, before, &after, command.change.unit);
    let moves = moves(before, &after) || (command.change.unit.is_some() && !stays);
    let takes = matches!(capacity, CapacityChange::Take)
        || (matches!(capacity, CapacityChange::Keep) && moves);
    let unit = chosen_unit(seen, stamp, before, &after, command.change.unit);
    let wish = Wish {
        lane_id: after.resource_id,
        quantity: after.quantity,
        takes_capacity: takes,
        unit,
        overbooking: command.overbooking,
        expires_at: expiry(&after),
        without: Some(before.id),
        has_it: has_it(seen, stamp, &after, &stay),
        prefers: units(seen, stamp, &after),
    };
    let taking = taking(seen, stamp, wish, &stay)?;
    // Whoever is pinned to a unit wishes for it with every change.
    let unit_not_given = unit.is_a_wish() && taking.as_ref().is_some_and(Taking::lacks_unit);
    let reason = if matches!(capacity, CapacityChange::Give) {
        off_word(after.status)
    } else {
        "moved"
    };
    if takes || matches!(capacity, CapacityChange::Give) {
        seen.give(stamp, before.id, reason);
    }
    let lane_id = after.resource_id;
    if let Some(Group::Join(master) | Group::JoinIfThere(master)) = command.change.group {
        mark_master(seen, stamp, master);
    }
    if matches!(capacity, CapacityChange::Keep) && !takes {
        let expires_at = expiry(&after).map(Timestamp::as_millisecond);
        seen.set_expiry(stamp.tenant_id, before.id, expires_at);
        if stays {
            pin(
                seen,
                stamp,
                before.id,
                command.change.unit == Some(UnitChoice::Pinned),
            );
        }
    }
    if let Some(held) = seen.bookings.get_mut(&(stamp.tenant_id, before.id)) {
        held.booking = after;
    }
    if let Some(taking) = taking {
        let reason = if matches!(capacity, CapacityChange::Take) {
            "revived"
        } else {
            "moved"
        };
        taking.carry_out(seen, stamp, before.id, lane_id, &stay, ids, reason);
    }
    Ok(unit_not_given)
}

fn moves(before: &Booking, after: &Booking) -> bool {
    let place = |booking: &Booking| {
        (
            booking.resource_id,
            booking.starts_at,
            booking.ends_at,
            booking.quantity,
        )
    };
    place(before) != place(after)
}

fn expiry(booking: &Booking) -> Option<Timestamp> {
    booking.held_until.filter(|_| booking.status.expires())
}

/// Whether the booking has taken all that it asks for already: who shortens a stay in a lane that is
/// overbooked by now must not be told that there is no room.
fn has_it(seen: &Seen, stamp: &Stamp, after: &Booking, stay: &Stay) -> bool {
    let taken: i64 = seen
        .allocations_of(stamp.tenant_id, after.id)
        .iter()
        .filter(|(lane_id, of)| {
            *lane_id == after.resource_id && of.starts_at <= stay.from() && stay.to() <= of.ends_at
        })
        .map(|(_, of)| of.quantity)
        .sum();
    after.quantity <= taken
}

/// The units that the booking has in the lane where it will be.
fn units(seen: &Seen, stamp: &Stamp, after: &Booking) -> Vec<i64> {
    seen.allocations_of(stamp.tenant_id, after.id)
        .iter()
        .filter(|(lane_id, _)| *lane_id == after.resource_id)
        .filter_map(|(_, of)| of.unit)
        .collect()
}

/// Whether a stay keeps the units that it has, and what is asked for says only whether it may be moved from
/// there.
fn stays_there(
    seen: &Seen,
    stamp: &Stamp,
    before: &Booking,
    after: &Booking,
    asked: Option<UnitChoice>,
) -> bool {
    let own = seen.allocations_of(stamp.tenant_id, before.id);
    matches!(asked, Some(UnitChoice::Any | UnitChoice::Pinned))
        && !moves(before, after)
        && !own.is_empty()
        && own.iter().all(|(_, of)| of.unit.is_some())
}

/// Says of all that a booking has taken whether it may get other units.
fn pin(seen: &mut Seen, stamp: &Stamp, booking_id: Id, pinned: bool) {
    for (lane_id, of) in seen.allocations_of(stamp.tenant_id, booking_id) {
        seen.set_unit(stamp.tenant_id, lane_id, of.id, of.unit, pinned);
    }
}

/// The unit that a stay is to have. One that is to keep its unit, whichever it is, asks for it by its number.
fn chosen_unit(
    seen: &Seen,
    stamp: &Stamp,
    before: &Booking,
    after: &Booking,
    asked: Option<UnitChoice>,
) -> UnitChoice {
    match asked {
        None => kept_unit(seen, stamp, before, after),
        Some(UnitChoice::Pinned) if after.quantity == 1 => {
            let capacity = capacity(seen, stamp, after.resource_id);
            let own = units(seen, stamp, after).into_iter();
            own.filter(|unit| *unit <= capacity)
                .map(UnitChoice::Number)
                .next()
                .unwrap_or(UnitChoice::Pinned)
        }
        Some(unit) => unit,
    }
}

fn capacity(seen: &Seen, stamp: &Stamp, resource_id: Id) -> i64 {
    let lane = seen.lane(stamp, resource_id);
    lane.map_or(0, |lane| lane.capacity)
}

/// A stay that keeps its room type keeps a unit that was asked for, as long as there is such a unit.
fn kept_unit(seen: &Seen, stamp: &Stamp, before: &Booking, after: &Booking) -> UnitChoice {
    if before.resource_id != after.resource_id {
        return UnitChoice::Any;
    }
    let capacity = capacity(seen, stamp, after.resource_id);
    let own = seen.allocations_of(stamp.tenant_id, before.id);
    let pinned = own
        .iter()
        .find(|(_, allocation)| allocation.pinned)
        .and_then(|(_, allocation)| allocation.unit)
        .filter(|unit| *unit <= capacity);
    match pinned {
        None => UnitChoice::Any,
        // Several units are kept together: where they can be had, they stay.
        Some(_) if after.quantity != 1 => UnitChoice::Pinned,
        Some(unit) => UnitChoice::Number(unit),
    }
}

fn off_word(status: Status) -> &'static str {
    match status {
        Status::Cancelled => "cancelled",
        Status::Expired => "expired",
        Status::Refused => "refused",
        Status::Completed => "completed",
        _ => "released",
    }
}

fn finish(seen: &mut Seen, stamp: &Stamp, booking_id: Id) {
    let Some(held) = seen.bookings.get_mut(&(stamp.tenant_id, booking_id)) else {
        return;
    };
    held.booking.changed_at = stamp.now;
    held.booking.version += 1;
    held.booking.search = held.booking.search_text();
    held.is_changed = true;
}

fn change_items(
    seen: &mut Seen,
    stamp: &Stamp,
    command: &ChangeBooking,
) -> (Vec<SubOutcome>, Vec<SubOutcome>) {
    let Seen {
        bookings, changes, ..
    } = seen;
    let Some(held) = bookings.get_mut(&(stamp.tenant_id, command.booking_id)) else {
        return (Vec::new(), Vec::new());
    };
    if command.remove_lines {
        changes
            .lines
            .removed
            .extend(held.lines.drain(..).map(|line| line.key()));
    }
    (
        change_each(&mut held.lines, &mut changes.lines, &command.lines),
        change_each(&mut held.notes, &mut changes.notes, &command.notes),
    )
}

/// Something that hangs on a booking and changes with it.
trait Item: Clone {
    type Patch: Clone;
    fn key(&self) -> Key;
    fn apply(&mut self, patch: Self::Patch);
}

impl Item for Line {
    type Patch = LineDetailsPatch;
    fn key(&self) -> Key {
        (self.tenant_id, self.id)
    }
    fn apply(&mut self, patch: LineDetailsPatch) {
        patch.apply(&mut self.details);
    }
}

impl Item for Note {
    type Patch = NoteDetailsPatch;
    fn key(&self) -> Key {
        (self.tenant_id, self.id)
    }
    fn apply(&mut self, patch: NoteDetailsPatch) {
        patch.apply(&mut self.details);
    }
}

fn change_each<T: Item>(
    items: &mut Vec<T>,
    rows: &mut ItemRows<T>,
    changes: &[SubChange<T, T::Patch>],
) -> Vec<SubOutcome> {
    changes
        .iter()
        .map(|change| change_one(items, rows, change))
        .collect()
}

fn change_one<T: Item>(
    items: &mut Vec<T>,
    rows: &mut ItemRows<T>,
    change: &SubChange<T, T::Patch>,
) -> SubOutcome {
    let position = |items: &[T], id: Id| items.iter().position(|item| item.key().1 == id);
    match change {
        SubChange::Add(item) => {
            items.push(item.clone());
            rows.added.push(item.clone());
            SubOutcome::Added(item.key().1)
        }
        SubChange::Change(id, patch) => {
            let Some(index) = position(items, *id) else {
                return SubOutcome::Unknown(*id);
            };
            items[index].apply(patch.clone());
            rows.changed.retain(|item| item.key() != items[index].key());
            rows.changed.push(items[index].clone());
            SubOutcome::Changed(*id)
        }
        SubChange::Remove(id) => {
            let Some(index) = position(items, *id) else {
                return SubOutcome::Unknown(*id);
            };
            rows.removed.push(items.remove(index).key());
            SubOutcome::Removed(*id)
        }
    }
}
