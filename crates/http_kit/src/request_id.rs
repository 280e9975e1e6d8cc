//! One name per request, on the answer, in the log and in the audit trail.

use domain::id::IdSource;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;

use crate::limits;

/// The header in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The incoming id where it is short and plain, so that it can stand in logs unescaped; else a new one.
#[must_use]
pub fn accept_or_make(headers: &HeaderMap, ids: &IdSource, now: Timestamp) -> String {
    incoming(headers).map_or_else(|| ids.next(now).to_string(), str::to_owned)
}

fn incoming(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let sane =
        !text.is_empty() && text.len() <= limits::REQUEST_ID_CHARACTERS && text.bytes().all(plain);
    sane.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        let ids = IdSource::new(0);
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, text.parse().unwrap());
            accept_or_make(&headers, &ids, now)
        };
        assert_eq!(with("3f-a_b.9"), "3f-a_b.9");
        assert_ne!(with("a b"), "a b");
        assert_ne!(with("a\"b"), "a\"b");
        assert_ne!(with(&"a".repeat(65)), "a".repeat(65));
        assert!(accept_or_make(&HeaderMap::new(), &ids, now).len() > 10);
    }
}
