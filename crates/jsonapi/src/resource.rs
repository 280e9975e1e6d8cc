//! Resource types, declared as data.
//!
//! A declaration says everything that the engine has to know of a type; nothing about a type is
//! written as code anywhere else. All builders are `const`, so that a table of types is a `static`:
//!
//! ```
//! use jsonapi::{Attribute, Kind, Member, Relationship, ResourceType};
//!
//! static RESERVATION: ResourceType = ResourceType::new("reservation")
//!     .scopes("reservation|read", "reservation|write")
//!     .attributes(&[
//!         Attribute::new("start_date", Kind::Date).required().filterable().sortable(),
//!         Attribute::new("guest_group", Kind::Object(&[Member::new("adults", Kind::Integer)])).writable(),
//!         Attribute::new("updated_at", Kind::DateTime).filterable().sortable(),
//!     ])
//!     .relationships(&[
//!         Relationship::to_one("booking", &["booking"]).sidepostable().filterable(),
//!         Relationship::to_many("labels", &["label"]).on_request(),
//!     ]);
//! assert!(RESERVATION.attribute("start_date").is_some());
//! ```

use std::fmt;

use crate::kind::{Bounds, Kind};

/// A type of resource.
#[derive(Clone, Copy)]
pub struct ResourceType {
    /// The `type` member: singular, in snake case.
    pub name: &'static str,
    /// Its attributes, in the order in which they are written.
    pub attributes: &'static [Attribute],
    /// Its relationships, in the order in which they are written.
    pub relationships: &'static [Relationship],
    /// The scope word that reading it needs, also by include.
    pub read: Option<&'static str>,
    /// The scope word that writing it needs, also by sideposting.
    pub write: Option<&'static str>,
    /// Whether ids may be anything but decimal integers, such as those of a day of a calendar.
    pub opaque_ids: bool,
}

/// Two types are the same if they have the same name; a table has no name twice.
impl PartialEq for ResourceType {
    fn eq(&self, other: &ResourceType) -> bool {
        self.name == other.name
    }
}

impl Eq for ResourceType {}

/// Its name: whoever looks at a row has no use for all that was declared.
impl fmt::Debug for ResourceType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ResourceType({})", self.name)
    }
}

impl ResourceType {
    /// A type without any fields.
    #[must_use]
    pub const fn new(name: &'static str) -> ResourceType {
        ResourceType {
            name,
            attributes: &[],
            relationships: &[],
            read: None,
            write: None,
            opaque_ids: false,
        }
    }

    /// With these attributes.
    #[must_use]
    pub const fn attributes(mut self, attributes: &'static [Attribute]) -> ResourceType {
        self.attributes = attributes;
        self
    }

    /// With these relationships.
    #[must_use]
    pub const fn relationships(mut self, relationships: &'static [Relationship]) -> ResourceType {
        self.relationships = relationships;
        self
    }

    /// Reading needs the one scope word, writing the other.
    #[must_use]
    pub const fn scopes(mut self, read: &'static str, write: &'static str) -> ResourceType {
        self.read = Some(read);
        self.write = Some(write);
        self
    }

    /// Reading needs this scope word, and nobody writes it.
    #[must_use]
    pub const fn readable_with(mut self, read: &'static str) -> ResourceType {
        self.read = Some(read);
        self
    }

    /// Ids are any short text.
    #[must_use]
    pub const fn with_opaque_ids(mut self) -> ResourceType {
        self.opaque_ids = true;
        self
    }

    /// The same fields and scopes under another name: a deprecated alias.
    #[must_use]
    pub const fn renamed(mut self, name: &'static str) -> ResourceType {
        self.name = name;
        self
    }

