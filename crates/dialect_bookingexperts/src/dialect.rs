//! What the vendor's API is to the pipeline: where the credential stands, which media types go, how
//! refusals are worded, which rate headers are printed.

use http::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, Asked, Credential, Dialect, Reading, Refusal};
use jsonapi::{Code, Error, MEDIA_TYPE, check_accept, check_content_type};

use crate::errors;

/// The name in credentials, logs and metrics.
pub const NAME: &str = "bookingexperts";

/// The Booking Experts API v3.
#[derive(Debug, Clone, Copy, Default)]
pub struct BookingExperts;

impl Dialect for BookingExperts {
    fn name(&self) -> &'static str {
        NAME
    }

    /// An API key in `X-API-KEY`, or an access token after `Bearer`. Where both are sent the key counts:
    /// programs set it on purpose, and proxies add the other.
    fn credential<'request>(&self, headers: &'request HeaderMap) -> Option<Credential<'request>> {
        let text = |name: &HeaderName| {
            let text = headers.get(name)?.to_str().ok()?.trim();
            Some(text).filter(|text| !text.is_empty())
        };
        if let Some(key) = text(&HeaderName::from_static("x-api-key")) {
            return Some(credential("api_key", key));
        }
        let (scheme, token) = text(&AUTHORIZATION)?.split_once(' ')?;
        let token = token.trim();
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
        is_bearer.then(|| credential("access_token", token))
    }

    fn check_media(&self, asked: &Asked) -> Result<(), Refusal> {
        if !asks_for_this_version(&asked.headers)? {
            check_accept(&asked.headers).map_err(errors::refusal)?;
        }
        // This is asked before the body is read, so its headers have to say whether there is one.
        let length = asked.header("content-length");
        let has_body = length.is_some_and(|length| length != "0")
            || asked.headers.contains_key("transfer-encoding");
        let is_written = !matches!(asked.method.as_str(), "GET" | "HEAD" | "DELETE");
        check_content_type(&asked.headers, has_body && is_written).map_err(errors::refusal)
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        errors::answer(refusal)
    }

    fn print_meter(&self, reading: &Reading, headers: &mut HeaderMap) {
        put(headers, "x-ratelimit-limit", reading.limit.floor());
        put(
            headers,
            "x-ratelimit-remaining",
            reading.remaining.or_zero().floor(),
        );
    }

    /// Every call fills the bucket, a bad one too.
    fn refunds(&self, _: StatusCode) -> bool {
        false
    }
}

/// Whether `Accept` names this version. How a version is asked for is not documented; the parameter
/// `version` of our media type is the usual way.
fn asks_for_this_version(headers: &HeaderMap) -> Result<bool, Refusal> {
    let accepted = headers.get_all(ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let mut is_this = false;
    for range in accepted.flat_map(|text| text.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        if !parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(MEDIA_TYPE))
        {
            continue;
        }
        for part in parts {
            match part.split_once('=') {
                Some((name, version)) if name.trim().eq_ignore_ascii_case("version") => {
                    if !["3", "3.0", "v3"].contains(&version.trim().trim_matches('"')) {
                        return Err(errors::refusal(unknown_version().in_header("Accept")));
                    }
                    is_this = true;
                }
                _ => {}
            }
        }
    }
    Ok(is_this)
}

fn unknown_version() -> Error {
    Error::new(Code::UnknownVersion, "There is version 3 only, at /v3")
}

/// The other versions that the vendor has, had or may have: there is nothing of them here, and calls are
/// told so.
pub const OTHER_VERSIONS: [&str; 4] = ["/v1", "/v2", "/v4", "/v5"];

/// What answers at the other versions' paths.
#[derive(Debug, Clone, Copy, Default)]
pub struct OtherVersion;

impl Dialect for OtherVersion {
    fn name(&self) -> &'static str {
        NAME
    }

    fn credential<'request>(&self, headers: &'request HeaderMap) -> Option<Credential<'request>> {
        BookingExperts.credential(headers)
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::NoSuchRoute => match errors::refusal(unknown_version()) {
                Refusal::Answered(answer) => *answer,
                other => errors::answer(&other),
            },
            other => errors::answer(other),
        }
    }
}

fn credential<'request>(kind: &'static str, text: &'request str) -> Credential<'request> {
    Credential {
        dialect: NAME,
        kind,
        text: text.into(),
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

    fn found(pairs: &[(&'static str, &'static str)]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let found = BookingExperts.credential(&headers)?;
        Some((found.kind.to_owned(), found.text.into_owned()))
    }

    #[test]
    fn a_key_and_a_bearer_token_are_credentials_and_a_bare_authorization_is_none() {
        let is = |kind: &str, text: &str| Some((kind.to_owned(), text.to_owned()));
        assert_eq!(found(&[("x-api-key", "abc")]), is("api_key", "abc"));
        assert_eq!(
            found(&[("authorization", "bearer xyz")]),
            is("access_token", "xyz")
        );
        let both = [("x-api-key", "abc"), ("authorization", "Bearer xyz")];
        assert_eq!(found(&both), is("api_key", "abc"));
        // The first version of the API took the bare key; the third does not.
        assert_eq!(found(&[("authorization", "abc")]), None);
        assert_eq!(found(&[("authorization", "Basic eA==")]), None);
        assert_eq!(found(&[("x-api-key", " ")]), None);
    }

    #[test]
    fn the_meter_says_how_large_the_bucket_is_and_what_still_fits() {
        let reading = Reading {
            limit: Credits::whole(100),
            remaining: Credits::from_thousandths(97_600),
            cost: Credits::whole(1),
            resets_in_s: 5,
            retry_after_s: 0,
        };
        let mut headers = HeaderMap::new();
        BookingExperts.print_meter(&reading, &mut headers);
        assert_eq!(headers["x-ratelimit-limit"], "100");
        assert_eq!(headers["x-ratelimit-remaining"], "97");
    }
}
