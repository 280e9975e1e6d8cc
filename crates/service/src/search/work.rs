//! What has to be read anew.
//!
//! Of every resource it is known from which versions its entry was made: of its own lane, and of the
//! lanes of those resources to whose prices its plans are linked. An entry whose lane has another number
//! in the journal gets its nights anew; one with another version of terms, its own or a linked one's, is
//! made anew.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use ::search::{DAYS, Entry};
use domain::{id::Id, time::date_of};
use jiff::civil::Date;
use store::{
    Result, Store,
    derived::{self, LaneVersion},
};

use super::{
    Progress,
    derive::{Made, Window, entries},
    kept::Kept,
};

/// So many versions are read at once.
const VERSIONS_AT_ONCE: usize = 10_000;

/// So many entries are made at once: each of them takes two years of calendar days, and more where its
/// prices are linked to another's.
const MADE_AT_ONCE: usize = 32;

/// So many entries get their nights at once.
const NIGHTS_AT_ONCE: usize = 256;

/// Entries begin so many days before today, because some zones are behind, and a clock may be set back
/// a little.
const DAYS_BEFORE: i64 = 2;

/// An entry that began so many days ago is made anew before it gets too short.
const RENEWED_AFTER: i64 = 60;

/// So many of those at once, so that nobody waits for all of them.
const RENEWED_AT_ONCE: usize = 200;

/// From so many entries on, the work is worth a line in the log.
const WORTH_A_LINE: usize = 1_000;

/// How many days an entry has to know from today on: two years, a zone that is ahead, and the morning
/// of the last departure.
const DAYS_NEEDED: i64 = ::search::HORIZON_DAYS + 2;

/// What the entries were made of.
#[derive(Default)]
pub(super) struct Work {
    known: HashMap<Id, Known>,
    /// For a resource those whose prices are linked to it.
    used_by: HashMap<Id, BTreeSet<Id>>,
    /// How many entries begin on a day.
    firsts: BTreeMap<i64, usize>,
}

/// What one entry was made of.
struct Known {
    sequence: i64,
    terms: i64,
    /// The first day of the entry.
    first: i64,
    /// The resources whose prices it takes, with the versions of their terms; 0 of one that is not there.
    links: Vec<(Id, i64)>,
}

/// What is not as the entries say any more.
#[derive(Default)]
struct Stale {
    /// Something else is taken.
    nights: BTreeSet<Id>,
    /// It is sold on other terms.
    terms: BTreeSet<Id>,
    /// It is not there any more.
    gone: BTreeSet<Id>,
}

impl Work {
    /// Whether entries that begin on these days, at the earliest and the latest, know all days that can
    /// be asked about. No entries lack nothing.
    pub(super) fn covers(firsts: Option<(i64, i64)>, today: i64) -> bool {
        firsts.is_none_or(|(earliest, latest)| {
            latest < today && earliest + DAYS as i64 >= today + DAYS_NEEDED
        })
    }

    fn extremes(&self) -> Option<(i64, i64)> {
        let earliest = self.firsts.first_key_value()?.0;
        let latest = self.firsts.last_key_value()?.0;
        Some((*earliest, *latest))
    }

    /// Compares lanes with what their entries were made of.
    fn compare(&self, versions: &[LaneVersion], stale: &mut Stale) {
        for version in versions {
            let id = version.resource_id;
            match self.known.get(&id) {
                Some(known) if known.terms == version.terms => {
                    if known.sequence != version.sequence {
                        stale.nights.insert(id);
                    }
                }
                _ => {
                    stale.terms.insert(id);
                }
            }
            self.compare_link(id, version.terms, stale);
        }
    }

    /// Compares the terms of a resource with those that others' prices were taken from.
    fn compare_link(&self, id: Id, terms: i64, stale: &mut Stale) {
        for user in self.used_by.get(&id).into_iter().flatten() {
            let known = self.known.get(user);
            let links = known.map_or(&[][..], |known| &known.links);
            if links.iter().any(|link| link.0 == id && link.1 != terms) {
                stale.terms.insert(*user);
            }
        }
    }

    fn is_gone(&self, id: Id, stale: &mut Stale) {
        stale.gone.insert(id);
        self.compare_link(id, 0, stale);
    }

    /// Adds entries whose days lie wrong by now, and some whose days soon will.
    fn outlived(&self, today: i64, stale: &mut Stale) {
        let Some((earliest, latest)) = self.extremes() else {
            return;
        };
        let is_renewed = |first: i64| first + RENEWED_AFTER < today;
        if !is_renewed(earliest) && latest < today {
            return;
        }
        let mut renewed = 0;
        for (id, known) in &self.known {
            let fits = Self::covers(Some((known.first, known.first)), today);
            if !fits || (is_renewed(known.first) && renewed < RENEWED_AT_ONCE) {
                renewed += usize::from(fits);
                stale.terms.insert(*id);
            }
        }
    }

