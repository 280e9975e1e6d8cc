//! Builds legal histories from random wishes, judging each by counting every instant,
//! so that nothing of the checker is used to make what the checker must accept.

use std::borrow::Cow;

use journal::{BEFORE_THE_FIRST, Entry, Hash, Kind, Sealed};
use proptest::prelude::*;

/// The instant at which every history is written, in Unix milliseconds: before any
/// period, so that each allocation still counts when capacity is lowered.
pub const NOW: i64 = 1_000;

/// What somebody would like to do with a lane.
#[derive(Clone, Debug)]
pub enum Wish {
    Take {
        starts_at: i64,
        nights: i64,
        quantity: i64,
        force: bool,
    },
    Give {
        which: prop::sample::Index,
    },
    Capacity {
        capacity: i64,
    },
}

pub fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let wish = prop_oneof![
        6 => (10_i64..40, 1_i64..8, 1_i64..3, prop::bool::weighted(0.3)).prop_map(
            |(starts_at, nights, quantity, force)| Wish::Take { starts_at, nights, quantity, force }
        ),
        3 => any::<prop::sample::Index>().prop_map(|which| Wish::Give { which }),
        1 => (0_i64..6).prop_map(|capacity| Wish::Capacity { capacity }),
    ];
    prop::collection::vec(wish, 1..60)
}

/// A lane whose history is being written.
#[derive(Clone, Debug)]
pub struct History {
    pub entries: Vec<Entry>,
    live: Vec<Entry>,
    capacity: i64,
    next_allocation: i64,
}

impl History {
    pub fn of(lane: i64, capacity: i64, wishes: &[Wish]) -> Self {
        let mut history = Self {
            entries: vec![Entry::open(1, lane, NOW, capacity)],
            live: Vec::new(),
            capacity,
            next_allocation: 1,
        };
        for wish in wishes {
            history.fulfil(wish);
        }
        history
    }

    fn fulfil(&mut self, wish: &Wish) {
        match wish {
            Wish::Take {
                starts_at,
                nights,
                quantity,
                force,
            } => {
                let period = (*starts_at, starts_at + nights);
                let peak = self.peak(period.0, period.1) + quantity;
                let overbooked = peak > self.capacity;
                if !overbooked || *force {
                    self.take(period, *quantity, overbooked);
                }
            }
            Wish::Give { which } => {
                if !self.live.is_empty() {
                    let taken = self.live.remove(which.index(self.live.len()));
                    self.push(Entry {
                        kind: Kind::Give,
                        reason: Cow::Borrowed("cancelled"),
                        ..taken
                    });
                }
            }
            Wish::Capacity { capacity } => {
                let overbooked = self.peak(0, 100) > *capacity;
                self.capacity = *capacity;
                let entry = Entry::open(1, self.entries[0].lane, NOW, *capacity);
                let reason = Cow::Borrowed("capacity_set");
                self.push(Entry {
                    kind: Kind::Capacity,
                    reason,
                    overbooked,
                    ..entry
                });
            }
        }
    }

    fn take(&mut self, period: (i64, i64), quantity: i64, overbooked: bool) {
        let entry = Entry {
            kind: Kind::Take,
            reason: Cow::Borrowed("placed"),
            allocation: Some(self.next_allocation),
            booking: Some(1_000 + self.next_allocation),
            quantity,
            starts_at: period.0,
            ends_at: period.1,
            overbooked,
            ..Entry::open(1, self.entries[0].lane, NOW, self.capacity)
        };
        self.next_allocation += 1;
        self.live.push(entry.clone());
        self.push(entry);
    }

    fn push(&mut self, entry: Entry) {
        let sequence = i64::try_from(self.entries.len()).unwrap() + 1;
        let capacity = self.capacity;
        self.entries.push(Entry {
            sequence,
            capacity,
            ..entry
        });
    }

    fn peak(&self, from: i64, to: i64) -> i64 {
        (from..to)
            .map(|instant| taken_at(&self.live, instant))
            .max()
            .unwrap_or(0)
    }

    pub fn live(&self) -> &[Entry] {
        &self.live
    }

    pub fn sealed(&self) -> Vec<Sealed> {
        seal(&self.entries)
    }
}

/// What is taken at one instant, by counting.
pub fn taken_at(live: &[Entry], instant: i64) -> i64 {
    live.iter()
        .filter(|entry| entry.starts_at <= instant && instant < entry.ends_at)
        .map(|entry| entry.quantity)
        .sum()
}

/// Seals entries with a chain of right hashes, whatever they say: the patient forger.
pub fn seal(entries: &[Entry]) -> Vec<Sealed> {
    let mut previous: Hash = BEFORE_THE_FIRST;
    entries
        .iter()
        .map(|entry| {
            let sealed = entry.clone().seal(previous);
            previous = sealed.hash;
            sealed
        })
        .collect()
}

/// The same, after numbering the entries anew: the forger who thinks of everything.
pub fn renumber_and_seal(mut entries: Vec<Entry>) -> Vec<Sealed> {
    for (position, entry) in entries.iter_mut().enumerate() {
        entry.sequence = i64::try_from(position).unwrap() + 1;
    }
    seal(&entries)
}

/// The lines of a journal.
pub fn lines(sealed: &[Sealed]) -> String {
    sealed.iter().map(|entry| entry.to_line() + "\n").collect()
}
