//! The Beds24 API V2, spoken over the shared inventory.
//!
//! An existing client of that API works when only its base URL changes. What the vendor leaves
//! open is decided in `docs/dialects/beds24.md`.
//!
//! This crate translates and nothing more: it knows no store and no other dialect, and what may be
//! done is decided by `service`. Start at [`wire`] for what goes over the line and at [`scopes`]
//! for who may do what.

mod authentication;
mod bookings;
pub mod described;
pub mod dialect;
pub mod endpoints;
pub mod errors;
mod inventory;
mod once;
mod properties;
pub mod scopes;
mod state;
pub mod wire;

pub use self::dialect::{Beds24, NAME};
pub use self::endpoints::{api, document, endpoints};
pub use self::state::State;
