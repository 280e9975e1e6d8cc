//! How long each kind of token lives, by the clock of its tenant.

use jiff::{SignedDuration, Timestamp};

use crate::secret::TokenKind;

/// An access token, from when it was made. The vendor's figure.
pub const ACCESS: SignedDuration = SignedDuration::from_hours(24);

/// An invite code, from when it was made. The vendor's figure.
pub const INVITE: SignedDuration = SignedDuration::from_hours(24);

/// A refresh token, from when it was last used. The vendor's figure.
pub const REFRESH_UNUSED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A long-life token, from when it was last used. The vendor's figure.
pub const LONG_LIFE_UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// An access token of OAuth 2.0, where the dialect does not say otherwise.
pub const OAUTH_ACCESS: SignedDuration = SignedDuration::from_secs(7_200);

/// An authorization code: long enough for a server to redeem it, and short for whoever finds it in a log. A
/// dialect may choose up to ten minutes.
pub const OAUTH_CODE: SignedDuration = SignedDuration::from_secs(60);

/// A refresh token of OAuth 2.0, from when the tokens were last refreshed.
pub const OAUTH_REFRESH_UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long codes are remembered after their end, and families after they were taken back: a replay within
/// this time is recognized as one.
pub const OAUTH_REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// A session that is not used.
pub const SESSION_IDLE: SignedDuration = SignedDuration::from_hours(2);

/// A session, however much it is used.
pub const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// How exactly the last use of a session is kept.
pub const SESSION_USE_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// The token in a mail with which a password can be set anew.
pub const PASSWORD_RESET: SignedDuration = SignedDuration::from_hours(1);

/// How long whoever set out to mail a password's token may take, before somebody else tries.
pub const PASSWORD_RESET_CLAIM: SignedDuration = SignedDuration::from_secs(60);

/// How exactly the last use is kept: fine enough for lives of 30 days, and one write an hour at most.
pub const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// When a token of this kind ends, where its row does not say; `None` for keys, which end by revocation only.
pub(crate) fn end(
    kind: TokenKind,
    created_at: Timestamp,
    used_at: Option<Timestamp>,
) -> Option<Timestamp> {
    let (from, life) = match kind {
        TokenKind::Access => (created_at, ACCESS),
        TokenKind::Invite => (created_at, INVITE),
        TokenKind::Refresh => (used_at.unwrap_or(created_at), REFRESH_UNUSED),
        TokenKind::LongLife => (used_at.unwrap_or(created_at), LONG_LIFE_UNUSED),
        TokenKind::ApiKey => return None,
    };
    Some(after(from, life))
}

/// So much later; at the end of time no later.
pub(crate) fn after(from: Timestamp, life: SignedDuration) -> Timestamp {
    from.checked_add(life).unwrap_or(Timestamp::MAX)
}

/// So much earlier; at the beginning of time no earlier.
pub(crate) fn before(from: Timestamp, life: SignedDuration) -> Timestamp {
    from.checked_sub(life).unwrap_or(Timestamp::MIN)
}

/// A moment of the tenant's clock: the real one moved by the tenant's offset. A clock moved past the end of
/// time stands still there.
pub(crate) fn tenant_now(now: Timestamp, clock_offset_ms: i64) -> Timestamp {
    let moved = now.checked_add(SignedDuration::from_millis(clock_offset_ms));
    moved.unwrap_or(if clock_offset_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
