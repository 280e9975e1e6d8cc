//! Whoever looks sees what they asked about, however many look at the same time.

use std::sync::Arc;

use domain::id::{Id, IdSource};
use store::{ColdCommand, Look, Tx};
use testkit::{LaneOf, Scene, day, in_each_scene};

fn look(scene: &Scene, lane: Id, first: i32, nights: i32) -> Look {
    Look {
        tenant_id: scene.tenant_id,
        resource_id: lane,
        first: day(first),
        until: day(first + nights),
    }
}

/// What is free of a lane of nine with one stay of two nights from every third day on.
fn expected(first: i32, nights: i32) -> Vec<i64> {
    let taken = |night: i32| i64::from((0..120).contains(&night) && night.rem_euclid(3) != 2);
    (first..first + nights)
        .map(|night| 9 - taken(night))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_look_at_once_each_see_the_nights_they_asked_about() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(9)).await;
        let others = scene.lane(LaneOf::units(3)).await;
        for stay in 0..40 {
            scene.placed(scene.place(lane, stay * 3, 2)).await;
        }
        let scene = Arc::new(scene);
        let looking = (0..120_i32).map(|number| {
            let scene = Arc::clone(&scene);
            // Some look at the same nights, some weeks apart, some long before and after.
            let (first, nights) = (number * 7 % 130 - 5, 1 + number % 11);
            tokio::spawn(async move {
                let looks = vec![
                    look(&scene, lane, first, nights),
                    look(&scene, others, first, nights),
                ];
                let looked = scene.store.look(looks).await.unwrap();
                let free = |lane: Id| {
                    let view = looked.lane(scene.tenant_id, lane).unwrap();
                    view.free(day(first), nights as usize)
                };
                assert_eq!(free(lane), expected(first, nights), "{nights} from {first}");
                assert_eq!(free(others), vec![3; nights as usize]);
                let whole = looked.lane(scene.tenant_id, lane).unwrap();
                let least = expected(first, nights).into_iter().min().unwrap();
                assert_eq!(whole.free_for(day(first), day(first + nights)), least);
            })
        });
        for one in looking.collect::<Vec<_>>() {
            one.await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_nothing_or_at_what_is_not_there_finds_nothing() {
    in_each_scene(|scene| async move {
        let looked = scene.store.look(vec![]).await.unwrap();
        assert!(looked.lane(scene.tenant_id, scene.id()).is_none());
        let unknown = scene.id();
        let looked = scene.store.look(vec![look(&scene, unknown, 0, 3)]).await;
        assert!(looked.unwrap().lane(scene.tenant_id, unknown).is_none());
        // Of no nights at all, a lane is there and nothing is taken.
        let lane = scene.lane(LaneOf::units(2)).await;
        let looked = scene.store.look(vec![look(&scene, lane, 3, 0)]).await;
        let looked = looked.unwrap();
        let view = looked.lane(scene.tenant_id, lane).unwrap();
        assert!(view.taken(day(3), 0).is_empty() && view.free(day(3), 0).is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_answered_finds_what_they_changed_however_often_somebody_has_looked() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(4)).await;
        let free = |first: i32| {
            let scene = &scene;
            async move {
                let looked = scene.store.look(vec![look(scene, lane, first, 1)]).await;
                let looked = looked.unwrap();
                let view = looked.lane(scene.tenant_id, lane).unwrap();
                view.free(day(first), 1)[0]
            }
        };
        for taken in 1..=4 {
            assert_eq!(free(3).await, 5 - taken);
            assert_eq!(free(3).await, 5 - taken);
            scene.placed(scene.place(lane, 2, 3)).await;
            assert_eq!(free(3).await, 4 - taken);
            // Nights of other blocks are as they were.
            assert_eq!(free(300).await, 4);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_does_that_rolls_back_is_never_seen() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(4)).await;
        let free = || async {
            let looked = scene.store.look(vec![look(&scene, lane, 0, 3)]).await;
            let looked = looked.unwrap();
            looked.lane(scene.tenant_id, lane).unwrap().free(day(0), 3)
        };
        assert_eq!(free().await, [4, 4, 4]);
        for _ in 0..3 {
            let refused = scene.store.run(LooksAndFails(scene.tenant_id, lane)).await;
            assert!(refused.is_err());
            assert_eq!(free().await, [4, 4, 4]);
        }
        scene.placed(scene.place(lane, 1, 1)).await;
        assert_eq!(free().await, [4, 3, 4]);
    })
    .await;
}

/// Gives the lane another capacity, looks at it, and fails.
struct LooksAndFails(Id, Id);

impl ColdCommand for LooksAndFails {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<()> {
        let set = "UPDATE lane SET capacity = 9, sequence = sequence + 1 WHERE tenant_id = $1 AND id = $2";
        let changed = tx.execute(set, &[self.0.into(), self.1.into()]).await?;
        assert_eq!(changed, 1);
        let views = store::occupancy::look(tx, self.0, &[self.1], day(0), day(3)).await?;
        assert_eq!(views[0].free(day(0), 3), [9, 9, 9]);
        Err(store::Error::Refused("on purpose".to_owned()))
    }
}
