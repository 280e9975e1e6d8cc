//! What somebody reads who keeps something that is derived from lanes.

use domain::id::Id;
use store::{
    Tx,
    derived::{LaneVersion, lanes, versions, versions_of},
};
use testkit::{LaneOf, Scene, day, in_each_scene};

use crate::Execute;

async fn reader(scene: &Scene) -> Tx {
    scene.store.reader().await.unwrap()
}

async fn version(scene: &Scene, id: Id) -> Option<LaneVersion> {
    let mut tx = reader(scene).await;
    let found = versions_of(&mut tx, scene.tenant_id, &[id]).await.unwrap();
    found.first().copied()
}

#[tokio::test]
async fn lanes_tell_their_versions_page_by_page() {
    in_each_scene(|scene| async move {
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(scene.lane(LaneOf::units(2)).await);
        }
        ids.sort_unstable();
        let stranger = Scene::new(&scene.store).await;
        let foreign = stranger.lane(LaneOf::units(1)).await;
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let mut tx = reader(&scene).await;
            let page = versions(&mut tx, scene.tenant_id, after, 2).await.unwrap();
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.resource_id);
            found.extend(page.iter().map(|one| one.resource_id));
        }
        assert_eq!(found, ids);
        let mut tx = reader(&scene).await;
        let asked = [ids[3], foreign, scene.id(), ids[0]];
        let mut some = versions_of(&mut tx, scene.tenant_id, &asked).await.unwrap();
        some.sort_by_key(|one| one.resource_id);
        let some: Vec<Id> = some.iter().map(|one| one.resource_id).collect();
        assert_eq!(some, [ids[0], ids[3]]);
    })
    .await;
}

#[tokio::test]
async fn a_booking_is_another_number_in_the_journal_and_the_same_terms() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let before = version(&scene, lane).await.unwrap();
        scene.placed(scene.place(lane, 1, 2)).await;
        let after = version(&scene, lane).await.unwrap();
        assert_eq!(
            (after.sequence, after.terms),
            (before.sequence + 1, before.terms)
        );
        let mut tx = reader(&scene).await;
        let ids = [lane, scene.id()];
        let read = lanes(&mut tx, scene.tenant_id, &ids, day(0), day(5)).await;
        let [(seen, view)] = &read.unwrap()[..] else {
            panic!("there is one such lane");
        };
        assert_eq!(*seen, after);
        assert_eq!(
            (view.capacity, view.taken(day(0), 5)),
            (2, vec![0, 1, 1, 0, 0])
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_watches_hears_of_a_change_before_its_maker_is_answered() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let other = scene.lane(LaneOf::units(1)).await;
        let watch = scene.store.watch(scene.tenant_id).await.unwrap();
        assert!(watch.is_quiet());
        let stay = scene.placed(scene.place(lane, 1, 2)).await;
        assert_eq!(watch.take(), [lane].into());
        // What is refused changes nothing, and who only looks changes nothing either.
        scene.refused(scene.place(lane, 1, 1)).await;
        version(&scene, lane).await;
        assert!(watch.is_quiet());
        let mut moved = scene.change(stay);
        moved.change.resource_id = Some(other);
        scene.done(moved).await;
        assert_eq!(watch.take(), [lane, other].into());
        scene.done(scene.set_capacity(lane, 3)).await;
        assert_eq!(watch.take(), [lane].into());

        let stranger = Scene::new(&scene.store).await;
        stranger.lane(LaneOf::units(1)).await;
        let nothing = Execute("UPDATE tenant SET name = name".to_owned(), Vec::new());
        scene.store.run(nothing).await.unwrap();
        assert!(watch.is_quiet());
    })
    .await;
}
