//! Compares what writers know with what the server lists. Pure.

use std::collections::{BTreeMap, HashMap};

use super::attempt::{Attempt, Item, Outcome};
use crate::beds24::BookingRow;
use crate::verdict::Verdict;

/// What may be true of one marked booking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Expectation {
    id: Option<i64>,
    absent: bool,
    confirmed: bool,
    cancelled: bool,
}

/// Everything that is wrong: lost, doubled, changed or unclean.
pub fn audit(attempts: &[Attempt], rows: &[BookingRow]) -> Vec<String> {
    let mut violations: Vec<String> = attempts.iter().flat_map(unclean).collect();
    let mut by_mark: HashMap<&str, Vec<&BookingRow>> = HashMap::new();
    for row in rows {
        by_mark.entry(row.custom1.as_str()).or_default().push(row);
    }
    for (mark, expectation) in expectations(attempts) {
        let found = by_mark.remove(mark).unwrap_or_default();
        violations.extend(judge(mark, expectation, &found));
    }
    violations.extend(
        by_mark
            .keys()
            .map(|mark| format!("a booking nobody made: {mark:?}")),
    );
    violations
}

/// Items that were answered with something that is neither done nor a clean refusal.
fn unclean(attempt: &Attempt) -> Vec<String> {
    let Outcome::Answered { verdicts, .. } = &attempt.outcome else {
        return Vec::new();
    };
    let judged = attempt.items.iter().zip(verdicts);
    judged
        .filter_map(|(item, verdict)| match (item, verdict) {
            (_, Verdict::Unclean { why }) => Some(format!("{}: {why}", attempt.key)),
            (Item::Cancel { mark, .. }, Verdict::Refused { reason }) => {
                Some(format!("{mark} could not be cancelled: {reason}"))
            }
            (Item::Create { mark }, Verdict::Done { id: None }) => {
                Some(format!("{mark} was made without an id"))
            }
            _ => None,
        })
        .collect()
}

fn expectations(attempts: &[Attempt]) -> BTreeMap<&str, Expectation> {
    let mut expectations: BTreeMap<&str, Expectation> = BTreeMap::new();
    for attempt in attempts {
        for (position, item) in attempt.items.iter().enumerate() {
            let verdict = match &attempt.outcome {
                Outcome::Answered { verdicts, .. } => verdicts.get(position),
                Outcome::Unknown { .. } => None,
            };
            let (Item::Create { mark } | Item::Cancel { mark, .. }) = item;
            let expectation = expectations.entry(mark).or_default();
            match item {
                Item::Create { .. } => *expectation = created(verdict),
                Item::Cancel { .. } => cancelled(expectation, verdict),
            }
        }
    }
    expectations
}

fn created(verdict: Option<&Verdict>) -> Expectation {
    match verdict {
        Some(Verdict::Done { id }) => Expectation {
            id: *id,
            confirmed: true,
            ..Default::default()
        },
        Some(Verdict::Refused { .. }) => Expectation {
            absent: true,
            ..Default::default()
        },
        Some(Verdict::Unclean { .. }) | None => Expectation {
            absent: true,
            confirmed: true,
            ..Default::default()
        },
    }
}

fn cancelled(expectation: &mut Expectation, verdict: Option<&Verdict>) {
    match verdict {
        Some(Verdict::Done { .. }) => {
            expectation.confirmed = false;
            expectation.cancelled = true;
        }
        Some(Verdict::Refused { .. }) => {}
        Some(Verdict::Unclean { .. }) | None => expectation.cancelled = true,
    }
}

fn judge(mark: &str, expectation: Expectation, found: &[&BookingRow]) -> Option<String> {
    match found {
        [] if expectation.absent => None,
        [] => Some(format!("{mark} was acknowledged and is lost")),
        [row] => {
            if expectation.id.is_some_and(|id| id != row.id) {
                return Some(format!(
                    "{mark} was acknowledged with another id than {}",
                    row.id
                ));
            }
            let allowed = match row.status.as_str() {
                "confirmed" | "new" => expectation.confirmed,
                "cancelled" => expectation.cancelled,
                _ => false,
            };
            (!allowed).then(|| format!("{mark} is {}, which nobody was told", row.status))
        }
        several => Some(format!("{mark} is there {} times", several.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(mark: &str, outcome: Outcome) -> Attempt {
        Attempt {
            key: mark.into(),
            body: String::new(),
            items: vec![Item::Create { mark: mark.into() }],
            outcome,
        }
    }

    fn cancel(mark: &str, outcome: Outcome) -> Attempt {
        let items = vec![Item::Cancel {
            mark: mark.into(),
            id: 1,
        }];
        Attempt {
            key: format!("cancel {mark}"),
            body: String::new(),
            items,
            outcome,
        }
    }

    fn answered(verdict: Verdict) -> Outcome {
        Outcome::Answered {
            verdicts: vec![verdict],
            bytes: vec![],
        }
    }

    fn done(id: i64) -> Outcome {
        answered(Verdict::Done { id: Some(id) })
    }

    fn unknown() -> Outcome {
        Outcome::Unknown {
            why: "closed".into(),
        }
    }

    fn row(id: i64, mark: &str, status: &str) -> BookingRow {
        serde_json::from_value(serde_json::json!({
            "id": id, "roomId": 1, "status": status, "custom1": mark,
            "arrival": "2030-01-01", "departure": "2030-01-02",
        }))
        .unwrap()
    }

    #[test]
    fn what_was_acknowledged_must_be_there_exactly_once() {
        let attempts = [create("a", done(1))];
        assert!(audit(&attempts, &[row(1, "a", "confirmed")]).is_empty());
        assert_eq!(audit(&attempts, &[]), ["a was acknowledged and is lost"]);
        assert_eq!(audit(&attempts, &[row(2, "a", "confirmed")]).len(), 1);
        let doubled = [row(1, "a", "confirmed"), row(2, "a", "confirmed")];
        assert_eq!(audit(&attempts, &doubled), ["a is there 2 times"]);
    }

    #[test]
    fn what_is_unknown_may_be_there_or_not_but_not_twice() {
        let attempts = [create("a", unknown())];
        assert!(audit(&attempts, &[]).is_empty());
        assert!(audit(&attempts, &[row(7, "a", "confirmed")]).is_empty());
        assert_eq!(audit(&attempts, &[row(7, "a", "cancelled")]).len(), 1);
        let doubled = [row(7, "a", "confirmed"), row(8, "a", "confirmed")];
        assert_eq!(audit(&attempts, &doubled).len(), 1);
    }

    #[test]
    fn an_acknowledged_cancellation_must_hold_and_an_unknown_one_may() {
        let told = [create("a", done(1)), cancel("a", done(1))];
        assert!(audit(&told, &[row(1, "a", "cancelled")]).is_empty());
        assert_eq!(audit(&told, &[row(1, "a", "confirmed")]).len(), 1);
        let open = [create("a", done(1)), cancel("a", unknown())];
        assert!(audit(&open, &[row(1, "a", "cancelled")]).is_empty());
        assert!(audit(&open, &[row(1, "a", "confirmed")]).is_empty());
    }

    #[test]
    fn what_was_refused_or_never_asked_for_must_not_be_there() {
        let refused = [create(
            "a",
            answered(Verdict::Refused {
                reason: "full".into(),
            }),
        )];
        assert!(audit(&refused, &[]).is_empty());
        assert_eq!(audit(&refused, &[row(1, "a", "confirmed")]).len(), 1);
        assert_eq!(audit(&[], &[row(1, "b", "confirmed")]).len(), 1);
    }
}
