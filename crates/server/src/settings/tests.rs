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
        ("environment = \"pro duction\"", "a short word"),
        ("secret = \"short\"", "secret is too short"),
        ("[delivery]\nkeep_days = 6", "for 7 days or more"),
        (
            "[delivery]\nallowed_networks = \"home\"",
            "neither an address such as",
        ),
        ("[mail]\nfrom = \"nobody\"", "mail.from can't be used"),
        (
            "[mail]\nserver = \"mail.example.org:25\"",
            "the port is mail.port",
        ),
        (
            "[mail]\nserver = \"a\"\nfolder = \"b\"",
            "leave one of them out",
        ),
        ("[mail]\nserver = \"a\"\nuser = \"b\"", "set both, or none"),
        (
            "[mail]\nserver = \"a\"\nuser = \"b\"\npassword = \"c\"\nsecurity = \"none\"",
            "for everybody to read",
        ),
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

#[test]
fn secrets_are_not_shown_by_what_prints_settings() {
    let text = "secret = \"0123456789abcdef0123456789abcdef\"\n\
        [mail]\nserver = \"mail.example.org\"\nuser = \"ada\"\npassword = \"hush hush\"";
    let settings = from_text(text).unwrap();
    let shown = format!("{settings:?}");
    assert!(shown.contains("mail.example.org"), "{shown}");
    assert!(
        !shown.contains("hush") && !shown.contains("abcdef"),
        "{shown}"
    );
}

#[test]
fn flags_of_webhooks_and_mail_win_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tabard.toml");
    let text = "[delivery]\nallowed_networks = [\"10.0.0.0/8\"]\nkeep_days = 9\n[mail]\nfrom = \"a@b.example\"";
    std::fs::write(&file, text).unwrap();
    let flags = Flags {
        environment: Some("staging".to_owned()),
        delivery: layers::DeliveryFlags {
            allowed_networks: vec!["127.0.0.1".to_owned()],
            allow_http: true,
        },
        mail: layers::MailFlags {
            folder: Some("mails".into()),
            ..layers::MailFlags::default()
        },
        ..Flags::default()
    };
    let settings = load(Some(&file), &flags).unwrap();
    assert_eq!(settings.environment, "staging");
    assert_eq!(
        settings.delivery.allowed_networks,
        ["127.0.0.1/32".parse().unwrap()]
    );
    assert!(settings.delivery.allow_http);
    assert_eq!(settings.delivery.keep_days, 9);
    assert_eq!(settings.mail.folder, Some("mails".into()));
    assert_eq!(settings.mail.from, "a@b.example");
}
