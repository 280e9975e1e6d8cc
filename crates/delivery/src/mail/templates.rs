//! The texts of mails, in English and German.
//!
//! A template is a file of this crate: its first line is the subject, the rest the text. Values are
//! put in as they are and never read as a template. A value that is missing is a mistake that is
//! told, not an empty place in a letter.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, value::Serde};
use serde::Serialize;

/// Languages that there are templates in; the first is for everybody else.
pub const LANGUAGES: &[&str] = &["en", "de"];

/// The language of a letter to somebody who likes to read these, best first, each with or without a country:
/// the first that there are templates in, and English where there are none in any.
#[must_use]
pub fn language_among<'a>(wanted: impl IntoIterator<Item = &'a str>) -> &'static str {
    let mut found = wanted.into_iter().filter_map(known);
    found.next().unwrap_or(LANGUAGES[0])
}

/// `de` of `de-AT`, where there are templates in it.
fn known(language: &str) -> Option<&'static str> {
    let language = language.split(['-', '_']).next().unwrap_or(language);
    let known = LANGUAGES.iter().find(|known| **known == language);
    known.copied()
}

macro_rules! file {
    ($language:literal, $name:literal) => {
        (
            concat!($language, "/", $name, "/subject"),
            concat!($language, "/", $name, "/text"),
            include_str!(concat!("../../templates/", $language, "/", $name, ".txt")),
        )
    };
}

/// Each file, with the names under which its subject and its text are kept.
const FILES: &[(&str, &str, &str)] = &[
    file!("en", "switched_off"),
    file!("de", "switched_off"),
    file!("en", "password_reset"),
    file!("de", "password_reset"),
    file!("en", "payment_received"),
    file!("de", "payment_received"),
    file!("en", "message"),
    file!("de", "message"),
];

/// A mail's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// All templates, read.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Reads them.
    ///
    /// # Errors
    /// When one is wrong; a mistake of ours, which a test finds.
    pub fn new() -> Result<Self, String> {
        let mut all = Environment::empty();
        // A letter is plain text: there is nothing to escape, and nothing that a value could end.
        all.set_auto_escape_callback(|_| AutoEscape::None);
        all.set_undefined_behavior(UndefinedBehavior::Strict);
        for (subject, text, file) in FILES {
            // The subject is cut off before anything is put in, so a value can't reach into it.
            let parts = file.split_once('\n');
            let (first, rest) = parts.ok_or_else(|| format!("{subject}: there is no text"))?;
            for (name, source) in [(subject, first), (text, rest.trim_start_matches('\n'))] {
                all.add_template(name, source)
                    .map_err(|error| format!("{name}: {error:#}"))?;
            }
        }
        Ok(Self(all))
    }

    /// Fills a template with values. A language without templates is answered in English.
    ///
    /// # Errors
    /// In words, when there is no such template or a value is missing.
    pub fn letter(
        &self,
        template: &str,
        language: &str,
        values: &impl Serialize,
    ) -> Result<Letter, String> {
        let language = language_among([language]);
        let values = Value::from(Serde(values));
        let fill = |part: &str| {
            let name = format!("{language}/{template}/{part}");
            let found = self.0.get_template(&name);
            let found = found.map_err(|_| format!("there is no template {name}"))?;
            let filled = found.render(values.clone());
            filled.map_err(|error| format!("{name}: {error:#}"))
        };
        Ok(Letter {
            subject: fill("subject")?,
            text: fill("text")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mail::{MESSAGE, PASSWORD_RESET, PAYMENT_RECEIVED, SWITCHED_OFF};

    #[test]
    fn every_template_can_be_filled_in_both_languages_with_the_values_it_says() {
        let templates = Templates::new().unwrap();
        let values = [
            (
                SWITCHED_OFF,
                json!({ "tenant": "Lake House", "target_url": "https://example.org/hook",
                    "since": "2026-11-21T12:00:00Z", "problem": "the receiver answered 500",
                    "subscription_id": "77" }),
            ),
            (
                PASSWORD_RESET,
                json!({ "name": "Ada", "link": "https://example.org/reset/abc", "minutes": 30 }),
            ),
            (
                PAYMENT_RECEIVED,
                json!({ "name": "Ada", "amount": "12.50 EUR", "paid_on": "2027-05-07", "place": "North" }),
            ),
            (
                MESSAGE,
                json!({ "subject": "Your stay", "text": "The key is in the box." }),
            ),
        ];
        for (template, values) in &values {
            let letters: Vec<Letter> = LANGUAGES
                .iter()
                .map(|language| templates.letter(template, language, values).unwrap())
                .collect();
            for letter in &letters {
                assert!(!letter.subject.trim().is_empty());
                for value in values.as_object().unwrap().values() {
                    let value = value.as_str().map_or(value.to_string(), ToOwned::to_owned);
                    let is_said = letter.text.contains(&value) || letter.subject.contains(&value);
                    assert!(is_said, "{template} does not say {value}");
                }
            }
            if *template != MESSAGE {
                assert_ne!(letters[0], letters[1]);
            }
        }
    }

    #[test]
    fn what_a_guest_wrote_is_never_read_as_a_template() {
        let templates = Templates::new().unwrap();
        for text in [
            "{{ 7 * 7 }}",
            "{% for a in range(1000000) %}x{% endfor %}",
            "{# gone #}",
            "{{ subject }}",
            "{% include 'en/switched_off' %}",
        ] {
            let values = json!({ "subject": text, "text": text });
            let letter = templates.letter(MESSAGE, "en", &values).unwrap();
            assert_eq!(letter.subject.trim(), text);
            assert_eq!(letter.text.trim(), text);
        }
    }

    #[test]
    fn a_letter_is_in_the_first_language_that_there_are_templates_in() {
        assert_eq!(language_among(["fr", "de-AT", "en"]), "de");
        assert_eq!(language_among(["en_GB", "de"]), "en");
        assert_eq!(language_among(["fr", "nl"]), "en");
        assert_eq!(language_among([]), "en");
    }

    #[test]
    fn a_missing_value_and_a_missing_template_are_told() {
        let templates = Templates::new().unwrap();
        let told = templates.letter(MESSAGE, "en", &json!({ "subject": "x" }));
        assert!(told.unwrap_err().contains("undefined"));
        let told = templates.letter("../../etc/passwd", "en", &json!({}));
        assert!(told.unwrap_err().contains("no template"));
        let values = json!({ "subject": "s", "text": "t" });
        let french = templates.letter(MESSAGE, "fr-FR", &values).unwrap();
        assert_eq!(french, templates.letter(MESSAGE, "en", &values).unwrap());
    }
}
