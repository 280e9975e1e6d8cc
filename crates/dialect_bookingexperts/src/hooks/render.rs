//! The format of webhooks.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{access::Capability, booking::Status, id::Id};
use identity::oauth::OAuth;
use jsonapi::{Flaws, ResourceType};
use serde_json::{Map, Value, json};
use service::{
    Service,
    inventory::{Organization, Stage},
    outgoing::{
        render::{Event, NotRendered, Recipient, Render, Rendering, Sent, visible},
        seal::Secret,
        sign::sign_sha256,
    },
    records::BLOCK_CHANNEL,
    sale::Booking,
};

use super::{
    behind, changes, names,
    record::{self, NoRecord},
};
use crate::kinds::bookings::AGENDA_PERIOD;
use crate::{rows, seen::Seen, state::State};

/// The header with the signature under the oldest secret that is still valid.
pub const SIGNATURE: &str = "x-be-signature";

/// The header with the name of the environment.
pub const ENVIRONMENT: &str = "x-be-env";

/// Our own header with a signature for each valid secret, oldest first, parted by commas: whoever has
/// learned the new secret already can go by that.
pub const SIGNATURES: &str = "x-tabard-signatures";

/// Our own header with the id of the delivery, the same at every try.
const DELIVERY: &str = "x-tabard-delivery";

/// The format: `event`, `subscription_id`, `record`, `context`, `context_id`, `event_metadata`.
pub struct Webhooks {
    state: State,
    environment: String,
}

impl From<NoRecord> for NotRendered {
    fn from(none: NoRecord) -> Self {
        match none {
            NoRecord::Nothing => Self::Nothing,
            NoRecord::Failed(error) => Self::Later(error.to_string()),
        }
    }
}

/// What an event is rendered from.
struct Telling<'a> {
    event: &'a Event,
    kind: &'static ResourceType,
    verb: &'a str,
    recipient: &'a Recipient,
    seen: Seen,
    /// What of the event's facts the recipient may know.
    facts: Value,
}

impl Webhooks {
    /// The format over these rooms.
    ///
    /// # Errors
    /// Mistakes in the declarations of types; a test finds them first.
    pub fn new(service: Service, oauth: OAuth, environment: &str) -> Result<Self, Flaws> {
        Ok(Self {
            state: State::new(service, oauth)?,
            environment: environment.to_owned(),
        })
    }

    async fn telling<'a>(
        &self,
        event: &'a Event,
        name: &'a str,
        recipient: &'a Recipient,
    ) -> Result<Telling<'a>, NotRendered> {
        let (kind, verb) = names::parse(name).ok_or(NotRendered::Nothing)?;
        let actor = &recipient.actor;
        let installed = self
            .state
            .oauth
            .installation(actor.tenant_id, actor.grant_id);
        let installed = installed.await.map_err(later)?;
        let installed = installed.ok_or(NotRendered::Nothing)?;
        if installed.cancelled_at.is_some() {
            return Err(NotRendered::Nothing);
        }
        let mut caller = behind::caller(actor.tenant_id, &installed);
        // What it may do was found out a moment ago, for this very delivery.
        caller.capabilities = Arc::clone(&actor.capabilities);
        let seen = Seen::of(Arc::new(caller));
        let facts = visible(&event.facts, actor);
        let changes = |facts: &Value| facts["changes"].as_object().map_or(0, Map::len);
        let is_hidden = changes(&event.facts) > 0 && changes(&facts) == 0;
        if is_hidden || !seen.may_read(kind) {
            return Err(NotRendered::Nothing);
        }
        Ok(Telling {
            event,
            kind,
            verb,
            recipient,
            seen,
            facts,
        })
    }

    /// The administration has to be in use, be it only to try things out.
    async fn check_stage(&self, event: &Event) -> Result<(), NotRendered> {
        let house = behind::house(event.tenant_id, event.at);
        let reading = self.state.service.reading(&house).await.map_err(later)?;
        let place = reading.one::<Organization>(event.organization_id).await;
        let stage = place.map_err(later)?.map(|place| place.details.stage);
        match stage {
            Some(Stage::SetUp | Stage::Closed) => Err(NotRendered::Nothing),
            _ => Ok(()),
        }
    }

    /// The booking that an event is about, whoever may read it.
    async fn booking(&self, event: &Event) -> Result<Option<Booking>, NotRendered> {
        if !event.event.starts_with("booking.") {
            return Ok(None);
        }
        let house = behind::house(event.tenant_id, event.at);
        let reading = self.state.service.reading(&house).await.map_err(later)?;
        reading.one(event.subject_id).await.map_err(later)
    }

    /// The record, and what has changed in it.
    async fn record(
        &self,
        telling: &Telling<'_>,
    ) -> Result<(Value, Map<String, Value>), NotRendered> {
        let Telling { event, kind, .. } = telling;
        let booking = self.booking(event).await?;
        if **kind == AGENDA_PERIOD && is_of_block(event, booking.as_ref()) {
            // A block that is written as one is told of by itself.
            return Err(NotRendered::Nothing);
        }
        // What a booking takes is the affair of its rentable type, of which alone this is told.
        let is_of_type = matches!(kind.name, "rentable_type" | "category");
        let id = if is_of_type && event.event.starts_with("booking.") {
            type_of(event, booking.as_ref()).ok_or(NotRendered::Nothing)?
        } else {
            event.subject_id
        };
        let query = record::plain(&self.state, kind)?;
        let actor = &telling.recipient.actor;
        let look = record::look(&self.state, actor, telling.seen.clone(), &query).await?;
        if telling.verb == "deleted" {
            let seen = &look.seen;
            return gone(telling, seen).map(|record| (record, Map::new()));
        }
        let row = record::find(kind, id, &look).await?;
        let facts = telling.facts["changes"].as_object();
        let changed = match (&booking, facts) {
            (Some(booking), Some(facts)) => changes::of(kind, booking, facts, &look)
                .await
                .map_err(later)?,
            _ if telling.verb == "updated" => changes::of_row(kind, id, &event.facts, &look)
                .await
                .map_err(later)?,
            _ => Map::new(),
        };
        Ok((record::document(&self.state, &query, &row), changed))
    }
}

