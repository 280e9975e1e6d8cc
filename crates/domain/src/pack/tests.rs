use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::lane::{Taken, peak};
use crate::testing::cases;

fn stay(key: i64, starts_at: i64, ends_at: i64, unit: Option<u16>) -> Stay {
    Stay {
        key,
        starts_at,
        ends_at,
        unit,
        pinned: false,
    }
}

fn pinned(key: i64, starts_at: i64, ends_at: i64, unit: u16) -> Stay {
    Stay {
        pinned: true,
        ..stay(key, starts_at, ends_at, Some(unit))
    }
}

/// Whether all stays, with unit 0 for none, are apart from each other.
fn apart(stays: &[(i64, i64, u16)]) -> bool {
    stays.iter().enumerate().all(|(index, left)| {
        stays[index + 1..]
            .iter()
            .all(|right| left.2 != right.2 || left.2 == 0 || left.1 <= right.0 || right.1 <= left.0)
    })
}

/// Every stay with the unit that it has after the moves.
fn after(stays: &[Stay], moves: &[(i64, u16)]) -> Vec<(i64, i64, u16)> {
    let moved: BTreeMap<i64, u16> = moves.iter().copied().collect();
    let unit_of = |stay: &Stay| moved.get(&stay.key).copied().or(stay.unit).unwrap_or(0);
    stays
        .iter()
        .map(|stay| (stay.starts_at, stay.ends_at, unit_of(stay)))
        .collect()
}

/// Tries every unit for every stay that may move.
fn exists_by_trying_all(stays: &[Stay], units: u16, placed: &mut Vec<(i64, i64, u16)>) -> bool {
    let Some((stay, rest)) = stays.split_first() else {
        return true;
    };
    let choices: Vec<u16> = match stay.pinned_unit() {
        Some(unit) => vec![unit],
        None => (1..=units).collect(),
    };
    choices.into_iter().any(|unit| {
        placed.push((stay.starts_at, stay.ends_at, unit));
        let found = apart(placed) && exists_by_trying_all(rest, units, placed);
        placed.pop();
        found
    })
}

