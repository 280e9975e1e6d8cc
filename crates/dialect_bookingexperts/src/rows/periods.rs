//! Periods in which units are taken without a guest.

use std::collections::HashMap;

use domain::{booking::Status, id::Id};
use jsonapi::{ResourceType, Row};
use service::{
    kept::Block,
    records::{Field, Test},
    sale::Booking,
};

use super::{
    bookings::bookings_by,
    parts::{begun, text, to},
};
use crate::kinds::bookings as kinds;
use crate::read::{Look, Lookup, Shown, lookup::IsAsked};
use crate::seen::Seen;

/// Periods without guests. Reservations are read as reservations.
pub struct AgendaPeriod;

/// The vendor's words for why a unit is blocked; the last one stands for what nobody gave a reason for.
const BLOCKS: [(&str, &str); 2] = [
    ("maintenance", "MaintenanceAgendaPeriod"),
    ("external", "ExternalBlockedAgendaPeriod"),
];

fn of_blocks(test: Test<Block>) -> Test<Booking> {
    let id = const { Field::<Block>::new("id") };
    Test::among::<Block>(const { Field::new("id") }, id, test)
}

/// Blocks that are of one of these types.
pub fn blocked_for(is_asked: &IsAsked<'_>) -> Test<Booking> {
    let named = BLOCKS.iter().filter(|(_, word)| is_asked(word));
    let states: Vec<String> = named.map(|(state, _)| (*state).to_owned()).collect();
    of_blocks(Test::one_of(const { Field::new("state") }, states))
}

impl Shown for AgendaPeriod {
    type Stored = Booking;
    const KIND: &'static ResourceType = &kinds::AGENDA_PERIOD;

    fn narrowed(_: &Seen) -> Vec<Test<Booking>> {
        vec![Test::is_block(true)]
    }

    fn keeps(row: &Booking, _: &Seen) -> bool {
        row.status == Status::Blocked
    }

    fn lookup(name: &str) -> Option<Lookup<Booking>> {
        Some(match name {
            "type" => Lookup::Words(blocked_for),
            "rentable" | "inventory_object" => Lookup::Through(|ids| {
                of_blocks(Test::one_of(const { Field::new("parent_id") }, ids))
            }),
            name => return bookings_by(name),
        })
    }

    async fn show(stored: &[Booking], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
        let blocks = look.reading.by_ids::<Block>(&ids).await?;
        let blocks: HashMap<Id, Block> = blocks.into_iter().map(|row| (row.id, row)).collect();
        let shown = stored.iter().map(|row| {
            let block = blocks.get(&row.id);
            let word =
                block.and_then(|block| BLOCKS.iter().find(|(state, _)| *state == block.state));
            let label = block.map_or("", |block| block.details.label.as_str());
            let unit = block.and_then(|block| block.parent_id);
            begun(Self::KIND, row)
                .with(
                    "type",
                    word.map_or("BlockedAgendaPeriod", |(_, word)| *word),
                )
                .with("label", text(label))
                .with("start_date", row.arrival_on)
                .with("end_date", row.departure_on)
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one(
                    "administration",
                    to("administration", Some(row.organization_id)),
                )
                .to_one("rentable", to("rentable", unit))
                .to_one("inventory_object", to("inventory_object", unit))
        });
        Ok(shown.collect())
    }
}
