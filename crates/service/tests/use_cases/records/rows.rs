//! Rows: made, found by page and filter, changed and removed, and out of a stranger's sight.

use std::sync::Arc;

use service::{
    Error, PageOf, Refusal, Service, Subject, UseCase,
    content::{
        Amenity, AmenityDetails, AmenityGroup, AmenityOption, Label, LabelDetails, NamedDetails,
    },
    customers::{Customer, PersonDetails},
    domain::{
        access::{Actor, Capability},
        contact::Contact,
        id::Id,
    },
    kept::{Todo, TodoDetails},
    records::{Direction, Field, Query, Readable, Test, change, create, remove},
    sale::{Booking, Guest},
};
use testkit::{LaneOf, Scene, in_each_scene};

use super::{english, house, limited, refused, rows_in, written};
use crate::who_may;

fn named(name: &str) -> NamedDetails {
    NamedDetails {
        name: english(name),
        ..NamedDetails::default()
    }
}

fn label(id: Id, name: &str) -> Label {
    let name = name.to_owned();
    Label::new(
        id,
        LabelDetails {
            name,
            ..LabelDetails::default()
        },
    )
}

async fn three_labels(scene: &Scene, service: &Service, actor: &Actor) -> Vec<Id> {
    let ids: Vec<Id> = (0..3).map(|_| scene.id()).collect();
    let writes = ids.iter().map(|id| create(label(*id, "Label")));
    let written = service.write_all(actor, writes.collect()).await;
    written.unwrap().unwrap();
    ids
}

fn customer(id: Id, first_name: &str, email: &str, phone: &str) -> Customer {
    let contact = Contact {
        first_name: first_name.to_owned(),
        email: email.to_owned(),
        phone: phone.to_owned(),
        ..Contact::default()
    };
    Customer::new(
        id,
        PersonDetails {
            contact,
            ..PersonDetails::default()
        },
    )
}

fn names(rows: &[Label]) -> Vec<&str> {
    rows.iter().map(|row| row.details.name.as_str()).collect()
}

#[tokio::test]
async fn a_row_comes_back_as_it_was_written_and_changes_are_counted() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let group = AmenityGroup::new(scene.id(), named("Kitchen"));
        let mut amenity = Amenity::new(
            scene.id(),
            AmenityDetails {
                name: english("Dish washer"),
                meaning: "dishwasher".to_owned(),
                ..AmenityDetails::default()
            },
        );
        amenity.parent_id = Some(group.id);
        amenity.position = 3;
        let (group_id, id) = (group.id, amenity.id);
        let both = service
            .write_all(&actor, vec![create(group), create(amenity.clone())])
            .await;
        assert_eq!(both.unwrap().unwrap(), [group_id, id]);

        let reading = service.reading(&actor).await.unwrap();
        let found = reading.one::<Amenity>(id).await.unwrap().unwrap();
        assert_eq!((found.tenant_id, found.version), (scene.tenant_id, 1));
        assert_eq!((found.created_at, found.changed_at), (actor.now, actor.now));
        assert_eq!(found.search, "\ndish washer\n");
        assert_eq!(
            (&found.details, found.parent_id, found.position),
            (&amenity.details, Some(group_id), 3)
        );
        // The same id names nothing of another kind, though both share a table.
        assert_eq!(reading.one::<AmenityGroup>(id).await.unwrap(), None);
        drop(reading);

        scene.clock.advance_ms(1_000);
        let (service, actor) = house(&scene);
        let rename = change::<Amenity>(id, |row| {
            row.details.name = english("Geschirrspüler");
            // What is not for the caller to say stays.
            row.created_at = jiff::Timestamp::UNIX_EPOCH;
            row.version = 77;
            Ok(())
        });
        written(&service, &actor, rename).await;
        let reading = service.reading(&actor).await.unwrap();
        let after = reading.one::<Amenity>(id).await.unwrap().unwrap();
        assert_eq!(
            (after.created_at, after.changed_at, after.version),
            (found.created_at, actor.now, 2)
        );
        assert_eq!(after.search, "\ngeschirrspüler\n");
        drop(reading);

        assert_eq!(
            refused(&service, &actor, remove::<AmenityGroup>(group_id)).await,
            Refusal::InUse
        );
        let mut option = AmenityOption::new(scene.id(), named("Large"));
        option.parent_id = Some(id);
        written(&service, &actor, create(option)).await;
        written(&service, &actor, remove::<Amenity>(id)).await;
        written(&service, &actor, remove::<AmenityGroup>(group_id)).await;
        assert_eq!(
            rows_in(&scene, "content").await,
            0,
            "options go with their amenity"
        );
    })
    .await;
}

