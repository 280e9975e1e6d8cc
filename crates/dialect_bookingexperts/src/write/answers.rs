//! Answers to amenities.

use jsonapi::{Draft, Error, Identifier};
use rust_decimal::Decimal;
use service::{
    content::{Amenity, AmenityAnswer, AmenityKind, AmenityOption},
    links::AmenityValue,
    records::{Answering, Write},
};

use super::{Stand, Wish, Writes, Written};
use crate::read::Look;
use crate::rows::content as c;

/// The answer that a request gives to an amenity, as the vendor writes it.
async fn answer(
    draft: &Draft,
    amenity: &Amenity,
    look: &Look<'_>,
) -> service::Result<Result<Option<AmenityAnswer>, Error>> {
    let Some(word) = draft.text("value").map(str::trim) else {
        return Ok(Ok(None));
    };
    let (answer, expected) = match amenity.details.kind {
        AmenityKind::YesNo => {
            let answer = match word {
                "true" => Some(AmenityAnswer::There(true)),
                "false" => Some(AmenityAnswer::There(false)),
                _ => None,
            };
            (answer, "true or false")
        }
        AmenityKind::Number => {
            let number = word.parse::<Decimal>().ok();
            (number.map(AmenityAnswer::Number), "a number")
        }
        AmenityKind::Choice => {
            let option = match word.parse() {
                Ok(id) => look.reading.one::<AmenityOption>(id).await?,
                Err(_) => None,
            };
            let own = option.filter(|option| option.parent_id == Some(amenity.id));
            let chosen = own.map(|option| AmenityAnswer::Option(option.id));
            (chosen, "the id of an option of this amenity")
        }
    };
    let refused = || draft.refuse("value", format!("Expected {expected}"));
    Ok(answer.map(Some).ok_or_else(refused))
}

/// The answer to the amenity of this id.
pub(crate) async fn to(
    draft: &Draft,
    amenity_id: domain::id::Id,
    look: &Look<'_>,
) -> service::Result<Result<Option<AmenityAnswer>, Error>> {
    let Some(amenity) = look.reading.one::<Amenity>(amenity_id).await? else {
        let to = Identifier::new("amenity", amenity_id);
        return Ok(Err(draft.missing_link("amenity", &to)));
    };
    answer(draft, &amenity, look).await
}

/// Declares the answers of one kind of subject.
macro_rules! answers {
    ($($shown:ty, $subject:literal, $relationship:literal;)*) => { $(
        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] =
                &[("from_id", $relationship), ("to_id", "amenity")];

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let draft = wish.draft();
                let first = |name| wish.many(name).and_then(|ids| ids.first().copied());
                // An administration that is not named is that of the path.
                let place = stand.administration.filter(|_| $relationship == "administration");
                let Some(from_id) = first($relationship).or(place).or(stand.parent) else {
                    let detail = concat!($relationship, " is missing");
                    return Ok(Err(draft.refuse_link($relationship, detail).into()));
                };
                if stand.parent.is_some_and(|parent| parent != from_id) {
                    let other = Identifier::new($relationship, from_id);
                    return Ok(Err(draft.missing_link($relationship, &other).into()));
                }
                let Some(amenity_id) = first("amenity") else {
                    let detail = "amenity is missing";
                    return Ok(Err(draft.refuse_link("amenity", detail).into()));
                };
                let answer = match to(draft, amenity_id, stand.look).await? {
                    Ok(answer) => answer,
                    Err(error) => return Ok(Err(error.into())),
                };
                let id = wish.id();
                let subject = $subject;
                let new = Answering {
                    id,
                    subject,
                    from_id,
                    organization_id: stand.administration,
                    amenity_id,
                    answer,
                };
                Ok(Ok(vec![wish.plan(Write::answer(new))]))
            }

            async fn update(
                stored: &AmenityValue,
                wish: &Wish,
                stand: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                let draft = wish.draft();
                let answer = match draft.value("value") {
                    None => stored.details.answer,
                    Some(_) => match to(draft, stored.to_id, stand.look).await? {
                        Ok(answer) => answer,
                        Err(error) => return Ok(Err(error.into())),
                    },
                };
                let write = Write::answer_change(stored.id, $subject, answer);
                Ok(Ok(vec![wish.plan(write)]))
            }

            fn remove(stored: &AmenityValue) -> Option<Write> {
                Some(Write::answer_remove(stored.id, $subject))
            }
        }
    )* };
}

answers! {
    c::AdministrationAmenity, "organization", "administration";
    c::RentableTypeAmenity, "resource", "rentable_type";
    c::CategoryAmenity, "resource", "category";
    c::RentableAmenity, "unit", "rentable";
    c::ReservationAmenity, "booking", "reservation";
}
