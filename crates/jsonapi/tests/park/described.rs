//! The published schemas: what we send fits them, and what they allow is what we understand.

use jsonapi::openapi::{self, Shape};
use jsonapi::{Locales, ResourceType, Rules, View};
use jsonschema::Validator;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use crate::chance::cases;
use crate::world::{
    BOOKING, CUSTOMER, Park, RESERVATION, address, create, list_query, schema, single_query, told,
    update,
};

fn validator(name: &str) -> Validator {
    let components = openapi::components(&schema());
    let root = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": { "schemas": components },
    });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    options.should_validate_formats(true).build(&root).unwrap()
}

fn assert_valid(validator: &Validator, document: &Json) {
    let found: Vec<String> = validator
        .iter_errors(document)
        .map(|error| error.to_string())
        .collect();
    assert!(found.is_empty(), "{found:?} in {document:#}");
}

#[test]
fn every_schema_is_one_and_refers_only_to_those_that_there_are() {
    let components = openapi::components(&schema());
    for name in components.keys() {
        validator(name);
    }
    let sorted: Vec<&String> = {
        let mut names: Vec<&String> = components.keys().collect();
        names.sort();
        names
    };
    assert_eq!(components.keys().collect::<Vec<_>>(), sorted);
    assert_eq!(openapi::name(&RESERVATION, Shape::List), "ReservationList");
    let reference = openapi::reference(schema().get("rentable_type").unwrap(), Shape::Resource);
    assert_eq!(reference["$ref"], "#/components/schemas/RentableType");
}

#[test]
fn what_we_send_fits_what_we_publish() {
    let park = Park::new(40);
    let lists = validator("ReservationList");
    for query in [
        "",
        "page[number]=3&page[size]=9&include=booking.customer,rentable_type.amenities,items.extra,labels",
        "fields[reservation]=&include=",
        "fields[reservation]=note,extra_settings,labels",
        "filter[id]=999",
    ] {
        assert_valid(&lists, &park.list(query));
    }
    let documents = validator("ReservationDocument");
    assert_valid(&documents, &park.one("7", "include=booking"));
    assert_valid(&documents, &park.one("999", ""));
    let query = single_query("").unwrap();
    let locales = Locales::all();
    let view = View {
        query: &query,
        address: address("/reservations", ""),
        locales: &locales,
    };
    let rows = park.of(&RESERVATION);
    let written = view.written(Some(&rows[0]), &[]).to_json();
    assert_valid(&validator("ReservationWritten"), &written);
    let whole = view.whole(&rows, &[]).to_json();
    assert_valid(&validator("ReservationWhole"), &whole);
    for kind in schema().types() {
        let validator = validator(&openapi::name(kind, Shape::Resource));
        for row in park.of(kind) {
            assert_valid(&validator, &view.resource(&row));
        }
    }
    let errors = list_query("sort=x&include=y").unwrap_err();
    assert_valid(&validator(openapi::ERRORS), &errors.to_json());
}

#[test]
fn the_published_schemas_would_notice_what_is_wrong() {
    let lists = validator("ReservationList");
    let good = Park::new(3).list("include=booking");
    let broken = |change: &dyn Fn(&mut Json)| {
        let mut document = good.clone();
        change(&mut document);
        !lists.is_valid(&document)
    };
    assert!(broken(
        &|list| list["data"][0]["attributes"]["nobody"] = json!(1)
    ));
    assert!(broken(
        &|list| list["data"][0]["attributes"]["nights"] = json!("1")
    ));
    assert!(broken(
        &|list| list["data"][0]["attributes"]["start_date"] = json!("soon")
    ));
    assert!(broken(&|list| list["data"][0]["type"] = json!("booking")));
    assert!(broken(&|list| list["included"][0]["type"] = json!("nobody")));
    assert!(broken(
        &|list| list["data"][0]["relationships"]["booking"] = json!({})
    ));
    assert!(broken(&|list| list["links"]
        .as_object_mut()
        .unwrap()
        .clear()));
    assert!(broken(&|list| list["meta"] = json!({})));
}

