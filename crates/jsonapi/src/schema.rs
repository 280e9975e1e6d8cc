//! All resource types of an API, and whether their declarations make sense together.
//!
//! A table with a flaw does not become a [`Schema`]; a test of the table names every flaw at once.

use std::collections::HashMap;
use std::fmt;

use crate::kind::{Kind, Member};
use crate::resource::{Attribute, Relationship, ResourceType, Write};

/// Names that mean something else inside a resource object.
const RESERVED: [&str; 4] = ["id", "type", "links", "relationships"];

/// All types of an API, by name.
#[derive(Clone, Debug)]
pub struct Schema {
    types: Vec<&'static ResourceType>,
    by_name: HashMap<&'static str, &'static ResourceType>,
    locales: &'static [&'static str],
}

impl Schema {
    /// The table of these types.
    ///
    /// # Errors
    /// Every [`Flaw`] of the declarations.
    pub fn new(types: &[&'static ResourceType]) -> Result<Schema, Flaws> {
        let found = flaws(types);
        if !found.is_empty() {
            return Err(Flaws(found));
        }
        let by_name = |kind: &&'static ResourceType| (kind.name, *kind);
        Ok(Schema {
            by_name: types.iter().map(by_name).collect(),
            types: types.to_vec(),
            locales: &[],
        })
    }

    /// Localized attributes are in these languages and in no others.
    #[must_use]
    pub fn with_locales(mut self, locales: &'static [&'static str]) -> Schema {
        self.locales = locales;
        self
    }

    /// The languages that localized attributes may be in; any if empty.
    #[must_use]
    pub fn locales(&self) -> &'static [&'static str] {
        self.locales
    }

    /// Every type, in the order of the table.
    pub fn types(&self) -> impl Iterator<Item = &'static ResourceType> {
        self.types.iter().copied()
    }

    /// The type of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'static ResourceType> {
        self.by_name.get(name).copied()
    }

    /// The types that a relationship may lead to.
    pub fn targets(
        &self,
        relationship: &Relationship,
    ) -> impl Iterator<Item = &'static ResourceType> {
        relationship
            .targets
            .iter()
            .filter_map(|name| self.get(name))
    }
}

/// Something that a declaration gets wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The type, and the field if it is one of a field: `reservation.booking`.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

/// All that the declarations get wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaws(pub Vec<Flaw>);

impl fmt::Display for Flaws {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&lines.join("; "))
    }
}

impl std::error::Error for Flaws {}

