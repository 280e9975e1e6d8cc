//! The log of what was sent to the endpoints of an installation, and asking for it again.

use domain::id::Id;
use http::StatusCode;
use http_kit::{Answer, Call, Refusal};
use jiff::Timestamp;
use jsonapi::{Clause, Code, Error, Identifier, Query, Row, Rules, Term, Test, Value};
use serde_json::{Map, Value as Json};
use service::outgoing::{self, Attempt, AttemptFilter, Delivery, DeliveryFilter};

use super::answer::{done, page_of};
use super::{Told, names};
use crate::errors::{not_found, refusal};
use crate::kinds::leaving::{WEBHOOK_ATTEMPT, WEBHOOK_DELIVERY};
use crate::read::parse;
use crate::rows::parts::text;
use crate::state::State;

fn endpoint(id: Id) -> Option<Identifier> {
    Some(Identifier::new("webhook_endpoint", id))
}

/// A delivery as a resource.
pub fn delivery(kept: &Delivery) -> Row {
    let kind = names::parse(&kept.name).map(|(kind, _)| kind.name);
    let next_at = Some(kept.next_at).filter(|_| kept.open);
    Row::new(&WEBHOOK_DELIVERY, kept.id)
        .at(format!("/webhook_deliveries/{}", kept.id))
        .with("event", kept.name.as_str())
        .with("resource_type", kind)
        .with("resource_id", kept.subject_id.to_string())
        .with("state", kept.state.as_str())
        .with("attempts", kept.attempts)
        .with("resent", kept.resent)
        .with("occurred_at", kept.at)
        .with("next_attempt_at", next_at)
        .with("body", text(&String::from_utf8_lossy(&kept.body)))
        .with("created_at", kept.created_at)
        .to_one("webhook_endpoint", endpoint(kept.subscription_id))
}

fn attempt(kept: &Attempt) -> Row {
    let of = Identifier::new("webhook_delivery", kept.delivery_id);
    Row::new(&WEBHOOK_ATTEMPT, kept.id)
        .with("number", kept.number)
        .with("outcome", kept.outcome.as_str())
        .with("status", kept.status)
        .with("problem", text(kept.problem.as_deref().unwrap_or_default()))
        .with("url", kept.url.as_str())
        .with("took_ms", kept.took_ms)
        .with("request_headers", headers(&kept.request_head))
        .with("request_body", text(&kept.request))
        .with("response_headers", headers(&kept.response_head))
        .with("response_body", text(&kept.response))
        .with("next_attempt_at", kept.next_at)
        .with("created_at", kept.at)
        .to_one("webhook_endpoint", endpoint(kept.subscription_id))
        .to_one("webhook_delivery", Some(of))
}

/// Headers by name; those that stand there twice are joined as HTTP joins them.
fn headers(pairs: &[(String, String)]) -> Value {
    let mut all: Map<String, Json> = Map::new();
    for (name, value) in pairs {
        match all.get_mut(name) {
            Some(Json::String(known)) => {
                known.push_str(", ");
                known.push_str(value);
            }
            _ => {
                all.insert(name.clone(), value.as_str().into());
            }
        }
    }
    Value::Json(Json::Object(all))
}

/// Lists deliveries, newest first.
///
/// # Errors
/// The refusal.
pub async fn deliveries(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::list(&state.schema, &WEBHOOK_DELIVERY))?;
    let wanted = Wanted::of(&query)?;
    let filter = DeliveryFilter {
        ids: wanted.ids("id"),
        subscription_ids: wanted.ids("webhook_endpoint"),
        event_ids: Vec::new(),
        subject_ids: wanted.ids("resource_id"),
        states: wanted.words("state"),
        from: wanted.from,
        to: wanted.to,
    };
    let (outgoing, actor) = (&state.outside()?.outgoing, &call.actor);
    let total = done(outgoing.deliveries_count(actor, &filter).await)?;
    let page = done(outgoing.deliveries(actor, &filter, page_of(&query)).await)?;
    let rows: Vec<Row> = page.rows.iter().map(delivery).collect();
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.page(&rows, total).await
}

/// Shows one.
///
/// # Errors
/// The refusal.
pub async fn show(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &WEBHOOK_DELIVERY))?;
    let outgoing = &state.outside()?.outgoing;
    let found = outgoing.delivery(&call.actor, call.path_value("id")?).await;
    let found = done(found)?.ok_or_else(|| not_found(WEBHOOK_DELIVERY.name))?;
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.one(&delivery(&found)).await
}

