//! Small worlds, made of a seed: a few resources with every kind of price, rule and booking.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    calendar::{CalendarDay, StayRules, Strategy},
    charge::Discount,
    id::Id,
    lane::{Taken, peak},
    money::Currency,
    party::{Party, Room},
    rate::{Linking, PriceFor, RatePlan, Sheet},
    reduction::{Reduction, Reductions},
    time::{Date, Timestamp, Zone, date_of, day_number, turnovers},
};
use rust_decimal::Decimal;
use search::*;

/// Draws of a seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound.unsigned_abs()) as i64
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }

    pub fn maybe<T>(&mut self, times: i64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as i64) as usize].clone()
    }
}

pub fn id(number: i64) -> Id {
    Id::new(number).unwrap()
}

/// A resource and what is taken of it.
pub struct Place {
    pub resource: Resource,
    pub capacity: i64,
    pub taken: Vec<Taken>,
}

pub struct World {
    pub now: Timestamp,
    /// The day from which calendars, bookings and queries count.
    pub start: i64,
    pub places: Vec<Place>,
    pub book: BTreeMap<Id, Sheet>,
}

/// Calendars say something about so many days around the start.
const SET_DAYS: std::ops::Range<i64> = -3..45;

impl World {
    pub fn new(chance: &mut Chance) -> Self {
        let now: Timestamp = "2026-11-22T10:30:00Z".parse().unwrap();
        let start = day_number(Date::constant(2026, 11, 22));
        let count = 1 + chance.below(6);
        let (mut places, mut book) = (Vec::new(), BTreeMap::new());
        for number in 1..=count {
            let place = place(number, count, start, chance);
            let sheet = Sheet {
                days: calendar(start, chance),
                plans: place.resource.plans.clone(),
            };
            book.insert(place.resource.id, sheet);
            places.push(place);
        }
        Self {
            now,
            start,
            places,
            book,
        }
    }

    pub fn index(&self) -> Index {
        let mut index = Index::default();
        // The order in which they are put in says nothing, and neither does what was there before.
        for place in self.places.iter().rev().chain(&self.places) {
            let first = date_of(self.start - 2).unwrap();
            let terms = Terms::new(place.resource.clone(), &self.book, first);
            let edges = turnovers(&place.resource.zone, first, DAYS);
            let nights = edges.windows(2);
            let taken: Vec<i64> = nights
                .map(|night| peak(&place.taken, night[0], night[1]))
                .collect();
            index.put(Entry::new(Arc::new(terms), place.capacity, &taken));
        }
        index
    }

    pub fn range(&self, chance: &mut Chance) -> DateRange {
        let first = self.start - 3 + chance.below(40);
        let until = first + chance.below(12) - 1;
        DateRange::new(date_of(first).unwrap(), date_of(until).unwrap())
    }

    pub fn query(&self, chance: &mut Chance) -> Query {
        let party = Party {
            adults: chance.below(4) as u16,
            children: chance.below(3) as u16,
            infants: chance.below(2) as u16,
        };
        let fewest = 1 + chance.below(5) as u16;
        let mut query = Query::new(self.now, party);
        query.nights = (fewest, fewest + chance.below(5) as u16);
        query.arrival = match chance.below(20) {
            0 => None,
            _ => Some(self.range(chance)),
        };
        query.overlaps = chance.maybe(6, |chance| self.range(chance));
        query.includes = chance.maybe(8, |chance| self.range(chance));
        query.weekdays = match chance.below(4) {
            0 => Weekdays::of(&[chance.below(7) as u8, chance.below(7) as u8, 9]),
            _ => Weekdays::ALL,
        };
        if chance.once_in(8) {
            let mut exact = self.range(chance);
            exact.until = date_of(day_number(exact.first) + 1 + chance.below(6)).unwrap();
            query.arrangement = Some(exact);
        }
        self.filter(&mut query, chance);
        query.reach = chance.maybe(8, |chance| {
            let longest = (0..chance.below(30))
                .map(|_| chance.below(6) as u16)
                .collect();
            Reach::new(self.range(chance).first, longest)
        });
        query.reductions = self.reductions(chance);
        query.sorters = sorters(self, chance);
        query.limiter = limiter(chance);
        query
    }

    fn reductions(&self, chance: &mut Chance) -> Reductions {
        let count = (chance.below(6) - 2).max(0);
        let all = (1..=count).map(|number| self.reduction(601 + number, chance));
        Reductions {
            all: all.collect(),
            only_wanted: chance.once_in(6),
        }
    }

