//! Makes and changes bookings: many in one call, each refused or done by itself.

use catalogue::sale::{
    Booking, BookingDetails, BookingDetailsPatch, Line, LineDetails, LineDetailsPatch, LineItem,
    LineKind, Note, NoteDetails, NoteDetailsPatch,
};
use domain::{access::Actor, booking::Status, id::Id};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use store::{
    hot::{self, ChangeBooking, Command, Group, Overbooking, PlaceBooking, SubChange, SubOutcome},
    idempotency::{Claim, Stored},
};

pub use store::hot::UnitChoice;

use super::{BookingView, Bookings};
use crate::{
    Error, Refusal, Result, UseCase,
    once::{Once, WriteAnswer},
    stamp::stamp,
};

/// The most items that one call takes.
pub const MOST_ITEMS: usize = 10_000;

/// One item of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum BookingWrite {
    /// Makes a booking.
    Create(Box<NewBooking>),
    /// Changes one.
    Change(Box<BookingPatch>),
}

/// A booking to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBooking {
    /// The resource.
    pub resource_id: Id,
    /// The first night.
    pub arrival: Date,
    /// The morning after the last night.
    pub departure: Date,
    /// How many units or places.
    pub quantity: u16,
    /// Which unit.
    pub unit: UnitChoice,
    /// In which state.
    pub status: Status,
    /// Whether staff has looked at it.
    pub opened: bool,
    /// Until when it is held, where the state expires.
    pub held_until: Option<Timestamp>,
    /// Which group.
    pub group: GroupChoice,
    /// The slug of the channel.
    pub channel: String,
    /// The reference of the system it comes from.
    pub external_reference: String,
    /// Everything that takes no capacity. The price counts only if `price_given`.
    pub details: BookingDetails,
    /// Whether the caller said a price; without one it is computed from the calendar.
    pub price_given: bool,
    /// Lines to begin with.
    pub lines: Vec<LineDetails>,
    /// Notes to begin with.
    pub notes: Vec<NoteDetails>,
    /// Whether to refuse when it does not fit. Without it, it is taken and marked as overbooked,
    /// unless the property refuses that always.
    pub check_availability: bool,
    /// Whether a charge over the price is added to the lines.
    pub charge_price: bool,
    /// Whether subscribers are told.
    pub announce: bool,
}

/// Which group a booking belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupChoice {
    /// None.
    #[default]
    Alone,
    /// The group of this master booking.
    Join(Id),
    /// One group with all other items of the call that say the same.
    Together,
}

/// A change of a booking. What is absent stays.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingPatch {
    /// The booking.
    pub id: Id,
    /// What changes on the booking itself.
    pub change: BookingChange,
    /// Changes of its lines.
    pub lines: Vec<ItemWrite<LineDetails, LineDetailsPatch>>,
    /// Changes of its notes.
    pub notes: Vec<ItemWrite<NoteDetails, NoteDetailsPatch>>,
    /// Whether all its lines go first.
    pub remove_lines: bool,
    /// Whether to refuse a change that does not fit.
    pub check_availability: bool,
    /// Whether subscribers are told.
    pub announce: bool,
}

/// What changes on a booking itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BookingChange {
    /// Another resource.
    pub resource_id: Option<Id>,
    /// Another arrival.
    pub arrival: Option<Date>,
    /// Another departure.
    pub departure: Option<Date>,
    /// Another quantity.
    pub quantity: Option<u16>,
    /// Another unit.
    pub unit: Option<UnitChoice>,
    /// Another state.
    pub status: Option<Status>,
    /// The states that the caller's word for the other one covers too: there it stays as it is.
    pub stays: Vec<Status>,
    /// The states in which it may be changed so; empty for any. A hold that has lapsed counts as expired,
    /// even if nobody has ended it yet.
    pub only_from: Vec<Status>,
    /// The version of the booking that the change was decided for; none where it holds for any.
    pub only_version: Option<i64>,
    /// Whether staff has looked at it.
    pub opened: Option<bool>,
    /// Until when it is held.
    pub held_until: Option<Option<Timestamp>>,
    /// Another group.
    pub group: Option<GroupChoice>,
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
pub enum ItemWrite<N, P> {
    /// Adds it.
    Add(N),
    /// Changes it.
    Change(Id, P),
    /// Removes it.
    Remove(Id),
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingOutcome {
    /// The booking, or why nothing was done.
    pub result: std::result::Result<Written, Refusal>,
    /// What became of its lines, in the order of the item.
    pub lines: Vec<ItemOutcome>,
    /// What became of its notes, in the order of the item.
    pub notes: Vec<ItemOutcome>,
}

/// A booking that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// How it was before; none for a new one.
    pub before: Option<BookingView>,
    /// How it is now.
    pub after: BookingView,
    /// Whether it has a unit now that it has to stay in.
    pub pinned: bool,
    /// Whether a unit was asked for that could not be given.
    pub unit_not_given: bool,
}

/// What became of a line or a note.
pub type ItemOutcome = SubOutcome;

