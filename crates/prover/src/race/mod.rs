//! Proof 1: the race for the last place.
//!
//! In every round a fresh room is asked for by many clients at the same moment, for stays
//! that differ but all share one night; half of the clients speak one dialect, half the
//! other. Exactly as many as the room has units may win; everybody else must be refused
//! cleanly. The control leaves the lane lock out, and must be caught.
//!
//! [`racer`] is one client and what it wants, [`round`] lets all of them run.

mod racer;
mod round;

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

pub use racer::{Dialect, Racer};
use racer::{Intent, Outcome};
use round::{Finish, Kind};

use crate::beds24::{Beds24, NewRoom};
use crate::bookingexperts::BookingExperts;
use crate::chance;
use crate::house::{House, HouseOptions};
use crate::judge::{self, JournalFindings};
use crate::latency::{Latency, LatencySummary};
use crate::proof::{ProofOptions, ProofResult, passed};
use crate::screen::{Progress, say};
use crate::watch;

/// Rooms are made in batches of this size.
const ROOMS_AT_ONCE: u64 = 50;
/// The control must be caught within so many rounds.
const CONTROL_ROUNDS: u64 = 50;
/// The environment variable of the control.
const CONTROL: (&str, &str) = ("TABARD_UNSAFE_SKIP_LANE_LOCK", "1");
/// Rooms of so many places are raced for in mixed rounds.
const MIXED_FROM: i64 = 10;
/// With so many rounds every dialect must have won.
const ROUNDS_FOR_EVERY_DIALECT: u64 = 20;
/// Longer than a channel holds a place that nobody confirms.
const HOLD_IS_OVER: &str = "PT61M";
/// How far ahead the night lies: mixed rounds move the clock.
const DAYS_AHEAD: i32 = 400;

/// The race for the last place: many clients start together, exactly as many win as
/// there are places
///
/// Each round takes a fresh room. All clients wait at a barrier, each on a connection of
/// its own, and then ask for a stay: half of them through Beds24 (actions.checkAvailability),
/// half through Booking Experts (confirm=true, or in half of the rounds some of them hold the
/// place first and confirm it then). A round passes when exactly `capacity` stays were had,
/// every other answer is a clean refusal of its dialect (HTTP 201 with success false and a
/// reason; HTTP 409 with CONFLICT), no answer is a 5xx, and both dialects list the same
/// winners. At the end the whole journal is verified.
///
/// Rounds for ten places and more are mixed: some give back at once what they got, some hold
/// a place and forget it. Then the clock moves on until those holds are over, and everybody
/// asks again: exactly what was given back may be had, and no more.
///
///   prover race --rounds 2000                     all capacities, 2,000 rounds each
///   prover race --store postgres --seed 7         play seed 7 on PostgreSQL
///   prover race --dialects beds24                 through one dialect only
///   prover race --negative-control                must be caught within 50 rounds
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct RaceOptions {
    /// Rounds for each capacity
    #[arg(long, default_value_t = 100)]
    pub rounds: u64,
    /// How many places a room has; may be given several times
    #[arg(long, default_values_t = [1, 3, 10])]
    pub capacity: Vec<i64>,
    /// How many clients race
    #[arg(long, default_value_t = 64)]
    pub clients: usize,
    /// The dialects, which the clients speak in turn
    #[arg(long, value_delimiter = ',', default_values = ["beds24", "bookingexperts"])]
    pub dialects: Vec<Dialect>,
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
    /// How often a place was asked for.
    pub asked: u64,
    /// How many stays were had in the end.
    pub won: u64,
    /// The same by dialect.
    pub won_by: BTreeMap<Dialect, u64>,
    /// How many of them were held first and confirmed then.
    pub held_first: u64,
    /// How many places were given back at once.
    pub given_back: u64,
    /// How many holds lapsed.
    pub lapsed: u64,
    /// How many were refused cleanly.
    pub refused: u64,
    /// How long the racers took.
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
    print_figures(&figures);
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
    other_hub: Option<BookingExperts>,
    property: i64,
    racers: Vec<Racer>,
    night: Date,
    figures: RaceFigures,
    latency: Latency,
    violations: Vec<String>,
}

