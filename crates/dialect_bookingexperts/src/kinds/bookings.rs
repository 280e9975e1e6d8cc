//! What was booked, by whom, and who stays.

use jsonapi::{Attribute, Kind, Member, Relationship, ResourceType};

use super::{
    ADMINISTRATION, CREATED_AT, UPDATED_AT, country, day, decimal, email, flag, instant, text,
    whole,
};

/// Who stays, by age.
pub const GUEST_GROUP: Kind = Kind::Object(&[
    Member::new("seniors", Kind::Integer).between(0, 999),
    Member::new("adults", Kind::Integer).between(0, 999),
    Member::new("adolescents", Kind::Integer).between(0, 999),
    Member::new("children", Kind::Integer).between(0, 999),
    Member::new("babies", Kind::Integer).between(0, 999),
    Member::new("pets", Kind::Integer).between(0, 999),
]);

/// What reservations note and nothing here acts upon, beside what they show.
pub const NOTED_FLAGS: &[&str] = &[
    "late_checkout",
    "payment_guarantee",
    "cancellation_insurance",
    "letter_in_booking",
    "price_according_to_channel_calculation",
];

/// A stay in a unit of a rentable type.
pub static RESERVATION: ResourceType = ResourceType::new("reservation")
    .scopes("reservation|read", "reservation|write")
    .attributes(&[
        day("start_date").required().filterable().sortable(),
        day("end_date").required().filterable().sortable(),
        Attribute::new("guest_group", GUEST_GROUP).required(),
        text("state").filterable(),
        text("guest_name"),
        text("note").writable().between(0, 10_000),
        text("remote_reservation_key")
            .writable()
            .between(0, 200)
            .filterable(),
        flag("fixed_rentable").writable().filterable(),
        flag("late_checkout").writable(),
        flag("payment_guarantee").writable(),
        flag("cancellation_insurance").writable(),
        flag("letter_in_booking").writable(),
        flag("price_according_to_channel_calculation").writable(),
        text("access_code").writable().between(0, 200),
        text("stay_reason").writable().between(0, 200),
        whole("option_validity")
            .writable_on_create()
            .between(1, 365)
            .hidden(),
        text("promotion_token").writable().between(0, 200).hidden(),
        day("checked_in_on").writable_on_change(),
        day("checked_out_on").writable_on_change(),
        instant("expires_at"),
        instant("cancelled_at"),
        day("created_at_date").filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("booking", &["booking"])
            .writable_on_create()
            .sidepostable()
            .filterable_by_ids(),
        Relationship::to_one("order", &["order"])
            .writable_on_create()
            .filterable(),
        Relationship::to_one("rentable_type", &["rentable_type"])
            .writable()
            .filterable(),
        Relationship::to_one("category", &["category"])
            .writable()
            .filterable(),
        Relationship::to_one("inventory_object", &["inventory_object"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_one("rentable_identity", &["rentable_identity"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_one("rentable", &["rentable"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_many("labels", &["label"])
            .sidepostable()
            .filterable_by_ids(),
        Relationship::to_many("reservation_amenities", &["reservation_amenity"])
            .writable_on_create()
            .sidepostable()
            .on_request()
            .filterable_by_ids(),
        Relationship::to_one("primary_package", &["package"])
            .writable()
            .on_request(),
        Relationship::to_many("extra_packages", &["package"])
            .writable()
            .on_request(),
        Relationship::to_many("extra_order_items", &["extra_order_item"])
            .writable_on_create()
            .sidepostable()
            .on_request(),
        Relationship::to_one("discount_campaign", &["discount_campaign"])
            .writable()
            .on_request(),
        Relationship::to_many("discount_cards", &["discount_card"])
            .writable()
            .sidepostable()
            .on_request(),
        Relationship::to_many("coupons", &["coupon"])
            .writable()
            .sidepostable()
            .on_request(),
        Relationship::to_one("cancellation_rule", &["cancellation_rule"])
            .writable_on_create()
            .on_request(),
    ]);

/// Reservations that were made together.
pub static BOOKING: ResourceType = ResourceType::new("booking")
    .scopes("booking|read", "booking|write")
    .attributes(&[
        text("booking_nr").filterable(),
        text("reference_nr").writable().between(0, 200),
        text("state").filterable(),
        instant("confirmed_at"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_many("reservations", &["reservation"]).filterable_by_ids(),
        Relationship::to_one("customer", &["customer"])
            .sidepostable()
            .filterable_by_ids(),
        Relationship::to_one("channel", &["channel"]).filterable_by_ids(),
        Relationship::to_one("owner", &["owner"]).filterable_by_ids(),
    ]);

/// What a reservation costs.
pub static ORDER: ResourceType = ResourceType::new("order")
    .scopes("order|read", "order|write")
    .attributes(&[
        whole("reservation_days"),
        text("currency"),
        decimal("total"),
        text("primary_package_id").on_request(),
        Attribute::new("extra_package_ids", Kind::Array(&Kind::Text)).on_request(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("reservation", &["reservation"]),
        Relationship::to_many("main_order_items", &["main_order_item"]),
        Relationship::to_many("extra_order_items", &["extra_order_item"]),
    ]);

/// A line of an order for the stay itself.
pub static MAIN_ORDER_ITEM: ResourceType = ResourceType::new("main_order_item")
    .scopes("order|read", "order|write")
    .attributes(&[
        text("name"),
        whole("quantity"),
        decimal("price"),
        decimal("total"),
        decimal("vat_percentage"),
        instant("created_at"),
    ])
    .relationships(&[Relationship::to_one("order", &["order"])]);

/// A line of an order for an extra.
pub static EXTRA_ORDER_ITEM: ResourceType = ResourceType::new("extra_order_item")
    .scopes("order|read", "order|write")
    .attributes(&[
        text("name"),
        whole("quantity").writable().between(1, 1_000),
        decimal("price"),
        decimal("total"),
        decimal("vat_percentage"),
        text("memo").writable().between(0, 2_000),
        instant("created_at"),
    ])
    .relationships(&[
        Relationship::to_one("order", &["order"]),
        Relationship::to_one("extra", &["extra"]).required(),
    ]);

const PERSON: ResourceType = ResourceType::new("customer")
    .scopes("customer|read", "customer|write")
    .attributes(&[
        text("title").writable(),
        text("first_name").writable(),
        text("last_name").writable(),
        text("company").writable(),
        email().writable().filterable(),
        text("phone").writable(),
        text("mobile_phone").writable(),
        text("address").writable(),
        text("postal_code").writable(),
        text("city").writable(),
        text("province").writable(),
        country().writable(),
        text("language").writable().one_of(super::LOCALES),
        text("vat_number").writable(),
        day("date_of_birth").writable(),
        CREATED_AT,
        UPDATED_AT,
    ]);

/// Who books and pays.
pub static CUSTOMER: ResourceType = PERSON;

/// A customer, found over all administrations by mail address or telephone number.
pub static CONTACT: ResourceType = PERSON.renamed("contact");

/// A person who stays.
pub static GUEST: ResourceType = ResourceType::new("guest")
    .scopes("guest|read", "guest|write")
    .attributes(&[
        text("first_name").writable(),
        text("last_name").writable(),
        text("email").writable(),
        text("phone").writable(),
        text("gender")
            .writable()
            .one_of(&["male", "female", "other"]),
        text("country_code").writable(),
        day("date_of_birth").writable(),
        text("address").writable(),
        text("city").writable(),
        text("postal_code").writable(),
        text("province").writable(),
        text("municipality").writable(),
        text("document_type").writable(),
        text("document_number").writable(),
        day("document_issue_date").writable(),
        text("visa_number").writable(),
        CREATED_AT,
    ])
    .relationships(&[Relationship::to_one("reservation", &["reservation"]).filterable()]);

/// A stretch of a unit's calendar that is taken without a guest.
pub static AGENDA_PERIOD: ResourceType = ResourceType::new("agenda_period")
    .scopes("agenda_period|read", "agenda_period|write")
    .attributes(&[
        text("type").reserved_name().filterable(),
        text("label").writable(),
        day("start_date").required().filterable().sortable(),
        day("end_date").required().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("rentable", &["rentable"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_one("inventory_object", &["inventory_object"])
            .writable()
            .filterable_by_ids(),
    ]);

/// Word that the guests of a booking have become others. It is given, and never read.
pub static GUEST_MUTATION_NOTIFICATION: ResourceType =
    ResourceType::new("guest_mutation_notification")
        .scopes(
            "guest_mutation_notification|read",
            "guest_mutation_notification|write",
        )
        .attributes(&[instant("created_at")])
        .relationships(&[
            ADMINISTRATION,
            Relationship::to_one("booking", &["booking"])
                .writable_on_create()
                .required(),
        ]);
