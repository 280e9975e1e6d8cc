//! Instants, dates, zones and nights.
//!
//! An instant ([`Timestamp`]) is a moment everywhere; a [`Date`] is a square on a wall calendar and
//! means something only together with a [`Zone`]. Stays are dates until the moment they take
//! capacity: then a night lasts from noon to noon local time, so no night is 23 or 25 hours by
//! accident, and a departure at eleven and an arrival at three never meet.
//!
//! Nothing here reads the clock: whoever wants to know what day it is passes `now`. The zone rules
//! are the ones compiled into the program, so two nodes never disagree because of their machines.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime, Time};

/// When one night ends and the next begins, unless a resource says otherwise.
pub const NOON: Time = jiff::civil::time(12, 0, 0, 0);

/// A stretch of time, half open: it contains `starts_at` and does not contain `ends_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// The first instant inside.
    pub starts_at: Timestamp,
    /// The first instant after it.
    pub ends_at: Timestamp,
}

impl Period {
    /// The period between two instants.
    ///
    /// # Errors
    /// [`BadPeriod::Empty`] when it would not last.
    pub fn new(starts_at: Timestamp, ends_at: Timestamp) -> Result<Period, BadPeriod> {
        if starts_at < ends_at {
            Ok(Period { starts_at, ends_at })
        } else {
            Err(BadPeriod::Empty)
        }
    }

    /// The start in Unix seconds, as lanes count; a fraction of a second counts as taken.
    #[must_use]
    pub fn start_second(&self) -> i64 {
        self.starts_at.as_nanosecond().div_euclid(NANOSECONDS) as i64
    }

    /// The end in Unix seconds, as lanes count; a fraction of a second counts as taken.
    #[must_use]
    pub fn end_second(&self) -> i64 {
        -((-self.ends_at.as_nanosecond()).div_euclid(NANOSECONDS) as i64)
    }

    /// Whether the instant lies inside.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.starts_at <= instant && instant < self.ends_at
    }

    /// Whether both share an instant. Periods that only touch do not.
    #[must_use]
    pub fn overlaps(&self, other: &Period) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
}

const NANOSECONDS: i128 = 1_000_000_000;

/// Why there is no such period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeriod {
    /// The end is not after the start.
    #[error("it ends before it has begun")]
    Empty,
    /// A date lies outside the years that instants can express.
    #[error("the date is too far away")]
    TooFar,
}

/// A time zone by its IANA name, such as `Europe/Berlin`. In text and JSON it is that name.
#[derive(Clone)]
pub struct Zone(TimeZone);

/// No time zone has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone has this name")]
pub struct UnknownZone;

/// Why a local time names no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLocalTime {
    /// Clocks jump over this time: it does not exist on that day.
    #[error("{0} does not exist there, because clocks are put forward")]
    Skipped(DateTime),
    /// The date lies outside the years that instants can express.
    #[error("the date is too far away")]
    TooFar,
}

impl Zone {
    /// The zone in which local time is UTC.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// The zone with this IANA name, in any case: `europe/berlin` is `Europe/Berlin`.
    ///
    /// # Errors
    /// [`UnknownZone`].
    pub fn new(name: &str) -> Result<Zone, UnknownZone> {
        let zone = TimeZone::get(name).map_err(|_| UnknownZone)?;
        if zone.iana_name().is_some() {
            Ok(Zone(zone))
        } else {
            Err(UnknownZone)
        }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The rules of the zone, for what is not offered here.
    #[must_use]
    pub const fn rules(&self) -> &TimeZone {
        &self.0
    }

    /// The instant of a local date and time. Of a time that occurs twice, when clocks are put back,
    /// the first is meant.
    ///
    /// # Errors
    /// [`BadLocalTime::Skipped`] for a time that does not exist on that day.
    pub fn instant(&self, date: Date, time: Time) -> Result<Timestamp, BadLocalTime> {
        let local = date.to_datetime(time);
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return Err(BadLocalTime::Skipped(local));
        }
        ambiguous.compatible().map_err(|_| BadLocalTime::TooFar)
    }

