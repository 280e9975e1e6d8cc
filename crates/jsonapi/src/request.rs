//! Request documents: what a POST or a PATCH says, read against the declared types.
//!
//! All that is wrong with a document is said at once, each mistake with a pointer to where it is.
//! What stands in `included` is read as far as links lead to it, see [`crate::Change`]; its spellings
//! are in `sidepost.rs`.

use serde_json::{Map, Value as Json};

use crate::change::{Aim, Change, Draft, Link, Links};
use crate::coerce::Coercion;
use crate::error::{Code, Error, Errors, step};
use crate::limits;
use crate::resource::{Relationship, ResourceType, Write};
use crate::row::{Identifier, is_decimal, is_id};
use crate::schema::Schema;
use crate::sidepost::{self, Ends, Pointing, Sides, Spelled};

/// What an endpoint expects in the body of a request.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// All types.
    pub schema: &'a Schema,
    /// The type of the resource that is written.
    pub kind: &'static ResourceType,
    /// Whether the caller has the write scope of a type; asked for each type that is written with
    /// the primary resource.
    pub may_write: &'a dyn Fn(&ResourceType) -> bool,
}

impl Expected<'_> {
    /// Reads the body of a POST that creates a resource. An id is refused with 403: the server gives
    /// out ids.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn create(&self, body: &[u8]) -> Result<Change, Errors> {
        self.read(body, &Aim::Create)
    }

    /// Reads the body of a PATCH of the resource with this id.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn update(&self, id: &str, body: &[u8]) -> Result<Change, Errors> {
        self.read(body, &Aim::Update(id.to_owned()))
    }

    fn read(&self, body: &[u8], aim: &Aim) -> Result<Change, Errors> {
        let document: Json = serde_json::from_slice(body)
            .map_err(|error| malformed("", format!("The body is not JSON: {error}")))?;
        let document = document.as_object();
        let document = document.ok_or_else(|| malformed("", "The document is an object"))?;
        let data = document
            .get("data")
            .ok_or_else(|| malformed("", "The document needs data"))?;
        let data = data.as_object();
        let data = data.ok_or_else(|| malformed("/data", "The data is one resource object"))?;
        self.check_identity(data, aim)?;
        let mut errors = Errors::default();
        let included = document.get("included");
        let sides = Sides::read(self.schema, self.kind, data, included, &mut errors);
        let mut reader = Reader {
            expected: self,
            planned: vec![Planned {
                object: data,
                kind: self.kind,
                aim: aim.clone(),
                pointer: "/data".to_owned(),
            }],
            sides,
            errors,
        };
        let drafts = reader.read_all();
        reader.sides.report_unused(&mut reader.errors);
        let change = Change::new(drafts);
        let change = change.ok_or_else(|| malformed("/data", "There is nothing in it"))?;
        reader.errors.unless_any(change)
    }

    /// Type and id of the primary resource. Nothing else of a document for something else is worth
    /// a word.
    fn check_identity(&self, data: &Map<String, Json>, aim: &Aim) -> Result<(), Errors> {
        let mut errors = Errors::default();
        match data.get("type") {
            Some(Json::String(name)) if name == self.kind.name => {}
            Some(Json::String(_)) => {
                let detail = format!("Expected the type {}", self.kind.name);
                errors.push(Error::new(Code::Conflict, detail).at("/data/type"));
            }
            Some(_) => errors.push(malformed("/data/type", "The type is a string")),
            None => errors.push(malformed("/data", "The resource needs a type")),
        }
        match (aim, data.get("id")) {
            (Aim::Create, None) => {}
            (Aim::Create, Some(_)) => errors.push(given_id("/data/id")),
            (Aim::Update(id), Some(Json::String(given))) if given == id => {}
            (Aim::Update(_), Some(Json::String(_))) => {
                let detail = "The id is not that of the address";
                errors.push(Error::new(Code::Conflict, detail).at("/data/id"));
            }
            (Aim::Update(_), Some(_)) => errors.push(malformed("/data/id", "The id is a string")),
            (Aim::Update(_), None) => errors.push(malformed("/data", "The resource needs an id")),
        }
        errors.unless_any(())
    }
}

/// A resource that a link has led to, still unread.
#[derive(Clone)]
struct Planned<'d> {
    object: &'d Map<String, Json>,
    kind: &'static ResourceType,
    aim: Aim,
    pointer: String,
}

struct Reader<'a, 'd> {
    expected: &'a Expected<'a>,
    /// The resources of the request, the primary one first; reading one may add more.
    planned: Vec<Planned<'d>>,
    sides: Sides<'d>,
    errors: Errors,
}

impl Reader<'_, '_> {
    fn read_all(&mut self) -> Vec<Draft> {
        let mut drafts = Vec::new();
        while let Some(planned) = self.planned.get(drafts.len()).cloned() {
            drafts.push(self.draft(&planned));
        }
        drafts
    }

