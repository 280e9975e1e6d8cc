//! What leaves the house: events to those who subscribed to them, and mail.
//!
//! An event is a row of the outbox, written in the transaction that caused it. Here it is *fanned
//! out* into deliveries, one for each subscription that wants it ([`fan_out`]); each delivery is
//! *tried* until it is confirmed or given up ([`claims`], [`tries`], [`conclude`]). Mail rows go the
//! same way ([`mail`]). All of that is done by a [`Dispatcher`], and any number of them may work on
//! one store: whatever one of them is killed over, another makes up for.
//!
//! The promises: at least once; in order per subject and subscription; one receiver that hangs
//! delays nobody else; nothing is sent to an address that is not public ([`carry`]).
//!
//! What callers have a say in (subscriptions, secrets, formats, the log of attempts) stands in
//! [`service::outgoing`], so a dialect does not know this room.

pub mod backoff;
pub mod carry;
mod claims;
mod clean;
mod conclude;
mod dispatcher;
mod fan_out;
pub mod limits;
pub mod mail;
mod owners;
mod queue;
pub mod resolve;
mod subscribers;
pub mod telemetry;
mod tries;
mod under_way;

use domain::id::Id;
use jiff::{SignedDuration, Timestamp};
use store::hot::Stamp;

pub use self::dispatcher::{Dispatcher, Pace};

/// How much may be under way, and what is kept for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Tries under way at once. Those to failing subscriptions are at most half of them.
    pub in_flight: usize,
    /// Tries under way at once to one subscription; to one that is failing, one.
    pub in_flight_each: usize,
    /// How long a try may take before another dispatcher takes it for lost. Longer than the times of
    /// the carrier together.
    pub lease: SignedDuration,
    /// For how many days deliveries, attempts and mails are kept after they were made; at least
    /// [`Settings::KEEP_DAYS_LEAST`].
    pub keep_days: u16,
}

impl Settings {
    /// What is younger may still have tries before it.
    pub const KEEP_DAYS_LEAST: u16 = 7;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            in_flight: 512,
            in_flight_each: 4,
            lease: SignedDuration::from_secs(90),
            keep_days: 30,
        }
    }
}

/// The house itself, where nobody called. Ids that are drawn are larger than this one.
fn house_stamp(tenant_id: Id, now: Timestamp) -> Stamp {
    Stamp {
        tenant_id,
        client_id: Id::SMALLEST,
        grant_id: Id::SMALLEST,
        request_id: "delivery".into(),
        organizations: None,
        now,
    }
}
