//! What is free, and at which price: days of a rentable type, and stays that a search has found.

use jsonapi::{Attribute, Kind, Relationship, ResourceType};

use super::{ADMINISTRATION, day, flag, text, whole};

/// One day of a rentable type.
pub static RENTABLE_TYPE_AVAILABILITY: ResourceType =
    ResourceType::new("rentable_type_availability")
        .readable_with("availability|read")
        .with_opaque_ids()
        .attributes(&[
            day("date"),
            whole("stock"),
            whole("capacity"),
            flag("closed_to_arrival"),
            flag("closed_to_departure"),
            whole("min_length_of_stay"),
            whole("max_length_of_stay"),
            whole("unavailable_cluster_objects"),
            whole("out_of_order"),
            whole("out_of_inventory"),
        ])
        .relationships(&[Relationship::to_one("rentable_type", &["rentable_type"])]);

/// A stay that can be reserved.
pub static AVAILABILITY: ResourceType = ResourceType::new("availability")
    .readable_with("availability|read")
    .with_opaque_ids()
    .attributes(&[
        day("start_date"),
        day("end_date"),
        whole("los"),
        text("checkin_time"),
        text("checkout_time"),
        Attribute::new("price", Kind::Money),
        Attribute::new("original_price", Kind::Money),
        Attribute::new("rent_price", Kind::Money),
        Attribute::new("original_rent_price", Kind::Money),
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("channel", &["channel"]),
        Relationship::to_one("rentable_type", &["rentable_type"]),
        Relationship::to_one("category", &["category"]),
        Relationship::to_one("discount_campaign", &["discount_campaign"]),
    ]);
