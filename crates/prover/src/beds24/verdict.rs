//! Reading the answer to a write of several items, each done or refused by itself.

use serde_json::Value;

use crate::http::Answer;
use crate::verdict::Verdict;

/// Reads the answer to a write of `expected` items, one verdict for each.
pub fn verdicts(answer: &Answer, expected: usize) -> Vec<Verdict> {
    let unclean = |why: String| vec![Verdict::Unclean { why }; expected];
    if answer.status != 201 {
        return unclean(format!("expected HTTP 201, got {}", answer.excerpt()));
    }
    match answer.json() {
        Value::Array(items) if items.len() == expected => items.iter().map(verdict).collect(),
        Value::Array(items) => unclean(format!("sent {expected} items, {} came back", items.len())),
        _ => unclean(format!("the body is not an array: {}", answer.excerpt())),
    }
}

fn verdict(item: &Value) -> Verdict {
    match item.get("success").and_then(Value::as_bool) {
        Some(true) => Verdict::Done { id: id_of(item) },
        Some(false) => match reason(item) {
            Some(reason) => Verdict::Refused { reason },
            None => Verdict::Unclean {
                why: format!("refused without a reason: {item}"),
            },
        },
        None => Verdict::Unclean {
            why: format!("an item without success: {item}"),
        },
    }
}

fn id_of(item: &Value) -> Option<i64> {
    ["new", "modified"]
        .iter()
        .find_map(|key| item.get(key)?.get("id")?.as_i64())
}

fn reason(item: &Value) -> Option<String> {
    ["errors", "warnings"].iter().find_map(|key| {
        let first = item.get(key)?.as_array()?.first()?;
        let text = first.get("message")?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_without_a_reason_is_unclean() {
        assert_eq!(
            verdict(&json!({"success": true, "new": {"id": 7}})).made(),
            Some(7)
        );
        let refused = json!({"success": false, "errors": [{"message": "not available"}]});
        assert_eq!(
            verdict(&refused),
            Verdict::Refused {
                reason: "not available".into()
            }
        );
        assert!(matches!(
            verdict(&json!({"success": false})),
            Verdict::Unclean { .. }
        ));
        assert!(matches!(verdict(&json!({})), Verdict::Unclean { .. }));
    }
}
