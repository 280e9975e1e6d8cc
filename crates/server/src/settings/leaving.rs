//! Settings of what leaves: webhooks and mail.

use std::{fmt, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::lists;

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden(…)")
    }
}

/// What is sent to receivers of webhooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Networks that may be connected to although they are not public.
    #[serde(deserialize_with = "lists::networks")]
    pub allowed_networks: Vec<IpNet>,
    /// Whether `http` is good enough; without it only `https` is.
    pub allow_http: bool,
    /// For how many days deliveries, attempts and mails are kept.
    pub keep_days: u16,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            allowed_networks: Vec::new(),
            allow_http: false,
            keep_days: delivery::Settings::default().keep_days,
        }
    }
}

/// How mail leaves: through a server, into a folder, or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// A folder for one file per mail, in place of a server.
    pub folder: Option<PathBuf>,
    /// The host name of a mail server.
    pub server: Option<String>,
    /// Its port; by default the usual one of `security`.
    pub port: Option<u16>,
    /// How the connection to it is secured.
    pub security: MailSecurity,
    /// The user name that it wants.
    pub user: Option<String>,
    /// The password that it wants.
    pub password: Option<Hidden>,
    /// The address that mails come from.
    pub from: String,
    /// The name that mails come from.
    pub from_name: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            folder: None,
            server: None,
            port: None,
            security: MailSecurity::Tls,
            user: None,
            password: None,
            from: "tabard@localhost".to_owned(),
            from_name: "Tabard".to_owned(),
        }
    }
}

/// How the connection to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the start.
    Tls,
    /// TLS after `STARTTLS`, which must succeed.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

impl MailSecurity {
    /// The port where servers usually are.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}
