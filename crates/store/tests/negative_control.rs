//! The race check must notice a store that does not lock its lanes: a control that no release runs.
#![cfg(test)]
#![cfg(feature = "negative_control")]

use store::{
    Store,
    hot::{Outcome, Submission},
};
use testkit::{LaneOf, Scene};

/// Rounds within which the mistake must show.
const ROUNDS: i32 = 50;
const CLIENTS: usize = 64;

/// Lets all clients ask for the last place at once and counts who got it.
async fn winners(scene: &Scene, lane: domain::id::Id, round: i32) -> usize {
    let submissions: Vec<Submission> = (0..CLIENTS)
        .map(|_| scene.submission(vec![scene.place(lane, round, 1).into()]))
        .collect();
    let mut tasks = tokio::task::JoinSet::new();
    for submission in submissions {
        let store: Store = scene.store.clone();
        tasks.spawn(async move { testkit::scene::fresh(store.submit(submission).await.unwrap()) });
    }
    let outcomes = tasks.join_all().await.into_iter().flatten();
    outcomes
        .filter(|outcome| matches!(outcome, Outcome::Done(_)))
        .count()
}

/// Runs this program's own test once more with a variable set, because a process reads it once.
fn run_again(test: &str, variable: &str) -> bool {
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new(program)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(variable, "1")
        .status()
        .unwrap();
    status.success()
}

#[test]
fn a_store_that_does_not_lock_its_lanes_is_caught() {
    assert!(run_again(
        "inside_a_store_without_locks",
        "TABARD_UNSAFE_SKIP_LANE_LOCK"
    ));
    assert!(!run_again(
        "inside_a_store_without_locks",
        "TABARD_NOTHING_UNSAFE"
    ));
}

#[test]
fn a_store_that_answers_before_its_commit_is_caught() {
    assert!(run_again(
        "inside_a_store_that_answers_too_early",
        "TABARD_UNSAFE_ACK_BEFORE_COMMIT"
    ));
    assert!(!run_again(
        "inside_a_store_that_answers_too_early",
        "TABARD_NOTHING_UNSAFE"
    ));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is run by the control, in a process of its own"]
async fn inside_a_store_without_locks() {
    for one in testkit::stores().await {
        let scene = Scene::new(&one.store).await;
        let lane = scene.lane(LaneOf::places(1)).await;
        let mut caught = false;
        for round in 0..ROUNDS {
            caught |= winners(&scene, lane, round).await > 1;
        }
        assert!(caught, "no lane was oversold on {}", one.name);
        let verified = tokio::spawn(async move { scene.verify().await }).await;
        assert!(
            verified.is_err(),
            "the journal of {} hides what was oversold",
            one.name
        );
        one.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is run by the control, in a process of its own"]
async fn inside_a_store_that_answers_too_early() {
    for one in testkit::stores().await {
        let scene = Scene::new(&one.store).await;
        let lane = scene.lane(LaneOf::places(1)).await;
        let id = scene.placed(scene.place(lane, 0, 1)).await;
        assert_eq!(
            scene.booking(id).await,
            None,
            "what was acknowledged is there on {}",
            one.name
        );
        for _ in 0..3_000 {
            if scene.booking(id).await.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(scene.booking(id).await.is_some());
        scene.verify().await;
        one.finish().await;
    }
}
