//! The bare loop on PostgreSQL: one connection, the rows of a batch as arrays.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row, Statement, Transaction};

use super::{Bare, BareBooking, BareOutcome, Cell, TABLES, Template, peak};
use crate::chance::Chance;
use crate::latency::Latency;
use crate::watch;

/// Connects; the connection works in the background until the client is dropped.
pub async fn connect(address: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(address, NoTls)
        .await
        .context("connecting to PostgreSQL")?;
    tokio::spawn(connection);
    Ok(client)
}

/// Reads a row of each table.
pub async fn prepare(client: &Client, lanes: Vec<i64>, days: i64) -> anyhow::Result<Bare> {
    let mut templates = Vec::new();
    for table in TABLES {
        let filter = if table == "journal" {
            "WHERE kind = 'take'"
        } else {
            ""
        };
        let row = client
            .query_opt(&format!("SELECT * FROM {table} {filter} LIMIT 1"), &[])
            .await?
            .with_context(|| format!("a row of {table} to copy"))?;
        templates.push(template(table, &row)?);
    }
    let largest: i64 = client
        .query_one("SELECT max(id) FROM allocation", &[])
        .await?
        .get(0);
    Bare::new(templates, lanes, largest, days)
}

fn template(table: &'static str, row: &Row) -> anyhow::Result<Template> {
    let mut cells = Vec::new();
    for (position, column) in row.columns().iter().enumerate() {
        cells.push(match *column.type_() {
            Type::INT8 => row.get::<_, Option<i64>>(position).map(Cell::Int),
            Type::TEXT => row.get::<_, Option<String>>(position).map(Cell::Text),
            Type::BYTEA => row.get::<_, Option<Vec<u8>>>(position).map(Cell::Bytes),
            ref other => bail!("column {} of {table} is of type {other}", column.name()),
        });
    }
    let columns = row
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    let row = cells
        .into_iter()
        .map(|cell| cell.unwrap_or(Cell::Null))
        .collect();
    Ok(Template {
        table,
        columns,
        row,
    })
}

/// The statements of a batch.
struct Statements {
    lock: Statement,
    look: Statement,
    inserts: Vec<Statement>,
    head: Statement,
}

impl Statements {
    async fn prepare(client: &Client, bare: &Bare) -> anyhow::Result<Self> {
        let mut inserts = Vec::new();
        for (table, name) in TABLES.iter().enumerate() {
            inserts.push(prepare_insert(client, name, bare.columns(table)).await?);
        }
        let lock = "SELECT id, capacity, sequence, longest_s FROM lane \
                    WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE";
        let look = "SELECT a.lane_id, a.starts_at, a.ends_at, a.quantity \
                    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) \
                    AS each (lane_id, first, until, after) \
                    JOIN allocation a ON a.tenant_id = $1 AND a.lane_id = each.lane_id \
                    AND a.starts_at >= each.first AND a.starts_at < each.until AND a.ends_at > each.after";
        let head = "UPDATE lane SET sequence = each.sequence, hash = decode(repeat('00', 32), 'hex') \
                    FROM unnest($2::bigint[], $3::bigint[]) AS each (id, sequence) \
                    WHERE lane.tenant_id = $1 AND lane.id = each.id";
        Ok(Self {
            lock: client.prepare(lock).await?,
            look: client.prepare(look).await?,
            head: client.prepare(head).await?,
            inserts,
        })
    }
}

async fn prepare_insert(
    client: &Client,
    table: &str,
    columns: &[String],
) -> anyhow::Result<Statement> {
    let probe = client
        .prepare(&format!(
            "SELECT {} FROM {table} LIMIT 0",
            columns.join(", ")
        ))
        .await?;
    let arrays: Vec<String> = probe
        .columns()
        .iter()
        .enumerate()
        .map(|(position, column)| format!("${}::{}[]", position + 1, column.type_().name()))
        .collect();
    let text = format!(
        "INSERT INTO {table} ({}) SELECT * FROM unnest({})",
        columns.join(", "),
        arrays.join(", ")
    );
    Ok(client.prepare(&text).await?)
}

/// Books in batches for a while, one commit each.
pub async fn run(
    client: &mut Client,
    bare: &mut Bare,
    batch: usize,
    duration: Duration,
    chance: &mut Chance,
) -> anyhow::Result<BareOutcome> {
    let statements = Statements::prepare(client, bare).await?;
    let mut commits = Latency::default();
    let mut booked = 0_u64;
    let began = watch::instant();
    while began.elapsed() < duration {
        let bookings = bare.draw(batch, chance);
        let commit_began = watch::instant();
        let transaction = client.transaction().await?;
        book(&transaction, &statements, bare, &bookings).await?;
        transaction.commit().await?;
        commits.record(commit_began.elapsed());
        booked += bookings.len() as u64;
    }
    Ok(BareOutcome {
        per_second: booked as f64 / began.elapsed().as_secs_f64(),
        commits,
    })
}

