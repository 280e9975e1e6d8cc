//! What a batch reads, and in which order it locks: bookings first, then lanes, each ascending.
//! All batches keep that order, so two of them never wait for each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{
    ColumnKind::{Int, Text},
    Kind, Row,
    sale::{Booking, Line, Note},
};
use domain::{
    id::Id,
    time::{Zone, night_instants},
};
use jiff::{ToSpan, civil::Date};

use super::{
    Command, Submission,
    place::Group,
    seen::{Allocation, Held, KnownAnswer, Lane, Origin, Seen},
};
use crate::{
    error::{Error, Result},
    idempotency::Stored,
    statement::Each,
    terms::{Ask, Terms},
    tx::Tx,
};

type Key = (Id, Id);

/// A stretch of a lane that a decision wants to see, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub(super) key: Key,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// An item of a booking with its booking's row: read by booking.
const BY_BOOKING: &[(&str, catalogue::ColumnKind)] = &[("tenant_id", Int), ("booking_id", Int)];
const BY_ID: &[(&str, catalogue::ColumnKind)] = &[("tenant_id", Int), ("id", Int)];

/// Where the allocations of a booking stand: in its resource's lane, from its start on. The lane's
/// own key finds them, so no second index has to be kept for every booking that is made.
pub(crate) const OF_BOOKING: &[(&str, catalogue::ColumnKind)] = &[
    ("tenant_id", Int),
    ("lane_id", Int),
    ("starts_at", Int),
    ("booking_id", Int),
];

/// A row of [`OF_BOOKING`].
pub(crate) fn allocation_key(booking: &Booking) -> Row {
    vec![
        booking.tenant_id.into(),
        booking.resource_id.into(),
        booking.starts_at.as_second().into(),
        booking.id.into(),
    ]
}

static ANSWERS: Each = Each::new(
    "SELECT i.tenant_id, i.grant_id, i.key, i.at, i.fingerprint, i.status, i.body FROM {each} \
     JOIN idempotency i ON i.tenant_id = each.tenant_id AND i.grant_id = each.grant_id AND i.key = each.key",
    &[("tenant_id", Int), ("grant_id", Int), ("key", Text)],
);

static ALLOCATIONS_OF_BOOKINGS: Each = Each::new(
    "SELECT a.tenant_id, a.lane_id, a.id, a.booking_id, a.starts_at, a.ends_at, a.quantity, a.unit, a.pinned, a.expires_at, \
     a.overbooked FROM {each} JOIN allocation a ON a.tenant_id = each.tenant_id AND a.lane_id = each.lane_id \
     AND a.starts_at = each.starts_at AND a.booking_id = each.booking_id",
    OF_BOOKING,
);

static ALLOCATIONS_IN: Each = Each::new(
    "SELECT a.tenant_id, a.lane_id, a.id, a.booking_id, a.starts_at, a.ends_at, a.quantity, a.unit, a.pinned, a.expires_at, \
     a.overbooked FROM {each} JOIN allocation a ON a.tenant_id = each.tenant_id AND a.lane_id = each.lane_id \
     AND a.starts_at >= each.first AND a.starts_at < each.until AND a.ends_at > each.after",
    &[
        ("tenant_id", Int),
        ("lane_id", Int),
        ("first", Int),
        ("until", Int),
        ("after", Int),
    ],
);

static LIMITS: Each = Each::new(
    "SELECT c.tenant_id, c.resource_id, c.day, c.sell_limit FROM {each} JOIN calendar_day c ON c.tenant_id = each.tenant_id \
     AND c.resource_id = each.resource_id AND c.day >= each.first AND c.day < each.until \
     WHERE c.sell_limit IS NOT NULL",
    &[
        ("tenant_id", Int),
        ("resource_id", Int),
        ("first", Int),
        ("until", Int),
    ],
);

