//! Work, and what guests thought.

use jsonapi::{ResourceType, Row, Value};
use serde_json::json;
use service::{
    content::{Medium, MessageTemplate},
    kept::{Message, Review, Todo},
    records::{Field, KEPT, Test},
};

use super::{
    parts::{amount, begun, localized, text, to},
    plain,
};
use crate::kinds::operations;
use crate::read::{Look, Lookup, Shown};
use crate::seen::Seen;

plain! {
    /// Pieces of work.
    TodoShown: Todo as operations::TASK,
    ["state" => Text "state", "due_on" => Day "on_day", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Id "organization_id",
     "reservation" => Id "subject_id"],
    |row, begun| begun
        .with("title", row.details.title.as_str())
        .with("description", text(&row.details.description))
        .with("state", text(&row.state))
        .with("assigned_to", text(&row.details.assigned_to))
        .with("due_on", row.on_day)
        .with("done_at", row.details.done_at)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("reservation", to("reservation", row.subject_id))
        .to_one("inventory_object", to("inventory_object", row.details.unit_id))
}

plain! {
    /// Reviews.
    ReviewShown: Review as operations::REVIEW,
    ["created_at" => Instant "created_at", "updated_at" => Instant "changed_at",
     "administration" => Id "organization_id", "reservation" => Id "subject_id",
     "rentable_type" => Id "parent_id"],
    |row, begun| begun
        .with("score", amount(row.details.score))
        .with("text", text(&row.details.text))
        .with("answer", text(&row.details.answer))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("reservation", to("reservation", row.subject_id))
        .to_one("rentable_type", to("rentable_type", row.details.resource_id))
}

/// How the vendor calls the ways in which messages leave.
pub fn medium(medium: Medium) -> &'static str {
    match medium {
        Medium::Email => "email",
        Medium::Sms => "sms",
        Medium::Internal => "internal",
    }
}

plain! {
    /// Words with gaps.
    MessageTemplateShown: MessageTemplate as operations::MESSAGE_TEMPLATE,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("subject", localized(&row.details.subject))
        .with("body", localized(&row.details.body))
        .with("medium", medium(row.details.medium))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

fn message(kind: &'static ResourceType, row: &Message) -> Row {
    let details = &row.details;
    let variables = details.variables.iter();
    let variables = variables.map(|(name, value)| json!({ "name": name, "value": value }));
    begun(kind, row)
        .with("state", text(&row.state))
        .with("medium", medium(details.medium))
        .with("recipient", text(&details.recipient))
        .with(
            "language",
            details
                .language
                .as_ref()
                .map(|locale| locale.as_str().to_owned()),
        )
        .with("variables", serde_json::Value::from_iter(variables))
        .with("subject", text(&details.subject))
        .with("body", Value::from(details.body.as_str()))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("reservation", to("reservation", row.subject_id))
        .to_one(
            "message_template",
            to("message_template", details.template_id),
        )
}

/// Declares messages: those that stay in the house, and those that leave it.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident, $kind:expr, $stays:literal;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = Message;
            const KIND: &'static ResourceType = &$kind;

            fn narrowed(_: &Seen) -> Vec<Test<Message>> {
                let kept = Test::is(const { Field::new("state") }, KEPT.to_owned());
                vec![if $stays { kept } else { Test::not(kept) }]
            }

            fn keeps(row: &Message, _: &Seen) -> bool {
                (row.state == KEPT) == $stays
            }

            fn lookup(name: &str) -> Option<Lookup<Message>> {
                Some(match name {
                    "state" => Lookup::Text(const { Field::new("state") }),
                    "created_at" => Lookup::Instant(const { Field::new("created_at") }),
                    "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
                    "administration" => Lookup::Id(const { Field::new("organization_id") }),
                    "reservation" => Lookup::Id(const { Field::new("subject_id") }),
                    _ => return None,
                })
            }

            async fn show(stored: &[Message], _: &Look<'_>) -> service::Result<Vec<Row>> {
                Ok(stored.iter().map(|row| message(Self::KIND, row)).collect())
            }
        }
    )* };
}

messages! {
    /// Words to guests.
    MessageShown, operations::MESSAGE, false;
    /// Words among staff.
    InternalMessageShown, operations::INTERNAL_MESSAGE, true;
}
