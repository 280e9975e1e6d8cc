//! The walk over one resource's days.
//!
//! A strip of days is cut out around the arrivals that are asked about: nearly always a word or two. A
//! stay of `n` nights may begin where `n` bits in a row are set, which for each length is the strip of the
//! length before, and-ed with the nights moved by one more. Only what is left is looked at stay by stay.

use std::sync::Arc;

use domain::{
    charge::StayFacts,
    money::Money,
    party::{AgeGroups, Party},
    reduction::{Reduction, Reductions, best},
    time::{Date, Timestamp, Zone},
};
use rust_decimal::Decimal;

use crate::{
    answer::Effort,
    bits::{days_of, keep_between, keep_where_later, words},
    entry::Entry,
    prices::WindowPrices,
    query::{Query, QueryDays, Reach, bounds, date},
    sort::StayPrice,
};

/// A walk with its memory, used for one resource after another.
pub(crate) struct Scan {
    now: Timestamp,
    party: Party,
    least_price: Option<Decimal>,
    most_price: Option<Decimal>,
    days: QueryDays,
    /// The arrivals of the query, by the day of the week.
    weekdays: Vec<u64>,
    nights: Vec<u64>,
    check_in: Vec<u64>,
    check_out: Vec<u64>,
    runs: Vec<u64>,
    /// Memory for the days whose minimum and maximum stay allow a length.
    allowed: Vec<u64>,
    found: Vec<u64>,
    prices: WindowPrices,
    reach: Option<Reach>,
    reductions: Arc<Reductions>,
    /// The zone asked about last, with the days between which its stays lie: neighbours share it mostly.
    zone: Option<(Zone, (i64, i64))>,
    /// What was done so far.
    pub(crate) effort: Effort,
}

impl Scan {
    pub(crate) fn new(query: &Query, days: QueryDays) -> Self {
        let arrivals = words(days.arrivals());
        // The morning of the last departure is looked at too.
        let all = words(days.arrivals() + usize::from(days.nights.1) + 1);
        let mut weekdays = vec![0; arrivals];
        for place in 0..days.arrivals() {
            if days.may_begin(days.first + place as i64) {
                weekdays[place / 64] |= 1 << (place % 64);
            }
        }
        Self {
            now: query.now,
            party: query.party,
            least_price: query.least_price,
            most_price: query.most_price,
            days,
            weekdays,
            nights: vec![0; all],
            check_in: vec![0; arrivals],
            check_out: vec![0; all],
            runs: vec![0; all],
            allowed: vec![0; all],
            found: vec![0; arrivals],
            prices: WindowPrices::default(),
            reach: query.reach.clone(),
            reductions: Arc::new(query.reductions.clone()),
            zone: None,
            effort: Effort::default(),
        }
    }

    /// The first day on which a stay may begin, and the last on which it may end.
    fn bounds(&mut self, zone: &Zone) -> (i64, i64) {
        match &self.zone {
            Some((known, bounds)) if known == zone => *bounds,
            _ => {
                let bounds = bounds(zone, self.now);
                self.zone = Some((zone.clone(), bounds));
                bounds
            }
        }
    }

    /// Tells every stay that can be sold, by its day of arrival, number of nights and price: shorter ones
    /// first.
    pub(crate) fn walk(&mut self, entry: &Entry, mut found: impl FnMut(i64, u16, StayPrice)) {
        let terms = &*entry.terms;
        let first = self.days.first;
        let (today, last) = self.bounds(&terms.zone);
        let all = Arc::clone(&self.reductions);
        let off = Off {
            of: all.of(terms.id, terms.organization_id),
            all: &all,
            today: date(today),
        };
        self.effort.resources += 1;
        let from = first - terms.first;
        entry.sellable.cut(from, &mut self.nights);
        terms.check_in.cut(from, &mut self.check_in);
        terms.check_out.cut(from, &mut self.check_out);
        self.runs.copy_from_slice(&self.nights);
        let mut is_priced = false;
        for nights in 1..=self.days.nights.1 {
            if nights > 1 {
                keep_where_later(&mut self.runs, &self.nights, usize::from(nights) - 1);
            }
            if nights < self.days.nights.0 {
                continue;
            }
            if self.runs.iter().all(|word| *word == 0) {
                break;
            }
            self.keep_arrivals(nights, today, last);
            terms.keep_allowed(nights, first, &mut self.found, &mut self.allowed);
            for place in days_of(&self.found) {
                let arrival = first + place as i64;
                self.effort.stays_tried += 1;
                let reach = self.reach.as_ref();
                if reach.is_some_and(|reach| !reach.admits(arrival, nights)) {
                    continue;
                }
                if !std::mem::replace(&mut is_priced, true) {
                    let window = self.days.arrivals() + usize::from(self.days.nights.1);
                    self.prices.load(terms, self.party, first, window);
                    self.effort.nights_priced += window as u64;
                }
                let price = self.prices.of_stay(terms, arrival, nights, arrival - today);
                let price = price.and_then(|price| off.taken(entry, arrival, nights, price));
                if let Some(price) = price.filter(|price| self.pays(entry, price.minor)) {
                    found(arrival, nights, price);
                }
            }
        }
    }

    /// Leaves in `found` the days on which a stay of so many nights may begin.
    fn keep_arrivals(&mut self, nights: u16, today: i64, last: i64) {
        let first = self.days.first;
        let (from, until) = self.days.arrivals_of(nights);
        let from = from.max(today);
        let until = until.min(last - i64::from(nights) + 1);
        let strips = self.found.iter_mut().zip(&self.runs);
        for (((found, run), check_in), weekdays) in strips.zip(&self.check_in).zip(&self.weekdays) {
            *found = run & check_in & weekdays;
        }
        keep_where_later(&mut self.found, &self.check_out, usize::from(nights));
        keep_between(&mut self.found, from - first, until - first);
    }

    fn pays(&self, entry: &Entry, minor: i64) -> bool {
        if self.least_price.is_none() && self.most_price.is_none() {
            return true;
        }
        let digits = domain::money::exponent(entry.terms.currency);
        let price = Decimal::new(minor, digits);
        self.least_price.is_none_or(|least| price >= least)
            && self.most_price.is_none_or(|most| price <= most)
    }
}

/// What is taken off stays in one resource.
struct Off<'a> {
    all: &'a Reductions,
    of: Vec<&'a Reduction>,
    today: Date,
}

impl Off<'_> {
    /// The price with the best discount taken off; none for a stay that is not of interest without one.
    fn taken(
        &self,
        entry: &Entry,
        arrival: i64,
        nights: u16,
        price: StayPrice,
    ) -> Option<StayPrice> {
        if self.of.is_empty() {
            return (!self.all.only_wanted).then_some(price);
        }
        let stay = StayFacts {
            arrival: date(arrival),
            departure: date(arrival + i64::from(nights)),
            // Who comes has been counted in the price.
            group: AgeGroups::default(),
            rent: Money::new(price.minor, entry.terms.currency),
        };
        // What cannot be written down is not taken off.
        let best = best(self.of.iter().copied(), &stay, self.today).unwrap_or_default();
        let off = best.reduced.map_or(0, |reduced| reduced.off.minor);
        self.all.admits(&best).then_some(StayPrice {
            minor: price.minor - off,
            off,
            ..price
        })
    }
}
