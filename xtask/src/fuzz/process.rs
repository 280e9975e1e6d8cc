//! The processes of the fuzzer: each has its share of the operations, a log, and counts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use crate::screen::{Stopwatch, in_words, say};
use crate::workspace::root;

/// How long all of it may take before it is stopped, which is a failure.
const LIMIT: Duration = Duration::from_secs(4 * 60 * 60);
/// Pause between two looks at the processes.
const LOOK_PAUSE: Duration = Duration::from_millis(200);
/// How often somebody who waits is told how far it is.
const TELL_EVERY: Duration = Duration::from_secs(30);
/// So many lines of findings are shown of each process; the rest stands in its log.
const LINES_SHOWN: usize = 400;

/// What was done and found, in all processes together.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// Operations of which examples were sent.
    pub operations: u64,
    /// Examples that were sent.
    pub examples: u64,
    /// How often each check failed, by operation.
    pub failures: BTreeMap<String, BTreeMap<String, u64>>,
    /// How often each exception was needed, by its rule.
    pub exceptions: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.examples += other.examples;
        for (operation, checks) in other.failures {
            let all = self.failures.entry(operation).or_default();
            for (check, times) in checks {
                *all.entry(check).or_default() += times;
            }
        }
        for (rule, times) in other.exceptions {
            *self.exceptions.entry(rule).or_default() += times;
        }
    }
}

/// One process.
#[derive(Debug)]
pub struct Share {
    child: Child,
    log: PathBuf,
    counts: PathBuf,
}

/// The fuzzer with its hooks, for one share of several, and what is the same for all commands.
pub fn command(
    fuzzer: &Path,
    dialect: &str,
    (index, of): (usize, usize),
    reports: &Path,
) -> Command {
    let own = root().join("xtask/fuzz");
    let mut command = Command::new(fuzzer);
    command
        .current_dir(reports)
        .env("PYTHONPATH", &own)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("TABARD_FUZZ_DIALECT", dialect)
        .env("TABARD_FUZZ_SHARE", format!("{index}/{of}"))
        .env("TABARD_FUZZ_EXCEPTIONS", own.join("exceptions.toml"))
        .env("TABARD_FUZZ_COUNTS", counts_of(reports, index));
    command.args(["--no-color"]);
    command
}

/// What every run is told beside its own arguments: all checks, the same every time, and how long it may wait. The
/// machine may be busy: an answer is late only when it hangs.
const ALWAYS: &[&str] = &[
    "--checks=all",
    "--workers=1",
    "--continue-on-failure",
    "--generation-database=none",
    "--no-shrink",
    "--suppress-health-check=all",
    "--wait-for-schema=60",
    "--request-timeout=60",
    "--max-response-time=60",
];

impl Share {
    /// Starts one; what it says goes to a log of its own.
    pub fn start(mut command: Command, reports: &Path, index: usize) -> anyhow::Result<Self> {
        let log = reports.join(format!("share-{index}.log"));
        let counts = counts_of(reports, index);
        if counts.exists() {
            fs::remove_file(&counts).with_context(|| counts.display().to_string())?;
        }
        let output = File::create(&log).with_context(|| log.display().to_string())?;
        let child = command
            .args(ALWAYS)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("the fuzzer's log")?)
            .stderr(output)
            .spawn()
            .context("the fuzzer")?;
        Ok(Self { child, log, counts })
    }

    /// What it has counted so far.
    fn counts(&self) -> Counts {
        let text = fs::read_to_string(&self.counts).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // One that has ended is not there to be stopped any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for all, telling how far they are; what they counted, and whether all ended well. The findings of
/// those that did not are shown.
pub fn finish(mut shares: Vec<Share>) -> anyhow::Result<(Counts, bool)> {
    let stopwatch = Stopwatch::start();
    let mut told = Duration::ZERO;
    let mut are_running = true;
    while are_running && stopwatch.elapsed() < LIMIT {
        thread::sleep(LOOK_PAUSE);
        are_running = false;
        for share in &mut shares {
            are_running |= share.child.try_wait().context("the fuzzer")?.is_none();
        }
        if stopwatch.elapsed() >= told + TELL_EVERY {
            told = stopwatch.elapsed();
            tell(&together(&shares), told);
        }
    }
    let counts = together(&shares);
    let mut are_well = !are_running;
    for share in &mut shares {
        let status = share.child.try_wait().context("the fuzzer")?;
        if !status.is_some_and(|status| status.success()) {
            are_well = false;
            show(&share.log)?;
        }
    }
    Ok((counts, are_well))
}

fn together(shares: &[Share]) -> Counts {
    let mut all = Counts::default();
    shares.iter().for_each(|share| all.add(share.counts()));
    all
}

fn tell(counts: &Counts, passed: Duration) {
    say(&format!(
        "   {} examples of {} operations, {} of them with failures, after {} …",
        counts.examples,
        counts.operations,
        counts.failures.len(),
        in_words(passed)
    ));
}

/// Shows what a process found, with the commands that show it again.
fn show(log: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(log).with_context(|| log.display().to_string())?;
    for line in findings(&text) {
        say(line);
    }
    say(&format!("   all of it: {}", log.display()));
    Ok(())
}

/// The lines from the first heading of errors or failures on; the last lines where there is none.
fn findings(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_heading = |line: &&str| line.contains("= ERRORS =") || line.contains("= FAILURES =");
    let from = lines.iter().position(is_heading);
    let from = from.unwrap_or_else(|| lines.len().saturating_sub(LINES_SHOWN / 10));
    lines.into_iter().skip(from).take(LINES_SHOWN).collect()
}

fn counts_of(reports: &Path, index: usize) -> PathBuf {
    reports.join(format!("share-{index}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_begins_with_the_failures() {
        let text = "Loaded\n==== FAILURES ====\nGET /x\ncurl …\n";
        assert_eq!(findings(text), ["==== FAILURES ====", "GET /x", "curl …"]);
        assert_eq!(findings("broken"), ["broken"]);
    }

    #[test]
    fn the_counts_of_processes_add_up() {
        let one = |label: &str| Counts {
            operations: 2,
            examples: 100,
            failures: [(label.to_owned(), [("check".to_owned(), 3)].into())].into(),
            exceptions: [("rule".to_owned(), 1)].into(),
        };
        let mut all = one("GET /a");
        all.add(one("GET /b"));
        all.add(one("GET /b"));
        assert_eq!((all.operations, all.examples), (6, 300));
        assert_eq!(all.failures["GET /b"]["check"], 6);
        assert_eq!(all.exceptions["rule"], 3);
    }
}
