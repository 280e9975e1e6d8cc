//! Blocks of a unit's calendar: maintenance, and what others use.
//!
//! What a block takes is a booking in state `blocked`, pinned to the unit, made and changed by the same
//! hot commands as any other booking: so a block and a guest can't have the same night. What it is for
//! stands in a row with the same id.

use catalogue::{
    inventory::Unit,
    records::{Block, BlockDetails, BlockKind},
    sale::{Booking, BookingDetails, Extra},
};
use domain::{access::Actor, booking::Status, id::Id};
use jiff::civil::Date;
use store::{
    Tx,
    hot::{
        BookingChange, ChangeBooking, Group, Overbooking, PlaceBooking, Price, RemoveBooking,
        UnitChoice,
    },
};

use super::{
    Readable, Writable,
    kinds::key,
    rows::{insert, locked, unknown, update},
    stays::{Stay, run},
    writing::{By, Step, StepFuture, Write},
};
use crate::{Service, UseCase};

/// The channel that the bookings behind blocks carry.
pub const CHANNEL: &str = "block";

/// A block to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBlock {
    /// The unit.
    pub unit_id: Id,
    /// What it is for.
    pub kind: BlockKind,
    /// The first night.
    pub from: Date,
    /// The morning after the last night.
    pub until: Date,
    /// What is shown in the calendar.
    pub label: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

/// What a block becomes. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockPatch {
    /// Another unit.
    pub unit_id: Option<Id>,
    /// Another first night.
    pub from: Option<Date>,
    /// Another end.
    pub until: Option<Date>,
    /// Another label.
    pub label: Option<String>,
    /// All attributes of one dialect.
    pub extra: Option<Extra>,
}

impl Service {
    /// The block that is to be made, by its id, and the write that makes it.
    pub fn block(&self, actor: &Actor, new: NewBlock) -> (Id, Write) {
        let id = self.new_id(actor);
        let event_id = self.new_id(actor);
        (id, Write::new(MakeBlock { id, event_id, new }))
    }
}

impl Write {
    /// Changes a block of this kind.
    pub fn block_change(id: Id, kind: BlockKind, patch: BlockPatch) -> Write {
        Write::new(ChangeBlock { id, kind, patch })
    }

    /// Removes a block of this kind: its nights can be sold again.
    pub fn block_remove(id: Id, kind: BlockKind) -> Write {
        Write::new(RemoveBlock { id, kind })
    }
}

struct MakeBlock {
    id: Id,
    event_id: Id,
    new: NewBlock,
}

impl Step for MakeBlock {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Block::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let Some((unit, organization_id)) = unit(tx, by, self.new.unit_id).await? else {
                return Ok(Err(unknown("unit_id")));
            };
            let stay = Stay::Place(Box::new(self.place(by, &unit, organization_id)));
            if let Err(refusal) = run(tx, by, &stay).await? {
                return Ok(Err(refusal));
            }
            let details = BlockDetails {
                label: self.new.label.clone(),
                extra: self.new.extra.clone(),
            };
            let mut block = Block::new(self.id, organization_id, details);
            block.parent_id = Some(unit.id);
            block.subject_id = Some(self.id);
            block.state = self.new.kind.as_str().to_owned();
            block.on_day = Some(self.new.from);
            insert(tx, by, block).await
        })
    }
}

impl MakeBlock {
    fn place(&self, by: &By<'_>, unit: &Unit, organization_id: Id) -> PlaceBooking {
        let now = by.stamp.now;
        PlaceBooking {
            booking: Booking {
                tenant_id: by.tenant_id(),
                id: self.id,
                organization_id,
                resource_id: unit.resource_id,
                group_id: None,
                status: Status::Blocked,
                opened: true,
                arrival_on: self.new.from,
                departure_on: self.new.until,
                starts_at: now,
                ends_at: now,
                created_at: now,
                changed_at: now,
                channel: CHANNEL.to_owned(),
                external_reference: String::new(),
                search: String::new(),
                version: 1,
                quantity: 1,
                cancelled_at: None,
                held_until: None,
                details: BookingDetails {
                    notes: self.new.label.clone(),
                    ..BookingDetails::default()
                },
            },
            price: Price::Given,
            lines: Vec::new(),
            charge: None,
            notes: Vec::new(),
            unit: UnitChoice::Number(unit.number),
            group: Group::Alone,
            overbooking: Overbooking::Refuse,
            event_id: self.event_id,
            // Subscribers hear of the block, which is no booking to them.
            announce: false,
        }
    }
}

