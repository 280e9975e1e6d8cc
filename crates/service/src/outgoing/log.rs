//! The log of what was sent: deliveries with their attempts, and asking for one again.

use catalogue::delivery::{Attempt, Delivery, Subscription};
use domain::{
    access::Actor,
    id::{Id, IdSource},
};
use jiff::Timestamp;
use store::{ColdCommand, Condition, Tx, Value};

use super::{Outgoing, Refusal, limits::RESENT_AT_ONCE, subscriptions::own};
use crate::{Error, Page, PageOf, Result};

/// Which deliveries; what is empty does not limit.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Of these ids.
    pub ids: Vec<Id>,
    /// To these subscriptions.
    pub subscription_ids: Vec<Id>,
    /// Of these events.
    pub event_ids: Vec<Id>,
    /// About these.
    pub subject_ids: Vec<Id>,
    /// In these states: `held`, `waiting`, `delivered`, `failed`, `dropped`.
    pub states: Vec<String>,
    /// Made at this instant or later.
    pub from: Option<Timestamp>,
    /// Made at this instant or earlier.
    pub to: Option<Timestamp>,
}

/// Which attempts; what is empty does not limit.
#[derive(Clone, Debug, Default)]
pub struct AttemptFilter {
    /// Of these deliveries.
    pub delivery_ids: Vec<Id>,
    /// To these subscriptions.
    pub subscription_ids: Vec<Id>,
    /// With these outcomes: `delivered`, `refused`, `timed_out`, …
    pub outcomes: Vec<String>,
    /// Begun at this instant or later.
    pub from: Option<Timestamp>,
    /// Begun at this instant or earlier.
    pub to: Option<Timestamp>,
}

impl Outgoing {
    /// Deliveries to the caller's subscriptions, newest first.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn deliveries(
        &self,
        actor: &Actor,
        filter: &DeliveryFilter,
        page: PageOf,
    ) -> Result<Page<Delivery>> {
        let mut tx = self.store().reader().await?;
        let wanted = deliveries(&mut tx, actor, filter).await?;
        let found = tx
            .find::<Delivery>(&wanted, "id DESC", Some(page.limit()), page.offset())
            .await?;
        Ok(page.page(found))
    }

    /// How many deliveries a filter leaves.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn deliveries_count(&self, actor: &Actor, filter: &DeliveryFilter) -> Result<u64> {
        let mut tx = self.store().reader().await?;
        let wanted = deliveries(&mut tx, actor, filter).await?;
        Ok(tx.count::<Delivery>(&wanted).await?)
    }

    /// How many attempts a filter leaves.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn attempts_count(&self, actor: &Actor, filter: &AttemptFilter) -> Result<u64> {
        let mut tx = self.store().reader().await?;
        let wanted = attempts(&mut tx, actor, filter).await?;
        Ok(tx.count::<Attempt>(&wanted).await?)
    }

    /// One delivery to a subscription of the caller.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn delivery(&self, actor: &Actor, id: Id) -> Result<Option<Delivery>> {
        let filter = DeliveryFilter {
            ids: vec![id],
            ..DeliveryFilter::default()
        };
        let page = PageOf { number: 1, size: 1 };
        let found = self.deliveries(actor, &filter, page).await?;
        Ok(found.rows.into_iter().next())
    }

    /// Attempts at the caller's subscriptions, newest first.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn attempts(
        &self,
        actor: &Actor,
        filter: &AttemptFilter,
        page: PageOf,
    ) -> Result<Page<Attempt>> {
        let mut tx = self.store().reader().await?;
        let wanted = attempts(&mut tx, actor, filter).await?;
        let found = tx
            .find::<Attempt>(&wanted, "id DESC", Some(page.limit()), page.offset())
            .await?;
        Ok(page.page(found))
    }

    /// Asks for deliveries again, at most [`RESENT_AT_ONCE`]: the same bytes under a new id, signed
    /// anew, whatever became of the first, and without regard to the order. The answers stand in the
    /// order of `ids`.
    ///
    /// # Errors
    /// [`Error::TooMany`], or when the store can't be used.
    pub async fn deliveries_resend(
        &self,
        actor: &Actor,
        ids: &[Id],
    ) -> Result<Vec<std::result::Result<Delivery, Refusal>>> {
        if ids.len() > RESENT_AT_ONCE {
            return Err(Error::TooMany {
                limit: RESENT_AT_ONCE,
            });
        }
        let wanted = ids.iter().map(|id| (*id, self.next_id())).collect();
        let command = Resend {
            tenant_id: actor.tenant_id,
            grant_id: actor.grant_id,
            wanted,
            now: self.now(),
        };
        Ok(self.store().run(command).await?)
    }
}

