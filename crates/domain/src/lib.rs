//! The nouns and rules of booking: pure functions, no I/O, no async, no clock.
//!
//! All booking comes down to one statement: *a party takes a quantity of something for a period*.
//! This crate says what each of these words means and judges them; what is stored stands in
//! `catalogue` and `store`, who asks for it in `service`, how it is spelt on the wire in a dialect.
//!
//! Nothing here reads a clock, draws a random number or touches a disk: the moment (`now`), keys and
//! everything that was read come in as arguments, so each rule can be tested against brute force and
//! replayed from a log.
//!
//! Where to start:
//!
//! - [`lane`]: capacity over time; the one function that answers "what is free?" and "may this be
//!   booked?". [`pack`] puts stays into units.
//! - [`booking`]: the states of a booking and which of them take capacity.
//! - [`calendar`], [`rate`] and [`offer`]: restrictions, prices, and what can be booked now.
//! - [`price_list`], [`charge`] and [`reduction`]: prices by list and length of stay, extras, costs, fees,
//!   and which of several discounts a stay gets.
//! - [`payment`]: requests to pay and what became of them. [`template`]: messages with gaps.
//! - [`access`]: who may do what.
//! - [`id`], [`money`], [`time`], [`text`]: the values that everything else is made of.
//! - [`contact`], [`party`], [`organization`], [`order`], [`note`]: people, places, what they owe and
//!   what was remarked.

pub mod access;
pub mod booking;
pub mod calendar;
pub mod charge;
pub mod contact;
pub mod id;
pub mod lane;
pub mod money;
pub mod note;
pub mod offer;
pub mod order;
pub mod organization;
pub mod pack;
pub mod party;
pub mod payment;
pub mod price_list;
pub mod rate;
pub mod reduction;
pub mod template;
pub mod text;
pub mod time;

#[cfg(test)]
mod testing;
