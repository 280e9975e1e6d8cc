//! The few kinds of errors that a program treats differently. Causes inside the house are logged
//! here and have no way to a client.

use domain::{access::Capability, booking::Status, time::BadPeriod};

/// Why a call did not happen at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller lacks this capability.
    #[error("the caller lacks {0}")]
    Forbidden(Capability),
    /// Too much is going on: nothing was done.
    #[error("busy; retry in {retry_after_ms} ms")]
    Busy {
        /// When a retry is worth it.
        retry_after_ms: u64,
    },
    /// The store can't be used now: nothing was done.
    #[error("not available for now")]
    Unavailable,
    /// It may or may not have happened. Asking again with the same idempotency key tells.
    #[error("the outcome is not known")]
    OutcomeUnknown,
    /// Somebody else changed the same thing first: nothing was done.
    #[error("changed meanwhile")]
    Conflict,
    /// More items than one call takes.
    #[error("more than {limit} items")]
    TooMany {
        /// How many it takes.
        limit: usize,
    },
    /// The idempotency key was used for another call.
    #[error("the idempotency key was used for something else")]
    KeyReused,
    /// A mistake of ours; the log has the cause.
    #[error("an internal error")]
    Internal,
}

/// Shorthand for results of use cases.
pub type Result<T> = std::result::Result<T, Error>;

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy { retry_after_ms } => Error::Busy { retry_after_ms },
            store::Error::Stale { .. } => Error::Conflict,
            store::Error::OutcomeUnknown => {
                tracing::warn!("the answer to a commit was lost");
                Error::OutcomeUnknown
            }
            store::Error::Unavailable(cause) => {
                tracing::error!(%cause, "the store is not available");
                Error::Unavailable
            }
            cause => {
                tracing::error!(%cause, "the store failed");
                Error::Internal
            }
        }
    }
}

/// Why one item of a call was refused, while the others went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such resource for this caller.
    UnknownResource,
    /// There is no such organization for this caller.
    UnknownOrganization,
    /// There is no such booking for this caller.
    UnknownBooking,
    /// There is no such group for this caller.
    UnknownGroup,
    /// There is nothing for this caller that this field could name.
    Unknown {
        /// The field, in the words of this crate.
        field: &'static str,
    },
    /// The resource has no unit of this number.
    UnknownUnit {
        /// How many units there are.
        units: i64,
    },
    /// There is not enough room.
    SoldOut {
        /// How much is free for the whole stay; may be negative.
        free: i64,
    },
    /// The unit that was asked for, or that the booking keeps, is taken, whatever else is free.
    UnitTaken,
    /// More is sold than the new capacity holds.
    CapacityInUse {
        /// How much is taken at the fullest moment.
        taken: i64,
    },
    /// Bookings stand in the way.
    InUse,
    /// The dates make no stay.
    BadDates(BadPeriod),
    /// The booking can't go from one state to the other.
    NotAllowed {
        /// Where it stands.
        from: Status,
        /// Where it should have gone.
        to: Status,
    },
    /// Somebody else has changed the booking since it was looked at.
    ChangedMeanwhile,
    /// A field has a value that it can't have.
    Invalid {
        /// The field, in the words of this crate.
        field: &'static str,
        /// What was expected.
        expected: String,
    },
    /// Another item was refused, and they stand or fall together.
    WithTheOthers,
}

impl From<store::hot::Refusal> for Refusal {
    fn from(refusal: store::hot::Refusal) -> Self {
        use store::hot::Refusal as Hot;
        match refusal {
            Hot::UnknownResource => Refusal::UnknownResource,
            Hot::UnknownBooking => Refusal::UnknownBooking,
            Hot::UnknownGroup => Refusal::UnknownGroup,
            Hot::UnknownUnit { units } => Refusal::UnknownUnit { units },
            Hot::SoldOut { free } => Refusal::SoldOut { free },
            Hot::CapacityInUse { taken } => Refusal::CapacityInUse { taken },
            Hot::UnitInUse { .. } => Refusal::InUse,
            Hot::BadQuantity { most } => Refusal::Invalid {
                field: "quantity",
                expected: format!("a number from 1 to {most}"),
            },
            Hot::LongReference { most } => Refusal::Invalid {
                field: "external_reference",
                expected: format!("at most {most} bytes"),
            },
            Hot::BadDates(bad) => Refusal::BadDates(bad),
            Hot::NotAllowed { from, to } => Refusal::NotAllowed { from, to },
            Hot::ChangedMeanwhile => Refusal::ChangedMeanwhile,
            Hot::WithTheOthers => Refusal::WithTheOthers,
        }
    }
}
