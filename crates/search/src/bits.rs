//! A bit for each day of an entry, and the strips of days that a search cuts out of them.

/// How many days an entry knows: two years and about three months, so that an entry that is made once
/// covers two years from today for a hundred days.
pub const DAYS: usize = 832;

const WORD: usize = 64;

/// One bit a day, from the entry's first day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DayBits([u64; DAYS / WORD]);

impl DayBits {
    /// No day.
    pub(crate) const NONE: Self = Self([0; DAYS / WORD]);

    /// The days for which it holds.
    pub(crate) fn of(mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut bits = Self::NONE;
        (0..DAYS)
            .filter(|day| holds(*day))
            .for_each(|day| bits.set(day));
        bits
    }

    /// Adds a day that is known.
    pub(crate) fn set(&mut self, day: usize) {
        self.0[day / WORD] |= 1 << (day % WORD);
    }

    pub(crate) fn get(&self, day: usize) -> bool {
        self.0
            .get(day / WORD)
            .is_some_and(|word| word >> (day % WORD) & 1 == 1)
    }

    /// Copies the days from `from` on into a strip; days that are not known are not set.
    pub(crate) fn cut(&self, from: i64, strip: &mut [u64]) {
        for (place, out) in (0_i64..).zip(strip) {
            *out = self.word(from, place);
        }
    }

    /// Takes the days from `from` on out of a strip; days that are not known stay.
    pub(crate) fn cut_off(&self, from: i64, strip: &mut [u64]) {
        for (place, kept) in (0_i64..).zip(strip) {
            *kept &= !self.word(from, place);
        }
    }

    /// The word at this place of the strip that begins with the day `from`.
    fn word(&self, from: i64, place: i64) -> u64 {
        let word = |index: i64| {
            let index = usize::try_from(index).ok();
            index.and_then(|index| self.0.get(index)).copied()
        };
        let at = from.saturating_add(place * WORD as i64);
        let (index, shift) = (at.div_euclid(WORD as i64), at.rem_euclid(WORD as i64));
        let low = word(index).unwrap_or(0) >> shift;
        if shift > 0 {
            low | word(index + 1).unwrap_or(0) << (WORD as i64 - shift)
        } else {
            low
        }
    }
}

/// How many words a strip of so many days takes.
pub(crate) const fn words(days: usize) -> usize {
    days.div_ceil(WORD)
}

/// Keeps of `strip` the days for which `other` is set so many days later.
pub(crate) fn keep_where_later(strip: &mut [u64], other: &[u64], days: usize) {
    let (skip, shift) = (days / WORD, days % WORD);
    for (place, kept) in strip.iter_mut().enumerate() {
        *kept &= later(other, place, skip, shift);
    }
}

/// The word of a strip that stands so many words and bits after a place.
fn later(strip: &[u64], place: usize, skip: usize, shift: usize) -> u64 {
    let word = |index: usize| strip.get(index).copied().unwrap_or(0);
    let low = word(place + skip) >> shift;
    let high = if shift > 0 {
        word(place + skip + 1) << (WORD - shift)
    } else {
        0
    };
    low | high
}

/// Keeps of `strip` the days from which on so many days in a row are set.
pub(crate) fn keep_runs(strip: &mut [u64], days: usize) {
    let mut length = 1;
    while length < days {
        // Two runs one after the other, or one over the other's end, are a longer one.
        let step = length.min(days - length);
        let (skip, shift) = (step / WORD, step % WORD);
        for place in 0..strip.len() {
            strip[place] &= later(strip, place, skip, shift);
        }
        length += step;
    }
}

/// Keeps of `strip` the days of `[first, until)`.
pub(crate) fn keep_between(strip: &mut [u64], first: i64, until: i64) {
    for (place, kept) in (0_i64..).zip(strip) {
        let begins = place * WORD as i64;
        let (low, high) = (first - begins, until - begins);
        *kept &= up_to(high) & !up_to(low);
    }
}

/// A word whose lowest so many bits are set.
const fn up_to(count: i64) -> u64 {
    if count <= 0 {
        0
    } else if count >= WORD as i64 {
        u64::MAX
    } else {
        (1 << count) - 1
    }
}

/// The days that are set, in order.
pub(crate) fn days_of(strip: &[u64]) -> impl Iterator<Item = usize> + '_ {
    strip.iter().enumerate().flat_map(|(place, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = left
                .checked_ilog2()
                .map(|_| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(place * WORD + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(days: &[usize]) -> DayBits {
        DayBits::of(|day| days.contains(&day))
    }

    #[test]
    fn a_strip_shows_the_days_from_its_first_on_and_none_beyond_the_ends() {
        let bits = set(&[0, 1, 63, 64, 100, 831]);
        for from in [
            -130_i64, -64, -1, 0, 1, 37, 63, 64, 65, 700, 800, 831, 832, 5_000,
        ] {
            let mut strip = vec![u64::MAX; 3];
            bits.cut(from, &mut strip);
            let expected: Vec<usize> = (0..192)
                .filter(|day| usize::try_from(from + *day as i64).is_ok_and(|day| bits.get(day)))
                .collect();
            assert_eq!(days_of(&strip).collect::<Vec<_>>(), expected, "from {from}");
        }
    }

    #[test]
    fn days_are_kept_by_what_comes_later_and_by_their_bounds() {
        let mut other = vec![0; 3];
        set(&[5, 70, 130]).cut(0, &mut other);
        for later in [0, 1, 5, 63, 64, 65, 70, 129] {
            let mut strip = vec![u64::MAX; 3];
            keep_where_later(&mut strip, &other, later);
            let expected: Vec<usize> = [5, 70, 130]
                .into_iter()
                .filter_map(|day: usize| day.checked_sub(later))
                .collect();
            assert_eq!(
                days_of(&strip).collect::<Vec<_>>(),
                expected,
                "{later} later"
            );
        }
        for days in [1, 2, 3, 7, 64, 65, 100, 192] {
            let mut strip = vec![0; 3];
            set(&[0, 3, 4, 5]).cut(0, &mut strip);
            keep_between(&mut strip, 0, 5);
            strip[1] = u64::MAX;
            let is_set = |day: usize| matches!(day, 0 | 3 | 4 | 64..128);
            let expected: Vec<usize> = (0..192)
                .filter(|first| (*first..first + days).all(is_set))
                .collect();
            keep_runs(&mut strip, days);
            assert_eq!(
                days_of(&strip).collect::<Vec<_>>(),
                expected,
                "{days} in a row"
            );
        }
        let mut strip = vec![u64::MAX; 3];
        keep_between(&mut strip, 62, 66);
        assert_eq!(days_of(&strip).collect::<Vec<_>>(), [62, 63, 64, 65]);
        keep_between(&mut strip, -5, 63);
        assert_eq!(days_of(&strip).collect::<Vec<_>>(), [62]);
        keep_between(&mut strip, 80, 70);
        assert_eq!(days_of(&strip).count(), 0);
    }
}
