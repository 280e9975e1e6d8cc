//! Master price lists: what a stay costs by the night, or by arrival and length of stay.
//!
//! A list is either simple, with a price for each night that are added up, or complex, with a price
//! for a whole stay of exactly so many nights that arrives on a day. A channel may sell by a factor of
//! the list. [`stay_price`] is all there is; prices are looked up in a [`PriceSheet`], which the
//! caller fills with what it has read.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError, Rounding};

/// The longest stay that a complex price can be for, in nights.
pub const LONGEST_STAY: u16 = 365;

/// How a list prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Each night has a price; a stay costs their sum.
    #[default]
    Simple,
    /// Each arrival has prices by length of stay; a stay costs the one of exactly its length.
    Complex,
}

/// One price of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Price {
    /// In minor units of the list's currency.
    pub minor: i64,
    /// Whether it may be sold.
    pub active: bool,
}

/// The prices of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceSheet {
    /// The currency of all of them.
    pub currency: Currency,
    /// By night for a simple list.
    pub nights: BTreeMap<Date, Price>,
    /// By arrival and number of nights for a complex one.
    pub stays: BTreeMap<(Date, u16), Price>,
}

/// What a stay costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayPrice {
    /// All of it.
    pub total: Money,
    /// What each night costs, in order, where the list says so; empty under a complex list.
    pub nights: Vec<(Date, Money)>,
}

/// Why a stay has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoListPrice {
    /// The departure is not after the arrival, or too far from it.
    #[error("these dates make no stay")]
    NoStay,
    /// This night has no price.
    #[error("the night of {0} has no price")]
    Night(Date),
    /// There is no price for just this length of stay from this arrival.
    #[error("there is no price for {nights} nights from {arrival}")]
    Length {
        /// The arrival.
        arrival: Date,
        /// The nights.
        nights: u16,
    },
    /// The sum can't be expressed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl PriceSheet {
    /// A list without prices.
    #[must_use]
    pub const fn empty(currency: Currency) -> PriceSheet {
        PriceSheet {
            currency,
            nights: BTreeMap::new(),
            stays: BTreeMap::new(),
        }
    }
}

