//! Puts the layers of settings on top of each other.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};
use serde::Serialize;

use super::{LogFormat, Settings, check};

/// Before the name of each environment variable.
const PREFIX: &str = "TABARD_";

/// The settings that have flags. What is absent is left to the other layers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, clap::Args)]
pub struct Flags {
    /// The data directory: the SQLite store and demo.json [default: ./tabard-data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL store in place of SQLite: postgres://user:password@host/database
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Scheme and host by which clients reach this server, such as https://api.example.org
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// This node's number, different on each server of one store [default: 0]
    #[arg(long, value_name = "0..15")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<u8>,
    /// What this installation is for; receivers of webhooks are told [default: production]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// A proxy, or network of proxies, whose X-Forwarded-For is believed; may be repeated
    #[arg(long = "trust-proxy", value_name = "NETWORK")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<String>,
    /// Log settings.
    #[command(flatten)]
    #[serde(skip_serializing_if = "LogFlags::is_empty")]
    pub log: LogFlags,
    /// Metrics settings.
    #[command(flatten)]
    #[serde(skip_serializing_if = "MetricsFlags::is_empty")]
    pub metrics: MetricsFlags,
    /// Webhook settings.
    #[command(flatten)]
    #[serde(skip_serializing_if = "DeliveryFlags::is_empty")]
    pub delivery: DeliveryFlags,
    /// Mail settings.
    #[command(flatten)]
    #[serde(skip_serializing_if = "MailFlags::is_empty")]
    pub mail: MailFlags,
}

/// The flags of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, clap::Args)]
pub struct LogFlags {
    /// How a line of the log looks [default: text]
    #[arg(id = "log_format", long = "log-format", value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<LogFormat>,
    /// What is logged, such as warn or info,access=off [default: info]
    #[arg(id = "log_filter", long = "log", value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// The flags of metrics and health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, clap::Args)]
pub struct MetricsFlags {
    /// An address of their own for /metrics and /health
    #[arg(
        id = "metrics_listen",
        long = "metrics-listen",
        value_name = "ADDRESS:PORT"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
}

/// The flags of what is sent to receivers of webhooks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, clap::Args)]
pub struct DeliveryFlags {
    /// A network that is not public and that webhooks may be sent to; may be repeated
    #[arg(long = "deliver-to", value_name = "NETWORK")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_networks: Vec<String>,
    /// Let webhooks leave without TLS, to http addresses
    #[arg(long = "deliver-over-http")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_http: bool,
}

/// The flags of mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, clap::Args)]
pub struct MailFlags {
    /// Write mails into this folder, one .eml file each, in place of sending them
    #[arg(id = "mail_folder", long = "mail-folder", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The mail server through which mails leave
    #[arg(id = "mail_server", long = "mail-server", value_name = "HOST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The address that mails come from [default: tabard@localhost]
    #[arg(id = "mail_from", long = "mail-from", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl DeliveryFlags {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl MailFlags {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl LogFlags {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl MetricsFlags {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads all layers and checks what comes out.
///
/// # Errors
/// A text that names the setting, where it came from, and what to write instead.
pub fn load(file: Option<&std::path::Path>, flags: &Flags) -> anyhow::Result<Settings> {
    let mut layers = Figment::from(Serialized::defaults(Settings::default()));
    if let Some(file) = file {
        // Reading it first gives a clear answer where figment would take a missing file for an empty one.
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the configuration file {} can't be read", file.display()))?;
        layers = layers.merge(Toml::string(&text));
    }
    let layers = layers
        .merge(environment())
        .merge(Serialized::defaults(flags));
    let settings: Settings = match layers.extract() {
        Ok(settings) => settings,
        Err(error) => bail!("{}", explained(&error, file)),
    };
    check::check(&settings)?;
    Ok(settings)
}

/// The environment variable of a setting such as `limits.connections`.
pub fn variable_of(setting: &str) -> String {
    let name = setting.replace('.', "_").to_uppercase();
    format!("{PREFIX}{name}")
}

/// Every setting that has a name, such as `limits.connections`.
pub(super) fn names() -> Vec<String> {
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let mut names = Vec::new();
    for (name, value) in defaults.as_object().into_iter().flatten() {
        match value.as_object() {
            None => names.push(name.clone()),
            Some(section) => names.extend(section.keys().map(|key| format!("{name}.{key}"))),
        }
    }
    names
}

/// Only variables that name a setting count: others of the same prefix are not ours.
fn environment() -> Env {
    let names = names();
    Env::prefixed(PREFIX).filter_map(move |variable| {
        let wanted = format!("{PREFIX}{}", variable.as_str().to_uppercase());
        let name = names.iter().find(|name| variable_of(name) == wanted)?;
        Some(name.clone().into())
    })
}

fn explained(error: &figment::Error, file: Option<&std::path::Path>) -> String {
    let mut text = String::new();
    for one in error.clone() {
        let setting = one.path.join(".");
        let place = match one.metadata.as_ref().map(|metadata| &*metadata.name) {
            Some(name) if name.contains("environment") => {
                format!("the environment variable {}", variable_of(&setting))
            }
            Some(name) if name.starts_with("TOML") => {
                let file =
                    file.map_or_else(|| "the file".to_owned(), |file| file.display().to_string());
                format!("{file} {setting}")
            }
            _ => format!("the setting {setting}"),
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}: {}", place.trim_end(), one.kind));
    }
    text.push_str("\ntabard.sample.toml lists every setting with what it may be");
    text
}
