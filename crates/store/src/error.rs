//! What can go wrong between a command and its rows.

use std::fmt;

/// An error of the store. Refusals of a booking are not errors; see [`crate::hot::Refusal`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue is full or the database is locked: nothing was done, the caller may retry.
    #[error("the store is busy")]
    Busy {
        /// When a retry is worth it.
        retry_after_ms: u64,
    },
    /// Somebody else wrote the row first: nothing was done.
    #[error("{table} was changed meanwhile")]
    Stale {
        /// The table of the row.
        table: &'static str,
    },
    /// The engine asked for the transaction to be run again; only the store sees this.
    #[error("the transaction has to be run again: {0}")]
    RunAgain(String),
    /// The commit was sent and its answer lost: it may or may not have happened.
    #[error("the outcome of the commit is not known")]
    OutcomeUnknown,
    /// The database can't be reached, is full, or failed: nothing was done.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row does not fit its kind.
    #[error(transparent)]
    Malformed(#[from] catalogue::Malformed),
    /// The engine refused a statement: a mistake of ours.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// The store can't be opened as configured; the text says what to do.
    #[error("{0}")]
    Open(String),
}

/// Shorthand for results of the store.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error while opening, with what to do next.
    pub fn open(text: impl fmt::Display) -> Self {
        Error::Open(text.to_string())
    }

    /// The same error for each of several callers.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Error::Busy { retry_after_ms } => Error::Busy {
                retry_after_ms: *retry_after_ms,
            },
            Error::Stale { table } => Error::Stale { table },
            Error::RunAgain(text) => Error::RunAgain(text.clone()),
            Error::OutcomeUnknown => Error::OutcomeUnknown,
            Error::Unavailable(text) => Error::Unavailable(text.clone()),
            Error::Malformed(malformed) => Error::Refused(malformed.to_string()),
            Error::Refused(text) => Error::Refused(text.clone()),
            Error::Open(text) => Error::Open(text.clone()),
        }
    }

    /// Whether one command alone may be to blame, so that the others are worth another try.
    pub(crate) fn is_of_one_command(&self) -> bool {
        matches!(
            self,
            Error::Refused(_) | Error::Stale { .. } | Error::Malformed(_)
        )
    }

    /// Whether the connection can go on after this error.
    pub(crate) fn leaves_connection(&self) -> bool {
        !matches!(self, Error::Unavailable(_) | Error::OutcomeUnknown)
    }

    /// Whether the same command may simply be run again.
    pub(crate) fn asks_to_run_again(&self) -> bool {
        matches!(self, Error::RunAgain(_))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure,
        };
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Error::Busy {
                retry_after_ms: crate::limits::RETRY_AFTER_MS,
            },
            Some(DiskFull | SystemIoFailure | CannotOpen | ReadOnly) => {
                Error::Unavailable(error.to_string())
            }
            _ => Error::Refused(error.to_string()),
        }
    }
}

fn is_of_idempotency(error: &tokio_postgres::Error) -> bool {
    let table = error.as_db_error().and_then(|error| error.table());
    table == Some("idempotency")
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(code) = error.code() else {
            return Error::Unavailable(error.to_string());
        };
        let text = error
            .as_db_error()
            .map_or_else(|| error.to_string(), |db| db.message().to_owned());
        match code {
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => {
                Error::RunAgain(text)
            }
            // Another writer has answered the same key meanwhile; run again, this one finds its answer.
            &SqlState::UNIQUE_VIOLATION if is_of_idempotency(&error) => Error::RunAgain(text),
            // The database is a standby now, or has dropped an idle transaction.
            &SqlState::READ_ONLY_SQL_TRANSACTION
            | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Error::Unavailable(text),
            &SqlState::LOCK_NOT_AVAILABLE
            | &SqlState::QUERY_CANCELED
            | &SqlState::TOO_MANY_CONNECTIONS => Error::Busy {
                retry_after_ms: crate::limits::RETRY_AFTER_MS,
            },
            code if ["53", "57", "58", "08"]
                .iter()
                .any(|class| code.code().starts_with(class)) =>
            {
                Error::Unavailable(text)
            }
            _ => Error::Refused(text),
        }
    }
}
