//! Documents: many writes that are done together, or not at all.

use service::{
    Error, Refusal,
    bookings::{BookingChange, BookingPatch, GroupChoice, ItemWrite, NewBooking, UnitChoice},
    content::{Label, LabelDetails},
    customers::{Customer, Order, PersonDetails},
    domain::{
        access::{Capability, capability as c},
        booking::Status,
        contact::Contact,
        id::Id,
    },
    links::Labelled,
    records::{Field, Linking, Refused, create, put, writing::MOST_WRITES},
    sale::{BookingDetails, Line, LineDetails, LineItem},
};
use testkit::{LaneOf, Scene, day, in_each_scene};

use super::{house, rows_in};
use crate::who_may;

fn stay(lane: Id, unit: UnitChoice) -> NewBooking {
    NewBooking {
        resource_id: lane,
        arrival: day(0),
        departure: day(2),
        quantity: 1,
        unit,
        status: Status::Confirmed,
        opened: false,
        held_until: None,
        group: GroupChoice::Alone,
        channel: "web".to_owned(),
        external_reference: "R-1".to_owned(),
        details: BookingDetails::default(),
        price_given: true,
        lines: vec![LineDetails {
            item: LineItem::Extra,
            description: "Breakfast".to_owned(),
            quantity: 2,
            amount: 9.into(),
            ..LineDetails::default()
        }],
        notes: Vec::new(),
        check_availability: true,
        charge_price: false,
        announce: true,
    }
}

fn ada(id: Id) -> Customer {
    let contact = Contact {
        first_name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
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

fn order(scene: &Scene, booking: Id, customer: Id) -> Order {
    let mut order = Order::new(booking, scene.organization_id);
    order.customer_id = Some(customer);
    order.reference = "2026-1".to_owned();
    order
}

#[tokio::test]
async fn a_booking_is_made_with_its_customer_and_its_order_in_one_commit() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let customer = scene.id();
        let (booking, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        let writes = vec![
            create(ada(customer)),
            place,
            create(order(&scene, booking, customer)),
        ];
        let ids = service.write_all(&actor, writes).await.unwrap().unwrap();
        assert_eq!(ids, [customer, booking, booking]);
        let reading = service.reading(&actor).await.unwrap();
        let orders = reading
            .of::<Order>(Field::new("customer_id"), &[customer])
            .await
            .unwrap();
        assert_eq!(
            orders.iter().map(|order| order.id).collect::<Vec<_>>(),
            [booking]
        );
        let lines = reading
            .of::<Line>(Field::new("booking_id"), &[booking])
            .await
            .unwrap();
        assert_eq!((lines.len(), lines[0].details.item), (1, LineItem::Extra));
        drop(reading);
        scene.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_is_put_whether_or_not_there_was_one() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let booking = scene.placed(scene.place(lane, 0, 1)).await;
        let say = |reference: &'static str| {
            put(Order::new(booking, scene.organization_id), move |order| {
                order.reference = reference.to_owned();
                order.external_reference.push('x');
                Ok(())
            })
        };
        for (reference, external) in [("A-1", "x"), ("A-2", "xx")] {
            assert_eq!(
                service.write_one(&actor, say(reference)).await,
                Ok(Ok(booking))
            );
            let reading = service.reading(&actor).await.unwrap();
            let order = reading.one::<Order>(booking).await.unwrap().unwrap();
            assert_eq!(
                (order.reference.as_str(), order.external_reference.as_str()),
                (reference, external)
            );
        }
        let stranger = super::limited(&actor, &[scene.id()]);
        let unknown = Refusal::Unknown { field: "id" };
        assert_eq!(
            service.write_one(&stranger, say("B")).await,
            Ok(Err(unknown))
        );
    })
    .await;
}

