//! What JSON:API 1.1 demands of a server, line by line: the parameters of the query.

use serde_json::{Value as Json, json};

use crate::world::{Park, RESERVATION, ids, list_query, names, only, single_query, told};

fn refused(query: &str) -> String {
    only(&list_query(query).unwrap_err())
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
