//! What comes in, as schemas.

use serde_json::{Map, Value as Json, json};

use super::{Shape, kinds, reference};
use crate::limits;
use crate::resource::{Relationship, ResourceType, Write};
use crate::schema::Schema;

/// Which members a resource object of a request may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Create,
    Update,
    /// Either, and which of them says only the link that leads to it.
    Side,
}

impl Aim {
    fn may_set(self, write: Write) -> bool {
        match self {
            Aim::Create => write.allows(true),
            Aim::Update => write.allows(false),
            Aim::Side => write != Write::Never,
        }
    }
}

/// The body of a POST.
pub fn create(schema: &Schema, kind: &'static ResourceType) -> Json {
    let mut data = resource(schema, kind, Aim::Create);
    data["required"] = json!(["type"]);
    for (name, required) in required(kind) {
        data["properties"][name]["required"] = json!(required);
        if let Some(names) = data["required"].as_array_mut() {
            names.push(name.into());
        }
    }
    // What is written later keeps the languages that it does not mention, so only a new one has to have some.
    for known in kind
        .attributes
        .iter()
        .filter(|known| known.localized && known.required)
    {
        data["properties"]["attributes"]["properties"][known.name]["minProperties"] = 1.into();
    }
    data["not"] = json!({ "required": ["id"] });
    document(schema, kind, data)
}

/// The body of a PATCH.
pub fn update(schema: &Schema, kind: &'static ResourceType) -> Json {
    let mut data = resource(schema, kind, Aim::Update);
    data["required"] = json!(["type", "id"]);
    data["properties"]["id"] = kinds::id(kind.opaque_ids);
    document(schema, kind, data)
}

/// A resource in the `included` of a request.
pub fn sidepost(schema: &Schema, kind: &'static ResourceType) -> Json {
    let mut data = resource(schema, kind, Aim::Side);
    let id = kinds::id(kind.opaque_ids);
    data["required"] = json!(["type"]);
    data["properties"]["id"] = id;
    for (name, temporary) in temporary() {
        data["properties"][name] = temporary;
    }
    data["anyOf"] = [["id"], ["lid"], ["temp-id"], ["meta"]]
        .iter()
        .map(|names| json!({ "required": names }))
        .collect();
    data
}

/// The names that have to be there on create, in the object where they stand.
fn required(kind: &ResourceType) -> Vec<(&'static str, Vec<&'static str>)> {
    let attributes = kind.attributes.iter().filter(|known| known.required);
    let relationships = kind.relationships.iter().filter(|known| known.required);
    let groups = [
        ("attributes", attributes.map(|known| known.name).collect()),
        (
            "relationships",
            relationships.map(|known| known.name).collect(),
        ),
    ];
    let groups: Vec<(&str, Vec<&str>)> = groups.into();
    groups
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .collect()
}

fn document(schema: &Schema, kind: &'static ResourceType, data: Json) -> Json {
    let mut properties = Map::new();
    properties.insert("data".to_owned(), data);
    let sides = sideposted(schema, kind);
    if !sides.is_empty() {
        let sides = sides.into_iter();
        let any: Vec<Json> = sides.map(|kind| reference(kind, Shape::Sidepost)).collect();
        let included = json!({
            "type": "array",
            "maxItems": limits::SIDEPOSTED,
            "items": { "anyOf": any },
        });
        properties.insert("included".to_owned(), included);
    }
    json!({ "type": "object", "required": ["data"], "properties": properties })
}

/// Every type that may travel with one of this type, in the order of their names.
fn sideposted(schema: &Schema, kind: &'static ResourceType) -> Vec<&'static ResourceType> {
    let mut found: Vec<&'static ResourceType> = Vec::new();
    let mut open = vec![kind];
    while let Some(kind) = open.pop() {
        let taken = kind.relationships.iter().filter(|known| known.sidepostable);
        for target in taken.flat_map(|known| schema.targets(known)) {
            if !found.contains(&target) {
                found.push(target);
                open.push(target);
            }
        }
    }
    found.sort_by_key(|kind| kind.name);
    found
}

fn resource(schema: &Schema, kind: &'static ResourceType, aim: Aim) -> Json {
    let attributes = kind.attributes.iter();
    let attributes = attributes.filter(|known| aim.may_set(known.write));
    let attributes =
        attributes.map(|known| (known.name.to_owned(), kinds::incoming(schema, known)));
    let attributes: Map<String, Json> = attributes.collect();
    let relationships = kind.relationships.iter();
    let relationships = relationships.filter(|known| aim.may_set(known.write));
    let relationships =
        relationships.map(|known| (known.name.to_owned(), relationship(schema, known)));
    let relationships: Map<String, Json> = relationships.collect();
    json!({
        "type": "object",
        "properties": {
            "type": { "const": kind.name },
            "attributes": {
                "type": "object",
                "properties": attributes,
                "additionalProperties": false,
            },
            "relationships": {
                "type": "object",
                "properties": relationships,
                "additionalProperties": false,
            },
        },
    })
}

fn relationship(schema: &Schema, known: &Relationship) -> Json {
    let one = link(schema, known);
    let data = if known.many {
        json!({ "type": "array", "maxItems": limits::LINKS, "items": one })
    } else if known.required {
        one
    } else {
        json!({ "anyOf": [one, { "type": "null" }] })
    };
    json!({ "type": "object", "required": ["data"], "properties": { "data": data } })
}

fn link(schema: &Schema, known: &Relationship) -> Json {
    let is_opaque = schema.targets(known).any(|target| target.opaque_ids);
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "enum": known.targets }));
    properties.insert("id".to_owned(), kinds::id(is_opaque));
    if !known.sidepostable {
        return json!({
            "type": "object",
            "required": ["type", "id"],
            "properties": properties,
        });
    }
    properties.extend(temporary().map(|(name, schema)| (name.to_owned(), schema)));
    let any = [["id"], ["lid"], ["temp-id"], ["meta"]].map(|names| json!({ "required": names }));
    json!({
        "type": "object",
        "required": ["type"],
        "properties": properties,
        "anyOf": any,
    })
}

/// The three spellings of a temporary id.
fn temporary() -> [(&'static str, Json); 4] {
    let id = json!({ "type": "string", "minLength": 1, "maxLength": limits::ID_CHARACTERS });
    let method = json!({ "enum": ["create", "update"] });
    [
        ("lid", id.clone()),
        ("temp-id", id.clone()),
        ("method", method.clone()),
        (
            "meta",
            json!({
                "type": "object",
                "properties": { "temp_id": id, "method": method },
            }),
        ),
    ]
}
