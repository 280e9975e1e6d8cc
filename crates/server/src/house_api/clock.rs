//! The clock of a sandbox tenant.
//!
//! Tokens age by it, so a token that has ended by it may still move it: nothing else could bring the
//! token back.

use http::StatusCode;
use http_kit::{Answer, BadBody, Call, Refusal, Result};
use identity::{ClockMove, ClockRefused};
use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use crate::expiry;

/// A clock.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClockOut {
    /// What the tenant's clock shows.
    #[schemars(with = "String")]
    now: Timestamp,
    /// What the real clock shows.
    #[schemars(with = "String")]
    real_now: Timestamp,
    /// How far the tenant's clock is ahead, milliseconds.
    offset_ms: i64,
}

/// Where to move a clock: one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockIn {
    /// To this instant, such as `2027-05-01T12:00:00Z`, or to `real` time.
    to: Option<String>,
    /// On by so much, such as `P1D`, `36h` or `2 months`; back when negative.
    advance: Option<String>,
}

/// A clock that was moved.
#[derive(Serialize, JsonSchema)]
pub(super) struct MovedOut {
    /// What it showed before.
    #[schemars(with = "String")]
    before: Timestamp,
    /// What it shows now.
    #[schemars(with = "String")]
    now: Timestamp,
    /// How far it is ahead of the real clock, milliseconds.
    offset_ms: i64,
    /// How many holds and options lapsed by this.
    expired_bookings: u64,
}

/// Reads it.
pub(super) async fn read(_: State, call: Call) -> Result<Answer> {
    if !call.caller.sandbox {
        return Err(Refusal::NotFound);
    }
    let clock = ClockOut {
        now: call.actor.now,
        real_now: call.now,
        offset_ms: call.caller.clock_offset_ms,
    };
    Answer::json(StatusCode::OK, &clock)
}

/// Moves it.
pub(super) async fn set(state: State, call: Call) -> Result<Answer> {
    if !call.caller.sandbox {
        return Err(Refusal::NotFound);
    }
    let to = asked_move(&call.json()?, call.actor.now)?;
    let moving = state
        .identity
        .move_clock(call.actor.tenant_id, to, call.now);
    let moved = match moving.await.map_err(unavailable)? {
        Ok(moved) => moved,
        Err(ClockRefused::NoSuchTenant | ClockRefused::NoSandbox) => return Err(Refusal::NotFound),
        Err(refused @ ClockRefused::OutOfRange) => return Err(wrong(&refused)),
    };
    let expired = expiry::expire_due(&state.service, call.now).await;
    let clock = MovedOut {
        before: moved.before,
        now: moved.now,
        offset_ms: moved.offset_ms,
        expired_bookings: expired,
    };
    Answer::json(StatusCode::OK, &clock)
}

fn asked_move(asked: &ClockIn, tenant_now: Timestamp) -> Result<ClockMove> {
    match (&asked.to, &asked.advance) {
        (Some(to), None) if to == "real" => Ok(ClockMove::ToRealTime),
        (Some(to), None) => match to.parse() {
            Ok(to) => Ok(ClockMove::To(to)),
            Err(_) => Err(wrong(
                &"to is an instant such as 2027-05-01T12:00:00Z, or real",
            )),
        },
        (None, Some(by)) => match duration(by, tenant_now) {
            Some(by) => Ok(ClockMove::By(by)),
            None => Err(wrong(&"advance is a duration such as P1D, 36h or 2 months")),
        },
        _ => Err(wrong(&"send either to or advance")),
    }
}

/// A duration in calendar units or hours; days are the calendar days of UTC.
fn duration(text: &str, from: Timestamp) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let from = from.to_zoned(TimeZone::UTC);
    let until = from.checked_add(span).ok()?;
    Some(until.timestamp().duration_since(from.timestamp()))
}

fn wrong(why: &dyn std::fmt::Display) -> Refusal {
    BadBody::WrongShape(why.to_string()).into()
}

fn unavailable(error: store::Error) -> Refusal {
    match error {
        store::Error::Busy { .. } | store::Error::Unavailable(_) => {
            Refusal::Busy { retry_after_s: 1 }
        }
        other => Refusal::internal(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_and_standards_write_them() {
        let from: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let hours = |text: &str| duration(text, from).map(|by| by.as_hours());
        assert_eq!(hours("P1D"), Some(24));
        assert_eq!(hours("1d"), Some(24));
        assert_eq!(hours("36h"), Some(36));
        assert_eq!(hours("-2 days"), Some(-48));
        assert_eq!(hours("1 month"), Some(30 * 24));
        assert_eq!(hours("soon"), None);
        assert_eq!(hours("P9999999999D"), None);
    }

    #[test]
    fn a_move_is_either_to_or_by() {
        let now = Timestamp::UNIX_EPOCH;
        let asked = |text: &str| asked_move(&serde_json::from_str(text).unwrap(), now);
        assert!(matches!(
            asked(r#"{"to":"real"}"#),
            Ok(ClockMove::ToRealTime)
        ));
        assert!(matches!(
            asked(r#"{"to":"2027-01-01T00:00:00Z"}"#),
            Ok(ClockMove::To(_))
        ));
        assert!(asked(r#"{"to":"2027-02-30T00:00:00Z"}"#).is_err());
        assert!(asked(r#"{"to":"real","advance":"1d"}"#).is_err());
        assert!(asked("{}").is_err());
    }
}
