//! What resources are sold on: their own settings and their organization's, their rate plans, their
//! calendar days.
//!
//! Terms are needed for every price and every answer about availability, and change seldom, so they
//! are kept in memory. A lane carries the version of its terms. Whoever changes them gives each lane
//! concerned a new version in the same commit ([`Tx::terms_changed`]); whoever uses them has just read
//! the lane, and what is kept under another version is read again. So nothing stale is used, however
//! many servers share a database. A version is an id and never comes back, so that what was read in a
//! transaction that was rolled back is never taken for something else.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use catalogue::{
    Cells,
    ColumnKind::Int,
    Row, Value,
    inventory::{Organization, Resource},
    sale::Booking,
};
use domain::{
    calendar::CalendarDay,
    id::Id,
    party::{Party, Room},
    rate::{
        Linking, MOST_LINKS, PriceBook, Pricing, Quote, RatePlan, Wanted, cheapest_of_each_offer,
        is_priced,
    },
    time::today,
};
use jiff::{Timestamp, civil::Date};
use quick_cache::{Weighter, sync::Cache};
use rust_decimal::Decimal;

use crate::{
    error::Result, kind::select_each, limits, statement::Each, tables::LANE_TERMS_ON, tx::Tx,
};

/// A resource of a tenant.
type Key = (Id, Id);

/// Days are kept by the block: so many of them, from a day number that is a multiple of it.
const BLOCK_DAYS: i64 = 32;

/// What stays the same from day to day.
#[derive(Debug)]
pub struct Sold {
    /// The resource.
    pub resource: Arc<Resource>,
    /// The organization it belongs to.
    pub organization: Arc<Organization>,
    /// All its rate plans, by number.
    pub plans: Vec<RatePlan>,
    /// Those under which it is sold to whoever names no offer ([`Resource::sold_plans`]).
    pub offered: Vec<RatePlan>,
}

/// The calendar days of a block that say anything, in their order. Neighbours that say the same are
/// kept as one, because seasons are longer than days.
#[derive(Default)]
struct Days(Vec<Run>);

/// Days that say the same, as day numbers.
struct Run {
    first: i64,
    last: i64,
    /// Of the first of them.
    settings: CalendarDay,
}

impl Days {
    /// Adds a day that comes after all that are there.
    fn push(&mut self, settings: CalendarDay) {
        let number = catalogue::day_number(settings.day);
        let last = self.0.last();
        if last.is_some_and(|run| run.settings.same_settings(&settings)) && self.goes_on(number) {
            return;
        }
        self.0.push(Run {
            first: number,
            last: number,
            settings,
        });
    }

    /// Adds a day that says the same as the last one, if it is the next.
    fn goes_on(&mut self, number: i64) -> bool {
        let last = self.0.last_mut();
        match last.filter(|run| run.last + 1 == number) {
            Some(run) => run.last = number,
            None => return false,
        }
        true
    }

    fn get(&self, number: i64) -> Option<&CalendarDay> {
        let next = self.0.partition_point(|run| run.last < number);
        let run = self.0.get(next).filter(|run| run.first <= number)?;
        Some(&run.settings)
    }
}

/// Days from their rows. Neighbours are mostly written alike, and only the first of them is taken apart.
fn days_by_block(mut rows: Vec<Row>) -> Result<BTreeMap<(Key, i64), Days>> {
    let number = |row: &Row, column: usize| match row.get(column) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    };
    let place = |row: &Row| [0, 1, 2].map(|column| number(row, column));
    rows.sort_unstable_by_key(place);
    let mut read: BTreeMap<(Key, i64), Days> = BTreeMap::new();
    let mut last: Option<((Key, i64), Row)> = None;
    for row in rows {
        let day = number(&row, 2);
        let block = day.div_euclid(BLOCK_DAYS);
        if let Some((place, before)) = &last
            && place.1 == block
            && before[..2] == row[..2]
            && before[3..] == row[3..]
            && read.get_mut(place).is_some_and(|days| days.goes_on(day))
        {
            continue;
        }
        let stored = crate::calendar::stored(row.clone())?;
        let place = ((stored.tenant_id, stored.resource_id), block);
        read.entry(place).or_default().push(stored.settings);
        last = Some((place, row));
    }
    Ok(read)
}

