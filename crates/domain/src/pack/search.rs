//! The search behind [`super::repack`]: stays in order of their start, each into a free unit, with
//! the pinned ones in place from the beginning, and a bounded number of steps back.

use std::cmp::Reverse;

use super::Stay;
use crate::lane::{self, Taken};

/// A stretch `[from, to)` of a unit.
type Span = (i64, i64);

/// The unit of each stay, in the order given, or `None` when no arrangement was found. `tries` bounds
/// how often a stay is tried in a unit, beyond the first time for each.
pub(super) fn assign(stays: &[Stay], units: u16, tries: usize) -> Option<Vec<u16>> {
    let mut movable: Vec<usize> = (0..stays.len())
        .filter(|index| stays[*index].pinned_unit().is_none())
        .collect();
    movable.sort_unstable_by_key(|index| (stays[*index].starts_at, Reverse(stays[*index].ends_at)));
    let pinned = pinned_spans(stays, units);
    if !could_fit(stays, &movable, &pinned, units) {
        return None;
    }
    let in_order: Vec<&Stay> = movable.iter().map(|index| &stays[*index]).collect();
    let placed = Search::new(&in_order, pinned, tries).run()?;
    let mut assigned: Vec<u16> = stays.iter().map(|stay| stay.unit.unwrap_or(0)).collect();
    for (index, unit) in movable.into_iter().zip(placed) {
        assigned[index] = unit;
    }
    Some(assigned)
}

/// For each unit the stretches that pinned stays take, in order; stretches that overlap are one.
fn pinned_spans(stays: &[Stay], units: u16) -> Vec<Vec<Span>> {
    let mut spans: Vec<Vec<Span>> = vec![Vec::new(); usize::from(units)];
    for stay in stays {
        let unit = stay
            .pinned_unit()
            .and_then(|unit| usize::from(unit).checked_sub(1));
        let slot = unit.and_then(|index| spans.get_mut(index));
        if let Some(taken) = slot {
            taken.push((stay.starts_at, stay.ends_at));
        }
    }
    for taken in &mut spans {
        taken.sort_unstable();
        taken.dedup_by(|next, span| {
            let overlapping = next.0 < span.1;
            if overlapping {
                span.1 = span.1.max(next.1);
            }
            overlapping
        });
    }
    spans
}

/// Whether at no moment more units are needed than there are: without it a search is in vain.
fn could_fit(stays: &[Stay], movable: &[usize], pinned: &[Vec<Span>], units: u16) -> bool {
    let one = |(starts_at, ends_at): Span| Taken {
        starts_at,
        ends_at,
        quantity: 1,
    };
    let moving = movable
        .iter()
        .map(|index| (stays[*index].starts_at, stays[*index].ends_at));
    let taken: Vec<Taken> = moving
        .chain(pinned.iter().flatten().copied())
        .map(one)
        .collect();
    lane::peak(&taken, i64::MIN, i64::MAX) <= i64::from(units)
}

struct Search<'a> {
    stays: &'a [&'a Stay],
    pinned: Vec<Vec<Span>>,
    /// For each unit when the stays start that have it now and would like to keep it, in order.
    wishes: Vec<Vec<i64>>,
    /// When the last stay placed in each unit ends.
    busy_until: Vec<i64>,
    tries_left: usize,
}

/// A stay that has been placed, and where else it could go.
struct Placed {
    /// The units still to try, the best one last.
    candidates: Vec<u16>,
    /// The unit it is in, and until when that was busy before.
    unit: Option<(u16, i64)>,
}

