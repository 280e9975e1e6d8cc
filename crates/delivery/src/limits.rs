//! Every bound of what leaves the house, with its reason.

use std::time::Duration;

use jiff::SignedDuration;

/// How many events are fanned out in one commit, at most: it shares the writer with bookings.
pub const EVENTS_AT_ONCE: usize = 256;

/// How many deliveries one commit adds, about.
pub const DELIVERIES_AT_ONCE: usize = 2_048;

/// How many held deliveries one commit lets go.
pub const RELEASED_AT_ONCE: usize = 2_048;

/// How many tenants' events are fanned out at a time, so that one whose bodies take long to render
/// does not keep the others waiting.
pub const TENANTS_AT_ONCE: usize = 8;

/// How many bodies are rendered at a time.
pub const RENDERED_AT_ONCE: usize = 16;

/// How long rendering one body may take before it is left to the first try.
pub const RENDER_TIME: Duration = Duration::from_secs(5);

/// The largest body that is sent: what is larger is a mistake of the format.
pub const BODY_BYTES: usize = 1024 * 1024;

/// How much of a request and of an answer is kept in the log of attempts.
pub const EXCERPT_BYTES: usize = 2 * 1024;

/// How much of an answer's head is read.
pub const HEAD_BYTES: usize = 16 * 1024;

/// How many headers an answer may have.
pub const HEADERS: usize = 64;

/// How many headers of an answer are kept in the log, and how much of each.
pub const KEPT_HEADERS: usize = 24;
/// See [`KEPT_HEADERS`].
pub const KEPT_HEADER_BYTES: usize = 256;

/// How long the body of an answer is listened to; its status has decided already.
pub const ANSWER_BODY_TIME: Duration = Duration::from_secs(2);

/// How many addresses of a name are tried.
pub const ADDRESSES: usize = 4;

/// How many names are looked up at a time, since each may occupy a thread for long.
pub const LOOKUPS: usize = 64;

/// How long one subscription's failing deliveries are tried: the try after this time is the last.
pub const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);

/// After so long without one success a subscription is switched off.
pub const FAILING_FOR: SignedDuration = SignedDuration::from_hours(5 * 24);

/// After so long without any try it is not known whether a receiver still fails. Longer than any
/// wait between two tries.
pub const FORGIVEN_AFTER: SignedDuration = SignedDuration::from_hours(36);

/// The longest that a receiver may ask to be left alone.
pub const RETRY_AFTER_MOST: SignedDuration = SignedDuration::from_hours(24);

/// How many deliveries that are due are looked at together, of one subscription.
pub const DUE_AT_ONCE: i64 = 256;

/// How many deliveries one commit claims.
pub const CLAIMED_AT_ONCE: usize = 128;

/// How long a failing subscription whose deliveries all wait for earlier ones is not looked at.
pub const BLOCKED_FOR: Duration = Duration::from_secs(1);

/// How long is waited when the store could not be used.
pub const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

/// How long tries that are under way may go on when the server stops. What is cut off is repeated.
pub const LAST_TRIES: Duration = Duration::from_secs(20);

/// How many rows one commit cleans away, and how many such commits one cleaning makes.
pub const CLEANED_AT_ONCE: i64 = 500;
/// See [`CLEANED_AT_ONCE`].
pub const CLEANING_COMMITS: usize = 40;

/// With how many commits forgetting begins; twice as many each time that something is left, at most
/// [`FORGETTING_COMMITS_MOST`].
pub const FORGETTING_COMMITS: usize = 4;
/// See [`FORGETTING_COMMITS`].
pub const FORGETTING_COMMITS_MOST: usize = 512;

/// Mails that are sent at a time.
pub const MAILS_AT_ONCE: i64 = 8;

/// How long one mail may take.
pub const MAIL_TIME: Duration = Duration::from_secs(30);

/// The longest subject of a mail, in characters.
pub const SUBJECT_CHARACTERS: usize = 200;

/// The largest text of a mail, in bytes: what is larger is a mistake, and is not sent.
pub const MAIL_BYTES: usize = 256 * 1024;

/// How often the result of a try is written before the try is left to be repeated.
pub const CONCLUDE_TRIES: u32 = 5;

/// Among how many users of a tenant is looked for somebody to tell.
pub const USERS_LOOKED_AT: u64 = 1_000;

/// Among how many organizations is looked for a language in which to tell them.
pub const ORGANIZATIONS_LOOKED_AT: u64 = 50;
