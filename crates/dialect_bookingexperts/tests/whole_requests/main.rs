//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod availability;
mod commands;
mod hooks;
mod house;
mod including;
mod outside;
mod reading;
mod selling;
mod shop;
mod walk;
mod world;
mod writing;
