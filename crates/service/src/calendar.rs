//! Calendars: restrictions, prices and limits on what is sold, day by day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalogue::{
    ColumnKind::{self, Int},
    inventory::{Organization, Resource, StoredDay},
    sale::Extra,
};
use domain::{
    access::Actor,
    calendar::CalendarDay,
    id::{Id, IdSource},
    time::Zone,
};
use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use store::{ColdCommand, Row, Tx, Value, calendar::Days, events::EventRow, hot::Stamp};

use crate::{
    Page, PageOf, Refusal, Result, Service, UseCase,
    availability::{ResourceFilter, lanes, nights_between},
    once::{Once, WriteAnswer},
    stamp::stamp,
};

/// A resource's calendar for a stretch of days.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// The resource.
    pub resource: Resource,
    /// One entry per day, in order.
    pub days: Vec<CalendarEntry>,
}

/// One day of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarEntry {
    /// Restrictions and prices; a plain day where nothing was set.
    pub settings: CalendarDay,
    /// How many can still be sold; below zero when overbooked.
    pub free: i64,
    /// Attributes of one dialect.
    pub extra: Extra,
}

/// A resource with the zone of its nights.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarResource {
    /// The resource.
    pub resource: Resource,
    /// The zone of its nights, by which its today is known.
    pub zone: Zone,
}

/// Changes of one resource's calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarWrite {
    /// The resource.
    pub resource_id: Id,
    /// What changes when; later ranges win over earlier ones.
    pub ranges: Vec<CalendarRange>,
}

/// A change of all days from `from` to `to`, both included.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarRange {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// What changes.
    pub patch: DayPatch,
}

/// A change of a day. What is absent stays; `Some(None)` removes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DayPatch {
    /// How many are left to sell. The limit follows from it and from what is taken.
    pub free: Option<Option<i64>>,
    /// The fewest nights.
    pub min_stay: Option<Option<u16>>,
    /// The most nights.
    pub max_stay: Option<Option<u16>>,
    /// What prices are multiplied by.
    pub multiplier: Option<Option<Decimal>>,
    /// Closed, closed to arrivals, closed to departures, exceptional.
    pub openness: Option<Openness>,
    /// Whether a day that was closed loses the limit on what is sold, unless `free` says otherwise.
    pub reopens: bool,
    /// Prices by number.
    pub prices: BTreeMap<u8, Option<Decimal>>,
    /// Attributes of one dialect, merged key by key; null removes.
    pub extra: Extra,
}

/// How open a day is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Openness {
    /// Nobody may sleep here that night.
    pub closed: bool,
    /// No stay may begin.
    pub no_check_in: bool,
    /// No stay may end.
    pub no_check_out: bool,
    /// An exceptional day.
    pub exception: bool,
}

/// What became of one resource's calendar.
pub type CalendarOutcome = std::result::Result<(), Refusal>;

impl Service {
    /// The calendars of resources for the days of `[first, until)`.
    pub async fn calendar_read(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        (first, until): (Date, Date),
        page: PageOf,
    ) -> Result<Page<Calendar>> {
        UseCase::ReadCalendar.authorize(actor)?;
        let count = nights_between(first, until)?;
        let mut tx = self.store.reader().await?;
        let resources = filter.page(&mut tx, actor, page).await?;
        let stretches: Vec<Days> = resources
            .rows
            .iter()
            .map(|resource| Days {
                resource_id: resource.id,
                first,
                until,
            })
            .collect();
        let stored = store::calendar::read(&tx, actor.tenant_id, &stretches).await?;
        let mut stored: BTreeMap<(Id, Date), StoredDay> = stored
            .into_iter()
            .map(|day| ((day.resource_id, day.day), day))
            .collect();
        let lanes = lanes(&mut tx, actor, &resources.rows, first, until).await?;
        Ok(resources.map(|resource| {
            let free = lanes
                .get(&resource.id)
                .map(|lane| lane.free(first, count))
                .unwrap_or_default();
            let days = (0..count as i64).filter_map(|day| first.checked_add(day.days()).ok());
            let days = days
                .zip(free)
                .map(|(day, free)| entry(stored.remove(&(resource.id, day)), day, free))
                .collect();
            Calendar { days, resource }
        }))
    }

