//! The search says what the calendar and the ledger say, whatever happens to them and wherever.

use std::sync::Arc;

use domain::{
    calendar::Strategy,
    id::{Id, IdSource},
    party::Party,
    rate::{Linking, PriceFor, RatePlan},
};
use jiff::SignedDuration;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use serde_json::json;
use service::{
    Error, Service,
    calendar::{DayPatch, Openness},
    domain::{self, access::Actor, access::capability as c},
    inventory::ResourceDetailsPatch,
    search::{BadQuery, Query, Searched},
};
use store::{
    Store,
    hot::{Command, Outcome},
};
use testkit::{LaneOf, Scene, TestStore, day, in_each_scene};

use crate::{
    hotel::{Hotel, price},
    who_may,
};

/// Does something at random: books, cancels, changes calendars, plans, rules and capacities.
async fn something(hotel: &Hotel, stays: &mut Vec<Id>, chance: &mut ChaCha8Rng) {
    let room = *hotel.rooms.choose(chance).unwrap();
    let scene = &hotel.scene;
    match chance.random_range(0..12) {
        0..5 => {
            let nights = chance.random_range(1..5);
            let place = scene.place(room, chance.random_range(-1..18), nights);
            let id = place.booking.id;
            if matches!(scene.one(place).await, Outcome::Done(_)) {
                stays.push(id);
            }
        }
        5..7 => {
            if !stays.is_empty() {
                let stay = stays.swap_remove(chance.random_range(0..stays.len()));
                let cancelled = scene.become_(stay, domain::booking::Status::Cancelled);
                scene.done(cancelled).await;
            }
        }
        7..9 => {
            let first = chance.random_range(0..16);
            let days = (first, first + chance.random_range(0..4));
            hotel.set_days(room, days, day_patch(chance)).await;
        }
        9 => {
            let plans = (1..=chance.random_range(1..3)).map(|number| plan(hotel, number, chance));
            let plans = plans.collect();
            hotel.set_plans(room, plans).await;
        }
        10 => {
            let mut details = ResourceDetailsPatch {
                max_people: Some(Some(chance.random_range(1..4))),
                ..ResourceDetailsPatch::default()
            };
            details.rules = Some(domain::calendar::StayRules {
                strategy: *[Strategy::FirstNight, Strategy::StayThrough]
                    .choose(chance)
                    .unwrap(),
                max_stay: chance.random_bool(0.3).then_some(3),
                ..Default::default()
            });
            hotel.set_room(room, details).await;
        }
        _ => {
            // Refused when more is sold, which is as well.
            let capacity = scene.set_capacity(room, chance.random_range(1..5));
            scene.one(Command::SetCapacity(capacity)).await;
        }
    }
}

fn day_patch(chance: &mut ChaCha8Rng) -> DayPatch {
    match chance.random_range(0..5) {
        0 => DayPatch {
            openness: Some(Openness {
                closed: chance.random_bool(0.3),
                no_check_in: chance.random_bool(0.3),
                no_check_out: chance.random_bool(0.3),
                exception: false,
            }),
            ..DayPatch::default()
        },
        1 => DayPatch {
            free: Some(chance.random_bool(0.5).then(|| chance.random_range(0..2))),
            ..DayPatch::default()
        },
        2 => DayPatch {
            min_stay: Some(chance.random_bool(0.5).then_some(2)),
            multiplier: Some(chance.random_bool(0.5).then(|| Decimal::new(333, 3))),
            ..DayPatch::default()
        },
        3 => price(2, chance.random_range(50..90)),
        _ => price(1, chance.random_range(80..120)),
    }
}

