//! Blocks take capacity as bookings do, and give it back.

use std::sync::Arc;

use service::{
    PageOf, Refusal, Service,
    domain::{access::Actor, booking::Status, id::Id},
    inventory::Unit,
    kept::{Block, BlockKind},
    records::{BlockPatch, Direction, Field, NewBlock, Query, Test, Write},
    sale::Booking,
};
use store::hot::{Outcome, Overbooking, UnitChoice};
use testkit::{LaneOf, Scene, TestStore, day, in_each_scene};

use super::{house, limited, refused, written};

/// The units of a new room type, by number.
async fn room_type(scene: &Scene, units: i64) -> (Id, Vec<Id>) {
    let (service, actor) = house(scene);
    let lane = scene.lane(LaneOf::units(units)).await;
    service
        .complete_units(scene.tenant_id, actor.now)
        .await
        .unwrap();
    let reading = service.reading(&actor).await.unwrap();
    let query = Query::<Unit>::new()
        .meets(Test::is(Field::new("resource_id"), lane))
        .by(Field::new("number"), Direction::Ascending);
    let page = reading.page(&query, PageOf::first(99)).await.unwrap();
    (lane, page.rows.iter().map(|unit| unit.id).collect())
}

fn block(unit_id: Id, from: i32, until: i32) -> NewBlock {
    NewBlock {
        unit_id,
        kind: BlockKind::Maintenance,
        from: day(from),
        until: day(until),
        label: "Paint".to_owned(),
        extra: Default::default(),
    }
}

async fn free(scene: &Scene, lane: Id, number: i32) -> i64 {
    let (night, next) = (day(number), day(number + 1));
    let tx = scene.store.reader().await.unwrap();
    let views = store::occupancy::look(&tx, scene.tenant_id, &[lane], night, next).await;
    views.unwrap()[0].free_for(night, next)
}

#[tokio::test]
async fn a_block_takes_its_unit_and_gives_it_back() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let (lane, units) = room_type(&scene, 2).await;
        let (id, write) = service.block(&actor, block(units[1], 0, 3));
        assert_eq!(written(&service, &actor, write).await, id);
        assert_eq!(
            (free(&scene, lane, 0).await, free(&scene, lane, 3).await),
            (1, 2)
        );
        let booking = scene.booking(id).await.unwrap();
        assert_eq!(
            (booking.status, booking.arrival_on, booking.departure_on),
            (Status::Blocked, day(0), day(3))
        );

        let reading = service.reading(&actor).await.unwrap();
        let row = reading.one::<Block>(id).await.unwrap().unwrap();
        assert_eq!(
            (row.parent_id, row.state.as_str()),
            (Some(units[1]), "maintenance")
        );
        let stays = reading.units_of(&[booking]).await.unwrap();
        assert_eq!(
            stays[&id]
                .units
                .iter()
                .map(|unit| unit.id)
                .collect::<Vec<_>>(),
            [units[1]]
        );
        assert!(stays[&id].pinned);
        let maintenance = Test::<Block>::is(Field::new("state"), "maintenance".to_owned());
        let among =
            Test::<Booking>::among::<Block>(Field::new("id"), Field::new("id"), maintenance);
        let query = Query::<Booking>::new()
            .meets(among)
            .meets(Test::is_block(true));
        assert_eq!(reading.count(&query).await.unwrap(), 1);
        let in_unit = Query::<Booking>::new().meets(Test::stays_in(&[(lane, 2)]));
        assert_eq!(reading.count(&in_unit).await.unwrap(), 1);
        let in_other = Query::<Booking>::new().meets(Test::stays_in(&[(lane, 1)]));
        assert_eq!(reading.count(&in_other).await.unwrap(), 0);
        drop(reading);

        let later = BlockPatch {
            from: Some(day(2)),
            until: Some(day(5)),
            unit_id: Some(units[0]),
            ..BlockPatch::default()
        };
        written(
            &service,
            &actor,
            Write::block_change(id, BlockKind::Maintenance, later),
        )
        .await;
        assert_eq!(
            (free(&scene, lane, 0).await, free(&scene, lane, 4).await),
            (2, 1)
        );
        let other_kind = Write::block_remove(id, BlockKind::External);
        assert_eq!(
            refused(&service, &actor, other_kind).await,
            Refusal::Unknown { field: "id" }
        );
        let stranger = limited(&actor, &[scene.id()]);
        let remove = || Write::block_remove(id, BlockKind::Maintenance);
        assert_eq!(
            refused(&service, &stranger, remove()).await,
            Refusal::Unknown { field: "id" }
        );
        written(&service, &actor, remove()).await;
        assert_eq!(free(&scene, lane, 4).await, 2);
        assert!(scene.booking(id).await.is_none());
        assert_eq!(
            refused(&service, &actor, remove()).await,
            Refusal::Unknown { field: "id" }
        );
        scene.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_block_moves_guests_who_may_be_moved_and_is_refused_where_nobody_may() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let (lane, units) = room_type(&scene, 2).await;
        // Somebody stays in some unit, which one is all the same to them.
        let anyone = scene.placed(scene.place(lane, 0, 2)).await;
        for unit in &units {
            let (id, write) = service.block(&actor, block(*unit, 0, 2));
            written(&service, &actor, write).await;
            written(
                &service,
                &actor,
                Write::block_remove(id, BlockKind::Maintenance),
            )
            .await;
        }
        let mut pinned = scene.change(anyone);
        pinned.change.unit = Some(UnitChoice::Number(1));
        scene.done(pinned).await;
        let (_, write) = service.block(&actor, block(units[0], 1, 3));
        assert_eq!(refused(&service, &actor, write).await, Refusal::UnitTaken);
        let (_, write) = service.block(&actor, block(units[1], 1, 3));
        written(&service, &actor, write).await;
        let (_, write) = service.block(&actor, block(units[1], 2, 4));
        assert_eq!(refused(&service, &actor, write).await, Refusal::UnitTaken);
        let (_, write) = service.block(&actor, block(units[1], 4, 4));
        assert!(matches!(
            refused(&service, &actor, write).await,
            Refusal::BadDates(_)
        ));
        let (_, write) = service.block(&actor, block(scene.id(), 8, 9));
        assert_eq!(
            refused(&service, &actor, write).await,
            Refusal::Unknown { field: "unit_id" }
        );
        scene.verify().await;
    })
    .await;
}