#[tokio::test]
async fn every_change_leaves_one_event_and_one_audit_row_and_a_refusal_none() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let (outbox, audit) = (
            rows_in(&scene, "outbox").await,
            rows_in(&scene, "audit").await,
        );
        let one = label(scene.id(), "early");
        let id = one.id;
        written(&service, &actor, create(one.clone())).await;
        written(
            &service,
            &actor,
            change::<Label>(id, |row| {
                row.position = 2;
                Ok(())
            }),
        )
        .await;
        let again = refused(&service, &actor, create(one)).await;
        assert!(
            matches!(again, Refusal::Invalid { field: "id", .. }),
            "{again:?}"
        );
        let empty = refused(&service, &actor, create(label(scene.id(), "  "))).await;
        assert!(
            matches!(empty, Refusal::Invalid { field: "name", .. }),
            "{empty:?}"
        );
        let told = change::<Label>(id, |_| Err(Refusal::InUse));
        assert_eq!(refused(&service, &actor, told).await, Refusal::InUse);
        written(&service, &actor, remove::<Label>(id)).await;
        assert_eq!(rows_in(&scene, "outbox").await, outbox + 3);
        assert_eq!(rows_in(&scene, "audit").await, audit + 3);
        assert_eq!(
            refused(&service, &actor, remove::<Label>(id)).await,
            Refusal::Unknown { field: "id" }
        );
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_in_the_order_that_was_asked_for() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let writes = (0..25_i64).map(|number| {
            let mut row = label(scene.id(), &format!("Label {number:02}"));
            row.position = number % 3;
            create(row)
        });
        service
            .write_all(&actor, writes.collect())
            .await
            .unwrap()
            .unwrap();
        let reading = service.reading(&actor).await.unwrap();
        let query = Query::<Label>::new().by(Field::new("position"), Direction::Descending);
        let mut seen = Vec::new();
        for number in 1..=4 {
            let page = reading
                .page(&query, PageOf { number, size: 10 })
                .await
                .unwrap();
            assert_eq!(page.more, number < 3, "page {number}");
            seen.extend(page.rows);
        }
        assert_eq!(seen.len(), 25);
        let keys: Vec<(i64, Id)> = seen.iter().map(|row| (row.position, row.id)).collect();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        sorted.reverse();
        assert_eq!(keys, sorted);
        assert_eq!(reading.count(&query).await.unwrap(), 25);
        assert_eq!(reading.queries(), 5);
    })
    .await;
}

#[tokio::test]
async fn an_answer_reads_each_row_once() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let ids = three_labels(&scene, &service, &actor).await;
        let reading = service.reading(&actor).await.unwrap();
        let query = Query::<Label>::new().by(Field::new("id"), Direction::Ascending);
        let page = reading.page(&query, PageOf::first(2)).await.unwrap();
        let of = |rows: &[Label]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(of(&page.rows), ids[..2]);
        let again = reading.by_ids::<Label>(&ids[..2]).await.unwrap();
        assert_eq!((again, reading.queries()), (page.rows, 1));
        // Only what is missing is asked for, and an id may stand there twice.
        let wanted = [ids[2], ids[0], scene.id(), ids[2]];
        let both = reading.by_ids::<Label>(&wanted).await.unwrap();
        assert_eq!((of(&both), reading.queries()), (vec![ids[0], ids[2]], 2));
        reading.one::<Label>(ids[2]).await.unwrap().unwrap();
        assert_eq!(reading.queries(), 2);
        // Nor is what is not there asked for twice.
        assert_eq!(reading.one::<Label>(wanted[2]).await.unwrap(), None);
        assert_eq!(reading.queries(), 2);
    })
    .await;
}

#[tokio::test]
async fn two_who_ask_for_the_same_rows_at_once_read_them_once() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let ids = three_labels(&scene, &service, &actor).await;
        let reading = service.reading(&actor).await.unwrap();
        let (all, some) = tokio::try_join!(
            reading.by_ids::<Label>(&ids),
            reading.by_ids::<Label>(&ids[1..])
        )
        .unwrap();
        assert_eq!(all[1..], some);
        assert_eq!((all.len(), reading.queries()), (3, 1));
    })
    .await;
}

