//! The judge of a tenant's rows: the journal must hold, and all other rows must agree with it.

use std::collections::BTreeMap;

use catalogue::{Value, sale::Booking};
use domain::id::Id;
use journal::{Checker, Report};
use store::{Condition, Store, Tx, journal_rows::JournalReader};

/// One allocation row: lane, booking, quantity, start, end, overbooked, unit.
type Allocation = (i64, i64, i64, i64, i64, bool, Option<i64>);

/// Feeds a tenant's whole journal to the checker, and compares what lives by the journal with the rows
/// of allocations, lanes and bookings. Panics at the first difference.
pub async fn verify(store: &Store, tenant_id: Id) -> Report {
    let mut tx = store.reader().await.expect("the store can be read");
    tx.begin_snapshot().await.expect("the store can be read");
    let checker = replayed(&mut tx, tenant_id).await;
    let allocations = allocations(&mut tx, tenant_id).await;
    compare_allocations(&checker, tenant_id, &allocations);
    compare_lanes(&checker, &mut tx, tenant_id, &allocations).await;
    compare_bookings(&mut tx, tenant_id, &allocations).await;
    no_unit_is_shared(&allocations);
    tx.end_snapshot().await.expect("the store can be read");
    checker.finish().expect("nothing was exported before")
}

async fn replayed(tx: &mut Tx, tenant_id: Id) -> Checker {
    let mut checker = Checker::new();
    let mut reader = JournalReader::new(tenant_id);
    loop {
        let page = reader.next(tx).await.expect("the journal can be read");
        if page.is_empty() {
            return checker;
        }
        for sealed in page {
            if let Err(violation) = checker.feed(sealed.to_line().as_bytes()) {
                panic!("{violation}: {}", sealed.to_line());
            }
        }
    }
}

async fn allocations(tx: &mut Tx, tenant_id: Id) -> BTreeMap<i64, Allocation> {
    let sql = "SELECT id, lane_id, booking_id, quantity, starts_at, ends_at, overbooked, unit FROM allocation \
               WHERE tenant_id = $1";
    let rows = tx
        .query(sql, &[tenant_id.into()])
        .await
        .expect("allocations can be read");
    rows.iter()
        .map(|row| {
            let unit = if let Value::Int(unit) = row[7] {
                Some(unit)
            } else {
                None
            };
            (
                int(&row[0]),
                (
                    int(&row[1]),
                    int(&row[2]),
                    int(&row[3]),
                    int(&row[4]),
                    int(&row[5]),
                    int(&row[6]) != 0,
                    unit,
                ),
            )
        })
        .collect()
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        other => panic!("a number was expected, not {other:?}"),
    }
}

fn compare_allocations(checker: &Checker, tenant_id: Id, rows: &BTreeMap<i64, Allocation>) {
    let mut by_journal = BTreeMap::new();
    for head in checker.heads() {
        assert_eq!(
            head.tenant,
            tenant_id.get(),
            "a journal holds its own tenant only"
        );
        let lane = checker
            .lane(head.tenant, head.lane)
            .expect("a lane with a head has been seen");
        for (id, taken) in lane.live() {
            let booking = taken.booking.expect("what is taken belongs to a booking");
            let live = (
                head.lane,
                booking,
                taken.quantity,
                taken.starts_at,
                taken.ends_at,
                taken.overbooked,
            );
            by_journal.insert(id, live);
        }
    }
    let rows: BTreeMap<i64, _> = rows
        .iter()
        .map(|(id, (lane, booking, quantity, from, to, over, _))| {
            (*id, (*lane, *booking, *quantity, *from, *to, *over))
        })
        .collect();
    assert_eq!(
        by_journal, rows,
        "what lives by the journal is what is in the rows"
    );
}

async fn compare_lanes(
    checker: &Checker,
    tx: &mut Tx,
    tenant_id: Id,
    allocations: &BTreeMap<i64, Allocation>,
) {
    let sql =
        "SELECT id, capacity, sequence, hash, longest_s FROM lane WHERE tenant_id = $1 ORDER BY id";
    let rows = tx
        .query(sql, &[tenant_id.into()])
        .await
        .expect("lanes can be read");
    let (heads, gone) = (checker.heads().into_iter())
        .partition::<Vec<_>, _>(|head| rows.iter().any(|row| int(&row[0]) == head.lane));
    assert_eq!(heads.len(), rows.len(), "every lane has a journal");
    for head in gone {
        let lane = checker.lane(head.tenant, head.lane);
        assert!(
            lane.is_some_and(|lane| lane.live().len() == 0),
            "a journal outlives its lane only when everything was given back"
        );
    }
    for (row, head) in rows.iter().zip(heads) {
        let lane = checker
            .lane(head.tenant, head.lane)
            .expect("a lane with a head has been seen");
        assert_eq!(
            (int(&row[0]), int(&row[1]), int(&row[2])),
            (head.lane, lane.capacity(), head.sequence)
        );
        assert_eq!(
            row[3],
            Value::Bytes(head.hash.to_vec()),
            "the lane knows the end of its chain"
        );
        let longest = allocations
            .values()
            .filter(|of| of.0 == head.lane)
            .map(|of| of.4 - of.3)
            .max()
            .unwrap_or(0);
        assert!(
            int(&row[4]) >= longest,
            "no stay is longer than its lane believes"
        );
    }
}

/// A booking that takes capacity has exactly what it says; one that takes none has nothing.
async fn compare_bookings(tx: &mut Tx, tenant_id: Id, allocations: &BTreeMap<i64, Allocation>) {
    let all = Condition::Is("tenant_id", tenant_id.into());
    let bookings: Vec<Booking> = tx
        .find(&all, "id", None, 0)
        .await
        .expect("bookings can be read");
    let mut of_booking: BTreeMap<i64, Vec<&Allocation>> = BTreeMap::new();
    for allocation in allocations.values() {
        of_booking.entry(allocation.1).or_default().push(allocation);
    }
    for booking in bookings {
        let own = of_booking.remove(&booking.id.get()).unwrap_or_default();
        let expected = if booking.status.takes_capacity() {
            booking.quantity
        } else {
            0
        };
        let taken: i64 = own.iter().map(|allocation| allocation.2).sum();
        assert_eq!(
            taken, expected,
            "booking {} is {} and takes what it says",
            booking.id, booking.status
        );
        let place = (
            booking.resource_id.get(),
            booking.starts_at.as_second(),
            booking.ends_at.as_second(),
        );
        assert!(
            own.iter().all(|of| (of.0, of.3, of.4) == place),
            "booking {} takes what and when it says",
            booking.id
        );
    }
    assert!(
        of_booking.is_empty(),
        "nothing is taken without a booking: {of_booking:?}"
    );
}

fn no_unit_is_shared(allocations: &BTreeMap<i64, Allocation>) {
    let mut of_unit: BTreeMap<(i64, i64), Vec<(i64, i64)>> = BTreeMap::new();
    for (lane, _, _, from, to, _, unit) in allocations.values() {
        if let Some(unit) = unit {
            of_unit
                .entry((*lane, *unit))
                .or_default()
                .push((*from, *to));
        }
    }
    for ((lane, unit), mut stays) in of_unit {
        stays.sort_unstable();
        for pair in stays.windows(2) {
            assert!(
                pair[0].1 <= pair[1].0,
                "unit {unit} of lane {lane} has two stays at once: {pair:?}"
            );
        }
    }
}
