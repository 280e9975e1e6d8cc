//! The bare loop on SQLite.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params};

use super::{Bare, BareBooking, BareOutcome, Cell, TABLES, Template, peak};
use crate::chance::Chance;
use crate::latency::Latency;
use crate::watch;

/// A smaller log is not worth a checkpoint.
const CHECKPOINT_FROM_BYTES: u64 = 4 << 20;

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// Opens the server's database as the server itself does: WAL, every commit synced.
pub fn open(file: &Path) -> anyhow::Result<Connection> {
    let connection =
        Connection::open(file).with_context(|| format!("could not open {}", file.display()))?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Reads a row of each table, and the lanes that are booked.
pub fn prepare(connection: &Connection, lanes: Vec<i64>, days: i64) -> anyhow::Result<Bare> {
    let templates = TABLES
        .iter()
        .map(|table| template(connection, table))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let largest: i64 =
        connection.query_row("SELECT max(id) FROM allocation", [], |row| row.get(0))?;
    Bare::new(templates, lanes, largest, days)
}

fn template(connection: &Connection, table: &'static str) -> anyhow::Result<Template> {
    // The journal's first entry of a lane is of another kind.
    let filter = if table == "journal" {
        "WHERE kind = 'take'"
    } else {
        ""
    };
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} {filter} LIMIT 1"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let row = statement
        .query_row([], |row| {
            (0..columns.len())
                .map(|position| {
                    Ok(match row.get::<_, Value>(position)? {
                        Value::Integer(value) => Cell::Int(value),
                        Value::Text(text) => Cell::Text(text),
                        Value::Blob(bytes) => Cell::Bytes(bytes),
                        Value::Null | Value::Real(_) => Cell::Null,
                    })
                })
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .with_context(|| format!("a row of {table} to copy"))?;
    Ok(Template {
        table,
        columns,
        row,
    })
}

/// Books in batches for a while, one commit each.
pub fn run(
    file: &Path,
    bare: &mut Bare,
    batch: usize,
    duration: Duration,
    chance: &mut Chance,
) -> anyhow::Result<BareOutcome> {
    let mut connection = open(file)?;
    let stop = Arc::new(AtomicBool::new(false));
    let checkpoints = checkpoint_beside(file, Arc::clone(&stop))?;
    let outcome = book(&mut connection, bare, batch, duration, chance);
    stop.store(true, Ordering::Relaxed);
    checkpoints
        .join()
        .map_err(|_| anyhow::anyhow!("the checkpoint thread panicked"))?;
    outcome
}

fn checkpoint_beside(
    file: &Path,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let connection = open(file)?;
    let log = file.with_extension("db-wal");
    Ok(std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(100));
            if std::fs::metadata(&log).map_or(0, |log| log.len()) < CHECKPOINT_FROM_BYTES {
                continue;
            }
            // A checkpoint that meets a writer is made up by the next one.
            let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
    }))
}

fn book(
    connection: &mut Connection,
    bare: &mut Bare,
    batch: usize,
    duration: Duration,
    chance: &mut Chance,
) -> anyhow::Result<BareOutcome> {
    let inserts: Vec<String> = (0..TABLES.len())
        .map(|table| insert_text(TABLES[table], bare.columns(table)))
        .collect();
    let mut commits = Latency::default();
    let mut booked = 0;
    let began = watch::instant();
    while began.elapsed() < duration {
        let bookings = bare.draw(batch, chance);
        let commit_began = watch::instant();
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for booking in bookings {
            book_one(&transaction, bare, booking, &inserts)?;
            booked += 1;
        }
        transaction.commit()?;
        commits.record(commit_began.elapsed());
    }
    Ok(BareOutcome {
        per_second: f64::from(booked) / began.elapsed().as_secs_f64(),
        commits,
    })
}

fn insert_text(table: &str, columns: &[String]) -> String {
    let places = vec!["?"; columns.len()].join(", ");
    format!(
        "INSERT INTO {table} ({}) VALUES ({places})",
        columns.join(", ")
    )
}

fn book_one(
    connection: &Connection,
    bare: &Bare,
    booking: BareBooking,
    inserts: &[String],
) -> anyhow::Result<()> {
    let (capacity, sequence, longest): (i64, i64, i64) = connection
        .prepare_cached(
            "SELECT capacity, sequence, longest_s FROM lane WHERE tenant_id = ? AND id = ?",
        )?
        .query_row(params![bare.tenant, booking.lane], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let taken = overlapping(connection, bare.tenant, booking, longest)?;
    // The check must be made; a full night is booked all the same, for the sake of the rows.
    let full = peak(&taken, booking.starts_at, booking.ends_at) >= capacity;
    for (table, insert) in inserts.iter().enumerate() {
        let row = bare.row(table, booking, sequence + 1);
        connection
            .prepare_cached(insert)?
            .execute(rusqlite::params_from_iter(row))?;
    }
    connection
        .prepare_cached(
            "UPDATE lane SET sequence = ?, hash = ?, longest_s = ? WHERE tenant_id = ? AND id = ?",
        )?
        .execute(params![
            sequence + 1,
            [u8::from(full); 32],
            longest.max(booking.ends_at - booking.starts_at),
            bare.tenant,
            booking.lane
        ])?;
    Ok(())
}

/// The indexed query that both a booking and an availability question need.
pub fn overlapping(
    connection: &Connection,
    tenant: i64,
    booking: BareBooking,
    longest: i64,
) -> anyhow::Result<Vec<(i64, i64, i64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT starts_at, ends_at, quantity FROM allocation WHERE tenant_id = ? AND lane_id = ? \
         AND starts_at >= ? AND starts_at < ? AND ends_at > ?",
    )?;
    let rows = statement.query_map(
        params![
            tenant,
            booking.lane,
            booking.starts_at - longest,
            booking.ends_at,
            booking.starts_at
        ],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}
