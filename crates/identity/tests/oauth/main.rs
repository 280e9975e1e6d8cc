//! OAuth 2.0 from registration to the last token, on both stores.

#![cfg(test)]

mod apps;
mod authorization;
mod exchange;
mod flows;
mod house;
mod people;
mod races;