impl<'a> Search<'a> {
    fn new(stays: &'a [&'a Stay], pinned: Vec<Vec<Span>>, tries: usize) -> Search<'a> {
        let busy_until = vec![i64::MIN; pinned.len()];
        let mut wishes = vec![Vec::new(); pinned.len()];
        for stay in stays {
            let unit = stay.unit.and_then(|unit| usize::from(unit).checked_sub(1));
            if let Some(starts) = unit.and_then(|index| wishes.get_mut(index)) {
                starts.push(stay.starts_at);
            }
        }
        let tries_left = tries + stays.len();
        Search {
            stays,
            pinned,
            wishes,
            busy_until,
            tries_left,
        }
    }

    fn run(mut self) -> Option<Vec<u16>> {
        let mut placed: Vec<Placed> = Vec::with_capacity(self.stays.len());
        while placed.len() < self.stays.len() {
            let candidates = self.candidates(self.stays[placed.len()]);
            placed.push(Placed {
                candidates,
                unit: None,
            });
            while !self.try_next(placed.len() - 1, placed.last_mut()?)? {
                placed.pop();
                if placed.is_empty() {
                    return None;
                }
            }
        }
        placed
            .iter()
            .map(|stay| stay.unit.map(|(unit, _)| unit))
            .collect()
    }

    /// Moves a stay to the next of its candidates; false when there is none. `None` when the tries
    /// are used up.
    fn try_next(&mut self, index: usize, placed: &mut Placed) -> Option<bool> {
        if let Some((unit, before)) = placed.unit.take() {
            self.busy_until[usize::from(unit) - 1] = before;
        }
        let Some(unit) = placed.candidates.pop() else {
            return Some(false);
        };
        self.tries_left = self.tries_left.checked_sub(1)?;
        let busy = &mut self.busy_until[usize::from(unit) - 1];
        placed.unit = Some((unit, *busy));
        *busy = self.stays[index].ends_at;
        Some(true)
    }

    /// The units in which the stay finds room, the best one last: first its own; then those where a
    /// pinned stay follows soonest, because they are good for the fewest others; then one of those
    /// where none follows. These are all alike to the search, so it takes the one where the stay is
    /// least in the way of who is there now, and of such the one that has been free for the shortest.
    fn candidates(&self, stay: &Stay) -> Vec<u16> {
        let mut open: Option<(i64, i64, Reverse<usize>)> = None;
        let mut bounded: Vec<(i64, usize)> = Vec::new();
        for index in 0..self.pinned.len() {
            match self.room_until(index, stay) {
                Some(Some(until)) => bounded.push((until, index)),
                Some(None) => {
                    let undisturbed = self.undisturbed_until(index, stay);
                    open = open.max(Some((undisturbed, self.busy_until[index], Reverse(index))));
                }
                None => {}
            }
        }
        bounded.sort_unstable_by(|left, right| right.cmp(left));
        let open = open.map(|(_, _, Reverse(index))| index);
        let others = open
            .into_iter()
            .chain(bounded.into_iter().map(|(_, index)| index));
        let mut candidates: Vec<u16> = others.map(|index| index as u16 + 1).collect();
        if let Some(own) = stay.unit.filter(|unit| self.has_room(*unit, stay)) {
            candidates.retain(|unit| *unit != own);
            candidates.push(own);
        }
        candidates
    }

    /// Until when the stay could be in the unit before somebody who has it now would have to move; at
    /// most until its own end.
    fn undisturbed_until(&self, index: usize, stay: &Stay) -> i64 {
        let starts = &self.wishes[index];
        let next = starts.get(starts.partition_point(|start| *start < stay.starts_at));
        next.map_or(stay.ends_at, |start| stay.ends_at.min(*start))
    }

    fn has_room(&self, unit: u16, stay: &Stay) -> bool {
        let index = usize::from(unit).checked_sub(1);
        index.is_some_and(|index| {
            index < self.pinned.len() && self.room_until(index, stay).is_some()
        })
    }

    /// `None` when the stay finds no room in the unit; else when the next pinned stay in it starts,
    /// if one does.
    fn room_until(&self, index: usize, stay: &Stay) -> Option<Option<i64>> {
        let spans = &self.pinned[index];
        let next = spans.get(spans.partition_point(|span| span.1 <= stay.starts_at));
        let free = self.busy_until[index] <= stay.starts_at
            && next.is_none_or(|span| stay.ends_at <= span.0);
        free.then(|| next.map(|span| span.0))
    }
}
