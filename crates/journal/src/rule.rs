//! The rules that a journal must keep, and how a broken one is named.

use std::fmt;

use serde::Serialize;

/// A rule of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Each line is one JSON object with exactly the fields of an entry.
    Form,
    /// A lane begins with one `open`, and has no other.
    Opening,
    /// Sequence numbers run from 1 without a gap and without a repetition.
    Sequence,
    /// Each entry names the hash of the entry before it.
    Chain,
    /// Each entry has the hash of its own content.
    Hash,
    /// Fields hold sensible values: positive quantities, periods that end after they start.
    Values,
    /// The capacity in an entry is the one that the journal has set.
    Capacity,
    /// What is taken never exceeds capacity, unless the entry is marked as overbooked.
    Overbooked,
    /// An entry is marked as overbooked only where capacity is exceeded.
    Mark,
    /// An allocation that takes is not taking already.
    TakenTwice,
    /// An allocation that gives back has taken, and has not given back since.
    GivenTwice,
    /// What is given back is exactly what was taken.
    Given,
    /// A later export continues the earlier one.
    Continued,
}

impl Rule {
    /// The rule as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Opening => "opening",
            Self::Sequence => "sequence",
            Self::Chain => "chain",
            Self::Hash => "hash",
            Self::Values => "values",
            Self::Capacity => "capacity",
            Self::Overbooked => "overbooked",
            Self::Mark => "mark",
            Self::TakenTwice => "taken_twice",
            Self::GivenTwice => "given_twice",
            Self::Given => "given",
            Self::Continued => "continued",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A rule that one entry breaks, before it is known where the entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// What is wrong, with the figures, for a reader.
    pub explanation: String,
}

impl Broken {
    /// A broken rule with its explanation.
    #[must_use]
    pub fn new(rule: Rule, explanation: impl Into<String>) -> Self {
        Self {
            rule,
            explanation: explanation.into(),
        }
    }
}

/// The first entry that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}, lane {lane}, sequence {sequence} breaks the rule \"{rule}\": {explanation}")]
pub struct Violation {
    /// Line in the file, from 1.
    pub line: u64,
    /// The tenant of the entry; 0 where the line cannot be read.
    pub tenant: i64,
    /// The lane of the entry; 0 where the line cannot be read.
    pub lane: i64,
    /// The sequence number of the entry; 0 where the line cannot be read.
    pub sequence: i64,
    /// The rule that it breaks.
    pub rule: Rule,
    /// What is wrong, with the figures, for a reader.
    pub explanation: String,
}
