//! What must hold between settings that each make sense alone.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};
use domain::id::IdSource;
use http::Uri;

use super::{Mail, MailSecurity, Settings};

/// What is shorter could be guessed.
const SHORTEST_SECRET: usize = 32;

pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    ensure!(
        settings.node <= IdSource::LARGEST_NODE,
        "node is {}: number the servers of one store from 0 to {}",
        settings.node,
        IdSource::LARGEST_NODE
    );
    settings.store()?;
    if let Some(url) = &settings.public_url {
        public_url(url)?;
    }
    hosts(&settings.hosts.beds24)?;
    hosts(&settings.hosts.bookingexperts)?;
    crate::telemetry::filter(&settings.log.filter)?;
    let metrics = settings.metrics.listen;
    ensure!(
        metrics.is_none_or(|address| address != settings.listen || address.port() == 0),
        "metrics.listen is the same as listen: leave it out to have both on one address"
    );
    environment(&settings.environment)?;
    secret(settings)?;
    delivery(settings)?;
    mail(&settings.mail)?;
    limits(settings)
}

/// The name goes into a header, and into nothing longer than one.
fn environment(name: &str) -> anyhow::Result<()> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    ensure!(
        !name.is_empty() && name.len() <= 50 && name.chars().all(plain),
        "environment {name:?} can't be used: write a short word such as production or staging"
    );
    Ok(())
}

fn secret(settings: &Settings) -> anyhow::Result<()> {
    let length = settings.secret.as_ref().map(|text| text.reveal().len());
    ensure!(
        length.is_none_or(|length| length >= SHORTEST_SECRET),
        "secret is too short: write {SHORTEST_SECRET} characters or more that nobody can guess, or leave it out to have a key file made"
    );
    Ok(())
}

fn delivery(settings: &Settings) -> anyhow::Result<()> {
    let (days, least) = (
        settings.delivery.keep_days,
        delivery::Settings::KEEP_DAYS_LEAST,
    );
    ensure!(
        days >= least,
        "delivery.keep_days is {days}: what is younger than {least} days may still be tried, so keep it for {least} days or more"
    );
    Ok(())
}

fn mail(mail: &Mail) -> anyhow::Result<()> {
    ensure!(
        mail.folder.is_none() || mail.server.is_none(),
        "mail.folder and mail.server are both set: mail leaves one way, so leave one of them out"
    );
    ensure!(
        mail.user.is_some() == mail.password.is_some(),
        "mail.user and mail.password belong together: set both, or none"
    );
    ensure!(
        mail.password.is_none() || mail.security != MailSecurity::None,
        "mail.security is none, so mail.password would go over the line for everybody to read: use tls or start_tls"
    );
    if let Some(server) = &mail.server {
        ensure!(
            !server.is_empty() && !server.contains([':', '/', ' ', '@']),
            "mail.server {server:?} can't be used: write a host name alone, such as mail.example.org; the port is mail.port"
        );
    }
    if let Err(bad) = delivery::mail::From::parse(&mail.from, &mail.from_name) {
        bail!("mail.from can't be used: {bad}");
    }
    Ok(())
}

fn public_url(url: &str) -> anyhow::Result<()> {
    let expected = "write scheme and host only, such as https://api.example.org";
    let Ok(uri) = url.parse::<Uri>() else {
        bail!("public_url {url:?} is no address: {expected}");
    };
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = matches!(
        uri.path_and_query().map(|rest| rest.as_str()),
        None | Some("" | "/")
    );
    ensure!(
        scheme && bare && uri.host().is_some(),
        "public_url {url:?} can't be used: {expected}"
    );
    Ok(())
}

fn hosts(names: &[String]) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        let plain = name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-'));
        ensure!(
            plain,
            "the host name {name:?} can't be used: write it without scheme, port and path, such as api.beds24.example.org"
        );
        ensure!(
            seen.insert(name.to_lowercase()),
            "the host name {name:?} stands there twice"
        );
    }
    Ok(())
}

fn limits(settings: &Settings) -> anyhow::Result<()> {
    let limits = &settings.limits;
    for (name, value) in [
        ("header_time_s", limits.header_time_s),
        ("body_time_s", limits.body_time_s),
        ("write_time_s", limits.write_time_s),
        ("idle_time_s", limits.idle_time_s),
        ("connections", limits.connections as u64),
        (
            "connections_per_address",
            limits.connections_per_address as u64,
        ),
        ("connections_per_proxy", limits.connections_per_proxy as u64),
        ("requests_in_flight", limits.requests_in_flight as u64),
    ] {
        ensure!(
            value > 0,
            "limits.{name} is 0, which would let nobody in: leave it out for the default"
        );
    }
    Ok(())
}
