//! What the handlers of this dialect stand on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use identity::oauth::OAuth;
use jsonapi::{Flaws, Schema};
use service::Service;

use crate::kinds;

/// The rooms behind the dialect. Cheap to clone.
#[derive(Clone)]
pub struct State {
    /// The use cases.
    pub service: Service,
    /// Apps and their installations.
    pub oauth: OAuth,
    /// The types of resources.
    pub schema: Arc<Schema>,
    queries: Arc<AtomicU64>,
}

impl State {
    /// The dialect over these rooms.
    ///
    /// # Errors
    /// Mistakes in the declarations of types; a test finds them first.
    pub fn new(service: Service, oauth: OAuth) -> Result<Self, Flaws> {
        Ok(Self {
            service,
            oauth,
            schema: Arc::new(kinds::schema()?),
            queries: Arc::default(),
        })
    }

    /// How often the answers so far have asked the store, in all.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    pub(crate) fn count_queries(&self, queries: u32) {
        self.queries.fetch_add(queries.into(), Ordering::Relaxed);
    }
}
