//! Plays a plan through the dialect, day by day.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::ReplayFigures;
use super::plan::{Mode, Plan, Step};
use crate::beds24::{Beds24, NewRoom, verdicts};
use crate::chance::{self, Chance};
use crate::data::{Capacities, EventKind, Hotel, Reservation, RoomEntry};
use crate::house::House;
use crate::screen::Progress;
use crate::verdict::Verdict;

/// The largest array that is sent.
const LARGEST_ARRAY: i64 = 40;

/// What the driver knows when it is through.
#[derive(Debug, Default)]
pub struct Played {
    /// The properties.
    pub properties: HashMap<Hotel, i64>,
    /// The rooms' ids.
    pub rooms: HashMap<RoomEntry, i64>,
    /// By row, the booking that was made.
    pub bookings: HashMap<usize, i64>,
    /// Rows that the server refused.
    pub refused: BTreeSet<usize>,
    /// What was wrong on the way.
    pub violations: Vec<String>,
}

struct Driver<'a> {
    client: Beds24,
    reservations: &'a [Reservation],
    plan: &'a Plan,
    played: Played,
    figures: &'a mut ReplayFigures,
}

/// Plays the whole plan.
pub async fn play(
    house: &House,
    reservations: &[Reservation],
    capacities: &Capacities,
    plan: &Plan,
    seed: u64,
    figures: &mut ReplayFigures,
) -> anyhow::Result<Played> {
    let mut client = house.client()?;
    let Some(first) = plan.steps.first() else {
        bail!("there is nothing to play");
    };
    client.move_clock(noon(first.event.day)?).await?;
    let mut played = Played::default();
    make_properties(&mut client, capacities, &mut played).await?;
    let mut driver = Driver {
        client,
        reservations,
        plan,
        played,
        figures,
    };
    driver.play_days(seed).await?;
    Ok(driver.played)
}

async fn make_properties(
    client: &mut Beds24,
    capacities: &Capacities,
    played: &mut Played,
) -> anyhow::Result<()> {
    for hotel in Hotel::ALL {
        let mut entries: Vec<(RoomEntry, NewRoom)> = Vec::new();
        for (letter, _) in capacities.of_hotel(hotel) {
            for (entry, quantity) in capacities.parts((hotel, letter)).into_iter().enumerate() {
                let name = match entry {
                    0 => letter.to_string(),
                    more => format!("{letter}, part {}", more + 1),
                };
                entries.push((((hotel, letter), entry), NewRoom { name, quantity }));
            }
        }
        let rooms: Vec<NewRoom> = entries.iter().map(|(_, room)| room.clone()).collect();
        let made = client
            .add_property(
                hotel.name(),
                &rooms,
                json!({ "country": "PT", "timeZone": "Europe/Lisbon" }),
            )
            .await?;
        played.properties.insert(hotel, made.id);
        played.rooms.extend(
            entries
                .iter()
                .zip(made.rooms)
                .map(|((entry, _), id)| (*entry, id)),
        );
    }
    Ok(())
}

/// Noon of a day in UTC.
pub fn noon(day: Date) -> anyhow::Result<jiff::Timestamp> {
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    Ok(noon.with_context(|| format!("noon of {day}"))?.timestamp())
}

