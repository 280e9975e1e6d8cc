//! Work, words, and what guests thought.

use jsonapi::{Relationship, ResourceType};

use super::{ADMINISTRATION, CREATED_AT, UPDATED_AT, day, decimal, instant, text};

/// The reservation that it is about.
const OF_RESERVATION: Relationship =
    Relationship::to_one("reservation", &["reservation"]).filterable();

/// Work to be done.
pub static TASK: ResourceType = ResourceType::new("todo")
    .scopes("todo|read", "todo|write")
    .attributes(&[
        text("title").required(),
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
        decimal("score"),
        text("text"),
        text("answer"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        OF_RESERVATION,
        Relationship::to_one("rentable_type", &["rentable_type"]),
    ]);

const SENT: ResourceType = ResourceType::new("message")
    .scopes("message|read", "message|write")
    .attributes(&[
        text("state").filterable(),
        text("medium"),
        text("recipient"),
        text("language"),
        text("subject"),
        text("body"),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION, OF_RESERVATION]);

/// Words to a guest.
pub static MESSAGE: ResourceType = SENT;

/// Words among staff.
pub static INTERNAL_MESSAGE: ResourceType = SENT
    .scopes("internal_message|read", "internal_message|write")
    .renamed("internal_message");
