//! DELETE /bookings.

use http::StatusCode;
use http_kit::{Answer, Call, Problem, Result};

use crate::state::{State, refused};
use crate::wire::element::{Element, Remark};
use crate::wire::query::bad;

/// What is attempted, in the vendor's manner of words.
const DELETE_BOOKING: &str = "delete booking";

/// Removes bookings for good; what they had taken is free again.
pub async fn delete(state: State, call: Call) -> Result<Answer> {
    let ids = call.query()?.ids("id")?;
    if ids.is_empty() {
        return Err(bad("id", Problem::Missing).into());
    }
    let removed = state
        .service
        .bookings()
        .remove(&call.actor, &ids)
        .await
        .map_err(refused)?;
    let elements: Vec<Element> = ids
        .iter()
        .zip(removed)
        .map(|(id, removed)| match removed {
            Ok(()) => {
                let mut element = Element::new();
                element.inform(Remark::on(DELETE_BOOKING).id(id.get()));
                element
            }
            Err(refusal) => {
                Element::refused(super::render::refusal(&refusal, DELETE_BOOKING).id(id.get()))
            }
        })
        .collect();
    Answer::json(StatusCode::CREATED, &elements)
}
