//! Rows as the dialect returns them, reduced to what the proofs compare.

use jiff::civil::Date;
use serde::Deserialize;

/// One booking of GET /bookings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookingRow {
    /// The booking's number.
    pub id: i64,
    /// The room type it takes.
    pub room_id: i64,
    /// The unit it was given, where one was.
    #[serde(default)]
    pub unit_id: Option<i64>,
    /// How many units it takes.
    #[serde(default = "one")]
    pub room_qty: i64,
    /// confirmed, request, new, cancelled, black or inquiry.
    pub status: String,
    /// noShow and the like; none where there is nothing to say.
    #[serde(default)]
    pub sub_status: String,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
    /// The group it belongs to.
    #[serde(default)]
    pub master_id: Option<i64>,
    /// The mark that a proof put on it, so that duplicates can be told.
    #[serde(default)]
    pub custom1: String,
}

fn one() -> i64 {
    1
}

impl BookingRow {
    /// Whether a booking of this status takes a room away from others.
    pub fn takes_capacity(&self) -> bool {
        takes_capacity(&self.status)
    }
}

/// Whether a booking of this status takes a room away from others.
pub fn takes_capacity(status: &str) -> bool {
    !matches!(status, "cancelled" | "inquiry")
}
