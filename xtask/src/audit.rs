//! What we depend on: licences, bans, sources, known advisories, and whether we need it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::screen::say;
use crate::suite::{Suite, Tally};
use crate::workspace::{cargo, has_cargo_subcommand, run};

/// `cargo xtask audit`.
pub fn run_alone() -> anyhow::Result<bool> {
    let missing = missing_tools();
    if !missing.is_empty() {
        say(&format!("Not installed: {}", missing.join(", ")));
        say(&format!("cargo install --locked {}", missing.join(" ")));
        return Ok(false);
    }
    let mut suite = Suite::default();
    add_steps(&mut suite);
    Ok(suite.finish())
}

/// The tools that an audit needs and that are not installed.
pub fn missing_tools() -> Vec<&'static str> {
    [("deny", "cargo-deny"), ("machete", "cargo-machete")]
        .into_iter()
        .filter(|(subcommand, _)| !has_cargo_subcommand(subcommand))
        .map(|(_, tool)| tool)
        .collect()
}

/// The steps of an audit.
pub fn add_steps(suite: &mut Suite) {
    suite.step("licences, bans, sources", || {
        let checks = ["bans", "licenses", "sources"];
        run(cargo().args(["deny", "--workspace", "check"]).args(checks))?;
        Ok(Tally {
            passed: 3,
            failed: 0,
        })
    });
    suite.step("advisories", advisories);
    suite.step("unused dependencies", || {
        run(cargo().args(["machete", "--skip-target-dir", "."]))?;
        Ok(Tally::PASSED)
    });
}

/// Only where a copy of the database is at hand: an audit must not need the network.
fn advisories() -> anyhow::Result<Tally> {
    if !advisory_databases().is_some_and(|folder| has_database(&folder)) {
        say("   no copy of the advisory database here; `cargo deny fetch` gets one");
        return Ok(Tally::default());
    }
    let check = [
        "deny",
        "--workspace",
        "check",
        "--disable-fetch",
        "advisories",
    ];
    run(cargo().args(check))?;
    Ok(Tally::PASSED)
}

fn advisory_databases() -> Option<PathBuf> {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let in_home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let folder = cargo_home.or_else(in_home)?.join("advisory-dbs");
    Some(folder)
}

/// Each database is a folder; a lock file alone is none.
fn has_database(folder: &Path) -> bool {
    let is_folder = |entry: &fs::DirEntry| entry.path().is_dir();
    folder
        .read_dir()
        .is_ok_and(|entries| entries.flatten().any(|entry| is_folder(&entry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_no_database() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("db.lock"), "").unwrap();
        assert!(!has_database(folder.path()));
        fs::create_dir(folder.path().join("advisory-db")).unwrap();
        assert!(has_database(folder.path()));
    }
}
