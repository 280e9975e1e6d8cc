//! Single answers that can be checked by hand.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    calendar::{CalendarDay, StayRules},
    id::Id,
    money::{Currency, Money},
    party::{Party, Room},
    rate::{PriceFor, RatePlan, Sheet},
    time::{Date, Timestamp, Zone, date_of, day_number},
};
use search::*;

use crate::world::id;

const TODAY: Date = Date::constant(2026, 11, 22);

fn now() -> Timestamp {
    "2026-11-22T10:30:00Z".parse().unwrap()
}

fn day(number: i64) -> Date {
    date_of(day_number(TODAY) + number).unwrap()
}

/// A resource for two in which every night costs 100 a person, changed by `change`.
fn entry_of(number: i64, capacity: i64, change: impl Fn(i64, &mut CalendarDay)) -> Entry {
    let plan = RatePlan {
        price_for: PriceFor::PerPerson,
        ..RatePlan::new(1)
    };
    let resource = Resource {
        id: id(number),
        organization_id: id(100),
        zone: Zone::UTC,
        currency: Currency::EUR,
        room: Room {
            people: Some(2),
            ..Room::default()
        },
        rules: StayRules::default(),
        plans: vec![plan],
        attributes: Attributes::default(),
    };
    let days = (-2..DAYS as i64 - 2).map(|number| {
        let mut set = CalendarDay::new(day(number));
        set.prices.insert(1, 100.into());
        change(number, &mut set);
        (set.day, set)
    });
    let sheet = Sheet {
        days: days.collect(),
        plans: resource.plans.clone(),
    };
    let book = BTreeMap::from([(resource.id, sheet)]);
    let terms = Terms::new(resource, &book, day(-2));
    Entry::new(Arc::new(terms), capacity, &vec![0; DAYS])
}

fn index(entries: impl IntoIterator<Item = Entry>) -> Index {
    let mut index = Index::default();
    entries.into_iter().for_each(|entry| index.put(entry));
    index
}

fn two(nights: (u16, u16)) -> Query {
    Query {
        nights,
        arrival: Some(DateRange::new(day(0), day(10))),
        ..Query::new(now(), Party::new(2, 0))
    }
}

fn arrivals(found: &Found) -> Vec<i64> {
    let hits = found.hits.iter();
    hits.map(|hit| day_number(hit.arrival) - day_number(TODAY))
        .collect()
}

#[test]
fn a_stay_is_found_with_the_price_of_its_party() {
    let index = index([entry_of(7, 1, |_, _| {})]);
    let query = Query {
        arrival: Some(DateRange::new(day(3), day(4))),
        ..two((2, 2))
    };
    let found = index.search(&query).unwrap();
    let hit = Hit {
        resource_id: id(7),
        organization_id: id(100),
        arrival: day(3),
        nights: 2,
        price: Money::new(40_000, Currency::EUR),
        off: Money::zero(Currency::EUR),
        plan: 1,
        offer: 1,
    };
    assert_eq!(found.hits, [hit]);
    assert_eq!(hit.departure(), day(5));
    let many = Query {
        party: Party::new(3, 0),
        ..query
    };
    assert_eq!(index.search(&many), Ok(Found::default()));
}

#[test]
fn a_night_that_is_taken_closed_or_without_a_price_is_slept_in_by_nobody() {
    let taken: Vec<i64> = (0..DAYS as i64)
        .map(|place| i64::from(place == 5))
        .collect();
    let open = entry_of(1, 1, |_, _| {});
    let sold = Entry::new(Arc::clone(open.terms()), 1, &taken);
    let closed = entry_of(2, 1, |number, day| day.closed = number == 3);
    let unpriced = entry_of(3, 1, |number, day| {
        if number == 3 {
            day.prices.clear();
        }
    });
    let limited = entry_of(4, 9, |number, day| {
        day.sell_limit = (number == 3).then_some(0)
    });
    for entry in [sold, closed, unpriced, limited] {
        let found = index([entry]).search(&two((2, 2))).unwrap();
        assert_eq!(arrivals(&found), [0, 1, 4, 5, 6, 7, 8, 9]);
    }
}

#[test]
fn one_left_in_every_night_is_one_left_for_the_whole_stay() {
    // Of three units two are taken each night, whichever they are.
    let open = entry_of(1, 3, |_, _| {});
    let entry = Entry::new(Arc::clone(open.terms()), 3, &vec![2; DAYS]);
    assert_eq!(index([entry]).search(&two((9, 9))).unwrap().stays, 10);
}

#[test]
fn nothing_is_found_before_today_or_beyond_the_horizon() {
    let index = index([entry_of(1, 1, |_, _| {})]);
    let past = Query {
        arrival: Some(DateRange::new(day(-2), day(2))),
        ..two((1, 1))
    };
    assert_eq!(arrivals(&index.search(&past).unwrap()), [0, 1]);
    let far = Query {
        arrival: Some(DateRange::new(day(HORIZON_DAYS - 4), day(HORIZON_DAYS + 9))),
        ..two((2, 2))
    };
    let found = index.search(&far).unwrap();
    assert_eq!(
        arrivals(&found),
        [HORIZON_DAYS - 4, HORIZON_DAYS - 3, HORIZON_DAYS - 2]
    );
}