impl Seen {
    /// Locks and reads everything that the batch names.
    pub(super) async fn load(tx: &Tx, batch: &[&Submission]) -> Result<Self> {
        let mut seen = Seen::default();
        seen.load_answers(tx, batch).await?;
        let named = named_bookings(batch);
        seen.load_bookings(tx, &named).await?;
        let wanted = wanted_stretches(batch, &seen);
        seen.load_lanes(tx, wanted.keys().copied().collect(), true)
            .await?;
        seen.load_stretches(tx, &wanted).await?;
        Ok(seen)
    }

    /// Reads more of a lane that is already locked.
    pub(super) async fn widen(&mut self, tx: &Tx, window: Window) -> Result<()> {
        let Some(lane) = self.lanes.get(&window.key) else {
            return Ok(());
        };
        let row = allocation_row(window.key, lane, window.from, window.to);
        let limits = limit_row(window.key, window.from, window.to);
        self.put_limits(tx.read_each(&LIMITS, &[limits]).await?)?;
        let rows = tx.read_each(&ALLOCATIONS_IN, &[row]).await?;
        self.put_allocations(rows)?;
        if let Some(lane) = self.lanes.get_mut(&window.key) {
            lane.learn(window.from, window.to);
        }
        Ok(())
    }

    async fn load_answers(&mut self, tx: &Tx, batch: &[&Submission]) -> Result<()> {
        let keys: Vec<Row> = batch
            .iter()
            .filter_map(|submission| Some((submission, submission.idempotency.as_ref()?)))
            .map(|(submission, claim)| {
                let (tenant_id, grant_id, key) = claim.key(&submission.stamp);
                vec![tenant_id.into(), grant_id.into(), key.into()]
            })
            .collect();
        for row in tx.read_each(&ANSWERS, &keys).await? {
            let mut cells = catalogue::Cells::of("idempotency", row);
            let key = (
                cells.next("tenant_id")?,
                cells.next("grant_id")?,
                cells.next("key")?,
            );
            let stored = Stored::from_cells(&mut cells)?;
            self.answers.insert(
                key,
                KnownAnswer {
                    stored,
                    is_new: false,
                },
            );
        }
        Ok(())
    }

    async fn load_bookings(&mut self, tx: &Tx, named: &BTreeSet<Key>) -> Result<()> {
        if named.is_empty() {
            return Ok(());
        }
        let keys: Vec<Row> = named.iter().map(key_row).collect();
        let lock = tx.lock_rows().replace("UPDATE", "UPDATE OF b");
        let sql = crate::kind::select_each::<Booking>(
            "b",
            &["tenant_id", "id"],
            &format!(" ORDER BY b.tenant_id, b.id{lock}"),
        );
        let bookings: Vec<Booking> = Tx::kinds(
            tx.read_each(&Each::owned(sql, BY_ID.to_vec()), &keys)
                .await?,
        )?;
        for booking in bookings {
            let key = (booking.tenant_id, booking.id);
            let held = Held {
                booking,
                taken: Vec::new(),
                lines: Vec::new(),
                notes: Vec::new(),
                is_new: false,
                is_changed: false,
                is_removed: false,
            };
            self.bookings.insert(key, held);
        }
        self.load_items(tx, &keys).await
    }

    async fn load_items(&mut self, tx: &Tx, keys: &[Row]) -> Result<()> {
        for line in read_items::<Line>(tx, keys).await? {
            if let Some(held) = self.bookings.get_mut(&(line.tenant_id, line.booking_id)) {
                held.lines.push(line);
            }
        }
        for note in read_items::<Note>(tx, keys).await? {
            if let Some(held) = self.bookings.get_mut(&(note.tenant_id, note.booking_id)) {
                held.notes.push(note);
            }
        }
        Ok(())
    }

