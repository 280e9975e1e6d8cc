//! What no compiler checks: arrows between crates, words, sizes, documents.
//!
//! Each rule is a function from the repository to its findings, and is tested on a
//! repository made of strings. A rule that has to be broken somewhere is changed here,
//! with its reason, and not switched off there.

mod arrows;
mod documents;
mod files;
mod repository;
mod words;

use std::fmt;

use crate::screen::say;
use crate::suite::{Suite, Tally};
use crate::workspace;
use repository::Repository;

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, with the line where there is one; or the crate.
    place: String,
    /// What is wrong, and what to do.
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }

    fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.what)
    }
}

/// A rule with its name.
type Rule = (&'static str, fn(&Repository) -> Vec<Finding>);

const RULES: [Rule; 12] = [
    ("arrows between crates", arrows::between_crates),
    ("crates that stand alone", arrows::to_the_outside),
    ("database drivers", arrows::to_drivers),
    ("names", words::names),
    ("file names", words::file_names),
    ("home folders", words::home_folders),
    ("unfinished places", words::unfinished),
    ("sizes", files::sizes),
    ("module docs", files::module_docs),
    ("white space", files::white_space),
    ("crates in ARCHITECTURE.md", documents::crates_are_described),
    ("links between documents", documents::links_lead_somewhere),
];

/// `cargo xtask tidy`.
pub fn run_alone() -> anyhow::Result<bool> {
    let mut suite = Suite::default();
    suite.step("tidy", check);
    Ok(suite.finish())
}

/// Every rule is one check.
pub fn check() -> anyhow::Result<Tally> {
    let repository = Repository::read(&workspace::root(), workspace::metadata()?.packages)?;
    let mut tally = Tally::default();
    for (name, rule) in RULES {
        let findings = rule(&repository);
        for finding in &findings {
            say(&format!("   {name}: {finding}"));
        }
        if findings.is_empty() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
    }
    Ok(tally)
}
