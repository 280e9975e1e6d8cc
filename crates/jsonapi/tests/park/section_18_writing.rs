//! What JSON:API 1.1 demands of a server, line by line: creating, changing and deleting.

use http::header::CONTENT_TYPE;
use jsonapi::{Locales, MEDIA_TYPE, View, check_content_type};
use serde_json::{Value as Json, json};

use crate::world::{
    BOOKING, Park, RESERVATION, address, create, headers, only, single_query, told, update,
};

/// A document that may be created, with these changes to its one resource.
fn new_reservation(change: impl FnOnce(&mut Json)) -> Json {
    let mut body = json!({ "data": { "type": "reservation",
        "attributes": { "start_date": "2027-05-07", "end_date": "2027-05-14" },
        "relationships": { "rentable_type": { "data": { "type": "rentable_type", "id": "1" } } } } });
    change(&mut body["data"]);
    body
}

// Create

#[test]
fn a_new_resource_needs_a_type() {
    let body = new_reservation(|data| {
        data.as_object_mut().unwrap().remove("type");
    });
    assert_eq!(
        only(&create(&RESERVATION, &body).unwrap_err()),
        "400 FORBIDDEN_INPUT /data"
    );
}

#[test]
fn the_value_of_a_relationship_needs_data() {
    let body = new_reservation(|data| data["relationships"]["booking"] = json!({ "links": {} }));
    let errors = create(&RESERVATION, &body).unwrap_err();
    assert_eq!(
        only(&errors),
        "400 INVALID_RELATIONSHIP /data/relationships/booking"
    );
}

#[test]
fn an_id_from_the_client_is_403() {
    for id in [
        json!("7"),
        json!("0191c6a1-7f5e-7000-8000-000000000000"),
        json!(7),
    ] {
        let body = new_reservation(|data| data["id"] = id);
        assert_eq!(
            only(&create(&RESERVATION, &body).unwrap_err()),
            "403 FORBIDDEN_INPUT /data/id"
        );
    }
}

#[test]
fn the_location_of_a_new_resource_is_its_self_link() {
    let query = single_query("").unwrap();
    let view = View {
        query: &query,
        address: address("/channels/3/reservations", "confirm=true"),
        locales: &Locales::all(),
    };
    let row = Park::new(3).row(&RESERVATION, "2").unwrap();
    let document = view.written(Some(&row), &[]).to_json();
    let location = view.location(&row);
    assert_eq!(
        location.as_deref(),
        Some("https://tabard.example/v3/reservations/2")
    );
    assert_eq!(
        document["data"]["links"]["self"].as_str(),
        location.as_deref()
    );
    // The address that was written to need not answer GET, so no link leads there.
    assert_eq!(document["links"]["self"].as_str(), location.as_deref());
}

#[test]
fn a_missing_related_resource_is_404() {
    let body =
        new_reservation(|data| data["relationships"]["rentable_type"]["data"]["id"] = json!("x1"));
    let errors = create(&RESERVATION, &body).unwrap_err();
    let place = "/data/relationships/rentable_type/data/id";
    assert_eq!(only(&errors), format!("404 RESOURCE_NOT_FOUND {place}"));
    // Which ids there are only the dialect knows; it says so in the same way.
    let change = create(&RESERVATION, &new_reservation(|_| {})).unwrap();
    let to = jsonapi::Identifier::new("rentable_type", 1);
    let error = change.root().missing_link("rentable_type", &to);
    let told = only(&error.into());
    assert_eq!(
        told,
        "404 RESOURCE_NOT_FOUND /data/relationships/rentable_type"
    );
}

#[test]
fn the_wrong_type_for_a_collection_is_409() {
    let body = new_reservation(|data| data["type"] = json!("reservations"));
    assert_eq!(
        only(&create(&RESERVATION, &body).unwrap_err()),
        "409 CONFLICT /data/type"
    );
}

// Update

#[test]
fn members_that_are_missing_stay_as_they_are() {
    let body = json!({ "data": { "type": "reservation", "id": "7",
        "attributes": { "guest_name": null, "fixed": "true" } } });
    let change = update(&RESERVATION, "7", &body).unwrap();
    let root = change.root();
    assert_eq!(root.aim, jsonapi::Aim::Update("7".to_owned()));
    assert_eq!(root.value("guest_name"), Some(&jsonapi::Value::Null));
    assert_eq!(root.value("fixed"), Some(&jsonapi::Value::Boolean(true)));
    assert_eq!(root.value("start_date"), None);
    assert_eq!(root.links("booking"), None);
}

#[test]
fn a_relationship_to_many_that_may_not_be_replaced_fails_the_whole_request() {
    let links = json!({ "data": [{ "type": "reservation", "id": "1" }] });
    let body = json!({ "data": { "type": "booking", "id": "1",
        "attributes": { "reference": "x" }, "relationships": { "reservations": links } } });
    let errors = update(&BOOKING, "1", &body).unwrap_err();
    assert_eq!(
        only(&errors),
        "400 FORBIDDEN_INPUT /data/relationships/reservations"
    );
}

#[test]
fn type_and_id_have_to_be_those_of_the_address() {
    let body = json!({ "data": { "type": "booking", "id": "8" } });
    let conflicts = told(&update(&RESERVATION, "7", &body).unwrap_err());
    let places: Vec<&str> = conflicts.iter().map(|(.., place)| place.as_str()).collect();
    assert_eq!(places, ["/data/type", "/data/id"]);
    assert!(
        conflicts
            .iter()
            .all(|(status, code, _)| status == "409" && code == "CONFLICT")
    );
    let body = json!({ "data": { "type": "reservation" } });
    let errors = update(&RESERVATION, "7", &body).unwrap_err();
    assert_eq!(only(&errors), "400 FORBIDDEN_INPUT /data");
}

#[test]
fn a_request_with_one_mistake_is_no_change_at_all() {
    let body = json!({ "data": { "type": "reservation", "id": "7",
        "attributes": { "guest_name": "Ada", "fixed": "maybe" } } });
    assert!(update(&RESERVATION, "7", &body).is_err());
}

// Relationship endpoints and deletion

#[test]
fn no_link_leads_to_a_relationship_endpoint() {
    let document =
        Park::new(9).list("include=booking.customer,rentable_type.amenities,items,labels");
    let rows = [&document["data"], &document["included"]];
    let rows = rows.iter().flat_map(|rows| rows.as_array().unwrap());
    let relationships = rows.filter_map(|row| row["relationships"].as_object());
    for relationship in relationships.flat_map(|known| known.values()) {
        assert!(relationship["links"].get("self").is_none());
    }
}

#[test]
fn deleting_needs_no_body_and_any_content_type_will_do_without_one() {
    assert!(check_content_type(&headers(CONTENT_TYPE, MEDIA_TYPE), false).is_ok());
    assert!(check_content_type(&http::HeaderMap::new(), false).is_ok());
    assert!(check_content_type(&headers(CONTENT_TYPE, "text/plain"), false).is_ok());
}

#[test]
fn several_errors_have_the_most_general_status() {
    let body = new_reservation(|data| {
        data["attributes"] = json!({ "start_date": "x", "end_date": "2027-05-14", "nobody": 1 });
    });
    let errors = create(&RESERVATION, &body).unwrap_err();
    assert_eq!(told(&errors).len(), 2);
    assert_eq!(errors.status().as_u16(), 400);
}
