//! Why a request to the token, revocation or introspection endpoint is refused.
//!
//! The house knows the exact reason, for its log and its tests; the client is told the error code of RFC 6749
//! and no more than helps an honest one.

use http::StatusCode;

use super::parameters::BadParameters;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The parameters are too long, too many, or given twice.
    #[error("{0}")]
    Parameters(#[from] BadParameters),
    /// The body is of a type that is not read here.
    #[error("the body has to be a form, multipart/form-data or JSON")]
    UnknownMediaType,
    /// The body is not what its type says, or holds something other than texts.
    #[error("the body cannot be read as parameters with texts")]
    Unreadable,
    /// A parameter is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Credentials in more than one place, or several of them.
    #[error("the client presents its credentials in more than one way")]
    TwoAuthentications,
    /// A way to authenticate that is not offered.
    #[error("the client authenticates in a way that is not offered here")]
    UnknownAuthentication,
    /// No such client, or not its secret.
    #[error("client authentication failed")]
    WrongClient,
    /// A confidential client came without a secret.
    #[error("the client has to authenticate")]
    NotAuthenticated,
    /// The app was halted.
    #[error("the application was halted")]
    ApplicationHalted,
    /// This is for clients that can keep a secret.
    #[error("a public client may not do this")]
    PublicClient,
    /// The app has no key or place of its own.
    #[error("the application has no organization of its own to act for")]
    NotInstalled,
    /// No such grant type.
    #[error("grant_type has to be authorization_code, client_credentials or refresh_token")]
    UnknownGrantType,
    /// No such code.
    #[error("no such code")]
    UnknownCode,
    /// The code was made for another client.
    #[error("the code was made for another client")]
    CodeOfAnother,
    /// The code was used before; everything that came from it was taken back.
    #[error("the code was used before")]
    CodeUsed,
    /// The code has ended.
    #[error("the code has ended")]
    CodeEnded,
    /// Not the redirect URI that the code was sent to.
    #[error("the redirect_uri is not the one that the code was sent to")]
    WrongRedirectUri,
    /// The code was made with a challenge, and there is no verifier.
    #[error("code_verifier is missing")]
    VerifierMissing,
    /// There is a verifier, and the code was made without a challenge.
    #[error("the code was made without a challenge")]
    VerifierUnexpected,
    /// The verifier does not belong to the challenge.
    #[error("code_verifier does not belong to the challenge")]
    WrongVerifier,
    /// No such refresh token.
    #[error("no such refresh token")]
    UnknownRefresh,
    /// The refresh token was given to another client.
    #[error("the refresh token was given to another client")]
    RefreshOfAnother,
    /// The refresh token was used before; its whole family was taken back.
    #[error("the refresh token was used before")]
    RefreshUsed,
    /// The refresh token has not been used for too long.
    #[error("the refresh token has ended")]
    RefreshEnded,
    /// The family of tokens was taken back.
    #[error("the refresh token was taken back")]
    RefreshRevoked,
    /// The token was given to another client.
    #[error("the token was given to another client")]
    TokenOfAnother,
    /// The organization has cancelled its subscription.
    #[error("the subscription was cancelled")]
    SubscriptionCancelled,
    /// More is asked for than was granted.
    #[error("scope holds a word that was not granted")]
    ScopeNotGranted,
    /// The store cannot answer just now.
    #[error("the server is busy")]
    Unavailable {
        /// Seconds to wait.
        retry_after_s: u32,
    },
}

impl Reason {
    /// The error code of RFC 6749, 5.2.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Parameters(_)
            | Reason::UnknownMediaType
            | Reason::Unreadable
            | Reason::Missing(_)
            | Reason::TwoAuthentications => "invalid_request",
            Reason::UnknownAuthentication | Reason::WrongClient | Reason::NotAuthenticated => {
                "invalid_client"
            }
            Reason::ApplicationHalted | Reason::PublicClient | Reason::NotInstalled => {
                "unauthorized_client"
            }
            Reason::UnknownGrantType => "unsupported_grant_type",
            Reason::ScopeNotGranted => "invalid_scope",
            Reason::Unavailable { .. } => "temporarily_unavailable",
            Reason::UnknownCode
            | Reason::CodeOfAnother
            | Reason::CodeUsed
            | Reason::CodeEnded
            | Reason::WrongRedirectUri
            | Reason::VerifierMissing
            | Reason::VerifierUnexpected
            | Reason::WrongVerifier
            | Reason::UnknownRefresh
            | Reason::RefreshOfAnother
            | Reason::RefreshUsed
            | Reason::RefreshEnded
            | Reason::RefreshRevoked
            | Reason::TokenOfAnother
            | Reason::SubscriptionCancelled => "invalid_grant",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code() {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What the client is told. Whoever guesses at codes, tokens or clients learns nothing from it.
    #[must_use]
    pub fn description(&self) -> String {
        match self.code() {
            "invalid_grant" => "The code or refresh token is not valid: it is unknown, has ended, was used or \
                                taken back, or does not belong to this client, redirect_uri or code_verifier."
                .to_owned(),
            "invalid_client" => "Client authentication failed.".to_owned(),
            _ => self.to_string(),
        }
    }

    /// The store could not answer. The details go to the log.
    pub(crate) fn unavailable(error: &store::Error) -> Reason {
        match crate::Denied::unavailable(error) {
            crate::Denied::Unavailable { retry_after_s } => Reason::Unavailable { retry_after_s },
            _ => Reason::Unavailable { retry_after_s: 5 },
        }
    }
}
