//! What a search asks for, as it stands in the address. Names and values are the vendor's; what comes of
//! them is a query of the house, and the channels and links that it has to be narrowed by.

use domain::{id::Id, money::Currency, party::AgeGroups};
use http_kit::Refusal;
use jiff::civil::Date;
use jsonapi::{Code, Error, openapi};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use service::search::{
    Choice, Count, CountWanted, DateRange, Limited, Limiter, MOST_NIGHTS, Query, Sort, Sorter,
    Weekdays,
};

use super::{bad, calendar::range_of, flags::bad_parameter, wish::GROUPS};

/// The numbers that a search narrows by.
const COUNTS: &[(&str, Count)] = &[
    ("number_of_bedrooms", Count::Bedrooms),
    ("number_of_beds", Count::Beds),
    ("number_of_showers", Count::Showers),
    ("number_of_toilets", Count::Toilets),
    ("number_of_bathrooms", Count::Bathrooms),
    ("number_of_parking_spots", Count::ParkingSpots),
    ("number_of_child_beds", Count::ChildBeds),
    ("number_of_child_chairs", Count::ChildChairs),
];

/// The limiters, with what each counts.
const LIMITERS: &[(&str, Limited)] = &[
    ("availabilities", Limited::Stays),
    ("start_dates", Limited::Arrivals),
    ("los", Limited::Nights),
    ("rentable_types", Limited::Resources),
    ("categories", Limited::Resources),
    ("administrations", Limited::Organizations),
];

/// The flags that add counts to `meta`.
pub const COUNTED: [(&str, &str); 2] = [
    (
        "include_semantic_segment_counts",
        "Adds to meta how many rentable types of each segment were found",
    ),
    (
        "include_amenity_counts",
        "Adds to meta how many rentable types with each amenity were found",
    ),
];

/// The parameters of a search, for the API document.
pub const PARAMETERS: &[(&str, &str)] = &[
    (
        "channel_ids",
        "Only through these channels, with commas between their ids",
    ),
    (
        "filter[start_date]",
        "Days of arrival: 2027-05-01..2027-06-01, the second one excluded",
    ),
    (
        "filter[overlaps_date]",
        "Stays that have a night in this range",
    ),
    (
        "filter[includes_date]",
        "Stays that have all nights of this range",
    ),
    ("filter[arrangement]", "Stays of exactly this range"),
    ("filter[los]", "Nights: 7, or 1..21"),
    ("filter[wday]", "Days of arrival in the week: 0 is Sunday"),
    ("filter[administration_ids]", "Only there"),
    ("filter[rentable_type_ids]", "Only these"),
    ("filter[-rentable_type_ids]", "All but these"),
    (
        "filter[rentable_segment_ids]",
        "Only what belongs to one of these",
    ),
    (
        "filter[-rentable_segment_ids]",
        "Nothing that belongs to one of these",
    ),
    ("filter[region_ids]", "Only in these regions"),
    ("filter[-region_ids]", "In none of these regions"),
    ("filter[amenity_ids]", "Only what has all of these"),
    (
        "filter[inventory_object_id]",
        "Only stays for which this very unit can be had",
    ),
    (
        "filter[discount_campaign_id]",
        "Only what gets the discount of this campaign, at that price",
    ),
    (
        "filter[promotion_token]",
        "Only what gets the discount of a campaign with this token",
    ),
    ("filter[country_codes]", "Only in these countries"),
    ("filter[-country_codes]", "In none of these countries"),
    ("filter[price]", "The price of the stay: 100..500"),
    ("filter[currency]", "Only what is sold in this currency"),
    ("filter[guest_group][seniors]", "So many seniors"),
    ("filter[guest_group][adults]", "So many adults"),
    ("filter[guest_group][adolescents]", "So many adolescents"),
    ("filter[guest_group][children]", "So many children"),
    ("filter[guest_group][babies]", "So many babies"),
    ("filter[guest_group][pets]", "So many pets"),
    (
        "sorters",
        "Sorters, with commas between them; arguments in sorter[name][argument]",
    ),
    (
        "limit",
        "What is limited: availabilities, start_dates, los, rentable_types, administrations",
    ),
];

