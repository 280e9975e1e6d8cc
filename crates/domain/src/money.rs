//! Money: a whole number of minor units in one currency, and arithmetic that never loses a cent.
//!
//! Nothing here converts between currencies, knows taxes or formats for a reader. Amounts that need
//! more digits than the currency has (rates, multipliers, percentages) are [`Decimal`]s; they become
//! money at one stated moment and with a stated [`Rounding`].

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

pub use iso_currency::Currency;

/// How many digits after the point the currency has: 2 for EUR, 0 for JPY, 3 for KWD. Codes without
/// a minor unit (gold, test codes) count whole units.
#[must_use]
pub fn exponent(currency: Currency) -> u32 {
    currency.exponent().map_or(0, u32::from)
}

/// An amount: `minor` units (cents for EUR, whole yen for JPY) of `currency`. May be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the smallest unit of the currency.
    pub minor: i64,
    /// The ISO 4217 currency.
    pub currency: Currency,
}

/// What becomes of the part of an amount that is smaller than the currency's smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; a half away from zero, as invoices do.
    HalfUp,
    /// To the nearest; a half to the even neighbour.
    HalfEven,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// Why an amount could not be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two amounts of different currencies met.
    #[error("{left:?} and {right:?} are different currencies")]
    OtherCurrency {
        /// The currency of the amount that was asked.
        left: Currency,
        /// The currency of the amount that was given.
        right: Currency,
    },
    /// The result is outside what 64 bits of minor units hold.
    #[error("the amount is too large")]
    TooLarge,
    /// The amount has more digits after the point than the currency, and rounding was not allowed.
    #[error("{currency:?} has {} digits after the point", exponent(*currency))]
    TooPrecise {
        /// The currency that has fewer digits.
        currency: Currency,
    },
}

