//! The room as a whole: real receivers on loopback, a clock that tests move, both stores.
#![cfg(test)]

mod crash;
mod format;
mod hanging;
mod hostile;
mod log;
mod mail;
mod message;
mod order;
mod outbox;
mod owners;
mod proof;
mod receiver;
mod retry;
mod secrets;
mod tls;
mod world;
