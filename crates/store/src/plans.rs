//! Looks at the plan of every statement that a working day sends: none may walk through a table.
//!
//! While the crate's own tests run, each text that is prepared is noted here. The test fills a
//! store, does a bit of everything, and asks the engine how it would run what was noted.

use std::{collections::BTreeSet, sync::Arc};

use catalogue::{
    ColumnKind::Int,
    content::Amenity,
    customers::{Customer, Order},
    inventory::{StoredDay, StoredPrice},
    links::Labelled,
    records::Payment,
    sale::{Booking, BookingDetails, Guest, Line, LineDetails, Note, NoteDetails},
};
use domain::{
    booking::Status,
    calendar::CalendarDay,
    id::{Id, IdSource},
    time::{Timestamp, Zone},
};
use jiff::{ToSpan, civil::date};
use parking_lot::Mutex;

use crate::{
    ColdCommand, Condition, Result, Store, StoreConfig, Tx, Value,
    calendar::Days,
    hot::{
        BookingChange, ChangeBooking, Command, Group, OpenLane, Overbooking, PlaceBooking, Price,
        RemoveBooking, SetCapacity, Stamp, SubChange, Submission, UnitChoice,
    },
    idempotency::{Claim, Stored},
    journal_rows::JournalReader,
};

static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes a statement that is prepared.
pub(crate) fn note(sql: &str) {
    let mut noted = NOTED.lock();
    if !noted.contains(sql) {
        noted.insert(sql.to_owned());
    }
}

const LANES: i64 = 50;
const BOOKINGS: i64 = 100_000;

