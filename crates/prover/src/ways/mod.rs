//! Proof 2: every way to take capacity, all at once, on the same few places.
//!
//! [`way`] lists the ways and what those through Beds24 send, [`bookingexperts`] has the others,
//! [`round`] plays one round of them. The
//! journal checker judges: no take exceeds capacity, nothing is given back twice, and what
//! lives in the journal is exactly what the listing shows.

mod bookingexperts;
mod round;
mod way;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

pub use way::Way;

use crate::beds24::{Beds24, BookingRow};
use crate::bookingexperts::{Access, BookingExperts};
use crate::chance;
use crate::house::{House, HouseOptions};
use crate::judge::{self, JournalFindings};
use crate::proof::{ProofOptions, ProofResult, passed};
use crate::screen::{Progress, say};

/// The environment variable of the control, the same as the race's.
const CONTROL: (&str, &str) = ("TABARD_UNSAFE_SKIP_LANE_LOCK", "1");
/// The journal is verified as a whole after so many rounds.
const ROUNDS_PER_VERDICT: u64 = 20;
/// With so many rounds every way must have come through at least once.
const ROUNDS_FOR_EVERY_WAY: u64 = 10;

/// Every way to take capacity, mixed, by many clients on the same few places
///
/// In every round a fresh property has two rooms of a few units and a pool of bookings,
/// inquiries, cancelled bookings and blocks. All clients start together, and each draws
/// some of the ways: create, request, block, change dates, change room, swap two rooms,
/// lengthen, raise the quantity, revive a cancelled booking, approve an inquiry, lower and
/// raise the capacity, batches, groups, limits in the calendar, units, cancel, delete; and
/// through Booking Experts reserve, hold and confirm, options, other dates, another type,
/// longer, a certain unit, maintenance, call off.
/// Every answer must be done or a clean refusal. No take may be overbooked, no unit may be
/// given twice, and the journal must verify and agree with the listing.
///
///   prover ways --rounds 200                      the full proof
///   prover ways --store postgres --seed 7         play seed 7 on PostgreSQL
///   prover ways --negative-control                the lane lock left out; must be caught
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct WaysOptions {
    /// How many rounds
    #[arg(long, default_value_t = 20)]
    pub rounds: u64,
    /// How many clients
    #[arg(long, default_value_t = 64)]
    pub clients: usize,
    /// How many ways each client takes in a round
    #[arg(long, default_value_t = 3)]
    pub each: usize,
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

/// How often a way was tried, and what came of it.
#[derive(Debug, Clone, Copy, Default, Serialize, PartialEq, Eq)]
pub struct Tally {
    /// Items that were sent.
    pub asked: u64,
    /// Items that were done.
    pub done: u64,
    /// Items that were refused cleanly.
    pub refused: u64,
}

/// The figures of this proof.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WaysFigures {
    /// How many rounds were played.
    pub rounds: u64,
    /// By way.
    pub ways: BTreeMap<&'static str, Tally>,
    /// The journal as it was verified last.
    pub journal: Option<JournalFindings>,
}

/// A client of both dialects; of Beds24 alone where the server is somebody else's, who would have
/// to register an app.
pub struct Caller {
    beds24: Beds24,
    booking_experts: Option<BookingExperts>,
}

impl Caller {
    fn new(house: &House, access: Option<&Access>) -> anyhow::Result<Self> {
        let booking_experts = access.map(|access| BookingExperts::new(access.clone()));
        Ok(Self {
            beds24: house.client()?,
            booking_experts: booking_experts.transpose()?,
        })
    }

    async fn open(&mut self) -> Result<(), crate::http::HttpError> {
        self.beds24.open().await?;
        match &mut self.booking_experts {
            Some(client) => client.open().await,
            None => Ok(()),
        }
    }
}

/// An app for all properties: each round makes one.
async fn access(house: &mut House) -> anyhow::Result<Option<Access>> {
    if house.process.is_none() {
        say("only the ways through Beds24: an app needs a server of one's own");
        return Ok(None);
    }
    let api_key = house.let_in("Ways", &[]).await?;
    let demo = Access::of_demo(&house.demo)?;
    Ok(Some(Access { api_key, ..demo }))
}

