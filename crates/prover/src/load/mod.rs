//! The load generator: connections that ask as fast as they are answered, on a thread of
//! its own with a runtime of its own, because it shares the processors with the server.
//!
//! [`question`] is what may be asked, [`generate`] asks it for a while.

mod fill;
mod question;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::ToSpan as _;
use serde::Serialize;
use serde_json::json;
use tokio::task::LocalSet;

pub use fill::fill;
pub use question::{Places, Question};

use crate::beds24::{Beds24, NewRoom};
use crate::chance;
use crate::house::{House, HouseOptions};
use crate::http::{Connection, Target};
use crate::latency::{Latency, LatencySummary};
use crate::proof::ProofOptions;
use crate::screen::say;
use crate::watch;

/// Rooms of one property in a load.
const ROOMS_PER_PROPERTY: u64 = 100;
/// Units of each room: as many as the dialect allows, so that places do not run out.
const UNITS: i64 = 99;
/// Days over which bookings are spread.
const DAYS: i64 = 600;

/// Load: asks as fast as it is answered, and prints how much and how fast
///
/// Makes its own rooms, then lets some connections ask one kind of question for a while.
///
///   prover load --connections 64 --seconds 10
///   prover load --ask availability --lanes 1000
///   prover load --ask page --demo tabard-data/demo.json
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct LoadOptions {
    /// What is asked
    #[arg(long, value_enum, default_value_t = Question::Book)]
    pub ask: Question,
    /// How many connections ask
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// For how long
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// How many rooms they ask for
    #[arg(long, default_value_t = 1000)]
    pub lanes: u64,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub proof: ProofOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub house: HouseOptions,
}

/// What a load came to.
#[derive(Debug, Clone, Serialize)]
pub struct LoadFigures {
    /// Answers of success in a second; for bookings, bookings that were made.
    pub per_second: f64,
    /// Answers of success.
    pub done: u64,
    /// Clean refusals.
    pub refused: u64,
    /// Everything else.
    pub failed: u64,
    /// One of the failures, in words.
    pub failure: Option<String>,
    /// How long the answers took.
    pub latency: LatencySummary,
}

/// A load: who asks what, where, for how long.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where.
    pub target: Target,
    /// With which token.
    pub token: String,
    /// What.
    pub question: Question,
    /// About which rooms and days.
    pub places: Arc<Places>,
    /// How many connections.
    pub connections: usize,
    /// Not counted, so that caches and connections are there.
    pub warm_up: Duration,
    /// For how long.
    pub duration: Duration,
    /// Of the draws.
    pub seed: u64,
}

/// Runs the command.
pub async fn run(options: &LoadOptions) -> anyhow::Result<()> {
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("load: seed {seed}"));
    let house = House::open(&options.house, &[]).await?;
    let mut client = house.client()?;
    let places = Arc::new(make_places(&mut client, options.lanes).await?);
    let load = Load {
        target: Target::parse(&house.demo.beds24.base_url)?,
        token: house.demo.beds24.token.clone(),
        question: options.ask,
        places,
        connections: options.connections,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(options.seconds),
        seed,
    };
    let figures = generate(load).await?;
    house.close().await?;
    say(serde_json::to_string_pretty(&figures)?);
    Ok(())
}

/// Makes rooms for a load.
pub async fn make_places(client: &mut Beds24, lanes: u64) -> anyhow::Result<Places> {
    let from = watch::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .saturating_add(2.days());
    // Whoever asks about the last night asks about a month from there on.
    let priced_until = from.saturating_add((DAYS + 30).days());
    let mut rooms = Vec::new();
    while (rooms.len() as u64) < lanes {
        let count = ROOMS_PER_PROPERTY.min(lanes - rooms.len() as u64);
        let new: Vec<NewRoom> = (0..count)
            .map(|number| NewRoom {
                name: format!("Room {number}"),
                quantity: UNITS,
            })
            .collect();
        let name = format!("Load, from room {}", rooms.len());
        let made = client.add_property(&name, &new, json!({})).await?.rooms;
        client.set_price(&made, from, priced_until).await?;
        rooms.extend(made);
    }
    Ok(Places {
        rooms,
        from,
        days: DAYS,
    })
}

/// Asks on a thread of its own, and returns when the time is over.
pub async fn generate(load: Load) -> anyhow::Result<LoadFigures> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, ask_all(load))
    });
    tokio::task::spawn_blocking(move || thread.join())
        .await?
        .map_err(|_| anyhow::anyhow!("the load generator panicked"))?
}

async fn ask_all(load: Load) -> anyhow::Result<LoadFigures> {
    let load = Arc::new(load);
    let from = watch::instant() + load.warm_up;
    let until = from + load.duration;
    let mut asking = Vec::new();
    for number in 0..load.connections {
        let mut connection = Connection::to(load.target.clone());
        connection
            .open()
            .await
            .context("a connection of the load")?;
        asking.push(tokio::task::spawn_local(ask(
            Arc::clone(&load),
            connection,
            number as u64,
            (from, until),
        )));
    }
    let mut sum = Count::default();
    for one in asking {
        sum.add(one.await.context("a connection of the load")?);
    }
    Ok(LoadFigures {
        per_second: sum.done as f64 / load.duration.as_secs_f64(),
        done: sum.done,
        refused: sum.refused,
        failed: sum.failed,
        failure: sum.failure,
        latency: sum.latency.summary(),
    })
}

#[derive(Debug, Default)]
struct Count {
    done: u64,
    refused: u64,
    failed: u64,
    failure: Option<String>,
    latency: Latency,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        self.latency.merge(&other.latency);
    }
}

async fn ask(
    load: Arc<Load>,
    mut connection: Connection,
    number: u64,
    (from, until): (Instant, Instant),
) -> Count {
    let mut chance = chance::stream(load.seed, number);
    let mut count = Count::default();
    let mut line = Vec::new();
    loop {
        load.question.write(&load, &mut chance, &mut line);
        let began = watch::instant();
        if began >= until {
            return count;
        }
        let answer = connection.send_prepared(&line).await;
        if began < from {
            continue;
        }
        count.latency.record(began.elapsed());
        match answer {
            Ok(answer) if load.question.is_done(&answer) => count.done += 1,
            Ok(answer) if load.question.is_refused(&answer) => count.refused += 1,
            Ok(answer) => count.fail(answer.excerpt()),
            Err(error) => count.fail(error.to_string()),
        }
    }
}

impl Count {
    fn fail(&mut self, why: String) {
        self.failed += 1;
        self.failure.get_or_insert(why);
    }
}
