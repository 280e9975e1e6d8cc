//! Hot commands: whatever takes or gives back capacity.
//!
//! A batch of them runs as sets on either engine: lock the bookings and lanes it names in
//! ascending order, read everything at once, decide one command after another in memory (each
//! sees what the earlier ones did; a refusal leaves no trace), write all rows in a few
//! statements. [`run`] is that order; the transaction around it belongs to the writer.
//!
//! Deciding is pure: it sees [`Seen`] and its command and nothing else. Start at
//! [`Command`], then [`place`], which is the shortest decision.

mod allocations;
mod capacity;
mod change;
mod judge;
mod load;
mod place;
mod remove;
mod seen;
mod units;
pub(crate) mod views;
mod write;

use std::sync::Arc;

use domain::{
    booking::Status,
    id::{Id, IdSource},
    time::BadPeriod,
};
use jiff::Timestamp;

pub(crate) use self::load::{OF_BOOKING, allocation_key};
pub use self::{
    capacity::{OpenLane, SetCapacity},
    change::{BookingChange, ChangeBooking, SubChange},
    place::{Group, Overbooking, PlaceBooking, Price, UnitChoice},
    remove::RemoveBooking,
    seen::{Allocation, Seen},
};
use crate::{error::Result, idempotency, tx::Tx};

/// Who changes something, and when.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The tenant whose rows are touched. A submission touches one tenant.
    pub tenant_id: Id,
    /// The client.
    pub client_id: Id,
    /// The grant it used.
    pub grant_id: Id,
    /// The request, as the access log names it.
    pub request_id: Arc<str>,
    /// The organizations the caller reaches; none for the whole tenant.
    pub organizations: Option<Arc<[Id]>>,
    /// The tenant's clock.
    pub now: Timestamp,
}

impl Stamp {
    /// Whether the caller reaches this organization.
    pub fn reaches(&self, organization_id: Id) -> bool {
        self.organizations
            .as_ref()
            .is_none_or(|reached| reached.contains(&organization_id))
    }
}

/// One request's hot commands: decided in order, committed together.
pub struct Submission {
    /// Who and when.
    pub stamp: Stamp,
    /// What to do, in the order of the answer.
    pub commands: Vec<Command>,
    /// Whether one refusal refuses all.
    pub all_or_nothing: bool,
    /// The caller's idempotency key, with the function that renders the answer to keep.
    pub idempotency: Option<idempotency::Claim>,
}

/// One hot command.
pub enum Command {
    /// Makes a booking.
    Place(Box<PlaceBooking>),
    /// Changes a booking in any way, cancelling included.
    Change(Box<ChangeBooking>),
    /// Removes a booking with everything on it.
    Remove(RemoveBooking),
    /// Opens the lane of a new resource.
    OpenLane(OpenLane),
    /// Changes how much a lane holds.
    SetCapacity(SetCapacity),
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was done.
    Done(Box<Done>),
    /// It was refused and left no trace.
    Refused(Refusal),
}

/// What a command that was done has done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// The booking before, where one was changed or removed.
    pub before: Option<BookingState>,
    /// The booking after, where there is one.
    pub after: Option<BookingState>,
    /// What became of each line change, in the order of the command.
    pub lines: Vec<SubOutcome>,
    /// What became of each note change, in the order of the command.
    pub notes: Vec<SubOutcome>,
    /// A wish that could not be met without refusing the booking.
    pub unit_not_given: bool,
}

/// A booking with what hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingState {
    /// The booking.
    pub booking: catalogue::sale::Booking,
    /// Its units, ascending; empty where none is assigned.
    pub units: Vec<i64>,
    /// Whether it was taken beyond capacity.
    pub overbooked: bool,
    /// Whether it has a unit that it has to stay in.
    pub pinned: bool,
}

/// What became of a change of a line or a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubOutcome {
    /// It was added under this id.
    Added(Id),
    /// It was changed.
    Changed(Id),
    /// It was removed.
    Removed(Id),
    /// The booking has nothing with this id.
    Unknown(Id),
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such resource for this caller.
    UnknownResource,
    /// There is no such booking for this caller.
    UnknownBooking,
    /// There is no such group for this caller.
    UnknownGroup,
    /// The resource has no unit of this number.
    UnknownUnit {
        /// How many units there are.
        units: i64,
    },
    /// There is not enough room.
    SoldOut {
        /// How much is free for the whole stay; may be negative.
        free: i64,
    },
    /// Less than what is already sold: the lane's owner does not allow that.
    CapacityInUse {
        /// How much is taken at the fullest moment.
        taken: i64,
    },
    /// Somebody has this unit who can't be moved to another one.
    UnitInUse {
        /// Its number.
        unit: i64,
    },
    /// It takes none, or more than one booking or lane may.
    BadQuantity {
        /// The most that is possible.
        most: i64,
    },
    /// The external reference is longer than an index takes.
    LongReference {
        /// The most bytes.
        most: usize,
    },
    /// The dates make no stay.
    BadDates(BadPeriod),
    /// The booking can't go from one state to the other.
    NotAllowed {
        /// Where it stands.
        from: Status,
        /// Where it should have gone.
        to: Status,
    },
    /// Somebody else has changed the booking since the version that the change was decided for.
    ChangedMeanwhile,
    /// Another command of the same submission was refused, and they stand or fall together.
    WithTheOthers,
}

