//! Ends holds and options whose time has come.
//!
//! No caller asks for this: the server does, again and again, and after a sandbox's clock was moved.
//! It goes the way of every change of capacity, so a hold that is confirmed or prolonged at the same
//! moment either was so before, and stays, or comes too late.

use std::collections::BTreeMap;

use catalogue::Cells;
use domain::{booking::Status, id::Id};
use jiff::{SignedDuration, Timestamp};
use store::{
    Store,
    hot::{Answer, BookingChange, ChangeBooking, Command, Outcome, Overbooking, Stamp, Submission},
};

use crate::{Result, Service};

/// How many bookings are ended in one go.
const AT_ONCE: usize = 500;

/// How many such goes one call makes; what is left is found by the next call.
const GOES: usize = 200;

/// What is due, by tenant and how far its clock is ahead, milliseconds.
type Due = BTreeMap<(Id, i64), Vec<Id>>;

impl Service {
    /// Ends what is due by each tenant's own clock, and says how many bookings that were. `now` is
    /// real time.
    pub async fn expire_due(&self, now: Timestamp) -> Result<u64> {
        let mut expired = 0;
        for _ in 0..GOES {
            let due = due(&self.store, now).await?;
            let found: usize = due.values().map(Vec::len).sum();
            let mut ended = 0;
            for ((tenant_id, ahead_ms), booking_ids) in due {
                let tenant_now = now + SignedDuration::from_millis(ahead_ms);
                ended += self.expire(tenant_id, booking_ids, tenant_now).await?;
            }
            expired += ended;
            if found < AT_ONCE || ended == 0 {
                break;
            }
        }
        Ok(expired)
    }

    async fn expire(&self, tenant_id: Id, booking_ids: Vec<Id>, now: Timestamp) -> Result<u64> {
        let commands = booking_ids
            .into_iter()
            .map(|booking_id| self.ended(booking_id, now))
            .collect();
        // The program itself does this; ids that are drawn are larger than this one.
        let house = Id::new(1).expect("1 is an id");
        let stamp = Stamp {
            tenant_id,
            client_id: house,
            grant_id: house,
            request_id: "expiry".into(),
            organizations: None,
            now,
        };
        let submission = Submission {
            stamp,
            commands,
            all_or_nothing: false,
            idempotency: None,
        };
        let Answer::Fresh(outcomes) = self.store.submit(submission).await? else {
            return Ok(0);
        };
        let done = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Done(_)));
        Ok(done.count() as u64)
    }

    fn ended(&self, booking_id: Id, now: Timestamp) -> Command {
        Command::Change(Box::new(ChangeBooking {
            booking_id,
            change: BookingChange {
                status: Some(Status::Expired),
                records_cancellation: true,
                ..BookingChange::default()
            },
            lines: Vec::new(),
            notes: Vec::new(),
            remove_lines: false,
            overbooking: Overbooking::Mark,
            event_id: self.store.ids().next(now),
            announce: true,
        }))
    }
}

async fn due(store: &Store, now: Timestamp) -> Result<Due> {
    let tx = store.reader().await?;
    let rows = tx
        .query(
            "SELECT DISTINCT a.tenant_id, a.booking_id, t.clock_offset_ms FROM tenant t \
             JOIN allocation a ON a.tenant_id = t.id AND a.expires_at IS NOT NULL \
             AND a.expires_at <= $1 + t.clock_offset_ms ORDER BY a.tenant_id, a.booking_id LIMIT $2",
            &[now.as_millisecond().into(), (AT_ONCE as i64).into()],
        )
        .await?;
    let mut due = Due::new();
    for row in rows {
        let mut cells = Cells::of("allocation", row);
        let read = |cells: &mut Cells| -> std::result::Result<_, catalogue::Malformed> {
            Ok((
                cells.next("tenant_id")?,
                cells.next("booking_id")?,
                cells.next("clock_offset_ms")?,
            ))
        };
        let (tenant_id, booking_id, ahead_ms): (Id, Id, i64) =
            read(&mut cells).map_err(store::Error::from)?;
        due.entry((tenant_id, ahead_ms))
            .or_default()
            .push(booking_id);
    }
    Ok(due)
}
