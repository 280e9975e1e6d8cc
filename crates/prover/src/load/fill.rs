//! Fills a server with allocations, over HTTP, in arrays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;

use crate::beds24::verdicts;
use crate::chance;
use crate::house::House;

use crate::screen::Progress;

use super::Places;
use super::question::booking_text;

/// Bookings in one array.
const ARRAY: u64 = 500;
/// Arrays that are under way at once.
const CONNECTIONS: u64 = 4;

/// Books `count` nights, spread over the places.
pub async fn fill(
    house: &House,
    places: &Arc<Places>,
    count: u64,
    seed: u64,
) -> anyhow::Result<()> {
    let done = Arc::new(AtomicU64::new(0));
    let mut fillers = JoinSet::new();
    for number in 0..CONNECTIONS {
        let mut client = house.client()?;
        let (places, done) = (Arc::clone(places), Arc::clone(&done));
        let mut chance = chance::stream(seed, 1 << 32 | number);
        fillers.spawn(async move {
            while done.fetch_add(ARRAY, Ordering::Relaxed) < count {
                let items: Vec<String> = (0..ARRAY)
                    .map(|_| {
                        let (room, day) = places.draw(&mut chance);
                        booking_text(room, day)
                    })
                    .collect();
                let body = format!("[{}]", items.join(","));
                let answer = client.post("/bookings", body.as_bytes()).await?;
                let made = verdicts(&answer, items.len());
                let Some(wrong) = made.iter().find(|verdict| !verdict.is_done()) else {
                    continue;
                };
                bail!("filling: {wrong:?}");
            }
            Ok(())
        });
    }
    let mut progress = Progress::new("fill", count);
    let mut shown = 0;
    loop {
        tokio::select! {
            ended = fillers.join_next() => match ended {
                None => break,
                Some(ended) => ended.context("a filler")??,
            },
            () = tokio::time::sleep(std::time::Duration::from_millis(500)) => {}
        }
        let now = done.load(Ordering::Relaxed).min(count);
        progress.advance(now - shown, "bookings");
        shown = now;
    }
    progress.finish();
    Ok(())
}