    fn forget(&mut self, id: Id) {
        let Some(known) = self.known.remove(&id) else {
            return;
        };
        for (link, _) in known.links {
            if let Some(users) = self.used_by.get_mut(&link) {
                users.remove(&id);
                if users.is_empty() {
                    self.used_by.remove(&link);
                }
            }
        }
        if let Some(count) = self.firsts.get_mut(&known.first) {
            *count -= 1;
            if *count == 0 {
                self.firsts.remove(&known.first);
            }
        }
    }

    fn learn(&mut self, version: LaneVersion, first: i64, links: Vec<(Id, i64)>) {
        let id = version.resource_id;
        self.forget(id);
        for (link, _) in &links {
            self.used_by.entry(*link).or_default().insert(id);
        }
        *self.firsts.entry(first).or_default() += 1;
        let known = Known {
            sequence: version.sequence,
            terms: version.terms,
            first,
            links,
        };
        self.known.insert(id, known);
    }
}

/// One task that brings an index up to date.
pub(super) struct Run<'a> {
    pub(super) store: &'a Store,
    pub(super) kept: &'a Kept,
    pub(super) work: &'a mut Work,
    /// The tenant's day in UTC.
    pub(super) today: i64,
}

impl Run<'_> {
    /// Brings the entries of these lanes up to date, or all that differ from the store.
    pub(super) async fn follow(&mut self, changed: &BTreeSet<Id>, compares: bool) -> Result<()> {
        let mut stale = if compares {
            self.all_stale().await?
        } else {
            self.stale_among(changed).await?
        };
        self.work.outlived(self.today, &mut stale);
        let Stale {
            nights,
            terms,
            gone,
        } = stale;
        for id in &gone {
            // A link may lead to what was never there; then there is nothing to forget.
            self.work.forget(*id);
            self.kept.remove(*id);
        }
        let terms: Vec<Id> = terms.difference(&gone).copied().collect();
        let nights: Vec<Id> = nights
            .into_iter()
            .filter(|id| !terms.contains(id))
            .collect();
        self.make_all(&terms).await?;
        for some in nights.chunks(NIGHTS_AT_ONCE) {
            self.renew_nights(some).await?;
        }
        self.kept.firsts(self.work.extremes());
        Ok(())
    }

    /// What is stale of all lanes that there are.
    async fn all_stale(&self) -> Result<Stale> {
        let mut stale = Stale::default();
        let mut gone: BTreeSet<Id> = self.work.known.keys().copied().collect();
        // A link may lead to what was never there.
        gone.extend(self.work.used_by.keys());
        let mut after = None;
        loop {
            let mut tx = self.store.reader().await?;
            let tenant_id = self.kept.tenant_id;
            let page = derived::versions(&mut tx, tenant_id, after, VERSIONS_AT_ONCE).await?;
            self.work.compare(&page, &mut stale);
            for version in &page {
                gone.remove(&version.resource_id);
            }
            match page.last() {
                Some(last) if page.len() == VERSIONS_AT_ONCE => after = Some(last.resource_id),
                _ => break,
            }
        }
        gone.into_iter()
            .for_each(|id| self.work.is_gone(id, &mut stale));
        Ok(stale)
    }

    /// What is stale of these lanes.
    async fn stale_among(&self, changed: &BTreeSet<Id>) -> Result<Stale> {
        let mut stale = Stale::default();
        if changed.is_empty() {
            return Ok(stale);
        }
        let ids: Vec<Id> = changed.iter().copied().collect();
        let mut tx = self.store.reader().await?;
        let found = derived::versions_of(&mut tx, self.kept.tenant_id, &ids).await?;
        self.work.compare(&found, &mut stale);
        let there: BTreeSet<Id> = found.iter().map(|version| version.resource_id).collect();
        for id in changed.difference(&there) {
            self.work.is_gone(*id, &mut stale);
        }
        Ok(stale)
    }

    /// Makes entries anew.
    async fn make_all(&mut self, ids: &[Id]) -> Result<()> {
        let total = ids.len();
        let mut done = 0;
        for some in ids.chunks(MADE_AT_ONCE) {
            self.kept.advance(Progress { done, total });
            self.make(some).await?;
            let tenth = |done: usize| done * 10 / total;
            if total >= WORTH_A_LINE && tenth(done) < tenth(done + some.len()) {
                let tenant = self.kept.tenant_id.get();
                let done = done + some.len();
                tracing::info!(tenant, done, total, "making the search index");
            }
            done += some.len();
        }
        self.kept.advance(Progress { done, total });
        Ok(())
    }

    async fn make(&mut self, ids: &[Id]) -> Result<()> {
        let first = self.today - DAYS_BEFORE;
        let mut tx = self.store.reader().await?;
        let window = window(first, first + DAYS as i64);
        let made = entries(&mut tx, self.kept.tenant_id, ids, window).await?;
        let there: BTreeSet<Id> = made.iter().map(|made| made.version.resource_id).collect();
        for id in ids.iter().filter(|id| !there.contains(id)) {
            self.work.forget(*id);
            self.kept.remove(*id);
        }
        for one in made {
            let Made {
                version,
                entry,
                links,
            } = one;
            match entry {
                Some(entry) => self.kept.put(entry),
                None => self.kept.remove(version.resource_id),
            }
            self.work.learn(version, first, links);
        }
        Ok(())
    }

    /// Gives entries the nights that are free now.
    async fn renew_nights(&mut self, ids: &[Id]) -> Result<()> {
        let index = self.kept.index();
        let known = ids
            .iter()
            .filter_map(|id| Some(self.work.known.get(id)?.first));
        let (Some(earliest), Some(latest)) = (known.clone().min(), known.max()) else {
            return Ok(());
        };
        let Window { first, until } = window(earliest, latest + DAYS as i64);
        let mut tx = self.store.reader().await?;
        let tenant_id = self.kept.tenant_id;
        let lanes = derived::lanes(&mut tx, tenant_id, ids, first, until).await?;
        for (version, lane) in lanes {
            let id = version.resource_id;
            if let Some(entry) = index.get(id) {
                let terms = entry.terms();
                let taken = lane.taken(terms.first(), DAYS);
                let entry = Entry::new(Arc::clone(terms), lane.capacity, &taken);
                self.kept.put(entry);
            }
            // Should its terms have changed meanwhile, they still differ from those that are known.
            if let Some(known) = self.work.known.get_mut(&id) {
                known.sequence = version.sequence;
            }
        }
        Ok(())
    }
}

