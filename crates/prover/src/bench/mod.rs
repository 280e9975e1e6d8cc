//! Measures: how many, how fast, how much memory, each beside the ceiling that the same
//! machine shows in the same run.
//!
//! [`engine`] measures one engine, [`bare`] and [`ceiling`] are what it is compared with,
//! [`page`] a page of reservations through Booking Experts, [`search`] the search for stays; [`table`]
//! prints it.

mod at_store;
mod bare;
mod ceiling;
mod engine;
mod page;
pub mod search;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use crate::chance;
use crate::load::{Load, Places, Question, generate};
use crate::proof::ProofOptions;
use crate::screen::say;
use ceiling::Ceiling;
use table::Line;

/// Prints one table of figures, each beside the ceiling of the same machine and run
///
/// For each engine a server is filled with allocations over HTTP and started again. Then:
/// start time, memory, bookings per second over HTTP from 1, 16, 64 and 256 connections
/// (spread over 1,000 lanes, and all on one), availability of 30 days, a page of 100
/// bookings, and through Booking Experts a page of 30 reservations with five includes.
/// The ceilings are measured on the very same tables while the server is stopped: a bare
/// loop with the same rows and commits, the bare indexed query behind axum, and an empty
/// axum answer. The load generator runs on the same machine.
///
///   prover bench                                  everything, some minutes
///   prover bench --engine sqlite --allocations 50000 --seconds 2
///   prover bench search                           only the search for stays
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct BenchOptions {
    /// Only a part
    #[command(subcommand)]
    pub part: Option<Part>,
    /// The tabard binary; without it the one that was built beside this program
    #[arg(long, value_name = "FILE", env = "TABARD_BINARY")]
    pub binary: Option<PathBuf>,
    /// The stores: sqlite, postgres, or postgres://… of an empty database
    #[arg(long, value_name = "STORE", default_values = ["sqlite", "postgres"])]
    pub engine: Vec<String>,
    /// How many allocations are there before anything is measured
    #[arg(long, default_value_t = 1_000_000)]
    pub allocations: u64,
    /// How many rooms they are spread over
    #[arg(long, default_value_t = 1_000)]
    pub lanes: u64,
    /// How long each measurement takes
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// How often figures and ceilings are measured in turns; the middle round is printed
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// How many connections ask; may be given several times
    #[arg(long, default_values_t = [1, 16, 64, 256])]
    pub connections: Vec<usize>,
    /// End with an error when a target was missed
    #[arg(long)]
    pub insist: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub proof: ProofOptions,
}

/// What is measured by itself.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Part {
    /// The search for stays
    Search(search::SearchOptions),
}

/// Runs the measurements.
pub async fn run(options: &BenchOptions) -> anyhow::Result<()> {
    if let Some(Part::Search(options)) = &options.part {
        return search::run(options).await;
    }
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("bench: seed {seed}"));
    let mut lines = vec![empty_answers(options, seed).await?];
    for engine in &options.engine {
        lines.extend(engine::measure(options, engine, seed).await?);
        table::print(&lines);
    }
    let path = options
        .proof
        .result
        .clone()
        .unwrap_or_else(|| "target/proofs/bench.json".into());
    crate::proof::write_json(&path, &lines)?;
    say(format!("result: {}", path.display()));
    let missed = lines
        .iter()
        .filter(|line| matches!(line.target, Some((_, false))))
        .count();
    if options.insist && missed > 0 {
        anyhow::bail!("{missed} targets were missed");
    }
    Ok(())
}

async fn empty_answers(options: &BenchOptions, seed: u64) -> anyhow::Result<Line> {
    let ceiling = Ceiling::empty()?;
    let figures = generate(Load {
        target: crate::http::Target {
            address: ceiling.address,
            prefix: String::new(),
        },
        token: String::new(),
        question: Question::Empty,
        places: std::sync::Arc::new(Places {
            rooms: vec![],
            from: jiff::civil::date(2030, 1, 1),
            days: 1,
        }),
        connections: options
            .connections
            .iter()
            .copied()
            .max()
            .context("--connections")?,
        warm_up: Duration::from_millis(500),
        duration: Duration::from_secs(options.seconds),
        seed,
    })
    .await?;
    ceiling.close()?;
    Ok(Line::new("–", "an empty axum answer", figures.per_second, "/s").latency(&figures.latency))
}
