//! The tables that many kinds share, column by column.
//!
//! What is declared once and referred to (`content`), what happens or is to be done (`record`), people
//! (`person`) and what belongs to what (`link`) each need the same columns whatever they are. So they
//! share four tables; the word in `kind`, which is part of the key, tells them apart. What only one of
//! them has stands in its details.

use domain::{
    id::Id,
    text::{BadText, Localized},
};

/// What a field holds that it can't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field, in the words of this crate.
    pub field: &'static str,
    /// What was expected.
    pub expected: String,
}

impl Invalid {
    /// A field and what was expected of it.
    pub fn new(field: &'static str, expected: impl Into<String>) -> Self {
        Self {
            field,
            expected: expected.into(),
        }
    }
}

/// Another row that a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field that names it.
    pub field: &'static str,
    /// Its table.
    pub table: &'static str,
    /// Its word, where it shares the table.
    pub only: Option<&'static str>,
    /// Its id.
    pub id: Id,
}

impl Reference {
    /// A row of the kind `K` that `field` names.
    pub fn to<K: crate::Kind>(field: &'static str, id: Id) -> Self {
        Self {
            field,
            table: K::TABLE.name,
            only: K::ONLY,
            id,
        }
    }
}

/// What the details of a kind say about themselves.
pub trait Details {
    /// What a search looks through, one piece of text after another.
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        let _ = look;
    }

    /// Whether they can be kept as they are.
    ///
    /// # Errors
    /// The first field that can't.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// The other rows that they name.
    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

/// The text of a column `search`: every piece in lower case on a line of its own, so that "contains"
/// and "is one of its pieces" are both asked of one column.
pub fn search_text(details: &impl Details) -> String {
    let mut text = String::from("\n");
    details.searched(&mut |piece| {
        for line in piece.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if text.len() + line.len() > MOST_SEARCHED {
                return;
            }
            text.push_str(&line.to_lowercase());
            text.push('\n');
        }
    });
    text
}

/// So much of a row is searched. Longer descriptions are found by their beginnings.
const MOST_SEARCHED: usize = 4_096;

/// Looks through every language of a text.
pub(crate) fn searched_in<'a>(text: &'a Localized, look: &mut dyn FnMut(&'a str)) {
    text.iter().for_each(|(_, words)| look(words));
}

/// A text in several languages that must have words.
pub(crate) fn check_named(field: &'static str, text: &Localized) -> Result<(), Invalid> {
    check_text(field, text)?;
    if text.is_empty() {
        return Err(Invalid::new(field, "a text in at least one language"));
    }
    Ok(())
}

/// A text in several languages that may be empty.
pub(crate) fn check_text(field: &'static str, text: &Localized) -> Result<(), Invalid> {
    text.check()
        .map_err(|bad: BadText| Invalid::new(field, bad.to_string()))
}

/// The longest plain text, in bytes.
pub(crate) const LONGEST_PLAIN: usize = 65_536;

/// A plain text, which may be empty.
pub(crate) fn check_plain(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.len() > LONGEST_PLAIN {
        return Err(Invalid::new(
            field,
            format!("at most {LONGEST_PLAIN} bytes"),
        ));
    }
    Ok(())
}

/// A plain text that must not be empty.
pub(crate) fn check_name(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() || text.len() > 1_000 {
        return Err(Invalid::new(field, "a name of 1 to 1000 bytes"));
    }
    Ok(())
}

/// Declares a kind of the table `content`: declared once, referred to by others, kept in an order.
macro_rules! content {
    ($(#[$doc:meta])* $name:ident, $word:literal, $details:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, catalogue_derive::Kind)]
        #[kind(table = "content", only = $word)]
        pub struct $name {
            /// The tenant.
            #[column(key)]
            pub tenant_id: domain::id::Id,
            /// Its id.
            #[column(key)]
            pub id: domain::id::Id,
            /// The organization it belongs to; none for the whole tenant.
            #[column]
            pub organization_id: Option<domain::id::Id>,
            /// What it is a part of.
            #[column]
            pub parent_id: Option<domain::id::Id>,
            /// Its place among its like.
            #[column]
            pub position: i64,
            /// Since when it is no longer offered.
            #[column]
            pub archived_at: Option<jiff::Timestamp>,
            /// What a search looks through.
            #[column]
            pub search: String,
            /// When it was made, by the tenant's clock.
            #[column]
            pub created_at: jiff::Timestamp,
            /// When it was last changed, by the tenant's clock.
            #[column]
            pub changed_at: jiff::Timestamp,
            /// Counts the writes.
            #[column]
            pub version: i64,
            /// Everything else.
            pub details: $details,
        }

        impl $name {
            /// A new one for the whole tenant, first among its like, that is stamped when it is written.
            pub fn new(id: domain::id::Id, details: $details) -> Self {
                Self {
                    tenant_id: id,
                    id,
                    organization_id: None,
                    parent_id: None,
                    position: 0,
                    archived_at: None,
                    search: String::new(),
                    created_at: jiff::Timestamp::UNIX_EPOCH,
                    changed_at: jiff::Timestamp::UNIX_EPOCH,
                    version: 1,
                    details,
                }
            }
        }
    };
}

/// Declares a kind of the table `record`: something that happens, or is to be done, and stands somewhere.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident, $word:literal, $details:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, catalogue_derive::Kind)]
        #[kind(table = "record", only = $word)]
        pub struct $name {
            /// The tenant.
            #[column(key)]
            pub tenant_id: domain::id::Id,
            /// Its id.
            #[column(key)]
            pub id: domain::id::Id,
            /// The organization it belongs to.
            #[column]
            pub organization_id: Option<domain::id::Id>,
            /// What it is a part of.
            #[column]
            pub parent_id: Option<domain::id::Id>,
            /// What it is about.
            #[column]
            pub subject_id: Option<domain::id::Id>,
            /// Where it stands, a word; empty where there is nothing to stand in.
            #[column]
            pub state: String,
            /// A number or another handle by which people find it; empty for none.
            #[column]
            pub reference: String,
            /// The day it is about.
            #[column]
            pub on_day: Option<jiff::civil::Date>,
            /// What a search looks through.
            #[column]
            pub search: String,
            /// When it was made, by the tenant's clock.
            #[column]
            pub created_at: jiff::Timestamp,
            /// When it was last changed, by the tenant's clock.
            #[column]
            pub changed_at: jiff::Timestamp,
            /// Counts the writes.
            #[column]
            pub version: i64,
            /// Everything else.
            pub details: $details,
        }

        impl $name {
            /// A new one of an organization, that is stamped when it is written.
            pub fn new(
                id: domain::id::Id,
                organization_id: domain::id::Id,
                details: $details,
            ) -> Self {
                Self {
                    tenant_id: id,
                    id,
                    organization_id: Some(organization_id),
                    parent_id: None,
                    subject_id: None,
                    state: String::new(),
                    reference: String::new(),
                    on_day: None,
                    search: String::new(),
                    created_at: jiff::Timestamp::UNIX_EPOCH,
                    changed_at: jiff::Timestamp::UNIX_EPOCH,
                    version: 1,
                    details,
                }
            }
        }
    };
}

