//! Secrets at rest.
//!
//! What signs must be there in the clear when it signs, so it can't be kept as a hash. It is sealed
//! with ChaCha20-Poly1305 under a key that the store never sees, bound to the subscription that it
//! belongs to: a copy of the database gives no secret away, and a sealed secret that is put into
//! another row does not open.

use std::fmt;

use domain::id::Id;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The server's key, which lives outside the store.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl fmt::Debug for SealKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealKey(…)")
    }
}

/// What was sealed does not open: another key, another row, or somebody changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed secret does not open under this server's key")]
pub struct DoesNotOpen;

/// A secret in the clear. It is never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl SealKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn key(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.0);
        LessSafeKey::new(key.expect("ChaCha20-Poly1305 takes 32 bytes"))
    }

    /// Seals a secret for one subscription: nonce and ciphertext, hex. The nonce must be random.
    #[must_use]
    pub fn seal(&self, owner: (Id, Id), secret: &Secret, nonce: [u8; NONCE_LEN]) -> String {
        let mut sealed = secret.0.clone();
        self.key()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to(owner)),
                &mut sealed,
            )
            .expect("a secret is far shorter than what one nonce may seal");
        format!("{}{}", hex::encode(nonce), hex::encode(sealed))
    }

    /// Opens what was sealed for this subscription.
    ///
    /// # Errors
    /// When it was sealed under another key or for another subscription.
    pub fn open(&self, owner: (Id, Id), sealed: &str) -> Result<Secret, DoesNotOpen> {
        let mut bytes = hex::decode(sealed).map_err(|_| DoesNotOpen)?;
        if bytes.len() < NONCE_LEN {
            return Err(DoesNotOpen);
        }
        let mut ciphertext = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| DoesNotOpen)?;
        let opened = self
            .key()
            .open_in_place(nonce, Aad::from(bound_to(owner)), &mut ciphertext)
            .map_err(|_| DoesNotOpen)?;
        Ok(Secret(opened.to_vec()))
    }
}

fn bound_to((tenant_id, subscription_id): (Id, Id)) -> [u8; 16] {
    let mut bound = [0; 16];
    bound[..8].copy_from_slice(&tenant_id.get().to_be_bytes());
    bound[8..].copy_from_slice(&subscription_id.get().to_be_bytes());
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_for_its_subscription_under_its_key_only() {
        let key = SealKey::new([7; 32]);
        let secret = Secret::new(b"whisper".to_vec());
        let sealed = key.seal((id(1), id(2)), &secret, [9; NONCE_LEN]);
        assert!(!sealed.contains(&hex::encode("whisper")));
        assert_eq!(key.open((id(1), id(2)), &sealed), Ok(secret));
        assert_eq!(key.open((id(1), id(3)), &sealed), Err(DoesNotOpen));
        assert_eq!(key.open((id(3), id(2)), &sealed), Err(DoesNotOpen));
        let other = SealKey::new([8; 32]);
        assert_eq!(other.open((id(1), id(2)), &sealed), Err(DoesNotOpen));
    }

    #[test]
    fn a_sealed_secret_that_was_changed_does_not_open() {
        let key = SealKey::new([7; 32]);
        let sealed = key.seal((id(1), id(2)), &Secret::new(vec![1, 2, 3]), [9; NONCE_LEN]);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.open((id(1), id(2)), &changed), Err(DoesNotOpen));
        }
        for short in ["", "00", "zz", &sealed[..30]] {
            assert_eq!(key.open((id(1), id(2)), short), Err(DoesNotOpen));
        }
    }

    #[test]
    fn neither_key_nor_secret_is_shown() {
        let shown = format!("{:?} {:?}", SealKey::new([65; 32]), Secret::new(vec![65]));
        assert_eq!(shown, "SealKey(…) Secret(…)");
    }
}
