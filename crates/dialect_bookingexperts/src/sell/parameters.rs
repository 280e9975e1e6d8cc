//! The parameters of a search, as the API document describes them: made of the lists by which they are read.

use domain::id::Id;
use jsonapi::openapi::{self, up_to};
use serde_json::{Value, json};
use service::search::{MOST_NIGHTS, MOST_SORTERS};

use super::{
    asked::{COUNTED, COUNTS, FILTERS, Form, PRICE_DECIMALS, PRICE_DIGITS, TOKEN_CHARACTERS},
    sorted::{LIMITERS, LIMITS, SORTERS},
    wish::GROUPS,
};

/// Every parameter of a search, as OpenAPI parameter objects.
pub fn of_search() -> Vec<Value> {
    let mut all = vec![
        parameter(
            "channel_ids",
            "Only through these channels, with commas between their ids",
            text(Form::Ids),
        ),
        parameter(
            "referrer",
            "Where the search comes from, in any words; nothing depends on it",
            matching(r"[^\uFFFD]*"),
        ),
    ];
    all.extend(filters());
    all.extend(sorters());
    all.extend(limiters());
    all.extend(COUNTED.iter().map(|(name, about)| flag(name, about)));
    all
}

fn filters() -> Vec<Value> {
    let known = FILTERS.iter().map(|known| {
        let name = format!("filter[{}]", known.name);
        parameter(&name, known.about, text(known.form))
    });
    let counts = COUNTS.iter().map(|(name, _, about)| {
        let name = format!("filter[{name}]");
        parameter(&name, about, text(Form::Numbers))
    });
    let groups = GROUPS.iter().map(|(name, _)| {
        let about = format!("So many {name}");
        let name = format!("filter[guest_group][{name}]");
        parameter(&name, &about, text(Form::People))
    });
    known.chain(counts).chain(groups).collect()
}

fn sorters() -> Vec<Value> {
    let names: Vec<&str> = SORTERS.iter().map(|known| known.name).collect();
    let name = format!("(?:{})", names.join("|"));
    let more = MOST_SORTERS - 1;
    let all = matching(&format!(",*(?:{name}(?:,+{name}){{0,{more}}},*)?"));
    let about = "Sorters, with commas between them; arguments in sorter[name][argument]";
    let mut found = vec![parameter("sorters", about, all)];
    for known in SORTERS {
        let named = |part: &str| format!("sorter[{}][{part}]", known.name);
        if let Some((argument, form)) = known.argument {
            let about = format!("What {} needs where stays are sorted by it", known.name);
            found.push(parameter(&named(argument), &about, text(form)));
        }
        found.push(flag(&named("desc"), "The largest first"));
    }
    found
}

fn limiters() -> Vec<Value> {
    let names: Vec<&str> = LIMITERS.iter().map(|(name, _)| *name).collect();
    let about = "What is limited; how far, says limiter[name][…]";
    let words = json!({ "type": "string", "enum": names });
    let mut found = vec![parameter("limit", about, words)];
    for name in names {
        found.extend(LIMITS.iter().map(|(part, most, about)| {
            let name = format!("limiter[{name}][{part}]");
            let number = json!({ "type": "integer", "minimum": 0, "maximum": most });
            parameter(&name, about, number)
        }));
    }
    found
}

fn parameter(name: &str, about: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": about, "schema": schema })
}

fn flag(name: &str, about: &str) -> Value {
    parameter(name, about, json!({ "type": "boolean", "default": false }))
}

fn matching(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^(?:{pattern})$") })
}

