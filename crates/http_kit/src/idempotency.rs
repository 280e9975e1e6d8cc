//! The same call twice: answered once, told twice.
//!
//! This crate takes the key, makes the request's fingerprint, keeps two calls with one key from running
//! side by side in this process, and gives back an answer that is already stored. The store writes the
//! answer, in the commit of the change that it tells of, and its unique key on (grant, key) decides
//! between two processes.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use domain::id::Id;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use identity::Caller;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::limits;
use crate::refusal::{Problem, Refusal};

/// The header that carries the key.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that marks an answer given again.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A key and the fingerprint of the request that came with it. The handler hands it to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key as the client spelled it; unique per grant.
    pub key: String,
    /// SHA-256 of method, path, query and body.
    pub fingerprint: [u8; 32],
}

/// An answer that was written in the commit of its change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The fingerprint of the request that it answered.
    pub fingerprint: [u8; 32],
    /// Its status.
    pub status: u16,
    /// Its media type.
    pub media_type: String,
    /// Its body, byte for byte.
    pub body: Bytes,
}

/// Finds stored answers. The store implements it.
#[async_trait::async_trait]
pub trait StoredAnswers: Send + Sync + 'static {
    /// The answer stored under this caller's key, if there is one.
    async fn find(&self, caller: &Caller, key: &str) -> Result<Option<StoredAnswer>, Refusal>;
}

/// No stored answers, for dialects and tests without them.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStoredAnswers;

#[async_trait::async_trait]
impl StoredAnswers for NoStoredAnswers {
    async fn find(&self, _: &Caller, _: &str) -> Result<Option<StoredAnswer>, Refusal> {
        Ok(None)
    }
}

impl StoredAnswer {
    /// The answer again, if it belongs to this very request.
    pub(crate) fn replay(self, asked: &Idempotency) -> Result<Answer, Refusal> {
        if self.fingerprint != asked.fingerprint {
            return Err(Refusal::KeyReused);
        }
        let status = StatusCode::from_u16(self.status).map_err(Refusal::internal)?;
        let replayed = Answer::empty(status)
            .header(REPLAYED, HeaderValue::from_static("true"))
            .with_body(self.body);
        if self.media_type.is_empty() {
            return Ok(replayed);
        }
        let media_type = HeaderValue::try_from(self.media_type).map_err(Refusal::internal)?;
        Ok(replayed.header(http::header::CONTENT_TYPE, media_type))
    }
}

impl Idempotency {
    /// The key of a request, with its fingerprint; `None` where none was sent.
    pub(crate) fn read(
        headers: &HeaderMap,
        method: &Method,
        path_and_query: &str,
        body: &[u8],
    ) -> Result<Option<Idempotency>, Refusal> {
        let Some(value) = headers.get(HEADER) else {
            return Ok(None);
        };
        let key = value.to_str().unwrap_or_default();
        if key.is_empty() {
            return Err(Refusal::parameter("Idempotency-Key", Problem::Missing));
        }
        if key.len() > limits::IDEMPOTENCY_KEY_CHARACTERS {
            let problem = Problem::TooMany(limits::IDEMPOTENCY_KEY_CHARACTERS);
            return Err(Refusal::parameter("Idempotency-Key", problem));
        }
        Ok(Some(Idempotency {
            key: key.to_owned(),
            fingerprint: fingerprint(method, path_and_query, body),
        }))
    }
}

/// SHA-256 over the parts, each preceded by its length, so that no two requests share one text.
fn fingerprint(method: &Method, path_and_query: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), path_and_query.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The keys whose calls are running in this process.
#[derive(Clone, Debug, Default)]
pub struct RunningKeys(Arc<Mutex<HashSet<(Id, String)>>>);

/// Holds a key until the call that carries it has ended.
#[derive(Debug)]
pub(crate) struct Claim {
    running: RunningKeys,
    held: (Id, String),
}

impl RunningKeys {
    /// Claims a key for one call.
    pub(crate) fn claim(&self, grant_id: Id, key: &str) -> Result<Claim, Refusal> {
        let held = (grant_id, key.to_owned());
        let mut running = self.0.lock();
        if running.len() >= limits::RUNNING_KEYS {
            return Err(Refusal::Busy { retry_after_s: 1 });
        }
        if !running.insert(held.clone()) {
            return Err(Refusal::KeyRunning);
        }
        Ok(Claim {
            running: self.clone(),
            held,
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_tells_every_part_apart() {
        let base = fingerprint(&Method::POST, "/a?b=1", b"{}");
        assert_eq!(base, fingerprint(&Method::POST, "/a?b=1", b"{}"));
        assert_ne!(base, fingerprint(&Method::PUT, "/a?b=1", b"{}"));
        assert_ne!(base, fingerprint(&Method::POST, "/a?b=1{", b"}"));
        assert_ne!(base, fingerprint(&Method::POST, "/a?b=1", b"{} "));
    }

    #[test]
    fn a_key_is_held_until_its_call_ends_and_only_for_its_grant() {
        let running = RunningKeys::default();
        let (one, two) = (Id::new(1).unwrap(), Id::new(2).unwrap());
        let claim = running.claim(one, "k").unwrap();
        assert!(matches!(running.claim(one, "k"), Err(Refusal::KeyRunning)));
        assert!(running.claim(two, "k").is_ok());
        drop(claim);
        assert!(running.claim(one, "k").is_ok());
    }
}