#[tokio::test]
async fn what_hangs_on_rows_is_read_once_even_where_it_is_nothing() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let amenities: Vec<Id> = (0..3).map(|_| scene.id()).collect();
        let [full, single, bare] = amenities[..] else {
            unreachable!("three ids")
        };
        let mut writes: Vec<_> = amenities
            .iter()
            .map(|id| {
                let details = AmenityDetails {
                    name: english("Kitchen"),
                    ..AmenityDetails::default()
                };
                create(Amenity::new(*id, details))
            })
            .collect();
        for amenity in [full, single, full] {
            let mut option = AmenityOption::new(scene.id(), named("Large"));
            option.parent_id = Some(amenity);
            writes.push(create(option));
        }
        service.write_all(&actor, writes).await.unwrap().unwrap();
        let reading = service.reading(&actor).await.unwrap();
        let options = async |of: &[Id]| {
            let parent = Field::<AmenityOption>::new("parent_id");
            let on = |option: &AmenityOption| option.parent_id.unwrap();
            let found = reading.hanging(parent, on, of).await.unwrap();
            let mut counts: Vec<_> = found.iter().map(|(id, rows)| (*id, rows.len())).collect();
            counts.sort_unstable();
            counts
        };
        assert_eq!(options(&[bare, full]).await, [(full, 2)]);
        assert_eq!(options(&[full, bare, full]).await, [(full, 2)]);
        assert_eq!(reading.queries(), 1);
        let mut both = [(full, 2), (single, 1)];
        both.sort_unstable();
        assert_eq!(options(&amenities).await, both);
        assert_eq!(reading.queries(), 2);
    })
    .await;
}

#[tokio::test]
async fn filters_find_what_they_say_and_their_opposites_find_the_rest() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let ids: Vec<Id> = (0..4).map(|_| scene.id()).collect();
        let of = |index: usize, name: &str, place: i64, archived: bool| {
            let mut row = label(ids[index], name);
            row.position = place;
            row.archived_at = archived.then_some(actor.now);
            create(row)
        };
        let writes = vec![
            of(0, "Früh da", 1, false),
            of(1, "früh", 2, true),
            of(2, "100% _öko_", 3, false),
            of(3, "late", 4, true),
        ];
        service.write_all(&actor, writes).await.unwrap().unwrap();
        let found = async |test: Test<Label>| {
            let reading = service.reading(&actor).await.unwrap();
            let query = Query::new().meets(test);
            let rows = reading.page(&query, PageOf::first(10)).await.unwrap().rows;
            let indexes = rows
                .iter()
                .map(|row| ids.iter().position(|id| *id == row.id).unwrap());
            assert_eq!(reading.count(&query).await.unwrap(), rows.len() as u64);
            indexes.collect::<Vec<_>>()
        };
        let search = || Field::<Label>::new("search");
        let place = || Field::<Label>::new("position");
        let archived = || Field::<Label>::new("archived_at");
        let never = || Test::is(archived(), None::<jiff::Timestamp>);
        assert_eq!(found(Test::contains(search(), "FRÜH")).await, [0, 1]);
        assert_eq!(found(Test::says(search(), "FRÜH")).await, [1]);
        assert_eq!(
            found(Test::contains(search(), "% _")).await,
            [2],
            "a search text is no pattern"
        );
        assert_eq!(found(Test::one_of(place(), [1_i64, 4, 9])).await, [0, 3]);
        assert_eq!(
            found(Test::between(place(), Some(2_i64), Some(3))).await,
            [1, 2]
        );
        assert_eq!(
            found(Test::between(place(), None::<i64>, Some(1))).await,
            [0]
        );
        assert_eq!(found(never()).await, [0, 2]);
        assert_eq!(found(Test::not(never())).await, [1, 3]);
        // Who has no such moment meets the opposite of every test about it.
        let now = Test::is(archived(), actor.now);
        assert_eq!(found(Test::not(now)).await, [0, 2]);
        let either = Test::any([Test::is(place(), 1_i64), Test::contains(search(), "late")]);
        assert_eq!(found(either.clone()).await, [0, 3]);
        assert_eq!(found(Test::not(either)).await, [1, 2]);
        assert_eq!(found(Test::any([])).await, Vec::<usize>::new());
        assert_eq!(found(Test::all([])).await, [0, 1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_or_touches_the_rows_of_another_tenant() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let other = Scene::new(&scene.store).await;
        let (_, stranger) = house(&other);
        let theirs = customer(scene.id(), "Ada", "ada@example.org", "+49 30 1");
        let id = theirs.id;
        written(&service, &actor, create(theirs)).await;
        let reading = service.reading(&stranger).await.unwrap();
        assert_eq!(reading.by_ids::<Customer>(&[id]).await.unwrap(), []);
        assert_eq!(reading.count(&Query::<Customer>::new()).await.unwrap(), 0);
        assert_eq!(
            reading
                .contact(Some("ada@example.org"), None)
                .await
                .unwrap(),
            None
        );
        drop(reading);
        let unknown = Refusal::Unknown { field: "id" };
        let touch = change::<Customer>(id, |row| {
            row.details.notes = "mine".to_owned();
            Ok(())
        });
        assert_eq!(refused(&service, &stranger, touch).await, unknown);
        assert_eq!(
            refused(&service, &stranger, remove::<Customer>(id)).await,
            unknown
        );
        // Nor can a row of one's own name one of theirs.
        let lane = other.lane(LaneOf::units(1)).await;
        let booking = other.placed(other.place(lane, 0, 1)).await;
        let mut order = service::customers::Order::new(booking, other.organization_id);
        order.customer_id = Some(id);
        let named = refused(&service, &stranger, create(order)).await;
        assert_eq!(
            named,
            Refusal::Unknown {
                field: "customer_id"
            }
        );
    })
    .await;
}

