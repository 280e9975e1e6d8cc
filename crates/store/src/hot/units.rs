//! Which unit a stay gets. Stays that are not pinned may be moved to make room, so that a lane
//! with one place free each night is never refused for want of one unit for the whole stay.

use std::collections::BTreeMap;

use domain::{
    id::Id,
    pack::{self, Stay as Packed},
};

use super::{
    Decision,
    load::Window,
    seen::{Key, Lane, Seen},
};

/// Where a stay goes and who moves for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Assignment {
    /// One unit per allocation, where one was found.
    pub(super) units: Vec<Option<i64>>,
    /// Allocations that get another unit.
    pub(super) moves: Vec<(Id, i64)>,
}

/// The stretch of a lane that somebody wants.
pub(super) struct Span {
    pub(super) key: Key,
    pub(super) from: i64,
    pub(super) to: i64,
    /// The booking that counts as gone already.
    pub(super) without: Option<Id>,
    /// Who is there at this second is not moved any more.
    pub(super) now: i64,
}

const DAY_S: i64 = 86_400;

/// Finds units for `quantity` stays of the span, those it prefers first, or says what must be seen
/// before that can be known.
pub(super) fn assign(
    seen: &Seen,
    span: &Span,
    quantity: i64,
    prefers: &[i64],
) -> Result<Assignment, Box<Decision>> {
    let lane = &seen.lanes[&span.key];
    if !lane.has_units {
        return Ok(Assignment::default());
    }
    let count = usize::try_from(quantity).unwrap_or(0);
    let units = units_of(lane);
    // Neighbours within a day count too: a gap that is filled exactly is the best one.
    let mut stays = stays(lane, span, span.from - DAY_S, span.to + DAY_S);
    let mut found = Vec::with_capacity(count);
    let mut prefers = prefers
        .iter()
        .filter_map(|unit| u16::try_from(*unit).ok())
        .filter(|unit| (1..=units).contains(unit));
    for index in 0..count {
        let preferred = prefers.by_ref().find(|unit| is_free(&stays, span, *unit));
        let Some(unit) =
            preferred.or_else(|| pack::first_free_unit(&stays, span.from, span.to, units))
        else {
            break;
        };
        stays.push(Packed {
            key: -1 - index as i64,
            starts_at: span.from,
            ends_at: span.to,
            unit: Some(unit),
            pinned: true,
        });
        found.push(Some(i64::from(unit)));
    }
    if found.len() == count {
        return Ok(Assignment {
            units: found,
            moves: Vec::new(),
        });
    }
    repack(seen, span, count)
}

fn is_free(stays: &[Packed], span: &Span, unit: u16) -> bool {
    !stays
        .iter()
        .any(|stay| stay.unit == Some(unit) && stay.starts_at < span.to && span.from < stay.ends_at)
}

/// Packs the stays around the wanted ones anew.
fn repack(seen: &Seen, span: &Span, count: usize) -> Result<Assignment, Box<Decision>> {
    let lane = &seen.lanes[&span.key];
    let Around { mut stays, wider } = around(seen, lane, span);
    let mut packed = BTreeMap::new();
    for index in 0..count {
        let wanted = Packed {
            key: -1 - index as i64,
            starts_at: span.from,
            ends_at: span.to,
            unit: None,
            pinned: false,
        };
        match (pack::repack(&stays, &wanted, units_of(lane)), wider) {
            (Some(moves), _) => {
                stays.push(wanted);
                settle(&mut stays, &moves);
                packed.extend(moves);
            }
            (None, Some(window)) => return Err(Box::new(Decision::Widen(window))),
            (None, None) => break,
        }
    }
    Ok(assignment(count, packed))
}

/// Writes the units of a packing into the stays.
fn settle(stays: &mut [Packed], moves: &[(i64, u16)]) {
    for (key, unit) in moves {
        if let Some(stay) = stays.iter_mut().find(|stay| stay.key == *key) {
            stay.unit = Some(*unit);
        }
    }
}