/// The deliveries that a filter leaves.
async fn deliveries(tx: &mut Tx, actor: &Actor, filter: &DeliveryFilter) -> Result<Condition> {
    let known = known(tx, actor, &filter.subscription_ids).await?;
    let mut all = within(actor, known, "created_at", filter.from, filter.to);
    all.extend(ids("id", &filter.ids));
    all.extend(ids("event_id", &filter.event_ids));
    all.extend(ids("subject_id", &filter.subject_ids));
    all.extend(words("state", &filter.states));
    Ok(Condition::All(all))
}

/// The attempts that a filter leaves.
async fn attempts(tx: &mut Tx, actor: &Actor, filter: &AttemptFilter) -> Result<Condition> {
    let known = known(tx, actor, &filter.subscription_ids).await?;
    let mut all = within(actor, known, "at", filter.from, filter.to);
    all.extend(ids("delivery_id", &filter.delivery_ids));
    all.extend(words("outcome", &filter.outcomes));
    Ok(Condition::All(all))
}

/// The subscriptions of the caller among these; all where none is named.
async fn known(tx: &mut Tx, actor: &Actor, wanted: &[Id]) -> Result<Vec<Value>> {
    let found = tx.find::<Subscription>(&own(actor), "id", None, 0).await?;
    let known = found.into_iter().map(|subscription| subscription.id);
    let known = known.filter(|id| wanted.is_empty() || wanted.contains(id));
    Ok(known.map(Value::from).collect())
}

fn within(
    actor: &Actor,
    subscriptions: Vec<Value>,
    instant: &'static str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Vec<Condition> {
    let mut all = vec![
        Condition::Is("tenant_id", actor.tenant_id.into()),
        Condition::In("subscription_id", subscriptions),
    ];
    let ms = |at: Timestamp| Value::Int(at.as_millisecond());
    all.extend(from.map(|at| Condition::From(instant, ms(at))));
    all.extend(to.map(|at| Condition::To(instant, ms(at))));
    all
}

fn ids(column: &'static str, ids: &[Id]) -> Option<Condition> {
    let values = || ids.iter().map(|id| Value::from(*id)).collect();
    (!ids.is_empty()).then(|| Condition::In(column, values()))
}

fn words(column: &'static str, words: &[String]) -> Option<Condition> {
    let values = || words.iter().map(|word| word.as_str().into()).collect();
    (!words.is_empty()).then(|| Condition::In(column, values()))
}

struct Resend {
    tenant_id: Id,
    grant_id: Id,
    /// Which, and under which new id.
    wanted: Vec<(Id, Id)>,
    now: Timestamp,
}

impl ColdCommand for Resend {
    type Output = Vec<std::result::Result<Delivery, Refusal>>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<Self::Output> {
        let mut answers = Vec::with_capacity(self.wanted.len());
        for (id, new_id) in &self.wanted {
            let again = self.again(tx, *id, *new_id).await?;
            if let Ok(delivery) = &again {
                tx.insert(std::slice::from_ref(delivery)).await?;
            }
            answers.push(again);
        }
        Ok(answers)
    }
}

impl Resend {
    async fn again(
        &self,
        tx: &mut Tx,
        id: Id,
        new_id: Id,
    ) -> store::Result<std::result::Result<Delivery, Refusal>> {
        let key = [self.tenant_id.into(), id.into()];
        let Some(found) = tx.get::<Delivery>(&key).await? else {
            return Ok(Err(Refusal::UnknownDelivery));
        };
        let key = [self.tenant_id.into(), found.subscription_id.into()];
        let subscription = tx.get::<Subscription>(&key).await?;
        match subscription.filter(|of| of.grant_id == self.grant_id) {
            None => Ok(Err(Refusal::UnknownDelivery)),
            Some(subscription) if !subscription.active => Ok(Err(Refusal::SwitchedOff)),
            Some(_) => Ok(Ok(Delivery {
                id: new_id,
                created_at: self.now,
                state: "waiting".to_owned(),
                open: true,
                resent: true,
                attempts: 0,
                tried_at: None,
                next_at: self.now,
                ..found
            })),
        }
    }
}
