//! Events that nobody listens to cost nothing and do not stay.

use domain::access::{Capabilities, Reach, capability as c};
use service::{
    Error,
    outgoing::{Refusal, SubscriptionPatch, target::BadTarget},
};
use testkit::in_each_scene;

use super::{
    receiver::{Manner, Receiver},
    world::{World, grant},
};

const DAY_S: i64 = 24 * 3_600;

#[tokio::test]
async fn where_nobody_listens_events_are_forgotten_and_nobody_is_told_of_them_later() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        for _ in 0..30 {
            world.book().await;
        }
        let before = world.count("outbox").await;
        assert!(before >= 30);
        assert_eq!(world.round().await, 0);
        assert_eq!(
            world.count("outbox").await,
            before,
            "no dispatcher touches them in haste"
        );
        assert_eq!(world.dispatcher.tidy_up().await.unwrap(), before as u64);
        assert_eq!(world.count("outbox").await, 0);
        world.book().await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        world.subscribe(&receiver).await;
        let heard = world.book().await;
        world.round().await;
        let ids: Vec<i64> = receiver
            .received()
            .iter()
            .map(|one| one.event().1)
            .collect();
        assert_eq!(ids, [heard.get()]);
        world.book().await;
        world.dispatcher.tidy_up().await.unwrap();
        assert_eq!(
            world.round().await,
            1,
            "where somebody listens nothing is forgotten"
        );
    })
    .await;
}

#[tokio::test]
async fn the_log_is_kept_for_as_long_as_was_said() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        world.subscribe(&receiver).await;
        world.book().await;
        world.round().await;
        world.advance_s(29 * DAY_S);
        world.book().await;
        world.round().await;
        assert_eq!(world.dispatcher.tidy_up().await.unwrap(), 0);
        world.advance_s(2 * DAY_S);
        assert_eq!(world.dispatcher.tidy_up().await.unwrap(), 2);
        assert_eq!(world.deliveries().await.len(), 1);
        assert_eq!(world.attempts().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_subscribes_to_what_it_may_not_read_or_to_what_can_be_no_target() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let reader = Capabilities::none().with(c::PROPERTIES_READ, Reach::Tenant);
        let reader = grant(&world.scene, world.scene.id(), reader).await;
        let wanted = world.wanted("http://127.0.0.1:9000/");
        let told = world
            .outgoing
            .subscription_create(&reader, wanted.clone())
            .await;
        assert!(matches!(told, Err(Error::Forbidden(needed)) if needed == c::BOOKINGS_READ));
        for (url, problem) in [
            ("http://10.0.0.1:9000/", BadTarget::Address("private")),
            ("ftp://example.org/", BadTarget::Scheme),
            ("http://u:p@example.org/", BadTarget::UserInfo),
        ] {
            let mut wanted = wanted.clone();
            wanted.target_url = url.to_owned();
            let told = world
                .outgoing
                .subscription_create(&world.actor, wanted)
                .await;
            assert_eq!(told.unwrap().unwrap_err(), Refusal::BadTarget(problem));
        }
        let mut unknown = wanted.clone();
        unknown.events.push("booking.eaten".to_owned());
        let told = world
            .outgoing
            .subscription_create(&world.actor, unknown)
            .await;
        let expected = Refusal::UnknownEvent("booking.eaten".to_owned());
        assert_eq!(told.unwrap().unwrap_err(), expected);
        assert_eq!(world.count("subscription").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_grant_that_reaches_other_organizations_hears_nothing_of_this_one() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let own_only = Capabilities::everything(Reach::OwnChannel);
        let limited = grant(&world.scene, world.scene.id(), own_only).await;
        let wanted = world.wanted(&receiver.url());
        let made = world.outgoing.subscription_create(&limited, wanted).await;
        let made = made.unwrap().unwrap().0.subscription;
        world.book().await;
        assert_eq!(
            world.round().await,
            0,
            "a format that does not judge reach tells nothing"
        );
        let patch = SubscriptionPatch {
            active: Some(false),
            ..SubscriptionPatch::default()
        };
        let told = world
            .outgoing
            .subscription_change(&world.actor, made.id, patch);
        let told = told.await.unwrap().unwrap_err();
        assert_eq!(
            told,
            Refusal::UnknownSubscription,
            "it belongs to another grant"
        );
    })
    .await;
}
