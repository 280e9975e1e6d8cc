//! The query of a request as a multimap, with getters that name the parameter when they refuse it.
//!
//! Repeated keys are lists. A key with brackets is another key than the one without; what nobody asks for
//! is ignored, or refused with [`Query::names`] by a dialect that is strict. A single value that stands
//! more than once counts with its last, as PHP does it.

use std::borrow::Cow;
use std::str::FromStr;

use domain::id::Id;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::limits;
use crate::refusal::{BadParameter, Problem};

/// A parsed query. Borrows from the request's URI.
#[derive(Clone, Debug, Default)]
pub struct Query<'request> {
    pairs: Vec<(Cow<'request, str>, Cow<'request, str>)>,
}

impl<'request> Query<'request> {
    /// Parses the text after the question mark.
    ///
    /// # Errors
    /// More parameters than [`limits::QUERY_PARAMETERS`], or bytes that are not UTF-8.
    pub fn parse(text: &'request str) -> Result<Query<'request>, BadParameter> {
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if pairs.len() == limits::QUERY_PARAMETERS {
                return Err(bad(&name, Problem::TooMany(limits::QUERY_PARAMETERS)));
            }
            // The parser puts U+FFFD where the bytes are not UTF-8; nobody means that character.
            if name.contains('\u{FFFD}') || value.contains('\u{FFFD}') {
                return Err(bad(&name, Problem::NotUtf8));
            }
            pairs.push((name, value));
        }
        Ok(Query { pairs })
    }

    /// Every name that was sent, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_ref())
    }

    /// Every pair that was sent, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// All values of a parameter, in order, the empty ones left out.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.pairs
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_ref())
    }

    /// The text of a parameter; an empty one counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let last = self.pairs.iter().rev().find(|(key, _)| key == name);
        last.map(|(_, value)| value.as_ref())
            .filter(|value| !value.is_empty())
    }

    /// `true` or `false`, also as `1` and `0`.
    ///
    /// # Errors
    /// [`Problem::NotABoolean`].
    pub fn flag(&self, name: &str) -> Result<Option<bool>, BadParameter> {
        self.read(name, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Problem::NotABoolean),
        })
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// [`Problem::NotAnInteger`], [`Problem::OutOfRange`].
    pub fn integer(&self, name: &str, min: i64, max: i64) -> Result<Option<i64>, BadParameter> {
        self.read(name, |text| integer(text, min, max))
    }

    /// An id.
    ///
    /// # Errors
    /// [`Problem::NotAnInteger`].
    pub fn id(&self, name: &str) -> Result<Option<Id>, BadParameter> {
        self.read(name, id)
    }

    /// All ids of a repeated parameter.
    ///
    /// # Errors
    /// [`Problem::NotAnInteger`].
    pub fn ids(&self, name: &str) -> Result<Vec<Id>, BadParameter> {
        self.read_all(name, id)
    }

    /// A date, `YYYY-MM-DD` and nothing else.
    ///
    /// # Errors
    /// [`Problem::NotADate`].
    pub fn date(&self, name: &str) -> Result<Option<Date>, BadParameter> {
        self.read(name, |text| date(text).ok_or(Problem::NotADate))
    }

    /// An instant with its offset, such as `2026-01-01T00:00:00Z`, or a date, which is its midnight in UTC.
    ///
    /// # Errors
    /// [`Problem::NotAnInstant`].
    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, BadParameter> {
        self.read(name, |text| instant(text).ok_or(Problem::NotAnInstant))
    }

    /// One of a closed list of words.
    ///
    /// # Errors
    /// [`Problem::NotOneOf`].
    pub fn one_of<T: Copy>(
        &self,
        name: &str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, BadParameter> {
        self.read(name, |text| word(text, words))
    }

    /// All words of a repeated parameter, each from a closed list.
    ///
    /// # Errors
    /// [`Problem::NotOneOf`].
    pub fn some_of<T: Copy>(
        &self,
        name: &str,
        words: &[(&'static str, T)],
    ) -> Result<Vec<T>, BadParameter> {
        self.read_all(name, |text| word(text, words))
    }

    /// What a getter found, or the complaint that the parameter is missing:
    /// `query.required("arrival", query.date("arrival")?)?`.
    ///
    /// # Errors
    /// [`Problem::Missing`].
    pub fn required<T>(&self, name: &str, found: Option<T>) -> Result<T, BadParameter> {
        found.ok_or_else(|| bad(name, Problem::Missing))
    }

    fn read<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, BadParameter> {
        let value = self.text(name).map(parse).transpose();
        value.map_err(|problem| bad(name, problem))
    }

    fn read_all<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<Vec<T>, BadParameter> {
        let values: Result<Vec<T>, Problem> = self.all(name).map(parse).collect();
        values.map_err(|problem| bad(name, problem))
    }
}

fn bad(name: &str, problem: Problem) -> BadParameter {
    BadParameter {
        name: name.to_owned(),
        problem,
    }
}

fn integer(text: &str, min: i64, max: i64) -> Result<i64, Problem> {
    let number = i64::from_str(text).map_err(|_| Problem::NotAnInteger)?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(Problem::OutOfRange { min, max })
    }
}

fn id(text: &str) -> Result<Id, Problem> {
    let number = i64::from_str(text).map_err(|_| Problem::NotAnInteger)?;
    Id::new(number).ok_or(Problem::NotAnInteger)
}

fn word<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, Problem> {
    let found = words.iter().find(|(word, _)| *word == text);
    found
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| Problem::NotOneOf(words.iter().map(|(word, _)| *word).collect()))
}

