//! The house's own API, in an app without a socket.
#![cfg(test)]

mod apps;
mod clock;
mod hosts;
mod journal;
mod leaving;
mod toy;
