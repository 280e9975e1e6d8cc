//! The two records that follow from every change: what others are told, and who did it.

use std::borrow::Cow;

use catalogue::sale::{Booking, changes::between};
use domain::id::Id;
use serde_json::{Value, json};

use crate::hot::Stamp;

/// One event: a row in the outbox and one in the audit trail.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub(crate) stamp: Stamp,
    pub(crate) id: Id,
    pub(crate) event: &'static str,
    pub(crate) subject_id: Id,
    pub(crate) organization_id: Id,
    pub(crate) announce: bool,
    ordinal: i64,
    facts: Cow<'static, str>,
}

impl EventRow {
    /// An event about `subject_id`, which belongs to `organization_id`. `announce` says whether
    /// subscribers are told; the audit trail is written always.
    pub fn new(
        stamp: &Stamp,
        id: Id,
        event: &'static str,
        subject_id: Id,
        organization_id: Id,
        announce: bool,
    ) -> Self {
        Self {
            stamp: stamp.clone(),
            id,
            event,
            subject_id,
            organization_id,
            announce,
            ordinal: 0,
            facts: Cow::Borrowed("{}"),
        }
    }

    /// Says which write of the subject this was: events of one subject leave in this order, whoever
    /// drew their ids. Events without it are in the order of their ids.
    #[must_use]
    pub fn ordered(self, ordinal: i64) -> Self {
        Self { ordinal, ..self }
    }

    /// Says more than the subject itself will say later: `changes` of an attribute as `[old, new]`,
    /// or the `last` state of what is gone. A JSON object.
    #[must_use]
    pub fn with_facts(self, facts: Option<Value>) -> Self {
        let Some(facts) = facts else { return self };
        Self {
            facts: Cow::Owned(facts.to_string()),
            ..self
        }
    }

    /// The outbox row.
    pub(crate) fn outbox(&self) -> catalogue::Row {
        vec![
            self.stamp.tenant_id.into(),
            self.id.into(),
            self.stamp.now.as_millisecond().into(),
            self.event.into(),
            self.subject_id.into(),
            self.organization_id.into(),
            i64::from(self.announce).into(),
            (&*self.facts).into(),
            self.ordinal.into(),
        ]
    }

    /// The audit row.
    pub(crate) fn audit(&self) -> catalogue::Row {
        vec![
            self.stamp.tenant_id.into(),
            self.id.into(),
            self.stamp.now.as_millisecond().into(),
            self.stamp.client_id.into(),
            self.stamp.grant_id.into(),
            (&*self.stamp.request_id).into(),
            self.event.into(),
            self.subject_id.into(),
        ]
    }
}

/// What a change has changed: `{"changes": {attribute: [old, new]}}`; none where nothing has that
/// subscribers could see.
pub(crate) fn changes(before: &Booking, after: &Booking) -> Option<Value> {
    let changes = between(before, after);
    (!changes.is_empty()).then(|| json!({ "changes": changes }))
}

/// The last state of a booking that is gone, since nobody can read it any more.
pub(crate) fn last(booking: &Booking) -> Option<Value> {
    Some(json!({ "last": {
        "organization_id": booking.organization_id,
        "resource_id": booking.resource_id,
        "group_id": booking.group_id,
        "status": booking.status,
        "opened": booking.opened,
        "arrival_on": booking.arrival_on,
        "departure_on": booking.departure_on,
        "created_at": booking.created_at,
        "changed_at": booking.changed_at,
        "channel": booking.channel,
        "external_reference": booking.external_reference,
        "quantity": booking.quantity,
        "cancelled_at": booking.cancelled_at,
        "held_until": booking.held_until,
        "details": booking.details,
    } }))
}

impl crate::Tx {
    /// Writes events into the outbox and the audit trail.
    pub async fn record(&mut self, events: &[EventRow]) -> crate::Result<()> {
        let outbox: Vec<catalogue::Row> = events.iter().map(EventRow::outbox).collect();
        let audit: Vec<catalogue::Row> = events.iter().map(EventRow::audit).collect();
        self.write_each(&[
            (&crate::tables::OUTBOX_IN, &outbox),
            (&crate::tables::AUDIT_IN, &audit),
        ])
        .await?;
        Ok(())
    }
}
