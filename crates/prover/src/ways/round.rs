//! One round: a fresh property with a pool of bookings, all clients at once, a look at
//! what the property shows afterwards.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::way::{Call, Pool, WINDOW_NIGHTS, Way, draw, new_booking};
use super::{Caller, Tally, bookingexperts, refuses_always};
use crate::beds24::{Beds24, BookingRow, NewRoom, verdicts};
use crate::chance::{self, Chance};
use crate::verdict::Verdict;
use crate::watch;

/// So many holds are asked for through Booking Experts before a round begins.
const HOLDS: usize = 8;

/// What a round came to.
pub struct Played {
    /// By way.
    pub tallies: BTreeMap<Way, Tally>,
    /// What was wrong.
    pub violations: Vec<String>,
    /// All bookings of the round's property at its end.
    pub listed: Vec<BookingRow>,
}

/// Plays a round.
pub async fn play(
    hub: &mut Caller,
    clients: &mut Vec<Caller>,
    each: usize,
    seed: u64,
    round: u64,
) -> anyhow::Result<Played> {
    let mut chance = chance::stream(seed, round << 16);
    let pool = Arc::new(make_pool(hub, round, &mut chance).await?);
    let barrier = Arc::new(Barrier::new(clients.len()));
    let mut tasks = JoinSet::new();
    for (number, mut client) in std::mem::take(clients).into_iter().enumerate() {
        client.open().await.context("a client's connection")?;
        let (pool, barrier) = (Arc::clone(&pool), Arc::clone(&barrier));
        let mut chance = chance::stream(seed, round << 16 | (number as u64 + 1));
        tasks.spawn(async move {
            barrier.wait().await;
            let mut heard = Vec::new();
            for _ in 0..each {
                heard.extend(take_a_way(&mut client, &pool, &mut chance).await);
            }
            (client, heard)
        });
    }
    let mut played = Played {
        tallies: BTreeMap::new(),
        violations: Vec::new(),
        listed: Vec::new(),
    };
    while let Some(ended) = tasks.join_next().await {
        let (client, heard) = ended.context("a client")?;
        clients.push(client);
        for (way, call, verdicts) in heard {
            played.count(way, &call, &verdicts);
        }
    }
    let hub = &mut hub.beds24;
    played.listed = hub
        .bookings(&format!("propertyId={}", pool.property))
        .await?;
    played
        .violations
        .extend(shown_wrong(hub, &pool, &played.listed).await?);
    Ok(played)
}

/// What was tried, what was sent for it, in words, and what came of it.
type Heard = (Way, String, Vec<Verdict>);

async fn take_a_way(client: &mut Caller, pool: &Pool, chance: &mut Chance) -> Vec<Heard> {
    let ways = Way::known(pool.other.is_some());
    let way = chance::one_of(chance, ways).copied().unwrap_or(Way::Create);
    if let (true, Some(other), Some(client)) = (
        way.is_of_booking_experts(),
        &pool.other,
        &mut client.booking_experts,
    ) {
        let steps = bookingexperts::take(client, way, pool, other, chance).await;
        let heard = steps.into_iter().map(|(asked, verdict)| {
            let sent = asked.document.unwrap_or_default();
            (
                way,
                format!("{} {} {sent}", asked.method, asked.path),
                vec![verdict],
            )
        });
        return heard.collect();
    }
    let call = draw(way, pool, chance);
    let verdicts = send(&mut client.beds24, &call).await;
    let items = Value::from(call.items);
    vec![(
        way,
        format!("{} {} {items}", call.method, call.path),
        verdicts,
    )]
}

async fn send(client: &mut Beds24, call: &Call) -> Vec<Verdict> {
    let sent = match call.method {
        "DELETE" => client.delete(&call.path).await,
        _ => {
            let body = Value::from(call.items.clone()).to_string();
            client.post(&call.path, body.as_bytes()).await
        }
    };
    match sent {
        Ok(answer) => verdicts(&answer, call.expected()),
        Err(error) => vec![
            Verdict::Unclean {
                why: error.to_string()
            };
            call.expected()
        ],
    }
}

impl Played {
    fn count(&mut self, way: Way, call: &str, verdicts: &[Verdict]) {
        let tally = self.tallies.entry(way).or_default();
        for verdict in verdicts {
            tally.asked += 1;
            match verdict {
                Verdict::Done { .. } => tally.done += 1,
                Verdict::Refused { .. } => tally.refused += 1,
                Verdict::Unclean { why } => {
                    let line = format!("{} ({call}): {why}", way.name());
                    self.violations.push(line);
                }
            }
        }
    }
}

