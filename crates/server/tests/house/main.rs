//! The house's own API, in an app without a socket.
#![cfg(test)]

mod clock;
mod hosts;
mod journal;
