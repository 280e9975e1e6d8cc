//! Properties whose parts are changed from several sides at once.

use std::sync::Arc;

use service::{
    Service,
    domain::{
        access::{Actor, capability},
        id::{Id, IdSource},
    },
    once::WriteAnswer,
    patch::ExtraPatch,
    properties::{PropertyPlan, PropertyView, PropertyWrite},
};
use store::Store;
use testkit::{Scene, TestStore, in_each_scene};

use crate::who_may;

/// Appends a word to a list that is stored as a whole.
struct Append(Id, usize);

impl PropertyPlan for Append {
    type Notes = usize;

    fn id(&self) -> Option<Id> {
        Some(self.0)
    }

    fn plan(&self, before: Option<&PropertyView>) -> (PropertyWrite, usize) {
        let mut words = words(before.unwrap());
        words.push(self.1);
        let noted = words.len();
        let mut write = PropertyWrite::default();
        write.patch.details.extra = ExtraPatch([("words".to_owned(), words.into())].into());
        (write, noted)
    }
}

fn words(view: &PropertyView) -> Vec<usize> {
    let stored = view.organization.details.extra.get("words");
    let words = stored.and_then(|words| words.as_array());
    words
        .into_iter()
        .flatten()
        .map(|word| word.as_u64().unwrap() as usize)
        .collect()
}

const WRITES: usize = 40;

/// Writes from many tasks at once, and looks that each write has seen all those before it.
async fn write_at_once(services: &[Service], actor: &Actor, property: Id) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..WRITES {
        let (service, actor) = (services[number % services.len()].clone(), actor.clone());
        tasks.spawn(async move {
            let plan = Append(property, number);
            let answers = service
                .properties()
                .write_planned(&actor, vec![plan], None)
                .await;
            let WriteAnswer::Fresh(mut answers) = answers.unwrap() else {
                panic!("there is no key")
            };
            let answer = answers.remove(0);
            answer.result.unwrap();
            answer.notes.unwrap()
        });
    }
    let mut noted = tasks.join_all().await;
    noted.sort_unstable();
    assert_eq!(noted, (1..=WRITES).collect::<Vec<_>>());
    let found = services[0]
        .properties()
        .find(actor, &Default::default(), service::PageOf::first(1))
        .await
        .unwrap();
    let mut kept = words(&found.rows[0]);
    kept.sort_unstable();
    assert_eq!(kept, (0..WRITES).collect::<Vec<_>>());
}

fn writer(scene: &Scene) -> Actor {
    who_may(
        scene,
        &[capability::PROPERTIES_WRITE, capability::PROPERTIES_READ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_parts_of_a_property_at_once_are_all_kept() {
    in_each_scene(|scene| async move {
        let services = [Service::new(scene.store.clone())];
        write_at_once(&services, &writer(&scene), scene.organization_id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_through_two_servers_of_one_database_are_all_kept() {
    let Some(one) = TestStore::postgres().await else {
        return;
    };
    let other = Store::open(&one.config, Arc::new(IdSource::new(1)))
        .await
        .unwrap();
    let scene = Scene::new(&one.store).await;
    let services = [one.store.clone(), other.clone()].map(Service::new);
    write_at_once(&services, &writer(&scene), scene.organization_id).await;
    other.close().await;
    drop((scene, services, other));
    one.finish().await;
}

#[tokio::test]
async fn a_property_out_of_reach_is_unknown_and_nothing_is_planned_for_it() {
    in_each_scene(|scene| async move {
        let service = Service::new(scene.store.clone());
        let mut actor = writer(&scene);
        actor.organizations = Some(vec![scene.id()].into());
        let plan = Append(scene.organization_id, 1);
        let answers = service
            .properties()
            .write_planned(&actor, vec![plan], None)
            .await;
        let WriteAnswer::Fresh(mut answers) = answers.unwrap() else {
            panic!("there is no key")
        };
        let answer = answers.remove(0);
        assert_eq!(answer.notes, None);
        assert_eq!(answer.result, Err(service::Refusal::UnknownOrganization));
    })
    .await;
}
