//! A call that can be made again, and its answer made comparable.

use std::fmt;

use serde_json::Value;
use testkit::{Reply, TestApp};

/// A call, still without a token.
#[derive(Clone)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The body, empty for none.
    pub body: Vec<u8>,
}

impl Ask {
    /// A call without a body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            body: Vec::new(),
        }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A POST of JSON.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self {
            body: body.to_string().into_bytes(),
            ..Self::new("POST", path)
        }
    }

    /// The same call with another body.
    pub fn with(&self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..self.clone()
        }
    }

    /// Makes the call.
    pub async fn send(&self, app: &TestApp, token: Option<&str>) -> Reply {
        let token: Vec<(&str, &str)> = token.map(|token| ("token", token)).into_iter().collect();
        app.send(&self.method, &self.path, &token, self.body.clone())
            .await
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(400).collect();
        let path: String = self.path.chars().take(300).collect();
        write!(formatter, "{} {path} {body}", self.method)
    }
}

/// Everything of an answer that a stranger could learn from, without what must differ between two
/// calls: request ids, what is left of the quota, the id asked for, and the ids of what was made.
pub fn comparable(reply: &Reply, id: i64) -> String {
    let mut headers: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .filter(|(name, _)| {
            !name.as_str().contains("remaining") && !name.as_str().contains("resets")
        })
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    let body = without_units(&without_ids(
        &reply.text().replace(&id.to_string(), "<the id>"),
    ));
    format!("{}\n{}\n\n{body}", reply.status, headers.join("\n"))
}

/// Where two texts begin to differ, for a message.
pub fn difference(seen: &str, expected: &str) -> String {
    let same = seen
        .bytes()
        .zip(expected.bytes())
        .take_while(|(one, other)| one == other)
        .count();
    let around = |text: &str| {
        let bytes = &text.as_bytes()[same.saturating_sub(150)..text.len().min(same + 250)];
        String::from_utf8_lossy(bytes).into_owned()
    };
    format!("{}\ninstead of\n{}", around(seen), around(expected))
}

/// A text without the numbers of units: of two bookings that are made, the second gets another one.
fn without_units(text: &str) -> String {
    let mut parts = text.split("\"unitId\":");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("\"unitId\":");
        out.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    out
}

/// A text with every long number replaced by its place in the order of appearance.
fn without_ids(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        out.push_str(before);
        if digits.len() < 14 {
            out.push_str(digits);
        } else {
            let at = seen
                .iter()
                .position(|known| *known == digits)
                .unwrap_or_else(|| {
                    seen.push(digits);
                    seen.len() - 1
                });
            out.push_str(&format!("<id {at}>"));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[test]
fn two_answers_that_differ_by_new_ids_alone_compare_equal() {
    let one = without_ids(r#"{"id":1234567890123456,"again":1234567890123456,"qty":12}"#);
    let other = without_ids(r#"{"id":6543210987654321,"again":6543210987654321,"qty":12}"#);
    assert_eq!(one, other);
    assert_ne!(
        one,
        without_ids(r#"{"id":1234567890123456,"again":6543210987654321,"qty":12}"#)
    );
}
