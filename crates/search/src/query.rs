//! What somebody looks for.

use domain::{
    id::Id,
    money::Currency,
    party::Party,
    reduction::Reductions,
    time::{Date, Timestamp, Zone, date_of, day_number, today},
};
use rust_decimal::Decimal;

use crate::{
    attributes::{AmenityWanted, CountWanted},
    entry::Terms,
    sort::{MOST_SORTERS, Sorter},
};

/// So many days from today on are searched: who arrives leaves at most so many days later.
pub const HORIZON_DAYS: i64 = 730;

/// The longest stay that is looked for: a year.
pub const MOST_NIGHTS: u16 = 366;

/// At most so many pairs of a day of arrival and a number of nights are tried in one resource, which is
/// every day of two years with each of a month's lengths.
pub const MOST_LENGTHS_AND_DAYS: u64 = 25_000;

/// At most so many stays are tried in all, which is a second's work or two: a month of arrivals with any
/// of ten lengths in 100,000 resources is less.
pub const MOST_STAYS: u64 = 60_000_000;

/// At most so many stays are kept to be shown, those before the page included.
pub const MOST_SHOWN: usize = 10_000;

/// Days from `first` to the one before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub first: Date,
    /// The day after the last.
    pub until: Date,
}

impl DateRange {
    /// The days of `[first, until)`.
    #[must_use]
    pub const fn new(first: Date, until: Date) -> Self {
        Self { first, until }
    }

    fn numbers(self) -> (i64, i64) {
        (day_number(self.first), day_number(self.until))
    }
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Weekdays = Weekdays(0x7f);

    /// The days with these numbers, Sunday being 0; numbers above 6 are passed over.
    #[must_use]
    pub fn of(numbers: &[u8]) -> Self {
        let days = numbers.iter().filter(|number| **number < 7);
        Self(days.fold(0, |all, number| all | 1 << number))
    }

    /// Whether the day with this number is among them, Sunday being 0.
    #[must_use]
    pub const fn contains(self, number: u8) -> bool {
        number < 7 && self.0 >> number & 1 == 1
    }
}

/// How long a stay may be, by its day of arrival: of one unit of a resource, others making way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    first: i64,
    longest: Vec<u16>,
}

impl Reach {
    /// The most nights of a stay that arrives on the first day, the next one, and so on; a stay that
    /// arrives on any other day is not of interest.
    #[must_use]
    pub fn new(first: Date, longest: Vec<u16>) -> Self {
        let first = day_number(first);
        Self { first, longest }
    }

    /// The most nights of a stay that arrives on a day; 0 where none may.
    #[must_use]
    pub fn longest(&self, arrival: Date) -> u16 {
        self.longest_from(day_number(arrival))
    }

    fn longest_from(&self, arrival: i64) -> u16 {
        let place = usize::try_from(arrival - self.first).ok();
        let longest = place.and_then(|place| self.longest.get(place));
        longest.copied().unwrap_or(0)
    }

    /// Whether a stay may be so long.
    pub(crate) fn admits(&self, arrival: i64, nights: u16) -> bool {
        nights <= self.longest_from(arrival)
    }
}

/// What is wanted of a list, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<T> {
    /// Only these; `None` asks for nothing, an empty list for what is not there.
    pub only: Option<Vec<T>>,
    /// None of these.
    pub never: Vec<T>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        let (only, never) = (None, Vec::new());
        Self { only, never }
    }
}

impl<T: PartialEq> Choice<T> {
    /// Only these.
    #[must_use]
    pub fn only(these: Vec<T>) -> Self {
        Self {
            only: Some(these),
            never: Vec::new(),
        }
    }

    /// All but these.
    #[must_use]
    pub fn never(these: Vec<T>) -> Self {
        Self {
            only: None,
            never: these,
        }
    }

    /// Whether something that is all of `has` is meant.
    fn admits<'a>(&self, has: impl Fn(&T) -> bool + 'a) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(&has)) && !self.never.iter().any(has)
    }
}

/// What a limiter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limited {
    /// Stays.
    Stays,
    /// Days of arrival.
    Arrivals,
    /// Numbers of nights.
    Nights,
    /// Resources.
    Resources,
    /// Organizations.
    Organizations,
}

/// Which part of what was found is shown. Stays fall into groups; the groups come in the order of their
/// first stay, and of each the first stays are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limiter {
    /// What makes a group.
    pub of: Limited,
    /// So many groups are left out.
    pub offset: usize,
    /// At most so many groups are shown.
    pub limit: usize,
    /// At most so many resources of a group; `None` does not tell them apart. Says nothing of groups that
    /// are stays or resources themselves.
    pub resources: Option<usize>,
    /// At most so many stays of each of these resources, or of the group where they are not told apart.
    /// Says nothing of groups that are stays.
    pub stays: usize,
}

impl Limiter {
    /// The first so many stays.
    #[must_use]
    pub const fn stays(limit: usize) -> Self {
        Self::each(Limited::Stays, limit)
    }

