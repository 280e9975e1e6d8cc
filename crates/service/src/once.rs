//! Calls that happen once, whatever the network does: their answer is kept under the caller's key,
//! in the commit of what they did.

use domain::id::IdSource;
use store::{
    ColdCommand, Tx,
    hot::Stamp,
    idempotency::{Claim, Known, Stored},
};

use crate::{Error, Result, Service};

/// Renders status and body of an answer that is kept.
pub type Render<T> = Box<dyn Fn(&[T]) -> (u16, Vec<u8>) + Send + Sync>;

/// A caller's wish that a call happens once. Its answer is rendered from the outcomes of its items.
pub struct Once<T> {
    /// The idempotency key.
    pub key: String,
    /// SHA-256 of what was asked.
    pub fingerprint: [u8; 32],
    /// Renders the answer. It may run more than once.
    pub render: Render<T>,
}

/// What became of a call.
#[derive(Debug)]
pub enum WriteAnswer<T> {
    /// It ran: one outcome per item, in order.
    Fresh(Vec<T>),
    /// It ran before under the same key; this was the answer.
    Replayed {
        /// The status.
        status: u16,
        /// The body, byte for byte.
        body: Vec<u8>,
    },
}

impl Service {
    /// Runs a command that does all items of a call, once if the caller wishes so.
    pub(crate) async fn run_once<C, T>(
        &self,
        stamp: Stamp,
        command: C,
        once: Option<Once<T>>,
    ) -> Result<WriteAnswer<T>>
    where
        C: ColdCommand<Output = Vec<T>>,
        T: Send + Sync + 'static,
    {
        let Some(once) = once else {
            return Ok(WriteAnswer::Fresh(self.store.run(command).await?));
        };
        let claim = claim(once);
        let kept = Kept {
            stamp,
            command,
            claim,
        };
        match self.store.run(kept).await? {
            Ran::Fresh(outcomes) => Ok(WriteAnswer::Fresh(outcomes)),
            Ran::Before(Known::Answered(Stored { status, body, .. })) => {
                Ok(WriteAnswer::Replayed { status, body })
            }
            Ran::Before(Known::Reused) => Err(Error::KeyReused),
        }
    }
}

fn claim<T: 'static>(once: Once<T>) -> Claim<T> {
    let render = once.render;
    Claim {
        key: once.key,
        fingerprint: once.fingerprint,
        render: Box::new(move |outcomes| {
            let (status, body) = render(outcomes);
            Stored::rendered(status, body)
        }),
    }
}

/// A command whose answer is kept.
struct Kept<C, T> {
    stamp: Stamp,
    command: C,
    claim: Claim<T>,
}

/// What became of it.
enum Ran<T> {
    Fresh(Vec<T>),
    Before(Known),
}

impl<C, T> ColdCommand for Kept<C, T>
where
    C: ColdCommand<Output = Vec<T>>,
    T: Send + Sync + 'static,
{
    type Output = Ran<T>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        if let Some(known) = tx.known_answer(&self.stamp, &self.claim).await? {
            return Ok(Ran::Before(known));
        }
        let outcomes = self.command.run(tx, ids).await?;
        tx.keep_answer(&self.stamp, &self.claim, &outcomes).await?;
        Ok(Ran::Fresh(outcomes))
    }
}