impl Bookings<'_> {
    /// Makes and changes bookings. All items are committed together, each refused or done by itself,
    /// and answered in their order.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the capability for what the items say; [`Error::TooMany`].
    pub async fn write(
        &self,
        actor: &Actor,
        items: Vec<BookingWrite>,
        once: Option<Once<BookingOutcome>>,
    ) -> Result<WriteAnswer<BookingOutcome>> {
        UseCase::WriteBookings.authorize(actor)?;
        if items.len() > MOST_ITEMS {
            return Err(Error::TooMany { limit: MOST_ITEMS });
        }
        authorize_parts(actor, &items)?;
        let commands = Commands::new(self.service, actor).all(items);
        let submission = hot::Submission {
            stamp: stamp(actor),
            commands,
            all_or_nothing: false,
            idempotency: once.map(claim),
        };
        match self.service.store.submit(submission).await? {
            hot::Answer::Fresh(outcomes) => Ok(WriteAnswer::Fresh(
                outcomes.into_iter().map(outcome).collect(),
            )),
            hot::Answer::Replayed(stored) => Ok(WriteAnswer::Replayed {
                status: stored.status,
                body: stored.body,
            }),
            hot::Answer::KeyReused => Err(Error::KeyReused),
        }
    }
}

/// The claim on a batch's outcomes, which are told as those of bookings.
fn claim(once: Once<BookingOutcome>) -> Claim {
    let render = once.render;
    Claim {
        key: once.key,
        fingerprint: once.fingerprint,
        render: Box::new(move |outcomes| {
            let outcomes: Vec<BookingOutcome> = outcomes.iter().cloned().map(outcome).collect();
            let (status, body) = render(&outcomes);
            Stored::rendered(status, body)
        }),
    }
}

pub(super) fn outcome(outcome: hot::Outcome) -> BookingOutcome {
    let done = match outcome {
        hot::Outcome::Refused(refusal) => {
            return BookingOutcome {
                result: Err(refusal.into()),
                lines: Vec::new(),
                notes: Vec::new(),
            };
        }
        hot::Outcome::Done(done) => *done,
    };
    let result = match done.after {
        Some(after) => Ok(Written {
            before: done.before.map(BookingView::of),
            pinned: after.pinned,
            after: BookingView::of(after),
            unit_not_given: done.unit_not_given,
        }),
        None => Err(Refusal::UnknownBooking),
    };
    BookingOutcome {
        result,
        lines: done.lines,
        notes: done.notes,
    }
}

/// Whoever writes persons or money needs to be allowed to.
fn authorize_parts(actor: &Actor, items: &[BookingWrite]) -> Result<()> {
    needed_for(items)
        .into_iter()
        .try_for_each(|needed| needed.authorize(actor))
}

/// What it takes to write these items.
pub(crate) fn needed_for(items: &[BookingWrite]) -> Vec<UseCase> {
    let persons = items.iter().any(names_a_person);
    let money = items.iter().any(names_money);
    let parts = [
        (true, UseCase::WriteBookings),
        (persons, UseCase::WriteBookingPersons),
        (money, UseCase::WriteBookingFinances),
    ];
    let needed = parts.into_iter().filter(|(is_needed, _)| *is_needed);
    needed.map(|(_, use_case)| use_case).collect()
}

/// The command that makes a booking.
pub(crate) fn place_command(
    service: &crate::Service,
    actor: &Actor,
    new: NewBooking,
) -> PlaceBooking {
    Commands::new(service, actor).place(new)
}

/// The command that changes a booking.
pub(crate) fn change_command(
    service: &crate::Service,
    actor: &Actor,
    patch: BookingPatch,
) -> ChangeBooking {
    Commands::new(service, actor).change(patch)
}

fn names_a_person(item: &BookingWrite) -> bool {
    match item {
        BookingWrite::Create(new) => {
            let details = &new.details;
            !details.contact.is_empty()
                || !details.comments.is_empty()
                || !details.message.is_empty()
        }
        BookingWrite::Change(patch) => {
            let details = &patch.change.details;
            !details.contact.0.is_empty() || details.comments.is_some() || details.message.is_some()
        }
    }
}

fn names_money(item: &BookingWrite) -> bool {
    match item {
        BookingWrite::Create(new) => {
            let details = &new.details;
            let amounts = [details.deposit, details.tax, details.commission];
            let has_amounts = amounts.iter().any(|amount| !amount.is_zero());
            new.price_given || !new.lines.is_empty() || new.charge_price || has_amounts
        }
        BookingWrite::Change(patch) => {
            let details = &patch.change.details;
            let amounts = [
                &details.price,
                &details.deposit,
                &details.tax,
                &details.commission,
            ];
            !patch.lines.is_empty()
                || patch.remove_lines
                || amounts.iter().any(|amount| amount.is_some())
        }
    }
}

/// Turns items into commands, giving out ids.
struct Commands<'a> {
    service: &'a crate::Service,
    actor: &'a Actor,
    /// The first item of the call that said "together", by which the group is known.
    master: Option<Id>,
}

impl<'a> Commands<'a> {
    fn new(service: &'a crate::Service, actor: &'a Actor) -> Self {
        Self {
            service,
            actor,
            master: None,
        }
    }

