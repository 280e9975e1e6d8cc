//! The program `tabard`: configuration, command line, wiring, telemetry.
//!
//! Everything that decides anything stands in the crates below; here they are put together and
//! given a clock, randomness, a socket and a log. [`app::App`] is the wiring, and tests build the
//! same one. [`listen`] accepts connections. [`commands`] is the command line, one file per
//! command; start at [`commands::serve`].
//!
//! The crate also serves the house's own small API ([`house_api`]): the sandbox clock and the
//! journal.

pub mod app;
pub mod apps;
pub mod commands;
pub mod demo;
mod entropy;
pub mod expiry;
pub mod health;
pub mod house_api;
mod ids;
pub mod leaving;
pub mod listen;
mod operator;
mod routers;
pub mod secret;
pub mod settings;
pub mod telemetry;
mod units;
