//! The documents keep up with the source.

use super::Finding;
use super::repository::Repository;

/// The document of record.
const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// Each crate has its place in the document of record.
pub fn crates_are_described(repository: &Repository) -> Vec<Finding> {
    let Some((_, text)) = repository
        .texts(ARCHITECTURE)
        .find(|(path, _)| *path == ARCHITECTURE)
    else {
        return vec![Finding::new(ARCHITECTURE, "is not there")];
    };
    let is_in_name = |character: char| character.is_alphanumeric() || character == '_';
    let words: Vec<&str> = text.split(|character| !is_in_name(character)).collect();
    let missing = repository
        .packages
        .iter()
        .filter(|package| !words.contains(&package.name.as_str()));
    missing
        .map(|package| Finding::new(ARCHITECTURE, format!("says nothing of `{}`", package.name)))
        .collect()
}

/// A link from one document to another file leads to something.
pub fn links_lead_somewhere(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.texts(".md") {
        let mut is_code = false;
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            }
            if is_code {
                continue;
            }
            for target in targets_of(line).filter_map(|target| place_of(path, target)) {
                if !repository.has(&target) {
                    let what = format!("the link leads to {target}, which is not there");
                    findings.push(Finding::at(path, index + 1, what));
                }
            }
        }
    }
    findings
}

/// What stands between `](` and `)`.
fn targets_of(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The path from the root that a link leads to; nothing where it leads out of here.
fn place_of(document: &str, target: &str) -> Option<String> {
    let target = target.split('#').next()?.split(' ').next()?;
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                // A link above the root leads nowhere, and is found as such.
                if parts.pop().is_none() {
                    parts.push("..");
                }
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn with_crates(mut repository: Repository, names: &[&str]) -> Repository {
        let package = |name: &&str| Package {
            name: (*name).to_owned(),
            dependencies: Vec::new(),
        };
        repository.packages = names.iter().map(package).collect();
        repository
    }

    #[test]
    fn a_crate_that_the_architecture_does_not_mention_is_found() {
        let document = Repository::of(&[(ARCHITECTURE, "`store` and `http_kit`")]);
        let repository = with_crates(document, &["store", "http_kit", "http", "domain"]);
        let found: Vec<_> = crates_are_described(&repository)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md: says nothing of `http`",
                "ARCHITECTURE.md: says nothing of `domain`"
            ]
        );
    }

    #[test]
    fn an_architecture_that_is_not_there_is_found() {
        assert_eq!(crates_are_described(&Repository::of(&[])).len(), 1);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let repository = Repository::of(&[
            (
                "README.md",
                "[a](docs/a.md#part) [b](docs/b.md) [c](https://example.com) [d](#here)",
            ),
            (
                "docs/a.md",
                "[up](../README.md) [folder](../docs/) [root](/README.md) [out](../../x.md)",
            ),
        ]);
        let found: Vec<_> = links_lead_somewhere(&repository)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "README.md:1: the link leads to docs/b.md, which is not there",
                "docs/a.md:1: the link leads to ../x.md, which is not there",
            ]
        );
    }

    #[test]
    fn code_in_a_document_has_no_links() {
        let repository = Repository::of(&[("README.md", "```\nlist[0](nothing)\n```\n")]);
        assert_eq!(links_lead_somewhere(&repository), []);
    }
}
