//! The indexes of all tenants, and how many searches run at once.

use std::{collections::HashMap, sync::Arc, thread};

use domain::id::Id;
use parking_lot::Mutex;
use store::Store;
use tokio::sync::Semaphore;

use super::kept::{Kept, Moment};
use crate::{Error, Result};

/// How many searches may wait for their turn, for each that runs. A search takes milliseconds, so who
/// comes behind them all would wait for a second.
const WAITING_FOR_EACH: usize = 32;

/// When a search that was turned away is worth another try.
const RETRY_AFTER_MS: u64 = 1_000;

/// The indexes, by tenant.
pub(crate) struct Indexes {
    of_tenants: Mutex<HashMap<Id, Arc<Kept>>>,
    /// A search is nothing but computing, so no more run than there are cores.
    running: Semaphore,
    admitted: Semaphore,
}

impl Default for Indexes {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            of_tenants: Mutex::default(),
            running: Semaphore::new(cores),
            admitted: Semaphore::new(cores * (1 + WAITING_FOR_EACH)),
        }
    }
}

impl Indexes {
    /// The index of a tenant, which may have to be made yet. Those that nobody has asked for an hour
    /// make room.
    pub(super) async fn of(
        &self,
        store: &Store,
        tenant_id: Id,
        moment: Moment,
    ) -> Result<Arc<Kept>> {
        if let Some(kept) = self.of_tenants.lock().get(&tenant_id) {
            kept.was_asked(moment);
            return Ok(Arc::clone(kept));
        }
        let watch = store.watch(tenant_id).await?;
        let mut of_tenants = self.of_tenants.lock();
        of_tenants.retain(|_, kept| !kept.is_forgotten(moment));
        let kept = of_tenants
            .entry(tenant_id)
            .or_insert_with(|| Arc::new(Kept::new(tenant_id, watch, store.is_postgres(), moment)));
        Ok(Arc::clone(kept))
    }

    /// Runs a search on a thread of its own, when it is its turn.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        search: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let busy = |_| Error::Busy {
            retry_after_ms: RETRY_AFTER_MS,
        };
        let _admitted = self.admitted.try_acquire().map_err(busy)?;
        let _turn = self.running.acquire().await.map_err(|_| Error::Internal)?;
        let found = tokio::task::spawn_blocking(search).await;
        found.map_err(|error| {
            tracing::error!(%error, "a search failed");
            Error::Internal
        })
    }
}
