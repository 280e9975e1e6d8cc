//! A long random history, compared with a plain model that counts night by night.

use std::collections::BTreeMap;

use domain::{booking::Status, id::Id};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use store::hot::{Command, Outcome, Overbooking, Refusal, UnitChoice};
use testkit::{LaneOf, Scene, day, in_each_scene};

const COMMANDS: usize = 2_000;
const DAYS: i32 = 60;

/// What the model knows of a booking.
#[derive(Clone, Debug)]
struct Stay {
    lane: usize,
    from: i32,
    to: i32,
    quantity: i64,
    status: Status,
}

struct ModelLane {
    id: Id,
    capacity: i64,
    never_overbooked: bool,
}

/// The model: lanes and bookings, and a plain count for every night.
struct Model {
    lanes: Vec<ModelLane>,
    stays: BTreeMap<Id, Stay>,
}

impl Model {
    /// What is free in the worst night, one booking left out.
    fn free(&self, lane: usize, from: i32, to: i32, without: Option<Id>) -> i64 {
        let taken = |night: i32| -> i64 {
            self.stays
                .iter()
                .filter(|(id, stay)| {
                    Some(**id) != without
                        && stay.lane == lane
                        && stay.status.takes_capacity()
                        && (stay.from..stay.to).contains(&night)
                })
                .map(|(_, stay)| stay.quantity)
                .sum()
        };
        let most = (from..to).map(taken).max().unwrap_or(0);
        self.lanes[lane].capacity - most
    }

    /// Whether a stay may be taken, by the rules in words: it fits, or overbooking is marked where
    /// that is allowed, or nothing is taken that was not held before.
    fn may_take(&self, id: Id, stay: &Stay, overbooking: Overbooking) -> Result<(), i64> {
        let free = self.free(stay.lane, stay.from, stay.to, Some(id));
        let marks = overbooking == Overbooking::Mark && !self.lanes[stay.lane].never_overbooked;
        let had = self
            .stays
            .get(&id)
            .filter(|had| had.status.takes_capacity())
            .is_some_and(|had| {
                had.lane == stay.lane
                    && had.from <= stay.from
                    && stay.to <= had.to
                    && stay.quantity <= had.quantity
            });
        if stay.quantity <= free || marks || had {
            Ok(())
        } else {
            Err(free)
        }
    }
}

/// One random command with what the model makes of it.
fn step(
    random: &mut ChaCha8Rng,
    scene: &Scene,
    model: &mut Model,
) -> (Command, Result<(), Refusal>) {
    let known: Vec<Id> = model.stays.keys().copied().collect();
    let overbooking = if random.random_bool(0.2) {
        Overbooking::Mark
    } else {
        Overbooking::Refuse
    };
    match random.random_range(0..100) {
        0..45 => place(random, scene, model, overbooking),
        45..93 if !known.is_empty() => {
            let id = *known.choose(random).unwrap();
            change(random, scene, model, id, overbooking)
        }
        93..96 if !known.is_empty() => {
            let id = *known.choose(random).unwrap();
            model.stays.remove(&id);
            (scene.remove(id).into(), Ok(()))
        }
        _ => capacity(random, scene, model, overbooking),
    }
}

fn place(
    random: &mut ChaCha8Rng,
    scene: &Scene,
    model: &mut Model,
    overbooking: Overbooking,
) -> (Command, Result<(), Refusal>) {
    let lane = random.random_range(0..model.lanes.len());
    let from = random.random_range(0..DAYS);
    let stay = Stay {
        lane,
        from,
        to: from + random.random_range(1..8),
        quantity: random.random_range(1..3),
        status: *[
            Status::Confirmed,
            Status::Inquiry,
            Status::Held,
            Status::Blocked,
        ]
        .choose(random)
        .unwrap(),
    };
    let mut command = scene.place(model.lanes[lane].id, stay.from, stay.to - stay.from);
    command.booking.quantity = stay.quantity;
    command.booking.status = stay.status;
    command.overbooking = overbooking;
    if lane != 1 && stay.quantity == 1 && random.random_bool(0.2) {
        // Every lane keeps at least two units.
        command.unit = UnitChoice::Number(random.random_range(1..3));
    }
    let id = command.booking.id;
    let result = if stay.status.takes_capacity() {
        model.may_take(id, &stay, overbooking)
    } else {
        Ok(())
    };
    if result.is_ok() {
        model.stays.insert(id, stay);
    }
    (
        command.into(),
        result.map_err(|free| Refusal::SoldOut { free }),
    )
}

