//! Filters and orders, translated to lookups.

use domain::id::Id;
use http_kit::Refusal;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use jsonapi::{Clause, Code, Condition, Error, Term, Test as Asked, Value};
use service::{
    ColumnValue,
    records::{Field, Readable, Test},
};

use super::{Look, Shown};
use crate::errors::{self, refused};

/// Whether a word of a closed list is asked for.
pub type IsAsked<'a> = dyn Fn(&str) -> bool + 'a;

/// How a field is looked up.
pub enum Lookup<K> {
    /// A column that names one resource.
    Id(Field<K>),
    /// A column that names the administration, or nothing: then it belongs to all of them.
    Shared(Field<K>),
    /// By the ids of what it leads to.
    Through(fn(Vec<Id>) -> Test<K>),
    /// By the words of a closed list, when told which of them are asked for.
    Words(fn(&IsAsked<'_>) -> Test<K>),
    /// A text that is found whole.
    Text(Field<K>),
    /// A mail address, as it is searched for.
    Email(Field<K>),
    /// A column of pieces in lower case.
    Search(Field<K>),
    /// A date.
    Day(Field<K>),
    /// The date, in UTC, of an instant.
    DayOf(Field<K>),
    /// An instant.
    Instant(Field<K>),
    /// A whole number.
    Whole(Field<K>),
    /// As the type says itself.
    Own(fn(&Asked) -> Option<Test<K>>),
    /// By what is read for it first: [`Shown::looked_up`].
    Read,
}

/// The column that a type is sorted by under this name.
pub fn order<R: Shown>(name: &str) -> Option<Field<R::Stored>> {
    if name == "id" {
        return Some(const { Field::new("id") });
    }
    match R::lookup(name)? {
        Lookup::Id(field)
        | Lookup::Shared(field)
        | Lookup::Text(field)
        | Lookup::Email(field)
        | Lookup::Search(field)
        | Lookup::Day(field)
        | Lookup::DayOf(field)
        | Lookup::Instant(field)
        | Lookup::Whole(field) => Some(field),
        Lookup::Through(_) | Lookup::Words(_) | Lookup::Own(_) | Lookup::Read => None,
    }
}

/// One filter.
///
/// # Errors
/// [`Code::InvalidFilter`] for what the grammar allows and we cannot look up; those of reading what a filter
/// looks at first.
pub async fn clause<R: Shown>(
    clause: &Clause,
    look: &Look<'_>,
) -> Result<Test<R::Stored>, Refusal> {
    let mut tests = Vec::new();
    for condition in &clause.any {
        tests.push(self::condition::<R>(condition, look).await?);
    }
    let any = Test::any(tests);
    Ok(if clause.negated { Test::not(any) } else { any })
}

async fn condition<R: Shown>(
    condition: &Condition,
    look: &Look<'_>,
) -> Result<Test<R::Stored>, Refusal> {
    let name = condition.field.name();
    let lookup = match name {
        "id" => Some(Lookup::Id(const { Field::new("id") })),
        name => R::lookup(name),
    };
    let test = match lookup {
        Some(Lookup::Read) => {
            let found = R::looked_up(name, &condition.test, look).await;
            found.map_err(refused)?
        }
        lookup => lookup.and_then(|lookup| lookup.test(&condition.test)),
    };
    test.ok_or_else(|| {
        let detail = format!("{name} cannot be filtered in this way");
        let error = Error::new(Code::InvalidFilter, detail);
        errors::refusal(error.in_parameter(format!("filter[{name}]")))
    })
}

impl<K: Readable> Lookup<K> {
    /// What a row has to meet; nothing if this cannot be asked of it.
    pub fn test(self, asked: &Asked) -> Option<Test<K>> {
        // Pieces and addresses have no order: two dots are a part of them.
        if let (Lookup::Email(_) | Lookup::Search(_), Asked::Between { from, to }) = (&self, asked)
        {
            let whole = undivided(from.as_ref(), to.as_ref());
            return self.test(&Asked::OneOf(vec![whole]));
        }
        match (self, asked) {
            (Lookup::Id(field) | Lookup::Shared(field), Asked::OneOf(terms)) => {
                let ids = terms.iter().filter_map(Term::id);
                let ids: Vec<Id> = ids.filter_map(|id| id.parse().ok()).collect();
                Some(or_none::<K, Id>(field, Test::one_of(field, ids), terms))
            }
            (Lookup::Id(field) | Lookup::Shared(field), Asked::Between { from, to }) => {
                let (from, to) = (end_of_ids(from.as_ref())?, end_of_ids(to.as_ref())?);
                Some(ids_between(field, from, to))
            }
            (Lookup::Through(ends_at), Asked::OneOf(terms)) => {
                let ids: Option<Vec<&str>> = terms.iter().map(Term::id).collect();
                let ids = ids?.into_iter().filter_map(|id| id.parse().ok()).collect();
                Some(ends_at(ids))
            }
            (Lookup::Own(test), asked) => test(asked),
            (Lookup::Words(says), asked) => {
                Some(says(&|word| asked.holds_for(&Value::Text(word.to_owned()))))
            }
            (Lookup::Text(field), Asked::OneOf(terms)) => Some(Test::one_of(field, texts(terms))),
            (Lookup::Text(field), Asked::Contains(part)) => {
                Some(Test::contains_in_any_case(field, part))
            }
            (Lookup::Text(field), Asked::Between { from, to }) => {
                let end = |term: &Option<Term>| term.as_ref().map(text);
                Some(Test::between(field, end(from), end(to)))
            }
            (Lookup::Email(field), Asked::OneOf(terms)) => {
                let keys = texts(terms).into_iter();
                let keys = keys.map(|text| text.trim().to_lowercase());
                Some(Test::one_of(field, keys))
            }
            (Lookup::Email(field) | Lookup::Search(field), Asked::Contains(part)) => {
                Some(Test::contains(field, part))
            }
            (Lookup::Search(field), Asked::OneOf(terms)) => {
                Some(Test::any(terms.iter().map(|term| says(field, term))))
            }
            (Lookup::Day(field), asked) => values(field, asked, date),
            (Lookup::Instant(field), asked) => values(field, asked, instant),
            (Lookup::Whole(field), asked) => values(field, asked, whole),
            (Lookup::DayOf(field), Asked::OneOf(terms)) => {
                let within = |term: &Term| match term {
                    Term::Null => Some(Test::is(field, None::<Timestamp>)),
                    term => {
                        let day = date(term)?;
                        Some(days_between(field, Some(day), Some(day)))
                    }
                };
                let tests: Option<Vec<_>> = terms.iter().map(within).collect();
                Some(Test::any(tests?))
            }
            (Lookup::DayOf(field), Asked::Between { from, to }) => {
                let from = all(from.as_ref().map(date))?;
                let to = all(to.as_ref().map(date))?;
                Some(days_between(field, from, to))
            }
            _ => None,
        }
    }
}

/// One end of a range of ids.
#[derive(Clone, Copy)]
enum EndOfIds {
    /// There is none.
    Open,
    /// An id.
    At(Id),
    /// Zero, which is before every id.
    Before,
    /// A number that is greater than every id.
    Behind,
}

/// What an end of a range means; nothing if it is no number.
fn end_of_ids(term: Option<&Term>) -> Option<EndOfIds> {
    let Some(term) = term else {
        return Some(EndOfIds::Open);
    };
    let digits = term.id()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.trim_start_matches('0');
    Some(match number.parse() {
        Ok(id) => EndOfIds::At(id),
        Err(_) if number.is_empty() => EndOfIds::Before,
        Err(_) => EndOfIds::Behind,
    })
}

/// The rows whose ids lie between two numbers, which need not be ids themselves.
fn ids_between<K: Readable>(field: Field<K>, from: EndOfIds, to: EndOfIds) -> Test<K> {
    let at = |end| match end {
        EndOfIds::At(id) => Some(id),
        EndOfIds::Open | EndOfIds::Before | EndOfIds::Behind => None,
    };
    match (from, to) {
        (EndOfIds::Behind, _) | (_, EndOfIds::Before) => Test::any([]),
        (from, to) => Test::between(field, at(from), at(to)),
    }
}

/// A piece of a column of pieces; no value is a column without any.
pub fn says<K: Readable>(field: Field<K>, term: &Term) -> Test<K> {
    match term {
        Term::Null => Test::is(field, "\n".to_owned()),
        term => Test::says(field, &text(term)),
    }
}

/// Nothing where something is asked for that is none.
#[expect(
    clippy::option_option,
    reason = "an open end is one thing, and an end that cannot be another"
)]
fn all<T>(end: Option<Option<T>>) -> Option<Option<T>> {
    match end {
        None => Some(None),
        Some(None) => None,
        Some(end) => Some(end),
    }
}

