//! The PostgreSQL that the tests use: somebody else's by address, or our own.

use std::env;
use std::process::Command;

use anyhow::{Context as _, bail};
use throwaway_postgres::{ADDRESS_VARIABLE, ThrowawayPostgres, binaries};

use crate::screen::say;

/// Hundreds of databases are made and dropped here, and no test cuts the power: what a killed process leaves
/// behind is in the system's memory. The proofs, which kill databases, start servers of their own that sync.
const UNSYNCED: [(&str, &str); 2] = [("fsync", "off"), ("full_page_writes", "off")];

/// A server for the tests; gone when this is dropped, if it is ours.
#[derive(Debug)]
pub enum Server {
    /// Named by the environment.
    Named(String),
    /// Started by us.
    Own(Box<ThrowawayPostgres>),
}

impl Server {
    /// The server in TABARD_TEST_POSTGRES, or a throwaway one. Where PostgreSQL is not
    /// installed it is, if that may be done, and else the error says what to install.
    pub fn named_or_own() -> anyhow::Result<Self> {
        if let Some(address) = env::var(ADDRESS_VARIABLE)
            .ok()
            .filter(|value| !value.is_empty())
        {
            say(&format!("   using the PostgreSQL in {ADDRESS_VARIABLE}"));
            return Ok(Self::Named(address));
        }
        let folder = binaries::find_or_install(|what| say(&format!("   {what}")))?;
        let server =
            ThrowawayPostgres::start_with(&UNSYNCED).context("the throwaway PostgreSQL")?;
        say(&format!(
            "   {} on port {}",
            folder.display(),
            server.port()
        ));
        Ok(Self::Own(Box::new(server)))
    }

    /// A `postgres://` address whose user may create databases.
    pub fn address(&self) -> String {
        match self {
            Self::Named(address) => address.clone(),
            Self::Own(server) => server.address(),
        }
    }
}

/// The command to run with a server.
#[derive(Debug, clap::Args)]
pub struct PostgresOptions {
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Runs a command with a server in its environment; whether it succeeded.
pub fn run_command(options: &PostgresOptions) -> anyhow::Result<bool> {
    let [program, arguments @ ..] = options.command.as_slice() else {
        bail!("which command?");
    };
    let server = Server::named_or_own()?;
    let status = Command::new(program)
        .args(arguments)
        .env(ADDRESS_VARIABLE, server.address())
        .status()
        .with_context(|| format!("`{program}`"))?;
    Ok(status.success())
}