/// Something that was read, and the version of the lane's terms that it belongs to.
struct Versioned<T> {
    version: i64,
    value: Arc<T>,
}

impl<T> Clone for Versioned<T> {
    fn clone(&self) -> Self {
        let (version, value) = (self.version, Arc::clone(&self.value));
        Self { version, value }
    }
}

/// The terms that were read last. Shared by all connections of a store.
#[derive(Clone)]
pub(crate) struct TermsCache(Arc<Kept>);

struct Kept {
    sold: Cache<Key, Versioned<Sold>>,
    days: Cache<(Key, i64), Versioned<Days>, Weight>,
}

impl TermsCache {
    pub(crate) fn new() -> Self {
        let most_blocks = limits::TERMS_DAYS_BYTES / Weight::OF_BLOCK;
        Self(Arc::new(Kept {
            sold: Cache::new(limits::TERMS_RESOURCES),
            days: Cache::with_weighter(most_blocks as usize / 16, limits::TERMS_DAYS_BYTES, Weight),
        }))
    }
}

/// How many bytes a block takes, roughly.
#[derive(Clone)]
struct Weight;

impl Weight {
    /// What an entry costs by itself.
    const OF_BLOCK: u64 = 200;
    /// Some days with their prices.
    const OF_RUN: u64 = 400;
}

impl Weighter<(Key, i64), Versioned<Days>> for Weight {
    fn weight(&self, _: &(Key, i64), days: &Versioned<Days>) -> u64 {
        Self::OF_BLOCK + Self::OF_RUN * days.value.0.len() as u64
    }
}

/// Which terms are wanted: those of a resource for days given by number, the last one left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) key: Key,
    /// The version that the lane carries.
    pub(crate) version: i64,
    pub(crate) first: i64,
    pub(crate) until: i64,
}

impl Ask {
    fn blocks(&self) -> impl Iterator<Item = i64> + use<> {
        blocks(self.first, self.until)
    }
}

fn blocks(first: i64, until: i64) -> impl Iterator<Item = i64> {
    let last = until.max(first + 1) - 1;
    first.div_euclid(BLOCK_DAYS)..=last.div_euclid(BLOCK_DAYS)
}

/// The terms of some resources for some days.
#[derive(Clone, Default)]
pub struct Terms {
    sold: BTreeMap<Key, Arc<Sold>>,
    days: BTreeMap<(Key, i64), Arc<Days>>,
}

/// What is not kept and has to be read, each with the version that it is wanted in.
#[derive(Default)]
struct Missing {
    resources: BTreeMap<Key, i64>,
    blocks: BTreeMap<(Key, i64), i64>,
}

impl Missing {
    fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.blocks.is_empty()
    }
}

impl Terms {
    /// Reads what is not kept yet, following links between rate plans to other resources.
    pub(crate) async fn load(tx: &Tx, mut asks: Vec<Ask>) -> Result<Self> {
        let mut terms = Self::default();
        for _ in 0..=MOST_LINKS {
            terms.add(tx, &asks).await?;
            asks = terms.linked(tx, &asks).await?;
            if asks.is_empty() {
                break;
            }
        }
        Ok(terms)
    }

    /// Answers from memory, where everything is kept. `version` says which terms a lane has now, for
    /// resources that prices are linked to.
    pub(crate) fn remember(
        cache: &TermsCache,
        mut asks: Vec<Ask>,
        version: impl Fn(Key) -> Option<i64>,
    ) -> Option<Self> {
        let mut terms = Self::default();
        for _ in 0..=MOST_LINKS {
            if !terms.take_kept(cache, &asks).is_empty() {
                return None;
            }
            asks = terms.links(&asks);
            if asks.is_empty() {
                break;
            }
            for ask in &mut asks {
                ask.version = version(ask.key)?;
            }
        }
        Some(terms)
    }

