//! What a change of a row has changed, as it is noted beside the event that tells of it.
//!
//! An event says what it is about, and whoever renders it reads the row as it stands. What it was before
//! nobody can read any more, so the write that changes it notes old and new values of what differs. A format
//! that shows rows gets both sides back and shows them as it shows any row; so it decides by itself what of
//! them somebody may read. No format shows the note as it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::{Column, ColumnKind, Kind, Value};

/// Under which name the note stands among the facts of an event.
const NOTE: &str = "stored";

/// The longest note, in bytes of its values; a longer one is not kept, and only that something has changed is
/// told.
const LONGEST: usize = 256 * 1_024;

/// Columns that say something of the write itself, or follow from others.
const OF_THE_WRITE: &[&str] = &["version", "changed_at", "search"];

/// The facts of an event that tells of a change: none where nothing has changed that somebody could see, or
/// more than is kept.
pub fn changes<K: Kind>(before: &K, after: &K) -> Option<Json> {
    let (mut old, mut new) = (fields(before), fields(after));
    let names: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
    let mut changes = Map::new();
    let mut bytes = 0;
    for name in names {
        let (was, is) = (old.remove(&name), new.remove(&name));
        if was != is {
            let pair = json!([was, is]);
            bytes += pair.to_string().len();
            changes.insert(name, pair);
        }
    }
    let is_kept = !changes.is_empty() && bytes <= LONGEST;
    is_kept.then(|| json!({ NOTE: { "of": word::<K>(), "changes": changes } }))
}

/// The same where one field has changed, for who holds no rows: a column by its name, what stands in the
/// document by its path, such as `/quantity`.
pub fn change<K: Kind>(field: &str, old: impl Into<Json>, new: impl Into<Json>) -> Json {
    let (old, new): (Json, Json) = (old.into(), new.into());
    json!({ NOTE: { "of": word::<K>(), "changes": { field: [old, new] } } })
}

/// Whether facts note a change of this kind.
pub fn is_of<K: Kind>(facts: &Json) -> bool {
    facts[NOTE]["of"] == word::<K>()
}

/// A row as it was before a change and after it: `row`, which may have changed again since, with the values
/// that the facts note. None where they note nothing of this kind, or something that no such row can hold.
pub fn sides<K: Kind>(row: &K, facts: &Json) -> Option<[K; 2]> {
    let changes = facts[NOTE]["changes"].as_object();
    let changes = changes.filter(|_| is_of::<K>(facts))?;
    Some([with(row, changes, 0)?, with(row, changes, 1)?])
}

/// How a kind is called, apart from all others.
fn word<K: Kind>() -> String {
    match K::ONLY {
        Some(only) => format!("{}.{only}", K::TABLE.name),
        None => K::TABLE.name.to_owned(),
    }
}

/// What a row says: columns by their names; the fields of its document, and what stands in those that are
/// objects, by their paths. What is empty is left out.
fn fields<K: Kind>(row: &K) -> BTreeMap<String, Json> {
    let mut fields = BTreeMap::new();
    for (column, cell) in K::TABLE.columns.iter().zip(row.to_row()) {
        let Value::Text(text) = &cell else {
            if let (Value::Int(number), true) = (&cell, counts(column)) {
                fields.insert(column.name.to_owned(), json!(number));
            }
            continue;
        };
        if column.name == "doc" {
            fields.extend(of_document(text));
        } else if counts(column) {
            fields.insert(column.name.to_owned(), json!(text));
        }
    }
    fields
}

/// Whether a column's change is one of the row.
fn counts(column: &Column) -> bool {
    !column.key && !OF_THE_WRITE.contains(&column.name)
}

