//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod availability;
mod beside;
mod commands;
mod hooks;
mod house;
mod including;
mod money;
mod outside;
mod places;
mod reading;
mod selling;
mod shop;
mod walk;
mod world;
mod writing;
