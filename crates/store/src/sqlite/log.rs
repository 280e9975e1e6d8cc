//! The write-ahead log: copied into the database beside the writer, and begun anew before it grows large.
//!
//! A thread copies while the writer goes on, which leaves only what was written meanwhile. That rest the
//! writer copies itself, and then writes over the log from its beginning.

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

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

    fn is_long(&self) -> bool {
        self.written >= self.restart_at
    }

    /// A log that is long is copied until the rest is short, whatever that costs in flushes.
    fn is_worth_copying(&self) -> bool {
        let from = if self.is_long() {
            limits::LOG_REST_PAGES
        } else {
            limits::COPY_FROM_PAGES
        };
        self.to_copy() > from
    }

    /// Only a short rest is worth the writer's time, unless the log has become too long.
    fn is_due(&self) -> bool {
        self.is_long() && self.to_copy() <= limits::LOG_REST_PAGES
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
            let (stop, is_worth_copying) = {
                let pages = self.pages.lock();
                (pages.stop, pages.is_worth_copying())
            };
            if stop {
                return;
            }
            if is_worth_copying {
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
        let begun = instant();
        let Some((reason, _alone)) = self.turn() else {
            return;
        };
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
        drop(pages);
        metrics::histogram!("store_log_restart_seconds", "reason" => reason)
            .record(begun.elapsed());
    }

    /// The writer's turn at the log, when it is due; `None` while it is not, or another has it and it
    /// can wait. Says why it is due.
    fn turn(&self) -> Option<(&'static str, MutexGuard<'_, ()>)> {
        let (due, overdue) = {
            let pages = self.pages.lock();
            (pages.is_due(), pages.is_overdue())
        };
        if overdue {
            return Some(("bound", self.one_at_a_time.lock()));
        }
        let alone = due.then(|| self.one_at_a_time.try_lock()).flatten();
        alone.map(|alone| ("short_rest", alone))
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

#[expect(
    clippy::disallowed_methods,
    reason = "it measures how long the log kept everybody, and decides nothing"
)]
fn instant() -> Instant {
    Instant::now()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages {
            restart_at: limits::LOG_RESTART_PAGES,
            ..Pages::default()
        }
    }

    #[test]
    fn the_log_begins_anew_once_it_is_long_and_little_of_it_is_left_to_copy() {
        let mut pages = pages();
        pages.note_written(limits::LOG_RESTART_PAGES - 1);
        pages.note_copied(limits::LOG_RESTART_PAGES - 1);
        assert!(!pages.is_due());
        pages.note_written(limits::LOG_RESTART_PAGES + limits::LOG_REST_PAGES);
        assert!(!pages.is_due(), "too much is left to copy");
        pages.note_copied(limits::LOG_RESTART_PAGES);
        assert!(pages.is_due() && !pages.is_overdue());
    }

    #[test]
    fn little_is_copied_only_where_the_log_is_to_begin_anew() {
        let mut pages = pages();
        pages.note_written(limits::COPY_FROM_PAGES);
        assert!(!pages.is_worth_copying());
        pages.note_written(limits::COPY_FROM_PAGES + 1);
        assert!(pages.is_worth_copying());
        pages.note_copied(limits::COPY_FROM_PAGES);
        pages.note_written(limits::LOG_RESTART_PAGES - 1);
        assert!(!pages.is_worth_copying());
        pages.note_written(limits::LOG_RESTART_PAGES);
        assert!(pages.is_worth_copying() && !pages.is_due());
        pages.note_copied(limits::LOG_RESTART_PAGES - limits::LOG_REST_PAGES);
        assert!(!pages.is_worth_copying() && pages.is_due());
    }

    #[test]
    fn a_log_that_reaches_its_bound_is_overdue_whatever_is_left_to_copy() {
        let mut pages = pages();
        pages.note_written(limits::LOG_BOUND_PAGES);
        assert!(!pages.is_due() && pages.is_overdue());
    }

    #[test]
    fn of_a_log_that_has_begun_anew_nothing_is_copied() {
        let mut pages = pages();
        pages.note_written(900);
        pages.note_copied(900);
        assert_eq!(pages.to_copy(), 0);
        pages.note_written(40);
        assert_eq!(pages.to_copy(), 40);
        // A checkpoint that had begun before says how much it copied of the log as it was.
        pages.note_copied(900);
        assert_eq!(pages.to_copy(), 40);
    }

    /// Writes 32 pages, and looks whether the log is due.
    fn write(connection: &Connection) {
        connection
            .execute("INSERT INTO t VALUES (zeroblob(32 * 4096))", [])
            .unwrap();
    }

    #[test]
    fn a_long_read_keeps_the_log_and_delays_nobody_and_afterwards_it_begins_anew() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("log.db");
        let mut writer = Connection::open(&file).unwrap();
        let set_up =
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (b);";
        writer.execute_batch(set_up).unwrap();
        let log = Log::follow(&mut writer).unwrap();
        log.pages.lock().restart_at = 64;
        let reader = Connection::open(&file).unwrap();
        write(&writer);
        let count = "BEGIN; SELECT count(*) FROM t;";
        reader.execute_batch(count).unwrap();
        write(&writer);
        write(&writer);
        let kept = crate::tx::Kept::new(crate::lanes::LaneCache::alone());
        let mut tx = Tx::sqlite_writer(writer, kept);
        log.start_again_if_due(&mut tx);
        let long = log.pages.lock().written;
        assert!(long >= 96, "{long} pages");
        // It asks again only after many more pages, not between any two batches.
        assert!(!log.pages.lock().is_due());

        reader.execute_batch("COMMIT").unwrap();
        log.pages.lock().restart_at = 64;
        log.start_again_if_due(&mut tx);
        let insert = "INSERT INTO t VALUES (1)";
        finish(tx.execute(insert, &[])).unwrap();
        assert!(
            log.pages.lock().written < 16,
            "it is written from its beginning"
        );
    }
}
