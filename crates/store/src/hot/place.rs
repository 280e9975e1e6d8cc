//! Makes a booking.

use catalogue::sale::{Booking, Line, Note};
use domain::id::{Id, IdSource};
use jiff::Timestamp;

pub use super::judge::Overbooking;
use super::{
    Decision, Done, Refusal, Stamp, SubOutcome,
    judge::{Question, Stay, judge},
    seen::{Allocation, Held, Lane, Origin, Seen},
    units::{self, Assignment, Span},
};
use crate::{
    events::EventRow,
    limits::{LARGEST_QUANTITY, REFERENCE_BYTES, UNITS_OF_A_BOOKING},
};

/// A new booking with everything on it.
#[derive(Clone, Debug)]
pub struct PlaceBooking {
    /// The booking. Organization, instants and search text are filled in by the decision.
    pub booking: Booking,
    /// Where its price comes from.
    pub price: Price,
    /// Its lines.
    pub lines: Vec<Line>,
    /// A line to be added that says the price, once it is known.
    pub charge: Option<Line>,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Which unit.
    pub unit: UnitChoice,
    /// Which group.
    pub group: Group,
    /// What to do when it does not fit.
    pub overbooking: Overbooking,
    /// The id of the event that tells of it.
    pub event_id: Id,
    /// Whether subscribers are told.
    pub announce: bool,
}

/// Where the price of a booking comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Price {
    /// From the caller: it stands in the booking.
    #[default]
    Given,
    /// From what the calendar says when the booking is made.
    Calendar,
}

/// Which unit a booking gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnitChoice {
    /// Any; it may be changed later to make room.
    #[default]
    Any,
    /// The one that it has, or any; it stays.
    Pinned,
    /// This one, from 1; it stays.
    Number(i64),
    /// This one, from 1; it may be changed later to make room.
    Movable(i64),
    /// None yet.
    Unassigned,
}

impl UnitChoice {
    /// The number that is asked for.
    fn number(self) -> Option<i64> {
        match self {
            UnitChoice::Number(number) | UnitChoice::Movable(number) => Some(number),
            UnitChoice::Any | UnitChoice::Pinned | UnitChoice::Unassigned => None,
        }
    }

    /// Whether the caller is told where it could not be met.
    pub(super) fn is_a_wish(self) -> bool {
        self == UnitChoice::Pinned || self.number().is_some()
    }
}

/// Which group a booking belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// None: it stands alone.
    #[default]
    Alone,
    /// The group of this master booking, which must exist.
    Join(Id),
    /// A group of its own, that later bookings of the submission join.
    Start,
    /// The group that the booking with this id started earlier in the submission, if it was made.
    JoinIfThere(Id),
}

pub(super) fn decide(
    seen: &mut Seen,
    stamp: &Stamp,
    command: &PlaceBooking,
    ids: &IdSource,
) -> Decision {
    let booking = &command.booking;
    let Some(lane) = seen.lane(stamp, booking.resource_id) else {
        return Refusal::UnknownResource.into();
    };
    let stay = match Stay::in_lane(lane, booking.arrival_on, booking.departure_on) {
        Ok(stay) => stay,
        Err(refusal) => return refusal.into(),
    };
    let checked = check_quantity(lane, booking.quantity)
        .and_then(|()| check_reference(&booking.external_reference));
    if let Err(refusal) = checked {
        return refusal.into();
    }
    let organization_id = lane.organization_id;
    let group_id = match group(seen, stamp, command) {
        Ok(group_id) => group_id,
        Err(refusal) => return refusal.into(),
    };
    let taking = match taking(seen, stamp, Wish::of(command), &stay) {
        Ok(taking) => taking,
        Err(decision) => return *decision,
    };
    let mut booking = Booking {
        organization_id,
        group_id,
        starts_at: stay.period.starts_at,
        ends_at: stay.period.ends_at,
        search: booking.search_text(),
        version: 1,
        ..booking.clone()
    };
    if command.price == Price::Calendar {
        booking.details.price = seen.terms.price_of(&booking, stamp.now);
    }
    let lines = lines(command, &booking);
    let made = lines.iter().map(|line| SubOutcome::Added(line.id));
    let made: Vec<SubOutcome> = made.collect();
    let id = booking.id;
    let lane_id = booking.resource_id;
    if let Some(Group::Join(master) | Group::JoinIfThere(master)) = group_id.map(|_| command.group)
    {
        mark_master(seen, stamp, master);
    }
    put_new(seen, command, booking, lines);
    let unit_not_given =
        command.unit.is_a_wish() && taking.as_ref().is_some_and(Taking::lacks_unit);
    if let Some(taking) = taking {
        taking.carry_out(seen, stamp, id, lane_id, &stay, ids, "placed");
    }
    seen.event(
        EventRow::new(
            stamp,
            command.event_id,
            "booking.placed",
            id,
            organization_id,
            command.announce,
        )
        .ordered(1),
    );
    Decision::Done(Box::new(Done {
        before: None,
        after: seen.state(stamp.tenant_id, id),
        lines: made,
        notes: command
            .notes
            .iter()
            .map(|note| SubOutcome::Added(note.id))
            .collect(),
        unit_not_given,
    }))
}

