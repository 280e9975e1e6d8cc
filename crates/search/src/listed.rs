//! The prices of a master price list, as far as an index goes.
//!
//! A list has a price for each night, which are added up, or one for a whole stay of so many nights from
//! an arrival. Where a list has both, that of the whole stay counts. By which factor a channel sells is not
//! known here.

use domain::time::{Date, day_number};

/// The prices of a list that may be sold, in minor units. Resources of one list share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The day of the first total.
    first: i64,
    /// For each day from the first on the price of all nights before it.
    totals: Box<[i64]>,
    /// For each day how many nights before it have no price.
    missing: Box<[u32]>,
    /// The prices of whole stays by arrival and nights, in order.
    stays: Box<[((i64, u16), i64)]>,
}

impl Listed {
    /// The prices of nights, and those of stays by arrival and number of nights.
    #[must_use]
    pub fn new(
        nights: impl IntoIterator<Item = (Date, i64)>,
        stays: impl IntoIterator<Item = ((Date, u16), i64)>,
    ) -> Self {
        let mut nights: Vec<(i64, i64)> = nights
            .into_iter()
            .map(|(day, minor)| (day_number(day), minor))
            .collect();
        nights.sort_unstable();
        nights.dedup_by_key(|(day, _)| *day);
        let first = nights.first().map_or(0, |(day, _)| *day);
        let (mut totals, mut missing) = (vec![0], vec![0]);
        let (mut total, mut lacking, mut next) = (0_i64, 0_u32, first);
        for (day, minor) in nights {
            while next < day {
                lacking += 1;
                totals.push(total);
                missing.push(lacking);
                next += 1;
            }
            total = total.saturating_add(minor);
            totals.push(total);
            missing.push(lacking);
            next += 1;
        }
        let stays = stays.into_iter();
        let mut stays: Vec<((i64, u16), i64)> = stays
            .map(|((day, nights), minor)| ((day_number(day), nights), minor))
            .collect();
        stays.sort_unstable();
        Self {
            first,
            totals: totals.into(),
            missing: missing.into(),
            stays: stays.into(),
        }
    }

    /// What a stay costs, if the list says so.
    pub(crate) fn of_stay(&self, arrival: i64, nights: u16) -> Option<i64> {
        let stay = self
            .stays
            .binary_search_by_key(&(arrival, nights), |(stay, _)| *stay);
        if let Ok(place) = stay {
            return self.stays.get(place).map(|(_, minor)| *minor);
        }
        let from = usize::try_from(arrival - self.first).ok()?;
        let until = from + usize::from(nights);
        if self.missing.get(until)? != self.missing.get(from)? {
            return None;
        }
        Some(self.totals.get(until)? - self.totals.get(from)?)
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.totals)
            + size_of_val(&*self.missing)
            + size_of_val(&*self.stays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_add_up_where_each_has_a_price_and_a_whole_stay_goes_before_them() {
        let day = |of: i8| Date::new(2027, 5, of).unwrap();
        let nights = [(day(1), 100), (day(2), 110), (day(4), 90), (day(5), 95)];
        let listed = Listed::new(nights, [((day(4), 2), 150), ((day(2), 2), 7)]);
        let of = |from: i8, nights| listed.of_stay(day_number(day(from)), nights);
        assert_eq!(of(1, 2), Some(210));
        assert_eq!(of(1, 1), Some(100));
        assert_eq!(of(1, 3), None, "the third night has no price");
        assert_eq!(of(4, 1), Some(90));
        assert_eq!(of(4, 2), Some(150), "the stay has a price of its own");
        assert_eq!(of(2, 2), Some(7));
        assert_eq!(of(5, 1), Some(95));
        assert_eq!(of(5, 2), None, "there is nothing behind the last night");
        assert_eq!(listed.of_stay(0, 1), None);
        assert_eq!(Listed::default().of_stay(day_number(day(1)), 1), None);
    }
}
