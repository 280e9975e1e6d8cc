//! What must be known of properties and rooms before they are written: in which zone a room's
//! today is, and which settings a change is merged into.
//!
//! Whoever may write them need not be allowed to read them, so these lookups are made with the
//! capability to read added. Nothing that is found is shown: answers to writes show what was sent
//! and what it changed. What the caller does not reach is not found here either.

use std::sync::Arc;

use domain::access::{Actor, Capabilities, Capability, Reach, capability};
use domain::id::Id;
use domain::time::Zone;
use http_kit::Result;
use service::PageOf;
use service::inventory::Resource;
use service::properties::PropertyFilter;

use crate::state::{State, refused};

/// A room with the zone of its nights.
#[derive(Debug, Clone)]
pub struct ZonedRoom {
    /// The room.
    pub resource: Resource,
    /// The zone of its nights.
    pub zone: Zone,
}

/// The most properties that are looked up at once.
const MOST_PROPERTIES: u32 = 10_000;

/// These rooms with their zones; those that the caller may not know of are not there.
pub async fn zoned_rooms(state: &State, actor: &Actor, ids: &[Id]) -> Result<Vec<ZonedRoom>> {
    let Some(actor) = looking(actor, capability::INVENTORY_WRITE).filter(|_| !ids.is_empty())
    else {
        return Ok(Vec::new());
    };
    let filter = PropertyFilter {
        resource_ids: ids.to_vec(),
        ..PropertyFilter::default()
    };
    let found = state
        .service
        .properties()
        .find(&actor, &filter, PageOf::first(MOST_PROPERTIES))
        .await;
    let rooms = found
        .map_err(refused)?
        .rows
        .into_iter()
        .flat_map(|property| {
            let zone = property.organization.details.zone;
            property.rooms.into_iter().map(move |room| ZonedRoom {
                resource: room.resource,
                zone: zone.clone(),
            })
        });
    Ok(rooms.collect())
}

/// The same caller, who may look at properties as far as they may write.
fn looking(actor: &Actor, writes: Capability) -> Option<Actor> {
    let reach: Reach = actor.reach(writes)?;
    let capabilities =
        Capabilities::clone(&actor.capabilities).with(capability::PROPERTIES_READ, reach);
    Some(Actor {
        capabilities: Arc::new(capabilities),
        ..actor.clone()
    })
}