/// Runs the proof.
pub async fn run(options: &WaysOptions) -> anyhow::Result<()> {
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("ways: seed {seed}, {} clients", options.clients));
    let environment = if options.negative_control {
        vec![CONTROL]
    } else {
        vec![]
    };
    let mut house = House::open(&options.house, &environment).await?;
    let access = access(&mut house).await?;
    let (figures, violations) = play(&house, access.as_ref(), options, seed).await?;
    house.close().await?;
    print_tallies(&figures);
    ProofResult {
        proof: "ways",
        store: options.house.store_word(),
        seed,
        passed: passed(options.negative_control, &violations),
        negative_control: options.negative_control,
        violations,
        figures,
    }
    .conclude(&options.proof)
}

async fn play(
    house: &House,
    access: Option<&Access>,
    options: &WaysOptions,
    seed: u64,
) -> anyhow::Result<(WaysFigures, Vec<String>)> {
    let mut figures = WaysFigures::default();
    let mut violations = Vec::new();
    let mut listed: Vec<BookingRow> = Vec::new();
    let mut hub = Caller::new(house, access)?;
    let mut clients = (0..options.clients)
        .map(|_| Caller::new(house, access))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut progress = Progress::new("ways", options.rounds);
    for round in 0..options.rounds {
        let mut played = round::play(&mut hub, &mut clients, options.each, seed, round).await?;
        for (way, tally) in std::mem::take(&mut played.tallies) {
            let sum = figures.ways.entry(way.name()).or_default();
            sum.asked += tally.asked;
            sum.done += tally.done;
            sum.refused += tally.refused;
        }
        violations.extend(
            played
                .violations
                .iter()
                .map(|line| format!("round {round}: {line}")),
        );
        listed.append(&mut played.listed);
        figures.rounds += 1;
        progress.advance(1, "");
        let last = round + 1 == options.rounds;
        if last || options.negative_control || figures.rounds.is_multiple_of(ROUNDS_PER_VERDICT) {
            violations.extend(verdict(&mut hub.beds24, &listed, &mut figures).await);
        }
        if options.negative_control && !violations.is_empty() {
            say(format!("caught in round {round}"));
            break;
        }
    }
    progress.finish();
    if !options.negative_control && figures.rounds >= ROUNDS_FOR_EVERY_WAY {
        violations.extend(never_done(&figures, access.is_some()));
    }
    Ok((figures, violations))
}

async fn verdict(
    hub: &mut Beds24,
    listed: &[BookingRow],
    figures: &mut WaysFigures,
) -> Vec<String> {
    let findings = match judge::verify_journal(hub).await {
        Ok(findings) => findings,
        Err(error) => return vec![format!("{error:#}")],
    };
    let mut violations = Vec::new();
    if findings.overbooked_takes > 0 {
        let count = findings.overbooked_takes;
        violations.push(format!("the journal: {count} takes are overbooked"));
    }
    let agrees = judge::compare_with_bookings(&findings, listed);
    violations.extend(agrees.err().map(|error| format!("{error:#}")));
    figures.journal = Some(findings);
    violations
}

/// A way that is refused every time proves nothing.
fn never_done(figures: &WaysFigures, both: bool) -> Vec<String> {
    Way::known(both)
        .iter()
        .filter(|way| {
            figures
                .ways
                .get(way.name())
                .is_none_or(|tally| tally.done == 0)
        })
        .map(|way| format!("the way \"{}\" never came through", way.name()))
        .collect()
}

fn print_tallies(figures: &WaysFigures) {
    say(format!(
        "{:<28}{:>8}{:>8}{:>8}",
        "way", "asked", "done", "refused"
    ));
    for (way, tally) in &figures.ways {
        say(format!(
            "{way:<28}{:>8}{:>8}{:>8}",
            tally.asked, tally.done, tally.refused
        ));
    }
}

/// What a property says when it never wants to be overbooked, whoever asks.
fn refuses_always() -> serde_json::Value {
    json!({ "refuseOverbooking": true })
}
