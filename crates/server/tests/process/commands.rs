//! The commands beside `serve`.

use std::{fs, path::Path};

use crate::running::{Running, complained, demo, run, said, told};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_clock_is_moved_from_the_command_line_also_when_that_ends_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &[]);
    let clock = |arguments: &[&str]| said(&[&["clock", "--data", text(&data)], arguments].concat());
    assert!(clock(&[]).starts_with("20"));
    assert!(clock(&["advance", "1d"]).contains(" -> "));
    assert!(clock(&["advance", "-1h"]).contains(" -> "));
    assert!(clock(&["to", "2027-05-01T12:00:00Z"]).contains("2027-05-01T12:00:00Z"));
    let wrong = complained(1, &["clock", "--data", text(&data), "advance", "soon"]);
    assert!(wrong.contains("P1D, 36h or 2 months"), "{wrong}");
    let url = format!("http://{}", server.address);
    let token = complained(1, &["clock", "--url", &url, "--token", "x", "now"]);
    assert!(token.contains("not accepted"), "{token}");
    drop(server);
    let gone = complained(1, &["clock", "--data", text(&data)]);
    assert!(gone.contains("is the server running?"), "{gone}");
    let nowhere = complained(1, &["clock", "--data", text(folder.path())]);
    assert!(nowhere.contains("tabard serve --demo"), "{nowhere}");
}

#[test]
fn a_store_is_exported_verified_backed_up_and_copied_while_it_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &[]);
    let journal = folder.path().join("journal.jsonl");
    said(&["export", "--data", text(&data), text(&journal)]);
    assert!(run(&["verify", text(&journal)]).status.success());
    let tenant = demo(&data)["tabard"]["tenant_id"].to_string();
    let printed = said(&["export", "--data", text(&data), "--tenant", &tenant]);
    assert_eq!(printed, fs::read_to_string(&journal).unwrap());
    let unknown = complained(1, &["export", "--data", text(&data), "--tenant", "7"]);
    assert!(unknown.contains("there is no tenant 7"), "{unknown}");

    let backup = folder.path().join("restored/tabard.db");
    fs::create_dir(backup.parent().unwrap()).unwrap();
    said(&["backup", "--data", text(&data), text(&backup)]);
    let again = complained(1, &["backup", "--data", text(&data), text(&backup)]);
    assert!(again.contains("exists already"), "{again}");
    let restored = said(&["export", "--data", text(backup.parent().unwrap())]);
    assert_eq!(restored, printed);

    let copy = folder.path().join("copy");
    said(&["copy", "--from", text(&data), "--to", text(&copy)]);
    assert_eq!(said(&["export", "--data", text(&copy)]), printed);
    let full = complained(1, &["copy", "--from", text(&data), "--to", text(&copy)]);
    assert!(full.contains("copy into an empty store"), "{full}");
    assert!(server.stop().success());
}

#[test]
fn a_journal_that_was_tampered_with_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Running::start(&data, &[]).stop().success());
    let journal = folder.path().join("journal.jsonl");
    let honest = said(&["export", "--data", text(&data)]);
    fs::write(
        &journal,
        honest.replacen(r#""capacity":8"#, r#""capacity":9"#, 1),
    )
    .unwrap();
    assert_eq!(run(&["verify", text(&journal)]).status.code(), Some(1));
    assert_eq!(run(&["verify", "nowhere.jsonl"]).status.code(), Some(2));
    assert!(said(&["verify", "--help"]).contains("proves"));
}

