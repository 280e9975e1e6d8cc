//! Many at once: races for the last place, and what the commands of one commit see of each other.

use domain::id::Id;
use store::{
    Store,
    hot::{Answer, Command, Outcome, Refusal, Submission},
};
use testkit::{LaneOf, Scene, in_each_scene};

use crate::{count, is_done, is_sold_out};

/// Starts tasks together, each with one command, and gathers what became of them.
async fn race(scene: &Scene, commands: Vec<Command>) -> Vec<Outcome> {
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(commands.len()));
    let mut tasks = tokio::task::JoinSet::new();
    for command in commands {
        let (store, submission, start) = (
            scene.store.clone(),
            scene.submission(vec![command]),
            start.clone(),
        );
        tasks.spawn(async move {
            start.wait().await;
            testkit::scene::fresh(store.submit(submission).await.unwrap())
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_with_room_for_three_is_never_sold_four_times() {
    in_each_scene(|scene| async move {
        for lane in [LaneOf::units(3), LaneOf::places(3)] {
            for round in 0..5 {
                let lane_id = scene.lane(lane).await;
                let place = |_| scene.place(lane_id, round, 2).into();
                let outcomes = race(&scene, (0..64).map(place).collect()).await;
                assert_eq!(
                    outcomes.iter().filter(|outcome| is_done(outcome)).count(),
                    3
                );
                assert_eq!(
                    outcomes
                        .iter()
                        .filter(|outcome| is_sold_out(outcome))
                        .count(),
                    61
                );
            }
        }
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_take_the_last_place_is_in_the_same_race() {
    in_each_scene(|scene| async move {
        for _ in 0..5 {
            let (lane, elsewhere) = (
                scene.lane(LaneOf::units(1)).await,
                scene.lane(LaneOf::units(64)).await,
            );
            let mut commands: Vec<Command> = Vec::new();
            for number in 0..48 {
                if number % 4 == 0 {
                    commands.push(scene.place(lane, 0, 3).into());
                    continue;
                }
                let place = match number % 4 {
                    1 => scene.place(elsewhere, 0, 2),
                    2 => scene.place(lane, 10 + number, 1),
                    _ => {
                        let mut inquiry = scene.place(lane, 0, 2);
                        inquiry.booking.status = domain::booking::Status::Inquiry;
                        inquiry
                    }
                };
                let id = scene.placed(place).await;
                let mut change = scene.change(id);
                match number % 4 {
                    1 => change.change.resource_id = Some(lane),
                    2 => {
                        change.change.arrival_on = Some(testkit::day(1));
                        change.change.departure_on = Some(testkit::day(2));
                    }
                    _ => change.change.status = Some(domain::booking::Status::Confirmed),
                }
                commands.push(change.into());
            }
            let outcomes = race(&scene, commands).await;
            assert_eq!(
                outcomes.iter().filter(|outcome| is_done(outcome)).count(),
                1
            );
            assert_eq!(
                outcomes
                    .iter()
                    .filter(|outcome| is_sold_out(outcome))
                    .count(),
                47
            );
        }
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_leaves_no_trace_and_touches_no_other_command_of_its_batch() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let before = (
            count(&scene, "journal").await,
            count(&scene, "outbox").await,
        );
        let (first, refused, third) = (
            scene.place(lane, 0, 2),
            scene.place(lane, 1, 2),
            scene.place(lane, 2, 2),
        );
        let ids = [&first, &refused, &third].map(|place| place.booking.id);
        let outcomes = scene
            .submit(vec![first.into(), refused.into(), third.into()])
            .await;
        assert!(is_done(&outcomes[0]) && is_done(&outcomes[2]));
        assert_eq!(outcomes[1], Outcome::Refused(Refusal::SoldOut { free: 0 }));
        assert!(scene.booking(ids[0]).await.is_some() && scene.booking(ids[2]).await.is_some());
        assert_eq!(scene.booking(ids[1]).await, None);
        let after = (
            count(&scene, "journal").await,
            count(&scene, "outbox").await,
        );
        assert_eq!((after.0 - before.0, after.1 - before.1), (2, 2));
        assert_eq!(count(&scene, "audit").await, count(&scene, "outbox").await);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_one_submission_see_each_other() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let first = scene.placed(scene.place(lane, 0, 2)).await;
        // What is cancelled in one item is free for the next; what that takes is gone for the third.
        let outcomes = scene
            .submit(vec![
                scene
                    .become_(first, domain::booking::Status::Cancelled)
                    .into(),
                scene.place(lane, 0, 2).into(),
                scene.place(lane, 1, 2).into(),
            ])
            .await;
        assert!(is_done(&outcomes[0]) && is_done(&outcomes[1]) && is_sold_out(&outcomes[2]));
        // A booking of this submission can be changed, and moved to a lane that nothing else names.
        let other = scene.lane(LaneOf::places(4)).await;
        let place = scene.place(lane, 5, 2);
        let mut change = scene.change(place.booking.id);
        change.change.resource_id = Some(other);
        let removed = scene.place(lane, 5, 2);
        let removal = scene.remove(removed.booking.id);
        let outcomes = scene
            .submit(vec![
                place.into(),
                change.into(),
                removed.into(),
                removal.into(),
            ])
            .await;
        assert!(outcomes.iter().all(is_done), "{outcomes:?}");
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_takes_all_or_nothing() {
    in_each_scene(|scene| async move {
        let (one, two) = (
            scene.lane(LaneOf::units(1)).await,
            scene.lane(LaneOf::places(1)).await,
        );
        scene.placed(scene.place(two, 0, 1)).await;
        let entries = count(&scene, "journal").await;
        let together = |commands| Submission {
            all_or_nothing: true,
            ..scene.submission(commands)
        };
        let submit =
            async |submission| testkit::scene::fresh(scene.store.submit(submission).await.unwrap());
        let both = vec![scene.place(one, 0, 1).into(), scene.place(two, 0, 1).into()];
        let outcomes = submit(together(both)).await;
        assert_eq!(
            outcomes,
            [
                Outcome::Refused(Refusal::WithTheOthers),
                Outcome::Refused(Refusal::SoldOut { free: 0 })
            ]
        );
        assert_eq!(count(&scene, "journal").await, entries);
        assert_eq!(count(&scene, "booking").await, 1);
        let both = vec![scene.place(one, 0, 1).into(), scene.place(two, 1, 1).into()];
        assert!(submit(together(both)).await.iter().all(is_done));
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_names_a_lane_in_the_same_batch_changes_nothing_for_its_owner() {
    testkit::for_each_store(async |store: Store| {
        let (owner, stranger) = (Scene::new(&store).await, Scene::new(&store).await);
        for round in 0..20 {
            let lane = owner.lane(LaneOf::units(1)).await;
            owner.placed(owner.place(lane, round, 2)).await;
            let theirs = stranger.lane(LaneOf::units(1)).await;
            let submissions = (0..8).map(|number| {
                if number % 2 == 0 {
                    stranger.submission(vec![
                        stranger.place(lane, round, 2).into(),
                        stranger.place(theirs, 0, 1).into(),
                    ])
                } else {
                    owner.submission(vec![owner.place(lane, round, 1).into()])
                }
            });
            let answers = futures(&store, submissions.collect()).await;
            for (number, answer) in answers.into_iter().enumerate() {
                let Answer::Fresh(outcomes) = answer else {
                    panic!("no key was given")
                };
                if number % 2 == 0 {
                    assert_eq!(outcomes[0], Outcome::Refused(Refusal::UnknownResource));
                } else {
                    assert!(is_sold_out(&outcomes[0]), "{outcomes:?}");
                }
            }
        }
        owner.verify().await;
        stranger.verify().await;
    })
    .await;
}

async fn futures(store: &Store, submissions: Vec<Submission>) -> Vec<Answer> {
    let tasks: Vec<_> = submissions
        .into_iter()
        .map(|submission| {
            let store = store.clone();
            tokio::spawn(async move { store.submit(submission).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quantity_that_makes_no_sense_is_refused() {
    in_each_scene(|scene| async move {
        let (units, places) = (
            scene.lane(LaneOf::units(3)).await,
            scene.lane(LaneOf::places(3)).await,
        );
        for (lane, quantity, most) in [
            (units, 0, 1_000),
            (units, -1, 1_000),
            (units, i64::MAX, 1_000),
            (places, 0, 1_000_000_000),
            (places, -3, 1_000_000_000),
            (places, i64::MAX, 1_000_000_000),
        ] {
            let mut place = scene.place(lane, 0, 1);
            place.booking.quantity = quantity;
            place.overbooking = store::hot::Overbooking::Mark;
            assert_eq!(scene.refused(place).await, Refusal::BadQuantity { most });
        }
        for capacity in [-1, i64::MAX] {
            let refusal = scene.refused(scene.set_capacity(units, capacity)).await;
            assert_eq!(
                refusal,
                Refusal::BadQuantity {
                    most: 1_000_000_000
                }
            );
        }
        let mut backwards = scene.place(places, 3, 1);
        backwards.booking.departure_on = testkit::day(3);
        assert!(matches!(
            scene.refused(backwards).await,
            Refusal::BadDates(_)
        ));
        assert!(matches!(
            scene.refused(scene.place(places, 0, 4_000)).await,
            Refusal::BadDates(_)
        ));
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_on_a_lane_that_is_opened_in_the_same_submission_finds_it() {
    in_each_scene(|scene| async move {
        let lane: Id = scene.id();
        let open = scene.open_lane(lane, scene.organization_id, LaneOf::units(1));
        let outcomes = scene
            .submit(vec![
                open.into(),
                scene.place(lane, 0, 1).into(),
                scene.place(lane, 0, 1).into(),
            ])
            .await;
        assert!(is_done(&outcomes[0]) && is_done(&outcomes[1]) && is_sold_out(&outcomes[2]));
        scene.verify().await;
    })
    .await;
}
