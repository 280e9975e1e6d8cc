//! Runs the tests with cargo-nextest where it is installed, else with `cargo test`,
//! shows how many have passed so far and everything about those that fail, and counts.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::Context as _;

use crate::screen::{Counter, say};
use crate::suite::Tally;
use crate::workspace::{cargo, has_cargo_subcommand};

/// Where nobody watches, one line for so many tests.
const TESTS_PER_LINE: u64 = 100;
/// The same for crates that are built.
const CRATES_PER_LINE: u64 = 50;

/// Which tests to run, and with what.
#[derive(Debug)]
pub struct TestsRun<'a> {
    /// The address of the PostgreSQL that the tests use.
    pub address: &'a str,
    /// Only the tests of these crates; of all where there are none.
    pub packages: &'a [String],
    /// Fail rather than change the lock file.
    pub locked: bool,
}

impl TestsRun<'_> {
    /// Every test but those in documentation.
    pub fn all_tests(&self) -> anyhow::Result<Tally> {
        let mut command = cargo();
        if has_cargo_subcommand("nextest") {
            command.args(["nextest", "run", "--no-fail-fast"]);
            command.args(["--test-threads", &at_once().to_string()]);
        } else {
            command.args(["test", "--all-targets", "--no-fail-fast"]);
        }
        self.run(command)
    }

    /// The examples in the documentation, which cargo-nextest does not run.
    pub fn documentation_tests(&self) -> anyhow::Result<Tally> {
        let mut command = cargo();
        command.args(["test", "--doc", "--no-fail-fast"]);
        self.run(command)
    }

    fn run(&self, mut command: Command) -> anyhow::Result<Tally> {
        if self.packages.is_empty() {
            command.arg("--workspace");
        }
        for package in self.packages {
            command.args(["--package", package]);
        }
        if self.locked {
            command.arg("--locked");
        }
        command.env(throwaway_postgres::ADDRESS_VARIABLE, self.address);
        run(&mut command)
    }
}

/// How many tests run at once: half as many again as there are processors, because a third of the time of our
/// tests is waiting, for the other end of a line, a database, a disk.
fn at_once() -> usize {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    processors + processors.div_ceil(2)
}

fn run(command: &mut Command) -> anyhow::Result<Tally> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo")?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        forward(output, sender.clone());
    }
    if let Some(output) = child.stderr.take() {
        forward(output, sender);
    }
    let mut tally = Tally::default();
    let mut built = Counter::new("crates built", CRATES_PER_LINE);
    let mut passed = Counter::new("tests passed", TESTS_PER_LINE);
    for line in lines {
        match Line::of(&line) {
            Line::Built => built.advance(),
            Line::Passed => passed.advance(),
            Line::Quiet => {}
            Line::Total(part) => tally = tally.and(part),
            Line::Other => {
                passed.step_aside();
                say(&line);
            }
        }
    }
    passed.step_aside();
    let status = child.wait().context("cargo")?;
    if !status.success() && tally.failed == 0 {
        // Something that is no test failed: the build, a test process that died.
        tally.failed = 1;
    }
    Ok(tally)
}

fn forward(output: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// What a line of the test runner means.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// A crate is being built.
    Built,
    /// A test passed.
    Passed,
    /// Nothing that anybody needs to read while all is well.
    Quiet,
    /// The sum of a run.
    Total(Tally),
    /// Something to show.
    Other,
}

impl Line {
    fn of(line: &str) -> Self {
        let trimmed = line.trim_start();
        let is_passed = trimmed.starts_with("PASS [")
            || (trimmed.starts_with("test ") && trimmed.ends_with("... ok"));
        if is_passed {
            return Self::Passed;
        }
        if trimmed.starts_with("Compiling ") {
            return Self::Built;
        }
        let total = nextest_total(trimmed).or_else(|| cargo_test_total(trimmed));
        if let Some(total) = total {
            return Self::Total(total);
        }
        let is_noise = trimmed.is_empty()
            || trimmed.starts_with("running ")
            || trimmed.starts_with("Running ")
            || trimmed.starts_with("Doc-tests ")
            || trimmed.starts_with("Nextest run ID")
            || (trimmed.starts_with("test ") && trimmed.contains("... ignored"))
            || trimmed.chars().all(|character| character == '─');
        if is_noise { Self::Quiet } else { Self::Other }
    }
}

/// `Summary [ 3.1s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 1 skipped`
fn nextest_total(line: &str) -> Option<Tally> {
    let (_, rest) = line.strip_prefix("Summary [")?.split_once(" run: ")?;
    let mut tally = Tally::default();
    for part in without_parentheses(rest).split(", ") {
        let (number, what) = part.trim().split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match what.trim() {
            "passed" => tally.passed += number,
            "skipped" => {}
            _ => tally.failed += number,
        }
    }
    Some(tally)
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

/// `test result: ok. 12 passed; 1 failed; 0 ignored; 0 measured; …`
fn cargo_test_total(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("test result: ")?;
    let number_before = |word: &str| -> Option<u64> {
        let (before, _) = rest.split_once(word)?;
        before.trim_end().rsplit(' ').next()?.parse().ok()
    };
    Some(Tally {
        passed: number_before("passed;")?,
        failed: number_before("failed;")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(passed: u64, failed: u64) -> Line {
        Line::Total(Tally { passed, failed })
    }

    #[test]
    fn the_sum_of_nextest_is_read() {
        let line = "     Summary [   3.105s] 10 tests run: 10 passed, 1 skipped";
        assert_eq!(Line::of(line), total(10, 0));
        let line = "Summary [ 90.1s] 12/15 tests run: 8 passed (1 slow, 1 leaky), 2 failed, \
                    1 timed out, 1 exec failed, 3 skipped";
        assert_eq!(Line::of(line), total(8, 4));
    }

    #[test]
    fn the_sum_of_cargo_test_is_read() {
        let line =
            "test result: FAILED. 32 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Line::of(line), total(32, 1));
    }

    #[test]
    fn passed_tests_are_counted_and_failed_ones_are_shown() {
        assert_eq!(
            Line::of("        PASS [   0.007s] (43/45) journal::all a"),
            Line::Passed
        );
        assert_eq!(Line::of("test entry::tests::each ... ok"), Line::Passed);
        assert_eq!(
            Line::of("        FAIL [   0.007s] (44/45) journal::all b"),
            Line::Other
        );
        assert_eq!(Line::of("test entry::tests::each ... FAILED"), Line::Other);
        assert_eq!(Line::of("thread 'x' panicked at y"), Line::Other);
    }
}
