//! Orders: what was bought together, what it costs, and what has been paid.
//!
//! A line is a charge or a credit, a payment is money received or returned, and the balance is what
//! is still owed. Nothing here moves money: a payment counts because somebody recorded it, and only
//! when provider, order, amount, currency and intent match, which is checked where it comes in.
//!
//! Start at [`balance`].

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError, Rounding};

/// A charge, or a credit when its total is below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is for, plain text.
    pub description: String,
    /// How many; below zero for what is taken back.
    pub quantity: i64,
    /// The price of one, tax included.
    pub price: Money,
    /// The tax contained in the price, in percent.
    #[serde(default)]
    pub tax_percent: Decimal,
}

/// Money received; returned, when its amount is below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What it is, plain text.
    pub description: String,
    /// How much.
    pub amount: Money,
}

/// What an order comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The sum of all lines.
    pub charges: Money,
    /// The sum of all payments.
    pub payments: Money,
    /// What is still owed: charges less payments; below zero when too much was paid.
    pub due: Money,
}

impl Line {
    /// Quantity times price.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.price.times(self.quantity)
    }

    /// The tax that the total contains, a half cent rounded away from zero.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn tax(&self) -> Result<Money, MoneyError> {
        self.total()?
            .contained_tax(self.tax_percent, Rounding::HalfUp)
    }
}

/// Adds up an order in its currency.
///
/// # Errors
/// [`MoneyError::OtherCurrency`] when a line or payment is of another currency,
/// [`MoneyError::TooLarge`].
pub fn balance<'a>(
    currency: Currency,
    lines: impl IntoIterator<Item = &'a Line>,
    payments: impl IntoIterator<Item = &'a Payment>,
) -> Result<Balance, MoneyError> {
    let mut charges = Money::zero(currency);
    for line in lines {
        charges = charges.plus(line.total()?)?;
    }
    let payments = Money::sum(currency, payments.into_iter().map(|payment| payment.amount))?;
    Ok(Balance {
        charges,
        payments,
        due: charges.minus(payments)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euros(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn line(quantity: i64, minor: i64) -> Line {
        let tax_percent = Decimal::from(7);
        Line {
            description: "Nights".into(),
            quantity,
            price: euros(minor),
            tax_percent,
        }
    }

    fn payment(minor: i64) -> Payment {
        Payment {
            description: "Card".into(),
            amount: euros(minor),
        }
    }

    #[test]
    fn what_is_due_is_charges_less_payments() {
        let lines = [line(3, 10_000), line(-1, 2_500)];
        let payments = [payment(20_000), payment(-500)];
        let balance = balance(Currency::EUR, &lines, &payments).unwrap();
        assert_eq!(balance.charges, euros(27_500));
        assert_eq!(balance.payments, euros(19_500));
        assert_eq!(balance.due, euros(8_000));
    }

    #[test]
    fn an_empty_order_owes_nothing_in_its_currency() {
        let balance = balance(Currency::JPY, &[], &[]).unwrap();
        assert_eq!(balance.due, Money::zero(Currency::JPY));
    }

    #[test]
    fn currencies_are_never_added_up() {
        let wrong = balance(Currency::USD, &[line(1, 100)], &[]);
        assert!(matches!(wrong, Err(MoneyError::OtherCurrency { .. })));
    }

    #[test]
    fn an_amount_beyond_all_bounds_is_an_error_and_not_a_smaller_amount() {
        assert_eq!(line(i64::MAX, 2).total(), Err(MoneyError::TooLarge));
    }

    #[test]
    fn the_contained_tax_is_part_of_the_total() {
        assert_eq!(line(2, 5_350).tax().unwrap(), euros(700));
    }
}