#[tokio::test]
async fn a_refusal_at_the_end_undoes_everything_before_it() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(2)).await;
        scene.placed(scene.place(lane, 0, 1)).await;
        let tables = [
            "person",
            "booking",
            "allocation",
            "journal",
            "line",
            "outbox",
            "audit",
            "\"order\"",
        ];
        let mut before = Vec::new();
        for table in tables {
            before.push(rows_in(&scene, table).await);
        }
        let customer = scene.id();
        let (booking, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        // Two bookings fit, one of them is there; the third is one too many.
        let (_, second) = service.place(&actor, stay(lane, UnitChoice::Any));
        let writes = vec![
            create(ada(customer)),
            place,
            create(order(&scene, booking, customer)),
            second,
        ];
        let refused = service
            .write_all(&actor, writes)
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(
            refused,
            Refused {
                index: 3,
                refusal: Refusal::SoldOut { free: 0 }
            }
        );
        let (booking, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        let writes = vec![place, create(order(&scene, booking, scene.id()))];
        let refused = service
            .write_all(&actor, writes)
            .await
            .unwrap()
            .unwrap_err();
        let unknown = Refusal::Unknown {
            field: "customer_id",
        };
        assert_eq!(
            refused,
            Refused {
                index: 1,
                refusal: unknown
            }
        );
        for (table, before) in tables.into_iter().zip(before) {
            assert_eq!(rows_in(&scene, table).await, before, "{table}");
        }
        scene.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_said_about_a_booking_goes_with_it() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(2)).await;
        let kept = scene.placed(scene.place(lane, 0, 1)).await;
        let gone = scene.placed(scene.place(lane, 0, 1)).await;
        let details = LabelDetails {
            name: "VIP".to_owned(),
            ..LabelDetails::default()
        };
        let label = Label::new(scene.id(), details);
        let mut writes = vec![create(label.clone())];
        for booking in [kept, gone] {
            writes.push(create(Order::new(booking, scene.organization_id)));
            writes.push(Linking::plain("booking", booking, [label.id]).write::<Labelled>());
        }
        service.write_all(&actor, writes).await.unwrap().unwrap();
        scene.done(scene.remove(gone)).await;
        let reading = service.reading(&actor).await.unwrap();
        let both = [kept, gone];
        let orders = reading.by_ids::<Order>(&both).await.unwrap();
        assert_eq!(
            orders.iter().map(|order| order.id).collect::<Vec<_>>(),
            [kept]
        );
        let links = reading
            .of::<Labelled>(Field::new("from_id"), &both)
            .await
            .unwrap();
        assert_eq!(
            links.iter().map(|link| link.from_id).collect::<Vec<_>>(),
            [kept]
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_for_what_others_have_changed_is_refused_with_its_document() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let (booking, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        let made = service.write_all(&actor, vec![place]).await;
        made.unwrap().unwrap();
        let line = async || {
            let reading = service.reading(&actor).await.unwrap();
            let of = Field::<Line>::new("booking_id");
            let lines = reading.of(of, &[booking]).await.unwrap();
            lines.first().map(|line| line.id)
        };
        let had = line().await.unwrap();
        // Each is decided for a booking with a breakfast, which the first one takes away.
        let change = async |only_version: Option<i64>| {
            let patch = BookingPatch {
                id: booking,
                change: BookingChange {
                    only_version,
                    ..BookingChange::default()
                },
                lines: vec![ItemWrite::Remove(had)],
                notes: Vec::new(),
                remove_lines: false,
                check_availability: true,
                announce: true,
            };
            let (_, change) = service.rebook(&actor, patch);
            let writes = vec![create(ada(scene.id())), change];
            service.write_all(&actor, writes).await.unwrap()
        };
        assert!(change(Some(1)).await.is_ok());
        assert_eq!(line().await, None);
        for only_version in [Some(1), None] {
            let refused = Refused {
                index: 1,
                refusal: Refusal::ChangedMeanwhile,
            };
            assert_eq!(change(only_version).await, Err(refused), "{only_version:?}");
        }
        assert_eq!(rows_in(&scene, "person").await, 1);
        assert_eq!(scene.booking(booking).await.unwrap().version, 2);
        scene.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_only_tried_leaves_no_trace() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let entries = rows_in(&scene, "journal").await;
        let (booking, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        let tried = service.try_all(&actor, vec![place]).await.unwrap();
        assert_eq!(tried, Ok(vec![booking]));
        assert!(scene.booking(booking).await.is_none());
        assert_eq!(rows_in(&scene, "journal").await, entries);
        let (_, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        service
            .write_all(&actor, vec![place])
            .await
            .unwrap()
            .unwrap();
        let (_, place) = service.place(&actor, stay(lane, UnitChoice::Any));
        let refusal = service
            .try_all(&actor, vec![place])
            .await
            .unwrap()
            .unwrap_err()
            .refusal;
        assert_eq!(refusal, Refusal::SoldOut { free: 0 });
        scene.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_document_asks_for_what_each_of_its_parts_needs() {
    in_each_scene(|scene| async move {
        let (service, _) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let may = |missing: Capability| {
            let others = Capability::all().filter(|one| *one != missing);
            who_may(&scene, &others.collect::<Vec<_>>())
        };
        for missing in [
            c::BOOKINGS_WRITE,
            c::BOOKINGS_FINANCIAL_WRITE,
            c::CUSTOMERS_PERSONAL_WRITE,
        ] {
            let actor = may(missing);
            let (_, place) = service.place(&actor, stay(lane, UnitChoice::Any));
            let writes = vec![create(ada(scene.id())), place];
            let answer = service.write_all(&actor, writes).await;
            assert_eq!(answer, Err(Error::Forbidden(missing)));
        }
        let (service, actor) = house(&scene);
        let many = (0..=MOST_WRITES).map(|_| create(ada(scene.id())));
        let answer = service.write_all(&actor, many.collect()).await;
        assert_eq!(answer, Err(Error::TooMany { limit: MOST_WRITES }));
        assert_eq!(rows_in(&scene, "person").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_race_for_the_last_unit_have_one_winner_with_one_customer() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (service, actor, scene) = (service.clone(), actor.clone(), scene.clone());
            tasks.spawn(async move {
                let customer = scene.id();
                let (booking, place) = service.place(&actor, stay(lane, UnitChoice::Number(1)));
                let order = order(&scene, booking, customer);
                let writes = vec![create(ada(customer)), place, create(order)];
                service.write_all(&actor, writes).await.unwrap().is_ok()
            });
        }
        let won = tasks
            .join_all()
            .await
            .into_iter()
            .filter(|won| *won)
            .count();
        assert_eq!(won, 1);
        assert_eq!(rows_in(&scene, "person").await, 1);
        assert_eq!(rows_in(&scene, "\"order\"").await, 1);
        scene.verify().await;
    })
    .await;
}
