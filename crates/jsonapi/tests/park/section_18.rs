//! What JSON:API 1.1 demands of a server, line by line, and where the dialect deviates.

use http::header::{ACCEPT, CONTENT_TYPE};
use jsonapi::{
    Attribute, Code, Error, Errors, Kind, Locales, MEDIA_TYPE, Relationship, ResourceType, Schema,
    VARY, View, check_accept, check_content_type,
};
use serde_json::{Value as Json, json};

use crate::world::{
    BASE, BOOKING, Park, RESERVATION, address, create, headers, list_query, only, single_query,
    told, update,
};

const WITH_CHARSET: &str = "application/vnd.api+json; charset=utf-8";
const WITH_EXTENSION: &str = r#"application/vnd.api+json; ext="https://example.com/x""#;
const WITH_PROFILE: &str = r#"application/vnd.api+json; profile="https://example.com/x""#;

fn accepts(value: &str) -> u16 {
    let result = check_accept(&headers(ACCEPT, value));
    result.map_or_else(|error| error.status.as_u16(), |()| 200)
}

fn reads(value: &str) -> u16 {
    let result = check_content_type(&headers(CONTENT_TYPE, value), true);
    result.map_or_else(|error| error.status.as_u16(), |()| 200)
}

fn refused(query: &str) -> String {
    only(&list_query(query).unwrap_err())
}

