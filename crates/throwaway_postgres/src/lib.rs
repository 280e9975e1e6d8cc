//! A PostgreSQL of one's own: started in a temporary folder, gone afterwards.
//!
//! Tests and proofs need a real server that syncs for real, that can be killed in the
//! middle of a commit, and that leaves nothing behind. [`ThrowawayPostgres::start`] makes
//! a fresh cluster from the binaries that are installed, on a free loopback port with a
//! password of its own, and takes it away when it is dropped. A small watcher does the
//! same when the owner dies without a chance to clean up (Ctrl-C, `kill -9`).
//!
//! It is not a pool, not a client and not a way to run PostgreSQL for users.
//!
//! Where to start: [`ThrowawayPostgres`]; [`binaries`] knows where to look for a server.

pub mod binaries;
mod cluster;
mod owner;
mod processes;
mod watcher;

use std::io;
use std::path::PathBuf;

pub use cluster::ThrowawayPostgres;

/// The environment variable that names the server for tests: a `postgres://` address
/// whose user may create databases.
pub const ADDRESS_VARIABLE: &str = "TABARD_TEST_POSTGRES";

/// Why there is no PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `initdb` and `postgres` were found.
    #[error("no PostgreSQL server is installed; {0}")]
    NotInstalled(String),
    /// The installation that was tried did not work.
    #[error("PostgreSQL could not be installed: {0}")]
    NotInstallable(String),
    /// PostgreSQL refuses to run as root, and there is nobody else to run it.
    #[error("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")]
    NobodyToRunIt,
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which program.
        program: &'static str,
        /// The end of what it wrote.
        output: String,
    },
    /// No port was free in the range that is tried.
    #[error("no free port between {0} and {1}")]
    NoPort(u16, u16),
    /// A file or process could not be handled.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why it did not work.
        source: io::Error,
    },
}

impl Error {
    fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}

/// Where the cluster's files are, inside its temporary folder.
#[derive(Clone, Debug)]
struct Folders {
    root: PathBuf,
    data: PathBuf,
    log: PathBuf,
    process_id: PathBuf,
}

impl Folders {
    fn inside(root: PathBuf) -> Self {
        let data = root.join("data");
        Self {
            log: root.join("log"),
            process_id: data.join("postmaster.pid"),
            data,
            root,
        }
    }
}
