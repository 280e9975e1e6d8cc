//! Which deliveries of a subscription may be tried now: those that are due and before which no other
//! of the same subject is open.
//!
//! What is due is read in the order in which it became due, a page at a time. A page may be full of
//! deliveries that wait for an earlier one, for days when a receiver is down. These are *put behind*
//! it: due when that one is due, so the pages that follow hold something else. Whenever one is
//! closed, the next of its subject is due at once.

use catalogue::{Cells, ColumnKind, Row, delivery::Delivery};
use domain::id::Id;
use jiff::Timestamp;
use store::{Each, Tx};

use crate::{claims::Wanted, limits::DUE_AT_ONCE};

/// What is due, each with when the first of its subject is due, if that is another one.
const DUE: &str = "SELECT d.id, d.next_at, CASE WHEN d.resent = 1 THEN NULL ELSE \
    (SELECT e.next_at FROM delivery e WHERE e.tenant_id = d.tenant_id \
    AND e.subscription_id = d.subscription_id AND e.subject_id = d.subject_id AND e.open = 1 \
    AND e.resent = 0 AND (e.ordinal, e.event_id, e.id) < (d.ordinal, d.event_id, d.id) \
    ORDER BY e.ordinal, e.event_id, e.id LIMIT 1) END AS behind FROM delivery d \
    WHERE d.tenant_id = $1 AND d.subscription_id = $2 AND d.open = 1 AND d.next_at <= $3 \
    AND d.state = 'waiting' ORDER BY d.next_at, d.ordinal, d.event_id, d.id LIMIT $4";

static PUT_BEHIND: Each = Each::new(
    "UPDATE delivery SET next_at = each.next_at FROM {each} \
     WHERE delivery.tenant_id = each.tenant_id AND delivery.id = each.id AND delivery.open = 1 \
     AND delivery.next_at < each.next_at AND EXISTS (SELECT 1 FROM delivery e \
     WHERE e.tenant_id = delivery.tenant_id AND e.subscription_id = delivery.subscription_id \
     AND e.subject_id = delivery.subject_id AND e.open = 1 AND e.resent = 0 AND \
     (e.ordinal, e.event_id, e.id) < (delivery.ordinal, delivery.event_id, delivery.id))",
    &[
        ("tenant_id", ColumnKind::Int),
        ("id", ColumnKind::Int),
        ("next_at", ColumnKind::Int),
    ],
);

const NEXT_OF_SUBJECT: &str = "UPDATE delivery SET next_at = $4 WHERE tenant_id = $1 \
    AND next_at > $4 AND attempts = 0 AND open = 1 AND id = (SELECT e.id FROM delivery e \
    WHERE e.tenant_id = $1 AND e.subscription_id = $2 AND e.subject_id = $3 AND e.open = 1 \
    AND e.resent = 0 ORDER BY e.ordinal, e.event_id, e.id LIMIT 1)";

/// A page of what is due.
#[derive(Default)]
pub(crate) struct Found {
    /// What may be tried.
    pub(crate) free: Vec<Delivery>,
    /// What is to be put behind something earlier: tenant, id, when that is due.
    pub(crate) behind: Vec<Row>,
}

/// Reads a page of what is due for a subscription.
pub(crate) async fn look(tx: &mut Tx, one: &Wanted, now: Timestamp) -> store::Result<Found> {
    let (tenant_id, id) = one.key;
    let parameters = [
        tenant_id.into(),
        id.into(),
        now.as_millisecond().into(),
        DUE_AT_ONCE.into(),
    ];
    let rows = tx.query(DUE, &parameters).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= DUE_AT_ONCE);
    let mut found = Found::default();
    for row in rows {
        let mut cells = Cells::of("delivery", row);
        let (id, next_at): (Id, i64) = (cells.next("id")?, cells.next("next_at")?);
        match cells.next::<Option<i64>>("behind")? {
            None if found.free.len() < one.limit => {
                found
                    .free
                    .extend(tx.get::<Delivery>(&[tenant_id.into(), id.into()]).await?);
            }
            Some(first) if first > next_at => {
                found
                    .behind
                    .push(vec![tenant_id.into(), id.into(), first.into()]);
            }
            _ => {}
        }
    }
    if !is_full || found.free.len() >= one.limit {
        found.behind.clear();
    }
    Ok(found)
}

/// Puts deliveries behind the earlier ones that they wait for.
pub(crate) async fn put_behind(tx: &mut Tx, behind: &[Row]) -> store::Result<()> {
    if !behind.is_empty() {
        tx.write_each(&[(&PUT_BEHIND, behind)]).await?;
    }
    Ok(())
}

/// Makes the next delivery of a subject due, after one of it was closed.
pub(crate) async fn next_of_subject(
    tx: &mut Tx,
    closed: &Delivery,
    now: Timestamp,
) -> store::Result<()> {
    let parameters = [
        closed.tenant_id.into(),
        closed.subscription_id.into(),
        closed.subject_id.into(),
        now.as_millisecond().into(),
    ];
    tx.execute(NEXT_OF_SUBJECT, &parameters).await?;
    Ok(())
}
