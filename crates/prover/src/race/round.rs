//! One round: all racers start together, and what they say is held against the number of
//! places.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::civil::Date;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::racer::{Dialect, Intent, Outcome, Racer, stay};
use crate::chance::{self, Chance};
use crate::watch;

/// What a round is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everybody wants a confirmed stay.
    Firm,
    /// Those who can hold a place do so by a draw, and confirm it then.
    Held,
    /// Some give back what they have, and some forget what they hold.
    Mixed,
}

impl Kind {
    /// A kind for rooms of so many places: among many places there is room for a mixture.
    pub fn draw(capacity: i64, chance: &mut Chance) -> Self {
        if capacity >= super::MIXED_FROM {
            Self::Mixed
        } else if chance::percent(chance, 50) {
            Self::Held
        } else {
            Self::Firm
        }
    }
}

/// One racer's result.
#[derive(Debug)]
pub struct Finish {
    /// What it came to.
    pub outcome: Outcome,
    /// Which dialect it speaks.
    pub dialect: Dialect,
    /// What it wanted.
    pub intent: Intent,
    /// From the start to the last answer.
    pub took: Duration,
}

/// Lets all racers run at once for one night of a room.
pub async fn start_together(
    racers: &mut Vec<Racer>,
    room: i64,
    night: Date,
    kind: Kind,
    chance: &mut Chance,
) -> anyhow::Result<Vec<Finish>> {
    let barrier = Arc::new(Barrier::new(racers.len()));
    let mut tasks = JoinSet::new();
    for mut racer in std::mem::take(racers) {
        let intent = match kind {
            Kind::Firm => Intent::Book,
            _ => Intent::draw(racer.dialect(), kind == Kind::Mixed, chance),
        };
        let stay = stay(room, night, chance);
        let barrier = Arc::clone(&barrier);
        racer.open().await.context("a racer's connection")?;
        tasks.spawn(async move {
            barrier.wait().await;
            let began = watch::instant();
            let outcome = racer.run(&stay, intent).await;
            let finish = Finish {
                outcome,
                dialect: racer.dialect(),
                intent,
                took: began.elapsed(),
            };
            (racer, finish)
        });
    }
    let mut finishes = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (racer, finish) = ended.context("a racer")?;
        racers.push(racer);
        finishes.push(finish);
    }
    // Who speaks which dialect must not depend on who came in first.
    racers.sort_by_key(Racer::dialect);
    Ok(finishes)
}
