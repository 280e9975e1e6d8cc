//! The tables to walk, with what their documents say of queries and bodies.

use http_kit::Row;
use serde_json::Value;

use crate::places::{self, Described};

/// One API of the house: its endpoints and its document.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub prefix: &'static str,
    /// Its endpoints.
    pub rows: Vec<Row>,
    document: Value,
}

/// A number or text in a body, such as `roomTypes[].id`.
#[derive(Debug)]
pub struct Leaf {
    /// Where it stands in an item.
    pub path: String,
    /// What may stand there.
    pub schema: Value,
}

/// Every table of the house.
pub fn tables() -> Vec<Table> {
    let documents = server::app::documents().expect("the documents can be written");
    let document = |name: &str| {
        let found = documents.iter().find(|(known, _)| *known == name);
        found.expect("each table has a document").1.clone()
    };
    let beds24 = dialect_beds24::api()
        .expect("its document can be written")
        .rows();
    let house = server::house_api::api()
        .expect("its document can be written")
        .rows();
    let (name, prefix) = (dialect_beds24::NAME, "/beds24/v2");
    let beds24 = Table {
        name,
        prefix,
        rows: beds24,
        document: document(name),
    };
    let (name, prefix) = (server::house_api::NAME, server::house_api::PREFIX);
    let house = Table {
        name,
        prefix,
        rows: house,
        document: document(name),
    };
    vec![beds24, house]
}

/// Every endpoint with its table and what is described of it.
pub fn walk(mut step: impl FnMut(&Table, &Row, &Described)) {
    for table in tables() {
        for row in &table.rows {
            step(&table, row, &places::of(table.name, row));
        }
    }
}

impl Table {
    /// The name of an endpoint in messages.
    pub fn says(&self, row: &Row) -> String {
        format!("{} {} {}", self.name, row.method, row.path)
    }

    fn operation(&self, row: &Row) -> &Value {
        &self.document["paths"][row.path][row.method.as_str().to_lowercase()]
    }

    /// The query parameters of an endpoint with their schemas.
    pub fn query_of(&self, row: &Row) -> Vec<(String, Value)> {
        let parameters = self.operation(row)["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let in_query = parameters.filter(|parameter| parameter["in"] == "query");
        let named =
            in_query.map(|parameter| (text(&parameter["name"]), parameter["schema"].clone()));
        named.collect()
    }

    /// The numbers and texts in one item of an endpoint's body; none where it takes no body.
    pub fn body_of(&self, row: &Row) -> Vec<Leaf> {
        let content = &self.operation(row)["requestBody"]["content"];
        let mut leaves = Vec::new();
        for media in content.as_object().into_iter().flatten() {
            let schema = self.resolved(&media.1["schema"]);
            let item = if is(schema, "array") {
                self.resolved(&schema["items"])
            } else {
                schema
            };
            self.leaves(item, "", &mut leaves);
        }
        leaves
    }

    /// Whether an endpoint takes a body, and whether that is an array.
    pub fn takes_array(&self, row: &Row) -> Option<bool> {
        let content = self.operation(row)["requestBody"]["content"].as_object()?;
        let schema = self.resolved(&content.values().next()?["schema"]);
        Some(is(schema, "array"))
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"]
            .as_str()
            .and_then(|to| to.strip_prefix("#/components/schemas/"));
        name.map_or(schema, |name| {
            self.resolved(&self.document["components"]["schemas"][name])
        })
    }

    fn leaves(&self, schema: &Value, path: &str, leaves: &mut Vec<Leaf>) {
        let schema = self.resolved(schema);
        let below = |name: &str| {
            if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        if let Some(fields) = schema["properties"].as_object() {
            fields
                .iter()
                .for_each(|(name, field)| self.leaves(field, &below(name), leaves));
        } else if schema["additionalProperties"].is_object() {
            self.leaves(&schema["additionalProperties"], &below("booking"), leaves);
        } else if is(schema, "array") && !schema["items"].is_null() {
            self.leaves(&schema["items"], &format!("{path}[]"), leaves);
        } else {
            leaves.push(Leaf {
                path: path.to_owned(),
                schema: schema.clone(),
            });
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("names are texts").to_owned()
}

fn is(schema: &Value, kind: &str) -> bool {
    let named = &schema["type"];
    named == kind
        || named
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

/// Whether something so named and described may hold an id: it is called one, or it is a whole
/// number large enough to be one.
fn may_be_an_id(path: &str, schema: &Value) -> bool {
    let name = path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .trim_end_matches("[]");
    let item = if is(schema, "array") {
        &schema["items"]
    } else {
        schema
    };
    let most = item["maximum"].as_f64().unwrap_or(f64::MAX);
    let large = is(item, "integer") && most > 1e12;
    large || name == "id" || name.ends_with("Id")
}

/// Dialects whose own tests walk their tables: their calls have nothing in common with those described here.
const ELSEWHERE: &[&str] = &[dialect_bookingexperts::NAME];

#[test]
fn every_dialect_is_walked() {
    let walked: Vec<&str> = tables().iter().map(|table| table.name).collect();
    let served: Vec<&str> = server::app::documents()
        .unwrap()
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !ELSEWHERE.contains(name))
        .collect();
    assert_eq!(walked, served, "add the dialect's table to tables()");
}

#[test]
fn every_endpoint_is_described_and_every_id_in_it() {
    let mut described = 0;
    walk(|table, row, places| {
        described += 1;
        let says = table.says(row);
        let query = table
            .query_of(row)
            .into_iter()
            .filter(|(name, schema)| may_be_an_id(name, schema));
        let known = |name: &str| {
            places.in_query.iter().any(|(known, _)| *known == name) || places.no_ids.contains(&name)
        };
        for (name, _) in query {
            assert!(
                known(&name),
                "{says}: say in places.rs whose id the query parameter {name} is, or that it is none"
            );
        }
        let body = table
            .body_of(row)
            .into_iter()
            .filter(|leaf| may_be_an_id(&leaf.path, &leaf.schema));
        for leaf in body {
            let path = leaf.path.as_str();
            let known = places.in_body.iter().any(|known| known.path == path)
                || places.no_ids.contains(&path);
            assert!(
                known,
                "{says}: say in places.rs whose id {path} is, or that it is none"
            );
        }
        for part in row
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            assert!(
                places.in_path.iter().any(|(known, _)| *known == part),
                "{says}: say in places.rs whose id {part} is"
            );
        }
    });
    assert_eq!(
        described,
        places::all().len(),
        "places.rs describes an endpoint that no table has"
    );
}
