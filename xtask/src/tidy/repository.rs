//! The repository as the rules see it: crates with their dependencies, and text files.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::workspace::Package;

/// Folders that are not ours to judge.
const SKIPPED: [&str; 5] = [
    ".git",
    "target",
    "node_modules",
    "tabard-data",
    "fuzz-corpus",
];

/// How the names of the text files end that rules look into.
const TEXT: [&str; 14] = [
    ".rs", ".md", ".toml", ".sql", ".sh", ".yml", ".yaml", ".ts", ".js", ".css", ".html", ".txt",
    ".ftl", "/run",
];

/// What the rules judge.
#[derive(Debug, Default)]
pub struct Repository {
    /// The crates of the workspace.
    pub packages: Vec<Package>,
    /// Every file, by path from the root with `/` between its parts, in order.
    pub files: Vec<SourceFile>,
}

/// One file.
#[derive(Debug)]
pub struct SourceFile {
    /// The path from the root.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// What it says, if it is a text that rules look into.
    pub text: Option<String>,
}

impl Repository {
    /// Reads everything below `root`.
    pub fn read(root: &Path, packages: Vec<Package>) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { packages, files })
    }

    /// The text files whose name ends so.
    pub fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |file| file.path.ends_with(ending))
            .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
    }

    /// Whether there is a file or a folder of this name.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let is_it = |file: &SourceFile| {
            let rest = file.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        path.is_empty() || self.files.iter().any(is_it)
    }

    /// A repository made of strings, for the tests of the rules.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            size: text.len() as u64,
            text: Some((*text).to_owned()),
        };
        Self {
            packages: Vec::new(),
            files: files.iter().map(file).collect(),
        }
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            files.push(read_file(&entry.path(), path)?);
        }
    }
    Ok(())
}

fn read_file(place: &Path, path: String) -> anyhow::Result<SourceFile> {
    let size = fs::metadata(place).with_context(|| path.clone())?.len();
    let is_text = TEXT.iter().any(|ending| path.ends_with(ending));
    let text = if is_text {
        let bytes = fs::read(place).with_context(|| path.clone())?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    } else {
        None
    };
    Ok(SourceFile { path, size, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_what_is_built_or_stored_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["src/a.rs", "target/b.rs", "tabard-data/c.rs", "d.bin"] {
            let place = folder.path().join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, "x").unwrap();
        }
        let repository = Repository::read(folder.path(), Vec::new()).unwrap();
        let paths: Vec<_> = repository.files.iter().map(|file| &file.path).collect();
        assert_eq!(paths, ["d.bin", "src/a.rs"]);
        assert_eq!(repository.texts(".rs").count(), 1);
        assert!(repository.has("src"));
        assert!(repository.has("src/a.rs"));
        assert!(!repository.has("sr"));
    }
}
