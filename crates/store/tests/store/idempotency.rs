//! One key, one effect: the same question gets the same bytes, another one none.

use domain::id::{Id, IdSource};
use store::{
    ColdCommand, Result, Store, Tx,
    events::EventRow,
    hot::{Answer, Command, Outcome, Stamp, Submission},
    idempotency::{Claim, Known, Stored},
};
use testkit::{LaneOf, Scene, in_each_scene};

use crate::{count, is_done};

fn claim(key: &str, fingerprint: u8, body: Id) -> Claim {
    Claim {
        key: key.to_owned(),
        fingerprint: [fingerprint; 32],
        render: Box::new(move |outcomes| {
            let done = outcomes.iter().filter(|outcome| is_done(outcome)).count();
            Stored::rendered(
                201,
                format!("{body}: {done} of {}\u{0}", outcomes.len()).into_bytes(),
            )
        }),
    }
}

fn claimed(scene: &Scene, claim: Claim, commands: Vec<Command>) -> Submission {
    Submission {
        idempotency: Some(claim),
        ..scene.submission(commands)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_with_the_same_body_replays_the_same_bytes() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(9)).await;
        let send = async |key: &str, fingerprint| {
            let place = scene.place(lane, 0, 1);
            let claim = claim(key, fingerprint, place.booking.id);
            let submission = claimed(&scene, claim, vec![place.into()]);
            scene.store.submit(submission).await.unwrap()
        };
        let Answer::Fresh(outcomes) = send("one", 1).await else {
            panic!("the key is new")
        };
        let Outcome::Done(done) = &outcomes[0] else {
            panic!("there is room")
        };
        let id = done.after.as_ref().unwrap().booking.id;
        for _ in 0..3 {
            let Answer::Replayed(stored) = send("one", 1).await else {
                panic!("the key is known")
            };
            let expected = (
                201,
                format!("{id}: 1 of 1\u{0}").into_bytes(),
                [1; 32],
                scene.clock.now(),
            );
            assert_eq!(
                (stored.status, stored.body, stored.fingerprint, stored.at),
                expected
            );
        }
        assert!(matches!(send("one", 2).await, Answer::KeyReused));
        assert!(matches!(send("two", 2).await, Answer::Fresh(_)));
        assert_eq!(count(&scene, "booking").await, 2);
        // Keys of another grant are other keys.
        let other = Scene {
            grant_id: scene.id(),
            ..scene.clone()
        };
        let place = other.place(lane, 0, 1);
        let submission = claimed(
            &other,
            claim("one", 1, place.booking.id),
            vec![place.into()],
        );
        assert!(matches!(
            other.store.submit(submission).await.unwrap(),
            Answer::Fresh(_)
        ));
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_replayed_too() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let first = scene.placed(scene.place(lane, 0, 1)).await;
        let send = async || {
            let claim = claim("k", 0, first);
            let submission = claimed(&scene, claim, vec![scene.place(lane, 0, 1).into()]);
            scene.store.submit(submission).await.unwrap()
        };
        assert!(matches!(send().await, Answer::Fresh(_)));
        scene.done(scene.remove(first)).await;
        let Answer::Replayed(stored) = send().await else {
            panic!("the key is known")
        };
        assert_eq!(stored.body, format!("{first}: 0 of 1\u{0}").into_bytes());
        scene.verify().await;
    })
    .await;
}

