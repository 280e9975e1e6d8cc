//! Commands and queries against SQLite or PostgreSQL: one SQL text for both.
//!
//! The store keeps rows and runs commands; what may be done and by whom is decided above it.
//! There are three ways in. [`Store::submit`] takes hot commands, whatever takes or gives back
//! capacity, which are decided in batches ([`hot`]). [`Store::run`] takes a cold command over one
//! transaction. [`Store::reader`] gives a connection to read with, which never blocks a writer.
//! All writing goes through one queue per writer and is answered after its commit.
//!
//! Start at [`Store`], then read [`hot`] for the way of a booking.

pub mod calendar;
pub mod changes;
mod config;
mod copy;
pub mod derived;
mod error;
pub mod events;
pub mod hot;
pub mod idempotency;
pub mod journal_rows;
mod kind;
mod lanes;
pub mod limits;
pub mod looks;
mod migrate;
#[cfg(feature = "negative_control")]
mod negative_control;
pub mod occupancy;
#[cfg(test)]
mod plans;
mod postgres;
mod sqlite;
mod statement;
mod tables;
pub mod terms;
mod tx;
mod writer;

use std::{path::Path, sync::Arc};

pub use catalogue::{Row, Value};
use domain::id::IdSource;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

pub use self::{
    config::StoreConfig,
    copy::{CopyProgress, copy},
    error::{Error, Result},
    kind::Condition,
    looks::{Look, Looked},
    sqlite::FILE as SQLITE_FILE,
    statement::Each,
    tx::Tx,
    writer::ColdCommand,
};
use self::{
    hot::{Answer, Submission},
    postgres::Postgres,
    sqlite::{Readers, Sqlite},
    writer::{BoxedAny, Job, Sender, queue},
};

/// A store that is open. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Engine,
    senders: Vec<Sender>,
    ids: Arc<IdSource>,
}

enum Engine {
    Sqlite(Sqlite),
    /// A SQLite file opened beside the process that writes to it.
    ReadOnly(Readers),
    Postgres(Postgres),
}

