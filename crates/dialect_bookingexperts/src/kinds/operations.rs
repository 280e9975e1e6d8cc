//! Work, words, and what guests thought.

use jsonapi::{Attribute, Kind, Member, Relationship, ResourceType};

use super::{ADMINISTRATION, CREATED_AT, UPDATED_AT, day, decimal, instant, localized, name, text};

/// The reservation that it is about.
const OF_RESERVATION: Relationship =
    Relationship::to_one("reservation", &["reservation"]).filterable();

/// Work to be done.
pub static TASK: ResourceType = ResourceType::new("todo")
    .scopes("todo|read", "todo|write")
    .attributes(&[
        name("title"),
        text("description").writable(),
        text("state")
            .writable()
            .one_of(&["open", "doing", "done"])
            .filterable(),
        text("assigned_to").writable(),
        day("due_on").writable().filterable().sortable(),
        instant("done_at").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        OF_RESERVATION.writable(),
        Relationship::to_one("inventory_object", &["inventory_object"]).writable(),
    ]);

/// What a guest thought of a stay.
pub static REVIEW: ResourceType = ResourceType::new("review")
    .scopes("review|read", "review|write")
    .attributes(&[
        decimal("score").required().between(0, 10),
        text("text").writable().between(0, 60_000),
        text("answer").writable().between(0, 60_000),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        OF_RESERVATION.writable(),
        Relationship::to_one("rentable_type", &["rentable_type"])
            .writable()
            .filterable(),
    ]);

/// At least one character that is seen, and none that controls.
const PRINTED: &str = concat!(
    r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F]",
    r"[^\u0000-\u001F\u007F-\u009F]*$",
);

const SENT: ResourceType = ResourceType::new("message")
    .scopes("message|read", "message|write")
    .attributes(&[
        text("state").filterable(),
        text("medium"),
        text("recipient")
            .writable_on_create()
            .between(3, 254)
            .shaped(PRINTED),
        text("language").writable_on_create().one_of(super::LOCALES),
        Attribute::new("variables", Kind::Array(&Kind::Object(VARIABLE)))
            .writable_on_create()
            .between(0, 200)
            .on_request(),
        text("subject"),
        text("body"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        OF_RESERVATION.writable_on_create().required(),
        Relationship::to_one("message_template", &["message_template"])
            .writable_on_create()
            .required(),
    ]);

/// A gap of a template that its sender fills.
const VARIABLE: &[Member] = &[
    Member::new("name", Kind::Text).between(1, 100).required(),
    Member::new("value", Kind::Text).between(0, 10_000),
];

/// How a message may leave.
pub const MEDIA: [&str; 2] = ["email", "internal"];

/// Words with gaps, from which messages are made.
pub static MESSAGE_TEMPLATE: ResourceType = ResourceType::new("message_template")
    .scopes("message|read", "message|write")
    .attributes(&[
        localized("name").required().filterable(),
        localized("subject").writable(),
        localized("body").writable(),
        text("medium").writable().one_of(&MEDIA),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Words to a guest.
pub static MESSAGE: ResourceType = SENT;

/// Words among staff.
pub static INTERNAL_MESSAGE: ResourceType = SENT
    .scopes("internal_message|read", "internal_message|write")
    .renamed("internal_message");
