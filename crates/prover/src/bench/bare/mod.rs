//! The bare loop: what the engine itself can do with the rows of a booking.
//!
//! No HTTP, no JSON, no rules: an overlap check, the five rows that one booking leaves
//! (copied from rows that the server wrote, with new ids, lanes and days), the lane's new
//! head, and a commit after every batch. It runs on the server's own tables, full as they
//! are, while the server is stopped. [`sqlite`] and [`postgres`] are the two loops.

pub mod postgres;
pub mod sqlite;

use anyhow::Context as _;

use crate::chance::{self, Chance};
use crate::latency::Latency;

/// The tables in which one booking leaves a row.
pub const TABLES: [&str; 5] = ["booking", "allocation", "journal", "outbox", "audit"];
/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// A number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A row that the server wrote, to be copied with other ids.
#[derive(Debug, Clone)]
pub struct Template {
    /// The table.
    pub table: &'static str,
    /// Its columns.
    pub columns: Vec<String>,
    /// The values.
    pub row: Vec<Cell>,
}

impl Template {
    /// The row with some of its values replaced.
    pub fn with(&self, values: &[(&str, i64)]) -> Vec<Cell> {
        let replaced = |column: &String| values.iter().find(|(name, _)| name == column);
        self.columns
            .iter()
            .zip(&self.row)
            .map(|(column, cell)| {
                replaced(column).map_or_else(|| cell.clone(), |(_, value)| Cell::Int(*value))
            })
            .collect()
    }

    fn int(&self, column: &str) -> anyhow::Result<i64> {
        let position = self.columns.iter().position(|name| name == column);
        match position.map(|position| &self.row[position]) {
            Some(Cell::Int(value)) => Ok(*value),
            _ => anyhow::bail!("table {} has no number in column {column}", self.table),
        }
    }
}

/// What a bare loop plays with.
#[derive(Debug, Clone)]
pub struct Bare {
    templates: Vec<Template>,
    /// The tenant whose rows are copied.
    pub tenant: i64,
    /// Lanes that are booked, in ascending order.
    pub lanes: Vec<i64>,
    /// The second at which the first night begins.
    pub first_start: i64,
    /// Over how many days bookings are spread.
    pub days: i64,
    next_id: i64,
}

/// One booking of the loop.
#[derive(Debug, Clone, Copy)]
pub struct BareBooking {
    /// Ids from this number on.
    pub id: i64,
    /// The lane.
    pub lane: i64,
    /// Unix seconds.
    pub starts_at: i64,
    /// Unix seconds.
    pub ends_at: i64,
}

/// What a loop came to.
#[derive(Debug, Clone)]
pub struct BareOutcome {
    /// Bookings in a second.
    pub per_second: f64,
    /// How long one commit with its batch took.
    pub commits: Latency,
}

impl Bare {
    /// Prepares a loop over rows that were read from the tables.
    pub fn new(
        templates: Vec<Template>,
        lanes: Vec<i64>,
        largest_id: i64,
        days: i64,
    ) -> anyhow::Result<Self> {
        let allocation = templates.get(1).context("a template for each table")?;
        let (tenant, first_start) = (allocation.int("tenant_id")?, allocation.int("starts_at")?);
        Ok(Self {
            templates,
            tenant,
            lanes,
            first_start,
            days,
            next_id: largest_id + 1_000,
        })
    }

    /// The same loop over so many days, with everybody in one lane: one from the end for each
    /// round, because the bare loop books full nights too, and whoever measures with rules
    /// takes the first.
    pub fn hot(&self, round: usize, days: i64) -> Self {
        let lane = self.lanes.iter().rev().cycle().nth(round);
        Self {
            lanes: lane.into_iter().copied().collect(),
            days,
            ..self.clone()
        }
    }

    /// Draws the bookings of one batch, in ascending order of lanes, as they are locked.
    pub fn draw(&mut self, batch: usize, chance: &mut Chance) -> Vec<BareBooking> {
        let mut bookings: Vec<BareBooking> = (0..batch)
            .map(|_| {
                let lane = chance::one_of(chance, &self.lanes)
                    .copied()
                    .unwrap_or_default();
                let starts_at =
                    self.first_start + chance::between(chance, 0, self.days - 1) * DAY_S;
                self.next_id += 10;
                BareBooking {
                    id: self.next_id,
                    lane,
                    starts_at,
                    ends_at: starts_at + DAY_S,
                }
            })
            .collect();
        bookings.sort_by_key(|booking| booking.lane);
        bookings
    }

    /// The row that a booking leaves in a table of [`TABLES`].
    pub fn row(&self, table: usize, booking: BareBooking, sequence: i64) -> Vec<Cell> {
        let BareBooking {
            id,
            lane,
            starts_at,
            ends_at,
        } = booking;
        let day = starts_at.div_euclid(DAY_S);
        self.templates[table].with(&match TABLES[table] {
            "booking" => vec![
                ("id", id),
                ("resource_id", lane),
                ("arrival_on", day),
                ("departure_on", day + 1),
                ("starts_at", starts_at),
                ("ends_at", ends_at),
            ],
            "allocation" => vec![
                ("id", id + 1),
                ("lane_id", lane),
                ("booking_id", id),
                ("starts_at", starts_at),
                ("ends_at", ends_at),
            ],
            "journal" => vec![
                ("lane_id", lane),
                ("sequence", sequence),
                ("allocation_id", id + 1),
                ("booking_id", id),
                ("starts_at", starts_at),
                ("ends_at", ends_at),
            ],
            _ => vec![("id", id + 2), ("subject_id", id)],
        })
    }

    /// The columns of a table.
    pub fn columns(&self, table: usize) -> &[String] {
        &self.templates[table].columns
    }
}

/// The most that is taken at once, of stays that overlap `[from, to)`: the overlap check.
pub fn peak(taken: &[(i64, i64, i64)], from: i64, to: i64) -> i64 {
    let mut edges: Vec<(i64, i64)> = Vec::with_capacity(taken.len() * 2);
    for (starts_at, ends_at, quantity) in taken {
        if *starts_at < to && *ends_at > from {
            edges.push((*starts_at, *quantity));
            edges.push((*ends_at, -quantity));
        }
    }
    edges.sort_unstable();
    let mut level = 0;
    edges.iter().fold(0, |most: i64, (_, change)| {
        level += change;
        most.max(level)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_keeps_what_is_not_replaced() {
        let template = Template {
            table: "audit",
            columns: vec!["id".into(), "action".into()],
            row: vec![Cell::Int(1), Cell::Text("booking.placed".into())],
        };
        let row = template.with(&[("id", 9)]);
        assert_eq!(row, [Cell::Int(9), Cell::Text("booking.placed".into())]);
    }

    #[test]
    fn who_leaves_at_noon_does_not_meet_who_comes_at_noon() {
        assert_eq!(peak(&[(0, 10, 1), (10, 20, 2), (5, 10, 1)], 0, 20), 2);
        assert_eq!(peak(&[(0, 10, 1)], 10, 20), 0);
    }
}
