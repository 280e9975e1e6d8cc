//! Scratch measurement.
#![allow(
    missing_docs,
    clippy::all,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout
)]
use catalogue::sale::*;
use domain::{booking::Status, id::*, time::Zone};
use jiff::{Timestamp, ToSpan, civil::date};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::{hot::*, *};
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let dir = tempfile::tempdir_in(".").unwrap();
    let cfg = std::env::args()
        .nth(1)
        .map(|u| StoreConfig::parse(&u).unwrap())
        .unwrap_or(StoreConfig::Sqlite {
            directory: dir.path().into(),
        });
    let ids = Arc::new(IdSource::new(1));
    let store = Store::open(&cfg, ids.clone()).await.unwrap();
    let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let t = ids.next(now);
    let stamp = Stamp {
        tenant_id: t,
        client_id: t,
        grant_id: t,
        request_id: "r".into(),
        organizations: None,
        now,
    };
    let lanes: Vec<Id> = (0..1000).map(|_| ids.next(now)).collect();
    let commands = lanes
        .iter()
        .map(|l| {
            Command::OpenLane(OpenLane {
                resource_id: *l,
                organization_id: t,
                zone: Zone::new("Europe/Lisbon").unwrap(),
                capacity: 99,
                has_units: true,
                refuses_overbooking: false,
            })
        })
        .collect();
    store
        .submit(Submission {
            stamp: stamp.clone(),
            commands,
            all_or_nothing: false,
            idempotency: None,
        })
        .await
        .unwrap();
    for (name, n_lanes) in [("spread", 1000usize), ("hot", 1)] {
        for clients in [1usize, 16, 64, 256] {
            let end = Instant::now() + Duration::from_secs(3);
            let start = Instant::now();
            let cpu0 = cpu();
            let tasks: Vec<_> = (0..clients)
                .map(|c| {
                    let (store, stamp, ids, lanes) =
                        (store.clone(), stamp.clone(), ids.clone(), lanes.clone());
                    tokio::spawn(async move {
                        let mut n = 0u64;
                        let mut x = c as u64 * 7919 + 1;
                        while Instant::now() < end {
                            x = x
                                .wrapping_mul(6364136223846793005)
                                .wrapping_add(1442695040888963407);
                            let lane = lanes[(x >> 33) as usize % n_lanes];
                            let arrival = date(2027, 1, 1)
                                .checked_add(((x >> 20) as i64 % 2000).days())
                                .unwrap();
                            let id = ids.next(now);
                            let b = Booking {
                                tenant_id: t,
                                id,
                                organization_id: t,
                                resource_id: lane,
                                group_id: None,
                                status: Status::Confirmed,
                                opened: false,
                                arrival_on: arrival,
                                departure_on: arrival.checked_add(2.days()).unwrap(),
                                starts_at: now,
                                ends_at: now,
                                created_at: now,
                                changed_at: now,
                                channel: "direct".into(),
                                external_reference: "".into(),
                                search: "".into(),
                                version: 1,
                                quantity: 1,
                                cancelled_at: None,
                                held_until: None,
                                details: Default::default(),
                            };
                            let p = PlaceBooking {
                                booking: b,
                                lines: vec![],
                                notes: vec![],
                                unit: UnitChoice::Any,
                                group: Group::Alone,
                                overbooking: Overbooking::Mark,
                                event_id: ids.next(now),
                                announce: false,
                            };
                            store
                                .submit(Submission {
                                    stamp: stamp.clone(),
                                    commands: vec![Command::Place(Box::new(p))],
                                    all_or_nothing: false,
                                    idempotency: None,
                                })
                                .await
                                .unwrap();
                            n += 1;
                        }
                        n
                    })
                })
                .collect();
            let mut total = 0;
            for t in tasks {
                total += t.await.unwrap();
            }
            println!(
                "{name:8} {clients:4} clients {:9.0}/s  cpu {:.1} us/op",
                total as f64 / start.elapsed().as_secs_f64(),
                (cpu() - cpu0) * 1e6 / total as f64
            );
        }
    }
    store.close().await;
}

fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
