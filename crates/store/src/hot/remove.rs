//! Removes a booking with everything on it. What it had taken is given back.

use domain::id::{Id, IdSource};

use super::{Decision, Done, Refusal, Stamp, seen::Seen};
use crate::events::{EventRow, last};

/// The removal of a booking.
#[derive(Clone, Copy, Debug)]
pub struct RemoveBooking {
    /// The booking.
    pub booking_id: Id,
    /// The id of the event that tells of it.
    pub event_id: Id,
}

pub(super) fn decide(
    seen: &mut Seen,
    stamp: &Stamp,
    command: &RemoveBooking,
    _: &IdSource,
) -> Decision {
    let Some(held) = seen.booking(stamp, command.booking_id) else {
        return Refusal::UnknownBooking.into();
    };
    let organization_id = held.booking.organization_id;
    let (ordinal, facts) = (held.booking.version + 1, last(&held.booking));
    let before = seen.state(stamp.tenant_id, command.booking_id);
    seen.give(stamp, command.booking_id, "removed");
    let key = (stamp.tenant_id, command.booking_id);
    if let Some(held) = seen.bookings.get_mut(&key) {
        held.is_removed = true;
        seen.changes.bookings_removed.push(key);
    }
    let event = EventRow::new(
        stamp,
        command.event_id,
        "booking.removed",
        command.booking_id,
        organization_id,
        true,
    );
    seen.event(event.ordered(ordinal).with_facts(facts));
    Decision::Done(Box::new(Done {
        before,
        ..Done::default()
    }))
}