/// Declares a kind of the table `person`.
macro_rules! person {
    ($(#[$doc:meta])* $name:ident, $word:literal, $details:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, catalogue_derive::Kind)]
        #[kind(table = "person", only = $word)]
        pub struct $name {
            /// The tenant.
            #[column(key)]
            pub tenant_id: domain::id::Id,
            /// Their id.
            #[column(key)]
            pub id: domain::id::Id,
            /// The organization that knows them; none for the whole tenant.
            #[column]
            pub organization_id: Option<domain::id::Id>,
            /// The mail address as it is searched for; see [`email_key`].
            #[column]
            pub email: String,
            /// The telephone number as it is searched for; see [`phone_key`].
            #[column]
            pub phone: String,
            /// What a search looks through.
            #[column]
            pub search: String,
            /// When they were added, by the tenant's clock.
            #[column]
            pub created_at: jiff::Timestamp,
            /// When they were last changed, by the tenant's clock.
            #[column]
            pub changed_at: jiff::Timestamp,
            /// Counts the writes.
            #[column]
            pub version: i64,
            /// Everything else.
            pub details: $details,
        }

        impl $name {
            /// Somebody new, who is stamped when they are written.
            pub fn new(id: domain::id::Id, details: $details) -> Self {
                Self {
                    tenant_id: id,
                    id,
                    organization_id: None,
                    email: String::new(),
                    phone: String::new(),
                    search: String::new(),
                    created_at: jiff::Timestamp::UNIX_EPOCH,
                    changed_at: jiff::Timestamp::UNIX_EPOCH,
                    version: 1,
                    details,
                }
            }
        }
    };
}

/// Declares a kind of the table `link`: one belongs to another.
macro_rules! linked {
    ($(#[$doc:meta])* $name:ident, $word:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, catalogue_derive::Kind)]
        #[kind(table = "link", only = $word)]
        pub struct $name {
            /// The tenant.
            #[column(key)]
            pub tenant_id: domain::id::Id,
            /// The link's own id.
            #[column(key)]
            pub id: domain::id::Id,
            /// The organization of the one that has; none for the whole tenant.
            #[column]
            pub organization_id: Option<domain::id::Id>,
            /// What the one that has is: `organization`, `resource`, `unit`, `booking`, ….
            #[column]
            pub subject: String,
            /// The one that has.
            #[column]
            pub from_id: domain::id::Id,
            /// The one that belongs to it.
            #[column]
            pub to_id: domain::id::Id,
            /// Its place among the others of the same.
            #[column]
            pub position: i64,
            /// When it was made, by the tenant's clock.
            #[column]
            pub created_at: jiff::Timestamp,
            /// When it was last changed, by the tenant's clock.
            #[column]
            pub changed_at: jiff::Timestamp,
            /// Counts the writes.
            #[column]
            pub version: i64,
            /// Everything else.
            pub details: LinkDetails,
        }
    };
}

pub(crate) use content;
pub(crate) use linked;
pub(crate) use person;
pub(crate) use record;

#[cfg(test)]
mod tests {
    use super::*;

    struct Two(String, String);

    impl Details for Two {
        fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
            look(&self.0);
            look(&self.1);
        }
    }

    #[test]
    fn each_searched_piece_stands_on_a_line_of_its_own() {
        let text = search_text(&Two(" Große Sauna\nÖl ".into(), String::new()));
        assert_eq!(text, "\ngroße sauna\nöl\n");
        let long = search_text(&Two("x".repeat(MOST_SEARCHED), "Ada".into()));
        assert_eq!(long, "\n".to_owned() + "ada\n");
    }
}