    /// The attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        let attributes: &'static [Attribute] = self.attributes;
        attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The relationship of this name.
    #[must_use]
    pub fn relationship(&self, name: &str) -> Option<&'static Relationship> {
        let relationships: &'static [Relationship] = self.relationships;
        relationships.iter().find(|known| known.name == name)
    }

    /// Whether it has a field of this name, attribute or relationship, that can be read.
    #[must_use]
    pub fn has_readable(&self, name: &str) -> bool {
        let attribute = self.attribute(name);
        attribute.is_some_and(|attribute| attribute.readable) || self.relationship(name).is_some()
    }

    /// Whether the field of this name is shown where nobody asks for fields.
    #[must_use]
    pub fn shows_by_default(&self, name: &str) -> bool {
        match (self.attribute(name), self.relationship(name)) {
            (Some(attribute), _) => attribute.readable && attribute.default,
            (None, Some(relationship)) => relationship.default,
            (None, None) => false,
        }
    }
}

/// Who may set a field, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Only the server.
    Never,
    /// The client, when it creates the resource.
    OnCreate,
    /// The client, when it changes a resource that is there.
    OnChange,
    /// The client.
    Always,
}

impl Write {
    /// Whether a request may set the field.
    #[must_use]
    pub const fn allows(self, creating: bool) -> bool {
        match self {
            Write::Never => false,
            Write::OnCreate => creating,
            Write::OnChange => !creating,
            Write::Always => true,
        }
    }
}

/// An attribute of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, in snake case.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is an object with a value per locale.
    pub localized: bool,
    /// Whether it is ever shown.
    pub readable: bool,
    /// Who may set it.
    pub write: Write,
    /// Whether it must be there on create and may never be null.
    pub required: bool,
    /// Whether it is shown where nobody asks for fields.
    pub default: bool,
    /// Whether `filter[…]` knows it.
    pub filterable: bool,
    /// Whether `sort` knows it.
    pub sortable: bool,
    /// The only texts that a request may set; any if empty.
    pub words: &'static [&'static str],
    /// How small and how great it may be in a request.
    pub bounds: Option<Bounds>,
    /// What a text of a request looks like, as a pattern for the API document.
    pub shape: Option<&'static str>,
    /// Whether JSON:API reserves its name, and the dialect shows it all the same.
    pub reserved_name: bool,
}

impl Attribute {
    /// An attribute that is shown and that only the server sets.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Attribute {
        Attribute {
            name,
            kind,
            localized: false,
            readable: true,
            write: Write::Never,
            required: false,
            default: true,
            filterable: false,
            sortable: false,
            words: &[],
            bounds: None,
            shape: None,
            reserved_name: false,
        }
    }

    /// An object with a value per locale.
    #[must_use]
    pub const fn localized(mut self) -> Attribute {
        self.localized = true;
        self
    }

    /// Clients may set it.
    #[must_use]
    pub const fn writable(mut self) -> Attribute {
        self.write = Write::Always;
        self
    }

    /// Clients may set it when they create the resource, and not later.
    #[must_use]
    pub const fn writable_on_create(mut self) -> Attribute {
        self.write = Write::OnCreate;
        self
    }

    /// Clients may set it of a resource that is there, and not when they create it.
    #[must_use]
    pub const fn writable_on_change(mut self) -> Attribute {
        self.write = Write::OnChange;
        self
    }

    /// Clients may set it, must do so on create, and may never set it to null.
    #[must_use]
    pub const fn required(mut self) -> Attribute {
        self.required = true;
        if matches!(self.write, Write::Never) {
            self.write = Write::Always;
        }
        self
    }

    /// Never shown: it can only be set, or only be filtered by.
    #[must_use]
    pub const fn hidden(mut self) -> Attribute {
        self.readable = false;
        self.default = false;
        self
    }

    /// Shown only to those who ask for it by `fields`.
    #[must_use]
    pub const fn on_request(mut self) -> Attribute {
        self.default = false;
        self
    }

    /// `filter[…]` knows it.
    #[must_use]
    pub const fn filterable(mut self) -> Attribute {
        self.filterable = true;
        self
    }

    /// `sort` knows it.
    #[must_use]
    pub const fn sortable(mut self) -> Attribute {
        self.sortable = true;
        self
    }

    /// In a request it is at least and at most so great (numbers), long (texts) or many (lists).
    #[must_use]
    pub const fn between(mut self, least: i64, most: i64) -> Attribute {
        self.bounds = Some(Bounds { least, most });
        self
    }

    /// What a text, or each text of a list, looks like, as an anchored pattern of JSON Schema that no text with a NUL character
    /// matches. It is shown in the API document; the texts themselves are for the dialect to judge.
    #[must_use]
    pub const fn shaped(mut self, pattern: &'static str) -> Attribute {
        self.shape = Some(pattern);
        self
    }

    /// JSON:API has no attribute of this name, `type`, but the dialect does, and its clients read it.
    /// A type that is only filtered by needs no such confession: it is hidden.
    #[must_use]
    pub const fn reserved_name(mut self) -> Attribute {
        self.reserved_name = true;
        self
    }

    /// A request may set it to one of these only.
    #[must_use]
    pub const fn one_of(mut self, words: &'static [&'static str]) -> Attribute {
        self.words = words;
        self
    }
}

