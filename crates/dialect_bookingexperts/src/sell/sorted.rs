//! In which order stays are shown, and how many of them: the sorters and limiters of a search.

use domain::id::Id;
use http_kit::Refusal;
use jsonapi::{Code, Error};
use service::search::{DateRange, Limited, Limiter, MOST_SORTERS, Sort, Sorter};

use super::{
    asked::{Form, number, value},
    bad,
    calendar::range_of,
    flags::bad_parameter,
};

/// A sorter: its name, the argument that it needs, and the order that comes of it. Whoever needs no argument is
/// given an empty one.
pub struct Sorting {
    /// Its name.
    pub name: &'static str,
    /// The argument that it needs, with how that looks.
    pub argument: Option<(&'static str, Form)>,
    by: fn(&str) -> Option<Sort>,
}

const fn sorting(
    name: &'static str,
    argument: Option<(&'static str, Form)>,
    by: fn(&str) -> Option<Sort>,
) -> Sorting {
    Sorting { name, argument, by }
}

/// The sorters.
pub const SORTERS: &[Sorting] = &[
    sorting("los", None, |_| Some(Sort::Nights)),
    sorting("los_distance", Some(("los", Form::Number)), |text| {
        Some(Sort::NightsDistance(number(text)?))
    }),
    sorting("start_date", None, |_| Some(Sort::Arrival)),
    sorting(
        "start_date_distance",
        Some(("start_date", Form::Day)),
        |text| Some(Sort::ArrivalDistance(text.parse().ok()?)),
    ),
    sorting(
        "arrangement_distance",
        Some(("arrangement", Form::Range)),
        |text| {
            let (first, until) = range_of(text)?;
            Some(Sort::ArrangementDistance(DateRange::new(first, until)))
        },
    ),
    sorting("max_guests", None, |_| Some(Sort::MaxGuests)),
    sorting("highlighted", None, |_| Some(Sort::Highlighted)),
    sorting("all_in_amount", None, |_| Some(Sort::Price)),
    sorting(
        "amenity_ids_match_score",
        Some(("amenity_ids", Form::SomeIds)),
        |text| {
            let ids = text.split(',').map(|id| id.trim().parse().ok());
            Some(Sort::AmenityMatches(ids.collect::<Option<Vec<Id>>>()?))
        },
    ),
    sorting("avg_score", None, |_| Some(Sort::Score)),
];

/// The limiters, with what each counts.
pub const LIMITERS: &[(&str, Limited)] = &[
    ("availabilities", Limited::Stays),
    ("start_dates", Limited::Arrivals),
    ("los", Limited::Nights),
    ("rentable_types", Limited::Resources),
    ("categories", Limited::Resources),
    ("administrations", Limited::Organizations),
];

/// What a limiter is told: its name, the most that it can be, and what is said of it.
pub const LIMITS: [(&str, usize, &str); 4] = [
    ("limit", 100, "At most so many groups"),
    ("offset", 9_000, "So many groups are left out"),
    (
        "rentable_types",
        100,
        "At most so many rentable types of each group",
    ),
    (
        "availabilities",
        100,
        "At most so many stays of each of them, or of each group",
    ),
];

/// So many are shown where nobody says how many.
const SHOWN: usize = 30;

/// The name and the part of `sorter[name][part]`, where a parameter begins so.
fn parts<'a>(parameter: &'a str, family: &str) -> Option<(&'a str, &'a str)> {
    let inside = parameter.strip_prefix(family)?.strip_prefix('[')?;
    let inside = inside.strip_suffix(']').unwrap_or_default();
    Some(inside.split_once("][").unwrap_or((inside, "")))
}

fn unsorted(name: &str, detail: impl Into<String>) -> Refusal {
    bad(Error::new(Code::InvalidSorting, detail).in_parameter(name))
}

/// By what the stays are sorted.
///
/// # Errors
/// What is no sorter, or is said of one and cannot be, by its name.
pub fn sorters(pairs: &[(String, String)]) -> Result<Vec<Sorter>, Refusal> {
    for (parameter, value) in pairs {
        if let Some(parts) = parts(parameter, "sorter") {
            check_sorter(parameter, parts, value)?;
        }
    }
    let names = value(pairs, "sorters").unwrap_or_default().split(',');
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    let sorters: Result<Vec<Sorter>, Refusal> = names.map(|name| sorter(pairs, name)).collect();
    let sorters = sorters?;
    if sorters.len() > MOST_SORTERS {
        let detail = format!("At most {MOST_SORTERS} sorters");
        return Err(unsorted("sorters", detail));
    }
    Ok(sorters)
}

/// Refuses what is said of a sorter and cannot be, also where nobody sorts by it.
fn check_sorter(parameter: &str, (name, part): (&str, &str), text: &str) -> Result<(), Refusal> {
    let known = SORTERS.iter().find(|known| known.name == name);
    let known = known.ok_or_else(|| unsorted(parameter, format!("There is no sorter {name}")))?;
    match known.argument {
        Some((argument, _)) if argument == part => {
            (known.by)(text).ok_or_else(|| lacks_argument(parameter, name))?;
        }
        _ if part == "desc" => {
            is_descending(parameter, text)?;
        }
        _ => return Err(unsorted(parameter, format!("{name} has no such argument"))),
    }
    Ok(())
}

fn lacks_argument(parameter: &str, name: &str) -> Refusal {
    unsorted(parameter, format!("{name} needs an argument here"))
}

fn is_descending(parameter: &str, text: &str) -> Result<bool, Refusal> {
    match text {
        "" | "false" => Ok(false),
        "true" => Ok(true),
        _ => Err(unsorted(parameter, "Expected true or false")),
    }
}

fn sorter(pairs: &[(String, String)], name: &str) -> Result<Sorter, Refusal> {
    let known = SORTERS.iter().find(|known| known.name == name);
    let known = known.ok_or_else(|| unsorted("sorters", format!("There is no sorter {name}")))?;
    let (argument, _) = known.argument.unwrap_or(("", Form::Number));
    let argument = format!("sorter[{name}][{argument}]");
    let by = (known.by)(value(pairs, &argument).unwrap_or_default());
    let descending = format!("sorter[{name}][desc]");
    let is_descending = is_descending(&descending, value(pairs, &descending).unwrap_or_default());
    Ok(Sorter {
        by: by.ok_or_else(|| lacks_argument(&argument, name))?,
        descending: is_descending?,
    })
}

/// Which part of what is found is shown.
///
/// # Errors
/// What is no limiter, or is said of one and cannot be, by its name.
pub fn limiter(pairs: &[(String, String)]) -> Result<Limiter, Refusal> {
    for (parameter, text) in pairs {
        if let Some(parts) = parts(parameter, "limiter") {
            check_limiter(parameter, parts, text)?;
        }
    }
    let name = value(pairs, "limit").unwrap_or(LIMITERS[0].0);
    let known = LIMITERS.iter().find(|(known, _)| *known == name);
    let Some((_, of)) = known else {
        let names: Vec<&str> = LIMITERS.iter().map(|(name, _)| *name).collect();
        return Err(bad_parameter(
            "limit",
            format!("Expected one of {}", names.join(", ")),
        ));
    };
    let number = |part: &str| {
        let text = value(pairs, &format!("limiter[{name}][{part}]"))?;
        text.parse::<usize>().ok()
    };
    let mut limiter = Limiter::each(*of, number("limit").unwrap_or(SHOWN));
    limiter.offset = number("offset").unwrap_or(0);
    limiter.resources = number("rentable_types");
    limiter.stays = number("availabilities").unwrap_or(1);
    Ok(limiter)
}

/// Refuses what a limiter is told and cannot do, also where nobody limits by it.
fn check_limiter(parameter: &str, (name, part): (&str, &str), text: &str) -> Result<(), Refusal> {
    let is_known = LIMITERS.iter().any(|(known, _)| *known == name);
    let limit = LIMITS.iter().find(|(known, ..)| *known == part);
    let Some((_, most, _)) = limit.filter(|_| is_known) else {
        return Err(bad_parameter(parameter, "There is no such limiter"));
    };
    let number = text.parse::<usize>().ok();
    if number.is_none_or(|number| number > *most) {
        let expected = format!("Expected a number up to {most}");
        return Err(bad_parameter(parameter, expected));
    }
    Ok(())
}
