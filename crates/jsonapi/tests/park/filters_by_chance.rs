//! The filter grammar: nothing makes it panic, what is printed means the same, and everything means
//! what a second evaluator says, which knows nothing but texts.

use jsonapi::{Identifier, Query, Row, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::chance::cases;
use crate::world::{Park, RESERVATION, list_query};

/// A stay as the second evaluator sees it: a text per field, in a spelling that sorts as the values
/// do.
#[derive(Clone, Debug)]
struct Stay {
    id: u32,
    name: Option<String>,
    nights: Option<u32>,
    start: Option<i8>,
    fixed: Option<bool>,
    labels: Vec<u32>,
    adults: Option<u32>,
}

impl Stay {
    fn row(&self) -> Row {
        let date = |day: i8| jiff::civil::date(2027, 5, day);
        let labels = self.labels.iter();
        let party = Value::object([("adults", self.adults)]);
        Row::new(&RESERVATION, self.id)
            .with("guest_name", self.name.clone())
            .with("nights", self.nights)
            .with("start_date", self.start.map(date))
            .with("fixed", self.fixed)
            .with("guest_group", party)
            .to_many(
                "labels",
                labels.map(|id| Identifier::new("label", id)).collect(),
            )
    }

    fn texts(&self, field: &str) -> Vec<String> {
        let number = |number: u32| format!("{number:05}");
        let one = match field {
            "id" => Some(number(self.id)),
            "guest_name" => self.name.clone().filter(|name| !name.is_empty()),
            "nights" => self.nights.map(number),
            "start_date" => self.start.map(|day| format!("2027-05-{day:02}")),
            "fixed" => self.fixed.map(|flag| flag.to_string()),
            "guest_group][adults" => self.adults.map(number),
            "labels" => return self.labels.iter().map(|id| number(*id)).collect(),
            other => panic!("there is no {other}"),
        };
        one.into_iter().collect()
    }
}

#[derive(Clone, Debug)]
enum Expression {
    OneOf(Vec<String>),
    Contains(String),
    Between(String, String),
}

impl Expression {
    fn written(&self) -> String {
        match self {
            Expression::OneOf(terms) => terms.join(","),
            Expression::Contains(part) => format!("~{part}"),
            Expression::Between(from, to) => format!("{from}..{to}"),
        }
    }

    /// Numbers are padded, so that they sort as texts.
    fn holds(&self, field: &str, texts: &[String]) -> bool {
        let padded = |term: &String| match field {
            "id" | "nights" | "labels" | "guest_group][adults" => format!("{term:0>5}"),
            _ => term.clone(),
        };
        match self {
            Expression::OneOf(terms) => terms.iter().any(|term| {
                let is_nothing = term.is_empty() && texts.is_empty();
                is_nothing || (!term.is_empty() && texts.contains(&padded(term)))
            }),
            Expression::Contains(part) => texts
                .iter()
                .any(|text| text.to_lowercase().contains(&part.to_lowercase())),
            Expression::Between(from, to) => texts.iter().any(|text| {
                (from.is_empty() || *text >= padded(from)) && (to.is_empty() || *text <= padded(to))
            }),
        }
    }
}

#[derive(Clone, Debug)]
struct Wanted {
    field: &'static str,
    is_excluded: bool,
    is_negated: bool,
    expression: Expression,
}

impl Wanted {
    fn written(&self) -> String {
        let minus = if self.is_excluded { "-" } else { "" };
        let mark = if self.is_negated { "!" } else { "" };
        format!(
            "filter[{minus}{}]={mark}{}",
            self.field,
            self.expression.written()
        )
    }

    fn holds(&self, stay: &Stay) -> bool {
        let is_met = self.expression.holds(self.field, &stay.texts(self.field));
        // Containing nothing holds for an empty text, too, which is no value only for equality.
        let is_met = match &self.expression {
            Expression::Contains(part) if part.is_empty() => stay.name.is_some(),
            Expression::Between(from, _) if self.field == "guest_name" && from.is_empty() => {
                stay.name.as_deref() == Some("") || is_met
            }
            _ => is_met,
        };
        is_met != (self.is_excluded != self.is_negated)
    }
}

fn terms(field: &'static str) -> BoxedStrategy<String> {
    match field {
        "guest_name" => "[abB]{1,2}".boxed(),
        "start_date" => (1..=28).prop_map(|day| format!("2027-05-{day:02}")).boxed(),
        "fixed" => select(vec!["true", "false"])
            .prop_map(str::to_owned)
            .boxed(),
        _ => (1..15_u32).prop_map(|number| number.to_string()).boxed(),
    }
}

fn expressions(field: &'static str) -> BoxedStrategy<Expression> {
    let term = || prop_oneof![4 => terms(field), 1 => Just(String::new())];
    let listed = vec(term(), 1..4).prop_map(Expression::OneOf);
    let ranged = (term(), term()).prop_map(|(from, to)| Expression::Between(from, to));
    let part = term().prop_map(Expression::Contains);
    match field {
        "guest_name" => prop_oneof![listed, ranged, part].boxed(),
        "fixed" | "labels" => listed.boxed(),
        // Every id is a value; whether there is none is no question.
        "id" => vec(terms(field), 1..4).prop_map(Expression::OneOf).boxed(),
        _ => prop_oneof![listed, ranged].boxed(),
    }
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let fields = vec![
        "id",
        "guest_name",
        "nights",
        "start_date",
        "fixed",
        "labels",
        "guest_group][adults",
    ];
    let rest = |field| {
        (
            Just(field),
            any::<bool>(),
            any::<bool>(),
            expressions(field),
        )
    };
    let whole = select(fields).prop_flat_map(rest);
    whole.prop_map(|(field, is_excluded, is_negated, expression)| Wanted {
        field,
        is_excluded,
        is_negated,
        expression,
    })
}

fn stays() -> impl Strategy<Value = Stay> {
    let small = || proptest::option::of(1..15_u32);
    let name = proptest::option::of("[abB]{0,3}");
    let start = proptest::option::of(1..=28_i8);
    let fixed = proptest::option::of(any::<bool>());
    let labels = vec(1..6_u32, 0..3);
    let whole = (1..15_u32, name, small(), start, fixed, labels, small());
    whole.prop_map(|(id, name, nights, start, fixed, labels, adults)| Stay {
        id,
        name,
        nights,
        start,
        fixed,
        labels,
        adults,
    })
}

/// Pieces of the grammar, so that chance comes upon more than nonsense.
const PIECES: [&str; 34] = [
    "filter",
    "sort",
    "fields",
    "include",
    "page",
    "[",
    "]",
    "][",
    "|",
    "=",
    "&",
    "!",
    "~",
    ",",
    "..",
    "-",
    "id",
    "state",
    "nights",
    "guest_group",
    "adults",
    "booking",
    "customer",
    "labels",
    "number",
    "size",
    "reservation",
    "1",
    "2027-05-07",
    "true",
    "%",
    "%5B",
    "é",
    " ",
];

fn survives(text: &str) {
    let Ok(query) = list_query(text) else {
        return;
    };
    let printed = query.to_text();
    let again = list_query(&printed);
    assert_eq!(
        again.as_ref(),
        Ok(&query),
        "{text} was printed as {printed}"
    );
    let row = Park::new(1).row(&RESERVATION, "1").unwrap();
    let holds = |query: &Query| query.filter.matches(&row);
    assert_eq!(again.as_ref().map(holds), Ok(holds(&query)));
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn filters_mean_the_same_as_the_second_evaluator_says(
        wanted in vec(wanted(), 1..3),
        stays in vec(stays(), 1..8),
    ) {
        // The same name may not stand twice, however it is written.
        let mut names: Vec<String> = wanted.iter().map(|wanted| {
            wanted.written().split_once('=').unwrap().0.to_owned()
        }).collect();
        names.sort();
        names.dedup();
        prop_assume!(names.len() == wanted.len());
        let parts: Vec<String> = wanted.iter().map(Wanted::written).collect();
        let query = list_query(&parts.join("&")).unwrap();
        for stay in &stays {
            let expected = wanted.iter().all(|wanted| wanted.holds(stay));
            prop_assert_eq!(query.filter.matches(&stay.row()), expected, "{:?} {:?}", parts, stay);
        }
    }

    #[test]
    fn any_text_is_a_query_or_is_refused_and_what_is_printed_means_the_same(text in ".*") {
        survives(&text);
    }

    #[test]
    fn any_name_and_value_of_a_filter_is_understood_or_refused(
        name in "[a-z|\\[\\]!~.-]{0,12}", value in ".{0,20}",
    ) {
        survives(&format!("filter[{name}]={value}"));
        survives(&format!("filter[state]={value}"));
        survives(&format!("filter[guest_name|state]={value}"));
    }

    #[test]
    fn any_pieces_of_the_grammar_are_a_query_or_are_refused(
        pieces in vec(select(&PIECES[..]), 0..20),
    ) {
        survives(&pieces.concat());
    }

    #[test]
    fn any_values_behind_sound_names_are_understood_or_refused(
        values in vec(vec(select(&PIECES[..]), 0..6), 5..=5),
    ) {
        let names = ["filter[state]", "filter[nights]", "sort", "include", "fields[reservation]"];
        let pairs = names.iter().zip(&values);
        let parts: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", value.concat())).collect();
        survives(&parts.join("&"));
        for part in &parts {
            survives(part);
        }
    }
}
