//! Both stores, fresh for each test.
//!
//! SQLite lives in a temporary directory. PostgreSQL takes part when [`ADDRESS_VARIABLE`] names a
//! server whose user may create databases; each store gets a database of its own there.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::id::IdSource;
use store::{Store, StoreConfig};
use tempfile::TempDir;

/// The environment variable that names the PostgreSQL server for tests.
pub const ADDRESS_VARIABLE: &str = "TABARD_TEST_POSTGRES";

/// An open store with the place where it lives, which goes when this does.
pub struct TestStore {
    /// `sqlite` or `postgres`.
    pub name: &'static str,
    /// The store.
    pub store: Store,
    /// How to open it again.
    pub config: StoreConfig,
    home: Home,
}

enum Home {
    Directory(#[expect(dead_code, reason = "it is kept so that the directory stays")] TempDir),
    Database { address: String, name: String },
}

impl TestStore {
    /// SQLite in a temporary directory.
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let config = StoreConfig::Sqlite {
            directory: directory.path().to_owned(),
        };
        Self::open("sqlite", config, Home::Directory(directory)).await
    }

    /// PostgreSQL in a fresh database; none when no server is named.
    pub async fn postgres() -> Option<Self> {
        let address = std::env::var(ADDRESS_VARIABLE).ok()?;
        let name = database_name();
        execute(
            &address,
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        execute(
            &address,
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        )
        .await;
        let config = StoreConfig::Postgres {
            url: with_database(&address, &name),
        };
        Some(Self::open("postgres", config, Home::Database { address, name }).await)
    }

    async fn open(name: &'static str, config: StoreConfig, home: Home) -> Self {
        let store = open(&config).await;
        Self {
            name,
            store,
            config,
            home,
        }
    }

    /// The address of its database, where it has one.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.config {
            StoreConfig::Postgres { url } => Some(url),
            StoreConfig::Sqlite { .. } => None,
        }
    }

    /// Closes the store and opens it again, as a restart does.
    pub async fn reopen(&mut self) {
        self.store.close().await;
        self.store = open(&self.config).await;
    }

    /// Lets go of the store, and keeps only the place where it lives.
    #[must_use]
    pub fn keep_home(self) -> impl Sized {
        self.home
    }

    /// Closes the store and removes what it lived in.
    pub async fn finish(self) {
        self.store.close().await;
        drop(self.store);
        if let Home::Database { address, name } = self.home {
            execute(
                &address,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await;
        }
    }
}

async fn open(config: &StoreConfig) -> Store {
    Store::open(config, Arc::new(IdSource::new(0)))
        .await
        .expect("a fresh place can be opened as a store")
}

/// Every store that can be had: SQLite, and PostgreSQL when a server is named.
pub async fn stores() -> Vec<TestStore> {
    let mut stores = vec![TestStore::sqlite().await];
    stores.extend(TestStore::postgres().await);
    stores
}

/// Runs a test on every store, one after another, and says on which it failed.
pub async fn for_each_store<F, Run>(mut test: F)
where
    F: FnMut(Store) -> Run,
    Run: Future<Output = ()>,
{
    for one in stores().await {
        let on = OnStore(one.name);
        test(one.store.clone()).await;
        drop(on);
        one.finish().await;
    }
}

/// Names the store when a test panics on it.
pub(crate) struct OnStore(pub(crate) &'static str);

impl Drop for OnStore {
    #[expect(
        clippy::print_stderr,
        reason = "it tells whoever reads a failed test which store failed"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("on the store: {}", self.0);
        }
    }
}

fn database_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("tabard_test_{}_{count}", std::process::id())
}

/// The same address with another database: `postgres://user@host:port/name`.
fn with_database(address: &str, name: &str) -> String {
    let (address, options) = address
        .split_once('?')
        .map_or((address, String::new()), |(address, options)| {
            (address, format!("?{options}"))
        });
    let host_from = address.find("://").map_or(0, |at| at + 3);
    let host_to = address[host_from..]
        .find('/')
        .map_or(address.len(), |at| host_from + at);
    format!("{}/{name}{options}", &address[..host_to])
}

async fn execute(address: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(address, tokio_postgres::NoTls)
        .await
        .expect("the PostgreSQL for tests can be reached");
    let connection = tokio::spawn(connection);
    client
        .batch_execute(sql)
        .await
        .expect("the user for tests may create databases");
    drop(client);
    // The server has closed its side by now; a test has nothing to learn from how.
    drop(connection.await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_an_address_can_be_exchanged() {
        for (address, expected) in [
            (
                "postgres://a:b@127.0.0.1:5/postgres",
                "postgres://a:b@127.0.0.1:5/x",
            ),
            ("postgres://a@host", "postgres://a@host/x"),
            (
                "postgres://a@host/y?sslmode=disable",
                "postgres://a@host/x?sslmode=disable",
            ),
        ] {
            assert_eq!(with_database(address, "x"), expected);
        }
    }
}
