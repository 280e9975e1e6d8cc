//! Tokens that bind a form to the browser it was made for.
//!
//! A token is the HMAC of its form's purpose under what the browser's cookie holds. Whoever cannot read the
//! cookie cannot make one, and a token of one form is good for no other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The form's field.
pub const FIELD: &str = "form_token";

/// Keeps these HMACs apart from any others under the same secret.
const LABEL: &[u8] = b"tabard form\0";

fn mac(cookie: &Secret, purpose: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(cookie.reveal().as_bytes())
        .expect("an HMAC takes keys of any length");
    mac.update(LABEL);
    mac.update(purpose.as_bytes());
    mac
}

/// The token of a form with this purpose.
#[must_use]
pub fn token(cookie: &Secret, purpose: &str) -> String {
    URL_SAFE_NO_PAD.encode(mac(cookie, purpose).finalize().into_bytes())
}

/// Whether a token was made for this browser and purpose.
#[must_use]
pub fn belongs(cookie: &Secret, purpose: &str, token: &str) -> bool {
    let Ok(presented) = URL_SAFE_NO_PAD.decode(token) else {
        return false;
    };
    !cookie.reveal().is_empty() && mac(cookie, purpose).verify_slice(&presented).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_browser_and_its_form() {
        let (ours, theirs) = (Secret::of("ours".into()), Secret::of("theirs".into()));
        let made = token(&ours, "consent");
        assert!(belongs(&ours, "consent", &made));
        assert!(!belongs(&ours, "sign in", &made));
        assert!(!belongs(&theirs, "consent", &made));
        let nobody = Secret::of(String::new());
        assert!(!belongs(&nobody, "consent", &token(&nobody, "consent")));
        for forged in ["", "AAAA", "%", &made[1..]] {
            assert!(!belongs(&ours, "consent", forged), "{forged}");
        }
    }
}
