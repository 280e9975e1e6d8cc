//! Sizes, docs and white space of files.

use super::Finding;
use super::repository::Repository;

/// Who opens a file should be able to hold it in mind.
const LINES_OF_RUST: usize = 700;

/// Nobody can take a large file out of the history of a repository again.
const BYTES: u64 = 4 * 1024 * 1024;

/// Files stay small enough to be read.
pub fn sizes(repository: &Repository) -> Vec<Finding> {
    let long = repository.texts(".rs").filter_map(|(path, text)| {
        let lines = text.lines().count();
        let what = || format!("{lines} lines; more than {LINES_OF_RUST} are several files");
        (lines > LINES_OF_RUST).then(|| Finding::new(path, what()))
    });
    let heavy = repository.files.iter().filter(|file| file.size > BYTES);
    let heavy = heavy.map(|file| {
        let what = format!("{} bytes do not belong into the repository", file.size);
        Finding::new(&file.path, what)
    });
    long.chain(heavy).collect()
}

/// Each file of Rust begins by saying what it is; `tests.rs` beside a module has said so.
pub fn module_docs(repository: &Repository) -> Vec<Finding> {
    let sources = repository.texts(".rs");
    sources
        .filter(|(path, _)| !path.ends_with("/tests.rs"))
        .filter(|(_, text)| !text.trim_start().starts_with("//!"))
        .map(|(path, _)| Finding::new(path, "begins without a module doc (`//! …`)"))
        .collect()
}

/// No tabs and no blanks at the end of a line, where they have no meaning.
pub fn white_space(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ending in [".rs", ".toml", ".sql", ".sh"] {
        for (path, text) in repository.texts(ending) {
            for (index, line) in text.lines().enumerate() {
                if line.ends_with([' ', '\t', '\r']) || line.contains('\t') {
                    findings.push(Finding::at(path, index + 1, "a tab, or a blank at the end"));
                }
            }
            if !text.is_empty() && !text.ends_with('\n') {
                findings.push(Finding::new(path, "the last line has no end"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let fits = "\n".repeat(LINES_OF_RUST);
        let too_long = "\n".repeat(LINES_OF_RUST + 1);
        let repository =
            Repository::of(&[("a.rs", &fits), ("b.rs", &too_long), ("c.md", &too_long)]);
        let found = sizes(&repository);
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with("b.rs: 701 lines"));
    }

    #[test]
    fn a_file_that_is_too_heavy_is_found_whatever_it_is() {
        let mut repository = Repository::of(&[("a.bin", "")]);
        repository.files[0].size = BYTES + 1;
        assert_eq!(sizes(&repository).len(), 1);
    }

    #[test]
    fn a_module_that_does_not_say_what_it_is_is_found() {
        let repository =
            Repository::of(&[("a.rs", "//! What it is.\n"), ("b.rs", "fn main() {}\n")]);
        assert_eq!(module_docs(&repository).len(), 1);
    }

    #[test]
    fn white_space_without_a_meaning_is_found() {
        let repository = Repository::of(&[
            ("a.rs", "fn main() {} \n"),
            ("b.rs", "\tfn main() {}\n"),
            ("c.rs", "fn main() {}"),
            ("d.md", "two blanks  \nbreak a line here"),
            ("e.rs", "fn main() {}\n"),
        ]);
        assert_eq!(white_space(&repository).len(), 3);
    }
}
