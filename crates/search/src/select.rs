//! Which of the stays that were found are shown: the first ones, without keeping all of them.

use std::collections::HashMap;

use domain::id::Id;

use crate::{
    query::{Limited, Limiter},
    sort::{Rank, Ranked},
};

/// Keeps the smallest so many of what it is given.
pub(crate) struct Smallest<T> {
    most: usize,
    kept: Vec<T>,
    /// What is not smaller than this is not among them.
    bound: Option<T>,
}

impl<T: Ord + Clone> Smallest<T> {
    pub(crate) fn new(most: usize) -> Self {
        let (kept, bound) = (Vec::new(), None);
        Self { most, kept, bound }
    }

    pub(crate) fn push(&mut self, one: T) {
        if self.most == 0 || self.bound.as_ref().is_some_and(|bound| one >= *bound) {
            return;
        }
        self.kept.push(one);
        // Twice as many are let in before the larger half goes, so that each is moved about twice.
        if self.kept.len() >= (2 * self.most).max(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.most {
            self.kept.select_nth_unstable(self.most - 1);
            self.kept.truncate(self.most);
            self.bound = self.kept.last().cloned();
        }
    }

    /// The smallest of them, in order.
    pub(crate) fn sorted(mut self) -> Vec<T> {
        self.kept.sort_unstable();
        self.kept.truncate(self.most);
        self.kept
    }

    /// The same, and begins anew.
    fn take(&mut self) -> Vec<T> {
        std::mem::replace(self, Self::new(self.most)).sorted()
    }
}

/// The name of a group within one search: a day, a number of nights, an entry's place, or an
/// organization's id.
type GroupKey = i64;

/// The first stay of every group.
pub(crate) struct Groups {
    of: Limited,
    firsts: HashMap<GroupKey, Rank>,
    /// Where each resource is a group: the first stays of those that may be shown. Nothing comes back to a
    /// resource once it is walked, so the others are only counted.
    of_resources: Smallest<(Rank, GroupKey)>,
    resources: usize,
    /// The first stay of the resource that is being walked, where groups are made of resources.
    of_entry: Option<Rank>,
}

impl Groups {
    pub(crate) fn new(limiter: &Limiter) -> Self {
        Self {
            of: limiter.of,
            firsts: HashMap::new(),
            of_resources: Smallest::new(limiter.offset.saturating_add(limiter.limit)),
            resources: 0,
            of_entry: None,
        }
    }

    pub(crate) fn add(&mut self, rank: &Rank) {
        let key = match self.of {
            Limited::Arrivals => rank.arrival,
            Limited::Nights => rank.nights.into(),
            Limited::Stays | Limited::Resources | Limited::Organizations => {
                // All stays of a resource fall into one group, so only its first is of interest.
                if self.of_entry.is_none_or(|first| *rank < first) {
                    self.of_entry = Some(*rank);
                }
                return;
            }
        };
        self.put(key, rank);
    }

    /// Ends with a resource.
    pub(crate) fn leave(&mut self, organization_id: Id) {
        let Some(rank) = self.of_entry.take() else {
            return;
        };
        if self.of == Limited::Organizations {
            self.put(organization_id.get(), &rank);
        } else {
            self.resources += 1;
            self.of_resources.push((rank, rank.entry.into()));
        }
    }

    fn put(&mut self, key: GroupKey, rank: &Rank) {
        let first = self.firsts.entry(key).or_insert(*rank);
        *first = (*first).min(*rank);
    }

    pub(crate) fn count(&self) -> usize {
        self.firsts.len() + self.resources
    }

    /// The groups that are shown, in order.
    pub(crate) fn shown(self, limiter: &Limiter) -> Vec<GroupKey> {
        let mut groups: Vec<(Rank, GroupKey)> = self
            .firsts
            .into_iter()
            .map(|(key, rank)| (rank, key))
            .chain(self.of_resources.sorted())
            .collect();
        groups.sort_unstable();
        let shown = groups.into_iter().skip(limiter.offset).take(limiter.limit);
        shown.map(|(_, key)| key).collect()
    }
}

/// The first stays of the groups that are shown.
pub(crate) struct Gathering {
    of: Limited,
    place_of: HashMap<GroupKey, usize>,
    groups: Vec<Group>,
}

/// The first stays of one group.
struct Group {
    /// At most so many resources, where they are told apart.
    resources: Option<usize>,
    /// Those of the resource that is being walked, or of all.
    stays: Smallest<Ranked>,
    /// Those of each resource that was walked.
    of_resources: Vec<Vec<Ranked>>,
}

impl Gathering {
    pub(crate) fn new(limiter: &Limiter, shown: &[GroupKey]) -> Self {
        let resources = limiter
            .resources
            .filter(|_| limiter.of != Limited::Resources);
        let group = |_: &GroupKey| Group {
            resources,
            stays: Smallest::new(limiter.stays),
            of_resources: Vec::new(),
        };
        Self {
            of: limiter.of,
            place_of: shown.iter().copied().zip(0..).collect(),
            groups: shown.iter().map(group).collect(),
        }
    }

    /// Whether stays of this resource may be shown.
    pub(crate) fn wants(&self, entry: u32, organization_id: Id) -> bool {
        match self.of {
            Limited::Stays | Limited::Resources => self.place_of.contains_key(&entry.into()),
            Limited::Organizations => self.place_of.contains_key(&organization_id.get()),
            Limited::Arrivals | Limited::Nights => !self.groups.is_empty(),
        }
    }

    pub(crate) fn add(&mut self, ranked: Ranked, organization_id: Id) {
        let rank = &ranked.rank;
        let key = match self.of {
            Limited::Arrivals => rank.arrival,
            Limited::Nights => rank.nights.into(),
            Limited::Organizations => organization_id.get(),
            Limited::Stays | Limited::Resources => rank.entry.into(),
        };
        if let Some(place) = self.place_of.get(&key) {
            self.groups[*place].stays.push(ranked);
        }
    }

    /// Ends with a resource.
    pub(crate) fn leave(&mut self) {
        self.groups.iter_mut().for_each(Group::leave);
    }

    /// The stays, group by group.
    pub(crate) fn sorted(self) -> Vec<Ranked> {
        self.groups.into_iter().flat_map(Group::sorted).collect()
    }
}

impl Group {
    fn leave(&mut self) {
        let Some(most) = self.resources.filter(|_| !self.stays.kept.is_empty()) else {
            return;
        };
        let stays = self.stays.take();
        if !stays.is_empty() {
            self.of_resources.push(stays);
        }
        if self.of_resources.len() >= (2 * most).max(8) {
            self.cut(most);
        }
    }

    /// Keeps the resources whose first stays come first.
    fn cut(&mut self, most: usize) {
        self.of_resources
            .sort_unstable_by_key(|stays| stays.first().copied());
        self.of_resources.truncate(most);
    }

    fn sorted(mut self) -> Vec<Ranked> {
        let Some(most) = self.resources else {
            return self.stays.sorted();
        };
        self.cut(most);
        let mut stays: Vec<Ranked> = self.of_resources.into_iter().flatten().collect();
        stays.sort_unstable();
        stays
    }
}