fn ids(document: &Json) -> Vec<&str> {
    let data = document["data"].as_array().unwrap();
    data.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn names(object: &Json) -> Vec<&str> {
    let names = object.as_object().map(|object| object.keys());
    names.into_iter().flatten().map(String::as_str).collect()
}

/// A document that may be created, with these changes to its one resource.
fn new_reservation(change: impl FnOnce(&mut Json)) -> Json {
    let mut body = json!({ "data": { "type": "reservation",
        "attributes": { "start_date": "2027-05-07", "end_date": "2027-05-14" },
        "relationships": { "rentable_type": { "data": { "type": "rentable_type", "id": "1" } } } } });
    change(&mut body["data"]);
    body
}

// Content negotiation

#[test]
fn answers_have_the_media_type_without_parameters() {
    assert_eq!(MEDIA_TYPE, "application/vnd.api+json");
}

#[test]
fn a_content_type_with_another_parameter_or_an_unsupported_extension_is_415() {
    assert_eq!(reads(WITH_CHARSET), 415);
    assert_eq!(reads(WITH_EXTENSION), 415);
    assert_eq!(reads(MEDIA_TYPE), 200);
    assert_eq!(reads(WITH_PROFILE), 200);
    let error = check_content_type(&headers(CONTENT_TYPE, WITH_CHARSET), true).unwrap_err();
    assert_eq!(error.code, Code::UnsupportedMediaType);
    assert_eq!(error.to_json()["source"]["header"], "Content-Type");
}

#[test]
fn accept_with_foreign_parameters_or_unsupported_extensions_everywhere_is_406() {
    assert_eq!(accepts(WITH_CHARSET), 406);
    assert_eq!(accepts(WITH_EXTENSION), 406);
    assert_eq!(accepts(&format!("{WITH_CHARSET}, {WITH_EXTENSION}")), 406);
    assert_eq!(accepts(&format!("{WITH_CHARSET}, {MEDIA_TYPE}")), 200);
    let error = check_accept(&headers(ACCEPT, WITH_CHARSET)).unwrap_err();
    assert_eq!(error.code, Code::UnknownFormat);
}

#[test]
fn unknown_profiles_are_ignored_and_vary_names_accept() {
    assert_eq!(accepts(WITH_PROFILE), 200);
    assert!(VARY.contains("Accept"));
}

#[test]
fn accept_may_be_missing_or_anything() {
    assert!(check_accept(&http::HeaderMap::new()).is_ok());
    assert_eq!(accepts("*/*"), 200);
}

// Documents

#[test]
fn a_document_has_data_or_errors_and_never_both() {
    let park = Park::new(5);
    for document in [park.list(""), park.one("1", ""), park.one("99", "")] {
        assert!(document.get("data").is_some() && document.get("errors").is_none());
    }
    let errors = Errors::from(Error::new(Code::ResourceNotFound, "There is no such thing"));
    assert_eq!(names(&errors.to_json()), ["errors"]);
}

#[test]
fn included_is_there_only_beside_data_and_only_if_somebody_asked() {
    let park = Park::new(5);
    assert!(park.list("").get("included").is_none());
    assert!(park.list("include=booking")["included"].is_array());
}

#[test]
fn ids_and_types_are_strings() {
    let document = Park::new(5).list("include=booking,labels");
    let rows = [&document["data"], &document["included"]];
    for row in rows.iter().flat_map(|rows| rows.as_array().unwrap()) {
        assert!(row["id"].is_string() && row["type"].is_string());
    }
    assert_eq!(
        document["data"][0]["relationships"]["booking"]["data"]["id"],
        "1"
    );
}

#[test]
fn attributes_and_relationships_share_one_namespace_without_id_and_type() {
    static ODD: ResourceType = ResourceType::new("odd")
        .attributes(&[
            Attribute::new("id", Kind::Integer),
            Attribute::new("type", Kind::Text),
            Attribute::new("odd", Kind::Text),
        ])
        .relationships(&[Relationship::to_one("odd", &["odd"])]);
    let flaws = Schema::new(&[&ODD]).unwrap_err().to_string();
    for flaw in [
        "odd.id: is a reserved",
        "odd.type: is a reserved",
        "odd.odd: is declared twice",
    ] {
        assert!(flaws.contains(flaw), "{flaw} is not in {flaws}");
    }
}

#[test]
fn a_reserved_name_is_shown_only_by_confession_and_filtered_by_without() {
    static CONFESSED: ResourceType =
        ResourceType::new("amenity")
            .attributes(&[Attribute::new("type", Kind::Text).reserved_name()]);
    assert!(Schema::new(&[&CONFESSED]).is_ok());
    let park = Park::new(3);
    assert_eq!(ids(&park.list("filter[type]=Stay")).len(), 3);
    assert!(park.list("")["data"][0]["attributes"].get("type").is_none());
}

#[test]
fn linkage_is_an_object_or_null_for_one_and_a_list_for_many() {
    let document = Park::new(5).list("fields[reservation]=booking,labels,invoice");
    let first = &document["data"][0]["relationships"];
    assert_eq!(
        first["booking"]["data"],
        json!({ "type": "booking", "id": "1" })
    );
    assert_eq!(
        first["labels"]["data"],
        json!([{ "type": "label", "id": "1" }])
    );
    assert_eq!(first["invoice"]["data"], Json::Null);
    let others = &document["data"];
    assert_eq!(others[4]["relationships"]["booking"]["data"], Json::Null);
    assert_eq!(others[3]["relationships"]["labels"]["data"], json!([]));
}

#[test]
fn foreign_keys_are_no_attributes() {
    static ODD: ResourceType = ResourceType::new("odd")
        .attributes(&[Attribute::new("other_id", Kind::Integer)])
        .relationships(&[Relationship::to_one("other", &["odd"])]);
    let flaws = Schema::new(&[&ODD]).unwrap_err().to_string();
    assert!(flaws.contains("odd.other_id: is a foreign key"), "{flaws}");
}

#[test]
fn links_to_pages_that_are_not_there_are_null_and_their_keys_are_there() {
    let links = Park::new(5).list("")["links"].clone();
    assert_eq!(names(&links), ["self", "first", "prev", "next", "last"]);
    assert_eq!((&links["prev"], &links["next"]), (&Json::Null, &Json::Null));
}

#[test]
fn member_names_start_and_end_with_a_letter_or_digit() {
    static ODD: ResourceType =
        ResourceType::new("odd").attributes(&[Attribute::new("_odd", Kind::Text)]);
    let flaws = Schema::new(&[&ODD]).unwrap_err().to_string();
    assert!(
        flaws.contains("odd._odd: is no legal member name"),
        "{flaws}"
    );
}

// Fetching

#[test]
fn every_link_is_below_the_public_base_and_only_declared_ones_are_sent() {
    let document = Park::new(5).list("page[size]=2");
    let row = &document["data"][0];
    assert_eq!(row["links"]["self"], format!("{BASE}/reservations/1"));
    let booking = &row["relationships"]["booking"]["links"];
    assert_eq!(booking["related"], format!("{BASE}/reservations/1/booking"));
    assert!(row["relationships"]["items"].get("links").is_none());
    assert_eq!(
        document["links"]["self"],
        format!("{BASE}/reservations?page%5Bsize%5D=2")
    );
}

#[test]
fn every_link_to_a_page_is_a_query_that_is_understood() {
    let park = Park::new(25);
    let text = "page[size]=3&page[number]=2&filter[state|guest_name]=!x,y&sort=-id&fields[booking]=&include=";
    let document = park.list(text);
    for name in ["self", "first", "prev", "next", "last"] {
        let link = document["links"][name].as_str().unwrap();
        let query = link.split_once('?').unwrap().1;
        let page = park.list(query);
        assert_eq!(page["links"]["last"], document["links"]["last"], "{name}");
    }
    // The last page of the longest list with the smallest pages can be asked for, too.
    assert!(list_query("page[number]=1000000000&page[size]=1").is_ok());
}

#[test]
fn a_list_may_be_empty_and_a_single_resource_null() {
    let park = Park::new(5);
    assert_eq!(park.list("filter[id]=99")["data"], json!([]));
    assert_eq!(park.one("99", "")["data"], Json::Null);
    assert_eq!(names(&park.one("1", "")["links"]), ["self"]);
}

#[test]
fn what_is_not_there_is_404() {
    let error = Error::new(Code::ResourceNotFound, "There is no reservation 99");
    assert_eq!(Errors::from(error).status().as_u16(), 404);
}

// Include

#[test]
fn an_unknown_path_is_400() {
    for path in [
        "bookings",
        "booking.nobody",
        "booking..customer",
        "booking,",
        "state",
        "invoice",
    ] {
        assert_eq!(
            refused(&format!("include={path}")),
            "400 INVALID_INCLUDE include",
            "{path}"
        );
    }
    let both = told(&list_query("include=a,b").unwrap_err());
    assert_eq!(both.len(), 2, "every wrong path is reported");
}

#[test]
fn included_is_there_even_if_it_is_empty() {
    let park = Park::new(5);
    assert_eq!(
        park.list("filter[id]=5&include=booking")["included"],
        json!([])
    );
    assert_eq!(park.one("99", "include=booking")["included"], json!([]));
}

#[test]
fn nothing_is_included_that_nobody_asked_for() {
    let document = Park::new(8).list("include=booking");
    let included = document["included"].as_array().unwrap();
    assert!(!included.is_empty() && included.iter().all(|row| row["type"] == "booking"));
}

#[test]
fn what_lies_between_is_included_too() {
    let document = Park::new(2).list("include=booking.customer");
    let included = document["included"].as_array().unwrap();
    let kinds: Vec<&Json> = included.iter().map(|row| &row["type"]).collect();
    assert_eq!(kinds, ["booking", "customer"]);
}

#[test]
fn an_empty_include_asks_for_nothing() {
    assert_eq!(Park::new(5).list("include=")["included"], json!([]));
}

// Fields

#[test]
fn other_fields_of_a_type_are_never_sent() {
    let document = Park::new(3)
        .list("fields[reservation]=state,booking&include=booking&fields[booking]=reference");
    let row = &document["data"][0];
    assert_eq!(names(&row["attributes"]), ["state"]);
    assert_eq!(names(&row["relationships"]), ["booking"]);
    let included = &document["included"][0];
    assert_eq!(names(&included["attributes"]), ["reference"]);
    assert!(included.get("relationships").is_none());
}

#[test]
fn empty_fields_are_no_fields() {
    let row = Park::new(1).list("fields[reservation]=")["data"][0].clone();
    assert_eq!(names(&row), ["type", "id", "links"]);
}

#[test]
fn fields_may_widen_what_is_sent_and_hidden_ones_are_never_sent() {
    let park = Park::new(1);
    let shown = |query: &str| park.list(query)["data"][0]["attributes"].clone();
    assert!(shown("").get("note").is_none());
    assert_eq!(
        shown("fields[reservation]=note"),
        json!({ "note": "only on request" })
    );
    assert_eq!(
        refused("fields[reservation]=password"),
        "400 INVALID_FIELDSET fields[reservation]"
    );
}

#[test]
fn fields_that_are_not_there_are_400() {
    assert_eq!(
        refused("fields[reservation]=nobody"),
        "400 INVALID_FIELDSET fields[reservation]"
    );
    assert_eq!(
        refused("fields[nobody]=id"),
        "400 INVALID_FIELDSET fields[nobody]"
    );
    assert_eq!(refused("fields=id"), "400 INVALID_FIELDSET fields");
    assert!(list_query("fields[reservation]=id,type,state,state").is_ok());
}

// Sort

#[test]
fn a_minus_is_descending_and_an_unsupported_order_is_400() {
    let park = Park::new(12);
    assert_eq!(ids(&park.list("sort=-id&page[size]=3")), ["12", "11", "10"]);
    assert_eq!(
        ids(&park.list("sort=nights,-id&page[size]=3")),
        ["9", "10", "1"]
    );
    assert_eq!(refused("sort=guest_name"), "400 INVALID_SORTING sort");
    assert_eq!(refused("sort=--id"), "400 INVALID_SORTING sort");
    assert_eq!(refused("sort[id]=1"), "400 INVALID_SORTING sort[id]");
    let single = single_query("sort=id").unwrap_err();
    assert_eq!(only(&single), "400 INVALID_SORTING sort");
}

// Page

#[test]
fn there_are_no_links_to_pages_but_the_four_and_self() {
    let links = Park::new(99).list("page[number]=2&page[size]=10")["links"].clone();
    assert_eq!(names(&links), ["self", "first", "prev", "next", "last"]);
}

#[test]
fn pages_follow_the_order_without_gaps_and_repeats() {
    let park = Park::new(50);
    let mut all: Vec<String> = Vec::new();
    let mut query = "page[size]=7&sort=price,-nights".to_owned();
    loop {
        let document = park.list(&query);
        all.extend(ids(&document).into_iter().map(str::to_owned));
        match document["links"]["next"].as_str() {
            Some(next) => query = next.split_once('?').unwrap().1.to_owned(),
            None => break,
        }
    }
    let whole = park.list("page[size]=100&sort=price,-nights");
    assert_eq!(all, ids(&whole));
    assert_eq!(
        whole["meta"]["pagination"],
        json!({ "total_records": 50, "page": 1, "size": 100 })
    );
}

#[test]
fn pages_have_thirty_rows_unless_asked_otherwise_and_a_hundred_at_most() {
    let park = Park::new(120);
    assert_eq!(ids(&park.list("")).len(), 30);
    assert_eq!(ids(&park.list("page[size]=100")).len(), 100);
    for odd in ["0", "101", "-1", "x", "", "1.0", "+1", "99999999999"] {
        let name = "page[size]";
        assert_eq!(
            refused(&format!("{name}={odd}")),
            format!("400 INVALID_PAGINATION {name}")
        );
    }
    assert_eq!(
        refused("page[number]=0"),
        "400 INVALID_PAGINATION page[number]"
    );
    assert_eq!(
        refused("page[offset]=1"),
        "400 INVALID_PAGINATION page[offset]"
    );
    assert_eq!(refused("page=1"), "400 INVALID_PAGINATION page");
}

// Filter, and names of parameters

#[test]
fn filters_narrow_the_list_and_the_total() {
    let document = Park::new(10).list("filter[state]=confirmed&page[size]=2");
    assert_eq!(document["meta"]["pagination"]["total_records"], 5);
    assert_eq!(
        refused("filter[nobody]=1"),
        "400 INVALID_FILTER filter[nobody]"
    );
}

#[test]
fn an_unknown_name_of_small_letters_is_400_under_strict_rules_and_ignored_otherwise() {
    let schema = crate::world::schema();
    let rules = jsonapi::Rules::list(&schema, &RESERVATION);
    let parse =
        |rules: &jsonapi::Rules<'_>, text: &str| jsonapi::Query::parse(rules, text, &|_| true);
    let lenient = parse(
        &rules,
        "confirm=true&channelIds=1&start_date=x&confirm=false",
    )
    .unwrap();
    assert_eq!(lenient.own("confirm"), Some("false"));
    assert_eq!(lenient.own_pairs().count(), 4);
    let strict = rules.strictly(&["confirm"]);
    assert!(parse(&strict, "confirm=true&channelIds=1&x_y=1").is_ok());
    let errors = parse(&strict, "confirm=true&referrer=x").unwrap_err();
    assert_eq!(only(&errors), "400 FORBIDDEN_INPUT referrer");
    let single = jsonapi::Rules::one(&schema, &RESERVATION);
    assert!(parse(&single, "page[size]=1&filter[x]=1").is_ok());
    let strict = parse(&single.strictly(&[]), "page[size]=1&filter[x]=1").unwrap_err();
    assert_eq!(told(&strict).len(), 2);
}

#[test]
fn square_brackets_are_accepted_raw_and_percent_encoded() {
    let raw = list_query("page[size]=5&filter[guest_group][adults]=2&fields[booking]=");
    let encoded =
        list_query("page%5Bsize%5D=5&filter%5Bguest_group%5D%5badults%5d=2&fields%5Bbooking%5D=");
    assert_eq!(raw.unwrap(), encoded.unwrap());
}

#[test]
fn everything_that_is_wrong_with_a_query_is_said_at_once() {
    let text = "page[size]=0&sort=x&fields[x]=y&include=x&filter[x]=y&filter[id]=%ff&page[size]=1";
    let codes: Vec<String> = told(&list_query(text).unwrap_err())
        .into_iter()
        .map(|(_, code, place)| format!("{code} {place}"))
        .collect();
    let expected = [
        "INVALID_PAGINATION page[size]",
        "INVALID_SORTING sort",
        "INVALID_FIELDSET fields[x]",
        "INVALID_INCLUDE include",
        "INVALID_FILTER filter[x]",
        "INVALID_FILTER filter[id]",
        "INVALID_PAGINATION page[size]",
    ];
    assert_eq!(codes, expected);
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
    let document = view.written(&row, &[]).into_json();
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

// Errors

#[test]
fn an_error_has_a_status_as_string_a_code_a_title_a_detail_and_a_source() {
    let error = Error::new(Code::InvalidAttribute, "Too long").at("/data/attributes/note");
    let errors = Errors::from(error);
    let expected = json!({ "errors": [{ "status": "422", "code": "INVALID_ATTRIBUTE",
        "title": "Invalid attribute", "detail": "Too long",
        "source": { "pointer": "/data/attributes/note" } }] });
    assert_eq!(errors.to_json(), expected);
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

#[test]
fn every_code_has_the_status_that_the_dialect_gives_it() {
    let with = |status: u16| {
        let codes = Code::ALL
            .iter()
            .filter(|code| code.status().as_u16() == status);
        codes.map(|code| code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(with(401), ["INVALID_TOKEN"]);
    assert_eq!(with(403).len(), 6);
    assert_eq!(with(404), ["RESOURCE_NOT_FOUND"]);
    assert_eq!(with(406), ["UNKNOWN_FORMAT"]);
    assert_eq!(with(409), ["CONFLICT"]);
    assert_eq!(with(415), ["UNSUPPORTED_MEDIA_TYPE"]);
    assert_eq!(with(422), ["INVALID_ATTRIBUTE", "INVALID_RELATIONSHIP"]);
    assert_eq!(with(429), ["RATE_LIMITED"]);
    assert_eq!(with(500), ["INTERNAL_SERVER_ERROR"]);
    assert_eq!(with(400).len(), 9);
}

// Where the dialect deviates

#[test]
fn plain_json_is_read_too() {
    assert_eq!(reads("application/json"), 200);
    assert_eq!(reads("application/json; charset=utf-8"), 200);
    assert_eq!(reads("text/csv"), 415);
}

#[test]
fn types_are_singular() {
    assert!(Schema::new(&[&BOOKING]).is_err(), "its targets are missing");
    assert_eq!(Park::new(1).list("")["data"][0]["type"], "reservation");
}

#[test]
fn localized_attributes_are_limited_to_the_languages_asked_for() {
    let park = Park::new(1);
    let names = |locales: &Locales| {
        let document = park.list_in("include=rentable_type", locales);
        document["included"][0]["attributes"]["name"].clone()
    };
    assert_eq!(names(&Locales::of(["en"])), json!({ "en": "Lodge 2" }));
    assert_eq!(
        names(&Locales::of(["nl", "de"])),
        json!({ "nl": "Huisje 2", "de": "Haus 2" })
    );
    assert_eq!(names(&Locales::of(["fr"])), json!({}));
}
