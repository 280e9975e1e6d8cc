//! A page of 30 reservations with five includes through Booking Experts, and beside it the bare
//! statements that no such page can do without.

use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::civil::{Date, date};

use super::bare::{postgres, sqlite};
use crate::bookingexperts::BookingExperts;
use crate::chance::Chance;
use crate::latency::{Latency, LatencySummary};
use crate::load::Places;
use crate::watch;

/// Pages that are fetched one after another.
const PAGES: usize = 200;
/// Reservations of a page.
const SIZE: usize = 30;
/// What comes along.
const INCLUDES: &str = "booking,order,rentable_type,inventory_object,administration";

/// Fetches pages of the arrivals of a day, one after another.
pub async fn reservations(
    client: &mut BookingExperts,
    places: &Places,
    chance: &mut Chance,
) -> anyhow::Result<LatencySummary> {
    let mut latency = Latency::default();
    for _ in 0..PAGES {
        let (_, day) = places.draw(chance);
        let path = format!(
            "/reservations?filter[start_date]={day}&sort=id&page[size]={SIZE}&include={INCLUDES}"
        );
        let began = watch::instant();
        let answer = client.send("GET", &path, None).await?;
        latency.record(began.elapsed());
        if answer.status != 200 {
            bail!("a page of reservations: {}", answer.excerpt());
        }
    }
    Ok(latency.summary())
}

/// The statements of one page: its rows and their number, then what belongs to these rows.
struct Statements {
    tenant: i64,
    day: i64,
}

impl Statements {
    fn draw(tenant: i64, places: &Places, chance: &mut Chance) -> Self {
        let (_, day) = places.draw(chance);
        Self {
            tenant,
            day: i64::from((day - EPOCH).get_days()),
        }
    }

    fn rows(&self) -> String {
        let Self { tenant, day } = self;
        format!(
            "SELECT id, resource_id, organization_id FROM booking WHERE tenant_id = {tenant} \
             AND arrival_on = {day} ORDER BY id LIMIT {SIZE}"
        )
    }

    fn count(&self) -> String {
        let Self { tenant, day } = self;
        format!("SELECT count(*) FROM booking WHERE tenant_id = {tenant} AND arrival_on = {day}")
    }

    /// What belongs to the rows: their lines, types and properties, whole.
    fn related(&self, rows: &[[i64; 3]]) -> [String; 4] {
        let tenant = self.tenant;
        let listed = |column: usize| {
            let mut ids: Vec<i64> = rows.iter().map(|row| row[column]).collect();
            ids.sort_unstable();
            ids.dedup();
            let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
            // No row has the id 0, and no list may be empty.
            format!("(0,{})", ids.join(",")).replace(",)", ")")
        };
        let from = |table: &str, column: &str, ids: String| {
            format!("SELECT * FROM {table} WHERE tenant_id = {tenant} AND {column} IN {ids}")
        };
        [
            from("booking", "id", listed(0)),
            from("line", "booking_id", listed(0)),
            from("resource", "id", listed(1)),
            from("organization", "id", listed(2)),
        ]
    }
}

const EPOCH: Date = date(1970, 1, 1);

/// The median of the bare statements on SQLite, in milliseconds.
pub fn on_sqlite(
    file: &Path,
    tenant: i64,
    places: &Places,
    chance: &mut Chance,
) -> anyhow::Result<f64> {
    let connection = sqlite::open(file)?;
    let mut latency = Latency::default();
    for _ in 0..PAGES {
        let asked = Statements::draw(tenant, places, chance);
        let began = watch::instant();
        let mut statement = connection.prepare(&asked.rows())?;
        let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
        let rows: Vec<[i64; 3]> = rows.collect::<rusqlite::Result<_>>()?;
        let _: i64 = connection.query_row(&asked.count(), [], |row| row.get(0))?;
        for text in asked.related(&rows) {
            let mut statement = connection.prepare(&text)?;
            let mut found = statement.query([])?;
            while found.next()?.is_some() {}
        }
        latency.record(began.elapsed());
    }
    Ok(latency.summary().p50_ms)
}

/// The same on PostgreSQL.
pub async fn on_postgres(
    address: &str,
    tenant: i64,
    places: &Places,
    chance: &mut Chance,
) -> anyhow::Result<f64> {
    let client = postgres::connect(address).await?;
    let mut latency = Latency::default();
    for _ in 0..PAGES {
        let asked = Statements::draw(tenant, places, chance);
        let began = watch::instant();
        let found = client.query(&asked.rows(), &[]).await?;
        let rows = found.iter().map(|row| [row.get(0), row.get(1), row.get(2)]);
        let rows: Vec<[i64; 3]> = rows.collect();
        client.query_one(&asked.count(), &[]).await?;
        for text in asked.related(&rows) {
            client.query(&text, &[]).await.context("a bare statement")?;
        }
        latency.record(began.elapsed());
    }
    Ok(latency.summary().p50_ms)
}
