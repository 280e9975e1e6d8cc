//! Offers: a product, period, party and price that can be booked now, signed and with a short life.
//!
//! Whoever was shown a price may come back with it: the token carries the offer and a keyed digest of
//! it, so it needs no table, and a price that was changed on the way is noticed. An offer does not
//! hold anything: whether there is still room is judged anew when it is booked.
//!
//! Start at [`Offer::sign`] and [`Offer::verify`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::id::Id;
use crate::money::Money;
use crate::party::Party;
use crate::time::{Period, Timestamp};

/// What can be booked now, for how much, and until when that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Whose it is.
    pub tenant_id: Id,
    /// What is sold.
    pub product_id: Id,
    /// When it begins and ends.
    pub period: Period,
    /// For whom.
    pub party: Party,
    /// The price of all of it.
    pub price: Money,
    /// The first moment at which it does not stand any more.
    pub expires_at: Timestamp,
}

/// The secret under which offers are signed: 32 bytes. Changing it ends all offers that are out.
#[derive(Clone)]
pub struct OfferKey([u8; 32]);

impl OfferKey {
    /// The key made of these secret bytes.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> OfferKey {
        OfferKey(secret)
    }
}

/// Never shows the secret.
impl fmt::Debug for OfferKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OfferKey(…)")
    }
}

/// Why a token is no offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOffer {
    /// Not a token of ours, or changed since.
    #[error("this is not an offer of ours")]
    Forged,
    /// It was one, but does not stand any more.
    #[error("the offer has expired")]
    Expired,
}

/// The longest token that is looked at, in characters; ours have about 400.
const LONGEST_TOKEN: usize = 2_048;
const DIGEST: usize = 32;

impl Offer {
    /// The offer as a token: letters, digits, `-` and `_`.
    #[must_use]
    pub fn sign(&self, key: &OfferKey) -> String {
        let mut bytes = serde_json::to_vec(self).expect("an offer is plain data with text keys");
        let digest = digest(&bytes, key);
        bytes.extend_from_slice(&digest);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The offer behind a token, if it is genuine and stands at the moment `now`.
    ///
    /// # Errors
    /// [`BadOffer`]. Whether it has expired is told only of a genuine one.
    pub fn verify(token: &str, key: &OfferKey, now: Timestamp) -> Result<Offer, BadOffer> {
        if token.len() > LONGEST_TOKEN {
            return Err(BadOffer::Forged);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| BadOffer::Forged)?;
        let split = bytes.len().checked_sub(DIGEST).ok_or(BadOffer::Forged)?;
        let (body, given) = bytes.split_at(split);
        let genuine: bool = digest(body, key).ct_eq(given).into();
        if !genuine {
            return Err(BadOffer::Forged);
        }
        let offer: Offer = serde_json::from_slice(body).map_err(|_| BadOffer::Forged)?;
        if now < offer.expires_at {
            Ok(offer)
        } else {
            Err(BadOffer::Expired)
        }
    }
}

fn digest(body: &[u8], key: &OfferKey) -> [u8; DIGEST] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes a key of any length");
    mac.update(b"tabard offer 1");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    const KEY: OfferKey = OfferKey::new([7; 32]);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn offer() -> Offer {
        let period = Period::new(at("2026-12-01T11:00:00Z"), at("2026-12-04T11:00:00Z")).unwrap();
        Offer {
            tenant_id: Id::new(1).unwrap(),
            product_id: Id::new(Id::LARGEST).unwrap(),
            period,
            party: Party {
                adults: 2,
                children: 1,
                infants: 1,
            },
            price: Money::new(41_250, Currency::EUR),
            expires_at: at("2026-11-21T12:15:00Z"),
        }
    }

    #[test]
    fn an_offer_comes_back_as_it_was_given() {
        let token = offer().sign(&KEY);
        assert_eq!(
            Offer::verify(&token, &KEY, at("2026-11-21T12:14:59Z")),
            Ok(offer())
        );
    }

    #[test]
    fn an_offer_does_not_outlive_its_time() {
        let token = offer().sign(&KEY);
        let verdict = Offer::verify(&token, &KEY, at("2026-11-21T12:15:00Z"));
        assert_eq!(verdict, Err(BadOffer::Expired));
    }

    #[test]
    fn an_offer_changed_in_any_character_is_refused() {
        let token = offer().sign(&KEY);
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let verdict = Offer::verify(&changed, &KEY, at("2026-11-21T12:00:00Z"));
            assert_eq!(verdict, Err(BadOffer::Forged), "character {index}");
        }
    }

    #[test]
    fn an_offer_of_another_key_and_nonsense_are_refused() {
        let now = at("2026-11-21T12:00:00Z");
        let other = OfferKey::new([8; 32]);
        assert_eq!(
            Offer::verify(&offer().sign(&other), &KEY, now),
            Err(BadOffer::Forged)
        );
        let long = "A".repeat(LONGEST_TOKEN + 1);
        for token in ["", "A", "ä", "====", &long] {
            assert_eq!(Offer::verify(token, &KEY, now), Err(BadOffer::Forged));
        }
    }
}