/// Stays that really stand in units: each is put where there is room, or left out.
fn housed(units: u16, raw: &[(i64, i64, u16, bool)]) -> Vec<Stay> {
    let mut house: Vec<Stay> = Vec::new();
    for (key, (starts_at, length, first, is_pinned)) in (1..).zip(raw) {
        let ends_at = starts_at + length;
        let free = |unit: &u16| {
            let there = house.iter().filter(|other| other.unit == Some(*unit));
            there
                .clone()
                .all(|other| !other.overlaps(*starts_at, ends_at))
        };
        let unit = (0..units).map(|step| (first + step) % units + 1).find(free);
        if let Some(unit) = unit {
            house.push(Stay {
                pinned: *is_pinned,
                ..stay(key, *starts_at, ends_at, Some(unit))
            });
        }
    }
    house
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn without_pins_a_stay_finds_a_unit_exactly_when_every_moment_has_room(
        units in 1..5_u16, raw in vec((0..40_i64, 1..9_i64, 0..5_u16, Just(false)), 0..40),
        from in 0..40_i64, length in 1..15_i64,
    ) {
        let house = housed(units, &raw);
        let wanted = stay(0, from, from + length, None);
        let one = |stay: &Stay| Taken { starts_at: stay.starts_at, ends_at: stay.ends_at, quantity: 1 };
        let taken: Vec<Taken> = house.iter().map(one).collect();
        let room = peak(&taken, from, from + length) < i64::from(units);
        let moves = repack(&house, &wanted, units);
        prop_assert_eq!(moves.is_some(), room);
        if let Some(moves) = moves {
            let mut all = house.clone();
            all.push(wanted);
            let arranged = after(&all, &moves);
            prop_assert!(apart(&arranged));
            prop_assert!(arranged.iter().all(|(_, _, unit)| (1..=units).contains(unit)));
        }
    }

    #[test]
    fn with_pins_a_stay_finds_a_unit_exactly_when_trying_everything_does(
        units in 1..4_u16, raw in vec((0..14_i64, 1..6_i64, 0..4_u16, any::<bool>()), 0..7),
        from in 0..14_i64, length in 1..8_i64,
    ) {
        let house = housed(units, &raw);
        let wanted = stay(0, from, from + length, None);
        let mut all = house.clone();
        all.push(wanted);
        let moves = repack(&house, &wanted, units);
        prop_assert_eq!(moves.is_some(), exists_by_trying_all(&all, units, &mut Vec::new()));
        if let Some(moves) = moves {
            prop_assert!(apart(&after(&all, &moves)));
            let pins: Vec<i64> = house.iter().filter(|stay| stay.pinned).map(|stay| stay.key).collect();
            prop_assert!(moves.iter().all(|(key, _)| !pins.contains(key)), "a pinned stay moved");
        }
    }

    #[test]
    fn a_pinned_newcomer_gets_its_own_unit_and_the_others_make_way(
        units in 1..4_u16, raw in vec((0..14_i64, 1..6_i64, 0..4_u16, any::<bool>()), 0..7),
        from in 0..14_i64, length in 1..8_i64, unit in 1..4_u16,
    ) {
        prop_assume!(unit <= units);
        let house = housed(units, &raw);
        let wanted = pinned(0, from, from + length, unit);
        let mut all = house.clone();
        all.push(wanted);
        let moves = repack(&house, &wanted, units);
        prop_assert_eq!(moves.is_some(), exists_by_trying_all(&all, units, &mut Vec::new()));
        if let Some(moves) = moves {
            prop_assert!(moves.contains(&(0, unit)));
            prop_assert!(apart(&after(&all, &moves)));
        }
    }

    #[test]
    fn a_free_unit_is_free_and_none_is_overlooked(
        units in 0..5_u16, raw in vec((0..40_i64, 1..9_i64, 0..5_u16, any::<bool>()), 0..30),
        from in 0..40_i64, length in 1..15_i64,
    ) {
        let house = if units == 0 { Vec::new() } else { housed(units, &raw) };
        let free = |unit: u16| {
            let mut there = house.iter().filter(|stay| stay.unit == Some(unit));
            there.all(|stay| !stay.overlaps(from, from + length))
        };
        match first_free_unit(&house, from, from + length, units) {
            Some(unit) => prop_assert!((1..=units).contains(&unit) && free(unit)),
            None => prop_assert!(!(1..=units).any(free)),
        }
    }
}

#[test]
fn one_free_every_night_is_never_refused_for_want_of_one_unit() {
    let house = [stay(1, 0, 10, Some(1)), stay(2, 10, 20, Some(2))];
    assert_eq!(first_free_unit(&house, 0, 20, 2), None);
    let moves = repack(&house, &stay(3, 0, 20, None), 2).unwrap();
    let arranged = after(&[house[0], house[1], stay(3, 0, 20, None)], &moves);
    assert!(apart(&arranged));
    assert_eq!(moves.len(), 2, "one of the two stays makes way: {moves:?}");
}

#[test]
fn the_best_fit_leaves_the_smallest_gap() {
    let house = [
        stay(1, 0, 10, Some(1)),
        stay(2, 0, 14, Some(2)),
        stay(3, 22, 30, Some(2)),
        stay(4, 0, 15, Some(3)),
    ];
    assert_eq!(first_free_unit(&house, 15, 20, 4), Some(2));
    assert_eq!(first_free_unit(&house, 15, 23, 4), Some(3));
    assert_eq!(first_free_unit(&[], 0, 1, 4), Some(1));
}

#[test]
fn pins_that_leave_no_unit_for_the_whole_stay_refuse_it() {
    let house = [pinned(1, 0, 10, 1), pinned(2, 10, 20, 2)];
    assert_eq!(repack(&house, &stay(3, 0, 20, None), 2), None);
    assert_eq!(repack(&house, &stay(3, 0, 10, None), 2), Some(vec![(3, 2)]));
}

