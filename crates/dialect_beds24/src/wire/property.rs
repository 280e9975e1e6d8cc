//! Properties and their rooms on the wire: what may be written, and how it is shown.
//!
//! Hundreds of fields, of which a handful mean something to the shared inventory; the rest is
//! checked, merged and shown again by the [table](shape) alone.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use super::check::{Problem, check};
use super::element::{Element, Remark, expectation};
use super::merge::complete;
use super::queries::Shown;
use super::shape::Shape;
use super::shape_text;

/// What is attempted with an item without an id.
pub const NEW_PROPERTY: &str = "new property";
/// What is attempted with an item that has one.
pub const MODIFY_PROPERTY: &str = "modify property";
/// What is attempted with a room type without an id.
pub const NEW_ROOM: &str = "new room";
/// What is attempted with a room type that has one.
pub const MODIFY_ROOM: &str = "modify room";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    shape_text::read(include_str!("tables/property.txt"))
        .expect("the table of property fields is read by a test")
});

static NO_SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| Arc::new(Shape::new(Vec::new())));

/// The fields of a property.
pub fn shape() -> &'static Shape {
    &SHAPE
}

/// The fields of a room type.
pub fn room_shape() -> &'static Shape {
    shape().inner("roomTypes").unwrap_or(&NO_SHAPE)
}

/// An item of POST /properties.
#[derive(Debug, PartialEq)]
pub struct PropertyIn {
    /// The property to change; none makes a new one.
    pub id: Option<i64>,
    /// What was sent and could be taken, without its rooms.
    pub fields: Map<String, Value>,
    /// Its rooms, each with the same rule of ids.
    pub rooms: Vec<RoomIn>,
}

/// A room type of an item.
#[derive(Debug, PartialEq)]
pub struct RoomIn {
    /// The room to change; none makes a new one.
    pub id: Option<i64>,
    /// What was sent and could be taken.
    pub fields: Map<String, Value>,
}

impl PropertyIn {
    /// Reads an item; what is wrong is said in `element`. An item that cannot be carried out for
    /// it is none.
    pub fn read(item: &Value, element: &mut Element) -> Option<Self> {
        let Some(sent) = item.as_object() else {
            element.error(Remark::on(NEW_PROPERTY).says(expectation("an object")));
            return None;
        };
        let is_change = has_id(sent);
        let action = if is_change {
            MODIFY_PROPERTY
        } else {
            NEW_PROPERTY
        };
        let mut problems = Vec::new();
        let mut fields = check(shape(), sent, &mut problems);
        say_problems(problems, action, element);
        let id = fields.shift_remove("id").and_then(|id| id.as_i64());
        if !is_change && !fields.contains_key("name") {
            element.error(Remark::on(action).field("name").says("invalid"));
        }
        let rooms = match fields.shift_remove("roomTypes") {
            Some(Value::Array(rooms)) => rooms,
            _ => Vec::new(),
        };
        let rooms = rooms
            .into_iter()
            .filter_map(|room| RoomIn::read(room, element))
            .collect();
        (!element.has_errors()).then_some(Self { id, fields, rooms })
    }
}

impl RoomIn {
    fn read(room: Value, element: &mut Element) -> Option<Self> {
        let Value::Object(mut fields) = room else {
            return None;
        };
        let id = fields.shift_remove("id").and_then(|id| id.as_i64());
        if id.is_none() && !fields.contains_key("name") {
            element.error(Remark::on(NEW_ROOM).field("roomTypes_name").says("invalid"));
            return None;
        }
        Some(Self { id, fields })
    }
}

fn has_id(sent: &Map<String, Value>) -> bool {
    sent.get("id").is_some_and(|id| !id.is_null())
}

/// The vendor answers a word outside its list with a warning that has no action; the others follow
/// it, with what was expected.
fn say_problems(problems: Vec<Problem>, action: &'static str, element: &mut Element) {
    for problem in problems {
        if problem.fatal {
            element.error(
                Remark::on(action)
                    .field(problem.path)
                    .says(expectation(&problem.expected)),
            );
        } else if problem.bad_choice {
            element.warn(Remark::default().field(problem.path).says("Invalid"));
        } else {
            element.warn(
                Remark::default()
                    .field(problem.path)
                    .says(format!("Invalid, expected {}", problem.expected)),
            );
        }
    }
}

