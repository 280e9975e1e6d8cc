//! The JSON Schema of a [`Shape`], for the OpenAPI document: what may be written, and what is
//! returned.

use serde_json::{Map, Value, json};

use rust_decimal::Decimal;

use super::check::number_value;
use super::shape::{Field, Kind, LONGEST_LIST, Shape};

/// Which side of the wire a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What a caller may send.
    Written,
    /// What we answer.
    Shown,
}

/// The schema of an object of this shape.
pub fn schema(shape: &Shape, side: Side) -> Value {
    let mut properties = Map::new();
    for field in shape.fields() {
        let passed_over = match side {
            Side::Written => field.marks.read_only,
            Side::Shown => field.marks.write_only,
        };
        if !passed_over {
            properties.insert(field.name.clone(), field_schema(field, side));
        }
    }
    json!({"type": "object", "properties": properties})
}

fn field_schema(field: &Field, side: Side) -> Value {
    let mut schema = kind_schema(&field.kind, side);
    if field.nullable
        && let Some(parts) = schema.as_object_mut()
    {
        if let Some(kind) = parts.get_mut("type") {
            *kind = json!([kind.clone(), "null"]);
        }
        if let Some(Value::Array(words)) = parts.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    schema
}

/// What is shown may have come in through another dialect with other limits, so limits stand on
/// the written side only.
fn kind_schema(kind: &Kind, side: Side) -> Value {
    match kind {
        Kind::Text { least, most } => {
            let mut schema = json!({"type": "string"});
            limit(
                &mut schema,
                side,
                "minLength",
                (*least > 0).then(|| json!(least)),
            );
            limit(&mut schema, side, "maxLength", Some(json!(most)));
            schema
        }
        Kind::Whole { least, most } => {
            let mut schema = json!({"type": "integer"});
            limit(
                &mut schema,
                side,
                "minimum",
                (*least != i64::MIN).then(|| json!(least)),
            );
            limit(
                &mut schema,
                side,
                "maximum",
                (*most != i64::MAX).then(|| json!(most)),
            );
            schema
        }
        Kind::Number { least, most } => {
            let mut schema = json!({"type": "number"});
            let (least, most) = (
                (*least != Decimal::MIN).then(|| number_value(*least)),
                (*most != Decimal::MAX).then(|| number_value(*most)),
            );
            limit(&mut schema, side, "minimum", least);
            limit(&mut schema, side, "maximum", most);
            schema
        }
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Day => json!({"type": "string", "format": "date"}),
        Kind::Instant => json!({"type": "string", "format": "date-time"}),
        Kind::Choice(words) => json!({"type": "string", "enum": &words[..]}),
        Kind::Colour => pattern(side, "^#?([0-9A-Fa-f]{6})?$"),
        Kind::TwoLetters => pattern(side, "^([A-Za-z]{2})?$"),
        Kind::Object(shape) => schema(shape, side),
        Kind::Table(shape) => {
            json!({"type": "object", "additionalProperties": schema(shape, side)})
        }
        Kind::List { shape, .. } => {
            let mut list = json!({"type": "array", "items": schema(shape, side)});
            limit(&mut list, side, "maxItems", Some(json!(LONGEST_LIST)));
            list
        }
        Kind::Wholes => json!({"type": "array", "items": {"type": "integer"}}),
        Kind::Words => json!({"type": "array", "items": {"type": "string"}}),
        Kind::WordLists => {
            json!({"type": "array", "items": {"type": "array", "items": {"type": "string"}}})
        }
    }
}

fn limit(schema: &mut Value, side: Side, name: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|_| side == Side::Written) {
        schema[name] = value;
    }
}

fn pattern(side: Side, pattern: &str) -> Value {
    let mut schema = json!({"type": "string"});
    limit(&mut schema, side, "pattern", Some(json!(pattern)));
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::shape_text::read;

    #[test]
    fn a_schema_carries_limits_choices_and_null() {
        let shape = read(
            "id whole 1.. @read\nname text 100\nkind choice? a b\nlist list\n  x number 0..9.5",
        )
        .unwrap();
        assert_eq!(
            schema(&shape, Side::Written),
            json!({"type": "object", "properties": {
                "name": {"type": "string", "maxLength": 100},
                "kind": {"type": ["string", "null"], "enum": ["a", "b", null]},
                "list": {"type": "array", "maxItems": 1000, "items":
                    {"type": "object", "properties": {"x": {"type": "number", "minimum": 0, "maximum": 9.5}}}},
            }})
        );
        let shown = schema(&shape, Side::Shown);
        assert_eq!(shown["properties"]["id"], json!({"type": "integer"}));
        assert_eq!(shown["properties"]["name"], json!({"type": "string"}));
    }
}