async fn book(
    transaction: &Transaction<'_>,
    statements: &Statements,
    bare: &Bare,
    bookings: &[BareBooking],
) -> anyhow::Result<()> {
    let mut lanes: Vec<i64> = bookings.iter().map(|booking| booking.lane).collect();
    lanes.dedup();
    let locked = transaction
        .query(&statements.lock, &[&bare.tenant, &lanes])
        .await?;
    let mut heads: BTreeMap<i64, (i64, i64)> = locked
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect();
    let longest: i64 = locked
        .iter()
        .map(|row| row.get::<_, i64>(3))
        .max()
        .unwrap_or_default();
    let full = look(transaction, statements, bare, bookings, longest, &heads).await?;
    let mut rows: Vec<Vec<Vec<Cell>>> = vec![Vec::with_capacity(bookings.len()); TABLES.len()];
    for booking in bookings {
        let head = heads
            .get_mut(&booking.lane)
            .context("a lane that was locked")?;
        head.1 += 1;
        for (table, rows) in rows.iter_mut().enumerate() {
            rows.push(bare.row(table, *booking, head.1));
        }
    }
    // The check must be made; a full night is booked all the same, for the sake of the rows.
    std::hint::black_box(full);
    for (insert, rows) in statements.inserts.iter().zip(&rows) {
        let arrays = arrays(insert, rows)?;
        let arrays: Vec<&(dyn ToSql + Sync)> = arrays
            .iter()
            .map(|array| &**array as &(dyn ToSql + Sync))
            .collect();
        transaction.execute(insert, &arrays).await?;
    }
    let (ids, sequences): (Vec<i64>, Vec<i64>) = heads
        .iter()
        .map(|(id, (_, sequence))| (*id, *sequence))
        .unzip();
    transaction
        .execute(&statements.head, &[&bare.tenant, &ids, &sequences])
        .await?;
    Ok(())
}

/// How many of the bookings would not fit.
async fn look(
    transaction: &Transaction<'_>,
    statements: &Statements,
    bare: &Bare,
    bookings: &[BareBooking],
    longest: i64,
    heads: &BTreeMap<i64, (i64, i64)>,
) -> anyhow::Result<usize> {
    let column = |read: fn(&BareBooking) -> i64| bookings.iter().map(read).collect::<Vec<i64>>();
    let first: Vec<i64> = bookings
        .iter()
        .map(|booking| booking.starts_at - longest)
        .collect();
    let parameters: [&(dyn ToSql + Sync); 5] = [
        &bare.tenant,
        &column(|booking| booking.lane),
        &first,
        &column(|booking| booking.ends_at),
        &column(|booking| booking.starts_at),
    ];
    let mut taken: BTreeMap<i64, Vec<(i64, i64, i64)>> = BTreeMap::new();
    for row in transaction.query(&statements.look, &parameters).await? {
        taken
            .entry(row.get(0))
            .or_default()
            .push((row.get(1), row.get(2), row.get(3)));
    }
    let is_full = |booking: &&BareBooking| {
        let (Some(taken), Some((capacity, _))) =
            (taken.get(&booking.lane), heads.get(&booking.lane))
        else {
            return false;
        };
        peak(taken, booking.starts_at, booking.ends_at) >= *capacity
    };
    Ok(bookings.iter().filter(is_full).count())
}

/// The values of a column.
type Array = Box<dyn ToSql + Send + Sync>;

/// The rows as one array for each column.
fn arrays(insert: &Statement, rows: &[Vec<Cell>]) -> anyhow::Result<Vec<Array>> {
    let columns = insert.params().iter().enumerate();
    columns
        .map(|(position, array)| {
            let cells = rows.iter().map(|row| &row[position]);
            Ok::<Array, anyhow::Error>(match *array {
                Type::INT8_ARRAY => Box::new(cells.map(int).collect::<Vec<Option<i64>>>()),
                Type::TEXT_ARRAY => Box::new(cells.map(text).collect::<Vec<Option<String>>>()),
                Type::BYTEA_ARRAY => Box::new(cells.map(bytes).collect::<Vec<Option<Vec<u8>>>>()),
                ref other => bail!("an array of type {other}"),
            })
        })
        .collect()
}

fn int(cell: &Cell) -> Option<i64> {
    if let Cell::Int(value) = cell {
        Some(*value)
    } else {
        None
    }
}

fn text(cell: &Cell) -> Option<String> {
    if let Cell::Text(text) = cell {
        Some(text.clone())
    } else {
        None
    }
}

fn bytes(cell: &Cell) -> Option<Vec<u8>> {
    if let Cell::Bytes(bytes) = cell {
        Some(bytes.clone())
    } else {
        None
    }
}
