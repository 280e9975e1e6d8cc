//! Legal histories verify, and each kind of tampering is caught: by the careless forger,
//! who changes a line, and by the patient one, who computes every later hash anew.

use std::borrow::Cow;

use crate::history::{History, NOW, Wish, lines, renumber_and_seal, seal, taken_at, wishes};
use journal::{AsOf, Checker, Entry, Kind, Rule, Sealed, Violation};
use proptest::prelude::*;

fn verify(sealed: &[Sealed]) -> Result<journal::Report, Violation> {
    let mut checker = Checker::new();
    for line in lines(sealed).lines() {
        checker.feed(line.as_bytes())?;
    }
    checker.finish()
}

fn rule_broken_by(sealed: &[Sealed]) -> Option<Rule> {
    verify(sealed).err().map(|violation| violation.rule)
}

fn take(allocation: i64, starts_at: i64, ends_at: i64) -> Entry {
    Entry {
        kind: Kind::Take,
        reason: Cow::Borrowed("placed"),
        allocation: Some(allocation),
        booking: Some(100 + allocation),
        quantity: 1,
        starts_at,
        ends_at,
        ..Entry::open(1, 7, NOW, 2)
    }
}

fn give(taken: Entry) -> Entry {
    Entry {
        kind: Kind::Give,
        reason: Cow::Borrowed("cancelled"),
        ..taken
    }
}

fn opened_with(entries: impl IntoIterator<Item = Entry>) -> Vec<Entry> {
    [Entry::open(1, 7, NOW, 2)]
        .into_iter()
        .chain(entries)
        .collect()
}

