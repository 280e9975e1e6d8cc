//! The house's own API, and dialects side by side, in an app without a socket.
#![cfg(test)]

mod apps;
mod bookingexperts;
mod clock;
mod hosts;
mod journal;
mod leaving;
mod races;
mod toy;
mod webhooks;
