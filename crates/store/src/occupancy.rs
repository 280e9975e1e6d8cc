//! What is taken and what is free, for those who only look.
//!
//! The numbers come from the same rows and the same functions that judge a booking, so what is
//! shown as free can be booked. Nothing is decided here.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock},
};

use catalogue::{Cells, Kind as _, Row, Value, inventory::Unit, sale::Booking};
use domain::{
    id::Id,
    lane::{Taken, peak},
    time::{Zone, nights, turnovers},
};
use jiff::civil::Date;

use crate::{
    error::Result,
    hot::{OF_BOOKING, allocation_key, views},
    kind::{Condition, columns_of},
    lanes::{BLOCK_NIGHTS, Nights},
    looks::Look,
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
    /// Whether it has to stay in that unit.
    pub pinned: bool,
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
    /// What is taken, by the number of the block of nights.
    pub(crate) blocks: BTreeMap<i64, Arc<Nights>>,
    /// Limits on what is sold, by day.
    pub limits: BTreeMap<i64, i64>,
}

/// Reads lanes for the nights from `first` to the one before `until`, in a transaction that is open.
/// Who has none asks [`crate::Store::look`].
pub async fn look(
    tx: &Tx,
    tenant_id: Id,
    resource_ids: &[Id],
    first: Date,
    until: Date,
) -> Result<Vec<LaneView>> {
    let looks = Look::each(tenant_id, resource_ids, (first, until));
    let (mut lanes, _) = views::look(tx, &looks, None).await?;
    let lane = |resource_id: &Id| lanes.remove(&(tenant_id, *resource_id));
    Ok(resource_ids.iter().filter_map(lane).collect())
}

/// What is taken of lanes, one by one and by resource.
pub async fn stays(tx: &Tx, looks: &[Look]) -> Result<HashMap<Id, Vec<Occupied>>> {
    let stays = views::stays(tx, looks).await?;
    let of_lane = |((_, resource_id), stays)| (resource_id, stays);
    Ok(stays.into_iter().map(of_lane).collect())
}

