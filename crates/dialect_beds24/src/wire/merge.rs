//! Puts a checked change onto what is stored, shows what is stored with its defaults in the
//! order of the wire, and tells two showings apart.

use serde_json::{Map, Value};

use super::shape::{Field, Kind, Shape};

/// Puts `change` (already checked) onto `stored`: nested objects key by key, lists with a key
/// element by element, other lists as a whole. `null` removes what was written, so that the
/// default shows again; an element that holds its key alone is removed, as the vendor's
/// subitems are.
pub fn merge(shape: &Shape, stored: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        let Some(field) = shape.field(&name) else {
            continue;
        };
        match (&field.kind, value) {
            (_, Value::Null) => {
                stored.shift_remove(&name);
            }
            (Kind::Object(inside), Value::Object(change)) => {
                merge(inside, object_at(stored, name), change)
            }
            (Kind::Table(inside), Value::Object(change)) => {
                merge_table(inside, object_at(stored, name), change)
            }
            (
                Kind::List {
                    key: Some(key),
                    shape,
                },
                Value::Array(change),
            ) => {
                merge_list(shape, key, list_at(stored, name), change);
            }
            (_, value) => {
                stored.insert(name, value);
            }
        }
    }
}

fn merge_table(shape: &Shape, stored: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        match value {
            Value::Object(change) => merge(shape, object_at(stored, name), change),
            _ => {
                stored.shift_remove(&name);
            }
        }
    }
}

fn merge_list(shape: &Shape, key: &str, stored: &mut Vec<Value>, change: Vec<Value>) {
    for element in change {
        let Value::Object(mut element) = element else {
            continue;
        };
        let Some(wanted) = element
            .get(key)
            .cloned()
            .or_else(|| next_key(shape, key, stored))
        else {
            continue;
        };
        let at = stored
            .iter()
            .position(|held| held.get(key) == Some(&wanted));
        match at {
            Some(at) if element.len() == 1 && element.contains_key(key) => {
                stored.remove(at);
            }
            Some(at) => {
                if let Value::Object(held) = &mut stored[at] {
                    merge(shape, held, element);
                }
            }
            None => {
                element.insert(key.to_owned(), wanted);
                let mut fresh = Map::new();
                merge(shape, &mut fresh, element);
                stored.push(Value::Object(fresh));
            }
        }
    }
    stored.sort_by_key(|element| element.get(key).and_then(Value::as_i64));
}

/// The number for an element that came without one; none where the numbers are used up or
/// where the key is a word that only the caller can choose.
fn next_key(shape: &Shape, key: &str, stored: &[Value]) -> Option<Value> {
    let Kind::Whole { least, most } = shape.field(key)?.kind else {
        return None;
    };
    let used = |number: i64| {
        stored
            .iter()
            .any(|held| held.get(key).and_then(Value::as_i64) == Some(number))
    };
    (least..=most)
        .take(stored.len() + 1)
        .find(|number| !used(*number))
        .map(Value::from)
}

fn object_at(stored: &mut Map<String, Value>, name: String) -> &mut Map<String, Value> {
    let slot = stored.entry(name).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
        .expect("the slot was just made an object")
}

fn list_at(stored: &mut Map<String, Value>, name: String) -> &mut Vec<Value> {
    let slot = stored.entry(name).or_insert(Value::Null);
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    slot.as_array_mut().expect("the slot was just made a list")
}

/// Shows what is stored: every field of the shape in wire order, with its default where
/// nothing was written. Fields marked "on request" are shown where `asked` says so; it is
/// given the name of the field.
pub fn complete(
    shape: &Shape,
    stored: &Map<String, Value>,
    asked: &dyn Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut shown = Map::new();
    for field in shape.fields() {
        let marks = field.marks;
        if marks.write_only || marks.on_request && !asked(&field.name) {
            continue;
        }
        let value = stored.get(&field.name).filter(|value| !value.is_null());
        if value.is_none() && marks.sparse {
            continue;
        }
        shown.insert(field.name.clone(), complete_field(field, value, asked));
    }
    shown
}

fn complete_field(field: &Field, value: Option<&Value>, asked: &dyn Fn(&str) -> bool) -> Value {
    match (&field.kind, value) {
        (Kind::Object(inside), value) => {
            let empty = Map::new();
            let stored = value.and_then(Value::as_object).unwrap_or(&empty);
            Value::Object(complete(inside, stored, asked))
        }
        (Kind::List { shape, .. }, Some(Value::Array(elements))) => {
            let inside = elements.iter().filter_map(Value::as_object);
            Value::Array(
                inside
                    .map(|element| Value::Object(complete(shape, element, asked)))
                    .collect(),
            )
        }
        (_, Some(value)) => value.clone(),
        (_, None) => field.default.clone(),
    }
}

