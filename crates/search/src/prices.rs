//! What the stays of one resource cost a party.
//!
//! The nights of a window are priced once per plan and summed from the window's first night on, so that
//! any stay within costs one subtraction per plan. A night is rounded by itself, as [`domain::rate`] does,
//! so the sums are its quotes to the cent: where the price of a night is a whole number of minor units,
//! paying it `times` over and adding the rounded extras rounds to the same amount.

use domain::{
    money::{Money, Rounding},
    party::Party,
    rate::{Shares, judge_bounds},
};

use crate::{
    entry::{NightPrice, Terms},
    sort::StayPrice,
};

/// The nights of a window under one plan, summed up.
#[derive(Default)]
struct Sums {
    /// The plan's place in the list.
    place: usize,
    /// For each night the price of all nights before it.
    totals: Vec<i128>,
    /// For each night how many nights before it have no price.
    missing: Vec<u32>,
}

/// The prices of a window of nights. It is used again for the next resource, to spare its memory.
#[derive(Default)]
pub(crate) struct WindowPrices {
    first: i64,
    sums: Vec<Sums>,
    /// How many of the sums are in use.
    used: usize,
}

impl WindowPrices {
    /// Prices `nights` nights from `first` on under every plan that has prices for the party.
    pub(crate) fn load(&mut self, terms: &Terms, party: Party, first: i64, nights: usize) {
        self.first = first;
        self.used = 0;
        for (place, plan) in terms.plans.iter().enumerate() {
            let Ok(shares) = Shares::of(plan, party) else {
                continue;
            };
            if self.used == self.sums.len() {
                self.sums.push(Sums::default());
            }
            let sums = &mut self.sums[self.used];
            sums.place = place;
            sums.add_up(terms, &shares, first, nights);
            self.used += 1;
        }
    }

    /// The cheapest price of a stay that begins in the window; of equal ones that of the first offer and
    /// plan. `days_until` are the days from today to arrival.
    pub(crate) fn of_stay(
        &self,
        terms: &Terms,
        arrival: i64,
        nights: u16,
        days_until: i64,
    ) -> Option<StayPrice> {
        let from = usize::try_from(arrival - self.first).ok()?;
        let days_until = i32::try_from(days_until).ok()?;
        // By a list it is sold at what the list says, dear or cheap.
        let listed = terms.listed.as_ref();
        if let Some(minor) = listed.and_then(|listed| listed.of_stay(arrival, nights)) {
            return Some(StayPrice {
                minor,
                off: 0,
                plan: 0,
                offer: 0,
            });
        }
        let mut best: Option<StayPrice> = None;
        for sums in &self.sums[..self.used] {
            let plan = &terms.plans[sums.place];
            let total = sums.total(from, from + usize::from(nights));
            let Some(minor) = total.filter(|_| judge_bounds(plan, days_until, nights).is_ok())
            else {
                continue;
            };
            let price = StayPrice {
                minor,
                off: 0,
                plan: plan.number,
                offer: plan.offer,
            };
            let rank = |price: &StayPrice| (price.minor, price.offer, price.plan);
            if best.is_none_or(|best| rank(&price) < rank(&best)) {
                best = Some(price);
            }
        }
        best
    }
}

impl Sums {
    fn add_up(&mut self, terms: &Terms, shares: &Shares, first: i64, nights: usize) {
        let extras = Money::from_decimal(shares.extras, terms.currency, Rounding::HalfUp);
        let extras = extras.ok().map(|extras| i128::from(extras.minor));
        let times = i128::from(shares.times);
        self.totals.clear();
        self.missing.clear();
        let (mut total, mut missing) = (0_i128, 0_u32);
        self.totals.push(total);
        self.missing.push(missing);
        for day in (first..).take(nights) {
            let price = match terms.price(day, self.place) {
                NightPrice::None => None,
                NightPrice::Minor(minor) => extras
                    .map(|extras| i128::from(minor) * times + extras)
                    .filter(|price| *price <= i128::from(i64::MAX)),
                NightPrice::Exact(major) => {
                    let price = shares.of_night(major, terms.currency);
                    price.ok().map(|price| i128::from(price.minor))
                }
            };
            match price {
                Some(price) => total += price,
                None => missing += 1,
            }
            self.totals.push(total);
            self.missing.push(missing);
        }
    }

    /// The price of the nights of `[from, to)`, if each has one.
    fn total(&self, from: usize, to: usize) -> Option<i64> {
        if self.missing.get(to)? != self.missing.get(from)? {
            return None;
        }
        i64::try_from(self.totals.get(to)? - self.totals.get(from)?).ok()
    }
}
