//! One entry of the journal: its fields, its canonical bytes, its hash and its line.
//!
//! The hash of an entry is `SHA-256(previous hash || canonical bytes)`. The canonical
//! bytes are the ASCII tag `tabard.1` followed by these fields in this order, each one
//! preceded by its length in bytes as two big-endian bytes:
//!
//! `tenant`, `lane`, `sequence`, `at`, `kind`, `allocation`, `booking`, `quantity`,
//! `starts_at`, `ends_at`, `capacity`, `overbooked`, `reason`
//!
//! A number is eight big-endian bytes (two's complement), an absent number has length
//! zero, `overbooked` is one byte (0 or 1), `kind` and `reason` are their words. The
//! lengths make the form unambiguous, so two different entries never share their bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A SHA-256 hash. Hexadecimal digits appear in the line form only.
pub type Hash = [u8; 32];

/// What stands as previous hash in the first entry of a lane.
pub const BEFORE_THE_FIRST: Hash = [0; 32];

/// Longest reason that the checker accepts, in bytes: a reason is a word, not a text.
pub const REASON_LIMIT: usize = 64;

/// The tag that opens the canonical bytes; a changed form gets another number.
const TAG: &[u8; 8] = b"tabard.1";

/// Room for everything before the reason: the tag, ten numbers, the kind, the mark.
const HEAD_LIMIT: usize = 8 + 10 * (2 + 8) + (2 + 8) + (2 + 1) + 2;

/// What an entry does to its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first entry of a lane; sets the first capacity.
    Open,
    /// Sets another capacity.
    Capacity,
    /// An allocation takes its quantity for its period.
    Take,
    /// An allocation gives back what it took.
    Give,
}

impl Kind {
    /// The word that stands in the line and in the canonical bytes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Capacity => "capacity",
            Self::Take => "take",
            Self::Give => "give",
        }
    }

    /// The kind with this word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Capacity, Self::Take, Self::Give]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One change of one lane: the facts, without the hashes that seal them.
///
/// Entries of the kinds `open` and `capacity` have no allocation and no booking, and
/// quantity, `starts_at` and `ends_at` are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The tenant that the lane belongs to.
    pub tenant: i64,
    /// The lane that changes.
    pub lane: i64,
    /// 1 for the first entry of the lane, then one more each time.
    pub sequence: i64,
    /// When the change was made, on the tenant's clock, in Unix milliseconds.
    pub at: i64,
    /// What the entry does.
    pub kind: Kind,
    /// Why, as one word: `placed`, `moved`, `cancelled`, `expired`, `capacity_set`, ….
    pub reason: Cow<'static, str>,
    /// The allocation that takes or gives back.
    pub allocation: Option<i64>,
    /// The booking that the allocation belongs to, if it belongs to one.
    pub booking: Option<i64>,
    /// How much is taken or given back; always positive for `take` and `give`.
    pub quantity: i64,
    /// First instant of the period, in Unix seconds.
    pub starts_at: i64,
    /// First instant after the period, in Unix seconds.
    pub ends_at: i64,
    /// The lane's capacity once this entry is made.
    pub capacity: i64,
    /// `take`: this goes over capacity, and was allowed to. `give`: as its take said.
    /// `capacity`: the new capacity is below what is already taken.
    pub overbooked: bool,
}

impl Entry {
    /// The first entry of a lane.
    #[must_use]
    pub fn open(tenant: i64, lane: i64, at: i64, capacity: i64) -> Self {
        Self {
            tenant,
            lane,
            sequence: 1,
            at,
            kind: Kind::Open,
            reason: Cow::Borrowed("opened"),
            allocation: None,
            booking: None,
            quantity: 0,
            starts_at: 0,
            ends_at: 0,
            capacity,
            overbooked: false,
        }
    }

    /// The hash that seals this entry after the one whose hash is `previous`.
    ///
    /// Allocates nothing: every booking waits for this.
    #[must_use]
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut head = CanonicalHead::new();
        head.number(self.tenant);
        head.number(self.lane);
        head.number(self.sequence);
        head.number(self.at);
        head.field(self.kind.as_str().as_bytes());
        head.optional(self.allocation);
        head.optional(self.booking);
        head.number(self.quantity);
        head.number(self.starts_at);
        head.number(self.ends_at);
        head.number(self.capacity);
        head.field(&[u8::from(self.overbooked)]);
        head.length(self.reason.len());
        Sha256::new()
            .chain_update(previous)
            .chain_update(head.bytes())
            .chain_update(self.reason.as_bytes())
            .finalize()
            .into()
    }

    /// This entry, sealed after the one whose hash is `previous`.
    #[must_use]
    pub fn seal(self, previous: Hash) -> Sealed {
        let hash = self.hash(&previous);
        Sealed {
            entry: self,
            previous,
            hash,
        }
    }
}

