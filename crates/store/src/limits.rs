//! Every bound of the store, with its reason.

/// How many submissions may wait for the writer. Beyond it callers are told to retry, so that a
/// slow disk shows as "busy" within a second rather than as a growing queue.
pub const QUEUE: usize = 4096;

/// How many commands one commit takes. Larger batches save no more flushes and make the first
/// command of the batch wait for the last.
pub const BATCH: usize = 512;

/// When a refused caller should try again.
pub const RETRY_AFTER_MS: u64 = 1000;

/// How often a transaction is run again after a serialization failure or a deadlock.
pub const RUNS: u32 = 8;

/// How many batches PostgreSQL works on at a time.
pub const POSTGRES_WRITERS: usize = 2;

/// Read connections to PostgreSQL.
pub const POSTGRES_READERS: usize = 8;

/// How long a statement may wait for a lock on PostgreSQL before it is given up.
pub const LOCK_TIMEOUT_MS: u64 = 5_000;

/// How long a statement may run on PostgreSQL.
pub const STATEMENT_TIMEOUT_MS: u64 = 20_000;

/// Prepared statements kept per connection.
pub const STATEMENTS: usize = 256;

/// How many resources are kept in memory with their settings, some thousand bytes each.
pub const TERMS_RESOURCES: usize = 4_000;

/// How much memory the calendar days may take that are kept.
pub const TERMS_DAYS_BYTES: u64 = 24 * 1024 * 1024;

/// How many lanes are kept in memory for those who only look, some hundred bytes each.
pub const LANES_KEPT: usize = 16_384;

/// How many blocks of nights are kept with what is taken in them, some two hundred bytes each: those of a
/// thousand lanes for more than two years.
pub const NIGHT_BLOCKS_KEPT: usize = 65_536;

/// How many numbers count the changes of lanes. With more lanes than that some share one, and are read
/// again when another has changed.
pub const LANE_CHANGES: usize = 4_096;

/// How many questions about lanes are answered together on PostgreSQL. With more, one connection would
/// take what all wait for, and the others would have nothing to do meanwhile.
pub const LOOKS_TOGETHER: usize = 16;

/// How many connections to PostgreSQL answer questions about lanes.
pub const LOOKERS: usize = 3;

/// From this many pages of the write-ahead log on, that are not in the database yet, copying them is
/// worth its flushes: 64 MB. A page that changes often is copied once for many changes, and what is not
/// written twice leaves the disk to the commits.
pub const COPY_FROM_PAGES: u32 = 16_384;

/// From this many pages on the write-ahead log begins anew at the next chance: 128 MB. What is written
/// over costs a commit less than what makes the file longer.
pub const LOG_RESTART_PAGES: u32 = 32_768;

/// So many pages the writer copies itself when the log begins anew, and everybody waits for it: 16 MB.
pub const LOG_REST_PAGES: u32 = 4_096;

/// At this many pages the writer waits until the log can begin anew, so that it stays bounded under
/// constant load: 256 MB.
pub const LOG_BOUND_PAGES: u32 = 65_536;

/// How many rounds of widening a command may ask for while re-packing units.
pub const WIDENINGS: usize = 6;

/// How many stays are looked at, at most, when units are re-packed.
pub const REPACKED_STAYS: usize = 2_000;

/// How many rows a copy moves at a time.
pub const COPY_ROWS: usize = 2_000;

/// The longest stay, in days. Further apart, arrival and departure are taken for a mistake; it also
/// bounds what one booking makes the store read.
pub const LONGEST_STAY_DAYS: i32 = 3_660;

/// The most that one booking takes of a lane that counts only, and the most that a lane holds. It
/// is what the journal accepts, so that no sum over a lane can overflow.
pub const LARGEST_QUANTITY: i64 = 1_000_000_000;

/// The most units that one booking takes, because each of them is a row of its own.
pub const UNITS_OF_A_BOOKING: i64 = 1_000;

/// How many ids are left out after the largest that is found when opening: allocations are drawn after
/// the event they belong to, and only events are looked at. It is a second's worth.
pub const IDS_LEFT_OUT: i64 = 1_000 << 12;

/// The longest external reference, in bytes: it is found by an index, and an entry of an index has to fit
/// on a third of a page.
pub const REFERENCE_BYTES: usize = 1_000;
