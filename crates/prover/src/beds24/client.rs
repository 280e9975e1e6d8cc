//! The client: one connection, one token that renews itself.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{BookingRow, verdicts};
use crate::demo::Demo;
use crate::http::{Answer, Connection, HttpError, Request, Target};
use crate::verdict::Verdict;

/// More pages than this would be a server that never says "no next page".
const MAX_PAGES: u32 = 100_000;

/// A caller of the Beds24 dialect on one keep-alive connection.
#[derive(Debug)]
pub struct Beds24 {
    connection: Connection,
    root: Connection,
    token: String,
    refresh_token: String,
}

/// A room type to be made.
#[derive(Debug, Clone)]
pub struct NewRoom {
    /// Its name.
    pub name: String,
    /// How many units it has, 1 to 99.
    pub quantity: i64,
}

/// A property that was made, with its rooms in the order in which they were asked for.
#[derive(Debug, Clone)]
pub struct Property {
    /// The property's id.
    pub id: i64,
    /// The rooms' ids.
    pub rooms: Vec<i64>,
}

impl Beds24 {
    /// A client for the demo tenant.
    pub fn new(demo: &Demo) -> Result<Self, HttpError> {
        Ok(Self {
            connection: Connection::to(Target::parse(&demo.beds24.base_url)?),
            root: Connection::to(Target::parse(&demo.url)?.with_prefix("")),
            token: demo.beds24.token.clone(),
            refresh_token: demo.beds24.refresh_token.clone(),
        })
    }

    /// The token that this client sends.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Opens the connection now.
    pub async fn open(&mut self) -> Result<(), HttpError> {
        self.connection.open().await
    }

    /// GET of a path with its query.
    pub async fn get(&mut self, path: &str) -> Result<Answer, HttpError> {
        self.send("GET", path, None, None).await
    }

    /// DELETE of a path with its query.
    pub async fn delete(&mut self, path: &str) -> Result<Answer, HttpError> {
        self.send("DELETE", path, None, None).await
    }

    /// POST of a JSON body.
    pub async fn post(&mut self, path: &str, body: &[u8]) -> Result<Answer, HttpError> {
        self.send("POST", path, Some(body), None).await
    }

    /// POST of a JSON body under an idempotency key.
    pub async fn post_once(
        &mut self,
        path: &str,
        body: &[u8],
        key: &str,
    ) -> Result<Answer, HttpError> {
        self.send("POST", path, Some(body), Some(key)).await
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
        key: Option<&str>,
    ) -> Result<Answer, HttpError> {
        let answer = self.send_with_token(method, path, body, key).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        // A moved clock ages tokens; a second 401 after a renewal is the real answer.
        self.renew_token().await?;
        self.send_with_token(method, path, body, key).await
    }

    async fn send_with_token(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
        key: Option<&str>,
    ) -> Result<Answer, HttpError> {
        let token = ("token", self.token.as_str());
        let with_key = [token, ("idempotency-key", key.unwrap_or_default())];
        let headers = if key.is_some() {
            &with_key[..]
        } else {
            &with_key[..1]
        };
        self.connection
            .send(Request {
                method,
                path,
                headers,
                body,
            })
            .await
    }

    async fn renew_token(&mut self) -> Result<(), HttpError> {
        let headers = [("refreshToken", self.refresh_token.as_str())];
        let answer = self
            .connection
            .send(Request::get("/authentication/token", &headers))
            .await?;
        if let Some(token) = answer.json().get("token").and_then(Value::as_str) {
            token.clone_into(&mut self.token);
        }
        Ok(())
    }

    /// Writes items to a path and reads one verdict for each.
    pub async fn write(&mut self, path: &str, items: &[Value]) -> Result<Vec<Verdict>, HttpError> {
        let body = Value::from(items.to_vec()).to_string();
        let answer = self.post(path, body.as_bytes()).await?;
        Ok(verdicts(&answer, items.len()))
    }

