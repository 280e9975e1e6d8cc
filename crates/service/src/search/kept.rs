//! The index of one tenant: when it is brought up to date, and who waits for it.
//!
//! One task at a time does the work; whoever searches sets it off when something has changed and waits
//! for the end of one that began after them. So a task that is set off twice does the work once, and one
//! whose searcher has gone is done for the next.

use std::{sync::Arc, time::Duration};

use ::search::{Entry, Index};
use domain::{
    id::Id,
    time::{Zone, day_number, today},
};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use store::{Store, changes::Watch};
use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedMutexGuard},
    task::spawn_blocking,
};

use super::{BEHIND_AT_MOST, Progress, work::Work};
use crate::{Error, Result};

/// On PostgreSQL versions are compared when they were last compared so long ago.
const COMPARED_EVERY: Duration = Duration::from_secs(2);

/// On SQLite, where nobody else writes, comparing only guards against mistakes of ours.
const CHECKED_EVERY: Duration = Duration::from_secs(60);

/// An index that nobody has asked for so long may be forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// When a search takes place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The tenant's day in UTC, as a number. No zone's day is further away than one.
    pub(super) today: i64,
    /// Real time.
    pub(super) real_now: Timestamp,
}

impl Moment {
    pub(super) fn new(now: Timestamp, real_now: Timestamp) -> Self {
        let today = day_number(today(&Zone::UTC, now));
        Self { today, real_now }
    }

    /// Whether `then` is no longer ago than that. Somebody who searches at the same time may have looked
    /// at the clock a little later; a time that is further ahead is from before the clock was set back,
    /// and says nothing.
    fn is_within(&self, then: Option<Timestamp>, age: Duration) -> bool {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        then.is_some_and(|then| self.real_now.duration_since(then).abs() <= age)
    }
}

/// How an index stands for somebody who searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may answer, with everything in it that was committed until then.
    Current {
        /// Real time.
        as_of: Timestamp,
    },
    /// It lacks what it should have.
    Behind,
}

/// The index of one tenant.
pub(super) struct Kept {
    pub(super) tenant_id: Id,
    pub(super) watch: Watch,
    /// Whether other processes may write to the same store.
    is_shared: bool,
    state: Mutex<State>,
    work: Arc<tokio::sync::Mutex<Work>>,
    /// Tells those who wait that a task has ended.
    ended: Notify,
}

#[derive(Default)]
struct State {
    index: Arc<Index>,
    progress: Progress,
    /// The first days of the entries: the earliest and the latest.
    firsts: Option<(i64, i64)>,
    /// How many tasks have begun, and which was the last to end, and to end well.
    begun: u64,
    ended: u64,
    succeeded: u64,
    /// The last task that failed, and why.
    failed: Option<(u64, Error)>,
    /// When the last task that succeeded began.
    caught_up_at: Option<Timestamp>,
    /// When the last one began that compared all versions.
    compared_at: Option<Timestamp>,
    asked_at: Timestamp,
}

impl Kept {
    pub(super) fn new(tenant_id: Id, watch: Watch, is_shared: bool, moment: Moment) -> Self {
        let state = State {
            asked_at: moment.real_now,
            ..State::default()
        };
        Self {
            tenant_id,
            watch,
            is_shared,
            state: Mutex::new(state),
            work: Arc::default(),
            ended: Notify::new(),
        }
    }

    /// The index as it stands.
    pub(super) fn index(&self) -> Arc<Index> {
        Arc::clone(&self.state.lock().index)
    }

    /// How far the work is.
    pub(super) fn progress(&self) -> Progress {
        self.state.lock().progress
    }

    pub(super) fn was_asked(&self, moment: Moment) {
        self.state.lock().asked_at = moment.real_now;
    }

    pub(super) fn is_forgotten(&self, moment: Moment) -> bool {
        !moment.is_within(Some(self.state.lock().asked_at), FORGOTTEN_AFTER)
    }

    /// Brings the index up to date, waiting for `most` at most.
    pub(super) async fn up_to_date(
        self: &Arc<Self>,
        store: &Store,
        moment: Moment,
        most: Duration,
    ) -> Result<Standing> {
        let waited = tokio::time::timeout(most, self.wait(store, moment)).await;
        waited.unwrap_or_else(|_| Ok(self.standing_late(moment)))
    }

