//! From one table: its OpenAPI 3.1 document. The same table gives the same document, path by path and
//! schema by schema in alphabetical order, so that it can be committed and compared.

use domain::access::Capability;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::cost::Credits;
use crate::endpoint::{Access, Endpoint, SchemaOf};

const SCHEMAS: &str = "/components/schemas";

/// What a dialect says about its API as a whole.
#[derive(Clone)]
pub struct Document {
    /// The API's name.
    pub title: String,
    /// The API's version.
    pub version: String,
    /// What it is.
    pub description: String,
    /// The paths under which it stands, such as `/beds24/v2`.
    pub servers: Vec<String>,
    /// The media type of its bodies.
    pub media_type: String,
    /// The security scheme object of its credential.
    pub security: Value,
    error: Option<Body>,
    schemas: Map<String, Value>,
}

/// What a body is described by: a type, or a schema that was made elsewhere.
#[derive(Clone)]
pub(crate) enum Body {
    Type(SchemaOf),
    Schema(Value),
}

impl Document {
    /// A document of plain JSON.
    #[must_use]
    pub fn new(title: &str, version: &str, security: Value) -> Document {
        Document {
            title: title.to_owned(),
            version: version.to_owned(),
            description: String::new(),
            servers: Vec::new(),
            media_type: "application/json".to_owned(),
            security,
            error: None,
            schemas: Map::new(),
        }
    }

    /// The same, with the body of every answer that an endpoint does not name: the errors.
    #[must_use]
    pub fn errors<T: JsonSchema>(mut self) -> Document {
        self.error = Some(Body::Type(SchemaGenerator::subschema_for::<T>));
        self
    }

    /// The same as [`Document::errors`], with a schema that was made elsewhere.
    #[must_use]
    pub fn errors_schema(mut self, schema: Value) -> Document {
        self.error = Some(Body::Schema(schema));
        self
    }

    /// The same, with named schemas that were made elsewhere. They stand in `components.schemas` beside
    /// those of the types, so `#/components/schemas/NAME` leads to them.
    #[must_use]
    pub fn schemas(mut self, schemas: impl IntoIterator<Item = (String, Value)>) -> Document {
        self.schemas.extend(schemas);
        self
    }
}

/// A parameter of path, query or header, described by hand.
#[derive(Clone, Debug)]
pub struct Parameter {
    place: &'static str,
    name: &'static str,
    description: &'static str,
    required: bool,
    style: Option<(&'static str, bool)>,
    schema: Value,
}

impl Parameter {
    /// A parameter of the query.
    #[must_use]
    pub fn query(name: &'static str, schema: Value) -> Parameter {
        Parameter::at("query", name, schema)
    }

    /// A parameter of the path, in place of the plain text that the document assumes.
    #[must_use]
    pub fn path(name: &'static str, schema: Value) -> Parameter {
        Parameter::at("path", name, schema).required()
    }

    /// A header.
    #[must_use]
    pub fn header(name: &'static str, schema: Value) -> Parameter {
        Parameter::at("header", name, schema)
    }

    /// The same, required.
    #[must_use]
    pub fn required(mut self) -> Parameter {
        self.required = true;
        self
    }

    /// The same, with what it means.
    #[must_use]
    pub fn about(mut self, description: &'static str) -> Parameter {
        self.description = description;
        self
    }

    /// The same, whose schema is an array that is written as one text with commas: `ids=1,2,3`.
    #[must_use]
    pub fn list(mut self) -> Parameter {
        self.style = Some(("form", false));
        self
    }

    /// The same, whose schema is an object that is written with its keys in brackets:
    /// `filter[name]=Ada&filter[age]=36`.
    #[must_use]
    pub fn deep_object(mut self) -> Parameter {
        self.style = Some(("deepObject", true));
        self
    }

    fn at(place: &'static str, name: &'static str, schema: Value) -> Parameter {
        Parameter {
            place,
            name,
            description: "",
            required: false,
            style: None,
            schema,
        }
    }

