//! The answer by walking over everything: slow, and plain enough to be believed.

use std::cmp::Ordering;

use domain::{
    calendar::judge_stay,
    charge::{Discount, StayFacts},
    lane::{Limit, free_under},
    money::{Money, exponent},
    party::AgeGroups,
    rate::{Pricing, Wanted, cheapest_of_each_offer},
    time::{Date, date_of, day_number, each_night, night_instants, today},
};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};
use search::*;

use crate::world::{Place, World};

/// A stay that is to be had, with its resource.
#[derive(Clone, Copy)]
struct Stay<'a> {
    place: &'a Place,
    hit: Hit,
}

pub fn found(world: &World, query: &Query) -> Found {
    let mut stays = Vec::new();
    let mut found = Found::default();
    for place in world.places.iter().filter(|place| admits(query, place)) {
        let of_place = stays_in(world, query, place);
        if of_place.is_empty() {
            continue;
        }
        found.resources += 1;
        found.stays += of_place.len() as u64;
        let attributes = &place.resource.attributes;
        let mut segments = attributes.segments.clone();
        segments.sort();
        segments.dedup();
        for segment in segments.into_iter().filter(|_| query.counts_segments) {
            *found.segments.entry(segment).or_default() += 1;
        }
        for amenity in &attributes.amenities {
            if query.counts_amenities && amenity.value != AmenityValue::Flag(false) {
                *found.amenities.entry(amenity.id).or_default() += 1;
            }
        }
        stays.extend(of_place);
    }
    stays.sort_by(|one, other| compare(query, one, other));
    let groups = groups(query, &stays);
    found.groups = groups.len() as u64;
    let limiter = &query.limiter;
    let shown = groups.into_iter().skip(limiter.offset).take(limiter.limit);
    found.hits = shown.flat_map(|group| first_of(limiter, group)).collect();
    found
}

fn admits(query: &Query, place: &Place) -> bool {
    let resource = &place.resource;
    let attributes = &resource.attributes;
    let listed = |id, choice: &Choice<_>| {
        choice.only.as_ref().is_none_or(|only| only.contains(&id)) && !choice.never.contains(&id)
    };
    let country = attributes.country.to_uppercase();
    let is_country = |one: &String| one.to_uppercase() == country;
    let countries = &query.countries;
    let in_country = countries
        .only
        .as_ref()
        .is_none_or(|only| only.iter().any(is_country))
        && !countries.never.iter().any(is_country);
    let segments = &query.segments;
    let is_segment = |id| attributes.segments.contains(id);
    let in_segment = segments
        .only
        .as_ref()
        .is_none_or(|only| only.iter().any(is_segment))
        && !segments.never.iter().any(is_segment);
    let in_region = match attributes.region {
        Some(region) => listed(region, &query.regions),
        None => query.regions.only.is_none(),
    };
    let has = |wanted: &AmenityWanted| {
        let known = attributes.amenities.iter().find(|one| one.id == wanted.id);
        match (known.map(|one| one.value), wanted.value) {
            (None | Some(AmenityValue::Flag(false)), None) => false,
            (Some(_), None) => true,
            (has, Some(value)) => has == Some(value),
        }
    };
    let counted = |wanted: &CountWanted| {
        let place = Count::ALL.iter().position(|count| *count == wanted.of);
        let count = attributes.counts[place.unwrap()];
        count.is_some_and(|count| count >= wanted.least && count <= wanted.most)
    };
    let within = query.within.as_ref();
    !attributes.archived
        && within.is_none_or(|within| within.contains(&resource.organization_id))
        && query.currency.is_none_or(|one| one == resource.currency)
        && listed(resource.id, &query.resources)
        && listed(resource.organization_id, &query.organizations)
        && in_country
        && in_segment
        && in_region
        && query.amenities.iter().all(has)
        && query.counts.iter().all(counted)
        && attributes
            .max_infants
            .is_none_or(|most| query.party.infants <= most)
        && attributes.max_pets.is_none_or(|most| query.pets <= most)
}

fn stays_in<'a>(world: &'a World, query: &Query, place: &'a Place) -> Vec<Stay<'a>> {
    let today = day_number(today(&place.resource.zone, query.now));
    let mut stays = Vec::new();
    for arrival in today..today + HORIZON_DAYS {
        let nights = match query.arrangement {
            None => query.nights.0..=query.nights.1,
            Some(exact) => {
                let nights = day_number(exact.until) - day_number(exact.first);
                let nights = u16::try_from(nights).unwrap();
                nights..=nights
            }
        };
        for nights in nights {
            let departure = arrival + i64::from(nights);
            if departure > today + HORIZON_DAYS || !is_wanted(query, arrival, departure) {
                continue;
            }
            let dates = (date_of(arrival).unwrap(), date_of(departure).unwrap());
            stays.extend(stay(world, query, place, dates, nights));
        }
    }
    stays
}

