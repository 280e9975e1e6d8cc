//! Refusals of the use cases as errors that point at what is to blame in the request.

use jsonapi::{Code, Draft, Error, Link, ResourceType};
use service::Refusal;

/// Why a resource of a request was refused. `names` are the fields that the vendor calls otherwise.
pub fn of_draft(draft: &Draft, names: &[(&str, &'static str)], refusal: &Refusal) -> Error {
    let known = |field: &'static str| {
        let renamed = names.iter().find(|(ours, _)| *ours == field);
        renamed.map_or(field, |(_, theirs)| *theirs)
    };
    match refusal {
        Refusal::Unknown { field: "id" } | Refusal::UnknownBooking => gone(draft.kind),
        Refusal::Unknown { field } => missing(draft, known(field)),
        Refusal::UnknownResource => missing(draft, "rentable_type"),
        Refusal::UnknownGroup => missing(draft, "booking"),
        Refusal::UnknownUnit { .. } => missing(draft, "inventory_object"),
        Refusal::UnknownOrganization => missing(draft, "administration"),
        Refusal::Invalid { field, expected } => {
            invalid(draft, known(field), &format!("Expected {expected}"))
        }
        Refusal::BadDates(bad) => draft.refuse("end_date", bad.to_string()),
        conflict => at_odds(conflict).at(draft.pointer()),
    }
}

/// Why something was not removed.
pub fn of_removal(kind: &ResourceType, refusal: &Refusal) -> Error {
    match refusal {
        Refusal::Unknown { .. } | Refusal::UnknownBooking => gone(kind),
        Refusal::Invalid { expected, .. } => {
            Error::new(Code::Conflict, format!("It stays: expected {expected}"))
        }
        other => at_odds(other),
    }
}

fn gone(kind: &ResourceType) -> Error {
    let detail = format!("There is no such {}", kind.name);
    Error::new(Code::ResourceNotFound, detail)
}

/// A relationship leads to what is not there.
fn missing(draft: &Draft, name: &str) -> Error {
    let links = draft.links(name);
    let links = links.map_or(&[][..], jsonapi::Links::as_slice);
    match links {
        [Link::To(identifier)] => draft.missing_link(name, identifier),
        _ => Error::new(
            Code::ResourceNotFound,
            format!("The {name} leads to something that does not exist"),
        )
        .at(draft.relationship_pointer(name)),
    }
}

/// A field has a value that it cannot have.
fn invalid(draft: &Draft, name: &str, detail: &str) -> Error {
    if draft.kind.attribute(name).is_some() {
        draft.refuse(name, detail)
    } else if draft.kind.relationship(name).is_some() {
        draft.refuse_link(name, detail)
    } else {
        let detail = format!("{name}: {detail}");
        Error::new(Code::InvalidAttribute, detail).at(draft.pointer())
    }
}

/// What stands against it is somebody else's.
fn at_odds(refusal: &Refusal) -> Error {
    let detail = match refusal {
        Refusal::SoldOut { free } if *free > 0 => format!("Only {free} are free in this time"),
        Refusal::SoldOut { .. } => "Nothing is free in this time".to_owned(),
        Refusal::UnitTaken => "The unit is taken in this time".to_owned(),
        Refusal::CapacityInUse { taken } => format!("{taken} of it are taken"),
        Refusal::InUse => "Something else needs it".to_owned(),
        Refusal::NotAllowed { from, to } => {
            format!("What is {} cannot become {}", from.as_str(), to.as_str())
        }
        _ => "Something else stands against it".to_owned(),
    };
    Error::new(Code::Conflict, detail)
}
