//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod house;
mod including;
mod reading;
mod walk;
mod world;
mod writing;
