//! What is written when subscriptions change.

use catalogue::delivery::{Health, SealedSecret, Subscription, SwitchedOff};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Tx, events::EventRow, hot::Stamp};

use super::{
    super::{
        forget::drop_outbox,
        limits::{FORGOTTEN_AT_ONCE, SECRETS, SUBSCRIPTIONS},
    },
    Refusal, SubscriptionPatch, SubscriptionView, view,
};

/// Ends everything that waits for a subscription.
pub async fn drop_waiting(tx: &mut Tx, tenant_id: Id, id: Id) -> store::Result<u64> {
    tx.execute(
        "UPDATE delivery SET state = 'dropped', open = 0 \
         WHERE tenant_id = $1 AND subscription_id = $2 AND open = 1",
        &[tenant_id.into(), id.into()],
    )
    .await
}

pub(super) struct Create {
    pub(super) stamp: Stamp,
    pub(super) view: SubscriptionView,
    pub(super) event_id: Id,
}

impl ColdCommand for Create {
    type Output = Result<(), Refusal>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<Self::Output> {
        let subscription = &self.view.subscription;
        let others = tx
            .query(
                "SELECT id FROM subscription WHERE tenant_id = $1 AND grant_id = $2",
                &[subscription.tenant_id.into(), subscription.grant_id.into()],
            )
            .await?;
        if others.len() >= SUBSCRIPTIONS {
            return Ok(Err(Refusal::TooMany {
                limit: SUBSCRIPTIONS,
            }));
        }
        listen_from_now(tx, subscription.tenant_id).await?;
        tx.insert(std::slice::from_ref(subscription)).await?;
        tx.insert(std::slice::from_ref(&self.view.health)).await?;
        let event = audit(
            &self.stamp,
            self.event_id,
            "subscription.created",
            subscription.id,
        );
        tx.record(&[event]).await?;
        Ok(Ok(()))
    }
}

/// Where nobody has listened until now, nobody is told of what was before.
async fn listen_from_now(tx: &mut Tx, tenant_id: Id) -> store::Result<()> {
    let active = tx
        .query(
            "SELECT id FROM subscription WHERE tenant_id = $1 AND active = 1 LIMIT 1",
            &[tenant_id.into()],
        )
        .await?;
    if active.is_empty() {
        drop_outbox(tx, tenant_id, FORGOTTEN_AT_ONCE).await?;
    }
    Ok(())
}

/// An event that stands in the audit trail and is told to nobody. A subscription belongs to no
/// organization, so it stands for one itself.
fn audit(stamp: &Stamp, id: Id, word: &'static str, subject_id: Id) -> EventRow {
    EventRow::new(stamp, id, word, subject_id, subject_id, false)
}

pub(super) enum What {
    Patch(SubscriptionPatch),
    Rotate {
        sealed: SealedSecret,
        old_ends_at: Timestamp,
    },
    Remove,
}

pub(super) struct Change {
    pub(super) stamp: Stamp,
    pub(super) id: Id,
    pub(super) now: Timestamp,
    pub(super) event_id: Id,
    pub(super) what: What,
}

