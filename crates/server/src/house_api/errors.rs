//! Refusals in plain JSON.

use domain::access::Area;
use http::StatusCode;
use http_kit::{Answer, Refusal, answer::JSON};
use schemars::JsonSchema;
use serde::Serialize;

/// The body of every answer that refuses.
#[derive(Serialize, JsonSchema)]
pub(super) struct ErrorOut {
    /// What went wrong.
    error: ErrorBody,
}

#[derive(Serialize, JsonSchema)]
struct ErrorBody {
    /// One word for programs.
    code: &'static str,
    /// A sentence for people.
    message: String,
}

pub(super) fn answer(refusal: &Refusal) -> Answer {
    let (status, code, message) = worded(refusal);
    let body = ErrorOut {
        error: ErrorBody { code, message },
    };
    let answer = Answer::bytes(status, JSON, serde_json::to_vec(&body).unwrap_or_default());
    match refusal {
        Refusal::Busy { retry_after_s } => answer.retry_after(*retry_after_s),
        Refusal::OverQuota(reading) => answer.retry_after(reading.retry_after_s),
        Refusal::WrongMethod { allowed } => answer.allow(allowed),
        _ => answer,
    }
}

fn worded(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let say = |status: StatusCode, code, text: &str| (status, code, text.to_owned());
    match refusal {
        Refusal::Blocked => say(
            StatusCode::FORBIDDEN,
            "blocked",
            "Calls from this IP address are blocked.",
        ),
        Refusal::NotSignedIn => say(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "Send an access token in the header token, or as Authorization: Bearer.",
        ),
        Refusal::Denied(_) => say(
            StatusCode::UNAUTHORIZED,
            "token_not_accepted",
            "The access token is not accepted; it may have ended.",
        ),
        // Outside a sandbox there is no clock, for anybody.
        Refusal::Forbidden { needs } if needs.area == Area::Clock => nothing_there(),
        Refusal::Forbidden { needs } => (
            StatusCode::FORBIDDEN,
            "forbidden",
            format!("The access token does not allow this; it needs {needs}."),
        ),
        Refusal::NoSuchRoute | Refusal::NotFound => nothing_there(),
        Refusal::WrongMethod { .. } => say(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong_method",
            "This address has other methods; see Allow.",
        ),
        Refusal::Parameter(bad) => (StatusCode::BAD_REQUEST, "bad_parameter", format!("{bad}.")),
        Refusal::Body(bad) => (StatusCode::BAD_REQUEST, "bad_body", format!("{bad}.")),
        Refusal::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The body may have {limit} bytes."),
        ),
        Refusal::UnsupportedMediaType | Refusal::NotAcceptable => say(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "This API speaks application/json.",
        ),
        Refusal::OverQuota(_) => say(
            StatusCode::TOO_MANY_REQUESTS,
            "over_quota",
            "The quota of this grant is used up; see Retry-After.",
        ),
        Refusal::Conflict | Refusal::KeyRunning | Refusal::KeyReused => say(
            StatusCode::CONFLICT,
            "conflict",
            "Something else is changing the same; try again.",
        ),
        Refusal::Busy { .. } => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too much is going on; try again after Retry-After.",
        ),
        Refusal::TimedOut => say(
            StatusCode::GATEWAY_TIMEOUT,
            "timed_out",
            "This took too long; whether it was done is not known.",
        ),
        Refusal::Internal(_) | Refusal::Answered(_) => say(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed on our side; the log has the cause under the request id.",
        ),
    }
}

fn nothing_there() -> (StatusCode, &'static str, String) {
    let text = "There is nothing at this address, or nothing for this access token.";
    (StatusCode::NOT_FOUND, "not_found", text.to_owned())
}
