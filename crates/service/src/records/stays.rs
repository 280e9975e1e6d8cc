//! Bookings as parts of a document: made, changed and removed together with their customers, orders and
//! guests. Capacity goes the one way: each is a hot command, run in the document's transaction.

use domain::{access::Actor, id::Id};
use store::{
    Tx,
    hot::{self, ChangeBooking, Command, Done, Outcome, PlaceBooking, RemoveBooking, SubOutcome},
};

use super::writing::{By, Step, StepFuture, Stepped, Write};
use crate::{
    Refusal, Service, UseCase,
    bookings::{
        BookingPatch, BookingWrite, NewBooking,
        write::{change_command, needed_for, place_command},
    },
};

/// A hot command that may run more than once.
#[derive(Clone)]
pub(crate) enum Stay {
    Place(Box<PlaceBooking>),
    Change(Box<ChangeBooking>),
    Remove(RemoveBooking),
}

impl Stay {
    fn booking_id(&self) -> Id {
        match self {
            Stay::Place(place) => place.booking.id,
            Stay::Change(change) => change.booking_id,
            Stay::Remove(remove) => remove.booking_id,
        }
    }

    pub(crate) fn command(&self) -> Command {
        match self.clone() {
            Stay::Place(place) => Command::Place(place),
            Stay::Change(change) => Command::Change(change),
            Stay::Remove(remove) => Command::Remove(remove),
        }
    }
}

impl Service {
    /// The booking that is to be made, by its id, and the write that makes it. A unit that is asked for by
    /// number is had, or the document is refused.
    pub fn place(&self, actor: &Actor, new: NewBooking) -> (Id, Write) {
        let item = BookingWrite::Create(Box::new(new.clone()));
        let stay = Stay::Place(Box::new(place_command(self, actor, new)));
        self.stay(stay, &item)
    }

    /// The write that changes a booking, with the booking's id.
    pub fn rebook(&self, actor: &Actor, patch: BookingPatch) -> (Id, Write) {
        let item = BookingWrite::Change(Box::new(patch.clone()));
        let stay = Stay::Change(Box::new(change_command(self, actor, patch)));
        self.stay(stay, &item)
    }

    fn stay(&self, stay: Stay, item: &BookingWrite) -> (Id, Write) {
        let needs = needed_for(std::slice::from_ref(item));
        (stay.booking_id(), Write::new(StayStep { stay, needs }))
    }
}

struct StayStep {
    stay: Stay,
    needs: Vec<UseCase>,
}

impl Step for StayStep {
    fn needs(&self) -> Vec<UseCase> {
        self.needs.clone()
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(run(tx, by, &self.stay))
    }
}

/// Decides one hot command in the transaction at hand.
pub(super) async fn run(tx: &mut Tx, by: &By<'_>, stay: &Stay) -> store::Result<Stepped> {
    let submission = hot::Submission {
        stamp: by.stamp.clone(),
        commands: vec![stay.command()],
        all_or_nothing: false,
        idempotency: None,
    };
    let answers = hot::run(tx, &[&submission], by.ids).await?;
    let outcome = answers.into_iter().find_map(|answer| match answer {
        hot::Answer::Fresh(outcomes) => outcomes.into_iter().next(),
        hot::Answer::Replayed(_) | hot::Answer::KeyReused => None,
    });
    Ok(match outcome {
        // The unit was the point of it; the booking is undone with the document.
        Some(Outcome::Done(done)) if done.unit_not_given => Err(Refusal::UnitTaken),
        Some(Outcome::Done(done)) if lacks_items(&done) => Err(Refusal::ChangedMeanwhile),
        Some(Outcome::Done(_)) => Ok(stay.booking_id()),
        Some(Outcome::Refused(refusal)) => Err(refusal.into()),
        None => Err(Refusal::WithTheOthers),
    })
}

/// Whether a line or a note was to change that is there no more: the document was made for others.
fn lacks_items(done: &Done) -> bool {
    let mut items = done.lines.iter().chain(&done.notes);
    items.any(|item| matches!(item, SubOutcome::Unknown(_)))
}
