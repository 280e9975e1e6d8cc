//! In which order a list is asked for.

use std::cmp::Ordering;

use crate::error::{Code, Error};
use crate::limits;
use crate::matching;
use crate::resource::{Attribute, ResourceType};
use crate::row::{Row, compare_ids};

/// The keys to sort by, the first one first. Without any, the list is in the order of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// The keys.
    pub keys: Vec<SortKey>,
}

/// One key to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// What can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The id, by number.
    Id,
    /// An attribute that is declared sortable.
    Attribute(&'static Attribute),
}

impl SortBy {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SortBy::Id => "id",
            SortBy::Attribute(attribute) => attribute.name,
        }
    }
}

impl Sort {
    /// Parses the value of `sort`. The list of names is closed; a name that stands again changes
    /// nothing.
    pub(crate) fn parse(kind: &ResourceType, value: &str) -> Result<Sort, Error> {
        let mut sort = Sort::default();
        if value.split(',').count() > limits::SORT_KEYS {
            return Err(bad(format!("More than {} names", limits::SORT_KEYS)));
        }
        for text in value.split(',').filter(|_| !value.is_empty()) {
            let text = text.trim();
            let (name, descending) = match text.strip_prefix('-') {
                Some(name) => (name, true),
                None => (text, false),
            };
            let by = sort_by(kind, name)?;
            if sort.keys.iter().all(|key| key.by != by) {
                sort.keys.push(SortKey { by, descending });
            }
        }
        Ok(sort)
    }

    /// As it stands in a query.
    #[must_use]
    pub fn to_text(&self) -> String {
        let sign = |key: &SortKey| if key.descending { "-" } else { "" };
        let keys = self.keys.iter();
        let texts: Vec<String> = keys
            .map(|key| format!("{}{}", sign(key), key.by.name()))
            .collect();
        texts.join(",")
    }

    /// Which of two rows comes first. Rows without a value come last, or first if descending; rows
    /// that are equal otherwise are in the order of their ids, so the order is the same every time.
    #[must_use]
    pub fn compare(&self, one: &Row, other: &Row) -> Ordering {
        let by_keys = self.keys.iter().map(|key| key.compare(one, other));
        by_keys
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| compare_ids(&one.id, &other.id))
    }

    /// Puts rows into this order.
    pub fn sort(&self, rows: &mut [Row]) {
        rows.sort_by(|one, other| self.compare(one, other));
    }
}

impl SortKey {
    fn compare(self, one: &Row, other: &Row) -> Ordering {
        let ascending = match self.by {
            SortBy::Id => compare_ids(&one.id, &other.id),
            SortBy::Attribute(attribute) => {
                let name = attribute.name;
                matching::compare_values(one.value(name), other.value(name))
            }
        };
        if self.descending {
            ascending.reverse()
        } else {
            ascending
        }
    }
}

fn sort_by(kind: &ResourceType, name: &str) -> Result<SortBy, Error> {
    let attribute = kind.attribute(name).filter(|attribute| attribute.sortable);
    match (name, attribute) {
        ("id", _) => Ok(SortBy::Id),
        (_, Some(attribute)) => Ok(SortBy::Attribute(attribute)),
        (_, None) => Err(unknown(kind, name)),
    }
}

fn unknown(kind: &ResourceType, name: &str) -> Error {
    let sortable = kind
        .attributes
        .iter()
        .filter(|attribute| attribute.sortable);
    let names = sortable.map(|attribute| attribute.name);
    let known: Vec<&str> = ["id"].into_iter().chain(names).collect();
    let detail = format!(
        "{} cannot be sorted by \"{name}\". Expected some of: {}",
        kind.name,
        known.join(", ")
    );
    bad(detail)
}

fn bad(detail: impl Into<String>) -> Error {
    Error::new(Code::InvalidSorting, detail).in_parameter("sort")
}
