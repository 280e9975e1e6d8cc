//! Reading the answer to a write: one resource, or an error document.

use serde_json::Value;

use crate::http::Answer;
use crate::verdict::Verdict;

/// The code of what has gone to somebody else, and of what is over.
pub const CONFLICT: &str = "CONFLICT";
/// The code of what is not there any more.
pub const NOT_FOUND: &str = "RESOURCE_NOT_FOUND";

/// Reads the answer to a write. `clean` are the codes with which it may be refused; anything
/// else is no clean refusal, and neither is an error document without code, title or detail.
pub fn verdict(answer: &Answer, clean: &[&str]) -> Verdict {
    if answer.is_success() {
        return Verdict::Done { id: id_of(answer) };
    }
    match refusal(answer) {
        Some((code, detail)) if clean.contains(&&*code) => Verdict::Refused {
            reason: format!("{code}: {detail}"),
        },
        _ => Verdict::Unclean {
            why: answer.excerpt(),
        },
    }
}

fn id_of(answer: &Answer) -> Option<i64> {
    let body = answer.json();
    body.pointer("/data/id")?.as_str()?.parse().ok()
}

/// Code and detail of a whole error document that says the status it came with.
fn refusal(answer: &Answer) -> Option<(String, String)> {
    let body = answer.json();
    let errors = body.get("errors")?.as_array()?;
    let status = answer.status.to_string();
    let is_whole = |error: &Value| {
        text(error, "status").is_some_and(|said| said == status) && text(error, "title").is_some()
    };
    let first = errors.first()?;
    if !errors.iter().all(is_whole) || answer.status >= 500 {
        return None;
    }
    Some((text(first, "code")?, text(first, "detail")?))
}

fn text(error: &Value, name: &str) -> Option<String> {
    let text = error.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(status: u16, body: &Value) -> Verdict {
        verdict(&Answer::of(status, body.to_string()), &[CONFLICT])
    }

    #[test]
    fn only_a_whole_error_document_with_a_code_that_may_be_is_a_clean_refusal() {
        let error = |status: &str| {
            json!({ "errors": [{
                "status": status, "code": "CONFLICT", "title": "Conflict", "detail": "gone",
            }] })
        };
        let made = json!({ "data": { "type": "reservation", "id": "7" } });
        assert_eq!(read(201, &made).made(), Some(7));
        assert!(matches!(
            read(409, &error("409")),
            Verdict::Refused { reason } if reason == "CONFLICT: gone"
        ));
        for (status, body) in [
            (409, error("400")),
            (503, error("503")),
            (409, json!({ "errors": [] })),
            (
                409,
                json!({ "errors": [{ "status": "409", "code": "CONFLICT" }] }),
            ),
            (409, Value::Null),
        ] {
            let verdict = read(status, &body);
            assert!(
                matches!(verdict, Verdict::Unclean { .. }),
                "{status} {body}"
            );
        }
        let mut other = error("404");
        other["errors"][0]["code"] = NOT_FOUND.into();
        assert!(matches!(read(404, &other), Verdict::Unclean { .. }));
    }
}
