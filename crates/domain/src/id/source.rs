//! Where new ids come from.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::Id;

/// 2020-01-01T00:00:00Z in Unix milliseconds: the moment from which ids count.
const EPOCH_MS: i64 = 1_577_836_800_000;
const COUNTER_BITS: u32 = 8;
const NODE_BITS: u32 = 4;
/// The last millisecond that a clock may name. It lies a year before the 41 bits run out (2089), so
/// that a clock that is set to a senseless year still leaves ids to draw.
const LAST_MS: u64 = (1 << 41) - 1 - 366 * 86_400_000;

/// Draws ids: 41 bits of milliseconds since 2020, 4 bits of node, 8 bits of counter.
///
/// Every id is larger than the one before it from the same source, whatever the clock does: when the
/// clock stands still or goes back, or 256 ids of one millisecond are used up, the source borrows
/// from the milliseconds to come. Sources with different node numbers never draw the same id.
#[derive(Debug)]
pub struct IdSource {
    node: u8,
    /// Milliseconds and counter of the last id: `ms << 8 | counter`.
    last: AtomicU64,
}

impl IdSource {
    /// The largest node number.
    pub const LARGEST_NODE: u8 = (1 << NODE_BITS) - 1;

    /// A source for one node, numbered from 0 to 15; of a larger number the low four bits count.
    #[must_use]
    pub const fn new(node: u8) -> IdSource {
        IdSource {
            node: node & IdSource::LARGEST_NODE,
            last: AtomicU64::new(0),
        }
    }

    /// Makes every later id larger than `id`: what a restarted node calls with the largest id of its
    /// store, so that what it borrowed before the restart is not drawn twice.
    pub fn continue_after(&self, id: Id) {
        let number = id.get().unsigned_abs();
        let milliseconds = number >> (NODE_BITS + COUNTER_BITS);
        let full_counter = (milliseconds << COUNTER_BITS) | 0xff;
        self.last.fetch_max(full_counter, Ordering::Relaxed);
    }

    /// The next id at the moment `now`.
    pub fn next(&self, now: Timestamp) -> Id {
        let at = milliseconds_of(now) << COUNTER_BITS;
        let following = |last: u64| Some(at.max(last + 1));
        let last = match self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, following)
        {
            Ok(last) | Err(last) => last,
        };
        self.compose(at.max(last + 1))
    }

    fn compose(&self, drawn: u64) -> Id {
        let (milliseconds, counter) = (drawn >> COUNTER_BITS, drawn & 0xff);
        let number = (milliseconds << (NODE_BITS + COUNTER_BITS))
            | (u64::from(self.node) << COUNTER_BITS)
            | counter;
        i64::try_from(number)
            .ok()
            .and_then(Id::new)
            .expect("a source starts at 1, and a year of ids is kept in reserve at the far end")
    }
}

/// Milliseconds since 2020, kept within what an id can carry.
fn milliseconds_of(now: Timestamp) -> u64 {
    let since = now.as_millisecond().saturating_sub(EPOCH_MS);
    u64::try_from(since).unwrap_or(0).min(LAST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ids_rise_even_when_the_clock_stands_still_or_goes_back() {
        let source = IdSource::new(3);
        let now = at("2026-11-21T12:00:00Z");
        let mut last = source.next(now);
        for step in 0..2_000_i64 {
            let wavering = now - jiff::SignedDuration::from_millis(step % 7);
            let next = source.next(wavering);
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn nodes_never_draw_the_same_id() {
        let now = at("2026-11-21T12:00:00Z");
        let mut seen = BTreeSet::new();
        for node in 0..=IdSource::LARGEST_NODE {
            let source = IdSource::new(node);
            assert!((0..1_000).all(|_| seen.insert(source.next(now))));
        }
    }

    #[test]
    fn threads_sharing_a_source_never_draw_the_same_id() {
        let source = IdSource::new(1);
        let now = at("2026-11-21T12:00:00Z");
        let drawn: Vec<Vec<Id>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..5_000).map(|_| source.next(now)).collect()))
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .collect()
        });
        let distinct: BTreeSet<Id> = drawn.iter().flatten().copied().collect();
        assert_eq!(distinct.len(), 20_000);
    }

    #[test]
    fn a_later_moment_gives_a_larger_id_on_any_node() {
        let early = IdSource::new(15).next(at("2026-11-21T12:00:00.000Z"));
        let late = IdSource::new(0).next(at("2026-11-21T12:00:00.001Z"));
        assert!(early < late);
    }

    #[test]
    fn a_clock_set_to_a_senseless_year_still_draws_ids() {
        for text in [
            "-009000-01-01T00:00:00Z",
            "1969-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
        ] {
            let source = IdSource::new(15);
            let first = source.next(at(text));
            assert!(source.next(at(text)) > first, "{text}");
        }
    }

    #[test]
    fn a_restarted_source_continues_after_the_largest_stored_id() {
        let now = at("2026-11-21T12:00:00Z");
        let before = IdSource::new(0);
        let stored = (0..1_000).map(|_| before.next(now)).last().unwrap();
        let after = IdSource::new(0);
        after.continue_after(stored);
        assert!(after.next(now) > stored);
    }
}
