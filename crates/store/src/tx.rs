//! One connection with a transaction or a read on it, on either engine.
//!
//! What only reads takes the connection by a shared reference. So questions that do not need each other's
//! answers may be asked at once: PostgreSQL then has them all on its table while the first answers are on
//! their way, and SQLite answers them in turn.

mod cells;

use std::future::{Future, ready};

use catalogue::{Kind, Row, Value};
use deadpool_postgres::Object;
use domain::id::Id;
use futures_util::{
    TryStreamExt,
    future::{BoxFuture, try_join_all},
};
use parking_lot::{Mutex, MutexGuard};
use tokio_postgres::types::ToSql;

use self::cells::{Parameter, arrays, postgres_row, without_nul};
use crate::{
    changes::Changes,
    error::{Error, Result},
    lanes::LaneCache,
    sqlite::Readers,
    statement::{Each, for_sqlite},
    terms::TermsCache,
};

/// What a store keeps in memory. Shared by all its connections.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) terms: TermsCache,
    pub(crate) lanes: LaneCache,
    /// Who is to hear of lanes that change.
    pub(crate) changes: Changes,
}

impl Kept {
    /// For a store whose lanes are kept as `lanes` says.
    pub(crate) fn new(lanes: LaneCache) -> Self {
        Self {
            terms: TermsCache::new(),
            lanes,
            changes: Changes::default(),
        }
    }
}

/// A connection that a command or a query works on.
///
/// On SQLite every method finishes without waiting, so a command may be run to its end on the
/// writer's thread.
pub struct Tx {
    connection: Connection,
    snapshot: bool,
    kept: Kept,
    /// The lanes that this transaction has changed, with their tenants.
    changed: Vec<(Id, Id)>,
}

enum Connection {
    Sqlite {
        /// Behind a lock that nobody waits for, so that what only reads may be asked for at once.
        connection: Option<Mutex<rusqlite::Connection>>,
        home: Option<Readers>,
    },
    Postgres(Option<Object>),
}

impl Tx {
    pub(crate) fn sqlite_writer(connection: rusqlite::Connection, kept: Kept) -> Self {
        Self {
            connection: Connection::Sqlite {
                connection: Some(Mutex::new(connection)),
                home: None,
            },
            snapshot: false,
            kept,
            changed: Vec::new(),
        }
    }

    pub(crate) fn sqlite_reader(
        connection: rusqlite::Connection,
        home: Readers,
        kept: Kept,
    ) -> Result<Self> {
        run_cached(&connection, BEGIN_READING)?;
        Ok(Self {
            connection: Connection::Sqlite {
                connection: Some(Mutex::new(connection)),
                home: Some(home),
            },
            snapshot: true,
            kept,
            changed: Vec::new(),
        })
    }

    pub(crate) fn postgres(connection: Object, kept: Kept) -> Self {
        Self {
            connection: Connection::Postgres(Some(connection)),
            snapshot: false,
            kept,
            changed: Vec::new(),
        }
    }

    /// What the store keeps in memory.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The terms that the store keeps in memory.
    pub(crate) fn terms_cache(&self) -> &TermsCache {
        &self.kept.terms
    }

    /// Notes that these lanes change in this transaction. Hot commands and changes of terms note it by
    /// themselves.
    pub fn lanes_changed(&mut self, tenant_id: Id, resource_ids: &[Id]) {
        let lanes = resource_ids.iter().map(|id| (tenant_id, *id));
        self.changed.extend(lanes);
    }

