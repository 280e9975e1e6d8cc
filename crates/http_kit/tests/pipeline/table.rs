//! What else is made from the table: the document and the rows.

use http::StatusCode;
use http_kit::openapi::{Document, Parameter};
use http_kit::{Access, Answer, Api, Call, Endpoint, Refusal, get, post};
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::toy::{Toy, document, endpoints, house};

#[test]
fn the_document_of_a_table_is_always_the_same() {
    let make = || Api::new(Toy, endpoints()).document(&document());
    let mut turned = endpoints();
    turned.reverse();
    let turned = Api::new(Toy, turned).document(&document());
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    assert_eq!(text(&make()), text(&make()));
    assert_eq!(text(&make()), text(&turned));
    insta::assert_snapshot!("document", text(&make()));
}

#[tokio::test]
async fn a_dialect_serves_its_own_document() {
    let got = house().ask("GET", "/toy/v2/openapi.json", &[], "").await;
    assert_eq!(got.json(), Api::new(Toy, endpoints()).document(&document()));
}

#[test]
fn the_rows_name_every_endpoint_with_its_access_and_cost() {
    let rows = Api::new(Toy, endpoints()).rows();
    let row = |method: &str, path: &str| {
        let found = rows
            .iter()
            .find(|row| row.method == method && row.path == path);
        found.cloned().unwrap()
    };
    assert_eq!(rows.len(), endpoints().len());
    assert_eq!(row("GET", "/about").access, Access::Public);
    assert_eq!(row("GET", "/broken").access, Access::AnyCaller);
    let write = row("POST", "/things");
    assert_eq!(
        write.access,
        Access::Needs(vec![domain::access::capability::BOOKINGS_WRITE])
    );
    assert_eq!(write.cost.of(2).to_string(), "1.2");
    assert!(write.accepts_idempotency);
}

#[test]
#[should_panic(expected = "GET /things stands twice in the table")]
fn a_table_with_an_endpoint_twice_is_refused() {
    let _ = Api::new(Toy, [endpoints(), endpoints()].concat());
}

async fn nothing(_: (), _: Call) -> Result<Answer, Refusal> {
    Ok(Answer::empty(StatusCode::OK))
}

/// A type whose schema stands beside the ready-made ones.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Problem {
    title: String,
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn ready_made() -> Document {
    let thing = json!({ "type": "object", "properties": { "id": { "type": "string" } } });
    let things = json!({ "type": "array", "items": reference("Thing") });
    Document::new("Ready", "1", json!({ "type": "http", "scheme": "bearer" }))
        .errors_schema(reference("Errors"))
        .schemas([
            ("ThingList".to_owned(), things),
            ("Thing".to_owned(), thing),
            ("Errors".to_owned(), json!({ "type": "object" })),
        ])
}

fn ready_made_endpoints() -> Vec<Endpoint<()>> {
    let id =
        json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } });
    let include = json!({ "name": "include", "in": "query", "style": "form", "explode": false,
        "schema": { "type": "array", "items": { "type": "string" } } });
    let ids = json!({ "type": "array", "items": { "type": "integer" } });
    let filter = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    vec![
        get("/things", nothing)
            .any_caller()
            .parameter_objects([include])
            .param(Parameter::query("ids", ids).list())
            .param(Parameter::query("filter", filter).deep_object())
            .answer_schema(200, reference("ThingList")),
        post("/things/{id}", nothing)
            .any_caller()
            .parameter_objects([id])
            .body_schema(reference("Thing"))
            .answer_schema(200, reference("Thing"))
            .answer::<Problem>(409),
    ]
}

#[test]
fn schemas_that_were_made_elsewhere_stand_in_the_document_as_they_are() {
    let document = Api::new(Toy, ready_made_endpoints()).document(&ready_made());
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<&str> = schemas.keys().map(String::as_str).collect();
    assert_eq!(names, ["Errors", "Problem", "Thing", "ThingList"]);
    assert_eq!(schemas["ThingList"]["items"], reference("Thing"));

    let find = &document["paths"]["/things"]["get"];
    let schema_of = |answer: &Value| answer["content"]["application/json"]["schema"].clone();
    assert_eq!(schema_of(&find["responses"]["200"]), reference("ThingList"));
    assert_eq!(
        schema_of(&find["responses"]["default"]),
        reference("Errors")
    );
    let styles: Vec<(&str, &str, bool)> = find["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap();
            (
                text("name"),
                text("style"),
                one["explode"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("ids", "form", false),
        ("filter", "deepObject", true),
        ("include", "form", false),
    ];
    assert_eq!(styles, expected);

    let change = &document["paths"]["/things/{id}"]["post"];
    assert_eq!(schema_of(&change["requestBody"]), reference("Thing"));
    assert_eq!(change["parameters"].as_array().unwrap().len(), 1);
    assert_eq!(change["parameters"][0]["schema"]["type"], "integer");
}

#[test]
#[should_panic(expected = "the schema Problem stands for two things")]
fn a_schema_with_the_name_of_a_type_that_is_another_one_is_refused() {
    let about = ready_made().schemas([("Problem".to_owned(), json!({ "type": "string" }))]);
    let _ = Api::new(Toy, ready_made_endpoints()).document(&about);
}
