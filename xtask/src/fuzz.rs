//! The OpenAPI fuzzer: schemathesis against the document that a real server serves.
//!
//! It comes from PyPI into a virtual environment below `target/`, in the version that `fuzz/requirements.txt`
//! names. All its checks are on; what it finds and a dialect's rules explain stands in `fuzz/exceptions.toml`,
//! one row for each rule. Generating the requests is what takes time, so several processes share the operations.

mod process;
mod python;
mod server;

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::prover::{Build, Programs};
use crate::screen::say;
use crate::suite::Tally;
use crate::workspace::{metadata, root};
use process::{Counts, Share};
use server::Server;

/// The seed where nobody names one: the gate tests the same at every commit.
const SEED: u64 = 20_270_501;

/// How to fuzz.
#[derive(Debug, Clone, clap::Args)]
pub struct FuzzOptions {
    /// Whose document
    #[arg(long, default_value = "bookingexperts")]
    dialect: Dialect,
    /// Examples of each operation
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    examples: u32,
    /// What the examples are drawn from; the same seed draws the same as long as the server answers the same
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// What to do: fuzzing draws examples, coverage tries every bound of every schema, stateful follows links
    #[arg(long, value_delimiter = ',', default_value = "fuzzing",
          value_parser = ["examples", "coverage", "fuzzing", "stateful"])]
    phases: Vec<String>,
    /// Only operations whose path matches this regular expression
    #[arg(long)]
    path: Option<String>,
    /// Of two operations that are the same at the root and below an administration, take one
    #[arg(long)]
    without_twins: bool,
    /// How many processes share the operations [default: one for each core]
    #[arg(long)]
    processes: Option<usize>,
}

/// A dialect that serves a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Dialect {
    /// Booking Experts v3
    Bookingexperts,
    /// Beds24 V2
    Beds24,
    /// The house's own API
    Tabard,
}

/// What `demo.json` says.
#[derive(Debug, Deserialize)]
struct Demo {
    beds24: Beds24,
    bookingexperts: BookingExperts,
    tabard: Tabard,
}

#[derive(Debug, Deserialize)]
struct Beds24 {
    base_url: String,
    token: String,
}

#[derive(Debug, Deserialize)]
struct BookingExperts {
    base_url: String,
    api_key: String,
}

#[derive(Debug, Deserialize)]
struct Tabard {
    base_url: String,
}

impl Dialect {
    /// Its name in files.
    const fn name(self) -> &'static str {
        match self {
            Self::Bookingexperts => "bookingexperts",
            Self::Beds24 => "beds24",
            Self::Tabard => "tabard",
        }
    }

    /// Where its document is, and the header that lets the fuzzer in.
    fn way_in(self, demo: &Demo) -> (String, String) {
        match self {
            Self::Bookingexperts => (
                format!("{}/oas3.json", demo.bookingexperts.base_url),
                format!("X-API-KEY: {}", demo.bookingexperts.api_key),
            ),
            Self::Beds24 => (
                format!("{}/openapi.json", demo.beds24.base_url),
                format!("token: {}", demo.beds24.token),
            ),
            Self::Tabard => (
                format!("{}/openapi.json", demo.tabard.base_url),
                format!("token: {}", demo.beds24.token),
            ),
        }
    }
}

impl FuzzOptions {
    /// What the gate does.
    pub fn gate() -> Self {
        Self {
            dialect: Dialect::Bookingexperts,
            examples: 50,
            seed: SEED,
            phases: vec!["fuzzing".to_owned()],
            path: None,
            without_twins: false,
            processes: None,
        }
    }
}

/// `cargo xtask fuzz`.
pub fn run_alone(options: &FuzzOptions) -> anyhow::Result<bool> {
    let tally = run(options)?;
    Ok(tally.failed == 0)
}

