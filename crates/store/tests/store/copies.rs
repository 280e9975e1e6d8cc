//! Copies between engines, backups, and the journal page by page.

use std::sync::Arc;

use domain::{booking::Status, id::IdSource};
use journal::Checker;
use store::{Error, SQLITE_FILE, Store, StoreConfig, Value, journal_rows::JournalReader};
use testkit::{LaneOf, Scene, TestStore, day, in_each_scene};

use crate::{Execute, is_done};

const TABLES: &[&str] = &[
    "client",
    "\"grant\"",
    "token",
    "app",
    "app_secret",
    "installation",
    "authorization_code",
    "token_family",
    "\"user\"",
    "employee",
    "session",
    "password_reset",
    "organization",
    "resource",
    "unit",
    "lane",
    "allocation",
    "journal",
    "calendar_day",
    "booking",
    "line",
    "note",
    "guest",
    "content",
    "link",
    "person",
    "record",
    "\"order\"",
    "price",
    "outbox",
    "subscription",
    "subscription_health",
    "delivery",
    "attempt",
    "mail",
    "audit",
    "idempotency",
    "tenant",
];

/// A house with a little of everything, in texts that are awkward to copy.
async fn furnish(scene: &Scene) {
    let lanes = [
        scene.lane(LaneOf::units(4)).await,
        scene.lane(LaneOf::places(6)).await,
    ];
    for number in 0..60 {
        let mut place = scene.place(lanes[number % 2], (number % 20) as i32, 2);
        let id = place.booking.id;
        place.lines = vec![scene.line(id, "Übernachtung — 夜 'n' \"quotes\" \\")];
        place.notes = vec![scene.note(id, "é")];
        place.booking.details.contact.last_name = "O'Brien-Ωmega".to_owned();
        scene.one(place).await;
    }
    let off = scene.placed(scene.place(lanes[0], 100, 1)).await;
    scene.done(scene.become_(off, Status::Cancelled)).await;
    for (key, bytes) in [
        ("a", vec![0, 255, 1]),
        ("Ä", vec![]),
        ("aa", vec![7; 300]),
        ("B", vec![9]),
    ] {
        let sql = "INSERT INTO idempotency (tenant_id, grant_id, key, at, fingerprint, status, body) \
                   VALUES ($1, $2, $3, 1, $4, 200, $5)";
        let cells = vec![
            scene.tenant_id.into(),
            scene.grant_id.into(),
            key.into(),
            Value::Bytes(vec![3; 32]),
            Value::Bytes(bytes),
        ];
        scene
            .store
            .run(Execute(sql.to_owned(), cells))
            .await
            .unwrap();
    }
    for sql in AROUND {
        let cells = vec![scene.tenant_id.into(), scene.id().into()];
        let row = Execute((*sql).to_owned(), cells);
        scene.store.run(row).await.unwrap();
    }
}

/// A row of each table around the inventory, with what is empty and what is awkward.
const AROUND: &[&str] = &[
    "INSERT INTO content (tenant_id, kind, id, organization_id, parent_id, position, archived_at, search, created_at, \
     changed_at, version, doc) VALUES ($1, 'label', $2, NULL, 7, -1, NULL, 'é', 1, 2, 3, '{}')",
    "INSERT INTO content (tenant_id, kind, id, organization_id, parent_id, position, archived_at, search, created_at, \
     changed_at, version, doc) VALUES ($1, 'Label', $2, 9, NULL, 1, 5, '', 1, 2, 3, '{}')",
    "INSERT INTO link (tenant_id, kind, id, organization_id, subject, from_id, to_id, position, created_at, changed_at, \
     version, doc) VALUES ($1, 'labelled', $2, NULL, 'unit', 1, 2, 3, 4, 5, 6, '{}')",
    "INSERT INTO person (tenant_id, kind, id, organization_id, email, phone, search, created_at, changed_at, version, doc) \
     VALUES ($1, 'owner', $2, NULL, 'Ω@x', '', '', 1, 2, 3, '{}')",
    "INSERT INTO record (tenant_id, kind, id, organization_id, parent_id, subject_id, state, reference, on_day, search, \
     created_at, changed_at, version, doc) VALUES ($1, 'todo', $2, 1, NULL, 2, 'open', '', -1, 'x', 1, 2, 3, '{}')",
    "INSERT INTO \"order\" (tenant_id, id, organization_id, reference, external_reference, customer_id, owner_id, channel_id, \
     confirmed_at, created_at, changed_at, version, doc) VALUES ($1, $2, 1, 'a', 'b', NULL, NULL, 3, NULL, 1, 2, 3, '{}')",
    "INSERT INTO price (tenant_id, list_id, day, nights, id, price_minor, active, changed_at, doc) \
     VALUES ($1, 1, -5, 0, $2, 100, 1, 2, '{}')",
];

/// Every row of every table, in one order.
async fn everything(store: &Store) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    let tx = store.reader().await.unwrap();
    for table in TABLES {
        let rows = tx
            .query(&format!("SELECT * FROM {table}"), &[])
            .await
            .unwrap();
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort_unstable();
        all.push(((*table).to_owned(), rows));
    }
    all
}

