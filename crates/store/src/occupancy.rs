//! What is taken and what is free, for those who only look.
//!
//! The numbers come from the same rows and the same functions that judge a booking, so what is
//! shown as free can be booked. Nothing is decided here.

use std::collections::BTreeMap;

use catalogue::{Cells, Row, sale::Booking};
use domain::{
    id::Id,
    lane::{Taken, peak},
    time::{Zone, turnovers},
};
use jiff::civil::Date;

use crate::{
    error::Result,
    hot::{OF_BOOKING, allocation_key},
    looks::{self, Look},
    statement::Each,
    tx::Tx,
};

/// What somebody has taken of a lane, as far as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupied {
    /// First second taken.
    pub starts_at: i64,
    /// First second free again.
    pub ends_at: i64,
    /// How much it takes.
    pub quantity: i64,
    /// The unit it has, from 1.
    pub unit: Option<i64>,
}

impl Occupied {
    fn taken(&self) -> Taken {
        Taken {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            quantity: self.quantity,
        }
    }
}

/// A lane as it stands, for a stretch of days.
#[derive(Clone, Debug)]
pub struct LaneView {
    /// The resource.
    pub resource_id: Id,
    /// The organization it belongs to.
    pub organization_id: Id,
    /// The zone of its nights.
    pub zone: Zone,
    /// How much it holds.
    pub capacity: i64,
    /// What is taken in the stretch, in any order.
    pub occupied: Vec<Occupied>,
    /// Limits on what is sold, by day.
    pub limits: BTreeMap<i64, i64>,
}

/// Reads lanes for the nights from `first` to the one before `until`, in a transaction that is open.
/// Who has none asks [`crate::Store::look`].
pub async fn look(
    tx: &mut Tx,
    tenant_id: Id,
    resource_ids: &[Id],
    first: Date,
    until: Date,
) -> Result<Vec<LaneView>> {
    let look = |resource_id: &Id| Look {
        tenant_id,
        resource_id: *resource_id,
        first,
        until,
    };
    let looks: Vec<Look> = resource_ids.iter().map(look).collect();
    let looked = looks::read(tx, &looks).await?;
    let lanes = resource_ids.iter();
    Ok(lanes
        .filter_map(|resource_id| looked.lane(tenant_id, *resource_id).cloned())
        .collect())
}

impl LaneView {
    /// For each night from `first` on, how many are taken at its fullest moment.
    pub fn taken(&self, first: Date, nights: usize) -> Vec<i64> {
        let edges = self.edges(first, nights);
        let mut of_night: Vec<Night> = edges.windows(2).map(Night::between).collect();
        for one in &self.occupied {
            let from = edges.partition_point(|edge| *edge <= one.starts_at);
            let touched = of_night.iter_mut().skip(from.saturating_sub(1));
            touched
                .take_while(|night| night.from < one.ends_at)
                .for_each(|night| night.add(one));
        }
        of_night.iter().map(Night::peak).collect()
    }

    /// For each night from `first` on, how many can still be sold: the capacity or the day's limit,
    /// less what is taken. Below zero when overbooked.
    pub fn free(&self, first: Date, nights: usize) -> Vec<i64> {
        let first_day = catalogue::day_number(first);
        let taken = self.taken(first, nights);
        taken
            .into_iter()
            .zip(first_day..)
            .map(|(taken, day)| {
                let limit = self.limits.get(&day).copied().unwrap_or(i64::MAX);
                self.capacity.min(limit).saturating_sub(taken)
            })
            .collect()
    }

    /// How many can still be sold for a whole stay: the same question that a booking is asked.
    pub fn free_for(&self, arrival: Date, departure: Date) -> i64 {
        crate::hot::free_for(
            self.occupied.iter().map(Occupied::taken).collect(),
            self.capacity,
            &self.limits,
            &self.zone,
            arrival,
            departure,
        )
    }

    /// The seconds at which the nights turn over, one more than nights.
    pub fn edges(&self, first: Date, nights: usize) -> Vec<i64> {
        turnovers(&self.zone, first, nights)
    }
}

/// What is taken in one night. Nearly all of it is taken from noon to noon, and of that the sum is all
/// that matters.
struct Night {
    from: i64,
    to: i64,
    throughout: i64,
    in_part: Vec<Taken>,
}

impl Night {
    fn between(edges: &[i64]) -> Self {
        Self {
            from: edges[0],
            to: edges[1],
            throughout: 0,
            in_part: Vec::new(),
        }
    }

    fn add(&mut self, one: &Occupied) {
        if one.starts_at <= self.from && self.to <= one.ends_at {
            self.throughout = self.throughout.saturating_add(one.quantity.max(0));
        } else if one.starts_at < self.to {
            self.in_part.push(one.taken());
        }
    }

    fn peak(&self) -> i64 {
        // A night of a date that the zone skipped has no moment in which anything is taken.
        if self.from >= self.to {
            return 0;
        }
        self.throughout
            .saturating_add(peak(&self.in_part, self.from, self.to))
    }
}

/// What a booking has in its lane: the unit, and whether it was taken beyond capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The booking.
    pub booking_id: Id,
    /// The unit's number, from 1.
    pub unit: Option<i64>,
    /// Whether it was taken beyond capacity.
    pub overbooked: bool,
}

static ASSIGNED: Each = Each::new(
    "SELECT a.booking_id, a.unit, a.overbooked FROM {each} JOIN allocation a ON a.tenant_id = each.tenant_id \
     AND a.lane_id = each.lane_id AND a.starts_at = each.starts_at AND a.booking_id = each.booking_id",
    OF_BOOKING,
);

/// In which units these bookings stay, in any order.
pub async fn assigned(tx: &mut Tx, bookings: &[Booking]) -> Result<Vec<Assigned>> {
    let keys: Vec<Row> = bookings.iter().map(allocation_key).collect();
    let rows = tx.read_each(&ASSIGNED, &keys).await?;
    let assigned = rows.into_iter().map(|row| {
        let mut cells = Cells::of("allocation", row);
        Ok(Assigned {
            booking_id: cells.next("booking_id")?,
            unit: cells.next("unit")?,
            overbooked: cells.next("overbooked")?,
        })
    });
    assigned.collect()
}
