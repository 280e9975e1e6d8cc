//! What a search asks for, as it stands in the address. Names and values are the vendor's; what comes of
//! them is a query of the house, and the channels and links that it has to be narrowed by.

use std::collections::BTreeSet;

use domain::{id::Id, money::Currency, party::AgeGroups};
use http_kit::Refusal;
use jiff::civil::Date;
use jsonapi::{Code, Error, spelling};
use rust_decimal::Decimal;
use service::search::{Count, CountWanted, DateRange, MOST_NIGHTS, Query, Weekdays};

use super::{
    bad,
    calendar::range_of,
    flags::bad_parameter,
    sorted::{limiter, sorters},
    wish::GROUPS,
};

/// How the value of a parameter looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Ids, with commas between them.
    Ids,
    /// One id or more, with commas between them.
    SomeIds,
    /// An id.
    Id,
    /// A day, or two with dots between them.
    Days,
    /// A day.
    Day,
    /// Two days with dots between them.
    Range,
    /// Numbers of nights: one, or from one to another.
    Nights,
    /// Days of the week, with commas between them.
    Weekdays,
    /// Amounts: one, or from one to another.
    Price,
    /// A currency.
    Currency,
    /// Countries, with commas between them.
    Countries,
    /// A token.
    Token,
    /// Numbers: one, or from one to another.
    Numbers,
    /// A number.
    Number,
    /// How many people.
    People,
}

