//! The callers that were seen lately, so that a request need not ask the store.
//!
//! An entry is good as long as nothing that it was made from has been changed by this process, and for
//! `max_age` where another process may have changed it. What changed is told by grant, client or tenant; an entry
//! remembers how many changes there had been when its reading began, so an entry that was read before
//! a change and written after it is not believed either.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::Id;
use jiff::{SignedDuration, Timestamp};

use crate::caller::Caller;
use crate::secret::Hash;

/// Callers kept. One is about 500 bytes, most of it shared with nobody: 50 MB at most.
const CAPACITY: usize = 100_000;

/// Places in which the last change of a grant, client or tenant is noted. Two that share a place cost each other
/// a reading, nothing else.
const PLACES: usize = 4_096;

/// A caller and when it was read.
#[derive(Clone)]
struct Entry {
    dialect: &'static str,
    caller: Arc<Caller>,
    changes_before: u64,
    read_at: Timestamp,
}

/// How many changes there had been when a reading began.
#[derive(Clone, Copy)]
pub(crate) struct Reading(u64);

pub(crate) struct Cache {
    entries: quick_cache::sync::Cache<Hash, Entry>,
    max_age: SignedDuration,
    changes: AtomicU64,
    changed: Box<[AtomicU64]>,
}

impl Cache {
    pub(crate) fn new(max_age: SignedDuration) -> Cache {
        Cache {
            entries: quick_cache::sync::Cache::new(CAPACITY),
            max_age,
            changes: AtomicU64::new(0),
            changed: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// The caller, if it may still be believed. Whether its token has expired is not looked at.
    pub(crate) fn get(&self, dialect: &str, hash: &Hash, now: Timestamp) -> Option<Arc<Caller>> {
        let entry = self.entries.get(hash)?;
        let changed = |id| self.place(id).load(Ordering::SeqCst) > entry.changes_before;
        let stale = now.duration_since(entry.read_at) >= self.max_age
            || changed(entry.caller.grant_id)
            || changed(entry.caller.client_id)
            || changed(entry.caller.tenant_id);
        (!stale && entry.dialect == dialect).then_some(entry.caller)
    }

    /// To be called before the store is read.
    pub(crate) fn begin(&self) -> Reading {
        Reading(self.changes.load(Ordering::SeqCst))
    }

    pub(crate) fn put(
        &self,
        reading: Reading,
        dialect: &'static str,
        hash: Hash,
        caller: Arc<Caller>,
        now: Timestamp,
    ) {
        let entry = Entry {
            dialect,
            caller,
            changes_before: reading.0,
            read_at: now,
        };
        self.entries.insert(hash, entry);
    }

    /// Disbelieves everything about a grant, a client or a tenant that was read before now. To be called after
    /// the change was committed.
    pub(crate) fn note_change(&self, id: Id) {
        let change = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        self.place(id).fetch_max(change, Ordering::SeqCst);
    }

    fn place(&self, id: Id) -> &AtomicU64 {
        let mixed = (id.get() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        &self.changed[mixed as usize % PLACES]
    }
}
