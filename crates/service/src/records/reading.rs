//! Reads pages, rows by id, and rows that hang on others, for every kind in the same way.
//!
//! A [`Reading`] is one connection for one answer: a page, then whatever was asked for beside it. No
//! method asks once per row, and how often the store was asked is counted, so that tests can hold an
//! answer to a bound.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use catalogue::{
    ColumnKind::Int,
    Row, Value,
    customers::{Customer, email_key, phone_key},
    inventory::Unit,
    sale::Booking,
};
use domain::{access::Actor, id::Id};
use parking_lot::Mutex;
use store::{Condition, Tx};

use super::{
    kinds::{Home, Readable},
    links::Linked,
    query::{Direction, Field, Query, Test, rows_of},
};
use crate::{Error, Page, PageOf, Result, Service, UseCase};

/// The most rows that are found by id or by what they hang on in one go.
pub const MOST_IDS: usize = 10_000;

/// One answer's look into the store.
///
/// All of it reads, so questions that do not need each other's answers may be asked at once.
pub struct Reading<'a> {
    actor: &'a Actor,
    tx: Tx,
    queries: AtomicU32,
    kept: Kept,
}

/// Where somebody stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lodging {
    /// The units, by their numbers, ascending.
    pub units: Vec<Unit>,
    /// Whether they may not be changed for others to make room.
    pub pinned: bool,
}

/// What one answer has read already, since the same rows are often asked for again: a booking is a
/// reservation, an order and a booking on the wire, and its lines are told by two of them. Whoever asks for
/// rows of a kind has them to themselves until they are there, so that two who ask at once do not both read
/// them.
#[derive(Default)]
struct Kept(Mutex<HashMap<(TypeId, &'static str), OfColumn>>);

/// A [`By`], of whichever type.
type OfColumn = Arc<dyn Any + Send + Sync>;

/// A row, or all rows of a kind, by the id in one of their columns.
type By<V> = tokio::sync::Mutex<HashMap<Id, V>>;

const ID: &str = "id";

/// The rows by their ids; none under the id of a row that is not there, or not for this caller.
type ById<K> = HashMap<Id, Option<K>>;

impl Kept {
    fn by<V: Send + 'static>(&self, column: &'static str) -> Arc<By<V>> {
        let mut kept = self.0.lock();
        let of_column = kept
            .entry((TypeId::of::<V>(), column))
            .or_insert_with(|| Arc::new(By::<V>::default()));
        let of_column = Arc::clone(of_column).downcast();
        of_column.unwrap_or_else(|_| unreachable!("rows are kept under their own type"))
    }

    async fn keep<K: Readable>(&self, rows: &[K]) {
        let by_id = self.by::<Option<K>>(ID);
        let mut by_id = by_id.lock().await;
        by_id.extend(rows.iter().map(|row| (row.id(), Some(row.clone()))));
    }
}

impl Service {
    /// Begins to read for a caller.
    pub async fn reading<'a>(&self, actor: &'a Actor) -> Result<Reading<'a>> {
        Ok(Reading {
            actor,
            tx: self.store.reader().await?,
            queries: AtomicU32::new(0),
            kept: Kept::default(),
        })
    }
}