    fn reduction(&self, number: i64, chance: &mut Chance) -> Reduction {
        let day = |chance: &mut Chance, around: i64| {
            date_of(self.start - around / 2 + chance.below(around)).unwrap()
        };
        Reduction {
            id: id(number),
            organization_id: chance.maybe(3, |chance| id(101 + chance.below(3))),
            resources: chance.maybe(3, |chance| {
                (0..chance.below(4))
                    .map(|_| id(1 + chance.below(7)))
                    .collect()
            }),
            discount: Discount {
                percent: chance
                    .pick(&["0", "10", "12.5", "33.333", "100"])
                    .parse()
                    .unwrap(),
                amount: chance.pick(&["0", "0", "25", "4.995"]).parse().unwrap(),
                min_nights: chance.maybe(3, |chance| 1 + chance.below(6) as u16),
                arrives_from: chance.maybe(4, |chance| day(chance, 40)),
                arrives_until: chance.maybe(4, |chance| day(chance, 80)),
                booked_from: chance.maybe(6, |chance| day(chance, 4)),
                booked_until: chance.maybe(6, |chance| day(chance, 4)),
            },
            booked_on: None,
            wanted: chance.once_in(2),
        }
    }

    fn filter(&self, query: &mut Query, chance: &mut Chance) {
        query.pets = chance.below(2) as u16;
        query.least_price = chance.maybe(4, |chance| Decimal::new(chance.below(60_000), 2));
        query.most_price = chance.maybe(4, |chance| Decimal::new(chance.below(120_000), 2));
        query.currency = chance.maybe(8, currency);
        query.within = chance.maybe(6, |chance| vec![id(101 + chance.below(3))]);
        query.resources = choice(chance, |chance| id(1 + chance.below(7)));
        query.organizations = choice(chance, |chance| id(101 + chance.below(3)));
        query.segments = choice(chance, |chance| id(201 + chance.below(3)));
        query.regions = choice(chance, |chance| id(301 + chance.below(3)));
        query.countries = choice(chance, |chance| chance.pick(&["de", "NL", "fr"]).to_owned());
        if chance.once_in(6) {
            query.amenities = vec![AmenityWanted {
                id: id(401 + chance.below(4)),
                value: chance.maybe(2, amenity_value),
            }];
        }
        if chance.once_in(6) {
            let least = chance.below(3) as u16;
            query.counts = vec![CountWanted {
                of: chance.pick(&Count::ALL),
                least,
                most: least + chance.below(3) as u16,
            }];
        }
        query.counts_segments = chance.once_in(2);
        query.counts_amenities = chance.once_in(2);
    }
}

fn choice<T: PartialEq>(chance: &mut Chance, draw: impl Fn(&mut Chance) -> T) -> Choice<T> {
    match chance.below(12) {
        0 => Choice::never(vec![draw(chance)]),
        1 => Choice {
            only: Some(vec![draw(chance), draw(chance), draw(chance)]),
            never: vec![draw(chance)],
        },
        _ => Choice::default(),
    }
}

fn currency(chance: &mut Chance) -> Currency {
    chance.pick(&[Currency::EUR, Currency::EUR, Currency::JPY, Currency::KWD])
}

fn amenity_value(chance: &mut Chance) -> AmenityValue {
    match chance.below(3) {
        0 => AmenityValue::Flag(chance.once_in(2)),
        1 => AmenityValue::Number(chance.below(3)),
        _ => AmenityValue::Option(id(501 + chance.below(2))),
    }
}

fn sorters(world: &World, chance: &mut Chance) -> Vec<Sorter> {
    let count = chance.below(4);
    let sorter = |_| Sorter {
        by: match chance.below(10) {
            0 => Sort::Nights,
            1 => Sort::NightsDistance(1 + chance.below(9) as u16),
            2 => Sort::Arrival,
            3 => Sort::ArrivalDistance(world.range(chance).first),
            4 => Sort::ArrangementDistance(world.range(chance)),
            5 => Sort::MaxGuests,
            6 => Sort::Highlighted,
            7 => Sort::Price,
            8 => Sort::AmenityMatches(vec![id(401), id(402), id(403)]),
            _ => Sort::Score,
        },
        descending: chance.once_in(2),
    };
    (0..count).map(sorter).collect()
}

fn limiter(chance: &mut Chance) -> Limiter {
    Limiter {
        of: chance.pick(&[
            Limited::Stays,
            Limited::Arrivals,
            Limited::Nights,
            Limited::Resources,
            Limited::Organizations,
        ]),
        offset: chance.below(4) as usize,
        limit: chance.below(30) as usize,
        resources: chance.maybe(2, |chance| chance.below(4) as usize),
        stays: chance.below(5) as usize,
    }
}

