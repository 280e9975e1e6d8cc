//! How this dialect reads a query: the parser is everybody's, the tolerance is the vendor's.
//!
//! Unknown names are passed over; a flag that is not given is no; an instant may be a bare date or
//! lack its zone. A value in a wrong form refuses the call and names the parameter.

use domain::id::Id;
use http_kit::{BadParameter, Page, Problem, Query};
use jiff::Timestamp;
use jiff::civil::Date;

use super::check;

/// The most characters of a text to look for.
pub const LONGEST_TEXT: usize = 500;

/// The largest `limit` that is taken; what goes beyond the most rows of a page means that many.
pub const LARGEST_LIMIT: i64 = u32::MAX as i64;

/// A second without the millisecond after it, which is where the next one begins: instants are kept
/// to the millisecond.
const REST_OF_A_SECOND: jiff::SignedDuration = jiff::SignedDuration::from_millis(999);

/// A day without its last second.
const ALMOST_A_DAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(86_399);

/// A query, read with the vendor's tolerance.
#[derive(Clone, Copy)]
pub struct Reader<'query>(pub &'query Query<'query>);

impl<'query> Reader<'query> {
    /// The ids of a repeated name; none given is an empty list.
    ///
    /// # Errors
    /// A value that is not a whole number.
    pub fn ids(self, name: &str) -> Result<Vec<Id>, BadParameter> {
        self.0.ids(name)
    }

    /// The texts of a repeated name.
    ///
    /// # Errors
    /// A text too long to be meant, or one that no store could hold.
    pub fn texts(self, name: &'query str) -> Result<Vec<String>, BadParameter> {
        self.0.all(name).map(|text| plain(name, text)).collect()
    }

    /// The text of a name.
    ///
    /// # Errors
    /// A text too long to be meant, or one that no store could hold.
    pub fn text(self, name: &str) -> Result<Option<String>, BadParameter> {
        self.0.text(name).map(|text| plain(name, text)).transpose()
    }

    /// Whether a flag is set; not given means no.
    ///
    /// # Errors
    /// Neither true nor false.
    pub fn flag(self, name: &str) -> Result<bool, BadParameter> {
        Ok(self.0.flag(name)?.unwrap_or(false))
    }

    /// The date of a name.
    ///
    /// # Errors
    /// Not a date that exists, in the form YYYY-MM-DD.
    pub fn day(self, name: &str) -> Result<Option<Date>, BadParameter> {
        let read = |text| check::day(text).ok_or_else(|| bad(name, Problem::NotADate));
        self.0.text(name).map(read).transpose()
    }

    /// The date of a name that must be given.
    ///
    /// # Errors
    /// Missing, or not a date.
    pub fn required_day(self, name: &str) -> Result<Date, BadParameter> {
        self.0.required(name, self.day(name)?)
    }

    /// The instant of a name, given as a date or a date-time.
    ///
    /// # Errors
    /// Neither of them.
    pub fn instant(self, name: &str) -> Result<Option<Timestamp>, BadParameter> {
        let read = |text| check::instant(text).ok_or_else(|| bad(name, Problem::NotAnInstant));
        self.0.text(name).map(read).transpose()
    }

    /// The end of a range of instants: a bare date means its last millisecond and a time without a
    /// fraction that of its second, because a range includes what it ends with.
    ///
    /// # Errors
    /// Neither a date nor a date-time.
    pub fn instant_end(self, name: &str) -> Result<Option<Timestamp>, BadParameter> {
        let text = self.0.text(name).unwrap_or_default();
        let is_exact = text.contains(['.', ',']);
        let rest = match check::day(text) {
            Some(_) => ALMOST_A_DAY + REST_OF_A_SECOND,
            None if is_exact => jiff::SignedDuration::ZERO,
            None => REST_OF_A_SECOND,
        };
        Ok(self.instant(name)?.map(|at| at + rest))
    }

