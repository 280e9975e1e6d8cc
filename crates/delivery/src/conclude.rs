//! Writes down what a try has come to, and switches off who fails for too long.

use std::{sync::Arc, time::Duration};

use catalogue::{
    Cells, Value,
    access::Tenant,
    delivery::{Attempt, Delivery, Health, Mail, Owner, Subscription, SwitchedOff},
};
use domain::id::{Id, IdSource};
use jiff::{SignedDuration, Timestamp};
use service::outgoing::drop_waiting;
use store::{ColdCommand, Tx, events::EventRow};

use crate::{
    Dispatcher, house_stamp,
    limits::{CONCLUDE_TRIES, FAILING_FOR, FORGIVEN_AFTER},
    mail::SWITCHED_OFF,
    owners::owner_of,
    queue::next_of_subject,
    telemetry,
    tries::{Tried, Verdict},
};

impl Dispatcher {
    /// Writes a try down. Where that does not work, the lease ends and the try is repeated.
    pub(crate) async fn conclude(&self, tried: Tried) {
        let mut pause = Duration::from_millis(50);
        let tried = Arc::new(tried);
        for _ in 0..CONCLUDE_TRIES {
            let command = Conclude {
                tried: Arc::clone(&tried),
                now: self.now(),
            };
            match self.store().run(command).await {
                Ok(None) => return,
                Ok(Some(off)) => {
                    note(off, tried.delivery.subscription_id);
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "the result of a try can't be written yet");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                }
            }
        }
        tracing::error!(delivery = %tried.delivery.id, "the result of a try is lost; it will be repeated");
    }
}

/// A subscription that was switched off.
#[derive(Clone, Copy)]
struct Off {
    /// Whether there is somebody who is told of it.
    is_told: bool,
}

/// Lets the operator know.
fn note(off: Off, subscription: Id) {
    telemetry::switched_off();
    if off.is_told {
        tracing::warn!(%subscription, "a subscription was switched off");
    } else {
        tracing::warn!(%subscription, "a subscription was switched off, and there is nobody to tell of it");
    }
}

struct Conclude {
    tried: Arc<Tried>,
    now: Timestamp,
}

impl ColdCommand for Conclude {
    /// Says so where the subscription was switched off.
    type Output = Option<Off>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Option<Off>> {
        let key = [
            self.tried.attempt.tenant_id.into(),
            self.tried.attempt.id.into(),
        ];
        if tx.get::<Attempt>(&key).await?.is_some() {
            // It was written before, and only the answer was lost.
            return Ok(None);
        }
        tx.insert(std::slice::from_ref(&self.tried.attempt)).await?;
        self.advance(tx).await?;
        match self.tried.verdict {
            Verdict::Nothing => Ok(None),
            Verdict::Delivered => {
                self.count_success(tx).await?;
                Ok(None)
            }
            Verdict::Again(_) | Verdict::GivenUp => {
                self.count_failure(tx).await?;
                self.switch_off_if_due(tx, ids).await
            }
        }
    }
}

impl Conclude {
    /// Moves the delivery on. Success counts whoever reports it; a failure only when no other try
    /// was begun meanwhile.
    async fn advance(&self, tx: &mut Tx) -> store::Result<()> {
        let delivery = &self.tried.delivery;
        let key = [delivery.tenant_id.into(), delivery.id.into()];
        let mut parameters = key.to_vec();
        let sql = match self.tried.verdict {
            Verdict::Delivered => {
                "UPDATE delivery SET state = 'delivered', open = 0 \
                 WHERE tenant_id = $1 AND id = $2 AND open = 1"
            }
            Verdict::Nothing => {
                "UPDATE delivery SET state = 'dropped', open = 0 \
                 WHERE tenant_id = $1 AND id = $2 AND open = 1"
            }
            Verdict::GivenUp => {
                parameters.push(delivery.attempts.into());
                "UPDATE delivery SET state = 'failed', open = 0 \
                 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND open = 1"
            }
            Verdict::Again(at) => {
                parameters.push(delivery.attempts.into());
                parameters.push(at.as_millisecond().into());
                "UPDATE delivery SET next_at = $4 \
                 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND open = 1"
            }
        };
        tx.execute(sql, &parameters).await?;
        if !matches!(self.tried.verdict, Verdict::Again(_)) {
            next_of_subject(tx, delivery, self.now).await?;
        }
        if self.tried.is_rendered_late {
            self.keep_late_body(tx).await?;
        }
        Ok(())
    }

    /// What was rendered for a try is what the next ones send.
    async fn keep_late_body(&self, tx: &mut Tx) -> store::Result<()> {
        let delivery = &self.tried.delivery;
        let Some(mut stored) = tx
            .get::<Delivery>(&[delivery.tenant_id.into(), delivery.id.into()])
            .await?
        else {
            return Ok(());
        };
        if stored.body.is_empty() && !delivery.body.is_empty() {
            stored.body.clone_from(&delivery.body);
            stored.content_type.clone_from(&delivery.content_type);
            stored.headers.clone_from(&delivery.headers);
            tx.update(&mut stored).await?;
        }
        Ok(())
    }

