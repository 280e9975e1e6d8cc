//! What is kept in memory of lanes, for those who only look: most look at what nobody has changed since
//! somebody else looked.
//!
//! How much is taken in each night is kept under the number of the lane's last journal entry. Whatever takes
//! or gives back makes an entry in the same commit, so counts kept under the lane's number are right,
//! however many servers share a database.
//!
//! Lanes themselves are kept only where no other process writes, on SQLite: there the writer tells of each
//! lane that a commit has changed before anybody hears of the commit ([`LaneCache::tell`]), and a lane that
//! it has told of since it was read is read again. So whoever was answered finds their change. Nothing that
//! is kept decides a booking.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use domain::{id::Id, time::Zone};
use quick_cache::sync::Cache;

use crate::limits;

/// A resource of a tenant.
type Key = (Id, Id);

/// Nights are kept by the block: so many of them, from a day number that is a multiple of it. With larger
/// blocks a look at a lane that changes often reads more than it was asked about.
pub(crate) const BLOCK_NIGHTS: i64 = 16;

/// How much is taken in each night of a block, at its fullest moment.
pub(crate) type Nights = [i64; BLOCK_NIGHTS as usize];

/// What a look needs of a lane.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) organization_id: Id,
    pub(crate) zone: Zone,
    pub(crate) capacity: i64,
    pub(crate) longest_s: i64,
    /// The number of its last journal entry.
    pub(crate) sequence: i64,
    /// The version of what it is sold on.
    pub(crate) terms: i64,
}

/// Something that was read, and the state of the lane that it belongs to.
#[derive(Clone)]
struct Of<T> {
    state: u64,
    value: Arc<T>,
}

/// How many changes of a lane were told of. Lanes share numbers: one that has changed makes some others be
/// read again too.
struct Changes(Vec<AtomicU64>);

impl Changes {
    fn number(&self, key: Key) -> &AtomicU64 {
        // Ids are drawn in turn, so their low bits spread the lanes of a tenant evenly.
        let place = (key.1.get() ^ key.0.get().rotate_left(7)) as usize;
        &self.0[place % self.0.len()]
    }
}

/// What is kept. Shared by all connections of a store.
#[derive(Clone)]
pub(crate) struct LaneCache(Arc<Kept>);

struct Kept {
    heads: Cache<Key, Of<Head>>,
    nights: Cache<(Key, i64), Of<Nights>>,
    /// Only where no other process writes.
    changes: Option<Changes>,
}

impl LaneCache {
    /// For a store that other processes may write to.
    pub(crate) fn shared() -> Self {
        Self::new(None)
    }

    /// For a store that only this process writes to.
    pub(crate) fn alone() -> Self {
        let numbers = (0..limits::LANE_CHANGES).map(|_| AtomicU64::new(0));
        Self::new(Some(Changes(numbers.collect())))
    }

    fn new(changes: Option<Changes>) -> Self {
        Self(Arc::new(Kept {
            heads: Cache::new(limits::LANES_KEPT),
            nights: Cache::new(limits::NIGHT_BLOCKS_KEPT),
            changes,
        }))
    }

    /// How often the lane has changed, to be asked before it is read; `None` where it can't be known.
    pub(crate) fn state(&self, key: Key) -> Option<u64> {
        let changes = self.0.changes.as_ref()?;
        Some(changes.number(key).load(Ordering::Acquire))
    }

    /// Tells that lanes have changed: after the commit, and before anybody is answered.
    pub(crate) fn tell(&self, lanes: &[Key]) {
        let Some(changes) = &self.0.changes else {
            return;
        };
        for key in lanes {
            changes.number(*key).fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn head(&self, key: Key) -> Option<Arc<Head>> {
        let state = self.state(key)?;
        let kept = self.0.heads.get(&key)?;
        (kept.state == state).then_some(kept.value)
    }

    /// Keeps a lane that was read after `state` was asked for.
    pub(crate) fn keep_head(&self, key: Key, state: Option<u64>, head: &Arc<Head>) {
        if let Some(state) = state {
            let value = Arc::clone(head);
            self.0.heads.insert(key, Of { state, value });
        }
    }

    pub(crate) fn nights(&self, key: Key, head: &Head, block: i64) -> Option<Arc<Nights>> {
        let kept = self.0.nights.get(&(key, block))?;
        (kept.state == head.sequence.cast_unsigned()).then_some(kept.value)
    }

    /// Keeps what was counted after the lane was read, never before: then it would be kept under a number
    /// that stands for more.
    pub(crate) fn keep_nights(&self, key: Key, head: &Head, block: i64, nights: &Arc<Nights>) {
        let (state, value) = (head.sequence.cast_unsigned(), Arc::clone(nights));
        self.0.nights.insert((key, block), Of { state, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    fn head(sequence: i64) -> Arc<Head> {
        Arc::new(Head {
            organization_id: id(9),
            zone: Zone::new("Europe/Vienna").unwrap(),
            capacity: 3,
            longest_s: 86_400,
            sequence,
            terms: 1,
        })
    }

    const KEY: fn() -> Key = || (id(1), id(2));

    #[test]
    fn a_lane_is_kept_until_a_commit_tells_that_it_has_changed() {
        let cache = LaneCache::alone();
        assert!(cache.head(KEY()).is_none());
        let state = cache.state(KEY());
        cache.keep_head(KEY(), state, &head(4));
        assert_eq!(cache.head(KEY()).unwrap().sequence, 4);
        cache.tell(&[(id(1), id(3))]);
        assert!(cache.head(KEY()).is_some());
        cache.tell(&[KEY()]);
        assert!(cache.head(KEY()).is_none());
    }

    #[test]
    fn what_was_read_before_a_commit_and_kept_after_it_is_not_used() {
        let cache = LaneCache::alone();
        let before = cache.state(KEY());
        cache.tell(&[KEY()]);
        cache.keep_head(KEY(), before, &head(4));
        assert!(cache.head(KEY()).is_none());
    }

    #[test]
    fn where_others_write_too_no_lane_is_kept() {
        let cache = LaneCache::shared();
        cache.keep_head(KEY(), cache.state(KEY()), &head(4));
        cache.tell(&[KEY()]);
        assert!(cache.head(KEY()).is_none());
    }

    #[test]
    fn nights_are_those_of_one_number_of_the_journal() {
        for cache in [LaneCache::alone(), LaneCache::shared()] {
            let nights = Arc::new([2; BLOCK_NIGHTS as usize]);
            cache.keep_nights(KEY(), &head(4), 7, &nights);
            assert!(cache.nights(KEY(), &head(5), 7).is_none());
            assert!(cache.nights(KEY(), &head(4), 8).is_none());
            assert_eq!(cache.nights(KEY(), &head(4), 7), Some(nights));
        }
    }
}
