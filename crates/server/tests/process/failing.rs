//! A database that is locked, full or gone: what can't be written is refused in the words of each API with a
//! time to come back, nothing of it is half done, and service returns by itself.

use std::path::{Path, PathBuf};

use http_kit::{Clock as _, SystemClock};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use crate::running::{Reply, Running, becomes_true, demo, run, said};

/// A demo with clients of both APIs.
struct House {
    server: Running,
    demo: Value,
    /// When it began, so that midnight changes no night.
    today: Date,
    /// The store, as commands name it.
    place: [String; 2],
    journal: PathBuf,
}

impl House {
    fn new(server: Running, data: &Path, place: [String; 2]) -> Self {
        Self {
            server,
            demo: demo(data),
            today: SystemClock.now().to_zoned(TimeZone::UTC).date(),
            place,
            journal: data.with_extension("jsonl"),
        }
    }

    fn on_sqlite(server: Running, data: &Path) -> Self {
        let place = ["--data".to_owned(), data.to_str().unwrap().to_owned()];
        Self::new(server, data, place)
    }

    fn text(&self, api: &str, name: &str) -> &str {
        self.demo[api][name].as_str().unwrap()
    }

    /// A day after the week of the demo in which two doubles are kept back.
    fn day(&self, number: i64) -> String {
        let later = self.today.saturating_add((40 + number).days());
        later.to_string()
    }

    /// Books a night through Beds24.
    fn book_beds24(&self, night: i64) -> Reply {
        let room = &self.demo["beds24"]["room_ids"][0];
        let body = json!([{
            "roomId": room, "status": "confirmed", "numAdult": 1,
            "arrival": self.day(night), "departure": self.day(night + 1),
            "actions": {"checkAvailability": true},
        }]);
        let headers = [("token", self.text("beds24", "token"))];
        let path = "/beds24/v2/bookings";
        self.server.send("POST", path, &headers, &body.to_string())
    }

    /// Books a night through Booking Experts.
    fn book_booking_experts(&self, night: i64) -> Reply {
        let id = &self.demo["bookingexperts"]["rentable_type_ids"][0];
        let body = json!({"data": {
            "type": "reservation",
            "attributes": {
                "start_date": self.day(night), "end_date": self.day(night + 1),
                "guest_group": {"adults": 1},
            },
            "relationships": {"rentable_type": {"data": {"type": "rentable_type", "id": id}}},
        }});
        let headers = [
            ("x-api-key", self.text("bookingexperts", "api_key")),
            ("content-type", "application/vnd.api+json"),
        ];
        let channel = self.text("bookingexperts", "channel_id");
        let path = format!("/bookingexperts/v3/channels/{channel}/reservations?confirm=true");
        self.server.send("POST", &path, &headers, &body.to_string())
    }

    /// Reads the bookings of a night through Beds24.
    fn read_beds24(&self, night: i64) -> Reply {
        let headers = [("token", self.text("beds24", "token"))];
        let path = format!(
            "/beds24/v2/bookings?arrivalFrom={0}&arrivalTo={0}",
            self.day(night)
        );
        self.server.send("GET", &path, &headers, "")
    }

    fn read_booking_experts(&self) -> Reply {
        let headers = [("x-api-key", self.text("bookingexperts", "api_key"))];
        let path = "/bookingexperts/v3/reservations";
        self.server.send("GET", path, &headers, "")
    }

    fn health(&self) -> u16 {
        self.server.send("GET", "/health/ready", &[], "").status
    }

    /// Both APIs refuse to book this night, each in its own words.
    fn refuses_to_write(&self, night: i64) {
        said_by_beds24(&self.book_beds24(night));
        said_by_booking_experts(&self.book_booking_experts(night));
    }

    /// Reading goes on, and shows nothing of what was refused.
    fn goes_on_reading(&self, night: i64) {
        let read = self.read_beds24(night);
        assert_eq!(
            (read.status, read.json()["count"].as_i64()),
            (200, Some(0)),
            "{}",
            read.body
        );
        assert_eq!(self.read_booking_experts().status, 200);
        assert!(becomes_true(|| self.health() == 200));
    }

    /// What was refused of this night is booked when it is asked for again, once each.
    fn books_again(&self, night: i64) {
        let before = self.taken();
        let booked = self.book_beds24(night);
        assert_eq!(booked.status, 201, "{}", booked.body);
        assert_eq!(booked.json()[0]["success"], true, "{}", booked.body);
        let booked = self.book_booking_experts(night);
        assert_eq!(booked.status, 201, "{}", booked.body);
        assert_eq!(self.read_beds24(night).json()["count"], 2);
        assert_eq!(self.taken(), before + 2);
    }