fn change(
    random: &mut ChaCha8Rng,
    scene: &Scene,
    model: &mut Model,
    id: Id,
    overbooking: Overbooking,
) -> (Command, Result<(), Refusal>) {
    let before = model.stays[&id].clone();
    let mut after = before.clone();
    let mut command = scene.change(id);
    command.overbooking = overbooking;
    match random.random_range(0..6) {
        0 => {
            after.from = random.random_range(0..DAYS);
            after.to = after.from + (before.to - before.from);
        }
        1 => after.to = after.from + random.random_range(1..10),
        2 => after.lane = random.random_range(0..model.lanes.len()),
        3 => after.quantity = random.random_range(1..4),
        4 => command.change.unit = Some(UnitChoice::Any),
        _ => {
            let status = *Status::ALL.choose(random).unwrap();
            if !before.status.may_become(status) {
                command.change.status = Some(status);
                return (
                    command.into(),
                    Err(Refusal::NotAllowed {
                        from: before.status,
                        to: status,
                    }),
                );
            }
            after.status = status;
        }
    }
    command.change.arrival_on = Some(day(after.from));
    command.change.departure_on = Some(day(after.to));
    command.change.resource_id = (after.lane != before.lane).then(|| model.lanes[after.lane].id);
    command.change.quantity = Some(after.quantity);
    command.change.status = Some(after.status);
    let moves = (before.lane, before.from, before.to, before.quantity)
        != (after.lane, after.from, after.to, after.quantity);
    let takes = after.status.takes_capacity() && (moves || !before.status.takes_capacity());
    let result = if takes {
        model.may_take(id, &after, overbooking)
    } else {
        Ok(())
    };
    if result.is_ok() {
        model.stays.insert(id, after);
    }
    (
        command.into(),
        result.map_err(|free| Refusal::SoldOut { free }),
    )
}

fn capacity(
    random: &mut ChaCha8Rng,
    scene: &Scene,
    model: &mut Model,
    overbooking: Overbooking,
) -> (Command, Result<(), Refusal>) {
    let lane = random.random_range(0..model.lanes.len());
    let capacity = random.random_range(2..7);
    let taken = model.lanes[lane].capacity - model.free(lane, 0, DAYS + 20, None);
    let mut command = scene.set_capacity(model.lanes[lane].id, capacity);
    command.overbooking = overbooking;
    command.refuses_overbooking = model.lanes[lane].never_overbooked;
    let refuses = overbooking == Overbooking::Refuse || model.lanes[lane].never_overbooked;
    if taken > capacity && refuses {
        return (command.into(), Err(Refusal::CapacityInUse { taken }));
    }
    model.lanes[lane].capacity = capacity;
    (command.into(), Ok(()))
}

async fn run(scene: Scene, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut model = Model {
        lanes: Vec::new(),
        stays: BTreeMap::new(),
    };
    for lane in [
        LaneOf::units(3),
        LaneOf::places(4),
        LaneOf::units(5).never_overbooked(),
    ] {
        let id = scene.lane(lane).await;
        model.lanes.push(ModelLane {
            id,
            capacity: lane.capacity,
            never_overbooked: lane.refuses_overbooking,
        });
    }
    let mut done = 0;
    while done < COMMANDS {
        let size = random.random_range(1..24);
        let (commands, expected): (Vec<_>, Vec<_>) = (0..size)
            .map(|_| step(&mut random, &scene, &mut model))
            .unzip();
        let outcomes = scene.submit(commands).await;
        for (outcome, expected) in outcomes.into_iter().zip(expected) {
            let result = match outcome {
                Outcome::Done(_) => Ok(()),
                Outcome::Refused(refusal) => Err(refusal),
            };
            assert_eq!(result, expected, "seed {seed}, about command {done}");
        }
        done += size;
    }
    let report = scene.verify().await;
    let live: u64 = model
        .stays
        .values()
        .filter(|stay| stay.status.takes_capacity())
        .count() as u64;
    assert!(report.live_allocations >= live, "seed {seed}");
    for (id, stay) in &model.stays {
        let booking = scene.booking(*id).await.expect("the model has it");
        let stored = (
            booking.arrival_on,
            booking.departure_on,
            booking.quantity,
            booking.status,
        );
        assert_eq!(
            stored,
            (day(stay.from), day(stay.to), stay.quantity, stay.status),
            "seed {seed}"
        );
    }
    assert_eq!(
        crate::count(&scene, "booking").await,
        model.stays.len() as i64
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_history_ends_as_a_plain_model_says_and_its_journal_verifies() {
    let seeds = match std::env::var("TABARD_SEED") {
        Ok(seed) => vec![seed.parse().expect("TABARD_SEED is a number")],
        Err(_) => vec![1, 2, 3],
    };
    for seed in seeds {
        println!("TABARD_SEED={seed}");
        in_each_scene(|scene| run(scene, seed)).await;
    }
}
