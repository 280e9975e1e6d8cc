//! Brings a database to the newest schema. One text serves both engines.

use catalogue::ColumnKind;
use refinery::{Migration, Runner};

use crate::error::{Error, Result};

const MIGRATIONS: &[(&str, &str)] = &[
    ("V1__first", include_str!("migrations/0001_first.sql")),
    ("V2__terms", include_str!("migrations/0002_terms.sql")),
    ("V3__oauth", include_str!("migrations/0003_oauth.sql")),
    ("V4__delivery", include_str!("migrations/0004_delivery.sql")),
    ("V5__selling", include_str!("migrations/0005_selling.sql")),
    ("V6__counts", include_str!("migrations/0006_counts.sql")),
];

/// How often a migration is tried before its error is told.
const ATTEMPTS: u32 = 4;
const BETWEEN_ATTEMPTS: std::time::Duration = std::time::Duration::from_millis(250);

fn runner(bytes: &str, clustered: &str, text: &str) -> Result<Runner> {
    runner_of(MIGRATIONS, bytes, clustered, text)
}

fn runner_of(
    migrations: &[(&str, &str)],
    bytes: &str,
    clustered: &str,
    text: &str,
) -> Result<Runner> {
    let migrations = migrations
        .iter()
        .map(|(name, sql)| {
            let sql = sql
                .replace("{bytes}", bytes)
                .replace("{clustered}", clustered)
                .replace(" TEXT NOT NULL", text);
            Migration::unapplied(name, &sql)
                .map_err(|error| Error::open(format!("migration {name}: {error}")))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Runner::new(&migrations)
        .set_abort_divergent(true)
        .set_abort_missing(true))
}

fn failed(error: refinery::Error) -> Error {
    Error::open(format!(
        "the store can't be brought to this version's schema: {error}. Nothing was changed; restore the matching version or a backup"
    ))
}

/// Migrates a SQLite database.
pub(crate) fn sqlite(connection: &mut rusqlite::Connection) -> Result<()> {
    runner("BLOB", "WITHOUT ROWID", " TEXT NOT NULL")?
        .run(connection)
        .map_err(failed)?;
    Ok(())
}

/// Migrates a PostgreSQL database.
pub(crate) async fn postgres(pool: &deadpool_postgres::Pool) -> Result<()> {
    let mut connection = pool.get().await.map_err(|error| {
        Error::open(format!(
            "PostgreSQL can't be reached: {error}. Check the address given with --store"
        ))
    })?;
    let client: &mut tokio_postgres::Client = &mut connection;
    // Text is compared byte by byte, as SQLite does, whatever the database's own language.
    let runner = runner("BYTEA", "", " TEXT COLLATE \"C\" NOT NULL")?;
    // Of several servers that start at once one migrates; the others look again.
    for _ in 1..ATTEMPTS {
        if runner.run_async(client).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_ATTEMPTS).await;
    }
    runner.run_async(client).await.map_err(failed)?;
    Ok(())
}

/// A table as the schema describes it: name, columns, key columns.
pub(crate) type Described = (
    &'static str,
    Vec<(&'static str, ColumnKind)>,
    Vec<&'static str>,
);

/// Every table of the schema, read off the migrations' text, so that copies and backups can't miss
/// a table or a column.
pub(crate) fn tables() -> Vec<Described> {
    let text = || MIGRATIONS.iter().map(|(_, sql)| *sql);
    let mut tables: Vec<Described> = text()
        .flat_map(|sql| sql.split("CREATE TABLE ").skip(1))
        .filter_map(described)
        .collect();
    for (table, column) in text().flat_map(added_columns) {
        let described = tables.iter_mut().find(|described| described.0 == table);
        described
            .expect("a table is made before it is altered")
            .1
            .push(column);
    }
    tables
}

/// The columns that a migration adds to tables that were there.
fn added_columns(
    text: &'static str,
) -> impl Iterator<Item = (&'static str, (&'static str, ColumnKind))> {
    text.split("ALTER TABLE ").skip(1).filter_map(|rest| {
        let (table, rest) = rest.split_once(" ADD COLUMN ")?;
        let (column, kind) = rest.split_once(' ')?;
        Some((table.trim_matches('"'), (column, kind_of(kind)?)))
    })
}

fn kind_of(sql: &str) -> Option<ColumnKind> {
    match sql.split([' ', ';', '\n']).next()? {
        "BIGINT" => Some(ColumnKind::Int),
        "TEXT" => Some(ColumnKind::Text),
        "{bytes}" => Some(ColumnKind::Bytes),
        _ => None,
    }
}