    /// Makes all reads that follow see one state of the store, as readers on SQLite always do.
    pub fn begin_snapshot<'a>(&'a mut self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if std::mem::replace(&mut self.snapshot, true) {
                return Ok(());
            }
            match &self.connection {
                Connection::Sqlite { .. } => self.statement(BEGIN_READING).await,
                Connection::Postgres(_) => {
                    self.statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                        .await
                }
            }
        })
    }

    /// Starts a writing transaction.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        self.changed.clear();
        match &self.connection {
            Connection::Sqlite { .. } => self.statement("BEGIN IMMEDIATE").await,
            Connection::Postgres(_) => self.statement("BEGIN").await,
        }
    }

    /// Commits, and tells of the lanes that have changed. On PostgreSQL a lost answer is
    /// [`Error::OutcomeUnknown`].
    pub(crate) async fn commit(&mut self) -> Result<()> {
        let committed = self.commit_rows().await;
        // Of what may have happened is told too: who hears of it looks for themselves.
        self.kept.lanes.tell(&self.changed);
        if matches!(committed, Ok(()) | Err(Error::OutcomeUnknown)) {
            self.kept.changes.tell(&self.changed);
        }
        committed
    }

    async fn commit_rows(&mut self) -> Result<()> {
        let Connection::Postgres(_) = &self.connection else {
            return self.statement("COMMIT").await;
        };
        // A time-out while a commit waits for its standby would answer as if the standby had it.
        // Setting anything also fails where a commit would silently roll back.
        match self
            .statement("SET LOCAL statement_timeout = 0; COMMIT")
            .await
        {
            Err(Error::Unavailable(_)) => Err(Error::OutcomeUnknown),
            result => result,
        }
    }

    /// Rolls back; a connection that is gone has rolled back by itself.
    pub(crate) async fn roll_back(&mut self) {
        if let Err(error) = self.statement("ROLLBACK").await {
            tracing::debug!(%error, "the rollback found nothing to roll back");
        }
    }

    /// Runs one statement without parameters.
    pub(crate) fn statement<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match &self.connection {
                Connection::Sqlite { connection, .. } => Ok(open(connection)?
                    .prepare_cached(sql)?
                    .raw_execute()
                    .map(drop)?),
                Connection::Postgres(client) => Ok(pooled(client)?.batch_execute(sql).await?),
            }
        })
    }

    /// Runs `sql` (parameters `$1`…) and returns its rows.
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        self.query_as(sql, parameters, Ok)
    }

    /// Runs `sql` and makes something of each row as it comes, while the engine looks for the next ones.
    pub(crate) fn query_as<'a, T: Send + 'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a [Value],
        read: fn(Row) -> Result<T>,
    ) -> BoxFuture<'a, Result<Vec<T>>> {
        Box::pin(async move {
            match &self.connection {
                Connection::Sqlite { connection, .. } => {
                    let mut found = Vec::new();
                    let connection = open(connection)?;
                    let mut statement = sqlite_statement(&connection, &for_sqlite(sql))?;
                    sqlite_rows(&mut statement, parameters, |row, width| {
                        found.push(read(sqlite_row(row, width)?)?);
                        Ok(())
                    })?;
                    Ok(found)
                }
                Connection::Postgres(client) => {
                    let client = pooled(client)?;
                    let statement = prepared(client, sql).await?;
                    let rows = client.query_raw(&statement, parameters.iter().map(Parameter));
                    take_apart(rows.await?, read).await
                }
            }
        })
    }

    /// Runs `sql` and returns how many rows it changed.
    pub fn execute<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            match &self.connection {
                Connection::Sqlite { connection, .. } => {
                    let connection = open(connection)?;
                    let mut statement = connection.prepare_cached(&for_sqlite(sql))?;
                    bind(&mut statement, parameters)?;
                    Ok(statement.raw_execute()? as u64)
                }
                Connection::Postgres(client) => {
                    let client = pooled(client)?;
                    let statement = prepared(client, sql).await?;
                    let parameters: Vec<Parameter<'_>> = parameters.iter().map(Parameter).collect();
                    let parameters: Vec<&(dyn ToSql + Sync)> =
                        parameters.iter().map(|cell| cell as _).collect();
                    Ok(client.execute(&statement, &parameters).await?)
                }
            }
        })
    }

    /// Reads with a statement over `rows`; all answers in one list.
    pub fn read_each<'a>(
        &'a self,
        each: &'a Each,
        rows: &'a [Row],
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            match &self.connection {
                Connection::Sqlite { connection, .. } => {
                    let mut answers = Vec::new();
                    sqlite_each(&*open(connection)?, each.sqlite(), rows, |row, width| {
                        answers.push(sqlite_row(row, width)?);
                        Ok(())
                    })?;
                    Ok(answers)
                }
                Connection::Postgres(client) => {
                    let client = pooled(client)?;
                    let statement = prepared(client, each.postgres()).await?;
                    let arrays = arrays(each, rows);
                    take_apart(client.query_raw(&statement, arrays).await?, Ok).await
                }
            }
        })
    }

    /// Reads rows of `N` numbers with a statement over `rows`, without a list for each of them.
    pub(crate) async fn read_numbers<const N: usize>(
        &self,
        each: &Each,
        rows: &[Row],
    ) -> Result<Vec<[Option<i64>; N]>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &self.connection {
            Connection::Sqlite { connection, .. } => {
                let mut answers = Vec::new();
                sqlite_each(&*open(connection)?, each.sqlite(), rows, |row, _| {
                    let mut numbers = [None; N];
                    for (index, number) in numbers.iter_mut().enumerate() {
                        *number = row.get(index)?;
                    }
                    answers.push(numbers);
                    Ok(())
                })?;
                Ok(answers)
            }
            Connection::Postgres(client) => {
                let answers = postgres_each(pooled(client)?, each, rows).await?;
                let numbers = |row: &tokio_postgres::Row| {
                    let mut numbers = [None; N];
                    for (index, number) in numbers.iter_mut().enumerate() {
                        *number = row.try_get(index)?;
                    }
                    Ok(numbers)
                };
                answers.iter().map(numbers).collect()
            }
        }
    }

    /// Writes with statements over rows, in the order given; on PostgreSQL all are under way at
    /// once. Returns how many rows each changed.
    pub fn write_each<'a>(
        &'a mut self,
        writes: &'a [(&'a Each, &'a [Row])],
    ) -> BoxFuture<'a, Result<Vec<u64>>> {
        Box::pin(async move {
            match &self.connection {
                Connection::Sqlite { connection, .. } => {
                    let connection = open(connection)?;
                    writes
                        .iter()
                        .map(|(each, rows)| sqlite_write(&connection, each, rows))
                        .collect()
                }
                Connection::Postgres(client) => {
                    let client = pooled(client)?;
                    // Statements are prepared first, so that what follows is sent in the order given.
                    let mut statements = Vec::with_capacity(writes.len());
                    for (each, _) in writes {
                        statements.push(prepared(client, each.postgres()).await?);
                    }
                    let sent = writes.iter().zip(&statements);
                    try_join_all(sent.map(|((each, rows), statement)| {
                        postgres_write(client, statement, each, rows)
                    }))
                    .await
                }
            }
        })
    }

    /// `FOR UPDATE` on PostgreSQL; on SQLite the one writer already excludes all others.
    pub(crate) fn lock_rows(&self) -> &'static str {
        match &self.connection {
            Connection::Sqlite { .. } => "",
            Connection::Postgres(_) => " FOR UPDATE",
        }
    }

    /// Locks the rows of a select that nobody else has locked, and leaves out the others; on SQLite
    /// the one writer already excludes all others.
    pub fn lock_rows_skipping(&self) -> &'static str {
        match &self.connection {
            Connection::Sqlite { .. } => "",
            Connection::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Whether the connection is known to be gone.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.connection {
            Connection::Sqlite { connection, .. } => connection.is_none(),
            Connection::Postgres(client) => client.as_ref().is_none_or(|client| client.is_closed()),
        }
    }

    /// Whether several statements may be on their way at once.
    pub fn is_postgres(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// Rebuilds kinds from rows.
    pub(crate) fn kinds<K: Kind>(rows: Vec<Row>) -> Result<Vec<K>> {
        rows.into_iter().map(|row| Ok(K::from_row(row)?)).collect()
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        match &mut self.connection {
            Connection::Sqlite { connection, home } => {
                let Some(connection) = connection.take().map(Mutex::into_inner) else {
                    return;
                };
                if self.snapshot && run_cached(&connection, END_READING).is_err() {
                    return;
                }
                if let Some(home) = home {
                    home.give_back(connection);
                }
            }
            // A connection must not go back to the pool with a transaction open, so it is closed.
            Connection::Postgres(client) if self.snapshot => {
                client.take().map(Object::take);
            }
            Connection::Postgres(_) => {}
        }
    }
}