proptest! {
    #[test]
    fn a_legal_history_verifies(capacity in 0_i64..5, wishes in wishes()) {
        let history = History::of(7, capacity, &wishes);
        let report = verify(&history.sealed()).map_err(|v| TestCaseError::fail(v.to_string()))?;
        prop_assert_eq!(report.entries, history.entries.len() as u64);
        prop_assert_eq!(report.live_allocations, history.live().len() as u64);
        let marked = history.live().iter().filter(|entry| entry.overbooked).count() as u64;
        prop_assert_eq!(report.live_overbooked, marked);
    }

    #[test]
    fn lanes_may_interleave_and_the_fingerprint_stays(
        first in wishes(), second in wishes(), order in any::<u64>(),
    ) {
        let one = History::of(1, 3, &first).sealed();
        let two = History::of(2, 2, &second).sealed();
        let one_after_the_other = [one.clone(), two.clone()].concat();
        let mut mixed = Vec::new();
        let (mut one, mut two) = (one.into_iter().peekable(), two.into_iter().peekable());
        while one.peek().is_some() || two.peek().is_some() {
            let turn = order.rotate_right(mixed.len() as u32) & 1 == 0;
            let next = if turn { one.next().or_else(|| two.next()) } else { two.next().or_else(|| one.next()) };
            mixed.extend(next);
        }
        let mixed = verify(&mixed).unwrap();
        prop_assert_eq!(mixed.lanes, 2);
        prop_assert_eq!(mixed, verify(&one_after_the_other).unwrap());
    }

    #[test]
    fn a_dropped_entry_is_missed(wishes in wishes(), which in any::<prop::sample::Index>()) {
        let mut sealed = History::of(7, 3, &wishes).sealed();
        prop_assume!(sealed.len() > 1);
        let dropped = which.index(sealed.len() - 1);
        sealed.remove(dropped);
        prop_assert_eq!(rule_broken_by(&sealed), Some(Rule::Sequence));
    }

    #[test]
    fn swapped_entries_are_noticed(
        wishes in wishes(), first in any::<prop::sample::Index>(), second in any::<prop::sample::Index>(),
    ) {
        let mut sealed = History::of(7, 3, &wishes).sealed();
        let (first, second) = (first.index(sealed.len()), second.index(sealed.len()));
        prop_assume!(first != second);
        sealed.swap(first, second);
        prop_assert_eq!(rule_broken_by(&sealed), Some(Rule::Sequence));
    }

    #[test]
    fn swapped_entries_with_swapped_numbers_break_the_chain_or_the_hash(
        wishes in wishes(), which in any::<prop::sample::Index>(),
    ) {
        let mut sealed = History::of(7, 3, &wishes).sealed();
        prop_assume!(sealed.len() > 2);
        let first = 1 + which.index(sealed.len() - 2);
        sealed.swap(first, first + 1);
        let sequence = sealed[first].entry.sequence;
        sealed[first].entry.sequence = sealed[first + 1].entry.sequence;
        sealed[first + 1].entry.sequence = sequence;
        prop_assert_eq!(rule_broken_by(&sealed), Some(Rule::Chain));
    }

    #[test]
    fn any_changed_field_is_noticed(
        wishes in wishes(), which in any::<prop::sample::Index>(), field in 0_usize..11, by in 1_i64..1_000,
    ) {
        let mut sealed = History::of(7, 3, &wishes).sealed();
        let which = which.index(sealed.len());
        let entry = &mut sealed[which].entry;
        match field {
            0 => entry.tenant += by,
            1 => entry.lane += by,
            2 => entry.sequence += by,
            3 => entry.at += by,
            4 => entry.reason = Cow::Borrowed("forged"),
            5 => entry.allocation = Some(entry.allocation.unwrap_or(0) + by),
            6 => entry.booking = Some(entry.booking.unwrap_or(0) + by),
            7 => entry.quantity += by,
            8 => entry.starts_at -= by,
            9 => entry.ends_at += by,
            _ => entry.overbooked = !entry.overbooked,
        }
        prop_assert!(verify(&sealed).is_err());
    }

    #[test]
    fn a_forged_hash_is_noticed(
        wishes in wishes(), which in any::<prop::sample::Index>(), byte in 0_usize..32, bit in 0_u8..8,
    ) {
        let mut sealed = History::of(7, 3, &wishes).sealed();
        let which = which.index(sealed.len());
        sealed[which].hash[byte] ^= 1 << bit;
        prop_assert_eq!(rule_broken_by(&sealed), Some(Rule::Hash));
    }

    #[test]
    fn a_forged_previous_hash_is_noticed(
        wishes in wishes(), which in any::<prop::sample::Index>(), byte in 0_usize..32,
    ) {
        let mut sealed = History::of(7, 3, &wishes).sealed();
        let which = which.index(sealed.len());
        sealed[which].previous[byte] ^= 1;
        prop_assert_eq!(rule_broken_by(&sealed), Some(Rule::Chain));
    }

    #[test]
    fn an_overbooking_without_its_mark_is_noticed_even_with_right_hashes(wishes in wishes()) {
        let mut entries = History::of(7, 1, &wishes).entries;
        let Some(marked) = entries.iter_mut().find(|entry| entry.overbooked) else {
            return Err(TestCaseError::reject("nothing overbooked"));
        };
        marked.overbooked = false;
        prop_assert_eq!(rule_broken_by(&seal(&entries)), Some(Rule::Overbooked));
    }

    #[test]
    fn a_changed_quantity_of_what_is_given_back_is_noticed_even_with_right_hashes(
        wishes in wishes(), by in 1_i64..3,
    ) {
        let mut entries = History::of(7, 3, &wishes).entries;
        let Some(given) = entries.iter_mut().find(|entry| entry.kind == Kind::Give) else {
            return Err(TestCaseError::reject("nothing given back"));
        };
        given.quantity += by;
        prop_assert_eq!(rule_broken_by(&seal(&entries)), Some(Rule::Given));
    }

    #[test]
    fn a_changed_capacity_is_noticed_even_with_right_hashes(
        wishes in wishes(), which in any::<prop::sample::Index>(), by in 1_i64..9,
    ) {
        let mut entries = History::of(7, 3, &wishes).entries;
        let uses: Vec<_> = (0..entries.len())
            .filter(|position| matches!(entries[*position].kind, Kind::Take | Kind::Give))
            .collect();
        prop_assume!(!uses.is_empty());
        entries[uses[which.index(uses.len())]].capacity += by;
        prop_assert_eq!(rule_broken_by(&seal(&entries)), Some(Rule::Capacity));
    }

    #[test]
    fn what_is_given_back_twice_is_noticed_even_with_right_numbers_and_hashes(wishes in wishes()) {
        let mut entries = History::of(7, 3, &wishes).entries;
        let Some(given) = entries.iter().position(|entry| entry.kind == Kind::Give) else {
            return Err(TestCaseError::reject("nothing given back"));
        };
        let again = entries[given].clone();
        entries.insert(given + 1, again);
        prop_assert_eq!(rule_broken_by(&renumber_and_seal(entries)), Some(Rule::GivenTwice));
    }

    #[test]
    fn a_dropped_take_is_missed_when_it_is_given_back(wishes in wishes()) {
        let mut entries = History::of(7, 3, &wishes).entries;
        let given = entries.iter().find(|entry| entry.kind == Kind::Give).cloned();
        let Some(given) = given else {
            return Err(TestCaseError::reject("nothing given back"));
        };
        entries.retain(|entry| entry.kind != Kind::Take || entry.allocation != given.allocation);
        // Without the take an overbooking after it may have become needless: either is a find.
        let rule = rule_broken_by(&renumber_and_seal(entries));
        prop_assert!(matches!(rule, Some(Rule::GivenTwice | Rule::Mark)), "{rule:?}");
    }

    #[test]
    fn a_cut_end_is_noticed_with_the_heads_of_an_earlier_export(
        wishes in wishes(), cut in 1_usize..20,
    ) {
        let sealed = History::of(7, 3, &wishes).sealed();
        let mut before = Checker::new();
        for entry in &sealed {
            before.feed_entry(entry).unwrap();
        }
        prop_assume!(cut < sealed.len());
        let mut after = Checker::continuing(before.heads());
        for entry in &sealed[..sealed.len() - cut] {
            after.feed_entry(entry).unwrap();
        }
        prop_assert_eq!(after.finish().unwrap_err().rule, Rule::Continued);
    }

    #[test]
    fn a_rewritten_past_is_noticed_with_the_heads_of_an_earlier_export(
        earlier in wishes(), later in wishes(),
    ) {
        let history = History::of(7, 3, &earlier);
        let mut before = Checker::new();
        for entry in &history.sealed() {
            before.feed_entry(entry).unwrap();
        }
        let whole: Vec<Wish> = [earlier, later].concat();
        let mut entries = History::of(7, 3, &whole).entries;
        let mut honest = Checker::continuing(before.heads());
        for entry in &seal(&entries) {
            honest.feed_entry(entry).unwrap();
        }
        prop_assert!(honest.finish().is_ok());

        entries[0].at -= 1;
        let mut forged = Checker::continuing(before.heads());
        let found = seal(&entries).iter().find_map(|entry| forged.feed_entry(entry).err());
        prop_assert_eq!(found.map(|violation| violation.rule), Some(Rule::Continued));
    }

    #[test]
    fn time_travel_finds_what_was_taken_at_that_moment(
        wishes in wishes(), stop in any::<prop::sample::Index>(),
    ) {
        let whole = History::of(7, 3, &wishes);
        let mut entries = whole.entries.clone();
        for (position, entry) in entries.iter_mut().enumerate() {
            entry.at = 10 * i64::try_from(position).unwrap();
        }
        // Counting every instant, from the entries up to the moment alone.
        let stop = stop.index(entries.len());
        let mut live: Vec<Entry> = Vec::new();
        for entry in &entries[..=stop] {
            match entry.kind {
                Kind::Take => live.push(entry.clone()),
                Kind::Give => live.retain(|taken| taken.allocation != entry.allocation),
                _ => {}
            }
        }
        let mut as_of = AsOf::new(1, 7, entries[stop].at);
        for entry in &seal(&entries) {
            if !as_of.feed(entry).unwrap() {
                break;
            }
        }
        prop_assert_eq!(as_of.lane().capacity(), entries[stop].capacity);
        prop_assert_eq!(as_of.lane().live().len(), live.len());
        for instant in 0..60 {
            prop_assert_eq!(as_of.lane().occupancy().level_at(instant), taken_at(&live, instant));
        }
    }
}

