//! What the outbox says of a booking: in which order, what has changed, and what it was.

use catalogue::patch::{ContactField, ContactPatch};
use domain::booking::Status;
use serde_json::{Value as Json, json};
use store::{Value, hot::UnitChoice};
use testkit::{LaneOf, Scene, day, in_each_scene};

/// Word, ordinal and facts of all events about bookings, in their order.
async fn events(scene: &Scene) -> Vec<(String, i64, Json)> {
    let tx = scene.store.reader().await.unwrap();
    let sql = "SELECT event, ordinal, doc FROM outbox WHERE tenant_id = $1 \
               AND event LIKE 'booking.%' ORDER BY subject_id, ordinal";
    let rows = tx.query(sql, &[scene.tenant_id.into()]).await.unwrap();
    let read = |row: Vec<Value>| match &row[..] {
        [Value::Text(event), Value::Int(ordinal), Value::Text(doc)] => {
            (event.clone(), *ordinal, serde_json::from_str(doc).unwrap())
        }
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(read).collect()
}

#[tokio::test]
async fn an_event_says_which_write_it_was_and_what_has_changed() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let booking = scene.placed(scene.place(lane, 1, 2)).await;
        let mut change = scene.change(booking);
        change.change.departure_on = Some(day(5));
        let name = (ContactField::LastName, "Lovelace".to_owned());
        change.change.details.contact = ContactPatch(vec![name]);
        scene.done(change).await;
        scene.done(scene.change(booking)).await;
        scene.done(scene.remove(booking)).await;
        let events = events(&scene).await;
        let words: Vec<(&str, i64)> = events
            .iter()
            .map(|(word, ordinal, _)| (word.as_str(), *ordinal))
            .collect();
        assert_eq!(
            words,
            [
                ("booking.placed", 1),
                ("booking.changed", 2),
                ("booking.changed", 3),
                ("booking.removed", 4),
            ]
        );
        assert_eq!(events[0].2, json!({}));
        assert_eq!(
            events[1].2,
            json!({ "changes": {
                "departure_on": [day(3), day(5)],
                "contact.last_name": [null, "Lovelace"],
            } })
        );
        assert_eq!(events[2].2, json!({}), "nothing has changed");
        let last = &events[3].2["last"];
        assert_eq!(last["departure_on"], json!(day(5)));
        assert_eq!(last["details"]["contact"]["last_name"], "Lovelace");
    })
    .await;
}

#[tokio::test]
async fn whether_a_booking_keeps_its_unit_is_a_change() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let booking = scene.placed(scene.place(lane, 1, 2)).await;
        let choose = |unit: UnitChoice| {
            let mut change = scene.change(booking);
            change.change.unit = Some(unit);
            change
        };
        for unit in [UnitChoice::Pinned, UnitChoice::Pinned, UnitChoice::Any] {
            scene.done(choose(unit)).await;
        }
        scene.done(choose(UnitChoice::Number(2))).await;
        scene.done(scene.become_(booking, Status::Cancelled)).await;
        let facts: Vec<Json> = events(&scene).await.into_iter().map(|of| of.2).collect();
        let pinned = |was: bool, is: bool| json!({ "changes": { "pinned": [was, is] } });
        let first = [pinned(false, true), json!({}), pinned(true, false)];
        assert_eq!(facts[1..4], first);
        assert_eq!(facts[4], pinned(false, true));
        // What is called off has no unit to keep.
        let off = json!({ "changes": {
            "status": ["confirmed", "cancelled"],
            "pinned": [true, false],
        } });
        assert_eq!(facts[5], off);
    })
    .await;
}

#[tokio::test]
async fn what_is_announced_to_nobody_says_what_has_changed_all_the_same() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let booking = scene.placed(scene.place(lane, 1, 2)).await;
        let mut change = scene.change(booking);
        change.change.departure_on = Some(day(5));
        change.announce = false;
        scene.done(change).await;
        // Whether somebody hears of it is decided where it leaves.
        let expected = json!({ "changes": { "departure_on": [day(3), day(5)] } });
        assert_eq!(events(&scene).await[1].2, expected);
    })
    .await;
}