/// Whether an event is about the booking behind a block, which takes the unit.
fn is_of_block(event: &Event, booking: Option<&Booking>) -> bool {
    let channel = match booking {
        Some(booking) => Some(booking.channel.as_str()),
        None => event.facts["last"]["channel"].as_str(),
    };
    event.event.starts_with("booking.") && channel == Some(BLOCK_CHANNEL)
}

fn later(error: impl std::fmt::Display) -> NotRendered {
    NotRendered::Later(error.to_string())
}

/// The rentable type whose days a booking has changed.
fn type_of(event: &Event, booking: Option<&Booking>) -> Option<Id> {
    let last = || {
        event.facts["last"]["resource_id"]
            .as_i64()
            .and_then(Id::new)
    };
    booking.map(|booking| booking.resource_id).or_else(last)
}

/// What is left of a resource that is gone: its type and id, if it was one and could be read.
fn gone(telling: &Telling<'_>, seen: &Seen) -> Result<Value, NotRendered> {
    let Telling { event, kind, .. } = telling;
    if event.event.starts_with("booking.") {
        let last = &event.facts["last"];
        let status: Status = serde_json::from_value(last["status"].clone()).map_err(later)?;
        let is_shown = match kind.name {
            "agenda_period" => status == Status::Blocked,
            "booking" if !last["group_id"].is_null() => {
                last["group_id"].as_i64() == Some(event.subject_id.get())
            }
            _ => rows::bookings::state(status).is_some(),
        };
        let channel = last["channel"].as_str().unwrap_or_default();
        if !is_shown || !seen.shows_channel(kind, channel) {
            return Err(NotRendered::Nothing);
        }
    } else if seen.restricts(kind) {
        // Through which channel it came can no longer be found out.
        return Err(NotRendered::Nothing);
    }
    let id = event.subject_id.to_string();
    Ok(json!({ "data": { "type": kind.name, "id": id } }))
}

#[async_trait]
impl Render for Webhooks {
    fn needs(&self, name: &str) -> Option<Capability> {
        let (kind, _) = names::parse(name)?;
        rows::needs(kind)
    }

    fn names(&self, event: &Event) -> Vec<String> {
        names::of(event)
    }

    async fn render(
        &self,
        event: &Event,
        name: &str,
        recipient: &Recipient,
    ) -> Result<Rendering, NotRendered> {
        self.check_stage(event).await?;
        let telling = self.telling(event, name, recipient).await?;
        let (record, changed) = self.record(&telling).await?;
        let (context, context_id) = record::context(event.tenant_id, Some(event.organization_id));
        let mut body = json!({
            "event": name,
            "subscription_id": recipient.actor.grant_id.to_string(),
            "record": record,
            "context": context,
            "context_id": context_id.to_string(),
        });
        if !changed.is_empty() {
            body["event_metadata"] = json!({ "changes": changed });
        }
        Ok(Rendering {
            body: body.to_string().into_bytes(),
            content_type: "application/json".to_owned(),
            headers: vec![(DELIVERY.to_owned(), recipient.delivery_id.to_string())],
        })
    }

    fn sign(&self, sent: Sent<'_>, secrets: &[Secret]) -> Vec<(String, String)> {
        signed(sent.body, secrets, &self.environment)
    }

    fn judges_reach(&self) -> bool {
        true
    }

    fn hears_everything(&self) -> bool {
        true
    }

    fn confirms(&self, status: u16) -> bool {
        status == 200
    }
}

/// The headers that sign a body, webhook or command.
pub(crate) fn signed(body: &[u8], secrets: &[Secret], environment: &str) -> Vec<(String, String)> {
    let signatures = secrets.iter();
    let signatures: Vec<String> = signatures
        .map(|secret| sign_sha256(secret.bytes(), body))
        .collect();
    let oldest = signatures.first().cloned().unwrap_or_default();
    vec![
        (SIGNATURE.to_owned(), oldest),
        (SIGNATURES.to_owned(), signatures.join(", ")),
        (ENVIRONMENT.to_owned(), environment.to_owned()),
    ]
}
