//! Selling through channels: stays are previewed, reserved, confirmed, changed and called off.
//!
//! A request becomes a [`wish::Wish`], the wish a [`plan::Plan`]: a booking, or a change of one, and what
//! is written around it. A plan is carried out as one document, in which the booking goes the same way as
//! every booking of the house; or it is tried and undone, for a preview. What may be had at which price is
//! said by [`calendar`] and [`search`], which decide nothing. The table of all this is in [`table`].

mod asked;
mod beside;
pub mod calendar;
pub mod change;
pub mod create;
mod customer;
pub mod discount;
mod flags;
mod order;
mod packages;
mod parameters;
mod plan;
mod presence;
mod refusals;
pub mod search;
mod sorted;
mod stay;
pub mod table;
pub mod vouchers;
mod wish;

use domain::id::Id;
use http::{HeaderValue, StatusCode, header};
use http_kit::{Answer, Call, Refusal};
use jsonapi::{Expected, Query, ResourceType, Row};
use service::sale::Booking;

use crate::errors::{no_access, not_found, refusal, refused};
use crate::kinds::bookings::RESERVATION;
use crate::read::{Shown, Writing, begin};
use crate::rows::{
    bookings::Reservation,
    orders::{Booked, previewed},
    parts::to,
};
use crate::state::State;
use plan::{Plan, Tried};

/// Refuses whoever may not write reservations.
fn needs_writing(call: &Call) -> Result<(), Refusal> {
    let word = RESERVATION.write.unwrap_or_default();
    call.caller.needs_scope(&[word]).map_err(no_access)
}

/// Whether the caller may write a type along with a reservation. What is part of a reservation needs no
/// word of its own; a customer without one is kept in the reservation.
fn may_write_with_it(_: &ResourceType) -> bool {
    true
}

/// What the body of a request may say.
fn expected(state: &State) -> Expected<'_> {
    Expected {
        schema: &state.schema,
        kind: &RESERVATION,
        may_write: &may_write_with_it,
    }
}

/// Carries a plan out. Answers the id of its booking.
async fn carry_out(state: &State, call: &Call, plan: Plan) -> Result<Id, Refusal> {
    let named = plan.named.clone();
    let (id, writes) = plan.writes(&state.service, &call.actor);
    let written = state.service.write_all(&call.actor, writes).await;
    match written.map_err(refused)? {
        Ok(_) => Ok(id),
        Err(why) => Err(refusals::refused(&named, &why.refusal)),
    }
}

/// Answers with a reservation as it stands now.
async fn answer(
    state: &State,
    call: &Call,
    query: &Query,
    id: Id,
    status: StatusCode,
) -> Result<Answer, Refusal> {
    let look = begin(state, call, query).await?;
    let stored = look.reading.by_ids::<Booking>(&[id]).await;
    let stored = stored.map_err(refused)?;
    let rows = Reservation::show(&stored, &look).await;
    let rows = rows.map_err(refused)?;
    let row = rows.into_iter().next();
    let row = row.ok_or_else(|| not_found(RESERVATION.name))?;
    let writing = Writing {
        state,
        call,
        query,
        locale: None,
    };
    let mut location = None;
    let primary = std::slice::from_ref(&row);
    let answer = writing.answer(look, primary, |view, rows, related| {
        location = rows.first().and_then(|row| view.location(row));
        view.written(rows.first(), related)
    });
    let mut answer = answer.await?;
    answer.status = status;
    let location = location.and_then(|url| HeaderValue::try_from(url).ok());
    Ok(match location.filter(|_| status == StatusCode::CREATED) {
        Some(url) => answer.header(header::LOCATION, url),
        None => answer,
    })
}

/// Answers with a reservation and its order as they would be, and leaves them as they are.
async fn preview(
    state: &State,
    call: &Call,
    query: &Query,
    mut plan: Plan,
) -> Result<Answer, Refusal> {
    let (named, is_new) = (plan.named.clone(), plan.is_new());
    let packages = plan.around.packages.clone();
    if let Some(writes) = plan.document_to_try(&state.service, &call.actor) {
        let tried = state.service.try_all(&call.actor, writes).await;
        if let Err(why) = tried.map_err(refused)? {
            return Err(refusals::refused(&named, &why.refusal));
        }
    }
    let Tried {
        item,
        lines,
        rent,
        currency,
    } = plan.tried(&state.service, &call.actor);
    let bookings = state.service.bookings();
    let outcome = bookings.preview(&call.actor, item);
    let (after, pinned) = match outcome.await.map_err(refused)?.result {
        // The unit was the point of it, as when it is carried out.
        Ok(written) if written.unit_not_given => {
            let why = service::Refusal::UnitTaken;
            return Err(refusals::refused(&named, &why));
        }
        Ok(written) => (written.after.booking, written.pinned),
        Err(why) => return Err(refusals::refused(&named, &why)),
    };
    let lines = order::as_they_would_be(rent, lines, &after);
    let campaign = lines.iter().find_map(crate::rows::discounts::campaign_of);
    let look = begin(state, call, query).await?;
    let rows = Reservation::show(std::slice::from_ref(&after), &look).await;
    let had = Booked::of(&[after.id], &look).await;
    let had = had.map_err(refused)?.remove(&after.id);
    let packages = packages.or(had).unwrap_or_default();
    let mut given: Vec<Row> = previewed(&after, &lines, &packages, currency);
    let row = rows.map_err(refused)?.into_iter().next();
    let row = row.ok_or_else(|| not_found(RESERVATION.name))?;
    // Where it stays now says nothing of where it would stay.
    let mut row = row.with("fixed_rentable", pinned);
    if look.seen.financial {
        row = row.to_one("discount_campaign", to("discount_campaign", campaign));
    } else {
        given.clear();
    }
    // Nothing of a reservation that is not made can be asked for again.
    let row = if is_new { row.nowhere() } else { row };
    let writing = Writing {
        state,
        call,
        query,
        locale: None,
    };
    let primary = std::slice::from_ref(&row);
    let answer = writing.answer_with(look, primary, given, |view, rows, related| {
        view.single(rows.first(), related)
    });
    answer.await
}

/// Errors of a request, as a refusal of the call.
fn bad(error: jsonapi::Error) -> Refusal {
    refusal(error)
}
