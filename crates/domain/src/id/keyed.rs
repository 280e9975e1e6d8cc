//! The long spellings of an id, which cannot be guessed or forged and need no table.
//!
//! Some APIs print 32 hex digits, a UUID, or 30 letters and digits where we have a number. Each such
//! spelling is a *check* (a keyed digest of the id, its purpose and its form) followed by the id
//! *hidden* under a stream drawn from that check: a synthetic-IV construction, so equal ids under one
//! key and purpose give equal spellings, and nothing else shows. Reading one back verifies the check
//! in constant time; a spelling made with another key, for another purpose or by guessing is `None`.
//!
//! The check has 64 bits or more (64 in hex and UUID, 90 in letters), and the bits that an id never
//! uses must come back as zero, so a guess succeeds less than once in 2^69 tries.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Id;

/// The secret under which long spellings are written: 32 bytes, drawn once for an installation.
/// Changing it changes every spelling that clients have stored.
#[derive(Clone)]
pub struct FormKey([u8; 32]);

impl FormKey {
    /// The key made of these secret bytes.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> FormKey {
        FormKey(secret)
    }
}

/// Never shows the secret.
impl fmt::Debug for FormKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FormKey(…)")
    }
}

/// How a long spelling looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// 32 lower-case hex digits; read in either case.
    Hex,
    /// A UUID of version 4 with hyphens, in lower case; read in either case.
    Uuid,
    /// 30 lower-case letters and digits; read exactly.
    Letters,
}

/// How many bits of a form hold the check, and how many the hidden id.
struct Layout {
    check_bits: u32,
    hidden_bits: u32,
}

impl Form {
    const fn layout(self) -> Layout {
        match self {
            Form::Hex => Layout {
                check_bits: 64,
                hidden_bits: 64,
            },
            Form::Uuid => Layout {
                check_bits: 64,
                hidden_bits: 58,
            },
            Form::Letters => Layout {
                check_bits: 90,
                hidden_bits: 60,
            },
        }
    }

    /// Keeps the forms apart: a UUID says nothing about the hex spelling of the same id.
    const fn label(self) -> u8 {
        match self {
            Form::Hex => b'h',
            Form::Uuid => b'u',
            Form::Letters => b'l',
        }
    }
}

/// The two parts of a spelling, before they become text.
#[derive(Clone, Copy)]
struct Parts {
    check: u128,
    hidden: u64,
}

pub(super) fn write(id: Id, key: &FormKey, purpose: &str, form: Form) -> String {
    let number = id.get().unsigned_abs();
    let check = check_of(number, key, purpose, form);
    let parts = Parts {
        check,
        hidden: number ^ stream_of(check, key, purpose, form),
    };
    match form {
        Form::Hex => hex_text(parts),
        Form::Uuid => uuid_text(parts),
        Form::Letters => letters_text(parts),
    }
}

pub(super) fn read(text: &str, key: &FormKey, purpose: &str, form: Form) -> Option<Id> {
    let parts = match form {
        Form::Hex => hex_parts(text),
        Form::Uuid => uuid_parts(text),
        Form::Letters => letters_parts(text),
    }?;
    let number = parts.hidden ^ stream_of(parts.check, key, purpose, form);
    let expected = check_of(number, key, purpose, form);
    let genuine: bool = parts
        .check
        .to_be_bytes()
        .ct_eq(&expected.to_be_bytes())
        .into();
    let id = i64::try_from(number).ok().and_then(Id::new);
    if genuine { id } else { None }
}

fn check_of(number: u64, key: &FormKey, purpose: &str, form: Form) -> u128 {
    let digest = digest_of(b'c', &number.to_be_bytes(), key, purpose, form);
    leading_u128(&digest) >> (128 - form.layout().check_bits)
}