/// A relationship of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// Its name, in snake case.
    pub name: &'static str,
    /// Whether it leads to any number of resources, or to one at most.
    pub many: bool,
    /// The types that it may lead to.
    pub targets: &'static [&'static str],
    /// Who may set it.
    pub write: Write,
    /// Whether it must be there on create and may never be null.
    pub required: bool,
    /// Whether a request may create or update what it leads to.
    pub sidepostable: bool,
    /// Whether it is shown where nobody asks for fields.
    pub default: bool,
    /// Whether `filter[…]` knows it.
    pub filterable: bool,
    /// Whether a filter has to name ids: where it leads nowhere cannot be asked for.
    pub filter_names_ids: bool,
    /// Whether `include` knows it.
    pub includable: bool,
    /// Whether it carries `links.related`. Such a link must answer GET.
    pub related: bool,
}

impl Relationship {
    const fn new(name: &'static str, many: bool, targets: &'static [&'static str]) -> Relationship {
        Relationship {
            name,
            many,
            targets,
            write: Write::Never,
            required: false,
            sidepostable: false,
            default: true,
            filterable: false,
            filter_names_ids: false,
            includable: true,
            related: false,
        }
    }

    /// It leads to one resource or to none.
    #[must_use]
    pub const fn to_one(name: &'static str, targets: &'static [&'static str]) -> Relationship {
        Relationship::new(name, false, targets)
    }

    /// It leads to any number of resources.
    #[must_use]
    pub const fn to_many(name: &'static str, targets: &'static [&'static str]) -> Relationship {
        Relationship::new(name, true, targets)
    }

    /// Clients may set it.
    #[must_use]
    pub const fn writable(mut self) -> Relationship {
        self.write = Write::Always;
        self
    }

    /// Clients may set it when they create the resource, and not later.
    #[must_use]
    pub const fn writable_on_create(mut self) -> Relationship {
        self.write = Write::OnCreate;
        self
    }

    /// Clients may set it, must do so on create, and may never set it to null.
    #[must_use]
    pub const fn required(mut self) -> Relationship {
        self.required = true;
        if matches!(self.write, Write::Never) {
            self.write = Write::Always;
        }
        self
    }

    /// Clients may set it, and create or update what it leads to in the same request.
    #[must_use]
    pub const fn sidepostable(mut self) -> Relationship {
        self.sidepostable = true;
        if matches!(self.write, Write::Never) {
            self.write = Write::Always;
        }
        self
    }

    /// Shown only to those who ask for it by `fields` or `include`.
    #[must_use]
    pub const fn on_request(mut self) -> Relationship {
        self.default = false;
        self
    }

    /// `filter[…]` knows it, by the ids that it leads to.
    #[must_use]
    pub const fn filterable(mut self) -> Relationship {
        self.filterable = true;
        self
    }

    /// `filter[…]` knows it by the ids that it leads to, and cannot be asked where it leads nowhere. The
    /// API document says so, and the dialect refuses it.
    #[must_use]
    pub const fn filterable_by_ids(mut self) -> Relationship {
        self.filterable = true;
        self.filter_names_ids = true;
        self
    }

    /// `include` does not know it.
    #[must_use]
    pub const fn not_includable(mut self) -> Relationship {
        self.includable = false;
        self
    }

    /// It carries `links.related`.
    #[must_use]
    pub const fn with_related_link(mut self) -> Relationship {
        self.related = true;
        self
    }
}
