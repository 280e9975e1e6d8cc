use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::lane::{self, Taken};
use crate::testing::cases;

/// The day of May 2026 with this number.
fn may(day: i8) -> Date {
    date(2026, 5, day)
}

fn day(number: i8, set: impl FnOnce(&mut CalendarDay)) -> CalendarDay {
    let mut day = CalendarDay::new(may(number));
    set(&mut day);
    day
}

fn judge(days: &[CalendarDay], rules: &StayRules, from: i8, to: i8) -> Result<(), Restriction> {
    judge_stay(
        |date| days.iter().find(|day| day.day == date),
        rules,
        may(from),
        may(to),
    )
}

fn refused(day: i8, rule: Rule) -> Result<(), Restriction> {
    Err(Restriction {
        day: may(day),
        rule,
    })
}

const FREE: StayRules = StayRules {
    strategy: super::Strategy::FirstNight,
    min_stay: None,
    max_stay: None,
    exception_closes: false,
};
const THROUGH: StayRules = StayRules {
    strategy: super::Strategy::StayThrough,
    ..FREE
};

#[test]
fn no_check_in_blocks_arrival_on_that_day_and_nothing_else() {
    let days = [day(10, |day| day.no_check_in = true)];
    assert_eq!(judge(&days, &FREE, 10, 12), refused(10, Rule::NoCheckIn));
    assert_eq!(judge(&days, &FREE, 9, 12), Ok(()));
    assert_eq!(judge(&days, &FREE, 8, 10), Ok(()));
}

#[test]
fn no_check_out_blocks_departure_on_that_day_and_nothing_else() {
    let days = [day(10, |day| day.no_check_out = true)];
    assert_eq!(judge(&days, &FREE, 8, 10), refused(10, Rule::NoCheckOut));
    assert_eq!(judge(&days, &FREE, 9, 12), Ok(()));
    assert_eq!(judge(&days, &FREE, 10, 12), Ok(()));
}

#[test]
fn a_closed_night_blocks_whoever_sleeps_through_it_and_not_who_leaves_that_day() {
    let days = [day(10, |day| day.closed = true)];
    assert_eq!(judge(&days, &FREE, 9, 11), refused(10, Rule::Closed));
    assert_eq!(judge(&days, &FREE, 10, 11), refused(10, Rule::Closed));
    assert_eq!(judge(&days, &FREE, 8, 10), Ok(()));
}

#[test]
fn an_exception_is_neutral_unless_exceptional_days_are_closed() {
    let days = [day(10, |day| day.exception = true)];
    assert_eq!(judge(&days, &FREE, 9, 11), Ok(()));
    let closing = StayRules {
        exception_closes: true,
        ..FREE
    };
    assert_eq!(judge(&days, &closing, 9, 11), refused(10, Rule::Exception));
    assert_eq!(judge(&days, &closing, 8, 10), Ok(()));
}

#[test]
fn by_the_first_night_only_the_day_of_arrival_sets_the_length() {
    let days = [
        day(10, |day| day.min_stay = Some(5)),
        day(11, |day| day.min_stay = Some(9)),
    ];
    assert_eq!(judge(&days, &FREE, 10, 14), refused(10, Rule::MinStay(5)));
    assert_eq!(judge(&days, &FREE, 10, 15), Ok(()));
    assert_eq!(judge(&days, &FREE, 9, 12), Ok(()));
}

#[test]
fn by_stay_through_every_night_sets_the_length_and_the_day_of_departure_does_not() {
    let days = [day(11, |day| {
        (day.min_stay, day.max_stay) = (Some(3), Some(4))
    })];
    assert_eq!(
        judge(&days, &THROUGH, 10, 12),
        refused(11, Rule::MinStay(3))
    );
    assert_eq!(
        judge(&days, &THROUGH, 10, 15),
        refused(11, Rule::MaxStay(4))
    );
    assert_eq!(judge(&days, &THROUGH, 10, 13), Ok(()));
    assert_eq!(judge(&days, &THROUGH, 10, 11), Ok(()));
}