/// Blocks and bookings for the one unit there is, all at once: one of them has it.
async fn race(scene: &Scene, services: &[Service], actor: &Actor) {
    for round in 0..5 {
        let (lane, units) = room_type(scene, 1).await;
        let (scene, actor) = (Arc::new(scene.clone()), Arc::new(actor.clone()));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..16_usize {
            let service = services[number % services.len()].clone();
            let (scene, actor, unit) = (Arc::clone(&scene), Arc::clone(&actor), units[0]);
            tasks.spawn(async move {
                // They overlap in the third night.
                let (from, until) = if number % 2 == 0 { (0, 3) } else { (2, 5) };
                if number % 4 < 2 {
                    let (_, write) = service.block(&actor, block(unit, from, until));
                    return service.write_one(&actor, write).await.unwrap().is_ok();
                }
                let mut place = scene.place(lane, from, until - from);
                place.overbooking = Overbooking::Refuse;
                let submission = scene.submission(vec![place.into()]);
                let outcomes =
                    testkit::scene::fresh(service.store().submit(submission).await.unwrap());
                matches!(outcomes[0], Outcome::Done(_))
            });
        }
        let won = tasks
            .join_all()
            .await
            .into_iter()
            .filter(|won| *won)
            .count();
        assert_eq!(won, 1, "round {round}");
        assert_eq!(free(&scene, lane, 2).await, 0);
    }
    scene.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_blocks_and_bookings_that_race_for_a_night_one_wins() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        race(&scene, &[service], &actor).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_blocks_and_bookings_through_two_servers_one_wins() {
    let Some(one) = TestStore::postgres().await else {
        return;
    };
    let ids = Arc::new(domain::id::IdSource::new(1));
    let other = store::Store::open(&one.config, ids).await.unwrap();
    let scene = Scene::new(&one.store).await;
    let (service, actor) = house(&scene);
    let services = [service, Service::new(other.clone())];
    race(&scene, &services, &actor).await;
    other.close().await;
    drop((scene, services, other));
    one.finish().await;
}