    fn draft(&mut self, planned: &Planned<'_>) -> Draft {
        let mut draft = Draft {
            kind: planned.kind,
            aim: planned.aim.clone(),
            meta: sidepost::own_meta(planned.object),
            pointer: planned.pointer.clone(),
            attributes: Vec::new(),
            relationships: Vec::new(),
        };
        let pointer = format!("{}/attributes", planned.pointer);
        for (name, json) in self.members(planned, "attributes") {
            self.attribute(&mut draft, name, json, &step(&pointer, name));
        }
        let pointer = format!("{}/relationships", planned.pointer);
        for (name, json) in self.members(planned, "relationships") {
            self.relationship(&mut draft, name, json, &step(&pointer, name));
        }
        if draft.aim == Aim::Create {
            self.check_required(planned, &draft);
        }
        draft
    }

    /// The members of an object inside a resource object; none if it is not there.
    fn members<'d>(
        &mut self,
        planned: &Planned<'d>,
        name: &str,
    ) -> impl Iterator<Item = (&'d String, &'d Json)> + use<'d> {
        let found = planned.object.get(name);
        let members = found.and_then(Json::as_object);
        if found.is_some() && members.is_none() {
            let pointer = format!("{}/{name}", planned.pointer);
            self.errors
                .push(malformed(&pointer, format!("The {name} are an object")));
        }
        members.into_iter().flatten()
    }

    fn attribute(&mut self, draft: &mut Draft, name: &str, json: &Json, pointer: &str) {
        let Some(known) = draft.kind.attribute(name) else {
            let hint = match draft.kind.relationship(name) {
                Some(_) => "; it is a relationship",
                None => "",
            };
            let detail = format!(
                "{} has no attribute \"{}\"{hint}",
                draft.kind.name,
                shortened(name)
            );
            let error = Error::new(Code::UnknownAttribute, detail);
            return self.errors.push(error.at(pointer));
        };
        if !known.write.allows(draft.aim == Aim::Create) {
            return self
                .errors
                .push(read_only(known.name, known.write, pointer));
        }
        let mut coercion = Coercion {
            locales: self.expected.schema.locales(),
            errors: &mut self.errors,
        };
        if let Some(value) = coercion.attribute(known, json, pointer) {
            draft.attributes.push((known.name, value));
        }
    }

    fn relationship(&mut self, draft: &mut Draft, name: &str, json: &Json, pointer: &str) {
        let Some(known) = draft.kind.relationship(name) else {
            let detail = format!(
                "{} has no relationship \"{}\"",
                draft.kind.name,
                shortened(name)
            );
            let error = Error::new(Code::UnknownRelationship, detail);
            return self.errors.push(error.at(pointer));
        };
        if !known.write.allows(draft.aim == Aim::Create) {
            return self
                .errors
                .push(read_only(known.name, known.write, pointer));
        }
        if let Some(links) = self.links(known, json, pointer) {
            draft.relationships.push((known.name, links));
        }
    }

    fn links(&mut self, known: &Relationship, json: &Json, pointer: &str) -> Option<Links> {
        let Some(data) = json.as_object().and_then(|object| object.get("data")) else {
            let detail = "A relationship is an object with data";
            return self.refuse(odd_shape(pointer, detail));
        };
        let at = format!("{pointer}/data");
        match (known.many, data) {
            (false, Json::Null) if known.required => {
                let detail = format!("{} may not be empty", known.name);
                self.refuse(Error::new(Code::InvalidRelationship, detail).at(at))
            }
            (false, Json::Null) => Some(Links::One(None)),
            (false, Json::Object(_)) => {
                let link = self.link(known, data, &at)?;
                Some(Links::One(Some(link)))
            }
            (true, Json::Array(items)) if items.len() <= limits::LINKS => {
                let mut links: Vec<Link> = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    links.extend(self.link(known, item, &format!("{at}/{index}")));
                }
                Some(Links::Many(without_repeats(links)))
            }
            (true, Json::Array(_)) => {
                let detail = format!("More than {} links", limits::LINKS);
                self.refuse(odd_shape(&at, detail))
            }
            (false, _) => self.refuse(odd_shape(&at, "Expected one resource, or null")),
            (true, _) => self.refuse(odd_shape(&at, "Expected a list of resources")),
        }
    }

    fn link(&mut self, known: &Relationship, json: &Json, pointer: &str) -> Option<Link> {
        let kind = self.target(known, json, pointer)?;
        let spelled = match Spelled::read(json, pointer) {
            Ok(spelled) => spelled,
            Err(error) => return self.refuse(error),
        };
        let pointing = match spelled {
            Spelled::Existing(id) => return self.existing(kind, id, pointer).map(Link::To),
            Spelled::Sideposted(pointing) => pointing,
        };
        if !known.sidepostable {
            let detail = format!("{} takes only what exists already", known.name);
            return self.refuse(Error::new(Code::ForbiddenInput, detail).at(pointer));
        }
        if !(self.expected.may_write)(kind) {
            return self.refuse(no_scope(kind, pointer));
        }
        self.sideposted(kind, &pointing, pointer)
    }

    /// The type that a link names: one of those that the relationship leads to.
    fn target(
        &mut self,
        known: &Relationship,
        json: &Json,
        pointer: &str,
    ) -> Option<&'static ResourceType> {
        let Some(Json::String(name)) = json.get("type") else {
            return self.refuse(odd_shape(pointer, "A link needs a type and an id"));
        };
        let mut targets = self.expected.schema.targets(known);
        let target = targets.find(|target| target.name == name);
        if target.is_none() {
            let detail = format!("Expected the type {}", known.targets.join(" or "));
            let error = Error::new(Code::InvalidRelationship, detail);
            return self.refuse(error.at(format!("{pointer}/type")));
        }
        target
    }

    /// An id that the type cannot have leads to nothing, as one that nobody has.
    fn existing(
        &mut self,
        kind: &'static ResourceType,
        id: &str,
        pointer: &str,
    ) -> Option<Identifier> {
        if is_id(id) && (kind.opaque_ids || is_decimal(id)) {
            return Some(Identifier::new(kind.name, id));
        }
        let detail = format!("There is no {} with the id {}", kind.name, shortened(id));
        let error = Error::new(Code::ResourceNotFound, detail);
        self.refuse(error.at(format!("{pointer}/id")))
    }

    fn sideposted(
        &mut self,
        kind: &'static ResourceType,
        pointing: &Pointing<'_>,
        pointer: &str,
    ) -> Option<Link> {
        let aim = match pointing.updates {
            Some(id) => Aim::Update(self.existing(kind, id, pointer)?.id),
            None => Aim::Create,
        };
        let found = match self.sides.find(kind, pointing, pointer) {
            Ok(found) => found,
            Err(error) => return self.refuse(error),
        };
        match found {
            Ends::At(index)
                if self
                    .planned
                    .get(index)
                    .is_some_and(|known| known.aim == aim) =>
            {
                Some(Link::Draft(index))
            }
            Ends::At(_) => {
                let detail = "Another link wants something else to be done with this resource";
                self.refuse(odd_shape(pointer, detail))
            }
            Ends::In(side) => {
                let index = self.planned.len();
                let (object, pointer) = self.sides.take(side, index);
                self.planned.push(Planned {
                    object,
                    kind,
                    aim,
                    pointer,
                });
                Some(Link::Draft(index))
            }
        }
    }

    /// Says what a new resource lacks. What is there, and wrong, has been said already.
    fn check_required(&mut self, planned: &Planned<'_>, draft: &Draft) {
        let is_there = |family: &str, name: &str| {
            let members = planned.object.get(family).and_then(Json::as_object);
            members.is_some_and(|members| members.contains_key(name))
        };
        for known in draft.kind.attributes.iter().filter(|known| known.required) {
            if !is_there("attributes", known.name) {
                let error = draft.refuse(known.name, format!("{} is missing", known.name));
                self.errors.push(error);
            }
        }
        for known in draft
            .kind
            .relationships
            .iter()
            .filter(|known| known.required)
        {
            if !is_there("relationships", known.name) {
                let error = draft.refuse_link(known.name, format!("{} is missing", known.name));
                self.errors.push(error);
            }
        }
    }

    fn refuse<T>(&mut self, error: Error) -> Option<T> {
        self.errors.push(error);
        None
    }
}

