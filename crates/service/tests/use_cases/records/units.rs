//! Units: every one has a row, from the beginning or from when the house was opened.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use service::{
    PageOf, Refusal, Value,
    domain::id::Id,
    inventory::{Resource, Unit},
    properties::{PropertyPatch, PropertyWrite, RoomPatch, RoomWrite, UnitPatch},
    records::{Direction, Field, NewUnit, Query, RoomWish, Test, Write, change, create, remove},
};
use store::hot::{Overbooking, UnitChoice};
use testkit::{LaneOf, Scene, in_each_scene};

use super::{house, refused, written};

fn all() -> Query<Unit> {
    Query::new().by(Field::new("number"), Direction::Ascending)
}

#[tokio::test]
async fn older_room_types_get_the_rows_of_their_units_once() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(5)).await;
        scene.lane(LaneOf::places(7)).await;
        let complete = || service.complete_units(scene.tenant_id, actor.now);
        assert_eq!(complete().await, Ok(5));
        assert_eq!(complete().await, Ok(0));
        let reading = service.reading(&actor).await.unwrap();
        let page = reading.page(&all(), PageOf::first(99)).await.unwrap();
        let numbers: Vec<_> = page
            .rows
            .iter()
            .map(|unit| (unit.resource_id, unit.number))
            .collect();
        assert_eq!(
            numbers,
            (1..=5).map(|number| (lane, number)).collect::<Vec<_>>()
        );
        assert!(
            page.rows
                .iter()
                .all(|unit| unit.organization_id == Some(scene.organization_id))
        );
    })
    .await;
}

#[tokio::test]
async fn units_are_completed_where_they_are_missing_and_nowhere_else() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let complete = || service.complete_units(scene.tenant_id, actor.now);
        // More lanes than one commit takes.
        let mut lanes = Vec::new();
        for _ in 0..60 {
            lanes.push(scene.lane(LaneOf::units(2)).await);
        }
        assert_eq!(complete().await, Ok(120));
        scene.done(scene.set_capacity(lanes[7], 4)).await;
        scene.done(scene.set_capacity(lanes[59], 1)).await;
        assert_eq!(complete().await, Ok(2));
        scene.done(scene.set_capacity(lanes[59], 2)).await;
        assert_eq!(complete().await, Ok(0));
        let reading = service.reading(&actor).await.unwrap();
        assert_eq!(reading.count(&all()).await.unwrap(), 122);
    })
    .await;
}

#[tokio::test]
async fn room_types_that_are_written_have_their_units_at_once() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let named = |number: i64, name: &str| UnitPatch {
            number,
            name: Some(name.to_owned()),
            ..UnitPatch::default()
        };
        let room = |id, quantity, units| PropertyWrite {
            id: Some(scene.organization_id),
            patch: PropertyPatch::default(),
            rooms: vec![RoomWrite {
                id,
                patch: RoomPatch {
                    name: Some("Double".to_owned()),
                    quantity: Some(quantity),
                    ..RoomPatch::default()
                },
                units,
            }],
        };
        let write = async |write: PropertyWrite| {
            let mut outcomes = service
                .properties()
                .write(&actor, vec![write])
                .await
                .unwrap();
            let mut outcome = outcomes.remove(0).unwrap();
            outcome.rooms.remove(0).unwrap().after
        };
        let view = write(room(None, 3, vec![named(2, "Süd")])).await;
        let id = Some(view.resource.id);
        let names: Vec<&str> = view.units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names, ["", "Süd", ""]);
        let ids: BTreeSet<_> = view.units.iter().map(|unit| unit.id).collect();
        assert_eq!(ids.len(), 3);
        assert_eq!(
            service.complete_units(scene.tenant_id, actor.now).await,
            Ok(0)
        );

        let smaller = write(room(id, 1, Vec::new())).await;
        let archived: Vec<bool> = smaller
            .units
            .iter()
            .map(|unit| unit.archived_at.is_some())
            .collect();
        assert_eq!(archived, [false, true, true]);
        let larger = write(room(id, 4, Vec::new())).await;
        assert_eq!(
            larger
                .units
                .iter()
                .map(|unit| unit.number)
                .collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
        assert_eq!(larger.units[1].id, view.units[1].id);
        assert_eq!(larger.units[1].name, "Süd");

        let reading = service.reading(&actor).await.unwrap();
        let south = all().meets(Test::says(Field::new("search"), "SÜD"));
        let found = reading.page(&south, PageOf::first(9));
        assert_eq!(found.await.unwrap().rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_unit_is_renamed_and_put_away_but_neither_made_nor_removed_by_itself() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        scene.lane(LaneOf::units(1)).await;
        service
            .complete_units(scene.tenant_id, actor.now)
            .await
            .unwrap();
        let reading = service.reading(&actor).await.unwrap();
        let unit = reading
            .page(&all(), PageOf::first(1))
            .await
            .unwrap()
            .rows
            .remove(0);
        drop(reading);
        scene.clock.advance_ms(5_000);
        let (service, actor) = house(&scene);
        let now = actor.now;
        let away = change::<Unit>(unit.id, move |unit| {
            unit.name = "Tower".to_owned();
            unit.archived_at = Some(now);
            unit.number = 99;
            Ok(())
        });
        written(&service, &actor, away).await;
        let reading = service.reading(&actor).await.unwrap();
        let after = reading.one::<Unit>(unit.id).await.unwrap().unwrap();
        assert_eq!(
            (after.name.as_str(), after.archived_at, after.number),
            ("Tower", Some(now), 1)
        );
        assert_eq!((after.created_at, after.changed_at), (unit.created_at, now));
        drop(reading);
        let made = refused(&service, &actor, create(unit.clone())).await;
        let gone = refused(&service, &actor, remove::<Unit>(unit.id)).await;
        for refusal in [made, gone] {
            assert!(
                matches!(refusal, Refusal::Invalid { field: "id", .. }),
                "{refusal:?}"
            );
        }
    })
    .await;
}