impl LaneView {
    /// For each night from `first` on, how many are taken at its fullest moment.
    pub fn taken(&self, first: Date, nights: usize) -> Vec<i64> {
        let first = catalogue::day_number(first);
        let mut taken = Vec::with_capacity(nights);
        for night in (first..).take(nights) {
            let block = self.blocks.get(&night.div_euclid(BLOCK_NIGHTS));
            let of_night = |block: &Arc<Nights>| block[night.rem_euclid(BLOCK_NIGHTS) as usize];
            taken.push(block.map_or(0, of_night));
        }
        taken
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

    /// How many can still be sold for a whole stay: as much as in its fullest night, which is what a
    /// booking is told.
    pub fn free_for(&self, arrival: Date, departure: Date) -> i64 {
        let nights = usize::try_from(nights(arrival, departure)).unwrap_or(0);
        let edges = self.edges(arrival, nights);
        let free = self.free(arrival, nights);
        // A date that the zone skipped has no night, and no limit of it counts.
        let nights = edges
            .windows(2)
            .zip(free)
            .filter(|(edge, _)| edge[0] < edge[1]);
        nights.map(|(_, free)| free).min().unwrap_or(0)
    }

    /// The seconds at which the nights turn over, one more than nights.
    pub fn edges(&self, first: Date, nights: usize) -> Vec<i64> {
        turnovers(&self.zone, first, nights)
    }
}

/// For each night from `first` on, how much of `stays` it has at its fullest moment.
pub(crate) fn taken_by_night(
    zone: &Zone,
    first: Date,
    nights: usize,
    stays: &[Occupied],
) -> Vec<i64> {
    let edges = turnovers(zone, first, nights);
    let mut of_night: Vec<Night> = edges.windows(2).map(Night::between).collect();
    for one in stays {
        let from = edges.partition_point(|edge| *edge <= one.starts_at);
        let touched = of_night.iter_mut().skip(from.saturating_sub(1));
        touched
            .take_while(|night| night.from < one.ends_at)
            .for_each(|night| night.add(one));
    }
    of_night.iter().map(Night::peak).collect()
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

/// A unit in which a booking stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Lodged {
    /// The booking.
    pub booking_id: Id,
    /// The unit.
    pub unit: Unit,
    /// Whether it has to stay in that unit.
    pub pinned: bool,
}

/// One statement answers places and units, so both are of the same moment, and there is one journey.
static LODGED: LazyLock<Each> = LazyLock::new(|| {
    let unit = columns_of::<Unit>("u");
    let sql = format!(
        "SELECT a.booking_id, a.pinned, {unit} FROM {{each}} JOIN allocation a ON a.tenant_id = each.tenant_id \
         AND a.lane_id = each.lane_id AND a.starts_at = each.starts_at AND a.booking_id = each.booking_id \
         JOIN unit u ON u.tenant_id = a.tenant_id AND u.resource_id = a.lane_id AND u.number = a.unit"
    );
    Each::owned(sql, OF_BOOKING.to_vec())
});

/// In which units these bookings stay, in any order. One that has no unit is not there.
pub async fn lodged(tx: &Tx, bookings: &[Booking]) -> Result<Vec<Lodged>> {
    let keys: Vec<Row> = bookings.iter().map(allocation_key).collect();
    let rows = tx.read_each(&LODGED, &keys).await?;
    let lodged = rows.into_iter().map(|mut row| {
        let unit = row.split_off(2);
        let mut cells = Cells::of("allocation", row);
        Ok(Lodged {
            booking_id: cells.next("booking_id")?,
            pinned: cells.next("pinned")?,
            unit: Unit::from_row(unit)?,
        })
    });
    lodged.collect()
}

/// What a booking has in its lane, over all that it takes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// The units' numbers, from 1, ascending; empty while none is assigned.
    pub units: Vec<i64>,
    /// Whether anything of it was taken beyond capacity.
    pub overbooked: bool,
}

/// The units of a booking as one text: `3,4!` for two units, the second of them beyond capacity. One
/// statement answers bookings and units, so both are of the same moment, and there is one journey. A booking
/// counts milliseconds, its allocations count seconds.
const UNITS: &str = "(SELECT string_agg(coalesce(CAST(a.unit AS text), '') || CASE WHEN a.overbooked = 1 \
                     THEN '!' ELSE '' END, ',') FROM allocation a WHERE a.tenant_id = k.tenant_id \
                     AND a.lane_id = k.resource_id AND a.starts_at = k.starts_at / 1000 AND a.booking_id = k.id)";

impl Units {
    fn read(cell: &Value) -> Self {
        let mut read = Self::default();
        let Value::Text(text) = cell else {
            return read;
        };
        for part in text.split(',') {
            let unit = part.strip_suffix('!');
            read.overbooked |= unit.is_some();
            read.units.extend(unit.unwrap_or(part).parse::<i64>());
        }
        read.units.sort_unstable();
        read
    }
}

/// Bookings that meet a condition with their units, in the order of `order` (as in [`Tx::find`]).
pub async fn find_with_units(
    tx: &Tx,
    condition: &Condition,
    order: &str,
    limit: Option<u64>,
    offset: u64,
) -> Result<Vec<(Booking, Units)>> {
    let found = tx
        .find_beside::<Booking>(UNITS, condition, order, limit, offset)
        .await?;
    let with_units = |(booking, cell): (Booking, Value)| (booking, Units::read(&cell));
    Ok(found.into_iter().map(with_units).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_from_their_text() {
        let read = |text: &str| {
            let Units { units, overbooked } = Units::read(&text.into());
            (units, overbooked)
        };
        assert_eq!(read("12,3"), (vec![3, 12], false));
        assert_eq!(read("3,4!"), (vec![3, 4], true));
        assert_eq!(read(""), (vec![], false));
        assert_eq!(read("!"), (vec![], true));
        assert_eq!(Units::read(&Value::Null), Units::default());
    }
}