    /// These resources with their zones, for whoever writes their calendars. Those that the caller
    /// does not reach are not there.
    pub async fn calendar_resources(
        &self,
        actor: &Actor,
        ids: &[Id],
    ) -> Result<Vec<CalendarResource>> {
        UseCase::FindCalendarResources.authorize(actor)?;
        let tx = self.store.reader().await?;
        let mut resources: Vec<Resource> = tx.find_each(BY_ID, &keys(actor, ids)).await?;
        resources.retain(|resource| actor.reaches(resource.organization_id));
        let of: Vec<Id> = resources.iter().map(|one| one.organization_id).collect();
        let organizations: Vec<Organization> = tx.find_each(BY_ID, &keys(actor, &of)).await?;
        let zones: HashMap<Id, Zone> = organizations
            .into_iter()
            .map(|organization| (organization.id, organization.details.zone))
            .collect();
        let zoned = resources.into_iter().filter_map(|resource| {
            let zone = zones.get(&resource.organization_id)?.clone();
            Some(CalendarResource { resource, zone })
        });
        Ok(zoned.collect())
    }

    /// Changes calendars; each resource is done or refused by itself.
    pub async fn calendar_write(
        &self,
        actor: &Actor,
        writes: Vec<CalendarWrite>,
    ) -> Result<Vec<CalendarOutcome>> {
        match self.calendar_write_once(actor, writes, None).await? {
            WriteAnswer::Fresh(outcomes) => Ok(outcomes),
            WriteAnswer::Replayed { .. } => Ok(Vec::new()),
        }
    }

    /// The same, once if the caller wishes so.
    pub async fn calendar_write_once(
        &self,
        actor: &Actor,
        writes: Vec<CalendarWrite>,
        once: Option<Once<CalendarOutcome>>,
    ) -> Result<WriteAnswer<CalendarOutcome>> {
        UseCase::WriteCalendar.authorize(actor)?;
        for range in writes.iter().flat_map(|write| &write.ranges) {
            nights_between(range.from, range.to)?;
        }
        let stamp = stamp(actor);
        let command = WriteCalendars {
            stamp: stamp.clone(),
            writes,
        };
        self.run_once(stamp, command, once).await
    }
}

const BY_ID: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("id", Int)];

/// The keys of these rows of the caller's tenant, each once.
fn keys(actor: &Actor, ids: &[Id]) -> Vec<Row> {
    let once: BTreeSet<Id> = ids.iter().copied().collect();
    let row = |id: Id| vec![actor.tenant_id.into(), id.into()];
    once.into_iter().map(row).collect()
}

fn entry(stored: Option<StoredDay>, day: Date, free: i64) -> CalendarEntry {
    match stored {
        Some(stored) => CalendarEntry {
            settings: stored.settings,
            free,
            extra: stored.extra,
        },
        None => CalendarEntry {
            settings: CalendarDay::new(day),
            free,
            extra: Extra::new(),
        },
    }
}

struct WriteCalendars {
    stamp: Stamp,
    writes: Vec<CalendarWrite>,
}

impl ColdCommand for WriteCalendars {
    type Output = Vec<CalendarOutcome>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        // A limit follows from what is taken, so nothing may be taken meanwhile.
        let resources: Vec<Id> = self.writes.iter().map(|write| write.resource_id).collect();
        tx.lock_lanes(self.stamp.tenant_id, &resources).await?;
        let mut results = Vec::with_capacity(self.writes.len());
        for write in &self.writes {
            results.push(self.write(tx, write, ids).await?);
        }
        Ok(results)
    }
}