struct Execute(&'static str, Vec<Value>);

impl ColdCommand for Execute {
    type Output = u64;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> Result<u64> {
        tx.execute(self.0, &self.1).await
    }
}

/// Rows of one tenant by the hundred thousand, as both engines make them.
const FILL: &[&str] = &[
    "INSERT INTO lane (tenant_id, id, organization_id, zone, capacity, has_units, refuses_overbooking, longest_s, \
     sequence, hash) SELECT $1, 100 + n, 2, 'UTC', 100, 1, 0, 604800, 0, $3 FROM numbers WHERE n < $4",
    "INSERT INTO allocation (tenant_id, lane_id, starts_at, id, ends_at, quantity, unit, pinned, booking_id, \
     expires_at, overbooked) SELECT $1, 100 + n % $4, 1790000000 + n * 900, 1000000 + n, 1790000000 + n * 900 + 172800, 1, \
     NULL, 0, 1000000 + n, CASE WHEN n % 10 = 0 THEN n END, 0 FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO booking (tenant_id, id, organization_id, resource_id, group_id, status, opened, arrival_on, \
     departure_on, starts_at, ends_at, created_at, changed_at, channel, external_reference, search, version, doc) \
     SELECT $1, 1000000 + n, 2, 100 + n % $4, CASE WHEN n % 10 = 0 THEN 1000000 + n END, 'confirmed', 1, 20700 + n % 900, 20702 + n % 900, \
     1790000000000 + n, 1790000000000 + n, n, n, 'direct', CASE WHEN n % 2 = 0 THEN 'R' || n ELSE '' END, 'guest', 1, '{}' \
     FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO line (tenant_id, id, booking_id, created_at, doc) SELECT $1, 1000000 + n, 1000000 + n, $4, '{}' FROM numbers \
     WHERE octet_length($3) = 32",
    "INSERT INTO note (tenant_id, id, booking_id, created_at, doc) SELECT $1, 1000000 + n, 1000000 + n, $4, '{}' FROM numbers \
     WHERE octet_length($3) = 32",
    "INSERT INTO guest (tenant_id, id, booking_id, created_at, doc) SELECT $1, 1000000 + n, 1000000 + n, $4, '{}' FROM numbers \
     WHERE octet_length($3) = 32",
    "INSERT INTO journal (tenant_id, lane_id, sequence, at, kind, reason, allocation_id, booking_id, quantity, \
     starts_at, ends_at, capacity, overbooked, hash) SELECT $1, 5000 + n % $4, 1 + n, n, 'take', 'placed', n, n, 1, n, n + 1, 9, 0, $3 \
     FROM numbers",
    "INSERT INTO outbox (tenant_id, id, at, event, subject_id, organization_id, announce, doc) SELECT $1, 1000000 + n, n, 'x', n, $4, 1, \
     '{}' FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO audit (tenant_id, id, at, client_id, grant_id, request_id, action, subject_id) SELECT $1, 1000000 + n, n, 1, $4, 'r', \
     'x', n FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO idempotency (tenant_id, grant_id, key, at, fingerprint, status, body) SELECT $1, 4, 'k' || n, $4, $3, 200, $3 \
     FROM numbers",
    "INSERT INTO calendar_day (tenant_id, resource_id, day, sell_limit, doc) SELECT $1, 100 + n % $4, n, 5, \
     '{\"settings\":{\"day\":\"2027-01-01\"},\"extra\":{}}' FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO content (tenant_id, kind, id, organization_id, parent_id, position, archived_at, search, created_at, \
     changed_at, version, doc) SELECT $1, CASE WHEN n % 2 = 0 THEN 'amenity' ELSE 'label' END, 1000000 + n, 2, n % 1000, n, NULL, 'x', \
     n, n, $4, '{}' FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO link (tenant_id, kind, id, organization_id, subject, from_id, to_id, position, created_at, changed_at, version, \
     doc) SELECT $1, 'labelled', 1000000 + n, 2, 'unit', n, n % 1000, n, n, n, $4, '{}' FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO person (tenant_id, kind, id, organization_id, email, phone, search, created_at, changed_at, version, doc) \
     SELECT $1, CASE WHEN n % 9 = 0 THEN 'owner' ELSE 'customer' END, 1000000 + n, 2, 'm' || n, '49' || n, 'x', n, n, $4, '{}' \
     FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO record (tenant_id, kind, id, organization_id, parent_id, subject_id, state, reference, on_day, search, created_at, \
     changed_at, version, doc) SELECT $1, CASE WHEN n % 3 = 0 THEN 'invoice' ELSE 'payment' END, 1000000 + n, 2, n, n, 'x', 'N' || n, \
     n, 'x', n, n, $4, '{}' FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO \"order\" (tenant_id, id, organization_id, reference, external_reference, customer_id, owner_id, channel_id, \
     confirmed_at, created_at, changed_at, version, doc) SELECT $1, 1000000 + n, 2, 'N' || n, 'R' || n, n, n, n, NULL, n, n, $4, '{}' \
     FROM numbers WHERE octet_length($3) = 32",
    "INSERT INTO price (tenant_id, list_id, day, nights, id, price_minor, active, changed_at, doc) SELECT $1, n % $4, n, 0, \
     1000000 + n, n, 1, n, '{}' FROM numbers WHERE octet_length($3) = 32",
];

async fn fill(store: &Store, tenant: Id) {
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 0::bigint UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $2) ";
    for sql in FILL {
        let sql = sql.replace("INSERT INTO", &format!("{numbers} INSERT INTO"));
        let sql = if store.is_postgres() {
            sql.replace("SELECT $1", "SELECT $1::bigint")
                .replace("$4", "$4::bigint")
                .replace("$3", "$3::bytea")
        } else {
            sql.replace("::bigint", "")
                .replace("octet_length", "length")
        };
        let cells = vec![
            tenant.into(),
            BOOKINGS.into(),
            Value::Bytes(vec![0; 32]),
            LANES.into(),
        ];
        store
            .run(Execute(Box::leak(sql.into_boxed_str()), cells))
            .await
            .unwrap();
    }
    store.run(Execute("ANALYZE", vec![])).await.unwrap();
}

struct Day {
    store: Store,
    tenant: Id,
}

fn id(number: i64) -> Id {
    Id::new(number).unwrap()
}

