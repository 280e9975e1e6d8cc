//! The journal as it is kept: read in order, a page at a time.

use catalogue::{Cells, Row};
use domain::id::Id;
use futures_util::future::BoxFuture;
use journal::{BEFORE_THE_FIRST, Entry, Hash, Kind, Sealed};

use crate::{
    error::{Error, Result},
    tx::Tx,
};

/// How many entries one page holds.
const PAGE: i64 = 5_000;

/// Walks a tenant's journal: lane after lane, each in its own order.
pub struct JournalReader {
    tenant_id: Id,
    lane: i64,
    sequence: i64,
    previous: Hash,
}

impl JournalReader {
    /// Starts before the first entry of the tenant. For a journal of one moment, read it inside a
    /// snapshot.
    pub fn new(tenant_id: Id) -> Self {
        Self {
            tenant_id,
            lane: 0,
            sequence: 0,
            previous: BEFORE_THE_FIRST,
        }
    }

    /// The next entries; empty at the end.
    pub fn next<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Result<Vec<Sealed>>> {
        Box::pin(async move {
            let rows = tx
                .query(
                    "SELECT lane_id, sequence, at, kind, reason, allocation_id, booking_id, quantity, starts_at, ends_at, \
                     capacity, overbooked, hash FROM journal WHERE tenant_id = $1 AND (lane_id, sequence) > ($2, $3) \
                     ORDER BY tenant_id, lane_id, sequence LIMIT $4",
                    &[self.tenant_id.into(), self.lane.into(), self.sequence.into(), PAGE.into()],
                )
                .await?;
            rows.into_iter().map(|row| self.sealed(row)).collect()
        })
    }

    fn sealed(&mut self, row: Row) -> Result<Sealed> {
        let mut cells = Cells::of("journal", row);
        let lane: i64 = cells.next("lane_id")?;
        if lane != self.lane {
            (self.lane, self.previous) = (lane, BEFORE_THE_FIRST);
        }
        self.sequence = cells.next("sequence")?;
        let at = cells.next("at")?;
        let kind: String = cells.next("kind")?;
        let reason: String = cells.next("reason")?;
        let present = |number: i64| (number != 0).then_some(number);
        let entry = Entry {
            tenant: self.tenant_id.get(),
            lane,
            sequence: self.sequence,
            at,
            kind: Kind::from_word(&kind)
                .ok_or_else(|| Error::Refused(format!("a journal entry of kind {kind}")))?,
            reason: reason.into(),
            allocation: present(cells.next("allocation_id")?),
            booking: present(cells.next("booking_id")?),
            quantity: cells.next("quantity")?,
            starts_at: cells.next("starts_at")?,
            ends_at: cells.next("ends_at")?,
            capacity: cells.next("capacity")?,
            overbooked: cells.next("overbooked")?,
        };
        let hash: Vec<u8> = cells.next("hash")?;
        let hash: Hash = hash
            .try_into()
            .map_err(|_| Error::Refused("a hash that is not 32 bytes long".to_owned()))?;
        let previous = std::mem::replace(&mut self.previous, hash);
        Ok(Sealed {
            entry,
            previous,
            hash,
        })
    }
}
