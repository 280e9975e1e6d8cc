//! What leaves the house: webhook endpoints with the log of what they were sent, and calls of commands.

use jsonapi::{Attribute, Kind, Relationship, ResourceType};

use super::{flag, instant, text, whole};

/// How a receiver confirms.
pub const CONFIRMATIONS: [&str; 2] = ["wait_for_success", "fire_and_forget"];

/// The longest address that something is sent to, in characters.
const ADDRESS: i64 = 2_048;

/// Where events go. It belongs to the installation that made it, so it needs no word of its own; what it
/// may hear of takes the word of each resource.
pub static WEBHOOK_ENDPOINT: ResourceType = ResourceType::new("webhook_endpoint").attributes(&[
    text("target_url")
        .required()
        .between(1, ADDRESS)
        .shaped(r"^https?://[^\u0000]+$"),
    text("confirm_strategy").writable().one_of(&CONFIRMATIONS),
    Attribute::new("events", Kind::Array(&Kind::Text))
        .required()
        .between(1, 200),
    flag("active").writable(),
    text("owner_email").writable().between(3, 254),
    text("owner_locale").writable().one_of(&["en", "de"]),
    text("secret")
        .writable_on_create()
        .hidden()
        .between(16, 128)
        .shaped("^[!-~]*$"),
    text("switched_off_reason"),
    instant("switched_off_at"),
    instant("failing_since"),
    instant("last_delivered_at"),
    instant("last_failed_at"),
    instant("created_at"),
    instant("updated_at"),
]);

/// One event on its way to one endpoint.
pub static WEBHOOK_DELIVERY: ResourceType = ResourceType::new("webhook_delivery")
    .attributes(&[
        text("event"),
        text("resource_type"),
        text("resource_id").filterable(),
        text("state").filterable(),
        whole("attempts"),
        flag("resent"),
        instant("occurred_at"),
        instant("next_attempt_at"),
        text("body").on_request(),
        instant("created_at").filterable(),
    ])
    .relationships(&[OF_ENDPOINT]);

/// One try of a delivery: what was sent, and what was answered.
pub static WEBHOOK_ATTEMPT: ResourceType = ResourceType::new("webhook_attempt")
    .attributes(&[
        whole("number"),
        text("outcome").filterable(),
        whole("status"),
        text("problem"),
        text("url"),
        whole("took_ms"),
        Attribute::new("request_headers", Kind::Json),
        text("request_body"),
        Attribute::new("response_headers", Kind::Json),
        text("response_body"),
        instant("next_attempt_at"),
        instant("created_at").filterable(),
    ])
    .relationships(&[
        OF_ENDPOINT,
        Relationship::to_one("webhook_delivery", &["webhook_delivery"]).filterable(),
    ]);

const OF_ENDPOINT: Relationship =
    Relationship::to_one("webhook_endpoint", &["webhook_endpoint"]).filterable();

/// What a command can be about.
pub const CONTEXTS: &[&str] = &[
    "administration",
    "invoice",
    "owner",
    "payment_request",
    "reservation",
    "subscription",
];

/// Somebody has pressed the button of an app, and this is what the app answered. It is not kept.
pub static COMMAND_CALL: ResourceType = ResourceType::new("application_command_call")
    .attributes(&[
        text("back_url").writable().between(1, ADDRESS),
        text("user_name").writable().between(1, 200),
        text("user_email").writable().between(3, 254),
        text("user_locale").writable().between(2, 20),
        text("answer"),
        text("redirect_url"),
        text("iframe_url"),
        text("notice"),
        text("alert"),
    ])
    .relationships(&[
        Relationship::to_one("application_command", &["application_command"]),
        Relationship::to_one("record", CONTEXTS)
            .required()
            .not_includable(),
    ]);