    /// The same, however long it takes.
    pub(super) async fn stand(self: &Arc<Self>, store: &Store, moment: Moment) -> Result<()> {
        self.wait(store, moment).await.map(drop)
    }

    async fn wait(self: &Arc<Self>, store: &Store, moment: Moment) -> Result<Standing> {
        let goal = self.state.lock().begun + 1;
        loop {
            let ended = self.ended.notified();
            let mut ended = std::pin::pin!(ended);
            ended.as_mut().enable();
            if let Some(standing) = self.standing(moment, goal)? {
                self.compare_ahead(store, moment);
                return Ok(standing);
            }
            self.set_off(store, moment);
            ended.await;
        }
    }

    /// How it stands; `None` when a task has to run first. Tasks from `goal` on began after the search.
    fn standing(&self, moment: Moment, goal: u64) -> Result<Option<Standing>> {
        // The order matters: what was taken from the watch before this was taken by a task that has
        // begun, and only if all those have ended it is in the index.
        let is_quiet = self.watch.is_quiet();
        let state = self.state.lock();
        if let Some((_, error)) = state.failed.as_ref().filter(|(task, _)| *task >= goal) {
            return Err(error.clone());
        }
        let follows = is_quiet && state.begun == state.ended || state.succeeded >= goal;
        let stands = state.succeeded > 0
            && Work::covers(state.firsts, moment.today)
            && moment.is_within(state.compared_at, self.compared_within());
        let as_of = if self.is_shared {
            state.compared_at
        } else {
            Some(moment.real_now)
        };
        let current = as_of.map(|as_of| Standing::Current { as_of });
        Ok(current.filter(|_| follows && stands))
    }

    /// How it stands for somebody who can not wait any longer.
    fn standing_late(&self, moment: Moment) -> Standing {
        let state = self.state.lock();
        let compared_at = if self.is_shared {
            state.compared_at
        } else {
            state.caught_up_at
        };
        // Both times must have been; an `Option` that is none is less than any time.
        let as_of = compared_at.min(state.caught_up_at);
        let stands = Work::covers(state.firsts, moment.today);
        match as_of {
            Some(as_of) if stands && moment.is_within(Some(as_of), BEHIND_AT_MOST) => {
                Standing::Current { as_of }
            }
            _ => Standing::Behind,
        }
    }

    fn compared_within(&self) -> Duration {
        if self.is_shared {
            BEHIND_AT_MOST
        } else {
            2 * CHECKED_EVERY
        }
    }

    fn compares(&self, moment: Moment) -> bool {
        let every = if self.is_shared {
            COMPARED_EVERY
        } else {
            CHECKED_EVERY
        };
        !moment.is_within(self.state.lock().compared_at, every)
    }

    /// Compares versions before anybody has to wait for it.
    fn compare_ahead(self: &Arc<Self>, store: &Store, moment: Moment) {
        if self.compares(moment) {
            self.set_off(store, moment);
        }
    }

    /// Starts a task, unless one is under way.
    fn set_off(self: &Arc<Self>, store: &Store, moment: Moment) {
        let Ok(work) = Arc::clone(&self.work).try_lock_owned() else {
            return;
        };
        let compares = self.compares(moment);
        let task = {
            let mut state = self.state.lock();
            state.begun += 1;
            state.begun
        };
        let (kept, store) = (Arc::clone(self), store.clone());
        tokio::spawn(async move {
            let follower = Arc::clone(&kept);
            let runtime = Handle::current();
            // It reads for long and computes for long, so it gets a thread of its own.
            let done = spawn_blocking(move || {
                runtime.block_on(follower.follow(store, work, moment, compares))
            });
            let (work, result) = match done.await {
                Ok((work, result)) => (Some(work), result),
                Err(error) => {
                    tracing::error!(%error, "the search index could not be brought up to date");
                    kept.state.lock().compared_at = None;
                    (None, Err(Error::Internal))
                }
            };
            kept.end(task, moment, compares, result);
            drop(work);
            kept.ended.notify_waiters();
        });
    }

