//! Documents: changes that are done together or not at all.
//!
//! A document is a list of [`Write`]s, run in order in one transaction. Each sees what those before it
//! did, so a booking may be made with its customer and its extras in one call. The first that is
//! refused undoes all, and says which it was. New ids come from [`crate::Service::new_id`] before the
//! document is written, so its parts can name each other.

use std::{future::Future, pin::Pin};

use catalogue::{Kind, told::changes};
use domain::{
    access::Actor,
    id::{Id, IdSource},
};
use store::{ColdCommand, Tx, events::EventRow, hot::Stamp};

use crate::{Error, Refusal, Result, Service, UseCase, stamp::stamp};

/// The most writes of one document.
pub const MOST_WRITES: usize = 1_000;

/// What a step answers: the row that it wrote, or why it did not.
pub(super) type Stepped = std::result::Result<Id, Refusal>;

/// The future of a step.
pub(super) type StepFuture<'a> = Pin<Box<dyn Future<Output = store::Result<Stepped>> + Send + 'a>>;

/// One part of a document. It may run more than once, each time on a fresh transaction.
pub(super) trait Step: Send + Sync + 'static {
    /// What the caller needs to be allowed.
    fn needs(&self) -> Vec<UseCase>;
    /// Does it. What it did before a refusal is undone by whoever runs it.
    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a>;
}

/// Who writes, and where ids come from.
pub(super) struct By<'a> {
    pub(super) stamp: &'a Stamp,
    pub(super) ids: &'a IdSource,
}

impl By<'_> {
    pub(super) fn tenant_id(&self) -> Id {
        self.stamp.tenant_id
    }

    pub(super) fn new_id(&self) -> Id {
        self.ids.next(self.stamp.now)
    }

    /// Whether the caller may write what belongs to this organization. What belongs to the whole tenant
    /// is for those who reach all of it.
    pub(super) fn may_write(&self, organization_id: Option<Id>) -> bool {
        match organization_id {
            Some(id) => self.stamp.reaches(id),
            None => self.stamp.organizations.is_none(),
        }
    }

    /// Tells that something has happened. What belongs to no organization is told under the tenant's own id.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        event: &'static str,
        subject_id: Id,
        organization_id: Option<Id>,
    ) -> store::Result<()> {
        let row = self.event(event, subject_id, organization_id);
        tx.record(&[row]).await
    }

    /// Tells that a row has changed, with what it was and what it is; under which event, about what, and
    /// whose it is, as [`By::tell`].
    pub(super) async fn tell_changed<K: Kind>(
        &self,
        tx: &mut Tx,
        (event, subject_id, organization_id): (&'static str, Id, Option<Id>),
        (before, after): (&K, &K),
    ) -> store::Result<()> {
        let row = self.event(event, subject_id, organization_id);
        tx.record(&[row.with_facts(changes(before, after))]).await
    }

    fn event(&self, event: &'static str, subject_id: Id, organization_id: Option<Id>) -> EventRow {
        let organization_id = organization_id.unwrap_or(self.stamp.tenant_id);
        EventRow::new(
            self.stamp,
            self.new_id(),
            event,
            subject_id,
            organization_id,
            true,
        )
    }
}

/// One part of a document.
pub struct Write(Box<dyn Step>);

impl Write {
    pub(super) fn new(step: impl Step) -> Self {
        Self(Box::new(step))
    }
}

/// Why a document was refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which of its writes was refused, from 0.
    pub index: usize,
    /// Why.
    pub refusal: Refusal,
}

impl Service {
    /// An id for something that is about to be written.
    pub fn new_id(&self, actor: &Actor) -> Id {
        self.store.ids().next(actor.now)
    }

    /// Writes a document: all of it, or nothing. Answers the ids of what was written, in order.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::TooMany`]; [`Error::Conflict`] when somebody else changed the same
    /// row first.
    pub async fn write_all(
        &self,
        actor: &Actor,
        writes: Vec<Write>,
    ) -> Result<std::result::Result<Vec<Id>, Refused>> {
        self.run_document(actor, writes, false).await
    }

    /// Says what would become of a document, and leaves no trace of it.
    ///
    /// # Errors
    /// As [`Service::write_all`].
    pub async fn try_all(
        &self,
        actor: &Actor,
        writes: Vec<Write>,
    ) -> Result<std::result::Result<Vec<Id>, Refused>> {
        self.run_document(actor, writes, true).await
    }

    async fn run_document(
        &self,
        actor: &Actor,
        writes: Vec<Write>,
        is_tried: bool,
    ) -> Result<std::result::Result<Vec<Id>, Refused>> {
        if writes.len() > MOST_WRITES {
            return Err(Error::TooMany { limit: MOST_WRITES });
        }
        for needed in writes.iter().flat_map(|write| write.0.needs()) {
            needed.authorize(actor)?;
        }
        let document = Document {
            stamp: stamp(actor),
            writes,
            is_tried,
        };
        Ok(self.store.run(document).await?)
    }

    /// Writes one thing.
    ///
    /// # Errors
    /// As [`Service::write_all`].
    pub async fn write_one(
        &self,
        actor: &Actor,
        write: Write,
    ) -> Result<std::result::Result<Id, Refusal>> {
        let answer = self.write_all(actor, vec![write]).await?;
        match answer.map(|ids| ids.first().copied()) {
            Ok(Some(id)) => Ok(Ok(id)),
            Ok(None) => Err(Error::Internal),
            Err(refused) => Ok(Err(refused.refusal)),
        }
    }
}

struct Document {
    stamp: Stamp,
    writes: Vec<Write>,
    /// Whether it is undone in any case.
    is_tried: bool,
}

impl ColdCommand for Document {
    type Output = std::result::Result<Vec<Id>, Refused>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        let by = By {
            stamp: &self.stamp,
            ids,
        };
        let mut written = Vec::with_capacity(self.writes.len());
        for (index, write) in self.writes.iter().enumerate() {
            match write.0.run(tx, &by).await? {
                Ok(id) => written.push(id),
                Err(refusal) => return Ok(Err(Refused { index, refusal })),
            }
        }
        Ok(Ok(written))
    }

    fn keeps(&self, output: &Self::Output) -> bool {
        output.is_ok() && !self.is_tried
    }
}
