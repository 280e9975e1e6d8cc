//! Calendars, by whoever may write them.

use service::{
    Error, Service, UseCase,
    domain::{
        access::{Actor, Capability, capability as c},
        id::Id,
    },
};
use testkit::{LaneOf, Scene, in_each_scene};

use crate::who_may;

async fn zones(scene: &Scene, actor: &Actor, ids: &[Id]) -> Result<Vec<(Id, String)>, Error> {
    let service = Service::new(scene.store.clone());
    let found = service.calendar_resources(actor, ids).await?;
    Ok(found
        .into_iter()
        .map(|one| (one.resource.id, one.zone.name().to_owned()))
        .collect())
}

#[tokio::test]
async fn whoever_writes_calendars_finds_their_resources_and_nobody_else_does() {
    in_each_scene(|scene| async move {
        let room = scene.lane(LaneOf::units(1)).await;
        let writer = who_may(&scene, &[c::INVENTORY_WRITE]);
        let asked = [room, scene.id(), room];
        assert_eq!(
            zones(&scene, &writer, &asked).await,
            Ok(vec![(room, "UTC".into())])
        );
        assert_eq!(zones(&scene, &writer, &[]).await, Ok(Vec::new()));

        let others: Vec<Capability> = Capability::all()
            .filter(|one| *one != c::INVENTORY_WRITE)
            .collect();
        let reader = who_may(&scene, &others);
        assert_eq!(
            zones(&scene, &reader, &[room]).await,
            Err(Error::Forbidden(c::INVENTORY_WRITE))
        );

        let elsewhere = Some(vec![scene.id()].into());
        let stranger = Actor {
            organizations: elsewhere,
            ..writer.clone()
        };
        assert_eq!(zones(&scene, &stranger, &asked).await, Ok(Vec::new()));
        let foreign = Actor {
            tenant_id: scene.id(),
            ..writer
        };
        assert_eq!(zones(&scene, &foreign, &asked).await, Ok(Vec::new()));
    })
    .await;
}

#[test]
fn every_use_case_stands_in_the_table_once() {
    let named: std::collections::HashSet<UseCase> = UseCase::ALL.into_iter().collect();
    assert_eq!(named.len(), UseCase::ALL.len());
    assert_eq!(
        UseCase::FindCalendarResources.needs(),
        UseCase::WriteCalendar.needs()
    );
}