fn is_wanted(query: &Query, arrival: i64, departure: i64) -> bool {
    let numbers = |range: DateRange| (day_number(range.first), day_number(range.until));
    let begins = query.arrival.map(numbers);
    let exact = query.arrangement.map(numbers);
    let includes = query.includes.map(numbers);
    let overlaps = query.overlaps.map(numbers);
    let reach = query.reach.as_ref();
    let reach = reach.map(|reach| i64::from(reach.longest(date_of(arrival).unwrap())));
    let weekday = date_of(arrival).unwrap().weekday().to_sunday_zero_offset();
    query.weekdays.contains(weekday as u8)
        && reach.is_none_or(|longest| departure - arrival <= longest)
        && begins.is_none_or(|(first, until)| first <= arrival && arrival < until)
        && exact.is_none_or(|stay| stay == (arrival, departure))
        && includes.is_none_or(|(first, until)| arrival <= first && until <= departure)
        && overlaps.is_none_or(|(first, until)| {
            (arrival..departure).any(|night| first <= night && night < until)
        })
}

/// The stay, if the calendar allows it, one is left, and it has a price.
fn stay<'a>(
    world: &'a World,
    query: &Query,
    place: &'a Place,
    (arrival, departure): (Date, Date),
    nights: u16,
) -> Option<Stay<'a>> {
    let resource = &place.resource;
    let days = &world.book[&resource.id].days;
    judge_stay(|date| days.get(&date), &resource.rules, arrival, departure).ok()?;
    let whole = night_instants(&resource.zone, arrival, departure).ok()?;
    let limit = |night: Date| {
        let at_most = days.get(&night)?.sell_limit?;
        let night = night_instants(&resource.zone, night, night.tomorrow().ok()?).ok()?;
        Some(Limit {
            starts_at: night.start_second(),
            ends_at: night.end_second(),
            at_most,
        })
    };
    let limits: Vec<Limit> = each_night(arrival, departure).filter_map(limit).collect();
    let (from, to) = (whole.start_second(), whole.end_second());
    if free_under(&place.taken, place.capacity, &limits, from, to) < 1 {
        return None;
    }
    let pricing = Pricing {
        resource: resource.id,
        room: resource.room,
        currency: resource.currency,
        book: &world.book,
    };
    let wanted = Wanted {
        arrival,
        departure,
        party: query.party,
        today: today(&resource.zone, query.now),
    };
    let quotes = cheapest_of_each_offer(&pricing, &resource.plans, &wanted);
    let quote = quotes.values().min_by_key(|quote| quote.total.minor)?;
    let facts = StayFacts {
        arrival,
        departure,
        group: AgeGroups::default(),
        rent: quote.total,
    };
    let off = taken_off(query, resource, &facts, wanted.today)?;
    let total = quote.total.minus(off).unwrap();
    let price = total.to_decimal();
    let pays = query.least_price.is_none_or(|least| price >= least)
        && query.most_price.is_none_or(|most| price <= most);
    pays.then_some(Stay {
        place,
        hit: Hit {
            resource_id: resource.id,
            organization_id: resource.organization_id,
            arrival,
            nights,
            price: total,
            off,
            plan: quote.plan,
            offer: quote.offer,
        },
    })
}

/// The largest discount of those that are for this resource, its days and its length; none for a stay that
/// has to get one that is wanted, and does not.
fn taken_off(query: &Query, resource: &Resource, stay: &StayFacts, today: Date) -> Option<Money> {
    let mut most = Money::zero(stay.rent.currency);
    let mut has_wanted = false;
    for one in &query.reductions.all {
        let Discount {
            percent,
            amount,
            min_nights,
            arrives_from,
            arrives_until,
            booked_from,
            booked_until,
        } = one.discount;
        let here = one
            .organization_id
            .is_none_or(|id| id == resource.organization_id)
            && one
                .resources
                .as_ref()
                .is_none_or(|ids| ids.contains(&resource.id));
        let nights = day_number(stay.departure) - day_number(stay.arrival);
        let long = min_nights.is_none_or(|least| nights >= i64::from(least));
        let arrives = arrives_from.is_none_or(|day| stay.arrival >= day)
            && arrives_until.is_none_or(|day| stay.arrival <= day);
        let booked = booked_from.is_none_or(|day| today >= day)
            && booked_until.is_none_or(|day| today <= day);
        if !(here && long && arrives && booked) {
            continue;
        }
        has_wanted |= one.wanted;
        let rent = Decimal::from(stay.rent.minor);
        let unit = Decimal::from(10_i64.pow(exponent(stay.rent.currency)));
        let half_up = RoundingStrategy::MidpointAwayFromZero;
        let of_rent = (rent * percent / Decimal::ONE_HUNDRED).round_dp_with_strategy(0, half_up);
        let flat = (amount * unit).round_dp_with_strategy(0, half_up);
        let off = (of_rent + flat)
            .to_i64()
            .unwrap()
            .clamp(0, stay.rent.minor.max(0));
        most.minor = most.minor.max(off);
    }
    (has_wanted || !query.reductions.only_wanted).then_some(most)
}

