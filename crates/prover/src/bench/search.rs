//! The search for stays: an index by itself, as large as the targets say, and one that a server keeps
//! over a store, with what it costs to make it and to follow what is booked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use catalogue::inventory::{RatePlanRecord, ResourceDetailsPatch, StoredDay};
use domain::access::{Actor, Capabilities, Capability, Reach};
use domain::calendar::CalendarDay;
use domain::id::{Id, IdSource};
use domain::party::Party;
use domain::rate::RatePlan;
use domain::time::{Date, Timestamp, Zone, today};
use jiff::{SignedDuration, ToSpan as _};
use search::{DateRange, Limited, Limiter, Query, Sort, Sorter, sample};
use service::Service;
use service::bookings::{BookingWrite, GroupChoice, NewBooking, UnitChoice};
use service::properties::{PropertyPatch, PropertyWrite, RoomPatch, RoomWrite};
use service::search::Searched;
use service::tenants::NewTenant;
use store::{ColdCommand, Store, StoreConfig, Tx};
use tempfile::TempDir;

use super::table::{self, Line};
use crate::chance;
use crate::database::Database;
use crate::latency::Latency;
use crate::proof::ProofOptions;
use crate::screen::say;
use crate::watch;

/// The targets: so many resources are searched in so many milliseconds.
const TARGETS: [(u32, f64); 2] = [(1_000, 50.0), (100_000, 500.0)];
/// The days that have a price.
const DAYS: i64 = 730;
/// Rooms of one property.
const ROOMS_OF_PROPERTY: usize = 100;
/// The number of this process among those that make ids.
const NODE: u8 = 15;

/// Measures the search for stays: any 7 nights in a month, for two adults and a child
///
/// First an index by itself, over made-up room types with a price of their own for each of 730 days:
/// its memory, and searches in several orders. Then one over a store that was filled with such room
/// types: how long it takes to make it, to search, and to search when something has just been booked.
///
///   prover bench search                            1,000 and 100,000 room types
///   prover bench search --resources 1000 --store sqlite
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct SearchOptions {
    /// How many resources the index has; may be given several times
    #[arg(long, default_values_t = [1_000, 100_000])]
    pub resources: Vec<u32>,
    /// Over which stores an index is kept: sqlite, postgres
    #[arg(long, default_values = ["sqlite", "postgres"])]
    pub store: Vec<String>,
    /// How many resources the stores have
    #[arg(long, default_value_t = 1_000)]
    pub stored: usize,
    /// How often each search is measured
    #[arg(long, default_value_t = 30)]
    pub rounds: usize,
    /// End with an error when a target was missed
    #[arg(long)]
    pub insist: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened options document themselves")]
    pub proof: ProofOptions,
}

/// Runs the measurements.
pub async fn run(options: &SearchOptions) -> anyhow::Result<()> {
    ensure!(options.rounds > 0, "--rounds 0 measures nothing");
    let seed = chance::seed_or_fresh(options.proof.seed);
    say(format!("bench search: seed {seed}"));
    let now = watch::now();
    let mut lines = Vec::new();
    for resources in &options.resources {
        let (resources, rounds) = (*resources, options.rounds);
        let measured = tokio::task::spawn_blocking(move || alone(resources, rounds, now, seed));
        lines.extend(measured.await.context("a measurement failed")??);
    }
    for store in &options.store {
        lines.extend(over_store(store, options, now, seed).await?);
    }
    table::print(&lines);
    let path = options.proof.result.clone();
    let path = path.unwrap_or_else(|| "target/proofs/bench-search.json".into());
    crate::proof::write_json(&path, &lines)?;
    say(format!("result: {}", path.display()));
    let is_missed = |line: &&Line| matches!(line.target, Some((_, false)));
    let missed = lines.iter().filter(is_missed).count();
    ensure!(
        !options.insist || missed == 0,
        "{missed} targets were missed"
    );
    Ok(())
}

/// The target for an index of so many resources: that of the next size that is named.
fn target(resources: u32) -> Option<f64> {
    let mut targets = TARGETS.iter();
    targets
        .find(|(most, _)| resources <= *most)
        .map(|(_, ms)| *ms)
}

