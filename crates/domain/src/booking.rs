//! The states of a booking: which of them take capacity, and which may follow which.
//!
//! This is the table of states and nothing more. Whether there is room is [`crate::lane`]'s question,
//! whether the caller may ask is [`crate::access`]'s, and when a hold expires is decided by whoever
//! knows the clock. A dialect's own words for the states stay in that dialect.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a booking stands. In text and JSON it is the snake-case word, such as `in_house`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A question; takes nothing.
    Inquiry,
    /// Waits to be accepted by the operator, and takes capacity meanwhile.
    Requested,
    /// Held for somebody who is still buying, until it expires.
    Held,
    /// Kept for somebody who is still deciding, until it expires.
    Optional,
    /// Firm.
    Confirmed,
    /// The guest is here, or the ticket has been redeemed.
    InHouse,
    /// The guest has left.
    Completed,
    /// Called off, by either side.
    Cancelled,
    /// A hold or option whose time ran out.
    Expired,
    /// A request that was not accepted.
    Refused,
    /// Capacity taken away without a guest.
    Blocked,
}

/// What a change of state does to capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityChange {
    /// It took none and takes none.
    None,
    /// It takes capacity from now on, so it must fit.
    Take,
    /// It keeps what it has.
    Keep,
    /// It gives back what it had.
    Give,
}

/// This state does not follow that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a booking that is {from} cannot become {to}")]
pub struct NotAllowed {
    /// The state it is in.
    pub from: Status,
    /// The state it should have had.
    pub to: Status,
}

/// The text names no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such state of a booking")]
pub struct UnknownStatus;

impl Status {
    /// All states, in the order of a booking's life.
    pub const ALL: [Status; 11] = [
        Status::Inquiry,
        Status::Requested,
        Status::Held,
        Status::Optional,
        Status::Confirmed,
        Status::InHouse,
        Status::Completed,
        Status::Cancelled,
        Status::Expired,
        Status::Refused,
        Status::Blocked,
    ];

    /// The snake-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Inquiry => "inquiry",
            Status::Requested => "requested",
            Status::Held => "held",
            Status::Optional => "optional",
            Status::Confirmed => "confirmed",
            Status::InHouse => "in_house",
            Status::Completed => "completed",
            Status::Cancelled => "cancelled",
            Status::Expired => "expired",
            Status::Refused => "refused",
            Status::Blocked => "blocked",
        }
    }

    /// Whether a booking in this state takes capacity.
    #[must_use]
    pub const fn takes_capacity(self) -> bool {
        match self {
            Status::Requested
            | Status::Held
            | Status::Optional
            | Status::Confirmed
            | Status::InHouse
            | Status::Blocked => true,
            Status::Inquiry
            | Status::Completed
            | Status::Cancelled
            | Status::Expired
            | Status::Refused => false,
        }
    }

    /// Whether a booking in this state has a time at which it expires.
    #[must_use]
    pub const fn expires(self) -> bool {
        matches!(self, Status::Held | Status::Optional)
    }

    /// Whether a booking in this state has ended without a stay.
    #[must_use]
    pub const fn is_off(self) -> bool {
        matches!(self, Status::Cancelled | Status::Expired | Status::Refused)
    }

    /// The states that may follow, besides staying as it is.
    ///
    /// An operator may correct nearly everything: a check-in that was none is undone, a cancelled,
    /// expired or refused booking is revived, which takes capacity again. What stays impossible:
    /// nothing becomes a hold (it is one from its beginning or never), only what waits can expire or
    /// be refused, only what is firm can be checked in, and a block is never checked in.
    #[must_use]
    pub const fn following(self) -> &'static [Status] {
        use Status::{
            Blocked, Cancelled, Completed, Confirmed, Expired, InHouse, Inquiry, Optional, Refused,
            Requested,
        };
        match self {
            Inquiry => &[Requested, Optional, Confirmed, Blocked, Cancelled, Refused],
            Requested => &[
                Inquiry, Optional, Confirmed, Blocked, Cancelled, Expired, Refused,
            ],
            Status::Held => &[
                Inquiry, Requested, Optional, Confirmed, Blocked, Cancelled, Expired, Refused,
            ],
            Optional => &[
                Inquiry, Requested, Confirmed, Blocked, Cancelled, Expired, Refused,
            ],
            Confirmed => &[
                Inquiry, Requested, Optional, InHouse, Completed, Blocked, Cancelled,
            ],
            InHouse => &[Confirmed, Completed, Cancelled],
            Completed => &[Confirmed, InHouse, Cancelled],
            Cancelled => &[Inquiry, Requested, Optional, Confirmed, Blocked],
            Expired | Refused => &[Inquiry, Requested, Optional, Confirmed, Blocked, Cancelled],
            Blocked => &[Inquiry, Requested, Optional, Confirmed, Cancelled],
        }
    }

    /// Whether a booking in this state may become `to`. Staying as it is is always allowed.
    #[must_use]
    pub fn may_become(self, to: Status) -> bool {
        self == to || self.following().contains(&to)
    }

    /// Judges the change to `to` and says what it does to capacity.
    ///
    /// # Errors
    /// [`NotAllowed`] when `to` does not follow this state.
    pub fn transition(self, to: Status) -> Result<CapacityChange, NotAllowed> {
        if self.may_become(to) {
            Ok(CapacityChange::between(self, to))
        } else {
            Err(NotAllowed { from: self, to })
        }
    }
}