/// What a text of this form looks like.
fn text(form: Form) -> Value {
    let day = openapi::DATE;
    let list = |term: &str| format!("(?:{term})?(?:,(?:{term})?)*");
    let range = |end: &str| format!(r"(?:{end}|(?:{end})?\.\.(?:{end})?)");
    let from_one = |most: i64| format!("(?!0)(?:{})", up_to(most));
    let number = "[0-9]{1,4}";
    let pattern = match form {
        Form::Ids => list(&from_one(Id::LARGEST)),
        Form::SomeIds => format!("{0}(?:,{0})*", from_one(Id::LARGEST)),
        Form::Id => from_one(Id::LARGEST),
        Form::Days => format!(r"{day}(?:\.\.{day})?"),
        Form::Day => day.to_owned(),
        Form::Range => format!(r"{day}\.\.{day}"),
        Form::Nights => range(&from_one(MOST_NIGHTS.into())),
        Form::Weekdays => list("[0-6]"),
        Form::Price => range(&format!(
            r"-?[0-9]{{1,{PRICE_DIGITS}}}(?:\.[0-9]{{1,{PRICE_DECIMALS}}})?"
        )),
        Form::Currency => openapi::currencies().join("|"),
        Form::Countries => list("[0-9A-Za-z]{2}"),
        Form::Token => format!(r"[^\u0000\uFFFD]{{0,{TOKEN_CHARACTERS}}}"),
        Form::Numbers => range(number),
        Form::Number => number.to_owned(),
        Form::People => "[0-9]{1,3}".to_owned(),
    };
    matching(&pattern)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sell::asked::Search;

    /// Values that look so, and values that do not.
    fn examples(form: Form) -> (&'static [&'static str], &'static [&'static str]) {
        match form {
            Form::Ids => (
                &["7,8", "", "9007199254740991,"],
                &["seven", "0", "7,08", "9007199254740992"],
            ),
            Form::SomeIds => (&["7", "7,9007199254740991"], &["", "7,", "7,x", "0"]),
            Form::Id => (
                &["7", "9007199254740991"],
                &["7,8", "0", "9007199254740992"],
            ),
            Form::Days => (
                &["2027-05-01..2027-06-01", "2028-02-29"],
                &["May", "2027-02-29", ""],
            ),
            Form::Day => (
                &["2027-05-01"],
                &["", "2027-05-01..2027-06-01", "2027-13-01"],
            ),
            Form::Range => (
                &["2027-05-01..2027-06-01"],
                &["2027-05-01", "2027-05-01..", ""],
            ),
            Form::Nights => (
                &["7", "1..21", "..366", ".."],
                &["-1", "0", "07", "367", ""],
            ),
            Form::Weekdays => (&["0,6", ""], &["7", "06"]),
            Form::Price => (
                &["100..500.50", "..9", "-1", "999999999999999.0123456789"],
                &[
                    "much",
                    "",
                    "1e9",
                    "+1",
                    "1.",
                    ".5",
                    "1_0",
                    " 1",
                    "1000000000000000",
                ],
            ),
            Form::Currency => (&["EUR"], &["Euro", "", "ABC"]),
            Form::Countries => (&["NL,de", ""], &["NLD", "N"]),
            Form::Token => (&["SUMMER 27", ""], &["\u{0}"]),
            Form::Numbers => (&["2", "2..4", "..9999"], &["two", "10000", "-1", ""]),
            Form::Number => (&["7", "0"], &["", "10000", "-1"]),
            Form::People => (&["2", "999"], &["two", "1000", ""]),
        }
    }

    /// The parameters that have a form, with it.
    fn formed() -> Vec<(String, Form)> {
        let filters = FILTERS.iter();
        let filters = filters.map(|known| (format!("filter[{}]", known.name), known.form));
        let counts = COUNTS.iter();
        let counts = counts.map(|(name, ..)| (format!("filter[{name}]"), Form::Numbers));
        let groups = GROUPS.iter();
        let groups = groups.map(|(name, _)| (format!("filter[guest_group][{name}]"), Form::People));
        let arguments = SORTERS.iter().filter_map(|known| {
            let (argument, form) = known.argument?;
            Some((format!("sorter[{}][{argument}]", known.name), form))
        });
        let ids = [("channel_ids".to_owned(), Form::Ids)];
        let all = filters.chain(counts).chain(groups).chain(arguments);
        all.chain(ids).collect()
    }

    fn schema(name: &str) -> Value {
        let all = of_search();
        let found = all.iter().find(|known| known["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name} is not described"));
        found["schema"].clone()
    }

    fn is_understood(name: &str, value: &str) -> bool {
        let pairs = [(name.to_owned(), value.to_owned())];
        Search::read(&pairs, jiff::Timestamp::UNIX_EPOCH).is_ok()
    }

    #[test]
    fn whatever_the_document_allows_is_understood_and_whatever_it_forbids_is_refused() {
        for (name, form) in formed() {
            let schema = schema(&name);
            let (right, wrong) = examples(form);
            for value in right {
                assert!(
                    jsonschema::is_valid(&schema, &json!(value)),
                    "{name}={value}"
                );
                assert!(is_understood(&name, value), "{name}={value}");
            }
            for value in wrong {
                assert!(
                    !jsonschema::is_valid(&schema, &json!(value)),
                    "{name}={value}"
                );
                assert!(!is_understood(&name, value), "{name}={value}");
            }
        }
    }

    #[test]
    fn sorters_and_limiters_are_described_as_they_are_read() {
        let sorters = schema("sorters");
        let plain = SORTERS.iter().filter(|known| known.argument.is_none());
        for known in plain {
            assert!(is_understood("sorters", known.name), "{}", known.name);
        }
        let ten = ["los"; MOST_SORTERS].join(",");
        for right in ["", ",", "los,start_date_distance", ",,avg_score,", &ten] {
            assert!(jsonschema::is_valid(&sorters, &json!(right)), "{right}");
        }
        assert!(is_understood("sorters", &ten));
        for wrong in ["weather", "los;los", &format!("{ten},los")] {
            assert!(!jsonschema::is_valid(&sorters, &json!(wrong)), "{wrong}");
            assert!(!is_understood("sorters", wrong), "{wrong}");
        }
        for (name, _) in LIMITERS {
            assert!(is_understood("limit", name), "{name}");
            for (part, most, _) in LIMITS {
                let parameter = format!("limiter[{name}][{part}]");
                assert_eq!(schema(&parameter)["maximum"], most);
                assert!(is_understood(&parameter, &most.to_string()));
                assert!(!is_understood(&parameter, &(most + 1).to_string()));
            }
        }
        for unknown in [
            "filter[weather]",
            "filter[guest_group][cats]",
            "sorter[weather][desc]",
            "sorter[los][los]",
            "sorter[los]",
            "limiter[weather][limit]",
            "limiter[los][weather]",
        ] {
            assert!(!is_understood(unknown, "1"), "{unknown}");
        }
    }

    #[test]
    fn no_parameter_is_described_twice() {
        let all = of_search();
        let names: BTreeSet<String> = all.iter().map(|known| known["name"].to_string()).collect();
        assert_eq!(names.len(), all.len());
    }
}
