//! The OpenAPI document: the kit's, from the table, with what the types say of queries and documents.

use std::collections::BTreeSet;

use http_kit::Api;
use http_kit::openapi::Document;
use identity::oauth::Paths;
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

/// Where the API and its OAuth 2.0 stand in the document.
const BASE: &str = "/bookingexperts";

/// The other media type of requests: existing integrations write plain JSON.
const PLAIN_JSON: &str = "application/json";

/// The name of the security scheme of access tokens.
const OAUTH: &str = "oauth2";

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
    document["components"]["securitySchemes"][OAUTH] = oauth();
    for operation in operations(&mut document) {
        describe_body(operation);
        describe_token(operation);
    }
    document
}

/// Every operation of the document.
fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter();
    let operations = paths.flat_map(|paths| paths.values_mut());
    let operations = operations.filter_map(Value::as_object_mut);
    operations.flat_map(|operations| operations.values_mut())
}

/// Says that a body may be plain JSON as well.
fn describe_body(operation: &mut Value) {
    let Some(content) = operation.pointer_mut("/requestBody/content") else {
        return;
    };
    let described = content[MEDIA_TYPE].clone();
    content[PLAIN_JSON] = described;
}

/// Says of an operation that takes a credential that this may be an access token, and with which words. One of
/// them is enough, so each is a way in of its own.
fn describe_token(operation: &mut Value) {
    if operation["security"].as_array().is_none_or(Vec::is_empty) {
        return;
    }
    let words = operation["x-scopes"].as_array().cloned();
    let words = words.filter(|words| !words.is_empty());
    let ways = match words {
        Some(words) => words.into_iter().map(|word| vec![word]).collect(),
        None => vec![Vec::new()],
    };
    if let Some(known) = operation["security"].as_array_mut() {
        known.extend(ways.into_iter().map(|words| json!({ OAUTH: words })));
    }
}

/// How an access token is had: somebody of the house installs the app, or the app asks for one of its own.
fn oauth() -> Value {
    let words = scopes::permissions().into_iter();
    let words: Map<String, Value> = words
        .map(|known| (known.word, known.about.into()))
        .collect();
    let words = Value::Object(words);
    let paths = Paths::default();
    let at = |path: &str| format!("{BASE}{path}");
    json!({
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": at(paths.authorize),
                "tokenUrl": at(paths.token),
                "refreshUrl": at(paths.token),
                "scopes": words,
            },
            "clientCredentials": { "tokenUrl": at(paths.token), "scopes": words },
        },
    })
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
    about.servers = vec![format!("{BASE}/v3")];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints;

    #[test]
    fn every_body_may_be_plain_json_and_every_credential_may_be_a_token() {
        let mut document = endpoints::document().unwrap();
        let (mut bodies, mut tokens) = (0, 0);
        for operation in operations(&mut document) {
            if let Some(content) = operation.pointer("/requestBody/content") {
                assert_eq!(content[PLAIN_JSON], content[MEDIA_TYPE], "{operation}");
                assert!(content[MEDIA_TYPE]["schema"].is_object(), "{operation}");
                bodies += 1;
            }
            let ways = operation["security"].as_array().unwrap();
            let by_token = ways.iter().filter_map(|way| way.get(OAUTH));
            let words: Vec<Value> = by_token
                .flat_map(|words| words.as_array().cloned().unwrap())
                .collect();
            let expected = operation["x-scopes"].as_array().cloned();
            assert_eq!(words, expected.unwrap_or_default(), "{operation}");
            tokens += usize::from(ways.iter().any(|way| way.get(OAUTH).is_some()));
        }
        assert!(bodies > 50 && tokens > 250, "{bodies}, {tokens}");
    }

    #[test]
    fn the_document_says_where_a_token_is_had_and_for_which_words() {
        let document = endpoints::document().unwrap();
        let flows = &document["components"]["securitySchemes"][OAUTH]["flows"];
        let code = &flows["authorizationCode"];
        assert_eq!(code["authorizationUrl"], "/bookingexperts/oauth/authorize");
        assert_eq!(code["tokenUrl"], "/bookingexperts/oauth/token");
        assert_eq!(flows["clientCredentials"]["tokenUrl"], code["tokenUrl"]);
        let words = code["scopes"].as_object().unwrap();
        assert_eq!(words.len(), scopes::permissions().len());
        let about = &words["availability|read"];
        assert_eq!(about, "Read what is free, and at which price");
    }
}
