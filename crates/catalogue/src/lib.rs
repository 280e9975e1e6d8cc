//! What every stored kind looks like, declared once.
//!
//! A *kind* is a plain struct with `#[derive(Kind)]`: the derive names its table, its typed
//! columns (whatever is filtered, sorted or joined) and keeps the rest as JSON in `doc`. The
//! store writes insert, update, get and list once for all kinds from that description.
//!
//! This crate holds no SQL and no rules. Start at [`Kind`], then read the kinds themselves:
//! [`inventory`], [`sale`], [`access`], [`oauth`], [`people`], [`delivery`],
//! and those that share tables: [`content`], [`links`], [`records`], [`customers`].

extern crate self as catalogue;

pub mod access;
pub mod content;
pub mod customers;
pub mod delivery;
pub mod inventory;
mod kind;
pub mod links;
pub mod oauth;
pub mod patch;
pub mod people;
pub mod records;
pub mod sale;
mod selling;
pub mod shared;
pub mod told;
mod value;

pub use catalogue_derive::Kind;
pub use kind::{Cells, Column, Kind, Malformed, Table, document};
pub use value::{ColumnKind, ColumnValue, Row, Value, day_number, from_day_number};
