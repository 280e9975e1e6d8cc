//! Request documents: coercion, sideposting in its three spellings, and every mistake at its place.

use jsonapi::{Aim, Change, Identifier, Link, Links, Value};
use serde_json::{Value as Json, json};

use crate::world::{RESERVATION, create, create_bytes, only, told, update};

fn with(attributes: &Json, relationships: &Json, included: &Json) -> Json {
    let mut body = json!({ "data": { "type": "reservation",
        "attributes": { "start_date": "2027-05-07", "end_date": "2027-05-14" },
        "relationships": { "rentable_type": { "data": { "type": "rentable_type", "id": "31" } } } },
        "included": included });
    for (name, value) in attributes.as_object().unwrap() {
        body["data"]["attributes"][name] = value.clone();
    }
    for (name, value) in relationships.as_object().unwrap() {
        body["data"]["relationships"][name] = value.clone();
    }
    body
}

fn places(body: &Json) -> Vec<String> {
    let told = told(&create(&RESERVATION, body).unwrap_err());
    let line = |(status, code, place)| format!("{status} {code} {place}");
    told.into_iter().map(line).collect()
}

/// A new reservation in a new booking of a new customer, in one of the spellings.
fn nested(link: impl Fn(&str, &str) -> Json, own: impl Fn(&str, &str) -> Json) -> Json {
    let mut booking = own("booking", "b-1");
    booking["relationships"] = json!({ "customer": { "data": link("customer", "c-1") } });
    let mut customer = own("customer", "c-1");
    customer["attributes"] = json!({ "first_name": "Ada", "last_name": "Vos" });
    let relationships = json!({ "booking": { "data": link("booking", "b-1") } });
    with(&json!({}), &relationships, &json!([customer, booking]))
}

fn assert_nested(change: &Change) {
    let root = change.root();
    assert_eq!(
        (root.kind.name, root.pointer(), &root.aim),
        ("reservation", "/data", &Aim::Create)
    );
    let booking = change.sideposted(root, "booking").next().unwrap();
    assert_eq!(
        (booking.kind.name, booking.pointer()),
        ("booking", "/included/1")
    );
    let customer = change.sideposted(booking, "customer").next().unwrap();
    assert_eq!(
        (customer.kind.name, customer.pointer()),
        ("customer", "/included/0")
    );
    assert_eq!(customer.text("last_name"), Some("Vos"));
    assert_eq!(customer.aim, Aim::Create);
    assert_eq!(change.drafts().len(), 3);
    assert_eq!(root.linked_id("rentable_type"), Some("31"));
    assert_eq!(root.linked_id("booking"), None);
}

#[test]
fn sideposting_is_understood_in_all_three_spellings_and_nests() {
    let in_meta = nested(
        |kind, id| json!({ "type": kind, "meta": { "temp_id": id, "method": "create" } }),
        |kind, id| json!({ "type": kind, "meta": { "temp_id": id } }),
    );
    let beside = nested(
        |kind, id| json!({ "type": kind, "temp-id": id, "method": "create" }),
        |kind, id| json!({ "type": kind, "temp-id": id }),
    );
    let local = nested(
        |kind, id| json!({ "type": kind, "lid": id }),
        |kind, id| json!({ "type": kind, "lid": id }),
    );
    let mixed = nested(
        |kind, id| json!({ "type": kind, "meta": { "temp_id": id } }),
        |kind, id| json!({ "type": kind, "lid": id }),
    );
    for body in [in_meta, beside, local, mixed] {
        assert_nested(&create(&RESERVATION, &body).unwrap());
    }
}

#[test]
fn what_exists_may_be_updated_on_the_way() {
    let link = json!({ "data": { "type": "booking", "id": "5", "meta": { "method": "update" } } });
    let side = json!([{ "type": "booking", "id": "5", "attributes": { "reference": "x" } }]);
    let body = with(&json!({}), &json!({ "booking": link }), &side);
    let change = create(&RESERVATION, &body).unwrap();
    let booking = change.sideposted(change.root(), "booking").next().unwrap();
    assert_eq!(booking.aim, Aim::Update("5".to_owned()));
    assert_eq!(booking.text("reference"), Some("x"));
    // The id may stand in the link alone, beside a temporary one.
    let meta = json!({ "method": "update", "temp_id": "t" });
    let link = json!({ "data": { "type": "booking", "id": "5", "meta": meta } });
    let side = json!([{ "type": "booking", "meta": { "temp_id": "t" } }]);
    let body = with(&json!({}), &json!({ "booking": link }), &side);
    let change = create(&RESERVATION, &body).unwrap();
    assert_eq!(change.drafts()[1].aim, Aim::Update("5".to_owned()));
}

