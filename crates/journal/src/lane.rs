//! One lane, replayed: what is taken now, and whether the next entry may follow.

use std::collections::HashMap;
use std::fmt;

use crate::entry::{BEFORE_THE_FIRST, Entry, Hash, Kind, REASON_LIMIT, Sealed};
use crate::occupancy::Occupancy;
use crate::rule::{Broken, Rule};

/// Largest quantity and largest capacity, so that sums cannot overflow.
pub const QUANTITY_LIMIT: i64 = 1_000_000_000;

/// What a live allocation has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The booking that the allocation belongs to.
    pub booking: Option<i64>,
    /// How much it took.
    pub quantity: i64,
    /// First instant of its period, in Unix seconds.
    pub starts_at: i64,
    /// First instant after its period, in Unix seconds.
    pub ends_at: i64,
    /// Whether it was marked as overbooked.
    pub overbooked: bool,
}

impl Taken {
    fn of(entry: &Entry) -> Self {
        Self {
            booking: entry.booking,
            quantity: entry.quantity,
            starts_at: entry.starts_at,
            ends_at: entry.ends_at,
            overbooked: entry.overbooked,
        }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} during [{}, {})",
            self.quantity, self.starts_at, self.ends_at
        )?;
        if let Some(booking) = self.booking {
            write!(formatter, " for booking {booking}")?;
        }
        if self.overbooked {
            formatter.write_str(" marked as overbooked")?;
        }
        Ok(())
    }
}

/// The state of one lane after some of its entries.
#[derive(Clone, Debug)]
pub struct Lane {
    sequence: i64,
    hash: Hash,
    capacity: i64,
    live: HashMap<i64, Taken>,
    occupancy: Occupancy,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            sequence: 0,
            hash: BEFORE_THE_FIRST,
            capacity: 0,
            live: HashMap::new(),
            occupancy: Occupancy::default(),
        }
    }
}

impl Lane {
    /// The sequence number of the last entry; 0 before the first.
    #[must_use]
    pub const fn sequence(&self) -> i64 {
        self.sequence
    }

    /// The hash of the last entry.
    #[must_use]
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The capacity in force.
    #[must_use]
    pub const fn capacity(&self) -> i64 {
        self.capacity
    }

