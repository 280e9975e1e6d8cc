//! Calendar days: what an operator set for single dates of a resource, and what that means for a stay.
//!
//! A [`CalendarDay`] carries restrictions (closed, minimum and maximum stay, no check-in, no
//! check-out, a limit on what is sold) and prices. Here the restrictions are judged; prices are read
//! by [`crate::rate`], and room is [`crate::lane`]'s question: [`limits`] hands it the limits on what
//! is sold. Start at [`judge_stay`].
//!
//! A day's values speak of the night that begins on it, so the day of departure counts for nothing
//! except its own "no check-out".

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::lane::Limit;
use crate::time::{self, BadPeriod, Date, Zone};

/// What is set for one resource on one date. A date without any setting has no such day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CalendarDay {
    /// The date on whose evening the night begins. Whoever keeps a day keeps it under its date, so that
    /// days with the same settings are written alike.
    #[serde(skip)]
    pub day: Date,
    /// At most so much of the resource may be taken that night; `None` leaves it to the capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sell_limit: Option<i64>,
    /// The fewest nights of a stay; whether it counts on arrival only is a rule of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_stay: Option<u16>,
    /// The most nights of a stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_stay: Option<u16>,
    /// Nobody may sleep here that night.
    #[serde(default)]
    pub closed: bool,
    /// No stay may begin on this date.
    #[serde(default)]
    pub no_check_in: bool,
    /// No stay may end on this date.
    #[serde(default)]
    pub no_check_out: bool,
    /// An exceptional day: what that means is a rule of the organization.
    #[serde(default)]
    pub exception: bool,
    /// By what the prices of this night are multiplied; `None` is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<Decimal>,
    /// Prices of this night in major units, by the number of the rate plan (1 to 16).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<u8, Decimal>,
}

impl CalendarDay {
    /// A day on which nothing is set.
    #[must_use]
    pub const fn new(day: Date) -> CalendarDay {
        CalendarDay {
            day,
            sell_limit: None,
            min_stay: None,
            max_stay: None,
            closed: false,
            no_check_in: false,
            no_check_out: false,
            exception: false,
            multiplier: None,
            prices: BTreeMap::new(),
        }
    }

    /// Whether nothing is set, so that the day need not be kept.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == CalendarDay::new(self.day)
    }

    /// Whether the other day has the same settings, whatever its date.
    #[must_use]
    pub fn same_settings(&self, other: &CalendarDay) -> bool {
        let CalendarDay {
            day: _,
            sell_limit,
            min_stay,
            max_stay,
            closed,
            no_check_in,
            no_check_out,
            exception,
            multiplier,
            prices,
        } = self;
        let bounds = (sell_limit, min_stay, max_stay);
        let flags = (closed, no_check_in, no_check_out, exception);
        bounds == (&other.sell_limit, &other.min_stay, &other.max_stay)
            && flags
                == (
                    &other.closed,
                    &other.no_check_in,
                    &other.no_check_out,
                    &other.exception,
                )
            && (multiplier, prices) == (&other.multiplier, &other.prices)
    }
}

/// Of which nights the minimum and maximum stay count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Of the night of arrival only.
    #[default]
    FirstNight,
    /// Of every night of the stay.
    StayThrough,
}

/// What holds for all stays in a resource, whatever its calendar says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct StayRules {
    /// Of which nights the calendar's minimum and maximum stay count.
    pub strategy: Strategy,
    /// The fewest nights, also when the calendar asks for fewer.
    pub min_stay: Option<u16>,
    /// The most nights, also when the calendar allows more.
    pub max_stay: Option<u16>,
    /// Whether an exceptional day is closed.
    pub exception_closes: bool,
}

/// The longest stay that is judged at all, in nights: ten years. It bounds the walk over the nights.
pub const LONGEST_STAY: u16 = 3_660;

/// Which day and which rule stand against a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{rule} ({day})")]
pub struct Restriction {
    /// The day whose setting it is; for a rule of the resource, the day of arrival.
    pub day: Date,
    /// The rule.
    pub rule: Rule,
}

/// What a restriction says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rule {
    /// Departure is not after arrival.
    #[error("a stay has at least one night")]
    NoNight,
    /// No stay may begin on that day.
    #[error("no check-in on this day")]
    NoCheckIn,
    /// No stay may end on that day.
    #[error("no check-out on this day")]
    NoCheckOut,
    /// Nobody may sleep here that night.
    #[error("closed on this night")]
    Closed,
    /// The day is exceptional, and exceptional days are closed here.
    #[error("closed on this exceptional day")]
    Exception,
    /// Fewer nights than this.
    #[error("at least {0} nights")]
    MinStay(u16),
    /// More nights than this.
    #[error("at most {0} nights")]
    MaxStay(u16),
}

