//! Checks what a caller sent against a [`Shape`] and brings it into one form.
//!
//! Existing clients send numbers as text and text as numbers, so both are taken; keys that
//! the shape does not know are passed over in silence, as the vendor does. What cannot be
//! taken is left out of the result and named in a [`Problem`]; whether that refuses the item
//! or only warns is the caller's decision, from the problem's `fatal`.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::shape::{Field, Kind, LONGEST_LIST, LONGEST_TEXT, Shape};

/// A value that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands: names joined by `_`, as the vendor writes them.
    pub path: String,
    /// What should have stood there.
    pub expected: String,
    /// Whether the whole item is refused for it.
    pub fatal: bool,
    /// Whether it is a word outside a list of allowed words: the vendor's shortest answer.
    pub bad_choice: bool,
}

/// Checks one object. The result holds the known keys that could be taken, in the order in
/// which they were sent; `null` stands for "clear this", whether or not the field is nullable.
pub fn check(
    shape: &Shape,
    sent: &Map<String, Value>,
    problems: &mut Vec<Problem>,
) -> Map<String, Value> {
    let mut checker = Checker {
        problems,
        path: Vec::new(),
        fatal: false,
    };
    checker.object(shape, sent)
}

struct Checker<'a, 'p> {
    problems: &'p mut Vec<Problem>,
    path: Vec<&'a str>,
    fatal: bool,
}

impl<'a> Checker<'a, '_> {
    fn object(&mut self, shape: &'a Shape, sent: &'a Map<String, Value>) -> Map<String, Value> {
        let mut taken = Map::new();
        for (name, value) in sent {
            let Some(field) = shape.field(name) else {
                continue;
            };
            if field.marks.read_only {
                continue;
            }
            let outer = self.fatal;
            self.fatal |= field.marks.fatal;
            self.path.push(name);
            if let Some(value) = self.field(field, value) {
                taken.insert(name.clone(), value);
            }
            self.path.pop();
            self.fatal = outer;
        }
        taken
    }

    fn field(&mut self, field: &'a Field, sent: &'a Value) -> Option<Value> {
        if sent.is_null() {
            return match &field.kind {
                // What must have letters cannot be cleared.
                Kind::Text { least: 1.., .. } => self.refuse(&field.kind),
                _ => Some(Value::Null),
            };
        }
        self.value(&field.kind, sent)
    }

    fn value(&mut self, kind: &'a Kind, sent: &'a Value) -> Option<Value> {
        match kind {
            Kind::Object(shape) => match sent {
                Value::Object(inside) => Some(Value::Object(self.object(shape, inside))),
                // An empty PHP array and an empty PHP object are the same text.
                Value::Array(empty) if empty.is_empty() => Some(Value::Object(Map::new())),
                _ => self.refuse(kind),
            },
            Kind::Table(shape) => match sent {
                Value::Object(inside) => Some(Value::Object(self.table(shape, inside))),
                Value::Array(empty) if empty.is_empty() => Some(Value::Object(Map::new())),
                _ => self.refuse(kind),
            },
            Kind::List { shape, key } => match sent {
                Value::Array(elements) if elements.len() <= LONGEST_LIST => {
                    Some(self.list(shape, key.as_deref(), elements))
                }
                _ => self.refuse(kind),
            },
            plain => match scalar(plain, sent) {
                Some(value) => Some(value),
                None => self.refuse(kind),
            },
        }
    }

    fn table(&mut self, shape: &'a Shape, sent: &'a Map<String, Value>) -> Map<String, Value> {
        let mut taken = Map::new();
        for (name, value) in sent.iter().take(LONGEST_LIST) {
            self.path.push(name);
            match value {
                Value::Object(inside) if is_plain_name(name) => {
                    taken.insert(name.clone(), Value::Object(self.object(shape, inside)));
                }
                Value::Null if is_plain_name(name) => {
                    taken.insert(name.clone(), Value::Null);
                }
                _ => self.note("an object".into(), false),
            }
            self.path.pop();
        }
        taken
    }

    fn list(&mut self, shape: &'a Shape, key: Option<&str>, sent: &'a [Value]) -> Value {
        // Numbers can be given out; a word that tells elements apart must come with the element.
        let needed = key
            .and_then(|key| shape.field(key))
            .filter(|field| !matches!(field.kind, Kind::Whole { .. }));
        let mut taken = Vec::with_capacity(sent.len());
        for element in sent {
            match (element, needed) {
                (Value::Object(inside), Some(field))
                    if inside.get(&field.name).is_none_or(Value::is_null) =>
                {
                    self.path.push(&field.name);
                    self.note(field.kind.expected(), false);
                    self.path.pop();
                }
                (Value::Object(inside), _) => taken.push(Value::Object(self.object(shape, inside))),
                _ => self.note("an object".into(), false),
            }
        }
        Value::Array(taken)
    }

    fn refuse(&mut self, kind: &Kind) -> Option<Value> {
        self.note(kind.expected(), matches!(kind, Kind::Choice(_)));
        None
    }

    fn note(&mut self, expected: String, bad_choice: bool) {
        self.problems.push(Problem {
            path: self.path.join("_"),
            expected,
            fatal: self.fatal,
            bad_choice,
        });
    }
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Brings one plain value into form; `None` where it is not of that kind.
fn scalar(kind: &Kind, sent: &Value) -> Option<Value> {
    match kind {
        Kind::Text { least, most } => {
            let text = text(sent)?;
            let length = text.chars().count();
            (length >= *least && length <= *most).then_some(Value::String(text))
        }
        Kind::Whole { least, most } => {
            let whole = whole(sent)?;
            (whole >= *least && whole <= *most).then(|| Value::from(whole))
        }
        Kind::Number { least, most } => {
            let number = decimal(sent)?;
            (number >= *least && number <= *most).then(|| number_value(number))
        }
        Kind::Flag => flag(sent).map(Value::Bool),
        Kind::Day => day(sent.as_str()?).map(|day| Value::String(day.to_string())),
        Kind::Instant => instant(sent.as_str()?).map(|at| Value::String(instant_text(at))),
        Kind::Choice(words) => {
            let text = text(sent)?;
            words.contains(&text).then_some(Value::String(text))
        }
        Kind::Colour => {
            let text = text(sent)?;
            let bare = text.trim_start_matches('#');
            let fits = bare.is_empty()
                || bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            fits.then(|| Value::from(bare))
        }
        Kind::TwoLetters => {
            let text = text(sent)?;
            let fits = text.is_empty()
                || text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
            fits.then_some(Value::String(text))
        }
        Kind::Words => words(sent),
        Kind::WordLists => {
            let lists = sent
                .as_array()
                .filter(|lists| lists.len() <= LONGEST_LIST)?;
            lists
                .iter()
                .map(words)
                .collect::<Option<Vec<_>>>()
                .map(Value::Array)
        }
        Kind::Object(_) | Kind::List { .. } | Kind::Table(_) | Kind::Wholes => None,
    }
}

