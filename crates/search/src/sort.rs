//! The order of what is found.
//!
//! Each sorter makes a number of a stay, the lower the earlier; stays are compared by the numbers of all
//! sorters, then by arrival, nights and resource, so that no two are ever equal.

use domain::{
    id::Id,
    money::exponent,
    time::{Date, day_number},
};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::{entry::Terms, query::DateRange};

/// How many sorters a query may have: one of each.
pub const MOST_SORTERS: usize = 10;

/// What stays are sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The number of nights.
    Nights,
    /// How far the number of nights is from this one.
    NightsDistance(u16),
    /// The day of arrival.
    Arrival,
    /// How many days arrival is from this one.
    ArrivalDistance(Date),
    /// How many days arrival and departure are from these, added up.
    ArrangementDistance(DateRange),
    /// How many guests the resource has room for; without a bound most of all.
    MaxGuests,
    /// Whether the resource is shown off; those that are not come first, unless descending.
    Highlighted,
    /// The price in major units, whatever the currency.
    Price,
    /// How many of these amenities the resource has.
    AmenityMatches(Vec<Id>),
    /// What guests think of the resource, to the thousandth; those without a score come last either way.
    Score,
}

/// A sorter with its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorter {
    /// What is compared.
    pub by: Sort,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Sorter {
    /// From the smallest to the largest.
    #[must_use]
    pub const fn ascending(by: Sort) -> Self {
        let descending = false;
        Self { by, descending }
    }

    /// From the largest to the smallest.
    #[must_use]
    pub const fn descending(by: Sort) -> Self {
        let descending = true;
        Self { by, descending }
    }

    fn directed(&self, value: i64) -> i64 {
        if self.descending {
            value.saturating_neg()
        } else {
            value
        }
    }
}

/// Where a stay stands among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    keys: [i64; MOST_SORTERS],
    pub(crate) arrival: i64,
    pub(crate) nights: u16,
    /// The place of its entry, which is in the order of ids.
    pub(crate) entry: u32,
}

/// A stay with its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ranked {
    pub(crate) rank: Rank,
    pub(crate) minor: i64,
    pub(crate) off: i64,
    pub(crate) plan: u8,
    pub(crate) offer: u8,
}

/// A price of a stay, in minor units of its resource's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StayPrice {
    pub(crate) minor: i64,
    /// What a discount has taken off already.
    pub(crate) off: i64,
    pub(crate) plan: u8,
    pub(crate) offer: u8,
}

/// Sorters as they are used while one resource is walked: what depends on the resource only is computed
/// once.
pub(crate) struct Ranking {
    sorters: Vec<Sorter>,
    keys: [i64; MOST_SORTERS],
    /// By what an amount is multiplied, so that those of all currencies count the same fractions.
    scale: i128,
    entry: u32,
}

/// The most digits after the point that any currency has.
const MOST_DIGITS: u32 = 4;

impl Ranking {
    pub(crate) fn new(sorters: &[Sorter]) -> Self {
        Self {
            sorters: sorters.to_vec(),
            keys: [0; MOST_SORTERS],
            scale: 1,
            entry: 0,
        }
    }

    /// Goes on to a resource.
    pub(crate) fn enter(&mut self, entry: u32, terms: &Terms) {
        self.entry = entry;
        let digits = exponent(terms.currency).min(MOST_DIGITS);
        self.scale = 10_i128.pow(MOST_DIGITS - digits);
        for (key, sorter) in self.keys.iter_mut().zip(&self.sorters) {
            if let Some(value) = of_resource(&sorter.by, terms) {
                *key = value.map_or(i64::MAX, |value| sorter.directed(value));
            }
        }
    }

    /// The rank of a stay in the resource that was entered last.
    pub(crate) fn ranked(&self, arrival: i64, nights: u16, price: StayPrice) -> Ranked {
        let mut keys = self.keys;
        for (key, sorter) in keys.iter_mut().zip(&self.sorters) {
            if let Some(value) = self.of_stay(&sorter.by, arrival, nights, price.minor) {
                *key = sorter.directed(value);
            }
        }
        let entry = self.entry;
        Ranked {
            rank: Rank {
                keys,
                arrival,
                nights,
                entry,
            },
            minor: price.minor,
            off: price.off,
            plan: price.plan,
            offer: price.offer,
        }
    }

    /// What depends on the stay; `None` for what depends on the resource.
    fn of_stay(&self, by: &Sort, arrival: i64, nights: u16, minor: i64) -> Option<i64> {
        let nights = i64::from(nights);
        match by {
            Sort::Nights => Some(nights),
            Sort::NightsDistance(from) => Some((nights - i64::from(*from)).abs()),
            Sort::Arrival => Some(arrival),
            Sort::ArrivalDistance(from) => Some((arrival - day_number(*from)).abs()),
            Sort::ArrangementDistance(range) => {
                let (first, until) = (day_number(range.first), day_number(range.until));
                Some((arrival - first).abs() + (arrival + nights - until).abs())
            }
            Sort::Price => {
                let scaled = i128::from(minor) * self.scale;
                let most = if minor < 0 { i64::MIN } else { i64::MAX };
                Some(i64::try_from(scaled).unwrap_or(most))
            }
            Sort::MaxGuests | Sort::Highlighted | Sort::AmenityMatches(_) | Sort::Score => None,
        }
    }
}

/// What depends on the resource: the outer `None` for what does not, the inner for what nobody knows.
fn of_resource(by: &Sort, terms: &Terms) -> Option<Option<i64>> {
    let attributes = &terms.attributes;
    match by {
        Sort::MaxGuests => Some(Some(terms.room.people.map_or(i64::MAX / 2, i64::from))),
        Sort::Highlighted => Some(Some(attributes.highlighted.into())),
        Sort::AmenityMatches(ids) => Some(Some(attributes.matches(ids))),
        Sort::Score => Some(attributes.score.and_then(thousandths)),
        Sort::Nights
        | Sort::NightsDistance(_)
        | Sort::Arrival
        | Sort::ArrivalDistance(_)
        | Sort::ArrangementDistance(_)
        | Sort::Price => None,
    }
}

fn thousandths(score: Decimal) -> Option<i64> {
    score.checked_mul(Decimal::ONE_THOUSAND)?.round().to_i64()
}
