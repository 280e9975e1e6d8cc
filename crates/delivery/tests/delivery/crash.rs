//! A server that is killed loses nothing, and several share the work.

use std::{collections::BTreeMap, sync::Arc};

use delivery::{Settings, mail::Post};
use domain::id::IdSource;
use service::outgoing::Confirm;
use store::Store;
use testkit::{Scene, in_each_scene, stores};
use tokio::sync::watch;

use super::{
    receiver::{Manner, Receiver},
    world::{World, dispatcher, outgoing, times},
};

/// Sends to a receiver that hangs, and is killed before anything is written down.
async fn killed_while_sending(world: &World, receiver: &Receiver) {
    receiver.first([Manner::Hang]);
    let dispatcher = world.dispatcher.clone();
    let round = tokio::spawn(async move { dispatcher.round().await });
    receiver.wait_for(1).await;
    round.abort();
    assert!(round.await.is_err());
    assert_eq!(world.attempts().await, []);
}

#[tokio::test]
async fn what_was_sent_but_not_written_down_is_sent_again() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        world.subscribe(&receiver).await;
        world.book().await;
        killed_while_sending(&world, &receiver).await;
        let second = world.another();
        assert_eq!(second.round().await.unwrap(), 0, "the lease has not ended");
        world.advance_s(Settings::default().lease.as_secs() + 1);
        assert_eq!(second.round().await.unwrap(), 1);
        let all = receiver.received();
        assert_eq!(all[0].body, all[1].body);
        assert_eq!(all[0].header("webhook-id"), all[1].header("webhook-id"));
        let delivery = world.deliveries().await.remove(0);
        assert_eq!(
            (delivery.state.as_str(), delivery.attempts),
            ("delivered", 2)
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_told_once_is_not_told_again_by_a_restart() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let mut wanted = world.wanted(&receiver.url());
        wanted.confirm = Confirm::FireAndForget;
        world.subscribe_as(wanted).await;
        world.book().await;
        killed_while_sending(&world, &receiver).await;
        world.advance_s(Settings::default().lease.as_secs() + 1);
        world.another().round().await.unwrap();
        assert_eq!(receiver.count(), 1);
        let attempts = world.attempts().await;
        assert_eq!(attempts[0].outcome, "unknown");
    })
    .await;
}

#[tokio::test]
async fn events_survive_a_restart_before_they_are_fanned_out() {
    for mut place in stores().await {
        let world = World::new(Scene::new(&place.store).await).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        world.subscribe(&receiver).await;
        let booking = world.book().await;
        place.reopen().await;
        let outgoing = outgoing(&place.store, &world.scene);
        let post = Post::nowhere().unwrap();
        let restarted = dispatcher(&outgoing, &world.names, post, times(), Settings::default());
        assert_eq!(restarted.round().await.unwrap(), 1);
        let told = receiver.received()[0].event();
        assert_eq!(told, ("booking.placed".to_owned(), booking.get()));
        drop((world, restarted, outgoing));
        place.finish().await;
    }
}

#[tokio::test]
async fn several_servers_share_the_work_and_nobody_is_told_twice() {
    for place in stores().await {
        let world = World::new(Scene::new(&place.store).await).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        world.subscribe(&receiver).await;
        // On PostgreSQL a server of its own; a SQLite file has one process.
        let other = if place.name == "postgres" {
            let ids = Arc::new(IdSource::new(1));
            Store::open(&place.config, ids).await.unwrap()
        } else {
            place.store.clone()
        };
        let second = dispatcher(
            &outgoing(&other, &world.scene),
            &world.names,
            Post::nowhere().unwrap(),
            times(),
            Settings::default(),
        );
        let (stop, stopped) = watch::channel(false);
        let running = [world.dispatcher.clone(), second].map(|dispatcher| {
            let mut stopped = stopped.clone();
            tokio::spawn(async move {
                let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
                dispatcher.run(stop).await;
            })
        });
        let mut bookings = Vec::new();
        for _ in 0..40 {
            bookings.push(world.book().await);
        }
        for _ in 0..4 {
            for booking in &bookings {
                world.change(*booking).await;
            }
        }
        receiver.wait_for(200).await;
        stop.send_replace(true);
        for one in running {
            one.await.unwrap();
        }
        let mut times_told = BTreeMap::<String, usize>::new();
        for one in receiver.received() {
            *times_told
                .entry(one.header("webhook-id").to_owned())
                .or_default() += 1;
        }
        assert_eq!(times_told.len(), 200);
        assert!(
            times_told.values().all(|times| *times == 1),
            "{times_told:?}"
        );
        let mut first_words = BTreeMap::new();
        for one in receiver.received() {
            let (word, id) = one.event();
            first_words.entry(id).or_insert(word);
        }
        assert!(first_words.values().all(|word| word == "booking.placed"));
        drop(world);
        if place.name == "postgres" {
            other.close().await;
        }
        drop(other);
        place.finish().await;
    }
}
