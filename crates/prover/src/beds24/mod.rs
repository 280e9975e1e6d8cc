//! A tiny client of the Beds24 dialect: just what the proofs ask for.
//!
//! Start at [`Beds24`]; [`Demo`] is how it learns where to go, [`Verdict`] how an answer
//! to one written item is read.

mod client;
mod demo;
mod rows;
mod verdict;

pub use client::{Beds24, NewRoom, Property};
pub use demo::{Demo, DemoBeds24};
pub use rows::BookingRow;
pub use verdict::{Verdict, verdicts};
