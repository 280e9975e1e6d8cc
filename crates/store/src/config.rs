//! Where the store is.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// Which engine keeps the rows, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreConfig {
    /// SQLite in `tabard.db` inside this directory; one process at a time writes to it.
    Sqlite {
        /// The data directory; it is made when it does not exist.
        directory: PathBuf,
    },
    /// A PostgreSQL database, which several servers may share.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
    },
}

impl StoreConfig {
    /// Reads `postgres://…`, or a directory for SQLite.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres {
                url: text.to_owned(),
            });
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(Error::open(format!(
                "the store {scheme}://… is not supported: give a directory for SQLite, or postgres://user:password@host/database"
            )));
        }
        Ok(Self::Sqlite {
            directory: PathBuf::from(text),
        })
    }
}
