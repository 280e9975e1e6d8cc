//! What the vendor's API is to the pipeline: where the credential stands, how refusals are worded,
//! which rate headers are printed.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, Credential, Dialect, Reading, Refusal};

use crate::errors;

/// The name in credentials, logs and metrics.
pub const NAME: &str = "beds24";

/// The Beds24 API V2.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beds24;

impl Dialect for Beds24 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn credential<'request>(&self, headers: &'request HeaderMap) -> Option<Credential<'request>> {
        let text = headers
            .get("token")?
            .to_str()
            .ok()
            .filter(|text| !text.is_empty())?;
        Some(Credential {
            dialect: NAME,
            kind: "token",
            text: text.into(),
        })
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        errors::answer(refusal)
    }

    fn print_meter(&self, reading: &Reading, headers: &mut HeaderMap) {
        let remaining = reading.remaining.or_zero();
        // On the live wire; decimals.
        put(headers, "x-five-min-limit-remaining", remaining);
        put(headers, "x-five-min-limit-resets-in", reading.resets_in_s);
        put(headers, "x-request-cost", reading.cost);
        // In the vendor's documents; whole numbers.
        put(headers, "x-fivemincreditlimit", reading.limit.floor());
        put(headers, "x-fivemincreditlimit-remaining", remaining.floor());
        put(
            headers,
            "x-fivemincreditlimit-resetsin",
            reading.resets_in_s,
        );
        put(headers, "x-requestcost", reading.cost.floor().max(1));
    }

    fn refunds(&self, status: StatusCode) -> bool {
        matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE
        )
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: impl std::fmt::Display) {
    if let Ok(value) = HeaderValue::try_from(value.to_string()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_kit::Credits;

    #[test]
    fn the_credential_is_the_bare_token_header_and_never_authorization() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer x"));
        assert!(Beds24.credential(&headers).is_none());
        headers.insert("token", HeaderValue::from_static(""));
        assert!(Beds24.credential(&headers).is_none());
        headers.insert("token", HeaderValue::from_static("a+b/c="));
        assert_eq!(
            Beds24
                .credential(&headers)
                .map(|found| found.text.into_owned())
                .as_deref(),
            Some("a+b/c=")
        );
    }

    #[test]
    fn both_families_of_rate_headers_are_printed() {
        let reading = Reading {
            limit: Credits::whole(100),
            remaining: Credits::from_thousandths(97_600),
            cost: Credits::from_thousandths(1_200),
            resets_in_s: 155,
            retry_after_s: 0,
        };
        let mut headers = HeaderMap::new();
        Beds24.print_meter(&reading, &mut headers);
        let shown = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(shown("x-five-min-limit-remaining"), "97.6");
        assert_eq!(shown("x-five-min-limit-resets-in"), "155");
        assert_eq!(shown("x-request-cost"), "1.2");
        assert_eq!(shown("x-fivemincreditlimit"), "100");
        assert_eq!(shown("x-fivemincreditlimit-remaining"), "97");
        assert_eq!(shown("x-requestcost"), "1");
    }
}