impl CapacityChange {
    /// What going from one state to another does to capacity, allowed or not.
    #[must_use]
    pub const fn between(from: Status, to: Status) -> CapacityChange {
        match (from.takes_capacity(), to.takes_capacity()) {
            (false, false) => CapacityChange::None,
            (false, true) => CapacityChange::Take,
            (true, true) => CapacityChange::Keep,
            (true, false) => CapacityChange::Give,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Status, UnknownStatus> {
        Status::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_these_states_take_capacity() {
        let taking: Vec<&str> = Status::ALL
            .into_iter()
            .filter(|s| s.takes_capacity())
            .map(Status::as_str)
            .collect();
        assert_eq!(
            taking,
            [
                "requested",
                "held",
                "optional",
                "confirmed",
                "in_house",
                "blocked"
            ]
        );
    }

    #[test]
    fn every_state_has_one_word_everywhere() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(status.to_string(), status.as_str());
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{}\"", status.as_str()));
            assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
        }
        assert_eq!("Confirmed".parse::<Status>(), Err(UnknownStatus));
    }

    #[test]
    fn the_list_of_states_is_complete_and_each_follower_is_listed_once() {
        for status in Status::ALL {
            let mut followers = status.following().to_vec();
            followers.sort_unstable();
            followers.dedup();
            assert_eq!(followers.len(), status.following().len(), "{status}");
            assert!(!followers.contains(&status), "{status} follows itself");
        }
    }

    #[test]
    fn only_what_waits_expires_and_only_what_waits_is_refused() {
        use Status::{Expired, Held, Inquiry, Optional, Refused, Requested};
        let before = |to: Status| -> Vec<Status> {
            Status::ALL
                .into_iter()
                .filter(|from| from.following().contains(&to))
                .collect()
        };
        assert_eq!(before(Expired), [Requested, Held, Optional]);
        assert_eq!(before(Refused), [Inquiry, Requested, Held, Optional]);
        assert_eq!(before(Held), []);
    }

    #[test]
    fn a_booking_that_is_off_can_be_revived_and_takes_capacity_again() {
        for from in [Status::Cancelled, Status::Expired, Status::Refused] {
            assert!(from.is_off());
            assert_eq!(from.transition(Status::Confirmed), Ok(CapacityChange::Take));
        }
    }

    #[test]
    fn cancelling_twice_gives_back_once() {
        let first = Status::Confirmed.transition(Status::Cancelled);
        let second = Status::Cancelled.transition(Status::Cancelled);
        assert_eq!(
            (first, second),
            (Ok(CapacityChange::Give), Ok(CapacityChange::None))
        );
    }

    #[test]
    fn every_state_can_be_called_off() {
        for status in Status::ALL {
            assert!(status.may_become(Status::Cancelled), "{status}");
        }
    }

    #[test]
    fn what_does_not_follow_is_told_with_both_states() {
        let refused = Status::Blocked.transition(Status::InHouse).unwrap_err();
        assert_eq!(
            refused,
            NotAllowed {
                from: Status::Blocked,
                to: Status::InHouse
            }
        );
        assert_eq!(
            refused.to_string(),
            "a booking that is blocked cannot become in_house"
        );
    }
}