/// Whether somebody may stay from arrival to departure. `day_of` finds what is set for a date, from
/// arrival to departure inclusive.
///
/// The checks come in this order, and the first that fails is told: number of nights, check-in,
/// check-out, closed nights, minimum and maximum of the resource, minimum and maximum of the days.
///
/// # Errors
/// The [`Restriction`] that stands against it.
pub fn judge_stay<'a>(
    day_of: impl Fn(Date) -> Option<&'a CalendarDay>,
    rules: &StayRules,
    arrival: Date,
    departure: Date,
) -> Result<(), Restriction> {
    let nights = count_nights(arrival, departure)?;
    let refused = |day: Date, rule: Rule| Err(Restriction { day, rule });
    if day_of(arrival).is_some_and(|day| day.no_check_in) {
        return refused(arrival, Rule::NoCheckIn);
    }
    if day_of(departure).is_some_and(|day| day.no_check_out) {
        return refused(departure, Rule::NoCheckOut);
    }
    for night in time::each_night(arrival, departure) {
        judge_open(day_of(night), rules)?;
    }
    judge_length(arrival, nights, rules.min_stay, rules.max_stay)?;
    let counting = match rules.strategy {
        Strategy::FirstNight => 1,
        Strategy::StayThrough => usize::from(nights),
    };
    for night in time::each_night(arrival, departure).take(counting) {
        if let Some(day) = day_of(night) {
            judge_length(night, nights, day.min_stay, day.max_stay)?;
        }
    }
    Ok(())
}

fn count_nights(arrival: Date, departure: Date) -> Result<u16, Restriction> {
    let rule = match u16::try_from(time::nights(arrival, departure)) {
        Ok(nights @ 1..=LONGEST_STAY) => return Ok(nights),
        _ if departure <= arrival => Rule::NoNight,
        _ => Rule::MaxStay(LONGEST_STAY),
    };
    Err(Restriction { day: arrival, rule })
}

fn judge_open(day: Option<&CalendarDay>, rules: &StayRules) -> Result<(), Restriction> {
    match day {
        Some(day) if day.closed => Err(Restriction {
            day: day.day,
            rule: Rule::Closed,
        }),
        Some(day) if day.exception && rules.exception_closes => Err(Restriction {
            day: day.day,
            rule: Rule::Exception,
        }),
        _ => Ok(()),
    }
}

fn judge_length(
    day: Date,
    nights: u16,
    min_stay: Option<u16>,
    max_stay: Option<u16>,
) -> Result<(), Restriction> {
    let too_short = min_stay
        .filter(|fewest| nights < *fewest)
        .map(Rule::MinStay);
    let too_long = max_stay.filter(|most| nights > *most).map(Rule::MaxStay);
    match too_short.or(too_long) {
        Some(rule) => Err(Restriction { day, rule }),
        None => Ok(()),
    }
}

/// The limits on what is sold, as [`crate::lane::fits_under`] takes them: one for the night of each
/// day that has one. A night that the calendar of the zone skipped has none.
///
/// # Errors
/// [`BadPeriod::TooFar`] for a date that no instant can express.
pub fn limits<'a>(
    zone: &Zone,
    days: impl IntoIterator<Item = &'a CalendarDay>,
) -> Result<Vec<Limit>, BadPeriod> {
    let mut limits = Vec::new();
    for day in days {
        let Some(at_most) = day.sell_limit else {
            continue;
        };
        let next = day.day.tomorrow().map_err(|_| BadPeriod::TooFar)?;
        match time::night_instants(zone, day.day, next) {
            Ok(night) => limits.push(Limit {
                starts_at: night.start_second(),
                ends_at: night.end_second(),
                at_most,
            }),
            Err(BadPeriod::Empty) => {}
            Err(far) => return Err(far),
        }
    }
    Ok(limits)
}

/// Merges neighbouring dates of equal value into stretches `(from, to, value)`, both ends inclusive.
/// Dates must come in order; a missing date ends a stretch.
pub fn compress<T: Eq>(days: impl IntoIterator<Item = (Date, T)>) -> Vec<(Date, Date, T)> {
    let mut stretches: Vec<(Date, Date, T)> = Vec::new();
    for (day, value) in days {
        match stretches.last_mut() {
            Some((_, to, same))
                if *same == value && to.tomorrow().is_ok_and(|next| next == day) =>
            {
                *to = day;
            }
            _ => stretches.push((day, day, value)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests;
