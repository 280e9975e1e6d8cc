//! A small keep-alive HTTP/1.1 client over one TCP connection.
//!
//! It exists because the load generator shares its processors with the server it
//! measures: one buffer to write, one buffer to read, no header map, no copies of the
//! body. It speaks just what the prover needs: requests with an optional body, answers
//! with `content-length` or chunks. It is not a general client: no TLS, no redirects,
//! no proxies, loopback only.
//!
//! Start at [`Connection`].

mod answer;
mod connection;
mod target;

pub use answer::Answer;
pub use connection::{Connection, Request};
pub use target::Target;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address could not be reached, so the request was never sent.
    #[error("could not connect to {address}: {source}")]
    Connect {
        /// Where the connection should have gone.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The connection broke after the request may have been sent: its outcome is unknown.
    #[error("the connection broke before the answer was complete: {0}")]
    Broken(#[from] std::io::Error),
    /// The server closed the connection before the answer was complete: outcome unknown.
    #[error("the server closed the connection before the answer was complete")]
    Closed,
    /// No complete answer within the time limit: outcome unknown.
    #[error("no complete answer within {0:?}")]
    TimedOut(std::time::Duration),
    /// What came back is not an HTTP/1.1 answer that this client understands.
    #[error("not a readable HTTP/1.1 answer: {0}")]
    Malformed(&'static str),
    /// The address is not one that the prover may talk to.
    #[error("{0}")]
    BadTarget(String),
}
