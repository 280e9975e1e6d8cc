//! A made-up country of rooms, to measure with. The same seed makes the same rooms.
//!
//! Each room type has a price of its own for every day of two years, as revenue programs set them: a season,
//! a weekday and some noise, in whole units of money; restrictions here and there; and is about sixty per
//! cent full, in stays of a few nights.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    calendar::{CalendarDay, StayRules, Strategy},
    id::Id,
    money::Currency,
    party::Room,
    rate::{PriceFor, RatePlan, Sheet},
    time::{Date, Zone, date_of, day_number},
};
use rust_decimal::Decimal;

use crate::{
    Amenity, AmenityValue, Attributes, Count, DAYS, Entry, HORIZON_DAYS, Index, Resource, Terms,
};

/// An index of so many room types, from a day on.
#[must_use]
pub fn index(resources: u32, first: Date, seed: u64) -> Index {
    let mut index = Index::default();
    let mut chance = Chance(seed);
    for number in 1..=resources {
        index.put(entry(number, first, &mut chance));
    }
    index
}

fn entry(number: u32, first: Date, chance: &mut Chance) -> Entry {
    let resource = resource(number, chance);
    let capacity = 1 + chance.below(12);
    let days = calendar(first, chance);
    let sheet = Sheet {
        days,
        plans: resource.plans.clone(),
    };
    let book = BTreeMap::from([(resource.id, sheet)]);
    let taken = taken(capacity, chance);
    Entry::new(
        Arc::new(Terms::new(resource, &book, first)),
        capacity,
        &taken,
    )
}

fn resource(number: u32, chance: &mut Chance) -> Resource {
    let id = |number: i64| Id::new(number).unwrap_or(Id::SMALLEST);
    let people = 2 + chance.below(7) as u16;
    let standard = RatePlan {
        price_for: PriceFor::UpToPerson(2),
        extra_person: 15.into(),
        extra_child: 10.into(),
        ..RatePlan::new(1)
    };
    let flexible = RatePlan {
        offer: 2,
        ..RatePlan::new(2)
    };
    let amenity = |number: i64| Amenity {
        id: id(1_000 + number),
        value: AmenityValue::Flag(true),
    };
    let amenities = (0..40).filter(|_| chance.below(4) == 0);
    let amenities = amenities.map(amenity).collect();
    let mut attributes = Attributes {
        country: ["DE", "NL", "AT", "FR"][chance.below(4) as usize].to_owned(),
        amenities,
        segments: vec![id(1 + chance.below(12))],
        score: Some(Decimal::new(chance.below(100), 1)),
        highlighted: chance.below(20) == 0,
        ..Attributes::default()
    };
    attributes.counts[Count::Bedrooms as usize] = Some(people.div_ceil(2));
    Resource {
        id: id(1_000_000 + i64::from(number)),
        organization_id: id(10_000 + i64::from(number / 20)),
        zone: Zone::UTC,
        currency: Currency::EUR,
        room: Room {
            people: Some(people),
            ..Room::default()
        },
        rules: StayRules {
            strategy: Strategy::FirstNight,
            ..StayRules::default()
        },
        plans: vec![standard, flexible],
        attributes,
    }
}

fn calendar(first: Date, chance: &mut Chance) -> BTreeMap<Date, CalendarDay> {
    let base = 60 + chance.below(140);
    let first = day_number(first);
    let day = |number: i64| {
        let mut day = CalendarDay::new(date_of(number)?);
        let summer = (number.rem_euclid(365) - 182).abs();
        let weekend = if number.rem_euclid(7) < 2 { 25 } else { 0 };
        let price = base + (182 - summer) / 3 + weekend + chance.below(20);
        day.prices = [(1, price.into()), (2, (price + 20).into())].into();
        day.min_stay = (chance.below(30) == 0).then_some(3);
        day.no_check_in = chance.below(40) == 0;
        day.no_check_out = chance.below(40) == 0;
        Some((day.day, day))
    };
    (first..first + DAYS as i64).filter_map(day).collect()
}

/// What is taken of each night: stays one after another in each unit, with gaps between.
fn taken(capacity: i64, chance: &mut Chance) -> Vec<i64> {
    let mut taken = vec![0; DAYS];
    for _ in 0..capacity {
        let mut day = chance.below(5) as usize;
        while day < HORIZON_DAYS as usize {
            let nights = 2 + chance.below(6) as usize;
            for night in taken.iter_mut().skip(day).take(nights) {
                *night += 1;
            }
            day += nights + chance.below(7) as usize;
        }
    }
    taken
}

/// Numbers from a seed (SplitMix64): good enough for made-up rooms, the same on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound.unsigned_abs().max(1)) as i64
    }
}