    async fn count_success(&self, tx: &mut Tx) -> store::Result<u64> {
        let sql = "UPDATE subscription_health SET delivered = delivered + 1, delivered_at = $3, \
                   failing_since = NULL WHERE tenant_id = $1 AND subscription_id = $2";
        tx.execute(sql, &self.health_and(&[self.now])).await
    }

    /// A receiver that failed long ago and was told nothing since begins to fail anew: nobody knows
    /// how it fared in between.
    async fn count_failure(&self, tx: &mut Tx) -> store::Result<u64> {
        let sql = "UPDATE subscription_health SET failed = failed + 1, failed_at = $3, \
                   failing_since = CASE WHEN failing_since IS NULL OR failed_at < $4 THEN $3 \
                   ELSE failing_since END WHERE tenant_id = $1 AND subscription_id = $2";
        let forgiven = self.now.saturating_sub(FORGIVEN_AFTER).unwrap_or(self.now);
        tx.execute(sql, &self.health_and(&[self.now, forgiven]))
            .await
    }

    fn health_and(&self, instants: &[Timestamp]) -> Vec<Value> {
        let delivery = &self.tried.delivery;
        let mut parameters = vec![delivery.tenant_id.into(), delivery.subscription_id.into()];
        parameters.extend(instants.iter().map(|at| Value::Int(at.as_millisecond())));
        parameters
    }

    async fn switch_off_if_due(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Option<Off>> {
        let (tenant_id, id) = (
            self.tried.delivery.tenant_id,
            self.tried.delivery.subscription_id,
        );
        let key = [tenant_id.into(), id.into()];
        let health = tx.get::<Health>(&key).await?;
        let since = health.and_then(|health| health.failing_since);
        let Some(since) = since.filter(|since| self.now.duration_since(*since) >= FAILING_FOR)
        else {
            return Ok(None);
        };
        let found = tx.get_locked::<Subscription>(&key).await?;
        let Some(mut subscription) = found.filter(|found| found.active) else {
            return Ok(None);
        };
        let owner = owner_of(tx, &subscription).await?;
        let told = match owner {
            Some(_) => "",
            None => "; nobody was told, since nobody here may let apps in",
        };
        subscription.active = false;
        subscription.off = Some(SwitchedOff {
            reason: format!("every attempt has failed since {since}{told}"),
            at: self.now,
        });
        tx.update(&mut subscription).await?;
        drop_waiting(tx, tenant_id, id).await?;
        let tenant = tx.get::<Tenant>(&[tenant_id.into()]).await?;
        self.tell_house(tx, ids, tenant.as_ref(), id).await?;
        if let Some(owner) = &owner {
            let letter = self.letter(ids, tenant.as_ref(), &subscription, owner);
            tx.insert(&[letter.with("since", since.to_string())])
                .await?;
        }
        Ok(Some(Off {
            is_told: owner.is_some(),
        }))
    }

    /// Those who watch over the tenant's account hear of it as of any event.
    async fn tell_house(
        &self,
        tx: &mut Tx,
        ids: &IdSource,
        tenant: Option<&Tenant>,
        id: Id,
    ) -> store::Result<()> {
        let ahead_ms = tenant.map_or(0, |tenant| tenant.clock_offset_ms);
        let now = self
            .now
            .saturating_add(SignedDuration::from_millis(ahead_ms));
        let stamp = house_stamp(self.tried.delivery.tenant_id, now.unwrap_or(self.now));
        let event_id = ids.next(self.now);
        let word = "subscription.switched_off";
        tx.record(&[EventRow::new(&stamp, event_id, word, id, id, true)])
            .await
    }

    /// What its owner is told, but for since when it was failing.
    fn letter(
        &self,
        ids: &IdSource,
        tenant: Option<&Tenant>,
        subscription: &Subscription,
        owner: &Owner,
    ) -> Mail {
        let problem = self.tried.attempt.problem.clone().unwrap_or_default();
        Mail::new(
            subscription.tenant_id,
            ids.next(self.now),
            self.now,
            &owner.email,
            SWITCHED_OFF,
        )
        .in_language(&owner.language)
        .with("tenant", tenant.map_or("", |tenant| tenant.name.as_str()))
        .with("target_url", subscription.target_url.as_str())
        .with("problem", problem)
        .with("subscription_id", subscription.id.to_string())
    }
}

/// How many deliveries are open, over all tenants, for the gauge.
pub(crate) async fn open_deliveries(tx: &mut Tx) -> store::Result<i64> {
    let rows = tx
        .query("SELECT count(*) FROM delivery WHERE open = 1", &[])
        .await?;
    match rows.into_iter().next() {
        Some(row) => Ok(Cells::of("delivery", row).next("count")?),
        None => Ok(0),
    }
}