async fn copy_into(from: &Store, to: &Store) {
    let mut told = Vec::new();
    store::copy(from, to, &mut |table, done, total| {
        told.push((table.to_owned(), done, total))
    })
    .await
    .unwrap();
    assert!(
        told.iter()
            .any(|(table, done, total)| table == "journal" && done == total && *total > 0)
    );
    assert_eq!(everything(from).await, everything(to).await);
    let again = store::copy(from, to, &mut |_, _, _| {}).await;
    assert!(
        matches!(again, Err(Error::Open(_))),
        "a copy into a store with rows is refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_copied_there_and_back_is_the_same_row_by_row() {
    let first = TestStore::sqlite().await;
    let scene = Scene::new(&first.store).await;
    furnish(&scene).await;
    let between = match TestStore::postgres().await {
        Some(postgres) => postgres,
        None => TestStore::sqlite().await,
    };
    let last = TestStore::sqlite().await;
    copy_into(&first.store, &between.store).await;
    copy_into(&between.store, &last.store).await;
    assert_eq!(
        everything(&first.store).await,
        everything(&last.store).await
    );
    for store in [&between.store, &last.store] {
        let copied = Scene {
            store: store.clone(),
            ..scene.clone()
        };
        copied.verify().await;
        let lane = copied.lane(LaneOf::units(1)).await;
        copied.placed(copied.place(lane, 0, 1)).await;
        copied.verify().await;
    }
    drop(scene);
    for one in [first, between, last] {
        one.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_others_write_opens_and_verifies() {
    in_each_scene(|scene| async move {
        furnish(&scene).await;
        let lane = scene.lane(LaneOf::places(10_000)).await;
        let early = scene.placed(scene.place(lane, 0, 1)).await;
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let writing = tokio::spawn({
            let (scene, stop) = (scene.clone(), Arc::clone(&stop));
            async move {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let commands = (0..5)
                        .map(|night| scene.place(lane, night, 2).into())
                        .collect();
                    assert!(scene.submit(commands).await.iter().all(is_done));
                }
            }
        });
        let home = tempfile::tempdir().unwrap();
        for round in 0..3 {
            let directory = home.path().join(round.to_string());
            std::fs::create_dir(&directory).unwrap();
            let file = directory.join(SQLITE_FILE);
            scene.store.backup(&file, &mut |_, _, _| {}).await.unwrap();
            let again = scene.store.backup(&file, &mut |_, _, _| {}).await;
            assert!(
                matches!(again, Err(Error::Open(_))),
                "a backup writes over nothing"
            );
            let names: Vec<_> = std::fs::read_dir(&directory).unwrap().collect();
            assert_eq!(names.len(), 1, "nothing is left over: {names:?}");
            let config = StoreConfig::Sqlite { directory };
            let restored = Store::open(&config, Arc::new(IdSource::new(0)))
                .await
                .unwrap();
            let copied = Scene {
                store: restored.clone(),
                ..scene.clone()
            };
            assert!(copied.booking(early).await.is_some());
            let report = copied.verify().await;
            assert!(report.entries > 60);
            restored.close().await;
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writing.await.unwrap();
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_read_page_by_page_across_lanes() {
    in_each_scene(|scene| async move {
        let mut lanes = Vec::new();
        for _ in 0..5 {
            lanes.push(scene.lane(LaneOf::places(100_000)).await);
        }
        // Beside a stranger, whose entries must not show up.
        let stranger = Scene::new(&scene.store).await;
        let theirs = stranger.lane(LaneOf::places(5)).await;
        stranger.placed(stranger.place(theirs, 0, 1)).await;
        for round in 0..14 {
            let commands = (0..1_000)
                .map(|number| scene.place(lanes[number % 5], round, 1).into())
                .collect();
            assert!(scene.submit(commands).await.iter().all(is_done));
        }
        let mut tx = scene.store.reader().await.unwrap();
        tx.begin_snapshot().await.unwrap();
        let (mut reader, mut checker, mut pages) =
            (JournalReader::new(scene.tenant_id), Checker::new(), 0);
        loop {
            let page = reader.next(&mut tx).await.unwrap();
            if page.is_empty() {
                break;
            }
            pages += 1;
            for sealed in page {
                checker.feed_entry(&sealed).unwrap();
            }
        }
        tx.end_snapshot().await.unwrap();
        drop(tx);
        let report = checker.finish().unwrap();
        assert_eq!(
            (report.lanes, report.entries, report.live_allocations),
            (5, 14_005, 14_000)
        );
        assert_eq!(pages, 3);
        assert_eq!(scene.verify().await, report);
        let views = {
            let tx = scene.store.reader().await.unwrap();
            store::occupancy::look(&tx, scene.tenant_id, &lanes, day(0), day(3))
                .await
                .unwrap()
        };
        assert_eq!(views[4].taken(day(0), 3), [200, 200, 200]);
    })
    .await;
}
