//! What resources are filtered by besides days and prices, as far as it is stored.

use ::search::{Attributes, Count};
use catalogue::inventory::{Organization, Resource, RoomCounts};

/// The attributes of a resource. Whoever stores more of them adds it here, and calls
/// [`store::Tx::terms_changed`] in the commit that changes it.
pub(super) fn attributes(organization: &Organization, resource: &Resource) -> Attributes {
    let details = &resource.details;
    let contact = &organization.details.contact;
    let country = if contact.country_code.is_empty() {
        &contact.country
    } else {
        &contact.country_code
    };
    Attributes {
        country: country.clone(),
        counts: Count::ALL.map(|count| Some(counted(count, &details.rooms))),
        highlighted: details.highlighted,
        archived: details.archived_at.is_some(),
        ..Attributes::default()
    }
}

fn counted(count: Count, rooms: &RoomCounts) -> u16 {
    match count {
        Count::Bedrooms => rooms.bedrooms,
        Count::Beds => rooms.beds,
        Count::Showers => rooms.showers,
        Count::Toilets => rooms.toilets,
        Count::Bathrooms => rooms.bathrooms,
        Count::ParkingSpots => rooms.parking_spots,
        Count::ChildBeds => rooms.child_beds,
        Count::ChildChairs => rooms.child_chairs,
    }
}
