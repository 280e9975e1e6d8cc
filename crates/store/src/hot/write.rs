//! Turns what a batch has made of the store into rows: one statement per table and verb.

use catalogue::{ColumnKind::Int, Kind, Row, Table, Value, sale::Booking};
use domain::id::Id;

use super::seen::{Allocation, ItemRows, Key, Lane, Origin, Seen};
use crate::{
    error::Result,
    kind::statements,
    statement::Each,
    tables::{
        ALLOCATION_IN, ALLOCATION_ON, ALLOCATION_OUT, ANSWER_IN, AUDIT_IN, JOURNAL_IN, LANE_IN,
        LANE_ON, OUTBOX_IN,
    },
    tx::Tx,
};

const ITEM_OF: &[(&str, catalogue::ColumnKind)] = &[("tenant_id", Int), ("booking_id", Int)];

static LINES_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM line WHERE (tenant_id, booking_id) IN (SELECT each.tenant_id, each.booking_id FROM {each})",
    ITEM_OF,
);
static NOTES_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM note WHERE (tenant_id, booking_id) IN (SELECT each.tenant_id, each.booking_id FROM {each})",
    ITEM_OF,
);
static GUESTS_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM guest WHERE (tenant_id, booking_id) IN (SELECT each.tenant_id, each.booking_id FROM {each})",
    ITEM_OF,
);
/// What is said about a booking elsewhere goes with it; invoices and payments stay, as the law wants.
static ORDER_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM \"order\" WHERE (tenant_id, id) IN (SELECT each.tenant_id, each.booking_id FROM {each})",
    ITEM_OF,
);
static BLOCK_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM record WHERE (tenant_id, kind, id) IN (SELECT each.tenant_id, 'block', each.booking_id FROM {each})",
    ITEM_OF,
);
static LABELS_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM link WHERE (tenant_id, kind, from_id) IN (SELECT each.tenant_id, 'labelled', each.booking_id FROM {each})",
    ITEM_OF,
);
static AMENITIES_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM link WHERE (tenant_id, kind, from_id) IN \
     (SELECT each.tenant_id, 'amenity_value', each.booking_id FROM {each})",
    ITEM_OF,
);
static PACKAGES_OF_BOOKING_OUT: Each = Each::new(
    "DELETE FROM link WHERE (tenant_id, kind, from_id) IN \
     (SELECT each.tenant_id, 'booked_package', each.booking_id FROM {each})",
    ITEM_OF,
);

