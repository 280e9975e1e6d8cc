//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod commands;
mod hooks;
mod house;
mod including;
mod outside;
mod reading;
mod walk;
mod world;
mod writing;