/// One of several values, or between two.
fn values<K: Readable, T: ColumnValue>(
    field: Field<K>,
    asked: &Asked,
    value: fn(&Term) -> Option<T>,
) -> Option<Test<K>> {
    match asked {
        Asked::OneOf(terms) => {
            let given = terms.iter().filter(|term| **term != Term::Null);
            let given: Option<Vec<T>> = given.map(value).collect();
            Some(or_none::<K, T>(field, Test::one_of(field, given?), terms))
        }
        Asked::Between { from, to } => {
            let from = all(from.as_ref().map(value))?;
            let to = all(to.as_ref().map(value))?;
            Some(Test::between(field, from, to))
        }
        Asked::Contains(_) => None,
    }
}

/// The test, or that the column is empty where the terms ask for that too.
fn or_none<K: Readable, T: ColumnValue>(field: Field<K>, test: Test<K>, terms: &[Term]) -> Test<K> {
    if terms.contains(&Term::Null) {
        Test::any([test, Test::is(field, None::<T>)])
    } else {
        test
    }
}

/// Texts; no value is the empty one, which is how the store says it.
fn texts(terms: &[Term]) -> Vec<String> {
    terms.iter().map(text).collect()
}

/// The text that the grammar took for the two ends of a range.
pub fn undivided(from: Option<&Term>, to: Option<&Term>) -> Term {
    let end = |term: Option<&Term>| term.map(text).unwrap_or_default();
    Term::Text(format!("{}..{}", end(from), end(to)))
}

