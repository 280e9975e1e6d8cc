//! Drops events that nobody wants to hear of.

use domain::id::{Id, IdSource};
use store::{ColdCommand, Tx, Value};

use super::{Outgoing, limits::FORGOTTEN_AT_ONCE};

impl Outgoing {
    /// Where nobody listens, drops events without reading them, as many as one commit may, and says
    /// how many they were. Where somebody does, none.
    ///
    /// # Errors
    /// When the store can't be used.
    pub async fn forget(&self, tenant_id: Id) -> store::Result<u64> {
        self.store().run(Forget { tenant_id }).await
    }
}

struct Forget {
    tenant_id: Id,
}

impl ColdCommand for Forget {
    type Output = u64;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<u64> {
        let active = tx
            .query(
                "SELECT id FROM subscription WHERE tenant_id = $1 AND active = 1 LIMIT 1",
                &[self.tenant_id.into()],
            )
            .await?;
        if active.is_empty() {
            drop_outbox(tx, self.tenant_id, FORGOTTEN_AT_ONCE).await
        } else {
            Ok(0)
        }
    }
}

/// Drops the first events of a tenant.
pub(super) async fn drop_outbox(tx: &mut Tx, tenant_id: Id, most: usize) -> store::Result<u64> {
    tx.execute(
        "DELETE FROM outbox WHERE tenant_id = $1 AND id <= (SELECT max(o.id) FROM \
         (SELECT id FROM outbox WHERE tenant_id = $1 ORDER BY id LIMIT $2) o)",
        &[
            tenant_id.into(),
            Value::Int(i64::try_from(most).unwrap_or(i64::MAX)),
        ],
    )
    .await
}
