//! One try of one delivery.

use bytes::Bytes;
use catalogue::delivery::{Attempt, Confirm, Delivery};
use jiff::Timestamp;
use service::outgoing::{
    render::{NotRendered, Sent},
    target::Target,
};

use crate::{
    Dispatcher,
    backoff::{Failed, next_try, retry_after},
    carry::{Parcel, Receipt, excerpt, is_redirect},
    claims::Claimed,
    fan_out::event_of,
    limits::EXCERPT_BYTES,
    subscribers::Subscriber,
    telemetry,
};

/// What a try has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has confirmed.
    Delivered,
    /// It is tried again then.
    Again(Timestamp),
    /// It is not tried again.
    GivenUp,
    /// There was nothing to tell after all.
    Nothing,
}

/// A try that has ended.
pub(crate) struct Tried {
    pub(crate) delivery: Delivery,
    pub(crate) attempt: Attempt,
    pub(crate) verdict: Verdict,
    /// Whether the body was rendered only now.
    pub(crate) is_rendered_late: bool,
}

/// What came of sending, before it is judged.
struct Outcome {
    word: &'static str,
    status: Option<u16>,
    problem: Option<String>,
    request_head: Vec<(String, String)>,
    response_head: Vec<(String, String)>,
    response: String,
    retry_after: Option<String>,
}

impl Outcome {
    fn failed(word: &'static str, problem: impl std::fmt::Display) -> Self {
        Self {
            word,
            status: None,
            problem: Some(problem.to_string()),
            request_head: Vec::new(),
            response_head: Vec::new(),
            response: String::new(),
            retry_after: None,
        }
    }
}

/// The word of a try that the receiver has confirmed.
pub(crate) const DELIVERED: &str = "delivered";

impl Dispatcher {
    /// Tries a delivery once.
    pub(crate) async fn try_once(&self, claimed: Claimed) -> Tried {
        let Claimed {
            mut delivery, to, ..
        } = claimed;
        let began = self.now();
        let is_rendered_late = delivery.body.is_empty();
        // Whoever is told once is not told again because a server was killed in between.
        let is_once = to.subscription.confirm == Confirm::FireAndForget;
        let outcome = if is_once && delivery.attempts > 1 {
            Outcome::failed("unknown", "the only try has not reported back")
        } else {
            match self.complete(&mut delivery, &to).await {
                Err(NotRendered::Nothing) => Outcome::failed("nothing", "nothing to tell"),
                Err(NotRendered::Later(why)) => Outcome::failed("not_rendered", why),
                Ok(()) => self.send(&delivery, &to, began).await,
            }
        };
        let ended = self.now();
        let verdict = self.judge(&delivery, &outcome, is_once, ended);
        let took_ms = (ended.as_millisecond() - began.as_millisecond()).max(0);
        telemetry::tried(outcome.word, took_ms);
        let attempt = Attempt {
            tenant_id: delivery.tenant_id,
            id: self.next_id(),
            delivery_id: delivery.id,
            subscription_id: delivery.subscription_id,
            number: delivery.attempts,
            at: began,
            took_ms,
            outcome: outcome.word.to_owned(),
            status: outcome.status.map(i64::from),
            problem: outcome.problem,
            url: to.subscription.target_url.clone(),
            request_head: outcome.request_head,
            request: excerpt(&delivery.body),
            response_head: outcome.response_head,
            response: outcome.response,
            next_at: match &verdict {
                Verdict::Again(at) => Some(*at),
                _ => None,
            },
        };
        Tried {
            is_rendered_late: is_rendered_late && !delivery.body.is_empty(),
            delivery,
            attempt,
            verdict,
        }
    }

    /// Renders a body that could not be rendered before.
    async fn complete(&self, delivery: &mut Delivery, to: &Subscriber) -> Result<(), NotRendered> {
        if !delivery.body.is_empty() {
            return Ok(());
        }
        let event = event_of(delivery);
        let rendered = self
            .rendered(delivery.id, &event, to, &delivery.name)
            .await?;
        delivery.body = rendered.body;
        delivery.content_type = rendered.content_type;
        delivery.headers = rendered.headers;
        Ok(())
    }

    async fn send(&self, delivery: &Delivery, to: &Subscriber, began: Timestamp) -> Outcome {
        let subscription = &to.subscription;
        let Some(format) = self.outgoing().formats().get(&subscription.format) else {
            return Outcome::failed("not_rendered", "there is no such format");
        };
        // Rules may have become stricter since the subscription was made.
        let target = match Target::parse(&subscription.target_url, self.outgoing().rules()) {
            Ok(target) => target,
            Err(bad) => return Outcome::failed("refused_address", bad),
        };
        let secrets = self.outgoing().valid_secrets(subscription, began);
        if secrets.is_empty() {
            return Outcome::failed("not_signed", "no secret can be used");
        }
        let sent = Sent {
            delivery_id: delivery.id,
            at: began,
            body: &delivery.body,
        };
        let mut headers = vec![("content-type".to_owned(), delivery.content_type.clone())];
        headers.extend(delivery.headers.iter().cloned());
        headers.extend(format.sign(sent, &secrets));
        let parcel = Parcel {
            target,
            headers,
            body: Bytes::copy_from_slice(&delivery.body),
            answer_bytes: EXCERPT_BYTES,
        };
        let mut outcome = match self.carrier().send(&parcel).await {
            Err(none) => Outcome::failed(none.word, none.problem),
            Ok(receipt) => answered(receipt, |status| format.confirms(status)),
        };
        outcome.request_head = parcel.headers;
        outcome
    }

    fn judge(
        &self,
        delivery: &Delivery,
        outcome: &Outcome,
        is_once: bool,
        now: Timestamp,
    ) -> Verdict {
        match outcome.word {
            DELIVERED => Verdict::Delivered,
            "nothing" => Verdict::Nothing,
            _ if is_once => Verdict::GivenUp,
            _ => {
                let asked = outcome.retry_after.as_deref();
                let failed = Failed {
                    number: delivery.attempts,
                    first_at: delivery.tried_at.unwrap_or(now),
                    now,
                    retry_after: asked.and_then(|asked| retry_after(asked, now)),
                    chance: self.chance(),
                };
                next_try(failed).map_or(Verdict::GivenUp, Verdict::Again)
            }
        }
    }
}

/// What an answer means.
fn answered(receipt: Receipt, confirms: impl Fn(u16) -> bool) -> Outcome {
    let (word, problem) = if confirms(receipt.status) {
        (DELIVERED, None)
    } else if is_redirect(receipt.status) {
        let problem = "the receiver redirects, and redirects are not followed";
        ("redirected", Some(problem.to_owned()))
    } else {
        let problem = format!("the receiver answered {}", receipt.status);
        ("refused", Some(problem))
    };
    Outcome {
        word,
        status: Some(receipt.status),
        problem,
        request_head: Vec::new(),
        response_head: receipt.head,
        response: excerpt(&receipt.body),
        retry_after: receipt.retry_after,
    }
}
