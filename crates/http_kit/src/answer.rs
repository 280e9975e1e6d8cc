//! What goes back to the client: a status, headers and bytes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use parking_lot::Mutex;
use serde::Serialize;

use crate::meters::Reading;
use crate::refusal::Refusal;

/// The media type of plain JSON.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A whole answer, rendered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers; most answers have the content type and nothing else.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The meter to print, where the handler charged one itself.
    pub(crate) reading: Option<Reading>,
    /// What is sent in place of `body`, where that would be too much to hold at once.
    pub(crate) stream: Option<Streamed>,
}

/// A body that is made while it is sent. Clones of an answer share it, and the first one to be sent
/// sends it.
#[derive(Clone)]
pub(crate) struct Streamed(Arc<Mutex<Option<axum::body::Body>>>);

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streamed(..)")
    }
}

impl Answer {
    /// A status without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            reading: None,
            stream: None,
        }
    }

    /// A value as `application/json`.
    ///
    /// # Errors
    /// When the value has no JSON form (a map whose keys are not texts); a mistake of ours.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Answer, Refusal> {
        let body = serde_json::to_vec(value).map_err(Refusal::internal)?;
        Ok(Answer::bytes(status, JSON, body))
    }

    /// Rendered bytes.
    #[must_use]
    pub fn bytes(status: StatusCode, media_type: HeaderValue, body: impl Into<Bytes>) -> Answer {
        Answer::empty(status)
            .header(CONTENT_TYPE, media_type)
            .with_body(body)
    }

    /// A body that is made while it is sent. The request log counts it as empty, and the endpoint's time
    /// limit ends with the headers.
    #[must_use]
    pub fn streamed(status: StatusCode, media_type: HeaderValue, body: axum::body::Body) -> Answer {
        let mut answer = Answer::empty(status).header(CONTENT_TYPE, media_type);
        answer.stream = Some(Streamed(Arc::new(Mutex::new(Some(body)))));
        answer
    }

    /// The same with this header, in place of one of the same name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Answer {
        self.headers.insert(name, value);
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Answer {
        self.body = body.into();
        self
    }

    /// The same with `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Answer {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The same with `Allow`.
    #[must_use]
    pub fn allow(self, methods: &[Method]) -> Answer {
        let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
        match HeaderValue::try_from(names.join(", ")) {
            Ok(value) => self.header(ALLOW, value),
            Err(_) => self,
        }
    }

    /// The same, with the meter that the handler charged; its headers are printed by the dialect.
    #[must_use]
    pub fn metered(mut self, reading: Reading) -> Answer {
        self.reading = Some(reading);
        self
    }

    pub(crate) fn into_response(self) -> http::Response<axum::body::Body> {
        let streamed = self.stream.and_then(|stream| stream.0.lock().take());
        let body = streamed.unwrap_or_else(|| axum::body::Body::from(self.body));
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
