//! How often a password may be tried: by account, by address, and by both together.
//!
//! Each is a bucket that leaks. A trial is counted before it is made, so that a thousand at once are not all
//! free, and given back when it was right. The bucket of account and address together is the small one:
//! whoever tries the passwords of an account from elsewhere does not lock its owner out before the larger
//! bucket of the account is full. The counts are this process's own and are gone when it ends; several servers
//! allow as many trials each.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use jiff::Timestamp;
use parking_lot::Mutex;

/// A bucket: so many trials at once, and one more each so many milliseconds.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    trials: i64,
    leaks_every_ms: i64,
}

/// Trials of one account from one address.
const BOTH: Bucket = Bucket {
    trials: 5,
    leaks_every_ms: 60_000,
};

/// Trials of one account from everywhere.
const ACCOUNT: Bucket = Bucket {
    trials: 50,
    leaks_every_ms: 30_000,
};

/// Trials from one address, on any account: an office has many people behind one.
const ADDRESS: Bucket = Bucket {
    trials: 30,
    leaks_every_ms: 10_000,
};

/// Buckets kept of each sort, some 100 bytes each. When as many hold more than one trial, somebody attacks
/// from everywhere, and whoever is new has to wait.
const MOST: usize = 100_000;

/// How long a stranger waits when there is no room to count.
const WAIT_WHEN_FULL_S: u32 = 30;

/// Counts trials. A bucket is kept as the moment at which it will have leaked empty.
pub(crate) struct Throttle {
    both: Buckets<(String, IpAddr)>,
    account: Buckets<String>,
    address: Buckets<IpAddr>,
}

struct Buckets<K> {
    bucket: Bucket,
    empty_at_ms: Mutex<HashMap<K, i64>>,
}

impl Throttle {
    pub(crate) fn new() -> Throttle {
        Throttle {
            both: Buckets::new(BOTH),
            account: Buckets::new(ACCOUNT),
            address: Buckets::new(ADDRESS),
        }
    }

    /// Counts a trial.
    ///
    /// # Errors
    /// Seconds to wait, when there were too many. The trial is then not counted.
    pub(crate) fn admit(&self, account: &str, from: IpAddr, now: Timestamp) -> Result<(), u32> {
        let from = network_of(from);
        let now_ms = now.as_millisecond();
        self.address.admit(from, now_ms)?;
        let both = (account.to_owned(), from);
        let counted = self.both.admit(both.clone(), now_ms).and_then(|()| {
            let counted = self.account.admit(account.to_owned(), now_ms);
            counted.inspect_err(|_| self.both.give_back(&both))
        });
        counted.inspect_err(|_| self.address.give_back(&from))
    }

    /// Gives a trial back that was right.
    pub(crate) fn forgive(&self, account: &str, from: IpAddr) {
        let from = network_of(from);
        let account = account.to_owned();
        self.address.give_back(&from);
        self.account.give_back(&account);
        self.both.forget(&(account, from));
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(bucket: Bucket) -> Buckets<K> {
        Buckets {
            bucket,
            empty_at_ms: Mutex::new(HashMap::new()),
        }
    }

    fn admit(&self, key: K, now_ms: i64) -> Result<(), u32> {
        let mut known = self.empty_at_ms.lock();
        if known.len() >= MOST && !known.contains_key(&key) {
            self.sweep(&mut known, now_ms);
            if known.len() >= MOST {
                return Err(WAIT_WHEN_FULL_S);
            }
        }
        let empty_at_ms = known.get(&key).copied().unwrap_or(now_ms).max(now_ms);
        let filled_ms = empty_at_ms - now_ms + self.bucket.leaks_every_ms;
        let over_ms = filled_ms - self.bucket.trials * self.bucket.leaks_every_ms;
        if over_ms > 0 {
            let seconds = over_ms.unsigned_abs().div_ceil(1_000);
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        known.insert(key, empty_at_ms + self.bucket.leaks_every_ms);
        Ok(())
    }

    /// Drops the buckets that hold one trial or none.
    fn sweep(&self, known: &mut HashMap<K, i64>, now_ms: i64) {
        let one_trial = now_ms + self.bucket.leaks_every_ms;
        known.retain(|_, empty_at_ms| *empty_at_ms > one_trial);
    }

    fn give_back(&self, key: &K) {
        if let Some(empty_at_ms) = self.empty_at_ms.lock().get_mut(key) {
            *empty_at_ms -= self.bucket.leaks_every_ms;
        }
    }

    fn forget(&self, key: &K) {
        self.empty_at_ms.lock().remove(key);
    }
}

/// What counts as one address: with IPv6 a whole /64, since that is what one customer gets.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((u128::from(six) >> 64 << 64).into()),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn start() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_account_can_be_tried_a_few_times_and_then_once_a_minute() {
        let throttle = Throttle::new();
        let here = ip("192.0.2.1");
        let admit = |after_s| {
            let now = start() + SignedDuration::from_secs(after_s);
            throttle.admit("ada", here, now)
        };
        for _ in 0..5 {
            assert_eq!(admit(0), Ok(()));
        }
        assert_eq!(admit(0), Err(60));
        assert_eq!(admit(20), Err(40));
        assert_eq!(admit(60), Ok(()));
        assert_eq!(admit(60), Err(60));
        assert_eq!(
            throttle.admit("ada", ip("192.0.2.2"), start()),
            Ok(()),
            "from elsewhere"
        );
        assert_eq!(throttle.admit("bob", here, start()), Ok(()), "another");
    }

    #[test]
    fn a_right_password_forgives_what_was_wrong_before() {
        let throttle = Throttle::new();
        let here = ip("192.0.2.1");
        for _ in 0..100 {
            assert_eq!(throttle.admit("ada", here, start()), Ok(()));
            throttle.forgive("ada", here);
        }
    }

    #[test]
    fn an_account_that_is_tried_from_everywhere_is_closed_for_a_while() {
        let throttle = Throttle::new();
        let from = |number: u32| IpAddr::from(number.to_be_bytes());
        let admitted = (0..100)
            .filter(|number| throttle.admit("ada", from(*number), start()).is_ok())
            .count();
        assert_eq!(admitted, 50);
    }

    #[test]
    fn an_address_cannot_try_every_account_and_a_network_counts_as_one() {
        let throttle = Throttle::new();
        let admitted = (0..100)
            .filter(|number| {
                let from = ip(&format!("2001:db8::{number}"));
                throttle.admit(&number.to_string(), from, start()).is_ok()
            })
            .count();
        assert_eq!(admitted, 30);
        assert!(throttle.admit("x", ip("2001:db8:0:1::1"), start()).is_ok());
    }

    #[test]
    fn a_refused_trial_fills_no_bucket() {
        let throttle = Throttle::new();
        let here = ip("192.0.2.1");
        for _ in 0..5 {
            throttle.admit("ada", here, start()).unwrap();
        }
        for _ in 0..1_000 {
            throttle.admit("ada", here, start()).unwrap_err();
        }
        let later = start() + SignedDuration::from_secs(60);
        assert_eq!(throttle.admit("ada", here, later), Ok(()));
        assert_eq!(throttle.admit("bob", here, later), Ok(()));
    }
}
