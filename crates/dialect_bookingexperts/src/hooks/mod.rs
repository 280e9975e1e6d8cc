//! Webhooks: who is told, of what, and how it looks.
//!
//! - [`names`]: `resource:verb`, and which of the house's events stand behind each name.
//! - [`Webhooks`]: the format. An event is rendered for the installation that is told, through the same
//!   rows as its own requests, so it is told nothing that it could not read.
//! - [`endpoints`] and [`log`]: webhook endpoints as resources, and what was sent to them.
//! - [`table`]: the paths of all that, and of [`crate::commands`].
//!
//! Sending, trying again and switching off is not done here, but in the room `delivery`.

mod answer;
pub(crate) mod behind;
mod changes;
pub mod endpoints;
pub mod log;
pub mod names;
pub(crate) mod record;
mod render;
pub mod table;

pub(crate) use self::answer::Told;
pub(crate) use self::render::signed;
pub use self::render::{ENVIRONMENT, SIGNATURE, SIGNATURES, Webhooks};
