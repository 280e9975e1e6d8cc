//! The log shows what was sent, what came back and why not.

use domain::access::{Capabilities, Reach};
use service::{
    PageOf,
    outgoing::{AttemptFilter, DeliveryFilter},
};
use testkit::in_each_scene;

use super::{
    receiver::{Manner, Receiver},
    world::{World, grant},
};

#[tokio::test]
async fn an_attempt_says_what_was_sent_what_was_answered_and_how_long_it_took() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let long = "y".repeat(5_000);
        receiver.first([Manner::With(418, "x-why", format!("tea\t{long}"))]);
        world.subscribe(&receiver).await;
        world.book().await;
        world.round().await;
        let attempt = world.attempts().await.remove(0);
        assert_eq!((attempt.number, attempt.status), (1, Some(418)));
        assert_eq!(attempt.url, receiver.url());
        assert_eq!(
            attempt.problem.as_deref(),
            Some("the receiver answered 418")
        );
        assert_eq!(attempt.request.as_bytes(), receiver.received()[0].body);
        assert_eq!(attempt.response, "status 418");
        let names: Vec<&str> = attempt
            .request_head
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "content-type",
                "webhook-id",
                "webhook-timestamp",
                "webhook-signature"
            ]
        );
        let (_, why) = attempt
            .response_head
            .iter()
            .find(|(name, _)| name == "x-why")
            .unwrap();
        assert!(why.starts_with("tea\tyyy") && why.len() < 300, "{why}");
        assert_eq!(receiver.received()[0].line, "POST /hook?a=b HTTP/1.1");
        assert_eq!(
            receiver.received()[0].header("host"),
            receiver.address.to_string()
        );
    })
    .await;
}

#[tokio::test]
async fn the_log_is_filtered_paged_and_shown_to_its_own_grant_only() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receivers = [
            Receiver::new(Manner::Answer(200)).await,
            Receiver::new(Manner::Answer(500)).await,
        ];
        let good = world.subscribe(&receivers[0]).await.subscription.id;
        let bad = world.subscribe(&receivers[1]).await.subscription.id;
        for _ in 0..3 {
            world.book().await;
        }
        world.round().await;
        let find = |filter: DeliveryFilter, number| {
            let page = PageOf { number, size: 2 };
            let (outgoing, actor) = (world.outgoing.clone(), world.actor.clone());
            async move { outgoing.deliveries(&actor, &filter, page).await.unwrap() }
        };
        let to_good = DeliveryFilter {
            subscription_ids: vec![good],
            ..DeliveryFilter::default()
        };
        let (first, second) = (find(to_good.clone(), 1).await, find(to_good, 2).await);
        assert_eq!((first.rows.len(), first.more), (2, true));
        assert_eq!((second.rows.len(), second.more), (1, false));
        assert!(first.rows[0].id > first.rows[1].id && first.rows[1].id > second.rows[0].id);
        let waiting = DeliveryFilter {
            states: vec!["waiting".to_owned()],
            ..DeliveryFilter::default()
        };
        let waiting = find(waiting, 1).await.rows;
        assert!(waiting.len() == 2 && waiting.iter().all(|of| of.subscription_id == bad));
        let stranger = grant(
            &world.scene,
            world.scene.id(),
            Capabilities::everything(Reach::Tenant),
        );
        let stranger = stranger.await;
        let page = PageOf::first(10);
        let seen = world
            .outgoing
            .deliveries(&stranger, &DeliveryFilter::default(), page)
            .await;
        assert_eq!(seen.unwrap().rows, []);
        let seen = world
            .outgoing
            .attempts(&stranger, &AttemptFilter::default(), page)
            .await;
        assert_eq!(seen.unwrap().rows, []);
        let seen = world.outgoing.delivery(&stranger, waiting[0].id).await;
        assert_eq!(seen.unwrap(), None);
        assert!(
            world
                .outgoing
                .delivery(&world.actor, waiting[0].id)
                .await
                .unwrap()
                .is_some()
        );
        let again = world
            .outgoing
            .deliveries_resend(&stranger, &[waiting[0].id])
            .await;
        assert!(again.unwrap()[0].is_err());
    })
    .await;
}
