//! Putting stays into units: which of the eleven rooms of a type a guest gets.
//!
//! Whether there is room at all is decided by [`crate::lane`], which counts and knows no units. Here
//! units are assigned inside the lane. A newcomer takes a unit that is free for the whole stay
//! ([`first_free_unit`]); where there is none although each night has room, stays that are not pinned
//! change places ([`repack`]), so that "one free every night" is never refused for want of one unit.
//!
//! This module does not know guests, housekeeping or prices. Whoever must not move (is already here,
//! was promised the sea view) is passed as pinned. Units are numbered from 1. Times are Unix seconds
//! and periods half open.

mod reach;
mod search;

pub use self::reach::longest_in_unit;

/// Who stays from when to when, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stay {
    /// The caller's name for it, such as the id of its allocation.
    pub key: i64,
    /// The first Unix second inside.
    pub starts_at: i64,
    /// The first Unix second after it.
    pub ends_at: i64,
    /// The unit it has, from 1; `None` when it has none yet.
    pub unit: Option<u16>,
    /// Whether it must stay where it is. Without a unit this says nothing.
    pub pinned: bool,
}

impl Stay {
    fn overlaps(&self, from: i64, to: i64) -> bool {
        self.starts_at < to && from < self.ends_at
    }

    fn pinned_unit(&self) -> Option<u16> {
        self.unit.filter(|_| self.pinned)
    }
}

/// A unit of `1..=units` in which nobody stays during `[starts_at, ends_at)`, or `None`.
///
/// Of several it is the best fit, the one that leaves the smallest gap before and after, so that long
/// stays still find a unit; of equally good ones the lowest number.
#[must_use]
pub fn first_free_unit(stays: &[Stay], starts_at: i64, ends_at: i64, units: u16) -> Option<u16> {
    let mut gaps = vec![Gap::OPEN; usize::from(units)];
    for stay in stays {
        let slot = stay
            .unit
            .and_then(|unit| gaps.get_mut(usize::from(unit).checked_sub(1)?));
        if let Some(gap) = slot {
            gap.narrow(stay, starts_at, ends_at);
        }
    }
    let free = (1..=units).zip(gaps).filter(|(_, gap)| !gap.taken);
    free.min_by_key(|(unit, gap)| (gap.size(starts_at, ends_at), *unit))
        .map(|(unit, _)| unit)
}

/// The free stretch of a unit around a wanted period.
#[derive(Clone, Copy)]
struct Gap {
    /// When the stay before it ends.
    from: Option<i64>,
    /// When the stay after it starts.
    to: Option<i64>,
    taken: bool,
}

impl Gap {
    const OPEN: Gap = Gap {
        from: None,
        to: None,
        taken: false,
    };

    fn narrow(&mut self, stay: &Stay, starts_at: i64, ends_at: i64) {
        if stay.overlaps(starts_at, ends_at) {
            self.taken = true;
        } else if stay.ends_at <= starts_at {
            self.from = self.from.max(Some(stay.ends_at));
        } else {
            self.to = Some(self.to.map_or(stay.starts_at, |to| to.min(stay.starts_at)));
        }
    }

    /// How many sides are open, then the seconds that would be left on the others.
    fn size(&self, starts_at: i64, ends_at: i64) -> (u8, i64) {
        let before = self.from.map(|from| starts_at.saturating_sub(from));
        let after = self.to.map(|to| to.saturating_sub(ends_at));
        let open = u8::from(before.is_none()) + u8::from(after.is_none());
        (open, before.unwrap_or(0).saturating_add(after.unwrap_or(0)))
    }
}

/// Finds a unit for `wanted` by letting stays that are not pinned change places, and says who gets
/// which unit: `wanted` always, of the others only those that move.
///
/// Only stays that are connected with `wanted` by overlapping are looked at; the rest of the calendar
/// stays as it is. Among these everybody gets one unit of `1..=units` for the whole stay and shares it
/// with nobody, except that pinned stays which already share a unit are left to do so. When `wanted`
/// is pinned it gets its own unit, and the others make way. Stays keep their unit where that is
/// possible, and those nearby in time change places before anybody farther away does, so few move.
///
/// `None` means that there is no such arrangement. Without pins there is one exactly when at no moment
/// more stays overlap than there are units. With pins the question is a hard one in general, and
/// `None` may also mean that none was found within [`MOST_TRIES`] tries.
#[must_use]
pub fn repack(stays: &[Stay], wanted: &Stay, units: u16) -> Option<Vec<(i64, u16)>> {
    if wanted
        .pinned_unit()
        .is_some_and(|unit| !may_be_pinned(stays, wanted, unit, units))
    {
        return None;
    }
    let mut involved = connected(stays, wanted);
    if let Some(unit) = free_as_it_stands(stays, &involved, wanted, units) {
        return Some(vec![(wanted.key, unit)]);
    }
    involved.push(*wanted);
    let nearby = NEARBY_HOPS
        .into_iter()
        .find_map(|hops| search::assign(&pin_all_but_near(&involved, hops), units, TRIES_NEARBY));
    let assigned = nearby.or_else(|| search::assign(&involved, units, MOST_TRIES))?;
    let last = involved.len() - 1;
    let moves = involved
        .iter()
        .zip(assigned)
        .enumerate()
        .filter_map(|(index, (stay, unit))| {
            let told = index == last || stay.unit != Some(unit);
            told.then_some((stay.key, unit))
        });
    Some(moves.collect())
}