    /// All rows of a listing, page after page. The path must hold a query already.
    pub async fn all_rows(&mut self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        for page in 1..=MAX_PAGES {
            let answer = self.get(&format!("{path}&page={page}")).await?;
            if answer.status != 200 {
                bail!("GET {path}: {}", answer.excerpt());
            }
            let mut body = answer.json();
            let Some(Value::Array(data)) = body.get_mut("data").map(Value::take) else {
                bail!("GET {path}: no data in {}", answer.excerpt());
            };
            rows.extend(data);
            if body
                .pointer("/pages/nextPageExists")
                .and_then(Value::as_bool)
                != Some(true)
            {
                return Ok(rows);
            }
        }
        bail!("GET {path}: there is always another page")
    }

    /// All bookings that a query finds, in whatever status, whenever they stay.
    pub async fn bookings(&mut self, query: &str) -> anyhow::Result<Vec<BookingRow>> {
        let path = format!(
            "/bookings?{query}&arrivalFrom=2000-01-01&status=confirmed&status=new&status=request\
             &status=black&status=inquiry&status=cancelled"
        );
        let rows = self.all_rows(&path).await?;
        rows.into_iter()
            .map(|row| {
                let text = row.to_string();
                serde_json::from_value(row).with_context(|| format!("a booking row: {text}"))
            })
            .collect()
    }

    /// Makes a property with rooms. `fields` are further fields of the property.
    pub async fn add_property(
        &mut self,
        name: &str,
        rooms: &[NewRoom],
        fields: Value,
    ) -> anyhow::Result<Property> {
        let mut property = json!({
            "name": name, "propertyType": "hotel", "currency": "EUR",
            "roomTypes": rooms.iter().map(room_json).collect::<Vec<_>>(),
        });
        if let (Some(into), Value::Object(more)) = (property.as_object_mut(), fields) {
            into.extend(more);
        }
        let body = json!([property]).to_string();
        let answer = self.post("/properties", body.as_bytes()).await?;
        let made = verdicts(&answer, 1).first().and_then(Verdict::made);
        let id =
            made.with_context(|| format!("could not make a property: {}", answer.excerpt()))?;
        // The answer names the rooms; a server that leaves them out is asked once more.
        let told = answer.json().pointer("/0/new").cloned();
        let rooms = match room_ids(told.as_slice(), rooms) {
            Ok(ids) => ids,
            Err(_) => self.rooms_of(id, rooms).await?,
        };
        Ok(Property { id, rooms })
    }

    /// Makes more rooms in a property; their ids, in the order in which they were asked for.
    pub async fn add_rooms(
        &mut self,
        property: i64,
        rooms: &[NewRoom],
    ) -> anyhow::Result<Vec<i64>> {
        let rows: Vec<Value> = rooms.iter().map(room_json).collect();
        let body = json!([{ "id": property, "roomTypes": rows }]).to_string();
        let answer = self.post("/properties", body.as_bytes()).await?;
        let told = answer.json().pointer("/0/new").cloned();
        room_ids(told.as_slice(), rooms)
            .with_context(|| format!("could not make rooms: {}", answer.excerpt()))
    }

    async fn rooms_of(&mut self, property: i64, wanted: &[NewRoom]) -> anyhow::Result<Vec<i64>> {
        let path = format!("/properties?id={property}&includeAllRooms=true");
        let rows = self.all_rows(&path).await?;
        room_ids(&rows, wanted).with_context(|| format!("property {property}"))
    }

    /// Gives every night from `from` to `to` of some rooms a price.
    pub async fn set_price(&mut self, rooms: &[i64], from: Date, to: Date) -> anyhow::Result<()> {
        let days = json!([{"from": from, "to": to, "price1": 120}]);
        let items: Vec<Value> = rooms
            .iter()
            .map(|room| json!({"roomId": room, "calendar": days}))
            .collect();
        let body = Value::Array(items).to_string();
        let answer = self
            .post("/inventory/rooms/calendar", body.as_bytes())
            .await?;
        let written = verdicts(&answer, rooms.len());
        if !written.iter().all(Verdict::is_done) {
            bail!("could not set prices: {}", answer.excerpt());
        }
        Ok(())
    }

