//! The filter grammar: what it means, line by line.

use jsonapi::{Term, Test};

use crate::world::{Park, list_query, only};

fn ids(query: &str) -> Vec<u32> {
    let document = Park::new(12).list(query);
    let rows = document["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn all_but(left_out: &[u32]) -> Vec<u32> {
    (1..=12).filter(|id| !left_out.contains(id)).collect()
}

#[test]
fn equals_contains_lists_and_ranges() {
    assert_eq!(ids("filter[guest_name]=Bob"), [2, 6, 10]);
    assert_eq!(
        ids("filter[guest_name]=bob"),
        [0; 0],
        "equality minds the case"
    );
    assert_eq!(
        ids("filter[guest_name]=~A"),
        [4, 8, 12],
        "containing does not"
    );
    assert_eq!(
        ids("filter[guest_name]=~%C3%A4"),
        [3, 7, 11],
        "nor beyond ASCII"
    );
    assert_eq!(ids("filter[nights]=1,8,77"), [1, 8, 10]);
    assert_eq!(
        ids("filter[nights]=1..2"),
        [1, 2, 10, 11],
        "both ends are included"
    );
    assert_eq!(ids("filter[start_date]=2027-05-02..2027-05-03"), [1, 2]);
    assert_eq!(ids("filter[start_date]=2027-05-12.."), [11, 12]);
    assert_eq!(ids("filter[start_date]=..2027-05-02"), [1]);
    assert_eq!(ids("filter[price]=37.5..50"), [3, 4, 10, 11]);
    assert_eq!(ids("filter[price]=12.5"), [1, 8], "12.5 is 12.50");
    assert_eq!(ids("filter[rating]=0.50"), [5]);
    assert_eq!(
        ids("filter[id]=9..11"),
        [9, 10, 11],
        "ids are compared as numbers"
    );
    assert_eq!(ids("filter[id]=11,2"), [2, 11]);
}

#[test]
fn a_mark_negates_the_whole_expression() {
    assert_eq!(ids("filter[guest_name]=!Bob"), all_but(&[2, 6, 10]));
    assert_eq!(ids("filter[nights]=!1,8"), all_but(&[1, 8, 10]));
    assert_eq!(ids("filter[nights]=!1..2"), all_but(&[1, 2, 10, 11]));
    assert_eq!(ids("filter[guest_name]=!~a"), all_but(&[4, 8, 12]));
    assert_eq!(
        ids("filter[fixed]=!true"),
        [1, 3, 5, 6, 7, 9, 11, 12],
        "no value is not true"
    );
}

#[test]
fn an_empty_term_is_no_value_and_an_open_range_any() {
    assert_eq!(ids("filter[guest_name]="), [1, 5, 9]);
    assert_eq!(ids("filter[fixed]="), [3, 6, 9, 12]);
    assert_eq!(ids("filter[fixed]=!"), all_but(&[3, 6, 9, 12]));
    assert_eq!(ids("filter[fixed]=,true"), [2, 3, 4, 6, 8, 9, 10, 12]);
    assert_eq!(ids("filter[booking]="), [5, 10]);
    assert_eq!(ids("filter[labels]="), [4, 8, 12]);
    assert_eq!(ids("filter[tags]="), [3, 6, 9, 12]);
    assert_eq!(ids("filter[nights]=..&filter[id]=1..3"), [1, 2, 3]);
}

#[test]
fn alternatives_share_one_expression_and_several_filters_must_all_hold() {
    assert_eq!(
        ids("filter[guest_name|state]=Bob,confirmed"),
        [2, 4, 6, 8, 10, 12]
    );
    assert_eq!(
        ids("filter[guest_name|state]=!Bob,confirmed"),
        [1, 3, 5, 7, 9, 11]
    );
    assert_eq!(
        ids("filter[state]=confirmed&filter[nights]=..4"),
        [2, 4, 10, 12]
    );
    assert_eq!(ids("filter[-state]=confirmed"), [1, 3, 5, 7, 9, 11]);
    assert_eq!(ids("filter[-state]=!confirmed"), [2, 4, 6, 8, 10, 12]);
}

#[test]
fn relationships_match_by_the_ids_that_they_lead_to() {
    assert_eq!(ids("filter[booking]=1,2"), [1, 2, 3, 4]);
    assert_eq!(ids("filter[labels]=3"), [3, 7, 11]);
    assert_eq!(ids("filter[labels]=1,2,3"), all_but(&[4, 8, 12]));
    assert_eq!(
        ids("filter[rentable_type]=1&filter[labels]=!3"),
        [4, 6, 10, 12]
    );
}

#[test]
fn names_match_in_any_case_and_members_of_objects_are_named_in_brackets() {
    assert_eq!(
        ids("filter[ID]=3&filter[Guest_Name]=~VE&filter[STATE|Id]=3"),
        [0; 0]
    );
    assert_eq!(ids("filter[ID]=3"), [3]);
    assert_eq!(ids("filter[guest_group][adults]=2"), [2, 7, 12]);
    assert_eq!(ids("filter[GUEST_GROUP][Adults]=3..4"), [3, 4, 8, 9]);
    assert_eq!(ids("filter[-guest_group][adults]=0..3"), [4, 9]);
    assert_eq!(
        ids("filter[tags]=a"),
        all_but(&[3, 6, 9, 12]),
        "a list matches by any of its items"
    );
}

#[test]
fn instants_may_be_dates_and_have_any_offset() {
    assert_eq!(ids("filter[created_at]=2027-05-02..2027-05-03"), [1, 2]);
    assert_eq!(ids("filter[created_at]=2027-05-02T02:00:00%2B02:00"), [1]);
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    for (name, value) in [
        ("nights", "x"),
        ("nights", "~1"),
        ("nights", "1..x"),
        ("start_date", "2027-02-30"),
        ("start_date", "yesterday"),
        ("fixed", "maybe"),
        ("fixed", "true..false"),
        ("booking", "1..2"),
        ("booking", "~1"),
        ("id", "x"),
        ("nobody", "1"),
        ("note", "not filterable"),
        ("password", "x"),
        ("guest_group", "1"),
        ("guest_group][dogs", "1"),
        ("guest_group][adults][x", "1"),
        ("state][x", "1"),
        ("", "1"),
        ("state|", "1"),
        ("state|nobody", "1"),
        ("--state", "1"),
        ("state", "a%00b"),
    ] {
        let query = format!("filter[{name}]={value}");
        let expected = format!("400 INVALID_FILTER filter[{name}]");
        assert_eq!(only(&list_query(&query).unwrap_err()), expected, "{query}");
    }
    for odd in [
        "filter=1",
        "filter[state=1",
        "filter[state]x=1",
        "filter]state[=1",
    ] {
        assert!(
            list_query(odd).is_err() || odd.starts_with("filter]"),
            "{odd}"
        );
    }
    let twice = list_query("filter[state]=a&filter[State]=b").unwrap_err();
    assert_eq!(only(&twice), "400 INVALID_FILTER filter[State]");
}

#[test]
fn filters_are_bounded() {
    let fine = format!("filter[id]={}", vec!["1"; 1_000].join(","));
    assert!(list_query(&fine).is_ok());
    assert!(list_query(&format!("{fine},1")).is_err());
    assert!(list_query(&format!("filter[state]={}", "x".repeat(8_000))).is_ok());
    assert!(list_query(&format!("filter[state]={}", "x".repeat(8_001))).is_err());
    let fields = |many: usize| format!("filter[{}]=x", vec!["state"; many].join("|"));
    assert!(list_query(&fields(10)).is_ok() && list_query(&fields(11)).is_err());
}

#[test]
fn a_caller_can_narrow_its_lookup_by_bounds_and_ids() {
    let text = "filter[start_date]=2027-05-02..&filter[state]=!confirmed&filter[booking]=7,8&filter[nights]=3&filter[id|booking]=1";
    let filter = list_query(text).unwrap().filter;
    let date = Term::Date(jiff::civil::date(2027, 5, 2));
    assert_eq!(filter.bounds("start_date"), Some((Some(&date), None)));
    let three = Term::Integer(3);
    assert_eq!(filter.bounds("nights"), Some((Some(&three), Some(&three))));
    assert_eq!(filter.bounds("state"), None);
    assert_eq!(filter.ids("booking"), Some(vec!["7", "8"]));
    assert_eq!(filter.ids("id"), None, "an alternative leaves it open");
    assert_eq!(filter.about("booking").count(), 2);
    assert!(matches!(filter.clauses[1].any[0].test, Test::OneOf(_)) && filter.clauses[1].negated);
}
