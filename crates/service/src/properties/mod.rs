//! Properties (organizations) and their rooms (resources) with units and rate plans.
//!
//! [`write`] makes and changes them, [`rooms`] their rooms with units and lanes; [`find`] reads; [`remove`] removes what
//! nobody has booked.

pub mod find;
mod remove;
pub(crate) mod rooms;
pub mod write;

use catalogue::inventory::{Organization, Resource, Unit};

pub use self::{
    find::PropertyFilter,
    write::{
        PropertyAnswer, PropertyOutcome, PropertyPatch, PropertyPlan, PropertyWrite, RoomOutcome,
        RoomPatch, RoomWrite, UnitPatch,
    },
};
use crate::Service;

/// The use cases of properties.
pub struct Properties<'a> {
    pub(crate) service: &'a Service,
}

impl Service {
    /// The use cases of properties.
    pub fn properties(&self) -> Properties<'_> {
        Properties { service: self }
    }
}

/// A property with its rooms.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyView {
    /// The property.
    pub organization: Organization,
    /// Its rooms, oldest first.
    pub rooms: Vec<RoomView>,
}

/// A room with its units.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// The room; its quantity is the lane's capacity.
    pub resource: Resource,
    /// Its units by number, put away ones included; of a room type whose units are only counted, those that
    /// something was said about.
    pub units: Vec<Unit>,
}
