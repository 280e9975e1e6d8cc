//! What would become of a booking, decided by the same command as the booking itself, and undone.

use domain::{access::Actor, id::IdSource};
use store::{
    ColdCommand, Tx,
    hot::{self, Stamp, Submission},
};

use super::{
    BookingOutcome, BookingWrite, Bookings,
    write::{change_command, needed_for, outcome, place_command},
};
use crate::{Error, Result, records::stays::Stay, stamp::stamp};

impl Bookings<'_> {
    /// Says what would become of one item now, and leaves no trace of it.
    ///
    /// # Errors
    /// As [`Bookings::write`].
    pub async fn preview(&self, actor: &Actor, item: BookingWrite) -> Result<BookingOutcome> {
        for needed in needed_for(std::slice::from_ref(&item)) {
            needed.authorize(actor)?;
        }
        let stay = match item {
            BookingWrite::Create(new) => {
                Stay::Place(Box::new(place_command(self.service, actor, *new)))
            }
            BookingWrite::Change(patch) => {
                Stay::Change(Box::new(change_command(self.service, actor, *patch)))
            }
        };
        let tried = Tried {
            stamp: stamp(actor),
            stay,
        };
        let found = self.service.store.run(tried).await?;
        found.map(outcome).ok_or(Error::Internal)
    }
}

struct Tried {
    stamp: Stamp,
    stay: Stay,
}

impl ColdCommand for Tried {
    type Output = Option<hot::Outcome>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        let submission = Submission {
            stamp: self.stamp.clone(),
            commands: vec![self.stay.command()],
            all_or_nothing: false,
            idempotency: None,
        };
        let answers = hot::run(tx, &[&submission], ids).await?;
        let fresh = answers.into_iter().find_map(|answer| match answer {
            hot::Answer::Fresh(outcomes) => outcomes.into_iter().next(),
            hot::Answer::Replayed(_) | hot::Answer::KeyReused => None,
        });
        Ok(fresh)
    }

    fn keeps(&self, _: &Self::Output) -> bool {
        false
    }
}
