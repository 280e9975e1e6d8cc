//! Takes away what nobody needs any more: old logs, and events where nobody listens.

use catalogue::Cells;
use domain::id::{Id, IdSource};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use store::{ColdCommand, Tx, Value};

use crate::{
    Dispatcher, Settings,
    conclude::open_deliveries,
    limits::{CLEANED_AT_ONCE, CLEANING_COMMITS, FORGETTING_COMMITS, FORGETTING_COMMITS_MOST},
    telemetry,
};

/// What is old is removed table by table. A delivery that is still open after so many days can't be
/// tried any more: its subscription is gone or was never served.
const OLD: &[&str] = &[
    "DELETE FROM attempt WHERE (tenant_id, id) IN \
     (SELECT tenant_id, id FROM attempt WHERE at < $1 LIMIT $2)",
    "DELETE FROM delivery WHERE (tenant_id, id) IN \
     (SELECT tenant_id, id FROM delivery WHERE created_at < $1 LIMIT $2)",
    "DELETE FROM mail WHERE (tenant_id, id) IN \
     (SELECT tenant_id, id FROM mail WHERE created_at < $1 LIMIT $2)",
];

/// How many commits the next forgetting may take.
#[derive(Debug)]
pub(crate) struct Forgetting(usize);

impl Default for Forgetting {
    fn default() -> Self {
        Self(FORGETTING_COMMITS)
    }
}

impl Dispatcher {
    /// Removes deliveries, attempts and mails that are older than they are kept, in small commits,
    /// and says how many rows that were. A part of them when there are very many.
    pub(crate) fn clean<'a>(&'a self) -> BoxFuture<'a, store::Result<u64>> {
        Box::pin(async move {
            let keep_days = self.settings().keep_days.max(Settings::KEEP_DAYS_LEAST);
            let keep = SignedDuration::from_hours(24 * i64::from(keep_days));
            let before = self.now().saturating_sub(keep).unwrap_or(Timestamp::MIN);
            let mut removed = 0;
            for sql in OLD {
                for _ in 0..CLEANING_COMMITS {
                    let rows = self.store().run(Clean { sql, before }).await?;
                    removed += rows;
                    if rows < CLEANED_AT_ONCE.unsigned_abs() {
                        break;
                    }
                }
            }
            let mut tx = self.store().reader().await?;
            telemetry::open(open_deliveries(&mut tx).await?);
            Ok(removed)
        })
    }

    /// Drops the events of tenants to whom nobody listens. Nobody waits for that, so it is done seldom
    /// and in few commits; in more each time, as long as that does not keep up.
    pub(crate) fn forget<'a>(
        &'a self,
        forgetting: &'a mut Forgetting,
    ) -> BoxFuture<'a, store::Result<u64>> {
        Box::pin(async move {
            let (mut left, mut dropped) = (forgetting.0, 0);
            for tenant_id in self.unheard().await? {
                while left > 0 {
                    left -= 1;
                    let rows = self.outgoing().forget(tenant_id).await?;
                    dropped += rows;
                    if rows == 0 {
                        break;
                    }
                }
            }
            forgetting.0 = if left == 0 {
                (forgetting.0 * 2).min(FORGETTING_COMMITS_MOST)
            } else {
                FORGETTING_COMMITS
            };
            Ok(dropped)
        })
    }

    /// Tenants with events to whom nobody listens.
    async fn unheard(&self) -> store::Result<Vec<Id>> {
        let tx = self.store().reader().await?;
        let rows = tx
            .query(
                "SELECT t.id FROM tenant t \
                 WHERE EXISTS (SELECT 1 FROM outbox o WHERE o.tenant_id = t.id) \
                 AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.tenant_id = t.id \
                 AND s.active = 1) ORDER BY t.id",
                &[],
            )
            .await?;
        let read = |row| Ok(Cells::of("tenant", row).next("id")?);
        rows.into_iter().map(read).collect()
    }
}

struct Clean {
    sql: &'static str,
    before: Timestamp,
}

impl ColdCommand for Clean {
    type Output = u64;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<u64> {
        let before = Value::Int(self.before.as_millisecond());
        tx.execute(self.sql, &[before, Value::Int(CLEANED_AT_ONCE)])
            .await
    }
}
