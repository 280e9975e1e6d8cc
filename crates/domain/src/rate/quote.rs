//! The price of a stay, night by night.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::book::base_price;
use super::{PriceBook, PriceFor, RatePlan};
use crate::calendar::LONGEST_STAY;
use crate::id::Id;
use crate::money::{Currency, Money, MoneyError, Rounding};
use crate::party::{Party, Room};
use crate::time::{self, Date};

/// What is priced: the resource, whom it has room for, the currency, and where prices are looked up.
#[derive(Debug)]
pub struct Pricing<'a, B: ?Sized> {
    /// The resource that is sold.
    pub resource: Id,
    /// Whom it has room for.
    pub room: Room,
    /// The currency of all its prices.
    pub currency: Currency,
    /// Its prices, and those that they are linked to.
    pub book: &'a B,
}

/// The stay that somebody would like a price for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The day of arrival.
    pub arrival: Date,
    /// The day of departure.
    pub departure: Date,
    /// Who comes.
    pub party: Party,
    /// What day it is where the resource is.
    pub today: Date,
}

/// What a stay costs under one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The number of the plan.
    pub plan: u8,
    /// The number of the offer under which the plan is sold.
    pub offer: u8,
    /// The price of each night; they add up to the total.
    pub nights: Vec<NightPrice>,
    /// The price of the whole stay.
    pub total: Money,
}

/// What one night costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NightPrice {
    /// The date on whose evening the night begins.
    pub night: Date,
    /// For the whole party, rounded to the currency.
    pub price: Money,
}

/// Why there is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    /// Departure is not after arrival, or years after it.
    #[error("a stay has at least one night and at most {LONGEST_STAY}")]
    NotAStay,
    /// The party is empty, larger than the resource has room for, or than the plan has prices for.
    #[error("there is no price for this party")]
    OtherParty,
    /// The plan asks for at least so many nights.
    #[error("at least {0} nights")]
    TooShort(u16),
    /// The plan allows at most so many nights.
    #[error("at most {0} nights")]
    TooLong(u16),
    /// The plan asks for at least so many days before check-in.
    #[error("to be booked at least {0} days before check-in")]
    TooLate(u16),
    /// The plan allows at most so many days before check-in.
    #[error("to be booked at most {0} days before check-in")]
    TooEarly(u16),
    /// No price is set for this night.
    #[error("no price is set for {night}")]
    NotSet {
        /// The date on whose evening the night begins.
        night: Date,
    },
    /// The plan's prices are linked in a ring, or too deeply.
    #[error("the plan's prices are linked in a ring, or too deeply")]
    TooManyLinks,
    /// The price is larger than an amount can be.
    #[error("the price is too large")]
    TooLarge,
    /// No plan is sold under this offer.
    #[error("no plan is sold under this offer")]
    NoPlan,
}

impl From<MoneyError> for NoPrice {
    fn from(_: MoneyError) -> NoPrice {
        NoPrice::TooLarge
    }
}

/// The price of a stay under one plan.
///
/// # Errors
/// [`NoPrice`] with the first thing that stands against it: the stay, the party, the plan's bounds,
/// then the first night without a price.
pub fn quote<B: PriceBook + ?Sized>(
    pricing: &Pricing<'_, B>,
    plan: &RatePlan,
    wanted: &Wanted,
) -> Result<Quote, NoPrice> {
    let count = time::nights(wanted.arrival, wanted.departure);
    let count = u16::try_from(count).map_err(|_| NoPrice::NotAStay)?;
    if !(1..=LONGEST_STAY).contains(&count) {
        return Err(NoPrice::NotAStay);
    }
    if wanted.party.is_empty() || !pricing.room.admits(wanted.party) {
        return Err(NoPrice::OtherParty);
    }
    judge_bounds(plan, time::nights(wanted.today, wanted.arrival), count)?;
    let shares = Shares::of(plan, wanted.party)?;
    let mut nights = Vec::with_capacity(usize::from(count));
    let mut total = Money::zero(pricing.currency);
    for night in time::each_night(wanted.arrival, wanted.departure) {
        let major = price_of_night(pricing.book, pricing.resource, plan, night)?;
        let price = shares.of_night(major, pricing.currency)?;
        total = total.plus(price)?;
        nights.push(NightPrice { night, price });
    }
    Ok(Quote {
        plan: plan.number,
        offer: plan.offer,
        nights,
        total,
    })
}

/// The cheapest quote among the plans that are sold under an offer; of equal ones the plan with the
/// lowest number.
///
/// # Errors
/// [`NoPrice::NoPlan`], or why the first of its plans has none.
pub fn cheapest<B: PriceBook + ?Sized>(
    pricing: &Pricing<'_, B>,
    plans: &[RatePlan],
    offer: u8,
    wanted: &Wanted,
) -> Result<Quote, NoPrice> {
    let mut best = Err(NoPrice::NoPlan);
    for plan in plans.iter().filter(|plan| plan.offer == offer) {
        let quote = quote(pricing, plan, wanted);
        let better = match (&best, &quote) {
            (Ok(best), Ok(quote)) => rank(quote) < rank(best),
            (Err(NoPrice::NoPlan), _) | (Err(_), Ok(_)) => true,
            (_, Err(_)) => false,
        };
        if better {
            best = quote;
        }
    }
    best
}

