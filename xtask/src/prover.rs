//! Runs the crate `prover`: races, kills, replay, load.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::screen::say;
use crate::suite::Tally;
use crate::workspace::{cargo, metadata, root, run as run_command};

/// What to pass on.
#[derive(Debug, clap::Args)]
pub struct ProverArguments {
    /// Arguments for the prover; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The argument with which a proof must fail, in order to show that it can.
const CONTROL: &str = "--negative-control";

/// How soon a server must answer after a restart is a figure of the full proof, on a quiet
/// machine. Where the gate runs, others run too and a disk may think for seconds; what it
/// must show is that nothing is lost, so only a server that hangs fails it for time.
const BUSY: &str = "--answer-within-ms=60000";

/// The proofs that every change must pass, as arguments of the prover: short enough for
/// all of them to take less than ten minutes. The full ones are run by command.
pub const GATE: &[&[&str]] = &[
    &["race", "--rounds", "100", "--store", "sqlite"],
    &["race", "--rounds", "100", "--store", "postgres"],
    &["race", "--rounds", "50", "--store", "sqlite", CONTROL],
    &["race", "--rounds", "50", "--store", "postgres", CONTROL],
    &["ways", "--rounds", "20", "--store", "sqlite"],
    &["ways", "--rounds", "20", "--store", "postgres"],
    &["ways", "--rounds", "20", "--store", "sqlite", CONTROL],
    &["ways", "--rounds", "20", "--store", "postgres", CONTROL],
    &["kill", "--rounds", "10", BUSY, "--store", "sqlite"],
    &["kill", "--rounds", "10", BUSY, "--store", "postgres"],
    &["kill", "--rounds", "10", "--store", "sqlite", CONTROL],
    &["kill", "--rounds", "10", "--store", "postgres", CONTROL],
    &["replay", "--every", "20", "--store", "sqlite"],
    &["replay", "--every", "20", "--store", "postgres"],
    &["replay", "--every", "20", "--cut", "--store", "sqlite"],
    &["replay", "--every", "20", "--cut", "--store", "postgres"],
];

/// Server and prover from the very crates that the tests were built with. Cargo picks the features of
/// dependencies by what else is built: only in the whole workspace, and with a test among it, are they
/// those of the tests, and with others it would compile half the dependencies again. The test that goes
/// along, of throwaway_postgres, is a small one that knows nothing of the house.
const AS_TESTED: [&str; 7] = [
    "--workspace",
    "--bin",
    "tabard",
    "--bin",
    "prover",
    "--test",
    "server",
];

/// Builds server and prover for release and runs the prover; whether it succeeded.
pub fn run(proof: Option<&str>, arguments: &ProverArguments) -> anyhow::Result<bool> {
    let arguments = arguments.arguments.iter().map(String::as_str);
    let arguments: Vec<&str> = proof.into_iter().chain(arguments).collect();
    let programs = Programs::build(Build::Release, arguments.contains(&CONTROL))?;
    let status = programs.prover(&arguments).status();
    Ok(status.context("prover")?.success())
}

/// How the programs of a proof are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// As users run them; from nothing this takes many minutes. For full proofs and for
    /// figures.
    Release,
    /// As the tests are built, so that the gate compiles no dependency twice. The checks
    /// of a debug build stay on.
    Tested,
}

impl Build {
    /// Where cargo puts what it builds so, below its target directory.
    const fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Tested => "debug",
        }
    }

    fn command(self) -> Command {
        let mut command = cargo();
        command.arg("build");
        match self {
            Self::Release => command.args(["--release", "-p", "server", "-p", "prover"]),
            Self::Tested => command.args(AS_TESTED),
        };
        command
    }
}

/// The server and the prover.
#[derive(Debug)]
pub struct Programs {
    folder: PathBuf,
    control: Option<PathBuf>,
}

impl Programs {
    /// Builds them, and a server that can be told to break its promises if there is to
    /// be a negative control.
    pub fn build(build: Build, with_control: bool) -> anyhow::Result<Self> {
        let folder = metadata()?.target_directory.join(build.folder());
        // The control goes first, so that the true server is the one that stays.
        let control = if with_control {
            Some(build_control(build, &folder)?)
        } else {
            None
        };
        say("   building server and prover …");
        run_command(&mut build.command())?;
        Ok(Self { folder, control })
    }

    /// The server as it is meant to be.
    pub fn server(&self) -> PathBuf {
        self.folder.join("tabard")
    }

    /// Runs one proof, which shows its own progress and says what went wrong.
    pub fn prove(&self, arguments: &[&str]) -> anyhow::Result<Tally> {
        run_command(&mut self.prover(arguments))?;
        Ok(Tally::PASSED)
    }

    fn prover(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let is_control = arguments
            .iter()
            .any(|argument| argument.as_ref() == CONTROL);
        let control = self.control.clone().filter(|_| is_control);
        let server = control.unwrap_or_else(|| self.server());
        let mut command = Command::new(self.folder.join("prover"));
        command
            .current_dir(root())
            .env("TABARD_BINARY", server)
            .args(arguments);
        command
    }
}

/// A copy of the server with the feature that lets it break its promises. Only a copy:
/// nobody shall find such a server where the true one is expected.
fn build_control(build: Build, folder: &Path) -> anyhow::Result<PathBuf> {
    say("   building the server for the negative controls …");
    run_command(
        build
            .command()
            .args(["--features", "server/negative_control"]),
    )?;
    let copy = folder.join("tabard-negative-control");
    fs::copy(folder.join("tabard"), &copy).context("the server for the negative controls")?;
    Ok(copy)
}

/// The name of a proof of the gate: its arguments without what is the same for all.
pub fn name_of(arguments: &[&str]) -> String {
    let mut words = arguments.iter();
    let mut name = String::new();
    while let Some(word) = words.next() {
        match *word {
            "--rounds" | "--every" => {
                words.next();
            }
            "--cut" => name.push_str(" with less room"),
            "--store" => {
                name.push_str(" on ");
                name.push_str(words.next().copied().unwrap_or_default());
            }
            CONTROL => name.push_str(", control"),
            option if option.starts_with("--") => {}
            word => name.push_str(word),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_proof_of_the_gate_has_a_name_of_its_own() {
        let names: Vec<_> = GATE.iter().map(|arguments| name_of(arguments)).collect();
        assert_eq!(names[0], "race on sqlite");
        assert_eq!(names[3], "race on postgres, control");
        assert_eq!(names[8], "kill on sqlite");
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn every_proof_about_capacity_and_loss_must_fail_in_its_control() {
        for proof in ["race", "ways", "kill"] {
            let runs = GATE.iter().filter(|arguments| arguments[0] == proof);
            let controls = runs.filter(|arguments| arguments.contains(&CONTROL));
            assert_eq!(controls.count(), 2, "{proof}");
        }
    }

    #[test]
    fn every_proof_runs_on_both_stores() {
        let on = |store: &str| {
            let runs = GATE.iter().filter(|arguments| arguments.contains(&store));
            runs.map(|arguments| name_of(arguments).replace(store, ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(on("sqlite"), on("postgres"));
    }
}
