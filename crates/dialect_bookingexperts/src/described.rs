//! The OpenAPI document: the kit's, from the table, with what the types say of queries and documents.

use std::collections::BTreeSet;

use http_kit::Api;
use http_kit::openapi::Document;
use jsonapi::openapi::{self, Shape};
use jsonapi::{MEDIA_TYPE, ResourceType, Rules, Schema};
use serde_json::{Map, Value, json};

use crate::dialect::BookingExperts;
use crate::endpoints::{Gives, Served};
use crate::hooks::table::{self, Leaving};
use crate::kinds::{bookings, selling, structure};
use crate::scopes;
use crate::sell::table::Sold;

const PARAMETERS: &str = "/components/parameters";

/// What must lead somewhere when something is made, by one name or another. The types cannot say it: each name
/// may be left out beside the other, and an answer that travels along with a reservation is its answer anyway.
const ONE_OF: &[(&ResourceType, &[&str])] = &[
    (&bookings::RESERVATION, &["rentable_type", "category"]),
    (&bookings::AGENDA_PERIOD, &["inventory_object", "rentable"]),
    (&structure::RESERVATION_AMENITY, &["reservation"]),
];

/// The document of these endpoints.
pub fn document(schema: &Schema, served: &[Served], leaving: &[Leaving], sold: &[Sold]) -> Value {
    let endpoints = served.iter().map(|served| served.endpoint.clone());
    let endpoints = endpoints.chain(leaving.iter().map(|row| row.endpoint.clone()));
    let sales = sold.iter().map(|sold| sold.endpoint.clone());
    let endpoints = endpoints.chain(sales).collect();
    let mut document = Api::new(BookingExperts, endpoints).document(&about());
    let mut parameters = Map::new();
    for served in served {
        let method = served.gives.method().to_lowercase();
        let operation = &mut document["paths"][served.path][method];
        describe(operation, schema, served, &mut parameters);
    }
    for row in leaving {
        let operation = &mut document["paths"][row.path][row.method];
        table::describe(operation, schema, row, &mut |parameter, kind| {
            shared(parameter, kind, &mut parameters)
        });
    }
    for sold in sold {
        let operation = &mut document["paths"][sold.path][sold.method];
        describe_sale(operation, schema, sold, &mut parameters);
    }
    document["components"]["parameters"] = in_order(parameters).into();
    let mut schemas = openapi::components(schema);
    table::describe_events(&mut schemas);
    describe_links(&mut schemas);
    describe_currency(&mut schemas);
    document["components"]["schemas"] = needed(&document, schemas).into();
    document
}

/// Says in the schemas of requests which relationships must lead somewhere.
fn describe_links(schemas: &mut Map<String, Value>) {
    for (kind, names) in ONE_OF {
        let name = openapi::name(kind, Shape::Create);
        let Some(data) = schemas
            .get_mut(&name)
            .and_then(|body| body.pointer_mut("/properties/data"))
        else {
            continue;
        };
        let leads = |name: &&str| {
            let somewhere = json!({ "properties": { "data": { "type": "object" } } });
            json!({ "required": [name], "properties": { *name: somewhere } })
        };
        let any: Vec<Value> = names.iter().map(leads).collect();
        data["properties"]["relationships"]["anyOf"] = any.into();
        if let Some(required) = data["required"].as_array_mut()
            && !required.contains(&json!("relationships"))
        {
            required.push(json!("relationships"));
        }
    }
}

/// Names the currencies in which a price list may be.
fn describe_currency(schemas: &mut Map<String, Value>) {
    let name = openapi::name(&selling::MASTER_PRICE_LIST, Shape::Create);
    let path = "/properties/data/properties/attributes/properties/currency";
    if let Some(currency) = schemas
        .get_mut(&name)
        .and_then(|body| body.pointer_mut(path))
    {
        let codes = openapi::currencies().into_iter().map(Value::from);
        let codes: Vec<Value> = codes.chain([Value::Null]).collect();
        *currency = json!({ "enum": codes });
    }
}

/// What it says of the dialect as a whole.
fn about() -> Document {
    let key = json!({"type": "apiKey", "in": "header", "name": "X-API-KEY"});
    let mut about = Document::new("Booking Experts API v3, as Tabard speaks it", "3.0.0", key);
    let words = scopes::permissions();
    let words: Vec<&str> = words.iter().map(|known| known.word.as_str()).collect();
    about.description = format!(
        "Compatible with the Booking Experts API v3 (JSON:API). What the vendor leaves open is decided \
         in docs/dialects/bookingexperts.md. Scopes: {}",
        words.join(", ")
    );
    about.servers = vec!["/bookingexperts/v3".into()];
    MEDIA_TYPE.clone_into(&mut about.media_type);
    about
}

