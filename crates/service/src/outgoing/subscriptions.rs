//! Subscriptions: who wants to hear of what, where, and signed with which secrets.

mod commands;

use catalogue::delivery::{Confirm, Health, Owner, SealedSecret, Subscription};
use domain::{
    access::{Actor, Capability},
    id::Id,
};
use jiff::{SignedDuration, Timestamp};
use store::{Condition, Tx};

pub use self::commands::drop_waiting;
pub(super) use self::commands::rotate;
use self::commands::{Change, Create, What};
use super::{
    Outgoing,
    limits::{EVENT_NAMES, FORGOTTEN_COMMITS, SECRET_BYTES},
    seal::Secret,
    target::{BadTarget, Target},
};
use crate::{Error, Page, PageOf, Result, stamp::stamp};

/// A subscription to be made.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// Where to.
    pub target_url: String,
    /// The events, in the words of the format.
    pub events: Vec<String>,
    /// How the receiver confirms.
    pub confirm: Confirm,
    /// The name of the format.
    pub format: String,
    /// Whom to tell when it is switched off.
    pub owner: Option<Owner>,
    /// The secret to sign with; without one, one is drawn.
    pub secret: Option<Secret>,
}

/// A change of a subscription: what is none stays.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionPatch {
    /// Another target.
    pub target_url: Option<String>,
    /// Other events.
    pub events: Option<Vec<String>>,
    /// Another way to confirm.
    pub confirm: Option<Confirm>,
    /// Another owner, or none.
    pub owner: Option<Option<Owner>>,
    /// Switches it on or off. What waits while it is switched off is dropped.
    pub active: Option<bool>,
}

/// How a secret is replaced.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The new secret; without one, one is drawn.
    pub secret: Option<Secret>,
    /// For how long the old ones go on signing beside it.
    pub keep_old_for: SignedDuration,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such subscription for this caller.
    #[error("no such subscription")]
    UnknownSubscription,
    /// There is no such delivery for this caller.
    #[error("no such delivery")]
    UnknownDelivery,
    /// Nothing is sent to a subscription that is switched off.
    #[error("the subscription is switched off")]
    SwitchedOff,
    /// There is no such format.
    #[error("no such format")]
    UnknownFormat,
    /// The format has no event of this name.
    #[error("no event is called {0}")]
    UnknownEvent(String),
    /// No event was named.
    #[error("no event is named")]
    NoEvents,
    /// The target can't be one.
    #[error("the target is not allowed: {0}")]
    BadTarget(#[from] BadTarget),
    /// The secret is shorter than 16 bytes or longer than 128.
    #[error("a secret has 16 to 128 bytes")]
    BadSecret,
    /// More than there may be.
    #[error("at most {limit} are allowed")]
    TooMany {
        /// How many.
        limit: usize,
    },
}

/// A subscription as its client sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionView {
    /// The subscription, its secrets sealed.
    pub subscription: Subscription,
    /// How it fares.
    pub health: Health,
}

/// Where a refusal is an answer, not an error.
pub type Judged<T> = Result<std::result::Result<T, Refusal>>;

impl Outgoing {
    /// Makes a subscription for the caller, and shows its secret, once.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the caller lacks the capability to read what an event tells of.
    pub async fn subscription_create(
        &self,
        actor: &Actor,
        new: NewSubscription,
    ) -> Judged<(SubscriptionView, Secret)> {
        if let Err(refusal) = self.check(actor, &new.target_url, &new.format, &new.events)? {
            return Ok(Err(refusal));
        }
        let secret = match self.secret(new.secret) {
            Ok(secret) => secret,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (id, now) = (self.next_id(), self.now());
        let owner = (actor.tenant_id, id);
        let subscription = Subscription {
            tenant_id: actor.tenant_id,
            id,
            client_id: actor.client_id,
            grant_id: actor.grant_id,
            active: true,
            created_at: now,
            version: 1,
            target_url: new.target_url,
            events: new.events,
            confirm: new.confirm,
            format: new.format,
            secrets: vec![self.sealed(owner, &secret, now)],
            owner: new.owner,
            off: None,
            changed_at: None,
        };
        let view = SubscriptionView {
            health: healthy(&subscription),
            subscription,
        };
        let command = Create {
            stamp: stamp(actor),
            view: view.clone(),
            event_id: self.next_id(),
        };
        self.forget_unwanted(actor.tenant_id).await?;
        let made = self.store().run(command).await?;
        Ok(made.map(|()| (view, secret)))
    }

    /// The caller's subscriptions, oldest first.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn subscriptions(
        &self,
        actor: &Actor,
        page: PageOf,
    ) -> Result<Page<SubscriptionView>> {
        let mut tx = self.store().reader().await?;
        let found = tx
            .find::<Subscription>(&own(actor), "id", Some(page.limit()), page.offset())
            .await?;
        let page = page.page(found);
        let mut rows = Vec::with_capacity(page.rows.len());
        for subscription in page.rows {
            rows.push(view(&mut tx, subscription).await?);
        }
        Ok(Page {
            rows,
            more: page.more,
        })
    }

