//! Moves a whole store between engines, and writes backups.

use futures_util::future::BoxFuture;
use std::{path::Path, sync::Arc};

use catalogue::{ColumnKind, Row, Value};

use crate::{
    Engine, Store, StoreConfig,
    error::{Error, Result},
    limits,
    statement::Each,
    tx::Tx,
};

/// Told how far a copy has come: table, rows done, rows in all.
pub type CopyProgress<'a> = dyn FnMut(&str, u64, u64) + Send + 'a;

/// Every table with its columns, in an order in which a half-finished copy is never mistaken for a
/// whole one: tenants come last.
const TABLES: &[&str] = &[
    "client",
    "grant",
    "token",
    "app",
    "app_secret",
    "installation",
    "authorization_code",
    "token_family",
    "user",
    "employee",
    "session",
    "password_reset",
    "organization",
    "resource",
    "unit",
    "lane",
    "allocation",
    "journal",
    "calendar_day",
    "booking",
    "line",
    "note",
    "guest",
    "content",
    "link",
    "person",
    "record",
    "order",
    "price",
    "outbox",
    "subscription",
    "subscription_health",
    "delivery",
    "attempt",
    "mail",
    "audit",
    "idempotency",
    "tenant",
];

/// Copies everything from one store into another, which must be empty.
///
/// # Errors
/// [`Error::Open`] when the target holds a tenant already.
pub fn copy<'a>(
    from: &'a Store,
    to: &'a Store,
    progress: &'a mut CopyProgress<'a>,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut source = from.reader().await?;
        source.begin_snapshot().await?;
        for table in TABLES {
            let shape = shape(&mut source, table).await?;
            refuse_rows(to, table).await?;
            let total = count(&mut source, table).await?;
            let mut done = 0;
            progress(table, done, total);
            let mut after: Option<Vec<Value>> = None;
            loop {
                let rows = page(&mut source, &shape, after.as_deref()).await?;
                let Some(last) = rows.last() else { break };
                after = Some(shape.key_of(last));
                done += rows.len() as u64;
                to.run(Insert {
                    shape: shape.clone(),
                    rows,
                })
                .await?;
                progress(table, done, total);
            }
        }
        source.end_snapshot().await
    })
}

/// Writes the store into a new SQLite file. On SQLite this is a consistent image taken while others
/// write; on PostgreSQL it is a copy of one snapshot.
pub(crate) async fn backup(
    store: &Store,
    file: &Path,
    progress: &mut CopyProgress<'_>,
) -> Result<()> {
    if file.exists() {
        return Err(Error::open(format!(
            "{} exists already: name a file that does not",
            file.display()
        )));
    }
    let readers = match &store.0.engine {
        Engine::Sqlite(sqlite) => sqlite.readers.clone(),
        Engine::ReadOnly(readers) => readers.clone(),
        Engine::Postgres(_) => return backup_by_copy(store, file, progress).await,
    };
    let name = file
        .to_str()
        .ok_or_else(|| Error::open("the file's name must be UTF-8"))?
        .to_owned();
    progress("all", 0, 1);
    tokio::task::spawn_blocking(move || readers.image(&name))
        .await
        .map_err(|_| Error::open("the backup ended in panic"))??;
    progress("all", 1, 1);
    Ok(())
}

/// Copies into a store beside the file, which gets its name only once it is whole.
async fn backup_by_copy(store: &Store, file: &Path, progress: &mut CopyProgress<'_>) -> Result<()> {
    let failed =
        |error: std::io::Error| Error::open(format!("can't write {}: {error}", file.display()));
    let directory = file.with_extension("partial");
    if directory.exists() {
        // An earlier backup was interrupted.
        std::fs::remove_dir_all(&directory).map_err(failed)?;
    }
    let config = StoreConfig::Sqlite {
        directory: directory.clone(),
    };
    let target = Store::open(&config, Arc::clone(&store.0.ids)).await?;
    let copied = copy(store, &target, progress).await;
    target.close().await;
    drop(target);
    if copied.is_ok() {
        std::fs::rename(directory.join(crate::SQLITE_FILE), file).map_err(failed)?;
    }
    std::fs::remove_dir_all(&directory).map_err(failed)?;
    copied
}

/// A table's columns, and which of them are its key.
#[derive(Clone)]
struct Shape {
    table: &'static str,
    columns: Vec<(&'static str, ColumnKind)>,
    key: Vec<&'static str>,
}

impl Shape {
    fn key_of(&self, row: &Row) -> Vec<Value> {
        let cells = self.columns.iter().zip(row);
        cells
            .filter(|((name, _), _)| self.key.contains(name))
            .map(|(_, value)| value.clone())
            .collect()
    }

    fn names(&self) -> String {
        self.columns
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The shapes are read off the schema text, which is the one both engines got.
async fn shape(_: &mut Tx, table: &'static str) -> Result<Shape> {
    crate::migrate::tables()
        .into_iter()
        .find(|described| described.0 == table)
        .map(|(_, columns, key)| Shape {
            table,
            columns,
            key,
        })
        .ok_or_else(|| Error::Refused(format!("the schema has no table {table}")))
}

async fn count(tx: &mut Tx, table: &str) -> Result<u64> {
    let rows = tx
        .query(&format!("SELECT count(*) FROM \"{table}\""), &[])
        .await?;
    match rows.first().and_then(|row| row.first()) {
        Some(Value::Int(count)) => Ok(u64::try_from(*count).unwrap_or(0)),
        _ => Err(Error::Refused(format!("{table} can't be counted"))),
    }
}

async fn refuse_rows(to: &Store, table: &str) -> Result<()> {
    let mut reader = to.reader().await?;
    if count(&mut reader, table).await? == 0 {
        return Ok(());
    }
    Err(Error::open(format!(
        "the target has rows in {table} already: copy into an empty store"
    )))
}

async fn page(tx: &mut Tx, shape: &Shape, after: Option<&[Value]>) -> Result<Vec<Row>> {
    let key = shape.key.join(", ");
    let mut parameters = after.map(<[Value]>::to_vec).unwrap_or_default();
    let condition = if after.is_some() {
        let places: Vec<String> = (1..=parameters.len())
            .map(|place| format!("${place}"))
            .collect();
        format!("WHERE ({key}) > ({})", places.join(", "))
    } else {
        String::new()
    };
    parameters.push(Value::Int(limits::COPY_ROWS as i64));
    let sql = format!(
        "SELECT {} FROM \"{}\" {condition} ORDER BY {key} LIMIT ${}",
        shape.names(),
        shape.table,
        parameters.len()
    );
    tx.query(&sql, &parameters).await
}

/// Inserts one page.
struct Insert {
    shape: Shape,
    rows: Vec<Row>,
}

impl crate::ColdCommand for Insert {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a domain::id::IdSource) -> Result<()> {
        let values = self
            .shape
            .columns
            .iter()
            .map(|(name, _)| format!("each.{name}"))
            .collect::<Vec<_>>()
            .join(", ");
        let sql = format!(
            "INSERT INTO \"{}\" ({}) SELECT {values} FROM {{each}}",
            self.shape.table,
            self.shape.names()
        );
        let each = Each::owned(sql, self.shape.columns.clone());
        tx.write_each(&[(&each, &self.rows)]).await?;
        Ok(())
    }
}
