//! A small server that speaks as much of both dialects as the race does: honest, or one
//! that looks first and books later, so that it sells a last place several times.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use journal::{BEFORE_THE_FIRST, Entry, Hash, Kind};
use prover::demo::{Demo, DemoBeds24, DemoBookingExperts, DemoHouse};
use serde_json::{Value, json};

#[derive(Default)]
struct Books {
    next_id: i64,
    rooms: Vec<Value>,
    bookings: Vec<Value>,
    journal: String,
    heads: HashMap<i64, (i64, Hash)>,
}

#[derive(Clone)]
struct Fake {
    books: Arc<Mutex<Books>>,
    honest: bool,
}

/// Starts the fake on a free port; it ends with the test's runtime.
pub async fn start(honest: bool) -> Demo {
    let fake = Fake {
        books: Arc::default(),
        honest,
    };
    let router = Router::new()
        .route(
            "/beds24/v2/properties",
            get(properties).post(add_properties),
        )
        .route("/beds24/v2/bookings", get(bookings).post(add_bookings))
        .route(
            "/bookingexperts/v3/channels/1/reservations",
            post(add_reservation),
        )
        .route(
            "/bookingexperts/v3/channels/1/reservations/{id}/confirm",
            post(confirm),
        )
        .route("/bookingexperts/v3/reservations", get(reservations))
        .route("/tabard/v1/journal", get(journal_lines))
        .route("/health/ready", get(|| async { "ready" }))
        .route("/echo", post(|body: String| async move { body }))
        .with_state(fake);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Demo {
        beds24: DemoBeds24 {
            base_url: format!("{url}/beds24/v2"),
            invite_code: String::new(),
            refresh_token: String::new(),
            token: "token".into(),
            property_id: 1,
            room_ids: vec![],
            limited_token: String::new(),
        },
        bookingexperts: Some(DemoBookingExperts {
            base_url: format!("{url}/bookingexperts/v3"),
            api_key: "key".into(),
            administration_id: "1".into(),
            channel_id: "1".into(),
            rentable_type_ids: vec![],
        }),
        tabard: DemoHouse { tenant_id: 1 },
        url,
    }
}

impl Books {
    fn id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }

    fn seal(&mut self, entry: &Entry) {
        let head = self
            .heads
            .entry(entry.lane)
            .or_insert((0, BEFORE_THE_FIRST));
        let mut entry = entry.clone();
        head.0 += 1;
        entry.sequence = head.0;
        let sealed = entry.seal(head.1);
        head.1 = sealed.hash;
        self.journal.push_str(&sealed.to_line());
        self.journal.push('\n');
    }

    fn capacity(&self, room: i64) -> i64 {
        let room = self.rooms.iter().find(|row| row["id"] == room).unwrap();
        room["qty"].as_i64().unwrap()
    }

    /// The races' stays all share a night, so counting them is enough here.
    fn taken(&self, room: i64) -> i64 {
        self.bookings
            .iter()
            .filter(|row| row["roomId"] == room)
            .count() as i64
    }
}

async fn properties(State(fake): State<Fake>, RawQuery(query): RawQuery) -> Json<Value> {
    let books = fake.books.lock().unwrap();
    let wanted = &values(&query, "id");
    let rooms: Vec<&Value> = books
        .rooms
        .iter()
        .filter(|row| wanted.contains(&row["propertyId"].to_string()))
        .collect();
    page(json!([{ "id": wanted.first(), "roomTypes": rooms }]))
}

async fn add_properties(
    State(fake): State<Fake>,
    Json(items): Json<Vec<Value>>,
) -> (StatusCode, Json<Value>) {
    let mut books = fake.books.lock().unwrap();
    let mut answers = Vec::new();
    for item in items {
        let property = item["id"].as_i64().unwrap_or_else(|| books.id());
        let mut made = Vec::new();
        for room in item["roomTypes"].as_array().unwrap() {
            let mut room = room.clone();
            let id = books.id();
            room["id"] = id.into();
            room["propertyId"] = property.into();
            let capacity = room["qty"].as_i64().unwrap();
            made.push(room.clone());
            books.rooms.push(room);
            books.seal(&Entry::open(1, id, 1, capacity));
        }
        let new = json!({ "id": property, "roomTypes": made });
        answers.push(json!({ "success": true, "new": new }));
    }
    (StatusCode::CREATED, Json(answers.into()))
}

