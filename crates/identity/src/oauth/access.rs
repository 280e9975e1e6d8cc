//! Why a call with a token or key of an app is refused: each reason by itself, so that a dialect can give each
//! a code of its own.

use crate::denied::Denied;

/// Why a call with an app's token or key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefused {
    /// There is no such token or key, or it has ended or was taken back.
    #[error("the token is not valid")]
    InvalidToken,
    /// The app was halted.
    #[error("the application was halted")]
    ApplicationHalted,
    /// The organization has cancelled its subscription of the app.
    #[error("the subscription was cancelled")]
    SubscriptionCancelled,
    /// The organization, an administration in one dialect, was not granted.
    #[error("the administration was not granted")]
    OrganizationNotGranted,
    /// The channel was not granted.
    #[error("the channel was not granted")]
    ChannelNotGranted,
    /// None of the words that open this was granted.
    #[error("this needs one of the scopes {}", .acceptable.join(", "))]
    ScopeMissing {
        /// The words that would do.
        acceptable: Vec<String>,
    },
    /// The address may not use it.
    #[error("the token may not be used from this address")]
    WrongAddress,
    /// It could not be looked up just now.
    #[error("tokens cannot be looked up just now")]
    Unavailable {
        /// Seconds to wait.
        retry_after_s: u32,
    },
}

impl From<Denied> for AccessRefused {
    fn from(denied: Denied) -> AccessRefused {
        match denied {
            Denied::Unknown | Denied::Expired | Denied::Revoked => AccessRefused::InvalidToken,
            Denied::ClientHalted => AccessRefused::ApplicationHalted,
            Denied::GrantEnded => AccessRefused::SubscriptionCancelled,
            Denied::WrongAddress => AccessRefused::WrongAddress,
            Denied::Unavailable { retry_after_s } => AccessRefused::Unavailable { retry_after_s },
        }
    }
}
