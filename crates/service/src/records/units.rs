//! Gives every unit of a room type a row of its own.
//!
//! A unit exists as soon as its room type has room for it; it is listed, labelled and blocked by its row.
//! Room types that are written get the rows of their units in the same commit; those that are older get
//! them when the house is opened, by [`crate::Service::complete_units`].

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{inventory::Unit, sale::Extra};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Condition, Tx, Value};

use crate::{Result, Service};

/// Up to so many units of a resource are numbered; more are counted only.
pub(crate) const MOST_NUMBERED: i64 = 999;

/// A unit that nobody has said anything about.
pub(crate) fn new_unit(
    tenant_id: Id,
    id: Id,
    organization_id: Id,
    resource_id: Id,
    number: i64,
    now: Timestamp,
) -> Unit {
    Unit {
        tenant_id,
        id,
        resource_id,
        number,
        organization_id: Some(organization_id),
        archived_at: None,
        search: "\n\n".to_owned(),
        created_at: now,
        changed_at: now,
        name: String::new(),
        extra: Extra::new(),
    }
}

impl Service {
    /// Gives every numbered unit of a tenant its row, and says how many were missing. It may be called at
    /// any time and as often as one likes: lanes are locked only where a unit is missing, a few at a time,
    /// so bookings hardly wait for it.
    pub async fn complete_units(&self, tenant_id: Id, now: Timestamp) -> Result<usize> {
        let (mut made, mut after) = (0, 0);
        loop {
            let (incomplete, last) = self.incomplete_lanes(tenant_id, after).await?;
            for some in incomplete.chunks(LANES_AT_A_TIME) {
                let command = CompleteUnits {
                    tenant_id,
                    lanes: some.to_vec(),
                    now,
                };
                made += self.store.run(command).await?;
            }
            match last {
                Some(last) => after = last,
                None => return Ok(made),
            }
        }
    }

    /// Of the lanes after this one, a page of them, those that lack a unit's row; and where the page
    /// ends, none after the last one.
    async fn incomplete_lanes(&self, tenant_id: Id, after: i64) -> Result<(Vec<Id>, Option<i64>)> {
        let parameters = [
            tenant_id.into(),
            Value::Int(after),
            Value::Int(MOST_NUMBERED),
            Value::Int(LANES_LOOKED_AT),
        ];
        let tx = self.store.reader().await?;
        let rows = tx
            .query(
                "SELECT l.id, l.capacity, (SELECT count(*) FROM unit u WHERE u.tenant_id = l.tenant_id \
                 AND u.resource_id = l.id AND u.number >= 1 AND u.number <= l.capacity AND u.number <= $3) \
                 FROM lane l WHERE l.tenant_id = $1 AND l.has_units = 1 AND l.id > $2 ORDER BY l.id LIMIT $4",
                &parameters,
            )
            .await?;
        let last = rows.last().and_then(|row| id_in(row, 0));
        let lacks = |row: &&Vec<Value>| match (row.get(1), row.get(2)) {
            (Some(Value::Int(capacity)), Some(Value::Int(known))) => {
                *known < (*capacity).min(MOST_NUMBERED)
            }
            _ => false,
        };
        let incomplete = rows.iter().filter(lacks);
        let incomplete = incomplete.filter_map(|row| id_in(row, 0)).collect();
        Ok((incomplete, last.map(Id::get)))
    }
}

/// So many lanes are looked at in one query.
const LANES_LOOKED_AT: i64 = 1_000;

/// So many lanes are completed in one commit.
const LANES_AT_A_TIME: usize = 50;

struct CompleteUnits {
    tenant_id: Id,
    /// In ascending order, as they are locked.
    lanes: Vec<Id>,
    now: Timestamp,
}

impl ColdCommand for CompleteUnits {
    type Output = usize;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<usize> {
        // Whoever changes a capacity holds the lane too, so what is read now stays so.
        tx.lock_lanes(self.tenant_id, &self.lanes).await?;
        let mut lanes = Vec::with_capacity(self.lanes.len());
        for lane in &self.lanes {
            let sql = "SELECT l.id, l.organization_id, l.capacity FROM lane l \
                       WHERE l.tenant_id = $1 AND l.id = $2 AND l.has_units = 1";
            lanes.extend(
                tx.query(sql, &[self.tenant_id.into(), (*lane).into()])
                    .await?,
            );
        }
        let of_lanes = Condition::All(vec![
            Condition::Is("tenant_id", self.tenant_id.into()),
            Condition::In(
                "resource_id",
                self.lanes.iter().map(|id| (*id).into()).collect(),
            ),
        ]);
        let mut known: BTreeMap<Id, BTreeSet<i64>> = BTreeMap::new();
        for unit in tx.find::<Unit>(&of_lanes, "", None, 0).await? {
            known
                .entry(unit.resource_id)
                .or_default()
                .insert(unit.number);
        }
        let mut missing = Vec::new();
        for lane in &lanes {
            let (Some(id), Some(organization_id), Some(Value::Int(capacity))) =
                (id_in(lane, 0), id_in(lane, 1), lane.get(2))
            else {
                continue;
            };
            let known = known.remove(&id).unwrap_or_default();
            let numbers =
                (1..=(*capacity).min(MOST_NUMBERED)).filter(|number| !known.contains(number));
            missing.extend(numbers.map(|number| {
                let unit_id = ids.next(self.now);
                new_unit(
                    self.tenant_id,
                    unit_id,
                    organization_id,
                    id,
                    number,
                    self.now,
                )
            }));
        }
        tx.insert(&missing).await?;
        Ok(missing.len())
    }
}

fn id_in(row: &[Value], index: usize) -> Option<Id> {
    match row.get(index) {
        Some(Value::Int(id)) => Id::new(*id),
        _ => None,
    }
}
