//! What extras and costs add to a stay, what a discount takes off, and what calling it off costs.
//!
//! Each is a rule that was declared once, and a pure function from the rule and the facts of a stay to
//! quantity and price of a line. The price of the nights themselves stands in [`crate::price_list`] and
//! [`crate::rate`].

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    money::{Money, MoneyError, Rounding},
    party::AgeGroups,
    time::nights,
};

/// What a price is multiplied by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Once for the stay.
    #[default]
    Stay,
    /// For each night.
    Night,
    /// For each person who counts.
    Person,
    /// For each person who counts and each night.
    PersonNight,
    /// For each piece that is taken.
    Piece,
    /// For each piece that is taken and each night.
    PieceNight,
    /// So many percent of the rent: the price is the percentage.
    PercentOfRent,
}

/// Who counts where a price is per person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the group of the same name")]
pub struct Counted {
    pub seniors: bool,
    pub adults: bool,
    pub adolescents: bool,
    pub children: bool,
    pub babies: bool,
    pub pets: bool,
}

impl Default for Counted {
    /// All people, no pets.
    fn default() -> Counted {
        Counted {
            seniors: true,
            adults: true,
            adolescents: true,
            children: true,
            babies: true,
            pets: false,
        }
    }
}

impl Counted {
    /// How many of them count.
    #[must_use]
    pub fn of(self, group: &AgeGroups) -> u32 {
        let counted = [
            (self.seniors, group.seniors),
            (self.adults, group.adults),
            (self.adolescents, group.adolescents),
            (self.children, group.children),
            (self.babies, group.babies),
            (self.pets, group.pets),
        ];
        let those = counted.into_iter().filter(|(counts, _)| *counts);
        those.map(|(_, number)| u32::from(number)).sum()
    }
}

/// How an extra or a cost is priced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Charge {
    /// The price of one, in major units; the percentage for [`Per::PercentOfRent`].
    pub amount: Decimal,
    /// One of what.
    pub per: Per,
    /// Who counts.
    pub counted: Counted,
    /// At most so many nights are charged.
    pub most_nights: Option<u16>,
    /// Charged only where the stay overlaps this first day …
    pub from: Option<Date>,
    /// … to this last day; of a price by the night, only the nights within are charged.
    pub until: Option<Date>,
}

/// What a stay is like, as far as prices ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StayFacts {
    /// The first night.
    pub arrival: Date,
    /// The morning after the last night.
    pub departure: Date,
    /// Who comes.
    pub group: AgeGroups,
    /// The price of the nights.
    pub rent: Money,
}

/// So many at so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// How many.
    pub quantity: i64,
    /// What one costs.
    pub price: Money,
}

impl Charged {
    /// All of it.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.price.times(self.quantity)
    }
}

impl Charge {
    /// What `pieces` of it add to a stay; none where it does not apply or nobody counts.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn on(&self, stay: &StayFacts, pieces: u32) -> Result<Option<Charged>, MoneyError> {
        let charged_nights = self.nights_of(stay);
        if charged_nights == 0 {
            return Ok(None);
        }
        let people = i64::from(self.counted.of(&stay.group));
        let currency = stay.rent.currency;
        let quantity = match self.per {
            Per::Stay | Per::PercentOfRent => 1,
            Per::Night => charged_nights,
            Per::Person => people,
            Per::PersonNight => people * charged_nights,
            Per::Piece => i64::from(pieces),
            Per::PieceNight => i64::from(pieces) * charged_nights,
        };
        if quantity == 0 {
            return Ok(None);
        }
        let price = match self.per {
            Per::PercentOfRent => stay.rent.percent(self.amount, Rounding::HalfUp)?,
            _ => Money::from_decimal(self.amount, currency, Rounding::HalfUp)?,
        };
        Ok(Some(Charged { quantity, price }))
    }

    /// How many nights count: those that the rule's days overlap, up to its most.
    fn nights_of(&self, stay: &StayFacts) -> i64 {
        let from = self
            .from
            .map_or(stay.arrival, |from| from.max(stay.arrival));
        let end = self.until.and_then(|until| until.tomorrow().ok());
        let end = end.map_or(stay.departure, |end| end.min(stay.departure));
        let overlapping = nights(from, end).max(0);
        let most = self.most_nights.map_or(i32::MAX, i32::from);
        i64::from(overlapping.min(most))
    }
}

/// Rent taken off for those who book what the operator wants to sell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Discount {
    /// Percent of the rent.
    pub percent: Decimal,
    /// Major units, after the percentage.
    pub amount: Decimal,
    /// Only for stays of at least so many nights.
    pub min_nights: Option<u16>,
    /// Only for arrivals from this day …
    pub arrives_from: Option<Date>,
    /// … to this day.
    pub arrives_until: Option<Date>,
    /// Only when booked from this day …
    pub booked_from: Option<Date>,
    /// … to this day.
    pub booked_until: Option<Date>,
}

impl Discount {
    /// Whether a stay booked on this day gets the discount.
    #[must_use]
    pub fn applies(&self, stay: &StayFacts, booked_on: Date) -> bool {
        let within = |day: Date, from: Option<Date>, until: Option<Date>| {
            from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
        };
        let long_enough = self
            .min_nights
            .is_none_or(|least| i32::from(least) <= nights(stay.arrival, stay.departure));
        long_enough
            && within(stay.arrival, self.arrives_from, self.arrives_until)
            && within(booked_on, self.booked_from, self.booked_until)
    }

    /// What is taken off the rent, never more than the rent itself.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn of(&self, stay: &StayFacts, booked_on: Date) -> Result<Money, MoneyError> {
        let none = Money::zero(stay.rent.currency);
        if !self.applies(stay, booked_on) {
            return Ok(none);
        }
        let percent = stay.rent.percent(self.percent, Rounding::HalfUp)?;
        let amount = Money::from_decimal(self.amount, stay.rent.currency, Rounding::HalfUp)?;
        let off = percent.plus(amount)?;
        Ok(Money::new(
            off.minor.clamp(0, stay.rent.minor.max(0)),
            none.currency,
        ))
    }
}

/// One step of a cancellation rule: from so many days before arrival on it costs so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationStep {
    /// This many days before arrival, or fewer.
    pub days_before: u16,
    /// Percent of the rent.
    pub percent: Decimal,
}

/// What calling a stay off costs on a day: of all steps that have been reached, the one nearest to the
/// arrival counts. Without any it is free. Never more than the rent.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn cancellation_fee(
    steps: &[CancellationStep],
    stay: &StayFacts,
    cancelled_on: Date,
) -> Result<Money, MoneyError> {
    let left = nights(cancelled_on, stay.arrival);
    let reached = steps
        .iter()
        .filter(|step| left <= i32::from(step.days_before))
        .min_by_key(|step| step.days_before);
    let percent = reached.map_or(Decimal::ZERO, |step| step.percent);
    let percent = percent.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED);
    stay.rent.percent(percent, Rounding::HalfUp)
}

#[cfg(test)]
mod tests;
