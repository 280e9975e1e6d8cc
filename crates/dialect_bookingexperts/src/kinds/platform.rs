//! The app itself, and what it was granted.

use jsonapi::{Relationship, ResourceType};

use super::{CREATED_AT, UPDATED_AT, flag, instant, leaving::CONTEXTS, localized, name, text};

/// The installation of the app that is calling. Everybody may read his own.
pub static SUBSCRIPTION: ResourceType = ResourceType::new("subscription")
    .attributes(&[
        flag("authorized"),
        text("user_locale"),
        instant("created_at"),
        instant("updated_at"),
    ])
    .relationships(&[
        Relationship::to_one("organization", &["organization"]),
        Relationship::to_many(
            "administration_subscriptions",
            &["administration_subscription"],
        ),
    ]);

/// One administration that was granted, under the administration's own id.
pub static ADMINISTRATION_SUBSCRIPTION: ResourceType =
    ResourceType::new("administration_subscription").relationships(&[
        Relationship::to_one("administration", &["administration"]),
        Relationship::to_one("channel", &["channel"]),
    ]);

/// A button of an app.
pub static APPLICATION_COMMAND: ResourceType = ResourceType::new("application_command")
    .scopes("application_command|read", "application_command|write")
    .attributes(&[
        name("identifier"),
        localized("name").required(),
        localized("description").writable(),
        text("context_model").required().one_of(CONTEXTS),
        text("http_method")
            .required()
            .one_of(&["get", "post", "put", "patch", "delete"]),
        text("target_url")
            .required()
            .between(8, 2_000)
            .shaped(r"^https?://[^\u0000]+$"),
        text("enabled_script").writable(),
        CREATED_AT,
        UPDATED_AT,
    ]);
