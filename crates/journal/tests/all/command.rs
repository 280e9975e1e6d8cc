//! The program itself, as somebody at a terminal meets it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::history::{History, Wish, lines};

fn verify(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tabard-verify"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end before it has read everything, and is right to.
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn journal_of(takes: i64) -> String {
    let take = |starts_at| Wish::Take {
        starts_at,
        nights: 2,
        quantity: 1,
        force: false,
    };
    let wishes: Vec<Wish> = (0..takes).map(|number| take(number * 3)).collect();
    lines(&History::of(7, 1, &wishes).sealed())
}

#[test]
fn help_teaches_the_rules_and_the_exit_code() {
    let output = verify(&["--help"], "");
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    for word in ["Usage", "given_twice", "Exit code", "Example", "--after"] {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn a_whole_journal_ends_with_code_0_and_its_figures() {
    let output = verify(&["-"], &journal_of(5));
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("OK  6 entries in 1 lanes keep every rule."));
}

#[test]
fn a_broken_journal_ends_with_code_1_and_names_the_entry() {
    let forged = journal_of(5).replacen("\"quantity\":1", "\"quantity\":2", 1);
    let output = verify(&["-"], &forged);
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    assert!(
        found.contains("line 2, lane 7, sequence 2 breaks the rule \"hash\""),
        "{found}"
    );
}

#[test]
fn json_is_one_line_for_programs() {
    let output = verify(&["--json", "-"], &journal_of(5));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["entries"], 6);
    let output = verify(&["--json", "-"], "{}\n");
    let violation: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(violation["rule"], "form");
    assert_eq!(violation["line"], 1);
}

#[test]
fn a_journal_that_continues_an_earlier_one_is_told_from_one_that_lost_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (short, long) = (path("short.jsonl"), path("long.jsonl"));
    std::fs::write(&short, journal_of(3)).unwrap();
    std::fs::write(&long, journal_of(5)).unwrap();
    assert_eq!(
        verify(&["--after", &short, &long], "").status.code(),
        Some(0)
    );
    let lost = verify(&["--after", &long, &short], "");
    assert_eq!(lost.status.code(), Some(1));
    assert!(text(&lost.stdout).contains("the chain ends at 4"));
}

#[test]
fn what_is_not_a_journal_is_refused_with_a_reason() {
    for input in ["hello\n", "[]\n", "{\"tenant\":1}\n", "\u{fffd}\n"] {
        let output = verify(&["-"], input);
        assert_eq!(output.status.code(), Some(1), "{input}");
        assert!(
            text(&output.stdout).contains("breaks the rule \"form\""),
            "{input}"
        );
    }
    let output = verify(&["-"], &"x".repeat(10_000_000));
    assert!(text(&output.stdout).contains("more than 4096 bytes"));
}

#[test]
fn arguments_that_make_no_sense_end_with_code_2() {
    for arguments in [
        &[][..],
        &["--frobnicate"],
        &["a", "b"],
        &["--after"],
        &["/no/such/file"],
    ] {
        let output = verify(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
