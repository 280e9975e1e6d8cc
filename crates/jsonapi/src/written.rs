//! How documents are written: member by member into what is sent, without a tree of JSON between.
//!
//! What a type shows is the same for all of its rows, so it is worked out once for a document.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::document::View;
use crate::locale::Locales;
use crate::resource::{Attribute, Relationship, ResourceType};
use crate::row::{Identifier, Linkage, Row};
use crate::value::{Money, Value};

/// A value as it is written: localized texts are limited to these locales.
pub(crate) struct ValueOut<'a>(pub &'a Value, pub &'a Locales);

impl Serialize for ValueOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(value, locales) = self;
        match value {
            Value::Null => to.serialize_unit(),
            Value::Text(text) => to.serialize_str(text),
            Value::Integer(number) => to.serialize_i64(*number),
            Value::Decimal(number) => {
                // Digit by digit, as JSON numbers have no size.
                let number: Json =
                    serde_json::from_str(&number.to_string()).map_err(S::Error::custom)?;
                number.serialize(to)
            }
            Value::Boolean(flag) => to.serialize_bool(*flag),
            Value::Date(date) => to.collect_str(date),
            Value::DateTime(instant) => to.collect_str(instant),
            Value::Money(money) => money_out(*money, to),
            Value::Object(members) => to.collect_map(pairs(members, locales)),
            Value::Array(items) => to.collect_seq(items.iter().map(|item| Self(item, locales))),
            Value::Localized(texts) => {
                let shown = pairs(texts, locales).filter(|(locale, _)| locales.shows(locale));
                to.collect_map(shown)
            }
            Value::Json(json) => json.serialize(to),
        }
    }
}

fn pairs<'a>(
    members: &'a [(String, Value)],
    locales: &'a Locales,
) -> impl Iterator<Item = (&'a str, ValueOut<'a>)> {
    let pair = |(name, value): &'a (String, Value)| (name.as_str(), ValueOut(value, locales));
    members.iter().map(pair)
}

fn money_out<S: Serializer>(money: Money, to: S) -> Result<S::Ok, S::Error> {
    let mut object = to.serialize_map(Some(2))?;
    object.serialize_entry("currency", money.currency.code())?;
    object.serialize_entry("value", &Text(&money.value))?;
    object.end()
}

/// What is written as a text.
struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// The fields that rows of a type show.
pub(crate) struct Shape {
    kind: &'static ResourceType,
    attributes: Vec<&'static Attribute>,
    relationships: Vec<&'static Relationship>,
}

impl Shape {
    fn of(kind: &'static ResourceType, view: &View<'_>) -> Self {
        let query = view.query;
        let attributes = kind.attributes.iter();
        let relationships = kind.relationships.iter();
        Self {
            kind,
            attributes: attributes
                .filter(|known| known.readable && query.shows(kind, known.name))
                .collect(),
            relationships: relationships
                .filter(|known| query.shows(kind, known.name))
                .collect(),
        }
    }
}

/// The shapes of the types that occur in a document, which are few.
pub(crate) struct Shapes(Vec<Shape>);

impl Shapes {
    /// The shapes of all these rows.
    pub(crate) fn of<'r>(rows: impl Iterator<Item = &'r Row>, view: &View<'_>) -> Self {
        let mut shapes = Self(Vec::new());
        for row in rows {
            if shapes.find(row).is_none() {
                shapes.0.push(Shape::of(row.kind, view));
            }
        }
        shapes
    }

    fn find(&self, row: &Row) -> Option<&Shape> {
        self.0.iter().find(|shape| *shape.kind == *row.kind)
    }

    /// A row, ready to be written.
    pub(crate) fn out<'a>(&'a self, row: &'a Row, view: &'a View<'a>) -> ResourceOut<'a> {
        let shape = self.find(row);
        ResourceOut { row, shape, view }
    }
}

