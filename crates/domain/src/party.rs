//! Who comes: how many adults, children and infants.
//!
//! Numbers only; names and addresses stand in [`crate::contact`].

use serde::{Deserialize, Serialize};

/// How many people a booking or an offer is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    /// People who pay the full price.
    pub adults: u16,
    /// Children who need a place of their own.
    pub children: u16,
    /// Infants: they need no place and cost nothing.
    pub infants: u16,
}

impl Party {
    /// A party without infants.
    #[must_use]
    pub const fn new(adults: u16, children: u16) -> Party {
        Party {
            adults,
            children,
            infants: 0,
        }
    }

    /// How many need a place: adults and children.
    #[must_use]
    pub fn places(self) -> u32 {
        u32::from(self.adults) + u32::from(self.children)
    }

    /// Whether nobody needs a place.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.places() == 0
    }
}

/// How many people something has room for; `None` means that this number is not limited by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Room {
    /// At most so many adults and children together.
    pub people: Option<u16>,
    /// At most so many adults.
    pub adults: Option<u16>,
    /// At most so many children.
    pub children: Option<u16>,
}

impl Room {
    /// Whether the party fits in. Infants need no place.
    #[must_use]
    pub fn admits(self, party: Party) -> bool {
        let within =
            |count: u32, limit: Option<u16>| limit.is_none_or(|limit| count <= limit.into());
        within(party.places(), self.people)
            && within(party.adults.into(), self.adults)
            && within(party.children.into(), self.children)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infants_need_no_place() {
        let party = Party {
            adults: 2,
            children: 1,
            infants: 2,
        };
        assert_eq!(party.places(), 3);
        let room = Room {
            people: Some(3),
            ..Room::default()
        };
        assert!(room.admits(party));
    }

    #[test]
    fn each_limit_binds_by_itself_and_together() {
        let room = Room {
            people: Some(4),
            adults: Some(2),
            children: Some(3),
        };
        assert!(room.admits(Party::new(2, 2)));
        assert!(!room.admits(Party::new(2, 3)));
        assert!(!room.admits(Party::new(3, 0)));
        assert!(!room.admits(Party::new(0, 4)));
    }

    #[test]
    fn a_room_without_limits_admits_any_number() {
        assert!(Room::default().admits(Party::new(u16::MAX, u16::MAX)));
    }
}
