//! Who may know whom. The arrows between crates run one way, and a crate is in the table
//! or it may know nobody.

use super::Finding;
use super::repository::Repository;
use crate::workspace::{Dependency, Package};

/// Which crates of ours each crate may know, from the bottom of the house to its top.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("journal", &[]),
    ("jsonapi", &[]),
    ("throwaway_postgres", &[]),
    ("catalogue_derive", &[]),
    ("search", &["domain"]),
    ("catalogue", &["catalogue_derive", "domain"]),
    ("store", &["catalogue", "domain", "journal"]),
    ("identity", &["catalogue", "domain", "store"]),
    ("service", &["catalogue", "domain", "search", "store"]),
    ("http_kit", &["domain", "identity"]),
    ("delivery", &["catalogue", "domain", "service", "store"]),
    ("console", &["domain", "http_kit", "identity", "service"]),
    (
        "server",
        &[
            "catalogue",
            "console",
            "delivery",
            "domain",
            "http_kit",
            "identity",
            "journal",
            "service",
            "store",
        ],
    ),
    (
        "testkit",
        &[
            "catalogue",
            "domain",
            "http_kit",
            "identity",
            "journal",
            "server",
            "service",
            "store",
            "throwaway_postgres",
        ],
    ),
    (
        // It judges from outside, over HTTP and by the journal; only the bench goes down
        // to the store, to stand beside it.
        "prover",
        &[
            "catalogue",
            "domain",
            "journal",
            "search",
            "service",
            "store",
            "throwaway_postgres",
        ],
    ),
    ("xtask", &["throwaway_postgres"]),
];

/// What a dialect may know: no store, and no other dialect.
const DIALECT: &[&str] = &["domain", "http_kit", "identity", "jsonapi", "service"];

/// What the tests of any crate may know besides.
const IN_TESTS: &[&str] = &["journal", "testkit", "throwaway_postgres"];

/// Crates that stand alone, with everything from outside that they may use.
const ALONE: &[(&str, &[&str])] = &[
    // A checker that shares the code it judges proves nothing.
    (
        "journal",
        &["hex", "serde", "serde_json", "sha2", "thiserror"],
    ),
];

/// What the pure crates must not use: they have no I/O, no async, no clock.
const IMPURE: &[&str] = &[
    "axum",
    "hyper",
    "rand",
    "reqwest",
    "rusqlite",
    "tokio",
    "tokio-postgres",
    "tracing",
];
const PURE: &[&str] = &["domain", "catalogue", "jsonapi", "search"];

/// The database drivers, and who may know them: the store, and those who measure it.
const DRIVERS: &[&str] = &[
    "deadpool-postgres",
    "refinery",
    "rusqlite",
    "tokio-postgres",
];
const KNOW_DRIVERS: &[&str] = &["prover", "store", "testkit"];

/// Every arrow stands in the table.
pub fn between_crates(repository: &Repository) -> Vec<Finding> {
    let ours: Vec<&str> = repository
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in &repository.packages {
        let Some(allowed) = arrows_of(&package.name, &ours) else {
            let what = "is not in the table of arrows (xtask/src/tidy/arrows.rs)";
            findings.push(Finding::new(&package.name, what));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let is_in_tests = is_for_tests(dependency) && IN_TESTS.contains(&name);
            if ours.contains(&name) && !allowed.contains(&name) && !is_in_tests {
                let what = format!("may not know {name}; the arrows run the other way");
                findings.push(Finding::new(&package.name, what));
            }
        }
    }
    findings
}

fn arrows_of<'a>(name: &str, ours: &[&'a str]) -> Option<Vec<&'a str>> {
    let dialects = || ours.iter().copied().filter(|name| is_dialect(name));
    let in_table = |allowed: &[&str]| {
        let known = ours.iter().copied().filter(|name| allowed.contains(name));
        known.collect::<Vec<_>>()
    };
    if is_dialect(name) {
        return Some(in_table(DIALECT));
    }
    let (_, allowed) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name)?;
    let mut allowed = in_table(allowed);
    if matches!(name, "server" | "testkit") {
        allowed.extend(dialects());
    }
    Some(allowed)
}

fn is_dialect(name: &str) -> bool {
    name.starts_with("dialect_")
}

fn is_for_tests(dependency: &Dependency) -> bool {
    dependency.kind.as_deref() == Some("dev")
}