/// An index by itself.
fn alone(resources: u32, rounds: usize, now: Timestamp, seed: u64) -> anyhow::Result<Vec<Line>> {
    let first = today(&Zone::UTC, now);
    say(format!("  {resources} room types × {DAYS} days"));
    let began = watch::instant();
    let index = sample::index(resources, first, seed);
    let line = |what: String, figure, unit| Line::new("index", what, figure, unit);
    let mut lines = vec![
        line(format!("{resources} room types made up"), ms(began), "ms"),
        line(
            format!("{resources} room types in memory"),
            index.bytes() as f64 / 1e6,
            "MB",
        ),
    ];
    for (what, query) in queries(now, first)? {
        let mut latency = Latency::default();
        for _ in 0..rounds {
            let began = watch::instant();
            let found = index.search(&query)?;
            latency.record(began.elapsed());
            ensure!(found.stays > 0, "{what}: nothing was found");
        }
        lines.push(searched(
            "index",
            format!("{resources}: {what}"),
            &latency,
            target(resources),
        ));
    }
    Ok(lines)
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// The slowest counts.
fn searched(engine: &'static str, what: String, latency: &Latency, most_ms: Option<f64>) -> Line {
    let summary = latency.summary();
    let line = Line::new(engine, what, summary.max_ms, "ms worst").latency(&summary);
    match most_ms {
        Some(most) => line.at_most(most),
        None => line,
    }
}

/// Any seven nights in a month about half a year from now, for two adults and a child.
fn queries(now: Timestamp, first: Date) -> anyhow::Result<Vec<(&'static str, Query)>> {
    let begins = first.checked_add(200.days())?;
    let mut week = Query::new(now, Party::new(2, 1));
    week.arrival = Some(DateRange::new(begins, begins.checked_add(31.days())?));
    week.nights = (7, 7);
    let by_price = Query {
        sorters: vec![Sorter::ascending(Sort::Price)],
        ..week.clone()
    };
    let by_type = Query {
        limiter: Limiter::each(Limited::Resources, 30),
        counts_segments: true,
        counts_amenities: true,
        ..by_price.clone()
    };
    let by_park = Query {
        limiter: Limiter {
            resources: Some(3),
            stays: 2,
            ..Limiter::each(Limited::Organizations, 30)
        },
        ..by_price.clone()
    };
    Ok(vec![
        ("7 nights in a month, first 30 stays", week),
        ("by price", by_price),
        ("by price, one of each type, with counts", by_type),
        ("by price, 2 of 3 types of each property", by_park),
    ])
}

/// An index that a server keeps.
async fn over_store(
    word: &str,
    options: &SearchOptions,
    now: Timestamp,
    seed: u64,
) -> anyhow::Result<Vec<Line>> {
    let (engine, config, _directory, database) = home(word).await?;
    let store = Store::open(&config, Arc::new(IdSource::new(NODE))).await?;
    let service = Service::new(store.clone());
    let actor = actor(&service, now).await?;
    say(format!(
        "  {engine}: {} room types × {DAYS} days",
        options.stored
    ));
    let began = watch::instant();
    let rooms = fill(&service, &store, &actor, options.stored, seed).await?;
    let line = |what: String, figure| Line::new(engine, what, figure, "ms");
    let stored = rooms.len();
    let mut lines = vec![line(format!("{stored} room types stored"), ms(began))];
    let began = watch::instant();
    service.prepare_search(actor.tenant_id, now, now).await?;
    lines.push(line(format!("the index of {stored} made"), ms(began)));
    let most = u32::try_from(stored).ok().and_then(target);
    let all = queries(now, today(&Zone::UTC, now))?;
    for (what, query) in &all {
        let mut latency = Latency::default();
        for _ in 0..options.rounds {
            search_once(&service, &actor, query, &mut latency).await?;
        }
        lines.push(searched(
            engine,
            format!("{stored} kept: {what}"),
            &latency,
            most,
        ));
    }
    let mut latency = Latency::default();
    for round in 0..options.rounds {
        let room = rooms[round % stored];
        book(&service, &actor, room, round as i64).await?;
        search_once(&service, &actor, &all[1].1, &mut latency).await?;
    }
    let what = format!("{stored} kept: by price, after a booking");
    lines.push(searched(engine, what, &latency, most));
    store.close().await;
    if let Some(database) = database {
        database.close().await?;
    }
    Ok(lines)
}

async fn search_once(
    service: &Service,
    actor: &Actor,
    query: &Query,
    latency: &mut Latency,
) -> anyhow::Result<()> {
    let began = watch::instant();
    let searched = service.search(actor, query.clone(), actor.now).await?;
    latency.record(began.elapsed());
    match searched {
        Searched::Found(found) if found.found.stays > 0 => Ok(()),
        other => bail!("stays were expected, not {other:?}"),
    }
}

/// Where a store lives for as long as it is measured: a directory, or a server of its own.
async fn home(
    word: &str,
) -> anyhow::Result<(&'static str, StoreConfig, Option<TempDir>, Option<Database>)> {
    match Database::for_store(word).await? {
        Some(database) => {
            let url = database.address().to_owned();
            Ok((
                "postgres",
                StoreConfig::Postgres { url },
                None,
                Some(database),
            ))
        }
        None => {
            ensure!(
                word == "sqlite",
                "--store is sqlite or postgres, not {word}"
            );
            let home = tempfile::tempdir()?;
            let directory = home.path().to_owned();
            Ok((
                "sqlite",
                StoreConfig::Sqlite { directory },
                Some(home),
                None,
            ))
        }
    }
}

/// A new tenant with somebody who may do everything.
async fn actor(service: &Service, now: Timestamp) -> anyhow::Result<Actor> {
    let new = NewTenant {
        name: "Bench".to_owned(),
        sandbox: false,
        clock: None,
    };
    let tenant = service.tenant_create(new, now).await?;
    let none = Capabilities::default();
    let all = Capability::all().fold(none, |all, one| all.with(one, Reach::Tenant));
    Ok(Actor {
        tenant_id: tenant.id,
        client_id: tenant.id,
        grant_id: tenant.id,
        capabilities: Arc::new(all),
        organizations: None,
        now,
        request_id: "bench".to_owned(),
    })
}

/// Makes rooms of three units with a price for each day.
async fn fill(
    service: &Service,
    store: &Store,
    actor: &Actor,
    rooms: usize,
    seed: u64,
) -> anyhow::Result<Vec<Id>> {
    let mut made = Vec::with_capacity(rooms);
    while made.len() < rooms {
        let missing = (rooms - made.len()).min(ROOMS_OF_PROPERTY);
        let properties = service.properties();
        let written = properties.write(actor, vec![property(missing)]).await?;
        let Some(Ok(property)) = written.into_iter().next() else {
            bail!("a property for the bench was refused");
        };
        made.extend(property.after.rooms.iter().map(|room| room.resource.id));
    }
    let mut chance = chance::stream(seed, 1 << 35);
    for room in &made {
        let prices = SetPrices {
            tenant_id: actor.tenant_id,
            resource_id: *room,
            first: today(&Zone::UTC, actor.now),
            base: chance::between(&mut chance, 60, 199),
            now: actor.now,
        };
        store.run(prices).await?;
    }
    Ok(made)
}

fn property(rooms: usize) -> PropertyWrite {
    let plan = RatePlanRecord {
        plan: RatePlan::new(1),
        extra: Default::default(),
    };
    let room = |number: usize| RoomWrite {
        patch: RoomPatch {
            name: Some(format!("Type {number}")),
            quantity: Some(3),
            details: ResourceDetailsPatch {
                max_people: Some(Some(4)),
                rate_plans: Some(BTreeMap::from([(1, plan.clone())])),
                ..ResourceDetailsPatch::default()
            },
        },
        ..RoomWrite::default()
    };
    PropertyWrite {
        patch: PropertyPatch {
            name: Some("Bench".to_owned()),
            ..PropertyPatch::default()
        },
        rooms: (1..=rooms).map(room).collect(),
        ..PropertyWrite::default()
    }
}

/// A price for each day, as a revenue program sets them.
struct SetPrices {
    tenant_id: Id,
    resource_id: Id,
    first: Date,
    base: i64,
    now: Timestamp,
}

impl ColdCommand for SetPrices {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<()> {
        tx.lock_lanes(self.tenant_id, &[self.resource_id]).await?;
        let day = |number: i64| {
            let day = self.first.checked_add(number.days()).ok()?;
            let weekend = if number % 7 < 2 { 25 } else { 0 };
            let price = self.base + weekend + number * 37 % 61;
            let settings = CalendarDay {
                prices: BTreeMap::from([(1, price.into())]),
                ..CalendarDay::new(day)
            };
            Some(StoredDay {
                tenant_id: self.tenant_id,
                resource_id: self.resource_id,
                day,
                sell_limit: None,
                settings,
                extra: Default::default(),
            })
        };
        let days: Vec<StoredDay> = (0..DAYS).filter_map(day).collect();
        store::calendar::write(tx, &days, ids.next(self.now)).await
    }
}

/// Books three nights within the month that is searched.
async fn book(service: &Service, actor: &Actor, room: Id, number: i64) -> anyhow::Result<()> {
    let days = SignedDuration::from_hours(24 * (200 + number % 28));
    let arrival = today(&Zone::UTC, actor.now).checked_add(days)?;
    let booking = NewBooking {
        resource_id: room,
        arrival,
        departure: arrival.checked_add(3.days())?,
        quantity: 1,
        unit: UnitChoice::Any,
        status: domain::booking::Status::Confirmed,
        opened: false,
        held_until: None,
        group: GroupChoice::Alone,
        channel: "direct".to_owned(),
        external_reference: String::new(),
        details: Default::default(),
        price_given: false,
        lines: Vec::new(),
        notes: Vec::new(),
        check_availability: true,
        charge_price: false,
        announce: false,
    };
    let write = BookingWrite::Create(Box::new(booking));
    let answer = service.bookings().write(actor, vec![write], None).await?;
    let service::once::WriteAnswer::Fresh(outcomes) = answer else {
        bail!("a booking without a key was replayed");
    };
    match outcomes.into_iter().next().map(|outcome| outcome.result) {
        Some(Ok(_)) => Ok(()),
        other => bail!("a booking of the bench was refused: {other:?}"),
    }
}