    /// The allocations that have taken and not given back, in no order.
    pub fn live(&self) -> impl ExactSizeIterator<Item = (i64, &Taken)> + '_ {
        self.live.iter().map(|(id, taken)| (*id, taken))
    }

    /// What is taken at each instant.
    #[must_use]
    pub const fn occupancy(&self) -> &Occupancy {
        &self.occupancy
    }

    /// What is free during all of `[from, to)`; negative where overbooked.
    #[must_use]
    pub fn free(&self, from: i64, to: i64) -> i64 {
        self.capacity - self.occupancy.peak(from, to)
    }

    /// Takes the next entry of the lane, with its seal.
    ///
    /// # Errors
    /// Names the rule that the entry breaks. The lane is of no further use then.
    pub fn follow(&mut self, sealed: &Sealed) -> Result<(), Broken> {
        self.check_place(&sealed.entry)?;
        self.check_seal(sealed)?;
        check_values(&sealed.entry)?;
        self.apply(&sealed.entry)?;
        self.sequence = sealed.entry.sequence;
        self.hash = sealed.hash;
        Ok(())
    }

    fn check_place(&self, entry: &Entry) -> Result<(), Broken> {
        let expected = self.sequence + 1;
        if entry.sequence != expected {
            let explanation = format!("sequence {expected} is due here, not {}", entry.sequence);
            return Err(Broken::new(Rule::Sequence, explanation));
        }
        match (expected == 1, entry.kind == Kind::Open) {
            (true, false) => Err(Broken::new(
                Rule::Opening,
                format!(
                    "a lane begins with \"open\", not with \"{}\"",
                    entry.kind.as_str()
                ),
            )),
            (false, true) => Err(Broken::new(Rule::Opening, "the lane is open already")),
            _ => Ok(()),
        }
    }

    fn check_seal(&self, sealed: &Sealed) -> Result<(), Broken> {
        if sealed.previous != self.hash {
            return Err(Broken::new(
                Rule::Chain,
                format!(
                    "the entry before it has the hash {}, and this one continues {}",
                    hex::encode(self.hash),
                    hex::encode(sealed.previous)
                ),
            ));
        }
        let computed = sealed.entry.hash(&sealed.previous);
        if sealed.hash != computed {
            return Err(Broken::new(
                Rule::Hash,
                format!(
                    "its content has the hash {}, and it claims {}",
                    hex::encode(computed),
                    hex::encode(sealed.hash)
                ),
            ));
        }
        Ok(())
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Broken> {
        match entry.kind {
            Kind::Open => self.open(entry),
            Kind::Capacity => self.set_capacity(entry),
            Kind::Take => self.take(entry),
            Kind::Give => self.give(entry),
        }
    }

    fn open(&mut self, entry: &Entry) -> Result<(), Broken> {
        if entry.overbooked {
            return Err(Broken::new(
                Rule::Mark,
                "a lane that opens has nothing taken",
            ));
        }
        self.capacity = entry.capacity;
        Ok(())
    }

    /// What lies wholly in the past when capacity is lowered needs no mark, and may
    /// have one.
    fn set_capacity(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.capacity = entry.capacity;
        let now = entry.at.div_euclid(1000);
        let peak = self.occupancy.peak(now, i64::MAX);
        if peak > entry.capacity && !entry.overbooked {
            return Err(Broken::new(
                Rule::Overbooked,
                format!(
                    "capacity is lowered to {} where {peak} are taken, without the mark",
                    entry.capacity
                ),
            ));
        }
        if entry.overbooked && self.occupancy.peak(i64::MIN, i64::MAX) <= entry.capacity {
            return Err(Broken::new(
                Rule::Mark,
                format!("a capacity of {} holds all that is taken", entry.capacity),
            ));
        }
        Ok(())
    }

    fn take(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.check_capacity(entry)?;
        let allocation = allocation_of(entry)?;
        if self.live.insert(allocation, Taken::of(entry)).is_some() {
            let explanation = format!("allocation {allocation} has taken already");
            return Err(Broken::new(Rule::TakenTwice, explanation));
        }
        let peak = self
            .occupancy
            .add(entry.starts_at, entry.ends_at, entry.quantity);
        match (peak > self.capacity, entry.overbooked) {
            (true, false) => Err(Broken::new(
                Rule::Overbooked,
                format!(
                    "{peak} would be taken of {} during [{}, {}), without the mark",
                    self.capacity, entry.starts_at, entry.ends_at
                ),
            )),
            (false, true) => Err(Broken::new(
                Rule::Mark,
                format!(
                    "{peak} are taken of {}, so nothing is overbooked",
                    self.capacity
                ),
            )),
            _ => Ok(()),
        }
    }

    fn give(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.check_capacity(entry)?;
        let allocation = allocation_of(entry)?;
        let Some(taken) = self.live.remove(&allocation) else {
            let explanation = format!(
                "allocation {allocation} has nothing to give back: it never took, or gave back before"
            );
            return Err(Broken::new(Rule::GivenTwice, explanation));
        };
        let given = Taken::of(entry);
        if taken != given {
            let explanation =
                format!("allocation {allocation} took {taken}, and gives back {given}");
            return Err(Broken::new(Rule::Given, explanation));
        }
        self.occupancy
            .add(entry.starts_at, entry.ends_at, -entry.quantity);
        Ok(())
    }

    fn check_capacity(&self, entry: &Entry) -> Result<(), Broken> {
        if entry.capacity == self.capacity {
            return Ok(());
        }
        Err(Broken::new(
            Rule::Capacity,
            format!(
                "the lane has a capacity of {}, and the entry says {}",
                self.capacity, entry.capacity
            ),
        ))
    }
}

fn allocation_of(entry: &Entry) -> Result<i64, Broken> {
    entry.allocation.ok_or_else(|| {
        let explanation = format!("\"{}\" without an allocation", entry.kind.as_str());
        Broken::new(Rule::Values, explanation)
    })
}

fn check_values(entry: &Entry) -> Result<(), Broken> {
    let wrong = |explanation: String| Err(Broken::new(Rule::Values, explanation));
    if !(0..=QUANTITY_LIMIT).contains(&entry.capacity) {
        return wrong(format!("capacity {} is out of range", entry.capacity));
    }
    if entry.reason.is_empty() || entry.reason.len() > REASON_LIMIT {
        return wrong(format!("a reason has 1 to {REASON_LIMIT} bytes"));
    }
    match entry.kind {
        Kind::Open | Kind::Capacity => {
            let bare = entry.allocation.is_none() && entry.booking.is_none();
            if !bare || (entry.quantity, entry.starts_at, entry.ends_at) != (0, 0, 0) {
                return wrong(format!("\"{}\" takes nothing", entry.kind.as_str()));
            }
        }
        Kind::Take | Kind::Give => {
            if !(1..=QUANTITY_LIMIT).contains(&entry.quantity) {
                return wrong(format!("quantity {} is out of range", entry.quantity));
            }
            if entry.starts_at >= entry.ends_at {
                return wrong(format!(
                    "the period [{}, {}) does not end after it starts",
                    entry.starts_at, entry.ends_at
                ));
            }
        }
    }
    Ok(())
}