/// What a parameter of a search may look like: a name of [`PARAMETERS`].
pub fn shape(name: &str) -> Value {
    const ID: &str = "[1-9][0-9]{0,14}";
    const NUMBER: &str = r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?";
    const NIGHTS: &str = "[1-9][0-9]?";
    const COUNTRY: &str = "[0-9A-Za-z]{2}";
    const SORTERS: &str = "los|start_date|max_guests|highlighted|all_in_amount|avg_score";
    let day = openapi::DATE;
    let list = |term: &str| format!("(?:{term})?(?:,(?:{term})?)*");
    let range = |end: &str| format!(r"(?:{end}|(?:{end})?\.\.(?:{end})?)");
    if name == "limit" {
        let names: Vec<&str> = LIMITERS.iter().map(|(name, _)| *name).collect();
        return json!({ "type": "string", "enum": names });
    }
    let pattern = match name.trim_start_matches("filter[").trim_end_matches(']') {
        "start_date" | "overlaps_date" | "includes_date" | "arrangement" => {
            format!(r"{day}(?:\.\.{day})?")
        }
        "los" => range(NIGHTS),
        "wday" => list("[0-6]"),
        "price" => range(NUMBER),
        "currency" => openapi::currencies().join("|"),
        "country_codes" | "-country_codes" => list(COUNTRY),
        "sorters" => list(SORTERS),
        "promotion_token" => r"[^\u0000]{0,200}".to_owned(),
        "inventory_object_id" | "discount_campaign_id" => ID.to_owned(),
        group if group.starts_with("guest_group") => "[0-9]{1,3}".to_owned(),
        _ => list(ID),
    };
    json!({ "type": "string", "pattern": format!("^(?:{pattern})$") })
}

/// So many are shown where nobody says how many.
const SHOWN: usize = 30;

/// A search: the query, and what has to be looked up before it is one.
pub struct Search {
    /// The query, without what follows here.
    pub query: Query,
    /// Only through these channels.
    pub channels: Option<Vec<Id>>,
    /// Only what belongs to one of these segments.
    pub segments: Option<Vec<Id>>,
    /// Nothing that belongs to one of these.
    pub no_segments: Vec<Id>,
    /// Only what has all of these amenities.
    pub amenities: Vec<Id>,
    /// Only stays for which this unit can be had.
    pub unit: Option<Id>,
    /// Only what gets the discount of this campaign, and by that price.
    pub campaign: Option<Id>,
    /// Only what gets the discount of a campaign with this token; empty for none.
    pub token: String,
}

/// A filter with its value, by which it is refused.
struct Given<'a> {
    name: &'a str,
    value: &'a str,
}

impl Given<'_> {
    fn refuse(&self, detail: impl Into<String>) -> Refusal {
        bad(Error::new(Code::InvalidFilter, detail).in_parameter(self.name))
    }

    fn list<T>(&self, read: impl Fn(&str) -> Option<T>, expected: &str) -> Result<Vec<T>, Refusal> {
        let terms = self.value.split(',').map(str::trim);
        let terms = terms.filter(|term| !term.is_empty());
        let all: Option<Vec<T>> = terms.map(read).collect();
        all.filter(|all| all.len() <= 1_000)
            .ok_or_else(|| self.refuse(format!("Expected {expected}")))
    }

    fn ids(&self) -> Result<Vec<Id>, Refusal> {
        self.list(|term| term.parse().ok(), "ids, with commas between them")
    }

    fn one_id(&self) -> Result<Id, Refusal> {
        let id = self.value.trim().parse();
        id.map_err(|_| self.refuse("Expected an id"))
    }

    /// A range of days, the last one excluded; or one day.
    fn days(&self) -> Result<DateRange, Refusal> {
        let one = || {
            let day: Date = self.value.parse().ok()?;
            Some((day, day.tomorrow().ok()?))
        };
        let range = range_of(self.value).or_else(one);
        let (first, until) = range.ok_or_else(|| {
            self.refuse("Expected a date, or two: 2027-05-01..2027-06-01, the second one excluded")
        })?;
        Ok(DateRange::new(first, until))
    }

    /// A number, or a range of them, each end of which may be left out.
    fn bounds<T: std::str::FromStr + Copy>(&self) -> Result<(Option<T>, Option<T>), Refusal> {
        let expected = || self.refuse("Expected a number, or a range such as 1..7");
        let end = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse::<T>().map(Some).map_err(|_| expected()),
        };
        match self.value.split_once("..") {
            Some((least, most)) => Ok((end(least)?, end(most)?)),
            None => match end(self.value)? {
                Some(number) => Ok((Some(number), Some(number))),
                None => Err(expected()),
            },
        }
    }
}