/// A date in the one spelling that the dialects have: ten characters, `YYYY-MM-DD`.
#[must_use]
pub fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes[from..to].iter().all(u8::is_ascii_digit);
    let spelled = bytes.len() == 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && digits(0, 4)
        && digits(5, 7)
        && digits(8, 10);
    if spelled { text.parse().ok() } else { None }
}

/// An instant with its offset, or a date at midnight UTC.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    if let Some(date) = date(text) {
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(midnight.timestamp());
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint<T: std::fmt::Debug>(result: Result<T, BadParameter>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn repeated_keys_are_lists_and_bracket_keys_are_other_keys() {
        let query = Query::parse("id=1&id=2&id[]=3&status[0]=new&empty=&name=a%20b+c").unwrap();
        let ids: Vec<i64> = query.ids("id").unwrap().iter().map(|id| id.get()).collect();
        assert_eq!(ids, [1, 2]);
        assert_eq!(query.text("id"), Some("2"));
        assert_eq!(query.text("status"), None);
        assert_eq!(query.text("empty"), None);
        assert_eq!(query.text("name"), Some("a b c"));
        assert!(query.names().any(|name| name == "id[]"));
    }

    #[test]
    fn a_refused_value_names_its_parameter() {
        let text = "arrivalFrom=2026-02-30&page=0&flag=yes&status=bogus&id=12x&at=noon&bytes=%ff";
        assert_eq!(
            complaint(Query::parse(text)),
            "Parameter bytes is not valid UTF-8"
        );
        let query = Query::parse(text.trim_end_matches("&bytes=%ff")).unwrap();
        assert_eq!(
            complaint(query.date("arrivalFrom")),
            "Parameter arrivalFrom is in an invalid format. Expected format: YYYY-MM-DD"
        );
        assert_eq!(
            complaint(query.integer("page", 1, 10)),
            "Parameter page is out of range. Expected 1 to 10"
        );
        assert_eq!(
            complaint(query.one_of("status", &[("new", 1), ("confirmed", 2)])),
            "Parameter status has an invalid value. Expected one of: new, confirmed"
        );
        assert!(complaint(query.flag("flag")).starts_with("Parameter flag is in"));
        assert!(complaint(query.ids("id")).starts_with("Parameter id is in"));
        assert!(complaint(query.instant("at")).starts_with("Parameter at is in"));
        let missing = query.required("departure", query.date("departure").unwrap());
        assert_eq!(complaint(missing), "Parameter departure is required");
    }

    #[test]
    fn dates_have_one_spelling_and_instants_need_an_offset() {
        assert!(date("2026-01-31").is_some());
        for other in [
            "20260131",
            "2026-1-31",
            "2026-01-31T00:00",
            "-026-01-31",
            "2026-01-3१",
            "+2026-01-1",
        ] {
            assert_eq!(date(other), None, "{other}");
        }
        assert_eq!(instant("2026-01-31"), instant("2026-01-31T00:00:00.000Z"));
        assert_eq!(instant("2026-01-31T02:00:00+02:00"), instant("2026-01-31"));
        assert_eq!(instant("2026-01-31T00:00:00"), None);
    }

    #[test]
    fn a_query_has_a_limit() {
        let many = "id=1&".repeat(limits::QUERY_PARAMETERS + 1);
        assert!(Query::parse(&many).is_err());
    }
}