impl Reading<'_> {
    /// How often the store has been asked.
    pub fn queries(&self) -> u32 {
        self.queries.load(Ordering::Relaxed)
    }

    fn count_queries(&self, asked: u32) {
        self.queries.fetch_add(asked, Ordering::Relaxed);
    }

    /// One page of what a query asks for.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::TooMany`] for a query beyond all bounds.
    pub async fn page<K: Readable>(&self, query: &Query<K>, page: PageOf) -> Result<Page<K>> {
        let condition = self.condition(query)?;
        let order = query.order();
        self.count_queries(1);
        let rows = self
            .tx
            .find::<K>(&condition, &order, Some(page.limit()), page.offset())
            .await?;
        self.kept.keep(&rows).await;
        Ok(page.page(rows))
    }

    /// How many rows a query asks for in all.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn count<K: Readable>(&self, query: &Query<K>) -> Result<u64> {
        let condition = self.condition(query)?;
        self.count_queries(1);
        Ok(self.tx.count::<K>(&condition).await?)
    }

    fn condition<K: Readable>(&self, query: &Query<K>) -> Result<Condition> {
        UseCase::Find(K::SUBJECT).authorize(self.actor)?;
        if query.is_too_large() {
            let limit = super::query::MOST_TESTS;
            return Err(Error::TooMany { limit });
        }
        let reached = reached::<K>(self.actor);
        Ok(query.condition(self.actor.tenant_id, reached))
    }

    /// The row with this id, if the caller may know of it.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn one<K: Readable>(&self, id: Id) -> Result<Option<K>> {
        Ok(self.by_ids::<K>(&[id]).await?.pop())
    }

    /// The rows with these ids that the caller may know of, by id. An id may occur twice; its row does not.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn by_ids<K: Readable>(&self, ids: &[Id]) -> Result<Vec<K>> {
        let kept = self.kept.by::<Option<K>>(ID);
        let mut kept = kept.lock().await;
        self.complete(&mut kept, ids).await?;
        let ids: BTreeSet<Id> = ids.iter().copied().collect();
        let found = ids.iter().filter_map(|id| kept.get(id)?.as_ref());
        Ok(found.cloned().collect())
    }

    /// Reads the rows with these ids, to be kept for whoever asks for them by id.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn ahead<K: Readable>(&self, ids: &[Id]) -> Result<()> {
        let kept = self.kept.by::<Option<K>>(ID);
        let mut kept = kept.lock().await;
        self.complete(&mut kept, ids).await
    }

    /// Reads those of these rows that nobody has asked for yet.
    async fn complete<K: Readable>(&self, kept: &mut ById<K>, ids: &[Id]) -> Result<()> {
        UseCase::Find(K::SUBJECT).authorize(self.actor)?;
        let missing = ids.iter().copied().filter(|id| !kept.contains_key(id));
        let missing: Vec<Id> = missing.collect();
        let read = self.of::<K>(const { Field::new(ID) }, &missing).await?;
        kept.extend(missing.into_iter().map(|id| (id, None)));
        kept.extend(read.into_iter().map(|row| (row.id(), Some(row))));
        Ok(())
    }

    /// The rows whose column names one of these ids: lines of bookings, options of amenities, what is
    /// linked from or to them. By id.
    ///
    /// # Errors
    /// As [`Reading::page`]; [`Error::TooMany`] for more than [`MOST_IDS`] ids.
    pub async fn of<K: Readable>(&self, field: Field<K>, ids: &[Id]) -> Result<Vec<K>> {
        UseCase::Find(K::SUBJECT).authorize(self.actor)?;
        let ids: BTreeSet<Id> = ids.iter().copied().collect();
        if ids.len() > MOST_IDS {
            return Err(Error::TooMany { limit: MOST_IDS });
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = self.each::<K>(field.name(), &ids).await?;
        rows.sort_by_key(Readable::id);
        Ok(rows)
    }

    /// The same, by what they hang on, which `on` tells of a row. What has been asked for is not read again.
    ///
    /// # Errors
    /// As [`Reading::of`].
    pub async fn hanging<K: Readable>(
        &self,
        field: Field<K>,
        on: impl Fn(&K) -> Id,
        ids: &[Id],
    ) -> Result<HashMap<Id, Vec<K>>> {
        let kept = self.kept.by::<Vec<K>>(field.name());
        let mut kept = kept.lock().await;
        let missing = ids.iter().copied().filter(|id| !kept.contains_key(id));
        let missing: Vec<Id> = missing.collect();
        let read = self.of(field, &missing).await?;
        kept.extend(missing.iter().map(|id| (*id, Vec::new())));
        for row in read {
            kept.entry(on(&row)).or_default().push(row);
        }
        let found = ids.iter().filter_map(|id| Some((*id, kept.get(id)?)));
        let found = found.filter(|(_, rows)| !rows.is_empty());
        Ok(found.map(|(id, rows)| (id, rows.clone())).collect())
    }

    /// What belongs to these, by who has it, each in its place.
    ///
    /// # Errors
    /// As [`Reading::of`].
    pub async fn linked<L: Linked>(&self, ids: &[Id]) -> Result<HashMap<Id, Vec<Id>>> {
        let placed = self.placed::<L>(ids).await?.into_iter();
        let linked = placed.map(|(owner_id, links)| {
            let ids = links.into_iter().map(|(_, id)| id);
            (owner_id, ids.collect())
        });
        Ok(linked.collect())
    }

    /// What belongs to these, by who has it, each with its place, from 0, in the order of their places.
    ///
    /// # Errors
    /// As [`Reading::of`].
    pub async fn placed<L: Linked>(&self, ids: &[Id]) -> Result<HashMap<Id, Vec<(i64, Id)>>> {
        let by_owner = const { Field::new("from_id") };
        let links = self.hanging(by_owner, L::owner_id, ids).await?;
        let in_place = links.into_iter().map(|(owner_id, mut links)| {
            links.sort_by_key(|link| (link.position(), link.id()));
            let placed = links.iter().map(|link| (link.position(), link.to_id()));
            (owner_id, placed.collect())
        });
        Ok(in_place.collect())
    }

    async fn each<K: Readable>(&self, column: &'static str, ids: &BTreeSet<Id>) -> Result<Vec<K>> {
        self.count_queries(1);
        let through = matches!(K::HOME, Home::Through { .. });
        if through && self.actor.organizations.is_some() {
            // What the row hangs on decides, so the store has to look at it.
            let ids = ids.iter().map(|id| Value::from(*id)).collect();
            let all = Condition::All(vec![reached::<K>(self.actor), Condition::In(column, ids)]);
            return Ok(self.tx.find::<K>(&all, "id", None, 0).await?);
        }
        let tenant_id = Value::from(self.actor.tenant_id);
        let keys: Vec<Row> = ids
            .iter()
            .map(|id| vec![tenant_id.clone(), (*id).into()])
            .collect();
        let by = [("tenant_id", Int), (column, Int)];
        let mut rows = self.tx.find_each::<K>(&by, &keys).await?;
        rows.retain(|row| knows(self.actor, row));
        Ok(rows)
    }

    /// In which units of their resources these bookings stay, by booking. One that has no unit is not there.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn units_of(&self, bookings: &[Booking]) -> Result<HashMap<Id, Lodging>> {
        UseCase::Find(Unit::SUBJECT).authorize(self.actor)?;
        self.count_queries(1);
        let mut lodged = store::occupancy::lodged(&self.tx, bookings).await?;
        lodged.retain(|lodged| knows(self.actor, &lodged.unit));
        let units: Vec<Unit> = lodged.iter().map(|lodged| lodged.unit.clone()).collect();
        self.kept.keep(&units).await;
        let mut found: HashMap<Id, Lodging> = HashMap::new();
        for lodged in lodged {
            let lodging = found.entry(lodged.booking_id).or_default();
            lodging.units.push(lodged.unit);
            lodging.pinned |= lodged.pinned;
        }
        found
            .values_mut()
            .for_each(|lodging| lodging.units.sort_by_key(|unit| unit.number));
        Ok(found)
    }

    /// The customer with this mail address or this telephone number who was changed last. Of two things
    /// asked for, both must fit.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn contact(
        &self,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<Option<Customer>> {
        let email = email.map(email_key).filter(|key| !key.is_empty());
        let phone = phone.map(phone_key).filter(|key| !key.is_empty());
        if email.is_none() && phone.is_none() {
            UseCase::Find(Customer::SUBJECT).authorize(self.actor)?;
            return Ok(None);
        }
        let newest = (const { Field::new("changed_at") }, Direction::Descending);
        let mut query = Query::<Customer>::new().by(newest.0, newest.1);
        for (field, key) in [
            (const { Field::new("email") }, email),
            (const { Field::new("phone") }, phone),
        ] {
            if let Some(key) = key {
                query = query.meets(Test::is(field, key));
            }
        }
        let page = self.page(&query, PageOf::first(1)).await?;
        Ok(page.rows.into_iter().next())
    }

    pub(crate) fn tx(&self) -> &Tx {
        self.count_queries(1);
        &self.tx
    }

    pub(crate) fn actor(&self) -> &Actor {
        self.actor
    }
}