/// What became of a submission.
#[derive(Debug)]
pub enum Answer {
    /// It ran; one outcome per command.
    Fresh(Vec<Outcome>),
    /// It ran before under the same key; this was the answer.
    Replayed(idempotency::Stored),
    /// The key was used for something else.
    KeyReused,
}

/// Runs a batch of submissions inside the caller's transaction.
pub async fn run(tx: &mut Tx, batch: &[&Submission], ids: &IdSource) -> Result<Vec<Answer>> {
    let mut seen = Seen::load(tx, batch).await?;
    let mut answers = Vec::with_capacity(batch.len());
    for submission in batch {
        answers.push(answer(tx, &mut seen, submission, ids).await?);
    }
    seen.flush(tx).await?;
    Ok(answers)
}

async fn answer(
    tx: &mut Tx,
    seen: &mut Seen,
    submission: &Submission,
    ids: &IdSource,
) -> Result<Answer> {
    if let Some(known) = seen.known_answer(submission) {
        return Ok(known);
    }
    let before = (submission.all_or_nothing && submission.commands.len() > 1).then(|| seen.clone());
    let mut outcomes = Vec::with_capacity(submission.commands.len());
    for command in &submission.commands {
        outcomes.push(decide(tx, seen, submission, command, ids).await?);
    }
    if let Some(before) = before
        && outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Refused(_)))
    {
        *seen = before;
        refuse_together(&mut outcomes);
    }
    seen.keep_answer(submission, &outcomes);
    Ok(Answer::Fresh(outcomes))
}

fn refuse_together(outcomes: &mut [Outcome]) {
    for outcome in outcomes {
        if matches!(outcome, Outcome::Done(_)) {
            *outcome = Outcome::Refused(Refusal::WithTheOthers);
        }
    }
}

/// What a decision says.
enum Decision {
    /// Done: the rows are in [`Seen`].
    Done(Box<Done>),
    /// Refused: nothing was touched.
    Refused(Refusal),
    /// More of a lane must be seen first. Nothing was touched.
    Widen(load::Window),
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Decision::Refused(refusal)
    }
}

async fn decide(
    tx: &mut Tx,
    seen: &mut Seen,
    submission: &Submission,
    command: &Command,
    ids: &IdSource,
) -> Result<Outcome> {
    for round in 0.. {
        #[cfg(feature = "negative_control")]
        {
            seen.blind_after = crate::negative_control::blind_after(command);
        }
        seen.may_widen = round < crate::limits::WIDENINGS;
        let stamp = &submission.stamp;
        let decision = match command {
            Command::Place(place) => place::decide(seen, stamp, place, ids),
            Command::Change(change) => change::decide(seen, stamp, change, ids),
            Command::Remove(remove) => remove::decide(seen, stamp, remove, ids),
            Command::OpenLane(open) => capacity::open(seen, stamp, open),
            Command::SetCapacity(set) => capacity::set(seen, stamp, set, ids),
        };
        match decision {
            Decision::Done(done) => return Ok(Outcome::Done(done)),
            Decision::Refused(refusal) => return Ok(Outcome::Refused(refusal)),
            Decision::Widen(window) => seen.widen(tx, window).await?,
        }
    }
    unreachable!("a decision asks to widen only while it may")
}

impl From<PlaceBooking> for Command {
    fn from(place: PlaceBooking) -> Self {
        Command::Place(Box::new(place))
    }
}

impl From<ChangeBooking> for Command {
    fn from(change: ChangeBooking) -> Self {
        Command::Change(Box::new(change))
    }
}

impl From<RemoveBooking> for Command {
    fn from(remove: RemoveBooking) -> Self {
        Command::Remove(remove)
    }
}

impl From<OpenLane> for Command {
    fn from(open: OpenLane) -> Self {
        Command::OpenLane(open)
    }
}

impl From<SetCapacity> for Command {
    fn from(set: SetCapacity) -> Self {
        Command::SetCapacity(set)
    }
}

impl Command {
    /// A number by which commands on the same lane find the same writer. A change of a booking does
    /// not know its lane yet; locks, not this hint, keep it apart from others.
    pub(crate) fn lane_hint(&self) -> Option<i64> {
        // The low bits of an id count within a millisecond; multiplying spreads them.
        let spread = |id: Id| id.get().wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64) >> 33;
        match self {
            Command::Place(place) => Some(spread(place.booking.resource_id)),
            Command::Change(change) => Some(spread(
                change.change.resource_id.unwrap_or(change.booking_id),
            )),
            Command::Remove(remove) => Some(spread(remove.booking_id)),
            Command::OpenLane(open) => Some(spread(open.resource_id)),
            Command::SetCapacity(set) => Some(spread(set.resource_id)),
        }
    }
}
