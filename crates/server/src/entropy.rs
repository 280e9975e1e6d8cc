//! The one place of the program that draws randomness.

use rand::{SeedableRng as _, rngs::StdRng};

/// A seed that nobody knows.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's one source of randomness; everything else gets it as an argument"
)]
pub(crate) fn seed() -> [u8; 32] {
    rand::random()
}

/// A generator for secrets, freshly seeded.
pub(crate) fn secrets() -> StdRng {
    StdRng::from_seed(seed())
}