fn parameter(name: &str) -> Json {
    let schema = schema();
    let parameters = openapi::query(&Rules::list(&schema, &RESERVATION));
    let found = parameters.into_iter().find(|known| known["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn parameters_are_described_as_they_are_understood() {
    let single = openapi::query(&Rules::one(&schema(), &RESERVATION));
    let names: Vec<&str> = single
        .iter()
        .map(|known| known["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[..2], ["include", "fields[reservation]"]);
    assert!(names.contains(&"fields[rentable_type]") && !names.contains(&"sort"));
    let words = |name: &str| parameter(name)["schema"]["items"]["enum"].clone();
    assert_eq!(words("sort").as_array().unwrap().len(), 10);
    for path in ["booking", "booking.customer", "rentable_type.amenities"] {
        let paths = words("include");
        assert!(paths.as_array().unwrap().contains(&json!(path)), "{path}");
    }
    assert!(
        !words("include")
            .as_array()
            .unwrap()
            .contains(&json!("invoice"))
    );
    assert!(
        !words("fields[reservation]")
            .as_array()
            .unwrap()
            .contains(&json!("password"))
    );
    for (name, field) in [
        ("sort", "sort"),
        ("include", "include"),
        ("fields[reservation]", "fields[reservation]"),
    ] {
        for word in words(name).as_array().unwrap() {
            let query = format!("{field}={}", word.as_str().unwrap());
            let result = list_query(&query);
            assert!(result.is_ok() || query.contains("secret"), "{query}");
        }
    }
    assert_eq!(openapi::accept_language()["in"], "header");
}

#[test]
fn a_filter_is_understood_exactly_if_its_published_pattern_allows_it() {
    let schema = schema();
    let values = [
        "",
        "!",
        ",",
        "..",
        "1",
        "-1",
        "1,2",
        "1..2",
        "!1..",
        "~1",
        "a",
        "a,b",
        "a..b",
        "true",
        "false",
        "!true,",
        "true..",
        "2027-05-07",
        "2027-02-29",
        "2028-02-29",
        "2027-05-07T10:00:00Z",
        "2027-05-07..",
        "12.5",
        "1.",
        ".5",
        "1_2",
        "x-y",
        "1...2",
        "!!1",
        "é",
        "a b",
        "1|2",
    ];
    for parameter in openapi::query(&Rules::list(&schema, &RESERVATION)) {
        let name = parameter["name"].as_str().unwrap();
        if !name.starts_with("filter") {
            continue;
        }
        let validator = jsonschema::draft202012::new(&parameter["schema"]).unwrap();
        for value in values {
            let is_understood = list_query(&format!("{name}={value}")).is_ok();
            assert_eq!(
                validator.is_valid(&json!(value)),
                is_understood,
                "{name}={value}"
            );
        }
    }
}

/// Values that some attribute takes, and some that none does.
fn values() -> impl Strategy<Value = Json> {
    select(vec![
        json!(null),
        json!(true),
        json!("true"),
        json!("maybe"),
        json!(0),
        json!(-1),
        json!(2.0),
        json!(2.5),
        json!(100),
        json!("7"),
        json!("99"),
        json!("100"),
        json!("12.50"),
        json!("2027-05-07"),
        json!("2027-02-29"),
        json!("2027-05-07T10:00:00Z"),
        json!("male"),
        json!(""),
        json!("x".repeat(51)),
        json!("a\u{0}b"),
        json!([]),
        json!(["a", "b"]),
        json!(["a", 1]),
        json!({}),
        json!({ "adults": 2 }),
        json!({ "adults": "2", "children": null }),
        json!({ "adults": 100 }),
        json!({ "dogs": 1 }),
        json!({ "en": "Lodge" }),
    ])
}

fn linkages() -> impl Strategy<Value = Json> {
    let booking = json!({ "type": "booking", "id": "1" });
    let label = json!({ "type": "label", "id": "1" });
    let kind = |id: Json| json!({ "type": "rentable_type", "id": id });
    select(vec![
        json!({}),
        json!(7),
        json!({ "data": null }),
        json!({ "data": [] }),
        json!({ "data": booking }),
        json!({ "data": [booking] }),
        json!({ "data": [label] }),
        json!({ "data": label }),
        json!({ "data": kind(json!("1")) }),
        json!({ "data": kind(json!(1)) }),
        json!({ "data": kind(json!("x")) }),
        json!({ "data": { "type": "category", "id": "1" } }),
        json!({ "data": { "type": "category" } }),
    ])
}

fn documents(kind: &'static ResourceType) -> impl Strategy<Value = Json> {
    let names = kind.attributes.iter().map(|known| known.name);
    let names: Vec<&str> = names.chain(["nobody"]).collect();
    let links = kind.relationships.iter().map(|known| known.name);
    let links: Vec<&str> = links.chain(["nobody"]).collect();
    let sound = json!({ "start_date": "2027-05-07", "end_date": "2027-05-08", "last_name": "Vos" });
    let link = json!({ "data": { "type": "rentable_type", "id": "1" } });
    let whole = (
        btree_map(select(names), values(), 0..3),
        btree_map(select(links), linkages(), 0..2),
        any::<bool>(),
        select(vec![json!(null), json!("7"), json!(7), json!("x")]),
        vec(select(vec!["data", "type", "attributes"]), 0..=1),
    );
    whole.prop_map(move |(attributes, relationships, is_sound, id, gone)| {
        let mut data = json!({ "type": kind.name, "attributes": {}, "relationships": {} });
        if is_sound {
            let known = |name: &str| kind.attribute(name).is_some();
            let given = sound
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| known(name));
            let given = given.map(|(name, value)| (name.clone(), value.clone()));
            data["attributes"] = Json::Object(given.collect::<Map<String, Json>>());
            if kind.relationship("rentable_type").is_some() {
                data["relationships"]["rentable_type"] = link.clone();
            }
        }
        for (name, value) in attributes {
            data["attributes"][name] = value;
        }
        for (name, value) in relationships {
            data["relationships"][name] = value;
        }
        if !id.is_null() {
            data["id"] = id;
        }
        let mut body = json!({ "data": data });
        for name in gone {
            match name {
                "data" => body = json!({}),
                name => {
                    body["data"].as_object_mut().map(|data| data.remove(name));
                }
            }
        }
        body
    })
}

/// Nothing differs between what is published and what is understood.
fn assert_same(kind: &'static ResourceType, schemas: &[Validator; 2], body: &Json) {
    for (schema, result) in [
        (&schemas[0], create(kind, body)),
        (&schemas[1], update(kind, "7", body)),
    ] {
        let refused = result.as_ref().err().map(told);
        assert_eq!(
            schema.is_valid(body),
            refused.is_none(),
            "{refused:?} of {body}"
        );
    }
}

fn requests_of(kind: &'static ResourceType) -> [Validator; 2] {
    [Shape::Create, Shape::Update].map(|shape| validator(&openapi::name(kind, shape)))
}

#[test]
fn a_request_is_understood_exactly_if_its_published_schema_allows_it() {
    for kind in [&RESERVATION, &CUSTOMER, &BOOKING] {
        let schemas = requests_of(kind);
        let mut runner = proptest::test_runner::TestRunner::new(cases(3_000));
        let result = runner.run(&documents(kind), |body| {
            assert_same(kind, &schemas, &body);
            Ok(())
        });
        result.unwrap();
    }
}

#[test]
fn sideposting_in_all_spellings_fits_the_published_schema() {
    let create = validator("BookingCreate");
    for (link, own) in [
        (
            json!({ "type": "customer", "meta": { "temp_id": "c", "method": "create" } }),
            json!({ "type": "customer", "meta": { "temp_id": "c" } }),
        ),
        (
            json!({ "type": "customer", "temp-id": "c", "method": "create" }),
            json!({ "type": "customer", "temp-id": "c" }),
        ),
        (
            json!({ "type": "customer", "lid": "c" }),
            json!({ "type": "customer", "lid": "c" }),
        ),
    ] {
        let mut own = own;
        own["attributes"] = json!({ "last_name": "Vos" });
        let body = json!({
            "data": { "type": "booking", "relationships": { "customer": { "data": link } } },
            "included": [own],
        });
        assert_valid(&create, &body);
        crate::world::create(&BOOKING, &body).unwrap();
    }
    let odd =
        json!({ "data": { "type": "booking" }, "included": [{ "type": "item", "lid": "c" }] });
    assert!(!create.is_valid(&odd));
}

fn any_json() -> impl Strategy<Value = Json> {
    let names = vec![
        "data",
        "type",
        "id",
        "lid",
        "attributes",
        "relationships",
        "included",
        "meta",
        "temp_id",
        "method",
        "booking",
        "items",
        "start_date",
        "guest_group",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,5}".prop_map(Json::from),
        select(vec![
            "reservation",
            "booking",
            "item",
            "a",
            "create",
            "update"
        ])
        .prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let pairs = vec((select(names.clone()), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..4).prop_map(Json::from),
            pairs.prop_map(|pairs| {
                let pairs = pairs
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Json::Object(pairs.collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_json_is_understood_or_refused(data in any_json(), included in any_json()) {
        let mut body = json!({ "data": data, "included": included });
        let _ = create(&RESERVATION, &body);
        let _ = create(&RESERVATION, &body["data"]);
        if body["data"].is_object() {
            body["data"]["type"] = json!("reservation");
            if let Err(errors) = create(&RESERVATION, &body) {
                prop_assert!(errors.iter().count() > 0);
            }
            let _ = update(&RESERVATION, "7", &body);
        }
    }
}