fn of_document(text: &str) -> Vec<(String, Json)> {
    let Ok(Json::Object(document)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    for (name, value) in document {
        match value {
            Json::Object(inner) => fields.extend(
                inner
                    .into_iter()
                    .map(|(leaf, value)| (format!("/{name}/{leaf}"), value)),
            ),
            value => fields.push((format!("/{name}"), value)),
        }
    }
    fields.retain(|(_, value)| !value.is_null());
    fields
}

/// A row with the old (0) or the new values (1).
fn with<K: Kind>(row: &K, changes: &Map<String, Json>, side: usize) -> Option<K> {
    let mut cells = row.to_row();
    let Some(Value::Text(text)) = cells.last() else {
        return None;
    };
    let mut document: Map<String, Json> = serde_json::from_str(text).ok()?;
    for (name, pair) in changes {
        let value = pair.get(side)?;
        match name.strip_prefix('/') {
            Some(path) => put(&mut document, path, value)?,
            None => {
                let at = K::TABLE
                    .columns
                    .iter()
                    .position(|column| column.name == name)?;
                *cells.get_mut(at)? = cell(&K::TABLE.columns[at], value)?;
            }
        }
    }
    *cells.last_mut()? = crate::document(&document);
    K::from_row(cells).ok()
}

/// Gives a document a value; null takes it away.
fn put(document: &mut Map<String, Json>, path: &str, value: &Json) -> Option<()> {
    let (place, leaf) = match path.split_once('/') {
        Some((outer, inner)) => {
            let place = document.entry(outer).or_insert_with(|| json!({}));
            (place.as_object_mut()?, inner)
        }
        None => (document, path),
    };
    if value.is_null() {
        place.remove(leaf);
    } else {
        place.insert(leaf.to_owned(), value.clone());
    }
    Some(())
}

fn cell(column: &Column, value: &Json) -> Option<Value> {
    match (column.kind, value) {
        (_, Json::Null) => Some(Value::Null),
        (ColumnKind::Int, value) => value.as_i64().map(Value::Int),
        (ColumnKind::Text, value) => value.as_str().map(Value::from),
        (ColumnKind::Bytes, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::Id,
        text::{Locale, Localized},
    };
    use jiff::Timestamp;

    use super::*;
    use crate::{
        content::{Label, LabelDetails},
        inventory::{Resource, ResourceDetails, Unit},
    };

    fn unit() -> Unit {
        let id = Id::SMALLEST;
        Unit {
            tenant_id: id,
            id,
            resource_id: id,
            number: 3,
            organization_id: Some(id),
            archived_at: None,
            search: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
            name: "Sea".to_owned(),
            extra: Default::default(),
        }
    }

    #[test]
    fn both_sides_come_back_whatever_has_become_of_the_row_since() {
        let old = unit();
        let mut new = old.clone();
        (new.number, new.name) = (1, "Lake".to_owned());
        new.archived_at = Some(Timestamp::from_second(5).unwrap());
        new.extra.insert("a/b".to_owned(), json!({ "c": [1] }));
        let facts = changes(&old, &new).unwrap();
        let mut now = new.clone();
        now.name = "Hill".to_owned();
        let [was, is] = sides(&now, &facts).unwrap();
        assert_eq!((was, is), (old, new));
    }

    #[test]
    fn details_come_back_field_by_field() {
        let id = Id::SMALLEST;
        let old = Resource {
            tenant_id: id,
            id,
            organization_id: id,
            name: "Lodge".to_owned(),
            version: 1,
            quantity: 2,
            details: ResourceDetails::default(),
        };
        let mut new = old.clone();
        new.details.names = Localized::of(Locale::english(), "Cabin");
        new.details.max_people = Some(4);
        new.details.archived_at = Some(Timestamp::from_second(5).unwrap());
        let facts = changes(&old, &new).unwrap();
        let mut now = new.clone();
        (now.version, now.quantity) = (9, 7);
        let [was, is] = sides(&now, &facts).unwrap();
        assert_eq!((was.details, is.details), (old.details, new.details));
        assert_eq!((was.quantity, is.quantity), (7, 7));
        let facts = change::<Resource>("/quantity", 2, 5);
        let [was, is] = sides(&now, &facts).unwrap();
        assert_eq!((was.quantity, is.quantity), (2, 5));
    }

    #[test]
    fn what_a_write_says_of_itself_is_no_change_and_no_other_kind_has_it() {
        let old = unit();
        let mut new = old.clone();
        new.changed_at = Timestamp::from_second(5).unwrap();
        new.search = "other".to_owned();
        assert_eq!(changes(&old, &new), None);
        new.name = "Lake".to_owned();
        let facts = changes(&old, &new).unwrap();
        assert!(is_of::<Unit>(&facts) && !is_of::<Resource>(&facts));
        assert!(!is_of::<Unit>(&json!({})));
        let label = Label::new(Id::SMALLEST, LabelDetails::default());
        assert_eq!(sides(&label, &facts), None);
        new.name = "x".repeat(LONGEST);
        assert_eq!(changes(&old, &new), None, "more than is kept");
    }
}