fn stream_of(check: u128, key: &FormKey, purpose: &str, form: Form) -> u64 {
    let digest = digest_of(b's', &check.to_be_bytes(), key, purpose, form);
    // Of 128 leading bits at most 64 are kept, so nothing is lost by the narrowing.
    (leading_u128(&digest) >> (128 - form.layout().hidden_bits)) as u64
}

fn digest_of(part: u8, input: &[u8], key: &FormKey, purpose: &str, form: Form) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes a key of any length");
    mac.update(b"tabard id form 1");
    mac.update(&[part, form.label()]);
    mac.update(&(purpose.len() as u64).to_be_bytes());
    mac.update(purpose.as_bytes());
    mac.update(input);
    mac.finalize().into_bytes().into()
}

fn leading_u128(digest: &[u8; 32]) -> u128 {
    digest
        .iter()
        .take(16)
        .fold(0, |value, byte| (value << 8) | u128::from(*byte))
}

fn hex_text(parts: Parts) -> String {
    format!("{:016x}{:016x}", parts.check, parts.hidden)
}

fn hex_parts(text: &str) -> Option<Parts> {
    let whole = hex_number(text, 32)?;
    Some(Parts {
        check: whole >> 64,
        hidden: whole as u64,
    })
}

/// The number behind exactly `digits` hex digits.
fn hex_number(text: &str, digits: usize) -> Option<u128> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain {
        u128::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

/// A UUID has 122 free bits: 48, then the version, then 12, then the variant, then 62.
fn uuid_text(parts: Parts) -> String {
    let free = (parts.check << 58) | u128::from(parts.hidden);
    let (high, middle, low) = (free >> 74, (free >> 62) & 0xfff, free & ((1 << 62) - 1));
    let whole = (high << 80) | (0x4 << 76) | (middle << 64) | (0b10 << 62) | low;
    let digits = format!("{whole:032x}");
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

fn uuid_parts(text: &str) -> Option<Parts> {
    let hyphens = [8, 13, 18, 23];
    let shaped = text.len() == 36 && hyphens.iter().all(|at| text.as_bytes()[*at] == b'-');
    if !shaped {
        return None;
    }
    let whole = hex_number(&text.replace('-', ""), 32)?;
    let marked = (whole >> 76) & 0xf == 0x4 && (whole >> 62) & 0b11 == 0b10;
    if !marked {
        return None;
    }
    let (high, middle, low) = (whole >> 80, (whole >> 64) & 0xfff, whole & ((1 << 62) - 1));
    let free = (high << 74) | (middle << 62) | low;
    Some(Parts {
        check: free >> 58,
        hidden: (free & ((1 << 58) - 1)) as u64,
    })
}

/// Five bits a character; without `i`, `l`, `o` and `u`, which people misread.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHECK_LETTERS: usize = 18;
const HIDDEN_LETTERS: usize = 12;

fn letters_text(parts: Parts) -> String {
    let mut text = String::with_capacity(CHECK_LETTERS + HIDDEN_LETTERS);
    push_letters(&mut text, parts.check, CHECK_LETTERS);
    push_letters(&mut text, u128::from(parts.hidden), HIDDEN_LETTERS);
    text
}

fn push_letters(text: &mut String, value: u128, count: usize) {
    for position in (0..count).rev() {
        let index = (value >> (5 * position)) & 0x1f;
        text.push(char::from(LETTERS[index as usize]));
    }
}

fn letters_parts(text: &str) -> Option<Parts> {
    let bytes = text.as_bytes();
    if bytes.len() != CHECK_LETTERS + HIDDEN_LETTERS {
        return None;
    }
    let (check, hidden) = bytes.split_at(CHECK_LETTERS);
    Some(Parts {
        check: letters_number(check)?,
        hidden: letters_number(hidden)? as u64,
    })
}

fn letters_number(letters: &[u8]) -> Option<u128> {
    letters.iter().try_fold(0, |value: u128, letter| {
        let index = LETTERS.iter().position(|known| known == letter)?;
        Some((value << 5) | index as u128)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    const KEY: FormKey = FormKey::new([42; 32]);
    const FORMS: [Form; 3] = [Form::Hex, Form::Uuid, Form::Letters];

    fn any_id() -> impl Strategy<Value = Id> {
        prop_oneof![1..=Id::LARGEST, Just(1), Just(Id::LARGEST)].prop_map(|n| Id::new(n).unwrap())
    }

    proptest! {
        #![proptest_config(cases(300))]

        #[test]
        fn every_form_of_every_id_reads_back(id in any_id(), form in prop::sample::select(&FORMS[..])) {
            let text = id.keyed_form(&KEY, "booking", form);
            prop_assert_eq!(Id::from_keyed_form(&text, &KEY, "booking", form), Some(id));
        }

        #[test]
        fn a_form_changed_in_any_bit_of_any_character_is_nobody(
            id in any_id(), form in prop::sample::select(&FORMS[..]), at in 0..64_usize, letter in 0..32_usize,
        ) {
            let text = id.keyed_form(&KEY, "booking", form);
            let at = at % text.len();
            let mut forged = text.clone().into_bytes();
            forged[at] = LETTERS[letter];
            let forged = String::from_utf8(forged).unwrap();
            prop_assume!(forged != text);
            prop_assert_eq!(Id::from_keyed_form(&forged, &KEY, "booking", form), None);
        }

        #[test]
        fn nonsense_is_nobody(text in "\\PC{0,40}", form in prop::sample::select(&FORMS[..])) {
            prop_assert_eq!(Id::from_keyed_form(&text, &KEY, "booking", form), None);
        }
    }

    #[test]
    fn a_form_of_another_purpose_key_or_shape_is_nobody() {
        let id = Id::new(123_456_789).unwrap();
        let other = FormKey::new([43; 32]);
        for form in FORMS {
            let text = id.keyed_form(&KEY, "booking", form);
            assert_eq!(Id::from_keyed_form(&text, &KEY, "product", form), None);
            assert_eq!(Id::from_keyed_form(&text, &other, "booking", form), None);
            for wrong in FORMS.into_iter().filter(|wrong| *wrong != form) {
                assert_eq!(Id::from_keyed_form(&text, &KEY, "booking", wrong), None);
            }
        }
    }

    #[test]
    fn forms_look_as_the_apis_print_them() {
        let id = Id::new(7).unwrap();
        let hex = id.keyed_form(&KEY, "booking", Form::Hex);
        assert!(
            hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{hex}"
        );
        let letters = id.keyed_form(&KEY, "booking", Form::Letters);
        assert!(letters.len() == 30 && letters.bytes().all(|b| b.is_ascii_alphanumeric()));
        let uuid = id.keyed_form(&KEY, "booking", Form::Uuid);
        let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }

    #[test]
    fn hex_and_uuid_are_read_in_either_case() {
        let id = Id::new(99_999_999).unwrap();
        for form in [Form::Hex, Form::Uuid] {
            let text = id.keyed_form(&KEY, "booking", form).to_uppercase();
            assert_eq!(Id::from_keyed_form(&text, &KEY, "booking", form), Some(id));
        }
    }

    #[test]
    fn spellings_that_clients_have_stored_stay_what_they_are() {
        let spelt = |form| {
            Id::new(1_000_000)
                .unwrap()
                .keyed_form(&KEY, "booking", form)
        };
        assert_eq!(spelt(Form::Hex), "17deb9d7c255fc99f4c8adcd3f9fab24");
        assert_eq!(spelt(Form::Uuid), "003c4411-4f84-41da-9b2e-e6a14613cc93");
        assert_eq!(spelt(Form::Letters), "xazrn52q1rpm6y8aw2r9rdy04f3w1s");
    }

    #[test]
    fn a_key_does_not_show_in_logs() {
        assert_eq!(format!("{KEY:?}"), "FormKey(…)");
    }
}