    pub(super) async fn load_lanes(&mut self, tx: &Tx, keys: Vec<Key>, lock: bool) -> Result<()> {
        static LANES: std::sync::LazyLock<[Each; 2]> =
            std::sync::LazyLock::new(|| ["", " FOR UPDATE OF l"].map(lanes));
        let rows: Vec<Row> = keys.iter().map(key_row).collect();
        let statement = &LANES[usize::from(lock && tx.is_postgres())];
        for row in tx.read_each(statement, &rows).await? {
            let (key, lane) = lane(row)?;
            self.lanes.insert(key, lane);
        }
        Ok(())
    }

    async fn load_stretches(&mut self, tx: &Tx, wanted: &BTreeMap<Key, Vec<Nights>>) -> Result<()> {
        let (mut windows, mut asks) = (Vec::new(), Vec::new());
        for (key, nights) in wanted {
            let Some(lane) = self.lanes.get_mut(key) else {
                continue;
            };
            for (first, until) in joined(nights) {
                let (from, to) = instants(&lane.zone, first, until);
                asks.push(Ask {
                    key: *key,
                    version: lane.terms,
                    first,
                    // The morning of departure has rules too.
                    until: until + 1,
                });
                windows.push(allocation_row(*key, lane, from, to));
                lane.known.push((from, to));
            }
        }
        if windows.is_empty() {
            return Ok(());
        }
        self.load_terms(tx, asks).await?;
        let rows = tx.read_each(&ALLOCATIONS_IN, &windows).await?;
        self.put_allocations(rows)?;
        self.load_taken(tx).await
    }

    /// Reads what the lanes are sold on; the limits on what is sold go to the lanes.
    async fn load_terms(&mut self, tx: &Tx, asks: Vec<Ask>) -> Result<()> {
        self.terms = Terms::load(tx, asks.clone()).await?;
        for ask in asks {
            if let Some(lane) = self.lanes.get_mut(&ask.key) {
                let limits = self.terms.limits(ask.key, ask.first, ask.until);
                lane.limits.extend(limits);
            }
        }
        Ok(())
    }

    /// What the bookings have may lie outside of what is asked about, and is wanted whole.
    async fn load_taken(&mut self, tx: &Tx) -> Result<()> {
        let keys: Vec<Row> = self
            .bookings
            .values()
            .map(|held| allocation_key(&held.booking))
            .collect();
        for row in tx.read_each(&ALLOCATIONS_OF_BOOKINGS, &keys).await? {
            let (key, allocation) = allocation(row)?;
            if let Some(held) = self.bookings.get_mut(&(key.0, allocation.booking_id)) {
                held.taken.push((key.1, allocation.place()));
            }
            self.put_allocation(key, allocation);
        }
        Ok(())
    }

    fn put_limits(&mut self, rows: Vec<Row>) -> Result<()> {
        for row in rows {
            let mut cells = catalogue::Cells::of("calendar_day", row);
            let key = (cells.next("tenant_id")?, cells.next("resource_id")?);
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.limits
                    .insert(cells.next("day")?, cells.next("sell_limit")?);
            }
        }
        Ok(())
    }

    fn put_allocations(&mut self, rows: Vec<Row>) -> Result<()> {
        for row in rows {
            let (key, allocation) = allocation(row)?;
            self.put_allocation(key, allocation);
        }
        Ok(())
    }

    /// Puts an allocation that was read, unless this batch knows it better.
    fn put_allocation(&mut self, key: Key, allocation: Allocation) {
        let Some(lane) = self.lanes.get_mut(&key) else {
            return;
        };
        if !lane.given.contains(&allocation.place()) {
            lane.allocations.add_read(allocation);
        }
    }
}