/// The cheapest quote of every offer that has one, by the number of the offer.
pub fn cheapest_of_each_offer<B: PriceBook + ?Sized>(
    pricing: &Pricing<'_, B>,
    plans: &[RatePlan],
    wanted: &Wanted,
) -> BTreeMap<u8, Quote> {
    let mut best: BTreeMap<u8, Quote> = BTreeMap::new();
    for quote in plans
        .iter()
        .filter_map(|plan| quote(pricing, plan, wanted).ok())
    {
        match best.get(&quote.offer) {
            Some(known) if rank(known) <= rank(&quote) => {}
            _ => {
                best.insert(quote.offer, quote);
            }
        }
    }
    best
}

const fn rank(quote: &Quote) -> (i64, u8) {
    (quote.total.minor, quote.plan)
}

/// Whether a plan is sold for so many nights, so many days before check-in.
///
/// # Errors
/// The [`NoPrice`] that says which bound stands against it.
pub fn judge_bounds(plan: &RatePlan, days_until: i32, nights: u16) -> Result<(), NoPrice> {
    let days = i64::from(days_until);
    let below = |value: i64, bound: Option<u16>| bound.filter(|bound| value < i64::from(*bound));
    let above = |value: i64, bound: Option<u16>| bound.filter(|bound| value > i64::from(*bound));
    let against = below(nights.into(), plan.min_stay)
        .map(NoPrice::TooShort)
        .or_else(|| above(nights.into(), plan.max_stay).map(NoPrice::TooLong))
        .or_else(|| below(days, plan.min_days_until_check_in).map(NoPrice::TooLate))
        .or_else(|| above(days, plan.max_days_until_check_in).map(NoPrice::TooEarly));
    against.map_or(Ok(()), Err)
}

/// How often a party pays the night's price, and what its extra people cost a night. It depends on the
/// plan and the party only, so whoever prices many nights asks once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// How often the night's price is paid.
    pub times: u32,
    /// What is added to that a night, in major units; never below zero.
    pub extras: Decimal,
}

impl Shares {
    /// The shares of a party under a plan.
    ///
    /// # Errors
    /// [`NoPrice::OtherParty`] when the plan has no price for it, [`NoPrice::TooLarge`].
    pub fn of(plan: &RatePlan, party: Party) -> Result<Shares, NoPrice> {
        let children_are_priced = plan.extra_child > Decimal::ZERO;
        match plan.price_for {
            PriceFor::MaxCapacity => Ok(Shares::new(1, Decimal::ZERO)),
            PriceFor::PerPerson if children_are_priced => Ok(Shares::new(
                party.adults.into(),
                each(party.children.into(), plan.extra_child)?,
            )),
            PriceFor::PerPerson => Ok(Shares::new(party.places(), Decimal::ZERO)),
            PriceFor::UpToPerson(included) => {
                let adults = party.adults.saturating_sub(included);
                let left = included.saturating_sub(party.adults);
                let children = party.children.saturating_sub(left);
                let child = if children_are_priced {
                    plan.extra_child
                } else {
                    plan.extra_person
                };
                let adults = priced(adults, plan.extra_person)?;
                let extras = adults.checked_add(priced(children, child)?);
                Ok(Shares::new(1, extras.ok_or(NoPrice::TooLarge)?))
            }
        }
    }

    const fn new(times: u32, extras: Decimal) -> Shares {
        Shares { times, extras }
    }

    /// What the party pays for a night whose price is `major`, rounded to the currency.
    ///
    /// # Errors
    /// [`NoPrice::TooLarge`].
    pub fn of_night(&self, major: Decimal, currency: Currency) -> Result<Money, NoPrice> {
        let price = major
            .checked_mul(self.times.into())
            .and_then(|price| price.checked_add(self.extras))
            .ok_or(NoPrice::TooLarge)?;
        Ok(Money::from_decimal(price, currency, Rounding::HalfUp)?)
    }
}

/// What so many extra people cost; none are admitted where no price is set for them.
fn priced(count: u16, price: Decimal) -> Result<Decimal, NoPrice> {
    if count > 0 && price <= Decimal::ZERO {
        return Err(NoPrice::OtherParty);
    }
    each(count.into(), price)
}

fn each(count: u32, price: Decimal) -> Result<Decimal, NoPrice> {
    price.checked_mul(count.into()).ok_or(NoPrice::TooLarge)
}

/// The price of a night under a plan in major units, its day's multiplier included, before anybody's
/// shares are counted.
///
/// # Errors
/// [`NoPrice`]: it is not set, linked too deeply, or too large.
pub fn price_of_night<B: PriceBook + ?Sized>(
    book: &B,
    resource: Id,
    plan: &RatePlan,
    night: Date,
) -> Result<Decimal, NoPrice> {
    let base = base_price(book, resource, plan, night)?;
    let day = book.day(resource, night);
    let multiplier = day.and_then(|day| day.multiplier).unwrap_or(Decimal::ONE);
    base.checked_mul(multiplier).ok_or(NoPrice::TooLarge)
}
