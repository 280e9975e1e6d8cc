//! The hand-written tables: what a lane holds, what is taken, and what follows from every change.
//!
//! Their columns are described here once, like those of the kinds; the statements that insert,
//! change and remove their rows come from that description.

use std::sync::LazyLock;

use catalogue::{
    Column,
    ColumnKind::{self, Bytes, Int, Text},
    Table,
};

use crate::statement::Each;

const fn key(name: &'static str) -> Column {
    Column {
        name,
        kind: Int,
        key: true,
    }
}

const fn column(name: &'static str, kind: ColumnKind) -> Column {
    Column {
        name,
        kind,
        key: false,
    }
}

/// Capacity over time: the row that is locked.
pub(crate) static LANE: Table = Table {
    name: "lane",
    columns: &[
        key("tenant_id"),
        key("id"),
        column("organization_id", Int),
        column("zone", Text),
        column("capacity", Int),
        column("has_units", Int),
        column("refuses_overbooking", Int),
        column("longest_s", Int),
        column("sequence", Int),
        column("hash", Bytes),
        column("terms", Int),
    ],
};

/// A quantity of a lane, taken for a period.
pub(crate) static ALLOCATION: Table = Table {
    name: "allocation",
    columns: &[
        key("tenant_id"),
        key("lane_id"),
        key("starts_at"),
        key("id"),
        column("ends_at", Int),
        column("quantity", Int),
        column("unit", Int),
        column("pinned", Int),
        column("booking_id", Int),
        column("expires_at", Int),
        column("overbooked", Int),
    ],
};

/// The hash-chained record of each lane.
pub(crate) static JOURNAL: Table = Table {
    name: "journal",
    columns: &[
        key("tenant_id"),
        key("lane_id"),
        key("sequence"),
        column("at", Int),
        column("kind", Text),
        column("reason", Text),
        column("allocation_id", Int),
        column("booking_id", Int),
        column("quantity", Int),
        column("starts_at", Int),
        column("ends_at", Int),
        column("capacity", Int),
        column("overbooked", Int),
        column("hash", Bytes),
    ],
};

/// Events that leave the house.
pub(crate) static OUTBOX: Table = Table {
    name: "outbox",
    columns: &[
        key("tenant_id"),
        key("id"),
        column("at", Int),
        column("event", Text),
        column("subject_id", Int),
        column("organization_id", Int),
        column("announce", Int),
        column("doc", Text),
        column("ordinal", Int),
    ],
};

/// Who did what.
pub(crate) static AUDIT: Table = Table {
    name: "audit",
    columns: &[
        key("tenant_id"),
        key("id"),
        column("at", Int),
        column("client_id", Int),
        column("grant_id", Int),
        column("request_id", Text),
        column("action", Text),
        column("subject_id", Int),
    ],
};

/// Answers kept under the caller's key.
pub(crate) static IDEMPOTENCY: Table = Table {
    name: "idempotency",
    columns: &[
        key("tenant_id"),
        key("grant_id"),
        Column {
            name: "key",
            kind: Text,
            key: true,
        },
        column("at", Int),
        column("fingerprint", Bytes),
        column("status", Int),
        column("body", Bytes),
    ],
};

/// What of a lane changes while it is booked.
pub(crate) const LANE_CHANGES: &[&str] = &[
    "capacity",
    "refuses_overbooking",
    "longest_s",
    "sequence",
    "hash",
];

/// What of an allocation changes while it stays where it is.
pub(crate) const ALLOCATION_CHANGES: &[&str] = &["unit", "pinned", "expires_at"];

pub(crate) static LANE_IN: LazyLock<Each> = LazyLock::new(|| Each::insert(&LANE));
pub(crate) static LANE_ON: LazyLock<Each> = LazyLock::new(|| Each::update(&LANE, LANE_CHANGES));
pub(crate) static LANE_TERMS_ON: LazyLock<Each> = LazyLock::new(|| Each::update(&LANE, &["terms"]));
pub(crate) static ALLOCATION_IN: LazyLock<Each> = LazyLock::new(|| Each::insert(&ALLOCATION));
pub(crate) static ALLOCATION_ON: LazyLock<Each> =
    LazyLock::new(|| Each::update(&ALLOCATION, ALLOCATION_CHANGES));
pub(crate) static ALLOCATION_OUT: LazyLock<Each> = LazyLock::new(|| Each::remove(&ALLOCATION));
pub(crate) static JOURNAL_IN: LazyLock<Each> = LazyLock::new(|| Each::insert(&JOURNAL));
pub(crate) static OUTBOX_IN: LazyLock<Each> = LazyLock::new(|| Each::insert(&OUTBOX));
pub(crate) static AUDIT_IN: LazyLock<Each> = LazyLock::new(|| Each::insert(&AUDIT));
pub(crate) static ANSWER_IN: LazyLock<Each> = LazyLock::new(|| Each::insert(&IDEMPOTENCY));
