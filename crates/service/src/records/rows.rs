//! Makes, changes and removes rows of any kind that is written in the one way.

use std::{collections::HashMap, marker::PhantomData};

use catalogue::{
    Kind, Value,
    content::PriceList,
    shared::{Invalid, Reference},
};
use domain::id::Id;
use store::Tx;

use super::{
    kinds::{Home, Readable, Writable, key},
    prices::sold_by,
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Refusal, UseCase};

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Refusal::Invalid {
            field: invalid.field,
            expected: invalid.expected,
        }
    }
}

/// Makes a row. Its id is the one that it carries; tenant, moments and what follows from its details are
/// noted when it is written.
pub fn create<K: Writable>(row: K) -> Write {
    Write::new(Create(row))
}

/// Changes a row: the function is given the row as it stands, and nobody else changes it until this is
/// committed. It may be asked more than once, and may refuse.
pub fn change<K: Writable>(
    id: Id,
    how: impl Fn(&mut K) -> Result<(), Refusal> + Send + Sync + 'static,
) -> Write {
    Write::new(Change {
        id,
        how: Box::new(how),
    })
}

/// Changes a row that may not be there yet: where it is not, the function is given this one, which is
/// then made. For kinds that share the id of something else, such as orders.
pub fn put<K: Writable>(
    row: K,
    how: impl Fn(&mut K) -> Result<(), Refusal> + Send + Sync + 'static,
) -> Write {
    Write::new(Put {
        row,
        how: Box::new(how),
    })
}

/// Removes a row, with its links. A row that others are parts of stays.
pub fn remove<K: Writable>(id: Id) -> Write {
    Write::new(Remove::<K> {
        id,
        of: PhantomData,
    })
}

/// The refusal of what is not there, or what the caller may not know of.
pub(super) fn unknown(field: &'static str) -> Refusal {
    Refusal::Unknown { field }
}

fn not_so(what: &'static str) -> Refusal {
    Refusal::Invalid {
        field: "id",
        expected: format!("something that can be {what} like this"),
    }
}

struct Create<K>(K);

impl<K: Writable> Step for Create<K> {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(K::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            if !K::MAY.create {
                return Ok(Err(not_so("made")));
            }
            insert(tx, by, self.0.clone()).await
        })
    }
}

/// Inserts a row that nothing stands against, and tells of it.
pub(super) async fn insert<K: Writable>(
    tx: &mut Tx,
    by: &By<'_>,
    mut row: K,
) -> store::Result<Stepped> {
    row.begin(by.stamp.now);
    let as_of = row.clone();
    row.stamp(&as_of, by.tenant_id(), by.stamp.now);
    if let Err(invalid) = row.check() {
        return Ok(Err(invalid.into()));
    }
    let organization_id = match home(tx, by, &row).await? {
        Ok(organization_id) => organization_id,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !by.may_write(organization_id) {
        return Ok(Err(unknown("organization_id")));
    }
    if let Some(refusal) = missing(tx, by, &row.references()).await? {
        return Ok(Err(refusal));
    }
    if tx.get::<K>(&key(by.tenant_id(), row.id())).await?.is_some() {
        return Ok(Err(Refusal::Invalid {
            field: "id",
            expected: "something that is not there yet".to_owned(),
        }));
    }
    tx.insert(std::slice::from_ref(&row)).await?;
    is_searched_anew(tx, by, [row.searched_by_it(), None]).await?;
    by.tell(tx, K::EVENTS.created, row.id(), organization_id)
        .await?;
    Ok(Ok(row.id()))
}

/// Searches find these resources by other things from now on.
async fn is_searched_anew(
    tx: &mut Tx,
    by: &By<'_>,
    resources: [Option<Id>; 2],
) -> store::Result<()> {
    let ids: Vec<Id> = resources.into_iter().flatten().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let version = by.new_id();
    tx.terms_changed(by.tenant_id(), &ids, version).await
}

/// How a change changes.
type How<K> = Box<dyn Fn(&mut K) -> Result<(), Refusal> + Send + Sync>;

struct Change<K> {
    id: Id,
    how: How<K>,
}

impl<K: Writable> Step for Change<K> {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(K::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            if !K::MAY.change {
                return Ok(Err(not_so("changed")));
            }
            let before = match locked::<K>(tx, by, self.id).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut after = before.clone();
            if let Err(refusal) = (self.how)(&mut after) {
                return Ok(Err(refusal));
            }
            update(tx, by, &before, after).await
        })
    }
}