impl Driver<'_> {
    async fn play_days(&mut self, seed: u64) -> anyhow::Result<()> {
        let steps = &self.plan.steps;
        let mut progress = Progress::new("replay", steps.len() as u64);
        let mut chance = chance::stream(seed, 0);
        for day in steps.chunk_by(|one, next| one.event.day == next.event.day) {
            let date = day.first().context("a day with something on it")?.event.day;
            self.client.move_clock(noon(date)?).await?;
            self.figures.days += 1;
            for phase in day.chunk_by(|one, next| one.event.phase == next.event.phase) {
                self.play_phase(phase, &mut chance).await?;
            }
            progress.advance(day.len() as u64, &date.to_string());
        }
        progress.finish();
        Ok(())
    }

    /// Steps of one kind: some alone, some in arrays, by a draw.
    async fn play_phase(&mut self, mut steps: &[Step], chance: &mut Chance) -> anyhow::Result<()> {
        while !steps.is_empty() {
            let most = if chance::percent(chance, 50) {
                1
            } else {
                LARGEST_ARRAY
            };
            let count = usize::try_from(chance::between(chance, 1, most))?.min(steps.len());
            let (now, later) = steps.split_at(count);
            steps = later;
            match now[0].event.kind {
                EventKind::Made => self.make(now).await?,
                _ => self.change(now).await?,
            }
        }
        Ok(())
    }

    async fn make(&mut self, steps: &[Step]) -> anyhow::Result<()> {
        let mut asking: Vec<(usize, RoomEntry)> = steps
            .iter()
            .map(|step| (step.event.row, self.first_room(step)))
            .collect();
        // A refused reservation asks the next entry of its room type, until there is none.
        while !asking.is_empty() {
            let items: Vec<Value> = asking
                .iter()
                .map(|(row, room)| self.new_booking(*row, *room))
                .collect();
            let verdicts = self.write(&items).await?;
            let mut next = Vec::new();
            for ((row, (room_type, entry)), verdict) in asking.into_iter().zip(verdicts) {
                match verdict {
                    Verdict::Done { id: Some(id) } => {
                        self.played.bookings.insert(row, id);
                        self.figures.made += 1;
                    }
                    Verdict::Refused { .. }
                        if self.plan.mode == Mode::Cut
                            && self.played.rooms.contains_key(&(room_type, entry + 1)) =>
                    {
                        next.push((row, (room_type, entry + 1)));
                    }
                    Verdict::Refused { .. } if self.plan.mode == Mode::Cut => {
                        self.played.refused.insert(row);
                        self.figures.refused += 1;
                    }
                    other => self.wrong(row, &other),
                }
            }
            asking = next;
        }
        Ok(())
    }

    fn first_room(&self, step: &Step) -> RoomEntry {
        let reservation = &self.reservations[step.event.row];
        step.room
            .unwrap_or(((reservation.hotel, reservation.assigned_type), 0))
    }

    async fn change(&mut self, steps: &[Step]) -> anyhow::Result<()> {
        // A booking that the server refused against the plan is told once, at the end.
        let known: Vec<&Step> = steps
            .iter()
            .filter(|step| self.played.bookings.contains_key(&step.event.row))
            .collect();
        let items: Vec<Value> = known
            .iter()
            .map(|step| self.changed_booking(step))
            .collect();
        if items.is_empty() {
            return Ok(());
        }
        let verdicts = self.write(&items).await?;
        for (step, verdict) in known.iter().zip(verdicts) {
            if !verdict.is_done() {
                self.wrong(step.event.row, &verdict);
            }
            match step.event.kind {
                EventKind::Changed => self.figures.changed += 1,
                EventKind::Cancelled => self.figures.cancelled += 1,
                EventKind::NoShow => self.figures.no_shows += 1,
                EventKind::Made => {}
            }
        }
        Ok(())
    }

    async fn write(&mut self, items: &[Value]) -> anyhow::Result<Vec<Verdict>> {
        let body = Value::from(items.to_vec()).to_string();
        let answer = self.client.post("/bookings", body.as_bytes()).await?;
        self.figures.requests += 1;
        Ok(verdicts(&answer, items.len()))
    }

    fn new_booking(&self, row: usize, room: RoomEntry) -> Value {
        let reservation = &self.reservations[row];
        let id = self.played.rooms.get(&room).copied().unwrap_or_default();
        json!({
            "roomId": id, "status": "confirmed",
            "arrival": reservation.arrival, "departure": reservation.departure,
            // The file knows the party as it came; before its change it was one larger.
            "numAdult": (reservation.adults + i64::from(crate::data::events::is_changed(reservation))).min(99),
            "numChild": reservation.children,
            "lastName": format!("Reservation {row}"), "country": reservation.country,
            "price": reservation.price_cents() as f64 / 100.0, "custom1": mark(row),
            "actions": { "checkAvailability": self.plan.mode == Mode::Cut },
        })
    }

    fn changed_booking(&self, step: &Step) -> Value {
        let reservation = &self.reservations[step.event.row];
        let id = self
            .played
            .bookings
            .get(&step.event.row)
            .copied()
            .unwrap_or_default();
        match step.event.kind {
            EventKind::Cancelled => json!({ "id": id, "status": "cancelled" }),
            EventKind::NoShow => json!({ "id": id, "subStatus": "noShow" }),
            EventKind::Changed | EventKind::Made => {
                let mut item = json!({ "id": id, "numAdult": reservation.adults });
                if let Some(room) = step.room.and_then(|room| self.played.rooms.get(&room)) {
                    item["roomId"] = json!(room);
                }
                item
            }
        }
    }

    fn wrong(&mut self, row: usize, verdict: &Verdict) {
        self.played
            .violations
            .push(format!("reservation {row}: {verdict:?}"));
    }
}

/// The mark of a row on its booking.
pub fn mark(row: usize) -> String {
    format!("row {row}")
}
