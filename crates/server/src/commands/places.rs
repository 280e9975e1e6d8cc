//! Which store a command works on.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use domain::id::{Id, IdSource};
use http_kit::{Clock as _, SystemClock};
use identity::Occasion;
use jiff::Timestamp;
use store::{Store, StoreConfig};

use crate::{
    ids,
    settings::{self, Flags, Settings},
};

/// The store that a command works on, named like that of the server.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// A configuration file, as for `tabard serve`
    #[arg(long, value_name = "FILE", env = "TABARD_CONFIG")]
    config: Option<PathBuf>,
    /// The data directory of a SQLite store [default: ./tabard-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A PostgreSQL store: postgres://user:password@host/database
    #[arg(long, value_name = "ADDRESS", conflicts_with = "data")]
    store: Option<String>,
}

impl Place {
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let flags = Flags {
            data: self.data.clone(),
            store: self.store.clone(),
            ..Flags::default()
        };
        let mut settings = settings::load(self.config.as_deref(), &flags)?;
        if self.data.is_some() {
            // A directory on the command line is meant, whatever the file says of PostgreSQL.
            settings.store = None;
        }
        Ok(settings)
    }

    /// Opens the store for writing; a SQLite store must not be served at the moment.
    pub(super) async fn open(&self) -> anyhow::Result<Store> {
        open(&self.settings()?.store()?).await
    }

    /// Opens the store for reading, beside whoever serves it.
    pub(super) async fn open_for_reading(&self) -> anyhow::Result<Store> {
        open_for_reading(&self.settings()?.store()?).await
    }
}

/// The node number of commands that write, so that what they make beside servers on PostgreSQL has
/// ids of its own.
const NODE: u8 = 15;

pub(super) async fn open(config: &StoreConfig) -> anyhow::Result<Store> {
    let store = Store::open(config, Arc::new(IdSource::new(NODE))).await?;
    ids::continue_after_stored(&store).await?;
    Ok(store)
}

pub(super) async fn open_for_reading(config: &StoreConfig) -> anyhow::Result<Store> {
    Ok(Store::open_for_reading(config, Arc::new(IdSource::new(NODE))).await?)
}

/// The real clock.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// The operator does it, now and here; `command` says what, such as `user create`.
pub(super) fn occasion(command: &str) -> Occasion {
    Occasion {
        now: now(),
        remote_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        request_id: format!("tabard {command}").into(),
    }
}

/// Reads an id on the command line.
pub(super) fn id(text: &str) -> Result<Id, String> {
    text.parse().map_err(|_| {
        "expected an id, which is a number; `tabard tenant list` shows those of tenants".to_owned()
    })
}