#[tokio::test]
async fn who_reaches_some_organizations_sees_theirs_and_what_is_everybodys() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let elsewhere = scene.id();
        scene.organization(elsewhere).await;
        let here = scene.organization_id;
        let of = |name: &str, organization_id: Option<Id>| {
            let mut row = label(scene.id(), name);
            row.organization_id = organization_id;
            row
        };
        let rows = [
            of("ours", Some(here)),
            of("theirs", Some(elsewhere)),
            of("all", None),
        ];
        let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
        let writes = rows.into_iter().map(create).collect();
        service.write_all(&actor, writes).await.unwrap().unwrap();

        let ours = limited(&actor, &[here]);
        let reading = service.reading(&ours).await.unwrap();
        let page = reading
            .page(&Query::<Label>::new(), PageOf::first(9))
            .await
            .unwrap();
        assert_eq!(names(&page.rows), ["ours", "all"]);
        assert_eq!(
            names(&reading.by_ids::<Label>(&ids).await.unwrap()),
            ["ours", "all"]
        );
        drop(reading);
        let rename = |id| {
            change::<Label>(id, |row| {
                row.position = 9;
                Ok(())
            })
        };
        written(&service, &ours, rename(ids[0])).await;
        for id in &ids[1..] {
            assert_eq!(
                refused(&service, &ours, rename(*id)).await,
                Refusal::Unknown { field: "id" }
            );
        }
        let moved = change::<Label>(ids[0], move |row| {
            row.organization_id = Some(elsewhere);
            Ok(())
        });
        let out_of_reach = Refusal::Unknown {
            field: "organization_id",
        };
        assert_eq!(refused(&service, &ours, moved).await, out_of_reach);
        let new = refused(&service, &ours, create(of("for all", None))).await;
        assert_eq!(new, out_of_reach);

        // Guests are known by their booking.
        let lane = scene.lane_of(elsewhere, LaneOf::units(1)).await;
        let booking = scene.placed(scene.place(lane, 0, 2)).await;
        let guest = guest(&scene, booking);
        let guest_id = guest.id;
        assert_eq!(
            refused(&service, &ours, create(guest.clone())).await,
            out_of_reach
        );
        written(&service, &actor, create(guest)).await;
        let field = Field::<Guest>::new("booking_id");
        let seen = |actor| {
            let service = service.clone();
            async move {
                let reading = service.reading(actor).await.unwrap();
                reading.of::<Guest>(field, &[booking]).await.unwrap().len()
            }
        };
        assert_eq!((seen(&actor).await, seen(&ours).await), (1, 0));
        assert_eq!(
            refused(&service, &ours, remove::<Guest>(guest_id)).await,
            Refusal::Unknown { field: "id" }
        );
        written(
            &service,
            &limited(&actor, &[elsewhere]),
            remove::<Guest>(guest_id),
        )
        .await;
    })
    .await;
}

fn guest(scene: &Scene, booking_id: Id) -> Guest {
    Guest {
        tenant_id: scene.tenant_id,
        id: scene.id(),
        booking_id,
        created_at: scene.clock.now(),
        contact: Contact {
            first_name: "Ada".to_owned(),
            ..Contact::default()
        },
        note: String::new(),
        registration: service::sale::Registration {
            gender: "female".to_owned(),
            document_number: "X1".to_owned(),
            ..Default::default()
        },
        extra: Default::default(),
    }
}