/// Resources, ready to be written.
pub(crate) struct ResourcesOut<'a> {
    pub rows: &'a [Row],
    pub shapes: &'a Shapes,
    pub view: &'a View<'a>,
}

impl Serialize for ResourcesOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.rows.len()))?;
        for row in self.rows {
            list.serialize_element(&self.shapes.out(row, self.view))?;
        }
        list.end()
    }
}

/// A resource object, ready to be written.
pub(crate) struct ResourceOut<'a> {
    row: &'a Row,
    shape: Option<&'a Shape>,
    view: &'a View<'a>,
}

impl Serialize for ResourceOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { row, shape, view } = self;
        let shape = shape.ok_or_else(|| S::Error::custom("a type without a shape"))?;
        let mut object = to.serialize_map(None)?;
        object.serialize_entry("type", row.kind.name)?;
        object.serialize_entry("id", &row.id)?;
        if !shape.attributes.is_empty() {
            object.serialize_entry("attributes", &AttributesOut { row, shape, view })?;
        }
        if !shape.relationships.is_empty() {
            object.serialize_entry("relationships", &RelationshipsOut { row, shape, view })?;
        }
        if row.path.is_some() || !row.links().is_empty() {
            object.serialize_entry("links", &LinksOut { row, view })?;
        }
        if !row.meta().is_empty() {
            object.serialize_entry("meta", row.meta())?;
        }
        object.end()
    }
}

struct AttributesOut<'a> {
    row: &'a Row,
    shape: &'a Shape,
    view: &'a View<'a>,
}

impl Serialize for AttributesOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.shape.attributes.iter().map(|known| {
            let value = self.row.value(known.name);
            (known.name, ValueOut(value, self.view.locales))
        }))
    }
}

struct RelationshipsOut<'a> {
    row: &'a Row,
    shape: &'a Shape,
    view: &'a View<'a>,
}

impl Serialize for RelationshipsOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.shape.relationships.iter().map(|known| {
            let (row, view) = (self.row, self.view);
            (known.name, RelationshipOut { row, known, view })
        }))
    }
}

struct RelationshipOut<'a> {
    row: &'a Row,
    known: &'a Relationship,
    view: &'a View<'a>,
}

impl Serialize for RelationshipOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { row, known, view } = self;
        let mut object = to.serialize_map(None)?;
        let is_sent = known.related;
        if let Some(path) = is_sent.then(|| row.related_path(known.name)).flatten() {
            let url = view.address.url(&path);
            object.serialize_entry("links", &Related { related: &url })?;
        }
        // The linkage is always there: null or an empty list where it leads nowhere.
        match row.linkage(known.name) {
            Some(Linkage::Many(many)) => {
                let many: Vec<IdentifierOut<'_>> = many.iter().map(Into::into).collect();
                object.serialize_entry("data", &many)?;
            }
            Some(Linkage::One(one)) => {
                object.serialize_entry("data", &one.as_ref().map(IdentifierOut::from))?;
            }
            None if known.many => object.serialize_entry("data", &[(); 0])?,
            None => object.serialize_entry("data", &())?,
        }
        object.end()
    }
}

/// The links of a relationship.
#[derive(Serialize)]
struct Related<'a> {
    related: &'a str,
}

/// A resource identifier, ready to be written.
#[derive(Serialize)]
struct IdentifierOut<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
}

impl<'a> From<&'a Identifier> for IdentifierOut<'a> {
    fn from(to: &'a Identifier) -> Self {
        let (kind, id) = (to.kind, to.id.as_str());
        Self { kind, id }
    }
}

struct LinksOut<'a> {
    row: &'a Row,
    view: &'a View<'a>,
}

impl Serialize for LinksOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut links = to.serialize_map(None)?;
        if let Some(url) = self.view.location(self.row) {
            links.serialize_entry("self", &url)?;
        }
        for (name, url) in self.row.links() {
            links.serialize_entry(name, url)?;
        }
        links.end()
    }
}
