//! Which lanes have changed through this store: for those who keep something that is derived from them.
//!
//! Told after the commit and before anybody is answered, so whoever looks after an answer knows of the
//! change. What another server has changed is not told: whoever needs that too compares versions
//! ([`crate::derived::versions`]). A change that is told may turn out to be none.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
};

use domain::id::Id;
use parking_lot::{Mutex, RwLock};

/// The lanes of one tenant that have changed since they were taken last. They are a set, so they are never
/// more than the tenant has.
#[derive(Debug)]
pub struct Watch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    tenant_id: Id,
    lanes: Mutex<BTreeSet<Id>>,
}

impl Watch {
    /// The lanes that have changed since the last call.
    #[must_use]
    pub fn take(&self) -> BTreeSet<Id> {
        std::mem::take(&mut *self.0.lanes.lock())
    }

    /// Whether none has changed since.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.0.lanes.lock().is_empty()
    }

    /// Puts lanes back that were taken and could not be looked at.
    pub fn put_back(&self, lanes: impl IntoIterator<Item = Id>) {
        self.0.lanes.lock().extend(lanes);
    }
}

/// Those who watch. Shared by all connections of a store.
#[derive(Clone, Default)]
pub(crate) struct Changes(Arc<RwLock<Vec<Weak<Watched>>>>);

impl Changes {
    /// Watches a tenant's lanes from now on, until the watch is dropped.
    pub(crate) fn watch(&self, tenant_id: Id) -> Watch {
        let lanes = Mutex::default();
        let watched = Arc::new(Watched { tenant_id, lanes });
        let mut all = self.0.write();
        all.retain(|watched| watched.strong_count() > 0);
        all.push(Arc::downgrade(&watched));
        Watch(watched)
    }

    /// Tells of lanes, each with its tenant.
    pub(crate) fn tell(&self, lanes: &[(Id, Id)]) {
        for watched in self.0.read().iter().filter_map(Weak::upgrade) {
            let of_tenant = lanes.iter().filter(|lane| lane.0 == watched.tenant_id);
            let ids: Vec<Id> = of_tenant.map(|lane| lane.1).collect();
            if !ids.is_empty() {
                watched.lanes.lock().extend(ids);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    #[test]
    fn whoever_watches_a_tenant_is_told_of_its_lanes_once_and_of_no_others() {
        let changes = Changes::default();
        changes.tell(&[(id(1), id(10))]);
        let watch = changes.watch(id(1));
        assert!(watch.is_quiet());
        changes.tell(&[(id(1), id(11)), (id(2), id(20)), (id(1), id(11))]);
        let second = changes.watch(id(1));
        assert_eq!(watch.take(), [id(11)].into());
        assert!(watch.take().is_empty());
        changes.tell(&[(id(1), id(12))]);
        assert_eq!(second.take(), [id(12)].into());
        watch.put_back([id(13)]);
        assert_eq!(watch.take(), [id(12), id(13)].into());
    }

    #[test]
    fn who_has_stopped_watching_is_forgotten() {
        let changes = Changes::default();
        drop(changes.watch(id(1)));
        let watch = changes.watch(id(1));
        assert_eq!(changes.0.read().len(), 1);
        drop(watch);
        changes.tell(&[(id(1), id(1))]);
    }
}
