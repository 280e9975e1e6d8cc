//! Proofs over HTTP: races, kills, replay and load against a real `tabard` process.
//!
//! Nothing here knows the server's insides. A proof starts the server's binary, speaks
//! its dialects like any other client, and has the journal judged by a checker that
//! shares no code with the server. Every draw comes from a printed seed.
//!
//! Where to start: [`race`] is the simplest proof and shows how all of them are built:
//! open a [`house`], play, judge, conclude with a [`proof::ProofResult`]. The program
//! `prover` gives each proof a command.

pub mod beds24;
pub mod bench;
pub mod bookingexperts;
pub mod chance;
pub mod data;
pub mod database;
pub mod demo;
pub mod house;
pub mod http;
pub mod judge;
pub mod kill;
pub mod latency;
pub mod load;
pub mod proof;
pub mod race;
pub mod replay;
pub mod screen;
pub mod server_process;
pub mod verdict;
pub mod watch;
pub mod ways;