/// A property as it is shown: `stored` without rooms, and its rooms each as [`show_room`] shows it.
pub fn show_property(
    stored: &Map<String, Value>,
    rooms: Vec<Value>,
    shown: &Shown,
) -> Map<String, Value> {
    let asked = |name: &str| match name {
        "texts" => shown.property_texts || shown.only_languages(),
        "offers" => shown.offers,
        "upsellItems" => shown.upsell_items,
        "roomTypes" => true,
        _ => false,
    };
    let mut out = complete(shape(), stored, &asked);
    keep_languages(&mut out, shown);
    out.insert("roomTypes".into(), Value::Array(rooms));
    out
}

/// A room type as it is shown.
pub fn show_room(stored: &Map<String, Value>, shown: &Shown) -> Map<String, Value> {
    let asked = |name: &str| match name {
        "texts" => shown.room_texts || shown.only_languages(),
        "offers" => shown.offers,
        "priceRules" => shown.price_rules,
        // What else is on request stands inside a unit.
        _ => shown.unit_details,
    };
    let mut out = complete(room_shape(), stored, &asked);
    keep_languages(&mut out, shown);
    out
}

impl Shown {
    /// Everything that can be asked for, for the answer to a write.
    pub fn everything() -> Self {
        Self {
            languages: Vec::new(),
            property_texts: true,
            room_texts: true,
            offers: true,
            price_rules: true,
            upsell_items: true,
            unit_details: true,
        }
    }

    /// Languages alone mean the texts of both levels.
    fn only_languages(&self) -> bool {
        !self.languages.is_empty() && !self.property_texts && !self.room_texts
    }
}

