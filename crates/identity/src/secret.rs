//! Secrets: how they are made, and the hash under which they are kept.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Random bytes of a secret: in base64 they are 152 characters, the length that clients of Beds24 know.
const BYTES: usize = 114;

/// Random bytes of a secret of OAuth 2.0 and of sessions: 256 bits, 43 characters that need no escaping in a
/// URL, a form or a header.
const URL_SAFE_BYTES: usize = 32;

/// A secret in clear, on its way to whoever asked for it. It is shown once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Secret {
        let mut bytes = [0; BYTES];
        rng.fill_bytes(&mut bytes);
        Secret(STANDARD.encode(bytes))
    }

    /// A new secret of characters that stand for themselves everywhere.
    pub(crate) fn url_safe(rng: &mut impl CryptoRng) -> Secret {
        let mut bytes = [0; URL_SAFE_BYTES];
        rng.fill_bytes(&mut bytes);
        Secret(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A secret that was put together from others.
    pub(crate) fn of(text: String) -> Secret {
        Secret(text)
    }

    /// The text, to be sent to the client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> Hash {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// SHA-256 of a secret. A secret has at least 256 random bits, so it needs no salt and no slow hash.
pub(crate) type Hash = [u8; 32];

/// The hash of what a client presented.
pub(crate) fn hash(presented: &str) -> Hash {
    Sha256::digest(presented.as_bytes()).into()
}

/// Whether a stored hash is this one, in a time that does not depend on where they differ.
pub(crate) fn same(stored: &[u8], presented: &Hash) -> bool {
    stored.ct_eq(presented).into()
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Calls endpoints.
    Access,
    /// Mints access tokens.
    Refresh,
    /// Is exchanged once for a refresh token.
    Invite,
    /// Calls endpoints that read, as long as it is used.
    LongLife,
    /// Calls endpoints, until it is replaced or taken back.
    ApiKey,
}

impl TokenKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            TokenKind::Access => "access",
            TokenKind::Refresh => "refresh",
            TokenKind::Invite => "invite",
            TokenKind::LongLife => "long_life",
            TokenKind::ApiKey => "api_key",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<TokenKind> {
        let all = [
            TokenKind::Access,
            TokenKind::Refresh,
            TokenKind::Invite,
            TokenKind::LongLife,
            TokenKind::ApiKey,
        ];
        all.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it can be presented with a call.
    pub(crate) fn calls(self) -> bool {
        matches!(
            self,
            TokenKind::Access | TokenKind::LongLife | TokenKind::ApiKey
        )
    }
}
