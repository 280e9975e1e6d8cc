//! What must hold between settings that each make sense alone.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};
use domain::id::IdSource;
use http::Uri;

use super::Settings;

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
    crate::telemetry::filter(&settings.log.filter)?;
    let metrics = settings.metrics.listen;
    ensure!(
        metrics.is_none_or(|address| address != settings.listen || address.port() == 0),
        "metrics.listen is the same as listen: leave it out to have both on one address"
    );
    limits(settings)
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
