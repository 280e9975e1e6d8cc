//! The real reservations that the replay plays, and what follows from the file alone.
//!
//! Everything here is pure: bytes in, figures out. [`reservation`] reads the rows,
//! [`events`] puts what happened to them in order, [`occupancy`] counts who slept where,
//! [`capacity`] says how many rooms there are, and [`first_come`] is the plain
//! first-come-first-served computation that the server's refusals must equal.

pub mod capacity;
pub mod events;
pub mod first_come;
pub mod occupancy;
pub mod reservation;

pub use capacity::{Capacities, RoomType};
pub use events::{Event, EventKind, events};
pub use first_come::{FirstCome, Places, RoomEntry, first_come};
pub use occupancy::Occupancy;
pub use reservation::{Fate, Hotel, Reservation, read_reservations};
