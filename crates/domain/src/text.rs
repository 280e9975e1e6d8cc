//! Text in several languages, and which of them a reader is shown.
//!
//! A [`Localized`] text is a map from [`Locale`] to words. It is data as people typed it, never a
//! template and never markup. Which locales a caller asked for, and how it said so, is the dialect's
//! business.

use std::{borrow::Borrow, collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many languages one text may have.
pub const MOST_LOCALES: usize = 64;

/// The longest text in one language, in bytes: a long description of a house, and no more.
pub const LONGEST_TEXT: usize = 65_536;

/// A language, perhaps as one country speaks it: `de`, `de-AT`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

/// The text names no locale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such locale: expected a language such as de, or a language and a country such as de-AT"
)]
pub struct NoLocale;

impl Locale {
    /// English, the language that everybody is shown who can't be shown a better one.
    #[must_use]
    pub fn english() -> Locale {
        Locale("en".to_owned())
    }

    /// `de-AT`, as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: `de` of `de-AT`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl FromStr for Locale {
    type Err = NoLocale;

    fn from_str(text: &str) -> Result<Locale, NoLocale> {
        let (language, country) = match text.split_once(['-', '_']) {
            Some((language, country)) => (language, Some(country)),
            None => (text, None),
        };
        let is_language =
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        let is_country = |country: &str| {
            country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic())
                || country.len() == 3 && country.bytes().all(|b| b.is_ascii_digit())
        };
        match country {
            _ if !is_language => Err(NoLocale),
            None => Ok(Locale(language.to_ascii_lowercase())),
            Some(country) if is_country(country) => Ok(Locale(format!(
                "{}-{}",
                language.to_ascii_lowercase(),
                country.to_ascii_uppercase()
            ))),
            Some(_) => Err(NoLocale),
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Borrow<str> for Locale {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Locale, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text in several languages. In JSON it is an object such as `{"de": "Sauna", "en": "Sauna"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Localized(BTreeMap<Locale, String>);

/// Why a text in several languages can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// More than [`MOST_LOCALES`] languages.
    #[error("at most {MOST_LOCALES} languages")]
    TooManyLocales,
    /// More than [`LONGEST_TEXT`] bytes in one language.
    #[error("at most {LONGEST_TEXT} bytes in a language")]
    TooLong,
}

impl Localized {
    /// The same words for one language only.
    pub fn of(locale: Locale, text: impl Into<String>) -> Localized {
        Localized(BTreeMap::from([(locale, text.into())]))
    }

    /// Whether there are no words in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|text| text.trim().is_empty())
    }

    /// The words in exactly this locale.
    #[must_use]
    pub fn get(&self, locale: &Locale) -> Option<&str> {
        self.0.get(locale).map(String::as_str)
    }

    /// Every locale with its words, in the order of the locales.
    pub fn iter(&self) -> impl Iterator<Item = (&Locale, &str)> {
        self.0.iter().map(|(locale, text)| (locale, text.as_str()))
    }

    /// Sets the words of a locale; none removes them.
    pub fn set(&mut self, locale: Locale, text: Option<String>) {
        match text {
            Some(text) => self.0.insert(locale, text),
            None => self.0.remove(&locale),
        };
    }

    /// The words for somebody who reads these languages, the dearest first: the exact locale, then its
    /// language alone, then any country's form of it; then the same for `fallback`; then English; then
    /// whatever there is.
    #[must_use]
    pub fn best(&self, wanted: &[Locale], fallback: Option<&Locale>) -> Option<&str> {
        let english = Locale::english();
        let tried = wanted.iter().chain(fallback).chain([&english]);
        tried
            .filter_map(|locale| self.near(locale))
            .chain(self.0.values().map(String::as_str))
            .find(|text| !text.trim().is_empty())
    }

    fn near(&self, locale: &Locale) -> Option<&str> {
        let exact = self.0.get(locale);
        let alone = || self.0.get(locale.language());
        let related = || {
            let mut all = self.0.iter();
            all.find(|(other, _)| other.language() == locale.language())
                .map(|(_, text)| text)
        };
        exact.or_else(alone).or_else(related).map(String::as_str)
    }

    /// The part of the text in these locales; in all of them when none is named.
    #[must_use]
    pub fn limited_to(&self, locales: &[Locale]) -> Localized {
        if locales.is_empty() {
            return self.clone();
        }
        let kept = self.0.iter().filter(|(locale, _)| locales.contains(locale));
        Localized(
            kept.map(|(locale, text)| (locale.clone(), text.clone()))
                .collect(),
        )
    }

    /// Whether the text can be kept.
    ///
    /// # Errors
    /// [`BadText`].
    pub fn check(&self) -> Result<(), BadText> {
        if self.0.len() > MOST_LOCALES {
            return Err(BadText::TooManyLocales);
        }
        if self.0.values().any(|text| text.len() > LONGEST_TEXT) {
            return Err(BadText::TooLong);
        }
        Ok(())
    }
}

impl FromIterator<(Locale, String)> for Localized {
    fn from_iter<I: IntoIterator<Item = (Locale, String)>>(texts: I) -> Localized {
        Localized(texts.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(text: &str) -> Locale {
        text.parse().unwrap()
    }

    fn text(pairs: &[(&str, &str)]) -> Localized {
        let each = pairs.iter();
        each.map(|(name, words)| (locale(name), (*words).to_owned()))
            .collect()
    }

    #[test]
    fn a_locale_has_one_spelling() {
        assert_eq!(locale("DE_at").as_str(), "de-AT");
        assert_eq!(locale("es-419").language(), "es");
        for bad in [
            "", "d", "deutsch", "de-", "de-A", "de-ATX", "d1", "de-12", "de-AT-x",
        ] {
            assert_eq!(bad.parse::<Locale>(), Err(NoLocale), "{bad:?}");
        }
    }

    #[test]
    fn the_nearest_language_is_shown() {
        let sauna = text(&[("de", "Sauna"), ("fr-BE", "Étuve"), ("en", "Steam room")]);
        let best = |wanted: &[&str]| {
            let wanted: Vec<Locale> = wanted.iter().map(|one| locale(one)).collect();
            sauna.best(&wanted, None).unwrap().to_owned()
        };
        assert_eq!(best(&["de-AT"]), "Sauna");
        assert_eq!(best(&["fr"]), "Étuve");
        assert_eq!(best(&["pl", "de"]), "Sauna");
        assert_eq!(best(&["pl"]), "Steam room");
        assert_eq!(sauna.best(&[], Some(&locale("fr"))), Some("Étuve"));
    }

    #[test]
    fn a_text_in_one_language_is_better_than_none() {
        assert_eq!(
            text(&[("pl", "Sauna")]).best(&[locale("de")], None),
            Some("Sauna")
        );
        assert_eq!(
            text(&[("de", " "), ("pl", "Sauna")]).best(&[locale("de")], None),
            Some("Sauna")
        );
        assert_eq!(Localized::default().best(&[locale("de")], None), None);
    }

    #[test]
    fn only_the_asked_for_locales_are_left() {
        let all = text(&[("de", "Bett"), ("en", "Bed")]);
        assert_eq!(
            all.limited_to(&[locale("en"), locale("nl")]),
            text(&[("en", "Bed")])
        );
        assert_eq!(all.limited_to(&[]), all);
    }

    #[test]
    fn what_is_too_long_is_said_to_be() {
        let long = Localized::of(Locale::english(), "x".repeat(LONGEST_TEXT + 1));
        assert_eq!(long.check(), Err(BadText::TooLong));
        let many = ('a'..='z').flat_map(|a| ('a'..='c').map(move |b| format!("{a}{b}")));
        let many: Localized = many.map(|name| (locale(&name), String::new())).collect();
        assert_eq!(many.check(), Err(BadText::TooManyLocales));
        assert!(many.is_empty());
    }

    #[test]
    fn in_json_it_is_an_object_of_locales() {
        let json = r#"{"de":"Bett","en":"Bed"}"#;
        let read: Localized = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert!(serde_json::from_str::<Localized>(r#"{"german":"Bett"}"#).is_err());
    }
}