/// Statements with their rows, in the order in which they must run.
#[derive(Default)]
struct Writes(Vec<(&'static Each, Vec<Row>)>);

impl Writes {
    fn add(&mut self, each: &'static Each, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.0.push((each, rows));
        }
    }
}

impl Seen {
    /// Writes everything that the batch has changed.
    pub(super) async fn flush(self, tx: &mut Tx) -> Result<()> {
        let mut writes = Writes::default();
        for ((tenant_id, resource_id), lane) in &self.lanes {
            if lane.is_written() {
                tx.lanes_changed(*tenant_id, &[*resource_id]);
            }
        }
        lane_rows(&mut writes, &self);
        booking_rows(&mut writes, &self);
        let mut changes = self.changes;
        changes.events.sort_by_key(|event| event.id);
        item_rows(&mut writes, changes.lines);
        item_rows(&mut writes, changes.notes);
        removed_rows(&mut writes, &changes.bookings_removed);
        writes.add(
            &OUTBOX_IN,
            changes
                .events
                .iter()
                .map(crate::events::EventRow::outbox)
                .collect(),
        );
        writes.add(
            &AUDIT_IN,
            changes
                .events
                .iter()
                .map(crate::events::EventRow::audit)
                .collect(),
        );
        answer_rows(&mut writes, self.answers);
        let writes: Vec<(&Each, &[Row])> = writes
            .0
            .iter()
            .map(|(each, rows)| (*each, rows.as_slice()))
            .collect();
        tx.write_each(&writes).await?;
        Ok(())
    }
}

fn lane_rows(writes: &mut Writes, seen: &Seen) {
    let (mut added, mut changed, mut taken, mut moved, mut given, mut entries) = (
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    for (key, lane) in &seen.lanes {
        if lane.is_new {
            added.push(new_lane_row(key, lane));
        } else if lane.is_written() {
            changed.push(lane_row(key, lane));
        }
        for allocation in lane.allocations.iter() {
            match allocation.origin {
                Origin::New => taken.push(allocation_row(key, allocation)),
                Origin::Changed => moved.push(unit_row(key, allocation)),
                Origin::Stored => {}
            }
        }
        let gone = |(starts_at, id): &(i64, Id)| {
            vec![
                key.0.into(),
                key.1.into(),
                (*starts_at).into(),
                (*id).into(),
            ]
        };
        given.extend(lane.given.iter().map(gone));
        entries.extend(
            lane.entries
                .iter()
                .zip(&lane.hashes)
                .map(|(entry, hash)| entry_row(entry, hash)),
        );
    }
    writes.add(&LANE_IN, added);
    writes.add(&LANE_ON, changed);
    writes.add(&ALLOCATION_OUT, given);
    writes.add(&ALLOCATION_IN, taken);
    writes.add(&ALLOCATION_ON, moved);
    writes.add(&JOURNAL_IN, entries);
}

fn new_lane_row(key: &Key, lane: &Lane) -> Row {
    vec![
        key.0.into(),
        key.1.into(),
        lane.organization_id.into(),
        lane.zone.name().into(),
        lane.capacity.into(),
        i64::from(lane.has_units).into(),
        i64::from(lane.refuses_overbooking).into(),
        lane.longest_s.into(),
        lane.sequence.into(),
        Value::Bytes(lane.hash.to_vec()),
        lane.terms.into(),
    ]
}

fn lane_row(key: &Key, lane: &Lane) -> Row {
    vec![
        key.0.into(),
        key.1.into(),
        lane.capacity.into(),
        i64::from(lane.refuses_overbooking).into(),
        lane.longest_s.into(),
        lane.sequence.into(),
        Value::Bytes(lane.hash.to_vec()),
    ]
}

fn allocation_row(key: &Key, allocation: &Allocation) -> Row {
    vec![
        key.0.into(),
        key.1.into(),
        allocation.starts_at.into(),
        allocation.id.into(),
        allocation.ends_at.into(),
        allocation.quantity.into(),
        allocation.unit.into(),
        i64::from(allocation.pinned).into(),
        allocation.booking_id.into(),
        allocation.expires_at.into(),
        i64::from(allocation.overbooked).into(),
    ]
}

fn unit_row(key: &Key, allocation: &Allocation) -> Row {
    vec![
        key.0.into(),
        key.1.into(),
        allocation.starts_at.into(),
        allocation.id.into(),
        allocation.unit.into(),
        i64::from(allocation.pinned).into(),
        allocation.expires_at.into(),
    ]
}

fn entry_row(entry: &journal::Entry, hash: &[u8; 32]) -> Row {
    vec![
        entry.tenant.into(),
        entry.lane.into(),
        entry.sequence.into(),
        entry.at.into(),
        entry.kind.as_str().into(),
        (&*entry.reason).into(),
        entry.allocation.unwrap_or(0).into(),
        entry.booking.unwrap_or(0).into(),
        entry.quantity.into(),
        entry.starts_at.into(),
        entry.ends_at.into(),
        entry.capacity.into(),
        i64::from(entry.overbooked).into(),
        Value::Bytes(hash.to_vec()),
    ]
}

fn booking_rows(writes: &mut Writes, seen: &Seen) {
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for held in seen.bookings.values() {
        match (held.is_new, held.is_removed) {
            (true, false) => added.push(held.booking.to_row()),
            (false, false) if held.is_changed => changed.push(held.booking.to_row()),
            _ => {}
        }
    }
    let table = statements(Booking::TABLE);
    writes.add(&table.insert, added);
    writes.add(&table.update, changed);
}

fn item_rows<T: Kind + 'static>(writes: &mut Writes, items: ItemRows<T>) {
    let table: &'static Table = T::TABLE;
    let statements = statements(table);
    let rows = |items: &[T]| items.iter().map(Kind::to_row).collect::<Vec<_>>();
    writes.add(&statements.insert, rows(&items.added));
    writes.add(&statements.update, rows(&items.changed));
    writes.add(&statements.remove, keys(&items.removed));
}

fn removed_rows(writes: &mut Writes, removed: &[Key]) {
    if removed.is_empty() {
        return;
    }
    writes.add(&LINES_OF_BOOKING_OUT, keys(removed));
    writes.add(&NOTES_OF_BOOKING_OUT, keys(removed));
    writes.add(&GUESTS_OF_BOOKING_OUT, keys(removed));
    writes.add(&ORDER_OF_BOOKING_OUT, keys(removed));
    writes.add(&BLOCK_OF_BOOKING_OUT, keys(removed));
    writes.add(&LABELS_OF_BOOKING_OUT, keys(removed));
    writes.add(&AMENITIES_OF_BOOKING_OUT, keys(removed));
    writes.add(&PACKAGES_OF_BOOKING_OUT, keys(removed));
    writes.add(&statements(Booking::TABLE).remove, keys(removed));
}

fn keys(keys: &[Key]) -> Vec<Row> {
    keys.iter()
        .map(|key| vec![key.0.into(), key.1.into()])
        .collect()
}

fn answer_rows(
    writes: &mut Writes,
    answers: std::collections::HashMap<(Id, Id, String), super::seen::KnownAnswer>,
) {
    let mut new: Vec<_> = answers
        .into_iter()
        .filter(|(_, answer)| answer.is_new)
        .collect();
    // Two writers that insert the same keys wait for each other, in the same order.
    new.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let rows = new.into_iter().map(|((tenant_id, grant_id, key), answer)| {
        let stored = answer.stored;
        vec![
            tenant_id.into(),
            grant_id.into(),
            key.into(),
            stored.at.as_millisecond().into(),
            Value::Bytes(stored.fingerprint.to_vec()),
            i64::from(stored.status).into(),
            Value::Bytes(stored.body),
        ]
    });
    writes.add(&ANSWER_IN, rows.collect());
}
