//! Signatures over what is sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

fn hmac_sha256(secret: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// `sha256=` and the HMAC-SHA256 of the raw body under the secret's bytes, in hex.
///
/// A header takes one such signature. While a secret is being rotated, a format that has room for
/// one signature signs with the *oldest* secret that is still valid, which is the first of those it
/// is given: the receiver knows that one for certain, and has time until it ends to learn the new
/// one.
#[must_use]
pub fn sign_sha256(secret: &[u8], body: &[u8]) -> String {
    format!("sha256={}", hex::encode(hmac_sha256(secret, &[body])))
}

/// `v1,` and the HMAC-SHA256 over id, timestamp (Unix seconds) and body, joined by dots, in base64:
/// a signature as the Standard Webhooks have it.
#[must_use]
pub fn sign_standard(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let timestamp = timestamp_s.to_string();
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    format!("v1,{}", STANDARD.encode(hmac_sha256(secret, &parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_rfc_4231_says() {
        // Test case 2 of RFC 4231.
        assert_eq!(
            sign_sha256(b"Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_standard_signature_covers_id_time_and_body() {
        let signed = |id: &str, at: i64, body: &[u8]| sign_standard(b"key", id, at, body);
        let signature = signed("msg_1", 5, b"{}");
        assert!(signature.starts_with("v1,"));
        assert_ne!(signature, signed("msg_2", 5, b"{}"));
        assert_ne!(signature, signed("msg_1", 6, b"{}"));
        assert_ne!(signature, signed("msg_1", 5, b"{ }"));
    }
}
