//! Requests to pay, and what a payment provider says became of them.
//!
//! A request is opened for an amount; results move it from state to state. The same result told twice
//! changes nothing, a late one can't undo what has been settled, and only a paid request brings money.
//! Amounts stand in [`crate::order`].

use serde::{Deserialize, Serialize};

/// Where a request to pay stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nobody has paid yet.
    #[default]
    Open,
    /// The provider has taken it on, and the money is on its way.
    Pending,
    /// The money has been received.
    Paid,
    /// It did not work; another try may.
    Failed,
    /// Somebody called it off.
    Cancelled,
    /// Its time ran out.
    Expired,
    /// The money was given back.
    Refunded,
}

/// This state does not follow that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment request that is {} can't become {}", .from.as_str(), .to.as_str())]
pub struct NotAllowed {
    /// The state it is in.
    pub from: RequestState,
    /// The state it should have had.
    pub to: RequestState,
}

/// What a step does to the money received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// The amount has been received.
    Receive,
    /// The amount has been given back.
    Return,
}

impl RequestState {
    /// All states.
    pub const ALL: [RequestState; 7] = [
        RequestState::Open,
        RequestState::Pending,
        RequestState::Paid,
        RequestState::Failed,
        RequestState::Cancelled,
        RequestState::Expired,
        RequestState::Refunded,
    ];

    /// The snake-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            RequestState::Open => "open",
            RequestState::Pending => "pending",
            RequestState::Paid => "paid",
            RequestState::Failed => "failed",
            RequestState::Cancelled => "cancelled",
            RequestState::Expired => "expired",
            RequestState::Refunded => "refunded",
        }
    }

    /// What the word names, if anything.
    #[must_use]
    pub fn from_word(word: &str) -> Option<RequestState> {
        let mut all = RequestState::ALL.into_iter();
        all.find(|state| state.as_str() == word)
    }

    /// Whether nothing may follow any more but giving the money back.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(
            self,
            RequestState::Paid | RequestState::Cancelled | RequestState::Refunded
        )
    }

    /// The step to another state, and what it does to the money. Staying is always allowed. Money that
    /// comes in after a failure or after its time counts all the same, because it was received.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn step(self, to: RequestState) -> Result<Effect, NotAllowed> {
        use RequestState::{Cancelled, Expired, Failed, Open, Paid, Pending, Refunded};
        match (self, to) {
            (from, to) if from == to => Ok(Effect::None),
            (Open | Pending | Failed | Expired, Paid) => Ok(Effect::Receive),
            (Paid, Refunded) => Ok(Effect::Return),
            (Open | Failed, Pending)
            | (Open | Pending, Failed | Expired)
            | (Open | Pending | Failed | Expired, Cancelled)
            | (Failed, Open | Expired) => Ok(Effect::None),
            (from, to) => Err(NotAllowed { from, to }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    #[test]
    fn every_state_has_one_word() {
        for state in RequestState::ALL {
            assert_eq!(RequestState::from_word(state.as_str()), Some(state));
        }
        assert_eq!(RequestState::from_word("done"), None);
    }

    #[test]
    fn what_is_settled_is_not_reopened() {
        for settled in RequestState::ALL
            .into_iter()
            .filter(|state| state.is_settled())
        {
            for to in RequestState::ALL.into_iter().filter(|to| *to != settled) {
                let may = (settled, to) == (RequestState::Paid, RequestState::Refunded);
                assert_eq!(settled.step(to).is_ok(), may, "{settled:?} to {to:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn money_is_received_once_and_given_back_once_at_most(
            told in prop::collection::vec(0..RequestState::ALL.len(), 0..40),
        ) {
            let (mut state, mut balance) = (RequestState::Open, 0);
            for index in told {
                let to = RequestState::ALL[index];
                let Ok(effect) = state.step(to) else { continue };
                state = to;
                balance += match effect {
                    Effect::None => 0,
                    Effect::Receive => 1,
                    Effect::Return => -1,
                };
                prop_assert_eq!(balance, i32::from(state == RequestState::Paid));
            }
        }
    }
}