fn group(seen: &Seen, stamp: &Stamp, command: &PlaceBooking) -> Result<Option<Id>, Refusal> {
    match command.group {
        Group::Alone => Ok(None),
        Group::Start => Ok(Some(command.booking.id)),
        Group::Join(master) => joined_group(seen, stamp, master)
            .map(Some)
            .ok_or(Refusal::UnknownGroup),
        Group::JoinIfThere(master) => {
            Ok(joined_group(seen, stamp, master).or(Some(command.booking.id)))
        }
    }
}

/// The group that is joined by naming one of its bookings.
pub(super) fn joined_group(seen: &Seen, stamp: &Stamp, member: Id) -> Option<Id> {
    let held = seen.booking(stamp, member)?;
    Some(held.booking.group_id.unwrap_or(member))
}

/// A booking that others join becomes the master of its group.
pub(super) fn mark_master(seen: &mut Seen, stamp: &Stamp, master: Id) {
    if let Some(held) = seen.bookings.get_mut(&(stamp.tenant_id, master))
        && held.booking.group_id.is_none()
    {
        held.booking.group_id = Some(master);
        held.booking.version += i64::from(!held.is_new);
        held.is_changed = true;
    }
}

/// The lines to begin with, the charge of the price last.
fn lines(command: &PlaceBooking, booking: &Booking) -> Vec<Line> {
    let charge = command.charge.clone().map(|mut charge| {
        charge.details.amount = booking.details.price;
        charge
    });
    command.lines.iter().cloned().chain(charge).collect()
}

fn put_new(seen: &mut Seen, command: &PlaceBooking, booking: Booking, lines: Vec<Line>) {
    seen.changes.lines.added.extend(lines.iter().cloned());
    let held = Held {
        taken: Vec::new(),
        lines,
        notes: command.notes.clone(),
        is_new: true,
        is_changed: false,
        is_removed: false,
        booking,
    };
    seen.changes
        .notes
        .added
        .extend(command.notes.iter().cloned());
    seen.bookings
        .insert((held.booking.tenant_id, held.booking.id), held);
}

/// What a booking wants of a lane.
pub(super) struct Wish {
    pub(super) lane_id: Id,
    pub(super) quantity: i64,
    pub(super) takes_capacity: bool,
    pub(super) unit: UnitChoice,
    pub(super) overbooking: Overbooking,
    pub(super) expires_at: Option<Timestamp>,
    /// The booking whose present allocations do not count, because they will be given back.
    pub(super) without: Option<Id>,
    /// Whether it has all of this already.
    pub(super) has_it: bool,
    /// The units that it has now and would like to keep.
    pub(super) prefers: Vec<i64>,
}

impl Wish {
    fn of(command: &PlaceBooking) -> Self {
        let booking = &command.booking;
        Self {
            lane_id: booking.resource_id,
            quantity: booking.quantity,
            takes_capacity: booking.status.takes_capacity(),
            unit: command.unit,
            overbooking: command.overbooking,
            expires_at: booking.held_until.filter(|_| booking.status.expires()),
            without: None,
            has_it: false,
            prefers: Vec::new(),
        }
    }
}

pub(super) fn check_reference(reference: &str) -> Result<(), Refusal> {
    if reference.len() > REFERENCE_BYTES {
        return Err(Refusal::LongReference {
            most: REFERENCE_BYTES,
        });
    }
    Ok(())
}

/// What one booking may take: at least one, and no more than rows can be written for.
pub(super) fn check_quantity(lane: &Lane, quantity: i64) -> Result<(), Refusal> {
    let most = if lane.has_units {
        UNITS_OF_A_BOOKING
    } else {
        LARGEST_QUANTITY
    };
    if (1..=most).contains(&quantity) {
        Ok(())
    } else {
        Err(Refusal::BadQuantity { most })
    }
}

/// What will be taken, decided but not yet carried out.
pub(super) struct Taking {
    chosen: Chosen,
    has_units: bool,
    quantity: i64,
    expires_at: Option<i64>,
    /// How much of the quantity is within capacity; the rest is marked as overbooked.
    fitting: i64,
}

