//! Answers kept under the caller's idempotency key, in the commit of the change they tell of.

use catalogue::{Cells, Malformed};
use domain::id::Id;
use jiff::Timestamp;

use crate::hot::{Outcome, Stamp};

/// Renders the answer that is kept. It runs inside the transaction, maybe more than once.
pub type Render = Box<dyn Fn(&[Outcome]) -> Stored + Send + Sync>;

/// A caller's wish that this submission happens once.
pub struct Claim {
    /// The key that the caller chose.
    pub key: String,
    /// SHA-256 of method, path, query and body.
    pub fingerprint: [u8; 32],
    /// How the answer looks.
    pub render: Render,
}

impl Claim {
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
    pub(crate) fn from_cells(cells: &mut Cells) -> Result<Self, Malformed> {
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
