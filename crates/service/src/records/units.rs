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
    /// any time and as often as one likes.
    pub async fn complete_units(&self, tenant_id: Id, now: Timestamp) -> Result<usize> {
        Ok(self.store.run(CompleteUnits { tenant_id, now }).await?)
    }
}

struct CompleteUnits {
    tenant_id: Id,
    now: Timestamp,
}

impl ColdCommand for CompleteUnits {
    type Output = usize;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<usize> {
        let lanes = tx
            .query(
                "SELECT l.id, l.organization_id, l.capacity FROM lane l WHERE l.tenant_id = $1 AND l.has_units = 1 \
                 ORDER BY l.id",
                &[self.tenant_id.into()],
            )
            .await?;
        let resource_ids: Vec<Id> = lanes.iter().filter_map(|lane| id_in(lane, 0)).collect();
        // Whoever changes a capacity holds the lane too.
        tx.lock_lanes(self.tenant_id, &resource_ids).await?;
        let of_tenant = Condition::Is("tenant_id", self.tenant_id.into());
        let mut known: BTreeMap<Id, BTreeSet<i64>> = BTreeMap::new();
        for unit in tx.find::<Unit>(&of_tenant, "", None, 0).await? {
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
