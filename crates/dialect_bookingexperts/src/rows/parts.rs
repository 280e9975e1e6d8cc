//! Pieces of rows.

use domain::{contact::Contact, id::Id, text::Localized};
use jsonapi::{Identifier, ResourceType, Row, Value};
use rust_decimal::Decimal;
use service::records::Readable;

use crate::kinds::plural;

/// A resource at its path, with nothing in it yet.
pub fn begun(kind: &'static ResourceType, stored: &impl Readable) -> Row {
    let (id, organization) = (stored.id(), stored.organization_id());
    Row::new(kind, id).at(path(kind, organization, id))
}

/// Where a resource stands: below its administration, if it has one.
pub fn path(kind: &ResourceType, organization: Option<Id>, id: Id) -> String {
    let plural = plural(kind);
    match organization {
        Some(organization) => format!("/administrations/{organization}/{plural}/{id}"),
        None => format!("/{plural}/{id}"),
    }
}

/// A text; null where it is empty.
pub fn text(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

/// A text in several languages.
pub fn localized(text: &Localized) -> Value {
    let texts = text.iter();
    Value::localized(texts.map(|(locale, words)| (locale.as_str(), words)))
}

/// A number of something.
pub fn number(number: impl Into<i64>) -> Value {
    Value::Integer(number.into())
}

/// A link to one.
pub fn to(kind: &'static str, id: Option<Id>) -> Option<Identifier> {
    id.map(|id| Identifier::new(kind, id))
}

/// Links to some.
pub fn many(kind: &'static str, ids: impl IntoIterator<Item = Id>) -> Vec<Identifier> {
    let ids = ids.into_iter();
    ids.map(|id| Identifier::new(kind, id)).collect()
}

/// An amount with the digits that it has, without needless ones.
pub fn amount(amount: Decimal) -> Value {
    Value::Decimal(amount.normalize())
}

/// The name and addresses of a person.
pub fn person(row: Row, contact: &Contact) -> Row {
    row.with("first_name", text(&contact.first_name))
        .with("last_name", text(&contact.last_name))
        .with("email", text(&contact.email))
        .with("phone", text(&contact.phone))
        .with("address", text(&contact.address))
        .with("postal_code", text(&contact.postcode))
        .with("city", text(&contact.city))
        .with("country_code", text(&contact.country_code))
}

/// Fields of a type that are declared and cannot be looked up.
#[cfg(test)]
pub fn missing<R: crate::read::Shown>() -> Vec<String> {
    let attributes = R::KIND.attributes.iter();
    let filtered = attributes.clone().filter(|known| known.filterable);
    let ends = R::KIND
        .relationships
        .iter()
        .filter(|known| known.filterable);
    let names = filtered
        .map(|known| known.name)
        .chain(ends.map(|known| known.name));
    let without_column = names.filter(|name| R::lookup(name).is_none());
    let sorted = attributes
        .filter(|known| known.sortable)
        .map(|known| known.name);
    let without_order = sorted.filter(|name| {
        !matches!(
            R::lookup(name),
            Some(
                crate::read::Lookup::Text(_)
                    | crate::read::Lookup::Day(_)
                    | crate::read::Lookup::DayOf(_)
                    | crate::read::Lookup::Instant(_)
                    | crate::read::Lookup::Whole(_)
            )
        )
    });
    without_column
        .chain(without_order)
        .map(|name| format!("{}.{name}", R::KIND.name))
        .collect()
}