/// Everything that is wrong with these declarations; nothing if they can be served.
#[must_use]
pub fn flaws(types: &[&'static ResourceType]) -> Vec<Flaw> {
    let mut found = Found::default();
    for (index, kind) in types.iter().enumerate() {
        if !is_snake_case(kind.name) {
            found.add(kind.name, "is no snake case name");
        }
        if types[..index].iter().any(|other| other.name == kind.name) {
            found.add(kind.name, "is declared twice");
        }
        judge_names(kind, &mut found);
        for attribute in kind.attributes {
            judge_attribute(kind, attribute, &mut found);
        }
        for relationship in kind.relationships {
            judge_relationship(kind, relationship, types, &mut found);
        }
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Flaw>);

impl Found {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.0.push(Flaw {
            place: place.into(),
            what: what.into(),
        });
    }

    fn add_if(&mut self, wrong: bool, place: &str, what: &str) {
        if wrong {
            self.add(place, what);
        }
    }
}

/// Attributes and relationships share one namespace, which has no room for `id` and `type`.
fn judge_names(kind: &ResourceType, found: &mut Found) {
    let attributes = kind.attributes.iter().map(|attribute| attribute.name);
    let relationships = kind.relationships.iter().map(|known| known.name);
    let mut seen: Vec<String> = Vec::new();
    for name in attributes.chain(relationships) {
        let place = format!("{}.{name}", kind.name);
        found.add_if(!is_member_name(name), &place, "is no legal member name");
        found.add_if(!is_snake_case(name), &place, "is no snake case name");
        let attribute = kind.attribute(name);
        let is_shown = attribute.is_none_or(|known| known.readable && !known.reserved_name);
        let is_reserved = RESERVED.contains(&name) && is_shown;
        found.add_if(is_reserved, &place, "is a reserved name");
        // Filters do not mind upper and lower case, so names may not differ in that alone.
        let lower = name.to_lowercase();
        found.add_if(seen.contains(&lower), &place, "is declared twice");
        let relationship = name.strip_suffix("_id").or(name.strip_suffix("_ids"));
        let is_foreign_key = relationship.is_some_and(|name| kind.relationship(name).is_some());
        let what = "is a foreign key beside its relationship";
        found.add_if(is_foreign_key && is_shown, &place, what);
        seen.push(lower);
    }
}

fn judge_attribute(kind: &ResourceType, attribute: &Attribute, found: &mut Found) {
    let place = format!("{}.{}", kind.name, attribute.name);
    let is_text = attribute.kind == Kind::Text;
    let rules = [
        (attribute.localized && !is_text, "is localized, but no text"),
        (
            attribute.sortable && (attribute.localized || !attribute.kind.is_scalar()),
            "is sortable, but has no order",
        ),
        (
            attribute.filterable && !is_filterable(attribute.kind),
            "is filterable, but cannot be compared",
        ),
        (
            !attribute.words.is_empty() && !is_text,
            "has words, but is no text",
        ),
        (
            attribute.bounds.is_some() && !attribute.kind.is_countable(),
            "has bounds, but nothing to count",
        ),
        (
            attribute
                .bounds
                .is_some_and(|bounds| bounds.least > bounds.most),
            "has bounds that leave nothing",
        ),
        (
            !attribute.readable && attribute.default,
            "is hidden, but shown by default",
        ),
        (
            !attribute.readable && attribute.write == Write::Never && !attribute.filterable,
            "is neither shown nor set nor filtered by",
        ),
        (
            attribute.required && !attribute.write.allows(true),
            "is required, but cannot be set",
        ),
    ];
    for (wrong, what) in rules {
        found.add_if(wrong, &place, what);
    }
    if let Kind::Object(members) = attribute.kind {
        judge_members(&place, members, found);
    }
}

fn is_filterable(kind: Kind) -> bool {
    match kind {
        Kind::Object(members) => members.iter().any(|member| member.kind.is_scalar()),
        Kind::Array(item) => item.is_scalar(),
        Kind::Json => false,
        _ => true,
    }
}

fn judge_members(place: &str, members: &[Member], found: &mut Found) {
    let what = "is an object without members; declare them, or say Json";
    found.add_if(members.is_empty(), place, what);
    for (index, member) in members.iter().enumerate() {
        let place = format!("{place}.{}", member.name);
        let is_twice = members[..index]
            .iter()
            .any(|other| other.name == member.name);
        found.add_if(is_twice, &place, "is declared twice");
        found.add_if(
            !is_member_name(member.name),
            &place,
            "is no legal member name",
        );
        if let Kind::Object(inner) = member.kind {
            judge_members(&place, inner, found);
        }
    }
}

fn judge_relationship(
    kind: &ResourceType,
    relationship: &Relationship,
    types: &[&'static ResourceType],
    found: &mut Found,
) {
    let place = format!("{}.{}", kind.name, relationship.name);
    found.add_if(relationship.targets.is_empty(), &place, "leads nowhere");
    for target in relationship.targets {
        if !types.iter().any(|known| known.name == *target) {
            let what = format!("leads to {target}, which is not declared");
            found.add(&place, what);
        }
    }
    let is_set = relationship.write != Write::Never;
    found.add_if(
        relationship.required && !is_set,
        &place,
        "is required, but cannot be set",
    );
    found.add_if(
        relationship.sidepostable && !is_set,
        &place,
        "is sideposted, but cannot be set",
    );
}

/// Letters, digits and `_`, `-` between them: what JSON:API recommends, and its schema accepts.
#[must_use]
pub fn is_member_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    is_end(bytes.first()) && is_end(bytes.last()) && bytes.iter().all(is_inside)
}

fn is_snake_case(name: &str) -> bool {
    let is_small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    is_member_name(name)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(is_small)
}

#[cfg(test)]
mod tests {
    use super::*;

    static GOOD: ResourceType = ResourceType::new("room")
        .attributes(&[
            Attribute::new("name", Kind::Text).localized().filterable(),
            Attribute::new("floor", Kind::Integer).sortable(),
        ])
        .relationships(&[Relationship::to_one("park", &["park"])]);
    static PARK: ResourceType = ResourceType::new("park");

    static BAD: ResourceType = ResourceType::new("Room")
        .attributes(&[
            Attribute::new("id", Kind::Integer),
            Attribute::new("type", Kind::Text),
            Attribute::new("park", Kind::Text),
            Attribute::new("owner_id", Kind::Integer),
            Attribute::new("_odd_", Kind::Text),
            Attribute::new("size", Kind::Integer).localized(),
            Attribute::new("group", Kind::Object(&[]))
                .sortable()
                .filterable(),
            Attribute::new("free", Kind::Json).filterable(),
            Attribute::new("unused", Kind::Text).hidden(),
            Attribute::new("level", Kind::Integer).one_of(&["low"]),
        ])
        .relationships(&[
            Relationship::to_one("park", &["park"]),
            Relationship::to_one("owner", &["person"]),
            Relationship::to_many("labels", &[]),
        ]);

    #[test]
    fn a_sound_table_has_no_flaws_and_finds_its_types() {
        let schema = Schema::new(&[&GOOD, &PARK]).unwrap();
        assert_eq!(schema.get("room"), Some(&GOOD));
        assert_eq!(schema.get("rooms"), None);
        let park = GOOD.relationship("park").unwrap();
        assert_eq!(schema.targets(park).collect::<Vec<_>>(), [&PARK]);
    }

    #[test]
    fn attributes_and_relationships_share_one_namespace_without_id_and_type() {
        let found = Flaws(flaws(&[&BAD, &PARK])).to_string();
        for flaw in [
            "Room: is no snake case name",
            "Room.id: is a reserved name",
            "Room.type: is a reserved name",
            "Room.park: is declared twice",
            "Room.owner_id: is a foreign key beside its relationship",
            "Room._odd_: is no legal member name",
            "Room.size: is localized, but no text",
            "Room.group: is sortable, but has no order",
            "Room.group: is filterable, but cannot be compared",
            "Room.group: is an object without members; declare them, or say Json",
            "Room.free: is filterable, but cannot be compared",
            "Room.unused: is neither shown nor set nor filtered by",
            "Room.level: has words, but is no text",
            "Room.owner: leads to person, which is not declared",
            "Room.labels: leads nowhere",
        ] {
            assert!(found.contains(flaw), "{flaw} is not in {found}");
        }
        assert!(Schema::new(&[&BAD]).is_err());
    }

    #[test]
    fn a_type_is_declared_once() {
        assert_eq!(flaws(&[&PARK, &PARK]).len(), 1);
    }

    #[test]
    fn member_names_start_and_end_with_a_letter_or_digit() {
        for name in ["a", "a1", "a_b", "a-b", "9a"] {
            assert!(is_member_name(name), "{name}");
        }
        for name in ["", "_a", "a_", "-a", "a b", "a|b", "ä", "a.b"] {
            assert!(!is_member_name(name), "{name}");
        }
    }
}
