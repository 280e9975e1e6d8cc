//! One round: write, kill, start again, compare, send the unknown again, compare again.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::ToSpan as _;
use serde_json::json;
use tokio::task::JoinSet;

use super::attempt::{Attempt, Outcome};
use super::audit::audit;
use super::writer::{Writer, send};
use super::{KillFigures, KillOptions};
use crate::beds24::{Beds24, BookingRow, NewRoom, Property};
use crate::chance;
use crate::house::House;
use crate::judge;
use crate::watch;

/// Every third round kills the database server, where that is possible.
const DATABASE_EVERY: u64 = 3;
/// How many acknowledged requests are sent again in a round.
const SENT_AGAIN: usize = 20;
/// How long a key may stay "still running" after a restart.
const KEY_PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may take to find a restarted database again.
const DATABASE_PATIENCE: Duration = Duration::from_secs(60);

/// Plays a round and returns what was wrong.
pub async fn play(
    house: &mut House,
    options: &KillOptions,
    seed: u64,
    round: u64,
    figures: &mut KillFigures,
) -> anyhow::Result<Vec<String>> {
    let property = make_property(house, round).await?;
    let kills_database = round % DATABASE_EVERY == DATABASE_EVERY - 1
        && house
            .database
            .as_ref()
            .is_some_and(|database| database.may_be_killed());
    let mut attempts =
        write_and_kill(house, options, seed, round, &property, kills_database).await?;
    let first_answer = start_again(house, kills_database).await?;
    figures.note_first_answer(first_answer);
    let mut violations = Vec::new();
    if first_answer > Duration::from_millis(options.answer_within_ms) {
        violations.push(format!(
            "the first answer after the restart took {first_answer:?}"
        ));
    }
    if !kills_database {
        violations.extend(attempts.iter().filter_map(refused_before_the_kill));
    }

    let mut client = house.client()?;
    let before = list(&mut client, &property).await?;
    violations.extend(audit(&attempts, &before));
    count(figures, &attempts, &before, kills_database);

    violations.extend(send_unknown_again(&mut client, &mut attempts).await?);
    violations.extend(send_acknowledged_again(&mut client, &attempts, figures).await?);
    let after = list(&mut client, &property).await?;
    violations.extend(audit(&attempts, &after));
    violations.extend(verify(&mut client, &after, figures).await);
    Ok(violations)
}

async fn make_property(house: &House, round: u64) -> anyhow::Result<Property> {
    let rooms: Vec<NewRoom> = (1..=4)
        .map(|number| NewRoom {
            name: format!("Room {number}"),
            quantity: 99,
        })
        .collect();
    house
        .client()?
        .add_property(&format!("Kill, round {round}"), &rooms, json!({}))
        .await
}

async fn write_and_kill(
    house: &mut House,
    options: &KillOptions,
    seed: u64,
    round: u64,
    property: &Property,
    kills_database: bool,
) -> anyhow::Result<Vec<Attempt>> {
    let stop = Arc::new(AtomicBool::new(false));
    let from = watch::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .saturating_add(2.days());
    let mut writers = JoinSet::new();
    for number in 0..options.writers {
        let writer = Writer {
            client: house.client()?,
            chance: chance::stream(seed, (round + 1) << 16 | number),
            rooms: property.rooms.clone(),
            from,
            name: format!("{seed:x}-{round}-{number}"),
            stop: Arc::clone(&stop),
        };
        writers.spawn(writer.write());
    }
    let mut moment = chance::stream(seed, round);
    let delay = chance::between(&mut moment, 1, options.longest_round_ms);
    tokio::time::sleep(Duration::from_millis(delay.unsigned_abs())).await;
    match (kills_database, &mut house.database) {
        (true, Some(database)) => database.kill().await?,
        _ => house.server()?.kill().await?,
    }
    stop.store(true, Ordering::Relaxed);
    let mut attempts = Vec::new();
    while let Some(written) = writers.join_next().await {
        attempts.extend(written.context("a writer")?);
    }
    Ok(attempts)
}

/// Starts what was killed, and returns the time until a real question was answered.
async fn start_again(house: &mut House, kills_database: bool) -> anyhow::Result<Duration> {
    let began = watch::instant();
    if kills_database {
        let database = house
            .database
            .as_mut()
            .context("a database that was killed")?;
        database.start().await?;
        return wait_for_database(house, watch::instant()).await;
    }
    house.server()?.restart().await?;
    house.demo = house.server()?.demo.clone();
    let answer = house.client()?.get("/properties?page=1").await?;
    if answer.status != 200 {
        bail!("after the restart: {}", answer.excerpt());
    }
    Ok(began.elapsed())
}

