//! Properties and their rooms: found, made, changed, deleted.
//!
//! What a property is on the wire and what it is to the use cases is told apart in [`model`].

mod delete;
mod find;
mod model;
mod write;

pub use self::{
    delete::{delete, delete_rooms},
    find::{find, find_rooms},
    write::write,
};

use serde_json::{Map, Value};
use service::properties::{PropertyView, RoomView};

use crate::wire::property::{show_property, show_room};
use crate::wire::queries::Shown;

/// A property as it is shown, with those of its rooms that are wanted.
fn shown_property(
    view: &PropertyView,
    shown: &Shown,
    wanted: &dyn Fn(&RoomView) -> bool,
) -> Map<String, Value> {
    let rooms = view
        .rooms
        .iter()
        .filter(|room| wanted(room))
        .map(|room| Value::Object(shown_room(room, shown)));
    show_property(&model::property(&view.organization), rooms.collect(), shown)
}

/// A room as it is shown.
fn shown_room(view: &RoomView, shown: &Shown) -> Map<String, Value> {
    show_room(&model::room(view), shown)
}