#[tokio::test]
async fn a_contact_is_found_by_mail_or_telephone_however_it_is_written() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let people = [
            customer(scene.id(), "Ada", "Ada@Example.org", "+49 (30) 123"),
            customer(scene.id(), "Bo", "bo@example.org", "0049 30 123"),
        ];
        let writes = people.iter().cloned().map(create).collect();
        service.write_all(&actor, writes).await.unwrap().unwrap();
        let found = async |email, phone| {
            let reading = service.reading(&actor).await.unwrap();
            let found = reading.contact(email, phone).await.unwrap();
            found.map(|customer| customer.details.contact.first_name)
        };
        assert_eq!(
            found(Some(" ADA@example.ORG"), None).await.as_deref(),
            Some("Ada")
        );
        assert_eq!(
            found(Some("bo@example.org"), Some("4930123"))
                .await
                .as_deref(),
            Some("Bo")
        );
        assert_eq!(
            found(None, Some("004930 123")).await.as_deref(),
            Some("Bo"),
            "the newest of two"
        );
        assert_eq!(found(Some("ada@example.org"), Some("1")).await, None);
        assert_eq!(found(None, None).await, None);
    })
    .await;
}

#[tokio::test]
async fn each_subject_asks_for_its_own_capability() {
    in_each_scene(|scene| async move {
        let (service, everything) = house(&scene);
        let only = |needed: Capability| {
            let others = Capability::all().filter(|one| *one != needed);
            who_may(&scene, &others.collect::<Vec<_>>())
        };
        let needs = |use_case: UseCase| use_case.needs();
        let find = needs(UseCase::Find(Subject::Customers));
        let blind = only(find);
        let reading = service.reading(&blind).await.unwrap();
        let asked = reading
            .page(&Query::<Customer>::new(), PageOf::first(1))
            .await;
        assert_eq!(asked, Err(Error::Forbidden(find)));
        assert_eq!(
            reading.by_ids::<Customer>(&[scene.id()]).await,
            Err(Error::Forbidden(find))
        );
        assert_eq!(
            reading.contact(None, None).await,
            Err(Error::Forbidden(find))
        );
        assert!(
            reading
                .page(&Query::<Label>::new(), PageOf::first(1))
                .await
                .is_ok()
        );
        drop(reading);
        let write = needs(UseCase::Write(Subject::Customers));
        let person = customer(scene.id(), "Ada", "", "");
        let id = person.id;
        let asked = service
            .write_all(&only(write), vec![create(person.clone())])
            .await;
        assert_eq!(asked, Err(Error::Forbidden(write)));
        written(&service, &everything, create(person)).await;
        let removal = needs(UseCase::Remove(Subject::Customers));
        let asked = service
            .write_all(&only(removal), vec![remove::<Customer>(id)])
            .await;
        assert_eq!(asked, Err(Error::Forbidden(removal)));
        assert_eq!(Customer::SUBJECT, Subject::Customers);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_row_at_once_are_all_kept() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let todo = Todo::new(
            scene.id(),
            scene.organization_id,
            TodoDetails {
                title: "Count".to_owned(),
                ..TodoDetails::default()
            },
        );
        let id = todo.id;
        written(&service, &actor, create(todo)).await;
        let actor = Arc::new(actor);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let (service, actor) = (service.clone(), Arc::clone(&actor));
            tasks.spawn(async move {
                let more = change::<Todo>(id, |row| {
                    row.details.description.push('x');
                    Ok(())
                });
                service.write_one(&actor, more).await.unwrap().unwrap();
            });
        }
        tasks.join_all().await;
        let reading = service.reading(&actor).await.unwrap();
        let todo = reading.one::<Todo>(id).await.unwrap().unwrap();
        assert_eq!((todo.details.description.len(), todo.version), (30, 31));
    })
    .await;
}

#[tokio::test]
async fn masters_stand_for_their_groups() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::places(9)).await;
        let alone = scene.placed(scene.place(lane, 0, 1)).await;
        let mut first = scene.place(lane, 1, 1);
        first.group = store::hot::Group::Start;
        let master = scene.placed(first).await;
        let mut second = scene.place(lane, 2, 1);
        second.group = store::hot::Group::Join(master);
        let member = scene.placed(second).await;
        let reading = service.reading(&actor).await.unwrap();
        let found = async |reading: &service::records::Reading<'_>, test| {
            let query = Query::<Booking>::new().meets(test);
            let page = reading.page(&query, PageOf::first(9)).await.unwrap();
            page.rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(found(&reading, Test::is_master()).await, [alone, master]);
        assert_eq!(
            found(&reading, Test::not(Test::is_master())).await,
            [member]
        );
        assert_eq!(
            found(&reading, Test::is_block(false)).await,
            [alone, master, member]
        );
    })
    .await;
}
