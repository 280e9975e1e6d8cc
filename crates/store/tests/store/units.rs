//! Which unit a stay gets, and who makes way for whom.

use domain::{booking::Status, id::Id};
use store::{
    Condition, Value,
    hot::{Overbooking, PlaceBooking, Refusal, UnitChoice},
    occupancy::find_with_units,
};
use testkit::{LaneOf, Scene, day, in_each_scene};

fn pinned(mut place: PlaceBooking, unit: i64) -> PlaceBooking {
    place.unit = UnitChoice::Number(unit);
    place
}

async fn unit_of(scene: &Scene, booking: Id) -> Option<i64> {
    let tx = scene.store.reader().await.unwrap();
    let sql = "SELECT unit FROM allocation WHERE tenant_id = $1 AND booking_id = $2";
    let rows = tx
        .query(sql, &[scene.tenant_id.into(), booking.into()])
        .await
        .unwrap();
    match rows[0][0] {
        Value::Int(unit) => Some(unit),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_unit_gets_it_and_keeps_it() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(3)).await;
        let first = scene.placed(scene.place(lane, 0, 2)).await;
        let taken = unit_of(&scene, first).await.unwrap();
        // Who has a unit by chance makes way for who asks for it by number.
        let second = scene.placed(pinned(scene.place(lane, 1, 2), taken)).await;
        assert_eq!(unit_of(&scene, second).await, Some(taken));
        assert_ne!(unit_of(&scene, first).await, Some(taken));
        // Who asked first does not.
        let third = scene.done(pinned(scene.place(lane, 2, 2), taken)).await;
        assert!(third.unit_not_given);
        scene.placed(scene.place(lane, 1, 1)).await;
        assert_eq!(unit_of(&scene, second).await, Some(taken));
        let refusal = scene.refused(pinned(scene.place(lane, 8, 1), 4)).await;
        assert_eq!(refusal, Refusal::UnknownUnit { units: 3 });
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_free_every_night_is_enough_for_a_whole_stay() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        // Unit 1 is taken in the first night, unit 2 in the second: somebody has to move.
        let first = scene.placed(pinned(scene.place(lane, 0, 1), 1)).await;
        let mut second = scene.change(first);
        second.change.unit = Some(UnitChoice::Any);
        scene.done(second).await;
        let blocker = scene.placed(pinned(scene.place(lane, 0, 1), 2)).await;
        let other = scene.placed(scene.place(lane, 1, 1)).await;
        scene.done(scene.become_(blocker, Status::Cancelled)).await;
        assert_eq!(unit_of(&scene, first).await, Some(1));
        let done = scene.done(scene.place(lane, 0, 2)).await;
        assert_eq!(done.after.unwrap().units.len(), 1);
        assert!(unit_of(&scene, other).await.is_some());
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_together_is_looked_at_however_far_it_reaches() {
    in_each_scene(|scene| async move {
        // A staircase of stays, each overlapping the next, in units that leave one free every night
        // but none for the whole of a new stay in the middle.
        let lane = scene.lane(LaneOf::units(3)).await;
        let mut blockers = Vec::new();
        for step in 0..12 {
            let unit = i64::from(step % 3) + 1;
            let id = scene
                .placed(pinned(scene.place(lane, step * 3, 4), unit))
                .await;
            let mut loose = scene.change(id);
            loose.change.unit = Some(UnitChoice::Any);
            scene.done(loose).await;
            blockers.push(id);
        }
        for arrival in [4, 16, 28] {
            let after = scene
                .done(scene.place(lane, arrival, 6))
                .await
                .after
                .unwrap();
            assert_eq!(after.units.len(), 1, "arrival {arrival}");
        }
        for id in blockers {
            assert!(unit_of(&scene, id).await.is_some());
        }
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_of_unpinned_stays_always_has_a_unit_for_everybody() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(4)).await;
        let mut places = Vec::new();
        for number in 0..120_i32 {
            places.push(scene.place(lane, (number * 37) % 60, 1 + (number * 11) % 6));
        }
        let mut done = 0;
        for places in places.chunks(5) {
            let commands = places.iter().cloned().map(Into::into).collect();
            for outcome in scene.submit(commands).await {
                if let store::hot::Outcome::Done(placed) = outcome {
                    done += 1;
                    assert_eq!(placed.after.unwrap().units.len(), 1);
                }
            }
        }
        assert!(done > 40);
        let tx = scene.store.reader().await.unwrap();
        let sql = "SELECT count(*) FROM allocation WHERE tenant_id = $1 AND unit IS NULL";
        let rows = tx.query(sql, &[scene.tenant_id.into()]).await.unwrap();
        assert_eq!(rows[0][0], Value::Int(0));
        drop(tx);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_moved_in_does_not_move_and_keeps_the_room_when_staying_longer() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let guest = scene.placed(pinned(scene.place(lane, 0, 3), 2)).await;
        let mut loose = scene.change(guest);
        loose.change.unit = Some(UnitChoice::Any);
        scene.done(loose).await;
        assert_eq!(unit_of(&scene, guest).await, Some(2));
        scene
            .clock
            .set(scene.booking(guest).await.unwrap().starts_at);
        let newcomer = scene.done(pinned(scene.place(lane, 1, 2), 2)).await;
        assert!(newcomer.unit_not_given);
        assert_eq!(unit_of(&scene, guest).await, Some(2));
        let mut longer = scene.change(guest);
        longer.change.departure_on = Some(day(6));
        scene.done(longer).await;
        assert_eq!(unit_of(&scene, guest).await, Some(2));
        scene.verify().await;
    })
    .await;
}

