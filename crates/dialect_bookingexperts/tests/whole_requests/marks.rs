//! Words by which what belongs to somebody is known wherever it is shown, also where no id stands beside it.

use jsonapi::{Attribute, ResourceType, Write};
use serde_json::{Map, Value, json};

use crate::described::{Described, UNKNOWN, all};
use crate::house::House;
use crate::things::Things;

/// The word. Nothing else in any house has it.
pub const MARK: &str = "marker-alder";

/// Attributes in which anybody may write any words.
const FREE: &[&str] = &[
    "body",
    "company_name",
    "description",
    "first_name",
    "label",
    "last_name",
    "memo",
    "name",
    "note",
    "notes",
    "subject",
    "surroundings_description",
    "text",
    "title",
];

/// Writes the word into all that somebody has, as a client would, and says how often that went well.
pub async fn mark(house: &House, things: &Things) -> usize {
    let mut marked = 0;
    for row in all().iter().filter(|row| row.method == "PATCH") {
        let Some(document) = row.carries.and_then(|kind| marking(row, kind, things)) else {
            continue;
        };
        let path = things.path(row.path, None);
        let reply = house
            .call_as(&house.key, "PATCH", &path, Some(&document))
            .await;
        marked += usize::from(reply.status == 200);
    }
    marked
}

/// A document with the word wherever it may stand; none where it may stand nowhere.
fn marking(row: &Described, kind: &ResourceType, things: &Things) -> Option<Value> {
    let is_free = |known: &&Attribute| known.write == Write::Always && FREE.contains(&known.name);
    let free = kind.attributes.iter().filter(is_free);
    let marked: Map<String, Value> = free
        .map(|known| {
            let word = if known.localized {
                json!({ "en": MARK })
            } else {
                json!(MARK)
            };
            (known.name.to_owned(), word)
        })
        .collect();
    if marked.is_empty() {
        return None;
    }
    let id = things.in_path(row.path, "id").unwrap_or(UNKNOWN);
    let data = json!({ "type": kind.name, "id": id, "attributes": marked });
    Some(json!({ "data": data }))
}
