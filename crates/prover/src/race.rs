//! Proof 1: the race for the last place.
//!
//! In every round a fresh room is asked for by many clients at the same moment, for stays
//! that differ but all share one night. Exactly as many as the room has units may win;
//! everybody else must be refused cleanly. The control leaves the lane lock out, and must
//! be caught.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use serde::Serialize;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::beds24::{Beds24, NewRoom, Verdict, verdicts};
use crate::chance::{self, Chance};
use crate::house::{House, HouseOptions};
use crate::http::HttpError;
use crate::judge::{self, JournalFindings};
use crate::latency::{Latency, LatencySummary};
use crate::proof::{ProofOptions, ProofResult, passed};
use crate::screen::{Progress, say};
use crate::watch;

/// Rooms are made in batches of this size, one property each.
const ROOMS_PER_PROPERTY: u64 = 50;
/// The control must be caught within so many rounds.
const CONTROL_ROUNDS: u64 = 50;
/// The environment variable of the control.
const CONTROL: (&str, &str) = ("TABARD_UNSAFE_SKIP_LANE_LOCK", "1");

/// The race for the last place: many clients start together, exactly as many win as
/// there are places
///
/// Each round takes a fresh room. All clients wait at a barrier, each on a connection of
/// its own, and then post one booking with actions.checkAvailability. A round passes when
/// exactly `capacity` bookings were made, every other answer is a clean refusal (HTTP 201,
/// success false, a reason), no answer is a 5xx, and the listing shows the same winners.
/// At the end the whole journal is verified.
///
///   prover race --rounds 2000                     both capacities, 2,000 rounds each
///   prover race --store postgres --seed 7         play seed 7 on PostgreSQL
///   prover race --negative-control                must be caught within 50 rounds
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct RaceOptions {
    /// Rounds for each capacity
    #[arg(long, default_value_t = 100)]
    pub rounds: u64,
    /// How many places a room has; may be given several times
    #[arg(long, default_values_t = [1, 3])]
    pub capacity: Vec<i64>,
    /// How many clients race
    #[arg(long, default_value_t = 64)]
    pub clients: usize,
    /// Leave the lane lock out (needs a server built with the feature
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

/// The figures of a race.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RaceFigures {
    /// How many rounds were played.
    pub rounds: u64,
    /// How many bookings were asked for.
    pub asked: u64,
    /// How many were made.
    pub won: u64,
    /// How many were refused cleanly.
    pub refused: u64,
    /// How long the answers took.
    pub latency: Option<LatencySummary>,
    /// The verified journal.
    pub journal: Option<JournalFindings>,
}

/// Runs the proof.
pub async fn run(options: &RaceOptions) -> anyhow::Result<()> {
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("race: seed {seed}, {} clients", options.clients));
    let environment = if options.negative_control {
        vec![CONTROL]
    } else {
        vec![]
    };
    let house = House::open(&options.house, &environment).await?;
    let (figures, violations) = play(&house, options, seed).await?;
    house.close().await?;
    ProofResult {
        proof: "race",
        store: options.house.store_word(),
        seed,
        passed: passed(options.negative_control, &violations),
        negative_control: options.negative_control,
        violations,
        figures,
    }
    .conclude(&options.proof)
}

/// Plays all rounds against a server that is there.
pub async fn play(
    house: &House,
    options: &RaceOptions,
    seed: u64,
) -> anyhow::Result<(RaceFigures, Vec<String>)> {
    let rounds = match options.negative_control {
        true => options.rounds.min(CONTROL_ROUNDS),
        false => options.rounds,
    };
    let mut race = Race::new(house, options, rounds, seed)?;
    for capacity in &options.capacity {
        race.play_capacity(*capacity).await?;
        if options.negative_control && !race.violations.is_empty() {
            break;
        }
    }
    race.finish().await
}

struct Race<'a> {
    options: &'a RaceOptions,
    rounds: u64,
    seed: u64,
    hub: Beds24,
    clients: Vec<Beds24>,
    night: Date,
    figures: RaceFigures,
    latency: Latency,
    violations: Vec<String>,
}

/// One client's answer, with its connection to be used again.
type Finish = (Beds24, Result<Verdict, HttpError>, Duration);

impl<'a> Race<'a> {
    fn new(
        house: &House,
        options: &'a RaceOptions,
        rounds: u64,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let clients = (0..options.clients)
            .map(|_| house.client())
            .collect::<Result<_, _>>()?;
        let today = watch::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(Self {
            options,
            rounds,
            seed,
            hub: house.client()?,
            clients,
            night: today.saturating_add(Span::new().days(40)),
            figures: RaceFigures::default(),
            latency: Latency::default(),
            violations: Vec::new(),
        })
    }

    async fn play_capacity(&mut self, capacity: i64) -> anyhow::Result<()> {
        let mut progress = Progress::new(&format!("race, capacity {capacity}"), self.rounds);
        let mut round = 0;
        while round < self.rounds {
            let batch = ROOMS_PER_PROPERTY.min(self.rounds - round);
            let rooms = self.make_rooms(capacity, round, batch).await?;
            let mut winners = Vec::new();
            for (offset, room) in rooms.iter().enumerate() {
                let number = round + offset as u64;
                winners.push(self.play_round(capacity, number, *room).await?);
                progress.advance(1, "");
            }
            self.compare_listing(&rooms, &winners).await?;
            round += batch;
            if self.options.negative_control && !self.violations.is_empty() {
                say(format!("caught within {round} rounds"));
                break;
            }
        }
        progress.finish();
        Ok(())
    }

