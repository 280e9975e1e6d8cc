//! What resources are filtered and sorted by besides days and prices.
//!
//! Where these come from is the business of whoever makes the entries; a resource that says nothing has
//! [`Attributes::default`].

use domain::id::Id;
use rust_decimal::Decimal;

/// What is known of a resource besides its calendar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    /// The country it lies in, ISO 3166 alpha-2; in any case.
    pub country: String,
    /// The region it lies in.
    pub region: Option<Id>,
    /// The segments that it belongs to.
    pub segments: Vec<Id>,
    /// What it offers.
    pub amenities: Vec<Amenity>,
    /// Bedrooms, beds and the like, by [`Count`]; `None` where nobody said.
    pub counts: [Option<u16>; Count::ALL.len()],
    /// At most so many infants; `None` leaves it open.
    pub max_infants: Option<u16>,
    /// At most so many pets; `None` leaves it open.
    pub max_pets: Option<u16>,
    /// Whether it is shown off.
    pub highlighted: bool,
    /// What guests think of it.
    pub score: Option<Decimal>,
    /// Whether it is not offered any more.
    pub archived: bool,
}

/// Something that a resource offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amenity {
    /// Which amenity.
    pub id: Id,
    /// Its value.
    pub value: AmenityValue,
}

/// The value of an amenity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmenityValue {
    /// It is there, or expressly not.
    Flag(bool),
    /// A number, such as metres to the beach.
    Number(i64),
    /// One of several choices.
    Option(Id),
}

impl Amenity {
    /// Whether it is there at all: not when it is said to be missing.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.value != AmenityValue::Flag(false)
    }
}

/// An amenity that a resource must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmenityWanted {
    /// Which amenity.
    pub id: Id,
    /// Its value; `None` is content with any, as long as it is there.
    pub value: Option<AmenityValue>,
}

impl AmenityWanted {
    fn is_met(&self, has: &[Amenity]) -> bool {
        has.iter().any(|amenity| {
            amenity.id == self.id
                && match self.value {
                    None => amenity.is_there(),
                    Some(value) => amenity.value == value,
                }
        })
    }
}

/// What a resource has a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count {
    /// Bedrooms.
    Bedrooms,
    /// Beds.
    Beds,
    /// Showers.
    Showers,
    /// Toilets.
    Toilets,
    /// Bathrooms.
    Bathrooms,
    /// Parking spots.
    ParkingSpots,
    /// Beds for children.
    ChildBeds,
    /// Chairs for children.
    ChildChairs,
}

impl Count {
    /// All of them, in the order of [`Attributes::counts`].
    pub const ALL: [Count; 8] = [
        Count::Bedrooms,
        Count::Beds,
        Count::Showers,
        Count::Toilets,
        Count::Bathrooms,
        Count::ParkingSpots,
        Count::ChildBeds,
        Count::ChildChairs,
    ];
}

/// A number that must lie within bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountWanted {
    /// What is counted.
    pub of: Count,
    /// At least so many.
    pub least: u16,
    /// At most so many.
    pub most: u16,
}

impl Attributes {
    /// The same with each segment and each amenity once, and no memory to spare.
    pub(crate) fn tidied(mut self) -> Self {
        self.segments.sort_unstable();
        self.segments.dedup();
        self.segments.shrink_to_fit();
        self.amenities.sort_by_key(|amenity| amenity.id);
        self.amenities.dedup_by_key(|amenity| amenity.id);
        self.amenities.shrink_to_fit();
        self
    }

    /// How many of these amenities it has.
    pub(crate) fn matches(&self, wanted: &[Id]) -> i64 {
        let is_there = |id: &&Id| {
            let mut has = self.amenities.iter();
            has.any(|amenity| amenity.id == **id && amenity.is_there())
        };
        wanted.iter().filter(is_there).count() as i64
    }

    /// Whether it has all of these amenities.
    pub(crate) fn has_all(&self, wanted: &[AmenityWanted]) -> bool {
        wanted.iter().all(|wanted| wanted.is_met(&self.amenities))
    }

    /// Whether its numbers lie within these bounds. A number that nobody said lies within none.
    pub(crate) fn counts_within(&self, wanted: &[CountWanted]) -> bool {
        wanted.iter().all(|wanted| {
            let count = self.counts[wanted.of as usize];
            count.is_some_and(|count| (wanted.least..=wanted.most).contains(&count))
        })
    }
}
