//! The write-ahead log: copied into the database beside the writer, and begun anew before it grows large.
//!
//! A thread copies while the writer goes on, which leaves only what was written meanwhile. That rest the
//! writer copies itself, and then writes over the log from its beginning.

use std::{path::Path, sync::Arc, thread, time::Duration};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;

use crate::{
    Value,
    error::Result,
    limits,
    tx::{Tx, finish},
};

/// How often the copying thread looks whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_millis(20);

const SHORT_PATIENCE: &str = "PRAGMA busy_timeout = 50";
const USUAL_PATIENCE: &str = "PRAGMA busy_timeout = 5000";

/// What is known of the write-ahead log.
pub(super) struct Log {
    pages: Mutex<Pages>,
    /// Held during each checkpoint: SQLite refuses a second one at once, however long its busy timeout,
    /// and under a constant load the writer would find one under way each time it wants its own.
    one_at_a_time: Mutex<()>,
}

#[derive(Default)]
struct Pages {
    /// In the log, as the last commit left it.
    written: u32,
    /// Of these, in the database already.
    copied: u32,
    /// At how many the log may begin anew.
    restart_at: u32,
    stop: bool,
}

impl Pages {
    /// A shorter log than before has begun anew.
    fn note_written(&mut self, written: u32) {
        if written < self.written {
            self.copied = 0;
        }
        self.written = written;
    }

    /// What a checkpoint says that it copied; of a log that has begun anew since, nothing.
    fn note_copied(&mut self, copied: u32) {
        self.copied = if copied <= self.written { copied } else { 0 };
    }

    fn to_copy(&self) -> u32 {
        self.written - self.copied
    }

    /// Only a short rest is worth the writer's time, unless the log has become too long.
    fn is_due(&self) -> bool {
        self.written >= self.restart_at && self.to_copy() <= limits::COPY_FROM_PAGES
    }

    fn is_overdue(&self) -> bool {
        self.written >= self.restart_at + (limits::LOG_BOUND_PAGES - limits::LOG_RESTART_PAGES)
    }
}

impl Log {
    /// Follows the log of the writer's connection.
    pub(super) fn follow(writer: &mut Connection) -> Result<Arc<Self>> {
        let log = Arc::new(Self {
            pages: Mutex::new(Pages {
                restart_at: limits::LOG_RESTART_PAGES,
                ..Pages::default()
            }),
            one_at_a_time: Mutex::new(()),
        });
        writer.wal_hook(Some({
            let log = Arc::clone(&log);
            move |_: &mut _, pages| {
                log.pages
                    .lock()
                    .note_written(u32::try_from(pages).unwrap_or(0));
                Ok(())
            }
        }))?;
        Ok(log)
    }

    /// For a thread of its own.
    pub(super) fn copy_until_stopped(&self, file: &Path) {
        let connection = match Connection::open(file) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "can't open the database to copy the write-ahead log; the writer will");
                return;
            }
        };
        loop {
            thread::sleep(LOOK_EVERY);
            let (stop, to_copy) = {
                let pages = self.pages.lock();
                (pages.stop, pages.to_copy())
            };
            if stop {
                return;
            }
            if to_copy >= limits::COPY_FROM_PAGES {
                self.copy(&connection);
            }
        }
    }

    fn copy(&self, connection: &Connection) {
        let _alone = self.one_at_a_time.lock();
        match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2)) {
            Ok(copied) => self.pages.lock().note_copied(copied),
            Err(error) => {
                tracing::debug!(%error, "a checkpoint did not finish; the next one goes on");
            }
        }
    }

    /// Ends the copying thread, at the latest after the copy it is at.
    pub(super) fn stop(&self) {
        self.pages.lock().stop = true;
    }

    /// Between two batches: lets the log begin anew where it is time to.
    pub(super) fn start_again_if_due(&self, tx: &mut Tx) {
        let Some(_alone) = self.turn() else { return };
        let restarted = finish(restart(tx)).unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log could not begin anew");
            false
        });
        let mut pages = self.pages.lock();
        if restarted {
            pages.copied = pages.written;
            pages.restart_at = limits::LOG_RESTART_PAGES;
        } else {
            // A long read keeps the log, and asking in every batch would keep everybody.
            pages.restart_at = pages.written + limits::LOG_RESTART_PAGES;
        }
    }

    /// The writer's turn at the log, when it is due; `None` while it is not, or another has it and it
    /// can wait.
    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        let (due, overdue) = {
            let pages = self.pages.lock();
            (pages.is_due(), pages.is_overdue())
        };
        if overdue {
            return Some(self.one_at_a_time.lock());
        }
        due.then(|| self.one_at_a_time.try_lock()).flatten()
    }

    /// At the end: everything into the database, and no log left.
    pub(super) fn empty(&self, tx: &mut Tx) {
        self.stop();
        let _alone = self.one_at_a_time.lock();
        if let Err(error) = finish(tx.query("PRAGMA wal_checkpoint(TRUNCATE)", &[])) {
            tracing::warn!(%error, "the last checkpoint failed; the next start makes it up");
        }
    }
}

/// Copies the rest and makes the next commit write from the log's beginning; not for long where somebody
/// reads from the log. Says whether it succeeded.
async fn restart(tx: &mut Tx) -> Result<bool> {
    tx.query(SHORT_PATIENCE, &[]).await?;
    let answer = tx.query("PRAGMA wal_checkpoint(RESTART)", &[]).await;
    tx.query(USUAL_PATIENCE, &[]).await?;
    let busy = answer?.first().and_then(|row| row.first().cloned());
    Ok(busy == Some(Value::Int(0)))
}