impl Day {
    fn next(&self) -> Id {
        self.store.ids().next(now())
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            tenant_id: self.tenant,
            client_id: id(3),
            grant_id: id(4),
            request_id: "r".into(),
            organizations: None,
            now: now(),
        }
    }

    fn place(&self, lane: i64) -> PlaceBooking {
        let booking_id = self.next();
        let booking = Booking {
            tenant_id: self.tenant,
            id: booking_id,
            organization_id: id(2),
            resource_id: id(lane),
            group_id: None,
            status: Status::Confirmed,
            opened: true,
            arrival_on: date(2028, 3, 1),
            departure_on: date(2028, 3, 4),
            starts_at: now(),
            ends_at: now(),
            created_at: now(),
            changed_at: now(),
            channel: String::new(),
            external_reference: String::new(),
            search: String::new(),
            version: 1,
            quantity: 1,
            cancelled_at: None,
            held_until: None,
            details: BookingDetails::default(),
        };
        let line = Line {
            tenant_id: self.tenant,
            id: self.next(),
            booking_id,
            created_at: now(),
            details: LineDetails::default(),
        };
        let note = Note {
            tenant_id: self.tenant,
            id: self.next(),
            booking_id,
            created_at: now(),
            details: NoteDetails::default(),
        };
        PlaceBooking {
            booking,
            price: Price::Given,
            lines: vec![line],
            charge: None,
            notes: vec![note],
            unit: UnitChoice::Any,
            group: Group::Alone,
            overbooking: Overbooking::Refuse,
            event_id: self.next(),
            announce: true,
        }
    }

    async fn submit(&self, commands: Vec<Command>) {
        let key = self.next().to_string();
        let submission = Submission {
            stamp: self.stamp(),
            commands,
            all_or_nothing: false,
            idempotency: Some(Claim {
                key,
                fingerprint: [0; 32],
                render: Box::new(|_| Stored::rendered(200, vec![])),
            }),
        };
        let crate::hot::Answer::Fresh(outcomes) = self.store.submit(submission).await.unwrap()
        else {
            panic!("the key is new")
        };
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, crate::hot::Outcome::Done(_))),
            "{outcomes:?}"
        );
    }

    async fn hot(&self) {
        let lane = self.next();
        let open = OpenLane {
            resource_id: lane,
            organization_id: id(2),
            zone: Zone::UTC,
            capacity: 5,
            has_units: true,
            refuses_overbooking: false,
        };
        self.submit(vec![open.into()]).await;
        let places = [self.place(110), self.place(111), self.place(112)];
        let [first, second, third] = places.each_ref().map(|place| place.booking.id);
        let (line, note) = (places[0].lines[0].id, places[0].notes[0].id);
        self.submit(places.map(Into::into).into()).await;
        let mut change = ChangeBooking {
            booking_id: first,
            change: BookingChange {
                resource_id: Some(id(113)),
                unit: Some(UnitChoice::Number(7)),
                ..BookingChange::default()
            },
            lines: vec![
                SubChange::Change(line, Default::default()),
                SubChange::Remove(line),
            ],
            notes: vec![
                SubChange::Change(note, Default::default()),
                SubChange::Remove(note),
            ],
            remove_lines: false,
            overbooking: Overbooking::Refuse,
            event_id: self.next(),
            announce: true,
        };
        self.submit(vec![change.clone().into()]).await;
        (change.lines, change.notes) = (vec![], vec![]);
        (change.booking_id, change.event_id) = (second, self.next());
        self.submit(vec![change.into()]).await;
        self.submit(vec![
            RemoveBooking {
                booking_id: third,
                event_id: self.next(),
            }
            .into(),
        ])
        .await;
        let set = SetCapacity {
            resource_id: id(114),
            capacity: 10_000,
            overbooking: Overbooking::Mark,
            refuses_overbooking: false,
            clears_last_unit: false,
            event_id: self.next(),
        };
        self.submit(vec![set.into()]).await;
    }

    async fn cold(&self) {
        self.store.run(Calendar(self.tenant)).await.unwrap();
        let mut tx = self.store.reader().await.unwrap();
        let days = (date(2028, 1, 1), date(2028, 2, 1));
        crate::occupancy::look(&tx, self.tenant, &[id(101), id(102)], days.0, days.1)
            .await
            .unwrap();
        let stretch = Days {
            resource_id: id(101),
            first: days.0,
            until: days.1,
        };
        drop(crate::calendar::read(&tx, self.tenant, &[stretch]).await);
        assert!(
            !JournalReader::new(self.tenant)
                .next(&mut tx)
                .await
                .unwrap()
                .is_empty()
        );
        let tenant = || Condition::Is("tenant_id", self.tenant.into());
        let key = [Value::from(self.tenant), Value::Int(1_000_001)];
        let no_guest = tx.get::<Guest>(&key).await;
        assert!(no_guest.is_err(), "the rows of this test have no content");
        for (condition, order) in [
            (Condition::Is("external_reference", "R10".into()), "id"),
            (Condition::Is("group_id", 1_000_010.into()), "id"),
            (
                Condition::From("changed_at", Value::Int(1_893_456_000_000)),
                "changed_at, id",
            ),
            (
                Condition::From("arrival_on", Value::Int(30_000)),
                "arrival_on, id",
            ),
            (
                Condition::From("departure_on", Value::Int(30_000)),
                "departure_on, id",
            ),
            (Condition::From("id", Value::Int(1 << 52)), "id"),
        ] {
            let condition = Condition::All(vec![tenant(), condition]);
            // The filled rows are no bookings; only the plan counts.
            drop(tx.find::<Booking>(&condition, order, Some(101), 0).await);
        }
        self.around(&mut tx).await;
        drop(tx);
    }

    /// What is declared, written down and linked around bookings.
    async fn around(&self, tx: &mut Tx) {
        let by = |column: &'static str| [("tenant_id", Int), (column, Int)];
        let key = [vec![self.tenant.into(), Value::Int(1_000_001)]];
        // The filled rows say nothing; only the plan counts.
        drop(tx.find_each::<Amenity>(&by("id"), &key).await);
        drop(tx.find_each::<Amenity>(&by("parent_id"), &key).await);
        drop(tx.find_each::<Labelled>(&by("from_id"), &key).await);
        drop(tx.find_each::<Labelled>(&by("to_id"), &key).await);
        drop(tx.find_each::<Customer>(&by("id"), &key).await);
        drop(tx.find_each::<Payment>(&by("parent_id"), &key).await);
        drop(tx.find_each::<Payment>(&by("subject_id"), &key).await);
        drop(tx.find_each::<Order>(&by("customer_id"), &key).await);
        drop(tx.find_each::<StoredPrice>(&by("id"), &key).await);
        let night = [vec![
            self.tenant.into(),
            Value::Int(5),
            Value::Int(5),
            Value::Int(0),
        ]];
        let of_night = [
            ("tenant_id", Int),
            ("list_id", Int),
            ("day", Int),
            ("nights", Int),
        ];
        drop(tx.find_each::<StoredPrice>(&of_night, &night).await);
        for (condition, order) in [
            (Condition::Is("email", "m77".into()), "id"),
            (Condition::Is("phone", "4977".into()), "id"),
            (
                Condition::From("changed_at", Value::Int(90_000)),
                "changed_at, id",
            ),
        ] {
            let tenant = Condition::Is("tenant_id", self.tenant.into());
            let condition = Condition::All(vec![tenant, condition]);
            drop(tx.find::<Customer>(&condition, order, Some(31), 0).await);
        }
    }
}