impl Search {
    /// Reads what stands behind the question mark. Names that nobody knows are passed over, unless they
    /// are filters, sorters or limiters.
    ///
    /// # Errors
    /// What cannot be read, by its name.
    pub fn read(pairs: &[(String, String)], now: jiff::Timestamp) -> Result<Self, Refusal> {
        let mut search = Self {
            query: Query::new(now, AgeGroups::default().party()),
            channels: None,
            segments: None,
            no_segments: Vec::new(),
            amenities: Vec::new(),
            unit: None,
            campaign: None,
            token: String::new(),
        };
        let mut groups = AgeGroups::default();
        let mut has_party = false;
        for (name, value) in pairs {
            let given = Given { name, value };
            if let Some(group) = inside(name, "filter[guest_group][") {
                has_party = true;
                search.group(&given, group, &mut groups)?;
            } else if let Some(filter) = inside(name, "filter[") {
                search.filter(&given, filter)?;
            } else if matches!(
                name.as_str(),
                "channel_ids" | "channelIds" | "channel_ids[]"
            ) {
                search.channels.get_or_insert_default().extend(given.ids()?);
            }
        }
        if !has_party {
            // A search for nobody in particular is one for two.
            groups.adults = 2;
        }
        search.query.party = groups.party();
        search.query.pets = groups.pets;
        for (name, counts) in [
            (COUNTED[0].0, &mut search.query.counts_segments),
            (COUNTED[1].0, &mut search.query.counts_amenities),
        ] {
            *counts = match value(pairs, name) {
                None | Some("" | "false") => false,
                Some("true") => true,
                Some(_) => return Err(bad_parameter(name, format!("{name} is true or false"))),
            };
        }
        search.query.sorters = sorters(pairs)?;
        search.query.limiter = limiter(pairs)?;
        Ok(search)
    }

    fn group(
        &mut self,
        given: &Given<'_>,
        name: &str,
        groups: &mut AgeGroups,
    ) -> Result<(), Refusal> {
        let known = GROUPS.iter().find(|(known, _)| *known == name);
        let (_, group) = known.ok_or_else(|| given.refuse("There is no such group of guests"))?;
        let number = given.value.parse::<u16>().ok();
        let number = number.filter(|number| *number <= 999);
        *group.of(groups) =
            number.ok_or_else(|| given.refuse("Expected a number from 0 to 999"))?;
        Ok(())
    }

