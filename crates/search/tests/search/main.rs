//! The index against what it stands for: every answer is compared with that of a walk over all resources,
//! days and lengths that asks the rules of `domain` about each stay.
#![cfg(test)]

mod by_hand;
mod oracle;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// So many cases from a fixed seed; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` override both.
fn cases(count: u32) -> Config {
    let chosen = Config::default();
    let rng_seed = match chosen.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_261_122),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    let is_chosen = std::env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if is_chosen { chosen.cases } else { count },
        rng_seed,
        failure_persistence: None,
        ..chosen
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_search_finds_what_a_walk_over_everything_finds(seed in any::<u64>()) {
        let mut chance = world::Chance::new(seed);
        let world = world::World::new(&mut chance);
        let index = world.index();
        for _ in 0..4 {
            let query = world.query(&mut chance);
            let found = index.search(&query);
            prop_assert_eq!(found, Ok(oracle::found(&world, &query)), "seed {} {:#?}", seed, query);
        }
    }
}
