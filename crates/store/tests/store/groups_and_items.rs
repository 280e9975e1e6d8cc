//! What belongs together: groups of bookings, lines and notes of one.

use catalogue::sale::{Line, LineDetailsPatch, Note, NoteDetailsPatch};
use domain::id::Id;
use store::hot::{Group, Outcome, Refusal, SubChange, SubOutcome};
use testkit::{LaneOf, Scene, in_each_scene};

use crate::{is_done, is_sold_out};

async fn group_of(scene: &Scene, id: Id) -> Option<Id> {
    scene.booking(id).await.unwrap().group_id
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_of_one_submission_become_a_group_even_when_the_first_is_refused() {
    in_each_scene(|scene| async move {
        let (full, free) = (
            scene.lane(LaneOf::units(1)).await,
            scene.lane(LaneOf::units(9)).await,
        );
        scene.placed(scene.place(full, 0, 1)).await;
        let grouped = |lane, group| {
            let mut place = scene.place(lane, 0, 1);
            place.group = group;
            place
        };
        let first = grouped(free, Group::Start);
        let master = first.booking.id;
        let joined = grouped(free, Group::JoinIfThere(master));
        let ids = [master, joined.booking.id];
        let outcomes = scene.submit(vec![first.into(), joined.into()]).await;
        assert!(outcomes.iter().all(is_done));
        for id in ids {
            assert_eq!(group_of(&scene, id).await, Some(master));
        }
        let refused = grouped(full, Group::Start);
        let lonely = grouped(free, Group::JoinIfThere(refused.booking.id));
        let id = lonely.booking.id;
        let outcomes = scene.submit(vec![refused.into(), lonely.into()]).await;
        assert!(is_sold_out(&outcomes[0]) && is_done(&outcomes[1]));
        assert_eq!(group_of(&scene, id).await, Some(id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_makes_the_other_the_master_of_a_group() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(9)).await;
        let master = scene.placed(scene.place(lane, 0, 1)).await;
        let mut place = scene.place(lane, 0, 1);
        place.group = Group::Join(master);
        let member = scene.placed(place).await;
        assert_eq!(group_of(&scene, master).await, Some(master));
        assert_eq!(scene.booking(master).await.unwrap().version, 2);
        // Naming a member joins the same group.
        let third = scene.placed(scene.place(lane, 0, 1)).await;
        let mut change = scene.change(third);
        change.change.group = Some(Group::Join(member));
        scene.done(change).await;
        assert_eq!(group_of(&scene, third).await, Some(master));
        let mut alone = scene.change(third);
        alone.change.group = Some(Group::Alone);
        scene.done(alone).await;
        assert_eq!(group_of(&scene, third).await, None);
        let mut unknown = scene.place(lane, 0, 1);
        unknown.group = Group::Join(scene.id());
        assert_eq!(scene.refused(unknown).await, Refusal::UnknownGroup);
        scene.verify().await;
    })
    .await;
}

async fn lines_of(scene: &Scene, id: Id) -> Vec<(Id, String)> {
    let tx = scene.store.reader().await.unwrap();
    let condition = store::Condition::Is("booking_id", id.into());
    let lines: Vec<Line> = tx.find(&condition, "id", None, 0).await.unwrap();
    lines
        .into_iter()
        .map(|line| (line.id, line.details.description))
        .collect()
}

async fn notes_of(scene: &Scene, id: Id) -> Vec<String> {
    let tx = scene.store.reader().await.unwrap();
    let condition = store::Condition::Is("booking_id", id.into());
    let notes: Vec<Note> = tx.find(&condition, "id", None, 0).await.unwrap();
    notes.into_iter().map(|note| note.details.code).collect()
}

fn described(text: &str) -> LineDetailsPatch {
    LineDetailsPatch {
        description: Some(text.to_owned()),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_notes_are_added_changed_removed_or_unknown_one_by_one() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut place = scene.place(lane, 0, 1);
        let id = place.booking.id;
        place.lines = vec![scene.line(id, "a"), scene.line(id, "b")];
        place.notes = vec![scene.note(id, "n")];
        let (a, b, n) = (place.lines[0].id, place.lines[1].id, place.notes[0].id);
        let done = scene.done(place).await;
        assert_eq!(done.lines, [SubOutcome::Added(a), SubOutcome::Added(b)]);
        assert_eq!(done.notes, [SubOutcome::Added(n)]);
        let c = scene.line(id, "c");
        let (c_id, stranger) = (c.id, scene.id());
        let mut change = scene.change(id);
        change.lines = vec![
            SubChange::Add(c),
            SubChange::Change(a, described("a2")),
            SubChange::Change(a, described("a3")),
            SubChange::Change(c_id, described("c2")),
            SubChange::Remove(b),
            SubChange::Remove(b),
            SubChange::Change(stranger, described("x")),
        ];
        let code = NoteDetailsPatch {
            code: Some("m".to_owned()),
            ..Default::default()
        };
        change.notes = vec![SubChange::Change(n, code), SubChange::Remove(stranger)];
        let done = scene.done(change).await;
        assert_eq!(
            done.lines,
            [
                SubOutcome::Added(c_id),
                SubOutcome::Changed(a),
                SubOutcome::Changed(a),
                SubOutcome::Changed(c_id),
                SubOutcome::Removed(b),
                SubOutcome::Unknown(b),
                SubOutcome::Unknown(stranger),
            ]
        );
        assert_eq!(
            done.notes,
            [SubOutcome::Changed(n), SubOutcome::Unknown(stranger)]
        );
        assert_eq!(
            lines_of(&scene, id).await,
            [(a, "a3".to_owned()), (c_id, "c2".to_owned())]
        );
        assert_eq!(notes_of(&scene, id).await, ["m"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_for_an_older_version_is_refused_with_all_of_its_items() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut place = scene.place(lane, 0, 1);
        let id = place.booking.id;
        place.lines = vec![scene.line(id, "a"), scene.line(id, "b")];
        let (a, b) = (place.lines[0].id, place.lines[1].id);
        scene.placed(place).await;
        let decided = |number: i64, text: &str| {
            let mut change = scene.change(id);
            change.change.only_version = Some(number);
            change.lines = vec![
                SubChange::Change(a, described(text)),
                SubChange::Add(scene.line(id, text)),
            ];
            change.notes = vec![SubChange::Add(scene.note(id, text))];
            change
        };
        // A change of nothing but an item is another version too.
        let mut other = scene.change(id);
        other.lines = vec![SubChange::Remove(b)];
        scene.done(other).await;
        let before = scene.booking(id).await;
        for number in [1, 3] {
            let change = decided(number, "late");
            assert_eq!(scene.refused(change).await, Refusal::ChangedMeanwhile);
        }
        assert_eq!(scene.booking(id).await, before);
        assert_eq!(lines_of(&scene, id).await, [(a, "a".to_owned())]);
        assert_eq!(notes_of(&scene, id).await, [""; 0]);

        scene.done(decided(2, "next")).await;
        let lines = lines_of(&scene, id).await;
        let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["next", "next"]);
        assert_eq!(scene.booking(id).await.unwrap().version, 3);
        // Of two that were decided for one version, in one batch too, the second is refused.
        let both = vec![decided(3, "first").into(), decided(3, "second").into()];
        let outcomes = scene.submit(both).await;
        assert!(is_done(&outcomes[0]));
        assert_eq!(outcomes[1], Outcome::Refused(Refusal::ChangedMeanwhile));
        scene.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_another_booking_is_unknown() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(2)).await;
        let mut place = scene.place(lane, 0, 1);
        let theirs = place.booking.id;
        place.lines = vec![scene.line(theirs, "theirs")];
        let line = place.lines[0].id;
        scene.placed(place).await;
        let mine = scene.placed(scene.place(lane, 0, 1)).await;
        let mut change = scene.change(mine);
        change.lines = vec![
            SubChange::Remove(line),
            SubChange::Change(line, described("mine")),
        ];
        let done = scene.done(change).await;
        assert_eq!(
            done.lines,
            [SubOutcome::Unknown(line), SubOutcome::Unknown(line)]
        );
        assert_eq!(
            lines_of(&scene, theirs).await,
            [(line, "theirs".to_owned())]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_lines_can_go_before_new_ones_come_and_changes_of_one_batch_add_up() {
    in_each_scene(|scene| async move {
        let lane = scene.lane(LaneOf::units(1)).await;
        let mut place = scene.place(lane, 0, 1);
        let id = place.booking.id;
        place.lines = vec![scene.line(id, "old"), scene.line(id, "older")];
        let old = place.lines[0].id;
        scene.placed(place).await;
        let (mut first, mut second, mut third) =
            (scene.change(id), scene.change(id), scene.change(id));
        first.remove_lines = true;
        let fresh = scene.line(id, "new");
        let new = fresh.id;
        first.lines = vec![
            SubChange::Change(old, described("x")),
            SubChange::Add(fresh),
        ];
        second.lines = vec![SubChange::Change(new, described("newer"))];
        third.lines = vec![SubChange::Add(scene.line(id, "last"))];
        let outcomes = scene
            .submit(vec![first.into(), second.into(), third.into()])
            .await;
        let Outcome::Done(done) = &outcomes[0] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(done.lines[0], SubOutcome::Unknown(old));
        let descriptions: Vec<String> = lines_of(&scene, id)
            .await
            .into_iter()
            .map(|line| line.1)
            .collect();
        assert_eq!(descriptions, ["newer", "last"]);
        assert_eq!(scene.booking(id).await.unwrap().version, 4);
    })
    .await;
}