    fn filter(&mut self, given: &Given<'_>, name: &str) -> Result<(), Refusal> {
        let query = &mut self.query;
        match name {
            "start_date" => query.arrival = Some(given.days()?),
            "overlaps_date" => query.overlaps = Some(given.days()?),
            "includes_date" => query.includes = Some(given.days()?),
            "arrangement" => query.arrangement = Some(given.days()?),
            "los" => query.nights = nights(given)?,
            "wday" => {
                let day = |term: &str| term.parse::<u8>().ok().filter(|day| *day < 7);
                let days = given.list(day, "days from 0, Sunday, to 6")?;
                query.weekdays = Weekdays::of(&days);
            }
            "administration_ids" => query.organizations.only = Some(given.ids()?),
            "rentable_type_ids" | "category_ids" => query.resources.only = Some(given.ids()?),
            "-rentable_type_ids" | "-category_ids" => query.resources.never = given.ids()?,
            "rentable_segment_ids" | "category_group_ids" => self.segments = Some(given.ids()?),
            "-rentable_segment_ids" | "-category_group_ids" => self.no_segments = given.ids()?,
            "region_ids" => query.regions.only = Some(given.ids()?),
            "-region_ids" => query.regions.never = given.ids()?,
            "amenity_ids" => self.amenities = given.ids()?,
            "inventory_object_id" => self.unit = Some(given.one_id()?),
            "discount_campaign_id" => self.campaign = Some(given.one_id()?),
            "promotion_token" => self.token = given.value.trim().to_owned(),
            "country_codes" => query.countries = Choice::only(countries(given)?),
            "-country_codes" => query.countries.never = countries(given)?,
            "price" => (query.least_price, query.most_price) = given.bounds::<Decimal>()?,
            "currency" => {
                let currency = Currency::from_code(given.value);
                let unknown = || given.refuse("Expected a currency such as EUR");
                query.currency = Some(currency.ok_or_else(unknown)?);
            }
            name => {
                let known = COUNTS.iter().find(|(known, _)| *known == name);
                let (_, count) =
                    known.ok_or_else(|| given.refuse("There is no such filter in this search"))?;
                let (least, most) = given.bounds::<u16>()?;
                query.counts.push(CountWanted {
                    of: *count,
                    least: least.unwrap_or(0),
                    most: most.unwrap_or(u16::MAX),
                });
            }
        }
        Ok(())
    }
}

/// What stands in the last brackets of a name that begins so.
fn inside<'a>(name: &'a str, begins: &str) -> Option<&'a str> {
    name.strip_prefix(begins)?.strip_suffix(']')
}

fn nights(given: &Given<'_>) -> Result<(u16, u16), Refusal> {
    let (least, most) = given.bounds::<u16>()?;
    let (least, most) = (least.unwrap_or(1), most.unwrap_or(30));
    if least == 0 || least > most || most > MOST_NIGHTS {
        return Err(given.refuse(format!(
            "Expected nights from 1 to {MOST_NIGHTS}, the fewest first"
        )));
    }
    Ok((least, most))
}

fn countries(given: &Given<'_>) -> Result<Vec<String>, Refusal> {
    let code = |term: &str| (term.len() == 2).then(|| term.to_uppercase());
    given.list(code, "countries in two letters, with commas between them")
}

/// The last value of a parameter.
fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let last = pairs.iter().rev().find(|(known, _)| known == name);
    last.map(|(_, value)| value.as_str())
}

