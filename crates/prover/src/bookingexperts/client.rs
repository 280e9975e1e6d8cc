//! The client: one connection, one API key, one channel.

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{CONFLICT, DayRow, ReservationRow, verdict};
use crate::demo::{Demo, DemoBookingExperts};
use crate::http::{Answer, Connection, HttpError, Request, Target};
use crate::verdict::Verdict;

/// More pages than this would be a server that always links to a next one.
const MAX_PAGES: usize = 100_000;
/// The largest page that the dialect has.
const PAGE_SIZE: u32 = 100;

/// How a client comes in, and what it sells through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Where the dialect is mounted.
    pub base_url: String,
    /// The API key.
    pub api_key: String,
    /// The administration.
    pub administration: i64,
    /// The channel.
    pub channel: i64,
}

impl Access {
    /// The access of the demo.
    pub fn of_demo(demo: &Demo) -> anyhow::Result<Self> {
        let demo = demo.bookingexperts.as_ref();
        let demo: &DemoBookingExperts =
            demo.context("this server's demo.json has nothing for Booking Experts")?;
        Ok(Self {
            base_url: demo.base_url.clone(),
            api_key: demo.api_key.clone(),
            administration: demo.administration_id.parse()?,
            channel: demo.channel_id.parse()?,
        })
    }
}

/// A stay to be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The rentable type: a room of Beds24.
    pub rentable_type: i64,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
}

/// A caller of the Booking Experts dialect on one keep-alive connection.
#[derive(Debug)]
pub struct BookingExperts {
    connection: Connection,
    access: Access,
}

impl BookingExperts {
    /// A client with this access.
    pub fn new(access: Access) -> Result<Self, HttpError> {
        Ok(Self {
            connection: Connection::to(Target::parse(&access.base_url)?),
            access,
        })
    }

    /// What this client comes in with.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Opens the connection now.
    pub async fn open(&mut self) -> Result<(), HttpError> {
        self.connection.open().await
    }

    /// Sends a request, with a document or without.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        document: Option<&Value>,
    ) -> Result<Answer, HttpError> {
        let headers = [("x-api-key", self.access.api_key.as_str())];
        let body = document.map(Value::to_string);
        let request = Request {
            method,
            path,
            headers: &headers,
            body: body.as_deref().map(str::as_bytes),
        };
        self.connection.send(request).await
    }

    /// Reserves a stay: confirmed, or held for as long as the channel holds.
    pub async fn reserve(&mut self, stay: &Stay, confirm: bool) -> Result<Verdict, HttpError> {
        let path = self.reservations(&format!("?confirm={confirm}"));
        let document = reservation(stay, json!({}));
        let answer = self.send("POST", &path, Some(&document)).await?;
        Ok(as_created(&answer, &[CONFLICT]))
    }

    /// Confirms a reservation that is held.
    pub async fn confirm(&mut self, id: i64) -> Result<Verdict, HttpError> {
        let path = self.reservations(&format!("/{id}/confirm"));
        let answer = self.send("POST", &path, None).await?;
        Ok(verdict(&answer, &[CONFLICT]))
    }

    /// Calls a reservation off.
    pub async fn cancel(&mut self, id: i64) -> Result<Verdict, HttpError> {
        let path = self.reservations(&format!("/{id}/cancel"));
        let answer = self.send("POST", &path, None).await?;
        Ok(verdict(&answer, &[CONFLICT]))
    }

    /// The path of the channel's reservations, and what stands behind it.
    pub fn reservations(&self, rest: &str) -> String {
        format!("/channels/{}/reservations{rest}", self.access.channel)
    }

    /// All resources of a list, followed along its links from page to page. The path must
    /// hold a query already.
    pub async fn all_rows(&mut self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut next = Some(format!("{path}&page[size]={PAGE_SIZE}"));
        let mut total = None;
        for _ in 0..MAX_PAGES {
            let Some(path) = next.take() else {
                break;
            };
            let answer = self.send("GET", &path, None).await?;
            if answer.status != 200 {
                bail!("GET {path}: {}", answer.excerpt());
            }
            let mut body = answer.json();
            let Some(Value::Array(data)) = body.get_mut("data").map(Value::take) else {
                bail!("GET {path}: no data in {}", answer.excerpt());
            };
            rows.extend(data);
            total = body.pointer("/meta/pagination/total_records").cloned();
            let link = body.pointer("/links/next").and_then(Value::as_str);
            if let Some(link) = link {
                let rest = link.strip_prefix(&self.access.base_url);
                let rest = rest.with_context(|| format!("{link} leads away from the API"))?;
                next = Some(rest.to_owned());
            }
        }
        if next.is_some() {
            bail!("GET {path}: there is always another page");
        }
        if let Some(total) = total.and_then(|total| total.as_u64())
            && total != rows.len() as u64
        {
            bail!(
                "GET {path}: {total} records are told, {} are shown",
                rows.len()
            );
        }
        Ok(rows)
    }

    /// All reservations that a query finds.
    pub async fn find(&mut self, path: &str) -> anyhow::Result<Vec<ReservationRow>> {
        let rows = self.all_rows(path).await?;
        rows.iter().map(ReservationRow::read).collect()
    }

    /// The calendar of a rentable type in the channel, from `from` on and without `until`.
    pub async fn calendar(
        &mut self,
        rentable_type: i64,
        from: Date,
        until: Date,
    ) -> anyhow::Result<Vec<DayRow>> {
        let channel = self.access.channel;
        let path = format!(
            "/channels/{channel}/rentable_types/{rentable_type}/availabilities\
             ?date_range={from}..{until}"
        );
        let answer = self.send("GET", &path, None).await?;
        let body = answer.json();
        let Some(days) = body.get("data").and_then(Value::as_array) else {
            bail!("GET {path}: {}", answer.excerpt());
        };
        days.iter().map(DayRow::read).collect()
    }
}

/// The verdict over a creation, which has to say what it has created.
pub fn as_created(answer: &Answer, clean: &[&str]) -> Verdict {
    match verdict(answer, clean) {
        Verdict::Done { id: Some(_) } if answer.status != 201 => Verdict::Unclean {
            why: format!("made, but not 201: {}", answer.excerpt()),
        },
        Verdict::Done { id: None } => Verdict::Unclean {
            why: format!("made, and nobody says what: {}", answer.excerpt()),
        },
        verdict => verdict,
    }
}

/// The document that reserves a stay for two.
pub fn reservation(stay: &Stay, attributes: Value) -> Value {
    let mut wanted = json!({
        "start_date": stay.arrival, "end_date": stay.departure, "guest_group": { "adults": 2 },
    });
    if let (Some(into), Value::Object(more)) = (wanted.as_object_mut(), attributes) {
        into.extend(more);
    }
    let id = stay.rentable_type.to_string();
    json!({ "data": {
        "type": "reservation",
        "attributes": wanted,
        "relationships": { "rentable_type": { "data": { "type": "rentable_type", "id": id } } },
    } })
}
