//! How long somebody could stay in one unit, as a booking that names the unit is judged.

use ::search::{DateRange, Reach};
use catalogue::inventory::Unit;
use domain::pack::{Stay, longest_in_unit};
use jiff::{ToSpan, civil::Date};
use store::{
    looks::Look,
    occupancy::{self, Occupied},
};

use super::Reading;
use crate::{Result, UseCase};

/// So many days around are looked at: whoever is in the way may be moved, and others for them.
const AROUND_DAYS: i32 = 92;

impl Reading<'_> {
    /// The most nights that a stay in this unit may have, by its day of arrival: nobody is there who may
    /// not be moved, and those who may be find another unit. Decides nothing: a booking is judged anew.
    /// Three queries.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`].
    pub async fn unit_reach(&self, unit: &Unit, days: DateRange) -> Result<Reach> {
        UseCase::SearchStays.authorize(self.actor())?;
        let nothing = Reach::new(days.first, Vec::new());
        let (tenant_id, now) = (self.actor().tenant_id, self.actor().now.as_second());
        let ids = [unit.resource_id];
        let first = days.first;
        let lanes = occupancy::look(self.tx(), tenant_id, &ids, first, days.until).await?;
        let Some(lane) = lanes.first().filter(|_| unit.archived_at.is_none()) else {
            return Ok(nothing);
        };
        let before = first.checked_sub(AROUND_DAYS.days()).unwrap_or(Date::MIN);
        let after = days.until.checked_add(AROUND_DAYS.days());
        let after = after.unwrap_or(Date::MAX);
        let looks = Look::each(tenant_id, &ids, (before, after));
        let stays = occupancy::stays(self.tx(), &looks).await?;
        let stays = stays.get(&unit.resource_id);
        let edge = |day| lane.edges(day, 0).first().copied().unwrap_or(now);
        let known = (edge(before), edge(after));
        let stays = (0..).zip(stays.into_iter().flatten());
        let stays: Vec<Stay> = stays
            .filter_map(|(key, stay)| packed(key, stay, known, now))
            .collect();
        let nights = usize::try_from(domain::time::nights(first, days.until)).unwrap_or(0);
        let number = u16::try_from(unit.number).unwrap_or(0);
        let units = u16::try_from(lane.capacity).unwrap_or(u16::MAX);
        let longest = longest_in_unit(&stays, number, units, &lane.edges(first, nights));
        Ok(Reach::new(first, longest))
    }
}

/// Who has a unit. Who is there already stays in it, and so does whoever could meet somebody outside of what
/// was looked at.
fn packed(key: i64, stay: &Occupied, known: (i64, i64), now: i64) -> Option<Stay> {
    let is_within = known.0 <= stay.starts_at && stay.ends_at <= known.1;
    Some(Stay {
        key,
        starts_at: stay.starts_at,
        ends_at: stay.ends_at,
        unit: Some(u16::try_from(stay.unit?).ok()?),
        pinned: stay.pinned || stay.starts_at <= now || !is_within,
    })
}
