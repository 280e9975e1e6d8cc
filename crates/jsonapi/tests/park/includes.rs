//! Compound documents: what is included, in which order, with how many questions.

use std::collections::HashSet;

use jsonapi::{Code, Failure, Identifier, Linkage, Row, RowFlaw, Schema};
use serde_json::Value as Json;

use crate::world::{BOOKING, Park, RESERVATION, SECRET, list_query, only, schema};

const FIVE: &str = "include=booking.customer,rentable_type.amenities,items.extra,labels";

fn identity(json: &Json) -> (String, String) {
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    (text("type"), text("id"))
}

fn identities(list: &Json) -> Vec<(String, String)> {
    list.as_array().unwrap().iter().map(identity).collect()
}

#[test]
fn the_number_of_questions_depends_on_the_query_and_not_on_the_number_of_rows() {
    let mut questions = Vec::new();
    for many in [30, 100] {
        let park = Park::new(many);
        let document = park.list(&format!("page[size]={many}&{FIVE}"));
        assert_eq!(document["data"].as_array().unwrap().len(), many as usize);
        let asked = park.asked.lock().unwrap();
        questions.push(asked.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
    }
    // One for each type and level; the amenities of all paths are asked for together.
    let expected = [
        "booking",
        "rentable_type",
        "category",
        "item",
        "label",
        "customer",
        "amenity",
    ];
    let sorted = |list: &[&'static str]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    assert_eq!(sorted(&questions[0]), sorted(&expected));
    assert_eq!(sorted(&questions[1]), sorted(&expected));
}

#[test]
fn nothing_is_asked_twice_and_nothing_that_is_already_there() {
    let park = Park::new(20);
    park.list("page[size]=100&include=booking.reservations.booking.reservations.booking");
    let asked = park.asked.lock().unwrap();
    assert_eq!(*asked, [("booking", 10)]);
}

#[test]
fn type_and_id_are_unique_in_the_whole_document() {
    let paths = "include=booking.reservations,booking.customer,labels,rentable_type.amenities";
    let document = Park::new(30).list(&format!("page[size]=7&{paths}"));
    let primary = identities(&document["data"]);
    let included = identities(&document["included"]);
    let all: HashSet<_> = primary.iter().chain(&included).collect();
    assert_eq!(all.len(), primary.len() + included.len());
    let reservations = included.iter().filter(|(kind, _)| kind == "reservation");
    assert!(reservations.count() > 0, "those of other pages come along");
}

#[test]
fn everything_included_is_linked_to() {
    let document = Park::new(30).list(FIVE);
    let mut linked: HashSet<(String, String)> = HashSet::new();
    let lists = [&document["data"], &document["included"]];
    let resources = lists.iter().flat_map(|list| list.as_array().unwrap());
    for resource in resources {
        let relationships = resource["relationships"].as_object();
        for relationship in relationships.into_iter().flat_map(|known| known.values()) {
            match &relationship["data"] {
                Json::Array(many) => linked.extend(many.iter().map(identity)),
                Json::Null => {}
                one => {
                    linked.insert(identity(one));
                }
            }
        }
    }
    for identity in identities(&document["included"]) {
        assert!(linked.contains(&identity), "{identity:?}");
    }
}

#[test]
fn included_resources_come_in_the_order_in_which_the_paths_meet_them() {
    let document = Park::new(6).list("include=booking.customer,items&sort=-id");
    let included = identities(&document["included"]);
    let kinds: Vec<&str> = included.iter().map(|(kind, _)| kind.as_str()).collect();
    let expected = [
        "booking", "booking", "booking", "item", "item", "item", "item", "item", "item",
        "customer", "customer",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(included[0].1, "3");
    assert_eq!(included[3].1, "6");
    // Customer 4, of booking 3, is not there, and is left out.
    assert_eq!(
        [included[9].1.as_str(), included[10].1.as_str()],
        ["3", "2"]
    );
}

#[test]
fn a_path_through_a_relationship_to_several_types_goes_on_where_it_can() {
    let document = Park::new(12).list("include=rentable_type.amenities&filter[id]=5,6");
    let included = identities(&document["included"]);
    let kinds: Vec<&str> = included.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["rentable_type", "category", "amenity", "amenity"]);
}

#[test]
fn a_relationship_that_is_included_is_shown_even_if_it_is_not_by_default() {
    let park = Park::new(3);
    let labels = |query: &str| {
        park.list(query)["data"][2]["relationships"]
            .get("labels")
            .cloned()
    };
    assert_eq!(labels(""), None);
    assert!(labels("include=labels").unwrap()["data"].is_array());
    // Whoever asks for fields gets those and no others; the specification allows the gap.
    assert_eq!(labels("include=labels&fields[reservation]=state"), None);
}

#[test]
fn too_much_to_include_is_refused_before_it_is_read() {
    let row = |number: u32| {
        let items = (0..100).map(|item| Identifier::new("item", number * 100 + item));
        Row::new(&RESERVATION, number).to_many("items", items.collect())
    };
    let rows: Vec<Row> = (1..=51).map(row).collect();
    let park = Park::new(1);
    let query = list_query("include=items").unwrap();
    let Err(Failure::TooMany(error)) = park.included(&rows, &query) else {
        panic!("5,100 resources are too many");
    };
    assert_eq!(
        (error.code, error.status.as_u16()),
        (Code::InvalidInclude, 400)
    );
    assert!(park.asked.lock().unwrap().is_empty());
    assert!(park.included(&rows[..50], &query).is_ok());
}

#[test]
fn a_failure_of_the_loader_is_handed_on() {
    let query = list_query("include=items").unwrap();
    let park = Park::broken(1);
    let result = park.included(&park.of(&RESERVATION), &query);
    assert!(matches!(result, Err(Failure::Loader("the disk is gone"))));
}

#[test]
fn including_a_type_needs_its_scope() {
    let errors = list_query("include=booking,secret").unwrap_err();
    assert_eq!(only(&errors), "403 FORBIDDEN_INCLUDE include");
    assert!(errors.to_string().contains("secret|read"));
    assert_eq!(SECRET.read, Some("secret|read"));
}

#[test]
fn paths_are_bounded_in_depth_and_number() {
    let deep = |steps: usize| {
        let path = ["booking", "reservations"].repeat(3)[..steps].join(".");
        list_query(&format!("include={path}"))
    };
    assert!(deep(5).is_ok());
    assert_eq!(only(&deep(6).unwrap_err()), "400 INVALID_INCLUDE include");
    let many = format!("include={}", ["booking"; 31].join(","));
    assert_eq!(
        only(&list_query(&many).unwrap_err()),
        "400 INVALID_INCLUDE include"
    );
}

#[test]
fn a_row_says_where_a_relationship_leads_only_if_somebody_wants_to_know() {
    let query = list_query("include=labels&fields[reservation]=state").unwrap();
    assert!(query.wants(&RESERVATION, "labels") && !query.shows(&RESERVATION, "labels"));
    assert!(!query.wants(&RESERVATION, "items"));
    assert!(query.wants(&BOOKING, "customer"));
}

#[test]
fn a_row_that_contradicts_its_type_is_found_out() {
    let mut row = Row::new(&RESERVATION, "x y");
    row.link("booking", Linkage::Many(Vec::new()));
    assert_eq!(
        row.flaws(),
        [RowFlaw::OddId, RowFlaw::WrongNumber("booking")]
    );
    let _: Schema = schema();
}