/// Ready is not enough: a pool may still hold connections to the server that is gone.
async fn wait_for_database(house: &House, since: Instant) -> anyhow::Result<Duration> {
    let process = house.process.as_ref().context("a server of its own")?;
    let mut client = house.client()?;
    loop {
        let outcome = client.get("/properties?page=1").await;
        if matches!(&outcome, Ok(answer) if answer.status == 200) {
            return Ok(since.elapsed());
        }
        if since.elapsed() > DATABASE_PATIENCE {
            bail!(
                "the server did not find its database again: {outcome:?}; {}",
                process.log_tail()
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Before the kill every request had an answer; an HTTP error there is one too many.
fn refused_before_the_kill(attempt: &Attempt) -> Option<String> {
    match &attempt.outcome {
        Outcome::Unknown { why } if why.starts_with("HTTP ") => {
            Some(format!("{} was answered with {why}", attempt.key))
        }
        _ => None,
    }
}

async fn list(client: &mut Beds24, property: &Property) -> anyhow::Result<Vec<BookingRow>> {
    client
        .bookings(&format!("propertyId={}", property.id))
        .await
}

fn count(
    figures: &mut KillFigures,
    attempts: &[Attempt],
    rows: &[BookingRow],
    kills_database: bool,
) {
    let there: HashSet<&str> = rows.iter().map(|row| row.custom1.as_str()).collect();
    figures.rounds += 1;
    figures.database_kills += u64::from(kills_database);
    for attempt in attempts {
        match &attempt.outcome {
            Outcome::Answered { verdicts, .. } => {
                figures.acknowledged +=
                    verdicts.iter().filter(|verdict| verdict.is_done()).count() as u64;
            }
            Outcome::Unknown { .. } => {
                figures.unknown += 1;
                let committed = attempt.items.iter().any(|item| match item {
                    super::attempt::Item::Create { mark } => there.contains(mark.as_str()),
                    super::attempt::Item::Cancel { id, .. } => rows
                        .iter()
                        .any(|row| row.id == *id && row.status == "cancelled"),
                });
                figures.unknown_but_committed += u64::from(committed);
            }
        }
    }
}

/// Sends every unknown request again under its old key; afterwards nothing is unknown.
async fn send_unknown_again(
    client: &mut Beds24,
    attempts: &mut [Attempt],
) -> anyhow::Result<Vec<String>> {
    let mut violations = Vec::new();
    for attempt in attempts.iter_mut().filter(|attempt| attempt.is_unknown()) {
        let began = watch::instant();
        loop {
            let outcome = send(client, &attempt.body, &attempt.key, attempt.items.len()).await;
            let Outcome::Unknown { why } = &outcome else {
                attempt.outcome = outcome;
                break;
            };
            // A key that is still running may be asked for again, but not for ever.
            if began.elapsed() > KEY_PATIENCE {
                violations.push(format!("{} sent again: {why}", attempt.key));
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(violations)
}

/// A key that was acknowledged gives the same bytes again.
async fn send_acknowledged_again(
    client: &mut Beds24,
    attempts: &[Attempt],
    figures: &mut KillFigures,
) -> anyhow::Result<Vec<String>> {
    let mut violations = Vec::new();
    let step = (attempts.len() / SENT_AGAIN).max(1);
    for attempt in attempts.iter().step_by(step) {
        let Outcome::Answered { bytes, .. } = &attempt.outcome else {
            continue;
        };
        let again = send(client, &attempt.body, &attempt.key, attempt.items.len()).await;
        match again {
            Outcome::Answered { bytes: now, .. } if now == *bytes => figures.same_bytes_again += 1,
            Outcome::Answered { bytes: now, .. } => violations.push(format!(
                "{} gave other bytes the second time: {} and then {}",
                attempt.key,
                beginning(bytes),
                beginning(&now)
            )),
            Outcome::Unknown { why } => {
                violations.push(format!("{} sent once more: {why}", attempt.key));
            }
        }
    }
    Ok(violations)
}

/// Enough of an answer to see what it was.
fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(120).collect()
}

async fn verify(
    client: &mut Beds24,
    rows: &[BookingRow],
    figures: &mut KillFigures,
) -> Option<String> {
    let findings = match judge::verify_journal(client).await {
        Ok(findings) => findings,
        Err(error) => return Some(format!("{error:#}")),
    };
    let agrees = judge::compare_with_bookings(&findings, rows);
    figures.journal = Some(findings);
    agrees.err().map(|error| format!("{error:#}"))
}
