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

/// Who comes, by age, where somebody counts more finely than a [`Party`] does. Which age belongs to
/// which group is said by [`AgeBorders`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct AgeGroups {
    /// From the lowest age of a senior on.
    pub seniors: u16,
    /// Neither senior nor younger.
    pub adults: u16,
    /// Older than a child.
    pub adolescents: u16,
    /// Older than a baby.
    pub children: u16,
    /// The youngest.
    pub babies: u16,
    /// Animals.
    pub pets: u16,
}

impl AgeGroups {
    /// The party that these are: adolescents and children need a place of their own, babies none,
    /// pets are no people.
    #[must_use]
    pub const fn party(self) -> Party {
        Party {
            adults: self.seniors.saturating_add(self.adults),
            children: self.adolescents.saturating_add(self.children),
            infants: self.babies,
        }
    }

    /// Whether nobody comes at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == AgeGroups::default()
    }
}

/// The groups of a party that says no more: nobody is a senior, an adolescent or a pet.
impl From<Party> for AgeGroups {
    fn from(party: Party) -> AgeGroups {
        AgeGroups {
            adults: party.adults,
            children: party.children,
            babies: party.infants,
            ..AgeGroups::default()
        }
    }
}

/// Up to which age somebody belongs to a group, in full years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct AgeBorders {
    /// The oldest baby.
    pub max_baby: u8,
    /// The oldest child.
    pub max_child: u8,
    /// The oldest adolescent.
    pub max_adolescent: u8,
    /// The youngest senior.
    pub min_senior: u8,
}

impl Default for AgeBorders {
    fn default() -> AgeBorders {
        AgeBorders {
            max_baby: 2,
            max_child: 11,
            max_adolescent: 17,
            min_senior: 65,
        }
    }
}

impl AgeBorders {
    /// Whether each group is older than the one before.
    #[must_use]
    pub const fn is_rising(self) -> bool {
        self.max_baby < self.max_child
            && self.max_child < self.max_adolescent
            && self.max_adolescent < self.min_senior
    }

    /// How many of these ages belong to each group.
    #[must_use]
    pub fn groups_of(self, ages: &[u8]) -> AgeGroups {
        let mut groups = AgeGroups::default();
        for age in ages {
            let group = if *age <= self.max_baby {
                &mut groups.babies
            } else if *age <= self.max_child {
                &mut groups.children
            } else if *age <= self.max_adolescent {
                &mut groups.adolescents
            } else if *age < self.min_senior {
                &mut groups.adults
            } else {
                &mut groups.seniors
            };
            *group = group.saturating_add(1);
        }
        groups
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
    fn every_age_belongs_to_one_group() {
        let borders = AgeBorders::default();
        assert!(borders.is_rising());
        let groups = borders.groups_of(&[0, 2, 3, 11, 12, 17, 18, 64, 65, 99]);
        let wanted = AgeGroups {
            seniors: 2,
            adults: 2,
            adolescents: 2,
            children: 2,
            babies: 2,
            pets: 0,
        };
        assert_eq!(groups, wanted);
        let party = Party {
            adults: 4,
            children: 4,
            infants: 2,
        };
        assert_eq!(groups.party(), party);
        assert_eq!(AgeGroups::from(party).party(), party);
        let falling = AgeBorders {
            max_child: 2,
            ..borders
        };
        assert!(!falling.is_rising());
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
