//! Secrets are valid beside each other while one is rotated, and never stand anywhere in the clear.

use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use service::outgoing::{Refusal, Rotation, seal::Secret};
use sha2::Sha256;
use store::Value;
use testkit::in_each_scene;

use super::{
    receiver::{Manner, Received, Receiver},
    world::World,
};

/// Whether one of the signatures is the secret's.
fn is_signed_with(received: &Received, secret: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(received.header("webhook-id").as_bytes());
    mac.update(b".");
    mac.update(received.header("webhook-timestamp").as_bytes());
    mac.update(b".");
    mac.update(&received.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let mut signatures = received.header("webhook-signature").split(' ');
    signatures.any(|signature| signature == expected)
}

const OLD: &[u8] = b"a secret of some length";
const NEW: &[u8] = b"another secret of some length";

#[tokio::test]
async fn old_and_new_secret_sign_together_until_the_old_one_ends() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let id = world.subscribe(&receiver).await.subscription.id;
        let rotate = |secret: &[u8]| Rotation {
            secret: Some(Secret::new(secret.to_vec())),
            keep_old_for: SignedDuration::from_hours(1),
        };
        let short = world
            .outgoing
            .subscription_rotate(&world.actor, id, rotate(b"short"));
        assert_eq!(short.await.unwrap(), Err(Refusal::BadSecret));
        world.book().await;
        world.round().await;
        let rotated = world
            .outgoing
            .subscription_rotate(&world.actor, id, rotate(NEW));
        rotated.await.unwrap().unwrap();
        world.book().await;
        world.round().await;
        world.advance_s(3_601);
        world.book().await;
        world.round().await;
        let signed: Vec<(bool, bool)> = receiver
            .received()
            .iter()
            .map(|one| (is_signed_with(one, OLD), is_signed_with(one, NEW)))
            .collect();
        assert_eq!(signed, [(true, false), (true, true), (false, true)]);
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_is_drawn_is_shown_once_and_stands_nowhere_in_the_clear() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        let mut wanted = world.wanted(&receiver.url());
        wanted.secret = None;
        let made = world
            .outgoing
            .subscription_create(&world.actor, wanted)
            .await;
        let (_, secret) = made.unwrap().unwrap();
        assert_eq!(secret.bytes().len(), 32);
        world.book().await;
        world.round().await;
        assert!(is_signed_with(&receiver.received()[0], secret.bytes()));
        let tx = world.scene.store.reader().await.unwrap();
        let hex: String = secret
            .bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for table in ["subscription", "delivery", "attempt", "outbox"] {
            let sql = format!("SELECT doc FROM {table}");
            for row in tx.query(&sql, &[]).await.unwrap() {
                let Value::Text(doc) = &row[0] else {
                    panic!("{table} has no doc")
                };
                assert!(!doc.contains(&hex) && !doc.contains(&STANDARD.encode(secret.bytes())));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn another_language_verifies_a_signature() {
    let scene = testkit::stores().await.remove(0);
    let world = World::new(testkit::Scene::new(&scene.store).await).await;
    let receiver = Receiver::new(Manner::Answer(200)).await;
    world.subscribe(&receiver).await;
    world.book().await;
    world.round().await;
    let one = receiver.received().remove(0);
    let program = "import base64, hashlib, hmac, sys\n\
        secret, id, at, body, signature = (text.encode() for text in sys.argv[1:])\n\
        mac = hmac.new(secret, b'.'.join([id, at, body]), hashlib.sha256).digest()\n\
        sys.exit(0 if b'v1,' + base64.b64encode(mac) == signature else 1)";
    let verified = |body: &str| {
        Command::new("python3")
            .args(["-c", program, "a secret of some length"])
            .args([
                one.header("webhook-id"),
                one.header("webhook-timestamp"),
                body,
            ])
            .arg(one.header("webhook-signature"))
            .status()
            .expect("the tests need python3")
            .success()
    };
    let body = String::from_utf8(one.body.clone()).unwrap();
    assert!(verified(&body));
    assert!(!verified(&format!("{body} ")));
    drop(world);
    scene.finish().await;
}