    /// The word of a name.
    ///
    /// # Errors
    /// Another word.
    pub fn choice(
        self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, BadParameter> {
        self.0.one_of(name, &pairs(words))
    }

    /// The words of a repeated name; a list with commas is one unknown word.
    ///
    /// # Errors
    /// Another word.
    pub fn choices(
        self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Vec<&'static str>, BadParameter> {
        self.0.some_of(name, &pairs(words))
    }

    /// The whole number of a name, within limits.
    ///
    /// # Errors
    /// Not a whole number, or beyond the limits.
    pub fn whole(self, name: &str, least: i64, most: i64) -> Result<Option<i64>, BadParameter> {
        self.0.integer(name, least, most)
    }

    /// The page asked for; `limit` makes it smaller, never larger than `most`.
    ///
    /// # Errors
    /// Not a page number, or not a size.
    pub fn page(self, most: u32) -> Result<Page, BadParameter> {
        let limit = self.whole("limit", 1, LARGEST_LIMIT)?;
        let size = limit
            .and_then(|limit| u32::try_from(limit).ok())
            .unwrap_or(most)
            .min(most);
        Page::from_query(self.0, "page", size)
    }

    /// Whether any of these names has a value.
    pub fn has_any(self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.text(name).is_some())
    }
}

fn pairs(words: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    words.iter().map(|word| (*word, *word)).collect()
}

/// A complaint about a parameter.
pub fn bad(name: &str, problem: Problem) -> BadParameter {
    BadParameter {
        name: name.to_owned(),
        problem,
    }
}

fn plain(name: &str, text: &str) -> Result<String, BadParameter> {
    if text.contains('\0') || text.chars().count() > LONGEST_TEXT {
        return Err(bad(
            name,
            Problem::Other("must be text of at most 500 characters"),
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        raw: &str,
        read: impl FnOnce(Reader<'_>) -> Result<T, BadParameter>,
    ) -> Result<T, String> {
        read(Reader(&Query::parse(raw).unwrap())).map_err(|bad| bad.to_string())
    }

    #[test]
    fn a_bad_date_is_answered_in_the_words_of_the_live_api() {
        let said = "Parameter arrivalFrom is in an invalid format. Expected format: YYYY-MM-DD";
        for wrong in ["01.05.2026", "2026-02-30", "9999-12-31"] {
            let query = format!("arrivalFrom={wrong}");
            assert_eq!(
                read(&query, |query| query.day("arrivalFrom")),
                Err(said.to_owned())
            );
        }
    }

    #[test]
    fn several_values_are_repeated_names_and_never_commas() {
        let words = ["confirmed", "new"];
        let status = |raw: &str| read(raw, |query| query.choices("status", &words));
        assert_eq!(
            status("status=new&status=confirmed"),
            Ok(vec!["new", "confirmed"])
        );
        assert!(
            status("status=new,confirmed")
                .unwrap_err()
                .starts_with("Parameter status")
        );
        assert_eq!(status("status[0]=bogus&status="), Ok(vec![]));
    }

    #[test]
    fn a_range_includes_the_day_or_the_second_that_it_ends_with() {
        let end = |raw: &str| {
            read(raw, |query| query.instant_end("modifiedTo"))
                .unwrap()
                .unwrap()
                .to_string()
        };
        for (given, last) in [
            ("2026-05-01", "2026-05-01T23:59:59.999Z"),
            ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00.999Z"),
            ("2026-05-01T10:00:00", "2026-05-01T10:00:00.999Z"),
            ("2026-05-01T10:00:00.5Z", "2026-05-01T10:00:00.5Z"),
            ("2026-05-01T10:00:00.000Z", "2026-05-01T10:00:00Z"),
        ] {
            assert_eq!(end(&format!("modifiedTo={given}")), last);
        }
    }

    #[test]
    fn pages_start_at_one_and_sizes_stop_at_the_most() {
        let page =
            |raw: &str| read(raw, |query| query.page(100)).map(|page| (page.number, page.size));
        assert_eq!(page(""), Ok((1, 100)));
        assert_eq!(page("page=3&limit=500"), Ok((3, 100)));
        assert_eq!(page("limit=7"), Ok((1, 7)));
        for wrong in ["page=0", "page=x", "limit=0", "limit=-5"] {
            assert!(page(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_that_no_store_holds_is_refused() {
        assert!(read("searchString=a%00b", |query| query.text("searchString")).is_err());
    }
}
