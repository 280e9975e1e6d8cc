//! A tiny client of the Booking Experts dialect: just what the proofs ask for.
//!
//! Start at [`BookingExperts`]; [`verdict`] is how an answer to a write is read.

mod client;
mod rows;
mod verdict;

pub use client::{Access, BookingExperts, Stay, as_created, reservation};
pub use rows::{DayRow, ReservationRow};
pub use verdict::{CONFLICT, NOT_FOUND, verdict};