/// A term as a text; no value is the empty one.
pub fn text(term: &Term) -> String {
    match term {
        Term::Text(text) | Term::Id(text) => text.clone(),
        _ => String::new(),
    }
}

fn date(term: &Term) -> Option<Date> {
    match term {
        Term::Date(date) => Some(*date),
        _ => None,
    }
}

fn instant(term: &Term) -> Option<Timestamp> {
    match term {
        Term::DateTime(instant) => Some(*instant),
        _ => None,
    }
}

fn whole(term: &Term) -> Option<i64> {
    match term {
        Term::Integer(number) => Some(*number),
        _ => None,
    }
}

/// The rows whose instant lies on one of these days in UTC. The last day that can be written begins after every
/// instant.
fn days_between<K: Readable>(field: Field<K>, from: Option<Date>, to: Option<Date>) -> Test<K> {
    match from.map(begins) {
        Some(None) => Test::any([]),
        from => Test::between(field, from.flatten(), to.and_then(ends)),
    }
}

/// The first instant of a day in UTC; none for the last day that there is.
fn begins(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The last instant of a day in UTC that the store can tell from the next; none for the last day that there
/// is, after which nothing lies.
fn ends(day: Date) -> Option<Timestamp> {
    begins(day.tomorrow().ok()?)?
        .checked_sub(1.millisecond())
        .ok()
}
