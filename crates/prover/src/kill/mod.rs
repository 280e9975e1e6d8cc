//! Proof 3: kill.
//!
//! Writers book and cancel under idempotency keys; at a moment drawn from the seed the
//! server is killed, started again, and asked what it has. What was acknowledged must be
//! there, once. What is unknown is sent again under the same key, and must then be there
//! once. [`attempt`] holds what a writer knows, [`audit`] compares it with the listing,
//! [`round`] plays one round.

mod attempt;
mod audit;
mod round;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::chance;
use crate::house::{House, HouseOptions};
use crate::judge::JournalFindings;
use crate::load::{fill, make_places};
use crate::proof::{ProofOptions, ProofResult, passed};
use crate::screen::{Progress, say};

/// The environment variable of the control.
const CONTROL: (&str, &str) = ("TABARD_UNSAFE_ACK_BEFORE_COMMIT", "1");
/// After so many rounds the proof goes on with an empty store, so that the journal,
/// which is verified as a whole after every round, stays readable in a second.
const ROUNDS_PER_STORE: u64 = 100;

/// Rooms over which bookings of no interest are spread.
const FILLED_ROOMS: u64 = 100;

/// Kill: what was acknowledged is there after kill -9, what is unknown can be sent again
///
/// Sixteen writers book and cancel, singly and in arrays, each request under an
/// Idempotency-Key of its own. At a random moment the server is killed with SIGKILL and
/// started again on the same data. Then every acknowledged booking must be there exactly
/// once, with its id and status; the unknown requests are sent again with their old keys
/// and bodies, and each of their bookings must be there exactly once too; requests that
/// were acknowledged before answer with the same bytes again; and the journal must verify
/// and agree with the bookings. On a throwaway PostgreSQL every third round kills
/// PostgreSQL instead of the server.
///
///   prover kill --rounds 1000                     the full proof on SQLite
///   prover kill --store postgres --rounds 300     the full proof on PostgreSQL
///   prover kill --bookings 100000 --rounds 10     restarts of a full store
///   prover kill --negative-control                a server that answers too early is caught
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct KillOptions {
    /// How often the server is killed
    #[arg(long, default_value_t = 10)]
    pub rounds: u64,
    /// How many writers write at once
    #[arg(long, default_value_t = 16)]
    pub writers: u64,
    /// The longest time from the start of the writers to the kill
    #[arg(long, value_name = "MS", default_value_t = 200)]
    pub longest_round_ms: i64,
    /// How many bookings of no interest are there before the first kill; the figure of the
    /// design is a first answer within two seconds at 100,000
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub bookings: u64,
    /// The longest time from the restart to the first answer
    #[arg(long, value_name = "MS", default_value_t = 2_000)]
    pub answer_within_ms: u64,
    /// Answer before the commit (needs a server built with the feature
    /// `negative_control`); the run passes only when it is caught
    #[arg(long)]
    pub negative_control: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub proof: ProofOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub house: HouseOptions,
}

/// The figures of a kill proof.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KillFigures {
    /// How many rounds were played.
    pub rounds: u64,
    /// In how many of them the database server was killed.
    pub database_kills: u64,
    /// Bookings and cancellations that were acknowledged before a kill.
    pub acknowledged: u64,
    /// Requests whose answer was lost with the server.
    pub unknown: u64,
    /// How many of those had been committed all the same.
    pub unknown_but_committed: u64,
    /// Acknowledged requests that were sent again and gave the same bytes.
    pub same_bytes_again: u64,
    /// The longest time from a restart to the first answer.
    pub slowest_first_answer_ms: f64,
    /// The journal as it was verified last.
    pub journal: Option<JournalFindings>,
}

/// Runs the proof.
pub async fn run(options: &KillOptions) -> anyhow::Result<()> {
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("kill: seed {seed}, {} writers", options.writers));
    let mut figures = KillFigures::default();
    let mut violations = Vec::new();
    let mut progress = Progress::new("kill", options.rounds);
    let mut round = 0;
    while round < options.rounds && (violations.is_empty() || !options.negative_control) {
        let until = (round + ROUNDS_PER_STORE).min(options.rounds);
        let rounds = round..until;
        play_on_one_store(
            options,
            seed,
            rounds,
            &mut progress,
            &mut figures,
            &mut violations,
        )
        .await?;
        round = until;
    }
    progress.finish();
    ProofResult {
        proof: "kill",
        store: options.house.store_word(),
        seed,
        passed: passed(options.negative_control, &violations),
        negative_control: options.negative_control,
        violations,
        figures,
    }
    .conclude(&options.proof)
}

async fn play_on_one_store(
    options: &KillOptions,
    seed: u64,
    rounds: std::ops::Range<u64>,
    progress: &mut Progress,
    figures: &mut KillFigures,
    violations: &mut Vec<String>,
) -> anyhow::Result<()> {
    let environment = if options.negative_control {
        vec![CONTROL]
    } else {
        vec![]
    };
    let mut house = House::open(&options.house, &environment).await?;
    if options.bookings > 0 {
        let places = Arc::new(make_places(&mut house.client()?, FILLED_ROOMS).await?);
        fill(&house, &places, options.bookings, seed).await?;
    }
    for round in rounds {
        let played = round::play(&mut house, options, seed, round, figures).await?;
        let wrong = !played.is_empty();
        violations.extend(
            played
                .into_iter()
                .map(|line| format!("round {round}: {line}")),
        );
        let detail = format!(
            "{} acknowledged, {} unknown, {} wrong",
            figures.acknowledged,
            figures.unknown,
            violations.len()
        );
        progress.advance(1, &detail);
        if wrong && options.negative_control {
            say(format!("caught in round {round}"));
            break;
        }
    }
    house.close().await
}

impl KillFigures {
    fn note_first_answer(&mut self, took: Duration) {
        let milliseconds = took.as_secs_f64() * 1000.0;
        self.slowest_first_answer_ms = self.slowest_first_answer_ms.max(milliseconds);
    }
}
