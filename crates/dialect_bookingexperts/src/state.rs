//! What the handlers of this dialect stand on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_kit::Refusal;
use identity::oauth::OAuth;
use jsonapi::{Flaws, Schema};
use service::{
    Service,
    outgoing::{Outgoing, ask::Ask},
};

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
    outside: Option<Outside>,
    queries: Arc<AtomicU64>,
}

/// What leads out of the house.
#[derive(Clone)]
pub struct Outside {
    /// Subscriptions, secrets, and the log of what was sent.
    pub outgoing: Outgoing,
    /// Asks other servers.
    pub ask: Arc<dyn Ask>,
    /// The name of the environment, for `x-be-env`.
    pub environment: Arc<str>,
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
            outside: None,
            queries: Arc::default(),
        })
    }

    /// The same with a way out, which webhooks and commands take.
    #[must_use]
    pub fn with_outside(self, outside: Outside) -> Self {
        Self {
            outside: Some(outside),
            ..self
        }
    }

    /// The way out. A format of webhooks has none, since subscriptions know the formats.
    pub(crate) fn outside(&self) -> Result<&Outside, Refusal> {
        let outside = self.outside.as_ref();
        outside.ok_or_else(|| Refusal::internal("this dialect was given no way out"))
    }

    /// How often the answers so far have asked the store, in all.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    pub(crate) fn count_queries(&self, queries: u32) {
        self.queries.fetch_add(queries.into(), Ordering::Relaxed);
    }
}