/// Days by their numbers. A tenant's clock stays within the years that dates can express.
fn window(first: i64, until: i64) -> Window {
    Window {
        first: date_of(first).unwrap_or(Date::MIN),
        until: date_of(until).unwrap_or(Date::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    fn version(number: i64, sequence: i64, terms: i64) -> LaneVersion {
        LaneVersion {
            resource_id: id(number),
            sequence,
            terms,
        }
    }

    /// Two resources, the first of which takes its prices from the second and from one that is not there.
    fn work() -> Work {
        let mut work = Work::default();
        work.learn(version(1, 5, 50), 100, vec![(id(2), 60), (id(3), 0)]);
        work.learn(version(2, 6, 60), 100, Vec::new());
        work
    }

    fn compared(work: &Work, versions: &[LaneVersion]) -> (Vec<Id>, Vec<Id>) {
        let mut stale = Stale::default();
        work.compare(versions, &mut stale);
        let list = |ids: BTreeSet<Id>| ids.into_iter().collect();
        (list(stale.nights), list(stale.terms))
    }

    #[test]
    fn what_differs_is_made_anew_as_far_as_it_must_be() {
        let work = work();
        let same = [version(1, 5, 50), version(2, 6, 60)];
        assert_eq!(compared(&work, &same), (vec![], vec![]));
        let booked = [version(2, 7, 60)];
        assert_eq!(compared(&work, &booked), (vec![id(2)], vec![]));
        let priced = [version(2, 7, 61)];
        assert_eq!(compared(&work, &priced), (vec![], vec![id(1), id(2)]));
        let new = [version(9, 1, 1)];
        assert_eq!(compared(&work, &new), (vec![], vec![id(9)]));
        let linked = [version(3, 1, 70)];
        assert_eq!(compared(&work, &linked), (vec![], vec![id(1), id(3)]));
    }

    #[test]
    fn who_took_prices_from_what_is_gone_is_made_anew() {
        let mut work = work();
        let mut stale = Stale::default();
        work.is_gone(id(2), &mut stale);
        assert_eq!((stale.gone, stale.terms), ([id(2)].into(), [id(1)].into()));
        let mut stale = Stale::default();
        work.is_gone(id(3), &mut stale);
        assert!(stale.terms.is_empty());
        work.forget(id(1));
        assert!(work.used_by.is_empty());
        assert_eq!(work.extremes(), Some((100, 100)));
        work.forget(id(2));
        assert_eq!(work.extremes(), None);
    }

    #[test]
    fn entries_are_made_anew_before_their_days_run_out_and_when_the_clock_goes_back() {
        let mut work = work();
        work.learn(version(2, 6, 60), 130, Vec::new());
        let outlived = |today: i64| {
            let mut stale = Stale::default();
            work.outlived(today, &mut stale);
            stale.terms.into_iter().collect::<Vec<_>>()
        };
        let none: Vec<Id> = Vec::new();
        assert_eq!(outlived(131), none);
        assert_eq!(outlived(100 + RENEWED_AFTER), none);
        assert_eq!(outlived(100 + RENEWED_AFTER + 1), [id(1)]);
        assert_eq!(outlived(1_000), [id(1), id(2)]);
        assert_eq!(outlived(130), [id(2)]);
        assert_eq!(outlived(100), [id(1), id(2)]);
        assert!(Work::covers(Some((100, 130)), 131));
        assert!(Work::covers(
            Some((100, 130)),
            100 + DAYS as i64 - DAYS_NEEDED
        ));
        assert!(!Work::covers(
            Some((100, 130)),
            101 + DAYS as i64 - DAYS_NEEDED
        ));
        assert!(!Work::covers(Some((100, 130)), 130));
        assert!(Work::covers(None, 5));
    }
}