#[test]
fn an_entry_that_is_put_again_is_replaced_and_one_that_is_removed_is_gone() {
    let mut index = index([entry_of(2, 1, |_, _| {}), entry_of(1, 1, |_, _| {})]);
    assert_eq!(index.len(), 2);
    let before = index.clone();
    index.put(entry_of(2, 0, |_, _| {}));
    assert_eq!(index.len(), 2);
    assert_eq!(index.search(&two((1, 1))).unwrap().resources, 1);
    assert!(index.remove(id(1)));
    assert!(!index.remove(id(1)));
    assert!(index.get(id(1)).is_none() && index.get(id(2)).is_some());
    assert_eq!(index.search(&two((1, 1))).unwrap().resources, 0);
    assert_eq!(before.search(&two((1, 1))).unwrap().resources, 2);
}

#[test]
fn what_asks_for_too_much_is_refused_with_a_reason() {
    let index = index((1..=40).map(|number| entry_of(number, 1, |_, _| {})));
    let refused = |change: fn(&mut Query)| {
        let mut query = two((1, 1));
        change(&mut query);
        index.search(&query)
    };
    for nights in [(0, 1), (3, 2), (1, MOST_NIGHTS + 1)] {
        assert_eq!(index.search(&two(nights)), Err(BadQuery::Nights));
    }
    let backwards = |query: &mut Query| query.arrangement = Some(DateRange::new(day(3), day(2)));
    assert_eq!(refused(backwards), Err(BadQuery::Nights));
    let eleven = |query: &mut Query| query.sorters = vec![Sorter::ascending(Sort::Price); 11];
    assert_eq!(refused(eleven), Err(BadQuery::Sorters));
    let shown = |query: &mut Query| query.limiter = Limiter::stays(MOST_SHOWN + 1);
    assert_eq!(refused(shown), Err(BadQuery::Shown));
    let endless = |query: &mut Query| query.limiter.offset = usize::MAX;
    assert_eq!(refused(endless), Err(BadQuery::Shown));
    let wide = |query: &mut Query| {
        query.arrival = None;
        query.nights = (1, 60);
    };
    assert_eq!(refused(wide), Err(BadQuery::TooWide));
    // Two years of arrivals with a month's lengths are fine in forty resources.
    let month = |query: &mut Query| {
        query.arrival = None;
        query.nights = (1, 30);
    };
    assert!(refused(month).unwrap().stays > 800_000);
}

#[test]
fn groups_are_counted_and_cut_by_the_limiter() {
    let index = index((1..=5).map(|number| {
        entry_of(number, 1, move |at, day| {
            day.prices.insert(1, (100 + number * 10 + at).into());
        })
    }));
    let query = Query {
        sorters: vec![Sorter::descending(Sort::Price)],
        limiter: Limiter {
            offset: 1,
            stays: 2,
            ..Limiter::each(Limited::Resources, 2)
        },
        ..two((1, 1))
    };
    let found = index.search(&query).unwrap();
    let shown: Vec<(Id, i64)> = found
        .hits
        .iter()
        .map(|hit| (hit.resource_id, hit.price.minor))
        .collect();
    let euros = |number: i64, euros: i64| (id(number), euros * 2 * 100);
    assert_eq!(
        shown,
        [euros(4, 149), euros(4, 148), euros(3, 139), euros(3, 138)]
    );
    assert_eq!((found.groups, found.stays, found.resources), (5, 50, 5));
}

#[test]
fn an_entry_with_a_price_for_every_day_takes_few_bytes() {
    let entry = entry_of(1, 1, |number, day| {
        day.prices.insert(1, (100 + number % 200).into());
    });
    assert!(entry.bytes() < 6_000, "{} bytes", entry.bytes());
}

/// What a search costs follows from what may be had, not from how long the calendars are.
#[test]
fn a_search_looks_at_the_days_asked_about_and_at_no_resource_that_can_not_be_meant() {
    let open = (1..=20).map(|number| entry_of(number, 1, |_, _| {}));
    let sold = (21..=60).map(|number| entry_of(number, 0, |_, _| {}));
    let index = index(open.chain(sold));
    let week = Query {
        arrival: Some(DateRange::new(day(0), day(31))),
        ..two((7, 7))
    };
    let (found, effort) = index.search_counted(&week).unwrap();
    let expected = Effort {
        resources: 60,
        nights_priced: 20 * (31 + 7),
        stays_tried: 20 * 31,
    };
    assert_eq!((found.stays, effort), (20 * 31, expected));
    let of_three = Query {
        resources: Choice::only(vec![id(3), id(4), id(40)]),
        limiter: Limiter::each(Limited::Resources, 1),
        ..week
    };
    // Once over all three to know the groups, once more over the one that is shown.
    let (found, effort) = index.search_counted(&of_three).unwrap();
    let expected = Effort {
        resources: 3 + 1,
        nights_priced: 3 * (31 + 7),
        stays_tried: 3 * 31,
    };
    assert_eq!((found.hits.len(), effort), (1, expected));
}

#[test]
fn a_stay_is_as_long_as_one_unit_can_be_had_for() {
    let index = index([entry_of(1, 1, |_, _| {})]);
    let query = Query {
        reach: Some(Reach::new(day(2), vec![0, 1, 3, 2])),
        ..two((2, 3))
    };
    let found = index.search(&query).unwrap();
    let stays: Vec<(i64, u16)> = arrivals(&found)
        .into_iter()
        .zip(found.hits.iter().map(|hit| hit.nights))
        .collect();
    assert_eq!(stays, [(4, 2), (4, 3), (5, 2)]);
    assert_eq!(query.touched(), Ok(DateRange::new(day(0), day(13))));
}
