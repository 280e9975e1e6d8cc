//! How much is under way, and how much more may be: pure.

use std::collections::{HashMap, HashSet};

use tokio::task::{Id as TaskId, JoinError};

use crate::{
    Settings,
    claims::{Due, Key, Wanted},
    limits::CLAIMED_AT_ONCE,
};

/// What one dispatcher has under way.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    tasks: HashMap<TaskId, (Key, bool)>,
    of: HashMap<Key, usize>,
    failing: usize,
    /// Subscriptions of which nothing can be tried now although something is due.
    blocked: HashSet<Key>,
    turn: usize,
}

impl UnderWay {
    /// How many tries may begin to each subscription, beside those that are under way. Who comes
    /// first changes from turn to turn, so the last of many is not the last each time.
    pub(crate) fn wanted(&self, due: &[Due], settings: &Settings) -> Vec<Wanted> {
        let mut left = settings.in_flight.saturating_sub(self.tasks.len());
        left = left.min(CLAIMED_AT_ONCE);
        let mut failing_left = (settings.in_flight / 2).max(1).saturating_sub(self.failing);
        let start = self.turn.checked_rem(due.len()).unwrap_or(0);
        let (before, after) = due.split_at(start);
        let mut wanted = Vec::new();
        for one in after.iter().chain(before) {
            if self.blocked.contains(&one.key) {
                continue;
            }
            let running = self.of.get(&one.key).copied().unwrap_or(0);
            let most = if one.is_failing {
                1.min(failing_left)
            } else {
                settings.in_flight_each
            };
            let limit = most.saturating_sub(running).min(left);
            if limit == 0 {
                continue;
            }
            left -= limit;
            failing_left -= usize::from(one.is_failing);
            wanted.push(Wanted {
                key: one.key,
                limit,
                is_failing: one.is_failing,
            });
        }
        wanted
    }

    /// A try begins.
    pub(crate) fn begin(&mut self, task: TaskId, key: Key, is_failing: bool) {
        self.tasks.insert(task, (key, is_failing));
        *self.of.entry(key).or_default() += 1;
        self.failing += usize::from(is_failing);
    }

    /// A try has ended, or its task has panicked.
    pub(crate) fn end(&mut self, ended: &Result<(TaskId, ()), JoinError>) {
        let task = match ended {
            Ok((task, ())) => *task,
            Err(error) => {
                tracing::error!(%error, "a try broke off; it will be repeated");
                error.id()
            }
        };
        let Some((key, was_failing)) = self.tasks.remove(&task) else {
            return;
        };
        self.failing -= usize::from(was_failing);
        if let Some(count) = self.of.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&key);
            }
        }
        // What waited for this one may go now.
        self.blocked.remove(&key);
    }

    /// A subscription is not looked at for a while.
    pub(crate) fn block(&mut self, key: Key) {
        self.blocked.insert(key);
    }

    /// All are looked at again.
    pub(crate) fn unblock(&mut self) {
        self.blocked.clear();
    }

    /// The next one comes first.
    pub(crate) fn turn(&mut self) {
        self.turn = self.turn.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use domain::id::Id;

    use super::*;

    fn due(number: i64, is_failing: bool) -> Due {
        let id = Id::new(number).unwrap();
        Due {
            key: (id, id),
            is_failing,
        }
    }

    fn settings(in_flight: usize) -> Settings {
        Settings {
            in_flight,
            in_flight_each: 4,
            ..Settings::default()
        }
    }

    /// Starts everything that is wanted, as tasks that never end.
    fn start(under_way: &mut UnderWay, tasks: &mut tokio::task::JoinSet<()>, wanted: &[Wanted]) {
        for one in wanted {
            for _ in 0..one.limit {
                let task = tasks.spawn(std::future::pending());
                under_way.begin(task.id(), one.key, one.is_failing);
            }
        }
    }

    #[tokio::test]
    async fn a_subscription_gets_so_many_tries_and_a_failing_one_gets_one() {
        let (mut under_way, mut tasks) = (UnderWay::default(), tokio::task::JoinSet::new());
        let both = [due(1, false), due(2, true)];
        let wanted = under_way.wanted(&both, &settings(100));
        let limits: Vec<usize> = wanted.iter().map(|one| one.limit).collect();
        assert_eq!(limits, [4, 1]);
        start(&mut under_way, &mut tasks, &wanted);
        assert_eq!(under_way.wanted(&both, &settings(100)), []);
    }

    #[tokio::test]
    async fn failing_subscriptions_together_take_half_of_the_room() {
        let (mut under_way, mut tasks) = (UnderWay::default(), tokio::task::JoinSet::new());
        let failing: Vec<Due> = (1..=50).map(|number| due(number, true)).collect();
        let wanted = under_way.wanted(&failing, &settings(20));
        assert_eq!(wanted.len(), 10);
        start(&mut under_way, &mut tasks, &wanted);
        assert_eq!(under_way.wanted(&failing, &settings(20)), []);
        let healthy: Vec<Due> = (51..=60).map(|number| due(number, false)).collect();
        let wanted = under_way.wanted(&healthy, &settings(20));
        assert_eq!(wanted.iter().map(|one| one.limit).sum::<usize>(), 10);
    }

    #[tokio::test]
    async fn whoever_comes_first_changes_so_that_all_have_their_turn() {
        let mut under_way = UnderWay::default();
        let many: Vec<Due> = (1..=9).map(|number| due(number, false)).collect();
        let mut seen = HashSet::new();
        for _ in 0..9 {
            let wanted = under_way.wanted(&many, &settings(4));
            assert_eq!(wanted.len(), 1);
            seen.insert(wanted[0].key);
            under_way.turn();
        }
        assert_eq!(seen.len(), 9);
    }

    #[tokio::test]
    async fn a_try_that_ends_or_panics_makes_room_again() {
        let (mut under_way, mut tasks) = (UnderWay::default(), tokio::task::JoinSet::new());
        let one = due(1, true);
        let fine = tasks.spawn(async {});
        under_way.begin(fine.id(), one.key, true);
        under_way.block(one.key);
        under_way.end(&tasks.join_next_with_id().await.unwrap());
        assert_eq!(under_way.wanted(&[one], &settings(8)).len(), 1);
        let broken = tasks.spawn(async { panic!("on purpose") });
        under_way.begin(broken.id(), one.key, true);
        under_way.end(&tasks.join_next_with_id().await.unwrap());
        assert_eq!(under_way.failing, 0);
        assert!(under_way.of.is_empty() && under_way.tasks.is_empty());
    }
}
