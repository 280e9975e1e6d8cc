//! The entries of one tenant, and the search through them.

use std::sync::Arc;

use domain::{id::Id, money::Money};

use crate::{
    answer::{Effort, Found, Hit},
    entry::Entry,
    query::{BadQuery, Limited, MOST_STAYS, Query, QueryDays, date},
    scan::Scan,
    select::{Gathering, Groups, Smallest},
    sort::{Ranked, Ranking},
};

/// Entries in the order of their resources' ids. A clone shares them, so a search goes on undisturbed in
/// the state it began with while another is made.
#[derive(Clone, Debug, Default)]
pub struct Index {
    entries: Vec<Arc<Entry>>,
}

impl Index {
    /// Puts an entry in, in the place of the one that its resource had.
    pub fn put(&mut self, entry: Entry) {
        let entry = Arc::new(entry);
        match self.place(entry.terms.id) {
            Ok(place) => self.entries[place] = entry,
            Err(place) => self.entries.insert(place, entry),
        }
    }

    /// Takes the entry of a resource out. Says whether there was one.
    pub fn remove(&mut self, resource_id: Id) -> bool {
        let found = self.place(resource_id).ok();
        found.map(|place| self.entries.remove(place)).is_some()
    }

    /// The entry of a resource.
    #[must_use]
    pub fn get(&self, resource_id: Id) -> Option<&Arc<Entry>> {
        self.place(resource_id)
            .ok()
            .map(|place| &self.entries[place])
    }

    /// The entries, by resource.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter()
    }

    /// How many resources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries = self.entries.iter().map(|entry| entry.bytes());
        entries.sum::<usize>() + size_of_val(&*self.entries)
    }

    fn place(&self, resource_id: Id) -> Result<usize, usize> {
        self.entries
            .binary_search_by_key(&resource_id, |entry| entry.terms.id)
    }

    /// Finds the stays that fit the query.
    ///
    /// # Errors
    /// [`BadQuery`] when it asks for what no stay is, or for too much at once.
    pub fn search(&self, query: &Query) -> Result<Found, BadQuery> {
        self.search_counted(query).map(|(found, _)| found)
    }

    /// The same, with what it took.
    ///
    /// # Errors
    /// [`BadQuery`], as there.
    pub fn search_counted(&self, query: &Query) -> Result<(Found, Effort), BadQuery> {
        let days = query.days()?;
        let admitted: Vec<u32> = (0_u32..)
            .zip(&self.entries)
            .filter(|(_, entry)| query.admits(&entry.terms))
            .map(|(place, _)| place)
            .collect();
        if days.combinations().saturating_mul(admitted.len() as u64) > MOST_STAYS {
            return Err(BadQuery::TooWide);
        }
        let search = Search {
            index: self,
            query,
            days,
            admitted,
        };
        Ok(search.found())
    }

    fn hit(&self, ranked: &Ranked) -> Hit {
        let rank = &ranked.rank;
        let terms = &self.entries[rank.entry as usize].terms;
        Hit {
            resource_id: terms.id,
            organization_id: terms.organization_id,
            arrival: date(rank.arrival),
            nights: rank.nights,
            price: Money::new(ranked.minor, terms.currency),
            off: Money::new(ranked.off, terms.currency),
            plan: ranked.plan,
            offer: ranked.offer,
        }
    }
}

/// One search, after its bounds were checked.
struct Search<'a> {
    index: &'a Index,
    query: &'a Query,
    days: QueryDays,
    /// The places of the entries that may be shown.
    admitted: Vec<u32>,
}

impl Search<'_> {
    fn found(&self) -> (Found, Effort) {
        let limiter = &self.query.limiter;
        let mut found = Found::default();
        let (shown, effort) = if limiter.of == Limited::Stays {
            let mut first = Smallest::new(limiter.offset + limiter.limit);
            let effort = self.walk(&mut found, |ranked| first.push(ranked), |_| {});
            found.groups = found.stays;
            let mut first = first.sorted();
            (first.split_off(limiter.offset.min(first.len())), effort)
        } else {
            let groups = std::cell::RefCell::new(Groups::new(limiter));
            let counted = self.walk(
                &mut found,
                |ranked| groups.borrow_mut().add(&ranked.rank),
                |entry| groups.borrow_mut().leave(entry.terms.organization_id),
            );
            let groups = groups.into_inner();
            found.groups = groups.count() as u64;
            let gathering = Gathering::new(limiter, &groups.shown(limiter));
            let (shown, gathered) = self.gather(gathering);
            (shown, counted.and(gathered))
        };
        found.hits = shown.iter().map(|ranked| self.index.hit(ranked)).collect();
        (found, effort)
    }

    /// Walks over all resources, counts, and tells each stay and the end of each resource that has any.
    fn walk(
        &self,
        found: &mut Found,
        mut each: impl FnMut(Ranked),
        mut leave: impl FnMut(&Entry),
    ) -> Effort {
        let mut scan = Scan::new(self.query, self.days);
        let mut ranking = Ranking::new(&self.query.sorters);
        for place in &self.admitted {
            let entry = &self.index.entries[*place as usize];
            ranking.enter(*place, &entry.terms);
            let before = found.stays;
            scan.walk(entry, |arrival, nights, price| {
                found.stays += 1;
                each(ranking.ranked(arrival, nights, price));
            });
            if found.stays > before {
                self.count(found, entry);
                leave(entry);
            }
        }
        scan.effort
    }

    fn count(&self, found: &mut Found, entry: &Entry) {
        found.resources += 1;
        let attributes = &entry.terms.attributes;
        if self.query.counts_segments {
            for segment in &attributes.segments {
                *found.segments.entry(*segment).or_default() += 1;
            }
        }
        if self.query.counts_amenities {
            let amenities = attributes.amenities.iter();
            for amenity in amenities.filter(|amenity| amenity.is_there()) {
                *found.amenities.entry(amenity.id).or_default() += 1;
            }
        }
    }

    /// Walks once more, over those resources only that have something to show.
    fn gather(&self, mut gathering: Gathering) -> (Vec<Ranked>, Effort) {
        let mut scan = Scan::new(self.query, self.days);
        let mut ranking = Ranking::new(&self.query.sorters);
        for place in &self.admitted {
            let entry = &self.index.entries[*place as usize];
            let organization_id = entry.terms.organization_id;
            if !gathering.wants(*place, organization_id) {
                continue;
            }
            ranking.enter(*place, &entry.terms);
            scan.walk(entry, |arrival, nights, price| {
                gathering.add(ranking.ranked(arrival, nights, price), organization_id);
            });
            gathering.leave();
        }
        (gathering.sorted(), scan.effort)
    }
}