impl Lane {
    /// Notes that all allocations of `[from, to)` have been read too.
    fn learn(&mut self, from: i64, to: i64) {
        self.known.push((from, to));
        self.known.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(self.known.len());
        for (from, to) in std::mem::take(&mut self.known) {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        self.known = joined;
    }
}

const DAY_S: i64 = 86_400;

/// The nights of a stay as day numbers, the departure day left out.
pub(super) type Nights = (i64, i64);

fn named_bookings(batch: &[&Submission]) -> BTreeSet<Key> {
    let mut named = BTreeSet::new();
    for submission in batch {
        let tenant_id = submission.stamp.tenant_id;
        for command in &submission.commands {
            let ids = match command {
                Command::Place(place) => [None, joined_group(place.group)],
                Command::Change(change) => [
                    Some(change.booking_id),
                    change.change.group.and_then(joined_group),
                ],
                Command::Remove(remove) => [Some(remove.booking_id), None],
                Command::OpenLane(_) | Command::SetCapacity(_) => [None, None],
            };
            named.extend(ids.into_iter().flatten().map(|id| (tenant_id, id)));
        }
    }
    named
}

fn joined_group(group: Group) -> Option<Id> {
    if let Group::Join(master) = group {
        Some(master)
    } else {
        None
    }
}

/// Which nights of which lanes the batch will ask about.
fn wanted_stretches(batch: &[&Submission], seen: &Seen) -> BTreeMap<Key, Vec<Nights>> {
    let mut wanted: BTreeMap<Key, Vec<Nights>> = BTreeMap::new();
    for held in seen.bookings.values() {
        let nights = nights(held.booking.arrival_on, held.booking.departure_on);
        wanted
            .entry((held.booking.tenant_id, held.booking.resource_id))
            .or_default()
            .extend(nights);
    }
    for submission in batch {
        let tenant_id = submission.stamp.tenant_id;
        for command in &submission.commands {
            let Some((resource_id, nights)) = asked(command, tenant_id, seen) else {
                continue;
            };
            wanted
                .entry((tenant_id, resource_id))
                .or_default()
                .extend(nights);
        }
    }
    wanted
}

fn asked(command: &Command, tenant_id: Id, seen: &Seen) -> Option<(Id, Option<Nights>)> {
    match command {
        Command::Place(place) => {
            let booking = &place.booking;
            Some((
                booking.resource_id,
                nights(booking.arrival_on, booking.departure_on),
            ))
        }
        Command::Change(change) => {
            // A booking that an earlier command of the batch makes is not there yet.
            let held = seen.bookings.get(&(tenant_id, change.booking_id));
            let booking = held.map(|held| &held.booking);
            let change = &change.change;
            let arrival = change
                .arrival_on
                .or(booking.map(|booking| booking.arrival_on));
            let departure = change
                .departure_on
                .or(booking.map(|booking| booking.departure_on));
            Some((
                change
                    .resource_id
                    .or(booking.map(|booking| booking.resource_id))?,
                arrival
                    .zip(departure)
                    .and_then(|(arrival, departure)| nights(arrival, departure)),
            ))
        }
        Command::SetCapacity(set) => Some((set.resource_id, None)),
        Command::Remove(_) | Command::OpenLane(_) => None,
    }
}

pub(super) fn nights(arrival: Date, departure: Date) -> Option<Nights> {
    let furthest = arrival
        .checked_add(crate::limits::LONGEST_STAY_DAYS.days())
        .ok()?;
    let departure = departure.min(furthest);
    (arrival < departure).then(|| {
        (
            catalogue::day_number(arrival),
            catalogue::day_number(departure),
        )
    })
}

/// Joins stretches that touch or overlap.
pub(super) fn joined(stretches: &[Nights]) -> Vec<Nights> {
    let mut sorted = stretches.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<Nights> = Vec::with_capacity(sorted.len());
    for (from, to) in sorted {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn allocation_row(key: Key, lane: &Lane, from: i64, to: i64) -> Row {
    let first = from.saturating_sub(lane.longest_s);
    vec![
        key.0.into(),
        key.1.into(),
        first.into(),
        to.into(),
        from.into(),
    ]
}

/// From which second to which nights last.
pub(super) fn instants(zone: &Zone, first: i64, until: i64) -> (i64, i64) {
    let day = catalogue::from_day_number;
    let period = day(first)
        .zip(day(until))
        .and_then(|(first, until)| night_instants(zone, first, until).ok());
    match period {
        Some(period) => (period.start_second(), period.end_second()),
        // No zone is further than a day from UTC.
        None => ((first - 1) * DAY_S, (until + 1) * DAY_S),
    }
}

/// All nights that a stretch touches in any zone.
fn limit_row(key: Key, from: i64, to: i64) -> Row {
    let (first, until) = (from.div_euclid(DAY_S) - 1, to.div_euclid(DAY_S) + 2);
    vec![key.0.into(), key.1.into(), first.into(), until.into()]
}

fn key_row(key: &Key) -> Row {
    vec![key.0.into(), key.1.into()]
}

fn lanes(lock: &str) -> Each {
    Each::owned(
        format!(
            "SELECT l.tenant_id, l.id, l.organization_id, l.zone, l.capacity, l.has_units, l.refuses_overbooking, \
             l.longest_s, l.sequence, l.hash, l.terms FROM {{each}} JOIN lane l ON l.tenant_id = each.tenant_id \
             AND l.id = each.id ORDER BY l.tenant_id, l.id{lock}"
        ),
        BY_ID.to_vec(),
    )
}

async fn read_items<K: Kind>(tx: &Tx, keys: &[Row]) -> Result<Vec<K>> {
    let alias = "i";
    let columns = crate::kind::columns_of::<K>(alias);
    let table = K::TABLE.name;
    let sql = format!(
        "SELECT {columns} FROM {{each}} JOIN {table} {alias} ON {alias}.tenant_id = each.tenant_id \
         AND {alias}.booking_id = each.booking_id"
    );
    Tx::kinds(
        tx.read_each(&Each::owned(sql, BY_BOOKING.to_vec()), keys)
            .await?,
    )
}

fn lane(row: Row) -> Result<(Key, Lane)> {
    let mut cells = catalogue::Cells::of("lane", row);
    let key = (cells.next("tenant_id")?, cells.next("id")?);
    let organization_id = cells.next("organization_id")?;
    let zone: String = cells.next("zone")?;
    let zone = zones(&zone)?;
    let lane = Lane {
        organization_id,
        zone,
        capacity: cells.next("capacity")?,
        has_units: cells.next("has_units")?,
        refuses_overbooking: cells.next("refuses_overbooking")?,
        longest_s: cells.next("longest_s")?,
        sequence: cells.next("sequence")?,
        hash: hash(cells.next("hash")?)?,
        terms: cells.next("terms")?,
        known: Vec::new(),
        allocations: Default::default(),
        limits: BTreeMap::new(),
        entries: Vec::new(),
        hashes: Vec::new(),
        given: Default::default(),
        is_new: false,
        is_changed: false,
    };
    Ok((key, lane))
}

fn zones(name: &str) -> Result<Zone> {
    Zone::new(name).map_err(|_| Error::Refused(format!("the lane's time zone {name} is not known")))
}

fn hash(bytes: Vec<u8>) -> Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| Error::Refused("a lane's hash is not 32 bytes long".to_owned()))
}

fn allocation(row: Row) -> Result<(Key, Allocation)> {
    let mut cells = catalogue::Cells::of("allocation", row);
    let key = (cells.next("tenant_id")?, cells.next("lane_id")?);
    let allocation = Allocation {
        id: cells.next("id")?,
        booking_id: cells.next("booking_id")?,
        starts_at: cells.next("starts_at")?,
        ends_at: cells.next("ends_at")?,
        quantity: cells.next("quantity")?,
        unit: cells.next("unit")?,
        pinned: cells.next("pinned")?,
        expires_at: cells.next("expires_at")?,
        overbooked: cells.next("overbooked")?,
        origin: Origin::Stored,
    };
    Ok((key, allocation))
}
