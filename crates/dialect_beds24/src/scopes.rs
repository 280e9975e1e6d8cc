//! The vendor's scope words and our capabilities.
//!
//! A scope is `method:category`: `read`, `write`, `delete` or `all`, of one of seven categories.
//! The sub-scopes of bookings add a facet; they do not include `bookings` itself.

use domain::access::{Area, Capabilities, Capability, Facet, Reach, Verb};

/// The categories, in the vendor's order, with what each of them opens.
const CATEGORIES: [(&str, &[(Area, Facet)]); 7] = [
    ("bookings", &[(Area::Bookings, Facet::Basic)]),
    (
        "bookings-personal",
        &[
            (Area::Bookings, Facet::Personal),
            (Area::Messages, Facet::Basic),
            (Area::Messages, Facet::Personal),
        ],
    ),
    ("bookings-financial", &[(Area::Bookings, Facet::Financial)]),
    (
        "inventory",
        &[
            (Area::Inventory, Facet::Basic),
            (Area::Inventory, Facet::Financial),
            (Area::Calendar, Facet::Basic),
            (Area::Calendar, Facet::Financial),
        ],
    ),
    (
        "properties",
        &[
            (Area::Properties, Facet::Basic),
            (Area::Properties, Facet::Personal),
            (Area::Properties, Facet::Financial),
        ],
    ),
    (
        "accounts",
        &[
            (Area::Accounts, Facet::Basic),
            (Area::Accounts, Facet::Financial),
        ],
    ),
    ("channels", &[(Area::Channels, Facet::Basic)]),
];

const METHODS: [(&str, &[Verb]); 4] = [
    ("read", &[Verb::Read]),
    ("write", &[Verb::Write]),
    ("delete", &[Verb::Delete]),
    ("all", &[Verb::Read, Verb::Write, Verb::Delete]),
];

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no scope; expected method:category, such as read:bookings or all:inventory")]
pub struct UnknownScope(pub String);

/// Every scope with `all`, as the panel offers them.
pub fn all_scopes() -> Vec<String> {
    CATEGORIES
        .iter()
        .map(|(category, _)| format!("all:{category}"))
        .collect()
}

/// What these scopes allow.
///
/// # Errors
/// The first word that is no scope.
pub fn capabilities<'a>(
    words: impl IntoIterator<Item = &'a str>,
) -> Result<Capabilities, UnknownScope> {
    let mut granted = Capabilities::none();
    for word in words {
        for capability in opened_by(word).ok_or_else(|| UnknownScope(word.to_owned()))? {
            granted.grant(capability, Reach::Tenant);
        }
    }
    Ok(granted)
}

fn opened_by(word: &str) -> Option<impl Iterator<Item = Capability> + use<>> {
    let (method, category) = word.split_once(':')?;
    let verbs = METHODS.iter().find(|(name, _)| *name == method)?.1;
    let sides = CATEGORIES.iter().find(|(name, _)| *name == category)?.1;
    Some(sides.iter().flat_map(|(area, facet)| {
        verbs
            .iter()
            .map(|verb| Capability::new(*area, *facet, *verb))
    }))
}

/// The scopes that these capabilities amount to, shortest form first: `all` where all three
/// methods are there.
pub fn scopes(granted: &Capabilities) -> Vec<String> {
    let has = |word: &str| {
        opened_by(word).is_some_and(|mut opened| opened.all(|one| granted.contains(one)))
    };
    let mut words = Vec::new();
    for (category, _) in CATEGORIES {
        let all = format!("all:{category}");
        if has(&all) {
            words.push(all);
            continue;
        }
        let single = METHODS[..3]
            .iter()
            .map(|(method, _)| format!("{method}:{category}"));
        words.extend(single.filter(|word| has(word)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::capability::{
        BOOKINGS_DELETE, BOOKINGS_FINANCIAL_READ, BOOKINGS_PERSONAL_READ, BOOKINGS_READ,
        BOOKINGS_WRITE, CALENDAR_WRITE, MESSAGES_READ,
    };

    #[test]
    fn scopes_read_back_as_they_were_given() {
        for words in [
            vec!["read:bookings"],
            vec![
                "all:bookings",
                "read:bookings-personal",
                "write:bookings-personal",
                "all:channels",
            ],
            vec!["delete:properties", "write:inventory"],
        ] {
            let mut back = scopes(&capabilities(words.iter().copied()).unwrap());
            let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            words.sort();
            back.sort();
            assert_eq!(back, words);
        }
        let all = all_scopes();
        assert_eq!(
            scopes(&capabilities(all.iter().map(|word| &**word)).unwrap()),
            all
        );
    }

    #[test]
    fn write_includes_neither_read_nor_delete_and_bookings_no_facet() {
        let granted = capabilities(["write:bookings"]).unwrap();
        assert!(granted.contains(BOOKINGS_WRITE));
        for missing in [
            BOOKINGS_READ,
            BOOKINGS_DELETE,
            BOOKINGS_PERSONAL_READ,
            BOOKINGS_FINANCIAL_READ,
        ] {
            assert!(!granted.contains(missing), "{missing}");
        }
    }

    #[test]
    fn the_personal_scope_opens_messages_and_inventory_opens_the_calendar() {
        let granted = capabilities(["read:bookings-personal", "write:inventory"]).unwrap();
        assert!(granted.contains(MESSAGES_READ) && granted.contains(CALENDAR_WRITE));
        assert!(!granted.contains(BOOKINGS_READ));
    }

    #[test]
    fn the_dead_words_of_the_first_drafts_are_no_scopes() {
        for word in [
            "get:bookings",
            "post:bookings",
            "bookings",
            "read:",
            "read:booking",
            "",
            "all:all",
        ] {
            assert_eq!(
                capabilities([word]).unwrap_err(),
                UnknownScope(word.to_owned())
            );
        }
    }
}