    /// How often something was taken, by a journal that keeps its rules.
    fn taken(&self) -> usize {
        let journal = self.journal.to_str().unwrap();
        if self.journal.exists() {
            std::fs::remove_file(&self.journal).unwrap();
        }
        said(&["export", &self.place[0], &self.place[1], journal]);
        let verified = run(&["verify", journal]);
        assert!(verified.status.success(), "{verified:?}");
        let journal = std::fs::read_to_string(&self.journal).unwrap();
        let takes = journal
            .lines()
            .filter(|line| line.contains(r#""kind":"take""#));
        takes.count()
    }
}

/// It can't be done now, in the words of Beds24.
fn said_by_beds24(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.head.contains("\r\nretry-after: "), "{}", reply.head);
    let expected = json!({
        "success": false, "type": "error", "code": 503, "error": "Too busy. Try again later.",
    });
    assert_eq!(reply.json(), expected);
}

/// The same in the words of Booking Experts.
fn said_by_booking_experts(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.head.contains("\r\nretry-after: "), "{}", reply.head);
    assert!(
        reply
            .head
            .contains("\r\ncontent-type: application/vnd.api+json"),
        "{}",
        reply.head
    );
    let said = reply.json();
    let error = &said["errors"][0];
    assert_eq!(
        (&error["status"], &error["code"]),
        (&json!("503"), &json!("INTERNAL_SERVER_ERROR")),
        "{said}"
    );
}

#[test]
fn while_somebody_else_locks_the_database_reading_goes_on_and_writing_waits_for_later() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::on_sqlite(Running::start(&data, &[]), &data);
    let other = rusqlite::Connection::open(data.join("tabard.db")).unwrap();
    for (night, lock) in [(3, "BEGIN IMMEDIATE"), (5, "BEGIN EXCLUSIVE")] {
        other.execute_batch(lock).unwrap();
        house.refuses_to_write(night);
        house.goes_on_reading(night);
        other.execute_batch("ROLLBACK").unwrap();
        house.books_again(night);
    }
    assert!(house.server.stop().success());
}

#[cfg(target_os = "linux")]
#[test]
fn while_no_file_may_grow_reading_goes_on_and_writing_waits_for_room() {
    use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start_told_of_full_files(&data, &[]);
    let house = House::on_sqlite(server, &data);
    house.books_again(1);
    let pid = Some(house.server.pid());
    let log = std::fs::metadata(data.join("tabard.db-wal")).unwrap().len();
    let full = Rlimit {
        current: Some(log),
        maximum: getrlimit(Resource::Fsize).maximum,
    };
    let before = prlimit(pid, Resource::Fsize, full).unwrap();
    house.refuses_to_write(3);
    house.goes_on_reading(3);
    prlimit(pid, Resource::Fsize, before).unwrap();
    house.books_again(3);
    let today = house.today;
    assert!(house.server.stop().success());

    // Nor is anything half done in what the next start finds.
    let house = House {
        today,
        ..House::on_sqlite(Running::start(&data, &[]), &data)
    };
    assert_eq!(house.read_beds24(3).json()["count"], 2);
    house.books_again(5);
    assert!(house.server.stop().success());
}

#[test]
fn while_postgresql_is_gone_everything_is_refused_for_now_and_returns_with_it() {
    if std::env::var(throwaway_postgres::ADDRESS_VARIABLE).is_err() {
        return;
    }
    let mut postgres = throwaway_postgres::ThrowawayPostgres::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let place = ["--store".to_owned(), postgres.address()];
    let server = Running::start(&data, &[&place[0], &place[1]]);
    let house = House::new(server, &data, place);
    house.books_again(1);
    for night in [3, 5] {
        // First in the middle of everything, then in good order.
        if night == 3 {
            postgres.kill().unwrap();
        } else {
            postgres.stop().unwrap();
        }
        house.refuses_to_write(night);
        said_by_beds24(&house.read_beds24(night));
        said_by_booking_experts(&house.read_booking_experts());
        assert_eq!(house.health(), 503);
        let live = house.server.send("GET", "/health/live", &[], "");
        assert_eq!(live.status, 200);
        postgres.start_again().unwrap();
        assert!(becomes_true(|| house.health() == 200));
        house.goes_on_reading(night);
        house.books_again(night);
    }
    assert!(house.server.stop().success());
}
