//! Calls that carry an idempotency key, on their way to the use cases and back.

use http::StatusCode;
use http::header::HeaderValue;
use http_kit::answer::JSON;
use http_kit::{Answer, Call};
use service::once::{Once, WriteAnswer};

use crate::wire::element::Element;

/// The caller's key, if there is one, with the function that renders the answer to keep.
pub fn once<T>(
    call: &Call,
    elements: impl Fn(&[T]) -> Vec<Element> + Send + Sync + 'static,
) -> Option<Once<T>> {
    let asked = call.idempotency.clone()?;
    Some(Once {
        key: asked.key,
        fingerprint: asked.fingerprint,
        render: Box::new(move |outcomes| (StatusCode::CREATED.as_u16(), body(&elements(outcomes)))),
    })
}

/// The answer: the elements of what was done now, or the bytes of what was done before.
pub fn answered<T>(answer: WriteAnswer<T>, elements: impl FnOnce(&[T]) -> Vec<Element>) -> Answer {
    match answer {
        WriteAnswer::Fresh(outcomes) => {
            Answer::bytes(StatusCode::CREATED, JSON, body(&elements(&outcomes)))
        }
        WriteAnswer::Replayed { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
            let mark = HeaderValue::from_static("true");
            Answer::bytes(status, JSON, body).header(http_kit::idempotency::REPLAYED, mark)
        }
    }
}

fn body(elements: &[Element]) -> Vec<u8> {
    serde_json::to_vec(elements).unwrap_or_default()
}
