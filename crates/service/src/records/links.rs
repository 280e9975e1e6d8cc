//! Replaces all links of one kind that something has, such as the labels of a unit.

use std::{collections::BTreeMap, marker::PhantomData};

use catalogue::{Kind, links as l, links::LinkDetails, shared::Reference};
use domain::id::Id;
use jiff::Timestamp;
use store::{Condition, Tx, Value};

use super::{
    kinds::{Writable, key, subject_of},
    rows::{missing, unknown},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Refusal, UseCase};

/// The most links of one kind that something has.
pub const MOST_LINKS: usize = 2_000;

/// What something has through one kind of links, all of it, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Linking {
    /// What the one that has is: `organization`, `resource`, `unit`, `booking`, `channel`, `package`, ….
    pub subject: &'static str,
    /// The one that has.
    pub from_id: Id,
    /// What it has from now on, with what is said beside it.
    pub to: Vec<(Id, LinkDetails)>,
    /// The place of the first one, from 0; the others follow it. Above 0 where a place of its own is left empty,
    /// such as that of the main package.
    pub first: i64,
}

impl Linking {
    /// Links that say nothing beside what they link.
    pub fn plain(subject: &'static str, from_id: Id, to: impl IntoIterator<Item = Id>) -> Self {
        let to = to.into_iter().map(|id| (id, LinkDetails::default()));
        Self {
            subject,
            from_id,
            to: to.collect(),
            first: 0,
        }
    }

    /// The write that makes it so: what is there already keeps its id, what is not named goes.
    pub fn write<L: Linked>(self) -> Write {
        Write::new(SetLinks::<L> {
            linking: self,
            of: PhantomData,
        })
    }
}

/// A kind of links.
pub trait Linked: Writable {
    /// A new link.
    fn linking(id: Id, of: &Place, to_id: Id, position: i64, details: LinkDetails) -> Self;
    /// Who has something.
    fn owner_id(&self) -> Id;
    /// What belongs.
    fn to_id(&self) -> Id;
    /// Its place among others of the same one.
    fn position(&self) -> i64;
    /// Its place and what it says.
    fn said(&mut self) -> (&mut i64, &mut LinkDetails, &mut Timestamp);
}

/// Who has something, in which tenant, as of when.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    tenant_id: Id,
    organization_id: Option<Id>,
    subject: &'static str,
    from_id: Id,
    now: Timestamp,
}

impl Place {
    /// The organization of the one that has.
    pub(super) fn organization_id(&self) -> Option<Id> {
        self.organization_id
    }
}

macro_rules! linked {
    ($($kind:ty),+ $(,)?) => { $(
        impl Linked for $kind {
            fn linking(id: Id, of: &Place, to_id: Id, position: i64, details: LinkDetails) -> Self {
                Self {
                    tenant_id: of.tenant_id,
                    id,
                    organization_id: of.organization_id,
                    subject: of.subject.to_owned(),
                    from_id: of.from_id,
                    to_id,
                    position,
                    created_at: of.now,
                    changed_at: of.now,
                    version: 1,
                    details,
                }
            }

            fn owner_id(&self) -> Id { self.from_id }

            fn to_id(&self) -> Id { self.to_id }

            fn position(&self) -> i64 { self.position }

            fn said(&mut self) -> (&mut i64, &mut LinkDetails, &mut Timestamp) {
                (&mut self.position, &mut self.details, &mut self.changed_at)
            }
        }
    )+ };
}

linked! {
    l::AmenityValue, l::Labelled, l::InSegment, l::InRegion, l::InCity, l::SoldIn, l::LimitedTo, l::PackagePart, l::BookedPackage,
}

struct SetLinks<L> {
    linking: Linking,
    of: PhantomData<fn() -> L>,
}

impl<L: Linked> Step for SetLinks<L> {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(L::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move { self.set(tx, by).await })
    }
}

