//! One receiver that hangs delays nobody else.

use std::time::Duration;

use delivery::{Settings, carry::Times, mail::Post};
use testkit::in_each_scene;
use tokio::{sync::oneshot, time::timeout};

use super::{
    receiver::{Manner, Receiver},
    world::World,
};

/// When the receivers that hang are given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn receivers_that_hang_delay_nobody_else() {
    in_each_scene(|scene| async move {
        let slow = Times {
            connect: GIVEN_UP_AFTER,
            answer: GIVEN_UP_AFTER,
        };
        let settings = Settings {
            in_flight: 16,
            ..Settings::default()
        };
        let world = World::with(scene, Post::nowhere().unwrap(), slow, settings).await;
        let hanging = Receiver::new(Manner::Hang).await;
        let trickling = Receiver::new(Manner::Trickle).await;
        let good = Receiver::new(Manner::Answer(200)).await;
        for receiver in [&hanging, &trickling, &good] {
            world.subscribe(receiver).await;
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let dispatcher = world.dispatcher.clone();
        let running = tokio::spawn(async move {
            dispatcher
                .run(async {
                    stopped.await.ok();
                })
                .await;
        });
        for _ in 0..60 {
            world.book().await;
        }
        // Long before the first of the others is given up.
        let waited = timeout(GIVEN_UP_AFTER / 2, good.wait_for(60)).await;
        assert!(waited.is_ok(), "{} of 60 came", good.count());
        assert!(hanging.connections() <= 4 && trickling.connections() <= 4);
        stop.send(()).unwrap();
        timeout(GIVEN_UP_AFTER, running).await.unwrap().unwrap();
        assert_eq!(good.count(), 60, "none came twice");
    })
    .await;
}
