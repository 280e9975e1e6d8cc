//! Scope words: what is asked for, and what it opens.
//!
//! The words are the dialect's; an app's permissions say which of them it may ask for and what each opens.

use catalogue::oauth::{App, Permission};
use domain::access::Capabilities;

/// The longest scope parameter has one word per permission; nobody has more of them.
pub(crate) const MOST: usize = 300;

/// The words of a scope parameter, each once, in the order given. None where one is not among the allowed.
pub(crate) fn asked(scope: &str, allowed: &[&str]) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    for word in scope.split(' ').filter(|word| !word.is_empty()) {
        if !allowed.contains(&word) || words.len() >= MOST {
            return None;
        }
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    Some(words)
}

/// All words that an app may ask for.
pub(crate) fn words_of(app: &App) -> Vec<&str> {
    let words = app.permissions.iter();
    words.map(|permission| permission.word.as_str()).collect()
}

/// The permissions of an app that these words name.
pub(crate) fn permissions<'a>(app: &'a App, words: &[String]) -> Vec<&'a Permission> {
    let named = |permission: &&Permission| words.contains(&permission.word);
    app.permissions.iter().filter(named).collect()
}

/// Everything that some permissions open.
pub(crate) fn opened<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> Capabilities {
    let pairs = permissions
        .into_iter()
        .flat_map(|permission| permission.capabilities.iter());
    pairs.collect()
}

/// Whether a set holds everything that another holds, as far as that one reaches.
pub(crate) fn covers(held: &Capabilities, wanted: &Capabilities) -> bool {
    wanted
        .iter()
        .all(|(capability, reach)| held.reach(capability) >= Some(reach))
}

/// The characters of a scope word that RFC 6749, 3.3 allows.
pub(crate) fn is_word(word: &str) -> bool {
    let is_allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !word.is_empty() && word.len() <= 100 && word.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::{Reach, capability};

    #[test]
    fn words_are_taken_once_and_only_those_that_are_allowed() {
        let allowed = ["a|read", "a|write"];
        assert_eq!(asked("a|read  a|read", &allowed).unwrap(), ["a|read"]);
        assert_eq!(asked("a|read a|readx", &allowed), None);
        assert_eq!(asked("A|READ", &allowed), None);
        assert!(is_word("channel::reservation|read"));
        for bad in ["", "a b", "a\"b", "a\\b", "ä", "a\n"] {
            assert!(!is_word(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_set_covers_what_it_holds_as_far_as_it_reaches() {
        let owned = Capabilities::none().with(capability::BOOKINGS_READ, Reach::Owned);
        let tenant = Capabilities::none().with(capability::BOOKINGS_READ, Reach::Tenant);
        assert!(covers(&tenant, &owned));
        assert!(!covers(&owned, &tenant));
        assert!(!covers(&Capabilities::none(), &owned));
    }
}
