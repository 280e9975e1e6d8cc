//! Refusals as error documents: a status, one of the 24 codes, a title, and a detail to read.

use http::{HeaderValue, StatusCode, header};
use http_kit::{Answer, BadBody, Refusal};
use identity::Denied;
use identity::oauth::AccessRefused;
use jsonapi::{Code, Error, Errors, Failure, MEDIA_TYPE};
use serde_json::Value;

use crate::scopes;

/// The media type of every answer.
pub const JSON_API: HeaderValue = HeaderValue::from_static(MEDIA_TYPE);

/// The answer to a refused call.
pub fn answer(refusal: &Refusal) -> Answer {
    let answer = document(&worded(refusal).into());
    match refusal {
        Refusal::WrongMethod { allowed } => answer.allow(allowed),
        Refusal::Busy { retry_after_s } => answer.retry_after(*retry_after_s),
        Refusal::OverQuota(reading) => answer.retry_after(reading.retry_after_s.max(1)),
        _ => answer,
    }
}

/// Errors as a refusal of the call.
pub fn refusal(errors: impl Into<Errors>) -> Refusal {
    Refusal::from(document(&errors.into()))
}

/// There is no such thing here, or the caller may not know of it.
pub fn not_found(what: &str) -> Refusal {
    refusal(Error::new(
        Code::ResourceNotFound,
        format!("There is no such {what}"),
    ))
}

/// A use case's error as a refusal of the call.
pub fn refused(error: service::Error) -> Refusal {
    use service::Error as Failed;
    match error {
        Failed::Forbidden(needs) => Refusal::Forbidden { needs },
        Failed::Busy { retry_after_ms } => Refusal::Busy {
            retry_after_s: u32::try_from(retry_after_ms.div_ceil(1_000))
                .unwrap_or(u32::MAX)
                .max(1),
        },
        Failed::Unavailable => Refusal::Busy { retry_after_s: 1 },
        Failed::OutcomeUnknown => Refusal::TimedOut,
        Failed::Conflict => Refusal::Conflict,
        Failed::KeyReused => Refusal::KeyReused,
        Failed::Internal => Refusal::internal("a use case failed"),
        Failed::TooMany { limit } => {
            let detail = format!("The filters ask for more than {limit} things at once");
            refusal(Error::new(Code::InvalidFilter, detail))
        }
    }
}

/// Why related resources could not be read.
pub fn failed(failure: Failure<service::Error>) -> Refusal {
    match failure {
        Failure::TooMany(error) => refusal(error),
        Failure::Loader(error) => refused(error),
    }
}

/// Why an app may not do this, as a refusal of the call.
pub fn no_access(refused: AccessRefused) -> Refusal {
    match refused {
        AccessRefused::Unavailable { retry_after_s } => Refusal::Busy { retry_after_s },
        other => refusal(access(&other)),
    }
}

fn document(errors: &Errors) -> Answer {
    json(errors.status(), &errors.to_json())
}

/// A JSON:API document as an answer.
pub fn json(status: StatusCode, body: &Value) -> Answer {
    written(status, body.to_string().into_bytes())
}

/// Resources as an answer.
pub fn resources(document: &jsonapi::Document<'_>) -> Result<Answer, Refusal> {
    let body = serde_json::to_vec(document).map_err(Refusal::internal)?;
    Ok(written(StatusCode::OK, body))
}

fn written(status: StatusCode, body: Vec<u8>) -> Answer {
    Answer::bytes(status, JSON_API, body)
        .header(header::VARY, HeaderValue::from_static(jsonapi::VARY))
}

fn access(refused: &AccessRefused) -> Error {
    let (code, detail) = match refused {
        AccessRefused::InvalidToken => (
            Code::InvalidToken,
            "The API key or access token is not valid".to_owned(),
        ),
        AccessRefused::ApplicationHalted => (
            Code::ApplicationHalted,
            "The application was halted".to_owned(),
        ),
        AccessRefused::SubscriptionCancelled => (
            Code::SubscriptionCancelled,
            "The organization has cancelled its subscription of the application".to_owned(),
        ),
        AccessRefused::OrganizationNotGranted => (
            Code::NoAdministrationAccess,
            "The administration was not granted to the application".to_owned(),
        ),
        AccessRefused::ChannelNotGranted => (
            Code::NoChannelAccess,
            "The channel was not granted to the application".to_owned(),
        ),
        AccessRefused::ScopeMissing { acceptable } => {
            (Code::NoValidScope, scope_detail(acceptable))
        }
        // The vendor names no code for blocked addresses; this is the nearest of the 24.
        AccessRefused::WrongAddress => {
            let detail = "Calls from this IP address are blocked";
            return Error::new(Code::InvalidToken, detail).with_status(StatusCode::FORBIDDEN);
        }
        AccessRefused::Unavailable { .. } => (
            Code::InternalServerError,
            "Credentials cannot be looked up just now".to_owned(),
        ),
    };
    Error::new(code, detail)
}

