//! Proof 12 in its short form, and its negative controls.
//!
//! Receivers that answer every status, hang, trickle, redirect, break off and send without end are
//! down for three simulated days and then come up: everything has arrived at least once, in the
//! order of each booking, and no private address was ever connected to.

use std::{collections::BTreeMap, time::Duration};

use delivery::{Settings, carry::Times, mail::Post};
use jiff::SignedDuration;
use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use service::outgoing::target::Rules;
use testkit::in_each_scene;

use super::{
    hostile::spellings,
    receiver::{Manner, Receiver},
    world::World,
};

fn seed() -> u64 {
    let given = std::env::var("TABARD_SEED").ok();
    let seed = given.map_or(12, |seed| seed.parse().expect("TABARD_SEED is a number"));
    println!("TABARD_SEED={seed}");
    seed
}

/// Ways to be down.
fn down(chance: &mut ChaCha8Rng, trap: &Receiver) -> Manner {
    match chance.random_range(0..12) {
        0 => Manner::Hang,
        1 => Manner::Trickle,
        2 => Manner::EndlessHead,
        3 => Manner::Break,
        4 => Manner::Nonsense,
        5 => Manner::With(
            503,
            "retry-after",
            chance.random_range(0..90_000).to_string(),
        ),
        6 => Manner::With(307, "location", trap.url()),
        _ => {
            let status = chance.random_range(300..600);
            Manner::Answer(status)
        }
    }
}

#[tokio::test]
async fn everything_arrives_after_three_days_down_and_nothing_private_is_reached() {
    let seed = seed();
    in_each_scene(|scene| async move {
        let chance = &mut ChaCha8Rng::seed_from_u64(seed);
        let quick = Times {
            connect: Duration::from_millis(250),
            answer: Duration::from_millis(100),
        };
        let settings = Settings {
            in_flight_each: 32,
            ..Settings::default()
        };
        let world = World::with(scene, Post::nowhere().unwrap(), quick, settings).await;
        let trap = Receiver::on("127.0.0.3:0", Manner::Answer(200)).await;
        let mut receivers = Vec::new();
        for _ in 0..3 {
            let receiver = Receiver::new(Manner::Break).await;
            world.subscribe(&receiver).await;
            receivers.push(receiver);
        }
        // Names that lead inside are subscribed to like any other.
        for (index, address) in ["127.0.0.3", "10.0.0.1", "::1", "::ffff:7f00:3"]
            .iter()
            .enumerate()
        {
            let name = format!("inside{index}.test");
            world.names.lead(&name, &[&[address]]);
            let url = format!("http://{name}:{}/", trap.address.port());
            world.subscribe_as(world.wanted(&url)).await;
        }
        let mut bookings = Vec::new();
        for _ in 0..3 {
            bookings.push(world.book().await);
        }
        for _ in 0..6 {
            world.change(*bookings.choose(chance).unwrap()).await;
        }
        let up = world.scene.clock.now() + SignedDuration::from_hours(72);
        while world.scene.clock.now() < up {
            for receiver in &receivers {
                receiver.behave(down(chance, &trap));
            }
            world.round().await;
            assert!(
                world.advance_to_next().await,
                "seed {seed}: all is given up too early"
            );
            // Tries that fall into the same quarter of an hour are made together, to save time.
            world.advance_s(900);
        }
        for receiver in &receivers {
            receiver.behave(Manner::Answer(200));
        }
        let end = up + SignedDuration::from_hours(48);
        while world.round().await > 0 || world.scene.clock.now() < end {
            if !world.advance_to_next().await {
                break;
            }
        }
        for receiver in &receivers {
            assert_all_arrived(&world, receiver, seed).await;
        }
        assert_eq!(trap.connections(), 0, "seed {seed}");
    })
    .await;
}

/// Every event of every booking has come, and the last times of each came in order.
async fn assert_all_arrived(world: &World, receiver: &Receiver, seed: u64) {
    let ids: BTreeMap<String, (i64, i64)> = world
        .deliveries()
        .await
        .into_iter()
        .map(|of| (format!("msg_{}", of.id), (of.subject_id.get(), of.ordinal)))
        .collect();
    let mut last = BTreeMap::<(i64, i64), usize>::new();
    for (place, one) in receiver.received().iter().enumerate() {
        last.insert(ids[one.header("webhook-id")], place);
    }
    assert_eq!(last.len(), 9, "seed {seed}: everything arrives");
    let steps: Vec<(&(i64, i64), &usize)> = last.iter().collect();
    for two in steps.windows(2) {
        let is_same = two[0].0.0 == two[1].0.0;
        assert!(!is_same || two[0].1 < two[1].1, "seed {seed}: {two:?}");
    }
}

/// Without the check of addresses the same trap is reached: the proof can fail.
#[tokio::test]
async fn the_trap_is_reached_where_its_network_is_allowed() {
    use std::sync::Arc;

    use bytes::Bytes;
    use delivery::carry::{Carrier, Parcel, tls};
    use service::outgoing::target::Target;

    use super::world::{Names, times};

    let trap = Receiver::on("127.0.0.3:0", Manner::Answer(200)).await;
    let rules = Rules {
        allow_http: true,
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let carrier = Carrier::new(rules, times(), Arc::new(Names::default()), tls().unwrap());
    let reached = spellings("127.0.0.3").into_iter().map(|host| {
        let url = format!("http://{host}:{}/", trap.address.port());
        Target::parse(&url, carrier.rules())
    });
    for target in reached.flatten() {
        let parcel = Parcel {
            target,
            headers: Vec::new(),
            body: Bytes::new(),
            answer_bytes: 2_000,
        };
        carrier.send(&parcel).await.ok();
    }
    assert!(trap.connections() >= 10, "{}", trap.connections());
}