fn choosing(mut place: PlaceBooking, unit: UnitChoice) -> PlaceBooking {
    place.unit = unit;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_pinned_where_he_is_stays_while_packing_moves_the_others() {
    in_each_scene(|scene| async move {
        for pinned_first in [true, false] {
            // Each of the two units is taken in one of two nights, so for both nights somebody has to move.
            let lane = scene.lane(LaneOf::units(2)).await;
            let in_unit =
                |unit, night| choosing(scene.place(lane, night, 1), UnitChoice::Movable(unit));
            let first = scene.placed(in_unit(1, 0)).await;
            let second = scene.placed(in_unit(2, 1)).await;
            let entries = scene.verify().await.entries;
            let (stays, moves) = if pinned_first {
                (first, second)
            } else {
                (second, first)
            };
            let before = unit_of(&scene, stays).await;
            let mut pin = scene.change(stays);
            pin.change.unit = Some(UnitChoice::Pinned);
            let done = scene.done(pin).await;
            assert!(!done.unit_not_given);
            // Nothing was given back or taken.
            assert_eq!(scene.verify().await.entries, entries);
            let long = scene.placed(scene.place(lane, 0, 2)).await;
            assert_eq!(unit_of(&scene, stays).await, before);
            assert_eq!(unit_of(&scene, moves).await, before);
            assert_ne!(unit_of(&scene, long).await, before);
            scene.verify().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_kept_or_given_up_as_its_guest_was_told() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        // Whoever got a unit by chance, to stay there, makes way for nobody.
        let first = choosing(scene.place(lane, 0, 2), UnitChoice::Pinned);
        let first = scene.placed(first).await;
        assert_eq!(unit_of(&scene, first).await, Some(1));
        let second = scene.done(pinned(scene.place(lane, 0, 1), 1)).await;
        assert!(second.unit_not_given);
        let second = second.after.unwrap().booking.id;
        scene.done(scene.become_(second, Status::Cancelled)).await;
        // Released, he does.
        let mut loose = scene.change(first);
        loose.change.unit = Some(UnitChoice::Any);
        scene.done(loose).await;
        assert_eq!(unit_of(&scene, first).await, Some(1));
        let third = scene.placed(pinned(scene.place(lane, 0, 1), 1)).await;
        assert_eq!(unit_of(&scene, third).await, Some(1));
        assert_eq!(unit_of(&scene, first).await, Some(2));
        // So does whoever asked for a unit and not to stay there.
        let guest = choosing(scene.place(lane, 5, 1), UnitChoice::Movable(2));
        let guest = scene.placed(guest).await;
        assert_eq!(unit_of(&scene, guest).await, Some(2));
        scene.placed(pinned(scene.place(lane, 5, 1), 2)).await;
        assert_eq!(unit_of(&scene, guest).await, Some(1));
        let mut beyond = scene.change(guest);
        beyond.change.unit = Some(UnitChoice::Movable(3));
        assert_eq!(
            scene.refused(beyond).await,
            Refusal::UnknownUnit { units: 2 }
        );
        // To stay in the unit that one has is a wish on every day.
        scene.done(scene.become_(guest, Status::Cancelled)).await;
        let mut longer = scene.change(first);
        longer.change.arrival_on = Some(day(4));
        longer.change.departure_on = Some(day(6));
        longer.change.unit = Some(UnitChoice::Pinned);
        assert!(scene.done(longer).await.unit_not_given);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_is_pinned_as_a_whole_and_a_stay_without_numbers_is_not() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(3)).await;
        let mut party = choosing(scene.place(lane, 0, 2), UnitChoice::Pinned);
        party.booking.quantity = 2;
        let party = scene.done(party).await;
        assert!(!party.unit_not_given);
        let party = party.after.unwrap();
        assert_eq!(party.units, [1, 2]);
        let refused = scene.done(pinned(scene.place(lane, 1, 1), 2)).await;
        assert!(refused.unit_not_given);
        let mut longer = scene.change(party.booking.id);
        longer.change.departure_on = Some(day(3));
        assert_eq!(scene.done(longer).await.after.unwrap().units, [1, 2]);
        let refused = scene.done(pinned(scene.place(lane, 2, 1), 1)).await;
        assert!(refused.unit_not_given);

        let places = scene.lane(LaneOf::places(3)).await;
        let seat = choosing(scene.place(places, 0, 1), UnitChoice::Pinned);
        assert!(!scene.done(seat).await.unit_not_given);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_gets_several_units_and_lost_units_are_given_up() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(5)).await;
        let mut party = scene.place(lane, 0, 2);
        party.booking.quantity = 3;
        let done = scene.done(party).await.after.unwrap();
        assert_eq!(done.units.len(), 3);
        let last = scene.placed(pinned(scene.place(lane, 0, 2), 5)).await;
        scene.done(scene.set_capacity(lane, 4)).await;
        assert_eq!(unit_of(&scene, last).await, None);
        let mut longer = scene.change(last);
        longer.change.departure_on = Some(day(3));
        scene.done(longer).await;
        assert!(unit_of(&scene, last).await.is_some());
        let mut unassigned = scene.place(lane, 9, 1);
        unassigned.unit = UnitChoice::Unassigned;
        let unassigned = scene.placed(unassigned).await;
        assert_eq!(unit_of(&scene, unassigned).await, None);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_are_found_with_their_units_in_one_statement() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(4)).await;
        let mut pair = pinned(scene.place(lane, 0, 2), 3);
        pair.booking.quantity = 2;
        let pair = scene.done(pair).await.after.unwrap();
        let alone = scene.placed(pinned(scene.place(lane, 2, 1), 2)).await;
        let mut party = scene.place(lane, 2, 1);
        party.booking.quantity = 4;
        party.overbooking = Overbooking::Mark;
        let party = scene.done(party).await.after.unwrap();
        let gone = scene.placed(scene.place(lane, 5, 1)).await;
        scene.done(scene.become_(gone, Status::Cancelled)).await;
        // The same moment and another lane: its units are no others'.
        let beside = scene.lane(LaneOf::units(1)).await;
        let beside_id = scene.placed(scene.place(beside, 0, 2)).await;

        let tx = scene.store.reader().await.unwrap();
        let everything = Condition::Is("tenant_id", scene.tenant_id.into());
        let found = find_with_units(&tx, &everything, "id", None, 0).await;
        let found: Vec<_> = found.unwrap();
        let of = |id: Id| {
            let mut found = found.iter().filter(|(booking, _)| booking.id == id);
            let (_, units) = found.next().expect("the booking is found");
            assert!(found.next().is_none(), "a booking is found once");
            (units.units.clone(), units.overbooked)
        };
        assert_eq!(found.len(), 5);
        assert_eq!(pair.units.len(), 2);
        assert_eq!(of(pair.booking.id), (pair.units, false));
        assert_eq!(of(alone), (vec![2], false));
        assert_eq!(of(party.booking.id), (vec![1, 3, 4], true));
        assert_eq!(of(gone), (vec![], false));
        assert_eq!(of(beside_id), (vec![1], false));

        let page = find_with_units(&tx, &everything, "id DESC", Some(2), 1).await;
        let ids: Vec<Id> = page
            .unwrap()
            .iter()
            .map(|(booking, _)| booking.id)
            .collect();
        assert_eq!(ids, [gone, party.booking.id]);
    })
    .await;
}