struct Calendar(Id);

impl ColdCommand for Calendar {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> Result<()> {
        tx.lock_lanes(self.0, &[id(101), id(102)]).await?;
        let day = date(2028, 1, 1);
        let day = StoredDay {
            tenant_id: self.0,
            resource_id: id(101),
            day,
            sell_limit: Some(1),
            settings: CalendarDay::new(day),
            extra: Default::default(),
        };
        crate::calendar::write(tx, &[day], ids.next(now())).await
    }
}

fn now() -> Timestamp {
    "2027-06-01T12:00:00Z".parse::<Timestamp>().unwrap() + 1.hours()
}

/// The plan of a statement, and whether it walks through a table.
async fn plan(tx: &mut Tx, sql: &str) -> (String, bool) {
    if !tx.is_postgres() {
        let rows = tx
            .query(&format!("EXPLAIN QUERY PLAN {sql}"), &[])
            .await
            .unwrap();
        let lines: Vec<String> = rows.iter().map(|row| text(&row[3])).collect();
        let harmless = ["SCAN CONSTANT ROW", "SCAN each"];
        let scans = lines.iter().any(|line| {
            line.starts_with("SCAN") && !harmless.contains(&line.as_str())
                || line.ends_with(" (tenant_id=?)")
        });
        return (lines.join("\n"), scans);
    }
    tx.statement(&format!("PREPARE looked AS {sql}"))
        .await
        .unwrap();
    let types = "SELECT parameter_types::text FROM pg_prepared_statements WHERE name = 'looked'";
    let types = text(&tx.query(types, &[]).await.unwrap()[0][0]);
    let count = types.matches(',').count() + usize::from(types.len() > 2);
    let nulls = vec!["NULL"; count].join(", ");
    let arguments = if count == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    let rows = explained(tx, &format!("EXPLAIN EXECUTE looked{arguments}")).await;
    tx.statement("DEALLOCATE looked").await.unwrap();
    let scans = rows.iter().any(|line| {
        line.contains("Seq Scan")
            || line.contains("Hash Join")
            || line.ends_with("Index Cond: (tenant_id = $1)")
    });
    (rows.join("\n"), scans)
}

