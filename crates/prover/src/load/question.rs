//! What a load may ask, written straight into the bytes that go over the line.

use std::io::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Load;
use crate::chance::{self, Chance};
use crate::http::{Answer, Request};

/// Nights that an availability question is about.
const AVAILABILITY_NIGHTS: i64 = 30;

/// One kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Question {
    /// One booking of one night, refused when there is no place
    Book,
    /// 30 days of availability of one room
    Availability,
    /// A page of 100 bookings
    Page,
    /// GET of the root, for a server that answers nothing
    #[value(skip)]
    Empty,
    /// GET of a lane and a second, for the bare query that availability is compared with
    #[value(skip)]
    Bare {
        /// The second at which the first night begins.
        first_start: i64,
    },
}

/// The rooms and days that questions are about.
#[derive(Debug, Clone)]
pub struct Places {
    /// The rooms' ids.
    pub rooms: Vec<i64>,
    /// The first day.
    pub from: Date,
    /// How many days.
    pub days: i64,
}

impl Places {
    /// Only one room, by its place among them: everybody wants the same lane.
    pub fn only(&self, number: usize) -> Self {
        Self {
            rooms: self
                .rooms
                .iter()
                .cycle()
                .skip(number)
                .take(1)
                .copied()
                .collect(),
            ..self.clone()
        }
    }

    /// A room and a day, by a draw.
    pub fn draw(&self, chance: &mut Chance) -> (i64, Date) {
        let room = chance::one_of(chance, &self.rooms)
            .copied()
            .unwrap_or_default();
        (
            room,
            self.from
                .saturating_add(chance::between(chance, 0, self.days - 1).days()),
        )
    }
}

impl Question {
    /// Writes one request.
    pub fn write(self, load: &Load, chance: &mut Chance, line: &mut Vec<u8>) {
        let headers = [("token", load.token.as_str())];
        let (room, day) = load.places.draw(chance);
        match self {
            Self::Book => {
                let body = format!("[{}]", booking_text(room, day));
                Request::post("/bookings", &headers, body.as_bytes()).write_to(&load.target, line);
            }
            Self::Availability => {
                let last = day.saturating_add((AVAILABILITY_NIGHTS - 1).days());
                let path = format!(
                    "/inventory/rooms/availability?roomId={room}&startDate={day}&endDate={last}"
                );
                Request::get(&path, &headers).write_to(&load.target, line);
            }
            Self::Page => {
                let path = format!("/bookings?arrivalFrom={day}");
                Request::get(&path, &headers).write_to(&load.target, line);
            }
            Self::Empty => Request::get("/", &[]).write_to(&load.target, line),
            Self::Bare { first_start } => {
                let night = i64::from((day - load.places.from).get_days());
                let path = format!("/{room}/{}", first_start + night * 86_400);
                Request::get(&path, &[]).write_to(&load.target, line);
            }
        }
    }

    /// Whether the answer is what was asked for. Looks at bytes, because parsing JSON
    /// would take the processor from the server.
    pub fn is_done(self, answer: &Answer) -> bool {
        match self {
            Self::Book => answer.status == 201 && contains(&answer.body, b"\"success\":true"),
            Self::Availability | Self::Page | Self::Empty | Self::Bare { .. } => {
                answer.status == 200
            }
        }
    }

    /// Whether the answer is a clean refusal.
    pub fn is_refused(self, answer: &Answer) -> bool {
        self == Self::Book && answer.status == 201 && contains(&answer.body, b"\"success\":false")
    }
}

/// The JSON of a booking of one night.
pub fn booking_text(room: i64, day: Date) -> String {
    let mut text = Vec::with_capacity(200);
    // Writing into a vector cannot fail.
    let _ = write!(
        text,
        r#"{{"roomId":{room},"arrival":"{day}","departure":"{}","status":"confirmed","numAdult":2,"firstName":"Ada","lastName":"Load","actions":{{"checkAvailability":true}}}}"#,
        day.saturating_add(1.day())
    );
    String::from_utf8(text).unwrap_or_default()
}

fn contains(body: &[u8], needle: &[u8]) -> bool {
    // The word stands at the beginning of the only element.
    let head = &body[..body.len().min(64)];
    head.windows(needle.len()).any(|window| window == needle)
}
