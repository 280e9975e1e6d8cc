//! Everything that can be changed on a booking, and what that does to its lane.

use domain::booking::Status;
use jiff::ToSpan;
use store::{
    Value,
    hot::{Overbooking, Refusal},
};
use testkit::{LaneOf, day, in_each_scene};

use crate::count;

#[tokio::test(flavor = "multi_thread")]
async fn a_move_gives_the_old_nights_back_and_takes_the_new_ones() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let id = scene.placed(scene.place(lane, 0, 3)).await;
        // The new nights overlap its own old ones, which do not stand in the way.
        let mut change = scene.change(id);
        (change.change.arrival_on, change.change.departure_on) = (Some(day(2)), Some(day(5)));
        let done = scene.done(change).await;
        assert_eq!(done.before.unwrap().booking.arrival_on, day(0));
        let after = done.after.unwrap();
        assert_eq!((after.booking.arrival_on, after.units), (day(2), vec![1]));
        scene.placed(scene.place(lane, 0, 2)).await;
        assert_eq!(
            scene.refused(scene.place(lane, 4, 2)).await,
            Refusal::SoldOut { free: 0 }
        );
        assert_eq!(scene.booking(id).await.unwrap().version, 2);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_is_lengthened_only_into_free_nights() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let id = scene.placed(scene.place(lane, 0, 3)).await;
        scene.placed(scene.place(lane, 4, 2)).await;
        let lengthened = |departure| {
            let mut change = scene.change(id);
            change.change.departure_on = Some(day(departure));
            change
        };
        let before = scene.booking(id).await;
        assert_eq!(
            scene.refused(lengthened(5)).await,
            Refusal::SoldOut { free: 0 }
        );
        assert_eq!(scene.booking(id).await, before);
        scene.done(lengthened(4)).await;
        scene.done(lengthened(1)).await;
        scene.placed(scene.place(lane, 1, 3)).await;
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_resource_is_taken_and_the_first_is_free_again() {
    in_each_scene(|scene| async move {
        let (from, to) = (
            scene.lane(LaneOf::units(1)).await,
            scene.lane(LaneOf::places(2)).await,
        );
        let mut place = scene.place(from, 0, 3);
        place.unit = store::hot::UnitChoice::Number(1);
        let id = scene.placed(place).await;
        let mut full = scene.place(to, 1, 1);
        full.booking.quantity = 2;
        let full = scene.placed(full).await;
        let mut change = scene.change(id);
        change.change.resource_id = Some(to);
        assert_eq!(
            scene.refused(change.clone()).await,
            Refusal::SoldOut { free: 0 }
        );
        scene.done(scene.become_(full, Status::Cancelled)).await;
        let after = scene.done(change).await.after.unwrap();
        assert_eq!((after.booking.resource_id, after.units), (to, vec![]));
        scene.placed(scene.place(from, 0, 3)).await;
        let mut nowhere = scene.change(id);
        nowhere.change.resource_id = Some(scene.id());
        assert_eq!(scene.refused(nowhere).await, Refusal::UnknownResource);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_quantity_is_judged_without_the_old_one() {
    in_each_scene(|scene| async move {
        for lane in [LaneOf::units(4), LaneOf::places(4)] {
            let lane = scene.lane(lane).await;
            let mut place = scene.place(lane, 0, 2);
            place.booking.quantity = 3;
            let id = scene.placed(place).await;
            let quantity = |quantity| {
                let mut change = scene.change(id);
                change.change.quantity = Some(quantity);
                change
            };
            scene.done(quantity(4)).await;
            assert_eq!(
                scene.refused(quantity(5)).await,
                Refusal::SoldOut { free: 4 }
            );
            scene.done(quantity(1)).await;
            let mut rest = scene.place(lane, 1, 1);
            rest.booking.quantity = 3;
            scene.placed(rest).await;
            scene.verify().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_is_off_is_revived_only_where_there_is_room() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let id = scene.placed(scene.place(lane, 0, 3)).await;
        let mut cancel = scene.become_(id, Status::Cancelled);
        cancel.change.records_cancellation = true;
        let off = scene.done(cancel).await.after.unwrap();
        assert_eq!(
            (off.booking.cancelled_at, off.units.len()),
            (Some(scene.clock.now()), 0)
        );
        assert_eq!(count(&scene, "allocation").await, 0);
        let other = scene.placed(scene.place(lane, 2, 3)).await;
        let revive = || scene.become_(id, Status::Confirmed);
        assert_eq!(scene.refused(revive()).await, Refusal::SoldOut { free: 0 });
        scene.done(scene.become_(other, Status::Cancelled)).await;
        scene.done(revive()).await;
        assert_eq!(
            scene.refused(scene.place(lane, 0, 1)).await,
            Refusal::SoldOut { free: 0 }
        );
        assert_eq!(
            scene.refused(scene.become_(id, Status::Held)).await,
            Refusal::NotAllowed {
                from: Status::Confirmed,
                to: Status::Held
            }
        );
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_takes_nothing_until_it_is_confirmed() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let inquiry = |arrival| {
            let mut place = scene.place(lane, arrival, 2);
            place.booking.status = Status::Inquiry;
            place
        };
        let (first, second) = (
            scene.placed(inquiry(0)).await,
            scene.placed(inquiry(0)).await,
        );
        assert_eq!(count(&scene, "allocation").await, 0);
        let confirmed = scene
            .done(scene.become_(first, Status::Confirmed))
            .await
            .after
            .unwrap();
        assert_eq!(confirmed.units, [1]);
        let refusal = scene
            .refused(scene.become_(second, Status::Confirmed))
            .await;
        assert_eq!(refusal, Refusal::SoldOut { free: 0 });
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_takes_capacity_like_a_guest() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let mut block = scene.place(lane, 0, 30);
        block.booking.status = Status::Blocked;
        let block = scene.placed(block).await;
        scene.placed(scene.place(lane, 3, 2)).await;
        assert_eq!(
            scene.refused(scene.place(lane, 4, 2)).await,
            Refusal::SoldOut { free: 0 }
        );
        scene.done(scene.remove(block)).await;
        scene.placed(scene.place(lane, 4, 2)).await;
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_confirmed_keeps_its_place_and_loses_its_end() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut hold = scene.place(lane, 0, 2);
        hold.booking.status = Status::Held;
        hold.booking.held_until = Some(scene.clock.now() + 15.minutes());
        let id = scene.placed(hold).await;
        let expiry = async || {
            let tx = scene.store.reader().await.unwrap();
            let sql = "SELECT expires_at FROM allocation WHERE tenant_id = $1";
            tx.query(sql, &[scene.tenant_id.into()]).await.unwrap()[0][0].clone()
        };
        assert_ne!(expiry().await, Value::Null);
        let entries = count(&scene, "journal").await;
        // Less than what is taken may be promised by now: whoever holds a place keeps it.
        let mut lowered = scene.set_capacity(lane, 0);
        lowered.overbooking = Overbooking::Mark;
        scene.done(lowered).await;
        scene.done(scene.become_(id, Status::Confirmed)).await;
        assert_eq!(expiry().await, Value::Null);
        assert_eq!(count(&scene, "journal").await, entries + 1);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_expires_by_a_change_like_any_other() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::places(1)).await;
        let mut hold = scene.place(lane, 0, 2);
        hold.booking.status = Status::Held;
        hold.booking.held_until = Some(scene.clock.now() + 15.minutes());
        let id = scene.placed(hold).await;
        assert_eq!(
            scene.refused(scene.become_(id, Status::Expired)).await,
            Refusal::NotAllowed {
                from: Status::Held,
                to: Status::Expired
            }
        );
        scene.clock.advance_ms(15 * 60_000);
        scene.done(scene.become_(id, Status::Expired)).await;
        scene.placed(scene.place(lane, 0, 2)).await;
        let report = scene.verify().await;
        assert_eq!((report.takes, report.gives), (2, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_booking_is_gone_with_everything_on_it() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut place = scene.place(lane, 0, 2);
        let id = place.booking.id;
        place.lines = vec![scene.line(id, "Night"), scene.line(id, "Breakfast")];
        place.notes = vec![scene.note(id, "LATE")];
        scene.placed(place).await;
        let done = scene.done(scene.remove(id)).await;
        assert_eq!((done.before.unwrap().booking.id, done.after), (id, None));
        for table in ["booking", "allocation", "line", "note", "guest"] {
            assert_eq!(count(&scene, table).await, 0, "rows of {table}");
        }
        assert_eq!(
            scene.refused(scene.remove(id)).await,
            Refusal::UnknownBooking
        );
        assert_eq!(
            scene.refused(scene.change(id)).await,
            Refusal::UnknownBooking
        );
        scene.placed(scene.place(lane, 0, 2)).await;
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_nul_character_is_kept_without_it() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut place = scene.place(lane, 0, 2);
        place.booking.channel = "di\0rect".to_owned();
        place.booking.external_reference = "\0R\0".to_owned();
        place.booking.details.contact.last_name = "O\0Brien".to_owned();
        let id = scene.placed(place).await;
        let booking = scene.booking(id).await.unwrap();
        let columns = (
            booking.channel.as_str(),
            booking.external_reference.as_str(),
        );
        assert_eq!(columns, ("direct", "R"));
        assert_eq!(booking.search, "obrien r");
        let tx = scene.store.reader().await.unwrap();
        let condition = store::Condition::Is("external_reference", "R\0".into());
        let found: Vec<catalogue::sale::Booking> =
            tx.find(&condition, "id", None, 0).await.unwrap();
        assert_eq!(found.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_no_index_could_hold_is_refused() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(3)).await;
        // Nothing that a page could squeeze together.
        let mut number = 7_u64;
        let long = |bytes: usize, number: &mut u64| -> String {
            let mut text = String::new();
            while text.len() < bytes {
                *number = number
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.push_str(&format!("{number:016x}"));
            }
            text.truncate(bytes);
            text
        };
        let mut place = scene.place(lane, 0, 1);
        place.booking.external_reference = long(1_000, &mut number);
        let id = scene.placed(place).await;
        let mut place = scene.place(lane, 0, 1);
        place.booking.external_reference = long(1_001, &mut number);
        let refused = Refusal::LongReference { most: 1_000 };
        assert_eq!(scene.refused(place).await, refused);
        let mut change = scene.change(id);
        change.change.external_reference = Some(long(9_000, &mut number));
        assert_eq!(scene.refused(change).await, refused);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_words_leaves_the_journal_alone() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let id = scene.placed(scene.place(lane, 0, 2)).await;
        let entries = count(&scene, "journal").await;
        let mut change = scene.change(id);
        change.change.details.comments = Some("Late arrival".to_owned());
        change.change.external_reference = Some("X-1".to_owned());
        change.change.channel = Some("airbnb".to_owned());
        scene.clock.advance_ms(60_000);
        scene.done(change).await;
        let booking = scene.booking(id).await.unwrap();
        assert_eq!(
            (booking.details.comments.as_str(), booking.search.as_str()),
            ("Late arrival", "x-1")
        );
        assert_eq!(
            (booking.changed_at, booking.channel.as_str()),
            (scene.clock.now(), "airbnb")
        );
        assert_eq!(count(&scene, "journal").await, entries);
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_covers_the_state_of_a_booking_leaves_it_there() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let id = scene.placed(scene.place(lane, 0, 3)).await;
        let become_ = async |status, stays| {
            let mut change = scene.change(id);
            (change.change.status, change.change.stays) = (Some(status), stays);
            scene.done(change).await.after.unwrap().booking.status
        };
        const COVERED: &[Status] = &[Status::InHouse, Status::Completed];
        for status in COVERED {
            assert_eq!(become_(*status, vec![]).await, *status);
            assert_eq!(become_(Status::Confirmed, COVERED.to_vec()).await, *status);
        }
        assert_eq!(become_(Status::Confirmed, vec![]).await, Status::Confirmed);
        scene.verify().await;
    })
    .await;
}
