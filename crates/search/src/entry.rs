//! What the index keeps of one resource.
//!
//! Two parts, because they change at different paces: [`Terms`], made of settings, calendar and rate plans
//! by [`Terms::new`], and the one bit a day that the ledger gives, added by [`Entry::new`].
//!
//! Days that say the same share a line of a table, and a day is kept as the number of its line. What a
//! night costs stands in that table as a whole number of minor units, for each plan; the rare price that
//! is none (a third of a cent, more than forty million) stands beside it exactly.

use std::{collections::HashMap, sync::Arc};

use domain::{
    calendar::{CalendarDay, StayRules, Strategy},
    id::Id,
    money::{Currency, Money},
    party::Room,
    rate::{PriceBook, RatePlan, price_of_night},
    time::{Date, Zone, date_of, day_number},
};
use rust_decimal::Decimal;

use crate::{
    attributes::Attributes,
    bits::{DAYS, DayBits, keep_runs, keep_where_later},
    listed::Listed,
};

/// A resource as it is to be found.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its id.
    pub id: Id,
    /// The organization it belongs to.
    pub organization_id: Id,
    /// The zone of its nights.
    pub zone: Zone,
    /// The currency of its prices.
    pub currency: Currency,
    /// How many people it has room for.
    pub room: Room,
    /// What holds for all stays.
    pub rules: StayRules,
    /// Its rate plans.
    pub plans: Vec<RatePlan>,
    /// Everything else that it is found by.
    pub attributes: Attributes,
}

/// On what terms a resource is sold, from some day on.
#[derive(Debug)]
pub struct Terms {
    pub(crate) id: Id,
    pub(crate) organization_id: Id,
    pub(crate) zone: Zone,
    pub(crate) currency: Currency,
    pub(crate) room: Room,
    pub(crate) rules: StayRules,
    pub(crate) plans: Box<[RatePlan]>,
    pub(crate) attributes: Attributes,
    /// The number of the first day.
    pub(crate) first: i64,
    open: DayBits,
    pub(crate) check_in: DayBits,
    pub(crate) check_out: DayBits,
    /// The days that set a minimum or maximum stay.
    length_bounds: Box<[LengthBounds]>,
    /// For each day its line in the tables.
    line_of: Lines,
    /// For each line how many are sold at most.
    limits: Box<[i64]>,
    /// For each line the price of each plan.
    prices: Box<[u32]>,
    /// The prices that are not a whole number of minor units, or too large, by their place.
    exact: ExactPrices,
    /// The master price list by which it is sold, where it has one.
    pub(crate) listed: Option<Arc<Listed>>,
}

/// Prices with the places in the table at which they would stand.
type ExactPrices = Box<[(u32, Decimal)]>;

/// Days that bound the length of a stay in the same way. Calendars know few ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LengthBounds {
    min_stay: u16,
    max_stay: u16,
    days: DayBits,
}

/// The line of each day. Few calendars have more than 256 different days.
#[derive(Debug)]
enum Lines {
    Short(Box<[u8]>),
    Long(Box<[u16]>),
}

/// Stands for a night without a price.
const NO_PRICE: u32 = u32::MAX;
/// Stands for a price that is kept beside the table.
const EXACT: u32 = u32::MAX - 1;

/// What a night costs, before anybody's shares are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NightPrice {
    /// Nothing is set.
    None,
    /// So many minor units.
    Minor(u32),
    /// So much in major units.
    Exact(Decimal),
}

