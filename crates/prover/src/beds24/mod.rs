//! A tiny client of the Beds24 dialect: just what the proofs ask for.
//!
//! Start at [`Beds24`]; [`verdicts`] is how the answer to written items is read.

mod client;
mod rows;
mod verdict;

pub use client::{Beds24, NewRoom, Property};
pub use rows::BookingRow;
pub use verdict::verdicts;
