//! The habits of this repository, one command each. `cargo xtask --help` lists them.
//!
//! What a person does by hand before a change is taken, a machine does the same way:
//! `.ci/run` is `cargo xtask test` and nothing else.
//!
//! Where to start: [`checks`] is the list of everything that `test` runs.

mod audit;
mod checks;
mod fuzz;
mod openapi;
mod postgres;
mod prover;
mod screen;
mod suite;
mod tests_run;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The habits of Tabard: test, tidy, audit, openapi, fuzz, replay, bench, prove
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    habit: Habit,
}

#[derive(Subcommand)]
enum Habit {
    /// Run every check: format, tidy, lints, tests on both stores, API documents, fuzzer, proofs
    ///
    /// Starts a PostgreSQL of its own in a temporary folder and takes it away again, also
    /// after Ctrl-C. Put an address into TABARD_TEST_POSTGRES to use another server.
    /// The fuzzer needs Python 3.10 with venv and pip; --skip fuzz leaves it out.
    /// Ends with "N passed, N failed"; the exit code is 1 when anything failed.
    Test(checks::TestOptions),
    /// Check what no compiler checks: arrows between crates, words, sizes, documents
    Tidy,
    /// Check dependencies: licences, bans, sources, known advisories, unused ones
    Audit,
    /// Write the OpenAPI document of each dialect to openapi/
    Openapi(openapi::OpenapiOptions),
    /// Fuzz a server by the API document that it serves: what is promised must hold
    ///
    /// Installs schemathesis from PyPI below target/ (needs Python 3.10 with venv and pip), starts
    /// a server with its demo, and sends examples of every operation, right ones and wrong ones.
    /// All checks are on; xtask/fuzz/exceptions.toml names what a dialect's rules explain.
    /// Prints its seed, and for each failure the command that shows it again.
    ///
    /// More than the gate: cargo xtask fuzz --examples 500 --phases coverage,fuzzing,stateful
    Fuzz(fuzz::FuzzOptions),
    /// What CI runs: test with the lock file as it is, then audit where its tools are
    Ci,
    /// Run a command with a throwaway PostgreSQL in TABARD_TEST_POSTGRES
    ///
    /// For example: cargo xtask postgres -- cargo nextest run -p store
    Postgres(postgres::PostgresOptions),
    /// Play the real reservations through the server; arguments go to `prover replay`
    Replay(prover::ProverArguments),
    /// Measure the server beside its ceilings; arguments go to `prover bench`
    Bench(prover::ProverArguments),
    /// Run one proof: race, ways, kill, …; arguments go to `prover`
    Prove(prover::ProverArguments),
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().habit {
        Habit::Test(options) => checks::test(&options),
        Habit::Tidy => tidy::run_alone(),
        Habit::Audit => audit::run_alone(),
        Habit::Openapi(options) => openapi::run_alone(&options),
        Habit::Fuzz(options) => fuzz::run_alone(&options),
        Habit::Ci => checks::ci(),
        Habit::Postgres(options) => postgres::run_command(&options),
        Habit::Replay(arguments) => prover::run(Some("replay"), &arguments),
        Habit::Bench(arguments) => prover::run(Some("bench"), &arguments),
        Habit::Prove(arguments) => prover::run(None, &arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            screen::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
