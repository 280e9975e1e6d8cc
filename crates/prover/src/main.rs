//! The program `prover`: one command for each proof.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Proves over HTTP that nothing is sold twice and nothing acknowledged is lost
///
/// Each command starts a real tabard server on a free loopback port with a store of its
/// own, plays against it, has the journal judged by a checker that shares no code with
/// the server, writes a JSON result, and ends with an error when anything was wrong.
/// Every draw comes from a seed that is printed; --seed plays it again.
#[derive(Parser)]
#[command(name = "prover", version, verbatim_doc_comment)]
struct CommandLine {
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    Race(prover::race::RaceOptions),
    Ways(prover::ways::WaysOptions),
    Kill(prover::kill::KillOptions),
    Replay(prover::replay::ReplayOptions),
    Load(prover::load::LoadOptions),
    Bench(prover::bench::BenchOptions),
}

fn main() -> ExitCode {
    let asked = CommandLine::parse().proof;
    match run(asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            prover::screen::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(asked: Proof) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            // On a worker: what waits on the thread that entered the runtime is woken by a worker, which costs
            // every answer another switch between threads, and the figures of one client count them. A signal
            // ends the runtime, which drops the proof, and with it the servers that it started.
            outcome = tokio::spawn(prove(asked)) => outcome?,
            _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
            _ = terminated.recv() => anyhow::bail!("asked to end by a signal"),
        }
    })
}

async fn prove(asked: Proof) -> anyhow::Result<()> {
    match asked {
        Proof::Race(options) => prover::race::run(&options).await,
        Proof::Ways(options) => prover::ways::run(&options).await,
        Proof::Kill(options) => prover::kill::run(&options).await,
        Proof::Replay(options) => prover::replay::run(&options).await,
        Proof::Load(options) => prover::load::run(&options).await,
        Proof::Bench(options) => prover::bench::run(&options).await,
    }
}
