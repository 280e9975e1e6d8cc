//! Ids go on above those that are stored.

use domain::id::Id;
use store::{Store, Value};

/// Tables whose ids are drawn when something is asked for, and whose largest is found at once.
const TABLES: [&str; 5] = ["organization", "resource", "booking", "line", "outbox"];

/// A second of ids: what may have been drawn after the largest that is found, such as that of an
/// allocation.
const A_SECOND: i64 = 1_000 << 12;

/// Makes every id that this process draws larger than those of the store: a clock that was put
/// back, or a sandbox that is ahead of real time, must not make one twice.
///
/// # Errors
/// When the store can't be read.
pub(crate) async fn continue_after_stored(store: &Store) -> store::Result<()> {
    let tx = store.reader().await?;
    for tenant in tx.query("SELECT id FROM tenant", &[]).await? {
        for table in TABLES {
            let sql = format!("SELECT max(id) FROM {table} WHERE tenant_id = $1");
            let largest = tx.query(&sql, &tenant).await?;
            if let Some(Value::Int(largest)) = largest.first().and_then(|row| row.first())
                && let Some(largest) = Id::new(largest.saturating_add(A_SECOND))
            {
                store.ids().continue_after(largest);
            }
        }
    }
    Ok(())
}
