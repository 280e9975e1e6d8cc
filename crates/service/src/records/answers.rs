//! Answers to amenities, one at a time: given, changed, taken back.
//!
//! What is told is that the one who answers has changed, as where all answers are set at once.

use catalogue::{
    content::{Amenity, AmenityAnswer},
    links::{AmenityValue, LinkDetails},
    shared::Reference,
};
use domain::id::Id;
use store::{Condition, Tx};

use super::{
    Linked, Readable, Writable,
    kinds::{key, subject_of},
    links::{Place, place_of},
    rows::{missing, unknown},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Refusal, UseCase};

/// An answer to be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Answering {
    /// The answer's own id.
    pub id: Id,
    /// What the one that answers is: `organization`, `resource`, `unit` or `booking`.
    pub subject: &'static str,
    /// The one that answers.
    pub from_id: Id,
    /// The organization that the one that answers has to be in; none for any.
    pub organization_id: Option<Id>,
    /// The amenity.
    pub amenity_id: Id,
    /// What is answered.
    pub answer: Option<AmenityAnswer>,
}

impl Write {
    /// Answers an amenity that is not answered yet.
    pub fn answer(new: Answering) -> Write {
        Write::new(AnswerStep::Give(new))
    }

    /// Changes an answer of this kind of subject.
    pub fn answer_change(id: Id, subject: &'static str, answer: Option<AmenityAnswer>) -> Write {
        let change = Some(answer);
        Write::new(AnswerStep::Change {
            id,
            subject,
            change,
        })
    }

    /// Takes an answer of this kind of subject back.
    pub fn answer_remove(id: Id, subject: &'static str) -> Write {
        let change = None;
        Write::new(AnswerStep::Change {
            id,
            subject,
            change,
        })
    }
}

enum AnswerStep {
    Give(Answering),
    Change {
        id: Id,
        subject: &'static str,
        /// What it becomes; none for nothing at all.
        change: Option<Option<AmenityAnswer>>,
    },
}

impl Step for AnswerStep {
    fn needs(&self) -> Vec<UseCase> {
        vec![match self {
            AnswerStep::Change { change: None, .. } => UseCase::Remove(AmenityValue::SUBJECT),
            _ => UseCase::Write(AmenityValue::SUBJECT),
        }]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            match self {
                AnswerStep::Give(new) => give(tx, by, new).await,
                AnswerStep::Change {
                    id,
                    subject,
                    change,
                } => become_(tx, by, (*id, subject), *change).await,
            }
        })
    }
}

/// The one that answers, locked.
async fn place(
    tx: &mut Tx,
    by: &By<'_>,
    subject: &'static str,
    from_id: Id,
) -> store::Result<Option<Place>> {
    match subject_of(subject, from_id) {
        Some(from) => place_of(tx, by, &from, subject).await,
        None => Ok(None),
    }
}

async fn give(tx: &mut Tx, by: &By<'_>, new: &Answering) -> store::Result<Stepped> {
    let Some(place) = place(tx, by, new.subject, new.from_id).await? else {
        return Ok(Err(unknown("from_id")));
    };
    if new.organization_id.is_some() && new.organization_id != place.organization_id() {
        return Ok(Err(unknown("from_id")));
    }
    let amenity = [Reference::to::<Amenity>("to_id", new.amenity_id)];
    if let Some(refusal) = missing(tx, by, &amenity).await? {
        return Ok(Err(refusal));
    }
    let same = Condition::All(vec![
        Condition::Is("tenant_id", by.tenant_id().into()),
        Condition::Is("from_id", new.from_id.into()),
        Condition::Is("to_id", new.amenity_id.into()),
    ]);
    if !tx
        .find::<AmenityValue>(&same, "", Some(1), 0)
        .await?
        .is_empty()
    {
        return Ok(Err(Refusal::Invalid {
            field: "to_id",
            expected: "an amenity that is not answered here yet".to_owned(),
        }));
    }
    let details = LinkDetails {
        answer: new.answer,
        ..LinkDetails::default()
    };
    let row = AmenityValue::linking(new.id, &place, new.amenity_id, 0, details);
    tx.insert(std::slice::from_ref(&row)).await?;
    told(tx, by, &row).await
}

async fn become_(
    tx: &mut Tx,
    by: &By<'_>,
    (id, subject): (Id, &'static str),
    change: Option<Option<AmenityAnswer>>,
) -> store::Result<Stepped> {
    let of_answer = key(by.tenant_id(), id);
    let Some(seen) = tx.get::<AmenityValue>(&of_answer).await? else {
        return Ok(Err(unknown("id")));
    };
    if seen.subject != subject || place(tx, by, subject, seen.from_id).await?.is_none() {
        return Ok(Err(unknown("id")));
    }
    let Some(mut row) = tx.get_locked::<AmenityValue>(&of_answer).await? else {
        return Ok(Err(unknown("id")));
    };
    match change {
        None => drop(tx.remove::<AmenityValue>(&[of_answer]).await?),
        Some(answer) => {
            row.details.answer = answer;
            row.changed_at = by.stamp.now;
            tx.update(&mut row).await?;
        }
    }
    told(tx, by, &row).await
}

/// Tells of the one that answers. Resources are searched by their amenities.
async fn told(tx: &mut Tx, by: &By<'_>, row: &AmenityValue) -> store::Result<Stepped> {
    if row.subject == "resource" {
        let version = by.new_id();
        tx.terms_changed(by.tenant_id(), &[row.from_id], version)
            .await?;
    }
    let event = AmenityValue::EVENTS.changed;
    by.tell(tx, event, row.from_id, row.organization_id).await?;
    Ok(Ok(row.id))
}
