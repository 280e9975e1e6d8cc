//! Everything that can be set, with its default and its reason to exist.
//!
//! Settings come from four layers, each stronger than the one before it: the defaults here, a TOML
//! file, environment variables (`TABARD_` and the name, with `_` for the dot), command-line flags.
//! `tabard.sample.toml` documents each of them; a test compares it with this file.

mod check;
mod layers;
mod leaving;
mod lists;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use self::{
    layers::{Flags, load, variable_of},
    leaving::{Delivery, Hidden, Mail, MailSecurity},
};

/// What a server is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The data directory: the SQLite store, the key file, and `demo.json`.
    pub data: PathBuf,
    /// A `postgres://` address to be used in place of SQLite.
    pub store: Option<String>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Scheme and host by which clients reach this server; links are built from it.
    pub public_url: Option<String>,
    /// This node's number, 0 to 15, different on each server of one store: ids carry it.
    pub node: u8,
    /// What this installation is for, such as `production`: receivers of webhooks are told.
    pub environment: String,
    /// What the key follows from under which secrets are sealed in the store. Without it a key file
    /// in the data directory is used.
    pub secret: Option<Hidden>,
    /// For how long a caller is believed without asking the store again, seconds.
    pub token_cache_s: u64,
    /// The proxies whose `X-Forwarded-For` is believed: addresses or networks.
    #[serde(deserialize_with = "lists::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Addresses or networks from which no call is taken, of whatever API.
    #[serde(deserialize_with = "lists::networks")]
    pub blocked_networks: Vec<IpNet>,
    /// Host names on which a dialect stands alone, with exactly its vendor's paths.
    pub hosts: Hosts,
    /// What is written to the log.
    pub log: Log,
    /// Where metrics and health are answered.
    pub metrics: Metrics,
    /// The search for stays.
    pub search: Search,
    /// What is sent to receivers of webhooks.
    pub delivery: Delivery,
    /// How mail leaves.
    pub mail: Mail,
    /// Limits on connections and requests.
    pub limits: Limits,
}

/// Host names of dialects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Of Beds24: served there at `/v2` and `/api/v2`.
    #[serde(deserialize_with = "lists::texts")]
    pub beds24: Vec<String>,
    /// Of Booking Experts: served there at `/v3`, its OAuth 2.0 at `/oauth`.
    #[serde(deserialize_with = "lists::texts")]
    pub bookingexperts: Vec<String>,
}

/// The log, which goes to standard error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is written, such as `info` or `warn,access=info`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Metrics and health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// An address of their own; without one they are answered where everything is.
    pub listen: Option<SocketAddr>,
}

/// The search for stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Whether the indexes of all tenants are made when the server starts, and not when somebody
    /// searches for the first time.
    pub at_start: bool,
}

/// Limits on connections and requests. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How long a client may take to send a request's headers.
    pub header_time_s: u64,
    /// How long a client may pause within a request's body.
    pub body_time_s: u64,
    /// How long a client may refuse to take more of an answer.
    pub write_time_s: u64,
    /// How long a connection may stand open without a request.
    pub idle_time_s: u64,
    /// How long a stopping server waits for requests that it has accepted.
    pub drain_time_s: u64,
    /// Connections open at once.
    pub connections: usize,
    /// Connections from one address (of IPv6: from one /64).
    pub connections_per_address: usize,
    /// Connections from this machine, or from one trusted proxy.
    pub connections_per_proxy: usize,
    /// Requests being answered at once.
    pub requests_in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./tabard-data"),
            store: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            node: 0,
            environment: "production".to_owned(),
            secret: None,
            token_cache_s: 10,
            trusted_proxies: Vec::new(),
            blocked_networks: Vec::new(),
            hosts: Hosts::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            search: Search::default(),
            delivery: Delivery::default(),
            mail: Mail::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_time_s: 10,
            body_time_s: 10,
            write_time_s: 20,
            idle_time_s: 75,
            drain_time_s: 25,
            connections: 8_192,
            connections_per_address: 128,
            connections_per_proxy: 4_096,
            requests_in_flight: 4_096,
        }
    }
}

impl Settings {
    /// The store that these settings name.
    ///
    /// # Errors
    /// When its address is of no engine that we know.
    pub fn store(&self) -> store::Result<store::StoreConfig> {
        match &self.store {
            Some(text) => store::StoreConfig::parse(text),
            None => Ok(store::StoreConfig::Sqlite {
                directory: self.data.clone(),
            }),
        }
    }

    /// Scheme and host for links, given where the server came to listen.
    pub fn public_url(&self, listening: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        if listening.ip().is_unspecified() {
            return format!("http://127.0.0.1:{}", listening.port());
        }
        format!("http://{listening}")
    }
}