    fn into_value(self) -> Value {
        let mut out = json!({ "name": self.name, "in": self.place, "required": self.required });
        if !self.description.is_empty() {
            out["description"] = self.description.into();
        }
        if let Some((style, explode)) = self.style {
            out["style"] = style.into();
            out["explode"] = explode.into();
        }
        out["schema"] = self.schema;
        out
    }
}

/// The schemas of one document: what comes in may be looser than what goes out, so each has a generator.
struct Schemas {
    incoming: SchemaGenerator,
    outgoing: SchemaGenerator,
}

impl Schemas {
    fn new() -> Schemas {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = SCHEMAS.into();
                settings.meta_schema = None;
            })
        };
        Schemas {
            incoming: settings().for_deserialize().into_generator(),
            outgoing: settings().for_serialize().into_generator(),
        }
    }

    fn fields(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.incoming).to_value()
    }

    fn coming_in(&mut self, body: &Body) -> Value {
        match body {
            Body::Type(schema) => schema(&mut self.incoming).to_value(),
            Body::Schema(schema) => schema.clone(),
        }
    }

    fn going_out(&mut self, body: &Body) -> Value {
        match body {
            Body::Type(schema) => schema(&mut self.outgoing).to_value(),
            Body::Schema(schema) => schema.clone(),
        }
    }
}

/// The document of a table.
pub(crate) fn document<S>(dialect: &str, about: &Document, endpoints: &[Endpoint<S>]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    let mut ordered: Vec<&Endpoint<S>> = endpoints.iter().collect();
    ordered.sort_by_key(|endpoint| (endpoint.path, endpoint.method.as_str().to_owned()));
    for endpoint in ordered {
        let operation = operation(dialect, about, endpoint, &mut schemas);
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        match endpoint.method.as_str() {
            // OpenAPI 3.1 has no place for other methods; 3.2 calls this place `additionalOperations`.
            other @ ("LINK" | "UNLINK") => path["x-additionalOperations"][other] = operation,
            known => path[known.to_lowercase()] = operation,
        }
    }
    let mut paths = Value::Object(paths);
    let schemas = merged(schemas, &about.schemas, &mut paths);
    let servers: Vec<Value> = about
        .servers
        .iter()
        .map(|url| json!({ "url": url }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": about.title, "version": about.version, "description": about.description },
        "servers": servers,
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": { dialect: about.security } },
    })
}

fn operation<S>(
    dialect: &str,
    about: &Document,
    endpoint: &Endpoint<S>,
    schemas: &mut Schemas,
) -> Value {
    let described = &endpoint.described;
    let mut out = json!({ "operationId": operation_id(endpoint) });
    if let Some(summary) = described.summary {
        out["summary"] = summary.into();
    }
    if let Some(tag) = described.tag {
        out["tags"] = json!([tag]);
    }
    let parameters = parameters(endpoint, schemas);
    if !parameters.is_empty() {
        out["parameters"] = parameters.into();
    }
    if let Some(body) = &described.body {
        let schema = schemas.coming_in(body);
        out["requestBody"] =
            json!({ "required": true, "content": { &about.media_type: { "schema": schema } } });
    }
    out["responses"] = responses(about, endpoint, schemas);
    match &endpoint.access {
        Access::Public => out["security"] = json!([]),
        Access::AnyCaller => out["security"] = json!([{ dialect: [] }]),
        Access::Needs(capabilities) => {
            let words: Vec<String> = capabilities.iter().map(Capability::to_string).collect();
            out["security"] = json!([{ dialect: [] }]);
            out["x-capabilities"] = words.into();
        }
    }
    if endpoint.cost.base > Credits::ZERO {
        out["x-cost"] = endpoint.cost.base.to_string().into();
    }
    if endpoint.cost.per_item > Credits::ZERO {
        out["x-cost-per-item"] = endpoint.cost.per_item.to_string().into();
    }
    out
}

/// `GET /inventory/rooms/{id}` is `get_inventory_rooms_id`.
fn operation_id<S>(endpoint: &Endpoint<S>) -> String {
    let words = endpoint
        .path
        .split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let method = endpoint.method.as_str().to_lowercase();
    words.fold(method, |id, word| format!("{id}_{word}"))
}

fn parameters<S>(endpoint: &Endpoint<S>, schemas: &mut Schemas) -> Vec<Value> {
    let described = &endpoint.described;
    let mut out: Vec<Value> = path_names(endpoint.path)
        .filter(|name| !described.parameters.iter().any(|known| known.name == *name))
        .filter(|name| !described.ready_parameters.iter().any(|known| stands_in_path(known, name)))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    out.extend(
        described
            .parameters
            .iter()
            .cloned()
            .map(Parameter::into_value),
    );
    for query in &described.queries {
        out.extend(query_parameters(&schemas.fields(*query)));
    }
    out.extend(described.ready_parameters.iter().cloned());
    if endpoint.accepts_idempotency {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": crate::limits::IDEMPOTENCY_KEY_CHARACTERS });
        let about = "The same key with the same request gives the same answer again.";
        out.push(
            Parameter::header("Idempotency-Key", schema)
                .about(about)
                .into_value(),
        );
    }
    out
}