#[test]
fn a_relationship_to_many_takes_new_ones_and_existing_ones_together_each_once() {
    let links = json!({ "data": [
        { "type": "item", "id": "8" },
        { "type": "item", "lid": "a" },
        { "type": "item", "id": "8" },
        { "type": "item", "lid": "a" },
        { "type": "item", "lid": "b" },
    ] });
    let side = json!([
        { "type": "item", "lid": "b", "attributes": { "quantity": "2" } },
        { "type": "item", "lid": "a", "attributes": { "quantity": 1 } },
    ]);
    let body = with(&json!({}), &json!({ "items": links }), &side);
    let change = create(&RESERVATION, &body).unwrap();
    let expected = vec![
        Link::To(Identifier::new("item", 8)),
        Link::Draft(1),
        Link::Draft(2),
    ];
    assert_eq!(change.root().links("items"), Some(&Links::Many(expected)));
    let items = change.sideposted(change.root(), "items");
    let quantities: Vec<Option<&Value>> = items.map(|item| item.value("quantity")).collect();
    assert_eq!(
        quantities,
        [Some(&Value::Integer(1)), Some(&Value::Integer(2))]
    );
}

#[test]
fn a_price_list_of_two_years_comes_in_one_request() {
    let link = |index: usize| json!({ "type": "item", "meta": { "temp_id": format!("{index:x}"), "method": "create" } });
    let side = |index: usize| json!({ "type": "item", "meta": { "temp_id": format!("{index:x}") }, "attributes": { "quantity": index } });
    let links: Vec<Json> = (0..2_000).map(link).collect();
    let sides: Vec<Json> = (0..2_000).map(side).collect();
    let body = with(
        &json!({}),
        &json!({ "items": { "data": links } }),
        &json!(sides),
    );
    let change = create(&RESERVATION, &body).unwrap();
    assert_eq!(change.drafts().len(), 2_001);
    assert_eq!(
        change.drafts()[2_000].value("quantity"),
        Some(&Value::Integer(1_999))
    );
    let sides: Vec<Json> = (0..2_001).map(side).collect();
    let body = with(&json!({}), &json!({}), &json!(sides));
    assert!(places(&body).contains(&"400 FORBIDDEN_INPUT /included".to_owned()));
}

#[test]
fn sideposting_that_makes_no_sense_is_refused_where_it_stands() {
    let booking = |link: Json, included: Json| {
        places(&with(
            &json!({}),
            &json!({ "booking": { "data": link } }),
            &included,
        ))
    };
    let at = "400 INVALID_RELATIONSHIP /data/relationships/booking/data";
    let side = || json!([{ "type": "booking", "lid": "a" }]);
    assert_eq!(
        booking(json!({ "type": "booking", "lid": "b" }), json!([])),
        [at]
    );
    assert_eq!(booking(json!({ "type": "booking" }), json!([])), [at]);
    let odd = json!({ "type": "booking", "lid": "a", "method": "destroy" });
    assert_eq!(booking(odd, side()), [at]);
    let without_id = json!({ "type": "booking", "lid": "a", "method": "update" });
    assert_eq!(booking(without_id, side()), [at]);
    let unclear = json!({ "type": "booking", "id": "5", "lid": "a" });
    assert_eq!(booking(unclear, side()), [at]);
    let with_id = json!({ "type": "booking", "id": "5", "lid": "a", "method": "create" });
    let expected = "403 FORBIDDEN_INPUT /data/relationships/booking/data/id";
    assert_eq!(booking(with_id, side()), [expected]);
    let own_id = json!([{ "type": "booking", "id": "5", "lid": "a" }]);
    let expected = "403 FORBIDDEN_INPUT /included/0/id";
    assert_eq!(
        booking(json!({ "type": "booking", "lid": "a" }), own_id),
        [expected]
    );
}