/// What the caller reaches of a kind, as a condition.
pub(super) fn reached<K: Readable>(actor: &Actor) -> Condition {
    let tenant_id = actor.tenant_id;
    let tenant = Condition::Is("tenant_id", tenant_id.into());
    let Some(organizations) = &actor.organizations else {
        return tenant;
    };
    let ids: Vec<Value> = organizations.iter().map(|id| Value::from(*id)).collect();
    let own = |column| Condition::In(column, ids.clone());
    let reach = match K::HOME {
        Home::Itself => own("id"),
        Home::Own => Condition::Any(vec![
            own("organization_id"),
            Condition::Is("organization_id", Value::Null),
        ]),
        Home::Through {
            column,
            table,
            only,
        } => Condition::Among {
            column,
            table,
            of: "id",
            condition: Box::new(rows_of(
                tenant_id,
                only,
                Condition::Any(vec![
                    own("organization_id"),
                    Condition::Is("organization_id", Value::Null),
                ]),
            )),
        },
    };
    Condition::All(vec![tenant, reach])
}

/// Whether the caller may know of a row that says itself whom it belongs to.
fn knows<K: Readable>(actor: &Actor, row: &K) -> bool {
    row.organization_id()
        .is_none_or(|organization_id| actor.reaches(organization_id))
}
