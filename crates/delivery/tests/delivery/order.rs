//! Events of one booking arrive in the order of its writes.

use std::collections::{BTreeMap, BTreeSet};

use testkit::in_each_scene;

use super::{
    receiver::{Manner, Receiver},
    world::World,
};

#[tokio::test]
async fn what_comes_later_waits_until_what_came_first_has_arrived() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        receiver.first([Manner::Answer(500), Manner::Answer(503)]);
        world.subscribe(&receiver).await;
        let booking = world.book().await;
        world.change(booking).await;
        world.scene.done(world.scene.remove(booking)).await;
        assert_eq!(world.round().await, 1, "only the first is tried");
        world.change(world.book().await).await;
        assert_eq!(
            world.round().await,
            1,
            "another booking waits for nobody, but for itself"
        );
        world.advance_s(3_600);
        while world.round().await > 0 {}
        let words: Vec<String> = receiver
            .received()
            .iter()
            .map(super::receiver::Received::event)
            .filter(|(_, id)| *id == booking.get())
            .map(|(word, _)| word)
            .collect();
        assert_eq!(
            words,
            [
                "booking.placed",
                "booking.placed",
                "booking.changed",
                "booking.removed"
            ]
        );
        assert!(
            world
                .deliveries()
                .await
                .iter()
                .all(|delivery| delivery.state == "delivered")
        );
    })
    .await;
}

#[tokio::test]
async fn a_booking_whose_events_fail_delays_no_other() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let (bad, good) = (world.book().await, world.book().await);
        let receiver = Receiver::new(Manner::To(bad.to_string(), 500)).await;
        world.subscribe(&receiver).await;
        for _ in 0..3 {
            world.change(bad).await;
            world.change(good).await;
        }
        world.round().await;
        let arrived = |id: i64| {
            let all = receiver.received();
            all.iter().filter(|one| one.event().1 == id).count()
        };
        assert_eq!(arrived(good.get()), 3);
        assert_eq!(arrived(bad.get()), 1);
    })
    .await;
}

#[tokio::test]
async fn a_backlog_of_many_commits_keeps_the_order_of_each_booking() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(204)).await;
        world.subscribe(&receiver).await;
        let mut bookings = Vec::new();
        for _ in 0..20 {
            bookings.push(world.book().await);
        }
        for _ in 0..29 {
            let changes = bookings.iter().map(|id| world.scene.change(*id).into());
            world.scene.submit(changes.collect()).await;
        }
        assert_eq!(world.round().await, 600);
        let mut by_booking = BTreeMap::<i64, Vec<String>>::new();
        let mut ids = BTreeSet::new();
        for one in receiver.received() {
            ids.insert(one.header("webhook-id").to_owned());
            let (word, id) = one.event();
            by_booking.entry(id).or_default().push(word);
        }
        assert_eq!((ids.len(), by_booking.len()), (600, 20));
        for words in by_booking.values() {
            assert_eq!(words.len(), 30);
            assert_eq!(words[0], "booking.placed");
            assert!(words[1..].iter().all(|word| word == "booking.changed"));
        }
        let deliveries = world.deliveries().await;
        assert!(
            deliveries
                .iter()
                .all(|delivery| delivery.state == "delivered")
        );
        let mut last = BTreeMap::new();
        for one in receiver.received() {
            let id = one
                .header("webhook-id")
                .trim_start_matches("msg_")
                .to_owned();
            let delivery = deliveries
                .iter()
                .find(|of| of.id.to_string() == id)
                .unwrap();
            let before = last.insert(delivery.subject_id, delivery.ordinal);
            assert!(before < Some(delivery.ordinal), "{before:?} {delivery:?}");
        }
        assert_eq!(world.count("outbox").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_long_queue_behind_one_that_fails_hides_no_other_and_leaves_in_order() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let (bad, good) = (world.book().await, world.book().await);
        let receiver = Receiver::new(Manner::To(bad.to_string(), 500)).await;
        world.subscribe(&receiver).await;
        for _ in 0..300 {
            world.change(bad).await;
        }
        world.change(good).await;
        world.round().await;
        let told = |id: i64| {
            let all = receiver.received();
            all.iter().filter(|one| one.event().1 == id).count()
        };
        assert_eq!((told(bad.get()), told(good.get())), (1, 1));
        receiver.behave(Manner::Answer(200));
        world.advance_s(120);
        assert_eq!(world.round().await, 300);
        let ids: Vec<String> = receiver
            .received()
            .iter()
            .filter(|one| one.event().1 == bad.get())
            .map(|one| one.header("webhook-id").to_owned())
            .collect();
        let deliveries = world.deliveries().await;
        let mut in_order: Vec<_> = deliveries
            .iter()
            .filter(|of| of.subject_id == bad)
            .collect();
        in_order.sort_by_key(|of| of.ordinal);
        let expected: Vec<String> = in_order.iter().map(|of| format!("msg_{}", of.id)).collect();
        assert_eq!(ids[1..], expected);
    })
    .await;
}
