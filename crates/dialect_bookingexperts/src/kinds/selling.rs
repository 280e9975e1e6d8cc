//! Where and on which terms stays are sold.

use jsonapi::{Attribute, Kind, Relationship, ResourceType};

use super::{ADMINISTRATION, CREATED_AT, UPDATED_AT, day, decimal, flag, localized, text, whole};

/// Where reservations come from.
pub static CHANNEL: ResourceType = ResourceType::new("channel")
    .scopes("channel|read", "channel|write")
    .attributes(&[
        text("name").filterable(),
        decimal("temporary_booking_validity_in_hours"),
        text("pricing"),
        decimal("price_factor"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_many("rentable_types", &["rentable_type"]).on_request(),
    ]);

/// A list of prices that rentable types refer to.
pub static MASTER_PRICE_LIST: ResourceType = ResourceType::new("master_price_list")
    .scopes("master_price_list|read", "master_price_list|write")
    .attributes(&[
        text("name").filterable(),
        text("currency"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// The price of a night.
pub static SIMPLE_PRICE: ResourceType = ResourceType::new("simple_price")
    .scopes("master_price_list|read", "master_price_list|write")
    .attributes(&[
        day("date").filterable().sortable(),
        Attribute::new("price", Kind::Money),
        flag("is_active"),
        UPDATED_AT,
    ])
    .relationships(&[
        Relationship::to_one("master_price_list", &["master_price_list"]).filterable(),
    ]);

/// The price of a stay of so many nights.
pub static COMPLEX_PRICE: ResourceType = ResourceType::new("complex_price")
    .scopes("master_price_list|read", "master_price_list|write")
    .attributes(&[
        day("arrival_date").filterable().sortable(),
        whole("length_of_stay").filterable().sortable(),
        Attribute::new("price", Kind::Money),
        flag("is_active"),
        UPDATED_AT,
    ])
    .relationships(&[
        Relationship::to_one("master_price_list", &["master_price_list"]).filterable(),
    ]);

/// Something taken off for those who book what is to be sold.
pub static DISCOUNT_CAMPAIGN: ResourceType = ResourceType::new("discount_campaign")
    .scopes("discount_campaign|read", "discount_campaign|write")
    .attributes(&[
        localized("name").filterable(),
        localized("description"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Something that guests take with a stay.
pub static EXTRA: ResourceType = ResourceType::new("extra")
    .scopes("extra|read", "extra|write")
    .attributes(&[
        localized("name").filterable(),
        localized("description"),
        localized("memo_description"),
        text("invoiced_as"),
        flag("selectable"),
        flag("confirm_by_guest"),
        text("extra_type"),
        decimal("price"),
        flag("quantity_required"),
        flag("memo_required"),
        whole("maximum_quantity"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Something that comes with a stay.
pub static COST: ResourceType = ResourceType::new("cost")
    .scopes("cost|read", "cost|write")
    .attributes(&[
        localized("name").filterable(),
        localized("description"),
        text("invoiced_as"),
        text("cost_type"),
        decimal("price"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Extras and costs at one price.
pub static PACKAGE: ResourceType = ResourceType::new("package")
    .scopes("package|read", "package|write")
    .attributes(&[
        localized("name").filterable(),
        localized("description"),
        text("package_type"),
        decimal("price"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// What calling off costs.
pub static CANCELLATION_RULE: ResourceType = ResourceType::new("cancellation_rule")
    .scopes("cancellation_rule|read", "cancellation_rule|write")
    .attributes(&[
        localized("name").filterable(),
        localized("description"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);
