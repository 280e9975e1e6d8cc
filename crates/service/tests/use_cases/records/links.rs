//! What belongs to what.

use service::{
    PageOf, Refusal,
    content::{Amenity, AmenityAnswer, AmenityDetails, Label, LabelDetails, LinkDetails},
    content::{Channel, ChannelDetails},
    domain::id::Id,
    inventory::{Resource, Unit},
    links::{AmenityValue, Labelled, SoldIn},
    records::{Field, Linking, Query, Test, create, remove},
};
use testkit::{LaneOf, Scene, in_each_scene};

use super::{english, house, limited, refused, rows_in, written};

fn label(scene: &Scene, name: &str) -> Label {
    let name = name.to_owned();
    let details = LabelDetails {
        name,
        ..LabelDetails::default()
    };
    Label::new(scene.id(), details)
}

async fn units(scene: &Scene) -> Vec<Id> {
    let (service, actor) = house(scene);
    scene.lane(LaneOf::units(3)).await;
    service
        .complete_units(scene.tenant_id, actor.now)
        .await
        .unwrap();
    let reading = service.reading(&actor).await.unwrap();
    let query =
        Query::<Unit>::new().by(Field::new("number"), service::records::Direction::Ascending);
    let page = reading.page(&query, PageOf::first(9)).await.unwrap();
    page.rows.iter().map(|unit| unit.id).collect()
}

#[tokio::test]
async fn labels_of_a_unit_are_replaced_as_a_whole_and_units_are_found_by_them() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let units = units(&scene).await;
        let labels = [
            label(&scene, "dog"),
            label(&scene, "sea"),
            label(&scene, "old"),
        ];
        let [dog, sea, old] = [labels[0].id, labels[1].id, labels[2].id];
        let writes = labels.into_iter().map(create).collect();
        service.write_all(&actor, writes).await.unwrap().unwrap();
        let put =
            |unit: Id, labels: Vec<Id>| Linking::plain("unit", unit, labels).write::<Labelled>();
        written(&service, &actor, put(units[0], vec![dog, old, dog])).await;
        written(&service, &actor, put(units[1], vec![sea])).await;
        let links = async |unit: Id| {
            let reading = service.reading(&actor).await.unwrap();
            let mut links = reading
                .of::<Labelled>(Field::new("from_id"), &[unit])
                .await
                .unwrap();
            links.sort_by_key(|link| link.position);
            links
                .into_iter()
                .map(|link| (link.to_id, link.id))
                .collect::<Vec<_>>()
        };
        let first = links(units[0]).await;
        assert_eq!(
            first.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
            [dog, old]
        );
        written(&service, &actor, put(units[0], vec![sea, dog])).await;
        let second = links(units[0]).await;
        assert_eq!(
            second.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
            [sea, dog]
        );
        assert_eq!(second[1].1, first[0].1, "a link that stays keeps its id");

        let found = async |test: Test<Unit>| {
            let reading = service.reading(&actor).await.unwrap();
            let page = reading
                .page(&Query::new().meets(test), PageOf::first(9))
                .await
                .unwrap();
            page.rows.iter().map(|unit| unit.id).collect::<Vec<_>>()
        };
        assert_eq!(found(Test::has::<Labelled>(&[sea])).await, units[..2]);
        assert_eq!(found(Test::has::<Labelled>(&[dog, old])).await, units[..1]);
        assert_eq!(
            found(Test::not(Test::has::<Labelled>(&[sea]))).await,
            units[2..]
        );
        written(&service, &actor, remove::<Label>(sea)).await;
        assert_eq!(found(Test::has::<Labelled>(&[sea])).await, []);
        assert_eq!(rows_in(&scene, "link").await, 1);

        let none = refused(&service, &actor, put(units[0], vec![scene.id()])).await;
        assert_eq!(none, Refusal::Unknown { field: "to_id" });
        let nowhere = refused(&service, &actor, put(scene.id(), vec![dog])).await;
        assert_eq!(nowhere, Refusal::Unknown { field: "from_id" });
        let stranger = limited(&actor, &[scene.id()]);
        let beyond = refused(&service, &stranger, put(units[0], vec![])).await;
        assert_eq!(beyond, Refusal::Unknown { field: "from_id" });
        assert_eq!(links(units[0]).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn amenities_have_answers_and_an_answer_may_be_written_over() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let amenity = Amenity::new(
            scene.id(),
            AmenityDetails {
                name: english("Distance to the beach"),
                ..AmenityDetails::default()
            },
        );
        let id = amenity.id;
        written(&service, &actor, create(amenity)).await;
        let say = |answer| Linking {
            subject: "resource",
            from_id: lane,
            to: vec![(
                id,
                LinkDetails {
                    answer: Some(answer),
                    ..LinkDetails::default()
                },
            )],
            first: 0,
        };
        for number in [300, 250] {
            let answer = AmenityAnswer::Number(number.into());
            written(&service, &actor, say(answer).write::<AmenityValue>()).await;
            let reading = service.reading(&actor).await.unwrap();
            let values = reading
                .of::<AmenityValue>(Field::new("from_id"), &[lane])
                .await
                .unwrap();
            let answers: Vec<_> = values.iter().map(|value| value.details.answer).collect();
            assert_eq!(answers, [Some(answer)]);
        }
        let nothing = say(AmenityAnswer::Option(scene.id())).write::<AmenityValue>();
        assert_eq!(
            refused(&service, &actor, nothing).await,
            Refusal::Unknown { field: "answer" }
        );
    })
    .await;
}

#[tokio::test]
async fn a_channel_knows_what_it_sells() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lanes = [
            scene.lane(LaneOf::units(1)).await,
            scene.lane(LaneOf::units(1)).await,
        ];
        let details = ChannelDetails {
            name: "Web".to_owned(),
            ..ChannelDetails::default()
        };
        let mut channel = Channel::new(scene.id(), details);
        channel.organization_id = Some(scene.organization_id);
        let id = channel.id;
        assert_eq!(channel.slug(), id.to_string());
        let sells = Linking::plain("channel", id, [lanes[1]]).write::<SoldIn>();
        service
            .write_all(&actor, vec![create(channel), sells])
            .await
            .unwrap()
            .unwrap();
        let reading = service.reading(&actor).await.unwrap();
        let query = Query::<Resource>::new().meets(Test::belongs_to::<SoldIn>(&[id]));
        let page = reading.page(&query, PageOf::first(9)).await.unwrap();
        assert_eq!(
            page.rows.iter().map(|row| row.id).collect::<Vec<_>>(),
            [lanes[1]]
        );
    })
    .await;
}
