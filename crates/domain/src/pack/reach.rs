//! How long somebody could stay in one unit, from each night on.

use super::{Stay, repack};

/// For each night how many nights from it on a newcomer could have the unit for, everybody else who is not
/// pinned making way. `edges` are the seconds at which nights turn over, one more than there are nights.
///
/// Whoever could stay from a night to a morning could stay from any later night to it as well, so the
/// mornings never go back, and each question is asked about once for each night.
#[must_use]
pub fn longest_in_unit(stays: &[Stay], unit: u16, units: u16, edges: &[i64]) -> Vec<u16> {
    let nights = edges.len().saturating_sub(1);
    let mut longest = Vec::with_capacity(nights);
    let mut until = 0;
    for night in 0..nights {
        until = until.max(night);
        while until < nights && may_stay(stays, unit, units, (edges[night], edges[until + 1])) {
            until += 1;
        }
        longest.push(u16::try_from(until - night).unwrap_or(u16::MAX));
    }
    longest
}

/// Whether a newcomer could have the unit from one second to another.
fn may_stay(stays: &[Stay], unit: u16, units: u16, (from, to): (i64, i64)) -> bool {
    if !(1..=units).contains(&unit) {
        return false;
    }
    let in_the_way = |stay: &&Stay| stay.unit == Some(unit) && stay.overlaps(from, to);
    let Some(one) = stays.iter().find(in_the_way) else {
        return true;
    };
    if one.pinned {
        return false;
    }
    let wanted = Stay {
        // No key is below zero; whose it is says nothing here.
        key: -1,
        starts_at: from,
        ends_at: to,
        unit: Some(unit),
        pinned: true,
    };
    repack(stays, &wanted, units).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    fn stay(key: i64, from: i64, to: i64, unit: u16, pinned: bool) -> Stay {
        Stay {
            key,
            starts_at: from,
            ends_at: to,
            unit: Some(unit),
            pinned,
        }
    }

    fn of(stays: &[Stay], unit: u16, units: u16) -> Vec<u16> {
        let edges: Vec<i64> = (0..=5).collect();
        longest_in_unit(stays, unit, units, &edges)
    }

    #[test]
    fn nobody_in_a_unit_leaves_all_of_it_and_somebody_pinned_splits_it() {
        assert_eq!(of(&[], 1, 1), [5, 4, 3, 2, 1]);
        assert_eq!(of(&[], 2, 1), [0; 5], "there is no such unit");
        assert_eq!(of(&[], 0, 1), [0; 5]);
        let guest = stay(1, 2, 3, 1, true);
        assert_eq!(of(&[guest], 1, 2), [2, 1, 0, 2, 1]);
        assert_eq!(of(&[guest], 2, 2), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn whoever_can_be_moved_makes_way_where_there_is_room() {
        let guest = stay(1, 2, 3, 1, false);
        assert_eq!(
            of(&[guest], 1, 1),
            [2, 1, 0, 2, 1],
            "there is no other unit"
        );
        assert_eq!(of(&[guest], 1, 2), [5, 4, 3, 2, 1]);
        let other = stay(2, 2, 4, 2, true);
        assert_eq!(of(&[guest, other], 1, 2), [2, 1, 0, 2, 1]);
        assert_eq!(of(&[guest, other], 1, 3), [5, 4, 3, 2, 1]);
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn each_length_up_to_the_longest_can_be_stayed_and_none_beyond(
            wanted in prop::collection::vec((0..9_i64, 1..4_i64, any::<bool>()), 0..9),
            units in 1..4_u16,
            unit in 1..4_u16,
        ) {
            let mut stays: Vec<Stay> = Vec::new();
            for (key, (from, nights, pinned)) in (1..).zip(wanted) {
                let to = from + nights;
                if let Some(unit) = super::super::first_free_unit(&stays, from, to, units) {
                    stays.push(stay(key, from, to, unit, pinned));
                }
            }
            let edges: Vec<i64> = (0..=12).collect();
            let longest = longest_in_unit(&stays, unit, units, &edges);
            for (night, longest) in (0..).zip(&longest) {
                for length in 1..=(12 - night) {
                    let newcomer = stay(99, night, night + length, unit, true);
                    let found = repack(&stays, &newcomer, units).is_some();
                    prop_assert_eq!(found, length <= i64::from(*longest), "{} nights from {}", length, night);
                }
            }
        }
    }
}
