//! What leaves the house, as far as callers have a say in it: subscriptions, their secrets, and the
//! log of what was sent.
//!
//! An event is a row of the outbox, written in the transaction that caused it. The room `delivery`
//! takes it from there to those who subscribed. A dialect needs nothing of that room: it brings its
//! format here ([`render::Render`]) and serves what stands here in its own words. Everything is
//! scoped to the caller's grant, since what a subscription is told was rendered for that grant.
//!
//! Instants here are real time, because what they count happens outside. Start at [`Outgoing`].

pub mod addresses;
pub mod ask;
mod forget;
pub mod limits;
mod log;
pub mod render;
pub mod seal;
mod secrets;
pub mod sign;
pub mod standard;
mod subscriptions;
pub mod target;

use std::sync::Arc;

pub use catalogue::delivery::{
    Attempt, Confirm, Delivery, Health, Mail, Owner, Subscription, SwitchedOff,
};
use domain::id::Id;
use jiff::Timestamp;
use store::Store;

pub use self::{
    log::{AttemptFilter, DeliveryFilter},
    secrets::Succession,
    subscriptions::{
        Judged, NewSubscription, Refusal, Rotation, SubscriptionPatch, SubscriptionView,
        drop_waiting,
    },
};
use self::{render::Formats, seal::SealKey, target::Rules};

/// Reads the real clock, or a test's.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Draws a random number nobody can foresee, or a test's.
pub type Chance = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What subscriptions need.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The formats.
    pub formats: Formats,
    /// Where something may be sent.
    pub rules: Rules,
    /// The key that secrets are sealed under.
    pub key: SealKey,
    /// The clock.
    pub now: Now,
    /// Randomness.
    pub chance: Chance,
}

/// Subscriptions and the log of what was sent to them. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing(Arc<Parts>);

impl Outgoing {
    /// Wires it.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The store behind, for the room that sends.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The formats.
    #[must_use]
    pub fn formats(&self) -> &Formats {
        &self.0.formats
    }

    /// Where something may be sent.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// What time it really is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.now)()
    }

    /// A random number.
    #[must_use]
    pub fn chance(&self) -> u64 {
        (self.0.chance)()
    }

    /// A new id.
    #[must_use]
    pub fn next_id(&self) -> Id {
        self.store().ids().next(self.now())
    }

    /// Random bytes.
    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.chance().to_le_bytes()[..chunk.len()]);
        }
        bytes
    }
}
