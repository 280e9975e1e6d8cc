//! What each grant has used of its quota, counted in this process.
//!
//! Two kinds: the window that Beds24 has, and the leaky bucket that Booking Experts has. A call is let in
//! when its base cost fits; its items are added once they are known and may overdraw, so that one large
//! batch is possible and the next call waits for it. Counting follows the real clock, so nobody's
//! quota is refreshed by moving a sandbox's clock.

use std::collections::HashMap;

use domain::id::Id;
use identity::Quota;
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::cost::Credits;
use crate::limits;

const SHARDS: usize = 64;

/// What a meter shows after a call: everything that any dialect prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the quota allows at most.
    pub limit: Credits,
    /// What is left; zero when overdrawn.
    pub remaining: Credits,
    /// What this call cost.
    pub cost: Credits,
    /// Seconds, rounded up, until everything is there again.
    pub resets_in_s: u32,
    /// Seconds, rounded up, until a call of this cost would be let in; 0 when it would be now.
    pub retry_after_s: u32,
}

/// All meters of this process.
#[derive(Debug)]
pub struct Meters {
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Debug)]
struct Shard {
    meters: HashMap<Id, Meter>,
    sweep_at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Meter {
    quota: Quota,
    /// Used in this window, or the level of the bucket.
    used: Credits,
    /// The start of the window, or when the level was taken; microseconds, because
    /// a thousandth of a credit drains in as many of them as a credit does in milliseconds.
    since_us: i64,
}

impl Default for Meters {
    fn default() -> Meters {
        let shard = || {
            Mutex::new(Shard {
                meters: HashMap::new(),
                sweep_at: limits::METERS_PER_SHARD,
            })
        };
        Meters {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }
}

impl Meters {
    /// Takes a call's cost, if it fits.
    ///
    /// # Errors
    /// The reading, with nothing taken, when it does not fit.
    pub fn admit(
        &self,
        key: Id,
        quota: Quota,
        cost: Credits,
        now: Timestamp,
    ) -> Result<Reading, Reading> {
        self.with(key, quota, now, |meter| {
            let fits = meter.used + cost <= meter.limit();
            if !fits {
                return Err(meter.reading(cost, now.as_microsecond()));
            }
            meter.used = meter.used + cost;
            Ok(meter.reading(cost, now.as_microsecond()))
        })
    }

    /// Adds to (or, negative, gives back of) what a call that was let in has cost; `cost` is its whole cost
    /// for the reading. May overdraw.
    pub fn adjust(
        &self,
        key: Id,
        quota: Quota,
        by: Credits,
        cost: Credits,
        now: Timestamp,
    ) -> Reading {
        self.with(key, quota, now, |meter| {
            meter.used = (meter.used + by).or_zero();
            meter.reading(cost, now.as_microsecond())
        })
    }

    fn with<T>(
        &self,
        key: Id,
        quota: Quota,
        now: Timestamp,
        act: impl FnOnce(&mut Meter) -> T,
    ) -> T {
        let now_us = now.as_microsecond();
        // The low bits of an id are its counter and node, so the higher ones spread better.
        let shard = (key.get() >> 8 ^ key.get()) as usize % SHARDS;
        let mut shard = self.shards[shard].lock();
        shard.sweep_when_full(now_us);
        let fresh = || Meter {
            quota,
            used: Credits::ZERO,
            since_us: now_us,
        };
        let meter = shard.meters.entry(key).or_insert_with(fresh);
        if meter.quota != quota {
            *meter = fresh();
        }
        meter.advance(now_us);
        act(meter)
    }
}

impl Shard {
    /// Drops the meters that stand at zero, whenever the shard has doubled since the last time.
    fn sweep_when_full(&mut self, now_us: i64) {
        if self.meters.len() < self.sweep_at {
            return;
        }
        self.meters.retain(|_, meter| {
            meter.advance(now_us);
            meter.used > Credits::ZERO
        });
        self.sweep_at = (self.meters.len() * 2).max(limits::METERS_PER_SHARD);
    }
}

impl Meter {
    fn limit(&self) -> Credits {
        match self.quota {
            Quota::Window { credits, .. } => Credits::whole(credits),
            Quota::Bucket { size, .. } => Credits::whole(size),
        }
    }

    /// Brings the meter to the present: a window that ended starts anew, a bucket drains.
    fn advance(&mut self, now_us: i64) {
        let elapsed_us = (now_us - self.since_us).max(0);
        match self.quota {
            Quota::Window { window_s, .. } => {
                if elapsed_us >= i64::from(window_s) * 1_000_000 {
                    self.used = Credits::ZERO;
                }
                if self.used == Credits::ZERO {
                    self.since_us = now_us;
                }
            }
            Quota::Bucket { drain_ms, .. } => {
                let drain_ms = i64::from(drain_ms.max(1));
                let drained = elapsed_us / drain_ms;
                self.used = (self.used - Credits::from_thousandths(drained)).or_zero();
                // What was too little to drain a thousandth is kept for the next time.
                self.since_us += drained * drain_ms;
                if self.used == Credits::ZERO {
                    self.since_us = now_us;
                }
            }
        }
    }