struct ChangeBlock {
    id: Id,
    kind: BlockKind,
    patch: BlockPatch,
}

impl Step for ChangeBlock {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Block::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let before = match block(tx, by, self.id, self.kind).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut after = before.clone();
            let mut change = BookingChange {
                arrival_on: self.patch.from,
                departure_on: self.patch.until,
                ..BookingChange::default()
            };
            if let Some(unit_id) = self.patch.unit_id {
                let Some((unit, organization_id)) = unit(tx, by, unit_id).await? else {
                    return Ok(Err(unknown("unit_id")));
                };
                change.resource_id = Some(unit.resource_id);
                change.unit = Some(UnitChoice::Number(unit.number));
                after.parent_id = Some(unit.id);
                after.organization_id = Some(organization_id);
            }
            if change != BookingChange::default() {
                let stay = Stay::Change(Box::new(changed(by, self.id, change)));
                if let Err(refusal) = run(tx, by, &stay).await? {
                    return Ok(Err(refusal));
                }
            }
            after.on_day = self.patch.from.or(after.on_day);
            if let Some(label) = &self.patch.label {
                after.details.label.clone_from(label);
            }
            if let Some(extra) = &self.patch.extra {
                after.details.extra.clone_from(extra);
            }
            update(tx, by, &before, after).await
        })
    }
}

fn changed(by: &By<'_>, booking_id: Id, change: BookingChange) -> ChangeBooking {
    ChangeBooking {
        booking_id,
        change,
        lines: Vec::new(),
        notes: Vec::new(),
        remove_lines: false,
        overbooking: Overbooking::Refuse,
        event_id: by.new_id(),
        announce: false,
    }
}

struct RemoveBlock {
    id: Id,
    kind: BlockKind,
}

impl Step for RemoveBlock {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Remove(Block::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let block = match block(tx, by, self.id, self.kind).await? {
                Ok(block) => block,
                Err(refusal) => return Ok(Err(refusal)),
            };
            // Somebody may have removed the booking through another API; the row goes all the same.
            if tx
                .get::<Booking>(&key(by.tenant_id(), self.id))
                .await?
                .is_some()
            {
                let stay = Stay::Remove(RemoveBooking {
                    booking_id: self.id,
                    event_id: by.new_id(),
                });
                if let Err(refusal) = run(tx, by, &stay).await? {
                    return Ok(Err(refusal));
                }
            }
            tx.remove::<Block>(&[key(by.tenant_id(), self.id)]).await?;
            by.tell(tx, Block::EVENTS.removed, self.id, block.organization_id)
                .await?;
            Ok(Ok(self.id))
        })
    }
}

/// A block of this kind that the caller may write, locked.
async fn block(
    tx: &mut Tx,
    by: &By<'_>,
    id: Id,
    kind: BlockKind,
) -> store::Result<Result<Block, crate::Refusal>> {
    let found = locked::<Block>(tx, by, id).await?;
    Ok(found.and_then(|block| {
        if block.state == kind.as_str() {
            Ok(block)
        } else {
            Err(unknown("id"))
        }
    }))
}

/// A unit that the caller reaches, with its organization.
async fn unit(tx: &mut Tx, by: &By<'_>, id: Id) -> store::Result<Option<(Unit, Id)>> {
    let unit = tx.get::<Unit>(&key(by.tenant_id(), id)).await?;
    Ok(unit.and_then(|unit| {
        let organization_id = unit.organization_id?;
        by.stamp
            .reaches(organization_id)
            .then_some((unit, organization_id))
    }))
}
