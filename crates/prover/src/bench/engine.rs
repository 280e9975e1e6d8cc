//! The measurements of one engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::BenchOptions;
use super::at_store;
use super::bare::{Bare, BareOutcome, postgres, sqlite};
use super::ceiling::Ceiling;
use super::page::{self, BareVisits, Visits};
use super::table::{self, Line};
use crate::bookingexperts::Access;
use crate::chance::{self, Chance};
use crate::database::Database;
use crate::house::{House, HouseOptions};
use crate::http::Target;
use crate::load::{Load, LoadFigures, Places, Question, fill, generate, make_places};
use crate::screen::say;
use crate::watch;
use store::StoreConfig;

/// Bookings of a batch in the bare loop: as many as there are connections at most.
const BATCH: usize = 256;
/// Connections that ask for availability.
const ASKING: usize = 64;
/// Days of the lane that everybody wants, so that it is not sold out within a run.
const HOT_DAYS: i64 = 2_400;
/// Long enough to book at least once.
const SOME_BOOKINGS: Duration = Duration::from_millis(100);
/// The targets, as the design states them.
const PART_OF_BARE: f64 = 0.6;
const PAGE_MS: f64 = 3.0;
const RESERVATIONS_MS: f64 = 5.0;
const MEMORY_MB: f64 = 200.0;
const FIRST_ANSWER_MS: f64 = 1_000.0;
const LONE_MS: f64 = 1.0;

struct Measured {
    engine: &'static str,
    seconds: u64,
    seed: u64,
    /// Which round this is, from 0.
    round: usize,
    /// The key of an app that speaks Booking Experts.
    api_key: String,
    lines: Vec<Line>,
}

/// The figures over HTTP that are compared with ceilings once those are known.
struct Bookings {
    spread: Vec<(usize, LoadFigures)>,
    hot: Vec<(usize, LoadFigures)>,
    availability: LoadFigures,
    page: Visits,
    reservations: Visits,
}

/// Measures one engine.
pub async fn measure(options: &BenchOptions, store: &str, seed: u64) -> anyhow::Result<Vec<Line>> {
    let house_options = HouseOptions {
        binary: options.binary.clone(),
        store: store.to_owned(),
        ..HouseOptions::default()
    };
    let mut measured = Measured {
        engine: house_options.store_word(),
        seconds: options.seconds,
        seed,
        round: 0,
        api_key: String::new(),
        lines: Vec::new(),
    };
    say(format!("measuring {}", measured.engine));
    let database = Database::roomy_for_store(store).await?;
    let mut house = House::open_on(database, &house_options, &[]).await?;
    let places = Arc::new(make_places(&mut house.client()?, options.lanes).await?);
    measured.api_key = house.let_in("Bench", &[]).await?;
    let began = watch::instant();
    fill(&house, &places, options.allocations, seed).await?;
    let rate = options.allocations as f64 / began.elapsed().as_secs_f64();
    measured.line("bookings over HTTP, arrays of 500", rate, "/s");
    let mut lines = std::mem::take(&mut measured.lines);

    // A machine is not the same from minute to minute, so figures and their ceilings are
    // measured in turns, and the middle round counts.
    let mut rounds = Vec::new();
    for round in 0..options.rounds.max(1) {
        say(format!("  round {} of {}", round + 1, options.rounds));
        measured.round = round;
        measured.one_round(&mut house, options, &places).await?;
        rounds.push(std::mem::take(&mut measured.lines));
    }
    house.close().await?;
    lines.extend(table::middle(rounds));
    Ok(lines)
}

impl Measured {
    async fn one_round(
        &mut self,
        house: &mut House,
        options: &BenchOptions,
        places: &Arc<Places>,
    ) -> anyhow::Result<()> {
        self.start_again(house).await?;
        self.memory(house, "after the start")?;
        let bookings = self.over_http(house, options, places).await?;
        self.memory(house, "after the load")?;
        // The ceilings want the tables for themselves.
        house.server()?.stop().await?;
        self.against_ceilings(house, bookings, places, &options.connections)
            .await
    }

    fn line(&mut self, what: &str, figure: f64, unit: &'static str) {
        self.lines.push(Line::new(self.engine, what, figure, unit));
    }

    async fn start_again(&mut self, house: &mut House) -> anyhow::Result<()> {
        if self.round == 0 {
            house.server()?.stop().await?;
        }
        settle(&store_config(house)?).await?;
        let took = house.server()?.restart().await?;
        let line = Line::new(
            self.engine,
            "first answer after the start",
            took.as_secs_f64() * 1000.0,
            "ms",
        );
        self.lines.push(line.at_most(FIRST_ANSWER_MS));
        Ok(())
    }