impl Terms {
    /// The terms for [`DAYS`] days from `first` on. The book must know the resource's days, and the
    /// resources to which its plans are linked.
    #[must_use]
    pub fn new<B: PriceBook + ?Sized>(resource: Resource, book: &B, first: Date) -> Self {
        let first = day_number(first);
        let mut table = Table::default();
        let mut length_bounds = Vec::new();
        let mut line_of = Vec::with_capacity(DAYS);
        let (mut open, mut check_in, mut check_out) = ([false; DAYS], [false; DAYS], [false; DAYS]);
        for place in 0..DAYS {
            let date = date_of(first + place as i64);
            let day = date.and_then(|date| book.day(resource.id, date));
            // A day beyond the calendar's end is never sold.
            open[place] = date.is_some() && day.is_none_or(|day| is_open(day, &resource.rules));
            check_in[place] = day.is_none_or(|day| !day.no_check_in);
            check_out[place] = day.is_none_or(|day| !day.no_check_out);
            let prices = date.map(|date| prices(&resource, book, date));
            let limit = day.and_then(|day| day.sell_limit).unwrap_or(i64::MAX);
            line_of.push(table.line(limit, prices.unwrap_or_default()));
            bound_lengths(&mut length_bounds, place, day);
        }
        let Table { limits, rows, .. } = table;
        let (prices, exact) = laid_out(&rows, resource.currency);
        let nameless = |plan: RatePlan| RatePlan {
            name: String::new(),
            ..plan
        };
        Self {
            attributes: resource.attributes.tidied(),
            id: resource.id,
            organization_id: resource.organization_id,
            zone: resource.zone,
            currency: resource.currency,
            room: resource.room,
            rules: resource.rules,
            plans: resource.plans.into_iter().map(nameless).collect(),
            first,
            open: DayBits::of(|day| open[day]),
            check_in: DayBits::of(|day| check_in[day]),
            check_out: DayBits::of(|day| check_out[day]),
            length_bounds: length_bounds.into(),
            line_of: Lines::new(line_of),
            limits: limits.into(),
            prices,
            exact,
            listed: None,
        }
    }

    /// The same, sold by a master price list where that has a price.
    #[must_use]
    pub fn sold_by(mut self, listed: Option<Arc<Listed>>) -> Self {
        self.listed = listed;
        self
    }

    /// The first day that is known.
    #[must_use]
    pub fn first(&self) -> Date {
        crate::query::date(self.first)
    }

    /// The resource.
    #[must_use]
    pub fn resource_id(&self) -> Id {
        self.id
    }

    /// The resources whose prices it takes, itself perhaps among them.
    pub fn linked(&self) -> impl Iterator<Item = Id> + '_ {
        let links = self.plans.iter().filter_map(|plan| plan.linking);
        links.map(|link| link.resource)
    }

    /// Keeps of a strip of arrivals from day `first` on those from which minimum and maximum stays allow so
    /// many nights. `allowed` is memory for as many days as stays may touch.
    pub(crate) fn keep_allowed(
        &self,
        nights: u16,
        first: i64,
        arrivals: &mut [u64],
        allowed: &mut [u64],
    ) {
        let least = self.rules.min_stay.unwrap_or(0);
        let most = self.rules.max_stay.unwrap_or(u16::MAX);
        if !(least..=most).contains(&nights) {
            arrivals.fill(0);
        }
        let bounds = self.length_bounds.iter();
        let mut refusing = bounds.filter(|bounds| !bounds.allow(nights)).peekable();
        if refusing.peek().is_none() {
            return;
        }
        allowed.fill(u64::MAX);
        refusing.for_each(|bounds| bounds.days.cut_off(first - self.first, allowed));
        if self.rules.strategy == Strategy::StayThrough {
            keep_runs(allowed, nights.into());
        }
        keep_where_later(arrivals, allowed, 0);
    }

    /// The price of a night under the plan at this place of the list.
    pub(crate) fn price(&self, day: i64, plan: usize) -> NightPrice {
        let Some(line) = self.line(day) else {
            return NightPrice::None;
        };
        let place = line * self.plans.len() + plan;
        match self.prices[place] {
            NO_PRICE => NightPrice::None,
            EXACT => {
                let found = self
                    .exact
                    .binary_search_by_key(&(place as u32), |(place, _)| *place);
                found.map_or(NightPrice::None, |at| NightPrice::Exact(self.exact[at].1))
            }
            minor => NightPrice::Minor(minor),
        }
    }

    fn line(&self, day: i64) -> Option<usize> {
        let place = usize::try_from(day - self.first).ok()?;
        match &self.line_of {
            Lines::Short(lines) => lines.get(place).map(|line| usize::from(*line)),
            Lines::Long(lines) => lines.get(place).map(|line| usize::from(*line)),
        }
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        let attributes = &self.attributes;
        let lines = match &self.line_of {
            Lines::Short(lines) => size_of_val(&**lines),
            Lines::Long(lines) => size_of_val(&**lines),
        };
        size_of::<Self>()
            + lines
            + size_of_val(&*self.limits)
            + size_of_val(&*self.length_bounds)
            + size_of_val(&*self.prices)
            + size_of_val(&*self.exact)
            + size_of_val(&*self.plans)
            + self.listed.as_ref().map_or(0, |listed| listed.bytes())
            + attributes.country.capacity()
            + size_of_val(&*attributes.segments)
            + size_of_val(&*attributes.amenities)
    }
}

