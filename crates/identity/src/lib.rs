//! Who calls, and what they may do: clients, grants, tokens and the clock of sandbox tenants.
//!
//! A *client* is a program that calls (a device, an app, a key). A *grant* says what it may do for one
//! tenant, from which addresses and how often. A *token* proves the grant: an invite code is exchanged
//! once for a refresh token, which mints access tokens. Secrets are random, kept only as their SHA-256, and
//! revocable at once.
//!
//! Apps get their tokens by OAuth 2.0 or an API key ([`oauth`]); people sign in with a password ([`users`]) and
//! say which app may do what. Either way a call ends up as the same [`Caller`].
//!
//! Authorization is not made here but in `service`, from the capabilities that a caller carries. Tenants are
//! made by `service`.
//!
//! Start with [`Identity`]; [`Caller`] is what every request sees of all this.

mod cache;
mod caller;
mod commands;
mod denied;
mod facade;
mod grant;
mod granted;
pub mod lifetimes;
mod lookup;
pub mod oauth;
mod occasion;
mod secret;
pub mod users;

pub use caller::Caller;
pub use catalogue::access::QuotaRule as Quota;
pub use commands::move_clock::{ClockMove, ClockRefused, MovedClock};
pub use denied::Denied;
pub use facade::{Identity, Minted, Settings};
pub use grant::{BadNetwork, NewGrant, network};
pub use granted::{Granted, Standing};
pub use occasion::Occasion;
pub use secret::Secret;

/// The allowance that Beds24 gives each account.
pub const BEDS24_QUOTA: Quota = Quota::Window {
    credits: 100,
    window_s: 300,
};

/// The allowance that Booking Experts gives each app.
pub const BOOKING_EXPERTS_QUOTA: Quota = Quota::Bucket {
    size: 100,
    drain_ms: 1_800,
};

/// A million calls a minute: for our own tools, the demo and load tests. It is still a quota, so that clients
/// which pace themselves by the meter find one.
pub const ROOMY_QUOTA: Quota = Quota::Window {
    credits: 1_000_000,
    window_s: 60,
};
