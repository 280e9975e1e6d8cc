//! Lanes: capacity over time, and the one rule that keeps it from being sold twice.
//!
//! A lane is whatever is locked when it is sold: eleven rooms of a type, one masseuse, twelve seats
//! of a departure. Allocations take a quantity of it for a period. *Fits* means that the peak of
//! overlapping allocations never exceeds the capacity, and that peak is computed in one place,
//! [`peak`]: [`free`] subtracts it, [`fits`] compares with it. So what is shown as free can be booked.
//!
//! This module does not lock, store or expire anything: it judges what its caller has read under the
//! lane's lock. Start at [`fits`].
//!
//! Times are Unix seconds and periods are half open: who leaves at noon does not meet who arrives at
//! noon. A quantity below zero counts as none and sums stop at the ends of `i64`, so that no row,
//! however damaged, can ever make room.

use crate::time::Period;

/// A quantity of a lane that is taken, or wanted, for a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Taken {
    /// The first Unix second inside.
    pub starts_at: i64,
    /// The first Unix second after it.
    pub ends_at: i64,
    /// How much is taken, in units of the lane's capacity.
    pub quantity: i64,
}

impl Taken {
    /// So much for this period.
    #[must_use]
    pub fn new(period: &Period, quantity: i64) -> Taken {
        Taken {
            starts_at: period.start_second(),
            ends_at: period.end_second(),
            quantity,
        }
    }

    /// Whether some of it lies in `[from, to)`.
    #[must_use]
    pub const fn overlaps(&self, from: i64, to: i64) -> bool {
        self.starts_at < to && from < self.ends_at && self.starts_at < self.ends_at
    }
}

/// There is not enough left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sold out: {free} left for the whole period")]
pub struct SoldOut {
    /// What could still be taken for the whole period; below zero when the lane is overbooked.
    pub free: i64,
}

/// A bound below the lane's capacity for a part of the time, such as a limit on what is sold of one
/// night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The first Unix second for which it holds.
    pub starts_at: i64,
    /// The first Unix second for which it does not hold any more.
    pub ends_at: i64,
    /// At most so much may be taken at any moment of it.
    pub at_most: i64,
}

/// Whether `wanted` can be taken beside what is already taken, without exceeding `capacity` at any
/// moment of its period.
///
/// # Errors
/// [`SoldOut`] with what is left for the period.
pub fn fits(taken: &[Taken], wanted: &Taken, capacity: i64) -> Result<(), SoldOut> {
    let free = free(taken, capacity, wanted.starts_at, wanted.ends_at);
    if wanted.quantity.max(0) <= free {
        Ok(())
    } else {
        Err(SoldOut { free })
    }
}

/// [`fits`], under limits that hold for parts of the time besides the capacity.
///
/// # Errors
/// [`SoldOut`] with the least that is left under any of them.
pub fn fits_under(
    taken: &[Taken],
    wanted: &Taken,
    capacity: i64,
    limits: &[Limit],
) -> Result<(), SoldOut> {
    let free = free_under(taken, capacity, limits, wanted.starts_at, wanted.ends_at);
    if wanted.quantity.max(0) <= free {
        Ok(())
    } else {
        Err(SoldOut { free })
    }
}

/// What is left for the whole of `[from, to)`: the largest quantity that [`fits`] accepts there.
/// Below zero when the lane is overbooked.
#[must_use]
pub fn free(taken: &[Taken], capacity: i64, from: i64, to: i64) -> i64 {
    capacity.saturating_sub(peak(taken, from, to))
}

/// [`free`], under limits that hold for parts of the time besides the capacity.
#[must_use]
pub fn free_under(taken: &[Taken], capacity: i64, limits: &[Limit], from: i64, to: i64) -> i64 {
    let under = |limit: &Limit| {
        let (from, to) = (from.max(limit.starts_at), to.min(limit.ends_at));
        if from < to {
            free(taken, limit.at_most, from, to)
        } else {
            i64::MAX
        }
    };
    let whole = free(taken, capacity, from, to);
    limits.iter().map(under).fold(whole, i64::min)
}

/// The largest quantity taken at any one moment of `[from, to)`; zero of an empty stretch.
///
/// Costs one pass over `taken`, and a sort of those boundaries that lie strictly inside. Allocates
/// only when more than 64 of them do.
#[must_use]
pub fn peak(taken: &[Taken], from: i64, to: i64) -> i64 {
    if from >= to {
        return 0;
    }
    let mut steps = Steps::new();
    let mut at_start: i64 = 0;
    for entry in taken
        .iter()
        .filter(|entry| entry.overlaps(from, to) && entry.quantity > 0)
    {
        if entry.starts_at <= from {
            at_start = at_start.saturating_add(entry.quantity);
        } else {
            steps.push((entry.starts_at, entry.quantity));
        }
        if entry.ends_at < to {
            steps.push((entry.ends_at, -entry.quantity));
        }
    }
    highest(at_start, steps.sorted())
}

/// A moment, and by how much the taken quantity changes there.
type Step = (i64, i64);

/// Follows the quantity from step to step. Steps of one moment come with what is given back first,
/// because a smaller change sorts first, so periods that only touch never add up.
fn highest(at_start: i64, steps: &[Step]) -> i64 {
    let mut now = i128::from(at_start);
    let mut highest = now;
    for (_, change) in steps {
        now += i128::from(*change);
        highest = highest.max(now);
    }
    i64::try_from(highest).unwrap_or(i64::MAX)
}

const STEPS_WITHOUT_ALLOCATING: usize = 64;

/// A list that lives on the stack while it is short, which it nearly always is.
struct Steps {
    near: [Step; STEPS_WITHOUT_ALLOCATING],
    count: usize,
    far: Vec<Step>,
}

impl Steps {
    const fn new() -> Steps {
        Steps {
            near: [(0, 0); STEPS_WITHOUT_ALLOCATING],
            count: 0,
            far: Vec::new(),
        }
    }

    fn push(&mut self, step: Step) {
        if self.count < STEPS_WITHOUT_ALLOCATING {
            self.near[self.count] = step;
            self.count += 1;
            return;
        }
        if self.far.is_empty() {
            self.far.reserve(4 * STEPS_WITHOUT_ALLOCATING);
            self.far.extend_from_slice(&self.near);
        }
        self.far.push(step);
    }

    fn sorted(&mut self) -> &[Step] {
        let steps = if self.far.is_empty() {
            &mut self.near[..self.count]
        } else {
            self.far.as_mut_slice()
        };
        steps.sort_unstable();
        steps
    }
}

#[cfg(test)]
mod tests;
