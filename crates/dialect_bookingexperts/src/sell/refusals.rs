//! Why a stay was not had, with what in the request is to blame.

use domain::{booking::Status, time::BadPeriod};
use http_kit::Refusal;
use jsonapi::{Code, Draft, Error};
use service::Refusal as Refused;

use super::bad;

/// Where in a request that stands which a refusal may be about.
#[derive(Clone, Debug, Default)]
pub struct Named {
    start_date: String,
    end_date: String,
    resource: String,
    unit: String,
    fields: Vec<(&'static str, String)>,
}

impl Named {
    /// In a request with this reservation in it.
    pub fn of(draft: &Draft, resource: &'static str, unit: &'static str) -> Self {
        let attribute = |name: &str| draft.attribute_pointer(name);
        let relationship = |name: &str| draft.relationship_pointer(name);
        let mut linked = ["labels", "extra_packages", "primary_package"].into_iter();
        let linked = linked.find(|name| draft.links(name).is_some());
        Self {
            start_date: attribute("start_date"),
            end_date: attribute("end_date"),
            resource: relationship(resource),
            unit: relationship(unit),
            fields: vec![
                ("external_reference", attribute("remote_reservation_key")),
                ("to_id", relationship(linked.unwrap_or("labels"))),
                ("cancellation_rule_id", relationship("cancellation_rule")),
                ("customer_id", relationship("booking")),
                ("group_id", relationship("booking")),
            ],
        }
    }

    /// With the place of something else.
    pub fn with(mut self, field: &'static str, pointer: String) -> Self {
        self.fields.insert(0, (field, pointer));
        self
    }

    fn field(&self, field: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| *known == field);
        found.map(|(_, pointer)| pointer.as_str())
    }
}

/// The refusal of a stay.
pub fn refused(named: &Named, why: &Refused) -> Refusal {
    bad(error(named, why))
}

fn error(named: &Named, why: &Refused) -> Error {
    let conflict = |detail: String| Error::new(Code::Conflict, detail);
    match why {
        Refused::SoldOut { free } if *free > 0 => {
            conflict("The unit is taken during these dates".to_owned()).at("/data")
        }
        Refused::SoldOut { .. } => {
            conflict("Nothing is free for these dates".to_owned()).at("/data")
        }
        Refused::UnitTaken => {
            let pointer = Some(&*named.unit).filter(|pointer| !pointer.is_empty());
            conflict("The unit is taken during these dates".to_owned())
                .at(pointer.unwrap_or("/data"))
        }
        Refused::ChangedMeanwhile => {
            conflict("Somebody else has changed the reservation; read it again".to_owned())
        }
        Refused::NotAllowed { from, to } => {
            let word = |status| crate::rows::bookings::state(status).unwrap_or("blocked");
            let what = match to {
                to if from == to => "stays as it is".to_owned(),
                Status::InHouse => "cannot be checked in".to_owned(),
                Status::Completed => "cannot be checked out".to_owned(),
                to => format!("cannot become {}", word(*to)),
            };
            conflict(format!("A reservation that is {} {what}", word(*from)))
        }
        Refused::UnknownBooking => {
            Error::new(Code::ResourceNotFound, "There is no such reservation")
        }
        Refused::UnknownGroup => {
            let pointer = named.field("group_id").unwrap_or("/data");
            Error::new(Code::ResourceNotFound, "There is no such booking").at(pointer)
        }
        Refused::UnknownResource => {
            Error::new(Code::ResourceNotFound, "There is no such rentable type")
                .at(&*named.resource)
        }
        Refused::UnknownUnit { .. } => {
            Error::new(Code::ResourceNotFound, "There is no such unit").at(&*named.unit)
        }
        Refused::BadDates(BadPeriod::TooFar) => {
            Error::new(Code::InvalidAttribute, "This is too far away").at(&*named.start_date)
        }
        Refused::BadDates(_) => {
            Error::new(Code::InvalidAttribute, "A stay has at least one night").at(&*named.end_date)
        }
        Refused::Unknown { field } => {
            let pointer = named.field(field).unwrap_or("/data");
            Error::new(Code::ResourceNotFound, "There is nothing with this id").at(pointer)
        }
        Refused::Invalid { field, expected } => {
            let pointer = named.field(field).unwrap_or("/data");
            Error::new(Code::InvalidAttribute, format!("Expected {expected}")).at(pointer)
        }
        Refused::UnknownOrganization
        | Refused::CapacityInUse { .. }
        | Refused::InUse
        | Refused::WithTheOthers => conflict("Something else stands in the way".to_owned()),
    }
}
