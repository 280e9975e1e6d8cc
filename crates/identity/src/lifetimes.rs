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

/// How exactly the last use is kept: fine enough for lives of 30 days, and one write an hour at most.
pub const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// When a token of this kind ends.
pub(crate) fn end(kind: TokenKind, created_at: Timestamp, used_at: Option<Timestamp>) -> Timestamp {
    let (from, life) = match kind {
        TokenKind::Access => (created_at, ACCESS),
        TokenKind::Invite => (created_at, INVITE),
        TokenKind::Refresh => (used_at.unwrap_or(created_at), REFRESH_UNUSED),
        TokenKind::LongLife => (used_at.unwrap_or(created_at), LONG_LIFE_UNUSED),
    };
    from.checked_add(life).unwrap_or(Timestamp::MAX)
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
