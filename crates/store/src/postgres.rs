//! PostgreSQL: a pool, and a few writers that each take batches from their own queue.

use std::{str::FromStr, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime};
use domain::id::IdSource;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

use crate::{
    error::{Error, Result},
    lanes::LaneCache,
    limits, looks,
    tx::{Kept, Tx},
    writer::{Job, Queue, run_jobs},
};

/// A PostgreSQL store.
pub(crate) struct Postgres {
    connections: Connections,
    writers: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) looks: looks::Sender,
}

/// Where connections come from, with what all of them share.
#[derive(Clone)]
pub(crate) struct Connections {
    pool: Pool,
    kept: Kept,
}

impl Postgres {
    /// Connects, migrates, and starts one writer task per queue.
    pub(crate) async fn open(url: &str, queues: Vec<Queue>, ids: &Arc<IdSource>) -> Result<Self> {
        let connections = Connections {
            pool: pool(url)?,
            kept: Kept::new(LaneCache::shared()),
        };
        crate::migrate::postgres(&connections.pool).await?;
        let (looks, asked) = looks::queue();
        let lookers = (0..limits::LOOKERS)
            .map(|_| tokio::spawn(looks::serve(connections.clone(), Arc::clone(&asked))));
        // Lookers end with the last who can ask; only writers have something to finish.
        lookers.for_each(drop);
        let writers = queues
            .into_iter()
            .map(|queue| tokio::spawn(write(connections.clone(), queue, Arc::clone(ids))));
        let writers = Mutex::new(writers.collect());
        Ok(Self {
            connections,
            writers,
            looks,
        })
    }

    /// Waits until the writers have done everything that was queued. The queues must be closed.
    pub(crate) async fn join(&self) {
        let writers = std::mem::take(&mut *self.writers.lock());
        for writer in writers {
            if writer.await.is_err() {
                tracing::error!("a writer ended in panic");
            }
        }
    }

    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Tx> {
        self.connections.reader().await
    }
}

fn pool(url: &str) -> Result<Pool> {
    let mut config = tokio_postgres::Config::from_str(url).map_err(|error| {
        Error::open(format!(
            "the address of the database can't be read: {error}"
        ))
    })?;
    config
        .application_name("tabard")
        .connect_timeout(Duration::from_secs(5))
        // A database that has vanished without a word is noticed before a caller gives up.
        .keepalives_idle(Duration::from_secs(5))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(2)
        .tcp_user_timeout(Duration::from_secs(15));
    config.options(format!(
        "-c lock_timeout={} -c statement_timeout={} -c idle_in_transaction_session_timeout=30000 \
         -c synchronous_commit=on {PLAN_ALONG_INDEXES}",
        limits::LOCK_TIMEOUT_MS,
        limits::STATEMENT_TIMEOUT_MS
    ));
    let manager = Manager::from_config(
        config,
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    Pool::builder(manager)
        .max_size(limits::POSTGRES_READERS + limits::LOOKERS + limits::POSTGRES_WRITERS)
        // Who comes back finds the connection that was used last, with its statements prepared.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_secs(5)))
        .create_timeout(Some(Duration::from_secs(5)))
        .build()
        .map_err(Error::open)
}

impl Connections {
    /// A connection for reading.
    async fn reader(&self) -> Result<Tx> {
        use deadpool_postgres::PoolError;
        match self.pool.get().await {
            Ok(connection) => Ok(Tx::postgres(connection, self.kept.clone())),
            Err(PoolError::Timeout(_)) => Err(Error::Busy {
                retry_after_ms: limits::RETRY_AFTER_MS,
            }),
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }

    /// A connection that plans as a writer does.
    pub(crate) async fn writer(&self) -> Result<Tx> {
        let mut tx = self.reader().await?;
        tx.statement(PLAN_AS_WRITER).await?;
        Ok(tx)
    }
}

/// Every list comes in the order of an index, so a plan walks along it and stops at the end of the page,
/// whatever the statistics say; on young ones PostgreSQL would rather read and sort everything. Compiling
/// takes longer than any of our statements.
const PLAN_ALONG_INDEXES: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

/// A writer finds every row by its key, however many it is given. So it never joins by walking through a
/// table: what is small when the plan is made grows later.
pub(crate) const PLAN_AS_WRITER: &str = "SET enable_hashjoin = off; SET enable_mergejoin = off";

async fn write(connections: Connections, mut queue: Queue, ids: Arc<IdSource>) {
    let mut connection: Option<Tx> = None;
    while let Some(first) = queue.wait_async().await {
        let mut jobs: Vec<Job> = vec![first];
        queue.take_more(&mut jobs);
        let mut tx = match connection.take().filter(|tx| !tx.is_closed()) {
            Some(tx) => tx,
            None => match connections.writer().await {
                Ok(tx) => tx,
                Err(error) => {
                    tracing::warn!(%error, "the writer can't reach PostgreSQL");
                    jobs.into_iter().for_each(|job| job.fail(&error));
                    continue;
                }
            },
        };
        if run_jobs(&mut tx, jobs, &ids).await {
            connection = Some(tx);
        }
    }
}
