//! More than there is: refused, or taken and marked in the allocation and in the journal.

use catalogue::inventory::StoredDay;
use domain::{booking::Status, calendar::CalendarDay, id::Id};
use store::{
    ColdCommand, Result, Tx,
    hot::{Outcome, Overbooking, PlaceBooking, Refusal},
};
use testkit::{LaneOf, Scene, day, in_each_scene};

use crate::{is_done, is_sold_out};

fn marking(mut place: PlaceBooking) -> PlaceBooking {
    place.overbooking = Overbooking::Mark;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn overbooking_is_marked_in_the_allocation_and_in_the_journal() {
    in_each_scene(|scene| async move {
        for lane in [LaneOf::units(1), LaneOf::places(1)] {
            let lane = scene.lane(lane).await;
            scene.placed(scene.place(lane, 0, 2)).await;
            let done = scene.done(marking(scene.place(lane, 1, 2))).await;
            let after = done.after.unwrap();
            assert!(after.overbooked && after.units.is_empty());
        }
        let report = scene.verify().await;
        assert_eq!((report.overbooked, report.live_overbooked), (2, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_part_that_exceeds_capacity_is_marked() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(3)).await;
        scene.placed(scene.place(lane, 0, 2)).await;
        let mut party = marking(scene.place(lane, 0, 2));
        party.booking.quantity = 4;
        let after = scene.done(party).await.after.unwrap();
        assert!(after.overbooked);
        assert_eq!(after.units.len(), 2);
        let report = scene.verify().await;
        assert_eq!((report.live_overbooked, report.live_allocations), (2, 5));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overbooking_is_unmarked_when_its_booking_moves_to_where_it_fits() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let first = scene.placed(scene.place(lane, 0, 2)).await;
        let id = scene.placed(marking(scene.place(lane, 1, 2))).await;
        let mut change = scene.change(id);
        (change.change.arrival_on, change.change.departure_on) = (Some(day(2)), Some(day(4)));
        let after = scene.done(change).await.after.unwrap();
        assert!(!after.overbooked);
        assert_eq!(after.units, [1]);
        // Or when the other has gone and it is changed the next time.
        let mut back = scene.change(id);
        back.overbooking = Overbooking::Mark;
        (back.change.arrival_on, back.change.departure_on) = (Some(day(1)), Some(day(4)));
        assert!(scene.done(back).await.after.unwrap().overbooked);
        scene.done(scene.become_(first, Status::Cancelled)).await;
        let mut shorter = scene.change(id);
        shorter.change.departure_on = Some(day(3));
        assert!(!scene.done(shorter).await.after.unwrap().overbooked);
        let report = scene.verify().await;
        assert_eq!(report.live_overbooked, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_overbooked_may_still_shorten_the_stay_and_stays_marked() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        scene.placed(scene.place(lane, 0, 9)).await;
        let id = scene.placed(marking(scene.place(lane, 1, 4))).await;
        let departing = |number| {
            let mut change = scene.change(id);
            change.change.departure_on = Some(day(number));
            change
        };
        assert!(scene.done(departing(3)).await.after.unwrap().overbooked);
        assert!(matches!(
            scene.refused(departing(6)).await,
            Refusal::SoldOut { .. }
        ));
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_refuses_overbooking_refuses_it_to_everybody() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1).never_overbooked()).await;
        let id = scene.placed(marking(scene.place(lane, 0, 2))).await;
        let refusal = scene.refused(marking(scene.place(lane, 1, 2))).await;
        assert_eq!(refusal, Refusal::SoldOut { free: 0 });
        let mut lowered = scene.set_capacity(lane, 0);
        (lowered.overbooking, lowered.refuses_overbooking) = (Overbooking::Mark, true);
        assert_eq!(
            scene.refused(lowered).await,
            Refusal::CapacityInUse { taken: 1 }
        );
        scene.done(scene.become_(id, Status::Cancelled)).await;
        scene.placed(marking(scene.place(lane, 1, 2))).await;
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn less_capacity_than_is_sold_is_refused_or_marked() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(3)).await;
        for _ in 0..3 {
            scene.placed(scene.place(lane, 4, 2)).await;
        }
        assert_eq!(
            scene.refused(scene.set_capacity(lane, 2)).await,
            Refusal::CapacityInUse { taken: 3 }
        );
        assert_eq!(
            scene.refused(scene.place(lane, 4, 1)).await,
            Refusal::SoldOut { free: 0 }
        );
        let mut lowered = scene.set_capacity(lane, 2);
        lowered.overbooking = Overbooking::Mark;
        scene.done(lowered).await;
        assert_eq!(
            scene.refused(scene.place(lane, 4, 1)).await,
            Refusal::SoldOut { free: -1 }
        );
        // What lies in the past does not count.
        scene.clock.set(
            domain::time::Timestamp::from_second(scene.clock.now().as_second() + 30 * 86_400)
                .unwrap(),
        );
        scene.done(scene.set_capacity(lane, 0)).await;
        scene.done(scene.set_capacity(lane, 5)).await;
        scene.placed(scene.place(lane, 40, 1)).await;
        scene.verify().await;
    })
    .await;
}