    /// Resident memory with its target, and beside it what is not merely mapped files.
    fn memory(&mut self, house: &House, when: &str) -> anyhow::Result<()> {
        let process = house.process.as_ref().context("a server of its own")?;
        let memory = process.memory()?;
        let megabytes = |bytes: u64| bytes as f64 / 1_000_000.0;
        let what = format!("memory {when}");
        let line = Line::new(self.engine, what, megabytes(memory.resident), "MB");
        self.lines.push(line.at_most(MEMORY_MB));
        let what = format!("memory {when}, without mapped files");
        self.line(&what, megabytes(memory.own), "MB");
        Ok(())
    }

    fn load(
        &self,
        house: &House,
        question: Question,
        places: &Arc<Places>,
        connections: usize,
    ) -> anyhow::Result<Load> {
        Ok(Load {
            target: Target::parse(&house.demo.beds24.base_url)?,
            token: house.demo.beds24.token.clone(),
            question,
            places: Arc::clone(places),
            connections,
            warm_up: Duration::from_secs(1),
            duration: Duration::from_secs(self.seconds),
            seed: self.seed ^ connections as u64,
        })
    }

    async fn over_http(
        &mut self,
        house: &mut House,
        options: &BenchOptions,
        places: &Arc<Places>,
    ) -> anyhow::Result<Bookings> {
        let mut spread = Vec::new();
        let mut hot = Vec::new();
        for connections in &options.connections {
            let figures = self
                .ask(house, Question::Book, places, *connections)
                .await?;
            spread.push((*connections, figures));
            let mut lane = make_places(&mut house.client()?, 1).await?;
            lane.days = HOT_DAYS;
            let figures = self
                .ask(house, Question::Book, &Arc::new(lane), *connections)
                .await?;
            hot.push((*connections, figures));
        }
        let availability = self
            .ask(house, Question::Availability, places, ASKING)
            .await?;
        let page = self.page(house, places).await?;
        let reservations = self.reservations(house, places).await?;
        Ok(Bookings {
            spread,
            hot,
            availability,
            page,
            reservations,
        })
    }

    async fn ask(
        &self,
        house: &House,
        question: Question,
        places: &Arc<Places>,
        connections: usize,
    ) -> anyhow::Result<LoadFigures> {
        let figures = generate(self.load(house, question, places, connections)?).await?;
        if figures.failed > 0 || figures.done == 0 {
            bail!(
                "{question:?} from {connections} connections: {} done, {} refused, {} failed, such as {:?}",
                figures.done,
                figures.refused,
                figures.failed,
                figures.failure
            );
        }
        say(format!(
            "  {question:?} from {connections}: {:.0} /s, p99 {:.2} ms, {} refused",
            figures.per_second, figures.latency.p99_ms, figures.refused
        ));
        Ok(figures)
    }

    /// Pages of bookings through Beds24.
    async fn page(&self, house: &House, places: &Places) -> anyhow::Result<Visits> {
        let mut chance = chance::stream(self.seed, 1 << 33);
        page::bookings(&house.demo, places, &mut chance).await
    }

    /// The same through Booking Experts, with what belongs to the reservations.
    async fn reservations(&self, house: &House, places: &Arc<Places>) -> anyhow::Result<Visits> {
        let demo = Access::of_demo(&house.demo)?;
        let access = Access {
            api_key: self.api_key.clone(),
            ..demo
        };
        let mut chance = chance::stream(self.seed, 1 << 35);
        page::reservations(access, places, &mut chance).await
    }

    /// How long a page took that somebody looked at again, with its target, and that nobody had looked at.
    fn page_lines(&mut self, what: &str, figures: Visits, bare: Visits, most_ms: f64) {
        let line = Line::new(self.engine, what, figures.again.p50_ms, "ms");
        let line = line.latency(&figures.again).ceiling(bare.again.p50_ms);
        self.lines.push(line.at_most(most_ms));
        let what = "the same page, the first time";
        let line = Line::new(self.engine, what, figures.first.p50_ms, "ms");
        let line = line.latency(&figures.first);
        self.lines.push(line.ceiling(bare.first.p50_ms));
    }

