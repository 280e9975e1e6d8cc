//! Does everything that this room does, over and over.
//!
//! Four loops run beside each other and never wait for one another: events become deliveries,
//! deliveries are tried, mails are sent, and what is old is taken away. Tries run as tasks of their
//! own. How many may be under way is bounded overall, for each subscription, and for all failing
//! ones together, so receivers that hang leave room for those that don't.

use std::{future::Future, sync::Arc, time::Duration};

use domain::id::Id;
use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use service::outgoing::Outgoing;
use store::Store;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{interval, sleep, timeout},
};

use crate::{
    Settings,
    carry::Carrier,
    claims::{Claimed, Claims},
    clean::Forgetting,
    limits::{AFTER_A_FAILURE, BLOCKED_FOR, CLAIMED_AT_ONCE, LAST_TRIES},
    mail::Post,
    under_way::UnderWay,
};

/// How often is looked after what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Whether there are events, deliveries or mails that are due.
    pub look: Duration,
    /// Whether there are events that nobody listens to.
    pub forget: Duration,
    /// Whether something is old.
    pub clean: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_millis(200),
            forget: Duration::from_secs(10),
            clean: Duration::from_secs(600),
        }
    }
}

struct Inner {
    outgoing: Outgoing,
    carrier: Carrier,
    post: Post,
    settings: Settings,
    pace: Pace,
    /// Rung when deliveries were made.
    bell: Notify,
}

/// Sends what leaves. Cheap to clone; several may work on one store.
#[derive(Clone)]
pub struct Dispatcher(Arc<Inner>);

