//! A message to a guest leaves as mail, and says what has become of it.

use catalogue::{
    content::{MessageTemplate, MessageTemplateDetails},
    records::Message,
};
use delivery::{
    Settings,
    mail::{From, Post},
};
use domain::{
    id::Id,
    text::{Locale, Localized},
};
use service::{
    Service,
    records::{NewMessage, create},
};
use testkit::in_each_scene;

use super::world::{World, times};

/// Writes a message about a booking, as a dialect does.
async fn write(world: &World, recipient: &str) -> Id {
    let service = Service::new(world.scene.store.clone());
    let booking = world.book().await;
    let words = |text: &str| Localized::of(Locale::english(), text);
    let details = MessageTemplateDetails {
        name: words("Key"),
        subject: words("Your key"),
        body: words("Booking {{ booking.id }}, door {{ door }}"),
        ..MessageTemplateDetails::default()
    };
    let template = MessageTemplate::new(service.new_id(&world.actor), details);
    let new = NewMessage {
        template_id: template.id,
        booking_id: booking,
        organization_id: None,
        recipient: Some(recipient.to_owned()),
        language: None,
        variables: [("door".to_owned(), "{{ 7 * 7 }}".to_owned())].into(),
    };
    let (id, message) = service.message(&world.actor, new);
    let written = service.write_all(&world.actor, vec![create(template), message]);
    written.await.unwrap().unwrap();
    id
}

async fn message(world: &World, id: Id) -> Message {
    let service = Service::new(world.scene.store.clone());
    let reading = service.reading(&world.actor).await.unwrap();
    reading.one::<Message>(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_message_is_sent_when_its_mail_has_left_and_failed_when_that_never_will() {
    in_each_scene(|scene| async move {
        let folder = tempfile::tempdir().unwrap();
        let from = From::parse("house@example.org", "").unwrap();
        let post = Post::folder(folder.path().join("mail"), from).unwrap();
        let world = World::with(scene, post, times(), Settings::default()).await;
        let good = write(&world, "ada@example.com").await;
        let bad = write(&world, "ada at home").await;
        for id in [good, bad] {
            assert_eq!(message(&world, id).await.state, "queued");
        }
        world.round().await;
        let (sent, failed) = (message(&world, good).await, message(&world, bad).await);
        assert_eq!((&*sent.state, &*failed.state), ("sent", "failed"));
        let file = folder.path().join(format!("mail/{good}.eml"));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("To: ada@example.com\r\n"), "{text}");
        assert!(text.contains("Subject: Your key\r\n"), "{text}");
        // What was filled in is data, in the row as in the mail.
        assert!(
            sent.details.body.ends_with("door {{ 7 * 7 }}"),
            "{}",
            sent.details.body
        );
        assert!(text.contains("door {{ 7 * 7 }}"), "{text}");
        // Nothing leaves twice, and what has become of it stays.
        assert_eq!(world.round().await, 0);
        assert_eq!(message(&world, good).await, sent);
    })
    .await;
}

#[tokio::test]
async fn without_a_way_out_a_message_says_that_it_has_failed() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let id = write(&world, "ada@example.com").await;
        world.round().await;
        assert_eq!(message(&world, id).await.state, "failed");
    })
    .await;
}
