//! Everything that must hold before a change is taken, in the order in which a mistake is
//! found soonest.

use std::collections::BTreeSet;
use std::process::Stdio;

use anyhow::bail;

use crate::fuzz::{self, FuzzOptions};
use crate::postgres::Server;
use crate::prover::{Build, GATE, Programs, name_of};
use crate::screen::say;
use crate::suite::{Suite, Tally};
use crate::tests_run::TestsRun;
use crate::workspace::{cargo, run};
use crate::{audit, openapi, tidy};

/// The steps of `cargo xtask test` by name.
const STEPS: [&str; 8] = [
    "format", "tidy", "clippy", "tests", "docs", "openapi", "fuzz", "proofs",
];

/// Which steps to run.
#[derive(Debug, Default, clap::Args)]
pub struct TestOptions {
    /// Run only these steps
    #[arg(long, value_delimiter = ',', value_parser = STEPS)]
    only: Vec<String>,
    /// Leave these steps out
    #[arg(long, value_delimiter = ',', value_parser = STEPS)]
    skip: Vec<String>,
    /// Run the tests of these crates only
    #[arg(long = "package", short = 'p')]
    packages: Vec<String>,
    /// Fail rather than change the lock file
    #[arg(long)]
    locked: bool,
}

impl TestOptions {
    fn wants(&self, step: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == step);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}

/// `cargo xtask test`.
pub fn test(options: &TestOptions) -> anyhow::Result<bool> {
    let mut suite = Suite::default();
    add_steps(&mut suite, options);
    if suite.tally() == Tally::default() {
        bail!("no step is left to run");
    }
    Ok(suite.finish())
}

/// `cargo xtask ci`.
pub fn ci() -> anyhow::Result<bool> {
    let mut suite = Suite::default();
    let options = TestOptions {
        locked: true,
        ..TestOptions::default()
    };
    add_steps(&mut suite, &options);
    let missing = audit::missing_tools();
    if missing.is_empty() {
        audit::add_steps(&mut suite);
    } else {
        say(&format!("── no audit without {}", missing.join(", ")));
    }
    Ok(suite.finish())
}

fn add_steps(suite: &mut Suite, options: &TestOptions) {
    if options.wants("format") {
        suite.step("format", format);
    }
    if options.wants("tidy") {
        suite.step("tidy", tidy::check);
    }
    if options.wants("clippy") {
        suite.step("clippy", || clippy(options.locked));
    }
    add_test_steps(suite, options);
    if options.wants("openapi") {
        suite.step("API documents", openapi::compare);
    }
    if options.wants("fuzz") {
        suite.step("fuzzer", || fuzz::run(&FuzzOptions::gate()));
    }
    if options.wants("proofs") {
        add_proof_steps(suite);
    }
}

/// Names the files that `cargo fmt --all` would change.
fn format() -> anyhow::Result<Tally> {
    let check = ["fmt", "--all", "--check", "--", "--files-with-diff"];
    let output = cargo().args(check).stderr(Stdio::inherit()).output()?;
    if output.status.success() {
        return Ok(Tally::PASSED);
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    let files: BTreeSet<&str> = listed.lines().collect();
    for file in &files {
        say(&format!("   {file}"));
    }
    bail!("`cargo fmt --all` would change {} files", files.len());
}

fn clippy(locked: bool) -> anyhow::Result<Tally> {
    let mut command = cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
    if locked {
        command.arg("--locked");
    }
    run(command.args(["--", "-D", "warnings"]))?;
    Ok(Tally::PASSED)
}

/// The tests, with a PostgreSQL that lives as long as they run.
fn add_test_steps(suite: &mut Suite, options: &TestOptions) {
    if !options.wants("tests") && !options.wants("docs") {
        return;
    }
    let mut server = None;
    suite.step("PostgreSQL", || {
        server = Some(Server::named_or_own()?);
        Ok(Tally::PASSED)
    });
    let Some(server) = server else {
        return;
    };
    let address = server.address();
    let run = TestsRun {
        address: &address,
        packages: &options.packages,
        locked: options.locked,
    };
    if options.wants("tests") {
        suite.step("tests", || run.all_tests());
    }
    if options.wants("docs") {
        suite.step("documentation tests", || run.documentation_tests());
    }
}

fn add_proof_steps(suite: &mut Suite) {
    let mut programs = None;
    suite.step("programs for the proofs", || {
        programs = Some(Programs::build(Build::Tested, true)?);
        Ok(Tally::PASSED)
    });
    let Some(programs) = programs else {
        return;
    };
    for arguments in GATE {
        suite.step(&name_of(arguments), || programs.prove(arguments));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(steps: &[&str]) -> Vec<String> {
        steps.iter().map(|step| (*step).to_owned()).collect()
    }

    #[test]
    fn all_steps_run_unless_somebody_chooses() {
        let options = TestOptions::default();
        assert!(STEPS.into_iter().all(|step| options.wants(step)));
    }

    #[test]
    fn a_choice_is_kept_and_what_is_left_out_wins() {
        let options = TestOptions {
            only: names(&["tidy", "tests"]),
            skip: names(&["tests"]),
            ..TestOptions::default()
        };
        assert!(options.wants("tidy"));
        assert!(!options.wants("tests"));
        assert!(!options.wants("format"));
    }
}