fn stands_in_path(parameter: &Value, name: &str) -> bool {
    parameter["in"] == "path" && parameter["name"] == name
}

fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.trim_start_matches('*'))
    })
}

/// The fields of a struct's schema, each as a parameter. A field that may be absent is not also nullable:
/// a query cannot say null.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required: Vec<&Value> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    let parameter = |(name, field): (&String, &Value)| {
        let mut field = field.clone();
        let needed = required.iter().any(|known| *known == name);
        let mut out = json!({ "name": name, "in": "query", "required": needed });
        if let Some(fields) = field.as_object_mut() {
            if let Some(description) = fields.remove("description") {
                out["description"] = description;
            }
            fields.remove("default");
        }
        out["schema"] = without_null(field);
        out
    };
    fields.map(parameter).collect()
}

fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array() {
        let rest: Vec<Value> = types
            .iter()
            .filter(|kind| *kind != "null")
            .cloned()
            .collect();
        schema["type"] = match rest.as_slice() {
            [only] => only.clone(),
            _ => rest.into(),
        };
    } else if schema["type"].is_null()
        && let Some(fields) = schema.as_object_mut()
    {
        fields.remove("type");
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let rest: Vec<Value> = choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .cloned()
            .collect();
        match rest.as_slice() {
            [only] => return only.clone(),
            _ => schema["anyOf"] = rest.into(),
        }
    } else if let Some(fields) = schema.as_object_mut() {
        fields.remove("anyOf");
    }
    schema
}

fn responses<S>(about: &Document, endpoint: &Endpoint<S>, schemas: &mut Schemas) -> Value {
    let mut answers: Vec<_> = endpoint.described.answers.iter().collect();
    answers.sort_by_key(|(status, _)| *status);
    let mut out = Map::new();
    for (status, schema) in answers {
        let reason = http::StatusCode::from_u16(*status).ok();
        let reason = reason
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Answer");
        let mut answer = json!({ "description": reason });
        if let Some(schema) = schema {
            let schema = schemas.going_out(schema);
            answer["content"] = json!({ &about.media_type: { "schema": schema } });
        }
        out.insert(status.to_string(), answer);
    }
    if let Some(error) = &about.error {
        let schema = schemas.going_out(error);
        let content = json!({ &about.media_type: { "schema": schema } });
        out.insert(
            "default".into(),
            json!({ "description": "Refused", "content": content }),
        );
    }
    Value::Object(out)
}

/// All schemas under their names. Where a type is one thing coming in and another going out, the one going
/// out is named `…Answer`, also where `paths` refers to it. `ready` are schemas that were made elsewhere.
fn merged(mut schemas: Schemas, ready: &Map<String, Value>, paths: &mut Value) -> Value {
    let mut incoming = schemas.incoming.take_definitions(true);
    let mut outgoing = schemas.outgoing.take_definitions(true);
    let split: Vec<String> = outgoing
        .iter()
        .filter(|(name, schema)| incoming.get(*name).is_some_and(|other| other != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    for name in &split {
        let (from, to) = (
            format!("#{SCHEMAS}/{name}"),
            format!("#{SCHEMAS}/{name}Answer"),
        );
        outgoing
            .values_mut()
            .for_each(|schema| rename(schema, &from, &to));
        for path in paths.as_object_mut().into_iter().flat_map(Map::values_mut) {
            rename_in_responses(path, &from, &to);
        }
    }
    for (name, schema) in outgoing {
        let name = if split.contains(&name) {
            format!("{name}Answer")
        } else {
            name
        };
        incoming.insert(name, schema);
    }
    for (name, schema) in ready {
        let known = incoming.insert(name.clone(), schema.clone());
        assert!(
            known.is_none_or(|known| known == *schema),
            "the schema {name} stands for two things: a type, and one that was made elsewhere"
        );
    }
    let mut named: Vec<(String, Value)> = incoming.into_iter().collect();
    named.sort_by(|one, other| one.0.cmp(&other.0));
    Value::Object(named.into_iter().collect())
}

fn rename_in_responses(value: &mut Value, from: &str, to: &str) {
    for (key, inner) in value.as_object_mut().into_iter().flatten() {
        if key == "responses" {
            rename(inner, from, to);
        } else if key != "requestBody" && key != "parameters" {
            rename_in_responses(inner, from, to);
        }
    }
}

fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                if key == "$ref" && inner == from {
                    *inner = to.into();
                } else {
                    rename(inner, from, to);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        _ => {}
    }
}
