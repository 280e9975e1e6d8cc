//! Bookings per second at the store itself: the server's own code without HTTP. The only
//! place of this crate that goes below the wire, to stand between the bare loop and the
//! figures over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use catalogue::sale::Booking;
use domain::id::{Id, IdSource};
use jiff::ToSpan as _;
use store::hot::{
    Answer, Command, Group, Outcome, Overbooking, PlaceBooking, Price, Refusal, Stamp, Submission,
    UnitChoice,
};
use store::{Condition, Store, StoreConfig};
use tokio::task::JoinSet;

use crate::chance::{self, Chance};
use crate::latency::Latency;
use crate::load::Places;
use crate::watch;

use super::bare::BareOutcome;

/// The number of this process among those that make ids; the server's is another one.
const NODE: u8 = 15;

/// Books from many tasks at once, straight at the store.
pub async fn run(
    config: &StoreConfig,
    tenant: i64,
    places: &Arc<Places>,
    tasks: usize,
    duration: Duration,
    seed: u64,
) -> anyhow::Result<BareOutcome> {
    let store = Store::open(config, Arc::new(IdSource::new(NODE))).await?;
    let template = template(&store, tenant).await?;
    let began = watch::instant();
    let mut booking = JoinSet::new();
    for number in 0..tasks {
        let shop = Shop {
            store: store.clone(),
            template: template.clone(),
            places: Arc::clone(places),
            chance: chance::stream(seed, number as u64),
        };
        booking.spawn(shop.book_until(began + duration));
    }
    let mut commits = Latency::default();
    while let Some(booked) = booking.join_next().await {
        commits.merge(&booked.context("a task at the store")??);
    }
    let per_second = commits.count() as f64 / began.elapsed().as_secs_f64();
    store.close().await;
    Ok(BareOutcome {
        per_second,
        commits,
    })
}

/// A booking that the server wrote, to be made again elsewhere.
async fn template(store: &Store, tenant: i64) -> anyhow::Result<Booking> {
    let tenant = Id::new(tenant).context("the tenant's id")?;
    let tx = store.reader().await?;
    let condition = Condition::Is("tenant_id", tenant.into());
    let found: Vec<Booking> = tx.find(&condition, "arrival_on, id", Some(1), 0).await?;
    found.into_iter().next().context("a booking to copy")
}

struct Shop {
    store: Store,
    template: Booking,
    places: Arc<Places>,
    chance: Chance,
}

impl Shop {
    async fn book_until(mut self, until: Instant) -> anyhow::Result<Latency> {
        let mut latency = Latency::default();
        loop {
            let submission = self.submission()?;
            let began = watch::instant();
            if began >= until {
                return Ok(latency);
            }
            match self.store.submit(submission).await? {
                Answer::Fresh(outcomes) if matches!(outcomes[..], [Outcome::Done(_)]) => {
                    latency.record(began.elapsed());
                }
                // The bare loop before this one filled some nights beyond their capacity.
                Answer::Fresh(outcomes)
                    if matches!(outcomes[..], [Outcome::Refused(Refusal::SoldOut { .. })]) => {}
                other => bail!("the store answered {other:?}"),
            }
        }
    }

    fn submission(&mut self) -> anyhow::Result<Submission> {
        let now = watch::now();
        let (room, day) = self.places.draw(&mut self.chance);
        let mut booking = self.template.clone();
        booking.id = self.store.ids().next(now);
        booking.resource_id = Id::new(room).context("a room's id")?;
        (booking.arrival_on, booking.departure_on) = (day, day.saturating_add(1.day()));
        let tenant_id = booking.tenant_id;
        let place = PlaceBooking {
            event_id: self.store.ids().next(now),
            booking,
            price: Price::Calendar,
            lines: vec![],
            charge: None,
            notes: vec![],
            unit: UnitChoice::Any,
            group: Group::Alone,
            overbooking: Overbooking::Refuse,
            announce: false,
        };
        Ok(Submission {
            stamp: Stamp {
                tenant_id,
                client_id: tenant_id,
                grant_id: tenant_id,
                request_id: "bench".into(),
                organizations: None,
                now,
            },
            commands: vec![Command::Place(Box::new(place))],
            all_or_nothing: false,
            idempotency: None,
        })
    }
}
