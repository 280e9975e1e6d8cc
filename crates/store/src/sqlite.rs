//! SQLite: one writer thread, one read-only connection per core, checkpoints beside the writer.

mod log;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use domain::id::IdSource;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    error::{Error, Result},
    lanes::LaneCache,
    limits, migrate,
    tx::{Kept, Tx, finish},
    writer::{Job, Queue, run_jobs},
};
use log::Log;

/// The file inside the data directory.
pub const FILE: &str = "tabard.db";
const LOCK: &str = "tabard.lock";

/// A SQLite store that is open for writing.
pub(crate) struct Sqlite {
    pub(crate) readers: Readers,
    threads: Mutex<Vec<JoinHandle<()>>>,
    log: Arc<Log>,
}

impl Sqlite {
    /// Opens or makes the database in `directory` and starts its threads.
    pub(crate) fn open(directory: &Path, queue: Queue, ids: Arc<IdSource>) -> Result<Self> {
        std::fs::create_dir_all(directory).map_err(|error| {
            Error::open(format!(
                "can't make the data directory {}: {error}",
                directory.display()
            ))
        })?;
        let lock = lock(directory)?;
        let file = directory.join(FILE);
        let mut connection = Connection::open(&file)
            .map_err(|error| Error::open(format!("can't open {}: {error}", file.display())))?;
        prepare_writer(&connection)?;
        migrate::sqlite(&mut connection)?;
        let kept = Kept::new(LaneCache::alone());
        let readers = Readers::open(&file, kept.clone())?;
        let log = Log::follow(&mut connection)?;
        let writer = thread::Builder::new().name("writer".to_owned()).spawn({
            let log = Arc::clone(&log);
            move || {
                let tx = Tx::sqlite_writer(connection, kept);
                write(tx, queue, &log, &ids);
                // Only now nothing is written any more, and another process may have the directory.
                drop(lock);
            }
        });
        let checkpointer = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn({
                let log = Arc::clone(&log);
                move || log.copy_until_stopped(&file)
            });
        let threads = [writer, checkpointer]
            .into_iter()
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(|error| Error::open(format!("can't start a thread: {error}")))?;
        Ok(Self {
            readers,
            threads: Mutex::new(threads),
            log,
        })
    }

    /// Waits until the writer has done everything that was queued. The queue must be closed.
    pub(crate) fn join(&self) {
        self.log.stop();
        for thread in std::mem::take(&mut *self.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store ended in panic");
            }
        }
    }
}

/// Opens the database of a directory for reading only, beside a server that may be running.
pub(crate) fn open_for_reading(directory: &Path) -> Result<Readers> {
    let file = directory.join(FILE);
    if !file.exists() {
        return Err(Error::open(format!(
            "there is no store in {}: start the server with --data {0} once, or name the right directory",
            directory.display()
        )));
    }
    Readers::open(&file, Kept::new(LaneCache::shared()))
}

fn lock(directory: &Path) -> Result<File> {
    let path = directory.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::open(format!("can't open {}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::open(format!(
            "another tabard process is using {}: stop it first, or choose another directory with --data",
            directory.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Error::open(format!(
            "can't lock {}: {error}",
            path.display()
        ))),
    }
}

/// The pragmas of the writer. `synchronous` is FULL because an acknowledged booking survives a
/// power cut; checkpoints are made by a thread of their own.
fn prepare_writer(connection: &Connection) -> Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // LIKE minds case, as it does on PostgreSQL.
    connection.execute_batch(&format!(
        "PRAGMA case_sensitive_like = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;
         PRAGMA journal_size_limit = {};",
        i64::from(limits::LOG_BOUND_PAGES) * 4096
    ))?;
    Ok(keep_plans(connection)?)
}

/// Without this, SQLite plans a statement anew whenever a parameter has another value, in the hope of
/// a better plan for it; our statements have one good plan each.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(limits::STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn write(mut tx: Tx, mut queue: Queue, log: &Log, ids: &IdSource) {
    while let Some(first) = queue.wait() {
        let mut jobs: Vec<Job> = vec![first];
        queue.take_more(&mut jobs);
        finish(run_jobs(&mut tx, jobs, ids));
        log.start_again_if_due(&mut tx);
    }
    log.empty(&mut tx);
}

/// Read-only connections, one per core. Who finds none opens another: waiting would block a thread
/// that whoever holds one may need to go on.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Idle>);

struct Idle {
    file: PathBuf,
    most: usize,
    kept: Kept,
    connections: Mutex<Vec<Connection>>,
}

impl Readers {
    fn open(file: &Path, kept: Kept) -> Result<Self> {
        let most = thread::available_parallelism()
            .map_or(2, usize::from)
            .max(2);
        let connections = (0..most)
            .map(|_| open_reader(file))
            .collect::<rusqlite::Result<Vec<_>>>()
            .map_err(|error| {
                Error::open(format!(
                    "can't open {} for reading: {error}",
                    file.display()
                ))
            })?;
        Ok(Self(Arc::new(Idle {
            file: file.to_owned(),
            most,
            kept,
            connections: Mutex::new(connections),
        })))
    }

    /// What the store keeps in memory.
    pub(crate) fn kept(&self) -> &Kept {
        &self.0.kept
    }

    /// A reader, in a transaction: all that it reads is of one state, and it asks for the lock of the
    /// write-ahead log once instead of for each row that a statement looks up.
    pub(crate) fn take(&self) -> Result<Tx> {
        let idle = self.0.connections.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.another()?,
        };
        Tx::sqlite_reader(connection, self.clone(), self.0.kept.clone())
    }

    /// One more reader of a store that is in use. What keeps it from being opened, such as too many open
    /// files, passes: the caller may come again.
    fn another(&self) -> Result<Connection> {
        open_reader(&self.0.file)
            .map_err(|error| Error::Unavailable(format!("can't open another reader: {error}")))
    }

    pub(crate) fn give_back(&self, connection: Connection) {
        let mut connections = self.0.connections.lock();
        if connections.len() < self.0.most {
            connections.push(connection);
        }
    }

    /// Writes an image of one moment into a new file.
    pub(crate) fn image(&self, into: &str) -> Result<()> {
        let connection = self.another()?;
        connection.execute_batch("PRAGMA query_only = OFF;")?;
        connection.execute("VACUUM INTO ?1", [into])?;
        File::open(into)
            .and_then(|file| file.sync_all())
            .map_err(|error| Error::Unavailable(format!("{into} can't be synced: {error}")))
    }
}

fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA case_sensitive_like = ON; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;")?;
    keep_plans(&connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_reader_that_cannot_be_opened_is_a_store_that_is_not_available_for_now() {
        let directory = tempfile::tempdir().unwrap();
        let (file, aside) = (directory.path().join(FILE), directory.path().join("aside"));
        Connection::open(&file)
            .unwrap()
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a);")
            .unwrap();
        let readers = Readers::open(&file, Kept::new(LaneCache::alone())).unwrap();
        let taken: Vec<Tx> = (0..readers.0.most)
            .map(|_| readers.take().unwrap())
            .collect();
        std::fs::rename(&file, &aside).unwrap();
        let refused = readers.take().map(drop);
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        drop(taken);
        readers.take().map(drop).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        let more: Vec<Tx> = (0..=readers.0.most)
            .map(|_| readers.take().unwrap())
            .collect();
        drop(more);
        // Where there is nothing to begin with, whoever starts the server is told what is missing.
        std::fs::rename(&file, &aside).unwrap();
        let missing = Readers::open(&file, Kept::new(LaneCache::alone())).map(drop);
        assert!(matches!(missing, Err(Error::Open(_))), "{missing:?}");
    }
}