impl ColdCommand for Change {
    type Output = Result<SubscriptionView, Refusal>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<Self::Output> {
        let tenant_id = self.stamp.tenant_id;
        let key = vec![tenant_id.into(), self.id.into()];
        let found = tx.get_locked::<Subscription>(&key).await?;
        let found = found.filter(|found| found.grant_id == self.stamp.grant_id);
        let Some(mut subscription) = found else {
            return Ok(Err(Refusal::UnknownSubscription));
        };
        let word = match &self.what {
            What::Patch(patch) => {
                let was_active = subscription.active;
                apply(&mut subscription, patch, self.now);
                subscription.changed_at = Some(self.now);
                if was_active != subscription.active {
                    // What was on its way to somebody switched off is gone in either case.
                    drop_waiting(tx, tenant_id, self.id).await?;
                }
                if subscription.active && !was_active {
                    listen_from_now(tx, tenant_id).await?;
                    forgive(tx, tenant_id, self.id).await?;
                }
                tx.update(&mut subscription).await?;
                "subscription.changed"
            }
            What::Rotate {
                sealed,
                old_ends_at,
            } => {
                rotate(&mut subscription.secrets, sealed, *old_ends_at, self.now);
                subscription.changed_at = Some(self.now);
                tx.update(&mut subscription).await?;
                "subscription.rotated"
            }
            What::Remove => {
                drop_waiting(tx, tenant_id, self.id).await?;
                tx.remove::<Subscription>(std::slice::from_ref(&key))
                    .await?;
                tx.remove::<Health>(&[key]).await?;
                "subscription.removed"
            }
        };
        let event = audit(&self.stamp, self.event_id, word, self.id);
        tx.record(&[event]).await?;
        Ok(Ok(view(tx, subscription).await?))
    }
}

/// Applies a change.
fn apply(subscription: &mut Subscription, patch: &SubscriptionPatch, now: Timestamp) {
    let patch = patch.clone();
    if let Some(target_url) = patch.target_url {
        subscription.target_url = target_url;
    }
    if let Some(events) = patch.events {
        subscription.events = events;
    }
    subscription.confirm = patch.confirm.unwrap_or(subscription.confirm);
    subscription.owner = patch.owner.unwrap_or_else(|| subscription.owner.take());
    match patch.active {
        Some(true) => (subscription.active, subscription.off) = (true, None),
        Some(false) if subscription.active => {
            subscription.active = false;
            subscription.off = Some(SwitchedOff {
                reason: "switched off by its owner".to_owned(),
                at: now,
            });
        }
        _ => {}
    }
}

/// Whoever is switched on again begins anew.
async fn forgive(tx: &mut Tx, tenant_id: Id, id: Id) -> store::Result<u64> {
    tx.execute(
        "UPDATE subscription_health SET failing_since = NULL \
         WHERE tenant_id = $1 AND subscription_id = $2",
        &[tenant_id.into(), id.into()],
    )
    .await
}

/// Puts a new secret behind the others, which end no later than is said.
pub(in crate::outgoing) fn rotate(
    secrets: &mut Vec<SealedSecret>,
    new: &SealedSecret,
    old_ends_at: Timestamp,
    now: Timestamp,
) {
    for old in secrets.iter_mut() {
        old.ends_at = Some(
            old.ends_at
                .map_or(old_ends_at, |ends| ends.min(old_ends_at)),
        );
    }
    secrets.retain(|old| old.ends_at.is_none_or(|ends_at| ends_at > now));
    let too_many = (secrets.len() + 1).saturating_sub(SECRETS);
    secrets.drain(..too_many);
    secrets.push(new.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str, ends_s: Option<i64>) -> SealedSecret {
        SealedSecret {
            sealed: name.to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            ends_at: ends_s.map(|at| Timestamp::from_second(at).unwrap()),
        }
    }

    #[test]
    fn a_rotation_keeps_the_old_secrets_for_a_while_and_never_longer_than_before() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut secrets = vec![
            secret("gone", Some(5)),
            secret("ending", Some(20)),
            secret("old", None),
        ];
        rotate(&mut secrets, &secret("new", None), at(30), at(10));
        let expected = [
            secret("ending", Some(20)),
            secret("old", Some(30)),
            secret("new", None),
        ];
        assert_eq!(secrets, expected);
        rotate(&mut secrets, &secret("newer", None), at(10), at(10));
        assert_eq!(secrets, [secret("newer", None)]);
        for _ in 0..10 {
            rotate(&mut secrets, &secret("more", None), at(99), at(10));
        }
        assert_eq!(secrets.len(), SECRETS);
        assert_eq!(secrets.iter().filter(|of| of.ends_at.is_none()).count(), 1);
    }
}
