//! What a dialect hands over: one resource with its values and its links to others.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Value as Json};

use crate::limits;
use crate::resource::ResourceType;
use crate::value::Value;

/// Which resource: a type and an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// The name of its type.
    pub kind: &'static str,
    /// Its id; a string on the wire, whatever it is elsewhere.
    pub id: String,
}

impl Identifier {
    /// This resource.
    #[must_use]
    pub fn new(kind: &'static str, id: impl ToString) -> Identifier {
        Identifier {
            kind,
            id: id.to_string(),
        }
    }
}

/// Where a relationship leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// To one resource, or to none.
    One(Option<Identifier>),
    /// To any number of them.
    Many(Vec<Identifier>),
}

impl Linkage {
    /// Each resource that it leads to.
    #[must_use]
    pub fn identifiers(&self) -> &[Identifier] {
        match self {
            Linkage::One(one) => one.as_slice(),
            Linkage::Many(many) => many,
        }
    }
}

/// One resource, ready to be written, filtered and sorted.
///
/// What is not set is null, or leads nowhere. Whoever leaves a relationship out because it was not
/// asked for should know that from [`Query::wants`](crate::Query::wants).
#[derive(Clone, Debug)]
pub struct Row {
    /// Its type.
    pub kind: &'static ResourceType,
    /// Its id.
    pub id: String,
    /// Its path below the public base URL, such as `/administrations/5/reservations/9`. It becomes
    /// `links.self`, and must answer GET.
    pub path: Option<String>,
    attributes: Vec<(&'static str, Value)>,
    relationships: Vec<(&'static str, Linkage)>,
    related: Vec<(&'static str, String)>,
    links: Vec<(&'static str, String)>,
    meta: Map<String, Json>,
}

impl Row {
    /// A resource without any values.
    #[must_use]
    pub fn new(kind: &'static ResourceType, id: impl ToString) -> Row {
        Row {
            kind,
            id: id.to_string(),
            path: None,
            attributes: Vec::with_capacity(kind.attributes.len()),
            relationships: Vec::with_capacity(kind.relationships.len()),
            related: Vec::new(),
            links: Vec::new(),
            meta: Map::new(),
        }
    }

    /// With `links.self` at this path below the base URL.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Row {
        self.path = Some(path.into());
        self
    }

    /// Without `links.self`: nothing of it stands anywhere.
    #[must_use]
    pub fn nowhere(mut self) -> Row {
        self.path = None;
        self
    }

    /// With this value of an attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Row {
        self.set(name, value);
        self
    }

    /// Gives an attribute a value.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        put(&mut self.attributes, name, value.into());
    }

    /// With a relationship to one resource or to none.
    #[must_use]
    pub fn to_one(mut self, name: &'static str, identifier: Option<Identifier>) -> Row {
        self.link(name, Linkage::One(identifier));
        self
    }

    /// With a relationship to any number of resources.
    #[must_use]
    pub fn to_many(mut self, name: &'static str, identifiers: Vec<Identifier>) -> Row {
        self.link(name, Linkage::Many(identifiers));
        self
    }

    /// Says where a relationship leads.
    pub fn link(&mut self, name: &'static str, linkage: Linkage) {
        put(&mut self.relationships, name, linkage);
    }

    /// With `links.related` of a relationship at this path below the base URL; without it, it is
    /// the path of this resource and the relationship's name.
    #[must_use]
    pub fn related_at(mut self, name: &'static str, path: impl Into<String>) -> Row {
        put(&mut self.related, name, path.into());
        self
    }

    /// With one more link, whole, beside `links.self`.
    #[must_use]
    pub fn with_link(mut self, name: &'static str, url: impl Into<String>) -> Row {
        put(&mut self.links, name, url.into());
        self
    }

    /// With a member of `meta`.
    #[must_use]
    pub fn with_meta(mut self, name: &str, value: Json) -> Row {
        self.meta.insert(name.to_owned(), value);
        self
    }

    /// Its type and id.
    #[must_use]
    pub fn identifier(&self) -> Identifier {
        Identifier::new(self.kind.name, &self.id)
    }

    /// The value of an attribute; null if it has none.
    #[must_use]
    pub fn value(&self, name: &str) -> &Value {
        find(&self.attributes, name).unwrap_or(&Value::Null)
    }

    /// Where a relationship leads, if somebody has said so.
    #[must_use]
    pub fn linkage(&self, name: &str) -> Option<&Linkage> {
        find(&self.relationships, name)
    }

    /// Each resource that a relationship leads to.
    #[must_use]
    pub fn linked(&self, name: &str) -> &[Identifier] {
        self.linkage(name).map_or(&[], Linkage::identifiers)
    }

    /// The path of `links.related` of a relationship.
    #[must_use]
    pub fn related_path(&self, name: &str) -> Option<String> {
        let given = find(&self.related, name).cloned();
        given.or_else(|| Some(format!("{}/{name}", self.path.as_deref()?)))
    }

    /// The links beside `links.self`.
    #[must_use]
    pub fn links(&self) -> &[(&'static str, String)] {
        &self.links
    }

    /// What stands in `meta`.
    #[must_use]
    pub fn meta(&self) -> &Map<String, Json> {
        &self.meta
    }

    /// What this row gets wrong about its type; a test of a dialect calls it on each row.
    #[must_use]
    pub fn flaws(&self) -> Vec<RowFlaw> {
        let mut found = Vec::new();
        if !is_id(&self.id) || !(self.kind.opaque_ids || is_decimal(&self.id)) {
            found.push(RowFlaw::OddId);
        }
        for (name, value) in &self.attributes {
            match self.kind.attribute(name) {
                None => found.push(RowFlaw::UnknownAttribute(name)),
                Some(attribute) if !value.fits(attribute) => found.push(RowFlaw::WrongKind(name)),
                Some(_) => {}
            }
        }
        for (name, linkage) in &self.relationships {
            let Some(relationship) = self.kind.relationship(name) else {
                found.push(RowFlaw::UnknownRelationship(name));
                continue;
            };
            if relationship.many != matches!(linkage, Linkage::Many(_)) {
                found.push(RowFlaw::WrongNumber(name));
            }
            let is_target = |to: &Identifier| relationship.targets.contains(&to.kind);
            if !linkage.identifiers().iter().all(is_target) {
                found.push(RowFlaw::WrongTarget(name));
            }
        }
        found
    }
}

/// What a row gets wrong about its type, with the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFlaw {
    /// The id is not one that the type can have.
    OddId,
    /// The type has no such attribute.
    UnknownAttribute(&'static str),
    /// The value is of another kind than was declared.
    WrongKind(&'static str),
    /// The type has no such relationship.
    UnknownRelationship(&'static str),
    /// To-one where to-many was declared, or the other way round.
    WrongNumber(&'static str),
    /// It leads to a type that was not declared.
    WrongTarget(&'static str),
}

impl fmt::Display for RowFlaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowFlaw::OddId => out.write_str("the id is odd"),
            RowFlaw::UnknownAttribute(name) => write!(out, "{name} is no attribute"),
            RowFlaw::WrongKind(name) => write!(out, "{name} is of another kind"),
            RowFlaw::UnknownRelationship(name) => write!(out, "{name} is no relationship"),
            RowFlaw::WrongNumber(name) => write!(out, "{name} is to-one or to-many, not this"),
            RowFlaw::WrongTarget(name) => write!(out, "{name} leads to another type"),
        }
    }
}

fn put<T>(pairs: &mut Vec<(&'static str, T)>, name: &'static str, value: T) {
    match pairs.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => pairs.push((name, value)),
    }
}

fn find<'a, T>(pairs: &'a [(&'static str, T)], name: &str) -> Option<&'a T> {
    let found = pairs.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value)
}

/// The order of ids: decimal ones first, by number, then the others by their text.
#[must_use]
pub fn compare_ids(one: &str, other: &str) -> Ordering {
    match (is_decimal(one), is_decimal(other)) {
        (true, true) => by_number(one, other),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => one.cmp(other),
    }
}

fn by_number(one: &str, other: &str) -> Ordering {
    let digits = |id: &'_ str| id.trim_start_matches('0').len();
    let by_length = digits(one).cmp(&digits(other));
    by_length
        .then_with(|| {
            one.trim_start_matches('0')
                .cmp(other.trim_start_matches('0'))
        })
        .then_with(|| one.cmp(other))
}

/// Whether a text may be an id: letters, digits, `-` and `_`, not too many.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=limits::ID_CHARACTERS).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether an id is nothing but digits.
#[must_use]
pub fn is_decimal(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attribute, Kind, Relationship};

    static ROOM: ResourceType = ResourceType::new("room")
        .attributes(&[Attribute::new("floor", Kind::Integer)])
        .relationships(&[Relationship::to_one("park", &["park"])]);

    #[test]
    fn ids_are_in_the_order_of_their_numbers() {
        let mut ids = ["b", "10", "9", "2026-01-01", "100", "07", "7", "1"];
        ids.sort_by(|one, other| compare_ids(one, other));
        assert_eq!(ids, ["1", "07", "7", "9", "10", "100", "2026-01-01", "b"]);
    }

    #[test]
    fn a_row_knows_what_it_gets_wrong() {
        let row = Row::new(&ROOM, 7)
            .with("floor", "two")
            .with("size", 3)
            .to_many("park", vec![Identifier::new("owner", 1)])
            .to_one("door", None);
        assert_eq!(
            row.flaws(),
            [
                RowFlaw::WrongKind("floor"),
                RowFlaw::UnknownAttribute("size"),
                RowFlaw::WrongNumber("park"),
                RowFlaw::WrongTarget("park"),
                RowFlaw::UnknownRelationship("door"),
            ]
        );
        let sound = Row::new(&ROOM, 7)
            .with("floor", 2)
            .to_one("park", Some(Identifier::new("park", 1)));
        assert_eq!(sound.flaws(), []);
        assert_eq!(sound.value("floor"), &Value::Integer(2));
        assert_eq!(sound.value("size"), &Value::Null);
    }

    #[test]
    fn related_links_stand_below_the_resource_unless_somebody_says_otherwise() {
        let row = Row::new(&ROOM, 7).at("/rooms/7");
        assert_eq!(row.related_path("park").as_deref(), Some("/rooms/7/park"));
        let row = row.related_at("park", "/parks/1");
        assert_eq!(row.related_path("park").as_deref(), Some("/parks/1"));
        assert_eq!(Row::new(&ROOM, 7).related_path("park"), None);
    }
}
