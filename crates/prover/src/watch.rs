//! The one place of this crate that reads clocks: proofs measure how long answers take,
//! and look for days that lie ahead.
#![allow(
    clippy::disallowed_methods,
    reason = "measuring needs a clock, and this is the named place"
)]

use std::time::Instant;

use jiff::Timestamp;

/// The monotonic clock, for measuring.
pub fn instant() -> Instant {
    Instant::now()
}

/// The time of day. Proofs take it once, at their start.
pub fn now() -> Timestamp {
    Timestamp::now()
}
