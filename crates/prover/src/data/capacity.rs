//! How many rooms of each type there are, and how a type that is too large for one room
//! entry of the dialect is spread over several.

use std::collections::BTreeMap;

use super::occupancy::Occupancy;
use super::reservation::{Fate, Hotel, Reservation};

/// A room type of a hotel.
pub type RoomType = (Hotel, char);

/// The dialect's rooms have 1 to 99 units.
pub const MAX_UNITS: i64 = 99;

/// Capacity by room type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacities {
    by_type: BTreeMap<RoomType, i64>,
}

impl Capacities {
    /// As many rooms as were ever slept in at once by kept stays. Types that appear only
    /// in reservations that were never kept have one room, so that they can be booked.
    pub fn of_kept_stays(reservations: &[Reservation]) -> Self {
        let kept = reservations.iter().filter(|row| row.fate == Fate::Kept);
        let maxima = Occupancy::of(kept.map(|row| (row, row.assigned_type))).maxima();
        let mut by_type = BTreeMap::new();
        for row in reservations {
            for letter in [row.reserved_type, row.assigned_type] {
                by_type.insert((row.hotel, letter), 1);
            }
        }
        by_type.extend(maxima);
        Self { by_type }
    }

    /// A tenth of each type is taken away, rounded so that some is taken wherever there
    /// are two rooms or more.
    pub fn cut_by_a_tenth(&self) -> Self {
        let cut = |capacity: i64| (capacity * 9 / 10).max(1);
        let by_type = self
            .by_type
            .iter()
            .map(|(key, capacity)| (*key, cut(*capacity)));
        Self {
            by_type: by_type.collect(),
        }
    }

    /// How many rooms of a type there are.
    pub fn of(&self, room_type: RoomType) -> i64 {
        self.by_type.get(&room_type).copied().unwrap_or(0)
    }

    /// All types of a hotel with their capacity.
    pub fn of_hotel(&self, hotel: Hotel) -> impl Iterator<Item = (char, i64)> {
        self.by_type
            .iter()
            .filter(move |((of, _), _)| *of == hotel)
            .map(|((_, letter), capacity)| (*letter, *capacity))
    }

    /// The room entries that a type is spread over: one, or several where it has more
    /// units than an entry may have. They are filled in this order.
    pub fn parts(&self, room_type: RoomType) -> Vec<i64> {
        let mut left = self.of(room_type);
        let mut parts = Vec::new();
        while left > 0 {
            let part = left.min(MAX_UNITS);
            parts.push(part);
            left -= part;
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::read_reservations;

    #[test]
    fn the_capacities_are_the_largest_number_of_kept_stays_in_one_night() {
        let capacities = Capacities::of_kept_stays(&read_reservations().unwrap());
        let city: Vec<_> = capacities.of_hotel(Hotel::City).collect();
        let expected = [
            ('A', 124),
            ('B', 14),
            ('C', 1),
            ('D', 51),
            ('E', 9),
            ('F', 7),
            ('G', 2),
            ('K', 3),
        ];
        assert_eq!(city, expected);
        let resort: Vec<_> = capacities.of_hotel(Hotel::Resort).collect();
        // L and P were reserved, but nobody ever slept there.
        let expected = [
            ('A', 56),
            ('B', 1),
            ('C', 12),
            ('D', 34),
            ('E', 24),
            ('F', 11),
            ('G', 7),
            ('H', 3),
            ('I', 4),
            ('L', 1),
            ('P', 1),
        ];
        assert_eq!(resort, expected);
    }

    #[test]
    fn a_tenth_less_leaves_at_least_one_and_large_types_are_spread() {
        let capacities = Capacities::of_kept_stays(&read_reservations().unwrap());
        assert_eq!(capacities.parts((Hotel::City, 'A')), [99, 25]);
        let cut = capacities.cut_by_a_tenth();
        assert_eq!(cut.of((Hotel::City, 'A')), 111);
        assert_eq!(cut.of((Hotel::City, 'C')), 1);
        assert_eq!(cut.of((Hotel::City, 'G')), 1);
        assert_eq!(cut.parts((Hotel::City, 'A')), [99, 12]);
    }
}
