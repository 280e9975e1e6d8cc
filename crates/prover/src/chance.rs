//! Randomness from a seed that is printed, so that a run can be played again.

use rand::{Rng as _, RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The source of every draw.
pub type Chance = ChaCha8Rng;

/// The seed that was asked for, or a fresh one.
#[expect(
    clippy::disallowed_methods,
    reason = "the named place where a seed is drawn"
)]
pub fn seed_or_fresh(asked: Option<u64>) -> u64 {
    // A fresh seed keeps 53 bits, so that it survives in a JSON number.
    asked.unwrap_or_else(|| rand::rng().next_u64() >> 11)
}

/// An independent stream for one part of a run, for example one round or one writer.
/// Parts do not disturb each other: what one draws does not shift what another gets.
pub fn stream(seed: u64, part: u64) -> Chance {
    let mut chance = Chance::seed_from_u64(seed);
    chance.set_stream(part);
    chance
}

/// A number from `low` to `high`, both included.
pub fn between(chance: &mut Chance, low: i64, high: i64) -> i64 {
    chance.random_range(low..=high.max(low))
}

/// One of several, by a draw; `None` only where there is nothing to choose from.
pub fn one_of<'a, T>(chance: &mut Chance, choices: &'a [T]) -> Option<&'a T> {
    if choices.is_empty() {
        return None;
    }
    choices.get(chance.random_range(0..choices.len()))
}

/// True in `percent` of a hundred draws.
pub fn percent(chance: &mut Chance, percent: u32) -> bool {
    chance.random_range(0..100) < percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_part_draws_something_else() {
        let draw = |seed, part| {
            let mut chance = stream(seed, part);
            (0..8)
                .map(|_| between(&mut chance, 0, 1_000_000))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }
}