    /// `numAvail` of a room for every night from `from` to `to`, both included.
    pub async fn free_places(
        &mut self,
        room: i64,
        from: Date,
        to: Date,
    ) -> anyhow::Result<Vec<(Date, i64)>> {
        let path = format!(
            "/inventory/rooms/calendar?roomId={room}&startDate={from}&endDate={to}&includeNumAvail=true"
        );
        let rows = self.all_rows(&path).await?;
        let ranges = rows
            .iter()
            .filter_map(|row| row.get("calendar")?.as_array())
            .flatten();
        let mut nights = Vec::new();
        for range in ranges {
            let day = |key: &str| {
                range
                    .get(key)
                    .and_then(Value::as_str)
                    .map(str::parse::<Date>)
            };
            let (Some(Ok(first)), Some(Ok(last)), Some(free)) = (
                day("from"),
                day("to"),
                range.get("numAvail").and_then(Value::as_i64),
            ) else {
                bail!("a calendar range that cannot be read: {range}");
            };
            nights.extend(
                first
                    .series(jiff::Span::new().days(1))
                    .take_while(|day| *day <= last)
                    .map(|day| (day, free)),
            );
        }
        nights.sort_unstable();
        Ok(nights)
    }

    /// Moves the sandbox tenant's clock.
    pub async fn move_clock(&mut self, to: jiff::Timestamp) -> anyhow::Result<()> {
        self.set_clock(&json!({ "to": to.to_string() })).await
    }

    /// Moves the sandbox tenant's clock on by a duration such as `PT61M`.
    pub async fn advance_clock(&mut self, by: &str) -> anyhow::Result<()> {
        self.set_clock(&json!({ "advance": by })).await
    }

    async fn set_clock(&mut self, asked: &Value) -> anyhow::Result<()> {
        let mut answer = self.ask_clock(asked).await?;
        if answer.status == 401 {
            // What was moved before has aged the token.
            self.renew_token().await?;
            answer = self.ask_clock(asked).await?;
        }
        if !answer.is_success() {
            bail!("could not move the clock, {asked}: {}", answer.excerpt());
        }
        Ok(())
    }

    async fn ask_clock(&mut self, asked: &Value) -> Result<Answer, HttpError> {
        let body = asked.to_string();
        let headers = [("token", self.token.as_str())];
        let request = Request::post("/tabard/v1/clock", &headers, body.as_bytes());
        self.root.send(request).await
    }

    /// Reads the tenant's whole journal, line by line.
    pub async fn journal(
        &mut self,
        mut line: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let headers = [("token", self.token.as_str())];
        let mut rest: Vec<u8> = Vec::new();
        let mut broken = None;
        let answer = self
            .root
            .send_streaming(Request::get("/tabard/v1/journal", &headers), |piece| {
                rest.extend_from_slice(piece);
                let mut from = 0;
                while let Some(length) = rest[from..].iter().position(|byte| *byte == b'\n') {
                    if broken.is_none() && length > 0 {
                        broken = line(&rest[from..from + length]).err();
                    }
                    from += length + 1;
                }
                rest.drain(..from);
                Ok(())
            })
            .await?;
        if !answer.is_success() {
            bail!("could not read the journal: {}", answer.excerpt());
        }
        if !rest.is_empty() && broken.is_none() {
            broken = line(&rest).err();
        }
        broken.map_or(Ok(()), Err)
    }
}

/// The ids of the wanted rooms in rows of properties, in the wanted order.
fn room_ids(properties: &[Value], wanted: &[NewRoom]) -> anyhow::Result<Vec<i64>> {
    let rooms = properties
        .iter()
        .filter_map(|row| row.get("roomTypes")?.as_array());
    let made: HashMap<&str, i64> = rooms
        .flatten()
        .filter_map(|room| Some((room.get("name")?.as_str()?, room.get("id")?.as_i64()?)))
        .collect();
    wanted
        .iter()
        .map(|room| {
            let id = made.get(room.name.as_str()).copied();
            id.with_context(|| format!("room {} is not there", room.name))
        })
        .collect()
}

fn room_json(room: &NewRoom) -> Value {
    json!({
        "name": room.name, "roomType": "double", "qty": room.quantity,
        "maxPeople": 99, "maxAdult": 99, "maxChildren": 99,
    })
}
