//! Sideposting: resources that travel in `included` and are written with the primary one.
//!
//! A link to one has no id but a temporary one, in three spellings:
//!
//! ```json
//! { "type": "booking", "meta": { "temp_id": "b-1", "method": "create" } }
//! { "type": "booking", "temp-id": "b-1", "method": "create" }
//! { "type": "booking", "lid": "b-1" }
//! ```
//!
//! The resource in `included` names the same type and temporary id in any of the spellings. Without
//! a method it is created; with the method `update` the link has an id too.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::error::{Errors, step};
use crate::limits;
use crate::request::{given_id, malformed, odd_shape};
use crate::resource::ResourceType;
use crate::schema::Schema;
use crate::{Code, Error};

/// What `meta` may say for sideposting.
const TEMPORARY: [&str; 2] = ["temp_id", "temp-id"];
const METHOD: &str = "method";

/// A link, with its spelling understood.
pub(crate) enum Spelled<'d> {
    /// To what exists already.
    Existing(&'d str),
    /// To what travels along.
    Sideposted(Pointing<'d>),
}

/// What a link to a sideposted resource says.
pub(crate) struct Pointing<'d> {
    temporary: Option<&'d str>,
    /// The id of what is to be changed; nothing if it is to be created.
    pub updates: Option<&'d str>,
}

/// Where a link ends.
pub(crate) enum Ends {
    /// At a resource that has its place among the drafts already.
    At(usize),
    /// At one in `included` that nothing has led to before.
    In(usize),
}

/// Everything that links can lead to inside the request.
pub(crate) struct Sides<'d> {
    sides: Vec<Side<'d>>,
    by_key: HashMap<(&'static str, Key<'d>), usize>,
}

