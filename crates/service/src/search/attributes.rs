//! What resources are filtered by besides days and prices, as far as it is stored.

use ::search::Attributes;
use catalogue::inventory::{Organization, Resource};

/// The attributes of a resource. Whoever stores more of them adds it here, and calls
/// [`store::Tx::terms_changed`] in the commit that changes it.
pub(super) fn attributes(organization: &Organization, _: &Resource) -> Attributes {
    let contact = &organization.details.contact;
    let country = if contact.country_code.is_empty() {
        &contact.country
    } else {
        &contact.country_code
    };
    Attributes {
        country: country.clone(),
        ..Attributes::default()
    }
}