fn scope_detail<T: AsRef<str>>(acceptable: &[T]) -> String {
    let words: Vec<&str> = acceptable.iter().map(AsRef::as_ref).collect();
    format!(
        "This needs a scope that was not granted. Acceptable scopes: {}",
        words.join(", ")
    )
}

fn worded(refusal: &Refusal) -> Error {
    let bad =
        |code: Code, status: StatusCode, detail: &str| Error::new(code, detail).with_status(status);
    match refusal {
        Refusal::Blocked => access(&AccessRefused::WrongAddress),
        Refusal::NotSignedIn => Error::new(
            Code::InvalidToken,
            "Send an API key in the X-API-KEY header, or an access token in the Authorization \
             header after Bearer",
        ),
        Refusal::Denied(denied) => denied_error(*denied),
        Refusal::Forbidden { needs } => Error::new(
            Code::NoValidScope,
            scope_detail(&scopes::words_with(*needs)),
        ),
        Refusal::NoSuchRoute => Error::new(Code::ResourceNotFound, "There is nothing at this path"),
        Refusal::WrongMethod { .. } => bad(
            Code::ResourceNotFound,
            StatusCode::METHOD_NOT_ALLOWED,
            "The path does not take this method",
        ),
        Refusal::NotFound => Error::new(Code::ResourceNotFound, "There is no such resource"),
        Refusal::Parameter(parameter) => {
            Error::new(Code::ForbiddenInput, parameter.to_string()).in_parameter(&parameter.name)
        }
        Refusal::Body(body) => body_error(body),
        Refusal::TooLarge { limit } => bad(
            Code::ForbiddenInput,
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("The body is larger than {limit} bytes"),
        ),
        Refusal::UnsupportedMediaType => Error::new(
            Code::UnsupportedMediaType,
            "Send application/vnd.api+json without parameters, or application/json",
        ),
        Refusal::NotAcceptable => Error::new(
            Code::UnknownFormat,
            "Answers are application/vnd.api+json, without parameters",
        ),
        Refusal::Conflict => Error::new(
            Code::Conflict,
            "Somebody else has changed the same thing; read it again",
        ),
        Refusal::KeyRunning => Error::new(
            Code::Conflict,
            "A request with this Idempotency-Key is still being processed",
        ),
        Refusal::KeyReused => bad(
            Code::ForbiddenInput,
            StatusCode::UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was used with another request",
        ),
        Refusal::OverQuota(_) => Error::new(
            Code::RateLimited,
            "Too many calls. Retry-After says when the next one is let in",
        ),
        Refusal::Busy { .. } => bad(
            Code::InternalServerError,
            StatusCode::SERVICE_UNAVAILABLE,
            "Too much is going on. Try again later",
        ),
        Refusal::TimedOut => bad(
            Code::InternalServerError,
            StatusCode::GATEWAY_TIMEOUT,
            "The request took too long. Whether it took effect is unknown",
        ),
        Refusal::Internal(_) | Refusal::Answered(_) => {
            Error::new(Code::InternalServerError, "Something failed on our side")
        }
    }
}

fn denied_error(denied: Denied) -> Error {
    access(&AccessRefused::from(denied))
}

fn body_error(body: &BadBody) -> Error {
    Error::new(Code::ForbiddenInput, body.to_string()).at("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(refusal: &Refusal) -> (u16, Value) {
        let answer = answer(refusal);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["errors"][0]["status"], answer.status.as_str());
        (answer.status.as_u16(), body["errors"][0]["code"].clone())
    }

    #[test]
    fn each_way_of_having_no_right_has_a_code_of_its_own() {
        for (denied, status, code) in [
            (Denied::Unknown, 401, "INVALID_TOKEN"),
            (Denied::Revoked, 401, "INVALID_TOKEN"),
            (Denied::ClientHalted, 403, "APPLICATION_HALTED"),
            (Denied::GrantEnded, 403, "SUBSCRIPTION_CANCELLED"),
            (Denied::WrongAddress, 403, "INVALID_TOKEN"),
        ] {
            let said = said(&Refusal::Denied(denied));
            assert_eq!(said, (status, code.into()), "{denied:?}");
        }
        assert_eq!(said(&Refusal::NotSignedIn).0, 401);
        let channel = document(&access(&AccessRefused::ChannelNotGranted).into());
        assert_eq!(channel.status, StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_failure_of_ours_shows_no_cause() {
        let answer = answer(&Refusal::internal("table booking is gone"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("table booking"));
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn a_missing_capability_names_the_scopes_that_would_do() {
        let needs = domain::access::capability::CHANNELS_WRITE;
        let answer = answer(&Refusal::Forbidden { needs });
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(
            body.contains("NO_VALID_SCOPE") && body.contains("channel|write"),
            "{body}"
        );
    }
}