impl WriteCalendars {
    async fn write(
        &self,
        tx: &mut Tx,
        write: &CalendarWrite,
        ids: &IdSource,
    ) -> store::Result<CalendarOutcome> {
        let (tenant_id, resource_id) = (self.stamp.tenant_id, write.resource_id);
        let resource = tx
            .get::<Resource>(&[Value::from(tenant_id), resource_id.into()])
            .await?;
        let Some(resource) =
            resource.filter(|resource| self.stamp.reaches(resource.organization_id))
        else {
            return Ok(Err(Refusal::UnknownResource));
        };
        let version = ids.next(self.stamp.now);
        for range in &write.ranges {
            write_range(tx, tenant_id, resource_id, range, version).await?;
        }
        let event = EventRow::new(
            &self.stamp,
            ids.next(self.stamp.now),
            "calendar.changed",
            resource_id,
            resource.organization_id,
            true,
        );
        tx.record(&[event]).await?;
        Ok(Ok(()))
    }
}

async fn write_range(
    tx: &mut Tx,
    tenant_id: Id,
    resource_id: Id,
    range: &CalendarRange,
    version: Id,
) -> store::Result<()> {
    let until = range.to.tomorrow().unwrap_or(range.to);
    let nights = usize::try_from(domain::time::nights(range.from, until)).unwrap_or(0);
    let stretch = Days {
        resource_id,
        first: range.from,
        until,
    };
    let stored = store::calendar::read(tx, tenant_id, &[stretch]).await?;
    let mut stored: BTreeMap<Date, StoredDay> =
        stored.into_iter().map(|day| (day.day, day)).collect();
    let taken = match range.patch.free {
        Some(Some(_)) => {
            let lanes =
                store::occupancy::look(tx, tenant_id, &[resource_id], range.from, until).await?;
            lanes
                .first()
                .map(|lane| lane.taken(range.from, nights))
                .unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let days: Vec<StoredDay> = (0..nights)
        .filter_map(|night| Some((night, range.from.checked_add((night as i64).days()).ok()?)))
        .map(|(night, day)| {
            let stored = stored
                .remove(&day)
                .unwrap_or_else(|| plain(tenant_id, resource_id, day));
            patched(stored, &range.patch, taken.get(night).copied().unwrap_or(0))
        })
        .collect();
    store::calendar::write(tx, &days, version).await
}

fn plain(tenant_id: Id, resource_id: Id, day: Date) -> StoredDay {
    StoredDay {
        tenant_id,
        resource_id,
        day,
        sell_limit: None,
        settings: CalendarDay::new(day),
        extra: Extra::new(),
    }
}

fn patched(mut stored: StoredDay, patch: &DayPatch, taken: i64) -> StoredDay {
    let settings = &mut stored.settings;
    if let Some(free) = patch.free {
        settings.sell_limit = free.map(|free| free.saturating_add(taken));
    } else if patch.reopens && settings.closed {
        settings.sell_limit = None;
    }
    settings.min_stay = patch.min_stay.unwrap_or(settings.min_stay);
    settings.max_stay = patch.max_stay.unwrap_or(settings.max_stay);
    settings.multiplier = patch.multiplier.unwrap_or(settings.multiplier);
    if let Some(openness) = patch.openness {
        settings.closed = openness.closed;
        settings.no_check_in = openness.no_check_in;
        settings.no_check_out = openness.no_check_out;
        settings.exception = openness.exception;
    }
    for (number, price) in &patch.prices {
        match price {
            Some(price) => settings.prices.insert(*number, *price),
            None => settings.prices.remove(number),
        };
    }
    merge(&mut stored.extra, &patch.extra);
    stored.sell_limit = stored.settings.sell_limit;
    stored
}

/// Merges attributes key by key; null removes.
pub(crate) fn merge(into: &mut Extra, from: &Extra) {
    for (key, value) in from {
        if value.is_null() {
            into.remove(key);
        } else {
            into.insert(key.clone(), value.clone());
        }
    }
}
