//! What the tests by chance share.

use proptest::test_runner::{Config, RngSeed};

/// So many cases from a fixed seed, so that a run can be repeated bit by bit. `PROPTEST_CASES` and
/// `PROPTEST_RNG_SEED` override both; a failure prints its shrunk case and its seed.
pub fn cases(count: u32) -> Config {
    let chosen = Config::default();
    let rng_seed = match chosen.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_261_122),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    println!("seed: {rng_seed:?}");
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        chosen.cases
    } else {
        count
    };
    Config {
        cases,
        rng_seed,
        failure_persistence: None,
        ..chosen
    }
}