    /// The local date and time at an instant.
    #[must_use]
    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.0.to_datetime(instant)
    }

    /// The second at which clocks are changed next after an instant; the end of time if never.
    fn next_change(&self, after: Timestamp) -> i64 {
        let next = self.0.following(after).next();
        next.map_or(i64::MAX, |change| change.timestamp().as_second())
    }

    /// Like [`Zone::instant`], but a skipped time means as much later as clocks are put forward.
    fn instant_or_later(&self, date: Date, time: Time) -> Result<Timestamp, BadPeriod> {
        let ambiguous = self.0.to_ambiguous_timestamp(date.to_datetime(time));
        ambiguous.compatible().map_err(|_| BadPeriod::TooFar)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Zone({})", self.name())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Zone, UnknownZone> {
        Zone::new(name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        let name = String::deserialize(deserializer)?;
        Zone::new(&name).map_err(serde::de::Error::custom)
    }
}

/// The instants of a stay: from noon on the day of arrival to noon on the day of departure.
///
/// # Errors
/// [`BadPeriod::Empty`] when departure is not after arrival, or when the only night was skipped by
/// the calendar itself (Apia had no 30 December 2011); [`BadPeriod::TooFar`].
pub fn night_instants(zone: &Zone, arrival: Date, departure: Date) -> Result<Period, BadPeriod> {
    night_instants_at(zone, arrival, departure, NOON)
}

/// Like [`night_instants`], for a resource whose nights turn over at another local time.
///
/// # Errors
/// As [`night_instants`].
pub fn night_instants_at(
    zone: &Zone,
    arrival: Date,
    departure: Date,
    turnover: Time,
) -> Result<Period, BadPeriod> {
    if departure <= arrival {
        return Err(BadPeriod::Empty);
    }
    let starts_at = zone.instant_or_later(arrival, turnover)?;
    let ends_at = zone.instant_or_later(departure, turnover)?;
    Period::new(starts_at, ends_at)
}

/// The Unix seconds at which the nights from `first` on turn over: one more than there are nights.
///
/// A date that the zone skipped has no night of its own and begins as the one before it.
#[must_use]
pub fn turnovers(zone: &Zone, first: Date, nights: usize) -> Vec<i64> {
    let mut edges: Vec<i64> = Vec::with_capacity(nights + 1);
    let mut day = first;
    // Looking a local time up costs a hundred times as much as adding a day, which is the same until
    // clocks are changed.
    let mut steady_until = i64::MIN;
    for _ in 0..=nights {
        let next = day.tomorrow().unwrap_or(day);
        let last = edges.last().copied();
        let same_clock = last.map(|last| last + DAY_S);
        edges.push(match same_clock.filter(|edge| *edge < steady_until) {
            Some(edge) => edge,
            None => match night_instants(zone, day, next) {
                Ok(night) => {
                    steady_until = zone.next_change(night.starts_at);
                    night.start_second()
                }
                Err(_) => last.unwrap_or_else(|| day_number(day) * DAY_S),
            },
        });
        day = next;
    }
    edges
}

const DAY_S: i64 = 86_400;

/// The number of days from 1970-01-01 to a date.
#[must_use]
pub fn day_number(day: Date) -> i64 {
    i64::from(nights(Date::constant(1970, 1, 1), day))
}

/// The date so many days after 1970-01-01; `None` outside the years that dates can express.
#[must_use]
pub fn date_of(day_number: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(day_number).ok()?;
    Date::constant(1970, 1, 1).checked_add(days).ok()
}

/// How many nights lie between arrival and departure; zero or less when departure is not after it.
#[must_use]
pub fn nights(arrival: Date, departure: Date) -> i32 {
    arrival.duration_until(departure).as_hours().div_euclid(24) as i32
}

/// The days on whose evening somebody who stays from arrival to departure sleeps here, in order: the
/// departure day is not among them.
pub fn each_night(arrival: Date, departure: Date) -> impl Iterator<Item = Date> {
    arrival
        .series(jiff::Span::new().days(1))
        .take_while(move |night| *night < departure)
}

/// Which date the wall calendar shows in the zone at the moment `now`.
#[must_use]
pub fn today(zone: &Zone, now: Timestamp) -> Date {
    zone.local(now).date()
}

#[cfg(test)]
mod tests;
