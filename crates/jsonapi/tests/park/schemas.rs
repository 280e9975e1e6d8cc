//! What we send, judged by the schemas of the JSON:API project.

use jsonapi::{Code, Error, Errors, Locales, View};
use jsonschema::{Registry, Validator};
use serde_json::{Value as Json, json};

use crate::world::{Park, RESERVATION, address, create, single_query};

const RESPONSE: &str = include_str!("../schemas/jsonapi-1.0-response-schema.json");
const CREATE: &str = include_str!("../schemas/jsonapi-1.0-schema_create_resource.json");
const UPDATE: &str = include_str!("../schemas/jsonapi-1.0-schema_update_resource.json");

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn responses() -> Validator {
    jsonschema::draft202012::new(&parsed(RESPONSE)).unwrap()
}

fn requests(text: &str) -> Validator {
    let response = parsed(RESPONSE);
    let name = response["$id"].as_str().unwrap().to_owned();
    let registry = Registry::new()
        .add(name, &response)
        .unwrap()
        .prepare()
        .unwrap();
    let options = jsonschema::options().with_registry(&registry);
    options.build(&parsed(text)).unwrap()
}

fn assert_valid(validator: &Validator, document: &Json) {
    let found: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(found.is_empty(), "{found:?} in {document:#}");
}

#[test]
fn every_document_that_we_send_is_valid() {
    let validator = responses();
    let park = Park::new(40);
    for query in [
        "",
        "page[number]=2&page[size]=7",
        "page[number]=99",
        "filter[id]=999999",
        "include=",
        "include=booking.customer,rentable_type.amenities,items.extra,labels",
        "fields[reservation]=&include=booking",
        "fields[reservation]=note,labels,start_date",
        "sort=-created_at,price&filter[state|guest_name]=!confirmed&filter[-fixed]=true",
    ] {
        assert_valid(&validator, &park.list(query));
    }
    assert_valid(&validator, &park.one("7", "include=booking"));
    assert_valid(&validator, &park.one("999", ""));
    let written = create_answer(&park);
    assert_valid(&validator, &written);
}

fn create_answer(park: &Park) -> Json {
    let query = single_query("").unwrap();
    let view = View {
        query: &query,
        address: address("/channels/3/reservations", ""),
        locales: &Locales::all(),
    };
    let row = park.row(&RESERVATION, "7").unwrap();
    let document = view.written(Some(&row), &[]).to_json();
    assert_eq!(
        document["links"]["self"].as_str(),
        view.location(&row).as_deref()
    );
    document
}

#[test]
fn every_answer_with_errors_is_valid() {
    let validator = responses();
    let mut errors = Errors::default();
    for code in Code::ALL {
        errors.push(Error::new(*code, "x").at("/data/attributes/a~1b"));
        errors.push(Error::new(*code, "x").in_parameter("filter[a]"));
        errors.push(Error::new(*code, "x").in_header("Accept"));
    }
    assert_valid(&validator, &errors.to_json());
}

#[test]
fn the_schema_would_notice_what_is_wrong() {
    let validator = responses();
    let good = Park::new(3).list("include=booking");
    let broken = |change: &dyn Fn(&mut Json)| {
        let mut document = good.clone();
        change(&mut document);
        !validator.is_valid(&document)
    };
    assert!(validator.is_valid(&good));
    assert!(broken(&|document| document["data"][0]["id"] = json!(1)));
    assert!(broken(
        &|document| document["data"][0]["type"] = json!("a|b")
    ));
    assert!(broken(
        &|document| document["data"][0]["attributes"]["type"] = json!("a")
    ));
    assert!(broken(&|document| document["errors"] = json!([])));
    assert!(broken(
        &|document| document["data"][1] = document["data"][0].clone()
    ));
    assert!(broken(&|document| document["links"]["next"] = json!(7)));
    let odd = json!({ "errors": [{ "status": 401 }] });
    assert!(!validator.is_valid(&odd), "a status is a string");
}

#[test]
fn what_the_schemas_for_requests_allow_is_understood() {
    let body = json!({ "data": { "type": "reservation",
        "attributes": { "start_date": "2027-05-07", "end_date": "2027-05-14" },
        "relationships": { "rentable_type": { "data": { "type": "rentable_type", "id": "1" } } } } });
    assert_valid(&requests(CREATE), &body);
    create(&RESERVATION, &body).unwrap();
    let body = json!({ "data": { "type": "reservation", "id": "7",
        "attributes": { "guest_name": null },
        "relationships": { "booking": { "data": null }, "labels": { "data": [] } } } });
    assert_valid(&requests(UPDATE), &body);
    crate::world::update(&RESERVATION, "7", &body).unwrap();
}