/// One check for each operation: it passed if nothing was found.
pub fn run(options: &FuzzOptions) -> anyhow::Result<Tally> {
    let target = metadata()?.target_directory;
    let fuzzer = python::fuzzer(&target.join("fuzz"))?;
    let program = Programs::build(Build::Tested, false)?.server();
    let reports = target.join("fuzz").join(options.dialect.name());
    let server = Server::start(&program, &reports)?;
    let demo: Demo = serde_json::from_str(&server.demo()?).context("demo.json")?;
    let shares = start(options, &fuzzer, &demo, &reports)?;
    say(&format!(
        "   {} examples of each operation of {}, seed {}, {} processes; logs in {}",
        options.examples,
        options.dialect.name(),
        options.seed,
        shares.len(),
        reports.strip_prefix(root()).unwrap_or(&reports).display(),
    ));
    let (counts, are_well) = process::finish(shares)?;
    drop(server);
    conclude(&counts, are_well, options)
}

fn start(
    options: &FuzzOptions,
    fuzzer: &Path,
    demo: &Demo,
    reports: &Path,
) -> anyhow::Result<Vec<Share>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let of = options.processes.unwrap_or(cores).max(1);
    let (document, header) = options.dialect.way_in(demo);
    let start = |index: usize| {
        let mut command = process::command(fuzzer, options.dialect.name(), (index, of), reports);
        command.args(["run", &document, "--header", &header]);
        command.args(["--phases", &options.phases.join(",")]);
        command.args(["--max-examples", &options.examples.to_string()]);
        command.args(["--seed", &options.seed.to_string()]);
        command.args(["--include-by", "/x-share == true"]);
        if let Some(path) = &options.path {
            command.env("TABARD_FUZZ_PATH", path);
        }
        if options.without_twins {
            command.env("TABARD_FUZZ_TWINS", "one");
        }
        Share::start(command, reports, index)
    };
    (0..of).map(start).collect()
}

/// Says what was found.
fn conclude(counts: &Counts, are_well: bool, options: &FuzzOptions) -> anyhow::Result<Tally> {
    for (rule, times) in &counts.exceptions {
        say(&format!("   {times} times an exception: {rule}"));
    }
    for (operation, checks) in &counts.failures {
        let checks: Vec<String> = checks
            .iter()
            .map(|(check, times)| format!("{check} {times} times"))
            .collect();
        say(&format!("   {operation}: {}", checks.join(", ")));
    }
    let failed = u64::try_from(counts.failures.len()).unwrap_or(u64::MAX);
    say(&format!(
        "   {} examples of {} operations, {failed} operations with failures, seed {}",
        counts.examples, counts.operations, options.seed
    ));
    if counts.operations == 0 {
        bail!("the fuzzer has tested nothing");
    }
    if !are_well && failed == 0 {
        bail!("the fuzzer has not done its work; what it says stands above");
    }
    Ok(Tally {
        passed: counts.operations.saturating_sub(failed),
        failed,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: FuzzOptions,
    }

    #[test]
    fn the_gate_does_what_a_command_without_arguments_does() {
        let options = Line::parse_from(["fuzz"]).options;
        let gate = FuzzOptions::gate();
        assert_eq!(options.examples, gate.examples);
        assert_eq!(options.seed, gate.seed);
        assert_eq!(options.phases, gate.phases);
        assert_eq!(options.dialect, gate.dialect);
        assert_eq!(options.path, gate.path);
        assert_eq!(options.without_twins, gate.without_twins);
    }

    #[test]
    fn a_fuzzer_that_tested_nothing_or_broke_down_has_not_passed() {
        let gate = FuzzOptions::gate();
        assert!(conclude(&Counts::default(), true, &gate).is_err());
        let some = Counts {
            operations: 3,
            examples: 150,
            ..Counts::default()
        };
        assert!(conclude(&some, false, &gate).is_err());
        assert_eq!(
            conclude(&some, true, &gate).unwrap(),
            Tally {
                passed: 3,
                failed: 0
            }
        );
    }
}
