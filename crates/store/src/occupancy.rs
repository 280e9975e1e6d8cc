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
    hot::{Allocation, OF_BOOKING, allocation_key},
    looks::{self, Look},
    statement::Each,
    tx::Tx,
};

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
    /// What is taken in the stretch.
    pub allocations: Vec<Allocation>,
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
        let mut of_night: Vec<Vec<Taken>> = vec![Vec::new(); edges.len().saturating_sub(1)];
        for allocation in &self.allocations {
            let from = edges
                .partition_point(|edge| *edge <= allocation.starts_at)
                .saturating_sub(1);
            for (night, taken) in of_night.iter_mut().enumerate().skip(from) {
                if edges[night] >= allocation.ends_at {
                    break;
                }
                if edges[night + 1] > allocation.starts_at {
                    taken.push(allocation.taken());
                }
            }
        }
        of_night
            .iter()
            .enumerate()
            .map(|(night, taken)| peak(taken, edges[night], edges[night + 1]))
            .collect()
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
            &self.allocations,
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