    async fn add(&mut self, tx: &Tx, asks: &[Ask]) -> Result<()> {
        let cache = tx.terms_cache().clone();
        let missing = self.take_kept(&cache, asks);
        self.read_sold(tx, &cache, &missing.resources).await?;
        self.read_days(tx, &cache, &missing.blocks).await
    }

    /// Takes what is kept; says what is not.
    fn take_kept(&mut self, cache: &TermsCache, asks: &[Ask]) -> Missing {
        let mut missing = Missing::default();
        for ask in asks {
            match cache.0.sold.get(&ask.key) {
                Some(kept) if kept.version == ask.version => {
                    self.sold.insert(ask.key, kept.value);
                }
                _ => {
                    missing.resources.insert(ask.key, ask.version);
                }
            }
            for block in ask.blocks() {
                match cache.0.days.get(&(ask.key, block)) {
                    Some(kept) if kept.version == ask.version => {
                        self.days.insert((ask.key, block), kept.value);
                    }
                    _ => {
                        missing.blocks.insert((ask.key, block), ask.version);
                    }
                }
            }
        }
        missing
    }

    async fn read_sold(
        &mut self,
        tx: &Tx,
        cache: &TermsCache,
        wanted: &BTreeMap<Key, i64>,
    ) -> Result<()> {
        static RESOURCES: LazyLock<Each> = LazyLock::new(|| by_id::<Resource>("r"));
        static ORGANIZATIONS: LazyLock<Each> = LazyLock::new(|| by_id::<Organization>("o"));
        let rows: Vec<Row> = wanted.keys().map(key_row).collect();
        let resources: Vec<Resource> = Tx::kinds(tx.read_each(&RESOURCES, &rows).await?)?;
        let owners: BTreeSet<Key> = resources
            .iter()
            .map(|resource| (resource.tenant_id, resource.organization_id))
            .collect();
        let rows: Vec<Row> = owners.iter().map(key_row).collect();
        let organizations: Vec<Organization> =
            Tx::kinds(tx.read_each(&ORGANIZATIONS, &rows).await?)?;
        let organizations: HashMap<Key, Arc<Organization>> = organizations
            .into_iter()
            .map(|owner| ((owner.tenant_id, owner.id), Arc::new(owner)))
            .collect();
        for resource in resources {
            let key = (resource.tenant_id, resource.id);
            let owner = organizations.get(&(resource.tenant_id, resource.organization_id));
            let (Some(owner), Some(version)) = (owner, wanted.get(&key)) else {
                continue;
            };
            let value = Arc::new(Sold {
                plans: resource.plans().cloned().collect(),
                offered: resource.sold_plans(owner),
                organization: Arc::clone(owner),
                resource: Arc::new(resource),
            });
            self.sold.insert(key, Arc::clone(&value));
            let version = *version;
            cache.0.sold.insert(key, Versioned { version, value });
        }
        Ok(())
    }

    async fn read_days(
        &mut self,
        tx: &Tx,
        cache: &TermsCache,
        wanted: &BTreeMap<(Key, i64), i64>,
    ) -> Result<()> {
        let rows: Vec<Row> = wanted
            .keys()
            .map(|((tenant_id, resource_id), block)| {
                let first = block * BLOCK_DAYS;
                vec![
                    (*tenant_id).into(),
                    (*resource_id).into(),
                    first.into(),
                    (first + BLOCK_DAYS).into(),
                ]
            })
            .collect();
        let mut read = days_by_block(crate::calendar::read_rows(tx, &rows).await?)?;
        for (place, version) in wanted {
            // A block without any day is worth keeping too: it says that nothing is set.
            let value = Arc::new(read.remove(place).unwrap_or_default());
            self.days.insert(*place, Arc::clone(&value));
            let version = *version;
            cache.0.days.insert(*place, Versioned { version, value });
        }
        Ok(())
    }

