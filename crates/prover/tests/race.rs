//! The race against a fake server: an honest one passes, one that looks first and books
//! later is caught.

mod fake;

use prover::house::{House, HouseOptions};
use prover::proof::ProofOptions;
use prover::race::{Dialect, RaceOptions, play};

fn options(rounds: u64) -> RaceOptions {
    RaceOptions {
        rounds,
        capacity: vec![1, 3],
        clients: 16,
        dialects: vec![Dialect::Beds24, Dialect::BookingExperts],
        negative_control: false,
        proof: ProofOptions::default(),
        house: HouseOptions::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_counts_under_a_lock_passes_the_race() {
    let demo = fake::start(true).await;
    let house = House::running(demo);
    let (figures, violations) = play(&house, &options(10), 1).await.unwrap();
    assert_eq!(violations, Vec::<String>::new());
    assert_eq!((figures.rounds, figures.won), (20, 10 + 30));
    assert_eq!(figures.asked, figures.won + figures.refused);
    assert_eq!(figures.won_by.values().sum::<u64>(), figures.won);
    assert_eq!(figures.won_by.len(), 2, "{:?}", figures.won_by);
    assert_eq!(figures.journal.unwrap().lanes, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_looks_first_and_books_later_is_caught() {
    let demo = fake::start(false).await;
    let house = House::running(demo);
    let (_, violations) = play(&house, &options(10), 1).await.unwrap();
    assert!(
        violations.iter().any(|line| line.contains("was sold")),
        "{violations:?}"
    );
    for dialect in ["Beds24 lists", "Booking Experts lists"] {
        let told = violations.iter().any(|line| line.contains(dialect));
        assert!(
            !told,
            "what was sold too often is there all the same: {violations:?}"
        );
    }
    assert!(
        violations.iter().any(|line| line.contains("the journal")),
        "{violations:?}"
    );
}