/// Who is where: for each stay its booking, its times, its unit's row, and whether it is pinned there.
async fn who_is_where(scene: &Scene, room: Id) -> BTreeMap<i64, (i64, i64, Option<i64>, bool)> {
    let sql = "SELECT a.booking_id, a.starts_at, a.ends_at, u.id, a.pinned FROM allocation a \
               LEFT JOIN unit u ON u.tenant_id = a.tenant_id AND u.resource_id = a.lane_id AND u.number = a.unit \
               WHERE a.tenant_id = $1 AND a.lane_id = $2";
    let tx = scene.store.reader().await.unwrap();
    let parameters = [scene.tenant_id.into(), room.into()];
    let rows = tx.query(sql, &parameters).await.unwrap();
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number),
        _ => None,
    };
    let read = |row: Vec<Value>| {
        let at = |index: usize| number(&row[index]);
        let pinned = at(4) == Some(1);
        (
            at(0).unwrap(),
            (at(1).unwrap(), at(2).unwrap(), at(3), pinned),
        )
    };
    rows.into_iter().map(read).collect()
}

/// A room type without units, made in a document.
async fn empty_type(scene: &Scene) -> Id {
    let (service, actor) = house(scene);
    let id = service.new_id(&actor);
    let wish = RoomWish {
        id,
        organization_id: scene.organization_id,
        is_new: true,
        price_list_id: None,
        how: Box::new(|_| RoomPatch {
            name: Some("Tree house".to_owned()),
            quantity: Some(0),
            ..RoomPatch::default()
        }),
    };
    assert_eq!(written(&service, &actor, Write::room(wish)).await, id);
    id
}

#[tokio::test]
async fn units_come_and_go_at_random_and_nobody_loses_theirs_or_sleeps_in_the_bed_of_another() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or(20_261_122);
    println!("SEED={seed}");
    in_each_scene(|scene| async move {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let (service, actor) = house(&scene);
        let room = empty_type(&scene).await;
        let (mut refusals, mut moves) = (0, 0);
        for _ in 0..150 {
            let before = who_is_where(&scene, room).await;
            let reading = service.reading(&actor).await.unwrap();
            let units = reading.page(&all(), PageOf::first(99)).await.unwrap().rows;
            let quantity = reading
                .one::<Resource>(room)
                .await
                .unwrap()
                .unwrap()
                .quantity;
            drop(reading);
            let some = units.choose(&mut chance).map(|unit| unit.id);
            let step = match (chance.random_range(0..8), some) {
                (0 | 1, _) | (_, None) => Some(Write::unit(NewUnit {
                    id: service.new_id(&actor),
                    resource_id: room,
                    name: String::new(),
                })),
                (2, Some(id)) => Some(Write::unit_archive(id)),
                (3, Some(id)) => Some(Write::unit_restore(id)),
                (4, Some(id)) => Some(Write::unit_remove(id)),
                _ => {
                    let mut place =
                        scene.place(room, chance.random_range(0..12), chance.random_range(1..5));
                    place.overbooking = Overbooking::Refuse;
                    if chance.random_bool(0.3) && quantity > 0 {
                        place.unit = UnitChoice::Number(chance.random_range(1..=quantity));
                    }
                    scene.one(place).await;
                    None
                }
            };
            let was_step = step.is_some();
            if let Some(write) = step
                && service.write_one(&actor, write).await.unwrap().is_err()
            {
                refusals += 1;
            }
            let after = who_is_where(&scene, room).await;
            let reading = service.reading(&actor).await.unwrap();
            let rows = reading.page(&all(), PageOf::first(99)).await.unwrap().rows;
            let resource = reading.one::<Resource>(room).await.unwrap().unwrap();
            drop(reading);
            let used = rows.iter().filter(|unit| unit.archived_at.is_none());
            assert_eq!(used.count() as i64, resource.quantity, "SEED={seed}");
            let lasting = rows.iter().filter(|unit| unit.number <= resource.quantity);
            assert!(lasting.clone().all(|unit| unit.archived_at.is_none()));
            assert_eq!(lasting.count() as i64, resource.quantity);
            for (booking, (_, _, unit, pinned)) in &before {
                let now = &after[booking];
                assert!(
                    !(was_step && *pinned) || now.2 == *unit,
                    "SEED={seed}: a pinned stay has moved"
                );
                moves += usize::from(was_step && now.2 != *unit);
            }
            let stays: Vec<_> = after.values().filter(|stay| stay.2.is_some()).collect();
            for (index, one) in stays.iter().enumerate() {
                for other in &stays[index + 1..] {
                    let meet = one.2 == other.2 && one.0 < other.1 && other.0 < one.1;
                    assert!(!meet, "SEED={seed}: two stays in one unit");
                }
            }
        }
        assert!(
            refusals > 5 && moves > 0,
            "{refusals} refusals, {moves} moves"
        );
        scene.verify().await;
    })
    .await;
}
