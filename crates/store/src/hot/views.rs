//! Lanes as those see them who only look: nothing is locked, nothing is decided, and of each allocation
//! only what is shown is read.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use catalogue::{ColumnKind::Int, Row, from_day_number};
use domain::id::Id;

use super::{
    load::{Nights, instants, joined, nights},
    seen::{Key, Lane, Seen},
};
use crate::{
    derived::LaneVersion,
    error::Result,
    lanes::{self, BLOCK_NIGHTS, Head, LaneCache},
    looks::Look,
    occupancy::{LaneView, Occupied, taken_by_night},
    statement::Each,
    terms::{Ask, Terms, TermsCache},
    tx::Tx,
};

static OCCUPIED_IN: Each = Each::new(
    "SELECT a.tenant_id, a.lane_id, a.starts_at, a.ends_at, a.quantity, a.unit, a.pinned FROM {each} \
     JOIN allocation a ON a.tenant_id = each.tenant_id AND a.lane_id = each.lane_id \
     AND a.starts_at >= each.first AND a.starts_at < each.until AND a.ends_at > each.after",
    &[
        ("tenant_id", Int),
        ("lane_id", Int),
        ("first", Int),
        ("until", Int),
        ("after", Int),
    ],
);

/// What was found: lanes, and what they are sold on.
pub(crate) type Found = (BTreeMap<Key, LaneView>, Terms);

/// Lanes with the stretches of nights that somebody asks about, disjoint and ascending.
struct Wanted(BTreeMap<Key, Vec<Nights>>);

/// Blocks of nights that were counted.
type Counted = HashMap<(Key, i64), Arc<lanes::Nights>>;

impl Wanted {
    fn of(looks: &[Look]) -> Self {
        let mut wanted: BTreeMap<Key, Vec<Nights>> = BTreeMap::new();
        for look in looks {
            let key = (look.tenant_id, look.resource_id);
            let stretches = wanted.entry(key).or_default();
            stretches.extend(nights(look.first, look.until));
        }
        for stretches in wanted.values_mut() {
            *stretches = joined(stretches);
        }
        Self(wanted)
    }

    fn asks(&self, heads: &BTreeMap<Key, Arc<Head>>) -> Vec<Ask> {
        let asks = heads.iter().flat_map(|(key, head)| {
            self.0[key].iter().map(|(first, until)| Ask {
                key: *key,
                version: head.terms,
                first: *first,
                // The morning of departure has rules too.
                until: until + 1,
            })
        });
        asks.collect()
    }

    fn blocks(&self, key: &Key) -> impl Iterator<Item = i64> {
        let mut last = i64::MIN;
        let of_stretch = |(first, until): &Nights| {
            first.div_euclid(BLOCK_NIGHTS)..=(until - 1).div_euclid(BLOCK_NIGHTS)
        };
        let blocks = self.0[key].iter().flat_map(of_stretch);
        // Two stretches may share a block.
        blocks.filter(move |block| std::mem::replace(&mut last, *block) != *block)
    }

    fn views(
        &self,
        heads: BTreeMap<Key, Arc<Head>>,
        counted: &Counted,
        terms: Terms,
        asks: Vec<Ask>,
    ) -> Found {
        let mut limits: BTreeMap<Key, BTreeMap<i64, i64>> = BTreeMap::new();
        for ask in asks {
            let of_lane = limits.entry(ask.key).or_default();
            of_lane.extend(terms.limits(ask.key, ask.first, ask.until));
        }
        let view = |(key, head): (Key, Arc<Head>)| {
            let blocks = self.blocks(&key);
            let blocks =
                blocks.filter_map(|block| Some((block, Arc::clone(counted.get(&(key, block))?))));
            let view = LaneView {
                resource_id: key.1,
                organization_id: head.organization_id,
                zone: head.zone.clone(),
                capacity: head.capacity,
                blocks: blocks.collect(),
                limits: limits.remove(&key).unwrap_or_default(),
            };
            (key, view)
        };
        (heads.into_iter().map(view).collect(), terms)
    }
}

/// Answers from memory, where all that is needed is kept.
pub(crate) fn remember(lanes: &LaneCache, terms: &TermsCache, looks: &[Look]) -> Option<Found> {
    let wanted = Wanted::of(looks);
    let mut heads = BTreeMap::new();
    for key in wanted.0.keys() {
        heads.insert(*key, lanes.head(*key)?);
    }
    let asks = wanted.asks(&heads);
    let version = |key| Some(lanes.head(key)?.terms);
    let terms = Terms::remember(terms, asks.clone(), version)?;
    let mut counted = Counted::new();
    for (key, head) in &heads {
        for block in wanted.blocks(key) {
            counted.insert((*key, block), lanes.nights(*key, head, block)?);
        }
    }
    Some(wanted.views(heads, &counted, terms, asks))
}

/// Reads lanes and what they are sold on. What is read may be kept in `cache`; a transaction that may roll
/// back must give none.
pub(crate) async fn look(tx: &Tx, looks: &[Look], cache: Option<&LaneCache>) -> Result<Found> {
    let wanted = Wanted::of(looks);
    let heads = read_heads(tx, wanted.0.keys().copied().collect(), cache).await?;
    let asks = wanted.asks(&heads);
    let terms = Terms::load(tx, asks.clone()).await?;
    let counted = count(tx, &wanted, &heads, cache).await?;
    Ok(wanted.views(heads, &counted, terms, asks))
}

