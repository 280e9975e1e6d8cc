//! Refusals of whole calls in the vendor's words.
//!
//! Refusals of single items stand in the element of their item, and are worded where the item is
//! carried out.

use http::StatusCode;
use http_kit::{Answer, BadBody, Refusal};

use crate::wire::envelope::ErrorOut;

/// Bad, missing, expired or foreign token, missing scope, wrong address, bad code: the vendor has
/// one sentence for all of them.
pub const TOKEN_NOT_VALID: &str = "Token not valid";

/// The answer to a refused call.
pub fn answer(refusal: &Refusal) -> Answer {
    let (status, text) = worded(refusal);
    let answer = object(status, text);
    match refusal {
        Refusal::WrongMethod { allowed } => answer.allow(allowed),
        Refusal::Busy { retry_after_s } => answer.retry_after(*retry_after_s),
        _ => answer,
    }
}

/// An error object with this status and sentence.
pub fn object(status: StatusCode, text: impl Into<String>) -> Answer {
    let body = ErrorOut::new(status.as_u16(), text);
    Answer::json(status, &body).unwrap_or_else(|_| Answer::empty(status))
}

fn worded(refusal: &Refusal) -> (StatusCode, String) {
    match refusal {
        Refusal::Blocked => (
            StatusCode::FORBIDDEN,
            "Calls from this IP address are blocked".into(),
        ),
        Refusal::NotSignedIn | Refusal::Denied(_) | Refusal::Forbidden { .. } => {
            (StatusCode::UNAUTHORIZED, TOKEN_NOT_VALID.into())
        }
        Refusal::NoSuchRoute => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Could not process request".into(),
        ),
        Refusal::WrongMethod { .. } => {
            (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed".into())
        }
        Refusal::NotFound => (StatusCode::NOT_FOUND, "Not found".into()),
        Refusal::Parameter(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
        Refusal::Body(bad) => (StatusCode::BAD_REQUEST, bad_body(bad)),
        Refusal::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("Request body must not exceed {limit} bytes"),
        ),
        Refusal::UnsupportedMediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content type must be application/json".into(),
        ),
        Refusal::NotAcceptable => (
            StatusCode::NOT_ACCEPTABLE,
            "Only application/json can be answered".into(),
        ),
        Refusal::Conflict => (StatusCode::CONFLICT, "The change meets a newer one".into()),
        Refusal::KeyRunning => (
            StatusCode::CONFLICT,
            "A request with this Idempotency-Key is still being processed".into(),
        ),
        Refusal::KeyReused => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was used with another request".into(),
        ),
        Refusal::OverQuota(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Credit limit reached. Wait until the window resets.".into(),
        ),
        Refusal::Busy { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too busy. Try again later.".into(),
        ),
        Refusal::TimedOut => (
            StatusCode::GATEWAY_TIMEOUT,
            "The request took too long. Whether it took effect is unknown.".into(),
        ),
        Refusal::Internal(_) | Refusal::Answered(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal error".into())
        }
    }
}

/// The live API has one sentence for a body that is no array; what it says to one that is no JSON
/// is unknown, so there we say where it breaks off.
fn bad_body(bad: &BadBody) -> String {
    match bad {
        BadBody::WrongShape(_) => BadBody::NotAnArray.to_string(),
        bad => bad.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_kit::{Denied, Problem};
    use serde_json::{Value, json};

    fn said(refusal: &Refusal) -> Value {
        serde_json::from_slice(&answer(refusal).body).unwrap()
    }

    #[test]
    fn every_way_of_having_no_right_is_answered_alike() {
        let needs = domain::access::capability::BOOKINGS_READ;
        let expected =
            json!({"success": false, "type": "error", "code": 401, "error": "Token not valid"});
        for refusal in [
            Refusal::NotSignedIn,
            Refusal::Denied(Denied::Unknown),
            Refusal::Denied(Denied::Expired),
            Refusal::Denied(Denied::WrongAddress),
            Refusal::Forbidden { needs },
        ] {
            assert_eq!(said(&refusal), expected);
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_answered_as_live() {
        assert_eq!(
            said(&Refusal::NoSuchRoute),
            json!({"success": false, "type": "error", "code": 500, "error": "Could not process request"})
        );
    }

    #[test]
    fn bad_bodies_and_parameters_say_what_is_wrong_with_them() {
        let text = |refusal: Refusal| said(&refusal)["error"].as_str().unwrap().to_owned();
        assert_eq!(
            text(BadBody::NotAnArray.into()),
            "Request body must be an array"
        );
        assert_eq!(
            text(BadBody::WrongShape("x".into()).into()),
            "Request body must be an array"
        );
        assert_eq!(
            text(Refusal::parameter("arrivalFrom", Problem::NotADate)),
            "Parameter arrivalFrom is in an invalid format. Expected format: YYYY-MM-DD"
        );
    }

    #[test]
    fn a_failure_of_ours_shows_no_cause() {
        assert_eq!(
            said(&Refusal::internal("table booking is gone"))["error"],
            "Internal error"
        );
    }
}