/// The canonical bytes up to the reason, built on the stack.
struct CanonicalHead {
    buffer: [u8; HEAD_LIMIT],
    length: usize,
}

impl CanonicalHead {
    fn new() -> Self {
        let mut head = Self {
            buffer: [0; HEAD_LIMIT],
            length: 0,
        };
        head.push(TAG);
        head
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.buffer[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }

    fn length(&mut self, length: usize) {
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        self.push(&length.to_be_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.push(bytes);
    }

    fn number(&mut self, number: i64) {
        self.field(&number.to_be_bytes());
    }

    fn optional(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.number(number),
            None => self.length(0),
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

/// An entry with the two hashes that hold it in its chain: what one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The facts.
    pub entry: Entry,
    /// The hash of the entry before it, or [`BEFORE_THE_FIRST`].
    pub previous: Hash,
    /// The hash that the line claims for this entry.
    pub hash: Hash,
}

impl Sealed {
    /// Whether the claimed hash is the one that the facts have.
    #[must_use]
    pub fn hash_is_right(&self) -> bool {
        self.entry.hash(&self.previous) == self.hash
    }

    /// The line form: one JSON object, without the line break.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = Vec::with_capacity(512);
        self.write_line(&mut line);
        String::from_utf8(line).expect("JSON is UTF-8")
    }

    /// Appends the line form, without the line break.
    pub fn write_line(&self, line: &mut Vec<u8>) {
        let entry = &self.entry;
        let form = Line {
            tenant: entry.tenant,
            lane: entry.lane,
            sequence: entry.sequence,
            at: entry.at,
            kind: entry.kind,
            reason: Cow::Borrowed(&entry.reason),
            allocation: entry.allocation,
            booking: entry.booking,
            quantity: entry.quantity,
            starts_at: entry.starts_at,
            ends_at: entry.ends_at,
            capacity: entry.capacity,
            overbooked: entry.overbooked,
            previous: self.previous,
            hash: self.hash,
        };
        serde_json::to_writer(line, &form).expect("plain fields always have a JSON form");
    }

    /// Reads the line form. Nothing is checked but the form itself.
    ///
    /// # Errors
    /// When the line is not one JSON object with exactly the fields of an entry. A
    /// field that is not known is an error too, since no hash would cover it.
    pub fn from_line(line: &[u8]) -> Result<Self, serde_json::Error> {
        let form: Line<'_> = serde_json::from_slice(line)?;
        Ok(Self {
            entry: Entry {
                tenant: form.tenant,
                lane: form.lane,
                sequence: form.sequence,
                at: form.at,
                kind: form.kind,
                reason: Cow::Owned(form.reason.into_owned()),
                allocation: form.allocation,
                booking: form.booking,
                quantity: form.quantity,
                starts_at: form.starts_at,
                ends_at: form.ends_at,
                capacity: form.capacity,
                overbooked: form.overbooked,
            },
            previous: form.previous,
            hash: form.hash,
        })
    }
}

/// The shape of a line, as serde sees it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    tenant: i64,
    lane: i64,
    sequence: i64,
    at: i64,
    kind: Kind,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    allocation: Option<i64>,
    booking: Option<i64>,
    quantity: i64,
    starts_at: i64,
    ends_at: i64,
    capacity: i64,
    overbooked: bool,
    #[serde(with = "hex_digits")]
    previous: Hash,
    #[serde(with = "hex_digits")]
    hash: Hash,
}

/// A hash as 64 lower-case hexadecimal digits.
mod hex_digits {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    use super::Hash;

    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 64];
        hex::encode_to_slice(hash, &mut digits).expect("64 digits hold 32 bytes");
        serializer.serialize_str(std::str::from_utf8(&digits).expect("digits are ASCII"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        deserializer.deserialize_str(Digits)
    }

    struct Digits;

    impl Visitor<'_> for Digits {
        type Value = Hash;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("64 lower-case hexadecimal digits")
        }

