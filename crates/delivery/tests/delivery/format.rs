//! A format that is slow to know, breaks down or says too much harms only its own deliveries.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use delivery::{Settings, mail::Post};
use domain::access::{Capability, capability as c};
use service::outgoing::{
    Outgoing, Parts,
    render::{Event, Formats, NotRendered, Recipient, Render, Rendering, Sent},
    seal::{SealKey, Secret},
    sign::sign_sha256,
};
use testkit::{Scene, in_each_scene};

use super::{
    receiver::{Manner, Receiver},
    world::{World, chance, dispatcher, rules, times},
};

/// Fails in a way of its own for each name, at first.
#[derive(Default)]
struct Moody(AtomicUsize);

#[async_trait]
impl Render for Moody {
    fn needs(&self, _: &str) -> Option<Capability> {
        Some(c::BOOKINGS_READ)
    }

    fn names(&self, event: &Event) -> Vec<String> {
        let names = ["panics", "later", "large", "nothing", "fine"];
        names.map(|name| format!("{name}:{}", event.event)).to_vec()
    }

    async fn render(&self, _: &Event, name: &str, _: &Recipient) -> Result<Rendering, NotRendered> {
        let is_early = self.0.fetch_add(1, Ordering::SeqCst) < 5;
        let body = match name.split(':').next() {
            Some("panics") if is_early => panic!("on purpose"),
            Some("later") if is_early => return Err(NotRendered::Later("not yet".to_owned())),
            Some("large") if is_early => vec![b'x'; 2 * 1024 * 1024],
            Some("nothing") => return Err(NotRendered::Nothing),
            _ => name.as_bytes().to_vec(),
        };
        Ok(Rendering {
            body,
            content_type: "text/plain".to_owned(),
            headers: vec![("x-be-env".to_owned(), "test".to_owned())],
        })
    }

    fn sign(&self, sent: Sent<'_>, secrets: &[Secret]) -> Vec<(String, String)> {
        let signature = sign_sha256(secrets[0].bytes(), sent.body);
        vec![("x-be-signature".to_owned(), signature)]
    }

    fn confirms(&self, status: u16) -> bool {
        status == 200
    }
}

async fn world(scene: Scene) -> World {
    let mut world = World::new(scene).await;
    let clock = world.scene.clock.clone();
    world.outgoing = Outgoing::new(Parts {
        store: world.scene.store.clone(),
        formats: Formats::new().with("moody", Arc::new(Moody::default())),
        rules: rules(),
        key: SealKey::new([7; 32]),
        now: Arc::new(move || clock.now()),
        chance: chance(8),
    });
    let post = Post::nowhere().unwrap();
    world.dispatcher = dispatcher(
        &world.outgoing,
        &world.names,
        post,
        times(),
        Settings::default(),
    );
    world
}

#[tokio::test]
async fn what_could_not_be_rendered_at_once_is_rendered_by_a_try() {
    in_each_scene(|scene| async move {
        let world = world(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        receiver.first([Manner::Answer(201)]);
        let mut wanted = world.wanted(&receiver.url());
        wanted.format = "moody".to_owned();
        wanted.events = ["panics", "later", "large", "nothing", "fine"]
            .map(|name| format!("{name}:booking.placed"))
            .to_vec();
        world.subscribe_as(wanted).await;
        world.book().await;
        world.round().await;
        assert_eq!(
            receiver.count(),
            1,
            "a 201 is no confirmation here, and order is kept"
        );
        world.advance_s(60);
        world.round().await;
        let told: Vec<String> = receiver
            .received()
            .iter()
            .map(|one| String::from_utf8(one.body.clone()).unwrap())
            .collect();
        let expected = ["panics", "panics", "later", "large", "fine"];
        assert_eq!(told, expected.map(|name| format!("{name}:booking.placed")));
        let last = receiver.received().pop().unwrap();
        assert_eq!(last.header("x-be-env"), "test");
        assert_eq!(last.header("content-type"), "text/plain");
        let expected = sign_sha256(b"a secret of some length", &last.body);
        assert_eq!(last.header("x-be-signature"), expected);
        let stored = world.deliveries().await;
        assert!(
            stored
                .iter()
                .all(|of| of.state == "delivered" && !of.body.is_empty())
        );
    })
    .await;
}