#[test]
fn a_lane_that_opens_twice_or_not_at_all_is_noticed() {
    let twice = opened_with([Entry::open(1, 7, NOW, 2)]);
    assert_eq!(
        rule_broken_by(&renumber_and_seal(twice)),
        Some(Rule::Opening)
    );
    let never = vec![take(1, 0, 10)];
    assert_eq!(
        rule_broken_by(&renumber_and_seal(never)),
        Some(Rule::Opening)
    );
}

#[test]
fn an_allocation_that_takes_twice_is_noticed() {
    let entries = opened_with([take(1, 0, 10), take(1, 20, 30)]);
    assert_eq!(
        rule_broken_by(&renumber_and_seal(entries)),
        Some(Rule::TakenTwice)
    );
}

#[test]
fn an_allocation_may_move_by_giving_back_and_taking_again() {
    let entries = opened_with([take(1, 0, 10), give(take(1, 0, 10)), take(1, 5, 15)]);
    assert!(verify(&renumber_and_seal(entries)).is_ok());
}

#[test]
fn periods_that_touch_do_not_overlap() {
    let stays = [(1, 0, 10), (2, 0, 10), (3, 10, 20), (4, 10, 20)];
    let entries = opened_with(stays.map(|(id, from, to)| take(id, from, to)));
    assert!(verify(&renumber_and_seal(entries)).is_ok());
}

