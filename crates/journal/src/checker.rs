//! The checker: reads the lines of a journal and names the first entry that breaks a rule.
//!
//! Lines of many lanes may interleave; within a lane they stand in sequence. What the
//! chain alone cannot show is an end that was cut off, since a shorter chain is a whole
//! chain: keep an earlier export, or its heads, and let [`Checker::continuing`] compare.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::entry::{Hash, Kind, Sealed};
use crate::lane::Lane;
use crate::rule::{Broken, Rule, Violation};

/// Longest line that is read, in bytes. An entry has about 400.
pub const LINE_LIMIT: usize = 4096;

/// Where a lane's chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The tenant of the lane.
    pub tenant: i64,
    /// The lane.
    pub lane: i64,
    /// The sequence number of its last entry.
    pub sequence: i64,
    /// The hash of its last entry.
    pub hash: Hash,
}

/// What a journal without a violation holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Lanes seen.
    pub lanes: u64,
    /// Entries seen.
    pub entries: u64,
    /// Entries that take.
    pub takes: u64,
    /// Entries that give back.
    pub gives: u64,
    /// Allocations that have taken and not given back.
    pub live_allocations: u64,
    /// Live allocations that were marked as overbooked when they took.
    pub live_overbooked: u64,
    /// Entries marked as overbooked: takes, and capacities below what was taken.
    pub overbooked: u64,
    /// One hash over the ends of all chains, in hexadecimal: equal journals, equal
    /// fingerprint, in whatever order their lanes were exported.
    pub fingerprint: String,
}

/// Replays a journal line by line.
#[derive(Debug, Default)]
pub struct Checker {
    lanes: HashMap<(i64, i64), Lane>,
    earlier: HashMap<(i64, i64), Head>,
    line: u64,
    entries: u64,
    takes: u64,
    gives: u64,
    overbooked: u64,
}

impl Checker {
    /// A checker that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A checker that also demands that every chain passes through its earlier end, so
    /// that nothing which was exported before has been dropped or rewritten since.
    #[must_use]
    pub fn continuing(heads: impl IntoIterator<Item = Head>) -> Self {
        let key = |head: Head| ((head.tenant, head.lane), head);
        Self {
            earlier: heads.into_iter().map(key).collect(),
            ..Self::default()
        }
    }

    /// Takes the next line, without its line break. An empty line is passed over.
    ///
    /// # Errors
    /// The violation, if the line breaks a rule. The checker is of no further use then.
    pub fn feed(&mut self, line: &[u8]) -> Result<(), Violation> {
        self.line += 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        let sealed = Sealed::from_line(line).map_err(|error| Violation {
            line: self.line,
            tenant: 0,
            lane: 0,
            sequence: 0,
            rule: Rule::Form,
            explanation: error.to_string(),
        })?;
        self.follow(&sealed)
    }

    /// Takes the next entry where there is no text, as from a store's rows.
    ///
    /// # Errors
    /// The violation, if the entry breaks a rule. The checker is of no further use then.
    pub fn feed_entry(&mut self, sealed: &Sealed) -> Result<(), Violation> {
        self.line += 1;
        self.follow(sealed)
    }

    fn follow(&mut self, sealed: &Sealed) -> Result<(), Violation> {
        let entry = &sealed.entry;
        let key = (entry.tenant, entry.lane);
        let lane = self.lanes.entry(key).or_default();
        lane.follow(sealed)
            .and_then(|()| passes_through(self.earlier.get(&key), sealed))
            .map_err(|broken| Violation {
                line: self.line,
                tenant: entry.tenant,
                lane: entry.lane,
                sequence: entry.sequence,
                rule: broken.rule,
                explanation: broken.explanation,
            })?;
        self.entries += 1;
        self.takes += u64::from(entry.kind == Kind::Take);
        self.gives += u64::from(entry.kind == Kind::Give);
        self.overbooked += u64::from(entry.overbooked && entry.kind != Kind::Give);
        Ok(())
    }

