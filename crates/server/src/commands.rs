//! The command line: one file per command.
//!
//! Each command's help teaches it. What a command answers goes to standard output, what goes wrong
//! to standard error with what to do next. The exit code is 0 when it was done, 1 when it was not,
//! 2 when the command line makes no sense.

pub mod app;
pub mod backup;
pub mod beds24;
pub mod bench_fill;
pub mod clock;
pub mod copy;
pub mod export;
mod http_client;
pub mod openapi;
mod places;
mod screen;
pub mod serve;
pub mod tenant;
pub mod user;

use std::{future::Future, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

/// One inventory, every booking API.
#[derive(Debug, Parser)]
#[command(
    name = "tabard",
    version,
    about = "A self-hosted booking platform: one inventory, every booking API.",
    long_about = "A self-hosted booking platform: one inventory, every booking API.\n\n\
        Try it:          tabard serve --demo\n\
        Begin for real:  tabard tenant create \"Hotel Example\"\n                 \
        tabard beds24 invite --tenant ID --scopes all:bookings,all:inventory,all:properties\n                 \
        tabard serve",
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve all APIs
    Serve(Box<serve::Serve>),
    /// Make tenants, and list them
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Make accounts for people who sign in, and close them
    #[command(subcommand)]
    User(user::UserCommand),
    /// Register apps that come in by OAuth 2.0, and give them keys and secrets
    #[command(subcommand)]
    App(app::AppCommand),
    /// Let clients of the Beds24 API in
    #[command(subcommand)]
    Beds24(beds24::Beds24Command),
    /// Read or move the clock of a sandbox tenant on a running server
    Clock(clock::ClockCommand),
    /// Write the journal of a tenant as JSON lines
    Export(export::Export),
    /// Prove that an exported journal was not tampered with and nothing was sold twice
    #[command(disable_help_flag = true)]
    Verify(Verify),
    /// Copy a whole store into another, also between SQLite and PostgreSQL
    Copy(copy::Copy),
    /// Write a consistent copy of the store into one file, while it is being served
    Backup(backup::Backup),
    /// Write the OpenAPI document of each API
    Openapi(openapi::Openapi),
    /// Fill a store that is not being served with a synthetic tenant's bookings
    #[command(hide = true)]
    BenchFill(bench_fill::BenchFill),
}

/// The arguments of `tabard verify`, which are those of the program tabard-verify.
#[derive(Debug, clap::Args)]
struct Verify {
    /// See `tabard verify --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let command = CommandLine::parse().command;
    if let Command::Verify(verify) = command {
        let (mut out, mut errors) = (std::io::stdout().lock(), std::io::stderr());
        return journal::command::run(verify.arguments, &mut out, &mut errors);
    }
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if screen::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            screen::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(serve) => serve.run(),
        Command::Tenant(tenant) => wait_for(tenant.run()),
        Command::User(user) => wait_for(user.run()),
        Command::App(app) => wait_for(app.run()),
        Command::Beds24(beds24) => wait_for(beds24.run()),
        Command::Clock(clock) => wait_for(clock.run()),
        Command::Export(export) => wait_for(export.run()),
        Command::Copy(copy) => wait_for(copy.run()),
        Command::Backup(backup) => wait_for(backup.run()),
        Command::Openapi(openapi) => openapi.run(),
        Command::BenchFill(fill) => wait_for(fill.run()),
        // It was run before the others, because it has exit codes of its own.
        Command::Verify(_) => Ok(()),
    }
}

fn wait_for(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    runtime()?.block_on(command)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't be started")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn walk(command: &clap::Command, path: &str) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                assert!(sub.get_about().is_some(), "{path} has no help");
                for argument in sub.get_arguments() {
                    assert!(
                        argument.get_help().is_some(),
                        "{path} {argument} has no help"
                    );
                }
                walk(sub, &path);
            }
        }
        walk(&CommandLine::command(), "tabard");
    }
}