/// Before everybody connected may move, only those nearby may: who overlaps the newcomer, then who
/// overlaps these, and so on for so many hops. A change far away in the calendar is a last resort.
const NEARBY_HOPS: [usize; 3] = [1, 2, 4];

/// How many times beyond the first a stay is tried in each of the searches nearby.
const TRIES_NEARBY: usize = 250;

/// How many times beyond the first a stay is tried in a unit before a search gives up. Arrangements
/// without pins are found at the first try of each stay; this keeps those with pins to milliseconds.
pub const MOST_TRIES: usize = 2_000;

/// The same stays, the last of which is the newcomer, with those pinned that are farther from it than
/// so many hops.
fn pin_all_but_near(stays: &[Stay], hops: usize) -> Vec<Stay> {
    let Some(wanted) = stays.last() else {
        return Vec::new();
    };
    let (mut from, mut to) = (wanted.starts_at, wanted.ends_at);
    for _ in 1..hops {
        let near = stays.iter().filter(|stay| stay.overlaps(from, to));
        let widened = near.fold((from, to), |(from, to), stay| {
            (from.min(stay.starts_at), to.max(stay.ends_at))
        });
        (from, to) = widened;
    }
    let near = |stay: &Stay| Stay {
        pinned: stay.pinned || !stay.overlaps(from, to),
        ..*stay
    };
    stays.iter().map(near).collect()
}

/// A unit for `wanted` without anybody moving, if all who are connected with it have one.
fn free_as_it_stands(stays: &[Stay], connected: &[Stay], wanted: &Stay, units: u16) -> Option<u16> {
    let housed = |stay: &Stay| stay.unit.is_some_and(|unit| (1..=units).contains(&unit));
    if wanted.pinned_unit().is_some() || !connected.iter().all(housed) {
        return None;
    }
    first_free_unit(stays, wanted.starts_at, wanted.ends_at, units)
}

/// Whether the unit exists and no other pinned stay is in the way.
fn may_be_pinned(stays: &[Stay], wanted: &Stay, unit: u16, units: u16) -> bool {
    let in_the_way = |stay: &Stay| {
        stay.pinned_unit() == Some(unit) && stay.overlaps(wanted.starts_at, wanted.ends_at)
    };
    (1..=units).contains(&unit) && !stays.iter().any(in_the_way)
}

/// The stays that overlap `wanted`, or overlap one that does, and so on.
fn connected(stays: &[Stay], wanted: &Stay) -> Vec<Stay> {
    let lasting = stays.iter().filter(|stay| stay.starts_at < stay.ends_at);
    let mut in_order: Vec<Stay> = lasting.copied().collect();
    in_order.sort_unstable_by_key(|stay| stay.starts_at);
    let (mut from, mut to) = (wanted.starts_at, wanted.ends_at);
    // A cluster is a stretch without a moment at which nobody stays. Clusters do not touch each other's
    // stays, so those that `wanted` touches are all that it can be connected with.
    let mut clusters: Vec<(i64, i64)> = Vec::new();
    for stay in &in_order {
        match clusters.last_mut() {
            Some((_, end)) if stay.starts_at < *end => *end = (*end).max(stay.ends_at),
            _ => clusters.push((stay.starts_at, stay.ends_at)),
        }
    }
    for (starts_at, ends_at) in clusters {
        if starts_at < wanted.ends_at && wanted.starts_at < ends_at {
            from = from.min(starts_at);
            to = to.max(ends_at);
        }
    }
    in_order.retain(|stay| stay.overlaps(from, to));
    in_order
}

#[cfg(test)]
mod tests;
