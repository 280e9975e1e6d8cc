//! What an answer to a write comes to: who got what they asked for, who was refused cleanly,
//! and what must never happen.

/// What one written item came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done. The id is there for a new booking.
    Done {
        /// The new row's id, or the changed row's where the answer says it.
        id: Option<i64>,
    },
    /// A clean refusal in the words of the dialect, with a reason.
    Refused {
        /// The reason, in the server's words.
        reason: String,
    },
    /// Anything else. A proof that sees one of these has failed.
    Unclean {
        /// What was wrong with the answer.
        why: String,
    },
}

impl Verdict {
    /// The id of a row that was made.
    pub fn made(&self) -> Option<i64> {
        match self {
            Self::Done { id } => *id,
            _ => None,
        }
    }

    /// Whether the item was done.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }
}
