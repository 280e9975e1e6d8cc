//! Runs steps one after another, says how each went, and counts.

use std::time::Duration;

use crate::screen::{self, Stopwatch, in_words, say};

/// What a step found out: how many tests or checks passed, and how many failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Tests and checks that passed.
    pub passed: u64,
    /// Tests and checks that failed.
    pub failed: u64,
}

impl Tally {
    /// One check that passed.
    pub const PASSED: Self = Self {
        passed: 1,
        failed: 0,
    };

    /// The sum of two.
    pub const fn and(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

/// What happened to one step.
#[derive(Debug)]
struct Done {
    name: String,
    tally: Tally,
    took: Duration,
}

/// A run of steps. A step that fails does not keep the others from running.
#[derive(Debug, Default)]
pub struct Suite {
    done: Vec<Done>,
}

impl Suite {
    /// Runs one step; an error of the step is one failed check.
    pub fn step(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<Tally>) {
        say(&format!("── {name}"));
        let stopwatch = Stopwatch::start();
        let tally = step().unwrap_or_else(|error| {
            screen::complain(&format!("   {error:#}"));
            Tally {
                passed: 0,
                failed: 1,
            }
        });
        let took = stopwatch.elapsed();
        let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
        say(&format!(
            "   {verdict}: {name}, {}, {}",
            counts(tally),
            in_words(took)
        ));
        self.done.push(Done {
            name: name.to_owned(),
            tally,
            took,
        });
    }

    /// Everything together.
    pub fn tally(&self) -> Tally {
        let tallies = self.done.iter().map(|done| done.tally);
        tallies.fold(Tally::default(), Tally::and)
    }

    /// Prints one line per step and the total alone on the last line; whether all is well.
    pub fn finish(&self) -> bool {
        say("");
        for done in &self.done {
            say(&self.summary_of(done));
        }
        let total = self.tally();
        say(&counts(total));
        total.failed == 0
    }

    fn summary_of(&self, done: &Done) -> String {
        let width = self.done.iter().map(|done| done.name.chars().count()).max();
        let verdict = if done.tally.failed == 0 {
            "ok    "
        } else {
            "FAILED"
        };
        format!(
            "{verdict}  {:width$}  {:>12}  {}",
            done.name,
            in_words(done.took),
            counts(done.tally),
            width = width.unwrap_or(0)
        )
    }
}

/// `N passed, N failed`: the words that whoever runs us looks for.
fn counts(tally: Tally) -> String {
    format!("{} passed, {} failed", tally.passed, tally.failed)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_step_that_fails_is_counted_and_the_next_one_still_runs() {
        let mut suite = Suite::default();
        suite.step("first", || bail!("it rains"));
        suite.step("second", || {
            Ok(Tally {
                passed: 7,
                failed: 0,
            })
        });
        assert_eq!(
            suite.tally(),
            Tally {
                passed: 7,
                failed: 1
            }
        );
        assert!(!suite.finish());
    }

    #[test]
    fn a_run_in_which_nothing_failed_is_well() {
        let mut suite = Suite::default();
        suite.step("only", || Ok(Tally::PASSED));
        assert!(suite.finish());
        assert_eq!(counts(suite.tally()), "1 passed, 0 failed");
    }
}
