//! The OpenAPI documents: `tabard openapi --out DIR` writes one file per dialect, and the
//! ones in `openapi/` must be the same, so that a changed API is seen in review.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::prover::{Build, Programs};
use crate::screen::say;
use crate::suite::Tally;
use crate::workspace::{root, run};

/// Where the documents are kept.
const FOLDER: &str = "openapi";

/// Whether to write or only to compare.
#[derive(Debug, clap::Args)]
pub struct OpenapiOptions {
    /// Only compare, and fail when a document has changed
    #[arg(long)]
    check: bool,
}

/// `cargo xtask openapi`.
pub fn run_alone(options: &OpenapiOptions) -> anyhow::Result<bool> {
    if options.check {
        return Ok(compare()?.failed == 0);
    }
    let folder = root().join(FOLDER);
    generate(&folder)?;
    for name in documents_in(&folder)? {
        say(&format!("   wrote {FOLDER}/{name}"));
    }
    Ok(true)
}

/// Compares what the program says with what is kept; one check per document.
pub fn compare() -> anyhow::Result<Tally> {
    let fresh = tempfile::tempdir().context("a temporary folder")?;
    generate(fresh.path())?;
    let kept = root().join(FOLDER);
    let names: BTreeSet<String> = documents_in(fresh.path())?
        .into_iter()
        .chain(documents_in(&kept)?)
        .collect();
    if names.is_empty() {
        bail!("`tabard openapi` wrote no document");
    }
    let mut tally = Tally::default();
    for name in names {
        match difference(&kept.join(&name), &fresh.path().join(&name)) {
            None => tally.passed += 1,
            Some(difference) => {
                tally.failed += 1;
                say(&format!("   {FOLDER}/{name}: {difference}"));
            }
        }
    }
    if tally.failed > 0 {
        say(
            "   `cargo xtask openapi` writes them anew; look at the difference before you commit it.",
        );
    }
    Ok(tally)
}

fn generate(folder: &Path) -> anyhow::Result<()> {
    let server = Programs::build(Build::Tested, false)?.server();
    run(Command::new(server).args(["openapi", "--out"]).arg(folder))
}

fn documents_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// How two documents differ, or nothing when they are the same.
fn difference(kept: &Path, fresh: &Path) -> Option<String> {
    match (fs::read_to_string(kept), fs::read_to_string(fresh)) {
        (Ok(kept), Ok(fresh)) => first_difference(&kept, &fresh),
        (Err(_), _) => Some("is not kept yet".to_owned()),
        (_, Err(_)) => Some("no dialect writes this document any more".to_owned()),
    }
}

fn first_difference(kept: &str, fresh: &str) -> Option<String> {
    if kept == fresh {
        return None;
    }
    let (mut kept, mut fresh) = (kept.lines(), fresh.lines());
    for number in 1.. {
        let (kept, fresh) = (kept.next(), fresh.next());
        if kept.is_none() && fresh.is_none() {
            break;
        }
        if kept != fresh {
            let shown = |line: Option<&str>| line.unwrap_or("(nothing)").trim().to_owned();
            return Some(format!(
                "line {number}: kept {}, now {}",
                shown(kept),
                shown(fresh)
            ));
        }
    }
    Some("only line breaks differ".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let difference = first_difference("a\nb\n", "a\nc\n").unwrap();
        assert_eq!(difference, "line 2: kept b, now c");
        let difference = first_difference("a\n", "a\nc\n").unwrap();
        assert_eq!(difference, "line 2: kept (nothing), now c");
        assert!(first_difference("a\r\n", "a\n").is_some());
    }

    #[test]
    fn a_document_on_one_side_only_is_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, fresh) = (folder.path().join("a.json"), folder.path().join("b.json"));
        fs::write(&kept, "{}").unwrap();
        assert!(difference(&kept, &fresh).unwrap().contains("no dialect"));
        assert!(difference(&fresh, &kept).unwrap().contains("not kept"));
        assert_eq!(documents_in(folder.path()).unwrap(), ["a.json"]);
    }
}
