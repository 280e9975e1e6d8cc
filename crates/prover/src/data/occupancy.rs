//! Who sleeps where: the number of stays by night and room type.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::capacity::RoomType;
use super::reservation::Reservation;

/// Stays by room type and night; nights without a stay are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occupancy {
    by_night: BTreeMap<(RoomType, Date), i64>,
}

impl Occupancy {
    /// Counts reservations, each in the room type that is given with it.
    pub fn of<'a>(stays: impl IntoIterator<Item = (&'a Reservation, char)>) -> Self {
        let mut occupancy = Self::default();
        for (reservation, letter) in stays {
            for night in reservation.each_night() {
                occupancy.add((reservation.hotel, letter), night, 1);
            }
        }
        occupancy
    }

    /// Adds stays to one night.
    pub fn add(&mut self, room_type: RoomType, night: Date, quantity: i64) {
        let count = self.by_night.entry((room_type, night)).or_default();
        *count += quantity;
        if *count == 0 {
            self.by_night.remove(&(room_type, night));
        }
    }

    /// Stays of a type in one night.
    pub fn in_night(&self, room_type: RoomType, night: Date) -> i64 {
        self.by_night.get(&(room_type, night)).copied().unwrap_or(0)
    }

    /// The fullest night of each type.
    pub fn maxima(&self) -> BTreeMap<RoomType, i64> {
        let mut maxima = BTreeMap::new();
        for ((room_type, _), count) in &self.by_night {
            let most = maxima.entry(*room_type).or_insert(0);
            *most = (*most).max(*count);
        }
        maxima
    }

    /// The number of stays times nights.
    pub fn room_nights(&self) -> i64 {
        self.by_night.values().sum()
    }

    /// The first differences to another count: room type, night, here, there.
    pub fn differences(&self, other: &Self) -> Vec<(RoomType, Date, i64, i64)> {
        let keys: std::collections::BTreeSet<_> =
            self.by_night.keys().chain(other.by_night.keys()).collect();
        keys.into_iter()
            .map(|(room_type, night)| {
                let (here, there) = (
                    self.in_night(*room_type, *night),
                    other.in_night(*room_type, *night),
                );
                (*room_type, *night, here, there)
            })
            .filter(|(_, _, here, there)| here != there)
            .collect()
    }
}
