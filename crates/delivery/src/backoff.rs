//! When a try that failed is repeated: pure, with the chance and the clock as arguments.

use jiff::{SignedDuration, Timestamp};

use crate::limits::{RETRY_AFTER_MOST, TRIED_FOR};

/// How long to wait after the first, second, … try, seconds. The last one repeats.
const STEPS_S: &[i64] = &[
    5,
    30,
    120,
    600,
    1_800,
    3_600,
    2 * 3_600,
    4 * 3_600,
    6 * 3_600,
    8 * 3_600,
];

/// By how much a wait may differ from its step, in percent, so that what failed together does not
/// come back together.
const JITTER_PERCENT: i64 = 20;

/// What decides about the next try.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// Which try it was, from 1.
    pub number: i64,
    /// When the first try began.
    pub first_at: Timestamp,
    /// When this one ended.
    pub now: Timestamp,
    /// What the receiver asked for.
    pub retry_after: Option<SignedDuration>,
    /// A random number.
    pub chance: u64,
}

/// When the next try is due; none when it was tried for long enough.
///
/// A try that fails before three days are over has a successor, so the last one comes after them:
/// a receiver that was down for exactly three days is still told.
#[must_use]
pub fn next_try(failed: Failed) -> Option<Timestamp> {
    if failed.now.duration_since(failed.first_at) >= TRIED_FOR {
        return None;
    }
    let index = usize::try_from(failed.number.max(1) - 1).unwrap_or(usize::MAX);
    let step_s = STEPS_S[index.min(STEPS_S.len() - 1)];
    let spread_ms = step_s * 1_000 * JITTER_PERCENT / 100;
    let places = u64::try_from(2 * spread_ms + 1).unwrap_or(1);
    let jitter_ms = i64::try_from(failed.chance % places).unwrap_or(0) - spread_ms;
    let own = SignedDuration::from_millis(step_s * 1_000 + jitter_ms);
    let asked = failed.retry_after.unwrap_or(SignedDuration::ZERO);
    let wait = own.max(asked.min(RETRY_AFTER_MOST));
    failed.now.checked_add(wait).ok()
}

/// What a `Retry-After` header asks for: seconds, or the time until an HTTP date; nothing when it
/// says neither. Never negative, and never more than [`RETRY_AFTER_MOST`].
#[must_use]
pub fn retry_after(header: &str, now: Timestamp) -> Option<SignedDuration> {
    let header = header.trim();
    let wait = if header.bytes().all(|byte| byte.is_ascii_digit()) && !header.is_empty() {
        // More digits than fit are more seconds than anybody is granted.
        SignedDuration::from_secs(header.parse().unwrap_or(i64::MAX))
    } else {
        let until = jiff::fmt::rfc2822::parse(header).ok()?.timestamp();
        until.duration_since(now)
    };
    Some(wait.clamp(SignedDuration::ZERO, RETRY_AFTER_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn failed(number: i64, now: Timestamp, chance: u64) -> Failed {
        Failed {
            number,
            first_at: START,
            now,
            retry_after: None,
            chance,
        }
    }

    /// All tries of a delivery that never succeeds, as seconds since the first.
    fn tries(mut chance: impl FnMut() -> u64) -> Vec<i64> {
        let (mut at, mut all) = (START, vec![0]);
        while let Some(next) = next_try(failed(all.len() as i64, at, chance())) {
            at = next;
            all.push(at.as_second());
        }
        all
    }

    #[test]
    fn the_schedule_grows_and_ends_with_one_try_after_three_days() {
        for chance in [0, u64::MAX, 123_456_789] {
            let tries = tries(|| chance);
            let day = 24 * 3_600;
            let last = *tries.last().unwrap();
            assert!((3 * day..3 * day + 10 * 3_600).contains(&last), "{tries:?}");
            assert!(tries[tries.len() - 2] < 3 * day);
            assert!(tries[1] <= 6, "{tries:?}");
            assert!(tries.len() > 12 && tries.len() < 40, "{tries:?}");
            assert!(tries.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn waits_stay_within_a_fifth_of_their_step_and_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for chance in 0..10_000_u64 {
            let chance = chance.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let next = next_try(failed(3, START, chance)).unwrap();
            let wait_ms = next.as_millisecond();
            assert!((96_000..=144_000).contains(&wait_ms), "{wait_ms}");
            seen.insert(wait_ms);
        }
        assert!(seen.len() > 5_000);
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_within_bounds() {
        let asked = |seconds: i64| {
            next_try(Failed {
                retry_after: Some(SignedDuration::from_secs(seconds)),
                ..failed(1, START, 0)
            })
            .unwrap()
            .as_second()
        };
        assert_eq!(asked(3_600), 3_600);
        assert_eq!(asked(1), 4, "it never shortens the wait");
        assert_eq!(asked(1_000_000), 24 * 3_600);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let asked = |header: &str| retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked(" 0 "), Some(0));
        assert_eq!(asked("Sat, 21 Nov 2026 12:05:00 GMT"), Some(300));
        assert_eq!(asked("Sat, 21 Nov 2026 11:00:00 GMT"), Some(0));
        assert_eq!(asked("Tue, 21 Nov 2028 12:00:00 GMT"), Some(24 * 3_600));
        assert_eq!(asked("99999999999999999999999"), Some(24 * 3_600));
        for nonsense in ["", "soon", "-5", "1.5", "1e3", "٣"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }
}