async fn bookings(State(fake): State<Fake>, RawQuery(query): RawQuery) -> Json<Value> {
    let books = fake.books.lock().unwrap();
    let wanted = values(&query, "roomId");
    let rows: Vec<&Value> = books
        .bookings
        .iter()
        .filter(|row| wanted.contains(&row["roomId"].to_string()))
        .collect();
    page(json!(rows))
}

async fn add_bookings(
    State(fake): State<Fake>,
    Json(items): Json<Vec<Value>>,
) -> (StatusCode, Json<Value>) {
    let room = items[0]["roomId"].as_i64().unwrap();
    answer(try_to_sell(&fake, room, &items[0]).await)
}

/// Under one lock, or looking first and booking later.
async fn try_to_sell(fake: &Fake, room: i64, item: &Value) -> Option<i64> {
    let is_free = |books: &Books| books.taken(room) < books.capacity(room);
    if fake.honest {
        let mut books = fake.books.lock().unwrap();
        return is_free(&books).then(|| sell(&mut books, room, item));
    }
    let free = is_free(&fake.books.lock().unwrap());
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    free.then(|| sell(&mut fake.books.lock().unwrap(), room, item))
}

async fn add_reservation(
    State(fake): State<Fake>,
    Json(document): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let wanted = &document["data"];
    let room = wanted["relationships"]["rentable_type"]["data"]["id"].as_str();
    let room: i64 = room.unwrap().parse().unwrap();
    let item = json!({
        "roomId": room, "status": "confirmed",
        "arrival": wanted["attributes"]["start_date"],
        "departure": wanted["attributes"]["end_date"],
    });
    match try_to_sell(&fake, room, &item).await {
        Some(id) => (StatusCode::CREATED, resource(id)),
        None => {
            let error = json!({
                "status": "409", "code": "CONFLICT", "title": "Conflict", "detail": "none left",
            });
            (StatusCode::CONFLICT, Json(json!({ "errors": [error] })))
        }
    }
}

async fn confirm(Path(id): Path<i64>) -> Json<Value> {
    resource(id)
}

fn resource(id: i64) -> Json<Value> {
    Json(json!({ "data": { "type": "reservation", "id": id.to_string() } }))
}

async fn reservations(State(fake): State<Fake>, RawQuery(query): RawQuery) -> Json<Value> {
    let books = fake.books.lock().unwrap();
    let wanted = values(&query, "filter[rentable_type]");
    let wanted: Vec<&str> = wanted.iter().flat_map(|list| list.split(',')).collect();
    let here = books
        .bookings
        .iter()
        .filter(|row| wanted.contains(&&*row["roomId"].to_string()));
    let rows: Vec<Value> = here.map(reservation).collect();
    Json(json!({ "data": rows, "links": { "next": null } }))
}

fn reservation(row: &Value) -> Value {
    json!({
        "type": "reservation", "id": row["id"].to_string(),
        "attributes": {
            "state": "confirmed", "start_date": row["arrival"], "end_date": row["departure"],
        },
        "relationships": {
            "rentable_type": { "data": {
                "type": "rentable_type", "id": row["roomId"].to_string(),
            } },
        },
    })
}

fn sell(books: &mut Books, room: i64, item: &Value) -> i64 {
    let id = books.id();
    let mut row = item.clone();
    row["id"] = id.into();
    books.bookings.push(row);
    let mut entry = Entry::open(1, room, 2, books.capacity(room));
    entry.kind = Kind::Take;
    entry.reason = "placed".into();
    (entry.allocation, entry.booking, entry.quantity) = (Some(id), Some(id), 1);
    (entry.starts_at, entry.ends_at) = (86_400, 172_800);
    books.seal(&entry);
    id
}

fn answer(sold: Option<i64>) -> (StatusCode, Json<Value>) {
    let body = match sold {
        Some(id) => json!([{ "success": true, "new": { "id": id } }]),
        None => json!([{ "success": false, "errors": [{ "message": "no place left" }] }]),
    };
    (StatusCode::CREATED, Json(body))
}

async fn journal_lines(State(fake): State<Fake>) -> String {
    fake.books.lock().unwrap().journal.clone()
}

fn page(data: Value) -> Json<Value> {
    Json(json!({ "success": true, "pages": { "nextPageExists": false }, "data": data }))
}

fn values(query: &Option<String>, key: &str) -> Vec<String> {
    let query = query.as_deref().unwrap_or_default();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| *name == key)
        .map(|(_, value)| value.to_owned())
        .collect()
}
