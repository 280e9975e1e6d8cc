//! The way out of a house in a test: events are rendered as they would be sent, and an app answers when its
//! button is pressed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dialect_bookingexperts::{NAME, Webhooks};
use domain::access::Actor;
use domain::id::Id;
use identity::oauth::OAuth;
use serde_json::{Value, json};
use service::Service;
use service::outgoing::ask::{Answer, Ask, NoAnswer, Question};
use service::outgoing::render::{Event, Formats, NotRendered, Recipient};
use service::outgoing::target::Rules;
use service::outgoing::{Chance, Now};
use testkit::MovableClock;

use crate::house::House;
use crate::standard::flaws;

/// An app behind a button: what it was asked, and what it answers.
#[derive(Default)]
pub struct Button {
    asked: Mutex<Vec<Question>>,
    answer: Mutex<Option<Answer>>,
}

impl Button {
    /// Answers so from now on.
    pub fn answers(&self, status: u16, body: &Value) {
        *self.answer.lock().unwrap() = Some(Answer {
            status,
            body: body.to_string().into_bytes(),
            is_whole: true,
        });
    }

    /// Does not answer any more.
    pub fn breaks(&self) {
        *self.answer.lock().unwrap() = None;
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<Question> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Ask for Button {
    async fn ask(&self, question: Question) -> Result<Answer, NoAnswer> {
        self.asked.lock().unwrap().push(question);
        let answer = self.answer.lock().unwrap().clone();
        answer.ok_or_else(|| NoAnswer::new("timed_out", "nothing came back"))
    }
}

pub fn formats(service: &Service, oauth: &OAuth) -> Formats {
    let format = Webhooks::new(service.clone(), oauth.clone(), "staging").unwrap();
    Formats::new().with(NAME, Arc::new(format))
}

/// As in production: https, and nothing private.
pub fn rules() -> Rules {
    Rules::default()
}

pub fn now(clock: &MovableClock) -> Now {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}

/// Numbers that differ.
pub fn chance() -> Chance {
    let next = AtomicU64::new(1);
    Arc::new(move || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

/// Something that happened in a house.
pub fn event(
    house: &House,
    word: &str,
    subject_id: Id,
    organization_id: Id,
    facts: Value,
) -> Event {
    Event {
        tenant_id: house.tenant_id,
        id: Id::SMALLEST,
        event: word.to_owned(),
        subject_id,
        organization_id,
        ordinal: 1,
        at: house.clock.now(),
        facts,
    }
}

impl House {
    /// Whoever calls with this key.
    pub async fn caller(&self, key: &str) -> Actor {
        let (now, ip) = (self.clock.now(), [127, 0, 0, 1].into());
        let caller = self.identity.resolve(NAME, key, ip, now).await.unwrap();
        caller.actor(now, "test".into())
    }

    /// What whoever has this key is told of an event under a name; nothing, or the body.
    pub async fn told(&self, key: &str, name: &str, event: &Event) -> Option<Value> {
        let recipient = Recipient {
            actor: self.caller(key).await,
            subscription_id: Id::SMALLEST,
            delivery_id: Id::SMALLEST,
        };
        let format = self.outgoing.formats().get(NAME).unwrap();
        assert!(
            format.names(event).iter().any(|known| known == name),
            "{name}"
        );
        match format.render(event, name, &recipient).await {
            Ok(rendering) => {
                let pair = ("x-tabard-delivery".to_owned(), Id::SMALLEST.to_string());
                assert_eq!(rendering.headers, [pair]);
                assert_eq!(rendering.content_type, "application/json");
                let body: Value = serde_json::from_slice(&rendering.body).unwrap();
                assert_eq!(flaws(&body["record"]), [""; 0], "{name}");
                Some(body)
            }
            Err(NotRendered::Nothing) => None,
            Err(NotRendered::Later(why)) => panic!("{name}: {why}"),
        }
    }

    /// Makes a webhook endpoint: the answer.
    pub async fn subscribe(&self, key: &str, attributes: Value) -> crate::house::Reply {
        let document = json!({ "data": { "type": "webhook_endpoint", "attributes": attributes } });
        self.call_as(key, "POST", "/webhook_endpoints", Some(&document))
            .await
    }
}