/// EXPLAIN can't be prepared, so its lines are fetched by a function.
async fn explained(tx: &mut Tx, sql: &str) -> Vec<String> {
    tx.statement(
        "CREATE OR REPLACE FUNCTION pg_temp.explained(sql text) RETURNS SETOF text LANGUAGE plpgsql AS \
         'BEGIN RETURN QUERY EXECUTE sql; END'",
    )
    .await
    .unwrap();
    let rows = tx
        .query("SELECT pg_temp.explained($1)", &[sql.into()])
        .await
        .unwrap();
    rows.iter().map(|row| text(&row[0])).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("a text was expected, not {other:?}"),
    }
}

async fn no_statement_walks(store: Store) {
    let day = Day {
        tenant: id(1),
        store,
    };
    fill(&day.store, day.tenant).await;
    NOTED.lock().clear();
    day.hot().await;
    day.cold().await;
    let noted: Vec<String> = NOTED.lock().iter().cloned().collect();
    let (mut bad, mut looked) = (Vec::new(), 0);
    let mut tx = day.store.reader().await.unwrap();
    if tx.is_postgres() {
        tx.statement(crate::postgres::PLAN_AS_WRITER).await.unwrap();
    }
    for sql in noted
        .iter()
        .filter(|sql| !sql.starts_with("PRAGMA") && !sql.contains("VALUES ("))
    {
        let (plan, scans) = plan(&mut tx, sql).await;
        println!("{sql}\n{plan}\n");
        looked += 1;
        if scans {
            bad.push(format!("{sql}\n{plan}"));
        }
    }
    drop(tx);
    day.store.close().await;
    assert!(looked > 25, "only {looked} statements were noted");
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_of_a_working_day_walks_through_a_table_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let config = StoreConfig::Sqlite {
        directory: directory.path().to_owned(),
    };
    let store = Store::open(&config, Arc::new(IdSource::new(0)))
        .await
        .unwrap();
    no_statement_walks(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_of_a_working_day_walks_through_a_table_on_postgres() {
    let Some(one) = testkit::TestStore::postgres().await else {
        return;
    };
    let url = one.url().expect("PostgreSQL was asked for").to_owned();
    let config = StoreConfig::Postgres { url };
    let store = Store::open(&config, Arc::new(IdSource::new(0)))
        .await
        .unwrap();
    no_statement_walks(store).await;
    one.finish().await;
}