#[test]
fn what_stands_in_included_has_to_be_sound_and_of_use() {
    let included = |included: Json| places(&with(&json!({}), &json!({}), &included));
    assert_eq!(included(json!({})), ["400 FORBIDDEN_INPUT /included"]);
    assert_eq!(included(json!([7])), ["400 FORBIDDEN_INPUT /included/0"]);
    assert_eq!(
        included(json!([{ "lid": "a" }])),
        ["400 FORBIDDEN_INPUT /included/0"]
    );
    let unknown = json!([{ "type": "nobody", "lid": "a" }]);
    assert_eq!(included(unknown), ["400 FORBIDDEN_INPUT /included/0/type"]);
    let nameless = json!([{ "type": "booking" }]);
    assert_eq!(included(nameless), ["400 FORBIDDEN_INPUT /included/0"]);
    let twice = json!([{ "type": "booking", "lid": "a" }, { "type": "booking", "temp-id": "a" }]);
    assert_eq!(included(twice), ["400 FORBIDDEN_INPUT /included/1"]);
    let lost = json!([{ "type": "booking", "lid": "a" }]);
    assert_eq!(included(lost), ["400 FORBIDDEN_INPUT /included/0"]);
}

#[test]
fn mistakes_in_included_resources_are_reported_there() {
    let links = json!({ "booking": { "data": { "type": "booking", "lid": "b" } } });
    let side = json!([
        { "type": "customer", "lid": "c", "attributes": { "gender": "?", "age": 7 } },
        { "type": "booking", "lid": "b", "attributes": { "booking_nr": "1" },
          "relationships": { "customer": { "data": { "type": "customer", "lid": "c" } } } },
    ]);
    let expected = [
        "400 FORBIDDEN_INPUT /included/1/attributes/booking_nr",
        "422 INVALID_ATTRIBUTE /included/0/attributes/gender",
        "400 UNKNOWN_ATTRIBUTE /included/0/attributes/age",
        "422 INVALID_ATTRIBUTE /included/0/attributes/last_name",
    ];
    assert_eq!(places(&with(&json!({}), &links, &side)), expected);
}

#[test]
fn sideposting_needs_a_relationship_that_allows_it_and_the_scope() {
    let links = json!({ "rentable_type": { "data": { "type": "rentable_type", "lid": "r" } } });
    let side = json!([{ "type": "rentable_type", "lid": "r" }]);
    let at = "400 FORBIDDEN_INPUT /data/relationships/rentable_type/data";
    assert_eq!(places(&with(&json!({}), &links, &side)), [at]);
    let links = json!({ "secret": { "data": { "type": "secret", "lid": "s" } } });
    let side = json!([{ "type": "secret", "lid": "s" }]);
    let at = "403 NO_VALID_SCOPE /data/relationships/secret/data";
    assert_eq!(places(&with(&json!({}), &links, &side)), [at]);
    let errors = create(&RESERVATION, &with(&json!({}), &links, &side)).unwrap_err();
    assert!(errors.to_string().contains("secret|write"));
}

#[test]
fn a_resource_of_the_request_may_lead_back_to_the_primary_one() {
    let links = json!({ "items": { "data": [{ "type": "item", "lid": "a" }] } });
    let back = json!({ "reservation": { "data": { "type": "reservation", "lid": "me" } } });
    let side = json!([{ "type": "item", "lid": "a", "relationships": back }]);
    let mut body = with(&json!({}), &links, &side);
    body["data"]["lid"] = json!("me");
    let change = create(&RESERVATION, &body).unwrap();
    assert_eq!(change.drafts().len(), 2);
    let back = change.drafts()[1].links("reservation");
    assert_eq!(back, Some(&Links::One(Some(Link::Draft(0)))));
}

