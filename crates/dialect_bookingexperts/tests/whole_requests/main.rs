//! Whole requests: a router in front, a store behind, on every store.

#![cfg(test)]

mod access;
mod availability;
mod beside;
mod campaigns;
mod codes;
mod commands;
mod described;
mod faster;
mod filtering;
mod fixed;
mod hooks;
mod house;
mod images;
mod including;
mod marks;
mod money;
mod outside;
mod packages;
mod places;
mod presence;
mod reading;
mod regions;
mod searching;
mod selling;
mod shop;
mod standard;
mod strangers;
mod subscription;
mod things;
mod vouchers;
mod walk;
mod words;
mod world;
mod writing;
