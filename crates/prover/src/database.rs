//! The database server behind a store: none for SQLite, somebody else's by address, or
//! a throwaway one that this program started and may kill.

use anyhow::{Context as _, bail};
use throwaway_postgres::ThrowawayPostgres;

/// What a server is told that is to hold a million bookings, as docs/operating says. PostgreSQL's own
/// defaults are made to start on any machine: 128 MB of buffers, and a checkpoint for each gigabyte written.
const ROOMY: [(&str, &str); 2] = [("shared_buffers", "1GB"), ("max_wal_size", "4GB")];

/// A PostgreSQL database for one proof.
pub struct Database {
    address: String,
    own: Option<ThrowawayPostgres>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address holds a password.
        formatter
            .debug_struct("Database")
            .field("own", &self.own.is_some())
            .finish()
    }
}

impl Database {
    /// The database that the word of `--store` asks for.
    pub async fn for_store(store: &str) -> anyhow::Result<Option<Self>> {
        Self::for_store_with(store, &[]).await
    }

    /// The same with room for a million bookings, where a server is started for it.
    pub async fn roomy_for_store(store: &str) -> anyhow::Result<Option<Self>> {
        Self::for_store_with(store, &ROOMY).await
    }

    async fn for_store_with(
        store: &str,
        settings: &'static [(&str, &str)],
    ) -> anyhow::Result<Option<Self>> {
        match store {
            "sqlite" => Ok(None),
            "postgres" => Self::throwaway(settings).await.map(Some),
            address
                if address.starts_with("postgres://") || address.starts_with("postgresql://") =>
            {
                Ok(Some(Self {
                    address: address.to_owned(),
                    own: None,
                }))
            }
            other => bail!("--store {other}: expected sqlite, postgres or postgres://…"),
        }
    }

    async fn throwaway(settings: &'static [(&str, &str)]) -> anyhow::Result<Self> {
        let own = apart(|| ThrowawayPostgres::start_with(settings))
            .await
            .context("a throwaway PostgreSQL")?;
        Ok(Self {
            address: own.address(),
            own: Some(own),
        })
    }

    /// Where a client connects.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether this program may kill the database server.
    pub fn may_be_killed(&self) -> bool {
        self.own.is_some()
    }

    /// Kills the database server, as a power switch would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.with_own(ThrowawayPostgres::kill)
            .await
            .context("killing PostgreSQL")
    }

    /// Starts a killed database server again on the same files.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.with_own(ThrowawayPostgres::start_again)
            .await
            .context("starting PostgreSQL again")
    }

    /// Stops what this program started.
    pub async fn close(mut self) -> anyhow::Result<()> {
        match self.own {
            None => Ok(()),
            Some(_) => self
                .with_own(ThrowawayPostgres::stop)
                .await
                .context("stopping PostgreSQL"),
        }
    }

    /// Starting and stopping wait for processes, which is no work for the runtime's threads.
    async fn with_own(
        &mut self,
        action: fn(&mut ThrowawayPostgres) -> Result<(), throwaway_postgres::Error>,
    ) -> anyhow::Result<()> {
        let mut own = self
            .own
            .take()
            .context("this database server is somebody else's")?;
        let (own, outcome) = apart(move || {
            let outcome = action(&mut own);
            Ok::<_, throwaway_postgres::Error>((own, outcome))
        })
        .await?;
        self.own = Some(own);
        Ok(outcome?)
    }
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, throwaway_postgres::Error> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work)
        .await
        .context("a thread of its own")??)
}
