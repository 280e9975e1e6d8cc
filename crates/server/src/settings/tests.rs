//! The sample file and the settings say the same.

use super::*;

const SAMPLE: &str = include_str!("../../../../tabard.sample.toml");

fn from_text(text: &str) -> anyhow::Result<Settings> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tabard.toml");
    std::fs::write(&file, text).unwrap();
    load(Some(&file), &Flags::default())
}

#[test]
fn the_sample_parses_to_the_defaults() {
    assert_eq!(from_text(SAMPLE).unwrap(), Settings::default());
}

/// What a line of the sample sets, also where it is commented out.
fn set_by(line: &str) -> Option<&str> {
    let (key, _) = line.trim_start_matches(['#', ' ']).split_once(" = ")?;
    (!key.contains(' ')).then_some(key)
}

#[test]
fn the_sample_documents_every_setting() {
    let mut documented = Vec::new();
    let (mut section, mut above) = (String::new(), "");
    for line in SAMPLE.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = format!("{name}.");
        } else if let Some(key) = set_by(line) {
            assert!(above.starts_with("# "), "{key} has no comment above it");
            documented.push(format!("{section}{key}"));
        }
        above = line;
    }
    assert_eq!(documented, layers::names());
    for name in documented {
        assert!(
            SAMPLE.contains(&variable_of(&name)),
            "{name}: its variable is not named"
        );
    }
}

#[test]
fn a_flag_wins_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tabard.toml");
    std::fs::write(&file, "node = 3\n[log]\nfilter = \"warn\"").unwrap();
    let flags = Flags {
        node: Some(7),
        ..Flags::default()
    };
    let settings = load(Some(&file), &flags).unwrap();
    assert_eq!(settings.node, 7);
    assert_eq!(settings.log.filter, "warn");
}

#[test]
fn lists_may_be_one_text_with_commas() {
    let settings = from_text("trusted_proxies = \"10.0.0.0/8, 192.0.2.1\"").unwrap();
    assert_eq!(settings.trusted_proxies.len(), 2);
}

#[test]
fn what_cannot_be_used_is_refused_with_what_to_do() {
    for (text, expected) in [
        ("node = 16", "number the servers of one store from 0 to 15"),
        ("nod = 1", "unknown field"),
        ("listen = \"everywhere\"", "listen"),
        (
            "store = \"mysql://x\"",
            "give a directory for SQLite, or postgres://",
        ),
        (
            "public_url = \"https://a.example/prefix\"",
            "write scheme and host only",
        ),
        (
            "trusted_proxies = [\"everybody\"]",
            "neither an address such as",
        ),
        ("[limits]\nconnections = 0", "would let nobody in"),
        ("[log]\nfilter = \"a=b=c\"", "log.filter"),
        ("[hosts]\nbeds24 = [\"https://x\"]", "without scheme"),
        ("[metrics]\nlisten = \"127.0.0.1:8080\"", "leave it out"),
    ] {
        let error = format!("{:#}", from_text(text).unwrap_err());
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(Some("nowhere.toml".as_ref()), &Flags::default()).unwrap_err();
    assert!(format!("{error:#}").contains("nowhere.toml"));
}