    /// Which other resources, not read yet, these prices are linked to.
    async fn linked(&self, tx: &Tx, asks: &[Ask]) -> Result<Vec<Ask>> {
        let mut wanted = self.links(asks);
        if wanted.is_empty() {
            return Ok(wanted);
        }
        let versions = versions(tx, wanted.iter().map(|ask| ask.key).collect()).await?;
        wanted.retain_mut(|ask| {
            let version = versions.get(&ask.key);
            ask.version = version.copied().unwrap_or_default();
            version.is_some()
        });
        Ok(wanted)
    }

    /// The same, still under the versions of those that link to them.
    fn links(&self, asks: &[Ask]) -> Vec<Ask> {
        let mut wanted = Vec::new();
        for ask in asks {
            let Some(sold) = self.sold.get(&ask.key) else {
                continue;
            };
            for link in sold.plans.iter().filter_map(|plan| plan.linking) {
                let key = (ask.key.0, link.resource);
                if !self.has(key, ask) {
                    wanted.push(Ask { key, ..*ask });
                }
            }
        }
        wanted
    }

    fn has(&self, key: Key, ask: &Ask) -> bool {
        let mut blocks = ask.blocks();
        self.sold.contains_key(&key) && blocks.all(|block| self.days.contains_key(&(key, block)))
    }

    /// A resource with its organization.
    pub fn sold(&self, tenant_id: Id, resource_id: Id) -> Option<&Arc<Sold>> {
        self.sold.get(&(tenant_id, resource_id))
    }

    /// What the calendar says of a day. The answer may stand for several days that say the same, and
    /// then names the first of them.
    pub fn day(&self, tenant_id: Id, resource_id: Id, day: Date) -> Option<&CalendarDay> {
        let number = catalogue::day_number(day);
        let block = number.div_euclid(BLOCK_DAYS);
        let days = self.days.get(&((tenant_id, resource_id), block))?;
        days.get(number)
    }

    /// Limits on what is sold in `[first, until)`, by day number.
    pub(crate) fn limits(
        &self,
        key: Key,
        first: i64,
        until: i64,
    ) -> impl Iterator<Item = (i64, i64)> {
        let days = blocks(first, until).filter_map(move |block| self.days.get(&(key, block)));
        let limited = days.flat_map(|days| &days.0).filter_map(move |run| {
            let days = run.first.max(first)..(run.last + 1).min(until);
            Some((days, run.settings.sell_limit?))
        });
        limited.flat_map(|(days, limit)| days.map(move |day| (day, limit)))
    }

    /// The cheapest quote of each offer that is made to whoever names none.
    pub fn quotes(
        &self,
        key: (Id, Id),
        now: Timestamp,
        stay: (Date, Date),
        party: Party,
    ) -> BTreeMap<u8, Quote> {
        let sold = self.sold(key.0, key.1);
        sold.map(|sold| self.quotes_of(sold, &sold.offered, now, stay, party))
            .unwrap_or_default()
    }

    /// The cheapest quote of each offer under some of the plans of a resource.
    fn quotes_of(
        &self,
        sold: &Sold,
        plans: &[RatePlan],
        now: Timestamp,
        (arrival, departure): (Date, Date),
        party: Party,
    ) -> BTreeMap<u8, Quote> {
        if plans.is_empty() {
            return BTreeMap::new();
        }
        let details = &sold.resource.details;
        let pricing = Pricing {
            resource: sold.resource.id,
            room: Room {
                people: details.max_people,
                adults: details.max_adults,
                children: details.max_children,
            },
            currency: sold.organization.details.currency,
            book: &self.book(sold.resource.tenant_id),
        };
        let wanted = Wanted {
            arrival,
            departure,
            party,
            today: today(&sold.organization.details.zone, now),
        };
        cheapest_of_each_offer(&pricing, plans, &wanted)
    }

