//! What a request document asks for, understood: resources to create or to update.

use serde_json::{Map, Value as Json};

use crate::error::{Code, Error, step};
use crate::resource::ResourceType;
use crate::row::Identifier;
use crate::value::Value;

/// A request document: its primary resource, and those that are written with it.
///
/// The dialect carries out all of it in one transaction, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    drafts: Vec<Draft>,
}

/// One resource as the client wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its type.
    pub kind: &'static ResourceType,
    /// Whether it is new.
    pub aim: Aim,
    /// Its `meta`, as it came, without what sideposting has put there.
    pub meta: Map<String, Json>,
    pub(crate) pointer: String,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    pub(crate) relationships: Vec<(&'static str, Links)>,
}

/// What is to be done with a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// It is to be created.
    Create,
    /// The one with this id is to be changed; whatever is not mentioned stays.
    Update(String),
}

/// Where a relationship shall lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// To one resource, or to none.
    One(Option<Link>),
    /// To these, and to no others.
    Many(Vec<Link>),
}

/// One end of a relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A resource that exists already, or so the client says.
    To(Identifier),
    /// A resource of the same request, by its place in [`Change::drafts`].
    Draft(usize),
}

impl Links {
    /// Each end.
    #[must_use]
    pub fn as_slice(&self) -> &[Link] {
        match self {
            Links::One(one) => one.as_slice(),
            Links::Many(many) => many,
        }
    }
}

impl Change {
    /// The first one is the primary resource.
    pub(crate) fn new(drafts: Vec<Draft>) -> Option<Change> {
        (!drafts.is_empty()).then_some(Change { drafts })
    }

    /// The primary resource.
    #[must_use]
    pub fn root(&self) -> &Draft {
        &self.drafts[0]
    }

    /// All resources: the primary one, then the others in the order in which links lead to them.
    #[must_use]
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// The resources of this request that a relationship of one of them leads to.
    pub fn sideposted<'a>(
        &'a self,
        draft: &'a Draft,
        relationship: &str,
    ) -> impl Iterator<Item = &'a Draft> {
        let links = draft.links(relationship);
        let links = links.map(Links::as_slice).unwrap_or_default();
        links.iter().filter_map(|link| match link {
            Link::Draft(index) => self.drafts.get(*index),
            Link::To(_) => None,
        })
    }
}

impl Draft {
    /// What an attribute shall be. Nothing if the client does not mention it: then it stays, or has
    /// its default. [`Value::Null`] if the client clears it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        let found = self.attributes.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    /// The text that an attribute shall have. Not mentioned, and cleared, are both nothing.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_text()
    }

    /// Every attribute that is mentioned, in the order of the document.
    #[must_use]
    pub fn attributes(&self) -> &[(&'static str, Value)] {
        &self.attributes
    }

    /// Where a relationship shall lead. Nothing if the client does not mention it.
    #[must_use]
    pub fn links(&self, name: &str) -> Option<&Links> {
        let found = self.relationships.iter().find(|(known, _)| *known == name);
        found.map(|(_, links)| links)
    }

    /// Every relationship that is mentioned, in the order of the document.
    #[must_use]
    pub fn relationships(&self) -> &[(&'static str, Links)] {
        &self.relationships
    }

    /// The id of the existing resource that a to-one relationship shall lead to.
    #[must_use]
    pub fn linked_id(&self, name: &str) -> Option<&str> {
        match self.links(name)?.as_slice() {
            [Link::To(identifier)] => Some(&identifier.id),
            _ => None,
        }
    }

    /// Where it stands in the request: `/data`, `/included/3`.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Where an attribute of it stands.
    #[must_use]
    pub fn attribute_pointer(&self, name: &str) -> String {
        step(&format!("{}/attributes", self.pointer), name)
    }

    /// Where a relationship of it stands.
    #[must_use]
    pub fn relationship_pointer(&self, name: &str) -> String {
        step(&format!("{}/relationships", self.pointer), name)
    }

    /// Refuses the value of an attribute, 422.
    #[must_use]
    pub fn refuse(&self, attribute: &str, detail: impl Into<String>) -> Error {
        Error::new(Code::InvalidAttribute, detail).at(self.attribute_pointer(attribute))
    }

    /// Refuses where a relationship leads, 422.
    #[must_use]
    pub fn refuse_link(&self, relationship: &str, detail: impl Into<String>) -> Error {
        let pointer = self.relationship_pointer(relationship);
        Error::new(Code::InvalidRelationship, detail).at(pointer)
    }

    /// Says that a relationship leads to something that does not exist, 404.
    #[must_use]
    pub fn missing_link(&self, relationship: &str, to: &Identifier) -> Error {
        let detail = format!("There is no {} with the id {}", to.kind, to.id);
        let pointer = self.relationship_pointer(relationship);
        Error::new(Code::ResourceNotFound, detail).at(pointer)
    }
}
