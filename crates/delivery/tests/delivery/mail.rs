//! Mail leaves once it is committed, is tried again, and lands in a folder in the demo.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use delivery::{
    Settings,
    mail::{From, MESSAGE, PASSWORD_RESET, Post, Security, Smtp},
};
use domain::id::IdSource;
use service::outgoing::Mail;
use store::{ColdCommand, Tx};
use testkit::in_each_scene;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::world::{World, times};

struct Write(Mail);

impl ColdCommand for Write {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<()> {
        tx.insert(std::slice::from_ref(&self.0)).await
    }
}

async fn write(world: &World, to: &str, template: &str) -> Mail {
    let (scene, now) = (&world.scene, world.scene.clock.now());
    let mail = Mail::new(scene.tenant_id, scene.id(), now, to, template)
        .with("subject", "Your stay {{ 7 * 7 }}")
        .with("text", "Grüße\r\nBcc: nobody@example.net\n.\nEnd");
    scene.store.run(Write(mail.clone())).await.unwrap();
    mail
}

async fn stored(world: &World, mail: &Mail) -> Mail {
    let tx = world.scene.store.reader().await.unwrap();
    let key = [mail.tenant_id.into(), mail.id.into()];
    tx.get(&key).await.unwrap().unwrap()
}

/// A mail server that says `codes` after each message, 250 after the last of them.
struct MailServer {
    port: u16,
    messages: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn new(codes: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            messages: Arc::default(),
        };
        let messages = Arc::clone(&server.messages);
        let turn = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let code = codes.get(turn.fetch_add(1, Ordering::SeqCst));
                let code = code.copied().unwrap_or("250 taken");
                tokio::spawn(converse(stream, code, Arc::clone(&messages)));
            }
        });
        server
    }

    fn post(&self) -> Post {
        let smtp = Smtp::new("127.0.0.1", self.port, Security::None, None, "house.test");
        let from = From::parse("house@example.org", "The House").unwrap();
        Post::smtp(smtp.unwrap(), from).unwrap()
    }
}

async fn converse(stream: TcpStream, code: &'static str, messages: Arc<Mutex<Vec<String>>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await.unwrap();
    let mut message = None::<String>;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(text) = &mut message {
            if line == "." {
                messages.lock().unwrap().push(message.take().unwrap());
                write
                    .write_all(format!("{code}\r\n").as_bytes())
                    .await
                    .unwrap();
            } else {
                text.push_str(&line);
                text.push('\n');
            }
            continue;
        }
        let answer = if line.starts_with("DATA") {
            message = Some(String::new());
            "354 go on\r\n"
        } else if line.starts_with("QUIT") {
            "221 bye\r\n"
        } else {
            "250 fine\r\n"
        };
        if write.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn in_the_demo_a_mail_becomes_a_file() {
    in_each_scene(|scene| async move {
        let folder = tempfile::tempdir().unwrap();
        let from = From::parse("house@example.org", "").unwrap();
        let post = Post::folder(folder.path().join("mail"), from).unwrap();
        let world = World::with(scene, post, times(), Settings::default()).await;
        let mail = write(&world, "ada@example.com", MESSAGE).await;
        assert_eq!(world.round().await, 1);
        assert_eq!(world.round().await, 0);
        let file = folder.path().join(format!("mail/{}.eml", mail.id));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("To: ada@example.com\r\n"), "{text}");
        assert!(
            text.contains("Subject: Your stay {{ 7 * 7 }}\r\n"),
            "{text}"
        );
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.to_lowercase().contains("\r\nbcc"), "{head}");
        let stored = stored(&world, &mail).await;
        assert_eq!((stored.state.as_str(), stored.open), ("sent", false));
        assert!(
            stored.values.is_empty(),
            "what was in a letter does not stay in a table"
        );
    })
    .await;
}

#[tokio::test]
async fn a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    in_each_scene(|scene| async move {
        let server = MailServer::new(&["451 later", "250 taken", "550 never"]).await;
        let world = World::with(scene, server.post(), times(), Settings::default()).await;
        let mail = write(&world, "ada@example.com", MESSAGE).await;
        world.round().await;
        let waiting = stored(&world, &mail).await;
        assert!(waiting.open && waiting.problem.unwrap().contains("later"));
        assert_eq!(world.round().await, 0);
        world.advance_s(10);
        assert_eq!(world.round().await, 1);
        assert_eq!(stored(&world, &mail).await.state, "sent");
        {
            let messages = server.messages.lock().unwrap();
            let id = |text: &str| {
                let line = text.lines().find(|line| line.starts_with("Message-ID"));
                line.unwrap().to_owned()
            };
            assert_eq!(id(&messages[0]), id(&messages[1]));
        }
        let refused = write(&world, "bob@example.com", MESSAGE).await;
        world.round().await;
        let refused = stored(&world, &refused).await;
        assert_eq!((refused.state.as_str(), refused.open), ("refused", false));
        assert!(refused.problem.unwrap().contains("never"));
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_can_never_be_one_is_given_up_at_once() {
    in_each_scene(|scene| async move {
        let server = MailServer::new(&[]).await;
        let world = World::with(scene, server.post(), times(), Settings::default()).await;
        let nobody = write(&world, "a@example.com\r\nRCPT TO:<b@example.com>", MESSAGE).await;
        let incomplete = write(&world, "a@example.com", PASSWORD_RESET).await;
        let unknown = write(&world, "a@example.com", "no_such_template").await;
        world.round().await;
        for mail in [nobody, incomplete, unknown] {
            assert_eq!(stored(&world, &mail).await.state, "refused");
        }
        assert!(server.messages.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn without_a_mail_server_mails_do_not_pile_up() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let mail = write(&world, "ada@example.com", MESSAGE).await;
        world.round().await;
        let stored = stored(&world, &mail).await;
        assert_eq!((stored.state.as_str(), stored.open), ("refused", false));
    })
    .await;
}
