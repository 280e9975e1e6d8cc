//! What travels along with a reservation and is kept beside it: labels, and answers to amenities.

use domain::id::Id;
use http_kit::{Call, Refusal};
use jsonapi::{Aim, Change, Code, Draft, Error, Identifier};
use service::{
    content::{AmenityAnswer, Label, LabelDetails},
    records::{Write, create},
};

use super::{bad, wish::Wish};
use crate::errors::refused;
use crate::kinds::structure::{LABEL, RESERVATION_AMENITY};
use crate::read::Look;
use crate::state::State;
use crate::write::answer_to;

/// An answer that a reservation gives.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its own id.
    pub id: Id,
    /// The amenity.
    pub amenity_id: Id,
    /// What is answered.
    pub answer: Option<AmenityAnswer>,
}

/// What is kept beside a reservation.
#[derive(Default)]
pub struct Beside {
    /// Its labels, those that are made with it among them; none where nobody said.
    pub labels: Option<Vec<Id>>,
    /// What is answered with it.
    pub answers: Vec<Answered>,
    /// What is written before it.
    pub before: Vec<Write>,
    /// Where in the request fields stand that may be refused.
    pub named: Vec<(&'static str, String)>,
}

/// Reads what travels along. What travels along is new: what is there already is linked, and changed where
/// it stands.
///
/// # Errors
/// 404 for an amenity that is not there; 422 for an answer that it does not take.
pub async fn beside(
    (state, call): (&State, &Call),
    look: &Look<'_>,
    request: &Change,
    wish: &Wish,
) -> Result<Beside, Refusal> {
    let mut beside = Beside {
        labels: wish.labels.clone(),
        ..Beside::default()
    };
    for draft in request.sideposted(request.root(), "labels") {
        is_new(draft, LABEL.name)?;
        let id = state.service.new_id(&call.actor);
        let details = LabelDetails {
            name: draft.text("name").unwrap_or_default().to_owned(),
            colour: draft.text("color").unwrap_or_default().to_owned(),
            ..LabelDetails::default()
        };
        beside
            .named
            .push(("colour", draft.attribute_pointer("color")));
        beside.named.push(("name", draft.attribute_pointer("name")));
        beside.before.push(create(Label::new(id, details)));
        beside.labels.get_or_insert_default().push(id);
    }
    let links = request.root().links("reservation_amenities");
    let links = links.map(jsonapi::Links::as_slice).unwrap_or_default();
    if links
        .iter()
        .any(|link| matches!(link, jsonapi::Link::To(_)))
    {
        let detail = "An answer belongs to the reservation that it was made with";
        let error = request.root().refuse_link("reservation_amenities", detail);
        return Err(bad(error));
    }
    for draft in request.sideposted(request.root(), "reservation_amenities") {
        is_new(draft, RESERVATION_AMENITY.name)?;
        let named = draft.linked_id("amenity").unwrap_or_default();
        let missing = || bad(draft.missing_link("amenity", &Identifier::new("amenity", named)));
        let amenity_id: Id = named.parse().map_err(|_| missing())?;
        let answer = answer_to(draft, amenity_id, look).await;
        let answer = answer.map_err(refused)?.map_err(bad)?;
        beside.answers.push(Answered {
            id: state.service.new_id(&call.actor),
            amenity_id,
            answer,
        });
    }
    Ok(beside)
}

fn is_new(draft: &Draft, what: &str) -> Result<(), Refusal> {
    match draft.aim {
        Aim::Create => Ok(()),
        Aim::Update(_) => {
            let detail = format!("A {what} that is there is changed at its own path");
            let error = Error::new(Code::ForbiddenInput, detail);
            Err(bad(error.at(draft.pointer())))
        }
    }
}
