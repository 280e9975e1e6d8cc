//! Whole requests through the dialect, over both stores.

#![cfg(test)]

mod authentication;
mod bookings;
mod calls;
mod finding;
mod house;
mod inventory;
mod linked_prices;
mod once;
mod properties;
mod restrictions;