    /// Brings the index up to date. What could not be looked at is looked at the next time.
    async fn follow(
        self: Arc<Self>,
        store: Store,
        mut work: OwnedMutexGuard<Work>,
        moment: Moment,
        compares: bool,
    ) -> (OwnedMutexGuard<Work>, Result<()>) {
        let changed = self.watch.take();
        let mut run = super::work::Run {
            store: &store,
            kept: &self,
            work: &mut work,
            today: moment.today,
        };
        let result = run.follow(&changed, compares).await;
        if result.is_err() {
            self.watch.put_back(changed);
        }
        (work, result.map_err(Error::from))
    }

    fn end(&self, task: u64, moment: Moment, compares: bool, result: Result<()>) {
        let mut state = self.state.lock();
        state.ended = state.ended.max(task);
        match result {
            Ok(()) => {
                state.succeeded = task;
                state.failed = None;
                state.caught_up_at = Some(moment.real_now);
                if compares {
                    state.compared_at = Some(moment.real_now);
                }
            }
            Err(error) => state.failed = Some((task, error)),
        }
    }

    /// Puts an entry into the index. A search that is under way goes on in the index it has.
    pub(super) fn put(&self, entry: Entry) {
        Arc::make_mut(&mut self.state.lock().index).put(entry);
    }

    /// Takes an entry out, if it is there.
    pub(super) fn remove(&self, resource_id: Id) {
        let mut state = self.state.lock();
        if state.index.get(resource_id).is_some() {
            Arc::make_mut(&mut state.index).remove(resource_id);
        }
    }

    /// Notes the first days of the entries.
    pub(super) fn firsts(&self, firsts: Option<(i64, i64)>) {
        self.state.lock().firsts = firsts;
    }

    /// Notes how far the work is.
    pub(super) fn advance(&self, progress: Progress) {
        self.state.lock().progress = progress;
    }
}

#[cfg(test)]
mod tests {
    use testkit::{LaneOf, Scene, TestStore};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_can_not_wait_gets_what_is_there_while_it_is_young_enough() {
        let one = TestStore::sqlite().await;
        let store = &one.store;
        let scene = Scene::new(store).await;
        let lane = scene.lane(LaneOf::units(1)).await;
        let now = scene.clock.now();
        let at = |seconds| Moment::new(now, now + SignedDuration::from_secs(seconds));
        let as_of = |seconds| {
            let as_of = at(seconds).real_now;
            Ok(Standing::Current { as_of })
        };
        let watch = store.watch(scene.tenant_id).await.unwrap();
        let kept = Arc::new(Kept::new(scene.tenant_id, watch, false, at(0)));
        // Who finds the work taken waits in vain, and need not wait for long to show it.
        let soon = Duration::from_millis(50);
        let standing = async |seconds, most| kept.up_to_date(store, at(seconds), most).await;

        let under_way = Arc::clone(&kept.work).lock_owned().await;
        assert_eq!(standing(0, soon).await, Ok(Standing::Behind));
        drop(under_way);
        assert_eq!(standing(1, testkit::SEARCH_WAIT).await, as_of(1));
        // Nothing has changed, so it is as good as new.
        let under_way = Arc::clone(&kept.work).lock_owned().await;
        assert_eq!(standing(30, testkit::SEARCH_WAIT).await, as_of(30));
        scene.placed(scene.place(lane, 1, 1)).await;
        assert_eq!(standing(3, soon).await, as_of(1));
        assert_eq!(standing(7, soon).await, Ok(Standing::Behind));
        drop(under_way);
        assert_eq!(standing(7, testkit::SEARCH_WAIT).await, as_of(7));
        one.finish().await;
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_young() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let moment = Moment::new(now, now);
        let before = |seconds| Some(now - SignedDuration::from_secs(seconds));
        let age = Duration::from_secs(5);
        assert!(moment.is_within(before(5), age));
        assert!(!moment.is_within(before(6), age));
        // Somebody else may have looked at the clock a little later.
        assert!(moment.is_within(before(-1), age));
        assert!(!moment.is_within(before(-3_600), age));
        assert!(!moment.is_within(None, age));
    }
}
