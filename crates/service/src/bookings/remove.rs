//! Removes bookings with everything on them.

use domain::{access::Actor, id::Id};
use store::hot::{self, Command, RemoveBooking};

use super::Bookings;
use crate::{Error, Refusal, Result, UseCase, bookings::write::MOST_ITEMS, stamp::stamp};

impl Bookings<'_> {
    /// Removes bookings for good; what they had taken is free again. Answers in the order of `ids`.
    pub async fn remove(
        &self,
        actor: &Actor,
        ids: &[Id],
    ) -> Result<Vec<std::result::Result<(), Refusal>>> {
        UseCase::RemoveBookings.authorize(actor)?;
        if ids.len() > MOST_ITEMS {
            return Err(Error::TooMany { limit: MOST_ITEMS });
        }
        let event = || self.service.store.ids().next(actor.now);
        let commands = ids.iter().map(|id| {
            Command::Remove(RemoveBooking {
                booking_id: *id,
                event_id: event(),
            })
        });
        let submission = hot::Submission {
            stamp: stamp(actor),
            commands: commands.collect(),
            all_or_nothing: false,
            idempotency: None,
        };
        match self.service.store.submit(submission).await? {
            hot::Answer::Fresh(outcomes) => Ok(outcomes.into_iter().map(outcome).collect()),
            hot::Answer::Replayed(_) | hot::Answer::KeyReused => Err(Error::Internal),
        }
    }
}

fn outcome(outcome: hot::Outcome) -> std::result::Result<(), Refusal> {
    match outcome {
        hot::Outcome::Done(_) => Ok(()),
        hot::Outcome::Refused(refusal) => Err(refusal.into()),
    }
}
