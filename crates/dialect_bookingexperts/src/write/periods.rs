//! Periods in which units are taken without a guest: for maintenance, and by somebody else.

use service::{
    Subject,
    kept::BlockKind,
    records::{BlockPatch, NewBlock, Test, Write},
    sale::Booking,
};

use super::{Stand, Wish, Writes, Written};
use crate::read::{Look, Lookup, Shown};
use crate::rows::periods::{AgendaPeriod, blocked_for};
use crate::seen::Seen;

/// The unit that a period is about: either of its names may be used.
fn unit(wish: &Wish) -> Option<domain::id::Id> {
    let names = ["inventory_object", "rentable_identity", "rentable"];
    let mut units = names.iter().filter_map(|name| wish.many(name));
    units.find_map(|units| units.first().copied())
}

/// Declares the agenda periods of one kind, which stand at a path of their own.
macro_rules! periods {
    ($($(#[$doc:meta])* $name:ident, $word:literal, $kind:expr;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = Booking;
            const KIND: &'static jsonapi::ResourceType = AgendaPeriod::KIND;

            fn narrowed(seen: &Seen) -> Vec<Test<Booking>> {
                let mut tests = AgendaPeriod::narrowed(seen);
                tests.push(blocked_for(&|word| word == $word));
                tests
            }

            fn keeps(row: &Booking, seen: &Seen) -> bool {
                AgendaPeriod::keeps(row, seen)
            }

            fn lookup(name: &str) -> Option<Lookup<Booking>> {
                AgendaPeriod::lookup(name)
            }

            async fn show(
                stored: &[Booking],
                look: &Look<'_>,
            ) -> service::Result<Vec<jsonapi::Row>> {
                AgendaPeriod::show(stored, look).await
            }
        }

        impl Written for $name {
            const NAMES: &'static [(&'static str, &'static str)] = &[("unit_id", "inventory_object")];
            const SUBJECT: Subject = Subject::Blocks;

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let draft = wish.draft();
                let day = |name| draft.value(name).and_then(jsonapi::Value::as_date);
                let Some(unit_id) = unit(wish) else {
                    let detail = "A period needs an inventory_object or a rentable";
                    return Ok(Err(draft.refuse_link("inventory_object", detail).into()));
                };
                // The engine has seen to it that both are there.
                let (Some(from), Some(until)) = (day("start_date"), day("end_date")) else {
                    return Ok(Err(super::not_so("created without dates")));
                };
                let new = NewBlock {
                    unit_id,
                    kind: $kind,
                    from,
                    until,
                    label: draft.text("label").unwrap_or_default().to_owned(),
                    extra: Default::default(),
                };
                let (_, write) = stand.look.state.service.block(&stand.call.actor, new);
                Ok(Ok(vec![wish.plan(write)]))
            }

            async fn update(
                stored: &Booking,
                wish: &Wish,
                _: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                let draft = wish.draft();
                let day = |name| draft.value(name).and_then(jsonapi::Value::as_date);
                let label = draft.value("label");
                let patch = BlockPatch {
                    unit_id: unit(wish),
                    from: day("start_date"),
                    until: day("end_date"),
                    label: label.map(|label| label.as_text().unwrap_or_default().to_owned()),
                    extra: None,
                };
                Ok(Ok(vec![wish.plan(Write::block_change(stored.id, $kind, patch))]))
            }

            fn remove(stored: &Booking) -> Option<Write> {
                Some(Write::block_remove(stored.id, $kind))
            }
        }
    )* };
}

periods! {
    /// Periods of maintenance.
    Maintenance, "MaintenanceAgendaPeriod", BlockKind::Maintenance;
    /// Periods in which somebody else has the unit.
    External, "ExternalBlockedAgendaPeriod", BlockKind::External;
}
