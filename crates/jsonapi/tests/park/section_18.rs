//! What JSON:API 1.1 demands of a server, line by line: what goes out, and where the dialect
//! deviates. Queries and requests are in files of their own.

use http::header::{ACCEPT, CONTENT_TYPE};
use jsonapi::{
    Attribute, Code, Error, Errors, Kind, Locales, MEDIA_TYPE, Relationship, ResourceType, Schema,
    VARY, check_accept, check_content_type,
};
use serde_json::{Value as Json, json};

use crate::world::{BASE, BOOKING, Park, headers, ids, list_query, names};

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
