//! Asking another server something and waiting for its answer, as a command of a dialect does when
//! somebody has pressed a button.
//!
//! This is a port: the room `delivery` has the one client that checks and pins addresses, follows no
//! redirect and bounds time and size.

use async_trait::async_trait;

use super::target::Target;

/// How much of an answer is read.
pub const ANSWER_BYTES: usize = 64 * 1024;

/// A question: a POST.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whom.
    pub target: Target,
    /// Its headers, media type included.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What was answered. Nothing of it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status; a redirect is one like any other.
    pub status: u16,
    /// The body, at most [`ANSWER_BYTES`].
    pub body: Vec<u8>,
    /// Whether that is all of it: it was not longer, and it came in time.
    pub is_whole: bool,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word}: {problem}")]
pub struct NoAnswer {
    /// In one word, for metrics.
    pub word: &'static str,
    /// In words.
    pub problem: String,
}

impl NoAnswer {
    /// Says why in one word and in words.
    pub fn new(word: &'static str, problem: impl std::fmt::Display) -> Self {
        Self {
            word,
            problem: problem.to_string(),
        }
    }
}

/// Asks other servers.
#[async_trait]
pub trait Ask: Send + Sync + 'static {
    /// Asks, once.
    async fn ask(&self, question: Question) -> Result<Answer, NoAnswer>;
}
