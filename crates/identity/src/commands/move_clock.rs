//! Moves the clock of a sandbox tenant.

use catalogue::access::Tenant;
use domain::id::{Id, IdSource};
use jiff::{SignedDuration, Timestamp};
use store::{ColdCommand, Tx};

use crate::lifetimes;

/// Where a clock is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMove {
    /// By so much, forward or back.
    By(SignedDuration),
    /// To this moment, from which it runs on.
    To(Timestamp),
    /// Back to the real time.
    ToRealTime,
}

/// A clock after it was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovedClock {
    /// What it showed before.
    pub before: Timestamp,
    /// What it shows now.
    pub now: Timestamp,
    /// How far it is ahead of the real clock, in milliseconds.
    pub offset_ms: i64,
}

/// Why a clock was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockRefused {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// A production tenant's clock is the real one.
    #[error("only a sandbox has a clock that can be moved")]
    NoSandbox,
    /// The clock would leave the years 1970 to 2199, which calendars and ids are made for.
    #[error("the clock can be moved between the years 1970 and 2199")]
    OutOfRange,
}

/// Moves a sandbox's clock.
pub(crate) struct MoveClock {
    pub(crate) tenant_id: Id,
    pub(crate) to: ClockMove,
    pub(crate) now: Timestamp,
}

/// 2200-01-01T00:00:00Z in seconds.
const END_S: i64 = 7_258_118_400;

impl MoveClock {
    /// The clock after the move.
    fn moved(&self, before: Timestamp) -> Option<Timestamp> {
        let moved = match self.to {
            ClockMove::By(by) => before.checked_add(by).ok()?,
            ClockMove::To(to) => to,
            ClockMove::ToRealTime => self.now,
        };
        (0..END_S).contains(&moved.as_second()).then_some(moved)
    }
}

impl ColdCommand for MoveClock {
    type Output = Result<MovedClock, ClockRefused>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        // The row is locked before it is read: two that move the clock on at once both do.
        let lock = "UPDATE tenant SET sandbox = sandbox WHERE id = $1";
        tx.execute(lock, &[self.tenant_id.into()]).await?;
        let Some(mut tenant) = tx.get::<Tenant>(&[self.tenant_id.into()]).await? else {
            return Ok(Err(ClockRefused::NoSuchTenant));
        };
        if !tenant.sandbox {
            return Ok(Err(ClockRefused::NoSandbox));
        }
        let before = lifetimes::tenant_now(self.now, tenant.clock_offset_ms);
        let Some(now) = self.moved(before) else {
            return Ok(Err(ClockRefused::OutOfRange));
        };
        tenant.clock_offset_ms = now.as_millisecond() - self.now.as_millisecond();
        tx.update(&mut tenant).await?;
        Ok(Ok(MovedClock {
            before,
            now,
            offset_ms: tenant.clock_offset_ms,
        }))
    }
}
