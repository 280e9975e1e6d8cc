//! Formats: how an event looks to those who are told.
//!
//! A dialect brings its own format under a name, and a subscription names the one that it wants. A
//! body is rendered right after the event and kept, so every try sends the same bytes; what depends
//! on the moment, signatures above all, is made anew for each try.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::{Actor, Area, Capability, Facet, Verb},
    id::Id,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::seal::Secret;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The tenant.
    pub tenant_id: Id,
    /// The event's id.
    pub id: Id,
    /// What happened, in the house's words: `booking.placed`.
    pub event: String,
    /// What it happened to.
    pub subject_id: Id,
    /// The organization that it belongs to.
    pub organization_id: Id,
    /// Which write of the subject it was.
    pub ordinal: i64,
    /// When, by the tenant's clock.
    pub at: Timestamp,
    /// `changes` of an attribute as `[old, new]`, or the `last` state of what is gone.
    pub facts: Value,
}

/// For whom something is rendered.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The grant behind the subscription, as a caller: what it may not know must not be rendered.
    pub actor: Actor,
    /// The subscription.
    pub subscription_id: Id,
    /// The delivery.
    pub delivery_id: Id,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The body.
    pub body: Vec<u8>,
    /// Its media type.
    pub content_type: String,
    /// Headers that stay the same at every try.
    pub headers: Vec<(String, String)>,
}

/// Why nothing was rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRendered {
    /// There is nothing to tell this recipient.
    Nothing,
    /// It did not work now; the first try renders it.
    Later(String),
}

/// One try, as far as signatures cover it.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The delivery, the same at every try.
    pub delivery_id: Id,
    /// When the try began, real time.
    pub at: Timestamp,
    /// The body, byte by byte as it is sent.
    pub body: &'a [u8],
}

/// A format.
#[async_trait]
pub trait Render: Send + Sync + 'static {
    /// The capability that a subscriber to this event name needs; none when the format has no such
    /// name.
    fn needs(&self, name: &str) -> Option<Capability>;

    /// The names under which the format tells of an event, in order; each that is subscribed to
    /// becomes a delivery.
    fn names(&self, event: &Event) -> Vec<String>;

    /// Renders an event under one of its names.
    async fn render(
        &self,
        event: &Event,
        name: &str,
        recipient: &Recipient,
    ) -> Result<Rendering, NotRendered>;

    /// The headers that sign a try. `secrets` are those that are valid now, oldest first; never
    /// empty.
    fn sign(&self, sent: Sent<'_>, secrets: &[Secret]) -> Vec<(String, String)>;

    /// Whether `render` asks a use case that judges how far a capability reaches. Without that, a
    /// subscriber whose capability does not reach the whole tenant is told nothing.
    fn judges_reach(&self) -> bool {
        false
    }

    /// Whether it is told of everything. Some APIs let their callers say that a change is announced to
    /// nobody; that binds the subscribers of that API, and no others.
    fn hears_everything(&self) -> bool {
        false
    }

    /// Whether this status confirms.
    fn confirms(&self, status: u16) -> bool {
        (200..300).contains(&status)
    }
}

/// All formats by name.
#[derive(Clone, Default)]
pub struct Formats(Arc<BTreeMap<String, Arc<dyn Render>>>);

impl Formats {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: &str, format: Arc<dyn Render>) -> Self {
        Arc::make_mut(&mut self.0).insert(name.to_owned(), format);
        self
    }

    /// The format of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Render>> {
        self.0.get(name)
    }
}

/// Attributes of a booking that say nothing about a person and nothing about money.
const BASIC: &[&str] = &[
    "organization_id",
    "resource_id",
    "group_id",
    "status",
    "opened",
    "arrival_on",
    "departure_on",
    "created_at",
    "changed_at",
    "channel",
    "external_reference",
    "quantity",
    "cancelled_at",
    "held_until",
    "pinned",
    "party",
    "offer_number",
    "language",
    "arrival_time",
];

/// Attributes that say something about money.
const FINANCIAL: &[&str] = &[
    "price",
    "deposit",
    "tax",
    "commission",
    "rate_description",
    "voucher",
];

/// Whether a caller may know of an attribute of a booking. What is on no list is personal.
fn may_know(actor: &Actor, attribute: &str) -> bool {
    let attribute = attribute.split('.').next().unwrap_or(attribute);
    let may = |facet| actor.may(Capability::new(Area::Bookings, facet, Verb::Read));
    if BASIC.contains(&attribute) {
        may(Facet::Basic)
    } else if FINANCIAL.contains(&attribute) {
        may(Facet::Financial)
    } else {
        may(Facet::Personal)
    }
}

/// What a caller may know of the facts of an event about a booking: `changes` and `last` without
/// the attributes that it may not read.
#[must_use]
pub fn visible(facts: &Value, actor: &Actor) -> Value {
    let known = |of: &Map<String, Value>| -> Map<String, Value> {
        let each = of.iter().filter(|(name, _)| may_know(actor, name));
        each.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let mut shown = Map::new();
    if let Some(changes) = facts.get("changes").and_then(Value::as_object) {
        shown.insert("changes".to_owned(), known(changes).into());
    }
    if let Some(last) = facts.get("last").and_then(Value::as_object) {
        // The details stand one step down, and are judged there.
        let mut flat = last.clone();
        if let Some(Value::Object(details)) = flat.remove("details") {
            flat.extend(details);
        }
        shown.insert("last".to_owned(), known(&flat).into());
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use domain::access::{Capabilities, Reach};
    use serde_json::json;

    use super::*;

    fn actor(facets: &[Facet]) -> Actor {
        let capabilities = facets.iter().fold(Capabilities::none(), |all, facet| {
            all.with(
                Capability::new(Area::Bookings, *facet, Verb::Read),
                Reach::Tenant,
            )
        });
        let id = Id::SMALLEST;
        Actor {
            tenant_id: id,
            client_id: id,
            grant_id: id,
            capabilities: Arc::new(capabilities),
            organizations: None,
            now: Timestamp::UNIX_EPOCH,
            request_id: String::new(),
        }
    }

    #[test]
    fn who_may_not_read_persons_or_money_is_told_of_neither() {
        let facts = json!({
            "changes": {
                "status": ["held", "confirmed"],
                "contact.last_name": ["", "Lovelace"],
                "price": ["0", "90"],
                "extra.flag": [null, 1],
            },
            "last": { "status": "held", "details": { "price": "9", "comments": "late", "party": {} } },
        });
        let shown = |facets: &[Facet]| visible(&facts, &actor(facets));
        assert_eq!(
            shown(&[Facet::Basic]),
            json!({
                "changes": { "status": ["held", "confirmed"] },
                "last": { "status": "held", "party": {} },
            })
        );
        assert_eq!(
            shown(&[Facet::Basic, Facet::Personal]),
            json!({
                "changes": {
                    "status": ["held", "confirmed"],
                    "contact.last_name": ["", "Lovelace"],
                    "extra.flag": [null, 1],
                },
                "last": { "status": "held", "comments": "late", "party": {} },
            })
        );
        assert_eq!(
            shown(&[Facet::Financial]),
            json!({ "changes": { "price": ["0", "90"] }, "last": { "price": "9" } })
        );
    }
}
