//! The judge: what the journal says, and whether the bookings agree with it.
//!
//! The chain and the capacity are judged by [`journal::Checker`], which shares no code
//! with the server. Beside that, the bookings that the dialect lists must be exactly the
//! allocations that live at the end of the journal.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::beds24::{Beds24, BookingRow};

/// What a verified journal came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JournalFindings {
    /// Lanes with at least one entry.
    pub lanes: u64,
    /// Entries, all of them verified.
    pub entries: u64,
    /// Takes that were marked as overbooked, by somebody who asked for it.
    pub overbooked_takes: u64,
    /// Changes of capacity that left less than was taken.
    pub overbooked_capacities: u64,
    /// Allocations that still take capacity.
    pub live_allocations: u64,
    /// The quantity that lives, by booking.
    #[serde(skip)]
    pub live: HashMap<i64, i64>,
}

/// The fields of a journal line that say who takes what.
#[derive(Deserialize)]
struct Line {
    kind: String,
    booking: Option<i64>,
    quantity: i64,
    overbooked: bool,
}

/// Reads the whole journal and verifies it. A broken rule is an error that names the
/// first entry which breaks it.
pub async fn verify_journal(client: &mut Beds24) -> anyhow::Result<JournalFindings> {
    let mut checker = journal::Checker::new();
    let mut findings = JournalFindings::default();
    client
        .journal(|line| {
            checker
                .feed(line)
                .map_err(|violation| anyhow::anyhow!("the journal: {violation}"))?;
            let line: Line = serde_json::from_slice(line).context("a line of the journal")?;
            findings.follow(&line);
            Ok(())
        })
        .await?;
    let report = checker
        .finish()
        .map_err(|violation| anyhow::anyhow!("the journal: {violation}"))?;
    findings.live.retain(|_, quantity| *quantity != 0);
    findings.lanes = report.lanes;
    findings.entries = report.entries;
    findings.live_allocations = report.live_allocations;
    Ok(findings)
}

impl JournalFindings {
    fn follow(&mut self, line: &Line) {
        let taken = match line.kind.as_str() {
            "take" => line.quantity,
            "give" => -line.quantity,
            _ => {
                self.overbooked_capacities += u64::from(line.overbooked);
                return;
            }
        };
        self.overbooked_takes += u64::from(line.overbooked && taken > 0);
        if let Some(booking) = line.booking {
            *self.live.entry(booking).or_default() += taken;
        }
    }
}

/// Compares listed bookings with what lives in the journal: each booking that takes
/// capacity lives with its quantity, each other one does not live.
pub fn compare_with_bookings(
    findings: &JournalFindings,
    bookings: &[BookingRow],
) -> anyhow::Result<()> {
    for booking in bookings {
        let lives = findings.live.get(&booking.id).copied().unwrap_or(0);
        let should = if booking.takes_capacity() {
            booking.room_qty
        } else {
            0
        };
        if lives != should {
            bail!(
                "booking {} ({}, quantity {}) should take {should}, but {lives} live in the journal",
                booking.id,
                booking.status,
                booking.room_qty
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn booking(id: i64, status: &str, room_qty: i64) -> BookingRow {
        BookingRow {
            id,
            room_id: 1,
            unit_id: None,
            room_qty,
            status: status.into(),
            sub_status: String::new(),
            arrival: jiff::civil::date(2030, 1, 1),
            departure: jiff::civil::date(2030, 1, 2),
            master_id: None,
            custom1: String::new(),
        }
    }

    #[test]
    fn a_booking_that_was_lost_from_the_journal_is_noticed() {
        let findings = JournalFindings {
            live: HashMap::from([(1, 2), (3, 1)]),
            ..Default::default()
        };
        assert!(compare_with_bookings(&findings, &[booking(1, "confirmed", 2)]).is_ok());
        assert!(compare_with_bookings(&findings, &[booking(2, "confirmed", 1)]).is_err());
        assert!(compare_with_bookings(&findings, &[booking(2, "cancelled", 1)]).is_ok());
        assert!(compare_with_bookings(&findings, &[booking(3, "inquiry", 1)]).is_err());
    }
}
