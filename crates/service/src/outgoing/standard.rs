//! The house's own format: a small JSON body, signed as the Standard Webhooks have it.
//!
//! `{"type": "booking.changed", "timestamp": …, "data": {"id": …, "organization_id": …, "changes":
//! {…}}}` with the headers `webhook-id` (the same at every try), `webhook-timestamp` and
//! `webhook-signature`, which holds one signature per valid secret, so that a receiver may know any
//! of them while one is rotated. A secret is shown as `whsec_` and base64.

use async_trait::async_trait;
use domain::access::{Capability, capability as c};
use serde_json::{Map, Value, json};

use super::{
    render::{Event, NotRendered, Recipient, Render, Rendering, Sent, visible},
    seal::Secret,
    sign::sign_standard,
};

/// The name of the format.
pub const NAME: &str = "standard";

/// Every event that the house tells of, with what a subscriber needs.
const EVENTS: &[(&str, Capability)] = &[
    ("booking.placed", c::BOOKINGS_READ),
    ("booking.changed", c::BOOKINGS_READ),
    ("booking.confirmed", c::BOOKINGS_READ),
    ("booking.cancelled", c::BOOKINGS_READ),
    ("booking.expired", c::BOOKINGS_READ),
    ("booking.removed", c::BOOKINGS_READ),
    ("calendar.changed", c::INVENTORY_READ),
    ("property.created", c::PROPERTIES_READ),
    ("property.changed", c::PROPERTIES_READ),
    ("property.removed", c::PROPERTIES_READ),
    ("room.created", c::PROPERTIES_READ),
    ("room.changed", c::PROPERTIES_READ),
    ("room.removed", c::PROPERTIES_READ),
    ("subscription.switched_off", c::ACCOUNTS_READ),
];

/// The house's own format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standard;

#[async_trait]
impl Render for Standard {
    fn needs(&self, name: &str) -> Option<Capability> {
        let mut events = EVENTS.iter();
        events
            .find(|(known, _)| *known == name)
            .map(|(_, capability)| *capability)
    }

    fn names(&self, event: &Event) -> Vec<String> {
        vec![event.event.clone()]
    }

    async fn render(
        &self,
        event: &Event,
        name: &str,
        recipient: &Recipient,
    ) -> Result<Rendering, NotRendered> {
        let mut data = Map::new();
        data.insert("id".to_owned(), json!(event.subject_id));
        data.insert("organization_id".to_owned(), json!(event.organization_id));
        if let Value::Object(facts) = visible(&event.facts, &recipient.actor) {
            data.extend(facts);
        }
        let body = json!({ "type": name, "timestamp": event.at, "data": data });
        Ok(Rendering {
            body: body.to_string().into_bytes(),
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
        })
    }

    fn sign(&self, sent: Sent<'_>, secrets: &[Secret]) -> Vec<(String, String)> {
        let (id, at) = (format!("msg_{}", sent.delivery_id), sent.at.as_second());
        let signatures: Vec<String> = secrets
            .iter()
            .map(|secret| sign_standard(secret.bytes(), &id, at, sent.body))
            .collect();
        vec![
            ("webhook-id".to_owned(), id),
            ("webhook-timestamp".to_owned(), at.to_string()),
            ("webhook-signature".to_owned(), signatures.join(" ")),
        ]
    }
}
