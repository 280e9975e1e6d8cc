//! What a filter means: whether a row matches, and how two values compare.

use std::cmp::Ordering;

use crate::filter::{Clause, Condition, Field, Term, Test};
use crate::row::{Identifier, Row, compare_ids};
use crate::value::Value;

impl Clause {
    /// Whether a row matches this filter.
    #[must_use]
    pub fn matches(&self, row: &Row) -> bool {
        let is_met = self.any.iter().any(|condition| condition.matches(row));
        is_met != self.negated
    }
}

impl Condition {
    /// Whether it holds for a row.
    #[must_use]
    pub fn matches(&self, row: &Row) -> bool {
        match self.field {
            Field::Id { .. } => self.test.holds_for_id(&row.id),
            Field::Attribute(attribute) => self.test.holds_for(row.value(attribute.name)),
            Field::Member(attribute, member) => {
                let value = row.value(attribute.name).member(member.name);
                self.test.holds_for(value.unwrap_or(&Value::Null))
            }
            Field::Relationship(relationship) => {
                self.test.holds_for_links(row.linked(relationship.name))
            }
        }
    }
}

impl Test {
    /// Whether it holds for the value of an attribute.
    #[must_use]
    pub fn holds_for(&self, value: &Value) -> bool {
        match self {
            Test::OneOf(terms) => terms.iter().any(|term| match term {
                Term::Null => is_empty(value),
                term => any(value, &|value| {
                    compare(value, term) == Some(Ordering::Equal)
                }),
            }),
            Test::Contains(part) => any(value, &|value| match value {
                Value::Text(text) => text.to_lowercase().contains(&part.to_lowercase()),
                _ => false,
            }),
            Test::Between { from, to } => any(value, &|value| {
                if matches!(value, Value::Null) {
                    return false;
                }
                let is_after = |from| compare(value, from).is_some_and(Ordering::is_ge);
                let is_before = |to| compare(value, to).is_some_and(Ordering::is_le);
                from.as_ref().is_none_or(is_after) && to.as_ref().is_none_or(is_before)
            }),
        }
    }

    fn holds_for_id(&self, id: &str) -> bool {
        let compare = |term: &Term| match term {
            Term::Id(other) => Some(compare_ids(id, other)),
            _ => None,
        };
        match self {
            Test::OneOf(terms) => {
                let mut terms = terms.iter();
                terms.any(|term| compare(term) == Some(Ordering::Equal))
            }
            Test::Contains(part) => id.to_lowercase().contains(&part.to_lowercase()),
            Test::Between { from, to } => {
                let is_after = |from| compare(from).is_some_and(Ordering::is_ge);
                let is_before = |to| compare(to).is_some_and(Ordering::is_le);
                from.as_ref().is_none_or(is_after) && to.as_ref().is_none_or(is_before)
            }
        }
    }

    fn holds_for_links(&self, links: &[Identifier]) -> bool {
        let Test::OneOf(terms) = self else {
            return false;
        };
        terms.iter().any(|term| match term {
            Term::Null => links.is_empty(),
            Term::Id(id) => links.iter().any(|link| link.id == *id),
            _ => false,
        })
    }
}

/// No value at all: null, an empty text, nothing in any language, no items.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::Localized(texts) => texts.iter().all(|(_, text)| is_empty(text)),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether it holds for the value, or for any of its languages or items.
fn any(value: &Value, holds: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Localized(texts) => texts.iter().any(|(_, text)| holds(text)),
        Value::Array(items) => items.iter().any(holds),
        value => holds(value),
    }
}

fn compare(value: &Value, term: &Term) -> Option<Ordering> {
    match (value, term) {
        (Value::Text(one), Term::Text(other)) => Some(one.cmp(other)),
        (Value::Integer(one), Term::Integer(other)) => Some(one.cmp(other)),
        (Value::Decimal(one), Term::Decimal(other)) => Some(one.cmp(other)),
        (Value::Money(one), Term::Decimal(other)) => Some(one.value.cmp(other)),
        (Value::Boolean(one), Term::Boolean(other)) => Some(one.cmp(other)),
        (Value::Date(one), Term::Date(other)) => Some(one.cmp(other)),
        (Value::DateTime(one), Term::DateTime(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// The order of two values of one attribute: those without a value come last.
pub(crate) fn compare_values(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        (Value::Decimal(one), Value::Decimal(other)) => one.cmp(other),
        (Value::Boolean(one), Value::Boolean(other)) => one.cmp(other),
        (Value::Date(one), Value::Date(other)) => one.cmp(other),
        (Value::DateTime(one), Value::DateTime(other)) => one.cmp(other),
        (Value::Money(one), Value::Money(other)) => {
            let by_currency = one.currency.code().cmp(other.currency.code());
            one.value.cmp(&other.value).then(by_currency)
        }
        _ => rank(one).cmp(&rank(other)),
    }
}

/// Values of several kinds in one attribute are a mistake; they still have an order, because
/// sorting relies on it.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Text(_) => 0,
        Value::Integer(_) => 1,
        Value::Decimal(_) => 2,
        Value::Boolean(_) => 3,
        Value::Date(_) => 4,
        Value::DateTime(_) => 5,
        Value::Money(_) => 6,
        Value::Object(_) | Value::Array(_) | Value::Localized(_) | Value::Json(_) => 7,
        Value::Null => 8,
    }
}