        fn visit_str<E: Error>(self, digits: &str) -> Result<Hash, E> {
            let mut hash = [0; 32];
            let known = !digits.bytes().any(|byte| byte.is_ascii_uppercase());
            if known && hex::decode_to_slice(digits, &mut hash).is_ok() {
                Ok(hash)
            } else {
                Err(E::custom("a hash is 64 lower-case hexadecimal digits"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_entry() -> Entry {
        Entry {
            tenant: 1,
            lane: 2,
            sequence: 3,
            at: 1_700_000_000_123,
            kind: Kind::Take,
            reason: Cow::Borrowed("placed"),
            allocation: Some(4),
            booking: Some(5),
            quantity: 6,
            starts_at: 1_700_000_000,
            ends_at: 1_700_086_400,
            capacity: 7,
            overbooked: true,
        }
    }

    #[test]
    fn the_hash_is_that_of_the_documented_bytes() {
        let entry = full_entry();
        let mut bytes = Vec::from([9_u8; 32]);
        bytes.extend_from_slice(b"tabard.1");
        let mut field = |content: &[u8]| {
            bytes.extend_from_slice(&u16::try_from(content.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(content);
        };
        for number in [1_i64, 2, 3, 1_700_000_000_123] {
            field(&number.to_be_bytes());
        }
        field(b"take");
        for number in [4_i64, 5, 6, 1_700_000_000, 1_700_086_400, 7] {
            field(&number.to_be_bytes());
        }
        field(&[1]);
        field(b"placed");
        let expected: Hash = Sha256::digest(&bytes).into();
        assert_eq!(entry.hash(&[9; 32]), expected);
    }

    #[test]
    fn the_hash_of_a_known_entry_never_changes() {
        // Exported journals outlive releases: this value is a promise.
        let hash = Entry::open(1, 2, 1_700_000_000_000, 3).hash(&BEFORE_THE_FIRST);
        assert_eq!(hex::encode(hash), KNOWN_HASH);
    }

    const KNOWN_HASH: &str = "78191446810cb990a01c77165b2c51ceb5c8d68d547927fcaa36f16a71969de8";

    #[test]
    fn the_longest_entry_fits_the_buffer() {
        let entry = Entry {
            kind: Kind::Capacity,
            reason: Cow::Owned("x".repeat(100_000)),
            ..full_entry()
        };
        assert_ne!(
            entry.hash(&BEFORE_THE_FIRST),
            full_entry().hash(&BEFORE_THE_FIRST)
        );
    }

    #[test]
    fn each_field_changes_the_hash() {
        let changes: [fn(&mut Entry); 13] = [
            |entry| entry.tenant += 1,
            |entry| entry.lane += 1,
            |entry| entry.sequence += 1,
            |entry| entry.at += 1,
            |entry| entry.kind = Kind::Give,
            |entry| entry.reason = Cow::Borrowed("moved"),
            |entry| entry.allocation = None,
            |entry| entry.booking = None,
            |entry| entry.quantity += 1,
            |entry| entry.starts_at += 1,
            |entry| entry.ends_at += 1,
            |entry| entry.capacity += 1,
            |entry| entry.overbooked = false,
        ];
        let original = full_entry().hash(&BEFORE_THE_FIRST);
        for (position, change) in changes.iter().enumerate() {
            let mut entry = full_entry();
            change(&mut entry);
            assert_ne!(entry.hash(&BEFORE_THE_FIRST), original, "field {position}");
        }
        assert_ne!(full_entry().hash(&[1; 32]), original, "previous hash");
    }

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let sealed = full_entry().seal([7; 32]);
        let line = sealed.to_line();
        assert!(!line.contains('\n'));
        assert_eq!(Sealed::from_line(line.as_bytes()).unwrap(), sealed);
        assert!(sealed.hash_is_right());
    }

    #[test]
    fn a_line_with_a_field_that_no_hash_covers_is_refused() {
        let line = full_entry().seal([7; 32]).to_line();
        let line = line.replace("{\"tenant\"", "{\"price\":1,\"tenant\"");
        assert!(Sealed::from_line(line.as_bytes()).is_err());
    }

    #[test]
    fn a_line_with_the_same_field_twice_is_refused() {
        let line = full_entry().seal([7; 32]).to_line();
        let line = line.replace("\"quantity\":6", "\"quantity\":6,\"quantity\":6");
        assert!(Sealed::from_line(line.as_bytes()).is_err());
    }

    #[test]
    fn a_hash_in_capitals_or_of_another_length_is_refused() {
        let sealed = full_entry().seal([7; 32]);
        let digits = hex::encode(sealed.hash);
        let line = sealed.to_line();
        for forged in [
            digits.to_uppercase(),
            digits[..62].to_owned(),
            "zz".repeat(32),
        ] {
            let line = line.replace(&digits, &forged);
            assert!(Sealed::from_line(line.as_bytes()).is_err(), "{forged}");
        }
    }

    #[test]
    fn every_kind_has_its_word_and_every_word_its_kind() {
        for kind in [Kind::Open, Kind::Capacity, Kind::Take, Kind::Give] {
            assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.as_str()));
        }
        assert_eq!(Kind::from_word("sell"), None);
    }
}
