//! What somebody reads who keeps something derived from many lanes, such as an index to search in.
//!
//! A lane carries two versions: the number of its last entry in the journal, and the version of what it is
//! sold on. Both change in the commit that changes what they stand for. [`versions`] reads them page by page,
//! so that it can be found out what has changed, by whichever server; [`lanes`] reads what is taken. What it
//! is sold on is read past the terms that are kept in memory: an index reads all of a tenant's once, and
//! would drive out what bookings need.

use catalogue::{Cells, ColumnKind::Int, Row, Value};
use domain::id::Id;
use jiff::civil::Date;

use crate::{
    Store, changes::Watch, error::Result, hot, looks::Look, occupancy::LaneView, statement::Each,
    tx::Tx,
};

/// Which state of a lane something was derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneVersion {
    /// The resource.
    pub resource_id: Id,
    /// The number of the last entry in its journal: another one, and something else is taken.
    pub sequence: i64,
    /// The version of its terms: another one, and it is sold on other terms.
    pub terms: i64,
}

impl Store {
    /// Watches the lanes of a tenant that are changed through this store from now on.
    pub async fn watch(&self, tenant_id: Id) -> Result<Watch> {
        let tx = self.reader().await?;
        Ok(tx.kept().changes.watch(tenant_id))
    }
}

/// The versions of at most so many lanes of a tenant, in the order of their ids, from the one after `after`
/// on.
pub async fn versions(
    tx: &mut Tx,
    tenant_id: Id,
    after: Option<Id>,
    most: usize,
) -> Result<Vec<LaneVersion>> {
    let after = after.map_or(0, Id::get);
    let rows = tx
        .query(
            "SELECT l.id, l.sequence, l.terms FROM lane l WHERE l.tenant_id = $1 AND l.id > $2 \
             ORDER BY l.id LIMIT $3",
            &[tenant_id.into(), after.into(), Value::Int(most as i64)],
        )
        .await?;
    let version = |row| {
        let mut cells = Cells::of("lane", row);
        Ok(LaneVersion {
            resource_id: cells.next("id")?,
            sequence: cells.next("sequence")?,
            terms: cells.next("terms")?,
        })
    };
    rows.into_iter().map(version).collect()
}

/// The versions of these lanes as far as they exist, in any order.
pub async fn versions_of(
    tx: &mut Tx,
    tenant_id: Id,
    resource_ids: &[Id],
) -> Result<Vec<LaneVersion>> {
    static VERSIONS: Each = Each::new(
        "SELECT l.id, l.sequence, l.terms FROM {each} JOIN lane l ON l.tenant_id = each.tenant_id \
         AND l.id = each.id",
        &[("tenant_id", Int), ("id", Int)],
    );
    let row = |id: &Id| vec![tenant_id.into(), (*id).into()];
    let rows: Vec<Row> = resource_ids.iter().map(row).collect();
    let found = tx.read_numbers::<3>(&VERSIONS, &rows).await?;
    Ok(found.into_iter().filter_map(version).collect())
}

fn version([id, sequence, terms]: [Option<i64>; 3]) -> Option<LaneVersion> {
    Some(LaneVersion {
        resource_id: Id::new(id?)?,
        sequence: sequence?,
        terms: terms?,
    })
}

/// What is taken of lanes in the nights from `first` to the one before `until`, with the versions that the
/// lanes had before it was read. Limits on what is sold are not in these views.
pub async fn lanes(
    tx: &mut Tx,
    tenant_id: Id,
    resource_ids: &[Id],
    first: Date,
    until: Date,
) -> Result<Vec<(LaneVersion, LaneView)>> {
    let look = |resource_id: &Id| Look {
        tenant_id,
        resource_id: *resource_id,
        first,
        until,
    };
    let looks: Vec<Look> = resource_ids.iter().map(look).collect();
    hot::views::look_at_taken(tx, &looks).await
}
