//! `tabard bench-fill`: many bookings, quickly, for measuring on a store that is not empty.
//!
//! They go through the hot path that clients use, in large submissions, so what is there afterwards
//! is what serving would have made: rows, journal, outbox, audit trail.

use anyhow::{Context as _, bail, ensure};
use domain::{
    access::Actor,
    booking::Status,
    contact::Contact,
    id::Id,
    party::Party,
    time::{Zone, today},
};
use http_kit::Stopwatch;
use jiff::{SignedDuration, ToSpan, civil::Date};
use service::{
    PageOf, Service,
    bookings::{BookingWrite, GroupChoice, NewBooking, UnitChoice},
    once::WriteAnswer,
    properties::{PropertyFilter, PropertyPatch, PropertyWrite, RoomPatch, RoomWrite},
    sale::BookingDetails,
    tenants::NewTenant,
};
use tokio::task::JoinSet;

use super::{
    places::{self, Place},
    screen::{Progress, say},
};
use crate::operator;

/// Bookings in one submission: as many as one commit takes.
const AT_ONCE: u64 = 512;

/// Submissions under way at a time, so that the writer never waits for us.
const UNDER_WAY: usize = 4;

/// Properties are made with so many rooms at a time.
const ROOMS_AT_ONCE: u64 = 250;

/// `tabard bench-fill`.
#[derive(Debug, clap::Args)]
pub struct BenchFill {
    /// How many bookings to make, of one night each
    #[arg(long, default_value_t = 1_000_000)]
    allocations: u64,
    /// Over how many lanes they are spread
    #[arg(long, default_value_t = 1_000)]
    lanes: u64,
    /// An existing tenant to fill, by its id [default: a new one]
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Option<Id>,
    #[command(flatten)]
    place: Place,
}

impl BenchFill {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        ensure!(self.lanes > 0, "--lanes is 0: bookings need a lane");
        let store = self.place.open().await?;
        let service = Service::new(store.clone());
        let actor = self.actor(&service).await?;
        let (rooms, first) = rooms(&service, &actor, self.lanes).await?;
        let filling = Stopwatch::start();
        fill(&service, &actor, &rooms, first, self.allocations).await?;
        let seconds = filling.elapsed().as_secs_f64();
        say(&format!(
            "tenant {}: {} bookings over {} lanes in {seconds:.1} s, {:.0} a second",
            actor.tenant_id,
            self.allocations,
            rooms.len(),
            self.allocations as f64 / seconds.max(0.001)
        ))?;
        store.close().await;
        Ok(())
    }

    async fn actor(&self, service: &Service) -> anyhow::Result<Actor> {
        let now = places::now();
        let tenant = match self.tenant {
            Some(id) => service
                .tenant(id)
                .await?
                .with_context(|| format!("there is no tenant {id}"))?,
            None => {
                let new = NewTenant {
                    name: "Bench".to_owned(),
                    sandbox: true,
                    clock: None,
                };
                service.tenant_create(new, now).await?
            }
        };
        let tenant_now = now + SignedDuration::from_millis(tenant.clock_offset_ms);
        Ok(operator::actor(tenant.id, tenant_now, "bench fill"))
    }
}

/// The tenant's rooms, of which so many are made where there are fewer, and the first night to book.
async fn rooms(service: &Service, actor: &Actor, lanes: u64) -> anyhow::Result<(Vec<Id>, Date)> {
    let found = service
        .properties()
        .find(actor, &PropertyFilter::default(), PageOf::first(1_000))
        .await?;
    let mut rooms: Vec<Id> = found
        .rows
        .iter()
        .flat_map(|property| property.rooms.iter().map(|room| room.resource.id))
        .collect();
    while (rooms.len() as u64) < lanes {
        let missing = (lanes - rooms.len() as u64).min(ROOMS_AT_ONCE);
        let written = service
            .properties()
            .write(actor, vec![property(missing)])
            .await?;
        let Some(Ok(made)) = written.into_iter().next() else {
            bail!("a property for the bench was refused");
        };
        rooms.extend(made.after.rooms.iter().map(|room| room.resource.id));
    }
    rooms.truncate(usize::try_from(lanes).unwrap_or(usize::MAX));
    Ok((rooms, today(&Zone::UTC, actor.now)))
}

fn property(rooms: u64) -> PropertyWrite {
    let room = |number: u64| RoomWrite {
        patch: RoomPatch {
            name: Some(format!("Lane {number}")),
            quantity: Some(1_000),
            ..RoomPatch::default()
        },
        ..RoomWrite::default()
    };
    PropertyWrite {
        patch: PropertyPatch {
            name: Some("Bench".to_owned()),
            ..PropertyPatch::default()
        },
        rooms: (1..=rooms).map(room).collect(),
        ..PropertyWrite::default()
    }
}

async fn fill(
    service: &Service,
    actor: &Actor,
    rooms: &[Id],
    first: Date,
    count: u64,
) -> anyhow::Result<()> {
    let mut progress = Progress::new();
    let mut under_way = JoinSet::new();
    let (mut sent, mut done) = (0, 0);
    while done < count {
        while sent < count && under_way.len() < UNDER_WAY {
            let until = (sent + AT_ONCE).min(count);
            let items = (sent..until)
                .map(|number| booking(rooms, first, number))
                .collect();
            let (service, actor) = (service.clone(), actor.clone());
            under_way.spawn(async move { submit(&service, &actor, items).await });
            sent = until;
        }
        if let Some(submitted) = under_way.join_next().await {
            done += submitted??;
            progress.show("bookings", done, count);
        }
    }
    Ok(())
}

async fn submit(service: &Service, actor: &Actor, items: Vec<BookingWrite>) -> anyhow::Result<u64> {
    let WriteAnswer::Fresh(outcomes) = service.bookings().write(actor, items, None).await? else {
        bail!("a call without a key was replayed");
    };
    let count = outcomes.len() as u64;
    match outcomes
        .into_iter()
        .find_map(|outcome| outcome.result.err())
    {
        Some(refusal) => bail!("a booking was refused: {refusal:?}"),
        None => Ok(count),
    }
}

/// One night, spread over rooms first and then over two years.
fn booking(rooms: &[Id], first: Date, number: u64) -> BookingWrite {
    let lanes = rooms.len() as u64;
    let room = rooms[usize::try_from(number % lanes).unwrap_or(0)];
    let night = i64::try_from(number / lanes % 700).unwrap_or(0);
    let arrival = first.saturating_add(night.days());
    let details = BookingDetails {
        party: Party::new(2, 0),
        contact: Contact {
            first_name: "Ada".to_owned(),
            last_name: format!("Guest {number}"),
            ..Contact::default()
        },
        ..BookingDetails::default()
    };
    BookingWrite::Create(Box::new(NewBooking {
        resource_id: room,
        arrival,
        departure: arrival.saturating_add(1.days()),
        quantity: 1,
        unit: UnitChoice::Unassigned,
        status: Status::Confirmed,
        opened: true,
        held_until: None,
        group: GroupChoice::Alone,
        channel: "direct".to_owned(),
        external_reference: String::new(),
        details,
        price_given: true,
        lines: Vec::new(),
        notes: Vec::new(),
        check_availability: true,
        charge_price: false,
        announce: true,
    }))
}
