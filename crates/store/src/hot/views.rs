//! Lanes as those see them who only look: nothing is locked, nothing is decided, and of each allocation
//! only what is shown is read.

use std::collections::{BTreeMap, HashMap};

use catalogue::{ColumnKind::Int, Row};
use domain::id::Id;

use super::{
    load::{Nights, instants, joined, nights},
    seen::{Key, Lane, Seen},
};
use crate::{
    derived::LaneVersion,
    error::Result,
    looks::Look,
    occupancy::{LaneView, Occupied},
    statement::Each,
    terms::{Ask, Terms},
    tx::Tx,
};

static OCCUPIED_IN: Each = Each::new(
    "SELECT a.tenant_id, a.lane_id, a.starts_at, a.ends_at, a.quantity, a.unit FROM {each} \
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

/// Reads lanes and what they are sold on.
pub(crate) async fn look(
    tx: &mut Tx,
    looks: &[Look],
) -> Result<(BTreeMap<(Id, Id), LaneView>, Terms)> {
    let mut wanted: BTreeMap<Key, Vec<Nights>> = BTreeMap::new();
    for look in looks {
        let key = (look.tenant_id, look.resource_id);
        let stretches = wanted.entry(key).or_default();
        stretches.extend(nights(look.first, look.until));
    }
    let mut seen = Seen::default();
    seen.load_lanes(tx, wanted.keys().copied().collect(), false)
        .await?;
    let (mut asks, mut windows) = (Vec::new(), Vec::new());
    for (key, lane) in &seen.lanes {
        let stretches = joined(&wanted[key]);
        asks.extend(stretches.iter().map(|stretch| ask(*key, lane, *stretch)));
        windows.extend(window(*key, lane, &stretches));
    }
    let terms = Terms::load(tx, asks.clone()).await?;
    let mut occupied = occupied(tx, &windows).await?;
    let mut limits: HashMap<Key, BTreeMap<i64, i64>> = HashMap::new();
    for ask in asks {
        let of_lane = limits.entry(ask.key).or_default();
        of_lane.extend(terms.limits(ask.key, ask.first, ask.until));
    }
    let views = seen.lanes.into_iter().map(|(key, lane)| {
        let view = LaneView {
            resource_id: key.1,
            organization_id: lane.organization_id,
            zone: lane.zone,
            capacity: lane.capacity,
            occupied: occupied.remove(&key).unwrap_or_default(),
            limits: limits.remove(&key).unwrap_or_default(),
        };
        (key, view)
    });
    Ok((views.collect(), terms))
}

/// Reads lanes with their versions and what is taken of them, past the terms that are kept.
pub(crate) async fn look_at_taken(
    tx: &mut Tx,
    looks: &[Look],
) -> Result<Vec<(LaneVersion, LaneView)>> {
    let mut wanted: BTreeMap<Key, Vec<Nights>> = BTreeMap::new();
    for look in looks {
        let stretches = wanted
            .entry((look.tenant_id, look.resource_id))
            .or_default();
        stretches.extend(nights(look.first, look.until));
    }
    let mut seen = Seen::default();
    seen.load_lanes(tx, wanted.keys().copied().collect(), false)
        .await?;
    let lanes = seen.lanes.iter();
    let windows: Vec<Row> = lanes
        .filter_map(|(key, lane)| window(*key, lane, &joined(&wanted[key])))
        .collect();
    let mut occupied = occupied(tx, &windows).await?;
    let views = seen.lanes.into_iter().map(|(key, lane)| {
        let version = LaneVersion {
            resource_id: key.1,
            sequence: lane.sequence,
            terms: lane.terms,
        };
        let view = LaneView {
            resource_id: key.1,
            organization_id: lane.organization_id,
            zone: lane.zone,
            capacity: lane.capacity,
            occupied: occupied.remove(&key).unwrap_or_default(),
            limits: BTreeMap::new(),
        };
        (version, view)
    });
    Ok(views.collect())
}

fn ask(key: Key, lane: &Lane, (first, until): Nights) -> Ask {
    Ask {
        key,
        version: lane.terms,
        first,
        // The morning of departure has rules too.
        until: until + 1,
    }
}

/// One window over all stretches of a lane: with several, what lies in two of them would come twice.
fn window(key: Key, lane: &Lane, stretches: &[Nights]) -> Option<Row> {
    let (first, until) = (stretches.first()?.0, stretches.last()?.1);
    let (from, to) = instants(&lane.zone, first, until);
    Some(vec![
        key.0.into(),
        key.1.into(),
        from.saturating_sub(lane.longest_s).into(),
        to.into(),
        from.into(),
    ])
}

async fn occupied(tx: &mut Tx, windows: &[Row]) -> Result<HashMap<Key, Vec<Occupied>>> {
    let mut of_lanes: HashMap<Key, Vec<Occupied>> = HashMap::new();
    for row in tx.read_numbers::<6>(&OCCUPIED_IN, windows).await? {
        let [
            Some(tenant_id),
            Some(lane_id),
            Some(starts_at),
            Some(ends_at),
            Some(quantity),
            unit,
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
        });
    }
    Ok(of_lanes)
}