/// Tells the wanted stays, which have keys below zero, from those that move.
fn assignment(count: usize, packed: BTreeMap<i64, u16>) -> Assignment {
    let mut assignment = Assignment {
        units: vec![None; count],
        moves: Vec::new(),
    };
    for (key, unit) in packed {
        match Id::new(key) {
            Some(id) => assignment.moves.push((id, i64::from(unit))),
            None => {
                assignment.units[usize::try_from(-1 - key).unwrap_or(0)] = Some(i64::from(unit))
            }
        }
    }
    assignment
}

/// The stays around a span, as far as they have been seen.
struct Around {
    stays: Vec<Packed>,
    /// What to look at when they can't be packed; none when there is no more to see, or too much.
    wider: Option<Window>,
}

/// The stays in the known stretch around the span. Who lies within it may move; who reaches beyond
/// could meet somebody there, and counts as pinned until more has been seen.
fn around(seen: &Seen, lane: &Lane, span: &Span) -> Around {
    let (from, to) = known_around(lane, span);
    let mut stays = stays(lane, span, from, to);
    let mut all_within = true;
    for stay in &mut stays {
        let within = from <= stay.starts_at && stay.ends_at <= to;
        stay.pinned |= !within;
        all_within &= within;
    }
    let may_widen = seen.may_widen && !all_within && stays.len() <= crate::limits::REPACKED_STAYS;
    // Each time the stretch becomes three times as long, so that a few times are enough.
    let more = to.saturating_sub(from);
    let wider = may_widen.then(|| Window {
        key: span.key,
        from: from.saturating_sub(more),
        to: to.saturating_add(more),
    });
    Around { stays, wider }
}

/// The stretch around the span that has been read.
fn known_around(lane: &Lane, span: &Span) -> (i64, i64) {
    let around = |known: &&(i64, i64)| known.0 <= span.from && span.to <= known.1;
    lane.known
        .iter()
        .find(around)
        .copied()
        .unwrap_or((span.from, span.to))
}

/// The unit asked for by number, if it is free or can be made free by moving others.
pub(super) fn pin(
    seen: &Seen,
    span: &Span,
    unit: i64,
) -> Result<Option<Assignment>, Box<Decision>> {
    let lane = &seen.lanes[&span.key];
    let in_the_way = lane
        .overlapping(span.from, span.to, span.without)
        .any(|stay| stay.unit == Some(unit));
    if !in_the_way {
        return Ok(Some(Assignment {
            units: vec![Some(unit)],
            moves: Vec::new(),
        }));
    }
    let Around { stays, wider } = around(seen, lane, span);
    let wanted = Packed {
        key: -1,
        starts_at: span.from,
        ends_at: span.to,
        unit: u16::try_from(unit).ok(),
        pinned: true,
    };
    match (pack::repack(&stays, &wanted, units_of(lane)), wider) {
        (Some(packed), _) => Ok(Some(assignment(1, packed.into_iter().collect()))),
        (None, Some(window)) => Err(Box::new(Decision::Widen(window))),
        (None, None) => Ok(None),
    }
}

fn units_of(lane: &Lane) -> u16 {
    u16::try_from(lane.capacity).unwrap_or(u16::MAX)
}

/// The stays that have a unit: what was taken beyond capacity, or without asking for one, has none.
/// Who has moved in already counts as pinned.
fn stays(lane: &Lane, span: &Span, from: i64, to: i64) -> Vec<Packed> {
    lane.overlapping(from, to, span.without)
        .filter(|stay| stay.unit.is_some())
        .map(|stay| Packed {
            key: stay.id.get(),
            starts_at: stay.starts_at,
            ends_at: stay.ends_at,
            unit: stay.unit.and_then(|unit| u16::try_from(unit).ok()),
            pinned: stay.pinned || stay.starts_at <= span.now,
        })
        .collect()
}
