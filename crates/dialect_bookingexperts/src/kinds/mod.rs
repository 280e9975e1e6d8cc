//! The types of resources, declared as data: one file for each group of them.
//!
//! What a type can be filtered by and sorted by stands here; how that is looked up stands beside its
//! rows, in [`crate::rows`], and a test holds the two together.

pub mod availability;
pub mod bookings;
pub mod leaving;
pub mod money;
pub mod operations;
pub mod platform;
pub mod selling;
pub mod structure;

use jsonapi::{Attribute, Flaws, Kind, Relationship, ResourceType, Schema};

/// The languages that localized attributes may be in.
pub const LOCALES: &[&str] = &[
    "cs", "da", "de", "de-AT", "de-CH", "en", "es", "fr", "fr-BE", "fr-LU", "it", "nb", "nl",
    "nl-BE", "pl", "pt", "tr",
];

/// All types.
pub static TYPES: &[&ResourceType] = &[
    &structure::ORGANIZATION,
    &structure::ADMINISTRATION,
    &structure::REGION,
    &structure::CITY,
    &structure::AMENITY,
    &structure::AMENITY_GROUP,
    &structure::AMENITY_OPTION,
    &structure::ADMINISTRATION_AMENITY,
    &structure::RENTABLE_TYPE_AMENITY,
    &structure::CATEGORY_AMENITY,
    &structure::RENTABLE_AMENITY,
    &structure::RESERVATION_AMENITY,
    &structure::RENTABLE_SEGMENT,
    &structure::CATEGORY_GROUP,
    &structure::RENTABLE_TYPE,
    &structure::CATEGORY,
    &structure::IMAGE,
    &structure::INVENTORY_OBJECT,
    &structure::RENTABLE_IDENTITY,
    &structure::RENTABLE,
    &structure::LABEL,
    &structure::OWNER,
    &structure::CONTRACTOR,
    &structure::AGREEMENT,
    &selling::CHANNEL,
    &selling::MASTER_PRICE_LIST,
    &selling::SIMPLE_PRICE,
    &selling::COMPLEX_PRICE,
    &selling::DISCOUNT_CAMPAIGN,
    &selling::DISCOUNT_CARD,
    &selling::COUPON,
    &selling::EXTRA,
    &selling::COST,
    &selling::PERIODIC_COST,
    &selling::PACKAGE,
    &selling::CANCELLATION_RULE,
    &availability::RENTABLE_TYPE_AVAILABILITY,
    &availability::AVAILABILITY,
    &bookings::RESERVATION,
    &bookings::BOOKING,
    &bookings::ORDER,
    &bookings::MAIN_ORDER_ITEM,
    &bookings::EXTRA_ORDER_ITEM,
    &bookings::CUSTOMER,
    &bookings::CONTACT,
    &bookings::GUEST,
    &bookings::AGENDA_PERIOD,
    &bookings::GUEST_MUTATION_NOTIFICATION,
    &money::INVOICE,
    &money::PAYMENT,
    &money::PAYMENT_METHOD,
    &money::PAYMENT_REQUEST,
    &money::PAYMENT_RESULT,
    &operations::TASK,
    &operations::REVIEW,
    &operations::MESSAGE_TEMPLATE,
    &operations::MESSAGE,
    &operations::INTERNAL_MESSAGE,
    &platform::SUBSCRIPTION,
    &platform::ADMINISTRATION_SUBSCRIPTION,
    &platform::APPLICATION_COMMAND,
    &leaving::WEBHOOK_ENDPOINT,
    &leaving::WEBHOOK_DELIVERY,
    &leaving::WEBHOOK_ATTEMPT,
    &leaving::COMMAND_CALL,
];

/// The table of all types.
///
/// # Errors
/// Every mistake in the declarations.
pub fn schema() -> Result<Schema, Flaws> {
    Ok(Schema::new(TYPES)?.with_locales(LOCALES))
}

/// The plural of a type's name, which stands in paths.
pub fn plural(kind: &ResourceType) -> String {
    match kind.name.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{}s", kind.name),
    }
}

/// A localized text.
const fn localized(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Text).localized()
}

const fn text(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Text)
}

/// What a person or a thing is called, which nobody leaves empty.
const fn name(name: &'static str) -> Attribute {
    text(name).required().between(1, 1_000)
}

/// A mail address, or nothing.
const fn email() -> Attribute {
    text("email")
        .between(0, 254)
        .shaped(r"^(?:[^\s\u0000]+@[^\s@\u0000]+)?$")
}

/// A country in two letters, or nothing.
const fn country() -> Attribute {
    text("country_code").shaped("^(?:[A-Za-z]{2})?$")
}

/// An amount of money that no sum over a stay can overflow.
const fn price() -> Attribute {
    decimal("price").between(-100_000_000, 100_000_000)
}

const fn whole(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Integer)
}

const fn decimal(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Decimal)
}

const fn flag(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Boolean)
}

const fn day(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Date)
}

const fn instant(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::DateTime)
}

/// When it was made, to be filtered and sorted by.
const CREATED_AT: Attribute = instant("created_at").filterable().sortable();

/// When it was last changed, to be filtered and sorted by.
const UPDATED_AT: Attribute = instant("updated_at").filterable().sortable();

/// The administration that it belongs to.
const ADMINISTRATION: Relationship =
    Relationship::to_one("administration", &["administration"]).filterable();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declarations_make_sense_together() {
        if let Err(flaws) = schema() {
            panic!("{flaws}");
        }
    }

    #[test]
    fn paths_have_the_plural() {
        assert_eq!(plural(&structure::AMENITY), "amenities");
        assert_eq!(plural(&structure::RENTABLE_TYPE), "rentable_types");
    }

    #[test]
    fn every_scope_of_a_type_is_one_that_apps_can_ask_for() {
        let known = crate::scopes::permissions();
        for kind in TYPES {
            for word in kind.read.iter().chain(kind.write.iter()) {
                let found = known.iter().any(|permission| permission.word == *word);
                assert!(found, "{}: {word}", kind.name);
            }
        }
    }
}
