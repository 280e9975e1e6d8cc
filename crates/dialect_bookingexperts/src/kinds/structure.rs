//! What there is: organization, administrations, amenities, rentable types, units, and whom they belong to.

use jsonapi::{Attribute, Kind, Relationship, ResourceType};

use super::{
    ADMINISTRATION as OF_ADMINISTRATION, CREATED_AT, UPDATED_AT, country, day, decimal, email,
    flag, instant, localized, name, text, whole,
};

/// The one that has installed the app.
pub static ORGANIZATION: ResourceType = ResourceType::new("organization")
    .readable_with("organization|read")
    .attributes(&[
        text("name"),
        text("website"),
        text("country_code"),
        text("phone"),
        text("email"),
        text("weekend_behavior"),
        whole("max_baby_age"),
        whole("max_child_age"),
        whole("max_adolescent_age"),
        whole("min_senior_age"),
    ]);

/// How far an administration is from being let.
pub const STAGES: [&str; 4] = ["setup", "test", "production", "closed"];

/// A park, hotel or campsite.
pub static ADMINISTRATION: ResourceType = ResourceType::new("administration")
    .scopes("administration|read", "administration|write")
    .attributes(&[
        text("name")
            .required()
            .between(1, 250)
            .filterable()
            .sortable(),
        text("phone").writable().between(0, 100),
        email().writable(),
        text("website").writable().between(0, 2000),
        localized("description").writable(),
        localized("surroundings_description").writable(),
        Attribute::new("available_locales", Kind::Array(&Kind::Text))
            .writable()
            .between(0, 30)
            .shaped("^[A-Za-z]{2,3}(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?$"),
        text("utc_offset"),
        text("timezone"),
        text("currency"),
        text("status").writable().one_of(&STAGES),
    ])
    .relationships(&[
        Relationship::to_many("administration_amenities", &["administration_amenity"]).on_request(),
        Relationship::to_one("region", &["region"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_one("city", &["city"])
            .writable()
            .filterable_by_ids(),
    ]);

/// A stretch of land by which guests search.
pub static REGION: ResourceType = ResourceType::new("region")
    .scopes("region|read", "region|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        whole("position").writable().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ]);

/// A town.
pub static CITY: ResourceType = ResourceType::new("city")
    .scopes("city|read", "city|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        whole("position").writable().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[Relationship::to_one("region", &["region"])
        .writable()
        .filterable()]);

/// Something that a place may have.
pub static AMENITY: ResourceType = ResourceType::new("amenity")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[
        localized("name").required().filterable(),
        text("type")
            .writable()
            .one_of(&[
                "Amenities::BooleanAmenity",
                "Amenities::NumericalAmenity",
                "Amenities::MultipleChoiceAmenity",
            ])
            .reserved_name()
            .filterable(),
        whole("position").writable().filterable().sortable(),
        text("semantic_amenity_type").writable().filterable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        Relationship::to_one("amenity_group", &["amenity_group"])
            .writable()
            .filterable(),
        Relationship::to_many("amenity_options", &["amenity_option"]).filterable_by_ids(),
    ]);

/// Amenities that belong together.
pub static AMENITY_GROUP: ResourceType = ResourceType::new("amenity_group")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[
        localized("name").required().filterable(),
        whole("position").writable().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ]);

/// One choice of an amenity with several.
pub static AMENITY_OPTION: ResourceType = ResourceType::new("amenity_option")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[
        localized("name").required().filterable(),
        whole("position").writable().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[Relationship::to_one("amenity", &["amenity"])
        .required()
        .filterable()]);

/// The answer to an amenity: a number as text, `true` or `false`, or the id of an option.
const VALUE: Attribute = text("value").writable();

/// Which amenity is answered.
const OF_AMENITY: Relationship = Relationship::to_one("amenity", &["amenity"])
    .writable_on_create()
    .required()
    .filterable();

/// An administration's answer to an amenity.
pub static ADMINISTRATION_AMENITY: ResourceType = ResourceType::new("administration_amenity")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[VALUE])
    .relationships(&[OF_ADMINISTRATION.writable_on_create(), OF_AMENITY]);

/// A rentable type's answer to an amenity.
pub static RENTABLE_TYPE_AMENITY: ResourceType = ResourceType::new("rentable_type_amenity")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[VALUE])
    .relationships(&[
        Relationship::to_one("rentable_type", &["rentable_type"])
            .writable_on_create()
            .required()
            .filterable(),
        OF_AMENITY,
    ]);

/// The same under the older name of rentable types.
pub static CATEGORY_AMENITY: ResourceType = ResourceType::new("category_amenity")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[VALUE])
    .relationships(&[
        Relationship::to_one("category", &["category"])
            .writable_on_create()
            .required()
            .filterable(),
        OF_AMENITY,
    ]);

/// A unit's answer to an amenity.
pub static RENTABLE_AMENITY: ResourceType = ResourceType::new("rentable_amenity")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[VALUE])
    .relationships(&[
        Relationship::to_one("rentable", &["rentable"])
            .writable_on_create()
            .required()
            .filterable(),
        OF_AMENITY,
    ]);

/// What guests of a reservation asked for.
pub static RESERVATION_AMENITY: ResourceType = ResourceType::new("reservation_amenity")
    .scopes("amenity|read", "amenity|write")
    .attributes(&[VALUE])
    .relationships(&[
        Relationship::to_one("reservation", &["reservation"])
            .writable_on_create()
            .filterable(),
        OF_AMENITY,
    ]);

/// Rentable types that are alike to guests.
pub static RENTABLE_SEGMENT: ResourceType = SEGMENT;
const SEGMENT: ResourceType = ResourceType::new("rentable_segment")
    .scopes("rentable_segment|read", "rentable_segment|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("description").writable(),
        whole("position").writable().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ]);