/// Reads lanes with their versions and what is taken of them, past what is kept in memory.
pub(crate) async fn look_at_taken(tx: &Tx, looks: &[Look]) -> Result<Vec<(LaneVersion, LaneView)>> {
    let wanted = Wanted::of(looks);
    let heads = read_heads(tx, wanted.0.keys().copied().collect(), None).await?;
    let counted = count(tx, &wanted, &heads, None).await?;
    let version = |(key, head): (&Key, &Arc<Head>)| LaneVersion {
        resource_id: key.1,
        sequence: head.sequence,
        terms: head.terms,
    };
    let versions: Vec<LaneVersion> = heads.iter().map(version).collect();
    let (views, _) = wanted.views(heads, &counted, Terms::default(), Vec::new());
    Ok(versions.into_iter().zip(views.into_values()).collect())
}

/// What is taken of lanes in these nights, one by one; in no order.
pub(crate) async fn stays(tx: &Tx, looks: &[Look]) -> Result<HashMap<Key, Vec<Occupied>>> {
    let wanted = Wanted::of(looks);
    let heads = read_heads(tx, wanted.0.keys().copied().collect(), None).await?;
    let windows = heads
        .iter()
        .filter_map(|(key, head)| {
            let stretches = &wanted.0[key];
            Some(window(
                *key,
                head,
                (stretches.first()?.0, stretches.last()?.1),
            ))
        })
        .collect::<Vec<_>>();
    occupied(tx, &windows).await
}

async fn read_heads(
    tx: &Tx,
    keys: Vec<Key>,
    cache: Option<&LaneCache>,
) -> Result<BTreeMap<Key, Arc<Head>>> {
    // The states are those from before reading, so that what changes meanwhile is noticed.
    let states: HashMap<Key, u64> = keys
        .iter()
        .filter_map(|key| Some((*key, cache?.state(*key)?)))
        .collect();
    let mut seen = Seen::default();
    seen.load_lanes(tx, keys, false).await?;
    let heads = seen.lanes.into_iter().map(|(key, lane)| {
        let head = Arc::new(head(lane));
        if let Some(cache) = cache {
            cache.keep_head(key, states.get(&key).copied(), &head);
        }
        (key, head)
    });
    Ok(heads.collect())
}

fn head(lane: Lane) -> Head {
    Head {
        organization_id: lane.organization_id,
        zone: lane.zone,
        capacity: lane.capacity,
        longest_s: lane.longest_s,
        sequence: lane.sequence,
        terms: lane.terms,
    }
}

/// Counts what is taken in the nights, as far as it is not kept.
async fn count(
    tx: &Tx,
    wanted: &Wanted,
    heads: &BTreeMap<Key, Arc<Head>>,
    cache: Option<&LaneCache>,
) -> Result<Counted> {
    let mut counted = Counted::new();
    let mut missing: Vec<(Key, i64)> = Vec::new();
    for (key, head) in heads {
        for block in wanted.blocks(key) {
            match cache.and_then(|cache| cache.nights(*key, head, block)) {
                Some(nights) => drop(counted.insert((*key, block), nights)),
                None => missing.push((*key, block)),
            }
        }
    }
    let mut windows: BTreeMap<Key, Nights> = BTreeMap::new();
    for (key, block) in &missing {
        let nights = (block * BLOCK_NIGHTS, (block + 1) * BLOCK_NIGHTS);
        // One window over all blocks of a lane: with several, what lies in two of them would come twice.
        let window = windows.entry(*key).or_insert(nights);
        *window = (window.0.min(nights.0), window.1.max(nights.1));
    }
    let windows: Vec<Row> = windows
        .iter()
        .map(|(key, nights)| window(*key, &heads[key], *nights))
        .collect();
    let occupied = occupied(tx, &windows).await?;
    for (key, block) in missing {
        let stays = occupied.get(&key).map_or(&[][..], Vec::as_slice);
        let nights = Arc::new(count_block(&heads[&key], block, stays));
        if let Some(cache) = cache {
            cache.keep_nights(key, &heads[&key], block, &nights);
        }
        counted.insert((key, block), nights);
    }
    Ok(counted)
}

fn count_block(head: &Head, block: i64, stays: &[Occupied]) -> lanes::Nights {
    let mut nights = [0; BLOCK_NIGHTS as usize];
    // At the ends of the calendar there are blocks that begin before its first day.
    let number = (block * BLOCK_NIGHTS..).take(nights.len());
    let Some((skipped, first)) = number
        .enumerate()
        .find_map(|(skipped, number)| Some((skipped, from_day_number(number)?)))
    else {
        return nights;
    };
    let taken = taken_by_night(&head.zone, first, nights.len() - skipped, stays);
    nights[skipped..].copy_from_slice(&taken);
    nights
}

fn window(key: Key, head: &Head, (first, until): Nights) -> Row {
    let (from, to) = instants(&head.zone, first, until);
    vec![
        key.0.into(),
        key.1.into(),
        from.saturating_sub(head.longest_s).into(),
        to.into(),
        from.into(),
    ]
}

async fn occupied(tx: &Tx, windows: &[Row]) -> Result<HashMap<Key, Vec<Occupied>>> {
    let mut of_lanes: HashMap<Key, Vec<Occupied>> = HashMap::new();
    for row in tx.read_numbers::<7>(&OCCUPIED_IN, windows).await? {
        let [
            Some(tenant_id),
            Some(lane_id),
            Some(starts_at),
            Some(ends_at),
            Some(quantity),
            unit,
            pinned,
        ] = row
        else {
            continue;
        };
        let (Some(tenant_id), Some(lane_id)) = (Id::new(tenant_id), Id::new(lane_id)) else {
            continue;
        };
        let of_lane = of_lanes.entry((tenant_id, lane_id)).or_default();
        of_lane.push(Occupied {
            starts_at,
            ends_at,
            quantity,
            unit,
            pinned: pinned == Some(1),
        });
    }
    Ok(of_lanes)
}