impl<L: Linked> SetLinks<L> {
    async fn set(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<Stepped> {
        let Linking {
            subject,
            from_id,
            to,
            first,
        } = &self.linking;
        if to.len() > MOST_LINKS {
            return Ok(Err(Refusal::Invalid {
                field: "to_id",
                expected: format!("at most {MOST_LINKS} of them"),
            }));
        }
        let Some(from) = subject_of(subject, *from_id) else {
            return Ok(Err(unknown("subject")));
        };
        let place = match place_of(tx, by, &from, subject).await? {
            Some(place) => place,
            None => return Ok(Err(unknown("from_id"))),
        };
        let wanted = in_order(to, *first);
        let sample: Vec<L> = wanted
            .iter()
            .map(|(to_id, (position, details))| {
                L::linking(by.new_id(), &place, *to_id, *position, details.clone())
            })
            .collect();
        let references: Vec<Reference> = sample.iter().flat_map(Writable::references).collect();
        if let Some(refusal) = missing(tx, by, &references).await? {
            return Ok(Err(refusal));
        }
        replace(tx, by, &place, sample).await?;
        // Resources are searched by what they have, and by where their organizations lie.
        let searched = match *subject {
            "resource" => vec![*from_id],
            "organization" if L::ONLY == <l::InRegion as Kind>::ONLY => {
                resources_of(tx, by, *from_id).await?
            }
            _ => Vec::new(),
        };
        if !searched.is_empty() {
            let version = by.new_id();
            tx.terms_changed(by.tenant_id(), &searched, version).await?;
        }
        by.tell(tx, L::EVENTS.changed, *from_id, place.organization_id)
            .await?;
        Ok(Ok(*from_id))
    }
}

/// The resources of an organization.
async fn resources_of(tx: &mut Tx, by: &By<'_>, organization_id: Id) -> store::Result<Vec<Id>> {
    let sql = "SELECT id FROM resource WHERE tenant_id = $1 AND organization_id = $2";
    let parameters = [by.tenant_id().into(), organization_id.into()];
    let rows = tx.query(sql, &parameters).await?;
    let ids = rows.into_iter().filter_map(|row| match row.first() {
        Some(Value::Int(id)) => Id::new(*id),
        _ => None,
    });
    Ok(ids.collect())
}

/// What is wanted, each once, with its place; of two that are the same the first counts.
fn in_order(to: &[(Id, LinkDetails)], first: i64) -> BTreeMap<Id, (i64, LinkDetails)> {
    let mut wanted = BTreeMap::new();
    for (position, (id, details)) in (first..).zip(to) {
        wanted.entry(*id).or_insert((position, details.clone()));
    }
    wanted
}

/// Brings what is stored to what is wanted.
async fn replace<L: Linked>(
    tx: &mut Tx,
    by: &By<'_>,
    place: &Place,
    wanted: Vec<L>,
) -> store::Result<()> {
    let condition = Condition::All(vec![
        Condition::Is("tenant_id", by.tenant_id().into()),
        Condition::Is("from_id", place.from_id.into()),
    ]);
    let stored = tx.find::<L>(&condition, "id", None, 0).await?;
    let mut wanted: BTreeMap<Id, L> = wanted
        .into_iter()
        .map(|link| (link.to_id(), link))
        .collect();
    let mut gone = Vec::new();
    for mut link in stored {
        let Some(mut other) = wanted.remove(&link.to_id()) else {
            gone.push(key(by.tenant_id(), link.id()));
            continue;
        };
        let (position, details, changed_at) = link.said();
        let (new_position, new_details, _) = other.said();
        if position != new_position || details != new_details {
            (*position, *details, *changed_at) = (*new_position, new_details.clone(), place.now);
            tx.update(&mut link).await?;
        }
    }
    tx.remove::<L>(&gone).await?;
    let new: Vec<L> = wanted.into_values().collect();
    tx.insert(&new).await
}

/// Who has the links, if the caller may write there. It is locked, so that two calls that set its links
/// at once do so one after another.
pub(super) async fn place_of(
    tx: &mut Tx,
    by: &By<'_>,
    from: &Reference,
    subject: &'static str,
) -> store::Result<Option<Place>> {
    let column = if from.table == "organization" {
        "id"
    } else {
        "organization_id"
    };
    let only = from
        .only
        .map_or_else(String::new, |word| format!(" AND t.kind = '{word}'"));
    let sql = format!(
        "SELECT t.{column} FROM \"{}\" t WHERE t.tenant_id = $1 AND t.id = $2{only}{}",
        from.table,
        if tx.is_postgres() { " FOR UPDATE" } else { "" }
    );
    let rows = tx
        .query(&sql, &[by.tenant_id().into(), from.id.into()])
        .await?;
    let Some(cell) = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next())
    else {
        return Ok(None);
    };
    let organization_id = match cell {
        Value::Int(id) => Id::new(id),
        _ => None,
    };
    let place = Place {
        tenant_id: by.tenant_id(),
        organization_id,
        subject,
        from_id: from.id,
        now: by.stamp.now,
    };
    Ok(by.may_write(organization_id).then_some(place))
}