#[test]
fn a_third_stay_in_a_lane_for_two_is_noticed() {
    let stays = [(1, 0, 10), (2, 5, 15), (3, 9, 12)];
    let entries = opened_with(stays.map(|(id, from, to)| take(id, from, to)));
    assert_eq!(
        rule_broken_by(&renumber_and_seal(entries)),
        Some(Rule::Overbooked)
    );
}

#[test]
fn a_mark_where_nothing_is_overbooked_is_noticed() {
    let marked = Entry {
        overbooked: true,
        ..take(1, 0, 10)
    };
    let entries = opened_with([marked]);
    assert_eq!(
        rule_broken_by(&renumber_and_seal(entries)),
        Some(Rule::Mark)
    );
}

#[test]
fn lowering_capacity_below_what_is_taken_needs_the_mark() {
    let lowered = |overbooked| Entry {
        kind: Kind::Capacity,
        capacity: 0,
        overbooked,
        ..Entry::open(1, 7, NOW, 0)
    };
    let entries =
        |overbooked| renumber_and_seal(opened_with([take(1, 10, 20), lowered(overbooked)]));
    assert_eq!(rule_broken_by(&entries(false)), Some(Rule::Overbooked));
    assert_eq!(rule_broken_by(&entries(true)), None);
}

#[test]
fn lowering_capacity_below_what_was_taken_in_the_past_needs_no_mark() {
    let lowered = Entry {
        kind: Kind::Capacity,
        capacity: 0,
        at: 20_000,
        ..Entry::open(1, 7, NOW, 0)
    };
    let entries = opened_with([take(1, 10, 20), lowered]);
    assert_eq!(rule_broken_by(&renumber_and_seal(entries)), None);
}

#[test]
fn values_that_make_no_sense_are_noticed() {
    let wrong = [
        Entry {
            quantity: 0,
            ..take(1, 0, 10)
        },
        Entry {
            quantity: -1,
            ..take(1, 0, 10)
        },
        Entry {
            quantity: i64::MAX,
            ..take(1, 0, 10)
        },
        Entry {
            ends_at: 0,
            ..take(1, 0, 10)
        },
        Entry {
            allocation: None,
            ..take(1, 0, 10)
        },
        Entry {
            reason: Cow::Borrowed(""),
            ..take(1, 0, 10)
        },
        Entry {
            reason: Cow::Owned("x".repeat(65)),
            ..take(1, 0, 10)
        },
        Entry {
            kind: Kind::Capacity,
            ..take(1, 0, 10)
        },
        Entry {
            kind: Kind::Capacity,
            ..Entry::open(1, 7, NOW, -1)
        },
    ];
    for entry in wrong {
        let entries = opened_with([entry.clone()]);
        assert_eq!(
            rule_broken_by(&renumber_and_seal(entries)),
            Some(Rule::Values),
            "{entry:?}"
        );
    }
}

#[test]
fn a_violation_says_where_and_why() {
    let stays = [(1, 0, 10), (2, 5, 15), (3, 9, 12)];
    let entries = opened_with(stays.map(|(id, from, to)| take(id, from, to)));
    let violation = verify(&renumber_and_seal(entries)).unwrap_err();
    assert_eq!(
        violation.to_string(),
        "line 4, lane 7, sequence 4 breaks the rule \"overbooked\": \
         3 would be taken of 2 during [9, 12), without the mark"
    );
}
