//! Apps from the command line, for a toy dialect.

use std::path::Path;

use catalogue::content::{Channel, ChannelDetails};
use clap::Parser as _;
use domain::access::{Actor, Capabilities, Reach, capability as c};
use service::{
    properties::{PropertyPatch, PropertyWrite},
    records::create,
};

use super::*;
use crate::commands::{Command, CommandLine};

fn words() -> Vec<Permission> {
    let permission = |word: &str, about: &str, capability| Permission {
        word: word.to_owned(),
        about: about.to_owned(),
        capabilities: Capabilities::none().with(capability, Reach::Tenant),
    };
    vec![
        permission("booking|read", "See bookings", c::BOOKINGS_READ),
        permission("booking|write", "Change bookings", c::BOOKINGS_WRITE),
    ]
}

const TOY: AppDialect = AppDialect {
    name: "toy",
    prefix: "/toy",
    hosts: |hosts| &hosts.beds24,
    permissions: words,
    quota: identity::ROOMY_QUOTA,
    adjust: |profile| profile.rotates = false,
    api_prefix: "/v1",
    api: |_, _, _| Ok(axum::Router::new()),
    refuse: dialect_beds24::errors::answer,
    document: || Ok(serde_json::Value::Null),
    format: None,
};

const OTHER: AppDialect = AppDialect {
    name: "other",
    prefix: "/other",
    ..TOY
};

/// Types a command, and says what it answers.
async fn typed(data: &Path, dialects: &[AppDialect], words: &[&str]) -> anyhow::Result<String> {
    let data = data.to_str().unwrap();
    let line = [&["tabard", "app"], words, &["--data", data]].concat();
    match CommandLine::try_parse_from(line)?.command {
        Command::App(app) => app.answer(dialects).await,
        _ => bail!("that is no command for apps"),
    }
}

async fn tenant(data: &Path) -> String {
    let config = store::StoreConfig::Sqlite {
        directory: data.to_owned(),
    };
    let store = places::open(&config).await.unwrap();
    let new = service::tenants::NewTenant {
        name: "Hotel".to_owned(),
        sandbox: false,
        clock: None,
    };
    let service = service::Service::new(store.clone());
    let tenant = service.tenant_create(new, places::now()).await.unwrap();
    store.close().await;
    tenant.id.to_string()
}