fn keep_languages(out: &mut Map<String, Value>, shown: &Shown) {
    let all = shown.languages.is_empty() || shown.languages.contains(&"all");
    if let Some(Value::Array(texts)) = out.get_mut("texts").filter(|_| !all) {
        texts.retain(|text| {
            let language = text.get("language").and_then(Value::as_str);
            shown
                .languages
                .iter()
                .any(|wanted| Some(*wanted) == language)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::shape::Kind;
    use serde_json::json;

    fn read(item: Value) -> (Option<PropertyIn>, Value) {
        let mut element = Element::new();
        let taken = PropertyIn::read(&item, &mut element);
        (taken, serde_json::to_value(element).unwrap())
    }

    #[test]
    fn the_table_of_a_property_has_every_level_and_no_name_twice() {
        fn walk(shape: &Shape) -> usize {
            let mut names: Vec<_> = shape.fields().iter().map(|field| &field.name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), shape.fields().len(), "{names:?}");
            let inside = shape.fields().iter().map(|field| match &field.kind {
                Kind::Object(inner) | Kind::Table(inner) | Kind::List { shape: inner, .. } => {
                    walk(inner)
                }
                _ => 0,
            });
            names.len() + inside.sum::<usize>()
        }
        assert!(walk(shape()) > 550, "{} fields", walk(shape()));
        assert!(room_shape().field("priceRules").is_some());
    }

    #[test]
    fn every_default_is_a_value_that_its_own_field_takes() {
        fn walk(shape: &Shape) {
            for field in shape.fields() {
                match &field.kind {
                    _ if field.marks.read_only => {}
                    Kind::Object(inner) | Kind::Table(inner) | Kind::List { shape: inner, .. } => {
                        walk(inner)
                    }
                    Kind::Text { least: 1.., .. } => {}
                    _ if field.default.is_null() => {}
                    _ => {
                        let mut problems = Vec::new();
                        let sent = Map::from_iter([(field.name.clone(), field.default.clone())]);
                        let taken = check(shape, &sent, &mut problems);
                        assert_eq!((problems, &taken), (vec![], &sent));
                    }
                }
            }
        }
        walk(shape());
        walk(super::super::booking::shape());
        walk(super::super::calendar::shape());
    }

    #[test]
    fn a_word_outside_its_list_is_the_warning_of_the_live_api() {
        let (taken, said) =
            read(json!({"id": 3, "webhooks": {"additionalData": "CVC", "url": "https://h"}}));
        assert_eq!(
            said,
            json!({"success": false, "warnings": [{"field": "webhooks_additionalData", "message": "Invalid"}]})
        );
        assert_eq!(
            Value::Object(taken.unwrap().fields),
            json!({"webhooks": {"url": "https://h"}})
        );
    }

    #[test]
    fn a_new_property_and_a_new_room_need_a_name() {
        assert_eq!(
            read(json!({})).1["errors"][0],
            json!({"action": "new property", "field": "name", "message": "invalid"})
        );
        let (taken, said) = read(json!({"name": "Inn", "roomTypes": [{"qty": 2}]}));
        assert!(taken.is_none());
        assert_eq!(said["errors"][0]["field"], "roomTypes_name");
        let (taken, _) = read(
            json!({"name": "Inn", "roomTypes": [{"name": "Double", "qty": "2"}, {"id": 8, "qty": 3}]}),
        );
        let rooms = taken.unwrap().rooms;
        assert_eq!((rooms[0].id, rooms[1].id), (None, Some(8)));
        assert_eq!(rooms[0].fields["qty"], 2);
    }

    #[test]
    fn a_wrong_quantity_refuses_the_item_because_it_decides_capacity() {
        for qty in [json!(0), json!(100), json!("x"), json!(1.5)] {
            assert!(
                read(json!({"id": 1, "roomTypes": [{"id": 8, "qty": qty}]}))
                    .0
                    .is_none()
            );
        }
    }

    #[test]
    fn a_text_without_its_language_is_named_and_left_out() {
        let (taken, said) = read(
            json!({"id": 1, "texts": [{"headline": "x"}, {"language": "de", "headline": "y"}]}),
        );
        assert_eq!(said["warnings"][0]["field"], "texts_language");
        assert_eq!(
            taken.unwrap().fields["texts"],
            json!([{"language": "de", "headline": "y"}])
        );
    }

    #[test]
    fn a_property_shows_the_live_defaults_of_its_webhooks() {
        let out = show_property(&Map::new(), vec![], &Shown::default());
        assert_eq!(
            out["webhooks"],
            json!({"version": "one", "url": "", "additionalData": "none", "customHeader": ""})
        );
        assert_eq!(out["roomTypes"], json!([]));
        assert!(
            !out.contains_key("texts")
                && !out.contains_key("offers")
                && !out.contains_key("upsellItems")
        );
    }

    #[test]
    fn texts_are_shown_in_the_languages_asked_for() {
        let stored = json!({"texts": [{"language": "de"}, {"language": "en"}]})
            .as_object()
            .unwrap()
            .clone();
        let languages = |shown: Shown| {
            let out = show_property(&stored, vec![], &shown);
            out.get("texts")
                .map_or(0, |texts| texts.as_array().unwrap().len())
        };
        assert_eq!(languages(Shown::default()), 0);
        assert_eq!(
            languages(Shown {
                property_texts: true,
                ..Shown::default()
            }),
            2
        );
        assert_eq!(
            languages(Shown {
                languages: vec!["de"],
                ..Shown::default()
            }),
            1
        );
        assert_eq!(
            languages(Shown {
                languages: vec!["all"],
                ..Shown::default()
            }),
            2
        );
    }

    #[test]
    fn units_show_their_names_alone_unless_details_are_asked_for() {
        let stored = json!({"units": [{"id": 1, "name": "101", "note": "n"}]})
            .as_object()
            .unwrap()
            .clone();
        let units = |unit_details| {
            show_room(
                &stored,
                &Shown {
                    unit_details,
                    ..Shown::default()
                },
            )["units"]
                .clone()
        };
        assert_eq!(units(false), json!([{"id": 1, "name": "101"}]));
        assert_eq!(units(true)[0]["note"], "n");
    }
}
