//! Every way in which a request can end badly before a use case has judged it. A dialect words them.

use std::fmt;

use domain::access::Capability;
use http::Method;

use crate::answer::Answer;
use crate::caller::Denied;
use crate::meters::Reading;

/// A refused request. Handlers return it with `?`; the dialect turns it into an answer.
#[derive(Debug)]
pub enum Refusal {
    /// No call from the caller's address is taken, whatever it asks.
    Blocked,
    /// No credential was presented.
    NotSignedIn,
    /// A credential was presented and not accepted.
    Denied(Denied),
    /// The caller lacks a capability.
    Forbidden {
        /// The one it lacks.
        needs: Capability,
    },
    /// The path leads nowhere.
    NoSuchRoute,
    /// The path exists, with other methods.
    WrongMethod {
        /// Those it has, in the table's order.
        allowed: Vec<Method>,
    },
    /// The thing asked for does not exist, or the caller may not know that it does.
    NotFound,
    /// A parameter of path, query or header cannot be used.
    Parameter(BadParameter),
    /// The body cannot be used.
    Body(BadBody),
    /// The body is larger than the endpoint takes.
    TooLarge {
        /// Bytes that it takes.
        limit: usize,
    },
    /// The body's media type is not one of the dialect's.
    UnsupportedMediaType,
    /// None of the media types that the client accepts can be given.
    NotAcceptable,
    /// The change meets a state that does not allow it.
    Conflict,
    /// A call with the same idempotency key is still running.
    KeyRunning,
    /// The idempotency key was used before with another request.
    KeyReused,
    /// The caller has used up its quota.
    OverQuota(Reading),
    /// Too much is going on; the same request may succeed later.
    Busy {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The request took longer than its limit. Whether it took effect is unknown.
    TimedOut,
    /// Something failed on our side. The cause is for the log only.
    Internal(Cause),
    /// The dialect has worded its answer already.
    Answered(Box<Answer>),
}

impl Refusal {
    /// A failure on our side, with its cause for the log.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Refusal {
        Refusal::Internal(Cause(cause.to_string()))
    }

    /// A parameter that cannot be used.
    #[must_use]
    pub fn parameter(name: impl Into<String>, problem: Problem) -> Refusal {
        Refusal::Parameter(BadParameter {
            name: name.into(),
            problem,
        })
    }
}

impl From<Answer> for Refusal {
    fn from(answer: Answer) -> Refusal {
        Refusal::Answered(Box::new(answer))
    }
}

impl From<BadParameter> for Refusal {
    fn from(bad: BadParameter) -> Refusal {
        Refusal::Parameter(bad)
    }
}

impl From<BadBody> for Refusal {
    fn from(bad: BadBody) -> Refusal {
        Refusal::Body(bad)
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Refusal {
        match denied {
            Denied::Unavailable { retry_after_s } => Refusal::Busy { retry_after_s },
            other => Refusal::Denied(other),
        }
    }
}

/// Why something failed on our side. Only this crate can read it, and only to log it, so no dialect can
/// show it to a client.
pub struct Cause(pub(crate) String);

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause(..)")
    }
}

/// A parameter and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Parameter {name} {problem}")]
pub struct BadParameter {
    /// Its name as the client spelled it.
    pub name: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a parameter. The texts are plain English; a dialect may use its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It has to be there.
    #[error("is required")]
    Missing,
    /// It is not a date, or one that does not exist.
    #[error("is in an invalid format. Expected format: YYYY-MM-DD")]
    NotADate,
    /// It is not an instant.
    #[error("is in an invalid format. Expected format: YYYY-MM-DDTHH:MM:SSZ")]
    NotAnInstant,
    /// It is not a whole number, or not one of ours.
    #[error("is in an invalid format. Expected an integer")]
    NotAnInteger,
    /// It is neither `true` nor `false`.
    #[error("is in an invalid format. Expected true or false")]
    NotABoolean,
    /// It is outside its range.
    #[error("is out of range. Expected {min} to {max}")]
    OutOfRange {
        /// The smallest allowed.
        min: i64,
        /// The largest allowed.
        max: i64,
    },
    /// It is not one of the allowed words.
    #[error("has an invalid value. Expected one of: {}", .0.join(", "))]
    NotOneOf(Vec<&'static str>),
    /// It is not UTF-8.
    #[error("is not valid UTF-8")]
    NotUtf8,
    /// There is more of it than may be.
    #[error("is too long. At most {0} are allowed")]
    TooMany(usize),
    /// Anything else, in the dialect's words.
    #[error("{0}")]
    Other(&'static str),
}

/// What can be wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// The client stopped sending it, or broke its framing.
    #[error("Request body could not be read")]
    Unreadable,
    /// It is not UTF-8.
    #[error("Request body is not valid UTF-8")]
    NotUtf8,
    /// It is nested deeper than allowed.
    #[error("Request body is nested more than {0} levels deep")]
    TooDeep(usize),
    /// It is not JSON.
    #[error("Request body is not valid JSON at line {line} column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is JSON of another shape. The text names the field and says what was expected.
    #[error("Request body is invalid: {0}")]
    WrongShape(String),
    /// It has to be an array.
    #[error("Request body must be an array")]
    NotAnArray,
    /// The array is longer than allowed.
    #[error("Request body has more than {0} items")]
    TooManyItems(usize),
}
