//! Where and on which terms stays are sold.

use jsonapi::{Attribute, Kind, Relationship, ResourceType};

use super::{
    ADMINISTRATION, CREATED_AT, UPDATED_AT, day, decimal, flag, localized, name, price, text, whole,
};

/// For what something is charged.
const CHARGED: &[&str] = &[
    "per_stay",
    "per_night",
    "per_person",
    "per_person_per_night",
    "per_piece",
    "per_piece_per_night",
    "percentage_of_rent",
];

/// Where reservations come from.
pub static CHANNEL: ResourceType = ResourceType::new("channel")
    .scopes("channel|read", "channel|write")
    .attributes(&[
        name("name").filterable(),
        decimal("temporary_booking_validity_in_hours")
            .writable()
            .between(0, 1_440),
        text("pricing").writable().one_of(&["simple", "complex"]),
        decimal("price_factor").writable().between(0, 100),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_many("rentable_types", &["rentable_type"])
            .writable()
            .on_request(),
    ]);

/// A list of prices that rentable types refer to.
pub static MASTER_PRICE_LIST: ResourceType = ResourceType::new("master_price_list")
    .scopes("master_price_list|read", "master_price_list|write")
    .attributes(&[
        name("name").filterable(),
        text("currency").writable_on_create(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_many("simple_prices", &["simple_price"])
            .sidepostable()
            .on_request(),
        Relationship::to_many("complex_prices", &["complex_price"])
            .sidepostable()
            .on_request(),
    ]);

/// The price of a night.
pub static SIMPLE_PRICE: ResourceType = ResourceType::new("simple_price")
    .scopes("master_price_list|read", "master_price_list|write")
    .attributes(&[
        day("date").required().filterable().sortable(),
        Attribute::new("price", Kind::Money).required(),
        flag("is_active").writable(),
        UPDATED_AT,
    ])
    .relationships(&[
        Relationship::to_one("master_price_list", &["master_price_list"]).filterable(),
    ]);

/// The price of a stay of so many nights.
pub static COMPLEX_PRICE: ResourceType = ResourceType::new("complex_price")
    .scopes("master_price_list|read", "master_price_list|write")
    .attributes(&[
        day("arrival_date").required().filterable().sortable(),
        whole("length_of_stay").required().filterable().sortable(),
        Attribute::new("price", Kind::Money).required(),
        flag("is_active").writable(),
        UPDATED_AT,
    ])
    .relationships(&[
        Relationship::to_one("master_price_list", &["master_price_list"]).filterable(),
    ]);

/// A word that guests type in: no blanks, and nothing that controls.
const TOKEN: &str = r"^[^\s\u0000-\u001F\u007F-\u009F]*$";

/// Something taken off for those who book what is to be sold.
pub static DISCOUNT_CAMPAIGN: ResourceType = ResourceType::new("discount_campaign")
    .scopes("discount_campaign|read", "discount_campaign|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        decimal("percentage").writable().between(0, 100),
        decimal("amount").writable().between(0, 100_000_000),
        whole("minimum_length_of_stay").writable().between(1, 366),
        day("start_date_from").writable(),
        day("start_date_until").writable(),
        day("booked_from").writable(),
        day("booked_until").writable(),
        flag("needs_promotion_token"),
        text("promotion_token")
            .writable()
            .between(0, 64)
            .shaped(TOKEN)
            .on_request(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_many("rentable_types", &["rentable_type"])
            .writable()
            .on_request(),
    ]);

const VOUCHER: ResourceType = ResourceType::new("discount_card")
    .scopes("discount_card|read", "discount_card|write")
    .attributes(&[
        localized("name").writable(),
        text("code").required().between(1, 64).shaped(TOKEN),
        decimal("percentage").writable().between(0, 100),
        decimal("amount").writable().between(0, 100_000_000),
        whole("minimum_length_of_stay").writable().between(1, 366),
        day("valid_from").writable(),
        day("valid_until").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// What a guest has who comes again.
pub static DISCOUNT_CARD: ResourceType = VOUCHER;

/// What a guest has who was given it.
pub static COUPON: ResourceType = VOUCHER
    .scopes("coupon|read", "coupon|write")
    .renamed("coupon");

/// Something that guests take with a stay.
pub static EXTRA: ResourceType = ResourceType::new("extra")
    .scopes("extra|read", "extra|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        localized("memo_description").writable(),
        text("invoiced_as").writable(),
        flag("selectable").writable(),
        flag("confirm_by_guest").writable(),
        text("extra_type").writable().one_of(CHARGED),
        price().writable(),
        flag("quantity_required").writable(),
        flag("memo_required").writable(),
        whole("maximum_quantity")
            .writable()
            .between(0, 4_294_967_295),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Something that comes with a stay.
pub static COST: ResourceType = ResourceType::new("cost")
    .scopes("cost|read", "cost|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        text("invoiced_as").writable(),
        text("cost_type").writable().one_of(CHARGED),
        price().writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Something that comes with the nights of a part of the year.
pub static PERIODIC_COST: ResourceType = ResourceType::new("periodic_cost")
    .scopes("periodic_cost|read", "periodic_cost|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        text("invoiced_as").writable(),
        text("cost_type").writable().one_of(CHARGED),
        price().writable(),
        day("start_date").writable(),
        day("end_date").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Extras and costs at one price.
pub static PACKAGE: ResourceType = ResourceType::new("package")
    .scopes("package|read", "package|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        text("package_type").writable().one_of(CHARGED),
        price().writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// What calling off costs.
pub static CANCELLATION_RULE: ResourceType = ResourceType::new("cancellation_rule")
    .scopes("cancellation_rule|read", "cancellation_rule|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);
