//! Which languages of localized attributes are shown: `Accept-Language`.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::limits;

/// The language that is shown where nobody asks; the vendor documents it.
const DEFAULT: &str = "en";

/// The languages that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locales(Shown);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    All,
    Only(Vec<String>),
}

impl Locales {
    /// All of them.
    #[must_use]
    pub fn all() -> Locales {
        Locales(Shown::All)
    }

    /// These only.
    #[must_use]
    pub fn of<'a>(locales: impl IntoIterator<Item = &'a str>) -> Locales {
        Locales(Shown::Only(locales.into_iter().map(Into::into).collect()))
    }

    /// What a request asks for: a comma list of known locales, in any case; a region that is not
    /// known counts as its language, and a star as everything. What has `q=0` is not asked for.
    /// Where nothing that is known is asked for, it is English and the caller's own locale.
    #[must_use]
    pub fn asked(headers: &HeaderMap, known: &[&'static str], own: Option<&str>) -> Locales {
        let mut found: Vec<&str> = Vec::new();
        let values = headers.get_all(ACCEPT_LANGUAGE).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        for range in texts
            .filter(|text| text.len() <= limits::LANGUAGES)
            .flat_map(ranges)
        {
            if range == "*" {
                return Locales::all();
            }
            match lookup(range, known) {
                Some(locale) if !found.contains(&locale) => found.push(locale),
                _ => {}
            }
        }
        if found.is_empty() {
            Locales::of([DEFAULT].into_iter().chain(own))
        } else {
            Locales::of(found)
        }
    }

    /// Whether texts in this language are shown.
    #[must_use]
    pub fn shows(&self, locale: &str) -> bool {
        match &self.0 {
            Shown::All => true,
            Shown::Only(locales) => locales.iter().any(|shown| shown == locale),
        }
    }
}

/// Whether a text looks like the name of a language, such as `en` or `de-AT`.
pub(crate) fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_language = parts.next().is_some_and(|language| {
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let is_part = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    is_language && parts.all(is_part)
}

/// The ranges of a header that are asked for, without their weights.
fn ranges(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter_map(|item| {
        let (range, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        let is_refused = weight
            .trim()
            .parse::<f32>()
            .is_ok_and(|weight| weight <= 0.0);
        let range = range.trim();
        (!range.is_empty() && !is_refused).then_some(range)
    })
}

/// The known locale that a range means: itself, or its language without the region.
fn lookup(range: &str, known: &[&'static str]) -> Option<&'static str> {
    let find = |range: &str| {
        let same = |locale: &&&str| locale.eq_ignore_ascii_case(range);
        known.iter().find(same).copied()
    };
    let language = range.split(['-', '_']).next().unwrap_or_default();
    find(&range.replace('_', "-")).or_else(|| find(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["en", "de", "de-AT", "nl", "nl-BE"];

    fn asked(header: &str) -> Locales {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        Locales::asked(&headers, &KNOWN, Some("nl"))
    }

    #[test]
    fn a_comma_list_names_the_locales_in_any_case() {
        assert_eq!(asked("nl,en"), Locales::of(["nl", "en"]));
        assert_eq!(
            asked("DE-at, de;q=0.5, nl;q=0"),
            Locales::of(["de-AT", "de"])
        );
        assert_eq!(asked("de_AT"), Locales::of(["de-AT"]));
        assert_eq!(asked("de-CH,de-DE"), Locales::of(["de"]));
        assert_eq!(asked("fr,*;q=0.1"), Locales::all());
    }

    #[test]
    fn without_a_known_locale_it_is_english_and_the_callers_own() {
        let default = Locales::of(["en", "nl"]);
        assert_eq!(
            Locales::asked(&HeaderMap::new(), &KNOWN, Some("nl")),
            default
        );
        assert_eq!(asked("fr"), default);
        assert_eq!(asked(""), default);
        assert_eq!(asked(&"de,".repeat(limits::LANGUAGES)), default);
        let no_own = Locales::asked(&HeaderMap::new(), &KNOWN, None);
        assert!(no_own.shows("en") && !no_own.shows("nl"));
    }
}
