//! Walks over the endpoint tables of all dialects: who is let in, who sees what, and what becomes of
//! bad input.
//!
//! The tests are made from the tables themselves. What a table does not say (where ids stand in a
//! call, and what a good call looks like) is described in [`places`]; an endpoint or an id that is
//! not described there fails [`tables`]' tests, so a new endpoint is walked by being described.
#![cfg(test)]

mod ask;
mod bodies;
mod capabilities;
mod dump;
mod facets;
mod junk;
mod parameters;
mod places;
mod secrets;
mod strangers;
mod tables;
mod tenants;
mod world;