    fn reading(&self, cost: Credits, now_us: i64) -> Reading {
        let missing = self.used + cost - self.limit();
        let (resets_in_us, retry_after_us) = match self.quota {
            Quota::Window { window_s, .. } => {
                let left_us = self.since_us + i64::from(window_s) * 1_000_000 - now_us;
                (left_us, if missing > Credits::ZERO { left_us } else { 0 })
            }
            Quota::Bucket { drain_ms, .. } => {
                let time = |level: Credits| level.or_zero().thousandths() * i64::from(drain_ms);
                (time(self.used), time(missing))
            }
        };
        Reading {
            limit: self.limit(),
            remaining: (self.limit() - self.used).or_zero(),
            cost,
            resets_in_s: seconds_up(resets_in_us),
            retry_after_s: seconds_up(retry_after_us),
        }
    }
}

fn seconds_up(us: i64) -> u32 {
    u32::try_from((us.max(0) + 999_999) / 1_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;
    use identity::{BEDS24_QUOTA, BOOKING_EXPERTS_QUOTA};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    fn grant(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    const ONE: Credits = Credits::whole(1);

    #[test]
    fn a_window_gives_its_credits_and_then_nothing_until_it_ends() {
        let meters = Meters::default();
        let quota = Quota::Window {
            credits: 3,
            window_s: 300,
        };
        let call = |ms| meters.admit(grant(1), quota, ONE, at(ms));
        let first = call(0).unwrap();
        assert_eq!(
            (first.remaining, first.resets_in_s),
            (Credits::whole(2), 300)
        );
        call(1_000).unwrap();
        call(2_000).unwrap();
        let refused = call(145_000).unwrap_err();
        assert_eq!(refused.remaining, Credits::ZERO);
        assert_eq!((refused.resets_in_s, refused.retry_after_s), (155, 155));
        let again = call(300_000).unwrap();
        assert_eq!(
            (again.remaining, again.resets_in_s),
            (Credits::whole(2), 300)
        );
        assert!(meters.admit(grant(2), quota, ONE, at(1)).is_ok());
    }

    #[test]
    fn items_may_overdraw_a_window_and_the_next_call_waits() {
        let meters = Meters::default();
        let quota = BEDS24_QUOTA;
        let cost = Cost::new(1.0, 0.1).of(2_000);
        meters.admit(grant(1), quota, ONE, at(0)).unwrap();
        let reading = meters.adjust(grant(1), quota, cost - ONE, cost, at(0));
        assert_eq!((reading.cost, reading.remaining), (cost, Credits::ZERO));
        assert!(meters.admit(grant(1), quota, ONE, at(299_999)).is_err());
        assert!(meters.admit(grant(1), quota, ONE, at(300_000)).is_ok());
    }

    #[test]
    fn what_is_given_back_can_be_used_again() {
        let meters = Meters::default();
        let quota = Quota::Window {
            credits: 1,
            window_s: 300,
        };
        for ms in 0..10 {
            meters.admit(grant(1), quota, ONE, at(ms)).unwrap();
            meters.adjust(grant(1), quota, Credits::ZERO - ONE, Credits::ZERO, at(ms));
        }
    }

    #[test]
    fn a_bucket_takes_a_burst_and_then_one_call_per_drain() {
        let meters = Meters::default();
        let call = |ms| meters.admit(grant(1), BOOKING_EXPERTS_QUOTA, ONE, at(ms));
        for _ in 0..100 {
            call(0).unwrap();
        }
        assert_eq!(call(0).unwrap_err().retry_after_s, 2);
        assert_eq!(call(1_799).unwrap_err().retry_after_s, 1);
        assert_eq!(call(1_800).unwrap().remaining, Credits::ZERO);
        assert!(call(1_801).is_err());
        let rested = call(1_800 + 180_000).unwrap();
        assert_eq!(rested.remaining, Credits::whole(99));
    }

    #[test]
    fn frequent_refused_calls_do_not_slow_the_drain() {
        let meters = Meters::default();
        let call = |ms| meters.admit(grant(1), BOOKING_EXPERTS_QUOTA, ONE, at(ms));
        for _ in 0..100 {
            call(0).unwrap();
        }
        let let_in = (1..=18_000).filter(|ms| call(*ms).is_ok()).count();
        assert_eq!(let_in, 10);
    }

    #[test]
    fn idle_meters_are_swept_and_a_changed_quota_starts_anew() {
        let meters = Meters::default();
        for number in 1..400_000 {
            let _ = meters.admit(grant(number), BEDS24_QUOTA, ONE, at(number * 10));
        }
        let kept: usize = meters
            .shards
            .iter()
            .map(|shard| shard.lock().meters.len())
            .sum();
        assert!(kept < 2 * SHARDS * limits::METERS_PER_SHARD, "{kept}");
        let small = Quota::Window {
            credits: 1,
            window_s: 10,
        };
        let large = Quota::Window {
            credits: 2,
            window_s: 10,
        };
        meters.admit(grant(7), small, ONE, at(0)).unwrap();
        assert!(meters.admit(grant(7), small, ONE, at(0)).is_err());
        assert!(meters.admit(grant(7), large, ONE, at(0)).is_ok());
    }
}
