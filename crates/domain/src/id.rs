//! Ids: one 53-bit integer per row, sorted by the time of its making.
//!
//! Fifty-three bits are what a JSON number carries exactly in every language, so an id is the same
//! number in the store, in the logs and on the wire. [`IdSource`] makes them without a database
//! sequence, so any node can; [`keyed`] writes them in longer spellings that cannot be guessed.
//!
//! An id is a name, not a permission: it is always resolved together with its tenant.

pub mod keyed;
mod source;

use std::fmt;
use std::num::NonZeroI64;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use keyed::{Form, FormKey};
pub use source::IdSource;

/// The name of one row: an integer from 1 to 2^53 - 1, exact in a JSON number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroI64);

impl Id {
    /// The smallest id there can be.
    pub const SMALLEST: Id = match NonZeroI64::new(1) {
        Some(one) => Id(one),
        None => unreachable!(),
    };

    /// The largest id, 2^53 - 1.
    pub const LARGEST: i64 = (1 << 53) - 1;

    /// The id with this number, or `None` when it is below 1 or above [`Id::LARGEST`].
    #[must_use]
    pub const fn new(number: i64) -> Option<Id> {
        if number < 1 || number > Id::LARGEST {
            return None;
        }
        match NonZeroI64::new(number) {
            Some(number) => Some(Id(number)),
            None => None,
        }
    }

    /// The number, from 1 to [`Id::LARGEST`].
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0.get()
    }

    /// The long spelling of this id under a key, for one purpose: see [`keyed`].
    #[must_use]
    pub fn keyed_form(self, key: &FormKey, purpose: &str, form: Form) -> String {
        keyed::write(self, key, purpose, form)
    }

    /// The id behind a long spelling, or `None` when it was not written by [`Id::keyed_form`] with
    /// the same key, purpose and form.
    #[must_use]
    pub fn from_keyed_form(text: &str, key: &FormKey, purpose: &str, form: Form) -> Option<Id> {
        keyed::read(text, key, purpose, form)
    }
}

/// Prints the decimal number.
impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Id({})", self.0)
    }
}

/// The text or number is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a whole number from 1 to 9007199254740991")]
pub struct NotAnId;

/// Reads decimal digits only: no sign, no blanks, no leading zero, so each id has one spelling.
impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Id, NotAnId> {
        let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain {
            return Err(NotAnId);
        }
        text.parse().ok().and_then(Id::new).ok_or(NotAnId)
    }
}

impl TryFrom<i64> for Id {
    type Error = NotAnId;

    fn try_from(number: i64) -> Result<Id, NotAnId> {
        Id::new(number).ok_or(NotAnId)
    }
}

impl From<Id> for i64 {
    fn from(id: Id) -> i64 {
        id.get()
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Id::new(number).ok_or_else(|| serde::de::Error::custom(NotAnId))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_at_least_one_and_exact_in_a_json_number() {
        assert_eq!(Id::new(0), None);
        assert_eq!(Id::new(-1), None);
        assert_eq!(Id::new(1).map(Id::get), Some(1));
        assert_eq!(
            Id::new(Id::LARGEST).map(Id::get),
            Some(9_007_199_254_740_991)
        );
        assert_eq!(Id::new(Id::LARGEST + 1), None);
    }

    #[test]
    fn an_id_has_exactly_one_spelling() {
        assert_eq!("42".parse::<Id>().unwrap().to_string(), "42");
        for text in [
            "",
            "0",
            "042",
            "+42",
            "-42",
            " 42",
            "4 2",
            "4.2",
            "٤٢",
            "9007199254740992",
        ] {
            assert_eq!(text.parse::<Id>(), Err(NotAnId), "{text:?}");
        }
    }

    #[test]
    fn an_id_is_a_plain_number_in_json() {
        let id = Id::new(77).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "77");
        assert_eq!(serde_json::from_str::<Id>("77").unwrap(), id);
        assert!(serde_json::from_str::<Id>("0").is_err());
        assert!(serde_json::from_str::<Id>("-3").is_err());
    }

    #[test]
    fn an_absent_id_costs_no_memory() {
        assert_eq!(size_of::<Option<Id>>(), 8);
    }
}
