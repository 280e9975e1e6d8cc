//! The Booking Experts API v3, a JSON:API, spoken over the shared inventory.
//!
//! An existing client of that API works when only its base URL changes. What the vendor leaves open is
//! decided in `docs/dialects/bookingexperts.md`.
//!
//! This crate translates and nothing more. [`kinds`] declares the types of resources, [`rows`] shows
//! what is stored as resources of these types, [`read`] answers requests for them, [`write`] carries out what
//! requests want of them, [`sell`] sells stays, and [`endpoints`] is the table of contents; who may do what
//! stands in [`scopes`].

pub mod commands;
mod described;
pub mod dialect;
pub mod endpoints;
pub mod errors;
pub mod hooks;
pub mod kinds;
mod read;
mod rows;
pub mod scopes;
pub mod seen;
mod sell;
pub mod state;
mod write;

pub use self::dialect::{BookingExperts, NAME, OTHER_VERSIONS};
pub use self::endpoints::{api, document, endpoints, other_versions};
pub use self::hooks::Webhooks;
pub use self::state::{Outside, State};
