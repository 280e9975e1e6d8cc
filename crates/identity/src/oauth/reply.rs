//! Whole answers, ready to be sent.

use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, PRAGMA, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use serde::Serialize;

use super::reason::Reason;

/// A whole answer: status, headers and body.
pub type Reply = Response<String>;

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// An answer that nobody may keep.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(String::new());
    *reply.status_mut() = status;
    put(
        &mut reply,
        CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    put(&mut reply, PRAGMA, HeaderValue::from_static("no-cache"));
    reply
}

pub(crate) fn put(reply: &mut Reply, name: HeaderName, value: HeaderValue) {
    reply.headers_mut().insert(name, value);
}

/// JSON that nobody may keep.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    let mut reply = empty(status);
    let json = HeaderValue::from_static("application/json");
    put(&mut reply, CONTENT_TYPE, json);
    *reply.body_mut() = serde_json::to_string(body).expect("answers are plain data with text keys");
    reply
}

/// The answer to a refused request.
pub(crate) fn refused(reason: &Reason) -> Reply {
    tracing::info!(%reason, "a request of an OAuth client was refused");
    let body = ErrorBody {
        error: reason.code(),
        error_description: &reason.description(),
    };
    let mut reply = json(reason.status(), &body);
    if reason.status() == StatusCode::UNAUTHORIZED {
        let basic = HeaderValue::from_static("Basic realm=\"oauth\", charset=\"UTF-8\"");
        put(&mut reply, WWW_AUTHENTICATE, basic);
    }
    if let Reason::Unavailable { retry_after_s } = reason {
        put(&mut reply, RETRY_AFTER, HeaderValue::from(*retry_after_s));
    }
    reply
}

/// Sends a browser on with GET, whatever it came with: a form with secrets is never sent on (RFC 9700, 4.12).
/// What cannot stand in a header is not a place.
pub(crate) fn see_other(place: &str) -> Reply {
    match HeaderValue::from_str(place) {
        Ok(place) => {
            let mut reply = empty(StatusCode::SEE_OTHER);
            put(&mut reply, LOCATION, place);
            reply
        }
        Err(_) => empty(StatusCode::BAD_REQUEST),
    }
}
