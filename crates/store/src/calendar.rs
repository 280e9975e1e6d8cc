//! Calendar days: restrictions, prices and limits on what is sold, one row per day that says
//! anything.

use std::collections::BTreeMap;

use catalogue::{ColumnKind::Int, Kind, Row, inventory::StoredDay};
use domain::id::Id;
use jiff::civil::Date;

use crate::{
    error::Result,
    kind::{columns_of, statements},
    statement::Each,
    tx::Tx,
};

/// A stretch of days of a resource, the last one left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The resource.
    pub resource_id: Id,
    /// The first day.
    pub first: Date,
    /// The day after the last.
    pub until: Date,
}

/// The stored days of several stretches, by resource and day.
pub async fn read(tx: &Tx, tenant_id: Id, stretches: &[Days]) -> Result<Vec<StoredDay>> {
    let rows: Vec<Row> = stretches
        .iter()
        .map(|days| {
            let (first, until) = (
                catalogue::day_number(days.first),
                catalogue::day_number(days.until),
            );
            vec![
                tenant_id.into(),
                days.resource_id.into(),
                first.into(),
                until.into(),
            ]
        })
        .collect();
    let rows = read_rows(tx, &rows).await?;
    let mut days = rows
        .into_iter()
        .map(stored)
        .collect::<Result<Vec<StoredDay>>>()?;
    days.sort_by_key(|day| (day.resource_id, day.day));
    Ok(days)
}

/// A stored day from its row.
pub(crate) fn stored(row: Row) -> Result<StoredDay> {
    let mut day = StoredDay::from_row(row)?;
    day.settings.day = day.day;
    day.settings.sell_limit = day.sell_limit;
    Ok(day)
}

/// The rows of stretches given as tenant, resource, first day number and the one after the last.
pub(crate) async fn read_rows(tx: &Tx, rows: &[Row]) -> Result<Vec<Row>> {
    static READ: std::sync::LazyLock<Each> = std::sync::LazyLock::new(|| {
        let columns = columns_of::<StoredDay>("c");
        Each::owned(
            format!(
                "SELECT {columns} FROM {{each}} JOIN calendar_day c ON c.tenant_id = each.tenant_id \
                 AND c.resource_id = each.resource_id AND c.day >= each.first AND c.day < each.until"
            ),
            vec![
                ("tenant_id", Int),
                ("resource_id", Int),
                ("first", Int),
                ("until", Int),
            ],
        )
    });
    tx.read_each(&READ, rows).await
}

/// Writes days over what is there. A day that says nothing any more loses its row. The lane of the
/// resource must be locked, because a limit follows from what is taken; it gets `version` as that of
/// its terms, which is a new id.
pub async fn write(tx: &mut Tx, days: &[StoredDay], version: Id) -> Result<()> {
    let statements = statements(StoredDay::TABLE);
    // Of a day that is named twice the last one counts.
    let days: BTreeMap<_, _> = days
        .iter()
        .map(|day| ((day.tenant_id, day.resource_id, day.day), day))
        .collect();
    let keys: Vec<Row> = days
        .values()
        .map(|day| {
            vec![
                day.tenant_id.into(),
                day.resource_id.into(),
                catalogue::day_number(day.day).into(),
            ]
        })
        .collect();
    let says_something = |day: &&&StoredDay| {
        day.sell_limit.is_some() || !day.settings.is_plain() || !day.extra.is_empty()
    };
    let rows: Vec<Row> = days
        .values()
        .filter(says_something)
        .map(|day| day.to_row())
        .collect();
    tx.write_each(&[(&statements.remove, &keys), (&statements.insert, &rows)])
        .await?;
    let mut resources: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    for (tenant_id, resource_id, _) in days.keys() {
        let of_tenant = resources.entry(*tenant_id).or_default();
        if of_tenant.last() != Some(resource_id) {
            of_tenant.push(*resource_id);
        }
    }
    for (tenant_id, resource_ids) in resources {
        tx.terms_changed(tenant_id, &resource_ids, version).await?;
    }
    Ok(())
}

impl Tx {
    /// Locks lanes in ascending order, for a command that looks at what is taken and writes what
    /// follows from it.
    pub async fn lock_lanes(&mut self, tenant_id: Id, resource_ids: &[Id]) -> Result<()> {
        let mut ids = resource_ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let lock = self.lock_rows().replace("UPDATE", "UPDATE OF l");
        let each = Each::owned(
            format!(
                "SELECT l.id FROM {{each}} JOIN lane l ON l.tenant_id = each.tenant_id AND l.id = each.id \
                 ORDER BY l.tenant_id, l.id{lock}"
            ),
            vec![("tenant_id", Int), ("id", Int)],
        );
        let rows: Vec<Row> = ids
            .into_iter()
            .map(|id| vec![tenant_id.into(), id.into()])
            .collect();
        self.read_each(&each, &rows).await?;
        Ok(())
    }
}
