//! What leaves the house: subscriptions, deliveries with their attempts, and mail.
//!
//! Instants here are real time, because what they count happens outside; only `at` of a delivery
//! is the tenant's clock, as its event has it.

use std::collections::BTreeMap;

use catalogue_derive::Kind;
use domain::id::Id;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a receiver confirms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// It is told again until it answers with success.
    #[default]
    WaitForSuccess,
    /// It is told once, whatever it answers.
    FireAndForget,
}

/// A secret with which what is sent is signed, sealed under the server's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// Nonce and ciphertext, hex.
    pub sealed: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// Until when it signs; none while it has no successor.
    pub ends_at: Option<Timestamp>,
}

/// Whom to tell when a subscription is switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Their mail address.
    pub email: String,
    /// Their language, `en` or `de`.
    pub language: String,
}

/// Why and when a subscription was switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedOff {
    /// Why, in words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An address that wants to hear of events.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "subscription")]
pub struct Subscription {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The subscription's id.
    #[column(key)]
    pub id: Id,
    /// The client that owns it.
    #[column]
    pub client_id: Id,
    /// The grant through which the client may know of what is told.
    #[column]
    pub grant_id: Id,
    /// Whether it is told anything.
    #[column]
    pub active: bool,
    /// When it was made.
    #[column]
    pub created_at: Timestamp,
    /// Counts the writes.
    #[column]
    pub version: i64,
    /// Where to.
    pub target_url: String,
    /// The events it wants, in the words of its format.
    pub events: Vec<String>,
    /// How it confirms.
    pub confirm: Confirm,
    /// The name of the format that renders what it is told.
    pub format: String,
    /// Its secrets, oldest first.
    pub secrets: Vec<SealedSecret>,
    /// Whom to tell when it is switched off.
    pub owner: Option<Owner>,
    /// Why it is not active.
    pub off: Option<SwitchedOff>,
    /// When its client last changed it; none until then.
    pub changed_at: Option<Timestamp>,
}

/// How a subscription fares.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "subscription_health")]
pub struct Health {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The subscription.
    #[column(key)]
    pub subscription_id: Id,
    /// Attempts that succeeded.
    #[column]
    pub delivered: i64,
    /// Attempts that failed.
    #[column]
    pub failed: i64,
    /// When the first attempt failed since the last that succeeded.
    #[column]
    pub failing_since: Option<Timestamp>,
    /// When the last attempt succeeded.
    #[column]
    pub delivered_at: Option<Timestamp>,
    /// When the last attempt failed.
    #[column]
    pub failed_at: Option<Timestamp>,
}

/// One event on its way to one subscription.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "delivery")]
pub struct Delivery {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The delivery's id.
    #[column(key)]
    pub id: Id,
    /// The subscription that is told.
    #[column]
    pub subscription_id: Id,
    /// The event.
    #[column]
    pub event_id: Id,
    /// The house's word for it, such as `booking.placed`.
    #[column]
    pub event: String,
    /// The format's word for it.
    #[column]
    pub name: String,
    /// What it is about.
    #[column]
    pub subject_id: Id,
    /// The organization that it belongs to.
    #[column]
    pub organization_id: Id,
    /// Which write of the subject it was; the subject's events leave in this order.
    #[column]
    pub ordinal: i64,
    /// When it happened, the tenant's clock.
    #[column]
    pub at: Timestamp,
    /// When the delivery was made.
    #[column]
    pub created_at: Timestamp,
    /// `held`, `waiting`, `delivered`, `failed` or `dropped`.
    #[column]
    pub state: String,
    /// Whether something is still to be done.
    #[column]
    pub open: bool,
    /// Whether somebody asked for it again; such a delivery keeps no order.
    #[column]
    pub resent: bool,
    /// How often it was tried.
    #[column]
    pub attempts: i64,
    /// When it was tried first.
    #[column]
    pub tried_at: Option<Timestamp>,
    /// When it is tried next, while it waits; when a try that never reported back is made up for,
    /// while it is under way.
    #[column]
    pub next_at: Timestamp,
    /// What is sent; empty as long as it could not be rendered.
    #[column]
    pub body: Vec<u8>,
    /// The body's media type.
    pub content_type: String,
    /// Headers that are the same at each try.
    pub headers: Vec<(String, String)>,
    /// What the event said: `changes` or `last`.
    pub facts: serde_json::Value,
}

/// One try of a delivery.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "attempt")]
pub struct Attempt {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The attempt's id.
    #[column(key)]
    pub id: Id,
    /// The delivery.
    #[column]
    pub delivery_id: Id,
    /// The subscription.
    #[column]
    pub subscription_id: Id,
    /// Which try it was, from 1.
    #[column]
    pub number: i64,
    /// When it began.
    #[column]
    pub at: Timestamp,
    /// How long it took, milliseconds.
    #[column]
    pub took_ms: i64,
    /// `delivered`, or in one word why not.
    #[column]
    pub outcome: String,
    /// The status that the receiver answered with.
    #[column]
    pub status: Option<i64>,
    /// What went wrong, in words.
    pub problem: Option<String>,
    /// Where it went.
    pub url: String,
    /// The headers that were sent.
    pub request_head: Vec<(String, String)>,
    /// The beginning of what was sent.
    pub request: String,
    /// The headers of the answer, as many and as much of each as is kept.
    pub response_head: Vec<(String, String)>,
    /// The beginning of what was answered.
    pub response: String,
    /// When the next try is due.
    pub next_at: Option<Timestamp>,
}

/// One mail on its way.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "mail")]
pub struct Mail {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The mail's id.
    #[column(key)]
    pub id: Id,
    /// When it was written.
    #[column]
    pub created_at: Timestamp,
    /// `waiting`, `sent`, `refused` or `failed`.
    #[column]
    pub state: String,
    /// Whether something is still to be done.
    #[column]
    pub open: bool,
    /// How often it was tried.
    #[column]
    pub attempts: i64,
    /// When it was tried first.
    #[column]
    pub tried_at: Option<Timestamp>,
    /// When it is tried next; see [`Delivery::next_at`].
    #[column]
    pub next_at: Timestamp,
    /// The recipient's address.
    pub to: String,
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// The template's name.
    pub template: String,
    /// The recipient's language, `en` or `de`.
    pub language: String,
    /// What the template is filled with.
    pub values: BTreeMap<String, serde_json::Value>,
    /// Why the last try failed.
    pub problem: Option<String>,
}

impl Mail {
    /// A mail that is due at once. Insert it in the transaction that causes it.
    #[must_use]
    pub fn new(tenant_id: Id, id: Id, now: Timestamp, to: &str, template: &str) -> Self {
        Self {
            tenant_id,
            id,
            created_at: now,
            state: "waiting".to_owned(),
            open: true,
            attempts: 0,
            tried_at: None,
            next_at: now,
            to: to.to_owned(),
            to_name: String::new(),
            template: template.to_owned(),
            language: "en".to_owned(),
            values: BTreeMap::new(),
            problem: None,
        }
    }

    /// The same with a value for its template.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// The same in another language.
    #[must_use]
    pub fn in_language(self, language: &str) -> Self {
        Self {
            language: language.to_owned(),
            ..self
        }
    }
}