impl Store {
    /// Opens the store, bringing its schema up to date.
    ///
    /// # Errors
    /// [`Error::Open`] with what to do: another process has the directory, the database can't be
    /// reached, the schema is newer than this program.
    pub fn open<'a>(config: &'a StoreConfig, ids: Arc<IdSource>) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            let (engine, senders) = match config {
                StoreConfig::Sqlite { directory } => {
                    let (sender, receiver) = queue();
                    (
                        Engine::Sqlite(Sqlite::open(directory, receiver, Arc::clone(&ids))?),
                        vec![sender],
                    )
                }
                StoreConfig::Postgres { url } => {
                    let (senders, receivers) =
                        (0..limits::POSTGRES_WRITERS).map(|_| queue()).unzip();
                    (
                        Engine::Postgres(Postgres::open(url, receivers, &ids).await?),
                        senders,
                    )
                }
            };
            let store = Self(Arc::new(Inner {
                engine,
                senders,
                ids,
            }));
            store.continue_ids().await?;
            Ok(store)
        })
    }

    /// Makes new ids larger than those of the last run, which may have borrowed from the future: a
    /// sandbox's clock runs ahead, and a burst draws more ids than its milliseconds hold.
    async fn continue_ids(&self) -> Result<()> {
        let tx = self.reader().await?;
        let rows = tx
            .query(
                "SELECT max(t.id) FROM tenant t UNION ALL SELECT max(c.id) FROM client c \
                 UNION ALL SELECT max(g.id) FROM \"grant\" g \
                 UNION ALL SELECT max(u.id) FROM \"user\" u UNION ALL SELECT max(f.id) FROM token_family f \
                 UNION ALL SELECT max(s.id) FROM app_secret s \
                 UNION ALL SELECT (SELECT max(a.id) FROM audit a WHERE a.tenant_id = t.id) FROM tenant t",
                &[],
            )
            .await?;
        let ids = rows.iter().filter_map(|row| match row.first() {
            Some(Value::Int(id)) => Some(*id),
            _ => None,
        });
        let last = ids.max().map(|id| id.saturating_add(limits::IDS_LEFT_OUT));
        if let Some(last) = last.and_then(domain::id::Id::new) {
            self.0.ids.continue_after(last);
        }
        Ok(())
    }

    /// Opens the store for reading only; on SQLite this works beside a running server.
    pub fn open_for_reading<'a>(
        config: &'a StoreConfig,
        ids: Arc<IdSource>,
    ) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            let engine = match config {
                StoreConfig::Sqlite { directory } => {
                    Engine::ReadOnly(sqlite::open_for_reading(directory)?)
                }
                StoreConfig::Postgres { url } => {
                    Engine::Postgres(Postgres::open(url, Vec::new(), &ids).await?)
                }
            };
            Ok(Self(Arc::new(Inner {
                engine,
                senders: Vec::new(),
                ids,
            })))
        })
    }

    /// Where new ids come from.
    pub fn ids(&self) -> &IdSource {
        &self.0.ids
    }

    /// A connection for reading.
    pub fn reader<'a>(&'a self) -> BoxFuture<'a, Result<Tx>> {
        Box::pin(async move {
            match &self.0.engine {
                Engine::Sqlite(sqlite) => sqlite.readers.take(),
                Engine::ReadOnly(readers) => readers.take(),
                Engine::Postgres(postgres) => postgres.reader().await,
            }
        })
    }

    /// Looks at lanes. What many ask at the same time may be read together.
    pub fn look<'a>(&'a self, looks: Vec<Look>) -> BoxFuture<'a, Result<Arc<Looked>>> {
        Box::pin(async move {
            let readers = match &self.0.engine {
                Engine::Postgres(postgres) => return postgres.looks.ask(looks).await,
                Engine::Sqlite(sqlite) => &sqlite.readers,
                Engine::ReadOnly(readers) => readers,
            };
            if let Some(looked) = looks::remember(readers.kept(), &looks) {
                return Ok(Arc::new(looked));
            }
            Ok(Arc::new(looks::read(&readers.take()?, &looks).await?))
        })
    }

    /// Runs hot commands: answered after the commit.
    pub fn submit<'a>(&'a self, submission: Submission) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            self.writer_of(&submission)?
                .push(Job::Hot(submission, answer))?;
            answered.await.map_err(|_| Error::OutcomeUnknown)?
        })
    }

    /// Runs a cold command: answered after the commit.
    pub async fn run<C: ColdCommand>(&self, command: C) -> Result<C::Output> {
        let (answer, answered) = oneshot::channel();
        let sender = self.0.senders.first().ok_or_else(read_only)?;
        sender.push(Job::Cold(Box::new(command), answer))?;
        let output: BoxedAny = answered.await.map_err(|_| Error::OutcomeUnknown)??;
        match output.downcast::<C::Output>() {
            Ok(output) => Ok(*output),
            Err(_) => Err(Error::Refused(
                "a command answered with another type".to_owned(),
            )),
        }
    }

    /// Commands on one lane go to one writer, so that they are decided together instead of
    /// waiting for each other's locks.
    fn writer_of(&self, submission: &Submission) -> Result<&Sender> {
        let lane = submission
            .commands
            .first()
            .and_then(hot::Command::lane_hint)
            .unwrap_or(0);
        let senders = &self.0.senders;
        let index = lane.unsigned_abs() as usize % senders.len().max(1);
        senders.get(index).ok_or_else(read_only)
    }

    /// Finishes what was accepted, then closes.
    pub fn close<'a>(&'a self) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.0.senders.iter().for_each(Sender::close);
            match &self.0.engine {
                Engine::Sqlite(sqlite) => sqlite.join(),
                Engine::ReadOnly(_) => {}
                Engine::Postgres(postgres) => postgres.join().await,
            }
        })
    }

    /// Whether the store is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// Writes a consistent copy of the store as one SQLite file while others go on writing.
    pub fn backup<'a>(
        &'a self,
        file: &'a Path,
        progress: &'a mut CopyProgress<'a>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { copy::backup(self, file, progress).await })
    }
}

fn read_only() -> Error {
    Error::Refused("this store was opened for reading only".to_owned())
}
