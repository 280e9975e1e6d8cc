//! What goes out, as schemas.

use serde_json::{Map, Value as Json, json};

use super::{INCLUDED, Shape, kinds, reference, reference_to};
use crate::error::Code;
use crate::resource::{Relationship, ResourceType};
use crate::schema::Schema;

/// A resource object. Sparse fieldsets may leave out every field, so none is required.
pub fn resource(schema: &Schema, kind: &'static ResourceType) -> Json {
    let shown = kind.attributes.iter().filter(|known| known.readable);
    let attributes = shown.map(|known| (known.name.to_owned(), kinds::outgoing(schema, known)));
    let attributes: Map<String, Json> = attributes.collect();
    let known = kind.relationships.iter();
    let relationships = known.map(|known| (known.name.to_owned(), relationship(known)));
    let relationships: Map<String, Json> = relationships.collect();
    json!({
        "type": "object",
        "required": ["type", "id"],
        "properties": {
            "type": { "const": kind.name },
            "id": kinds::id(kind.opaque_ids),
            "attributes": closed(attributes),
            "relationships": closed(relationships),
            "links": { "type": "object", "additionalProperties": { "type": "string" } },
            "meta": { "type": "object" },
        },
        "additionalProperties": false,
    })
}

fn closed(properties: Map<String, Json>) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn relationship(known: &Relationship) -> Json {
    let identifier = |kind: Json| {
        json!({
            "type": kind,
            "required": ["type", "id"],
            "properties": {
                "type": { "enum": known.targets },
                "id": { "type": "string" },
            },
            "additionalProperties": false,
        })
    };
    let data = if known.many {
        json!({ "type": "array", "items": identifier(json!("object")) })
    } else {
        identifier(json!(["object", "null"]))
    };
    let mut properties = json!({ "data": data });
    if known.related {
        let related = json!({ "related": { "type": "string" } });
        properties["links"] = json!({ "type": "object", "properties": related });
    }
    json!({
        "type": "object",
        "required": ["data"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// An answer with one resource, or with none.
pub fn document(kind: &ResourceType) -> Json {
    let resource = reference(kind, Shape::Resource);
    let data = json!({ "anyOf": [resource, { "type": "null" }] });
    whole_document(data, &self_link(), &["data", "links"])
}

/// An answer with one resource that is surely there.
pub fn written(kind: &ResourceType) -> Json {
    whole_document(reference(kind, Shape::Resource), &self_link(), &["data"])
}

/// An answer with a page of a list.
pub fn list(kind: &ResourceType) -> Json {
    let link = json!({ "type": ["string", "null"] });
    let links = json!({
        "type": "object",
        "required": ["self", "first", "prev", "next", "last"],
        "properties": {
            "self": { "type": "string" },
            "first": link,
            "prev": link,
            "next": link,
            "last": link,
        },
        "additionalProperties": false,
    });
    let number = json!({ "type": "integer", "minimum": 0 });
    let mut document = whole_document(rows(kind), &links, &["data", "links", "meta"]);
    document["properties"]["meta"] = json!({
        "type": "object",
        "required": ["pagination"],
        "properties": {
            "pagination": {
                "type": "object",
                "required": ["total_records", "page", "size"],
                "properties": { "total_records": number, "page": number, "size": number },
                "additionalProperties": false,
            },
        },
    });
    document
}

/// An answer with a list that has no pages.
pub fn whole(kind: &ResourceType) -> Json {
    whole_document(rows(kind), &self_link(), &["data", "links"])
}

fn rows(kind: &ResourceType) -> Json {
    json!({ "type": "array", "items": reference(kind, Shape::Resource) })
}

fn self_link() -> Json {
    json!({
        "type": "object",
        "required": ["self"],
        "properties": { "self": { "type": "string" } },
        "additionalProperties": false,
    })
}

fn whole_document(data: Json, links: &Json, required: &[&str]) -> Json {
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "data": data,
            "included": reference_to(INCLUDED),
            "links": links,
            "meta": { "type": "object" },
        },
        "additionalProperties": false,
    })
}

/// The related resources of an answer: each may be of any type.
pub fn included(schema: &Schema) -> Json {
    let mut any: Vec<&'static ResourceType> = schema.types().collect();
    any.sort_by_key(|kind| kind.name);
    let any: Vec<Json> = any
        .into_iter()
        .map(|kind| reference(kind, Shape::Resource))
        .collect();
    json!({ "type": "array", "items": { "anyOf": any } })
}

/// An answer with errors.
pub fn errors() -> Json {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["status", "code", "title", "detail"],
                    "properties": {
                        "status": { "type": "string", "pattern": "^[45][0-9]{2}$" },
                        "code": { "type": "string", "enum": codes },
                        "title": { "type": "string" },
                        "detail": { "type": "string" },
                        "source": {
                            "type": "object",
                            "properties": {
                                "pointer": { "type": "string" },
                                "parameter": { "type": "string" },
                                "header": { "type": "string" },
                            },
                            "additionalProperties": false,
                        },
                    },
                    "additionalProperties": false,
                },
            },
        },
        "additionalProperties": false,
    })
}