/// What is different in `after`: only the changed leaves, nested as they stand; elements of a
/// list with a key carry it, so that a reader knows which one changed.
pub fn difference(
    shape: &Shape,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Map<String, Value> {
    let mut changed = Map::new();
    for (name, now) in after {
        let was = before.get(name);
        if was == Some(now) {
            continue;
        }
        let kind = shape.field(name).map(|field| &field.kind);
        let value = match (kind, was, now) {
            (Some(Kind::Object(inside)), Some(Value::Object(was)), Value::Object(now)) => {
                Value::Object(difference(inside, was, now))
            }
            (
                Some(Kind::List {
                    key: Some(key),
                    shape,
                }),
                Some(Value::Array(was)),
                Value::Array(now),
            ) => Value::Array(list_difference(shape, key, was, now)),
            _ => now.clone(),
        };
        changed.insert(name.clone(), value);
    }
    changed
}

fn list_difference(shape: &Shape, key: &str, before: &[Value], after: &[Value]) -> Vec<Value> {
    let mut changed = Vec::new();
    for now in after {
        let was = before.iter().find(|was| was.get(key) == now.get(key));
        match (was, now) {
            (Some(was), now) if was == now => {}
            (Some(Value::Object(was)), Value::Object(now)) => {
                let mut element = Map::new();
                if let Some(id) = now.get(key) {
                    element.insert(key.to_owned(), id.clone());
                }
                element.extend(difference(shape, was, now));
                changed.push(Value::Object(element));
            }
            _ => changed.push(now.clone()),
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::shape_text::read;
    use serde_json::json;

    const TABLE: &str = "name text\nrules object\n  kind choice a b\n  days whole?\nunits list id\n  id whole 1..3\n  \
                         name text\n  note text @request\ntexts list language @request\n  language text\n  head text\n\
                         tags words";

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn merged(stored: Value, change: Value) -> Value {
        let mut stored = map(stored);
        merge(&read(TABLE).unwrap(), &mut stored, map(change));
        Value::Object(stored)
    }

    #[test]
    fn a_change_touches_only_what_it_names() {
        let stored = json!({"name": "Inn", "rules": {"kind": "b"}, "tags": ["x"]});
        let after = merged(stored, json!({"rules": {"days": 3}, "tags": ["y", "z"]}));
        assert_eq!(
            after,
            json!({"name": "Inn", "rules": {"kind": "b", "days": 3}, "tags": ["y", "z"]})
        );
    }

    #[test]
    fn null_brings_the_default_back() {
        assert_eq!(
            merged(
                json!({"rules": {"kind": "b"}}),
                json!({"rules": {"kind": null}})
            ),
            json!({"rules": {}})
        );
    }

    #[test]
    fn elements_are_added_changed_and_removed_by_their_key() {
        let stored = json!({"units": [{"id": 1, "name": "A"}, {"id": 3, "name": "C"}]});
        let after = merged(
            stored,
            json!({"units": [{"id": 1, "note": "n"}, {"id": 3}, {"name": "B"}]}),
        );
        assert_eq!(
            after,
            json!({"units": [{"id": 1, "name": "A", "note": "n"}, {"id": 2, "name": "B"}]})
        );
    }

    #[test]
    fn an_element_without_a_key_is_left_out_when_all_numbers_are_used() {
        let full = json!({"units": [{"id": 1}, {"id": 2}, {"id": 3}]});
        assert_eq!(
            merged(
                full.clone(),
                json!({"units": [{"name": "D"}], "texts": [{"head": "h"}]})
            )["units"],
            full["units"]
        );
    }

    #[test]
    fn what_is_shown_is_complete_and_in_the_order_of_the_table() {
        let shape = read(TABLE).unwrap();
        let stored = map(json!({"units": [{"id": 1}], "name": "Inn"}));
        let shown = complete(&shape, &stored, &|name| name == "texts");
        assert_eq!(
            serde_json::to_string(&shown).unwrap(),
            r#"{"name":"Inn","rules":{"kind":"a","days":null},"units":[{"id":1,"name":""}],"texts":[],"tags":[]}"#
        );
    }

    #[test]
    fn the_difference_is_the_changed_leaves() {
        let shape = read(TABLE).unwrap();
        let before = map(
            json!({"name": "Inn", "rules": {"kind": "a", "days": null}, "units": [{"id": 1, "name": "A"}]}),
        );
        let after = map(json!({"name": "Inn", "rules": {"kind": "b", "days": null},
            "units": [{"id": 1, "name": "Z"}, {"id": 2, "name": "B"}]}));
        assert_eq!(
            Value::Object(difference(&shape, &before, &after)),
            json!({"rules": {"kind": "b"}, "units": [{"id": 1, "name": "Z"}, {"id": 2, "name": "B"}]})
        );
    }
}
