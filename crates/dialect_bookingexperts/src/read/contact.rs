//! The search for a customer by mail address or telephone number.

use http_kit::{Answer, Call, Refusal};
use jsonapi::Rules;

use super::{Shown, Writing, begin, needs_word, parse};
use crate::errors::{not_found, refused};
use crate::{kinds::bookings::CONTACT, rows::people::Contact, state::State};

/// The customer who was changed last of those who have this address or number; both, if both are given.
///
/// # Errors
/// 404 where there is none.
pub async fn first(state: State, call: Call) -> Result<Answer, Refusal> {
    needs_word(&call, &CONTACT)?;
    let query = parse(&call, &Rules::one(&state.schema, &CONTACT))?;
    let look = begin(&state, &call, &query).await?;
    let found = look.reading.contact(query.own("email"), query.own("phone"));
    let found = found.await.map_err(refused)?;
    let found: Vec<_> = found.into_iter().collect();
    let rows = Contact::show(&found, &look).await.map_err(refused)?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| not_found("contact"))?;
    let writing = Writing {
        state: &state,
        call: &call,
        query: &query,
        locale: None,
    };
    let primary = std::slice::from_ref(&row);
    writing
        .answer(look, primary, |view, rows, related| {
            view.single(rows.first(), related)
        })
        .await
}