    async fn make_rooms(
        &mut self,
        capacity: i64,
        first: u64,
        count: u64,
    ) -> anyhow::Result<Vec<i64>> {
        let rooms: Vec<NewRoom> = (first..first + count)
            .map(|number| NewRoom {
                name: format!("Race {number}"),
                quantity: capacity,
            })
            .collect();
        let name = format!("Race for {capacity}, from round {first}");
        Ok(self.hub.add_property(&name, &rooms, json!({})).await?.rooms)
    }

    /// Plays one round and returns the ids of the bookings that were made.
    async fn play_round(
        &mut self,
        capacity: i64,
        round: u64,
        room: i64,
    ) -> anyhow::Result<Vec<i64>> {
        let part = u64::try_from(capacity).unwrap_or_default() << 40 | round;
        let mut chance = chance::stream(self.seed, part);
        let finishes = self.start_together(room, &mut chance).await?;
        let mut winners = Vec::new();
        for (client, outcome, took) in finishes {
            self.clients.push(client);
            self.latency.record(took);
            self.figures.asked += 1;
            match outcome {
                Ok(Verdict::Done { id: Some(id) }) => winners.push(id),
                Ok(Verdict::Refused { .. }) => self.figures.refused += 1,
                Ok(Verdict::Done { id: None }) => {
                    self.violations
                        .push(format!("round {round}: a booking without an id"));
                }
                Ok(Verdict::Unclean { why }) => {
                    self.violations.push(format!("round {round}: {why}"))
                }
                Err(error) => self.violations.push(format!("round {round}: {error}")),
            }
        }
        self.figures.rounds += 1;
        self.figures.won += winners.len() as u64;
        if winners.len() as i64 != capacity {
            self.violations.push(format!(
                "round {round}: room {room} with {capacity} places was sold {} times",
                winners.len()
            ));
        }
        Ok(winners)
    }

    async fn start_together(
        &mut self,
        room: i64,
        chance: &mut Chance,
    ) -> anyhow::Result<Vec<Finish>> {
        let barrier = Arc::new(Barrier::new(self.clients.len()));
        let mut tasks = JoinSet::new();
        for (number, mut client) in std::mem::take(&mut self.clients).into_iter().enumerate() {
            let body = booking_body(room, self.night, number, chance);
            let barrier = Arc::clone(&barrier);
            client.open().await.context("a racer's connection")?;
            tasks.spawn(async move {
                barrier.wait().await;
                let began = watch::instant();
                let answer = client.post("/bookings", body.as_bytes()).await;
                let verdict = answer.map(|answer| one_verdict(verdicts(&answer, 1)));
                (client, verdict, began.elapsed())
            });
        }
        let mut finishes = Vec::new();
        while let Some(finish) = tasks.join_next().await {
            finishes.push(finish.context("a racer")?);
        }
        Ok(finishes)
    }

    /// The listing must show just the winners.
    async fn compare_listing(&mut self, rooms: &[i64], winners: &[Vec<i64>]) -> anyhow::Result<()> {
        let query: Vec<String> = rooms.iter().map(|room| format!("roomId={room}")).collect();
        let listed = self.hub.bookings(&query.join("&")).await?;
        for (room, winners) in rooms.iter().zip(winners) {
            let mut expected = winners.clone();
            let mut found: Vec<i64> = listed
                .iter()
                .filter(|row| row.room_id == *room)
                .map(|row| row.id)
                .collect();
            expected.sort_unstable();
            found.sort_unstable();
            if expected != found {
                self.violations.push(format!(
                    "room {room}: {} bookings were acknowledged, {} are listed",
                    expected.len(),
                    found.len()
                ));
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> anyhow::Result<(RaceFigures, Vec<String>)> {
        match judge::verify_journal(&mut self.hub).await {
            Ok(findings) => {
                if findings.overbooked_takes > 0 {
                    let count = findings.overbooked_takes;
                    self.violations
                        .push(format!("the journal: {count} takes are overbooked"));
                }
                self.figures.journal = Some(findings);
            }
            Err(error) => self.violations.push(format!("{error:#}")),
        }
        self.figures.latency = Some(self.latency.summary());
        Ok((self.figures, self.violations))
    }
}

/// A stay of a few nights around the one that everybody wants.
fn booking_body(room: i64, night: Date, number: usize, chance: &mut Chance) -> String {
    let arrival = night.saturating_sub(chance::between(chance, 0, 3).days());
    let departure = night.saturating_add(chance::between(chance, 1, 4).days());
    json!([{
        "roomId": room, "arrival": arrival, "departure": departure, "status": "confirmed",
        "numAdult": 2, "firstName": "Racer", "lastName": format!("Number {number}"),
        "actions": { "checkAvailability": true },
    }])
    .to_string()
}

fn one_verdict(verdicts: Vec<Verdict>) -> Verdict {
    let none = || Verdict::Unclean {
        why: "no verdict".to_owned(),
    };
    verdicts.into_iter().next().unwrap_or_else(none)
}