fn place(number: i64, count: i64, start: i64, chance: &mut Chance) -> Place {
    let zone = chance.pick(&[
        "UTC",
        "Europe/Berlin",
        "Pacific/Kiritimati",
        "Pacific/Honolulu",
    ]);
    let zone = Zone::new(zone).unwrap();
    let bound = |chance: &mut Chance| chance.maybe(3, |chance| 1 + chance.below(6) as u16);
    let room = Room {
        people: bound(chance),
        adults: bound(chance),
        children: bound(chance),
    };
    let rules = StayRules {
        strategy: chance.pick(&[Strategy::FirstNight, Strategy::StayThrough]),
        min_stay: chance.maybe(5, |chance| chance.below(4) as u16),
        max_stay: chance.maybe(5, |chance| 2 + chance.below(8) as u16),
        exception_closes: chance.once_in(2),
    };
    let resource = Resource {
        id: id(number),
        organization_id: id(101 + chance.below(3)),
        zone,
        currency: currency(chance),
        room,
        rules,
        plans: (1..=chance.below(4) as u8)
            .map(|plan| plan_of(plan, count, chance))
            .collect(),
        attributes: attributes(chance),
    };
    let second = (start - 3) * 86_400;
    let taken = (0..chance.below(25)).map(|_| {
        let starts_at = second + chance.below(45 * 4) * 21_600;
        Taken {
            starts_at,
            ends_at: starts_at + (1 + chance.below(16)) * 21_600,
            quantity: 1 + chance.below(2),
        }
    });
    Place {
        taken: taken.collect(),
        capacity: chance.below(7),
        resource,
    }
}

fn plan_of(number: u8, count: i64, chance: &mut Chance) -> RatePlan {
    RatePlan {
        name: "somehow".to_owned(),
        price_for: match chance.below(3) {
            0 => PriceFor::PerPerson,
            1 => PriceFor::MaxCapacity,
            _ => PriceFor::UpToPerson(chance.below(4) as u16),
        },
        extra_person: chance
            .pick(&["0", "7", "12.345", "1e20"])
            .parse()
            .unwrap_or(Decimal::MAX),
        extra_child: chance.pick(&["0", "5", "3.335"]).parse().unwrap(),
        min_stay: chance.maybe(6, |chance| 1 + chance.below(4) as u16),
        max_stay: chance.maybe(6, |chance| 2 + chance.below(6) as u16),
        offer: 1 + chance.below(3) as u8,
        min_days_until_check_in: chance.maybe(6, |chance| chance.below(9) as u16),
        max_days_until_check_in: chance.maybe(6, |chance| 5 + chance.below(30) as u16),
        linking: chance.maybe(3, |chance| Linking {
            resource: id(1 + chance.below(count)),
            number: 1 + chance.below(3) as u8,
            multiplier: chance.pick(&["1", "0.9", "0.333"]).parse().unwrap(),
            amount: chance.pick(&["0", "10", "-20"]).parse().unwrap(),
        }),
        ..RatePlan::new(number)
    }
}

fn attributes(chance: &mut Chance) -> Attributes {
    let mut counts = [None; Count::ALL.len()];
    for count in &mut counts {
        *count = chance.maybe(2, |chance| chance.below(4) as u16);
    }
    let amenities = (401..404).map(|number| Amenity {
        id: id(number),
        value: amenity_value(chance),
    });
    let amenities: Vec<Amenity> = amenities.collect();
    let kept = chance.below(4) as usize;
    Attributes {
        country: chance.pick(&["DE", "de", "NL", ""]).to_owned(),
        region: chance.maybe(2, |chance| id(301 + chance.below(3))),
        segments: (0..chance.below(4))
            .map(|_| id(201 + chance.below(3)))
            .collect(),
        amenities: amenities.into_iter().take(kept).collect(),
        counts,
        max_infants: chance.maybe(3, |chance| chance.below(2) as u16),
        max_pets: chance.maybe(3, |chance| chance.below(2) as u16),
        highlighted: chance.once_in(2),
        score: chance.maybe(2, |chance| Decimal::new(chance.below(90), 1)),
        archived: chance.once_in(12),
    }
}

fn calendar(start: i64, chance: &mut Chance) -> BTreeMap<Date, CalendarDay> {
    // Few different prices, so that stays often cost the same; and some of the awkward kind.
    let prices = [
        "80", "80", "95", "119.95", "0", "33.333", "0.005", "99999999", "-4", "1e27",
    ];
    let awkward = chance.once_in(3);
    let mut days = BTreeMap::new();
    for number in SET_DAYS {
        if chance.once_in(25) {
            continue;
        }
        let date = date_of(start + number).unwrap();
        let mut day = CalendarDay::new(date);
        for plan in 1..=3 {
            let known = if awkward { prices.len() } else { 4 };
            let price = chance.pick(&prices[..known]).parse();
            if chance.below(30) > 0 {
                day.prices.insert(plan, price.unwrap_or(Decimal::MAX));
            }
        }
        let factors = ["1", "1.1", "0.333", "-1", "0"];
        let factors = if awkward { &factors[..] } else { &factors[..2] };
        day.multiplier = chance.maybe(6, |chance| chance.pick(factors).parse().unwrap());
        day.sell_limit = chance.maybe(10, |chance| chance.below(4));
        day.min_stay = chance.maybe(12, |chance| chance.below(5) as u16);
        day.max_stay = chance.maybe(12, |chance| 2 + chance.below(6) as u16);
        day.closed = chance.once_in(25);
        day.no_check_in = chance.once_in(15);
        day.no_check_out = chance.once_in(15);
        day.exception = chance.once_in(15);
        days.insert(date, day);
    }
    days
}
