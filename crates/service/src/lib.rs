//! The use cases: who may do what, in one transaction, with which events.
//!
//! A dialect translates its wire into the words of this crate and calls one function; that
//! function authorizes the caller from one table ([`UseCase`]), resolves ids together with their
//! tenant, computes prices, and hands commands to the store. Nothing here knows HTTP or any
//! dialect's words.
//!
//! Start at [`Service`]; the way of a booking is in [`bookings`], that of everything around it in
//! [`records`].

pub mod availability;
pub mod bookings;
pub mod calendar;
mod error;
mod expiry;
pub mod journal;
pub mod once;
pub mod outgoing;
pub mod paging;
pub mod properties;
pub mod records;
pub mod search;
mod stamp;
pub mod stay_terms;
pub mod tenants;
mod use_case;

use std::{sync::Arc, time::Duration};

/// The cells of rows, for filters.
pub use catalogue::{ColumnKind, ColumnValue, Value};
/// The stored kinds that the use cases take and give.
pub use catalogue::{content, customers, inventory, links, patch, records as kept, sale, told};
pub use domain;
use store::Store;

pub use self::{
    error::{Error, Refusal, Result},
    paging::{Page, PageOf},
    use_case::{Subject, UseCase},
};

/// All use cases over one store. Cheap to clone; clones share the search indexes.
#[derive(Clone)]
pub struct Service {
    store: Store,
    indexes: Arc<search::Indexes>,
    /// How long a search waits for its index to be brought up to date.
    search_wait: Duration,
}

impl Service {
    /// The use cases over this store.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            indexes: Arc::default(),
            search_wait: search::MOST_WAIT,
        }
    }

    /// The same, whose searches wait so long for their index instead of [`search::MOST_WAIT`]: for who would
    /// rather have a late answer than be told to come again, as a test on a busy machine.
    #[must_use]
    pub fn with_search_wait(mut self, wait: Duration) -> Self {
        self.search_wait = wait;
        self
    }

    /// The store behind, for the server that wires the rooms together.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
