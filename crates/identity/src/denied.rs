//! Why a credential was not accepted.

/// Why a credential was not accepted. A dialect may tell these apart or word them all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No such credential, or one of another dialect or kind.
    #[error("no such credential")]
    Unknown,
    /// It has ended.
    #[error("the credential has ended")]
    Expired,
    /// It was taken back.
    #[error("the credential was taken back")]
    Revoked,
    /// It may not be used from this address.
    #[error("the credential may not be used from this address")]
    WrongAddress,
    /// Its client was stopped by its maker.
    #[error("the client was stopped")]
    ClientHalted,
    /// The tenant ended the grant.
    #[error("the grant was ended")]
    GrantEnded,
    /// It could not be looked up just now; worth trying again after so many seconds.
    #[error("credentials cannot be looked up just now")]
    Unavailable {
        /// Seconds to wait.
        retry_after_s: u32,
    },
}

impl Denied {
    /// Why the store could not answer. The details go to the log, not to the caller.
    #[must_use]
    pub fn unavailable(error: &store::Error) -> Denied {
        tracing::warn!(%error, "a credential could not be looked up");
        let retry_after_s = match error {
            store::Error::Busy { retry_after_ms } => retry_after_ms.div_ceil(1_000),
            _ => 5,
        };
        Denied::Unavailable {
            retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX),
        }
    }
}
