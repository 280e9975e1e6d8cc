//! GET /properties and GET /properties/rooms.

use http::StatusCode;
use http_kit::{Answer, Call, Result};
use service::availability::ResourceFilter;
use service::properties::{PropertyFilter, RoomView};

use super::{shown_property, shown_room};
use crate::state::{State, page_of, refused};
use crate::wire::envelope::ListOut;
use crate::wire::queries::{PropertiesQuery, RoomsQuery};
use crate::wire::query::Reader;

/// Finds properties, with the rooms that are asked for.
pub async fn find(state: State, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let asked = PropertiesQuery::read(Reader(&query))?;
    let filter = PropertyFilter {
        ids: asked.ids.clone(),
        resource_ids: asked.room_ids.clone(),
    };
    let properties = state.service.properties();
    let found = properties
        .find(&call.actor, &filter, page_of(asked.page))
        .await
        .map_err(refused)?;

    let wanted = |room: &RoomView| asked.all_rooms || asked.room_ids.contains(&room.resource.id);
    let rows = found
        .rows
        .iter()
        .map(|view| shown_property(view, &asked.shown, &wanted))
        .collect();
    let next = found
        .more
        .then(|| call.link_with("page", &(asked.page.number + 1).to_string()));
    Answer::json(StatusCode::OK, &ListOut::new("property", rows, next))
}

/// Finds rooms.
pub async fn find_rooms(state: State, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let asked = RoomsQuery::read(Reader(&query))?;
    let filter = ResourceFilter {
        ids: asked.ids.clone(),
        organization_ids: asked.property_ids.clone(),
    };
    let properties = state.service.properties();
    let found = properties
        .rooms(&call.actor, &filter, page_of(asked.page))
        .await
        .map_err(refused)?;

    let rows = found
        .rows
        .iter()
        .map(|view| shown_room(view, &asked.shown))
        .collect();
    let next = found
        .more
        .then(|| call.link_with("page", &(asked.page.number + 1).to_string()));
    Answer::json(StatusCode::OK, &ListOut::new("room", rows, next))
}