impl Dispatcher {
    /// Wires it. Nothing happens before [`Dispatcher::run`].
    #[must_use]
    pub fn new(
        outgoing: Outgoing,
        carrier: Carrier,
        post: Post,
        settings: Settings,
        pace: Pace,
    ) -> Self {
        Self(Arc::new(Inner {
            outgoing,
            carrier,
            post,
            settings,
            pace,
            bell: Notify::new(),
        }))
    }

    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.0.outgoing
    }

    pub(crate) fn carrier(&self) -> &Carrier {
        &self.0.carrier
    }

    pub(crate) fn post(&self) -> &Post {
        &self.0.post
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn store(&self) -> &Store {
        self.outgoing().store()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.outgoing().now()
    }

    pub(crate) fn chance(&self) -> u64 {
        self.outgoing().chance()
    }

    pub(crate) fn next_id(&self) -> Id {
        self.outgoing().next_id()
    }

    /// Works until `stop` is ready, then gives tries that are under way a little time to end.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let (stopping, stopped) = watch::channel(false);
        let loops = async {
            tokio::join!(
                self.events_loop(stopped.clone()),
                self.tries_loop(stopped.clone()),
                self.mail_loop(stopped.clone()),
                self.clean_loop(stopped.clone()),
                self.forget_loop(stopped.clone()),
            );
        };
        let stop = async {
            stop.await;
            stopping.send_replace(true);
        };
        tokio::join!(loops, stop);
    }

    /// Everything that is due now, once, and how many tries of deliveries and mails that were. For
    /// tests, and for whoever wants no dispatcher all the time.
    ///
    /// # Errors
    /// When the store can't be used.
    pub async fn round(&self) -> store::Result<usize> {
        while self.fan_out().await? > 0 {}
        let mut tried = 0;
        loop {
            let claims = self.claim_next(&UnderWay::default()).await?;
            if claims.claimed.is_empty() && !claims.is_more_behind {
                break;
            }
            let claimed = claims.claimed;
            tried += claimed.len();
            join_all(claimed.into_iter().map(|one| self.try_and_conclude(one))).await;
        }
        Ok(tried + self.send_mails().await?)
    }

    /// Takes away what is old or unheard, once, and says how many rows that were. For tests, and for
    /// whoever wants no dispatcher all the time.
    ///
    /// # Errors
    /// When the store can't be used.
    pub async fn tidy_up(&self) -> store::Result<u64> {
        Ok(self.clean().await? + self.forget(&mut Forgetting::default()).await?)
    }

    fn try_and_conclude<'a>(&'a self, claimed: Claimed) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let tried = self.try_once(claimed).await;
            self.conclude(tried).await;
        })
    }

    fn events_loop<'a>(&'a self, mut stopped: watch::Receiver<bool>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            while !*stopped.borrow_and_update() {
                let fanned_out = self.fan_out().await;
                match fanned_out {
                    Ok(0) => pause(&mut stopped, self.0.pace.look).await,
                    Ok(_) => self.0.bell.notify_one(),
                    Err(error) => {
                        tracing::warn!(%error, "events can't be fanned out for now");
                        pause(&mut stopped, AFTER_A_FAILURE).await;
                    }
                }
            }
        })
    }

    fn mail_loop<'a>(&'a self, mut stopped: watch::Receiver<bool>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            while !*stopped.borrow_and_update() {
                match self.send_mails().await {
                    Ok(0) => pause(&mut stopped, self.0.pace.look).await,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "mails can't be sent for now");
                        pause(&mut stopped, AFTER_A_FAILURE).await;
                    }
                }
            }
        })
    }

    fn clean_loop<'a>(&'a self, mut stopped: watch::Receiver<bool>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            while !*stopped.borrow_and_update() {
                if let Err(error) = self.clean().await {
                    tracing::warn!(%error, "old deliveries can't be removed for now");
                }
                pause(&mut stopped, self.0.pace.clean).await;
            }
        })
    }

    fn forget_loop<'a>(&'a self, mut stopped: watch::Receiver<bool>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut forgetting = Forgetting::default();
            while !*stopped.borrow_and_update() {
                if let Err(error) = self.forget(&mut forgetting).await {
                    tracing::warn!(%error, "events that nobody listens to can't be removed for now");
                }
                pause(&mut stopped, self.0.pace.forget).await;
            }
        })
    }

    fn tries_loop<'a>(&'a self, mut stopped: watch::Receiver<bool>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let (mut tries, mut under_way) = (JoinSet::new(), UnderWay::default());
            let mut unblock = interval(BLOCKED_FOR);
            while !*stopped.borrow_and_update() {
                let wait = match self.claim_next(&under_way).await {
                    Ok(claims) => {
                        if self.begin(claims, &mut tries, &mut under_way) {
                            continue;
                        }
                        self.0.pace.look
                    }
                    Err(error) => {
                        tracing::warn!(%error, "deliveries can't be claimed for now");
                        AFTER_A_FAILURE
                    }
                };
                tokio::select! {
                    Some(ended) = tries.join_next_with_id(), if !tries.is_empty() => {
                        under_way.end(&ended);
                        while let Some(ended) = tries.try_join_next_with_id() {
                            under_way.end(&ended);
                        }
                    }
                    () = self.0.bell.notified() => under_way.unblock(),
                    _ = unblock.tick() => under_way.unblock(),
                    () = pause(&mut stopped, wait) => {}
                }
            }
            let last = async { while tries.join_next().await.is_some() {} };
            if timeout(LAST_TRIES, last).await.is_err() {
                tracing::info!("tries that are under way are cut off and will be repeated");
            }
        })
    }

    /// Claims what is due, as far as there is room beside what is under way.
    fn claim_next<'a>(&'a self, under_way: &'a UnderWay) -> BoxFuture<'a, store::Result<Claims>> {
        Box::pin(async move {
            let due = self.due().await?;
            let wanted = under_way.wanted(&due, self.settings());
            if wanted.is_empty() {
                return Ok(Claims::default());
            }
            self.claim(&wanted).await
        })
    }

    /// Begins what was claimed, and says whether there may be more at once.
    fn begin(&self, claims: Claims, tries: &mut JoinSet<()>, under_way: &mut UnderWay) -> bool {
        under_way.turn();
        claims.idle.into_iter().for_each(|key| under_way.block(key));
        let is_more = claims.is_more_behind || claims.claimed.len() >= CLAIMED_AT_ONCE;
        for one in claims.claimed {
            let (key, is_failing) = (one.key(), one.is_failing);
            let dispatcher = self.clone();
            let task = tries.spawn(async move { dispatcher.try_and_conclude(one).await });
            under_way.begin(task.id(), key, is_failing);
        }
        is_more
    }
}

/// Waits so long, or until it is time to stop.
async fn pause(stopped: &mut watch::Receiver<bool>, how_long: Duration) {
    tokio::select! {
        // An error says that nobody can stop us any more, which means to stop.
        _ = stopped.changed() => {}
        () = sleep(how_long) => {}
    }
}