/// A room, and the bookings that have it.
struct Sold {
    room: i64,
    winners: Vec<i64>,
}

impl<'a> Race<'a> {
    fn new(
        house: &House,
        options: &'a RaceOptions,
        rounds: u64,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut dialects = options.dialects.iter().cycle();
        let racers = (0..options.clients).map(|_| match dialects.next() {
            Some(Dialect::BookingExperts) => {
                let client = house.booking_experts()?;
                Ok(Racer::BookingExperts(Box::new(client)))
            }
            _ => Ok(Racer::Beds24(Box::new(house.client()?))),
        });
        let other_hub = match options.dialects.contains(&Dialect::BookingExperts) {
            true => Some(house.booking_experts()?),
            false => None,
        };
        let today = watch::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(Self {
            options,
            rounds,
            seed,
            hub: house.client()?,
            other_hub,
            property: house.demo.beds24.property_id,
            racers: racers.collect::<anyhow::Result<_>>()?,
            night: today.saturating_add(Span::new().days(DAYS_AHEAD)),
            figures: RaceFigures::default(),
            latency: Latency::default(),
            violations: Vec::new(),
        })
    }

    async fn play_capacity(&mut self, capacity: i64) -> anyhow::Result<()> {
        let mut progress = Progress::new(&format!("race, capacity {capacity}"), self.rounds);
        let mut round = 0;
        while round < self.rounds {
            let batch = ROOMS_AT_ONCE.min(self.rounds - round);
            let rooms = self.make_rooms(capacity, round, batch).await?;
            let mut sold = Vec::new();
            for (room, number) in rooms.into_iter().zip(round..) {
                let winners = self.play_round(capacity, number, room).await?;
                sold.push(Sold { room, winners });
                progress.advance(1, "");
            }
            self.compare_listings(&sold).await?;
            round += batch;
            if self.options.negative_control && !self.violations.is_empty() {
                say(format!("caught within {round} rounds"));
                break;
            }
        }
        progress.finish();
        Ok(())
    }

    /// Rooms of the demo's own property, which every dialect's demo client may sell.
    async fn make_rooms(
        &mut self,
        capacity: i64,
        first: u64,
        count: u64,
    ) -> anyhow::Result<Vec<i64>> {
        let rooms: Vec<NewRoom> = (first..first + count)
            .map(|number| NewRoom {
                name: format!("Race {number} for {capacity}, seed {}", self.seed),
                quantity: capacity,
            })
            .collect();
        self.hub.add_rooms(self.property, &rooms).await
    }

    /// Plays one round and returns the ids of the stays that are there at its end.
    async fn play_round(
        &mut self,
        capacity: i64,
        round: u64,
        room: i64,
    ) -> anyhow::Result<Vec<i64>> {
        let part = u64::try_from(capacity).unwrap_or_default() << 40 | round;
        let mut chance = chance::stream(self.seed, part);
        let kind = Kind::draw(capacity, &mut chance);
        let (racers, night) = (&mut self.racers, self.night);
        let finishes = round::start_together(racers, room, night, kind, &mut chance).await?;
        let (mut kept, held) = self.count(round, finishes);
        self.figures.rounds += 1;
        let had = kept.len() + held;
        if kind == Kind::Mixed {
            self.sold_at_most(capacity, round, room, had);
            self.hub.advance_clock(HOLD_IS_OVER).await?;
            let (racers, night) = (&mut self.racers, self.night);
            let firm = Kind::Firm;
            let finishes = round::start_together(racers, room, night, firm, &mut chance).await?;
            kept.extend(self.count(round, finishes).0);
        }
        self.figures.won += kept.len() as u64;
        if kept.len() as i64 != capacity {
            self.violations.push(format!(
                "round {round} ({kind:?}): room {room} with {capacity} places was sold {} times",
                kept.len()
            ));
        }
        Ok(kept)
    }

