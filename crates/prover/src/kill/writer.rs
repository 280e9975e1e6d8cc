//! A writer: books and cancels until its connection breaks or it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

use super::attempt::{Attempt, Item, Outcome, cancel_json, create_json};
use crate::beds24::{Beds24, verdicts};
use crate::chance::{self, Chance};
use crate::verdict::Verdict;

/// No writer writes more than this in a round, however late the kill comes.
const MOST_ATTEMPTS: usize = 5_000;

/// What a writer needs.
pub struct Writer {
    /// Its connection.
    pub client: Beds24,
    /// Its draws.
    pub chance: Chance,
    /// The rooms it books.
    pub rooms: Vec<i64>,
    /// The first day it books.
    pub from: Date,
    /// Makes its keys and marks different from everybody else's.
    pub name: String,
    /// Set when it must end.
    pub stop: Arc<AtomicBool>,
}

impl Writer {
    /// Writes until the connection breaks or the stop is set; returns what it knows.
    pub async fn write(mut self) -> Vec<Attempt> {
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut open: Vec<(String, i64)> = Vec::new();
        while attempts.len() < MOST_ATTEMPTS && !self.stop.load(Ordering::Relaxed) {
            let (items, json) = self.draw(attempts.len(), &mut open);
            let key = format!("{}-{}", self.name, attempts.len());
            let body = Value::from(json).to_string();
            let outcome = send(&mut self.client, &body, &key, items.len()).await;
            remember(&mut open, &items, &outcome);
            let ended = matches!(outcome, Outcome::Unknown { .. });
            attempts.push(Attempt {
                key,
                body,
                items,
                outcome,
            });
            if ended {
                break;
            }
        }
        attempts
    }

    /// What to ask for next: mostly one booking, now and then three, or a cancellation.
    fn draw(&mut self, number: usize, open: &mut Vec<(String, i64)>) -> (Vec<Item>, Vec<Value>) {
        if chance::percent(&mut self.chance, 15)
            && let Some((mark, id)) = open.pop()
        {
            return (vec![Item::Cancel { mark, id }], vec![cancel_json(id)]);
        }
        let count = if chance::percent(&mut self.chance, 15) {
            3
        } else {
            1
        };
        let made = (0..count).map(|position| {
            let mark = format!("{}-{number}-{position}", self.name);
            let room = chance::one_of(&mut self.chance, &self.rooms)
                .copied()
                .unwrap_or_default();
            let days = chance::between(&mut self.chance, 0, 500);
            let nights = chance::between(&mut self.chance, 1, 3);
            let json = create_json(room, self.from.saturating_add(days.days()), nights, &mark);
            (Item::Create { mark }, json)
        });
        made.unzip()
    }
}

/// Sends a body under its key. Anything but HTTP 201 says nothing about what happened.
pub async fn send(client: &mut Beds24, body: &str, key: &str, items: usize) -> Outcome {
    match client.post_once("/bookings", body.as_bytes(), key).await {
        Ok(answer) if answer.status == 201 => Outcome::Answered {
            verdicts: verdicts(&answer, items),
            bytes: answer.body,
        },
        Ok(answer) => Outcome::Unknown {
            why: answer.excerpt(),
        },
        Err(error) => Outcome::Unknown {
            why: error.to_string(),
        },
    }
}

fn remember(open: &mut Vec<(String, i64)>, items: &[Item], outcome: &Outcome) {
    let Outcome::Answered { verdicts, .. } = outcome else {
        return;
    };
    for (item, verdict) in items.iter().zip(verdicts) {
        if let (Item::Create { mark }, Verdict::Done { id: Some(id) }) = (item, verdict) {
            open.push((mark.clone(), *id));
        }
    }
}