/// A property with two rooms of a few units, some of them taken, and bookings that take
/// nothing yet.
async fn make_pool(hub: &mut Caller, round: u64, chance: &mut Chance) -> anyhow::Result<Pool> {
    let mut pool = empty_pool(&mut hub.beds24, round, chance).await?;
    let Some(client) = &mut hub.booking_experts else {
        fill_pool(&mut hub.beds24, &mut pool, chance).await?;
        return Ok(pool);
    };
    // The first hold comes while there is room for certain.
    let mut other = bookingexperts::make_pool(client, &pool, chance).await?;
    fill_pool(&mut hub.beds24, &mut pool, chance).await?;
    bookingexperts::hold(client, &pool, &mut other, HOLDS - 1, chance).await;
    pool.other = Some(other);
    Ok(pool)
}

async fn empty_pool(hub: &mut Beds24, round: u64, chance: &mut Chance) -> anyhow::Result<Pool> {
    let rooms: Vec<NewRoom> = (1..=2)
        .map(|number| NewRoom {
            name: format!("Room {number}"),
            quantity: chance::between(chance, 2, 5),
        })
        .collect();
    let name = format!("Ways, round {round}");
    let property = hub.add_property(&name, &rooms, refuses_always()).await?;
    let today = watch::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Ok(Pool {
        property: property.id,
        rooms: property.rooms,
        from: today.saturating_add(30.days()),
        taken: vec![],
        inquiries: vec![],
        cancelled: vec![],
        other: None,
    })
}

async fn fill_pool(hub: &mut Beds24, pool: &mut Pool, chance: &mut Chance) -> anyhow::Result<()> {
    pool.taken = fill(hub, pool, "confirmed", 10, chance).await?;
    pool.inquiries = fill(hub, pool, "inquiry", 8, chance).await?;
    pool.cancelled = fill(hub, pool, "cancelled", 8, chance).await?;
    Ok(())
}

async fn fill(
    hub: &mut Beds24,
    pool: &Pool,
    status: &str,
    count: usize,
    chance: &mut Chance,
) -> anyhow::Result<Vec<i64>> {
    let items: Vec<Value> = (0..count)
        .map(|_| new_booking(pool, chance, json!({ "status": status })))
        .collect();
    let verdicts = hub.write("/bookings", &items).await?;
    let made: Vec<i64> = verdicts.iter().filter_map(Verdict::made).collect();
    if made.is_empty() {
        bail!("no booking with status {status} could be made: {verdicts:?}");
    }
    Ok(made)
}

/// What the inventory shows must agree with the bookings, and no unit is given twice.
async fn shown_wrong(
    hub: &mut Beds24,
    pool: &Pool,
    listed: &[BookingRow],
) -> anyhow::Result<Vec<String>> {
    let mut violations = Vec::new();
    let last = pool.from.saturating_add((WINDOW_NIGHTS - 1).days());
    let quantities = quantities(hub, pool).await?;
    for room in &pool.rooms {
        let quantity = quantities.get(room).copied().unwrap_or_default();
        for (night, free) in hub.free_places(*room, pool.from, last).await? {
            let taken = taken_in(listed, *room, night);
            // A limit in the calendar may show less, never more.
            if free > quantity - taken {
                violations.push(format!(
                    "room {room} on {night}: {free} free are shown, {taken} of {quantity} are taken"
                ));
            }
        }
        violations.extend(doubled_units(hub, *room, pool.from, last).await?);
    }
    Ok(violations)
}

async fn quantities(hub: &mut Beds24, pool: &Pool) -> anyhow::Result<HashMap<i64, i64>> {
    let path = format!("/properties?id={}&includeAllRooms=true", pool.property);
    let rows = hub.all_rows(&path).await?;
    let rooms = rows
        .iter()
        .filter_map(|row| row.get("roomTypes")?.as_array())
        .flatten();
    Ok(rooms
        .filter_map(|room| Some((room.get("id")?.as_i64()?, room.get("qty")?.as_i64()?)))
        .collect())
}

fn taken_in(listed: &[BookingRow], room: i64, night: Date) -> i64 {
    listed
        .iter()
        .filter(|row| row.room_id == room && row.takes_capacity())
        .filter(|row| row.arrival <= night && night < row.departure)
        .map(|row| row.room_qty)
        .sum()
}

async fn doubled_units(
    hub: &mut Beds24,
    room: i64,
    from: Date,
    last: Date,
) -> anyhow::Result<Vec<String>> {
    let path =
        format!("/inventory/rooms/unitBookings?roomId={room}&startDate={from}&endDate={last}");
    let rows = hub.all_rows(&path).await?;
    let days = rows
        .iter()
        .filter_map(|row| row.get("unitBookings")?.as_object())
        .flatten();
    let mut violations = Vec::new();
    for (day, units) in days {
        for (unit, count) in units.as_object().into_iter().flatten() {
            if unit != "unassigned" && count.as_i64().is_some_and(|count| count > 1) {
                violations.push(format!(
                    "room {room} on {day}: unit {unit} is given {count} times"
                ));
            }
        }
    }
    Ok(violations)
}