#[test]
fn the_first_tenant_and_the_first_client_are_made_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let at = ["--data", text(&data)];
    let none = complained(1, &["tenant", "list", at[0], at[1]]);
    assert!(none.contains("there is no store in"), "{none}");
    let made = said(&[
        "tenant",
        "create",
        "Hotel",
        "--zone",
        "Europe/Lisbon",
        "--currency",
        "eur",
        at[0],
        at[1],
    ]);
    let number = |word: &str| {
        let line = made.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("{made}")).trim().to_owned()
    };
    let (tenant, property) = (number("tenant "), number("property "));
    let sandbox = [
        "tenant",
        "create",
        "Trials",
        "--sandbox",
        "--clock",
        "2027-05-01T12:00:00Z",
        at[0],
        at[1],
    ];
    said(&sandbox);
    let list = said(&["tenant", "list", at[0], at[1]]);
    assert!(
        list.contains("Hotel\tproduction") && list.contains("Trials\tsandbox at 2027-05-01T12"),
        "{list}"
    );

    let invite = |extra: &[&str]| run(&[&["beds24", "invite", at[0], at[1]], extra].concat());
    for (extra, expected) in [
        (
            &["--tenant", "7", "--scopes", "all:bookings"][..],
            "there is no tenant 7",
        ),
        (
            &["--tenant", &tenant, "--scopes", "bookings"],
            "method:category",
        ),
        (
            &[
                "--tenant",
                &tenant,
                "--scopes",
                "all:bookings",
                "--ip",
                "here",
            ],
            "neither an address",
        ),
        (
            &[
                "--tenant",
                &tenant,
                "--scopes",
                "all:bookings",
                "--property",
                "7",
            ],
            "no property 7",
        ),
    ] {
        let refused = invite(extra);
        let complaint = String::from_utf8_lossy(&refused.stderr);
        assert!(
            refused.status.code() == Some(1) && complaint.contains(expected),
            "{complaint}"
        );
    }
    let good = [
        "--tenant",
        &tenant,
        "--scopes",
        "all:bookings, read:inventory",
        "--property",
        &property,
    ];
    let good = invite(&[&good[..], &["--ip", "127.0.0.1", "--linked-properties"]].concat());
    let printed = String::from_utf8(good.stdout).unwrap();
    let code = printed.lines().nth(1).unwrap();
    let server = Running::start(&data, &[]);
    let setup = server.send(
        "GET",
        "/beds24/v2/authentication/setup",
        &[("code", code)],
        "",
    );
    assert_eq!(setup.status, 200, "{printed}");
    let token = setup.json()["token"].as_str().unwrap().to_owned();
    let details = server
        .send(
            "GET",
            "/beds24/v2/authentication/details",
            &[("token", &token)],
            "",
        )
        .json();
    assert_eq!(details["token"]["onlyPropertyId"].to_string(), property);
    assert_eq!(details["token"]["linkedProperties"], true);
    assert_eq!(
        details["token"]["scopes"],
        serde_json::json!(["all:bookings", "read:inventory"])
    );
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2() {
    for arguments in [
        &["serve", "--listen", "everywhere"][..],
        &["tenant", "create"],
        &["tenant", "create", "X", "--clock", "2027-05-01T12:00:00Z"],
        &["nothing"],
        &[
            "beds24",
            "invite",
            "--tenant",
            "x",
            "--scopes",
            "all:bookings",
        ],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_documents_are_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    said(&["openapi", text(&first)]);
    said(&["openapi", "--out", text(&second)]);
    for name in ["beds24.json", "tabard.json"] {
        let text = fs::read_to_string(first.join(name)).unwrap();
        assert!(text.ends_with("}\n"));
        assert_eq!(text, fs::read_to_string(second.join(name)).unwrap());
    }
}

#[test]
fn a_stopped_store_is_filled_through_the_hot_path() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let filled = said(&[
        "bench-fill",
        "--allocations",
        "1500",
        "--lanes",
        "7",
        "--data",
        text(&data),
    ]);
    assert!(filled.contains("1500 bookings over 7 lanes"), "{filled}");
    let journal = said(&["export", "--data", text(&data)]);
    assert_eq!(
        journal
            .lines()
            .filter(|line| line.contains(r#""kind":"take""#))
            .count(),
        1500
    );
}

#[test]
fn accounts_are_made_listed_given_passwords_and_closed() {
    let folder = tempfile::tempdir().unwrap();
    let place = ["--data", text(folder.path())];
    let tenant = said(&[&["tenant", "create", "Hotel"], &place[..]].concat());
    let tenant = tenant.lines().next().unwrap().replace("tenant ", "");
    let user =
        |line: &str, arguments: &[&str]| told(line, &[&["user"], arguments, &place].concat());
    let create = [
        "create",
        "--tenant",
        &tenant,
        "--email",
        "Ada@example.org",
        "--name",
        "Ada",
    ];
    let (code, short) = user("short\n", &create);
    assert_eq!(code, Some(1));
    assert!(short.contains("12 characters"), "{short}");
    let (code, made) = user("a long sentence\n", &create);
    assert_eq!(code, Some(0), "{made}");
    let (code, twice) = user("a long sentence\n", &create);
    assert_eq!(code, Some(1));
    assert!(twice.contains("already"), "{twice}");
    let list = ["list", "--tenant", &tenant];
    let (_, listed) = user("", &list);
    assert!(listed.contains("ada@example.org\tAda\topen"), "{listed}");
    let (_, set) = user(
        "another sentence",
        &["password", "--email", "ada@example.org"],
    );
    assert!(set.contains("all sessions have ended"), "{set}");
    let (code, nobody) = user("", &["close", "--email", "bob@example.org"]);
    assert_eq!(code, Some(1));
    assert!(
        nobody.contains("nobody signs in as bob@example.org"),
        "{nobody}"
    );
    user("", &["close", "--email", "ada@example.org"]);
    let (_, listed) = user("", &list);
    assert!(listed.contains("Ada\tclosed"), "{listed}");
}