fn described(text: &'static str) -> Option<Described> {
    let (name, rest) = text.split_once(" (")?;
    let (body, _) = rest.split_once("\n)")?;
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for line in body
        .lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !line.is_empty())
    {
        if let Some(names) = line.strip_prefix("PRIMARY KEY (") {
            key = names.trim_end_matches(')').split(", ").collect();
            continue;
        }
        let (column, kind) = line.split_once(' ')?;
        if kind.contains("PRIMARY KEY") {
            key = vec![column];
        }
        columns.push((column, kind_of(kind)?));
    }
    Some((name.trim_matches('"'), columns, key))
}

#[cfg(test)]
mod tests {
    use catalogue::Kind;

    use super::*;

    #[test]
    fn units_that_are_there_already_learn_where_they_belong() {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        let before = runner_of(&MIGRATIONS[..2], "BLOB", "WITHOUT ROWID", " TEXT NOT NULL");
        before.unwrap().run(&mut connection).unwrap();
        let rows = "INSERT INTO resource VALUES (1, 10, 7, 'Room', 1, '{}'); \
                    INSERT INTO unit VALUES (1, 11, 10, 1, '{}'), (1, 12, 99, 1, '{}'), (2, 11, 10, 1, '{}')";
        connection.execute_batch(rows).unwrap();
        sqlite(&mut connection).unwrap();
        let homes: Vec<Option<i64>> = connection
            .prepare("SELECT organization_id FROM unit ORDER BY tenant_id, id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(|home| home.unwrap())
            .collect();
        assert_eq!(homes, [Some(7), None, None]);
    }

    #[test]
    fn the_schema_has_every_column_of_every_kind() {
        let tables = tables();
        let check = |table: &catalogue::Table| {
            let described = tables.iter().find(|described| described.0 == table.name);
            let (_, columns, key) = described.unwrap_or_else(|| panic!("no table {}", table.name));
            let kinds: Vec<_> = table
                .columns
                .iter()
                .map(|column| (column.name, column.kind))
                .collect();
            // A column that was added later stands behind the others in the text.
            let mut columns = columns.clone();
            let mut kinds: Vec<_> = kinds;
            columns.sort_unstable_by_key(|column| column.0);
            kinds.sort_unstable_by_key(|column| column.0);
            assert_eq!(columns, kinds, "columns of {}", table.name);
            let keys: Vec<_> = table
                .columns
                .iter()
                .filter(|column| column.key)
                .map(|column| column.name)
                .collect();
            assert_eq!(key, &keys, "key of {}", table.name);
        };
        check(&crate::tables::LANE);
        check(&crate::tables::ALLOCATION);
        check(&crate::tables::JOURNAL);
        check(&crate::tables::OUTBOX);
        check(&crate::tables::AUDIT);
        check(&crate::tables::IDEMPOTENCY);
        check(catalogue::access::Tenant::TABLE);
        check(catalogue::access::Client::TABLE);
        check(catalogue::access::Grant::TABLE);
        check(catalogue::access::Token::TABLE);
        check(catalogue::oauth::App::TABLE);
        check(catalogue::oauth::AppSecret::TABLE);
        check(catalogue::oauth::Installation::TABLE);
        check(catalogue::oauth::AuthorizationCode::TABLE);
        check(catalogue::oauth::TokenFamily::TABLE);
        check(catalogue::people::User::TABLE);
        check(catalogue::people::Employee::TABLE);
        check(catalogue::people::Session::TABLE);
        check(catalogue::people::PasswordReset::TABLE);
        check(catalogue::inventory::Organization::TABLE);
        check(catalogue::inventory::Resource::TABLE);
        check(catalogue::inventory::Unit::TABLE);
        check(catalogue::inventory::StoredDay::TABLE);
        check(catalogue::sale::Booking::TABLE);
        check(catalogue::sale::Line::TABLE);
        check(catalogue::sale::Note::TABLE);
        check(catalogue::sale::Guest::TABLE);
        check(catalogue::delivery::Subscription::TABLE);
        check(catalogue::delivery::Health::TABLE);
        check(catalogue::delivery::Delivery::TABLE);
        check(catalogue::delivery::Attempt::TABLE);
        check(catalogue::delivery::Mail::TABLE);
        check(catalogue::inventory::StoredPrice::TABLE);
        check(catalogue::customers::Order::TABLE);
        check(catalogue::customers::Customer::TABLE);
        check(catalogue::customers::Owner::TABLE);
        for table in catalogue::content::TABLES
            .iter()
            .chain(catalogue::records::TABLES)
        {
            check(table);
        }
        for table in catalogue::links::TABLES {
            check(table);
        }
    }
}
