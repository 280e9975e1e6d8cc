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
        // A variable of the shell that is not set must not become a fresh store in the current directory.
        if text.trim().is_empty() {
            return Err(Error::open(
                "the address of the store is empty: give a directory for SQLite, or postgres://user:password@host/database",
            ));
        }
        Ok(Self::Sqlite {
            directory: PathBuf::from(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_engine() {
        let sqlite = |directory: &str| StoreConfig::Sqlite {
            directory: directory.into(),
        };
        assert_eq!(StoreConfig::parse("data").unwrap(), sqlite("data"));
        let url = "postgres://one@127.0.0.1/rooms".to_owned();
        assert_eq!(
            StoreConfig::parse(&url).unwrap(),
            StoreConfig::Postgres { url }
        );
        for (text, word) in [
            ("", "empty"),
            (" ", "empty"),
            ("mysql://host/rooms", "mysql"),
        ] {
            let error = StoreConfig::parse(text).unwrap_err().to_string();
            assert!(
                error.contains(word) && error.contains("postgres://"),
                "{error}"
            );
        }
    }
}