    /// The first stay of each of the first so many groups.
    #[must_use]
    pub const fn each(of: Limited, limit: usize) -> Self {
        Self {
            of,
            offset: 0,
            limit,
            resources: None,
            stays: 1,
        }
    }

    /// How many stays may have to be kept.
    fn kept(&self) -> Option<usize> {
        if self.of == Limited::Stays {
            return self.offset.checked_add(self.limit);
        }
        let of_group = self.resources.unwrap_or(1).checked_mul(self.stays)?;
        self.limit.checked_mul(of_group)
    }
}

/// Everything that somebody looks for. [`Query::new`] asks for any stay of a party; the rest narrows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What time it is. No stay begins before today, where the resource is.
    pub now: Timestamp,
    /// Who comes.
    pub party: Party,
    /// How many pets come along.
    pub pets: u16,
    /// Days of arrival.
    pub arrival: Option<DateRange>,
    /// The fewest and the most nights.
    pub nights: (u16, u16),
    /// A night or more of the stay lies within.
    pub overlaps: Option<DateRange>,
    /// The stay covers all of it.
    pub includes: Option<DateRange>,
    /// The stay is exactly this, whatever `nights` says.
    pub arrangement: Option<DateRange>,
    /// Days of the week of arrival.
    pub weekdays: Weekdays,
    /// How long a stay may be at most, by its day of arrival.
    pub reach: Option<Reach>,
    /// The lowest price of the stay, in major units.
    pub least_price: Option<Decimal>,
    /// The highest price of the stay, in major units.
    pub most_price: Option<Decimal>,
    /// What is taken off stays. Prices are filtered and sorted by what is left.
    pub reductions: Reductions,
    /// Only what is sold in this currency: nothing is converted.
    pub currency: Option<Currency>,
    /// The organizations that the caller may know of; `None` for all. Unlike a filter it leaves no trace.
    pub within: Option<Vec<Id>>,
    /// Resources.
    pub resources: Choice<Id>,
    /// Organizations.
    pub organizations: Choice<Id>,
    /// Segments; a resource may be of several.
    pub segments: Choice<Id>,
    /// Regions.
    pub regions: Choice<Id>,
    /// Countries, ISO 3166 alpha-2, in any case.
    pub countries: Choice<String>,
    /// Amenities that must all be there.
    pub amenities: Vec<AmenityWanted>,
    /// Numbers of bedrooms and the like.
    pub counts: Vec<CountWanted>,
    /// The order; without any by arrival, nights and resource.
    pub sorters: Vec<Sorter>,
    /// Which part is shown.
    pub limiter: Limiter,
    /// Whether resources are counted by segment.
    pub counts_segments: bool,
    /// Whether resources are counted by amenity.
    pub counts_amenities: bool,
}

/// Why a query is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// A stay has at least one night, at most [`MOST_NIGHTS`], and the fewest are not more than the most.
    #[error("nights from 1 to {MOST_NIGHTS}, the fewest first")]
    Nights,
    /// More sorters than there are.
    #[error("at most {MOST_SORTERS} sorters")]
    Sorters,
    /// More stays would be kept than [`MOST_SHOWN`].
    #[error("at most {MOST_SHOWN} stays are shown or passed over")]
    Shown,
    /// More stays would be tried than [`MOST_STAYS`], or than [`MOST_LENGTHS_AND_DAYS`] of one resource.
    #[error("too many days of arrival and lengths of stay: narrow one of them, or the resources")]
    TooWide,
}

impl Query {
    /// Any stay of up to a month that begins within the horizon, for a party; the first thirty of them.
    #[must_use]
    pub fn new(now: Timestamp, party: Party) -> Self {
        Self {
            now,
            party,
            pets: 0,
            arrival: None,
            nights: (1, 30),
            overlaps: None,
            includes: None,
            arrangement: None,
            weekdays: Weekdays::ALL,
            reach: None,
            least_price: None,
            most_price: None,
            reductions: Reductions::default(),
            currency: None,
            within: None,
            resources: Choice::default(),
            organizations: Choice::default(),
            segments: Choice::default(),
            regions: Choice::default(),
            countries: Choice::default(),
            amenities: Vec::new(),
            counts: Vec::new(),
            sorters: Vec::new(),
            limiter: Limiter::stays(30),
            counts_segments: false,
            counts_amenities: false,
        }
    }

    /// Whether stays of this resource may be shown at all, whatever their days.
    pub(crate) fn admits(&self, terms: &Terms) -> bool {
        let attributes = &terms.attributes;
        let same = |id: Id| move |other: &Id| *other == id;
        let currency = self.currency.is_none_or(|one| one == terms.currency);
        let within = &self.within;
        let reached = within
            .as_ref()
            .is_none_or(|all| all.contains(&terms.organization_id));
        let fits = |count: u16, most: Option<u16>| most.is_none_or(|most| count <= most);
        !attributes.archived
            && reached
            && currency
            && self.resources.admits(same(terms.id))
            && self.organizations.admits(same(terms.organization_id))
            && self.segments.admits(|id| attributes.segments.contains(id))
            && self.regions.admits(|id| attributes.region == Some(*id))
            && self
                .countries
                .admits(|country| attributes.country.eq_ignore_ascii_case(country))
            && !self.party.is_empty()
            && terms.room.admits(self.party)
            && fits(self.party.infants, attributes.max_infants)
            && fits(self.pets, attributes.max_pets)
            && attributes.has_all(&self.amenities)
            && attributes.counts_within(&self.counts)
    }