    /// Entries that were read and kept every rule.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The lane as it stands now, if an entry of it has been seen.
    #[must_use]
    pub fn lane(&self, tenant: i64, lane: i64) -> Option<&Lane> {
        self.lanes.get(&(tenant, lane))
    }

    /// Where each chain ends now, in ascending order of tenant and lane.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        let mut heads: Vec<Head> = self
            .lanes
            .iter()
            .map(|((tenant, lane), state)| Head {
                tenant: *tenant,
                lane: *lane,
                sequence: state.sequence(),
                hash: *state.hash(),
            })
            .collect();
        heads.sort_by_key(|head| (head.tenant, head.lane));
        heads
    }

    /// Ends the check.
    ///
    /// # Errors
    /// When an earlier export was given and a chain ends before its earlier end.
    pub fn finish(&self) -> Result<Report, Violation> {
        self.check_reached()?;
        let live = || self.lanes.values().flat_map(Lane::live);
        let live_allocations: usize = self.lanes.values().map(|lane| lane.live().len()).sum();
        Ok(Report {
            lanes: self.lanes.len() as u64,
            entries: self.entries,
            takes: self.takes,
            gives: self.gives,
            live_allocations: live_allocations as u64,
            live_overbooked: live().filter(|(_, taken)| taken.overbooked).count() as u64,
            overbooked: self.overbooked,
            fingerprint: fingerprint(&self.heads()),
        })
    }

    fn check_reached(&self) -> Result<(), Violation> {
        let mut earlier: Vec<&Head> = self.earlier.values().collect();
        earlier.sort_by_key(|head| (head.tenant, head.lane));
        for head in earlier {
            let lane = self.lane(head.tenant, head.lane);
            let reached = lane.map_or(0, Lane::sequence);
            if reached < head.sequence {
                return Err(Violation {
                    line: self.line,
                    tenant: head.tenant,
                    lane: head.lane,
                    sequence: reached + 1,
                    rule: Rule::Continued,
                    explanation: format!(
                        "the chain ends at {reached}, and the earlier export went on to {}",
                        head.sequence
                    ),
                });
            }
        }
        Ok(())
    }
}

fn passes_through(earlier: Option<&Head>, sealed: &Sealed) -> Result<(), Broken> {
    match earlier {
        Some(head) if head.sequence == sealed.entry.sequence && head.hash != sealed.hash => {
            let explanation = "the earlier export has another entry in this place";
            Err(Broken::new(Rule::Continued, explanation))
        }
        _ => Ok(()),
    }
}

fn fingerprint(heads: &[Head]) -> String {
    let mut hasher = Sha256::new();
    for head in heads {
        hasher.update(head.tenant.to_be_bytes());
        hasher.update(head.lane.to_be_bytes());
        hasher.update(head.sequence.to_be_bytes());
        hasher.update(head.hash);
    }
    hex::encode(hasher.finalize())
}

/// Why a journal could not be checked to its end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// An entry breaks a rule.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The journal cannot be read.
    #[error("the journal cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Feeds everything that `reader` gives to `checker`; `progress` hears the bytes read
/// so far after every line.
///
/// # Errors
/// The first violation, or why the reader failed.
pub fn check(
    reader: &mut impl BufRead,
    checker: &mut Checker,
    mut progress: impl FnMut(u64, &Checker),
) -> Result<Report, CheckError> {
    let mut line = Vec::with_capacity(512);
    let mut bytes = 0;
    loop {
        line.clear();
        let limit = LINE_LIMIT as u64 + 1;
        let read = reader.by_ref().take(limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(checker.finish()?);
        }
        bytes += read as u64;
        if line.len() > LINE_LIMIT {
            return Err(too_long(checker.line + 1).into());
        }
        checker.feed(&line)?;
        progress(bytes, checker);
    }
}

fn too_long(line: u64) -> Violation {
    Violation {
        line,
        tenant: 0,
        lane: 0,
        sequence: 0,
        rule: Rule::Form,
        explanation: format!("the line has more than {LINE_LIMIT} bytes"),
    }
}