    fn id(&self) -> Id {
        self.service.store.ids().next(self.actor.now)
    }

    fn all(mut self, items: Vec<BookingWrite>) -> Vec<Command> {
        items
            .into_iter()
            .map(|item| match item {
                BookingWrite::Create(new) => Command::Place(Box::new(self.place(*new))),
                BookingWrite::Change(patch) => Command::Change(Box::new(self.change(*patch))),
            })
            .collect()
    }

    fn place(&mut self, new: NewBooking) -> PlaceBooking {
        let id = self.id();
        PlaceBooking {
            price: if new.price_given {
                hot::Price::Given
            } else {
                hot::Price::Calendar
            },
            group: self.group(id, new.group),
            unit: new.unit,
            overbooking: overbooking(new.check_availability),
            event_id: self.id(),
            announce: new.announce,
            lines: new
                .lines
                .into_iter()
                .map(|details| self.line(id, details))
                .collect(),
            // Drawn after the lines, because items come in the order of their ids.
            charge: new
                .charge_price
                .then(|| self.line(id, charge(&new.details))),
            notes: new
                .notes
                .into_iter()
                .map(|details| self.note(id, details))
                .collect(),
            booking: Booking {
                tenant_id: self.actor.tenant_id,
                id,
                // Filled in from the lane, which knows where it belongs.
                organization_id: new.resource_id,
                resource_id: new.resource_id,
                group_id: None,
                status: new.status,
                opened: new.opened,
                arrival_on: new.arrival,
                departure_on: new.departure,
                starts_at: self.actor.now,
                ends_at: self.actor.now,
                created_at: self.actor.now,
                changed_at: self.actor.now,
                channel: new.channel,
                external_reference: new.external_reference,
                search: String::new(),
                version: 1,
                quantity: i64::from(new.quantity),
                cancelled_at: None,
                held_until: new.held_until,
                details: new.details,
            },
        }
    }

    fn group(&mut self, id: Id, choice: GroupChoice) -> Group {
        match (choice, self.master) {
            (GroupChoice::Alone, _) => Group::Alone,
            (GroupChoice::Join(master), _) => Group::Join(master),
            (GroupChoice::Together, Some(master)) => Group::JoinIfThere(master),
            (GroupChoice::Together, None) => {
                self.master = Some(id);
                Group::Start
            }
        }
    }

    fn line(&self, booking_id: Id, details: LineDetails) -> Line {
        Line {
            tenant_id: self.actor.tenant_id,
            id: self.id(),
            booking_id,
            created_at: self.actor.now,
            details,
        }
    }

    fn note(&self, booking_id: Id, details: NoteDetails) -> Note {
        Note {
            tenant_id: self.actor.tenant_id,
            id: self.id(),
            booking_id,
            created_at: self.actor.now,
            details,
        }
    }

    fn change(&mut self, patch: BookingPatch) -> ChangeBooking {
        let id = patch.id;
        let change = patch.change;
        ChangeBooking {
            booking_id: id,
            lines: patch
                .lines
                .into_iter()
                .map(|item| item_change(item, |details| self.line(id, details)))
                .collect(),
            notes: patch
                .notes
                .into_iter()
                .map(|item| item_change(item, |details| self.note(id, details)))
                .collect(),
            remove_lines: patch.remove_lines,
            overbooking: overbooking(patch.check_availability),
            event_id: self.id(),
            announce: patch.announce,
            change: hot::BookingChange {
                resource_id: change.resource_id,
                arrival_on: change.arrival,
                departure_on: change.departure,
                quantity: change.quantity.map(i64::from),
                unit: change.unit,
                status: change.status,
                stays: change.stays,
                only_from: change.only_from,
                only_version: change.only_version,
                opened: change.opened,
                held_until: change.held_until,
                group: change.group.map(|choice| self.group(id, choice)),
                channel: change.channel,
                external_reference: change.external_reference,
                records_cancellation: change.records_cancellation,
                details: change.details,
            },
        }
    }
}

fn item_change<N, P, T>(item: ItemWrite<N, P>, add: impl FnOnce(N) -> T) -> SubChange<T, P> {
    match item {
        ItemWrite::Add(new) => SubChange::Add(add(new)),
        ItemWrite::Change(id, patch) => SubChange::Change(id, patch),
        ItemWrite::Remove(id) => SubChange::Remove(id),
    }
}

fn overbooking(check_availability: bool) -> Overbooking {
    if check_availability {
        Overbooking::Refuse
    } else {
        Overbooking::Mark
    }
}

/// The sub-type of a charge for the room, as the first dialect numbers it.
const ROOM_CHARGE: u16 = 1;

/// The charge of the price, which the store fills in when it is known.
fn charge(details: &BookingDetails) -> LineDetails {
    LineDetails {
        kind: LineKind::Charge,
        sub_type: ROOM_CHARGE,
        description: details.rate_description.clone(),
        quantity: 1,
        vat_rate: Decimal::ZERO,
        item: LineItem::Main,
        ..LineDetails::default()
    }
}