fn words(sent: &Value) -> Option<Value> {
    let list = sent.as_array().filter(|list| list.len() <= LONGEST_LIST)?;
    let texts = list
        .iter()
        .map(|word| text(word).filter(|text| text.chars().count() <= LONGEST_TEXT));
    texts
        .map(|text| text.map(Value::String))
        .collect::<Option<Vec<_>>>()
        .map(Value::Array)
}

/// Text, or a number's own digits. The character U+0000 is refused: not every store can hold
/// it, and no guest has it in a name.
pub fn text(sent: &Value) -> Option<String> {
    match sent {
        Value::String(text) if !text.contains('\0') => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, or text that is one.
pub fn whole(sent: &Value) -> Option<i64> {
    match sent {
        Value::Number(number) => number.as_i64().or_else(|| decimal(sent).and_then(whole_of)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole_of(number: Decimal) -> Option<i64> {
    number
        .fract()
        .is_zero()
        .then(|| number.try_into().ok())
        .flatten()
}

/// A decimal number, or text that is one. Exponents are taken as far as they are exact.
pub fn decimal(sent: &Value) -> Option<Decimal> {
    let read = |text: &str| {
        let text = text.trim();
        text.parse::<Decimal>()
            .or_else(|_| Decimal::from_scientific(text))
            .ok()
    };
    match sent {
        Value::Number(number) => read(&number.to_string()),
        Value::String(text) if text.len() <= 40 => read(text),
        _ => None,
    }
}

/// A flag, or one of the spellings that clients use for it.
pub fn flag(sent: &Value) -> Option<bool> {
    match sent {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => flag_word(&number.to_string()),
        Value::String(text) => flag_word(text),
        _ => None,
    }
}

/// `true`, `false`, `1` or `0`.
pub fn flag_word(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A date in the one form that the vendor takes. Years outside 1970–2199 are mistakes of a
/// keyboard, and far from them arithmetic with dates would have an edge.
pub fn day(text: &str) -> Option<Date> {
    let in_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let day: Date = in_form.then(|| text.parse().ok()).flatten()?;
    (1970..2200).contains(&day.year()).then_some(day)
}

/// An instant: a date (its first moment in UTC), or a date and time with `Z` or an offset;
/// without either it is taken as UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    if text.len() > 40 {
        return None;
    }
    // A `+` that was not escaped in a query arrives as a space.
    let text = &text.replacen(' ', if text.contains('T') { "+" } else { "T" }, 1);
    let at = match day(text) {
        Some(day) => day
            .to_datetime(jiff::civil::Time::midnight())
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp(),
        None => match text.parse::<Timestamp>() {
            Ok(at) => at,
            Err(_) => text
                .parse::<jiff::civil::DateTime>()
                .ok()?
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?
                .timestamp(),
        },
    };
    let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
    (1970..2200).contains(&year).then_some(at)
}

/// An instant as the vendor prints it, to the second.
pub fn instant_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A decimal as a JSON number without trailing zeros: `713`, `34843.2`.
pub fn number_value(number: Decimal) -> Value {
    let text = number.normalize().to_string();
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::shape_text::read;
    use serde_json::json;

    fn checked(table: &str, sent: Value) -> (Value, Vec<Problem>) {
        let mut problems = Vec::new();
        let taken = check(
            &read(table).unwrap(),
            sent.as_object().unwrap(),
            &mut problems,
        );
        (Value::Object(taken), problems)
    }

    #[test]
    fn numbers_and_text_are_taken_for_each_other() {
        let (taken, problems) = checked(
            "mobile text 100\nadults whole 0..99\nprice number 0..\nflag flag",
            json!({"mobile": 4_915_112_345_i64, "adults": "2", "price": "34843.20", "flag": "true"}),
        );
        assert_eq!(
            taken,
            json!({"mobile": "4915112345", "adults": 2, "price": 34843.2, "flag": true})
        );
        assert_eq!(problems, []);
    }

    #[test]
    fn unknown_and_read_only_keys_are_passed_over() {
        let (taken, problems) = checked(
            "name text\nseen instant @read",
            json!({"comment": 1, "seen": [], "name": "A"}),
        );
        assert_eq!(taken, json!({"name": "A"}));
        assert_eq!(problems, []);
    }

    #[test]
    fn a_value_out_of_its_limits_is_left_out_and_named() {
        let table = "adults whole 0..99\nname text 3\nhooks object\n  kind choice a b\nroom whole 1.. @fatal";
        let (taken, problems) = checked(
            table,
            json!({"adults": 100, "name": "long", "hooks": {"kind": "c"}, "room": "x"}),
        );
        assert_eq!(taken, json!({"hooks": {}}));
        let told: Vec<_> = problems
            .iter()
            .map(|p| (&*p.path, &*p.expected, p.fatal, p.bad_choice))
            .collect();
        assert_eq!(
            told,
            [
                ("adults", "a whole number from 0 to 99", false, false),
                ("name", "text of at most 3 characters", false, false),
                ("hooks_kind", "one of a, b", false, true),
                ("room", "a whole number from 1", true, false),
            ]
        );
    }

    #[test]
    fn null_is_kept_as_the_wish_to_clear() {
        let (taken, _) = checked(
            "master whole?\nname text",
            json!({"master": null, "name": null}),
        );
        assert_eq!(taken, json!({"master": null, "name": null}));
    }

    #[test]
    fn dates_that_do_not_exist_are_no_dates() {
        assert!(day("2026-02-28").is_some());
        for wrong in [
            "2026-02-29",
            "2026-2-28",
            "28.02.2026",
            "9999-01-01",
            "+02026-01-01",
            "2026-02-28T00:00",
            "",
        ] {
            assert!(day(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_instant_may_be_a_date_or_a_time_with_milliseconds() {
        let noon = "2026-05-01T12:00:00Z".parse::<Timestamp>().unwrap();
        for text in [
            "2026-05-01T12:00:00Z",
            "2026-05-01T12:00:00.000Z",
            "2026-05-01T14:00:00+02:00",
            "2026-05-01T14:00:00 02:00",
            "2026-05-01T12:00:00",
            "2026-05-01 12:00:00",
        ] {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
        assert_eq!(
            instant("2026-05-01").map(instant_text).as_deref(),
            Some("2026-05-01T00:00:00Z")
        );
        assert_eq!(instant("yesterday"), None);
        assert_eq!(instant("9999-12-31T23:59:59Z"), None);
    }

    #[test]
    fn a_character_that_no_store_holds_is_refused() {
        let (taken, problems) = checked("name text", json!({"name": "a\u{0}b"}));
        assert_eq!((taken, problems.len()), (json!({}), 1));
    }
}
