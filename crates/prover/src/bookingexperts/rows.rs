//! Resources as the dialect shows them, reduced to what the proofs compare.

use anyhow::Context as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationRow {
    /// Its number, the same as in every other API.
    pub id: i64,
    /// confirmed, unconfirmed, option, request, cancelled or expired.
    pub state: String,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
    /// The rentable type that it takes.
    pub rentable_type: i64,
}

#[derive(Deserialize)]
struct Shown {
    state: String,
    start_date: Date,
    end_date: Date,
}

impl ReservationRow {
    /// Reads a resource of a list.
    pub fn read(resource: &Value) -> anyhow::Result<Self> {
        let read = || -> anyhow::Result<Self> {
            let shown = resource.get("attributes").cloned().unwrap_or_default();
            let shown: Shown = serde_json::from_value(shown)?;
            Ok(Self {
                id: number(resource, "/id")?,
                state: shown.state,
                arrival: shown.start_date,
                departure: shown.end_date,
                rentable_type: number(resource, "/relationships/rentable_type/data/id")?,
            })
        };
        read().with_context(|| format!("a reservation: {resource}"))
    }

    /// Whether it takes a place away from others.
    pub fn takes_capacity(&self) -> bool {
        !matches!(self.state.as_str(), "cancelled" | "expired" | "refused")
    }
}

/// A day in the calendar of a rentable type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct DayRow {
    /// The night.
    pub date: Date,
    /// How many are left; never less than none.
    pub stock: i64,
    /// How many there are.
    pub capacity: i64,
}

impl DayRow {
    /// Reads a resource of a calendar.
    pub fn read(resource: &Value) -> anyhow::Result<Self> {
        let shown = resource.get("attributes").cloned().unwrap_or_default();
        serde_json::from_value(shown).with_context(|| format!("a day of a calendar: {resource}"))
    }
}

fn number(resource: &Value, pointer: &str) -> anyhow::Result<i64> {
    let text = resource.pointer(pointer).and_then(Value::as_str);
    let text = text.with_context(|| format!("no text at {pointer}"))?;
    text.parse().with_context(|| format!("{pointer} is {text}"))
}