impl Money {
    /// `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// Nothing of this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// Whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The amount in major units: 1234 cents are `12.34`.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, exponent(self.currency))
    }

    /// Money from major units, rounded to what the currency has.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn from_decimal(
        major: Decimal,
        currency: Currency,
        rounding: Rounding,
    ) -> Result<Money, MoneyError> {
        let rounded = major.round_dp_with_strategy(exponent(currency), rounding.strategy());
        minor_of(rounded, currency)
    }

    /// Money from major units that must fit the currency exactly: `12.34` EUR, but not `12.345`.
    ///
    /// # Errors
    /// [`MoneyError::TooPrecise`] when digits would be lost, [`MoneyError::TooLarge`].
    pub fn from_decimal_exact(major: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        let cut = major.round_dp_with_strategy(exponent(currency), RoundingStrategy::ToZero);
        if cut == major {
            minor_of(cut, currency)
        } else {
            Err(MoneyError::TooPrecise { currency })
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::OtherCurrency`], [`MoneyError::TooLarge`].
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_add(other.minor))
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::OtherCurrency`], [`MoneyError::TooLarge`].
    pub fn minus(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_sub(other.minor))
    }

    /// The amount with the other sign.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn negated(self) -> Result<Money, MoneyError> {
        self.with(self.minor.checked_neg())
    }

    /// The amount, `count` times.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn times(self, count: i64) -> Result<Money, MoneyError> {
        self.with(self.minor.checked_mul(count))
    }

    /// The amount times a factor, rounded.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn scaled(self, factor: Decimal, rounding: Rounding) -> Result<Money, MoneyError> {
        let scaled = self
            .to_decimal()
            .checked_mul(factor)
            .ok_or(MoneyError::TooLarge)?;
        Money::from_decimal(scaled, self.currency, rounding)
    }

    /// So many percent of the amount, rounded: 19 percent of 10.00 are 1.90.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn percent(self, percent: Decimal, rounding: Rounding) -> Result<Money, MoneyError> {
        let factor = percent
            .checked_div(Decimal::ONE_HUNDRED)
            .ok_or(MoneyError::TooLarge)?;
        self.scaled(factor, rounding)
    }

    /// The tax that is contained in this gross amount at a rate in percent: 11.90 at 19 contain 1.90.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`], also for a rate of -100 or below, of which nothing is contained.
    pub fn contained_tax(self, percent: Decimal, rounding: Rounding) -> Result<Money, MoneyError> {
        let whole = Decimal::ONE_HUNDRED
            .checked_add(percent)
            .ok_or(MoneyError::TooLarge)?;
        if whole <= Decimal::ZERO {
            return Err(MoneyError::TooLarge);
        }
        let gross = self.to_decimal();
        let net = gross
            .checked_mul(Decimal::ONE_HUNDRED)
            .and_then(|hundredfold| hundredfold.checked_div(whole))
            .ok_or(MoneyError::TooLarge)?;
        Money::from_decimal(gross - net, self.currency, rounding)
    }

    /// Cuts the amount into parts that differ by at most one minor unit and add up to it exactly;
    /// the larger ones come first. No parts give an empty list.
    #[must_use]
    pub fn split(self, parts: u32) -> Vec<Money> {
        let count = i64::from(parts);
        (0..count)
            .map(|index| {
                let (base, left) = (self.minor / count, self.minor % count);
                let step = if index < left.abs() { left.signum() } else { 0 };
                Money::new(base + step, self.currency)
            })
            .collect()
    }

    /// Cuts the amount in proportion to weights so that the parts add up to it exactly: each part is
    /// cut towards zero, and the minor units left over go one each to the parts that lost most.
    /// `None` when there is no weight above zero.
    #[must_use]
    pub fn split_by(self, weights: &[u32]) -> Option<Vec<Money>> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if total == 0 {
            return None;
        }
        let exact = |weight: &u32| i128::from(self.minor) * i128::from(*weight);
        let mut minors: Vec<i128> = weights.iter().map(|weight| exact(weight) / total).collect();
        let left = i128::from(self.minor) - minors.iter().sum::<i128>();
        let mut by_loss: Vec<usize> = (0..weights.len()).collect();
        by_loss.sort_by_key(|index| -(exact(&weights[*index]) % total).abs());
        for index in by_loss
            .into_iter()
            .take(usize::try_from(left.abs()).unwrap_or(0))
        {
            minors[index] += left.signum();
        }
        let part = |minor: i128| Some(Money::new(i64::try_from(minor).ok()?, self.currency));
        minors.into_iter().map(part).collect()
    }

    /// The sum of amounts that must all be of this currency; nothing sums up to zero.
    ///
    /// # Errors
    /// [`MoneyError::OtherCurrency`], [`MoneyError::TooLarge`].
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Money>,
    ) -> Result<Money, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Money::zero(currency), Money::plus)
    }

    fn same_currency(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::OtherCurrency {
            left: self.currency,
            right: other.currency,
        })
    }

    fn with(self, minor: Option<i64>) -> Result<Money, MoneyError> {
        let minor = minor.ok_or(MoneyError::TooLarge)?;
        Ok(Money::new(minor, self.currency))
    }
}

/// Major units and the code, as in `12.34 EUR`: for logs and errors, not for guests.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.to_decimal(), self.currency.code())
    }
}

impl Rounding {
    const fn strategy(self) -> RoundingStrategy {
        match self {
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
            Rounding::Down => RoundingStrategy::ToZero,
            Rounding::Up => RoundingStrategy::AwayFromZero,
        }
    }
}

/// The minor units of an amount that already has no more digits than the currency.
fn minor_of(major: Decimal, currency: Currency) -> Result<Money, MoneyError> {
    let shift = Decimal::from(10_u64.pow(exponent(currency)));
    let minor = major.checked_mul(shift).ok_or(MoneyError::TooLarge)?;
    let minor = i64::try_from(minor).map_err(|_| MoneyError::TooLarge)?;
    Ok(Money::new(minor, currency))
}

#[cfg(test)]
mod tests;