/// What a stay of `nights` nights from `arrival` costs under a list, times `factor`. Every price is
/// rounded to the currency by itself (a half away from zero), so that nights add up to their total.
///
/// # Errors
/// [`NoListPrice`]: a stay that one night lacks a price of can't be sold.
pub fn stay_price(
    sheet: &PriceSheet,
    pricing: Pricing,
    arrival: Date,
    nights: u16,
    factor: Decimal,
) -> Result<StayPrice, NoListPrice> {
    if nights == 0 || nights > LONGEST_STAY {
        return Err(NoListPrice::NoStay);
    }
    let scaled =
        |price: &Price| Money::new(price.minor, sheet.currency).scaled(factor, Rounding::HalfUp);
    let sold = |price: &&Price| price.active;
    if pricing == Pricing::Complex {
        let price = sheet.stays.get(&(arrival, nights)).filter(sold);
        let price = price.ok_or(NoListPrice::Length { arrival, nights })?;
        return Ok(StayPrice {
            total: scaled(price)?,
            nights: Vec::new(),
        });
    }
    let mut priced = Vec::with_capacity(nights.into());
    let mut total = Money::zero(sheet.currency);
    for number in 0..i32::from(nights) {
        let night = arrival
            .checked_add(number.days())
            .map_err(|_| NoListPrice::NoStay)?;
        let price = sheet.nights.get(&night).filter(sold);
        let price = scaled(price.ok_or(NoListPrice::Night(night))?)?;
        total = total.plus(price)?;
        priced.push((night, price));
    }
    Ok(StayPrice {
        total,
        nights: priced,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    const FIRST: Date = Date::constant(2027, 3, 27);

    fn day(number: i32) -> Date {
        FIRST.checked_add(number.days()).unwrap()
    }

    fn simple(minors: &[i64]) -> PriceSheet {
        let mut sheet = PriceSheet::empty(Currency::EUR);
        for (number, minor) in minors.iter().enumerate() {
            let price = Price {
                minor: *minor,
                active: true,
            };
            sheet.nights.insert(day(number as i32), price);
        }
        sheet
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn a_simple_stay_costs_the_sum_of_its_nights(
            minors in prop::collection::vec(0..1_000_000_i64, 1..40),
            from in 0..40_usize,
            nights in 1..40_usize,
            percent in 1..400_i64,
        ) {
            let sheet = simple(&minors);
            let factor = Decimal::new(percent, 2);
            let answer = stay_price(&sheet, Pricing::Simple, day(from as i32), nights as u16, factor);
            match minors.get(from..from + nights) {
                Some(within) => {
                    // Rounded by whole numbers, half a cent upwards: another way to the same sum.
                    let wanted: i64 = within.iter().map(|minor| (minor * percent + 50) / 100).sum();
                    let answer = answer.unwrap();
                    prop_assert_eq!(answer.total.minor, wanted);
                    prop_assert_eq!(answer.nights.len(), nights);
                    let again: i64 = answer.nights.iter().map(|(_, price)| price.minor).sum();
                    prop_assert_eq!(again, wanted);
                }
                None => {
                    let missing = day((from.max(minors.len())) as i32);
                    prop_assert_eq!(answer, Err(NoListPrice::Night(missing)));
                }
            }
        }

        #[test]
        fn a_simple_stay_cut_in_two_costs_the_same(
            minors in prop::collection::vec(0..1_000_000_i64, 2..30),
            cut in 1..29_usize,
            percent in 1..400_i64,
        ) {
            let sheet = simple(&minors);
            let cut = cut.min(minors.len() - 1);
            let price = |from: usize, nights: usize| {
                let factor = Decimal::new(percent, 2);
                stay_price(&sheet, Pricing::Simple, day(from as i32), nights as u16, factor)
                    .unwrap()
                    .total
                    .minor
            };
            prop_assert_eq!(price(0, minors.len()), price(0, cut) + price(cut, minors.len() - cut));
        }

        #[test]
        fn a_complex_stay_costs_the_price_of_just_its_length(
            known in prop::collection::btree_map((0..10_i32, 1..8_u16), (0..1_000_000_i64, any::<bool>()), 0..30),
            arrival in 0..10_i32,
            nights in 1..8_u16,
        ) {
            let mut sheet = PriceSheet::empty(Currency::JPY);
            for ((number, nights), (minor, active)) in &known {
                sheet.stays.insert((day(*number), *nights), Price { minor: *minor, active: *active });
            }
            let answer = stay_price(&sheet, Pricing::Complex, day(arrival), nights, Decimal::ONE);
            match known.get(&(arrival, nights)) {
                Some((minor, true)) => prop_assert_eq!(answer.unwrap().total.minor, *minor),
                _ => prop_assert_eq!(answer, Err(NoListPrice::Length { arrival: day(arrival), nights })),
            }
        }
    }

    #[test]
    fn a_night_that_may_not_be_sold_has_no_price() {
        let mut sheet = simple(&[100, 100, 100]);
        sheet.nights.get_mut(&day(1)).unwrap().active = false;
        let price = |from| stay_price(&sheet, Pricing::Simple, day(from), 2, Decimal::ONE);
        assert_eq!(price(0), Err(NoListPrice::Night(day(1))));
        assert!(stay_price(&sheet, Pricing::Simple, day(2), 1, Decimal::ONE).is_ok());
    }

    #[test]
    fn no_night_and_too_many_are_no_stay() {
        let sheet = simple(&[100]);
        for nights in [0, LONGEST_STAY + 1] {
            let answer = stay_price(&sheet, Pricing::Simple, FIRST, nights, Decimal::ONE);
            assert_eq!(answer, Err(NoListPrice::NoStay));
        }
    }

    #[test]
    fn a_sum_beyond_all_bounds_is_an_error() {
        let sheet = simple(&[i64::MAX, 1]);
        let answer = stay_price(&sheet, Pricing::Simple, FIRST, 2, Decimal::ONE);
        assert_eq!(answer, Err(NoListPrice::Money(MoneyError::TooLarge)));
    }
}