#[test]
fn the_rules_of_the_resource_bind_even_where_the_calendar_is_looser() {
    let days = [day(10, |day| {
        (day.min_stay, day.max_stay) = (Some(1), Some(99))
    })];
    let rules = StayRules {
        min_stay: Some(2),
        max_stay: Some(3),
        ..FREE
    };
    assert_eq!(judge(&days, &rules, 10, 11), refused(10, Rule::MinStay(2)));
    assert_eq!(judge(&days, &rules, 10, 14), refused(10, Rule::MaxStay(3)));
    assert_eq!(judge(&days, &rules, 10, 12), Ok(()));
}

#[test]
fn a_stay_needs_a_night_and_ends_within_ten_years() {
    assert_eq!(judge(&[], &FREE, 10, 10), refused(10, Rule::NoNight));
    assert_eq!(judge(&[], &FREE, 10, 9), refused(10, Rule::NoNight));
    let endless = judge_stay(|_| None, &FREE, may(1), Date::MAX);
    assert_eq!(
        endless,
        Err(Restriction {
            day: may(1),
            rule: Rule::MaxStay(LONGEST_STAY)
        })
    );
    let back = judge_stay(|_| None, &FREE, Date::MAX, Date::MIN);
    assert_eq!(
        back.map_err(|restriction| restriction.rule),
        Err(Rule::NoNight)
    );
}

#[test]
fn a_limit_on_what_is_sold_binds_on_its_night_only() {
    let days = [day(10, |day| day.sell_limit = Some(1)), day(11, |_| {})];
    let limits = limits(&Zone::UTC, &days).unwrap();
    let stay = |from: i8, to: i8| {
        let period = time::night_instants(&Zone::UTC, may(from), may(to)).unwrap();
        Taken::new(&period, 1)
    };
    let taken = [stay(9, 12)];
    assert!(lane::fits_under(&taken, &stay(10, 11), 2, &limits).is_err());
    assert!(lane::fits_under(&taken, &stay(11, 12), 2, &limits).is_ok());
    assert!(lane::fits_under(&taken, &stay(9, 10), 2, &limits).is_ok());
}

#[test]
fn days_that_differ_in_one_setting_do_not_have_the_same_settings() {
    let plain = day(1, |_| {});
    assert!(plain.is_plain());
    assert!(plain.same_settings(&day(2, |_| {})));
    let changes: [fn(&mut CalendarDay); 9] = [
        |day| day.sell_limit = Some(0),
        |day| day.min_stay = Some(1),
        |day| day.max_stay = Some(1),
        |day| day.closed = true,
        |day| day.no_check_in = true,
        |day| day.no_check_out = true,
        |day| day.exception = true,
        |day| day.multiplier = Some(Decimal::TWO),
        |day| _ = day.prices.insert(1, Decimal::TEN),
    ];
    for change in changes {
        let changed = day(2, change);
        assert!(!changed.is_plain());
        assert!(!plain.same_settings(&changed) && !changed.same_settings(&plain));
    }
}

#[test]
fn a_calendar_day_keeps_its_prices_exact_in_json() {
    let price: Decimal = "119.95".parse().unwrap();
    let set = day(3, |day| _ = day.prices.insert(16, price));
    let json = serde_json::to_string(&set).unwrap();
    // The date is kept beside the settings, so those of another day are written alike.
    let other = day(4, |day| _ = day.prices.insert(16, price));
    assert_eq!(serde_json::to_string(&other).unwrap(), json);
    let read = serde_json::from_str::<CalendarDay>(&json).unwrap();
    assert!(read.same_settings(&set));
    let short: CalendarDay = serde_json::from_str(r#"{"day":"2026-05-03"}"#).unwrap();
    assert!(short.is_plain());
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn compressed_days_are_the_same_days_in_as_few_stretches_as_possible(
        days in vec((1..3_i64, 0..3_u8), 0..60),
    ) {
        let mut here = may(1);
        let mut written = Vec::new();
        for (step, value) in days {
            written.push((here, value));
            here = here.checked_add(jiff::Span::new().days(step)).unwrap();
        }
        let stretches = compress(written.clone());
        let mut spread = Vec::new();
        for (from, to, value) in &stretches {
            spread.extend(time::each_night(*from, to.tomorrow().unwrap()).map(|day| (day, *value)));
        }
        prop_assert_eq!(spread, written);
        for pair in stretches.windows(2) {
            let touching = pair[0].1.tomorrow().unwrap() == pair[1].0;
            prop_assert!(!touching || pair[0].2 != pair[1].2);
        }
    }
}
