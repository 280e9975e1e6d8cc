//! Where prices are looked up, and how links between plans are followed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Linking, NoPrice, RatePlan};
use crate::calendar::CalendarDay;
use crate::id::Id;
use crate::time::Date;

/// How many links are followed from plan to plan. It ends rings, and no real tariff goes deeper.
pub const MOST_LINKS: usize = 8;

/// What has been read of calendars and plans: the source of a quote's prices.
pub trait PriceBook {
    /// What is set for a resource on a date, if anything.
    fn day(&self, resource: Id, date: Date) -> Option<&CalendarDay>;

    /// Where a plan takes its prices from, if not from its resource's own calendar.
    fn linking(&self, resource: Id, number: u8) -> Option<&Linking>;
}

/// The calendar days and plans of one resource. A map of these by resource is a [`PriceBook`].
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The days on which something is set.
    pub days: BTreeMap<Date, CalendarDay>,
    /// The plans, in any order.
    pub plans: Vec<RatePlan>,
}

impl PriceBook for BTreeMap<Id, Sheet> {
    fn day(&self, resource: Id, date: Date) -> Option<&CalendarDay> {
        self.get(&resource)?.days.get(&date)
    }

    fn linking(&self, resource: Id, number: u8) -> Option<&Linking> {
        let plans = &self.get(&resource)?.plans;
        plans
            .iter()
            .find(|plan| plan.number == number)?
            .linking
            .as_ref()
    }
}

/// Whether a night has a price under a plan.
pub fn is_priced(
    book: &(impl PriceBook + ?Sized),
    resource: Id,
    plan: &RatePlan,
    night: Date,
) -> bool {
    base_price(book, resource, plan, night).is_ok()
}

/// The price of a night under a plan, in major units and before any multiplier of its day.
///
/// A link takes the other plan's price likewise, without the multiplier of the other resource's day:
/// multipliers belong to the resource that is sold. A price below zero is none.
pub(super) fn base_price(
    book: &(impl PriceBook + ?Sized),
    resource: Id,
    plan: &RatePlan,
    night: Date,
) -> Result<Decimal, NoPrice> {
    let mut place = (resource, plan.number);
    let mut next = plan.linking;
    let mut links: Vec<Linking> = Vec::new();
    while let Some(link) = next {
        if links.len() == MOST_LINKS {
            return Err(NoPrice::TooManyLinks);
        }
        links.push(link);
        place = (link.resource, link.number);
        next = book.linking(link.resource, link.number).copied();
    }
    let set = book
        .day(place.0, night)
        .and_then(|day| day.prices.get(&place.1))
        .copied();
    let own = set.ok_or(NoPrice::NotSet { night })?;
    let price = links.iter().rev().try_fold(own, |price, link| {
        price.checked_mul(link.multiplier)?.checked_add(link.amount)
    });
    let price = price.ok_or(NoPrice::TooLarge)?;
    if price < Decimal::ZERO {
        Err(NoPrice::NotSet { night })
    } else {
        Ok(price)
    }
}
