//! What a connection is waiting for, and since when.
//!
//! Nothing here sets a timer. The stream and the requests of a connection note what happens, and
//! the watchman asks [`Pulse::overdue`], which is the whole rule.

use std::sync::{
    LazyLock,
    atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
};

use http_kit::Stopwatch;
use tokio::sync::Notify;

use crate::settings::Limits;

/// Milliseconds since the process looked for the first time; never 0.
pub(super) fn now_ms() -> u64 {
    static BEGAN: LazyLock<Stopwatch> = LazyLock::new(Stopwatch::start);
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
}

/// Waiting for the rest of a request's head.
const HEAD: u8 = 0;
/// Waiting for a request to begin.
const IDLE: u8 = 1;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    requests: AtomicU32,
    waits_for: AtomicU8,
    waits_since: AtomicU64,
    /// Since when the client takes nothing of what is to be sent; 0 while it does.
    blocked_since: AtomicU64,
    is_http2: AtomicBool,
    has_ended: AtomicBool,
    cut: Notify,
}

/// Which limit a connection has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    Head,
    Idle,
    Write,
}

impl Overdue {
    /// As metrics name it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Overdue::Head => "header_time",
            Overdue::Idle => "idle_time",
            Overdue::Write => "write_time",
        }
    }
}

impl Pulse {
    /// A connection that was just accepted: its first request is awaited like the rest of a head, for
    /// whoever connects has something to say.
    pub(super) fn new(now: u64) -> Self {
        Self {
            requests: AtomicU32::new(0),
            waits_for: AtomicU8::new(HEAD),
            waits_since: AtomicU64::new(now),
            blocked_since: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            cut: Notify::new(),
        }
    }

    /// Bytes came in. Between requests of HTTP/1 they begin the next head; frames of HTTP/2 may be
    /// anything, so there only the idle limit holds.
    pub(super) fn received(&self) {
        let idle = self.requests.load(Relaxed) == 0 && self.waits_for.load(Relaxed) == IDLE;
        if idle && !self.is_http2.load(Relaxed) {
            self.wait_for(HEAD);
        }
    }

    /// A request's head is complete.
    pub(super) fn begin(&self, is_http2: bool) {
        self.requests.fetch_add(1, Relaxed);
        if is_http2 {
            self.is_http2.store(true, Relaxed);
        }
    }

    /// A request was answered, body and all.
    pub(super) fn finish(&self) {
        if self.requests.fetch_sub(1, Relaxed) == 1 {
            self.wait_for(IDLE);
        }
    }

    fn wait_for(&self, what: u8) {
        self.waits_since.store(now_ms(), Relaxed);
        self.waits_for.store(what, Relaxed);
    }

    /// The client takes nothing at the moment.
    pub(super) fn blocked(&self) {
        if self.blocked_since.load(Relaxed) == 0 {
            self.blocked_since.store(now_ms(), Relaxed);
        }
    }

    /// The client took something.
    pub(super) fn flowed(&self) {
        if self.blocked_since.load(Relaxed) != 0 {
            self.blocked_since.store(0, Relaxed);
        }
    }

    /// The limit that has passed, if one has.
    pub(super) fn overdue(&self, now: u64, limits: &Limits) -> Option<Overdue> {
        let passed =
            |since: u64, seconds: u64| now.saturating_sub(since) > seconds.saturating_mul(1_000);
        let blocked_since = self.blocked_since.load(Relaxed);
        if blocked_since != 0 && passed(blocked_since, limits.write_time_s) {
            return Some(Overdue::Write);
        }
        if self.requests.load(Relaxed) > 0 {
            return None;
        }
        let since = self.waits_since.load(Relaxed);
        if self.waits_for.load(Relaxed) == HEAD {
            passed(since, limits.header_time_s).then_some(Overdue::Head)
        } else {
            passed(since, limits.idle_time_s).then_some(Overdue::Idle)
        }
    }

    /// Ends the connection from outside.
    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Waits until somebody cuts it.
    pub(super) async fn was_cut(&self) {
        self.cut.notified().await;
    }

    /// It is over.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        header_time_s: 10,
        body_time_s: 10,
        write_time_s: 20,
        idle_time_s: 75,
        drain_time_s: 25,
        connections: 1,
        connections_per_address: 1,
        connections_per_proxy: 1,
        requests_in_flight: 1,
    };

    #[test]
    fn a_client_that_connects_and_says_nothing_gets_the_time_of_a_head() {
        let began = now_ms();
        let pulse = Pulse::new(began);
        assert_eq!(pulse.overdue(began + 10_000, &LIMITS), None);
        assert_eq!(pulse.overdue(began + 10_001, &LIMITS), Some(Overdue::Head));
    }

    #[test]
    fn a_request_under_way_is_never_overdue_for_reading() {
        let pulse = Pulse::new(now_ms());
        pulse.begin(false);
        assert_eq!(pulse.overdue(now_ms() + 1_000_000, &LIMITS), None);
    }

    #[test]
    fn between_requests_a_connection_may_idle_but_not_dawdle_over_the_next_head() {
        let pulse = Pulse::new(now_ms());
        pulse.begin(false);
        pulse.finish();
        assert_eq!(pulse.overdue(now_ms() + 60_000, &LIMITS), None);
        assert_eq!(
            pulse.overdue(now_ms() + 80_000, &LIMITS),
            Some(Overdue::Idle)
        );
        pulse.received();
        assert_eq!(
            pulse.overdue(now_ms() + 60_000, &LIMITS),
            Some(Overdue::Head)
        );
    }

    #[test]
    fn frames_of_http2_begin_no_head() {
        let pulse = Pulse::new(now_ms());
        pulse.begin(true);
        pulse.begin(true);
        pulse.finish();
        pulse.finish();
        pulse.received();
        assert_eq!(pulse.overdue(now_ms() + 60_000, &LIMITS), None);
        assert_eq!(
            pulse.overdue(now_ms() + 80_000, &LIMITS),
            Some(Overdue::Idle)
        );
    }

    #[test]
    fn a_client_that_takes_nothing_of_its_answer_is_overdue_until_it_does() {
        let pulse = Pulse::new(now_ms());
        pulse.begin(false);
        pulse.blocked();
        assert_eq!(
            pulse.overdue(now_ms() + 21_000, &LIMITS),
            Some(Overdue::Write)
        );
        pulse.flowed();
        assert_eq!(pulse.overdue(now_ms() + 21_000, &LIMITS), None);
    }
}
