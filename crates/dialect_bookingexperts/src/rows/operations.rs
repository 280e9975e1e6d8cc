//! Work, and what guests thought.

use service::kept::{Review, Todo};

use super::{
    parts::{amount, text, to},
    plain,
};
use crate::kinds::operations;

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
     "administration" => Id "organization_id", "reservation" => Id "subject_id"],
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
