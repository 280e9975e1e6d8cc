//! What goes over the line: the shapes of requests and answers, as the vendor has them.
//!
//! Everything here is pure. Start at [`shape`] for the tables of fields, at [`booking_in`] and
//! [`booking_out`] for bookings, at [`queries`] for what a list can be asked.

pub mod booking;
pub mod booking_in;
pub mod booking_out;
pub mod booking_query;
pub mod calendar;
pub mod check;
pub mod element;
pub mod envelope;
pub mod merge;
pub mod parts;
pub mod property;
pub mod queries;
pub mod query;
pub mod schema;
pub mod shape;
pub mod shape_text;
