//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod availability;
mod beside;
mod commands;
mod described;
mod hooks;
mod house;
mod including;
mod money;
mod outside;
mod places;
mod reading;
mod selling;
mod shop;
mod strangers;
mod things;
mod walk;
mod words;
mod world;
mod writing;
