//! What every dialect needs of HTTP, once: endpoint tables, callers, rate limits, idempotency, paging,
//! OpenAPI, the request log, and the routes of OAuth 2.0.
//!
//! A dialect writes one list of [`Endpoint`]s and one [`Dialect`] (where its credential stands, how it
//! words a refusal, which rate headers it prints). From the list come the router, the OpenAPI document
//! and the rows that permission tests walk; every request goes through one function, [`serve`].
//!
//! This crate is not the server: it opens no socket and reads no configuration. It knows no store either:
//! what it needs of stored rows stands behind [`Callers`] and [`StoredAnswers`].
//!
//! Start with [`endpoint`], then [`serve`].

pub mod access_log;
pub mod answer;
pub mod call;
pub mod caller;
pub mod clock;
pub mod cost;
pub mod dialect;
pub mod endpoint;
mod handler;
pub mod idempotency;
pub mod json;
pub mod limits;
pub mod meters;
pub mod oauth;
pub mod openapi;
pub mod page;
pub mod query;
pub mod refusal;
pub mod remote;
pub mod request_id;
pub mod router;
pub mod serve;

pub use answer::Answer;
pub use call::{Asked, Call, PublicCall};
pub use caller::{Callers, Credential, Denied};
pub use clock::{Clock, Stopwatch, SystemClock};
pub use cost::{Cost, Credits};
pub use dialect::Dialect;
pub use endpoint::{Access, Endpoint, Row, delete, get, link, patch, post, put, unlink};
pub use idempotency::{Idempotency, StoredAnswer, StoredAnswers};
pub use meters::{Meters, Reading};
pub use page::Page;
pub use query::Query;
pub use refusal::{BadBody, BadParameter, Cause, Problem, Refusal};
pub use remote::{Peer, Proxies};
pub use router::{Api, Mount};
pub use serve::Kit;

/// What a handler gives back.
pub type Result<T, E = Refusal> = std::result::Result<T, E>;
