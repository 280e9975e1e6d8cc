//! Message templates: words with gaps, which are filled with what is known of a booking.
//!
//! A gap is written `{{ booking.arrival }}`. There is nothing else: no conditions, no loops, no
//! filters. What is filled in is data: a guest who is called `{{ secret }}` is greeted just so, because
//! what was filled in is never looked at again.

use std::collections::BTreeMap;

/// The longest text that comes out, in bytes.
pub const LONGEST_MESSAGE: usize = 1024 * 1024;

/// Why a template gives no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A gap is opened and not closed.
    #[error("a {{{{ at byte {0} is not closed")]
    NotClosed(usize),
    /// The name in a gap is none.
    #[error("{0:?} is no name of a variable")]
    BadName(String),
    /// Nothing is known under this name.
    #[error("there is no variable {0}")]
    Unknown(String),
    /// The text would be longer than [`LONGEST_MESSAGE`].
    #[error("the message would be longer than {LONGEST_MESSAGE} bytes")]
    TooLong,
}

/// The names of the gaps, in the order of their first appearance.
///
/// # Errors
/// [`BadTemplate::NotClosed`], [`BadTemplate::BadName`].
pub fn names(template: &str) -> Result<Vec<&str>, BadTemplate> {
    let mut names = Vec::new();
    walk(template, |part| {
        if let Part::Gap(name) = part
            && !names.contains(&name)
        {
            names.push(name);
        }
        Ok(())
    })?;
    Ok(names)
}

/// Fills the gaps.
///
/// # Errors
/// [`BadTemplate`].
pub fn render(template: &str, variables: &BTreeMap<String, String>) -> Result<String, BadTemplate> {
    let mut text = String::with_capacity(template.len());
    walk(template, |part| {
        let words = match part {
            Part::Words(words) => words,
            Part::Gap(name) => variables
                .get(name)
                .ok_or_else(|| BadTemplate::Unknown(name.to_owned()))?,
        };
        if text.len() + words.len() > LONGEST_MESSAGE {
            return Err(BadTemplate::TooLong);
        }
        text.push_str(words);
        Ok(())
    })?;
    Ok(text)
}

enum Part<'a> {
    Words(&'a str),
    Gap(&'a str),
}

/// Goes through a template once, from its beginning to its end.
fn walk<'a>(
    template: &'a str,
    mut each: impl FnMut(Part<'a>) -> Result<(), BadTemplate>,
) -> Result<(), BadTemplate> {
    let mut rest = template;
    while let Some((before, opened)) = rest.split_once("{{") {
        each(Part::Words(before))?;
        let at = template.len() - opened.len() - 2;
        let (name, after) = opened.split_once("}}").ok_or(BadTemplate::NotClosed(at))?;
        let name = name.trim();
        if !is_name(name) {
            return Err(BadTemplate::BadName(name.chars().take(64).collect()));
        }
        each(Part::Gap(name))?;
        rest = after;
    }
    each(Part::Words(rest))
}

/// Words of letters, digits and underscores, with single points between them.
fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    name.len() <= 128 && name.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let each = pairs.iter();
        each.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn gaps_are_filled_and_everything_else_stays() {
        let known = variables(&[("guest.name", "Ada"), ("code", "12 34")]);
        let text = render("Hi {{guest.name}}, your code: {{ code }}. }} { {", &known);
        assert_eq!(text.unwrap(), "Hi Ada, your code: 12 34. }} { {");
    }

    #[test]
    fn what_a_guest_wrote_is_never_a_template() {
        let known = variables(&[("name", "{{ secret }}"), ("secret", "s3cr3t")]);
        assert_eq!(render("Hi {{name}}", &known).unwrap(), "Hi {{ secret }}");
        let known = variables(&[("a", "{{"), ("b", "secret }}")]);
        assert_eq!(render("{{a}}{{b}}", &known).unwrap(), "{{secret }}");
    }

    #[test]
    fn each_mistake_is_told_apart() {
        let none = BTreeMap::new();
        assert_eq!(render("ab {{ c", &none), Err(BadTemplate::NotClosed(3)));
        assert_eq!(
            render("{{ a b }}", &none),
            Err(BadTemplate::BadName("a b".into()))
        );
        assert_eq!(
            render("{{ a..b }}", &none),
            Err(BadTemplate::BadName("a..b".into()))
        );
        assert_eq!(
            render("{{ a }}", &none),
            Err(BadTemplate::Unknown("a".into()))
        );
        assert_eq!(names("{{ b }}{{a}}{{b}}").unwrap(), ["b", "a"]);
    }

    #[test]
    fn a_short_template_can_not_make_an_endless_text() {
        let known = variables(&[("a", &"x".repeat(LONGEST_MESSAGE / 2))]);
        assert_eq!(render("{{a}}{{a}}{{a}}", &known), Err(BadTemplate::TooLong));
    }
}