/// Writes one day's limit.
struct Limit(Id, Id, i32, Option<i64>);

impl ColdCommand for Limit {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a domain::id::IdSource) -> Result<()> {
        tx.lock_lanes(self.0, &[self.1]).await?;
        let limited = |sell_limit| StoredDay {
            tenant_id: self.0,
            resource_id: self.1,
            day: day(self.2),
            sell_limit,
            settings: CalendarDay {
                sell_limit,
                ..CalendarDay::new(day(self.2))
            },
            extra: Default::default(),
        };
        // A day that is named twice keeps the last word.
        store::calendar::write(
            tx,
            &[limited(Some(99)), limited(self.3)],
            ids.next(jiff::Timestamp::UNIX_EPOCH),
        )
        .await
    }
}

async fn limit(scene: &Scene, lane: Id, day: i32, at_most: Option<i64>) {
    scene
        .store
        .run(Limit(scene.tenant_id, lane, day, at_most))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_what_is_sold_of_a_night_binds_whoever_asks_for_a_check() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(5)).await;
        limit(&scene, lane, 2, Some(1)).await;
        scene.placed(scene.place(lane, 0, 5)).await;
        assert_eq!(
            scene.refused(scene.place(lane, 2, 1)).await,
            Refusal::SoldOut { free: 0 }
        );
        scene.placed(scene.place(lane, 0, 2)).await;
        scene.placed(scene.place(lane, 3, 2)).await;
        // Who does not ask is bound by capacity alone, and nothing is overbooked.
        let after = scene
            .done(marking(scene.place(lane, 2, 1)))
            .await
            .after
            .unwrap();
        assert!(!after.overbooked);
        limit(&scene, lane, 2, Some(-1)).await;
        limit(&scene, lane, 2, None).await;
        scene.placed(scene.place(lane, 2, 1)).await;
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_seen_wherever_a_change_leads_within_its_batch() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(5)).await;
        for limited in [-1, 3, 40] {
            limit(&scene, lane, limited, Some(0)).await;
        }
        let id = scene.placed(scene.place(lane, 0, 2)).await;
        for (arrival, departure) in [(-1, 2), (0, 4), (30, 45), (3, 4), (-1, 0)] {
            // The first change moves the stay, so that the nights of the second were not foreseen.
            let (mut first, mut second) = (scene.change(id), scene.change(id));
            first.change.arrival_on = Some(day(arrival.min(1)));
            second.change.arrival_on = Some(day(arrival));
            second.change.departure_on = Some(day(departure));
            let outcomes = scene.submit(vec![first.into(), second.into()]).await;
            assert!(
                is_sold_out(&outcomes[1]),
                "{arrival} to {departure}: {outcomes:?}"
            );
        }
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_as_free_can_be_booked_and_no_more() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(4)).await;
        for (arrival, nights) in [(0, 3), (1, 4), (2, 1), (6, 2)] {
            scene.placed(scene.place(lane, arrival, nights)).await;
        }
        limit(&scene, lane, 6, Some(2)).await;
        let views = {
            let tx = scene.store.reader().await.unwrap();
            store::occupancy::look(&tx, scene.tenant_id, &[lane], day(0), day(10))
                .await
                .unwrap()
        };
        assert_eq!(views[0].free(day(0), 10), [3, 2, 1, 3, 3, 4, 1, 3, 4, 4]);
        for (arrival, nights) in [(0, 1), (0, 2), (0, 3), (2, 2), (5, 3), (6, 1), (8, 2)] {
            let free = views[0].free_for(day(arrival), day(arrival + nights));
            for quantity in [free, free + 1] {
                let mut place = scene.place(lane, arrival, nights);
                place.booking.quantity = quantity;
                let outcome = scene.one(place).await;
                match &outcome {
                    Outcome::Done(done) => {
                        assert_eq!(quantity, free);
                        let id = done.after.as_ref().unwrap().booking.id;
                        assert!(is_done(&scene.one(scene.remove(id)).await));
                    }
                    Outcome::Refused(refusal) => {
                        assert_eq!((quantity, refusal), (free + 1, &Refusal::SoldOut { free }));
                    }
                }
            }
        }
        scene.verify().await;
    })
    .await;
}
