//! What failed is tried again, for as long as was promised.

use delivery::{
    Settings,
    mail::{From, Post},
};
use jiff::SignedDuration;
use service::outgoing::{Confirm, Refusal, SubscriptionPatch};
use testkit::in_each_scene;

use super::{
    receiver::{Manner, Receiver},
    world::{World, times},
};

const HOUR_S: i64 = 3_600;

#[tokio::test]
async fn retry_after_is_honoured_to_the_second_and_to_the_day() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let date = world.scene.clock.now() + SignedDuration::from_hours(5);
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        receiver.first([
            Manner::With(429, "Retry-After", "7200".to_owned()),
            Manner::With(503, "Retry-After", date),
        ]);
        world.subscribe(&receiver).await;
        world.book().await;
        assert_eq!(world.round().await, 1);
        world.advance_s(2 * HOUR_S - 1);
        assert_eq!(world.round().await, 0);
        world.advance_s(1);
        assert_eq!(world.round().await, 1);
        world.advance_s(3 * HOUR_S - 1);
        assert_eq!(world.round().await, 0);
        world.advance_s(1);
        assert_eq!(world.round().await, 1);
        let outcomes: Vec<(String, Option<i64>)> = world
            .attempts()
            .await
            .into_iter()
            .map(|attempt| (attempt.outcome, attempt.status))
            .collect();
        assert_eq!(
            outcomes,
            [
                ("refused".to_owned(), Some(429)),
                ("refused".to_owned(), Some(503)),
                ("delivered".to_owned(), Some(200)),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_is_told_once_is_told_once() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(500)).await;
        let mut wanted = world.wanted(&receiver.url());
        wanted.confirm = Confirm::FireAndForget;
        world.subscribe_as(wanted).await;
        let booking = world.book().await;
        world.change(booking).await;
        assert_eq!(
            world.round().await,
            2,
            "the second does not wait for the first"
        );
        world.advance_s(100 * HOUR_S);
        assert_eq!(world.round().await, 0);
        assert_eq!(receiver.count(), 2);
        let states: Vec<String> = world
            .deliveries()
            .await
            .into_iter()
            .map(|delivery| delivery.state)
            .collect();
        assert_eq!(states, ["failed", "failed"]);
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_was_down_for_three_days_is_told() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Break).await;
        world.subscribe(&receiver).await;
        let first = world.scene.clock.now();
        world.book().await;
        world.round().await;
        let up = first + SignedDuration::from_hours(72);
        while world.scene.clock.now() < up {
            assert!(world.advance_to_next().await, "it is given up too early");
            if world.scene.clock.now() >= up {
                receiver.behave(Manner::Answer(200));
            }
            world.round().await;
        }
        let deliveries = world.deliveries().await;
        assert_eq!(deliveries[0].state, "delivered");
        assert!((10..40).contains(&deliveries[0].attempts), "{deliveries:?}");
        let attempts = world.attempts().await;
        assert_eq!(attempts.len() as i64, deliveries[0].attempts);
        assert!(
            attempts
                .windows(2)
                .all(|two| two[0].next_at == Some(two[1].at))
        );
    })
    .await;
}

#[tokio::test]
async fn after_three_days_without_success_it_is_given_up_and_may_be_asked_for_again() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(404)).await;
        world.subscribe(&receiver).await;
        world.book().await;
        world.round().await;
        while world.advance_to_next().await {
            world.round().await;
        }
        let given_up = world.deliveries().await.remove(0);
        assert_eq!(given_up.state, "failed");
        receiver.behave(Manner::Answer(200));
        let answers = world
            .outgoing
            .deliveries_resend(&world.actor, &[given_up.id, world.lane])
            .await
            .unwrap();
        assert_eq!(answers[1], Err(Refusal::UnknownDelivery));
        assert_eq!(world.round().await, 1);
        let all = receiver.received();
        let (first, last) = (&all[0], &all[all.len() - 1]);
        assert_eq!(first.body, last.body);
        assert_ne!(first.header("webhook-id"), last.header("webhook-id"));
        let again = world.deliveries().await.remove(1);
        assert_eq!((again.state.as_str(), again.resent), ("delivered", true));
    })
    .await;
}

#[tokio::test]
async fn after_five_days_of_failure_it_is_switched_off_and_its_owner_told() {
    in_each_scene(|scene| async move {
        let folder = tempfile::tempdir().unwrap();
        let from = From::parse("house@example.org", "").unwrap();
        let post = Post::folder(folder.path().to_owned(), from).unwrap();
        let world = World::with(scene, post, times(), Settings::default()).await;
        let receiver = Receiver::new(Manner::Answer(500)).await;
        let id = world.subscribe(&receiver).await.subscription.id;
        let start = world.scene.clock.now();
        let five_days = SignedDuration::from_hours(5 * 24);
        let off = loop {
            world.book().await;
            while world.round().await > 0 {}
            let found = world.subscription(id).await;
            if !found.subscription.active {
                break found;
            }
            let failing_for = world.scene.clock.now().duration_since(start);
            assert!(failing_for < five_days, "{failing_for:?}");
            world.advance_s(6 * HOUR_S);
        };
        let since = off.health.failing_since.unwrap();
        let at = off.subscription.off.unwrap().at;
        assert!(at.duration_since(since) >= five_days);
        assert!(
            world
                .deliveries()
                .await
                .iter()
                .all(|delivery| !delivery.open)
        );
        let letters: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(letters.len(), 1, "the owner is told once");
        let letter = std::fs::read_to_string(letters[0].as_ref().unwrap().path()).unwrap();
        assert!(letter.contains("To: owner@example.org\r\n"), "{letter}");
        assert!(
            letter.contains("ein Webhook wurde abgeschaltet"),
            "{letter}"
        );
        world.book().await;
        assert_eq!(world.round().await, 0);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_switched_on_again_hears_of_what_happens_from_then_on() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let id = world.subscribe(&receiver).await.subscription.id;
        let switch = |active| {
            let patch = SubscriptionPatch {
                active: Some(active),
                ..SubscriptionPatch::default()
            };
            world.outgoing.subscription_change(&world.actor, id, patch)
        };
        world.book().await;
        switch(false).await.unwrap().unwrap();
        world.book().await;
        world.round().await;
        assert_eq!(receiver.count(), 0);
        let on = switch(true).await.unwrap().unwrap();
        assert!(on.subscription.active && on.subscription.off.is_none());
        let heard = world.book().await;
        world.round().await;
        let ids: Vec<i64> = receiver
            .received()
            .iter()
            .map(|one| one.event().1)
            .collect();
        assert_eq!(ids, [heard.get()]);
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_failed_once_long_ago_is_not_switched_off_by_its_next_failure() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(500)).await;
        let mut wanted = world.wanted(&receiver.url());
        wanted.confirm = Confirm::FireAndForget;
        let id = world.subscribe_as(wanted).await.subscription.id;
        for _ in 0..3 {
            world.book().await;
            world.round().await;
            world.advance_s(4 * 24 * HOUR_S);
        }
        let found = world.subscription(id).await;
        assert!(found.subscription.active);
        assert_eq!(found.health.failed, 3);
    })
    .await;
}