struct Side<'d> {
    object: &'d Map<String, Json>,
    pointer: String,
    draft: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'d> {
    Id(&'d str),
    Temporary(&'d str),
}

impl<'d> Spelled<'d> {
    pub fn read(json: &'d Json, pointer: &str) -> Result<Spelled<'d>, Error> {
        let Some(object) = json.as_object() else {
            return Err(odd_shape(pointer, "A link is an object"));
        };
        let id = text_of(object, "id", pointer)?;
        let temporary = temporary_of(object, pointer)?;
        let method = member(object, &[METHOD]);
        match (method, id, temporary) {
            (None, Some(id), None) => Ok(Spelled::Existing(id)),
            (None, Some(_), Some(_)) => {
                let detail = "A link with an id and a temporary id needs the method update";
                Err(odd_shape(pointer, detail))
            }
            (None, None, None) => Err(odd_shape(pointer, "A link needs a type and an id")),
            (Some("create"), Some(_), _) => Err(given_id(&format!("{pointer}/id"))),
            (None | Some("create"), None, Some(_)) => Ok(Spelled::Sideposted(Pointing {
                temporary,
                updates: None,
            })),
            (Some("create"), None, None) => {
                Err(odd_shape(pointer, "What is created needs a temporary id"))
            }
            (Some("update"), Some(_), _) => Ok(Spelled::Sideposted(Pointing {
                temporary,
                updates: id,
            })),
            (Some("update"), None, _) => Err(odd_shape(pointer, "What is updated needs an id")),
            (Some(_), ..) => Err(odd_shape(pointer, "The method is create or update")),
        }
    }
}

impl<'d> Sides<'d> {
    /// Finds out what stands in `included`, by type and id. The primary resource is the first draft.
    pub fn read(
        schema: &Schema,
        kind: &'static ResourceType,
        data: &'d Map<String, Json>,
        included: Option<&'d Json>,
        errors: &mut Errors,
    ) -> Sides<'d> {
        let mut sides = Sides {
            sides: Vec::new(),
            by_key: HashMap::new(),
        };
        let root = sides.add(kind, data, "/data".to_owned());
        match root {
            Ok(()) => {
                sides.sides[0].draft = Some(0);
            }
            Err(error) => errors.push(error),
        }
        let items = match included {
            None => &[][..],
            Some(Json::Array(items)) if items.len() <= limits::SIDEPOSTED => items,
            Some(Json::Array(_)) => {
                let detail = format!("More than {} resources", limits::SIDEPOSTED);
                errors.push(malformed("/included", detail));
                &[][..]
            }
            Some(_) => {
                errors.push(malformed("/included", "The included resources are a list"));
                &[][..]
            }
        };
        for (index, item) in items.iter().enumerate() {
            let result = sides.read_one(schema, item, format!("/included/{index}"));
            errors.take(result);
        }
        sides
    }

    fn read_one(&mut self, schema: &Schema, item: &'d Json, pointer: String) -> Result<(), Error> {
        let Some(object) = item.as_object() else {
            return Err(malformed(&pointer, "A resource is an object"));
        };
        let Some(Json::String(name)) = object.get("type") else {
            return Err(malformed(&pointer, "The resource needs a type"));
        };
        let kind = schema.get(name);
        let unknown = || malformed(&step(&pointer, "type"), "There is no such type");
        self.add(kind.ok_or_else(unknown)?, object, pointer)
    }

    /// Adds a resource under its id and under its temporary one, whichever it has.
    fn add(
        &mut self,
        kind: &'static ResourceType,
        object: &'d Map<String, Json>,
        pointer: String,
    ) -> Result<(), Error> {
        let id = text_of(object, "id", &pointer)?.map(Key::Id);
        let temporary = temporary_of(object, &pointer)?.map(Key::Temporary);
        let is_first = self.sides.is_empty();
        if id.is_none() && temporary.is_none() && !is_first {
            return Err(malformed(
                &pointer,
                "The resource needs a temporary id, or an id",
            ));
        }
        let place = self.sides.len();
        for key in [id, temporary].into_iter().flatten() {
            if self.by_key.insert((kind.name, key), place).is_some() {
                return Err(malformed(&pointer, "The same resource stands here twice"));
            }
        }
        self.sides.push(Side {
            object,
            pointer,
            draft: None,
        });
        Ok(())
    }

    /// Where a link leads to.
    pub fn find(
        &self,
        kind: &'static ResourceType,
        pointing: &Pointing<'d>,
        pointer: &str,
    ) -> Result<Ends, Error> {
        let keys = [
            pointing.updates.map(Key::Id),
            pointing.temporary.map(Key::Temporary),
        ];
        let mut found = keys.into_iter().flatten();
        let place = found.find_map(|key| self.by_key.get(&(kind.name, key)));
        let Some(place) = place else {
            let detail = format!("There is no such {} in included", kind.name);
            return Err(odd_shape(pointer, detail));
        };
        let side = &self.sides[*place];
        if pointing.updates.is_none() && side.object.contains_key("id") {
            return Err(given_id(&format!("{}/id", side.pointer)));
        }
        Ok(side.draft.map_or(Ends::In(*place), Ends::At))
    }

    /// Gives a resource its place among the drafts.
    pub fn take(&mut self, place: usize, draft: usize) -> (&'d Map<String, Json>, String) {
        let side = &mut self.sides[place];
        side.draft = Some(draft);
        (side.object, side.pointer.clone())
    }

    /// What no link leads to would be lost without a word. Where links are wrong, that is why.
    pub fn report_unused(&self, errors: &mut Errors) {
        if !errors.is_empty() {
            return;
        }
        for side in self.sides.iter().filter(|side| side.draft.is_none()) {
            let detail = "No relationship leads here that says what to do with it";
            errors.push(malformed(&side.pointer, detail));
        }
    }
}

/// The `meta` of a resource without what sideposting says in it.
pub(crate) fn own_meta(object: &Map<String, Json>) -> Map<String, Json> {
    let meta = object.get("meta").and_then(Json::as_object);
    let is_own = |name: &str| name != METHOD && !TEMPORARY.contains(&name);
    let own = meta.into_iter().flatten();
    own.filter(|(name, _)| is_own(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn temporary_of<'d>(
    object: &'d Map<String, Json>,
    pointer: &str,
) -> Result<Option<&'d str>, Error> {
    let given = member(object, &TEMPORARY);
    let temporary = given.or(text_of(object, "lid", pointer)?);
    match temporary {
        Some(text) if !(1..=limits::ID_CHARACTERS).contains(&text.chars().count()) => {
            let most = limits::ID_CHARACTERS;
            let detail = format!("A temporary id has 1 to {most} characters");
            Err(malformed(pointer, detail))
        }
        temporary => Ok(temporary),
    }
}

/// A text that stands in `meta` or beside `type`, under one of these names.
fn member<'d>(object: &'d Map<String, Json>, names: &[&str]) -> Option<&'d str> {
    let meta = object.get("meta").and_then(Json::as_object);
    let places = meta.into_iter().chain([object]);
    let mut found = places.flat_map(|place| names.iter().map(|name| place.get(*name)));
    found.find_map(|value| value?.as_str())
}

fn text_of<'d>(
    object: &'d Map<String, Json>,
    name: &str,
    pointer: &str,
) -> Result<Option<&'d str>, Error> {
    match object.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => {
            let detail = format!("The {name} is a string");
            let error = Error::new(Code::ForbiddenInput, detail);
            Err(error.at(format!("{pointer}/{name}")))
        }
    }
}
