//! What a writer knows: what it sent under which key, and what it heard.

use serde_json::{Value, json};

use crate::verdict::Verdict;

/// One item of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A booking that carries a mark of its own.
    Create {
        /// The mark.
        mark: String,
    },
    /// The cancellation of a booking that was acknowledged before.
    Cancel {
        /// The booking's mark.
        mark: String,
        /// The booking's id.
        id: i64,
    },
}

/// What a writer heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, with a verdict for each item and the bytes as they came.
    Answered {
        /// One for each item.
        verdicts: Vec<Verdict>,
        /// The body.
        bytes: Vec<u8>,
    },
    /// No answer, or none that says what happened.
    Unknown {
        /// What the writer saw instead.
        why: String,
    },
}

/// One request.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The idempotency key.
    pub key: String,
    /// The body, byte for byte, for sending it again.
    pub body: String,
    /// What it asks for.
    pub items: Vec<Item>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Attempt {
    /// Whether nobody knows what came of it.
    pub fn is_unknown(&self) -> bool {
        matches!(self.outcome, Outcome::Unknown { .. })
    }
}

/// The JSON of a new booking with its mark.
pub fn create_json(room: i64, arrival: jiff::civil::Date, nights: i64, mark: &str) -> Value {
    use jiff::ToSpan as _;
    json!({
        "roomId": room, "arrival": arrival, "departure": arrival.saturating_add(nights.days()),
        "status": "confirmed", "numAdult": 2, "lastName": "Writer", "custom1": mark,
        "actions": { "checkAvailability": true },
    })
}

/// The JSON of a cancellation.
pub fn cancel_json(id: i64) -> Value {
    json!({ "id": id, "status": "cancelled" })
}
