//! Rate plans and quotes: what a stay costs.
//!
//! A resource has up to sixteen [`RatePlan`]s. The price of a night under plan *n* is price *n* of
//! the calendar day, or, where the plan is linked, the price of another plan put through a multiplier
//! and an amount; times the day's own multiplier; for as many people as the plan says; plus what extra
//! people cost. [`quote`] answers for one plan, [`cheapest`] for one offer, [`cheapest_of_each_offer`]
//! for all. [`sold_plans`] says which plans whoever names no offer may be quoted.
//!
//! Whether the stay is allowed at all is [`crate::calendar`]'s question, and whether there is room is
//! [`crate::lane`]'s. Prices are looked up through a [`PriceBook`], which the caller fills with what
//! it has read. Every night is rounded to the currency by itself (a half away from zero), so that the
//! nights of a quote add up to its total.

mod book;
mod offer;
mod quote;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::Id;

pub use book::{MOST_LINKS, PriceBook, Sheet, is_priced};
pub use offer::{OfferTerms, sold_plans};
pub use quote::{
    NightPrice, NoPrice, Pricing, Quote, Shares, Wanted, cheapest, cheapest_of_each_offer,
    judge_bounds, price_of_night, quote,
};

/// How many plans a resource may have; they are numbered from 1.
pub const MOST_PLANS: u8 = 16;

/// A named way of pricing the nights of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatePlan {
    /// Its number in the resource, from 1 to [`MOST_PLANS`]: which price of the calendar days it reads.
    pub number: u8,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// How many people a night's price is for.
    #[serde(default)]
    pub price_for: PriceFor,
    /// What each further adult costs a night, in major units. Zero: none may be added.
    #[serde(default)]
    pub extra_person: Decimal,
    /// What each further child costs a night, in major units. Zero: a child counts as a person.
    #[serde(default)]
    pub extra_child: Decimal,
    /// The fewest nights.
    #[serde(default)]
    pub min_stay: Option<u16>,
    /// The most nights.
    #[serde(default)]
    pub max_stay: Option<u16>,
    /// The number of the offer under which it is sold, from 1 to 16.
    #[serde(default = "first_offer")]
    pub offer: u8,
    /// The fewest days from booking to check-in.
    #[serde(default)]
    pub min_days_until_check_in: Option<u16>,
    /// The most days from booking to check-in.
    #[serde(default)]
    pub max_days_until_check_in: Option<u16>,
    /// Where the prices come from, when not from the resource's own calendar.
    #[serde(default)]
    pub linking: Option<Linking>,
}

fn first_offer() -> u8 {
    1
}

impl RatePlan {
    /// A plan with this number that reads the resource's own calendar, covers everybody whom the
    /// resource has room for, and sets no bounds.
    #[must_use]
    pub fn new(number: u8) -> RatePlan {
        RatePlan {
            number,
            name: String::new(),
            price_for: PriceFor::default(),
            extra_person: Decimal::ZERO,
            extra_child: Decimal::ZERO,
            min_stay: None,
            max_stay: None,
            offer: first_offer(),
            min_days_until_check_in: None,
            max_days_until_check_in: None,
            linking: None,
        }
    }
}

/// How many people a night's price is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceFor {
    /// For one: it is paid once for every person. A child pays `extra_child` instead, if that is set.
    PerPerson,
    /// For as many as the resource has room for.
    #[default]
    MaxCapacity,
    /// For up to so many, adults first; others pay as extra people.
    UpToPerson(u16),
}

/// Takes the prices of another plan: its price, times `multiplier`, plus `amount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Linking {
    /// The resource whose prices are taken; may be the plan's own.
    pub resource: Id,
    /// The number of the plan there.
    pub number: u8,
    /// By what the price is multiplied.
    pub multiplier: Decimal,
    /// What is then added, in major units; may be below zero.
    pub amount: Decimal,
}

#[cfg(test)]
mod tests;