    /// Notes what racers came to: the stays that were had, and how many were only held.
    fn count(&mut self, round: u64, finishes: Vec<Finish>) -> (Vec<i64>, usize) {
        let (mut kept, mut held) = (Vec::new(), 0);
        for finish in finishes {
            self.latency.record(finish.took);
            self.figures.asked += 1;
            match finish.outcome {
                Outcome::Kept(id) => {
                    kept.push(id);
                    *self.figures.won_by.entry(finish.dialect).or_default() += 1;
                    let held_first = finish.intent == Intent::HoldAndConfirm;
                    self.figures.held_first += u64::from(held_first);
                }
                Outcome::Held(_) => held += 1,
                Outcome::GaveBack => self.figures.given_back += 1,
                Outcome::Refused => self.figures.refused += 1,
                Outcome::Wrong(why) => {
                    let dialect = finish.dialect;
                    let line = format!("round {round}, {dialect:?}: {why}");
                    self.violations.push(line);
                }
            }
        }
        self.figures.lapsed += held as u64;
        (kept, held)
    }

    /// While some give back, nobody knows how many have had a place; but no more have one
    /// than there are places.
    fn sold_at_most(&mut self, capacity: i64, round: u64, room: i64, had: usize) {
        if had as i64 > capacity {
            self.violations.push(format!(
                "round {round}: room {room} with {capacity} places was sold {had} times at once"
            ));
        }
    }

    /// Both dialects must list just the winners.
    async fn compare_listings(&mut self, sold: &[Sold]) -> anyhow::Result<()> {
        let rooms: Vec<String> = sold.iter().map(|sold| sold.room.to_string()).collect();
        let query: Vec<String> = rooms.iter().map(|room| format!("roomId={room}")).collect();
        let listed = self.hub.bookings(&query.join("&")).await?;
        let listed = listed.iter().filter(|row| row.takes_capacity());
        let listed: Vec<(i64, i64)> = listed.map(|row| (row.room_id, row.id)).collect();
        self.compare_listing("Beds24", sold, &listed);
        if let Some(client) = &mut self.other_hub {
            let path = format!("/reservations?filter[rentable_type]={}", rooms.join(","));
            let listed = client.find(&path).await?;
            let listed = listed.iter().filter(|row| row.takes_capacity());
            let listed: Vec<(i64, i64)> = listed.map(|row| (row.rentable_type, row.id)).collect();
            self.compare_listing("Booking Experts", sold, &listed);
        }
        Ok(())
    }

    fn compare_listing(&mut self, dialect: &str, sold: &[Sold], listed: &[(i64, i64)]) {
        for Sold { room, winners } in sold {
            let mut expected = winners.clone();
            let here = listed.iter().filter(|(listed, _)| listed == room);
            let mut found: Vec<i64> = here.map(|(_, id)| *id).collect();
            expected.sort_unstable();
            found.sort_unstable();
            if expected != found {
                self.violations.push(format!(
                    "room {room}: {} stays were acknowledged, {dialect} lists {}",
                    expected.len(),
                    found.len()
                ));
            }
        }
    }

    /// A dialect that always comes last proves little about a race between two.
    fn never_won(&mut self) {
        if self.figures.rounds < ROUNDS_FOR_EVERY_DIALECT {
            return;
        }
        for dialect in &self.options.dialects {
            if !self.figures.won_by.contains_key(dialect) {
                let line = format!("{dialect:?} never won");
                self.violations.push(line);
            }
        }
    }

    async fn finish(mut self) -> anyhow::Result<(RaceFigures, Vec<String>)> {
        self.never_won();
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

fn print_figures(figures: &RaceFigures) {
    let won_by = figures.won_by.iter();
    let won_by: Vec<String> = won_by
        .map(|(dialect, won)| format!("{won} through {dialect:?}"))
        .collect();
    say(format!(
        "{} rounds, {} asked, {} won ({}), {} of them held first; {} refused, {} given back, {} lapsed",
        figures.rounds,
        figures.asked,
        figures.won,
        won_by.join(", "),
        figures.held_first,
        figures.refused,
        figures.given_back,
        figures.lapsed,
    ));
}
