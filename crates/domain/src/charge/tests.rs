//! Extras, costs, discounts and fees by hand and against brute force.

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::{money::Currency, testing::cases};

const FIRST: Date = Date::constant(2027, 5, 7);

fn day(number: i32) -> Date {
    FIRST.checked_add(number.days()).unwrap()
}

fn family() -> AgeGroups {
    AgeGroups {
        adults: 2,
        children: 1,
        babies: 1,
        pets: 1,
        ..AgeGroups::default()
    }
}

fn stay(length: i32) -> StayFacts {
    StayFacts {
        arrival: day(0),
        departure: day(length),
        group: family(),
        rent: Money::new(70_000, Currency::EUR),
    }
}

fn charge(per: Per, amount: i64) -> Charge {
    Charge {
        amount: Decimal::new(amount, 2),
        per,
        ..Charge::default()
    }
}

fn total(charge: &Charge, stay: &StayFacts, pieces: u32) -> i64 {
    let charged = charge.on(stay, pieces).unwrap();
    charged.map_or(0, |charged| charged.total().unwrap().minor)
}

#[test]
fn each_way_of_counting_counts_what_it_says() {
    let stay = stay(7);
    let of = |per| total(&charge(per, 250), &stay, 3);
    assert_eq!(of(Per::Stay), 250);
    assert_eq!(of(Per::Night), 7 * 250);
    assert_eq!(of(Per::Person), 4 * 250);
    assert_eq!(of(Per::PersonNight), 28 * 250);
    assert_eq!(of(Per::Piece), 3 * 250);
    assert_eq!(of(Per::PieceNight), 21 * 250);
    assert_eq!(of(Per::PercentOfRent), 1_750);
}

#[test]
fn who_does_not_count_pays_nothing() {
    let adults_only = Charge {
        counted: Counted {
            children: false,
            babies: false,
            ..Counted::default()
        },
        ..charge(Per::PersonNight, 200)
    };
    assert_eq!(total(&adults_only, &stay(2), 0), 2 * 2 * 200);
    let nobody = StayFacts {
        group: AgeGroups::default(),
        ..stay(2)
    };
    assert_eq!(adults_only.on(&nobody, 0), Ok(None));
    assert_eq!(charge(Per::Piece, 100).on(&stay(1), 0), Ok(None));
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_price_by_the_night_counts_the_nights_within_its_days(
        length in 1..40_i32,
        from in prop::option::of(-10..50_i32),
        until in prop::option::of(-10..50_i32),
        most in prop::option::of(0..20_u16),
    ) {
        let charge = Charge {
            from: from.map(day),
            until: until.map(day),
            most_nights: most,
            ..charge(Per::Night, 100)
        };
        let within = (0..length)
            .filter(|night| from.is_none_or(|from| from <= *night) && until.is_none_or(|until| *night <= until))
            .count() as i64;
        let wanted = within.min(most.map_or(i64::MAX, i64::from));
        prop_assert_eq!(total(&charge, &stay(length), 0), wanted * 100);
    }

    #[test]
    fn a_discount_is_never_more_than_the_rent_and_never_below_zero(
        rent in 0..1_000_000_i64,
        percent in -50..300_i64,
        amount in -1_000_000..1_000_000_i64,
    ) {
        let facts = StayFacts { rent: Money::new(rent, Currency::EUR), ..stay(3) };
        let discount = Discount {
            percent: percent.into(),
            amount: Decimal::new(amount, 2),
            ..Discount::default()
        };
        let off = discount.of(&facts, FIRST).unwrap().minor;
        prop_assert!((0..=rent).contains(&off));
    }

    #[test]
    fn calling_off_never_gets_cheaper_towards_the_arrival_if_the_steps_rise(
        steps in prop::collection::vec((0..100_u16, 0..=100_u8), 0..6),
        early in 0..200_i32,
        later in 0..200_i32,
    ) {
        let mut days: Vec<u16> = steps.iter().map(|step| step.0).collect();
        days.sort_unstable_by(|one, other| other.cmp(one));
        days.dedup();
        let mut percents: Vec<u8> = steps.iter().map(|step| step.1).collect();
        percents.sort_unstable();
        let rule: Vec<CancellationStep> = days
            .iter()
            .zip(&percents)
            .map(|(days_before, percent)| CancellationStep { days_before: *days_before, percent: (*percent).into() })
            .collect();
        let (early, later) = (early.max(later), early.min(later));
        let fee = |left: i32| cancellation_fee(&rule, &stay(3), day(-left)).unwrap().minor;
        prop_assert!(fee(early) <= fee(later));
        prop_assert!(fee(later) <= stay(3).rent.minor);
    }
}

#[test]
fn a_discount_asks_for_its_days_and_its_length() {
    let discount = Discount {
        percent: 10.into(),
        min_nights: Some(3),
        arrives_from: Some(day(0)),
        arrives_until: Some(day(5)),
        booked_until: Some(day(-30)),
        ..Discount::default()
    };
    assert!(discount.applies(&stay(3), day(-30)));
    assert!(!discount.applies(&stay(2), day(-30)));
    assert!(!discount.applies(&stay(3), day(-29)));
    let late = StayFacts {
        arrival: day(6),
        departure: day(12),
        ..stay(3)
    };
    assert!(!discount.applies(&late, day(-30)));
    assert_eq!(discount.of(&stay(3), day(-30)).unwrap().minor, 7_000);
}

#[test]
fn the_step_nearest_to_the_arrival_counts() {
    let rule = [(60, 15), (30, 50), (1, 100)].map(|(days_before, percent)| CancellationStep {
        days_before,
        percent: Decimal::from(percent),
    });
    let fee = |left: i32| cancellation_fee(&rule, &stay(7), day(-left)).unwrap().minor;
    assert_eq!([fee(90), fee(61), fee(60), fee(31)], [0, 0, 10_500, 10_500]);
    assert_eq!(
        [fee(30), fee(2), fee(1), fee(0), fee(-1)],
        [35_000, 35_000, 70_000, 70_000, 70_000]
    );
}
