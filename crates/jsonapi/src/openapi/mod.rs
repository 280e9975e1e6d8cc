//! The types as OpenAPI 3.1 schemas: documents that go out, documents that come in, parameters.
//!
//! Everything here follows from the declarations, so the published document cannot differ from what
//! is served. What comes in is described as exactly as a schema can: whatever fits is understood, and
//! whatever does not fit is refused.

mod documents;
mod kinds;
mod parameters;
mod requests;

use serde_json::{Map, Value as Json, json};

use crate::resource::ResourceType;
use crate::schema::Schema;

pub use kinds::{DATE, currencies, up_to};
pub use parameters::{accept_language, query};

/// What a schema describes of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One resource object.
    Resource,
    /// An answer with one resource.
    Document,
    /// An answer with one resource that was just created or changed.
    Written,
    /// An answer with a page of a list.
    List,
    /// An answer with a list that has no pages.
    Whole,
    /// A request that creates a resource.
    Create,
    /// A request that changes a resource.
    Update,
    /// A resource in the `included` of a request.
    Sidepost,
}

impl Shape {
    const ALL: [Shape; 8] = [
        Shape::Resource,
        Shape::Document,
        Shape::Written,
        Shape::List,
        Shape::Whole,
        Shape::Create,
        Shape::Update,
        Shape::Sidepost,
    ];

    const fn suffix(self) -> &'static str {
        match self {
            Shape::Resource => "",
            Shape::Document => "Document",
            Shape::Written => "Written",
            Shape::List => "List",
            Shape::Whole => "Whole",
            Shape::Create => "Create",
            Shape::Update => "Update",
            Shape::Sidepost => "Sidepost",
        }
    }
}

/// The name of the schema of every answer with errors.
pub const ERRORS: &str = "Errors";

const INCLUDED: &str = "Included";

/// The name of a schema: `rentable_type` as a list is `RentableTypeList`.
#[must_use]
pub fn name(kind: &ResourceType, shape: Shape) -> String {
    let words = kind.name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_uppercase())
    });
    words.chain([shape.suffix().to_owned()]).collect()
}

/// A reference to a schema of a type.
#[must_use]
pub fn reference(kind: &ResourceType, shape: Shape) -> Json {
    reference_to(&name(kind, shape))
}

/// A reference to the schema of errors.
#[must_use]
pub fn errors_reference() -> Json {
    reference_to(ERRORS)
}

/// All schemas of `components.schemas`, by name, in the order of the alphabet.
#[must_use]
pub fn components(schema: &Schema) -> Map<String, Json> {
    let mut found: Vec<(String, Json)> = Vec::new();
    for kind in schema.types() {
        for shape in Shape::ALL {
            found.push((name(kind, shape), described(schema, kind, shape)));
        }
    }
    found.push((ERRORS.to_owned(), documents::errors()));
    found.push((INCLUDED.to_owned(), documents::included(schema)));
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.into_iter().collect()
}

fn described(schema: &Schema, kind: &'static ResourceType, shape: Shape) -> Json {
    match shape {
        Shape::Resource => documents::resource(schema, kind),
        Shape::Document => documents::document(kind),
        Shape::Written => documents::written(kind),
        Shape::List => documents::list(kind),
        Shape::Whole => documents::whole(kind),
        Shape::Create => requests::create(schema, kind),
        Shape::Update => requests::update(schema, kind),
        Shape::Sidepost => requests::sidepost(schema, kind),
    }
}

fn reference_to(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
