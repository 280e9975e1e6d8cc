//! The writers: queues, cold commands, restarts, and many of them at once.

use std::{sync::Arc, time::Duration};

use catalogue::inventory::Organization;
use domain::{
    booking::Status,
    id::{Id, IdSource},
};
use store::{ColdCommand, Error, Result, Store, StoreConfig, Tx, Value, limits};
use testkit::{LaneOf, Scene, TestStore, in_each_scene};

use crate::{Execute, count, is_done};

/// Inserts an organization, then fails in the way that is asked for.
struct Failing(Scene, Id, &'static str);

impl ColdCommand for Failing {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> Result<()> {
        let organization = Organization {
            tenant_id: self.0.tenant_id,
            id: self.1,
            parent_id: None,
            name: "Doomed".to_owned(),
            version: 1,
            details: Default::default(),
        };
        tx.insert(&[organization]).await?;
        match self.2 {
            "refuses" => Err(Error::Stale {
                table: "organization",
            }),
            "statement" => tx
                .execute("INSERT INTO nowhere VALUES (1)", &[])
                .await
                .map(|_| ()),
            "swallows" => {
                // Whoever overlooks an error must not be told that all is well.
                drop(tx.execute("INSERT INTO nowhere VALUES (1)", &[]).await);
                Ok(())
            }
            "panics" => panic!("a mistake in a command"),
            _ => Ok(()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_command_that_fails_undoes_itself_and_nothing_else() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(100)).await;
        let before = count(&scene, "organization").await;
        for how in ["refuses", "statement", "panics"] {
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..12 {
                let scene = scene.clone();
                tasks.spawn(async move {
                    match number % 3 {
                        0 => {
                            let doomed = Failing(scene.clone(), scene.id(), how);
                            assert!(scene.store.run(doomed).await.is_err());
                        }
                        1 => scene
                            .store
                            .run(Failing(scene.clone(), scene.id(), "not"))
                            .await
                            .unwrap(),
                        _ => drop(scene.placed(scene.place(lane, 0, 1)).await),
                    }
                });
            }
            tasks.join_all().await;
        }
        assert_eq!(count(&scene, "organization").await, before + 12);
        assert_eq!(count(&scene, "booking").await, 12);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlooked_error_is_never_acknowledged_as_done() {
    in_each_scene(|scene| async move {
        let before = count(&scene, "organization").await;
        let result = scene
            .store
            .run(Failing(scene.clone(), scene.id(), "swallows"))
            .await;
        let done = i64::from(result.is_ok());
        assert_eq!(count(&scene, "organization").await, before + done);
    })
    .await;
}

/// Updates an organization read before.
struct Rename(Organization, &'static str);

impl ColdCommand for Rename {
    type Output = i64;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> Result<i64> {
        let mut organization = self.0.clone();
        organization.name = self.1.to_owned();
        tx.update(&mut organization).await?;
        Ok(organization.version)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_over_a_newer_version_is_told_that_theirs_is_stale() {
    in_each_scene(|scene| async move {
        let key = [Value::from(scene.tenant_id), scene.organization_id.into()];
        let read = async || {
            let tx = scene.store.reader().await.unwrap();
            tx.get::<Organization>(&key).await.unwrap().unwrap()
        };
        let old = read().await;
        assert_eq!(
            scene.store.run(Rename(old.clone(), "One")).await.unwrap(),
            2
        );
        let stale = scene.store.run(Rename(old, "Two")).await;
        assert!(matches!(
            stale,
            Err(Error::Stale {
                table: "organization"
            })
        ));
        assert_eq!(
            (read().await.name.as_str(), read().await.version),
            ("One", 2)
        );
        assert_eq!(
            scene
                .store
                .run(Rename(read().await, "Three"))
                .await
                .unwrap(),
            3
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_over_many_lanes_never_wait_in_a_circle() {
    let Some(one) = TestStore::postgres().await else {
        return;
    };
    let other = Store::open(&one.config, Arc::new(IdSource::new(1)))
        .await
        .unwrap();
    let scene = Scene::new(&one.store).await;
    let mut lanes = Vec::new();
    for number in 0..24 {
        lanes.push(
            scene
                .lane(if number % 2 == 0 {
                    LaneOf::units(4)
                } else {
                    LaneOf::places(4)
                })
                .await,
        );
    }
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..16_usize {
        let (lanes, store) = (
            lanes.clone(),
            if worker % 2 == 0 { &one.store } else { &other },
        );
        let scene = Scene {
            store: store.clone(),
            ..scene.clone()
        };
        tasks.spawn(async move { work(scene, lanes, worker).await });
    }
    tasks.join_all().await;
    let report = scene.verify().await;
    assert!(report.takes > 1_000, "{report:?}");
    let tx = scene.store.reader().await.unwrap();
    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(tx.query(sql, &[]).await.unwrap(), [[Value::Int(0)]]);
    drop(tx);
    other.close().await;
    drop((scene, other));
    one.finish().await;
}

/// Places, moves across lanes, cancels and locks lanes for a calendar, in every order there is.
async fn work(scene: Scene, lanes: Vec<Id>, worker: usize) {
    let mut placed: Vec<Id> = Vec::new();
    for round in 0..20_usize {
        let lane = |number: usize| lanes[(worker * 7 + round * 5 + number * 11) % lanes.len()];
        let mut commands = Vec::new();
        let mut new = Vec::new();
        for number in 0..6 {
            let place = scene.place(
                lane(number),
                ((worker * 3 + round * 2 + number) % 40) as i32,
                2,
            );
            new.push(place.booking.id);
            commands.push(place.into());
        }
        for id in placed.iter().rev().take(4) {
            let mut change = scene.change(*id);
            change.change.resource_id = Some(lane(9));
            commands.push(change.into());
        }
        if let Some(id) = placed.first() {
            commands.push(scene.become_(*id, Status::Cancelled).into());
        }
        let outcomes = scene.submit(commands).await;
        placed.extend(
            new.into_iter()
                .zip(&outcomes)
                .filter(|(_, outcome)| is_done(outcome))
                .map(|(id, _)| id),
        );
        if round % 4 == 0 {
            scene
                .store
                .run(LockLanes(scene.tenant_id, vec![lane(3), lane(1), lane(2)]))
                .await
                .unwrap();
        }
    }
}

struct LockLanes(Id, Vec<Id>);

impl ColdCommand for LockLanes {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> Result<()> {
        tx.lock_lanes(self.0, &self.1).await
    }
}

/// Keeps a writer busy: on SQLite its thread, on PostgreSQL its transaction.
struct Slow;

impl ColdCommand for Slow {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> Result<()> {
        if tx.is_postgres() {
            tx.query("SELECT pg_sleep(1.5)::text", &[]).await?;
        } else {
            std::thread::sleep(Duration::from_millis(1500));
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_busy_and_everything_accepted_is_done() {
    in_each_scene(|scene| async move {
        let slow = tokio::spawn({
            let store = scene.store.clone();
            async move { store.run(Slow).await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..limits::QUEUE + 50 {
            let store = scene.store.clone();
            tasks.spawn(async move {
                store
                    .run(Execute("DELETE FROM guest WHERE 1 = 0".to_owned(), vec![]))
                    .await
            });
        }
        let results = tasks.join_all().await;
        let busy = results
            .iter()
            .filter(|result| {
                matches!(
                    result,
                    Err(Error::Busy {
                        retry_after_ms: 1..
                    })
                )
            })
            .count();
        assert_eq!(busy, 50);
        assert_eq!(
            results.iter().filter(|result| result.is_ok()).count(),
            limits::QUEUE
        );
        slow.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_what_was_accepted_and_then_takes_no_more() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::places(1_000)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (store, submission) = (
                scene.store.clone(),
                scene.submission(vec![scene.place(lane, 0, 1).into()]),
            );
            tasks.spawn(async move { store.submit(submission).await });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        scene.store.close().await;
        let mut done = 0;
        for result in tasks.join_all().await {
            match result {
                Ok(answer) => done += i64::from(testkit::scene::fresh(answer).iter().all(is_done)),
                Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error}"),
            }
        }
        let late = scene.store.submit(scene.submission(vec![])).await;
        assert!(matches!(late, Err(Error::Unavailable(_))));
        assert_eq!(count(&scene, "booking").await, done);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_opened_again_has_everything_and_draws_no_id_twice() {
    for mut one in testkit::stores().await {
        let scene = Scene::new(&one.store).await;
        // A sandbox's clock ran a year ahead, and goes back.
        scene.clock.advance_ms(365 * 86_400_000);
        let lane = scene.lane(LaneOf::places(100)).await;
        let id = scene.placed(scene.place(lane, 0, 2)).await;
        let before = (scene.booking(id).await, scene.verify().await);
        one.reopen().await;
        let again = Scene {
            store: one.store.clone(),
            ..scene.clone()
        };
        assert_eq!((again.booking(id).await, again.verify().await), before);
        again.clock.advance_ms(-365 * 86_400_000);
        assert!(again.id() > id);
        again.placed(again.place(lane, 0, 2)).await;
        again.verify().await;
        drop((scene, again));
        one.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_belongs_to_one_store_at_a_time() {
    let one = TestStore::sqlite().await;
    let open = async || Store::open(&one.config, Arc::new(IdSource::new(0))).await;
    let Err(Error::Open(text)) = open().await else {
        panic!("the directory is in use")
    };
    assert!(text.contains("another tabard process"), "{text}");
    // Reading beside it is fine.
    let reading = Store::open_for_reading(&one.config, Arc::new(IdSource::new(0)))
        .await
        .unwrap();
    let tx = reading.reader().await.unwrap();
    assert_eq!(
        tx.query("SELECT count(*) FROM booking", &[]).await.unwrap(),
        [[Value::Int(0)]]
    );
    drop(tx);
    let refused = reading
        .run(Execute("DELETE FROM booking".to_owned(), vec![]))
        .await;
    assert!(matches!(refused, Err(Error::Refused(_))));
    one.store.close().await;
    open().await.unwrap().close().await;
    let nowhere = StoreConfig::Sqlite {
        directory: "does/not/exist".into(),
    };
    let missing = Store::open_for_reading(&nowhere, Arc::new(IdSource::new(0))).await;
    assert!(matches!(missing, Err(Error::Open(_))));
    drop(reading);
    one.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_dropped_without_closing_gives_its_directory_free() {
    let one = TestStore::sqlite().await;
    let config = one.config.clone();
    let scene = Scene::new(&one.store).await;
    let lane = scene.lane(LaneOf::places(1_000)).await;
    let submission = scene.submission(vec![scene.place(lane, 0, 1).into()]);
    let kept = one.keep_home();
    let waiting = tokio::spawn({
        let store = scene.store.clone();
        async move { store.submit(submission).await }
    });
    waiting.await.unwrap().unwrap();
    drop(scene);
    for _ in 0..3_000 {
        if let Ok(again) = Store::open(&config, Arc::new(IdSource::new(0))).await {
            again.close().await;
            drop(kept);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the directory is still taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_drops_every_connection_is_found_again() {
    let Some(one) = TestStore::postgres().await else {
        return;
    };
    let scene = Scene::new(&one.store).await;
    let lane = scene.lane(LaneOf::places(100_000)).await;
    let mut known = Vec::new();
    for round in 0..10 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let place = scene.place(lane, round, 1);
            let (id, submission) = (place.booking.id, scene.submission(vec![place.into()]));
            let store = scene.store.clone();
            tasks.spawn(async move { (id, store.submit(submission).await) });
        }
        let tx = scene.store.reader().await.unwrap();
        let sql = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        tx.query(sql, &[]).await.unwrap();
        drop(tx);
        for (id, result) in tasks.join_all().await {
            match result {
                Ok(answer) => {
                    assert!(is_done(&testkit::scene::fresh(answer)[0]));
                    known.push(id);
                }
                Err(Error::Unavailable(_) | Error::OutcomeUnknown) => {}
                Err(error) => panic!("{error}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        known.push(scene.placed(scene.place(lane, round, 1)).await);
    }
    for id in known {
        assert!(scene.booking(id).await.is_some(), "{id} was acknowledged");
    }
    scene.verify().await;
    drop(scene);
    one.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_never_waits_for_who_writes_and_sees_one_state() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::places(10_000)).await;
        let writing = tokio::spawn({
            let scene = scene.clone();
            async move {
                for number in 0..40 {
                    let commands = (0..10)
                        .map(|_| scene.place(lane, number, 1).into())
                        .collect();
                    assert!(scene.submit(commands).await.iter().all(is_done));
                }
            }
        });
        // More readers at once than there are connections for, each inside a snapshot of its own.
        let mut snapshots = Vec::new();
        for _ in 0..6 {
            let mut tx = scene.store.reader().await.unwrap();
            tx.begin_snapshot().await.unwrap();
            snapshots.push(tx);
        }
        let sql = "SELECT (SELECT count(*) FROM booking WHERE tenant_id = $1), \
                   (SELECT count(*) FROM allocation WHERE tenant_id = $1)";
        let mut firsts = Vec::new();
        for tx in &mut snapshots {
            firsts.push(tx.query(sql, &[scene.tenant_id.into()]).await.unwrap());
        }
        writing.await.unwrap();
        for (tx, first) in snapshots.iter_mut().zip(firsts) {
            assert_eq!(first[0][0], first[0][1]);
            assert_eq!(
                tx.query(sql, &[scene.tenant_id.into()]).await.unwrap(),
                first
            );
            tx.end_snapshot().await.unwrap();
        }
        drop(snapshots);
        assert_eq!(count(&scene, "booking").await, 400);
        scene.verify().await;
    })
    .await;
}