struct Put<K> {
    row: K,
    how: How<K>,
}

impl<K: Writable> Step for Put<K> {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(K::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            if !(K::MAY.create && K::MAY.change) {
                return Ok(Err(not_so("written")));
            }
            let key = key(by.tenant_id(), self.row.id());
            let before = match tx.get_locked::<K>(&key).await? {
                None => None,
                Some(_) => match locked::<K>(tx, by, self.row.id()).await? {
                    Ok(before) => Some(before),
                    Err(refusal) => return Ok(Err(refusal)),
                },
            };
            let mut after = before.clone().unwrap_or_else(|| self.row.clone());
            if let Err(refusal) = (self.how)(&mut after) {
                return Ok(Err(refusal));
            }
            match before {
                Some(before) => update(tx, by, &before, after).await,
                None => insert(tx, by, after).await,
            }
        })
    }
}

/// Writes a changed row over the one that was locked, and tells of it.
pub(super) async fn update<K: Writable>(
    tx: &mut Tx,
    by: &By<'_>,
    before: &K,
    mut after: K,
) -> store::Result<Stepped> {
    after.stamp(before, by.tenant_id(), by.stamp.now);
    if let Err(invalid) = after.check() {
        return Ok(Err(invalid.into()));
    }
    let organization_id = match home(tx, by, &after).await? {
        Ok(organization_id) => organization_id,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !by.may_write(organization_id) {
        return Ok(Err(unknown("organization_id")));
    }
    // What it named before may be gone meanwhile, which is nobody's mistake now.
    let known = before.references();
    let mut named = after.references();
    named.retain(|reference| !known.contains(reference));
    if let Some(refusal) = missing(tx, by, &named).await? {
        return Ok(Err(refusal));
    }
    tx.update(&mut after).await?;
    is_searched_anew(tx, by, [before.searched_by_it(), after.searched_by_it()]).await?;
    let what = (K::EVENTS.changed, after.id(), organization_id);
    by.tell_changed(tx, what, (before, &after)).await?;
    Ok(Ok(after.id()))
}

struct Remove<K> {
    id: Id,
    of: PhantomData<fn() -> K>,
}

impl<K: Writable> Step for Remove<K> {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Remove(K::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            if !K::MAY.remove {
                return Ok(Err(not_so("removed")));
            }
            let row = match locked::<K>(tx, by, self.id).await? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let organization_id = match home(tx, by, &row).await? {
                Ok(organization_id) => organization_id,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let is_list = K::ONLY.is_some() && K::ONLY == <PriceList as Kind>::ONLY;
            if is_in_use(tx, by.tenant_id(), self.id).await?
                || is_list && !sold_by(tx, by, self.id).await?.is_empty()
            {
                return Ok(Err(Refusal::InUse));
            }
            unlink(tx, by.tenant_id(), self.id).await?;
            tx.remove::<K>(&[key(by.tenant_id(), self.id)]).await?;
            is_searched_anew(tx, by, [row.searched_by_it(), None]).await?;
            by.tell(tx, K::EVENTS.removed, self.id, organization_id)
                .await?;
            Ok(Ok(self.id))
        })
    }
}

/// A row that the caller may write, locked.
pub(super) async fn locked<K: Writable>(
    tx: &mut Tx,
    by: &By<'_>,
    id: Id,
) -> store::Result<Result<K, Refusal>> {
    let Some(row) = tx.get_locked::<K>(&key(by.tenant_id(), id)).await? else {
        return Ok(Err(unknown("id")));
    };
    match home(tx, by, &row).await? {
        Ok(organization_id) if by.may_write(organization_id) => Ok(Ok(row)),
        _ => Ok(Err(unknown("id"))),
    }
}

/// The organization that a row belongs to.
async fn home<K: Readable>(
    tx: &mut Tx,
    by: &By<'_>,
    row: &K,
) -> store::Result<Result<Option<Id>, Refusal>> {
    let Home::Through {
        column,
        table,
        only,
    } = K::HOME
    else {
        return Ok(Ok(row.organization_id()));
    };
    let index = K::TABLE
        .columns
        .iter()
        .position(|known| known.name == column);
    let cell = index.and_then(|index| row.to_row().into_iter().nth(index));
    let only = only.map_or_else(String::new, |word| format!(" AND t.kind = '{word}'"));
    let sql = format!(
        "SELECT t.organization_id FROM \"{table}\" t WHERE t.tenant_id = $1 AND t.id = $2{only}"
    );
    let parameters = [by.tenant_id().into(), cell.unwrap_or(Value::Null)];
    let rows = tx.query(&sql, &parameters).await?;
    match rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next())
    {
        Some(Value::Int(id)) => Ok(Ok(Id::new(id))),
        Some(_) => Ok(Ok(None)),
        None => Ok(Err(unknown(column))),
    }
}