/// The older word for a segment.
pub static CATEGORY_GROUP: ResourceType = SEGMENT
    .scopes("category_group|read", "category_group|write")
    .renamed("category_group");

const TYPE: ResourceType = ResourceType::new("rentable_type")
    .scopes("rentable_type|read", "rentable_type|write")
    .attributes(&[
        localized("name").required(),
        localized("description").writable(),
        flag("archived").writable(),
        flag("highlighted").writable(),
        whole("max_guests").writable().between(1, 9_999),
        counted("number_of_bedrooms"),
        counted("number_of_beds"),
        counted("number_of_showers"),
        counted("number_of_toilets"),
        counted("number_of_bathrooms"),
        counted("number_of_parking_spots"),
        counted("number_of_child_beds"),
        counted("number_of_child_chairs"),
        whole("number_of_rentables"),
        decimal("avg_score").on_request(),
    ])
    .relationships(&[
        OF_ADMINISTRATION,
        Relationship::to_many("rentable_segments", &["rentable_segment"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_many("rentable_type_amenities", &["rentable_type_amenity"]).on_request(),
        Relationship::to_many("images", &["image"])
            .sidepostable()
            .on_request(),
        Relationship::to_one("master_price_list", &["master_price_list"])
            .writable()
            .on_request(),
    ]);

/// So many of something in one unit.
const fn counted(name: &'static str) -> Attribute {
    whole(name).writable().between(0, 999)
}

/// What is let: rooms or lodges that are alike.
pub static RENTABLE_TYPE: ResourceType = TYPE;

/// The older word for a rentable type.
pub static CATEGORY: ResourceType = TYPE
    .scopes("category|read", "category|write")
    .renamed("category");

/// A picture of a rentable type.
pub static IMAGE: ResourceType = ResourceType::new("image")
    .scopes("rentable_type|read", "rentable_type|write")
    .attributes(&[
        text("url").required().between(1, 2_000),
        localized("description").writable(),
        whole("position").writable().filterable().sortable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        OF_ADMINISTRATION,
        Relationship::to_one("rentable_type", &["rentable_type"])
            .writable()
            .filterable(),
        Relationship::to_one("category", &["category"])
            .writable()
            .filterable(),
    ]);

const UNIT: ResourceType = ResourceType::new("inventory_object")
    .scopes("inventory_object|read", "inventory_object|write")
    .attributes(&[
        text("name").writable().between(0, 250).filterable(),
        text("name_with_type"),
        whole("number").sortable(),
        flag("archived").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        OF_ADMINISTRATION,
        Relationship::to_one("rentable_type", &["rentable_type"])
            .writable_on_create()
            .required()
            .filterable(),
        Relationship::to_many("labels", &["label"])
            .writable()
            .filterable_by_ids(),
        Relationship::to_many("rentables", &["rentable"]),
    ]);

/// A physical unit.
pub static INVENTORY_OBJECT: ResourceType = UNIT;

/// The older word for an inventory object.
pub static RENTABLE_IDENTITY: ResourceType = UNIT
    .scopes("rentable_identity|read", "rentable_identity|write")
    .renamed("rentable_identity");

/// A unit during the time in which it is let.
pub static RENTABLE: ResourceType = ResourceType::new("rentable")
    .readable_with("rentable|read")
    .attributes(&[
        text("name").filterable(),
        day("active_from"),
        day("active_till"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        OF_ADMINISTRATION,
        Relationship::to_one("rentable_type", &["rentable_type"]).filterable(),
        Relationship::to_one("category", &["category"]).filterable(),
        Relationship::to_one("inventory_object", &["inventory_object"]).filterable(),
        Relationship::to_one("rentable_identity", &["rentable_identity"]).filterable(),
        Relationship::to_many("rentable_amenities", &["rentable_amenity"]).on_request(),
    ]);

/// A word that staff puts on units and reservations.
pub static LABEL: ResourceType = ResourceType::new("label")
    .scopes("label|read", "label|write")
    .attributes(&[
        name("name").filterable(),
        text("color").writable().shaped("^(?:#[0-9A-Fa-f]{6})?$"),
        CREATED_AT,
        UPDATED_AT,
    ]);

/// Whom units belong to.
pub static OWNER: ResourceType = PERSON;

/// Who does work on them.
pub static CONTRACTOR: ResourceType = PERSON
    .scopes("contractor|read", "contractor|write")
    .renamed("contractor");

const PERSON: ResourceType = ResourceType::new("owner")
    .scopes("owner|read", "owner|write")
    .attributes(&[
        text("first_name").writable(),
        text("last_name").writable(),
        text("company").writable(),
        email().writable().filterable(),
        text("phone").writable(),
        text("address").writable(),
        text("postal_code").writable(),
        text("city").writable(),
        country().writable(),
        CREATED_AT,
        UPDATED_AT,
    ]);

/// A contract with an owner about a unit.
pub static AGREEMENT: ResourceType = ResourceType::new("agreement")
    .scopes("agreement|read", "agreement|write")
    .attributes(&[
        text("name").writable(),
        day("start_date").writable().filterable().sortable(),
        day("end_date").writable(),
        decimal("share").writable().between(0, 100),
        instant("created_at").filterable().sortable(),
        UPDATED_AT,
    ])
    .relationships(&[
        OF_ADMINISTRATION,
        Relationship::to_one("owner", &["owner"]).writable(),
        Relationship::to_one("rentable_identity", &["rentable_identity"])
            .writable()
            .filterable(),
        Relationship::to_one("inventory_object", &["inventory_object"])
            .writable()
            .filterable(),
    ]);
