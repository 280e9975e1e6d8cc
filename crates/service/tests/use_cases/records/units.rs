//! Units: every one has a row, from the beginning or from when the house was opened.

use std::collections::BTreeSet;

use service::{
    PageOf, Refusal,
    inventory::Unit,
    properties::{PropertyPatch, PropertyWrite, RoomPatch, RoomWrite, UnitPatch},
    records::{Direction, Field, Query, Test, change, create, remove},
};
use testkit::{LaneOf, in_each_scene};

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
        let mut reading = service.reading(&actor).await.unwrap();
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
        let mut reading = service.reading(&actor).await.unwrap();
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

        let mut reading = service.reading(&actor).await.unwrap();
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
        let mut reading = service.reading(&actor).await.unwrap();
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
        let mut reading = service.reading(&actor).await.unwrap();
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
