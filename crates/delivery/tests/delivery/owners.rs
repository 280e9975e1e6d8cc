//! Who is told that a subscription was switched off, where its client named nobody.

use catalogue::{
    oauth::Installation,
    people::{Employee, User},
};
use delivery::{
    Settings,
    mail::{From, Post},
};
use domain::{
    access::{Capabilities, Reach, capability},
    id::IdSource,
};
use service::outgoing::NewSubscription;
use store::{ColdCommand, Tx};
use testkit::{Scene, in_each_scene};

use super::{
    receiver::{Manner, Receiver},
    world::{World, times},
};

const SIX_HOURS_S: i64 = 6 * 3_600;

/// Somebody who works for the tenant.
struct Person {
    user: User,
    /// The place; none for who was dismissed.
    employee: Option<Employee>,
    has_consented: bool,
}

/// Somebody who may do everything there.
fn person(scene: &Scene, name: &str) -> Person {
    let (id, tenant_id, now) = (scene.id(), scene.tenant_id, scene.clock.now());
    Person {
        user: User {
            id,
            tenant_id,
            email: format!("{name}@example.org"),
            created_at: now,
            closed_at: None,
            version: 1,
            name: name.to_owned(),
            password: None,
        },
        employee: Some(Employee {
            tenant_id,
            user_id: id,
            created_at: now,
            capabilities: Capabilities::everything(Reach::Tenant),
            organizations: None,
        }),
        has_consented: false,
    }
}

/// Writes people, with the installation that one of them has consented to.
struct Write {
    people: Vec<Person>,
    installation: Installation,
}

impl ColdCommand for Write {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<()> {
        for person in &self.people {
            tx.insert(std::slice::from_ref(&person.user)).await?;
            let places: Vec<Employee> = person.employee.iter().cloned().collect();
            tx.insert(&places).await?;
        }
        tx.insert(std::slice::from_ref(&self.installation)).await
    }
}

async fn work(world: &World, people: Vec<Person>) {
    let mut consented = people.iter().filter(|person| person.has_consented);
    let installation = Installation {
        tenant_id: world.scene.tenant_id,
        id: world.actor.grant_id,
        app_id: world.actor.client_id,
        how: "consent".to_owned(),
        created_at: world.scene.clock.now(),
        cancelled_at: None,
        version: 1,
        user_id: consented.next().map(|person| person.user.id),
        channels: Vec::new(),
    };
    let write = Write {
        people,
        installation,
    };
    world.scene.store.run(write).await.unwrap();
}

/// What a subscription without an owner ends with after five days of failure: the letter's recipients, and
/// the reason that its client is shown.
async fn switched_off(
    scene: Scene,
    people: impl Fn(&Scene) -> Vec<Person>,
) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let from = From::parse("house@example.org", "").unwrap();
    let post = Post::folder(folder.path().to_owned(), from).unwrap();
    let world = World::with(scene, post, times(), Settings::default()).await;
    work(&world, people(&world.scene)).await;
    let receiver = Receiver::new(Manner::Answer(500)).await;
    let wanted = NewSubscription {
        owner: None,
        ..world.wanted(&receiver.url())
    };
    let id = world.subscribe_as(wanted).await.subscription.id;
    for _ in 0..=20 {
        world.book().await;
        while world.round().await > 0 {}
        world.advance_s(SIX_HOURS_S);
    }
    let off = world.subscription(id).await.subscription.off;
    let letters = std::fs::read_dir(folder.path()).unwrap();
    let to = letters.map(|letter| {
        let letter = std::fs::read_to_string(letter.unwrap().path()).unwrap();
        let line = letter.lines().find(|line| line.starts_with("To: "));
        line.unwrap().to_owned()
    });
    (to.collect(), off.unwrap().reason)
}

/// Somebody who works for the tenant, and may not let apps in.
fn clerk(scene: &Scene) -> Person {
    let mut clerk = person(scene, "clerk");
    if let Some(place) = &mut clerk.employee {
        let books = capability::BOOKINGS_READ;
        place.capabilities = Capabilities::none().with(books, Reach::Tenant);
    }
    clerk
}

#[tokio::test]
async fn whoever_consented_is_told() {
    in_each_scene(|scene| async move {
        let people = |scene: &Scene| {
            let mut consenting = person(scene, "bo");
            consenting.has_consented = true;
            vec![person(scene, "ada"), consenting]
        };
        let (to, reason) = switched_off(scene, people).await;
        assert_eq!(to, ["To: bo@example.org"]);
        assert!(!reason.contains("nobody"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn where_whoever_consented_is_gone_one_who_may_let_apps_in_is_told() {
    in_each_scene(|scene| async move {
        let people = |scene: &Scene| {
            let mut gone = person(scene, "gone");
            (gone.has_consented, gone.employee) = (true, None);
            let mut closed = person(scene, "closed");
            closed.user.closed_at = Some(scene.clock.now());
            let mut elsewhere = person(scene, "elsewhere");
            if let Some(place) = &mut elsewhere.employee {
                place.organizations = Some(vec![scene.tenant_id]);
            }
            let manager = person(scene, "manager");
            vec![gone, closed, clerk(scene), elsewhere, manager]
        };
        let (to, _) = switched_off(scene, people).await;
        assert_eq!(to, ["To: manager@example.org"]);
    })
    .await;
}

#[tokio::test]
async fn where_nobody_may_let_apps_in_the_client_is_shown_that_nobody_was_told() {
    in_each_scene(|scene| async move {
        let (to, reason) = switched_off(scene, |scene| vec![clerk(scene)]).await;
        assert!(to.is_empty(), "{to:?}");
        assert!(reason.contains("nobody was told"), "{reason}");
    })
    .await;
}