    /// The days that stays of this query may touch: from the first arrival to the last departure.
    ///
    /// # Errors
    /// [`BadQuery`], as for the search itself.
    pub fn touched(&self) -> Result<DateRange, BadQuery> {
        let days = self.days()?;
        let until = days.until + i64::from(days.nights.1);
        Ok(DateRange::new(date(days.first), date(until)))
    }

    /// The query with its days as numbers and its bounds checked.
    pub(crate) fn days(&self) -> Result<QueryDays, BadQuery> {
        let exact = self.arrangement.map(DateRange::numbers);
        let nights = match exact {
            None => self.nights,
            Some((first, until)) => {
                let nights = u16::try_from(until - first).map_err(|_| BadQuery::Nights)?;
                (nights, nights)
            }
        };
        if nights.0 < 1 || nights.0 > nights.1 || nights.1 > MOST_NIGHTS {
            return Err(BadQuery::Nights);
        }
        if self.sorters.len() > MOST_SORTERS {
            return Err(BadQuery::Sorters);
        }
        if self.limiter.kept().is_none_or(|kept| kept > MOST_SHOWN) {
            return Err(BadQuery::Shown);
        }
        let longest = i64::from(nights.1);
        // No zone is further than a day from this one.
        let today = day_number(today(&Zone::UTC, self.now));
        let (mut first, mut until) = (today - 1, today + 1 + HORIZON_DAYS);
        let mut narrow = |from: i64, to: i64| (first, until) = (first.max(from), until.min(to));
        if let Some((from, to)) = self.arrival.map(DateRange::numbers) {
            narrow(from, to);
        }
        if let Some((from, _)) = exact {
            narrow(from, from.saturating_add(1));
        }
        if let Some((from, to)) = self.overlaps.map(DateRange::numbers) {
            narrow(from - longest + 1, to);
        }
        if let Some((from, to)) = self.includes.map(DateRange::numbers) {
            narrow(to - longest, from.saturating_add(1));
        }
        let days = QueryDays {
            first,
            until: until.max(first),
            nights,
            overlaps: self.overlaps.map(DateRange::numbers),
            includes: self.includes.map(DateRange::numbers),
            weekdays: self.weekdays,
        };
        if days.combinations() > MOST_LENGTHS_AND_DAYS {
            return Err(BadQuery::TooWide);
        }
        Ok(days)
    }
}

/// Which days a query asks about, as day numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryDays {
    /// The first day of arrival.
    pub(crate) first: i64,
    /// The day after the last day of arrival.
    pub(crate) until: i64,
    /// The fewest and the most nights.
    pub(crate) nights: (u16, u16),
    overlaps: Option<(i64, i64)>,
    includes: Option<(i64, i64)>,
    weekdays: Weekdays,
}

impl QueryDays {
    /// How many days of arrival there are.
    pub(crate) fn arrivals(&self) -> usize {
        usize::try_from(self.until - self.first).unwrap_or(0)
    }

    /// How many pairs of a day of arrival and a number of nights there are.
    pub(crate) fn combinations(&self) -> u64 {
        let lengths = u64::from(self.nights.1 - self.nights.0) + 1;
        self.arrivals() as u64 * lengths
    }

    /// The days of arrival that a stay of so many nights may have.
    pub(crate) fn arrivals_of(&self, nights: u16) -> (i64, i64) {
        let nights = i64::from(nights);
        let (mut first, mut until) = (self.first, self.until);
        if let Some((from, to)) = self.overlaps {
            // Neither has a night where there is none.
            let empty = from >= to;
            first = if empty {
                until
            } else {
                first.max(from - nights + 1)
            };
            until = until.min(to);
        }
        if let Some((from, to)) = self.includes {
            first = first.max(to - nights);
            until = until.min(from.saturating_add(1));
        }
        (first, until)
    }

    /// Whether a stay may begin on this day of the week.
    pub(crate) fn may_begin(&self, day: i64) -> bool {
        // The first of January 1970 was a Thursday.
        self.weekdays.contains((day + 4).rem_euclid(7) as u8)
    }
}

/// The first day on which a stay may begin, and the last on which it may end.
pub(crate) fn bounds(zone: &Zone, now: Timestamp) -> (i64, i64) {
    let today = day_number(today(zone, now));
    (today, today + HORIZON_DAYS)
}

/// A day number as a date. Days of entries were dates when the entries were made.
pub(crate) fn date(day: i64) -> Date {
    date_of(day).unwrap_or(Date::MAX)
}