/// Decides what is taken for a stay; `None` when the booking takes no capacity.
pub(super) fn taking(
    seen: &Seen,
    stamp: &Stamp,
    wish: Wish,
    stay: &Stay,
) -> Result<Option<Taking>, Box<Decision>> {
    if !wish.takes_capacity {
        return Ok(None);
    }
    let refuse = |refusal: Refusal| Box::new(Decision::Refused(refusal));
    if let Some(window) = seen.missing(stamp, wish.lane_id, stay.from(), stay.to()) {
        return Err(Box::new(Decision::Widen(window)));
    }
    let lane = seen
        .lane(stamp, wish.lane_id)
        .ok_or_else(|| refuse(Refusal::UnknownResource))?;
    if let Some(number) = wish.unit.number()
        && (!lane.has_units || number < 1 || number > lane.capacity)
    {
        return Err(refuse(Refusal::UnknownUnit {
            units: lane.capacity,
        }));
    }
    let question = Question {
        quantity: wish.quantity,
        without: wish.without,
        overbooking: wish.overbooking,
        has_it: wish.has_it,
    };
    #[cfg(feature = "negative_control")]
    let before = seen.blind_after.map(|id| lane.as_before(id));
    #[cfg(feature = "negative_control")]
    let lane = before.as_ref().unwrap_or(lane);
    let fitting = judge(lane, stay, &question).map_err(refuse)?;
    let span = Span {
        key: (stamp.tenant_id, wish.lane_id),
        from: stay.from(),
        to: stay.to(),
        without: wish.without,
        now: stamp.now.as_second(),
    };
    Ok(Some(Taking {
        chosen: choose_units(seen, &span, &wish, fitting)?,
        has_units: lane.has_units,
        quantity: wish.quantity,
        expires_at: wish.expires_at.map(Timestamp::as_millisecond),
        fitting,
    }))
}

/// The units that were chosen.
#[derive(Default)]
struct Chosen {
    assignment: Assignment,
    /// Whether they stay.
    pinned: bool,
    /// Whether that is what was wished for.
    is_met: bool,
}

/// Units for what fits; what is beyond capacity has none.
fn choose_units(
    seen: &Seen,
    span: &Span,
    wish: &Wish,
    fitting: i64,
) -> Result<Chosen, Box<Decision>> {
    let has_units = seen.lanes[&span.key].has_units;
    let mut chosen = match wish.unit {
        _ if fitting < 1 => Chosen::default(),
        UnitChoice::Unassigned => Chosen::default(),
        UnitChoice::Number(number) | UnitChoice::Movable(number) if wish.quantity == 1 => {
            let had = units::pin(seen, span, number)?;
            had.map_or_else(Chosen::default, |assignment| Chosen {
                assignment,
                pinned: matches!(wish.unit, UnitChoice::Number(_)),
                is_met: true,
            })
        }
        UnitChoice::Pinned => {
            let assignment = units::assign(seen, span, fitting, &wish.prefers)?;
            let has_all = fitting == wish.quantity && assignment.units.iter().all(Option::is_some);
            Chosen {
                assignment,
                pinned: has_units && has_all,
                // Where nothing has numbers, nobody is moved.
                is_met: has_all,
            }
        }
        UnitChoice::Any | UnitChoice::Number(_) | UnitChoice::Movable(_) => Chosen {
            assignment: units::assign(seen, span, fitting, &wish.prefers)?,
            ..Chosen::default()
        },
    };
    if has_units {
        let count = usize::try_from(wish.quantity).unwrap_or(0);
        chosen.assignment.units.resize(count, None);
    }
    Ok(chosen)
}

impl Taking {
    pub(super) fn lacks_unit(&self) -> bool {
        self.chosen.assignment.units.iter().any(Option::is_none) || !self.chosen.is_met
    }

    /// Takes: in a lane with units one allocation per unit, otherwise one for the whole quantity.
    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one take; a struct for them would be built here only"
    )]
    pub(super) fn carry_out(
        self,
        seen: &mut Seen,
        stamp: &Stamp,
        booking_id: Id,
        lane_id: Id,
        stay: &Stay,
        ids: &IdSource,
        reason: &'static str,
    ) {
        let Chosen {
            assignment, pinned, ..
        } = self.chosen;
        for (moved, unit) in &assignment.moves {
            seen.set_unit(stamp.tenant_id, lane_id, *moved, Some(*unit), false);
        }
        let each = if self.has_units { 1 } else { self.quantity };
        let count = if self.has_units {
            assignment.units.len()
        } else {
            1
        };
        let mut taken_after = 0;
        for index in 0..count {
            taken_after += each;
            let allocation = Allocation {
                id: ids.next(stamp.now),
                booking_id,
                starts_at: stay.from(),
                ends_at: stay.to(),
                quantity: each,
                unit: assignment.units.get(index).copied().flatten(),
                pinned,
                expires_at: self.expires_at,
                overbooked: taken_after > self.fitting,
                origin: Origin::New,
            };
            seen.take(stamp, lane_id, allocation, reason);
        }
    }
}
