//! A racer: a client of one dialect, and what it wants of a place.

use clap::ValueEnum;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use crate::beds24::{Beds24, verdicts};
use crate::bookingexperts::{BookingExperts, Stay};
use crate::chance::{self, Chance};
use crate::http::HttpError;
use crate::verdict::Verdict;

/// The dialects that race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Beds24 API V2.
    Beds24,
    /// Booking Experts API v3.
    #[value(name = "bookingexperts")]
    BookingExperts,
}

/// A client of one of the dialects.
#[derive(Debug)]
pub enum Racer {
    /// Of Beds24.
    Beds24(Box<Beds24>),
    /// Of Booking Experts.
    BookingExperts(Box<BookingExperts>),
}

/// What a racer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A confirmed stay at once.
    Book,
    /// To hold the place, and to confirm it then.
    HoldAndConfirm,
    /// To have the place, and to give it back at once.
    TakeAndCancel,
    /// To hold the place and to forget about it.
    HoldAndForget,
}

impl Intent {
    /// One that this dialect can have. Holds that lapse are what Beds24 does not know.
    pub fn draw(dialect: Dialect, gives_back: bool, chance: &mut Chance) -> Self {
        let all: &[Self] = match (dialect, gives_back) {
            (Dialect::Beds24, false) => &[Self::Book],
            (Dialect::Beds24, true) => &[Self::Book, Self::TakeAndCancel],
            (Dialect::BookingExperts, false) => &[Self::Book, Self::HoldAndConfirm],
            (Dialect::BookingExperts, true) => &[
                Self::Book,
                Self::HoldAndConfirm,
                Self::TakeAndCancel,
                Self::HoldAndForget,
            ],
        };
        chance::one_of(chance, all).copied().unwrap_or(Self::Book)
    }
}

/// What a racer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has a confirmed stay.
    Kept(i64),
    /// It has a hold that nobody will confirm.
    Held(i64),
    /// It had a place, and gave it back.
    GaveBack,
    /// It was refused cleanly.
    Refused,
    /// Something that must not happen.
    Wrong(String),
}

impl Racer {
    /// Which dialect it speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Beds24(_) => Dialect::Beds24,
            Self::BookingExperts(_) => Dialect::BookingExperts,
        }
    }

    /// Opens its connection, so that a race does not begin with handshakes.
    pub async fn open(&mut self) -> Result<(), HttpError> {
        match self {
            Self::Beds24(client) => client.open().await,
            Self::BookingExperts(client) => client.open().await,
        }
    }

    /// Asks for a place, and does with it what it wants.
    pub async fn run(&mut self, stay: &Stay, intent: Intent) -> Outcome {
        let confirmed = matches!(intent, Intent::Book | Intent::TakeAndCancel);
        let id = match self.ask(stay, confirmed).await {
            Ok(Verdict::Done { id: Some(id) }) => id,
            Ok(Verdict::Refused { .. }) => return Outcome::Refused,
            Ok(Verdict::Done { id: None }) => return Outcome::wrong("a booking without an id"),
            Ok(Verdict::Unclean { why }) => return Outcome::Wrong(why),
            Err(error) => return Outcome::Wrong(error.to_string()),
        };
        let (then, outcome) = match intent {
            Intent::Book => return Outcome::Kept(id),
            Intent::HoldAndForget => return Outcome::Held(id),
            Intent::HoldAndConfirm => (self.confirm(id).await, Outcome::Kept(id)),
            Intent::TakeAndCancel => (self.cancel(id).await, Outcome::GaveBack),
        };
        match then {
            Ok(Verdict::Done { .. }) => outcome,
            other => Outcome::Wrong(format!("{intent:?}, with {id} in its hand: {other:?}")),
        }
    }

    async fn ask(&mut self, stay: &Stay, confirmed: bool) -> Result<Verdict, HttpError> {
        match self {
            Self::Beds24(client) => write(client, booking(stay)).await,
            Self::BookingExperts(client) => client.reserve(stay, confirmed).await,
        }
    }

    async fn confirm(&mut self, id: i64) -> Result<Verdict, HttpError> {
        match self {
            Self::Beds24(client) => change(client, id, "confirmed").await,
            Self::BookingExperts(client) => client.confirm(id).await,
        }
    }

    async fn cancel(&mut self, id: i64) -> Result<Verdict, HttpError> {
        match self {
            Self::Beds24(client) => change(client, id, "cancelled").await,
            Self::BookingExperts(client) => client.cancel(id).await,
        }
    }
}

impl Outcome {
    fn wrong(why: &str) -> Self {
        Self::Wrong(why.to_owned())
    }
}

/// A stay of a few nights around the one that everybody wants.
pub fn stay(room: i64, night: Date, chance: &mut Chance) -> Stay {
    Stay {
        rentable_type: room,
        arrival: night.saturating_sub(chance::between(chance, 0, 3).days()),
        departure: night.saturating_add(chance::between(chance, 1, 4).days()),
    }
}

fn booking(stay: &Stay) -> serde_json::Value {
    json!({
        "roomId": stay.rentable_type, "arrival": stay.arrival, "departure": stay.departure,
        "status": "confirmed", "numAdult": 2, "firstName": "Racer", "lastName": "Number",
        "actions": { "checkAvailability": true },
    })
}

async fn change(client: &mut Beds24, id: i64, status: &str) -> Result<Verdict, HttpError> {
    write(client, json!({ "id": id, "status": status })).await
}

async fn write(client: &mut Beds24, item: serde_json::Value) -> Result<Verdict, HttpError> {
    let body = serde_json::Value::Array(vec![item]).to_string();
    let answer = client.post("/bookings", body.as_bytes()).await?;
    let none = || Verdict::Unclean {
        why: "no verdict".to_owned(),
    };
    Ok(verdicts(&answer, 1).into_iter().next().unwrap_or_else(none))
}
