use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::testing::cases;

const ZONES: [&str; 11] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "America/Scoresbysund",
    "UTC",
];

fn zone(name: &str) -> Zone {
    Zone::new(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn nights_lie_end_to_end_from_noon_to_noon_in_every_zone(
        name in prop::sample::select(&ZONES[..]), day in 0..4_000_i64, length in 1..40_i64,
    ) {
        let zone = zone(name);
        let arrival = date(2024, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let departure = arrival.checked_add(jiff::Span::new().days(length)).unwrap();
        let stay = night_instants(&zone, arrival, departure).unwrap();
        prop_assert_eq!(zone.local(stay.starts_at), arrival.to_datetime(NOON));
        prop_assert_eq!(zone.local(stay.ends_at), departure.to_datetime(NOON));
        let mut here = stay.starts_at;
        for night in each_night(arrival, departure) {
            let single = night_instants(&zone, night, night.tomorrow().unwrap()).unwrap();
            prop_assert_eq!(single.starts_at, here);
            here = single.ends_at;
        }
        prop_assert_eq!(here, stay.ends_at);
        prop_assert_eq!(i64::from(nights(arrival, departure)), length);
    }

    #[test]
    fn a_local_time_is_refused_or_comes_back_from_its_instant(
        name in prop::sample::select(&ZONES[..]), day in 0..4_000_i64, minute in 0..1_440_i64,
    ) {
        let zone = zone(name);
        let day = date(2024, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let time = Time::midnight().wrapping_add(jiff::Span::new().minutes(minute));
        match zone.instant(day, time) {
            Ok(instant) => prop_assert_eq!(zone.local(instant), day.to_datetime(time)),
            Err(error) => prop_assert_eq!(error, BadLocalTime::Skipped(day.to_datetime(time))),
        }
    }
}

#[test]
fn a_time_that_clocks_jump_over_is_refused() {
    let spring = date(2026, 3, 29);
    let skipped = jiff::civil::time(2, 30, 0, 0);
    let refused = zone("Europe/Berlin").instant(spring, skipped);
    assert_eq!(
        refused,
        Err(BadLocalTime::Skipped(spring.to_datetime(skipped)))
    );
}

#[test]
fn of_a_time_that_occurs_twice_the_first_is_meant() {
    let autumn = zone("Europe/Berlin").instant(date(2026, 10, 25), jiff::civil::time(2, 30, 0, 0));
    assert_eq!(autumn, Ok(at("2026-10-25T00:30:00Z")));
}

#[test]
fn a_stay_over_the_change_of_clocks_still_turns_over_at_noon() {
    let berlin = zone("Europe/Berlin");
    let night = night_instants(&berlin, date(2026, 3, 28), date(2026, 3, 29)).unwrap();
    assert_eq!(night.starts_at, at("2026-03-28T11:00:00Z"));
    assert_eq!(night.ends_at, at("2026-03-29T10:00:00Z"));
}

#[test]
fn a_stay_of_no_nights_is_no_period() {
    let day = date(2026, 12, 24);
    assert_eq!(night_instants(&Zone::UTC, day, day), Err(BadPeriod::Empty));
    let before = day.yesterday().unwrap();
    assert_eq!(
        night_instants(&Zone::UTC, day, before),
        Err(BadPeriod::Empty)
    );
    assert_eq!(nights(day, before), -1);
    assert_eq!(each_night(day, before).count(), 0);
}

#[test]
fn the_night_that_apia_skipped_cannot_be_slept_in() {
    let apia = zone("Pacific/Apia");
    let skipped = night_instants(&apia, date(2011, 12, 30), date(2011, 12, 31));
    assert_eq!(skipped, Err(BadPeriod::Empty));
    assert!(night_instants(&apia, date(2011, 12, 29), date(2011, 12, 31)).is_ok());
}

#[test]
fn years_far_away_are_errors_and_not_panics() {
    for arrival in [Date::MIN, Date::MAX.yesterday().unwrap()] {
        let departure = arrival.tomorrow().unwrap();
        for name in ZONES {
            let _ = night_instants(&zone(name), arrival, departure);
        }
    }
    assert_eq!(nights(Date::MIN, Date::MAX), 7_304_483);
    assert_eq!(
        each_night(Date::MAX.yesterday().unwrap(), Date::MAX).count(),
        1
    );
}

#[test]
fn what_day_it_is_depends_on_the_place() {
    let now = at("2026-12-31T23:30:00Z");
    assert_eq!(today(&zone("Europe/Berlin"), now), date(2027, 1, 1));
    assert_eq!(today(&zone("America/New_York"), now), date(2026, 12, 31));
}

#[test]
fn a_zone_is_known_by_its_name_only() {
    assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
    assert_eq!(Zone::UTC.name(), "UTC");
    assert_eq!(Zone::UTC, zone("UTC"));
    for unknown in [
        "",
        "Mars/Olympus",
        "EST5EDT4,M3.2.0",
        "../etc/passwd",
        "+02:00",
    ] {
        assert_eq!(Zone::new(unknown), Err(UnknownZone), "{unknown:?}");
    }
    assert_eq!(
        serde_json::to_string(&zone("Asia/Kathmandu")).unwrap(),
        r#""Asia/Kathmandu""#
    );
    assert!(serde_json::from_str::<Zone>(r#""Nowhere""#).is_err());
}

#[test]
fn a_period_contains_its_start_and_not_its_end() {
    let (noon, later) = (at("2026-01-01T12:00:00Z"), at("2026-01-02T12:00:00Z"));
    let period = Period::new(noon, later).unwrap();
    assert!(period.contains(noon) && !period.contains(later));
    assert_eq!(Period::new(noon, noon), Err(BadPeriod::Empty));
    let next = Period::new(later, at("2026-01-03T12:00:00Z")).unwrap();
    assert!(!period.overlaps(&next) && !next.overlaps(&period));
}

#[test]
fn a_part_of_a_second_counts_as_taken() {
    let period = Period::new(at("1969-12-31T23:59:58.5Z"), at("1970-01-01T00:00:00.5Z")).unwrap();
    assert_eq!((period.start_second(), period.end_second()), (-2, 1));
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn turnovers_are_the_beginnings_of_the_nights_one_by_one(
        name in prop::sample::select(&ZONES[..]),
        start in 0_i32..40_000,
        count in 0_usize..500,
    ) {
        let zone = zone(name);
        let first = Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(start));
        let edges = turnovers(&zone, first, count);
        prop_assert_eq!(edges.len(), count + 1);
        let mut last = None;
        for (edge, day) in edges.iter().zip(first.series(jiff::Span::new().days(1))) {
            let night = night_instants(&zone, day, day.tomorrow().unwrap());
            let expected = night.map_or_else(|_| last.unwrap_or(*edge), |night| night.start_second());
            prop_assert_eq!(*edge, expected, "{} in {}", day, name);
            last = Some(expected);
        }
    }
}
