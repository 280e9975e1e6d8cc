//! DELETE /properties and DELETE /properties/rooms.

use domain::id::Id;
use http::StatusCode;
use http_kit::{Answer, Call, Problem, Result};
use service::Refusal;

use crate::bookings::refusal;
use crate::state::{State, refused};
use crate::wire::element::{Element, Remark};
use crate::wire::query::bad;

/// Removes properties that nobody has booked, with their rooms.
pub async fn delete(state: State, call: Call) -> Result<Answer> {
    let ids = ids(&call)?;
    let removed = state
        .service
        .properties()
        .remove(&call.actor, &ids)
        .await
        .map_err(refused)?;
    answered("delete property", &ids, &removed)
}

/// Removes rooms that nobody has booked.
pub async fn delete_rooms(state: State, call: Call) -> Result<Answer> {
    let ids = ids(&call)?;
    let removed = state
        .service
        .properties()
        .rooms_remove(&call.actor, &ids)
        .await
        .map_err(refused)?;
    answered("delete room", &ids, &removed)
}

fn ids(call: &Call) -> Result<Vec<Id>> {
    let ids = call.query()?.ids("id")?;
    if ids.is_empty() {
        return Err(bad("id", Problem::Missing).into());
    }
    Ok(ids)
}

fn answered(
    action: &'static str,
    ids: &[Id],
    removed: &[std::result::Result<(), Refusal>],
) -> Result<Answer> {
    let elements = ids.iter().zip(removed).map(|(id, removed)| match removed {
        Ok(()) => {
            let mut element = Element::new();
            element.inform(Remark::on(action).id(id.get()));
            element
        }
        Err(refused) => Element::refused(refusal(refused, action).field("id").id(id.get())),
    });
    Answer::json(StatusCode::CREATED, &elements.collect::<Vec<_>>())
}
