//! How much of a lane is taken at each instant.
//!
//! A step function: an ordered map of boundaries, each with the level that holds from
//! there to the next one. A stay touches only the boundaries inside its period, so a
//! lane with years of history costs no more than one with a week.

use std::collections::BTreeMap;

/// The level of a lane over time. Instants are Unix seconds, periods are half-open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    level_from: BTreeMap<i64, i64>,
}

impl Occupancy {
    /// What is taken at one instant.
    #[must_use]
    pub fn level_at(&self, instant: i64) -> i64 {
        self.level_from
            .range(..=instant)
            .next_back()
            .map_or(0, |(_, level)| *level)
    }

    /// The most that is taken at any instant of `[from, to)`; 0 for an empty period.
    #[must_use]
    pub fn peak(&self, from: i64, to: i64) -> i64 {
        if from >= to {
            return 0;
        }
        self.level_from
            .range(from..to)
            .map(|(_, level)| *level)
            .fold(self.level_at(from), i64::max)
    }

    /// Adds `quantity` (negative to give back) during `[from, to)`, and returns the
    /// peak of that period afterwards.
    pub fn add(&mut self, from: i64, to: i64, quantity: i64) -> i64 {
        if from >= to {
            return 0;
        }
        self.split(from);
        self.split(to);
        let mut peak = i64::MIN;
        for (_, level) in self.level_from.range_mut(from..to) {
            *level = level.saturating_add(quantity);
            peak = peak.max(*level);
        }
        self.join(to);
        self.join(from);
        peak
    }

    /// The boundaries with the level that holds from each of them on.
    pub fn steps(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.level_from.iter().map(|(from, level)| (*from, *level))
    }

    /// Makes `instant` a boundary.
    fn split(&mut self, instant: i64) {
        let level = self.level_at(instant);
        self.level_from.entry(instant).or_insert(level);
    }

    /// Forgets the boundary at `instant` when nothing changes there.
    fn join(&mut self, instant: i64) {
        let before = self
            .level_from
            .range(..instant)
            .next_back()
            .map_or(0, |(_, level)| *level);
        if self.level_from.get(&instant) == Some(&before) {
            self.level_from.remove(&instant);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn brute_force_level(taken: &[(i64, i64, i64)], instant: i64) -> i64 {
        taken
            .iter()
            .filter(|(from, to, _)| *from <= instant && instant < *to)
            .map(|(_, _, quantity)| quantity)
            .sum()
    }

    #[test]
    fn an_empty_period_takes_nothing() {
        let mut occupancy = Occupancy::default();
        assert_eq!(occupancy.add(5, 5, 3), 0);
        assert_eq!(occupancy.peak(9, 5), 0);
        assert_eq!(occupancy, Occupancy::default());
    }

    proptest! {
        #[test]
        fn levels_and_peaks_are_those_of_counting_each_instant(
            periods in prop::collection::vec((0_i64..30, 1_i64..10, 1_i64..4), 0..40),
            from in 0_i64..40,
            length in 1_i64..20,
        ) {
            let taken: Vec<_> = periods.iter().map(|(s, l, q)| (*s, s + l, *q)).collect();
            let mut occupancy = Occupancy::default();
            for (starts_at, ends_at, quantity) in &taken {
                occupancy.add(*starts_at, *ends_at, *quantity);
            }
            let counted = (from..from + length).map(|instant| brute_force_level(&taken, instant));
            prop_assert_eq!(occupancy.peak(from, from + length), counted.max().unwrap());
            prop_assert_eq!(occupancy.level_at(from), brute_force_level(&taken, from));
        }

        #[test]
        fn what_is_given_back_leaves_no_boundary_behind(
            periods in prop::collection::vec((0_i64..30, 1_i64..10, 1_i64..4), 0..40),
        ) {
            let mut occupancy = Occupancy::default();
            for (starts_at, length, quantity) in &periods {
                occupancy.add(*starts_at, starts_at + length, *quantity);
            }
            for (starts_at, length, quantity) in &periods {
                occupancy.add(*starts_at, starts_at + length, -quantity);
            }
            prop_assert_eq!(occupancy, Occupancy::default());
        }
    }
}
