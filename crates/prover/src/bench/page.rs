//! Pages of a hundred bookings through Beds24 and of 30 reservations with five includes through Booking
//! Experts, and beside both the bare statements that no such page can do without.
//!
//! Each page is asked for twice, because rows that nobody has read for a while come from the disk or the
//! system's memory: the first time is a figure of its own, the second is what somebody waits for who looks at
//! the list again, and what the targets are about.

use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::civil::{Date, date};

use super::bare::{postgres, sqlite};
use crate::bookingexperts::{Access, BookingExperts};
use crate::chance::Chance;
use crate::demo::Demo;
use crate::http::{Connection, Request, Target};
use crate::latency::{Latency, LatencySummary};
use crate::load::Places;
use crate::watch;

/// Pages that are fetched one after another.
const PAGES: usize = 200;
/// Bookings of a page.
const BOOKINGS: usize = 100;
/// Reservations of a page.
const SIZE: usize = 30;
/// What comes along.
const INCLUDES: &str = "booking,order,rentable_type,inventory_object,administration";

/// How long the bare statements of both pages took.
#[derive(Debug, Clone, Copy)]
pub struct BareVisits {
    /// Of a hundred bookings.
    pub bookings: Visits,
    /// Of 30 reservations with what belongs to them.
    pub reservations: Visits,
}

/// How long pages took.
#[derive(Debug, Clone, Copy)]
pub struct Visits {
    /// When nobody had looked at them.
    pub first: LatencySummary,
    /// When somebody had.
    pub again: LatencySummary,
}

/// The same for whoever measures.
#[derive(Debug, Default)]
struct Visiting {
    first: Latency,
    again: Latency,
}

impl Visiting {
    /// The histogram of the first visits, then of the second.
    fn in_turn(&mut self) -> [&mut Latency; 2] {
        [&mut self.first, &mut self.again]
    }

    fn visits(&self) -> Visits {
        Visits {
            first: self.first.summary(),
            again: self.again.summary(),
        }
    }
}

/// The days whose pages are fetched, one after another: what a person who looks at a list waits for.
fn days(places: &Places, chance: &mut Chance) -> Vec<Date> {
    (0..PAGES).map(|_| places.draw(chance).1).collect()
}

/// Fetches pages of a hundred bookings that arrive from a day on.
pub async fn bookings(demo: &Demo, places: &Places, chance: &mut Chance) -> anyhow::Result<Visits> {
    let mut connection = Connection::to(Target::parse(&demo.beds24.base_url)?);
    let headers = [("token", demo.beds24.token.as_str())];
    let days = days(places, chance);
    let mut visiting = Visiting::default();
    for latency in visiting.in_turn() {
        for day in &days {
            let path = format!("/bookings?arrivalFrom={day}");
            let began = watch::instant();
            let answer = connection.send(Request::get(&path, &headers)).await?;
            latency.record(began.elapsed());
            if answer.status != 200 {
                bail!("a page of bookings: {}", answer.excerpt());
            }
        }
    }
    Ok(visiting.visits())
}

/// Fetches pages of the arrivals of a day, with what belongs to the reservations.
pub async fn reservations(
    access: Access,
    places: &Places,
    chance: &mut Chance,
) -> anyhow::Result<Visits> {
    let mut client = BookingExperts::new(access)?;
    let days = days(places, chance);
    let mut visiting = Visiting::default();
    for latency in visiting.in_turn() {
        for day in &days {
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
    }
    Ok(visiting.visits())
}

/// The statements of one page. Of bookings: its rows, and one more that tells whether there is another page.
/// Of reservations: its rows and their number, then what belongs to these rows.
struct Statements {
    tenant: i64,
    day: i64,
}

impl Statements {
    fn draw(tenant: i64, places: &Places, chance: &mut Chance) -> Vec<Self> {
        let days = days(places, chance).into_iter();
        days.map(|day| Self {
            tenant,
            day: i64::from((day - EPOCH).get_days()),
        })
        .collect()
    }

    fn bookings(&self) -> String {
        let Self { tenant, day } = self;
        format!(
            "SELECT * FROM booking WHERE tenant_id = {tenant} AND arrival_on >= {day} \
             ORDER BY arrival_on, id LIMIT {}",
            BOOKINGS + 1
        )
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

/// How long the bare statements take on SQLite.
pub fn on_sqlite(
    file: &Path,
    tenant: i64,
    places: &Places,
    chance: &mut Chance,
) -> anyhow::Result<BareVisits> {
    let connection = sqlite::open(file)?;
    let pages = Statements::draw(tenant, places, chance);
    let read = |text: &str| -> rusqlite::Result<()> {
        let mut statement = connection.prepare(text)?;
        let mut found = statement.query([])?;
        while found.next()?.is_some() {}
        Ok(())
    };
    let mut bookings = Visiting::default();
    for latency in bookings.in_turn() {
        for asked in &pages {
            let began = watch::instant();
            read(&asked.bookings())?;
            latency.record(began.elapsed());
        }
    }
    let mut visiting = Visiting::default();
    for latency in visiting.in_turn() {
        for asked in &pages {
            let began = watch::instant();
            let mut statement = connection.prepare(&asked.rows())?;
            let rows =
                statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
            let rows: Vec<[i64; 3]> = rows.collect::<rusqlite::Result<_>>()?;
            let _: i64 = connection.query_row(&asked.count(), [], |row| row.get(0))?;
            for text in asked.related(&rows) {
                read(&text)?;
            }
            latency.record(began.elapsed());
        }
    }
    Ok(BareVisits {
        bookings: bookings.visits(),
        reservations: visiting.visits(),
    })
}

/// The same on PostgreSQL.
pub async fn on_postgres(
    address: &str,
    tenant: i64,
    places: &Places,
    chance: &mut Chance,
) -> anyhow::Result<BareVisits> {
    let client = postgres::connect(address).await?;
    let pages = Statements::draw(tenant, places, chance);
    let mut bookings = Visiting::default();
    for latency in bookings.in_turn() {
        for asked in &pages {
            let began = watch::instant();
            client.query(&asked.bookings(), &[]).await?;
            latency.record(began.elapsed());
        }
    }
    let mut visiting = Visiting::default();
    for latency in visiting.in_turn() {
        for asked in &pages {
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
    }
    Ok(BareVisits {
        bookings: bookings.visits(),
        reservations: visiting.visits(),
    })
}