fn plan(hotel: &Hotel, number: u8, chance: &mut ChaCha8Rng) -> RatePlan {
    let linking = chance.random_bool(0.5).then(|| Linking {
        resource: *hotel.rooms.choose(chance).unwrap(),
        number: chance.random_range(1..3),
        multiplier: Decimal::new(chance.random_range(5..15), 1),
        amount: chance.random_range(-20..20).into(),
    });
    RatePlan {
        price_for: *[
            PriceFor::PerPerson,
            PriceFor::MaxCapacity,
            PriceFor::UpToPerson(1),
        ]
        .choose(chance)
        .unwrap(),
        extra_person: 15.into(),
        linking,
        ..RatePlan::new(number)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_a_search_finds_what_is_offered() {
    let seed: u64 = std::env::var("SEED").map_or(20_261_122, |seed| seed.parse().unwrap());
    println!("SEED={seed}");
    in_each_scene(|scene| async move {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let hotel = Hotel::new(scene, &[1, 2, 3]).await;
        let (mut stays, mut seen) = (Vec::new(), 0);
        for step in 0..12 {
            for _ in 0..chance.random_range(1..5) {
                something(&hotel, &mut stays, &mut chance).await;
            }
            let party = Party::new(chance.random_range(1..3), chance.random_range(0..2));
            let found = hotel.found(party, hotel.real_now()).await;
            let offered = hotel.offered(party).await;
            assert_eq!(found, offered, "seed {seed}, step {step}, {party:?}");
            seen += found.len();
        }
        assert!(seen > 200, "seed {seed}: {seen} stays show too little");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_an_answer_finds_it_in_the_search_that_follows() {
    in_each_scene(|scene| async move {
        let hotel = Hotel::new(scene, &[1, 1]).await;
        let (one, other) = (hotel.rooms[0], hotel.rooms[1]);
        let now = hotel.real_now();
        assert_eq!(hotel.nights(one, now).await, 14);
        let stay = hotel.book(one, 2, 3).await;
        assert_eq!(hotel.nights(one, now).await, 11);
        hotel.scene.done(hotel.scene.remove(stay)).await;
        assert_eq!(hotel.nights(one, now).await, 14);

        // The price of one follows that of the other.
        let linked = Linking {
            resource: other,
            number: 1,
            multiplier: 2.into(),
            amount: 0.into(),
        };
        let plan = RatePlan {
            linking: Some(linked),
            ..RatePlan::new(1)
        };
        hotel.set_plans(one, vec![plan]).await;
        hotel.set_days(other, (3, 3), price(1, 70)).await;
        let found = hotel.found(Party::new(1, 0), now).await;
        assert!(found.contains(&(one, day(3), 1, 140.into())), "{found:?}");

        let removed = hotel.service.properties();
        let removed = removed.rooms_remove(&hotel.actor, &[other]).await;
        assert_eq!(removed, Ok(vec![Ok(())]));
        assert_eq!(hotel.found(Party::new(1, 0), now).await, []);

        let added = hotel.scene.lane(LaneOf::units(1)).await;
        hotel.set_plans(added, vec![RatePlan::new(1)]).await;
        hotel.set_days(added, (0, 3), price(1, 30)).await;
        assert_eq!(hotel.nights(added, now).await, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_not_made_lowers_no_price_that_anybody_is_shown() {
    in_each_scene(|scene| async move {
        let hotel = Hotel::new(scene, &[9]).await;
        let room = hotel.rooms[0];
        let second = RatePlan {
            offer: 2,
            ..RatePlan::new(2)
        };
        let plans = vec![RatePlan::new(1), second];
        hotel.set_plans(room, plans).await;
        hotel.set_days(room, (0, 400), price(2, 90)).await;
        let off = || json!({"enable": "no"});
        let long = json!({"minimumStay": {"type": "numberOfDays", "numberOfDaysValue": 2}});
        let both_off = json!([{"offerId": 1, "enable": "no"}, {"offerId": 2, "enable": "no"}]);
        let of_house = json!({"offerType": "perProperty", "offers": both_off});
        let none = (None, None);
        for (of_room, of_house, (night, two)) in [
            (json!({}), json!({}), (Some(90), Some(180))),
            (json!({"2": off()}), json!({}), (Some(100), Some(200))),
            (json!({"2": long}), json!({}), (Some(100), Some(180))),
            (json!({"1": off(), "2": off()}), json!({}), none),
            (
                json!({}),
                json!({"offers": both_off}),
                (Some(90), Some(180)),
            ),
            (json!({}), of_house, none),
        ] {
            hotel.set_offers(room, &of_room, &of_house).await;
            let said = format!("{of_room} {of_house}");
            let price = |price: Option<i64>| price.map(Decimal::from);
            assert_eq!(hotel.price(room, 1).await, price(night), "{said}");
            assert_eq!(hotel.price(room, 2).await, price(two), "{said}");
            let party = Party::new(1, 0);
            let found = hotel.found(party, hotel.real_now()).await;
            assert_eq!(found, hotel.offered(party).await, "{said}");
            assert_eq!(found.is_empty(), night.is_none(), "{said}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_shows_what_the_caller_reaches_and_refuses_who_may_not() {
    in_each_scene(|scene| async move {
        let hotel = Hotel::new(scene, &[1]).await;
        let now = hotel.real_now();
        let query = hotel.query(Party::new(1, 0));
        let service = &hotel.service;
        let search = async |actor: Actor, query: Query| service.search(&actor, query, now).await;
        let nobody = who_may(&hotel.scene, &[c::INVENTORY_WRITE, c::BOOKINGS_READ]);
        let refused = search(nobody, query.clone()).await;
        assert_eq!(refused, Err(Error::Forbidden(c::INVENTORY_READ)));

        let elsewhere = Actor {
            organizations: Some(vec![hotel.scene.id()].into()),
            ..hotel.actor.clone()
        };
        let foreign = Actor {
            tenant_id: hotel.scene.id(),
            ..hotel.actor.clone()
        };
        for stranger in [elsewhere, foreign] {
            // What the query says of reach is not the caller's to say.
            let query = Query {
                within: None,
                ..query.clone()
            };
            let Ok(Searched::Found(found)) = search(stranger, query).await else {
                panic!("a search was expected to be answered");
            };
            assert_eq!(found.found, Default::default());
        }
        let nights = Query {
            nights: (5, 2),
            ..query.clone()
        };
        let refused = search(hotel.actor.clone(), nights).await;
        assert_eq!(refused, Ok(Searched::Refused(BadQuery::Nights)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_tenants_clock_is_moved_the_days_move_along() {
    in_each_scene(|scene| async move {
        let mut hotel = Hotel::new(scene, &[1]).await;
        let room = hotel.rooms[0];
        let now = hotel.real_now();
        assert_eq!(hotel.nights(room, now).await, 14);
        for days in [10, 75, 300, -375] {
            let hours = SignedDuration::from_hours(24 * days);
            hotel.actor.now = hotel.actor.now.checked_add(hours).unwrap();
            let any = Query {
                nights: (1, 1),
                ..Query::new(hotel.actor.now, Party::new(1, 0))
            };
            let found = hotel.searched(any, now).await.found;
            let today = hotel.actor.now.to_zoned(jiff::tz::TimeZone::UTC).date();
            // Prices are set for the days from the first to the 400th.
            let begins = today.max(day(0));
            let expected = day(400).since(begins).unwrap().get_days() + 1;
            assert_eq!(found.stays, expected as u64, "on {today}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_search_while_others_book_see_what_they_booked_themselves() {
    in_each_scene(|scene| async move {
        let hotel = Arc::new(Hotel::new(scene, &[1; 8]).await);
        let mut tasks = tokio::task::JoinSet::new();
        for room in hotel.rooms.clone() {
            let hotel = Arc::clone(&hotel);
            tasks.spawn(async move {
                for step in 0..6 {
                    hotel.book(room, 2 * step, 1).await;
                    let left = hotel.nights(room, hotel.real_now()).await;
                    assert_eq!(left, 14 - 1 - step as usize, "in step {step}");
                }
            });
        }
        tasks.join_all().await;
        let party = Party::new(1, 0);
        let found = hotel.found(party, hotel.real_now()).await;
        assert_eq!(found, hotel.offered(party).await);
    })
    .await;
}

/// On one database, what another server commits is in the search after the bound at the latest, and the
/// answer says how old it is.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_commits_is_found_within_the_bound() {
    let Some(one) = TestStore::postgres().await else {
        return;
    };
    let second = Store::open(&one.config, Arc::new(IdSource::new(1)))
        .await
        .unwrap();
    let hotel = Hotel::new(Scene::new(&one.store).await, &[1, 1]).await;
    let there = hotel.through(&second);
    let room = hotel.rooms[0];
    let mut now = hotel.real_now();
    assert_eq!(there.nights(room, now).await, 14);
    let changes = [(2, 13), (5, 12), (9, 11)];
    for (arrival, left) in changes {
        hotel.book(room, arrival, 1).await;
        now += SignedDuration::from_secs(6);
        let query = Query {
            nights: (1, 1),
            ..there.query(Party::new(1, 0))
        };
        let found = there.searched(query, now).await;
        assert_eq!(found.as_of, now);
        assert_eq!(there.nights(room, now).await, left);
    }
    // A moment later nothing has been compared anew: it says so.
    let later = now + SignedDuration::from_secs(1);
    let found = there.searched(there.query(Party::new(1, 0)), later).await;
    assert_eq!(found.as_of, now);

    // Prices that follow another room's, changed elsewhere.
    let linked = RatePlan {
        linking: Some(Linking {
            resource: hotel.rooms[1],
            number: 1,
            multiplier: 1.into(),
            amount: 5.into(),
        }),
        ..RatePlan::new(1)
    };
    hotel.set_plans(room, vec![linked]).await;
    hotel.set_days(hotel.rooms[1], (0, 20), price(1, 60)).await;
    now += SignedDuration::from_secs(6);
    let party = Party::new(1, 0);
    let found = there.found(party, now).await;
    assert_eq!(found, hotel.offered(party).await);
    assert!(found.contains(&(room, day(0), 1, 65.into())), "{found:?}");
    drop((hotel, there));
    second.close().await;
    drop(second);
    one.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_can_be_made_before_anybody_searches() {
    in_each_scene(|scene| async move {
        let hotel = Hotel::new(scene, &[1, 2, 3]).await;
        let (tenant_id, now) = (hotel.scene.tenant_id, hotel.real_now());
        let made = hotel.service.prepare_search(tenant_id, now, now).await;
        assert_eq!(made, Ok(3));
        let nobody = hotel.scene.id();
        let empty = hotel.service.prepare_search(nobody, now, now).await;
        assert_eq!(empty, Ok(0));
        let again = Service::new(hotel.scene.store.clone());
        assert_eq!(again.prepare_searches(now).await, Ok(3));
    })
    .await;
}