impl Tx {
    /// Ends a snapshot so that the connection can be used again and sees what is newer; without it
    /// a PostgreSQL connection is closed instead of being pooled.
    pub fn end_snapshot<'a>(&'a mut self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match &self.connection {
                Connection::Sqlite { .. } => {
                    self.statement(END_READING).await?;
                    self.statement(BEGIN_READING).await
                }
                Connection::Postgres(_) if std::mem::take(&mut self.snapshot) => {
                    self.statement("COMMIT").await
                }
                Connection::Postgres(_) => Ok(()),
            }
        })
    }
}

const BEGIN_READING: &str = "BEGIN DEFERRED";
const END_READING: &str = "ROLLBACK";

/// Runs a statement without parameters that is run often.
fn run_cached(connection: &rusqlite::Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

fn open(
    connection: &Option<Mutex<rusqlite::Connection>>,
) -> Result<MutexGuard<'_, rusqlite::Connection>> {
    connection
        .as_ref()
        .map(Mutex::lock)
        .ok_or_else(|| Error::Unavailable("the connection was given back".to_owned()))
}

/// A statement that is prepared once per connection. The texts of searches vary without end, so a
/// cache that has grown too large begins anew.
async fn prepared(client: &Object, sql: &str) -> Result<tokio_postgres::Statement> {
    #[cfg(test)]
    crate::plans::note(sql);
    if client.statement_cache.size() >= crate::limits::STATEMENTS {
        client.statement_cache.clear();
    }
    Ok(client.prepare_cached(sql).await?)
}