#[test]
fn all_that_is_wrong_with_a_document_is_said_at_once() {
    let body = json!({ "data": { "type": "reservation",
        "attributes": {
            "end_date": "2027-02-30", "state": "confirmed", "nobody": 1, "booking": 5,
            "guest_group": { "adults": "many", "dogs": 1 }, "guest_name": "x".repeat(51),
        },
        "relationships": {
            "nobody": { "data": null },
            "booking": { "data": [] },
            "labels": { "data": { "type": "label", "id": "1" } },
            "items": { "data": [{ "type": "item" }, 7, { "type": "label", "id": "1" }, { "type": "item", "id": 5 }] },
            "rentable_type": { "data": null },
            "invoice": { "data": null },
        } } });
    let mut found = places(&body);
    found.sort();
    let mut expected = [
        "422 INVALID_ATTRIBUTE /data/attributes/end_date",
        "400 FORBIDDEN_INPUT /data/attributes/state",
        "400 UNKNOWN_ATTRIBUTE /data/attributes/nobody",
        "400 UNKNOWN_ATTRIBUTE /data/attributes/booking",
        "422 INVALID_ATTRIBUTE /data/attributes/guest_group/adults",
        "422 INVALID_ATTRIBUTE /data/attributes/guest_group/dogs",
        "422 INVALID_ATTRIBUTE /data/attributes/guest_name",
        "422 INVALID_ATTRIBUTE /data/attributes/start_date",
        "400 UNKNOWN_RELATIONSHIP /data/relationships/nobody",
        "400 INVALID_RELATIONSHIP /data/relationships/booking/data",
        "400 INVALID_RELATIONSHIP /data/relationships/labels/data",
        "400 INVALID_RELATIONSHIP /data/relationships/items/data/0",
        "400 INVALID_RELATIONSHIP /data/relationships/items/data/1",
        "422 INVALID_RELATIONSHIP /data/relationships/items/data/2/type",
        "400 FORBIDDEN_INPUT /data/relationships/items/data/3/id",
        "422 INVALID_RELATIONSHIP /data/relationships/rentable_type/data",
        "400 FORBIDDEN_INPUT /data/relationships/invoice",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_body_that_is_no_document_is_refused_with_a_reason() {
    let told = |body: &str| only(&create_bytes(&RESERVATION, body.as_bytes()).unwrap_err());
    for body in ["", "nonsense", "{", "[]", "null", "7", "{}"] {
        assert_eq!(told(body), "400 FORBIDDEN_INPUT ", "{body}");
    }
    for body in [r#"{"data":null}"#, r#"{"data":[]}"#, r#"{"data":{}}"#] {
        assert_eq!(told(body), "400 FORBIDDEN_INPUT /data", "{body}");
    }
    assert_eq!(
        told(r#"{"data":{"type":7}}"#),
        "400 FORBIDDEN_INPUT /data/type"
    );
    assert!(create_bytes(&RESERVATION, b"\xff\xfe").is_err());
    let deep = "[".repeat(100_000);
    assert!(create_bytes(&RESERVATION, deep.as_bytes()).is_err());
}

#[test]
fn what_can_be_set_only_once_cannot_be_changed() {
    let created = with(&json!({ "remote_key": "k" }), &json!({}), &json!([]));
    assert!(create(&RESERVATION, &created).is_ok());
    let changed = json!({ "data": { "type": "reservation", "id": "7",
        "attributes": { "remote_key": "k" } } });
    let errors = update(&RESERVATION, "7", &changed).unwrap_err();
    assert_eq!(
        only(&errors),
        "400 FORBIDDEN_INPUT /data/attributes/remote_key"
    );
}

#[test]
fn what_happens_to_a_resource_cannot_be_said_when_it_is_made() {
    let made = with(&json!({ "came_on": "2027-05-07" }), &json!({}), &json!([]));
    let errors = create(&RESERVATION, &made).unwrap_err();
    assert_eq!(
        only(&errors),
        "400 FORBIDDEN_INPUT /data/attributes/came_on"
    );
    for day in [json!("2027-05-07"), json!(null)] {
        let changed = json!({ "data": { "type": "reservation", "id": "7",
            "attributes": { "came_on": day } } });
        assert!(update(&RESERVATION, "7", &changed).is_ok());
    }
}

#[test]
fn a_resource_keeps_its_own_meta() {
    let mut body = with(&json!({}), &json!({}), &json!([]));
    body["data"]["meta"] = json!({ "temp_id": "x", "note": 7 });
    let change = create(&RESERVATION, &body).unwrap();
    assert_eq!(
        Json::Object(change.root().meta.clone()),
        json!({ "note": 7 })
    );
}

#[test]
fn a_dialect_refuses_values_where_they_stand() {
    let links = json!({ "booking": { "data": { "type": "booking", "lid": "b/1" } } });
    let side = json!([{ "type": "booking", "lid": "b/1" }]);
    let change = create(&RESERVATION, &with(&json!({}), &links, &side)).unwrap();
    let error = change.drafts()[1].refuse("reference", "Taken");
    assert_eq!(
        only(&error.into()),
        "422 INVALID_ATTRIBUTE /included/0/attributes/reference"
    );
    let error = change.root().refuse_link("booking", "Cancelled");
    assert_eq!(
        only(&error.into()),
        "422 INVALID_RELATIONSHIP /data/relationships/booking"
    );
}
