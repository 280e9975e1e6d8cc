//! What a caller may not know of is, to that caller, not there.

use domain::booking::Status;
use store::hot::{Command, Group, Outcome, Refusal, Stamp, Submission};
use testkit::{LaneOf, Scene, in_each_scene};

async fn refusals(scene: &Scene, stamp: Stamp, commands: Vec<Command>) -> Vec<Refusal> {
    let submission = Submission {
        stamp,
        ..scene.submission(commands)
    };
    let outcomes = testkit::scene::fresh(scene.store.submit(submission).await.unwrap());
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Refused(refusal) => refusal,
            done @ Outcome::Done(_) => panic!("{done:?}"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_reach_is_refused_like_what_does_not_exist() {
    in_each_scene(|scene| async move {
        let elsewhere = scene.id();
        scene.organization(elsewhere).await;
        let (near, far) = (
            scene.lane(LaneOf::units(3)).await,
            scene.lane_of(elsewhere, LaneOf::units(3)).await,
        );
        let (mine, theirs) = (
            scene.placed(scene.place(near, 0, 2)).await,
            scene.placed(scene.place(far, 0, 2)).await,
        );
        let other = Scene::new(&scene.store).await;
        let foreign_lane = other.lane(LaneOf::units(1)).await;
        let foreign = other.placed(other.place(foreign_lane, 0, 1)).await;
        let near_only = scene.stamp_reaching(&[scene.organization_id]);
        for (lane, booking) in [
            (far, theirs),
            (foreign_lane, foreign),
            (scene.id(), scene.id()),
        ] {
            let mut moved = scene.change(mine);
            moved.change.resource_id = Some(lane);
            let mut joining = scene.place(near, 0, 1);
            joining.group = Group::Join(booking);
            let mut joining_later = scene.change(mine);
            joining_later.change.group = Some(Group::Join(booking));
            let commands = vec![
                scene.place(lane, 0, 1).into(),
                scene.set_capacity(lane, 9).into(),
                scene.become_(booking, Status::Cancelled).into(),
                scene.remove(booking).into(),
                moved.into(),
                joining.into(),
                joining_later.into(),
            ];
            assert_eq!(
                refusals(&scene, near_only.clone(), commands).await,
                [
                    Refusal::UnknownResource,
                    Refusal::UnknownResource,
                    Refusal::UnknownBooking,
                    Refusal::UnknownBooking,
                    Refusal::UnknownResource,
                    Refusal::UnknownGroup,
                    Refusal::UnknownGroup,
                ]
            );
        }
        assert_eq!(scene.booking(theirs).await.unwrap().version, 1);
        scene.verify().await;
        other.verify().await;
    })
    .await;
}
