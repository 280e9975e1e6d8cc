//! Time travel: the same replay, stopped early.

use crate::entry::Sealed;
use crate::lane::Lane;
use crate::rule::Broken;

/// One lane as it stood at an instant.
///
/// Feed it the lane's entries in sequence, from wherever they come, until it says that
/// it has seen enough. Entries of other lanes are passed over.
#[derive(Clone, Debug)]
pub struct AsOf {
    tenant: i64,
    id: i64,
    at: i64,
    reached: bool,
    lane: Lane,
}

impl AsOf {
    /// The lane `id` of `tenant` as it stood at `at`, in Unix milliseconds on the
    /// tenant's clock; what was written in that very millisecond counts.
    #[must_use]
    pub fn new(tenant: i64, id: i64, at: i64) -> Self {
        Self {
            tenant,
            id,
            at,
            reached: false,
            lane: Lane::default(),
        }
    }

    /// Takes the next entry; `false` once everything that counts has been seen.
    ///
    /// # Errors
    /// When the entry breaks a rule: what follows it cannot be trusted.
    pub fn feed(&mut self, sealed: &Sealed) -> Result<bool, Broken> {
        let entry = &sealed.entry;
        if self.reached || (entry.tenant, entry.lane) != (self.tenant, self.id) {
            return Ok(!self.reached);
        }
        if entry.at > self.at {
            self.reached = true;
            return Ok(false);
        }
        self.lane.follow(sealed)?;
        Ok(true)
    }

    /// The lane as it stood: capacity, live allocations, occupancy, what was free.
    #[must_use]
    pub const fn lane(&self) -> &Lane {
        &self.lane
    }
}