/// Sends one again: the same bytes under a new id, signed anew.
///
/// # Errors
/// The refusal.
pub async fn resend(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &WEBHOOK_DELIVERY))?;
    let outgoing = &state.outside()?.outgoing;
    let id: Id = call.path_value("id")?;
    let again = done(outgoing.deliveries_resend(&call.actor, &[id]).await)?;
    let again = again.into_iter().next();
    let again = match again.ok_or_else(|| not_found(WEBHOOK_DELIVERY.name))? {
        Ok(again) => again,
        Err(outgoing::Refusal::SwitchedOff) => {
            let detail = "The webhook endpoint is switched off; switch it on before";
            return Err(refusal(Error::new(Code::Conflict, detail)));
        }
        Err(_) => return Err(not_found(WEBHOOK_DELIVERY.name)),
    };
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.written(&delivery(&again), StatusCode::CREATED).await
}

/// Lists attempts, newest first.
///
/// # Errors
/// The refusal.
pub async fn attempts(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::list(&state.schema, &WEBHOOK_ATTEMPT))?;
    let wanted = Wanted::of(&query)?;
    if wanted.has("id") {
        return Err(wanted.refuse("id"));
    }
    let filter = AttemptFilter {
        delivery_ids: wanted.ids("webhook_delivery"),
        subscription_ids: wanted.ids("webhook_endpoint"),
        outcomes: wanted.words("outcome"),
        from: wanted.from,
        to: wanted.to,
    };
    let (outgoing, actor) = (&state.outside()?.outgoing, &call.actor);
    let total = done(outgoing.attempts_count(actor, &filter).await)?;
    let page = done(outgoing.attempts(actor, &filter, page_of(&query)).await)?;
    let rows: Vec<Row> = page.rows.iter().map(attempt).collect();
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.page(&rows, total).await
}

/// What a query's filters ask for. The log is looked up by what is equal and by time, and by nothing else.
struct Wanted {
    /// The values of each field; none for an instant, which lies between two.
    equal: Vec<(&'static str, Vec<String>)>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Wanted {
    fn of(query: &Query) -> Result<Self, Refusal> {
        let mut wanted = Self {
            equal: Vec::new(),
            from: None,
            to: None,
        };
        for clause in &query.filter.clauses {
            wanted.add(clause)?;
        }
        Ok(wanted)
    }

    fn add(&mut self, clause: &Clause) -> Result<(), Refusal> {
        let [condition] = clause.any.as_slice() else {
            let names = clause.any.iter().map(|condition| condition.field.name());
            return Err(self.refuse(&names.collect::<Vec<_>>().join("|")));
        };
        let name = condition.field.name();
        match &condition.test {
            _ if clause.negated || self.has(name) => Err(self.refuse(name)),
            Test::Between { from, to } if name == "created_at" => {
                (self.from, self.to) = (instant(from.as_ref()), instant(to.as_ref()));
                self.equal.push((name, Vec::new()));
                Ok(())
            }
            Test::OneOf(terms) if name != "created_at" => {
                let texts: Option<Vec<String>> = terms.iter().map(spelled).collect();
                let texts = texts.ok_or_else(|| self.refuse(name))?;
                self.equal.push((name, texts));
                Ok(())
            }
            _ => Err(self.refuse(name)),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.equal.iter().any(|(known, _)| *known == name)
    }

    fn refuse(&self, name: &str) -> Refusal {
        let detail = "The log is filtered by a value, by a list of values, or by created_at from..to, \
                      each once";
        let error = Error::new(Code::InvalidFilter, detail);
        refusal(error.in_parameter(format!("filter[{name}]")))
    }

    fn words(&self, name: &str) -> Vec<String> {
        let mut equal = self.equal.iter();
        let found = equal.find(|(known, _)| *known == name);
        found.map(|(_, words)| words.clone()).unwrap_or_default()
    }

    /// The ids that were asked for; one that nothing has stands for those that cannot be ids.
    fn ids(&self, name: &str) -> Vec<Id> {
        let words = self.words(name);
        let ids = words.iter().map(|word| word.parse());
        ids.map(|id| id.unwrap_or(Id::SMALLEST)).collect()
    }
}

fn instant(term: Option<&Term>) -> Option<Timestamp> {
    match term {
        Some(Term::DateTime(at)) => Some(*at),
        _ => None,
    }
}

fn spelled(term: &Term) -> Option<String> {
    match term {
        Term::Text(text) | Term::Id(text) => Some(text.clone()),
        _ => None,
    }
}
