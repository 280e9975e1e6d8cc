//! What every proof shares: a seed, a result file, and the negative control.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::screen::say;

/// Options that every proof has.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ProofOptions {
    /// The seed of every draw; printed, so that a run can be played again
    #[arg(long)]
    pub seed: Option<u64>,
    /// Where the result is written as JSON; without it target/proofs/PROOF-STORE.json
    #[arg(long, value_name = "FILE")]
    pub result: Option<PathBuf>,
}

/// A proof's result file.
#[derive(Debug, Clone, Serialize)]
pub struct ProofResult<F> {
    /// race, ways, kill, replay.
    pub proof: &'static str,
    /// sqlite or postgres.
    pub store: &'static str,
    /// Plays the same run again.
    pub seed: u64,
    /// The verdict.
    pub passed: bool,
    /// Whether this was the control in which the proof must fail.
    pub negative_control: bool,
    /// What was wrong, in order of discovery.
    pub violations: Vec<String>,
    /// The proof's own figures.
    pub figures: F,
}

impl<F: Serialize> ProofResult<F> {
    /// Writes the result file, prints the verdict, and turns a failure into an error.
    pub fn conclude(&self, options: &ProofOptions) -> anyhow::Result<()> {
        let path = options.result.clone().unwrap_or_else(|| {
            let control = if self.negative_control {
                "-control"
            } else {
                ""
            };
            format!("target/proofs/{}-{}{control}.json", self.proof, self.store).into()
        });
        write_json(&path, self)?;
        say(format!("result: {}", path.display()));
        for violation in self.violations.iter().take(10) {
            say(format!("  {violation}"));
        }
        if self.violations.len() > 10 {
            say(format!("  and {} more", self.violations.len() - 10));
        }
        if !self.passed {
            bail!(
                "{} on {} failed; play it again with --seed {}",
                self.proof,
                self.store,
                self.seed
            );
        }
        say(match self.negative_control {
            true => format!(
                "{} on {}: the control was caught, as it must be",
                self.proof, self.store
            ),
            false => format!(
                "{} on {}: passed (seed {})",
                self.proof, self.store, self.seed
            ),
        });
        Ok(())
    }
}

/// Whether a run passed: without control nothing may be wrong, with it something must be.
pub fn passed(negative_control: bool, violations: &[String]) -> bool {
    violations.is_empty() != negative_control
}

/// Writes a value as readable JSON, and makes the folder where there is none.
pub fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    let text = serde_json::to_string_pretty(value).context("a result as JSON")?;
    std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}