/// Adds parameters and answers to an operation.
fn describe(
    operation: &mut Value,
    schema: &Schema,
    served: &Served,
    parameters: &mut Map<String, Value>,
) {
    let kind = served.kind;
    let rules = match served.gives {
        Gives::List => Rules::list(schema, kind),
        _ => Rules::one(schema, kind),
    };
    if operation["summary"].is_null() {
        let verb = match served.gives {
            Gives::List => "Lists resources",
            Gives::One => "Shows a resource",
            Gives::Created => "Creates a resource",
            Gives::Changed => "Changes a resource",
            Gives::Removed => "Removes a resource",
            Gives::Done => "Does something to a resource",
        };
        let noun = kind.name.replace('_', " ");
        operation["summary"] = format!("{verb} of the type {noun}").into();
    }
    let mut all = operation["parameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let of_query = openapi::query(&rules);
    for parameter in of_query.into_iter().chain([openapi::accept_language()]) {
        all.push(shared(parameter, kind.name, parameters));
    }
    operation["parameters"] = all.into();
    let words = if served.gives.reads() {
        scopes::reading(kind)
    } else {
        scopes::writing(kind)
    };
    if !words.is_empty() {
        operation["x-scopes"] = words.into();
    }
    let content = |shape| json!({ MEDIA_TYPE: { "schema": openapi::reference(kind, shape) } });
    let body = match served.gives {
        Gives::Created => Some(Shape::Create),
        Gives::Changed => Some(Shape::Update),
        _ => None,
    };
    if let Some(shape) = body {
        operation["requestBody"] = json!({ "required": true, "content": content(shape) });
    }
    let (status, answer) = match served.gives {
        Gives::List => (
            "200",
            json!({ "description": "OK", "content": content(Shape::List) }),
        ),
        Gives::One => (
            "200",
            json!({ "description": "OK", "content": content(Shape::Document) }),
        ),
        Gives::Created => (
            "201",
            json!({ "description": "Created", "content": content(Shape::Written) }),
        ),
        Gives::Changed | Gives::Done => (
            "200",
            json!({ "description": "OK", "content": content(Shape::Written) }),
        ),
        Gives::Removed => ("204", json!({ "description": "No Content" })),
    };
    let refused = json!({ MEDIA_TYPE: { "schema": openapi::errors_reference() } });
    operation["responses"] = json!({
        status: answer,
        "default": { "description": "Refused", "content": refused },
    });
}

/// Adds what the table of sales cannot say by itself: parameters of JSON:API, scopes, errors.
fn describe_sale(
    operation: &mut Value,
    schema: &Schema,
    sold: &Sold,
    parameters: &mut Map<String, Value>,
) {
    let mut all = operation["parameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if sold.answers {
        let rules = Rules::one(schema, sold.kind);
        let of_query = openapi::query(&rules);
        for parameter in of_query.into_iter().chain([openapi::accept_language()]) {
            all.push(shared(parameter, sold.kind.name, parameters));
        }
    }
    operation["parameters"] = all.into();
    operation["x-scopes"] = sold.words.clone().into();
    let refused = json!({ MEDIA_TYPE: { "schema": openapi::errors_reference() } });
    operation["responses"]["default"] = json!({ "description": "Refused", "content": refused });
}

/// A reference to a parameter that stands in one place for all who use it.
fn shared(parameter: Value, kind: &str, known: &mut Map<String, Value>) -> Value {
    let letters = parameter["name"].as_str().unwrap_or_default();
    let letters = letters.chars();
    let word: String = letters
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let word = word.trim_end_matches('_').to_owned();
    for name in [word.clone(), format!("{kind}_{word}")] {
        let is_it = *known.entry(&name).or_insert_with(|| parameter.clone()) == parameter;
        if is_it {
            return json!({ "$ref": format!("#{PARAMETERS}/{name}") });
        }
    }
    parameter
}

/// The schemas that something refers to, directly or through others.
fn needed(document: &Value, schemas: Map<String, Value>) -> Map<String, Value> {
    let mut found = BTreeSet::new();
    referred(&document["paths"], &mut found);
    let mut waiting: Vec<String> = found.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let mut more = BTreeSet::new();
        if let Some(schema) = schemas.get(&name) {
            referred(schema, &mut more);
        }
        for name in more {
            if found.insert(name.clone()) {
                waiting.push(name);
            }
        }
    }
    let kept = schemas.into_iter().filter(|(name, _)| found.contains(name));
    in_order(kept.collect())
}

/// The names of schemas that a piece of the document refers to.
fn referred(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str)
                && let Some(name) = reference.strip_prefix("#/components/schemas/")
            {
                found.insert(name.to_owned());
            }
            fields.values().for_each(|inner| referred(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| referred(inner, found)),
        _ => {}
    }
}

/// The same in the order of the alphabet, so that the same table gives the same bytes.
fn in_order(fields: Map<String, Value>) -> Map<String, Value> {
    let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    fields.into_iter().collect()
}