/// Sends the same claim many times at once, over lanes that lead to different writers.
async fn storm(
    stores: &[Store],
    scene: &Scene,
    lanes: &[Id],
    key: &str,
    bodies: u8,
) -> Vec<Answer> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..24_usize {
        let body = (number % usize::from(bodies)) as u8;
        let place = scene.place(lanes[number % lanes.len()], 0, 1);
        let claim = claim(key, body, scene.tenant_id);
        let submission = claimed(scene, claim, vec![place.into()]);
        let store = stores[number % stores.len()].clone();
        tasks.spawn(async move { store.submit(submission).await.unwrap() });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_many_times_at_once_happens_once() {
    in_each_scene(|scene| async move {
        let mut lanes = Vec::new();
        for _ in 0..6 {
            lanes.push(scene.lane(LaneOf::places(1000)).await);
        }
        let stores = [scene.store.clone()];
        for round in 0..20 {
            let before = count(&scene, "booking").await;
            let answers = storm(&stores, &scene, &lanes, &format!("same {round}"), 1).await;
            let fresh = answers
                .iter()
                .filter(|answer| matches!(answer, Answer::Fresh(_)))
                .count();
            let replayed = answers
                .iter()
                .filter(|answer| matches!(answer, Answer::Replayed(_)))
                .count();
            assert_eq!((fresh, replayed), (1, 23));
            let answers = storm(&stores, &scene, &lanes, &format!("other {round}"), 2).await;
            let reused = answers
                .iter()
                .filter(|answer| matches!(answer, Answer::KeyReused))
                .count();
            assert_eq!(reused, 12);
            assert_eq!(count(&scene, "booking").await, before + 2);
        }
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_in_two_servers_of_one_database_happens_once() {
    let Some(one) = testkit::TestStore::postgres().await else {
        return;
    };
    let other = Store::open(&one.config, std::sync::Arc::new(IdSource::new(1)))
        .await
        .unwrap();
    let scene = Scene::new(&one.store).await;
    let mut lanes = Vec::new();
    for _ in 0..6 {
        lanes.push(scene.lane(LaneOf::places(1000)).await);
    }
    let stores = [one.store.clone(), other.clone()];
    for round in 0..20 {
        let answers = storm(&stores, &scene, &lanes, &format!("round {round}"), 1).await;
        let fresh = answers
            .iter()
            .filter(|answer| matches!(answer, Answer::Fresh(_)))
            .count();
        assert_eq!(fresh, 1);
        assert_eq!(count(&scene, "booking").await, round + 1);
    }
    scene.verify().await;
    other.close().await;
    drop((scene, stores));
    one.finish().await;
}

/// A cold command with a trace that can be counted, and whose answer is kept.
struct Kept {
    stamp: Stamp,
    claim: Claim<Id>,
}

impl ColdCommand for Kept {
    type Output = Option<Known>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> Result<Option<Known>> {
        let known = tx.known_answer(&self.stamp, &self.claim).await?;
        if known.is_none() {
            let id = ids.next(self.stamp.now);
            tx.record(&[EventRow::new(&self.stamp, id, "tested", id, id, true)])
                .await?;
            tx.keep_answer(&self.stamp, &self.claim, &[id]).await?;
        }
        Ok(known)
    }
}

fn kept(scene: &Scene, key: &str, fingerprint: u8) -> Kept {
    Kept {
        stamp: scene.stamp(),
        claim: Claim {
            key: key.to_owned(),
            fingerprint: [fingerprint; 32],
            render: Box::new(|ids| Stored::rendered(201, format!("{ids:?}\u{0}").into_bytes())),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_command_that_keeps_its_answer_happens_once_and_shares_its_keys_with_hot_ones() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(9)).await;
        let before = count(&scene, "audit").await;
        let send = async |key: &str, body| scene.store.run(kept(&scene, key, body)).await.unwrap();
        assert_eq!(send("k", 1).await, None);
        let Some(Known::Answered(stored)) = send("k", 1).await else {
            panic!("the key is known")
        };
        assert_eq!(
            (stored.status, stored.fingerprint, stored.at),
            (201, [1; 32], scene.clock.now())
        );
        assert!(stored.body.ends_with(b"]\0"));
        assert_eq!(send("k", 2).await, Some(Known::Reused));
        assert_eq!(count(&scene, "audit").await, before + 1);

        let place = |key, body| {
            claimed(
                &scene,
                claim(key, body, lane),
                vec![scene.place(lane, 0, 1).into()],
            )
        };
        let Answer::Replayed(same) = scene.store.submit(place("k", 1)).await.unwrap() else {
            panic!("the key is known to hot commands too")
        };
        assert_eq!(same, stored);
        assert!(matches!(
            scene.store.submit(place("h", 1)).await.unwrap(),
            Answer::Fresh(_)
        ));
        assert!(matches!(send("h", 1).await, Some(Known::Answered(_))));
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_command_with_the_same_key_in_two_servers_of_one_database_happens_once() {
    let Some(one) = testkit::TestStore::postgres().await else {
        return;
    };
    let other = Store::open(&one.config, std::sync::Arc::new(IdSource::new(1)))
        .await
        .unwrap();
    let scene = Scene::new(&one.store).await;
    let before = count(&scene, "audit").await;
    for round in 0..40 {
        let key = format!("round {round}");
        let (a, b) = tokio::join!(
            one.store.run(kept(&scene, &key, 1)),
            other.run(kept(&scene, &key, 1))
        );
        let fresh = [a.unwrap(), b.unwrap()]
            .iter()
            .filter(|known| known.is_none())
            .count();
        assert_eq!(fresh, 1);
        assert_eq!(count(&scene, "audit").await, before + round + 1);
    }
    other.close().await;
    drop((scene, other));
    one.finish().await;
}