#[test]
fn stays_far_away_are_left_where_they_are_even_when_overbooked() {
    let crowd = (1..=5).map(|key| stay(key, 1_000, 1_010, Some(1)));
    let house: Vec<Stay> = crowd.collect();
    assert_eq!(repack(&house, &stay(9, 0, 10, None), 1), Some(vec![(9, 1)]));
    assert_eq!(repack(&house, &stay(9, 1_005, 1_015, None), 1), None);
}

#[test]
fn pinned_stays_that_already_share_a_unit_do_not_refuse_others() {
    let house = [pinned(1, 0, 10, 1), pinned(2, 5, 15, 1)];
    assert_eq!(repack(&house, &stay(3, 0, 15, None), 2), Some(vec![(3, 2)]));
}

#[test]
fn a_pin_to_a_unit_that_is_taken_by_a_pin_or_does_not_exist_is_refused() {
    let house = [pinned(1, 0, 10, 1)];
    assert_eq!(repack(&house, &pinned(2, 5, 8, 1), 2), None);
    assert_eq!(repack(&house, &pinned(2, 5, 8, 3), 2), None);
    assert_eq!(repack(&house, &pinned(2, 5, 8, 0), 2), None);
    assert_eq!(repack(&house, &pinned(2, 10, 12, 1), 2), Some(vec![(2, 1)]));
}

#[test]
fn a_stay_in_a_unit_that_was_taken_away_is_moved_into_one_that_is_left() {
    let house = [stay(1, 0, 10, Some(7))];
    let moves = repack(&house, &stay(2, 5, 8, None), 2).unwrap();
    assert!(apart(&after(&[house[0], stay(2, 5, 8, None)], &moves)));
    assert!(moves.iter().all(|(_, unit)| *unit <= 2));
}

#[test]
fn nothing_fits_into_no_units() {
    assert_eq!(first_free_unit(&[], 0, 1, 0), None);
    assert_eq!(repack(&[], &stay(1, 0, 1, None), 0), None);
}

#[test]
fn nobody_moves_while_a_unit_is_free_for_the_whole_stay() {
    let mut house = Vec::new();
    for room in 0..200_i64 {
        for week in 0..52_i64 {
            let starts_at = week * 7 + room % 7;
            house.push(stay(
                room * 100 + week,
                starts_at,
                starts_at + 7,
                Some(room as u16 + 1),
            ));
        }
    }
    let wanted = stay(-1, 100, 107, None);
    assert_eq!(repack(&house, &wanted, 201), Some(vec![(-1, 201)]));
    assert_eq!(repack(&house, &wanted, 200), None);
}

/// A plain xorshift generator: the same year in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound) as i64
    }
}

#[test]
fn a_busy_year_is_sold_to_the_last_night_and_few_stays_move() {
    let (units, mut dice) = (20, Dice(12_345));
    let mut house: Vec<Stay> = Vec::new();
    let (mut repacked, mut moved) = (0, 0);
    for key in 0..2_500 {
        let from = dice.below(365);
        let wanted = stay(key, from, from + 1 + dice.below(8).min(dice.below(8)), None);
        let one = |stay: &Stay| Taken {
            starts_at: stay.starts_at,
            ends_at: stay.ends_at,
            quantity: 1,
        };
        let taken: Vec<Taken> = house.iter().map(one).collect();
        if peak(&taken, wanted.starts_at, wanted.ends_at) >= i64::from(units) {
            continue;
        }
        let free = first_free_unit(&house, wanted.starts_at, wanted.ends_at, units);
        let moves =
            repack(&house, &wanted, units).expect("every night has room, and nobody is pinned");
        house.push(wanted);
        for (key, unit) in &moves {
            house.iter_mut().find(|stay| stay.key == *key).unwrap().unit = Some(*unit);
        }
        match free {
            Some(unit) => assert_eq!(moves, [(key, unit)]),
            None => (repacked, moved) = (repacked + 1, moved + moves.len()),
        }
    }
    let arranged = after(&house, &[]);
    assert!(apart(&arranged));
    assert!(
        arranged
            .iter()
            .all(|(_, _, unit)| (1..=units).contains(unit))
    );
    assert!(repacked > 0, "the year was not busy enough to need it");
    assert!(
        moved <= repacked * 20,
        "{moved} stays moved in {repacked} arrangements"
    );
}