    async fn against_ceilings(
        &mut self,
        house: &House,
        bookings: Bookings,
        places: &Arc<Places>,
        tasks: &[usize],
    ) -> anyhow::Result<()> {
        let config = store_config(house)?;
        let tenant = house.demo.tabard.tenant_id;
        // A row of each table is copied, and the server's own may have left the outbox by now.
        at_store::run(&config, tenant, places, 1, SOME_BOOKINGS, self.seed).await?;
        let mut tables = Tables::open(&config, places).await?;
        let duration = Duration::from_secs(self.seconds);
        let mut chance = chance::stream(self.seed, 1 << 34);
        let alone = tables.run(1, None, duration, &mut chance).await?;
        let spread = tables.run(BATCH, None, duration, &mut chance).await?;
        let hot = tables
            .run(BATCH, Some(self.round), duration, &mut chance)
            .await?;
        let ceilings = [(&alone, &spread), (&alone, &hot)];
        for (number, tasks) in tasks.iter().enumerate() {
            let lane = Places {
                days: HOT_DAYS,
                ..places.only(number)
            };
            let lane = Arc::new(lane);
            self.at_store(&config, tenant, [places, &lane], *tasks, ceilings)
                .await?;
        }
        self.bare_line("bare loop, one commit per booking", &alone);
        self.bare_line("bare loop, batches of 256, spread", &spread);
        self.bare_line("bare loop, batches of 256, one lane", &hot);
        self.booking_lines("spread over 1,000 lanes", bookings.spread, &alone, &spread);
        self.booking_lines("all on one lane", bookings.hot, &alone, &hot);
        let bare = tables.page(places, &mut chance).await?;
        let what = "a page of 100 bookings";
        self.page_lines(what, bookings.page, bare.bookings, PAGE_MS);
        let what = "a page of 30 reservations, five includes";
        let of_30 = bare.reservations;
        self.page_lines(what, bookings.reservations, of_30, RESERVATIONS_MS);
        let ceiling = self.bare_availability(&tables, places).await?;
        let availability = &bookings.availability;
        let line = Line::new(
            self.engine,
            "availability of 30 days over HTTP, 64",
            availability.per_second,
            "/s",
        );
        self.lines.push(
            line.latency(&availability.latency)
                .ceiling(ceiling)
                .at_least(PART_OF_BARE),
        );
        Ok(())
    }

    /// The server's code without HTTP, on the same tables.
    async fn at_store(
        &mut self,
        config: &StoreConfig,
        tenant: i64,
        places: [&Arc<Places>; 2],
        tasks: usize,
        ceilings: [(&BareOutcome, &BareOutcome); 2],
    ) -> anyhow::Result<()> {
        let duration = Duration::from_secs(self.seconds);
        let wheres = ["spread", "one lane"].into_iter().zip(places).zip(ceilings);
        for ((name, places), (alone, batches)) in wheres {
            // With another seed each: whoever drew the same nights again would find them taken.
            let seed = self.seed ^ tasks as u64;
            let outcome = at_store::run(config, tenant, places, tasks, duration, seed).await?;
            let ceiling = if tasks == 1 { alone } else { batches };
            let what = format!("bookings at the store, {tasks} tasks, {name}");
            let line = Line::new(self.engine, what, outcome.per_second, "/s");
            let line = line.latency(&outcome.commits.summary());
            self.lines.push(line.ceiling(ceiling.per_second));
        }
        Ok(())
    }

    fn bare_line(&mut self, what: &str, outcome: &BareOutcome) {
        let line = Line::new(self.engine, what, outcome.per_second, "/s");
        self.lines.push(line.latency(&outcome.commits.summary()));
    }

    fn booking_lines(
        &mut self,
        where_to: &str,
        figures: Vec<(usize, LoadFigures)>,
        alone: &BareOutcome,
        batches: &BareOutcome,
    ) {
        for (connections, figures) in figures {
            let what = format!("bookings over HTTP, {connections}, {where_to}");
            let line =
                Line::new(self.engine, what, figures.per_second, "/s").latency(&figures.latency);
            self.lines.push(match connections {
                1 => line.ceiling(alone.per_second),
                256 => line.ceiling(batches.per_second).at_least(PART_OF_BARE),
                _ => line.ceiling(batches.per_second),
            });
            if connections == 1 {
                let limit = alone.commits.summary().p50_ms + LONE_MS;
                let what = format!("a lone client, {where_to}");
                let line = Line::new(self.engine, what, figures.latency.p50_ms, "ms");
                self.lines.push(line.at_most(limit));
            }
        }
    }