/// The stand-alone crates use nothing but what is listed, and the pure ones stay pure.
pub fn to_the_outside(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        let listed = ALONE.iter().find(|(name, _)| *name == package.name);
        for name in outside(package) {
            if listed.is_some_and(|(_, allowed)| !allowed.contains(&name)) {
                let what = format!("stands alone, and {name} is not on its list");
                findings.push(Finding::new(&package.name, what));
            }
            if PURE.contains(&package.name.as_str()) && IMPURE.contains(&name) {
                let what = format!("is pure, and {name} is not");
                findings.push(Finding::new(&package.name, what));
            }
        }
    }
    findings
}

/// Nobody but the store speaks to a database.
pub fn to_drivers(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        if KNOW_DRIVERS.contains(&package.name.as_str()) {
            continue;
        }
        for name in outside(package).filter(|name| DRIVERS.contains(name)) {
            let what = format!("may not know the database driver {name}; ask the store");
            findings.push(Finding::new(&package.name, what));
        }
    }
    findings
}

/// What a crate uses outside its tests.
fn outside(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| !is_for_tests(dependency))
        .map(|dependency| dependency.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, usual: &[&str], in_tests: &[&str]) -> Package {
        let dependency = |kind: Option<&str>| {
            let kind = kind.map(ToOwned::to_owned);
            move |name: &&str| Dependency {
                name: (*name).to_owned(),
                kind: kind.clone(),
            }
        };
        let usual = usual.iter().map(dependency(None));
        let in_tests = in_tests.iter().map(dependency(Some("dev")));
        Package {
            name: name.to_owned(),
            dependencies: usual.chain(in_tests).collect(),
        }
    }

    fn house(changed: Package) -> Repository {
        let names = [
            "domain",
            "store",
            "service",
            "http_kit",
            "testkit",
            "dialect_octo",
        ];
        let rest = names.into_iter().filter(|name| *name != changed.name);
        let packages = rest.map(|name| package(name, &[], &[]));
        Repository {
            packages: packages.chain([changed.clone()]).collect(),
            files: Vec::new(),
        }
    }

    fn places(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_in_the_table_are_allowed() {
        let dialect = package(
            "dialect_beds24",
            &["domain", "service", "serde"],
            &["testkit"],
        );
        assert_eq!(between_crates(&house(dialect)), []);
        let server = package("server", &["dialect_octo", "store", "service"], &[]);
        assert_eq!(between_crates(&house(server)), []);
    }

    #[test]
    fn an_arrow_that_runs_the_other_way_is_found() {
        let found = between_crates(&house(package("domain", &["store"], &[])));
        assert_eq!(
            places(&found),
            ["domain: may not know store; the arrows run the other way"]
        );
    }

    #[test]
    fn a_dialect_knows_neither_the_store_nor_another_dialect() {
        let dialect = package("dialect_beds24", &["store", "dialect_octo"], &[]);
        assert_eq!(between_crates(&house(dialect)).len(), 2);
        let in_tests = package("dialect_beds24", &[], &["store"]);
        assert_eq!(between_crates(&house(in_tests)).len(), 1);
    }

    #[test]
    fn what_tests_may_know_is_not_for_the_program() {
        let found = between_crates(&house(package("service", &["testkit"], &[])));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_crate_outside_the_table_is_found() {
        let found = between_crates(&house(package("helpdesk", &[], &[])));
        assert_eq!(found.len(), 1);
        assert!(places(&found)[0].contains("not in the table"));
    }

    #[test]
    fn no_arrow_of_the_table_makes_a_circle() {
        // The table runs from the bottom to the top, so an arrow may only point back.
        for (position, (name, allowed)) in ARROWS.iter().enumerate() {
            for below in *allowed {
                let place = ARROWS.iter().position(|(name, _)| name == below);
                assert!(place < Some(position), "{name} knows {below}");
            }
        }
    }

    #[test]
    fn the_journal_stands_alone_and_the_domain_is_pure() {
        let journal = house(package("journal", &["sha2", "domain"], &["proptest"]));
        assert_eq!(to_the_outside(&journal).len(), 1);
        let domain = house(package("domain", &["jiff", "tokio"], &[]));
        assert_eq!(to_the_outside(&domain).len(), 1);
    }

    #[test]
    fn only_the_store_and_those_who_measure_it_know_a_driver() {
        assert_eq!(
            to_drivers(&house(package("service", &["rusqlite"], &[]))).len(),
            1
        );
        assert_eq!(to_drivers(&house(package("store", &["rusqlite"], &[]))), []);
        assert_eq!(
            to_drivers(&house(package("service", &[], &["rusqlite"]))),
            []
        );
    }
}
