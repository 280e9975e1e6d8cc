//! The two records that follow from every change: what others are told, and who did it.

use domain::id::Id;

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
            "{}".into(),
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
