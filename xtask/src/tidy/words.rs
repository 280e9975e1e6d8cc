//! Names that say nothing, and words that do not belong into the repository.

use super::Finding;
use super::repository::Repository;

/// Words that say nothing wherever they stand in a name, with what to do instead.
const EMPTY: &[&str] = &[
    "cfg",
    "ctx",
    "helper",
    "helpers",
    "manager",
    "mgr",
    "misc",
    "svc",
    "util",
    "utilities",
    "utility",
    "utils",
];

/// Functions whose whole name is one of these could do anything.
const EMPTY_FUNCTIONS: &[&str] = &["do_it", "handle", "process"];

/// Words after which a name is declared.
const DECLARE_TYPE: &[&str] = &["enum", "struct", "trait", "type", "union"];
const DECLARE: &[&str] = &[
    "const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union",
];

/// Notes to oneself. Written in two pieces here, so that this file may keep its own rule.
const NOTES: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Where home folders are: a path below one works on a single machine only.
const HOMES: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
];

/// Declared names say what a thing is.
pub fn names(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.texts(".rs") {
        for (number, line) in numbered(text) {
            for (keyword, name) in declared(line) {
                if let Some(what) = judge(keyword, name) {
                    findings.push(Finding::at(path, number, what));
                }
            }
        }
    }
    findings
}

/// So do the names of files.
pub fn file_names(repository: &Repository) -> Vec<Finding> {
    let sources = repository.texts(".rs").map(|(path, _)| path);
    sources
        .filter_map(|path| {
            let name = path.rsplit('/').next()?.strip_suffix(".rs")?;
            Some(Finding::new(path, judge("mod", name)?))
        })
        .collect()
}

fn judge(keyword: &str, name: &str) -> Option<String> {
    let words = words_of(name);
    let empty = words.iter().find(|word| EMPTY.contains(&word.as_str()));
    if let Some(word) = empty {
        return Some(format!(
            "{name}: \"{word}\" says nothing; name what it is or does"
        ));
    }
    let ends_in_data = words.last().is_some_and(|word| word == "data");
    if DECLARE_TYPE.contains(&keyword) && ends_in_data {
        return Some(format!("{name}: everything is data; name what it is"));
    }
    if keyword == "fn" && EMPTY_FUNCTIONS.contains(&name) {
        return Some(format!("{name}: name what it does"));
    }
    None
}

/// `LaneManager` and `lane_manager` are both `lane`, `manager`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        let begins = character == '_' || (character.is_uppercase() && was_lower);
        if begins {
            words.push(String::new());
        }
        if character != '_' {
            let lower = character.to_lowercase();
            words.last_mut().expect("there is always one").extend(lower);
        }
        was_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The names that a line of Rust declares, each with the word before it.
fn declared(line: &str) -> Vec<(&str, &str)> {
    let code = line.split("//").next().unwrap_or_default();
    // An associated type has the name that somebody else's trait gave it.
    if code.starts_with(' ') && code.trim_start().starts_with("type ") {
        return Vec::new();
    }
    // Every second piece between quotes is a text, which may say what it likes.
    let code = code.split('"').step_by(2);
    let is_in_name = |character: char| character.is_alphanumeric() || character == '_';
    let words: Vec<&str> = code
        .flat_map(|piece| piece.split(|character| !is_in_name(character)))
        .filter(|word| !word.is_empty())
        .collect();
    let pairs = words.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter(|(keyword, name)| DECLARE.contains(keyword) && !DECLARE.contains(name))
        .collect()
}

/// No path leads into somebody's home.
pub fn home_folders(repository: &Repository) -> Vec<Finding> {
    let says = |line: &str| {
        let home = HOMES.iter().find(|home| line.contains(**home))?;
        Some(format!("a path below {home} exists on one machine only"))
    };
    in_all_texts(repository, says)
}

/// What is not finished is in an issue, not in the source.
pub fn unfinished(repository: &Repository) -> Vec<Finding> {
    let says = |line: &str| {
        let is_in_word = |character: char| !character.is_alphanumeric();
        let note = line.split(is_in_word).find(|word| NOTES.contains(word))?;
        Some(format!("{note}: finish it or open an issue"))
    };
    let mut findings = in_all_texts(repository, says);
    findings.extend(in_all_texts(repository, |line| {
        let is_marker = line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
        is_marker.then(|| "a merge was not finished".to_owned())
    }));
    findings
}

fn in_all_texts(repository: &Repository, says: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.texts("") {
        for (number, line) in numbered(text) {
            if let Some(what) = says(line) {
                findings.push(Finding::at(path, number, what));
            }
        }
    }
    findings
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Repository) -> Vec<Finding>, text: &str) -> usize {
        rule(&Repository::of(&[("crates/a/src/b.rs", text)])).len()
    }

    #[test]
    fn names_are_taken_apart_however_they_are_written() {
        assert_eq!(words_of("LaneManager"), ["lane", "manager"]);
        assert_eq!(words_of("lane_manager"), ["lane", "manager"]);
        assert_eq!(words_of("QUANTITY_LIMIT"), ["quantity", "limit"]);
        assert_eq!(words_of("Sha256Digest"), ["sha256", "digest"]);
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        for line in [
            "pub struct BookingManager {",
            "pub(crate) mod utils;",
            "fn price_helper() {}",
            "enum StayData {",
            "pub async fn process(&self) {",
            "fn handle() {}",
            "type HttpCtx = ();",
        ] {
            assert_eq!(found(names, line), 1, "{line}");
        }
    }

    #[test]
    fn names_that_say_something_are_left_alone() {
        for line in [
            "pub struct Metadata {",
            "fn process_id() {}",
            "fn handle_of(id: u64) {}",
            "// a struct BookingManager would be wrong",
            "let data = read();",
            "mod data_directory;",
            "    type Data = Bytes;",
            "const fn utile() {}",
            "#[cfg(test)]",
        ] {
            assert_eq!(found(names, line), 0, "{line}");
        }
    }

    #[test]
    fn a_text_may_say_what_it_likes() {
        let line = "say(~fn process() {}~)".replace('~', "\u{22}");
        assert_eq!(found(names, &line), 0, "{line}");
    }

    #[test]
    fn files_are_named_as_well() {
        let repository = Repository::of(&[("src/utils.rs", ""), ("src/lane.rs", "")]);
        assert_eq!(file_names(&repository).len(), 1);
    }

    #[test]
    fn paths_into_a_home_are_found_and_addresses_are_not() {
        assert_eq!(found(home_folders, concat!("see /ho", "me/me/tabard")), 1);
        assert_eq!(found(home_folders, concat!("see /Us", "ers/me/tabard")), 1);
        assert_eq!(found(home_folders, "https://example.com/homes"), 0);
    }

    #[test]
    fn notes_to_oneself_and_open_merges_are_found() {
        assert_eq!(found(unfinished, concat!("// TO", "DO: later")), 1);
        assert_eq!(found(unfinished, concat!("<<<<<", "<< ours")), 1);
        assert_eq!(found(unfinished, "a toddler"), 0);
    }
}
