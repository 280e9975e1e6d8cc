//! Notes: coded remarks on a booking, written by people or by the programs that watch over it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A remark on a booking.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Note {
    /// What kind of remark it is, such as `CHECKIN`; programs look for it, and may make up their own.
    pub code: String,
    /// The remark itself, plain text for people.
    pub text: String,
    /// When it was made.
    pub created_at: Timestamp,
}
