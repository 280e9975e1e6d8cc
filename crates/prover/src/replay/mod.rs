//! The replay: real reservations of two hotels, in the order in which they were made.
//!
//! [`plan`] says from the file alone what is to happen and what must be there at the end;
//! [`driver`] plays it through the Beds24 dialect with the sandbox clock; [`compare`]
//! looks whether it is there, and [`bookingexperts`] whether the other dialect says the same.

mod bookingexperts;
mod compare;
mod driver;
mod plan;

use serde::Serialize;

use crate::chance;
use crate::data::{Capacities, Reservation, read_reservations};
use crate::house::{House, HouseOptions};
use crate::judge::JournalFindings;
use crate::proof::{ProofOptions, ProofResult};
use crate::screen::say;

pub use plan::{Expected, Mode, Plan, Step, plan};

/// Plays 14,938 real reservations of two hotels through the dialect, and compares
///
/// Two properties get the room types of the data set and as many rooms as kept stays ever
/// needed at once. Then the sandbox clock moves from day to day, and what happened on a day
/// happens again: reservations made (singly and in arrays), changed, cancelled, no-shows
/// marked. At the end every kept stay must be there, the occupancy per night and room type
/// must be what the file alone says (from the bookings, from the calendar and from the
/// units), and the journal must verify. Then an app is registered that speaks Booking Experts:
/// its lists of reservations and its calendars must say the same, stay by stay and night by
/// night.
///
/// The hotels had accepted more reservations than they had rooms, because many were
/// cancelled: without --cut nothing is refused, and what is too much is marked as
/// overbooked. With --cut the capacities are cut by a tenth, nothing may be overbooked, and
/// exactly the reservations are refused that a plain first-come-first-served computation
/// refuses.
///
///   prover replay                                 all of it on SQLite
///   prover replay --cut --store postgres          with less room, on PostgreSQL
///   prover replay --every 20                      one of twenty reservations
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct ReplayOptions {
    /// Cut the capacities by a tenth and refuse what does not fit
    #[arg(long)]
    pub cut: bool,
    /// Play only one of so many reservations
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub every: usize,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub proof: ProofOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub house: HouseOptions,
}

/// The figures of a replay.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayFigures {
    /// Rows of the file that were played.
    pub reservations: usize,
    /// Rows that were left out because they have no night.
    pub day_use_left_out: usize,
    /// Bookings that were made.
    pub made: usize,
    /// Reservations that were refused.
    pub refused: usize,
    /// Bookings that were changed.
    pub changed: usize,
    /// Bookings that were cancelled.
    pub cancelled: usize,
    /// Bookings that were marked as no-shows.
    pub no_shows: usize,
    /// How often the clock was moved.
    pub days: usize,
    /// HTTP requests that wrote bookings.
    pub requests: usize,
    /// Stays times nights that were compared.
    pub room_nights: i64,
    /// Reservations that were read again through Booking Experts.
    pub reservations_elsewhere: usize,
    /// The verified journal.
    pub journal: Option<JournalFindings>,
}

/// Runs the proof.
pub async fn run(options: &ReplayOptions) -> anyhow::Result<()> {
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("replay: seed {seed}"));
    let reservations = thinned(read_reservations()?, options.every);
    let left_out = reservations.iter().filter(|row| row.nights() == 0).count();
    say(format!(
        "{} reservations, {left_out} of them for day use and left out: a booking of this dialect \
         departs after it arrives",
        reservations.len()
    ));
    let mode = if options.cut { Mode::Cut } else { Mode::Whole };
    let capacities = capacities(&reservations, mode);
    let plan = plan(&reservations, &capacities, mode);
    let mut house = House::open(&options.house, &[]).await?;
    let mut figures = ReplayFigures {
        reservations: reservations.len(),
        day_use_left_out: left_out,
        ..Default::default()
    };
    let played = driver::play(
        &house,
        &reservations,
        &capacities,
        &plan,
        seed,
        &mut figures,
    )
    .await?;
    let mut violations = played.violations.clone();
    let compared = compare::compare(
        &house,
        &reservations,
        &capacities,
        &plan,
        &played,
        &mut figures,
    )
    .await?;
    violations.extend(compared);
    let compared = bookingexperts::compare(
        &mut house,
        &reservations,
        &capacities,
        &plan,
        &played,
        &mut figures,
    )
    .await?;
    violations.extend(compared);
    house.close().await?;
    print_figures(&figures);
    ProofResult {
        proof: if options.cut { "replay-cut" } else { "replay" },
        store: options.house.store_word(),
        seed,
        passed: violations.is_empty(),
        negative_control: false,
        violations,
        figures,
    }
    .conclude(&options.proof)
}

/// Every n-th reservation, renumbered so that a row's number is its place in the list.
fn thinned(reservations: Vec<Reservation>, every: usize) -> Vec<Reservation> {
    let mut kept: Vec<Reservation> = reservations.into_iter().step_by(every.max(1)).collect();
    for (row, reservation) in kept.iter_mut().enumerate() {
        reservation.row = row;
    }
    kept
}

/// The capacities of a mode.
pub fn capacities(reservations: &[Reservation], mode: Mode) -> Capacities {
    let whole = Capacities::of_kept_stays(reservations);
    match mode {
        Mode::Whole => whole,
        Mode::Cut => whole.cut_by_a_tenth(),
    }
}

fn print_figures(figures: &ReplayFigures) {
    say(format!(
        "{} made, {} refused, {} changed, {} cancelled, {} no-shows, on {} days, in {} requests; \
         {} stays by night compared",
        figures.made,
        figures.refused,
        figures.changed,
        figures.cancelled,
        figures.no_shows,
        figures.days,
        figures.requests,
        figures.room_nights
    ));
}
