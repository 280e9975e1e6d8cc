//! Proof Key for Code Exchange (RFC 7636), with S256 only.
//!
//! A code with a challenge needs its verifier, and a verifier needs a code with a challenge: otherwise an
//! attacker could strip the challenge from the request and use the code without one (RFC 9700, 4.8).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::reason::Reason;
use crate::secret;

/// A challenge: the SHA-256 of a verifier, in base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge(String);

/// Why a challenge is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChallenge {
    /// The method is not S256; leaving it out means `plain`.
    #[error("code_challenge_method has to be S256")]
    Method,
    /// There is a method and no challenge.
    #[error("code_challenge_method comes without a code_challenge")]
    MethodAlone,
    /// It can't be the SHA-256 of anything.
    #[error("code_challenge has to be 43 characters of base64url")]
    Shape,
    /// A public client has to send one.
    #[error("a public client has to send a code_challenge")]
    Missing,
}

/// Bytes of base64url of 32 bytes without padding.
const CHALLENGE_LENGTH: usize = 43;

/// How long a verifier may be.
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// The challenge of a verifier, as a client computes it.
#[must_use]
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

impl Challenge {
    /// The challenge of an authorization request.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) fn asked(
        challenge: Option<&str>,
        method: Option<&str>,
        is_required: bool,
    ) -> Result<Option<Challenge>, BadChallenge> {
        let Some(challenge) = challenge else {
            return match (method, is_required) {
                (Some(_), _) => Err(BadChallenge::MethodAlone),
                (None, true) => Err(BadChallenge::Missing),
                (None, false) => Ok(None),
            };
        };
        if method != Some("S256") {
            return Err(BadChallenge::Method);
        }
        let is_digest = challenge.len() == CHALLENGE_LENGTH
            && URL_SAFE_NO_PAD
                .decode(challenge)
                .is_ok_and(|bytes| bytes.len() == 32);
        if !is_digest {
            return Err(BadChallenge::Shape);
        }
        Ok(Some(Challenge(challenge.to_owned())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a verifier belongs to the challenge that a code was made with.
///
/// # Errors
/// One is there without the other, or they do not belong together.
pub(crate) fn check(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Reason> {
    let (challenge, verifier) = match (challenge, verifier) {
        (None, None) => return Ok(()),
        (Some(_), None) => return Err(Reason::VerifierMissing),
        (None, Some(_)) => return Err(Reason::VerifierUnexpected),
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    let is_unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if !VERIFIER_LENGTH.contains(&verifier.len()) || !verifier.bytes().all(is_unreserved) {
        return Err(Reason::WrongVerifier);
    }
    let stored = secret::hash(challenge);
    if secret::same(&stored, &secret::hash(&challenge_of(verifier))) {
        Ok(())
    } else {
        Err(Reason::WrongVerifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_standard_is_accepted() {
        assert_eq!(challenge_of(VERIFIER), CHALLENGE);
        assert_eq!(check(Some(CHALLENGE), Some(VERIFIER)), Ok(()));
        assert_eq!(check(None, None), Ok(()));
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let cases = [
            (Some(CHALLENGE), None, Reason::VerifierMissing),
            (None, Some(VERIFIER), Reason::VerifierUnexpected),
            (Some(CHALLENGE), Some(CHALLENGE), Reason::WrongVerifier),
            (Some(VERIFIER), Some(VERIFIER), Reason::WrongVerifier),
            (Some(CHALLENGE), Some("short"), Reason::WrongVerifier),
        ];
        for (challenge, verifier, reason) in cases {
            assert_eq!(check(challenge, verifier), Err(reason));
        }
        let long = "a".repeat(129);
        assert_eq!(
            check(Some(&challenge_of(&long)), Some(&long)),
            Err(Reason::WrongVerifier)
        );
    }
}
