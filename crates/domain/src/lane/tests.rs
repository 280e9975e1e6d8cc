use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::testing::cases;

const fn taken(starts_at: i64, ends_at: i64, quantity: i64) -> Taken {
    Taken {
        starts_at,
        ends_at,
        quantity,
    }
}

/// What is taken, second by second, looked up in the plainest way.
fn peak_by_seconds(entries: &[Taken], from: i64, to: i64) -> i64 {
    let at = |second: i64| -> i64 {
        let there = entries
            .iter()
            .filter(|e| e.starts_at <= second && second < e.ends_at);
        there.map(|entry| entry.quantity.max(0)).sum()
    };
    (from..to).map(at).max().unwrap_or(0)
}

fn any_taken() -> impl Strategy<Value = Taken> {
    (0..60_i64, -2..25_i64, -1..4_i64)
        .prop_map(|(starts_at, length, quantity)| taken(starts_at, starts_at + length, quantity))
}

fn any_limit() -> impl Strategy<Value = Limit> {
    (0..60_i64, 0..20_i64, 0..8_i64).prop_map(|(starts_at, length, at_most)| Limit {
        starts_at,
        ends_at: starts_at + length,
        at_most,
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_peak_is_what_counting_every_second_finds(
        entries in vec(any_taken(), 0..120), from in -5..70_i64, length in -3..70_i64,
    ) {
        let to = from + length;
        prop_assert_eq!(peak(&entries, from, to), peak_by_seconds(&entries, from, to));
    }

    #[test]
    fn what_fits_never_makes_any_second_exceed_the_capacity_and_what_does_not_fit_would(
        entries in vec(any_taken(), 0..40), wanted in any_taken(), capacity in 0..20_i64,
    ) {
        prop_assume!(wanted.starts_at < wanted.ends_at);
        let mut after = entries.clone();
        after.push(wanted);
        let highest = peak_by_seconds(&after, wanted.starts_at, wanted.ends_at);
        prop_assert_eq!(fits(&entries, &wanted, capacity).is_ok(), highest <= capacity);
    }

    #[test]
    fn what_is_free_can_be_booked_and_one_more_cannot(
        entries in vec(any_taken(), 0..40), from in 0..60_i64, length in 1..30_i64, capacity in 0..30_i64,
    ) {
        let left = free(&entries, capacity, from, from + length);
        if left >= 0 {
            prop_assert_eq!(fits(&entries, &taken(from, from + length, left), capacity), Ok(()));
        }
        let more = taken(from, from + length, left.max(-1) + 1);
        prop_assert_eq!(fits(&entries, &more, capacity), Err(SoldOut { free: left }));
    }

    #[test]
    fn a_lane_filled_through_fits_never_exceeds_its_capacity(
        attempts in vec(any_taken(), 0..80), capacity in 0..6_i64,
    ) {
        let mut sold = Vec::new();
        for attempt in attempts {
            if fits(&sold, &attempt, capacity).is_ok() {
                sold.push(attempt);
            }
        }
        prop_assert!(peak_by_seconds(&sold, -10, 100) <= capacity);
    }

    #[test]
    fn limits_bind_on_their_seconds_only(
        entries in vec(any_taken(), 0..30), limits in vec(any_limit(), 0..6),
        wanted in any_taken(), capacity in 0..20_i64,
    ) {
        prop_assume!(wanted.starts_at < wanted.ends_at);
        let mut after = entries.clone();
        after.push(wanted);
        let kept = (wanted.starts_at..wanted.ends_at).all(|second| {
            let there = peak_by_seconds(&after, second, second + 1);
            let holds = |limit: &&Limit| limit.starts_at <= second && second < limit.ends_at;
            let least = limits.iter().filter(holds).map(|limit| limit.at_most).min();
            there <= capacity.min(least.unwrap_or(i64::MAX))
        });
        prop_assert_eq!(fits_under(&entries, &wanted, capacity, &limits).is_ok(), kept);
    }
}

#[test]
fn a_lane_with_room_for_three_is_never_sold_four_times() {
    let mut sold = Vec::new();
    let wanted = taken(0, 86_400, 1);
    for _ in 0..3 {
        assert_eq!(fits(&sold, &wanted, 3), Ok(()));
        sold.push(wanted);
    }
    assert_eq!(fits(&sold, &wanted, 3), Err(SoldOut { free: 0 }));
}

#[test]
fn who_leaves_does_not_meet_who_arrives_at_the_same_moment() {
    let sold = [taken(0, 10, 1), taken(20, 30, 1)];
    assert_eq!(fits(&sold, &taken(10, 20, 1), 1), Ok(()));
    assert_eq!(fits(&sold, &taken(9, 20, 1), 1), Err(SoldOut { free: 0 }));
    assert_eq!(fits(&sold, &taken(10, 21, 1), 1), Err(SoldOut { free: 0 }));
}

#[test]
fn two_stays_that_never_meet_leave_one_of_two_free_for_the_whole_stay() {
    let sold = [taken(0, 10, 1), taken(10, 20, 1)];
    assert_eq!(free(&sold, 2, 0, 20), 1);
}

#[test]
fn an_overbooked_lane_shows_negative_availability_and_takes_nobody() {
    let sold = [taken(0, 10, 1); 3];
    assert_eq!(free(&sold, 1, 0, 10), -2);
    assert_eq!(fits(&sold, &taken(5, 6, 1), 1), Err(SoldOut { free: -2 }));
    assert_eq!(fits(&sold, &taken(10, 12, 1), 1), Ok(()));
}

#[test]
fn a_damaged_row_never_makes_room() {
    let sold = [
        taken(0, 10, 1),
        taken(0, 10, -5),
        taken(0, 10, i64::MIN),
        taken(8, 2, 9),
    ];
    assert_eq!(peak(&sold, 0, 10), 1);
    let absurd = [taken(i64::MIN, i64::MAX, i64::MAX), taken(0, 10, i64::MAX)];
    assert_eq!(peak(&absurd, i64::MIN, i64::MAX), i64::MAX);
    assert!(fits(&absurd, &taken(0, 1, 1), i64::MAX).is_err());
}

#[test]
fn more_boundaries_than_the_stack_holds_are_counted_alike() {
    let many: Vec<Taken> = (0..500).map(|index| taken(index, index + 250, 1)).collect();
    assert_eq!(peak(&many, -10, 1_000), 250);
    assert_eq!(peak(&many, 0, 10), 10);
}
