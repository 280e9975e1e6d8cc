//! Finding what is to be included: level by level, with one question per level and type, and those of a level
//! at once.
//!
//! The paths of an `include` are a tree. Its first steps are followed for all primary resources at
//! once, then the next steps for all that was found, and so on. So the number of questions depends
//! on the query alone: at most one per type and step, however many rows there are.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;

use crate::error::{Code, Error};
use crate::include::{Branch, Include};
use crate::limits;
use crate::resource::ResourceType;
use crate::row::{Identifier, Row};
use crate::schema::Schema;

/// Whoever can read rows by their ids.
pub trait Loader: Sync {
    /// What can go wrong.
    type Error: Send;

    /// Reads all these resources of a type in one go, in any order. Those that do not exist, or that
    /// the caller may not know of, are left out. Each row says where the relationships lead that
    /// [`Query::wants`](crate::Query::wants).
    fn load(
        &self,
        kind: &'static ResourceType,
        ids: &[String],
    ) -> impl Future<Output = Result<Vec<Row>, Self::Error>> + Send;
}

/// Why the included resources could not be found.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The loader failed.
    Loader(E),
    /// There are more than [`limits::INCLUDED`] of them.
    TooMany(Error),
}

/// All resources that an `include` leads to, each once, in the order in which the paths meet them,
/// and none that is among the primary ones.
///
/// # Errors
/// The loader's, or too many resources.
pub async fn included<L: Loader>(
    schema: &Schema,
    primary: &[Row],
    include: Option<&Include>,
    loader: &L,
) -> Result<Vec<Row>, Failure<L::Error>> {
    let mut found = Found::new(primary);
    let mut level: Vec<Reached<'_>> = include
        .map(|include| found.reach(&include.branches, primary))
        .unwrap_or_default();
    while !level.is_empty() {
        let missing = found.missing(&level);
        if found.rows.len() + missing.len() > limits::INCLUDED {
            return Err(Failure::TooMany(too_many()));
        }
        let types = by_type(schema, &missing);
        let asked = types.iter().map(|(kind, ids)| loader.load(kind, ids));
        let loaded = try_join_all(asked).await.map_err(Failure::Loader)?;
        loaded.into_iter().for_each(|rows| found.keep(rows));
        found.put_in_order(&missing);
        level = level
            .iter()
            .flat_map(|reached| found.next(primary, reached))
            .collect();
    }
    Ok(found.rows)
}

/// What an `include` leads to from rows of a type, by type and each once, as far as these rows say already
/// where their relationships lead: for whoever reads ahead.
pub fn ahead(
    schema: &Schema,
    include: &Include,
    kind: &ResourceType,
    rows: &[Row],
) -> Vec<(&'static ResourceType, Vec<String>)> {
    let relationships = kind.relationships.iter();
    let passed = relationships.filter(|relationship| include.passes(kind, relationship.name));
    let linked = passed.flat_map(|relationship| {
        let rows = rows.iter();
        rows.flat_map(|row| row.linked(relationship.name))
    });
    let mut seen = HashSet::new();
    let linked = linked.filter(|to| seen.insert(*to));
    by_type(schema, &linked.cloned().collect::<Vec<_>>())
}

/// A step of a path, and everything that it leads to, each once.
struct Reached<'a> {
    branch: &'a Branch,
    identifiers: Vec<Identifier>,
}

/// What has been found so far.
struct Found {
    rows: Vec<Row>,
    /// Where each one stands; also those that were asked for and are not there.
    places: HashMap<Identifier, Place>,
    /// Rows that the loader has just given, before they have their place.
    loaded: HashMap<Identifier, Row>,
}

#[derive(Clone, Copy)]
enum Place {
    Primary(usize),
    Included(usize),
    Nowhere,
}

impl Found {
    fn new(primary: &[Row]) -> Found {
        let place = |(index, row): (usize, &Row)| (row.identifier(), Place::Primary(index));
        Found {
            rows: Vec::new(),
            places: primary.iter().enumerate().map(place).collect(),
            loaded: HashMap::new(),
        }
    }

    /// Follows the next step of a path from everything that it has reached.
    fn next<'a>(&self, primary: &[Row], reached: &Reached<'a>) -> Vec<Reached<'a>> {
        if reached.branch.branches.is_empty() {
            return Vec::new();
        }
        let rows = reached.identifiers.iter();
        let rows = rows.filter_map(|identifier| match self.places.get(identifier)? {
            Place::Primary(index) => primary.get(*index),
            Place::Included(index) => self.rows.get(*index),
            Place::Nowhere => None,
        });
        self.reach(&reached.branch.branches, rows)
    }

    fn reach<'a, 'r>(
        &self,
        branches: &'a [Branch],
        rows: impl IntoIterator<Item = &'r Row> + Clone,
    ) -> Vec<Reached<'a>> {
        let follow = |branch: &'a Branch| {
            let rows = rows.clone().into_iter();
            let linked = rows.flat_map(|row| row.linked(branch.relationship));
            let mut seen = HashSet::new();
            Reached {
                branch,
                identifiers: linked.filter(|to| seen.insert(*to)).cloned().collect(),
            }
        };
        branches.iter().map(follow).collect()
    }

    /// What a level leads to that nobody has asked for yet, each once.
    fn missing(&self, level: &[Reached<'_>]) -> Vec<Identifier> {
        let mut seen = HashSet::new();
        let identifiers = level.iter().flat_map(|reached| &reached.identifiers);
        identifiers
            .filter(|identifier| !self.places.contains_key(identifier))
            .filter(|identifier| seen.insert(*identifier))
            .cloned()
            .collect()
    }

    fn keep(&mut self, rows: Vec<Row>) {
        let pair = |row: Row| (row.identifier(), row);
        self.loaded.extend(rows.into_iter().map(pair));
    }

    /// Gives loaded rows their places in the order in which they were met. What nobody asked for is
    /// dropped.
    fn put_in_order(&mut self, asked: &[Identifier]) {
        for identifier in asked {
            let place = match self.loaded.remove(identifier) {
                Some(row) => {
                    self.rows.push(row);
                    Place::Included(self.rows.len() - 1)
                }
                None => Place::Nowhere,
            };
            self.places.insert(identifier.clone(), place);
        }
        self.loaded.clear();
    }
}

/// The ids of each type, types in the order in which they were met.
fn by_type(
    schema: &Schema,
    identifiers: &[Identifier],
) -> Vec<(&'static ResourceType, Vec<String>)> {
    let mut types: Vec<(&'static ResourceType, Vec<String>)> = Vec::new();
    for identifier in identifiers {
        let Some(kind) = schema.get(identifier.kind) else {
            continue;
        };
        match types.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, ids)) => ids.push(identifier.id.clone()),
            None => types.push((kind, vec![identifier.id.clone()])),
        }
    }
    types
}

fn too_many() -> Error {
    let detail = format!(
        "More than {} resources would be included; ask for a smaller page or fewer paths",
        limits::INCLUDED
    );
    Error::new(Code::InvalidInclude, detail).in_parameter("include")
}
