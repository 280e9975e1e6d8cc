//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod availability;
mod commands;
mod hooks;
mod house;
mod including;
mod outside;
mod places;
mod reading;
mod selling;
mod shop;
mod strangers;
mod walk;
mod words;
mod world;
mod writing;