fn sorters(pairs: &[(String, String)]) -> Result<Vec<Sorter>, Refusal> {
    let names = value(pairs, "sorters").unwrap_or_default();
    let refuse = |name: &str, detail: String| {
        bad(Error::new(Code::InvalidSorting, detail).in_parameter(name))
    };
    let mut sorters = Vec::new();
    for name in names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let argument = |of: &str| {
            let parameter = format!("sorter[{name}][{of}]");
            let text = value(pairs, &parameter).unwrap_or_default().to_owned();
            (parameter, text)
        };
        let bad_argument = |(parameter, _): &(String, String)| {
            refuse(parameter, format!("{name} needs an argument here"))
        };
        let by = match name {
            "los" => Sort::Nights,
            "start_date" => Sort::Arrival,
            "max_guests" => Sort::MaxGuests,
            "highlighted" => Sort::Highlighted,
            "all_in_amount" => Sort::Price,
            "avg_score" => Sort::Score,
            "los_distance" => {
                let of = argument("los");
                Sort::NightsDistance(of.1.parse().map_err(|_| bad_argument(&of))?)
            }
            "start_date_distance" => {
                let of = argument("start_date");
                Sort::ArrivalDistance(of.1.parse().map_err(|_| bad_argument(&of))?)
            }
            "arrangement_distance" => {
                let of = argument("arrangement");
                let range = range_of(&of.1).ok_or_else(|| bad_argument(&of))?;
                Sort::ArrangementDistance(DateRange::new(range.0, range.1))
            }
            "amenity_ids_match_score" => {
                let of = argument("amenity_ids");
                let ids: Result<Vec<Id>, _> = of.1.split(',').map(|id| id.trim().parse()).collect();
                Sort::AmenityMatches(ids.map_err(|_| bad_argument(&of))?)
            }
            name => {
                let detail = format!("There is no sorter {name}");
                return Err(refuse("sorters", detail));
            }
        };
        let descending = format!("sorter[{name}][desc]");
        let descending = match value(pairs, &descending) {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(_) => return Err(refuse(&descending, "Expected true or false".to_owned())),
        };
        sorters.push(Sorter { by, descending });
    }
    Ok(sorters)
}

fn limiter(pairs: &[(String, String)]) -> Result<Limiter, Refusal> {
    let name = value(pairs, "limit").unwrap_or(LIMITERS[0].0);
    let known = LIMITERS.iter().find(|(known, _)| *known == name);
    let Some((_, of)) = known else {
        let names: Vec<&str> = LIMITERS.iter().map(|(name, _)| *name).collect();
        return Err(bad_parameter(
            "limit",
            format!("Expected one of {}", names.join(", ")),
        ));
    };
    let number = |part: &str, most: usize| {
        let parameter = format!("limiter[{name}][{part}]");
        let Some(text) = value(pairs, &parameter) else {
            return Ok(None);
        };
        let number = text.parse::<usize>().ok().filter(|number| *number <= most);
        let expected = || bad_parameter(&parameter, format!("Expected a number up to {most}"));
        number.map(Some).ok_or_else(expected)
    };
    let mut limiter = Limiter::each(*of, number("limit", 100)?.unwrap_or(SHOWN));
    limiter.offset = number("offset", 9_000)?.unwrap_or(0);
    limiter.resources = number("rentable_types", 100)?;
    limiter.stays = number("availabilities", 100)?.unwrap_or(1);
    Ok(limiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each parameter something that it may be, and something that it may not.
    fn examples(name: &str) -> (&'static str, &'static str) {
        match name.trim_start_matches("filter[").trim_end_matches(']') {
            "start_date" | "overlaps_date" | "includes_date" | "arrangement" => {
                ("2027-05-01..2027-06-01", "May")
            }
            "los" => ("1..21", "-1"),
            "wday" => ("0,6", "7"),
            "price" => ("100..500.50", "much"),
            "currency" => ("EUR", "Euro"),
            "country_codes" | "-country_codes" => ("NL,DE", "NLD"),
            "sorters" => ("los,start_date", "weather"),
            "limit" => ("los", "weather"),
            "promotion_token" => ("SUMMER 27", "\u{0}"),
            "inventory_object_id" | "discount_campaign_id" => ("7", "7,8"),
            group if group.starts_with("guest_group") => ("2", "two"),
            ids => {
                assert!(
                    ids.ends_with("_ids"),
                    "{name} is described as a list of ids"
                );
                ("7,8", "seven")
            }
        }
    }

    #[test]
    fn each_parameter_is_described_as_what_it_is() {
        for (name, _) in PARAMETERS {
            let (right, wrong) = examples(name);
            let shape = shape(name);
            assert!(
                jsonschema::is_valid(&shape, &json!(right)),
                "{name}={right}"
            );
            assert!(
                !jsonschema::is_valid(&shape, &json!(wrong)),
                "{name}={wrong}"
            );
        }
    }
}
