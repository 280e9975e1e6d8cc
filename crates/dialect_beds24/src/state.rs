//! What the handlers of this dialect stand on.

use std::sync::Arc;

use http_kit::{BadBody, Refusal};
use identity::Identity;
use parking_lot::Mutex;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use service::{Error, PageOf, Service};

/// The rooms behind the dialect. Cheap to clone.
#[derive(Clone)]
pub struct State {
    /// The use cases.
    pub service: Service,
    /// Tokens.
    pub identity: Identity,
    random: Arc<Mutex<ChaCha20Rng>>,
}

impl State {
    /// The dialect over these rooms. All its secrets follow from the seed, which the server draws
    /// and nobody else knows.
    pub fn new(service: Service, identity: Identity, seed: [u8; 32]) -> Self {
        Self {
            service,
            identity,
            random: Arc::new(Mutex::new(ChaCha20Rng::from_seed(seed))),
        }
    }

    /// Randomness for one call.
    pub(crate) fn random(&self) -> ChaCha20Rng {
        let mut seed = [0; 32];
        self.random.lock().fill_bytes(&mut seed);
        ChaCha20Rng::from_seed(seed)
    }
}

/// A use case's error as a refusal of the whole call.
pub fn refused(error: Error) -> Refusal {
    match error {
        Error::Forbidden(needs) => Refusal::Forbidden { needs },
        Error::Busy { retry_after_ms } => Refusal::Busy {
            retry_after_s: whole_seconds(retry_after_ms),
        },
        Error::Unavailable => Refusal::Busy { retry_after_s: 1 },
        Error::OutcomeUnknown => Refusal::TimedOut,
        Error::Conflict => Refusal::Conflict,
        Error::TooMany { limit } => BadBody::TooManyItems(limit).into(),
        Error::KeyReused => Refusal::KeyReused,
        Error::Internal => Refusal::internal("a use case failed"),
    }
}

fn whole_seconds(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}

/// The page as use cases know it.
pub fn page_of(page: http_kit::Page) -> PageOf {
    PageOf {
        number: page.number,
        size: page.size,
    }
}
