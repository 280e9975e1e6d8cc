//! GET /inventory/rooms/availability.

use http::StatusCode;
use http_kit::{Answer, Call};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::state::{State, page_of, refused};
use crate::wire::envelope::ListOut;
use crate::wire::queries::NightsQuery;
use crate::wire::query::Reader;

/// A room, and for each night whether a stay may begin with it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AvailabilityOut {
    room_id: i64,
    property_id: i64,
    name: String,
    #[serde(serialize_with = "by_date")]
    availability: Vec<(Date, bool)>,
}

/// Writes the nights as an object, in their order.
fn by_date<S: Serializer>(nights: &[(Date, bool)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(nights.iter().copied())
}

/// Says in which nights rooms can be booked.
pub async fn availability(state: State, call: Call) -> http_kit::Result<Answer> {
    let query = call.query()?;
    let asked = NightsQuery::read(Reader(&query))?;
    let nights = super::nights(&asked, &call)?;
    let rooms = super::rooms(&asked.rooms);
    let page = asked.rooms.page;
    let found = state
        .service
        .availability(&call.actor, &rooms, nights, page_of(page));
    let found = found.await.map_err(refused)?;

    let next = super::next(&call, page, found.more);
    let rows = found.rows.into_iter().map(|row| AvailabilityOut {
        room_id: row.resource.id.get(),
        property_id: row.resource.organization_id.get(),
        name: row.resource.name.clone(),
        availability: row.nights,
    });
    Answer::json(
        StatusCode::OK,
        &ListOut::new("availability", rows.collect(), next),
    )
}
