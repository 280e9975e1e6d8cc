//! The fuzzer's programs: a virtual environment of Python below the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::screen::say;
use crate::workspace::root;

/// What is to be installed, below the workspace.
const REQUIREMENTS: &str = "xtask/fuzz/requirements.txt";

/// The fuzzer's program, installed if it is not there yet in the version that is asked for. Where packages come
/// from is for pip's own configuration to say.
pub fn fuzzer(folder: &Path) -> anyhow::Result<PathBuf> {
    let environment = folder.join("python");
    let program = environment.join("bin/st");
    let wanted = fs::read_to_string(root().join(REQUIREMENTS)).context(REQUIREMENTS)?;
    let mark = environment.join("installed.txt");
    let is_there = fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted);
    if is_there && program.is_file() {
        return Ok(program);
    }
    say("   installing the fuzzer …");
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut making = Command::new("python3");
    making.args(["-m", "venv", "--clear"]).arg(&environment);
    quietly(
        &mut making,
        "The fuzzer needs Python 3.10 or newer with venv and pip. On Debian and Ubuntu: \
         apt-get install python3 python3-venv python3-pip",
    )?;
    let mut installing = Command::new(environment.join("bin/python"));
    installing.args(["-m", "pip", "install", "--disable-pip-version-check", "-r"]);
    installing.arg(root().join(REQUIREMENTS));
    quietly(
        &mut installing,
        "The fuzzer comes from the Python package index that pip is configured for; \
         `python3 -m pip config list` shows which",
    )?;
    fs::write(&mark, wanted).with_context(|| mark.display().to_string())?;
    Ok(program)
}

/// Runs a command whose output is shown only if it fails, with what may help.
fn quietly(command: &mut Command, advice: &str) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("`{name}` cannot be run. {advice}"))?;
    if !output.status.success() {
        bail!(
            "`{name}` ended with {}. {advice}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzzer_is_asked_for_in_one_version() {
        let wanted = fs::read_to_string(root().join(REQUIREMENTS)).unwrap();
        let lines = wanted.lines().filter(|line| !line.starts_with('#'));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("schemathesis=="), "{}", lines[0]);
    }

    #[test]
    fn a_program_that_is_missing_is_an_error_with_advice() {
        let mut command = Command::new("a-python-that-nobody-has");
        let error = quietly(&mut command, "Install it.").unwrap_err();
        assert!(format!("{error:#}").contains("Install it."), "{error:#}");
    }
}
