//! Every limit of this crate, in one place, each with its reason.
//!
//! An endpoint may set its own body and time limit; these are what it gets when it does not.

use std::time::Duration;

/// Bytes of one request body. Beds24 takes about 1 MB and bulk writers fill it; twice that leaves room
/// for white space without letting 256 connections hold more than half a gigabyte.
pub const BODY_BYTES: usize = 2 * 1024 * 1024;

/// Nesting of a JSON body. The deepest body of any dialect has nine levels; the parser itself would stop
/// at 128, which is stack that a stranger need not have.
pub const JSON_DEPTH: usize = 64;

/// Items of one batch. The vendor's own figure.
pub const BATCH_ITEMS: usize = 10_000;

/// Parameters in one query. A page of 100 ids asked for by name, ten times over.
pub const QUERY_PARAMETERS: usize = 1_000;

/// The last page that may be asked for. Beyond it the offset is an attack or a mistake.
pub const PAGE_NUMBER: u32 = 100_000;

/// From the last header byte to the answer. Above the slowest honest bulk write, below the patience of
/// common clients (60 s), so that the answer is ours and not a broken connection.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Characters of an incoming `X-Request-Id`. A UUID has 36; a trace id with its prefix fits.
pub const REQUEST_ID_CHARACTERS: usize = 64;

/// Characters of an `Idempotency-Key`. The IETF draft's examples have 36; vendors allow 255.
pub const IDEMPOTENCY_KEY_CHARACTERS: usize = 255;

/// Characters of a credential. The longest of any dialect has 172; a JWT with permissions may have 4,000.
pub const CREDENTIAL_CHARACTERS: usize = 8_192;

/// Addresses read from `X-Forwarded-For`. More proxies than this in a row are a forged header.
pub const FORWARDED_ADDRESSES: usize = 16;

/// Meters kept per shard before idle ones are swept out: 64 shards of these are 262,144 grants, 20 MB.
pub const METERS_PER_SHARD: usize = 4_096;

/// Idempotent calls running at once in this process; beyond it callers are told to come back. It is far
/// above what the store's queue accepts.
pub const RUNNING_KEYS: usize = 65_536;
