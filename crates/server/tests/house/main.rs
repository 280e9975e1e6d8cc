//! The house's own API, and dialects side by side, in an app without a socket.
#![cfg(test)]

mod apps;
mod bookingexperts;
mod changes;
mod clock;
mod confirming;
mod hosts;
mod journal;
mod leaving;
mod races;
mod switching_off;
mod toy;
mod webhooks;
