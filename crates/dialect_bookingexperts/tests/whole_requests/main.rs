//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod availability;
mod beside;
mod campaigns;
mod commands;
mod described;
mod hooks;
mod house;
mod images;
mod including;
mod money;
mod outside;
mod places;
mod reading;
mod regions;
mod selling;
mod shop;
mod strangers;
mod things;
mod vouchers;
mod walk;
mod words;
mod world;
mod writing;