/// A filter: what stands in its brackets, what is said of it, and what it does.
pub struct Filter {
    /// What stands in its brackets.
    pub name: &'static str,
    /// What it means, for the API document.
    pub about: &'static str,
    /// How its value looks.
    pub form: Form,
    take: fn(&mut Search, &Given<'_>) -> Result<(), Refusal>,
}

const fn filter(
    name: &'static str,
    about: &'static str,
    form: Form,
    take: fn(&mut Search, &Given<'_>) -> Result<(), Refusal>,
) -> Filter {
    Filter {
        name,
        about,
        form,
        take,
    }
}

/// The filters of a search, but for numbers of things and for who comes.
pub const FILTERS: &[Filter] = &[
    filter(
        "start_date",
        "Days of arrival: 2027-05-01..2027-06-01, the second one excluded",
        Form::Days,
        |search, given| set(&mut search.query.arrival, given.days()),
    ),
    filter(
        "overlaps_date",
        "Stays that have a night in this range",
        Form::Days,
        |search, given| set(&mut search.query.overlaps, given.days()),
    ),
    filter(
        "includes_date",
        "Stays that have all nights of this range",
        Form::Days,
        |search, given| set(&mut search.query.includes, given.days()),
    ),
    filter(
        "arrangement",
        "Stays of exactly this range",
        Form::Days,
        |search, given| set(&mut search.query.arrangement, given.days()),
    ),
    filter(
        "los",
        "Nights: 7, or 1..21",
        Form::Nights,
        |search, given| {
            search.query.nights = nights(given)?;
            Ok(())
        },
    ),
    filter(
        "wday",
        "Days of arrival in the week: 0 is Sunday",
        Form::Weekdays,
        |search, given| {
            search.query.weekdays = weekdays(given)?;
            Ok(())
        },
    ),
    filter(
        "administration_ids",
        "Only there",
        Form::Ids,
        |search, given| set(&mut search.query.organizations.only, given.ids()),
    ),
    filter("rentable_type_ids", "Only these", Form::Ids, only_types),
    filter("-rentable_type_ids", "All but these", Form::Ids, no_types),
    filter(
        "category_ids",
        "The older name of rentable_type_ids",
        Form::Ids,
        only_types,
    ),
    filter(
        "-category_ids",
        "The older name of -rentable_type_ids",
        Form::Ids,
        no_types,
    ),
    filter(
        "rentable_segment_ids",
        "Only what belongs to one of these",
        Form::Ids,
        in_segments,
    ),
    filter(
        "-rentable_segment_ids",
        "Nothing that belongs to one of these",
        Form::Ids,
        in_no_segments,
    ),
    filter(
        "category_group_ids",
        "The older name of rentable_segment_ids",
        Form::Ids,
        in_segments,
    ),
    filter(
        "-category_group_ids",
        "The older name of -rentable_segment_ids",
        Form::Ids,
        in_no_segments,
    ),
    filter(
        "region_ids",
        "Only in these regions",
        Form::Ids,
        |search, given| set(&mut search.query.regions.only, given.ids()),
    ),
    filter(
        "-region_ids",
        "In none of these regions",
        Form::Ids,
        |search, given| {
            search.query.regions.never = given.ids()?;
            Ok(())
        },
    ),
    filter(
        "amenity_ids",
        "Only what has all of these",
        Form::Ids,
        |search, given| {
            search.amenities = given.ids()?;
            Ok(())
        },
    ),
    filter(
        "inventory_object_id",
        "Only stays for which this very unit can be had",
        Form::Id,
        |search, given| set(&mut search.unit, given.one_id()),
    ),
    filter(
        "discount_campaign_id",
        "Only what gets the discount of this campaign, at that price",
        Form::Id,
        |search, given| set(&mut search.campaign, given.one_id()),
    ),
    filter(
        "promotion_token",
        "Only what gets the discount of a campaign with this token",
        Form::Token,
        |search, given| {
            search.token = given.token()?;
            Ok(())
        },
    ),
    filter(
        "country_codes",
        "Only in these countries",
        Form::Countries,
        |search, given| set(&mut search.query.countries.only, countries(given)),
    ),
    filter(
        "-country_codes",
        "In none of these countries",
        Form::Countries,
        |search, given| {
            search.query.countries.never = countries(given)?;
            Ok(())
        },
    ),
    filter(
        "price",
        "The price of the stay: 100..500",
        Form::Price,
        |search, given| {
            let query = &mut search.query;
            (query.least_price, query.most_price) = given.bounds(price)?;
            Ok(())
        },
    ),
    filter(
        "currency",
        "Only what is sold in this currency",
        Form::Currency,
        |search, given| {
            let currency = Currency::from_code(given.value);
            let unknown = || given.refuse("Expected a currency such as EUR");
            set(&mut search.query.currency, currency.ok_or_else(unknown))
        },
    ),
];

/// The filters by how many of something one unit has, each with what is said of it.
pub const COUNTS: &[(&str, Count, &str)] = &[
    ("number_of_bedrooms", Count::Bedrooms, "Bedrooms: 2, or 2.."),
    ("number_of_beds", Count::Beds, "Beds: 4, or 2..6"),
    ("number_of_showers", Count::Showers, "Showers"),
    ("number_of_toilets", Count::Toilets, "Toilets"),
    ("number_of_bathrooms", Count::Bathrooms, "Bathrooms"),
    (
        "number_of_parking_spots",
        Count::ParkingSpots,
        "Parking spots",
    ),
    ("number_of_child_beds", Count::ChildBeds, "Beds of children"),
    (
        "number_of_child_chairs",
        Count::ChildChairs,
        "Chairs of children",
    ),
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

/// So many characters a token has at most.
pub const TOKEN_CHARACTERS: usize = 200;

/// A search: the query, and what has to be looked up before it is one.
pub struct Search {
    /// The query, without what follows here.
    pub query: Query,
    /// Only through these channels.
    pub channels: Option<Vec<Id>>,
    /// Only what belongs to one of these segments, of each list that was asked for.
    pub segments: Vec<Vec<Id>>,
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
pub struct Given<'a> {
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

    fn token(&self) -> Result<String, Refusal> {
        let token = self.value.trim();
        if token.chars().count() > TOKEN_CHARACTERS || token.contains('\0') {
            return Err(self.refuse(format!("Expected at most {TOKEN_CHARACTERS} characters")));
        }
        Ok(token.to_owned())
    }

    /// A number, or a range of them, each end of which may be left out.
    fn bounds<T: Copy>(
        &self,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<(Option<T>, Option<T>), Refusal> {
        let expected = || self.refuse("Expected a number, or a range such as 1..7");
        let end = |text: &str| match text {
            "" => Ok(None),
            text => read(text).map(Some).ok_or_else(expected),
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
            segments: Vec::new(),
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
        let number = number(given.value).filter(|_| given.value.len() <= 3);
        *group.of(groups) =
            number.ok_or_else(|| given.refuse("Expected a number from 0 to 999"))?;
        Ok(())
    }

    fn filter(&mut self, given: &Given<'_>, name: &str) -> Result<(), Refusal> {
        if let Some(known) = FILTERS.iter().find(|known| known.name == name) {
            return (known.take)(self, given);
        }
        let known = COUNTS.iter().find(|(known, ..)| *known == name);
        let (_, count, _) =
            known.ok_or_else(|| given.refuse("There is no such filter in this search"))?;
        let (least, most) = given.bounds(number)?;
        self.query.counts.push(CountWanted {
            of: *count,
            least: least.unwrap_or(0),
            most: most.unwrap_or(u16::MAX),
        });
        Ok(())
    }
}

fn set<T>(place: &mut Option<T>, value: Result<T, Refusal>) -> Result<(), Refusal> {
    *place = Some(value?);
    Ok(())
}

fn only_types(search: &mut Search, given: &Given<'_>) -> Result<(), Refusal> {
    keep(&mut search.query.resources.only, given.ids()?);
    Ok(())
}

fn no_types(search: &mut Search, given: &Given<'_>) -> Result<(), Refusal> {
    search.query.resources.never.extend(given.ids()?);
    Ok(())
}

fn in_segments(search: &mut Search, given: &Given<'_>) -> Result<(), Refusal> {
    search.segments.push(given.ids()?);
    Ok(())
}

fn in_no_segments(search: &mut Search, given: &Given<'_>) -> Result<(), Refusal> {
    search.no_segments.extend(given.ids()?);
    Ok(())
}

/// Keeps what both want.
pub fn keep(only: &mut Option<Vec<Id>>, ids: Vec<Id>) {
    match only {
        None => *only = Some(ids),
        Some(only) => {
            let ids: BTreeSet<Id> = ids.into_iter().collect();
            only.retain(|id| ids.contains(id));
        }
    }
}

/// A number of at most four digits.
pub fn number(text: &str) -> Option<u16> {
    let is_number = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// What stands in the last brackets of a name that begins so.
fn inside<'a>(name: &'a str, begins: &str) -> Option<&'a str> {
    name.strip_prefix(begins)?.strip_suffix(']')
}

/// The last value of a parameter.
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let last = pairs.iter().rev().find(|(known, _)| known == name);
    last.map(|(_, value)| value.as_str())
}

fn nights(given: &Given<'_>) -> Result<(u16, u16), Refusal> {
    let (least, most) = given.bounds(|text| number(text).filter(|_| !text.starts_with('0')))?;
    let (least, most) = (least.unwrap_or(1), most.unwrap_or(30));
    if least > most || most > MOST_NIGHTS {
        return Err(given.refuse(format!(
            "Expected nights from 1 to {MOST_NIGHTS}, the fewest first"
        )));
    }
    Ok((least, most))
}

fn weekdays(given: &Given<'_>) -> Result<Weekdays, Refusal> {
    let day = |term: &str| match term.as_bytes() {
        [digit @ b'0'..=b'6'] => Some(digit - b'0'),
        _ => None,
    };
    let days = given.list(day, "days from 0, Sunday, to 6")?;
    Ok(Weekdays::of(&days))
}

/// The most digits of a price before its point.
pub const PRICE_DIGITS: usize = 15;
/// And after it.
pub const PRICE_DECIMALS: usize = 10;

/// A price such as `-100.50`.
fn price(text: &str) -> Option<Decimal> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let fits = digits.len() <= PRICE_DIGITS && decimals.len() <= PRICE_DECIMALS;
    spelling::decimal(text).filter(|_| fits)
}

fn countries(given: &Given<'_>) -> Result<Vec<String>, Refusal> {
    let code = |term: &str| {
        let is_code = term.len() == 2 && term.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_code.then(|| term.to_uppercase())
    };
    given.list(code, "countries in two letters, with commas between them")
}
