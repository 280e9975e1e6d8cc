//! Answers kept under the caller's idempotency key, in the commit of the change they tell of.
//!
//! Hot commands keep theirs with the batch. A cold command asks [`Tx::known_answer`] before it does
//! anything and calls [`Tx::keep_answer`] when it is done, inside its own transaction.

use catalogue::{Cells, Malformed, Value};
use domain::id::Id;
use jiff::Timestamp;

use crate::{
    error::Result,
    hot::{Outcome, Stamp},
    tables::ANSWER_IN,
    tx::Tx,
};

/// Renders the answer that is kept. It runs inside the transaction, maybe more than once.
pub type Render<T = Outcome> = Box<dyn Fn(&[T]) -> Stored + Send + Sync>;

/// A caller's wish that something happens once. Its answer is rendered from the outcomes.
pub struct Claim<T = Outcome> {
    /// The key that the caller chose.
    pub key: String,
    /// SHA-256 of method, path, query and body.
    pub fingerprint: [u8; 32],
    /// How the answer looks.
    pub render: Render<T>,
}

impl<T> Claim<T> {
    /// Keys are apart per tenant and grant.
    pub(crate) fn key(&self, stamp: &Stamp) -> (Id, Id, String) {
        (stamp.tenant_id, stamp.grant_id, self.key.clone())
    }
}

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What was asked.
    pub fingerprint: [u8; 32],
    /// The status of the answer.
    pub status: u16,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// When it was given.
    pub at: Timestamp,
}

impl Stored {
    /// An answer as rendered; fingerprint and time are filled in by the store.
    pub fn rendered(status: u16, body: Vec<u8>) -> Self {
        Self {
            fingerprint: [0; 32],
            status,
            body,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    /// Reads `at, fingerprint, status, body`.
    pub(crate) fn from_cells(cells: &mut Cells) -> std::result::Result<Self, Malformed> {
        let at = cells.next("at")?;
        let fingerprint: Vec<u8> = cells.next("fingerprint")?;
        let status: i64 = cells.next("status")?;
        Ok(Self {
            at,
            fingerprint: fingerprint.try_into().unwrap_or([0; 32]),
            status: u16::try_from(status).unwrap_or(500),
            body: cells.next("body")?,
        })
    }
}

/// What a key that was used before stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The same call; this was its answer.
    Answered(Stored),
    /// Something else.
    Reused,
}

impl Tx {
    /// What is known of the caller's key, if anything was answered under it.
    pub async fn known_answer<T>(
        &mut self,
        stamp: &Stamp,
        claim: &Claim<T>,
    ) -> Result<Option<Known>> {
        let (tenant_id, grant_id, key) = claim.key(stamp);
        let sql = "SELECT at, fingerprint, status, body FROM idempotency \
                   WHERE tenant_id = $1 AND grant_id = $2 AND key = $3";
        let keys = [tenant_id.into(), grant_id.into(), key.into()];
        let Some(row) = self.query(sql, &keys).await?.pop() else {
            return Ok(None);
        };
        let stored = Stored::from_cells(&mut Cells::of("idempotency", row))?;
        Ok(Some(if stored.fingerprint == claim.fingerprint {
            Known::Answered(stored)
        } else {
            Known::Reused
        }))
    }

    /// Keeps the answer to these outcomes under the caller's key. Where another server has used the
    /// key meanwhile, the whole transaction is run again, and then finds what is known of it.
    pub async fn keep_answer<T: Sync>(
        &mut self,
        stamp: &Stamp,
        claim: &Claim<T>,
        outcomes: &[T],
    ) -> Result<()> {
        let Stored { status, body, .. } = (claim.render)(outcomes);
        let (tenant_id, grant_id, key) = claim.key(stamp);
        let row = vec![
            tenant_id.into(),
            grant_id.into(),
            key.into(),
            stamp.now.as_millisecond().into(),
            Value::Bytes(claim.fingerprint.to_vec()),
            i64::from(status).into(),
            Value::Bytes(body),
        ];
        self.write_each(&[(&ANSWER_IN, &[row])]).await?;
        Ok(())
    }
}