/// A resource with what the ledger says of it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(crate) terms: Arc<Terms>,
    /// The nights that are open and of which one is left.
    pub(crate) sellable: DayBits,
}

impl Entry {
    /// The terms beside the ledger: the lane's capacity, and how many are taken at the fullest moment of
    /// each night from the terms' first day on. Nights that `taken` does not reach are not sold.
    #[must_use]
    pub fn new(terms: Arc<Terms>, capacity: i64, taken: &[i64]) -> Self {
        let sellable = DayBits::of(|place| {
            let Some(taken) = taken.get(place) else {
                return false;
            };
            let line = terms.line(terms.first + place as i64);
            let limit = line.map_or(i64::MAX, |line| terms.limits[line]);
            terms.open.get(place) && capacity.min(limit).saturating_sub(*taken) > 0
        });
        Self { terms, sellable }
    }

    /// The terms.
    #[must_use]
    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // An entry and its terms are each counted, and pointed to.
        const COUNTS_AND_POINTERS: usize = 6 * size_of::<usize>();
        size_of::<Self>() + self.terms.bytes() + COUNTS_AND_POINTERS
    }
}

fn is_open(day: &CalendarDay, rules: &StayRules) -> bool {
    let is_exception = day.exception && rules.exception_closes;
    !day.closed && !is_exception
}

impl LengthBounds {
    fn allow(&self, nights: u16) -> bool {
        (self.min_stay..=self.max_stay).contains(&nights)
    }
}

/// Notes how a day bounds the length of a stay, if it does.
fn bound_lengths(known: &mut Vec<LengthBounds>, place: usize, day: Option<&CalendarDay>) {
    let min_stay = day.and_then(|day| day.min_stay).unwrap_or(0);
    let max_stay = day.and_then(|day| day.max_stay).unwrap_or(u16::MAX);
    if (min_stay, max_stay) == (0, u16::MAX) {
        return;
    }
    let same = |bounds: &LengthBounds| (bounds.min_stay, bounds.max_stay) == (min_stay, max_stay);
    let at = known.iter().position(same).unwrap_or_else(|| {
        known.push(LengthBounds {
            min_stay,
            max_stay,
            days: DayBits::NONE,
        });
        known.len() - 1
    });
    known[at].days.set(place);
}

fn prices<B: PriceBook + ?Sized>(
    resource: &Resource,
    book: &B,
    night: Date,
) -> Vec<Option<Decimal>> {
    let plans = resource.plans.iter();
    plans
        .map(|plan| price_of_night(book, resource.id, plan, night).ok())
        .collect()
}

/// What the days of a resource say, each kind of day once.
#[derive(Default)]
struct Table {
    limits: Vec<i64>,
    rows: Vec<Vec<Option<Decimal>>>,
    known: HashMap<(i64, Vec<Option<Decimal>>), u16>,
}

impl Table {
    fn line(&mut self, limit: i64, prices: Vec<Option<Decimal>>) -> u16 {
        let next = self.limits.len() as u16;
        let (limits, rows) = (&mut self.limits, &mut self.rows);
        *self
            .known
            .entry((limit, prices))
            .or_insert_with_key(|known| {
                limits.push(known.0);
                rows.push(known.1.clone());
                next
            })
    }
}

/// The prices of all lines one after another, and those that need more room.
fn laid_out(rows: &[Vec<Option<Decimal>>], currency: Currency) -> (Box<[u32]>, ExactPrices) {
    let mut exact = Vec::new();
    let cells = rows.iter().flatten();
    let prices = cells
        .enumerate()
        .map(|(place, price)| match (price, minor(*price, currency)) {
            (None, _) => NO_PRICE,
            (Some(_), Some(minor)) => minor,
            (Some(price), None) => {
                exact.push((place as u32, *price));
                EXACT
            }
        })
        .collect();
    (prices, exact.into())
}

fn minor(price: Option<Decimal>, currency: Currency) -> Option<u32> {
    let money = Money::from_decimal_exact(price?, currency).ok()?;
    u32::try_from(money.minor)
        .ok()
        .filter(|minor| *minor < EXACT)
}

impl Lines {
    fn new(lines: Vec<u16>) -> Self {
        let short: Result<Box<[u8]>, _> = lines.iter().map(|line| u8::try_from(*line)).collect();
        match short {
            Ok(short) => Lines::Short(short),
            Err(_) => Lines::Long(lines.into()),
        }
    }
}
