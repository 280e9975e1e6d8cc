//! Where a proof is played: a server of its own on a store of its own, or one that runs
//! already.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::beds24::Beds24;
use crate::bookingexperts::{Access, BookingExperts};
use crate::database::Database;
use crate::demo::Demo;
use crate::screen::say;
use crate::server_process::{ServerProcess, ServerSettings, find_binary};

/// Which server a proof talks to.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct HouseOptions {
    /// The tabard binary; without it the one that was built beside this program
    #[arg(long, value_name = "FILE", env = "TABARD_BINARY")]
    pub binary: Option<PathBuf>,
    /// The store: "sqlite" (a fresh data directory), "postgres" (a throwaway server is
    /// started from the installed binaries), or the address of an empty database,
    /// postgres://user@host/name
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    pub store: String,
    /// A data directory to use and keep; without it a temporary one that is removed
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Talk to a server that runs already, through the demo.json it wrote; nothing is
    /// started or stopped then
    #[arg(long, value_name = "FILE", conflicts_with_all = ["binary", "data"])]
    pub demo: Option<PathBuf>,
}

/// A server, and everything that must live as long as it does.
#[derive(Debug)]
pub struct House {
    /// The process, unless somebody else runs it.
    pub process: Option<ServerProcess>,
    /// How to talk to it.
    pub demo: Demo,
    /// The database server behind it, where this proof started one.
    pub database: Option<Database>,
    // Dropped last: the directory goes when nobody uses it any more.
    _folder: Option<tempfile::TempDir>,
}

impl House {
    /// Starts what the options ask for. `environment` goes to the server.
    pub async fn open(
        options: &HouseOptions,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        if let Some(path) = &options.demo {
            if !environment.is_empty() {
                bail!("a negative control needs a server of its own; leave --demo out");
            }
            return Ok(Self::running(Demo::read(path)?));
        }
        let database = Database::for_store(&options.store).await?;
        Self::open_on(database, options, environment).await
    }

    /// The same on a database that is there.
    pub async fn open_on(
        database: Option<Database>,
        options: &HouseOptions,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary directory")?;
        let settings = ServerSettings {
            binary: find_binary(options.binary.as_deref())?,
            data: options
                .data
                .clone()
                .unwrap_or_else(|| folder.path().join("data")),
            store: database
                .as_ref()
                .map(|database| database.address().to_owned()),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let process = ServerProcess::start(settings).await?;
        say(format!(
            "server ready after {:.0} ms: {} on {}",
            process.ready_after.as_secs_f64() * 1000.0,
            process.demo.url,
            options.store_word(),
        ));
        let demo = process.demo.clone();
        Ok(Self {
            process: Some(process),
            demo,
            database,
            _folder: Some(folder),
        })
    }

    /// A server that somebody else runs.
    pub fn running(demo: Demo) -> Self {
        Self {
            process: None,
            demo,
            database: None,
            _folder: None,
        }
    }

    /// A client with its own connection.
    pub fn client(&self) -> anyhow::Result<Beds24> {
        Ok(Beds24::new(&self.demo)?)
    }

    /// A client of Booking Experts with its own connection, as the demo's app.
    pub fn booking_experts(&self) -> anyhow::Result<BookingExperts> {
        Ok(BookingExperts::new(Access::of_demo(&self.demo)?)?)
    }

    /// Registers an app for Booking Experts with every permission there is, on these properties;
    /// its API key. The server is stopped meanwhile, because a SQLite store has one writer.
    pub async fn let_in(&mut self, name: &str, properties: &[i64]) -> anyhow::Result<String> {
        let tenant = self.demo.tabard.tenant_id.to_string();
        let process = self.server()?;
        process.stop().await?;
        let mut app = vec!["app", "create", "--roomy", "--tenant", &tenant];
        app.extend(["--name", name, "--scopes", "all"]);
        let made = process.command(&app).await?;
        let app = after(&made, "app ")?;
        let mut key = vec!["app", "key", "--tenant", &tenant, "--app", app];
        let properties: Vec<String> = properties.iter().map(i64::to_string).collect();
        for property in &properties {
            key.extend(["--organization", property]);
        }
        let made = process.command(&key).await?;
        let key = after(&made, "api_key ")?.to_owned();
        process.restart().await?;
        // A server makes fresh tokens for its demo whenever it starts.
        self.demo = process.demo.clone();
        Ok(key)
    }

    /// The server process, for proofs that kill it.
    pub fn server(&mut self) -> anyhow::Result<&mut ServerProcess> {
        self.process
            .as_mut()
            .context("this proof needs a server of its own; leave --demo out")
    }

    /// Stops the server and insists that it ends well.
    pub async fn close(mut self) -> anyhow::Result<()> {
        if let Some(process) = &mut self.process {
            process.stop().await?;
        }
        if let Some(database) = self.database.take() {
            database.close().await?;
        }
        Ok(())
    }
}

/// What stands behind a word at the beginning of a line.
fn after<'a>(told: &'a str, word: &str) -> anyhow::Result<&'a str> {
    let found = told.lines().find_map(|line| line.strip_prefix(word));
    found.with_context(|| format!("a command has not told its {}", word.trim()))
}

impl HouseOptions {
    /// One word for the store, for results and file names; never an address, which may
    /// hold a password.
    pub fn store_word(&self) -> &'static str {
        match (&self.demo, self.store.as_str()) {
            (Some(_), _) => "running",
            (None, "sqlite") => "sqlite",
            (None, _) => "postgres",
        }
    }
}