fn pooled(client: &Option<Object>) -> Result<&Object> {
    client
        .as_ref()
        .ok_or_else(|| Error::Unavailable("the connection was given back".to_owned()))
}

/// Runs a future that awaits nothing but a SQLite transaction.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    use futures_util::FutureExt;
    future
        .now_or_never()
        .expect("a command awaits its transaction and nothing else")
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, parameters: &[Value]) -> Result<()> {
    use rusqlite::types::ValueRef;
    for (index, value) in parameters.iter().enumerate() {
        let value = match value {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) if value.contains('\0') => {
                statement.raw_bind_parameter(index + 1, without_nul(value))?;
                continue;
            }
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        };
        statement.raw_bind_parameter(index + 1, rusqlite::types::ToSqlOutput::Borrowed(value))?;
    }
    Ok(())
}

fn sqlite_statement<'a>(
    connection: &'a rusqlite::Connection,
    sql: &str,
) -> Result<rusqlite::CachedStatement<'a>> {
    #[cfg(test)]
    crate::plans::note(sql);
    Ok(connection.prepare_cached(sql)?)
}

/// Runs a statement once for each row of parameters.
fn sqlite_each(
    connection: &rusqlite::Connection,
    sql: &str,
    rows: &[Row],
    mut found: impl FnMut(&rusqlite::Row<'_>, usize) -> Result<()>,
) -> Result<()> {
    let mut statement = sqlite_statement(connection, sql)?;
    for row in rows {
        sqlite_rows(&mut statement, row, &mut found)?;
    }
    Ok(())
}

/// Runs a statement; each row is told with how many cells it has.
fn sqlite_rows(
    statement: &mut rusqlite::CachedStatement<'_>,
    parameters: &[Value],
    mut found: impl FnMut(&rusqlite::Row<'_>, usize) -> Result<()>,
) -> Result<()> {
    bind(statement, parameters)?;
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        found(row, width)?;
    }
    Ok(())
}

fn sqlite_row(row: &rusqlite::Row<'_>, width: usize) -> Result<Row> {
    use rusqlite::types::ValueRef;
    let mut cells = Vec::with_capacity(width);
    for index in 0..width {
        cells.push(match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
            ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
            ValueRef::Real(value) => {
                return Err(Error::Refused(format!(
                    "a query answered {value}, a fraction"
                )));
            }
        });
    }
    Ok(cells)
}

/// Runs a statement once for all rows of parameters.
async fn postgres_each(
    client: &Object,
    each: &Each,
    rows: &[Row],
) -> Result<Vec<tokio_postgres::Row>> {
    let statement = prepared(client, each.postgres()).await?;
    let arrays = arrays(each, rows);
    let parameters: Vec<&(dyn ToSql + Sync)> = arrays
        .iter()
        .map(|array| array.as_ref() as &(dyn ToSql + Sync))
        .collect();
    Ok(client.query(&statement, &parameters).await?)
}

fn sqlite_write(connection: &rusqlite::Connection, each: &Each, rows: &[Row]) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    #[cfg(test)]
    crate::plans::note(each.sqlite());
    let mut statement = connection.prepare_cached(each.sqlite())?;
    let mut changed = 0;
    for row in rows {
        bind(&mut statement, row)?;
        changed += statement.raw_execute()? as u64;
    }
    Ok(changed)
}

async fn postgres_write(
    client: &Object,
    statement: &tokio_postgres::Statement,
    each: &Each,
    rows: &[Row],
) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let arrays = arrays(each, rows);
    let parameters: Vec<&(dyn ToSql + Sync)> = arrays
        .iter()
        .map(|array| array.as_ref() as &(dyn ToSql + Sync))
        .collect();
    Ok(client.execute(statement, &parameters).await?)
}

/// Makes something of each row while PostgreSQL still finds the next ones.
async fn take_apart<T>(
    rows: tokio_postgres::RowStream,
    read: fn(Row) -> Result<T>,
) -> Result<Vec<T>> {
    let read = |row| ready(postgres_row(&row).and_then(read));
    rows.map_err(Error::from).and_then(read).try_collect().await
}