/// A list of links has each end once.
fn without_repeats(links: Vec<Link>) -> Vec<Link> {
    let mut seen = std::collections::HashSet::new();
    let key = |link: &Link| match link {
        Link::To(to) => (Some(to.clone()), 0),
        Link::Draft(index) => (None, *index),
    };
    links
        .into_iter()
        .filter(|link| seen.insert(key(link)))
        .collect()
}

pub(crate) fn malformed(pointer: &str, detail: impl Into<String>) -> Error {
    Error::new(Code::ForbiddenInput, detail).at(pointer)
}

pub(crate) fn given_id(pointer: &str) -> Error {
    let detail = "Ids are given out by the server; leave it out";
    let error = Error::new(Code::ForbiddenInput, detail);
    error.with_status(http::StatusCode::FORBIDDEN).at(pointer)
}

/// The shape of a relationship is wrong, 400; a wrong value in the right shape is 422.
pub(crate) fn odd_shape(pointer: &str, detail: impl Into<String>) -> Error {
    let error = Error::new(Code::InvalidRelationship, detail);
    error.with_status(http::StatusCode::BAD_REQUEST).at(pointer)
}

fn read_only(name: &str, write: Write, pointer: &str) -> Error {
    let detail = match write {
        Write::OnCreate => format!("{name} can be set only when the resource is created"),
        Write::OnChange => format!("{name} can be set only of a resource that is there"),
        _ => format!("{name} is read-only"),
    };
    malformed(pointer, detail)
}

fn no_scope(kind: &ResourceType, pointer: &str) -> Error {
    let scope = kind.write.unwrap_or("a scope that nobody has");
    let detail = format!("Writing {} needs {scope}", kind.name);
    Error::new(Code::NoValidScope, detail).at(pointer)
}

/// So much of a text from outside as a sentence bears.
fn shortened(text: &str) -> String {
    text.chars().take(limits::ID_CHARACTERS).collect()
}
