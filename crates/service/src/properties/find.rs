//! Finds properties and rooms.

use std::collections::HashMap;

use catalogue::{
    ColumnKind::{self, Int},
    inventory::{Organization, Resource, Unit},
};
use domain::{access::Actor, id::Id};
use store::{Condition, Row, Tx, Value};

use super::{Properties, PropertyView, RoomView};
use crate::{Page, PageOf, Result, UseCase, availability::ResourceFilter, stamp::reached};

/// Which properties are wanted. Empty lists ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyFilter {
    /// These properties.
    pub ids: Vec<Id>,
    /// The properties of these rooms.
    pub resource_ids: Vec<Id>,
}

const OF_ORGANIZATION: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("organization_id", Int)];
const OF_RESOURCE: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("resource_id", Int)];

impl Properties<'_> {
    /// Properties with all their rooms, by id.
    pub async fn find(
        &self,
        actor: &Actor,
        filter: &PropertyFilter,
        page: PageOf,
    ) -> Result<Page<PropertyView>> {
        UseCase::FindProperties.authorize(actor)?;
        let mut tx = self.service.store.reader().await?;
        let mut all = vec![reached(actor, "id")];
        if !filter.ids.is_empty() {
            all.push(Condition::In(
                "id",
                filter.ids.iter().map(|id| Value::from(*id)).collect(),
            ));
        }
        if !filter.resource_ids.is_empty() {
            let rooms = ResourceFilter {
                ids: filter.resource_ids.clone(),
                ..ResourceFilter::default()
            };
            let rooms = tx
                .find::<Resource>(&rooms.condition(actor), "", None, 0)
                .await?;
            all.push(Condition::In(
                "id",
                rooms
                    .iter()
                    .map(|room| Value::from(room.organization_id))
                    .collect(),
            ));
        }
        let organizations = tx
            .find::<Organization>(
                &Condition::All(all),
                "id",
                Some(page.limit()),
                page.offset(),
            )
            .await?;
        let page = page.page(organizations);
        let mut rooms = rooms_of(&mut tx, actor.tenant_id, &page.rows).await?;
        Ok(page.map(|organization| PropertyView {
            rooms: rooms.remove(&organization.id).unwrap_or_default(),
            organization,
        }))
    }

    /// Rooms, by id.
    pub async fn rooms(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        page: PageOf,
    ) -> Result<Page<RoomView>> {
        UseCase::FindProperties.authorize(actor)?;
        let mut tx = self.service.store.reader().await?;
        let page = filter.page(&mut tx, actor, page).await?;
        let rows = views(&mut tx, actor.tenant_id, page.rows).await?;
        Ok(Page {
            rows,
            more: page.more,
        })
    }
}

/// The rooms of these properties.
pub(super) async fn rooms_of(
    tx: &mut Tx,
    tenant_id: Id,
    organizations: &[Organization],
) -> store::Result<HashMap<Id, Vec<RoomView>>> {
    let keys: Vec<Row> = organizations
        .iter()
        .map(|organization| vec![tenant_id.into(), organization.id.into()])
        .collect();
    let mut resources = tx.find_each::<Resource>(OF_ORGANIZATION, &keys).await?;
    resources.sort_by_key(|resource| resource.id);
    let mut rooms: HashMap<Id, Vec<RoomView>> = HashMap::new();
    for room in views(tx, tenant_id, resources).await? {
        rooms
            .entry(room.resource.organization_id)
            .or_default()
            .push(room);
    }
    Ok(rooms)
}

/// Resources with their units.
pub(super) async fn views(
    tx: &mut Tx,
    tenant_id: Id,
    resources: Vec<Resource>,
) -> store::Result<Vec<RoomView>> {
    let keys: Vec<Row> = resources
        .iter()
        .map(|resource| vec![tenant_id.into(), resource.id.into()])
        .collect();
    let mut units: HashMap<Id, Vec<Unit>> = HashMap::new();
    for unit in tx.find_each::<Unit>(OF_RESOURCE, &keys).await? {
        units.entry(unit.resource_id).or_default().push(unit);
    }
    let views = resources.into_iter().map(|resource| {
        let mut units = units.remove(&resource.id).unwrap_or_default();
        units.sort_by_key(|unit| unit.number);
        RoomView { resource, units }
    });
    Ok(views.collect())
}