/// What follows a word in an answer.
fn after<'a>(answer: &'a str, word: &str) -> &'a str {
    let mut lines = answer.lines();
    let found = lines.find_map(|line| line.strip_prefix(word));
    found
        .unwrap_or_else(|| panic!("no {word} in {answer}"))
        .trim()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_registered_given_keys_and_secrets_halted_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let tenant = tenant(data).await;
    let toy = async |words: &[&str]| typed(data, &[TOY], words).await;
    let list = ["list", "--tenant", &tenant];
    assert!(toy(&list).await.unwrap().starts_with("no apps yet"));

    let uri = "https://app.example.org/back";
    let create = [
        "create", "--tenant", &tenant, "--name", "Manager", "--scopes", "all",
    ];
    let made = [&create[..], &["--redirect-uri", uri]].concat();
    let made = toy(&made).await.unwrap();
    let (app, first) = (after(&made, "app "), after(&made, "client_secret "));
    let first_id = after(&made, "the secret is shown this once; its id is ");
    let link = after(&made, "to allow it something, with the server running: ");
    assert!(
        link.starts_with("http://127.0.0.1:8080/toy/oauth/authorize?"),
        "{link}"
    );
    let listed = toy(&list).await.unwrap();
    let client = after(&made, "client_id ");
    assert_eq!(
        listed,
        format!("{app}\ttoy\t{client}\tManager\t2 scopes\tactive\n")
    );

    let named = ["--tenant", tenant.as_str(), "--app", app];
    let on_app = async |word: &str, more: &[&str]| toy(&[&[word], &named[..], more].concat()).await;
    let key = on_app("key", &[]).await.unwrap();
    let again = on_app("key", &[]).await.unwrap();
    assert_ne!(after(&key, "api_key "), after(&again, "api_key "));
    let second = on_app("secret", &[]).await.unwrap();
    assert_ne!(after(&second, "client_secret "), first);
    on_app("secret", &["--retire", first_id]).await.unwrap();
    let unknown = on_app("secret", &["--retire", "7"]).await.unwrap_err();
    assert!(
        format!("{unknown:#}").contains("no such app"),
        "{unknown:#}"
    );

    let uris = ["--redirect-uri", "https://app.example.org/other"];
    on_app(
        "change",
        &[&["--scopes", "booking|read"], &uris[..]].concat(),
    )
    .await
    .unwrap();
    assert!(toy(&list).await.unwrap().contains("\t1 scopes\t"));
    let nothing = on_app("change", &[]).await.unwrap_err();
    assert!(format!("{nothing:#}").contains("give --scopes"));

    on_app("halt", &[]).await.unwrap();
    assert!(toy(&list).await.unwrap().ends_with("halted\n"));
    on_app("resume", &[]).await.unwrap();
    assert!(toy(&list).await.unwrap().ends_with("active\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_is_listed_given_no_channel_that_is_not_there_and_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let tenant = tenant(data).await;
    let toy = async |words: &[&str]| typed(data, &[TOY], words).await;
    let list = ["installations", "--tenant", &tenant];
    assert!(toy(&list).await.unwrap().starts_with("no app is installed"));
    let words = [
        "create", "--tenant", &tenant, "--name", "Own", "--scopes", "all",
    ];
    let made = toy(&words).await.unwrap();
    let app = after(&made, "app ");
    let words = ["key", "--tenant", &tenant, "--app", app];
    let made = toy(&words).await.unwrap();
    let id = after(&made, "the key is shown this once; its installation is ");
    let line = |state: &str| {
        format!("{id}\ttoy\tapp {app}\tOwn\town key\t2 scopes\tevery property\t{state}\n")
    };
    assert_eq!(toy(&list).await.unwrap(), line("active"));

    let named = ["--tenant", tenant.as_str(), "--installation", id];
    let on_it = async |word: &str, more: &[&str]| toy(&[&[word], &named[..], more].concat()).await;
    let nowhere = ["--organization", "7", "--channel", "8"];
    let unknown = on_it("channel", &nowhere).await.unwrap_err();
    let unknown = format!("{unknown:#}");
    assert!(unknown.contains("has no property 7"), "{unknown}");
    on_it("cancel", &[]).await.unwrap();
    assert_eq!(toy(&list).await.unwrap(), line("cancelled"));
    let words = ["cancel", "--tenant", &tenant, "--installation", "7"];
    let unknown = format!("{:#}", toy(&words).await.unwrap_err());
    assert!(unknown.contains("no such installation"), "{unknown}");
}

/// A property of the tenant, its channel, and a channel of another property.
async fn property(data: &Path, tenant: &str) -> (Id, Id, Id) {
    let config = store::StoreConfig::Sqlite {
        directory: data.to_owned(),
    };
    let store = places::open(&config).await.unwrap();
    let service = service::Service::new(store.clone());
    let tenant_id: Id = tenant.parse().unwrap();
    let actor = Actor {
        tenant_id,
        client_id: tenant_id,
        grant_id: tenant_id,
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now: places::now(),
        request_id: "test".to_owned(),
    };
    let write = |name: &str| PropertyWrite {
        patch: PropertyPatch {
            name: Some(name.to_owned()),
            ..PropertyPatch::default()
        },
        ..PropertyWrite::default()
    };
    let both = vec![write("Hotel"), write("Hostel")];
    let written = service.properties().write(&actor, both).await.unwrap();
    let ids: Vec<Id> = written
        .into_iter()
        .map(|one| one.unwrap().after.organization.id)
        .collect();
    let mut channels = Vec::new();
    for organization in &ids {
        let details = ChannelDetails {
            name: "Shop".to_owned(),
            ..ChannelDetails::default()
        };
        let mut channel = Channel::new(service.new_id(&actor), details);
        channel.organization_id = Some(*organization);
        channels.push(channel.id);
        let written = service.write_one(&actor, create(channel)).await;
        written.unwrap().unwrap();
    }
    store.close().await;
    (ids[0], channels[0], channels[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_is_granted_the_channel_of_a_property_and_loses_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let tenant = tenant(data).await;
    let (hotel, shop, elsewhere) = property(data, &tenant).await;
    let toy = async |words: &[&str]| typed(data, &[TOY], words).await;
    let words = [
        "create", "--tenant", &tenant, "--name", "Own", "--scopes", "all",
    ];
    let made = toy(&words).await.unwrap();
    let words = ["key", "--tenant", &tenant, "--app", after(&made, "app ")];
    let made = toy(&words).await.unwrap();
    let id = after(&made, "the key is shown this once; its installation is ");
    let property = hotel.to_string();
    let named = [
        "channel",
        "--tenant",
        &tenant,
        "--installation",
        id,
        "--organization",
        &property,
    ];
    let grant = async |more: &[&str]| toy(&[&named[..], more].concat()).await;
    let listed = async || {
        let listed = toy(&["installations", "--tenant", &tenant]).await;
        listed.unwrap()
    };
    let through = format!("\tevery property; {hotel} through channel {shop}\tactive\n");
    // Granted twice it is granted once.
    for _ in 0..2 {
        let answer = grant(&["--channel", &shop.to_string()]).await.unwrap();
        let expected = format!("property {hotel} sells through channel {shop}");
        assert_eq!(answer, expected);
        assert!(listed().await.ends_with(&through), "{}", listed().await);
    }
    for other in [elsewhere, hotel] {
        let refused = grant(&["--channel", &other.to_string()]).await.unwrap_err();
        let expected = format!("property {hotel} has no channel {other}");
        assert_eq!(format!("{refused:#}"), expected);
    }
    assert!(
        listed().await.ends_with(&through),
        "what was refused has changed nothing"
    );
    let answer = grant(&["--none"]).await.unwrap();
    assert_eq!(answer, format!("property {hotel} sells through no channel"));
    assert!(
        listed().await.ends_with("\tevery property\tactive\n"),
        "{}",
        listed().await
    );
    for wrong in [&[][..], &["--none", "--channel", "7"][..]] {
        assert!(grant(wrong).await.is_err(), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_app_is_refused_with_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let tenant = tenant(data).await;
    let create = |tenant: &str, scopes: &str, more: &[&str]| {
        let words = [
            "create", "--tenant", tenant, "--name", "A", "--scopes", scopes,
        ];
        let words = words.iter().chain(more);
        words.map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let refused = async |dialects: &[AppDialect], words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let error = typed(data, dialects, &words).await.unwrap_err();
        format!("{error:#}")
    };
    for (dialects, words, expected) in [
        (
            &[][..],
            create(&tenant, "all", &[]),
            "no dialect of this program",
        ),
        (
            &[TOY, OTHER][..],
            create(&tenant, "all", &[]),
            "by --dialect: toy, other",
        ),
        (
            &[TOY][..],
            create(&tenant, "all", &["--dialect", "x"]),
            "there is no dialect \"x\": write toy",
        ),
        (
            &[TOY][..],
            create(&tenant, "booking|fly", &[]),
            "write all, or some of booking|read, booking|write",
        ),
        (&[TOY][..], create("7", "all", &[]), "there is no tenant 7"),
        (
            &[TOY][..],
            create(&tenant, "all", &["--redirect-uri", "http://example.org/"]),
            "has to be https",
        ),
    ] {
        let error = refused(dialects, words).await;
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let one = create(&tenant, "booking|read", &["--dialect", "other", "--public"]);
    let one: Vec<&str> = one.iter().map(String::as_str).collect();
    let made = typed(data, &[TOY, OTHER], &one).await.unwrap();
    assert!(!made.contains("client_secret"), "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_ones_own_may_call_more_often_than_the_vendor_lets_others() {
    const LIMITED: AppDialect = AppDialect {
        quota: identity::BOOKING_EXPERTS_QUOTA,
        ..TOY
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let tenant = tenant(data).await;
    for (flags, quota) in [
        (&[][..], identity::BOOKING_EXPERTS_QUOTA),
        (&["--roomy"][..], identity::ROOMY_QUOTA),
    ] {
        let create = [
            "create", "--tenant", &tenant, "--name", "Own", "--scopes", "all",
        ];
        let made = typed(data, &[LIMITED], &[&create[..], flags].concat()).await;
        let app = after(made.as_ref().unwrap(), "app ").to_owned();
        let key = ["key", "--tenant", &tenant, "--app", &app];
        let made = typed(data, &[LIMITED], &key).await.unwrap();
        let config = store::StoreConfig::Sqlite {
            directory: data.to_owned(),
        };
        let store = places::open(&config).await.unwrap();
        let identity = Identity::new(store.clone(), IdentitySettings::default());
        let (key, ip) = (after(&made, "api_key "), [127, 0, 0, 1].into());
        let caller = identity.resolve("toy", key, ip, places::now()).await;
        assert_eq!(caller.unwrap().quota, quota, "{flags:?}");
        store.close().await;
    }
}