    /// What a booking costs by the calendar: under the offer that it names, whether or not that is made
    /// to others; otherwise under the cheapest that is made to everybody. A stay that the calendar has no
    /// price for costs nothing until somebody says otherwise.
    pub(crate) fn price_of(&self, booking: &Booking, now: Timestamp) -> Decimal {
        let Some(sold) = self.sold(booking.tenant_id, booking.resource_id) else {
            return Decimal::ZERO;
        };
        let stay = (booking.arrival_on, booking.departure_on);
        let quotes = |plans| self.quotes_of(sold, plans, now, stay, booking.details.party);
        let offer = u8::try_from(booking.details.offer_number);
        let quote = match offer.ok().filter(|number| *number > 0) {
            Some(number) => quotes(&sold.plans).remove(&number),
            None => {
                let quotes = quotes(&sold.offered).into_values();
                quotes.min_by_key(|quote| quote.total.minor)
            }
        };
        quote
            .map(|quote| quote.total.to_decimal())
            .unwrap_or_default()
    }

    /// Whether the night has a price under any plan of the resource that whoever names no offer is sold.
    pub fn has_price(&self, tenant_id: Id, resource_id: Id, night: Date) -> bool {
        let book = self.book(tenant_id);
        let plans = self.sold(tenant_id, resource_id).map(|sold| &sold.offered);
        plans.is_some_and(|plans| {
            plans
                .iter()
                .any(|plan| is_priced(&book, resource_id, plan, night))
        })
    }

    fn book(&self, tenant_id: Id) -> Book<'_> {
        Book {
            terms: self,
            tenant_id,
        }
    }
}

/// The terms of one tenant, as prices look them up.
struct Book<'a> {
    terms: &'a Terms,
    tenant_id: Id,
}

impl PriceBook for Book<'_> {
    fn day(&self, resource: Id, date: Date) -> Option<&CalendarDay> {
        self.terms.day(self.tenant_id, resource, date)
    }

    fn linking(&self, resource: Id, number: u8) -> Option<&Linking> {
        let plans = &self.terms.sold(self.tenant_id, resource)?.plans;
        let plan = plans.iter().find(|plan| plan.number == number)?;
        plan.linking.as_ref()
    }
}

const BY_ID: &[(&str, catalogue::ColumnKind)] = &[("tenant_id", Int), ("id", Int)];

fn by_id<K: catalogue::Kind>(alias: &str) -> Each {
    let sql = select_each::<K>(alias, &["tenant_id", "id"], "");
    Each::owned(sql, BY_ID.to_vec())
}

fn key_row(key: &Key) -> Row {
    vec![key.0.into(), key.1.into()]
}

async fn versions(tx: &Tx, keys: BTreeSet<Key>) -> Result<HashMap<Key, i64>> {
    static VERSIONS: Each = Each::new(
        "SELECT l.tenant_id, l.id, l.terms FROM {each} JOIN lane l ON l.tenant_id = each.tenant_id AND l.id = each.id",
        BY_ID,
    );
    let rows: Vec<Row> = keys.iter().map(key_row).collect();
    let read = |row: Row| {
        let mut cells = Cells::of("lane", row);
        let key = (cells.next("tenant_id")?, cells.next("id")?);
        Ok((key, cells.next("terms")?))
    };
    let rows = tx.read_each(&VERSIONS, &rows).await?;
    rows.into_iter().map(read).collect()
}

impl Tx {
    /// Notes that the terms of these resources have changed in this transaction: their settings, their
    /// organization's, or their calendar. `version` is a new id. The lanes should be locked.
    pub async fn terms_changed(
        &mut self,
        tenant_id: Id,
        resource_ids: &[Id],
        version: Id,
    ) -> Result<()> {
        self.lanes_changed(tenant_id, resource_ids);
        let ids: BTreeSet<Id> = resource_ids.iter().copied().collect();
        let rows: Vec<Row> = ids
            .into_iter()
            .map(|id| vec![tenant_id.into(), id.into(), version.into()])
            .collect();
        if !rows.is_empty() {
            self.write_each(&[(&LANE_TERMS_ON, &rows)]).await?;
        }
        Ok(())
    }
}
