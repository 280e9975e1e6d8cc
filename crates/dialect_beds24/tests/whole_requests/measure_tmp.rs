use std::time::Instant;
use serde_json::json;
use crate::house::{in_every_house, stay};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore]
#[allow(clippy::disallowed_methods)]
async fn measure() {
    in_every_house(|house| async move {
        let mut rooms = Vec::new();
        for _ in 0..200 { rooms.push(house.property(50).await.1); }
        for (clients, each) in [(256usize, 40usize)] {
            let start = Instant::now();
            let mut tasks = Vec::new();
            for client in 0..clients {
                let house = house.clone();
                let rooms = rooms.clone();
                tasks.push(tokio::spawn(async move {
                    for n in 0..each {
                        let room = rooms[(client * 31 + n * 7) % rooms.len()];
                        let mut item = stay(room, "2026-12-01", "2026-12-03");
                        let day = 1 + (n % 27);
                        item["arrival"] = json!(format!("2027-01-{day:02}"));
                        item["departure"] = json!(format!("2027-01-{:02}", day + 2));
                        item["price"] = json!(200);
                        let r = house.post("/bookings", json!([item])).await;
                        assert_eq!(r.status, 201);
                    }
                }));
            }
            for t in tasks { t.await.unwrap(); }
            let s = start.elapsed().as_secs_f64();
            println!("{clients} clients: {:.0} bookings/s", (clients * each) as f64 / s);
        }
        for path in ["/bookings?limit=100", "/bookings?limit=1", "/bookings?limit=100&arrivalFrom=2027-01-01", "/bookings?limit=100&status=confirmed&arrivalFrom=2027-01-01", "/properties?limit=1", "/bookings?id=1", "/bookings?modifiedFrom=2020-01-01", &format!("/bookings?roomId={}", rooms[0]), &format!("/inventory/rooms/availability?roomId={}&startDate=2027-01-01&endDate=2027-01-30", rooms[1])] {
            let start = Instant::now();
            for _ in 0..50 { house.get(path).await; }
            println!("{path}: {:.3} ms", start.elapsed().as_secs_f64() * 20.0);
        }
    }).await;
}