    async fn bare_availability(
        &self,
        tables: &Tables,
        places: &Arc<Places>,
    ) -> anyhow::Result<f64> {
        let (ceiling, tenant_start) = tables.ceiling()?;
        let load = Load {
            target: Target {
                address: ceiling.address,
                prefix: String::new(),
            },
            token: String::new(),
            question: Question::Bare {
                first_start: tenant_start,
            },
            places: Arc::clone(places),
            connections: ASKING,
            warm_up: Duration::from_secs(1),
            duration: Duration::from_secs(self.seconds),
            seed: self.seed,
        };
        let figures = generate(load).await?;
        ceiling.close()?;
        if figures.done == 0 || figures.failed > 0 {
            bail!("the bare query behind axum failed: {:?}", figures.failure);
        }
        Ok(figures.per_second)
    }
}

/// Lets PostgreSQL do its housekeeping before a round instead of at some moment within it: what is there is
/// meant to have been there for a while, and no figure pays for the rows that another one left.
async fn settle(config: &StoreConfig) -> anyhow::Result<()> {
    if let StoreConfig::Postgres { url } = config {
        let client = postgres::connect(url).await?;
        client.batch_execute("VACUUM (ANALYZE)").await?;
    }
    Ok(())
}

/// The store of a server that is stopped.
fn store_config(house: &House) -> anyhow::Result<StoreConfig> {
    if let Some(database) = &house.database {
        let url = database.address().to_owned();
        return Ok(StoreConfig::Postgres { url });
    }
    let process = house.process.as_ref().context("a server of its own")?;
    let directory = process.settings().data.clone();
    Ok(StoreConfig::Sqlite { directory })
}

/// The server's tables, while it is stopped.
enum Tables {
    Sqlite {
        file: PathBuf,
        bare: Bare,
    },
    Postgres {
        client: tokio_postgres::Client,
        address: String,
        bare: Bare,
    },
}

impl Tables {
    async fn open(config: &StoreConfig, places: &Places) -> anyhow::Result<Self> {
        let mut lanes = places.rooms.clone();
        lanes.sort_unstable();
        Ok(match config {
            StoreConfig::Postgres { url } => {
                let client = postgres::connect(url).await?;
                let bare = postgres::prepare(&client, lanes, places.days).await?;
                let address = url.clone();
                Self::Postgres {
                    client,
                    address,
                    bare,
                }
            }
            StoreConfig::Sqlite { directory } => {
                let file = directory.join("tabard.db");
                let bare = sqlite::prepare(&sqlite::open(&file)?, lanes, places.days)?;
                Self::Sqlite { file, bare }
            }
        })
    }

    /// Books in batches; the loop on SQLite blocks, and nothing else runs meanwhile.
    async fn run(
        &mut self,
        batch: usize,
        hot_in: Option<usize>,
        duration: Duration,
        chance: &mut Chance,
    ) -> anyhow::Result<BareOutcome> {
        let (lanes, days) = (self.bare().lanes.clone(), self.bare().days);
        if let Some(round) = hot_in {
            *self.bare() = self.bare().hot(round, HOT_DAYS);
        }
        let outcome = match self {
            Self::Sqlite { file, bare } => {
                tokio::task::block_in_place(|| sqlite::run(file, bare, batch, duration, chance))
            }
            Self::Postgres { client, bare, .. } => {
                postgres::run(client, bare, batch, duration, chance).await
            }
        };
        (self.bare().lanes, self.bare().days) = (lanes, days);
        outcome
    }

    /// The bare statements of both pages.
    async fn page(&mut self, places: &Places, chance: &mut Chance) -> anyhow::Result<BareVisits> {
        let tenant = self.bare().tenant;
        match self {
            Self::Sqlite { file, .. } => {
                tokio::task::block_in_place(|| page::on_sqlite(file, tenant, places, chance))
            }
            Self::Postgres { address, .. } => {
                page::on_postgres(address, tenant, places, chance).await
            }
        }
    }

    /// How the store opens these tables.
    fn bare(&mut self) -> &mut Bare {
        match self {
            Self::Sqlite { bare, .. } | Self::Postgres { bare, .. } => bare,
        }
    }

    /// The query behind axum, and the second at which the first night begins.
    fn ceiling(&self) -> anyhow::Result<(Ceiling, i64)> {
        match self {
            Self::Sqlite { file, bare } => Ok((
                Ceiling::sqlite(file.clone(), bare.tenant)?,
                bare.first_start,
            )),
            Self::Postgres { address, bare, .. } => Ok((
                Ceiling::postgres(address.clone(), bare.tenant)?,
                bare.first_start,
            )),
        }
    }
}
