//! Which stays are to be had: a search over everything that a tenant sells.
//!
//! It is answered from an index in memory ([`::search`]) that is derived from the store, one for each
//! tenant that somebody searches. The index decides nothing: what was found is booked like everything
//! else, under the lock of its lane, and may be gone by then.
//!
//! **How old it may be.** What this process has answered to anybody before a search began is in it:
//! the store tells of each lane that changes ([`store::changes`]), and a search first has those read
//! anew. What another process has committed to the same PostgreSQL is found by comparing the versions
//! that lanes carry, at least every [`BEHIND_AT_MOST`] as long as somebody searches. An index that can
//! not be brought up to date in [`MOST_WAIT`] answers as it is while it is no older than that, and says
//! how old ([`FoundStays::as_of`]); beyond it the answer is [`Searched::Preparing`].
//!
//! The parts: `kept` (when an index is brought up to date, and who waits for it), `work` (what has to be
//! read anew), `derive` (what is read, and what becomes of it).

mod attributes;
mod derive;
mod indexes;
mod kept;
mod work;

use std::time::Duration;

use domain::{access::Actor, id::Id};
use jiff::{SignedDuration, Timestamp};

pub use ::search::{
    Amenity, AmenityValue, AmenityWanted, BadQuery, Choice, Count, CountWanted, DateRange, Effort,
    Found, HORIZON_DAYS, Hit, Limited, Limiter, MOST_LENGTHS_AND_DAYS, MOST_NIGHTS, MOST_SHOWN,
    MOST_SORTERS, MOST_STAYS, Query, Reach, Sort, Sorter, Weekdays,
};

pub(crate) use self::indexes::Indexes;
use self::kept::{Moment, Standing};
use crate::{Result, Service, UseCase};

/// How long a search waits for its index to be brought up to date, unless it was said otherwise.
pub const MOST_WAIT: Duration = Duration::from_secs(2);

/// How old an index may be that answers.
pub const BEHIND_AT_MOST: Duration = Duration::from_secs(5);

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Searched {
    /// What was found.
    Found(FoundStays),
    /// The query asks for what no stay is, or for too much at once.
    Refused(BadQuery),
    /// The index is being made, or too far behind: the search is worth another try in some seconds.
    Preparing(Progress),
}

/// What was found, and in which state of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundStays {
    /// What was found.
    pub found: Found,
    /// Everything that was committed until then, in real time, is in it; what came later may be.
    pub as_of: Timestamp,
}

/// How far an index is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many resources have been read.
    pub done: usize,
    /// Of how many, as far as they have been counted.
    pub total: usize,
}

impl Service {
    /// Finds stays that can be booked now, with the price that a booking would get. The query's `now` and
    /// `within` are the caller's, whatever they say. `real_now` is real time.
    pub async fn search(
        &self,
        actor: &Actor,
        query: Query,
        real_now: Timestamp,
    ) -> Result<Searched> {
        UseCase::SearchStays.authorize(actor)?;
        let query = Query {
            now: actor.now,
            within: actor.organizations.as_ref().map(|ids| ids.to_vec()),
            ..query
        };
        let moment = Moment::new(actor.now, real_now);
        let kept = self
            .indexes
            .of(&self.store, actor.tenant_id, moment)
            .await?;
        let as_of = match kept
            .up_to_date(&self.store, moment, self.search_wait)
            .await?
        {
            Standing::Current { as_of } => as_of,
            Standing::Behind => return Ok(Searched::Preparing(kept.progress())),
        };
        let index = kept.index();
        let found = self.indexes.run(move || index.search(&query)).await?;
        Ok(match found {
            Ok(found) => Searched::Found(FoundStays { found, as_of }),
            Err(bad) => Searched::Refused(bad),
        })
    }

    /// Makes the index of a tenant before anybody searches, and waits until it stands. Says how many
    /// resources are in it. `now` is the tenant's time.
    pub async fn prepare_search(
        &self,
        tenant_id: Id,
        now: Timestamp,
        real_now: Timestamp,
    ) -> Result<usize> {
        let moment = Moment::new(now, real_now);
        let kept = self.indexes.of(&self.store, tenant_id, moment).await?;
        kept.stand(&self.store, moment).await?;
        Ok(kept.index().len())
    }

    /// The same for all tenants, one after another, by each one's own clock. Says how many resources
    /// are in all of them.
    pub async fn prepare_searches(&self, real_now: Timestamp) -> Result<usize> {
        let mut resources = 0;
        for tenant in self.tenants().await? {
            let now = real_now + SignedDuration::from_millis(tenant.clock_offset_ms);
            resources += self.prepare_search(tenant.id, now, real_now).await?;
        }
        Ok(resources)
    }
}