    /// One subscription of the caller.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn subscription(&self, actor: &Actor, id: Id) -> Result<Option<SubscriptionView>> {
        let mut tx = self.store().reader().await?;
        let found = tx
            .get::<Subscription>(&[actor.tenant_id.into(), id.into()])
            .await?;
        match found.filter(|found| found.grant_id == actor.grant_id) {
            Some(found) => Ok(Some(view(&mut tx, found).await?)),
            None => Ok(None),
        }
    }

    /// Changes a subscription of the caller.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the caller lacks the capability to read what an event tells of.
    pub async fn subscription_change(
        &self,
        actor: &Actor,
        id: Id,
        patch: SubscriptionPatch,
    ) -> Judged<SubscriptionView> {
        let Some(found) = self.subscription(actor, id).await? else {
            return Ok(Err(Refusal::UnknownSubscription));
        };
        let found = found.subscription;
        let url = patch.target_url.as_ref().unwrap_or(&found.target_url);
        let events = patch.events.as_ref().unwrap_or(&found.events);
        if let Err(refusal) = self.check(actor, url, &found.format, events)? {
            return Ok(Err(refusal));
        }
        if patch.active == Some(true) {
            self.forget_unwanted(actor.tenant_id).await?;
        }
        let command = Change {
            stamp: stamp(actor),
            id,
            now: self.now(),
            event_id: self.next_id(),
            what: What::Patch(patch),
        };
        Ok(self.store().run(command).await?)
    }

    /// Gives a subscription of the caller a new secret, and shows it, once. Those before it go on
    /// signing beside it for as long as is said, and the oldest are left out where there are too many.
    ///
    /// # Errors
    /// When the store can't be used.
    pub async fn subscription_rotate(
        &self,
        actor: &Actor,
        id: Id,
        rotation: Rotation,
    ) -> Judged<(SubscriptionView, Secret)> {
        let secret = match self.secret(rotation.secret) {
            Ok(secret) => secret,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let now = self.now();
        let keep = rotation.keep_old_for.max(SignedDuration::ZERO);
        let command = Change {
            stamp: stamp(actor),
            id,
            now,
            event_id: self.next_id(),
            what: What::Rotate {
                sealed: self.sealed((actor.tenant_id, id), &secret, now),
                old_ends_at: now.checked_add(keep).unwrap_or(Timestamp::MAX),
            },
        };
        let changed = self.store().run(command).await?;
        Ok(changed.map(|view| (view, secret)))
    }

    /// Removes a subscription of the caller. What waits for it is dropped, and its log is shown no
    /// more.
    ///
    /// # Errors
    /// When the store can't be used.
    pub async fn subscription_remove(&self, actor: &Actor, id: Id) -> Judged<()> {
        let command = Change {
            stamp: stamp(actor),
            id,
            now: self.now(),
            event_id: self.next_id(),
            what: What::Remove,
        };
        let removed = self.store().run(command).await?;
        Ok(removed.map(drop))
    }

    /// The secrets of a subscription that sign now, oldest first.
    pub fn valid_secrets(&self, subscription: &Subscription, now: Timestamp) -> Vec<Secret> {
        let owner = (subscription.tenant_id, subscription.id);
        self.open_secrets(owner, &subscription.secrets, now)
    }

    /// Whoever is the first to listen hears of what happens from now on: what piled up while nobody
    /// did is dropped first, as far as it is more than the subscription's own commit should drop.
    async fn forget_unwanted(&self, tenant_id: Id) -> Result<()> {
        for _ in 0..FORGOTTEN_COMMITS {
            if self.forget(tenant_id).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn check(
        &self,
        actor: &Actor,
        target_url: &str,
        format: &str,
        events: &[String],
    ) -> Judged<()> {
        if let Err(bad) = Target::parse(target_url, &self.0.rules) {
            return Ok(Err(bad.into()));
        }
        let Some(format) = self.0.formats.get(format) else {
            return Ok(Err(Refusal::UnknownFormat));
        };
        if events.is_empty() {
            return Ok(Err(Refusal::NoEvents));
        }
        if events.len() > EVENT_NAMES {
            return Ok(Err(Refusal::TooMany { limit: EVENT_NAMES }));
        }
        let mut missing: Option<Capability> = None;
        for name in events {
            match format.needs(name) {
                None => return Ok(Err(Refusal::UnknownEvent(name.clone()))),
                Some(needed) if !actor.may(needed) => missing = missing.or(Some(needed)),
                Some(_) => {}
            }
        }
        match missing {
            Some(needed) => Err(Error::Forbidden(needed)),
            None => Ok(Ok(())),
        }
    }

    pub(super) fn secret(&self, given: Option<Secret>) -> std::result::Result<Secret, Refusal> {
        match given {
            Some(secret) if (16..=128).contains(&secret.bytes().len()) => Ok(secret),
            Some(_) => Err(Refusal::BadSecret),
            None => Ok(Secret::new(self.random::<SECRET_BYTES>().to_vec())),
        }
    }

    pub(super) fn sealed(&self, owner: (Id, Id), secret: &Secret, now: Timestamp) -> SealedSecret {
        SealedSecret {
            sealed: self.0.key.seal(owner, secret, self.random()),
            created_at: now,
            ends_at: None,
        }
    }
}

pub(super) fn own(actor: &Actor) -> Condition {
    Condition::All(vec![
        Condition::Is("tenant_id", actor.tenant_id.into()),
        Condition::Is("grant_id", actor.grant_id.into()),
    ])
}

fn healthy(subscription: &Subscription) -> Health {
    Health {
        tenant_id: subscription.tenant_id,
        subscription_id: subscription.id,
        delivered: 0,
        failed: 0,
        failing_since: None,
        delivered_at: None,
        failed_at: None,
    }
}

async fn view(tx: &mut Tx, subscription: Subscription) -> store::Result<SubscriptionView> {
    let key = [subscription.tenant_id.into(), subscription.id.into()];
    let health = tx.get::<Health>(&key).await?;
    Ok(SubscriptionView {
        health: health.unwrap_or_else(|| healthy(&subscription)),
        subscription,
    })
}
