//! Every bound of subscriptions and of the log, with its reason.

/// Subscriptions of one grant: each is one more delivery of every event.
pub const SUBSCRIPTIONS: usize = 50;

/// Event names of one subscription.
pub const EVENT_NAMES: usize = 200;

/// The longest target URL, in bytes.
pub const URL_BYTES: usize = 2_048;

/// Secrets of one subscription that are valid at the same time.
pub const SECRETS: usize = 4;

/// Secret bytes that are drawn.
pub const SECRET_BYTES: usize = 32;

/// How many events are dropped in one commit where nobody listens: it shares the writer with
/// bookings.
pub const FORGOTTEN_AT_ONCE: usize = 1_000;

/// After how many such commits the first to listen is no longer kept waiting.
pub const FORGOTTEN_COMMITS: usize = 1_000;

/// How many deliveries one call asks for again.
pub const RESENT_AT_ONCE: usize = 100;
