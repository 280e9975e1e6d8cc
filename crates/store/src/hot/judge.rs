//! Is there room? The one question behind every command that takes capacity.

use std::collections::BTreeMap;

use domain::{
    id::Id,
    lane::{Limit, free_under, peak},
    time::{BadPeriod, Period, Zone, each_night, night_instants, nights},
};
use jiff::civil::Date;

use super::{Refusal, seen::Lane};
use crate::limits::LONGEST_STAY_DAYS;

/// What to do about a booking that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overbooking {
    /// Refuse it.
    Refuse,
    /// Take it and mark it, unless the property refuses that.
    Mark,
}

/// A stay in a lane: the nights and their instants.
pub(super) struct Stay {
    pub(super) arrival: Date,
    pub(super) departure: Date,
    pub(super) period: Period,
}

impl Stay {
    /// The stay's instants by the lane's zone.
    pub(super) fn in_lane(lane: &Lane, arrival: Date, departure: Date) -> Result<Self, Refusal> {
        if nights(arrival, departure) > LONGEST_STAY_DAYS {
            return Err(Refusal::BadDates(BadPeriod::TooFar));
        }
        let period = night_instants(&lane.zone, arrival, departure).map_err(Refusal::BadDates)?;
        Ok(Self {
            arrival,
            departure,
            period,
        })
    }

    pub(super) fn from(&self) -> i64 {
        self.period.start_second()
    }

    pub(super) fn to(&self) -> i64 {
        self.period.end_second()
    }
}

/// What a booking asks of a lane.
pub(super) struct Question {
    pub(super) quantity: i64,
    /// The booking whose present allocations do not count, because they will be given back.
    pub(super) without: Option<Id>,
    pub(super) overbooking: Overbooking,
    /// Whether it has all of this already, so that nothing new is taken from anybody.
    pub(super) has_it: bool,
}

/// Judges whether the stay may be taken. Answers how much of it fits; the rest exceeds capacity and
/// must be marked.
pub(super) fn judge(lane: &Lane, stay: &Stay, asked: &Question) -> Result<i64, Refusal> {
    let taken = lane.taken(stay.from(), stay.to(), asked.without);
    let room = lane
        .capacity
        .saturating_sub(peak(&taken, stay.from(), stay.to()));
    let fitting = room.clamp(0, asked.quantity);
    let may_exceed = asked.overbooking == Overbooking::Mark && !lane.refuses_overbooking;
    if may_exceed || asked.has_it {
        return Ok(fitting);
    }
    let limits = limits(&lane.limits, &lane.zone, stay.arrival, stay.departure);
    let free = free_under(&taken, lane.capacity, &limits, stay.from(), stay.to());
    // A property that never overbooks holds to capacity; limits on sale bind who asks to be checked.
    let enough = match asked.overbooking {
        Overbooking::Refuse => free >= asked.quantity,
        Overbooking::Mark => fitting == asked.quantity,
    };
    if enough {
        Ok(fitting)
    } else {
        Err(Refusal::SoldOut { free })
    }
}

fn limits(by_day: &BTreeMap<i64, i64>, zone: &Zone, arrival: Date, departure: Date) -> Vec<Limit> {
    if by_day.is_empty() {
        return Vec::new();
    }
    each_night(arrival, departure)
        .filter_map(|night| {
            let at_most = *by_day.get(&catalogue::day_number(night))?;
            let period = night_instants(zone, night, night.tomorrow().ok()?).ok()?;
            Some(Limit {
                starts_at: period.start_second(),
                ends_at: period.end_second(),
                at_most,
            })
        })
        .collect()
}