fn compare(query: &Query, one: &Stay<'_>, other: &Stay<'_>) -> Ordering {
    let sorters = query.sorters.iter().map(|sorter| by(sorter, one, other));
    let of_hit = |stay: &Stay<'_>| (stay.hit.arrival, stay.hit.nights, stay.hit.resource_id);
    sorters
        .fold(Ordering::Equal, Ordering::then)
        .then_with(|| of_hit(one).cmp(&of_hit(other)))
}

fn by(sorter: &Sorter, one: &Stay<'_>, other: &Stay<'_>) -> Ordering {
    let directed = |ordering: Ordering| {
        if sorter.descending {
            ordering.reverse()
        } else {
            ordering
        }
    };
    if sorter.by == Sort::Score {
        let score = |stay: &Stay<'_>| stay.place.resource.attributes.score;
        return match (score(one), score(other)) {
            (Some(one), Some(other)) => directed(one.cmp(&other)),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
    }
    directed(number(&sorter.by, one).cmp(&number(&sorter.by, other)))
}

fn number(by: &Sort, stay: &Stay<'_>) -> Decimal {
    let hit = &stay.hit;
    let resource = &stay.place.resource;
    let apart = |one: Date, other: Date| (day_number(one) - day_number(other)).abs();
    match by {
        Sort::Nights => hit.nights.into(),
        Sort::NightsDistance(from) => hit.nights.abs_diff(*from).into(),
        Sort::Arrival => day_number(hit.arrival).into(),
        Sort::ArrivalDistance(from) => apart(hit.arrival, *from).into(),
        Sort::ArrangementDistance(range) => {
            (apart(hit.arrival, range.first) + apart(hit.departure(), range.until)).into()
        }
        Sort::MaxGuests => resource.room.people.map_or(Decimal::MAX, Decimal::from),
        Sort::Highlighted => u8::from(resource.attributes.highlighted).into(),
        Sort::Price => Decimal::new(hit.price.minor, exponent(hit.price.currency)),
        Sort::AmenityMatches(ids) => {
            let has = resource.attributes.amenities.iter().filter(|amenity| {
                ids.contains(&amenity.id) && amenity.value != AmenityValue::Flag(false)
            });
            has.count().into()
        }
        Sort::Score => Decimal::ZERO,
    }
}

fn groups<'a>(query: &Query, stays: &[Stay<'a>]) -> Vec<Vec<Stay<'a>>> {
    let mut groups: Vec<Vec<Stay<'a>>> = Vec::new();
    let same = |one: &Hit, other: &Hit| match query.limiter.of {
        Limited::Stays => false,
        Limited::Arrivals => one.arrival == other.arrival,
        Limited::Nights => one.nights == other.nights,
        Limited::Resources => one.resource_id == other.resource_id,
        Limited::Organizations => one.organization_id == other.organization_id,
    };
    for stay in stays {
        let mut known = groups.iter_mut();
        match known.find(|group| same(&group[0].hit, &stay.hit)) {
            Some(group) => group.push(*stay),
            None => groups.push(vec![*stay]),
        }
    }
    groups
}

fn first_of(limiter: &Limiter, group: Vec<Stay<'_>>) -> Vec<Hit> {
    let hits = group.into_iter().map(|stay| stay.hit);
    let resources = match limiter.of {
        Limited::Stays => return hits.collect(),
        Limited::Resources => None,
        _ => limiter.resources,
    };
    let Some(resources) = resources else {
        return hits.take(limiter.stays).collect();
    };
    let mut shown: Vec<(domain::id::Id, usize)> = Vec::new();
    hits.filter(|hit| {
        let known = shown.iter().position(|(id, _)| *id == hit.resource_id);
        let place = known.unwrap_or_else(|| {
            shown.push((hit.resource_id, 0));
            shown.len() - 1
        });
        shown[place].1 += 1;
        place < resources && shown[place].1 <= limiter.stays
    })
    .collect()
}
