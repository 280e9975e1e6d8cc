//! The hash-chained record of occupancy, and the checker that replays it.
//!
//! Every change of a lane's occupancy is one [`Entry`]: capacity was set, a
//! quantity was taken, a quantity was given back. Each entry is sealed with the
//! hash of the one before it, one chain per lane, and written out as one line of
//! JSON. Whoever holds those lines can prove that nothing was sold twice, without
//! the store, without the server and without trusting either.
//!
//! This crate therefore knows no other crate of Tabard. Keep it that way: a
//! checker that shares the code it judges proves nothing.
//!
//! Where to start:
//! * [`entry`] is the record: fields, canonical bytes, hash, line form.
//! * [`checker`] reads lines and names the first entry that breaks a rule.
//! * [`as_of`] stops the same replay early: what did a lane look like then?
//! * [`command`] is the program `tabard-verify` as a function.

pub mod as_of;
pub mod checker;
pub mod command;
pub mod entry;
pub mod lane;
pub mod occupancy;
pub mod rule;

pub use as_of::AsOf;
pub use checker::{Checker, Head, Report, check};
pub use entry::{BEFORE_THE_FIRST, Entry, Hash, Kind, Sealed};
pub use lane::{Lane, Taken};
pub use occupancy::Occupancy;
pub use rule::{Rule, Violation};