/// The first of these references to what is not there, or what the caller may not know of. One question
/// for each kind that is named.
pub(super) async fn missing(
    tx: &mut Tx,
    by: &By<'_>,
    references: &[Reference],
) -> store::Result<Option<Refusal>> {
    let mut by_kind: HashMap<(&str, Option<&str>), Vec<&Reference>> = HashMap::new();
    for reference in references {
        let of_kind = by_kind.entry((reference.table, reference.only));
        of_kind.or_default().push(reference);
    }
    for ((table, only), named) in by_kind {
        let mut parameters = vec![by.tenant_id().into()];
        let mut places = Vec::with_capacity(named.len());
        for reference in &named {
            parameters.push(reference.id.into());
            places.push(format!("${}", parameters.len()));
        }
        let places = places.join(", ");
        let only = only.map_or_else(String::new, |word| format!(" AND t.kind = '{word}'"));
        let organization = match table {
            "organization" => "t.id",
            "line" | "price" => "NULL",
            _ => "t.organization_id",
        };
        let sql = format!(
            "SELECT t.id, {organization} FROM \"{table}\" t WHERE t.tenant_id = $1{only} AND t.id IN ({places})"
        );
        let found = tx.query(&sql, &parameters).await?;
        let knows = |reference: &Reference| {
            found.iter().any(|row| match row.as_slice() {
                [Value::Int(id), organization] => {
                    let reached = match organization {
                        Value::Int(id) => Id::new(*id).is_some_and(|id| by.stamp.reaches(id)),
                        _ => true,
                    };
                    *id == reference.id.get() && reached
                }
                _ => false,
            })
        };
        if let Some(reference) = named.into_iter().find(|reference| !knows(reference)) {
            return Ok(Some(unknown(reference.field)));
        }
    }
    Ok(None)
}

/// Whether other rows are parts of this one, or name it in a column.
pub(super) async fn is_in_use(tx: &mut Tx, tenant_id: Id, id: Id) -> store::Result<bool> {
    const USES: &[&str] = &[
        "SELECT 1 FROM content WHERE tenant_id = $1 AND kind IN ('amenity', 'city') AND parent_id = $2 LIMIT 1",
        "SELECT 1 FROM record WHERE tenant_id = $1 AND kind IN ('payment', 'payment_request', 'payment_result', \
         'agreement', 'block') AND parent_id = $2 LIMIT 1",
        "SELECT 1 FROM link WHERE tenant_id = $1 AND kind IN ('in_region', 'in_city') AND to_id = $2 LIMIT 1",
        "SELECT 1 FROM \"order\" WHERE tenant_id = $1 AND customer_id = $2 LIMIT 1",
        "SELECT 1 FROM \"order\" WHERE tenant_id = $1 AND owner_id = $2 LIMIT 1",
        "SELECT 1 FROM \"order\" WHERE tenant_id = $1 AND channel_id = $2 LIMIT 1",
    ];
    for sql in USES {
        if !tx
            .query(sql, &[tenant_id.into(), id.into()])
            .await?
            .is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes what means nothing without a row: its links, the options of an amenity, the pictures of a resource,
/// the prices of a list.
pub(crate) async fn unlink(tx: &mut Tx, tenant_id: Id, id: Id) -> store::Result<()> {
    const LINKS: &str = "('amenity_value', 'labelled', 'in_segment', 'in_region', 'in_city', 'sold_in', 'limited_to', \
                         'package_part', 'booked_package')";
    let parameters = [tenant_id.into(), id.into()];
    for sql in [
        format!("DELETE FROM link WHERE tenant_id = $1 AND kind IN {LINKS} AND from_id = $2"),
        format!("DELETE FROM link WHERE tenant_id = $1 AND kind IN {LINKS} AND to_id = $2"),
        "DELETE FROM content WHERE tenant_id = $1 AND kind = 'amenity_option' AND parent_id = $2"
            .to_owned(),
        "DELETE FROM content WHERE tenant_id = $1 AND kind = 'image' AND parent_id = $2".to_owned(),
        "DELETE FROM price WHERE tenant_id = $1 AND list_id = $2".to_owned(),
    ] {
        tx.execute(&sql, &parameters).await?;
    }
    Ok(())
}
