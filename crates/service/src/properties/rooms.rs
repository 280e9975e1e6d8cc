//! Writes the rooms of a property, with their lanes and units.
//!
//! A room's quantity is its lane's capacity, so it changes under the lane's lock and leaves an
//! entry in the journal.

use std::collections::{BTreeSet, HashMap};

use catalogue::{
    inventory::{Organization, Resource, ResourceDetails, Unit},
    told::changes,
};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{
    Tx, Value,
    events::EventRow,
    hot::{self, Command, OpenLane, Outcome, Overbooking, SetCapacity, Stamp},
};

use super::{
    PropertyView, RoomOutcome, RoomPatch, RoomView, RoomWrite, UnitPatch,
    write::{MOST_UNITS, check_text, invalid},
};
use crate::{
    Refusal,
    calendar::merge,
    records::{MOST_NUMBERED, new_unit},
};

/// Writes the rooms of one property.
pub(super) struct RoomWriter<'a> {
    pub(super) stamp: &'a Stamp,
    pub(super) organization: &'a Organization,
    pub(super) ids: &'a IdSource,
    /// The id that the next new room gets; none for any.
    pub(super) room_id: Option<Id>,
}

impl RoomWriter<'_> {
    pub(super) async fn write(
        &mut self,
        tx: &mut Tx,
        write: &RoomWrite,
        before: Option<&RoomView>,
    ) -> store::Result<Result<RoomOutcome, Refusal>> {
        if write.id.is_some() && before.is_none() {
            return Ok(Err(Refusal::UnknownResource));
        }
        if let Err(refusal) = check_room(write, before) {
            return Ok(Err(refusal));
        }
        let mut resource = before.map_or_else(|| self.new_room(), |before| before.resource.clone());
        apply(&mut resource, &write.patch);
        if let Some(refusal) = self.set_lane(tx, &resource, before).await? {
            return Ok(Err(refusal));
        }
        if before.is_some() {
            tx.update(&mut resource).await?;
        } else {
            tx.insert(std::slice::from_ref(&resource)).await?;
        }
        let units = self.put_units(tx, &resource, write, before).await?;
        self.tell(tx, &resource, &units, before).await?;
        let after = RoomView { resource, units };
        Ok(Ok(RoomOutcome {
            before: before.cloned(),
            after,
        }))
    }

    fn new_room(&mut self) -> Resource {
        let id = self.room_id.take();
        Resource {
            tenant_id: self.stamp.tenant_id,
            id: id.unwrap_or_else(|| self.ids.next(self.stamp.now)),
            organization_id: self.organization.id,
            name: String::new(),
            version: 1,
            quantity: 1,
            details: ResourceDetails::default(),
        }
    }

    /// Opens the lane of a new room, or changes the capacity of one.
    async fn set_lane(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        before: Option<&RoomView>,
    ) -> store::Result<Option<Refusal>> {
        let refuses_overbooking = self.organization.details.refuses_overbooking;
        let command = match before {
            None => Command::OpenLane(OpenLane {
                resource_id: resource.id,
                organization_id: self.organization.id,
                zone: self.organization.details.zone.clone(),
                capacity: resource.quantity,
                has_units: resource.quantity <= MOST_NUMBERED,
                refuses_overbooking,
            }),
            Some(before) if before.resource.quantity != resource.quantity => Command::SetCapacity(
                self.capacity(resource.id, resource.quantity, refuses_overbooking),
            ),
            Some(_) => return Ok(None),
        };
        self.run(tx, command).await
    }

    fn capacity(&self, resource_id: Id, capacity: i64, refuses_overbooking: bool) -> SetCapacity {
        SetCapacity {
            resource_id,
            capacity,
            overbooking: Overbooking::Mark,
            refuses_overbooking,
            clears_last_unit: false,
            event_id: self.ids.next(self.stamp.now),
        }
    }

    /// Tells what has become of a room and its units. Another capacity is told by the lane.
    async fn tell(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        units: &[Unit],
        before: Option<&RoomView>,
    ) -> store::Result<()> {
        let row = |word, subject_id| {
            let id = self.ids.next(self.stamp.now);
            EventRow::new(self.stamp, id, word, subject_id, self.organization.id, true)
        };
        let mut rows = Vec::new();
        match before {
            None => rows.push(row("room.created", resource.id)),
            Some(before) => {
                let known = &before.resource;
                if (&known.name, &known.details) != (&resource.name, &resource.details) {
                    // Of another capacity the lane tells.
                    let before = Resource {
                        quantity: resource.quantity,
                        ..known.clone()
                    };
                    let what = changes(&before, resource);
                    rows.push(row("room.changed", resource.id).with_facts(what));
                }
            }
        }
        let known: HashMap<Id, &Unit> = before
            .iter()
            .flat_map(|before| &before.units)
            .map(|unit| (unit.id, unit))
            .collect();
        rows.extend(units.iter().filter_map(|unit| match known.get(&unit.id) {
            None => Some(row("unit.created", unit.id)),
            Some(before) if !is_same(before, unit) => {
                Some(row("unit.changed", unit.id).with_facts(changes(*before, unit)))
            }
            Some(_) => None,
        }));
        tx.record(&rows).await
    }

    /// Lanes carry the property's rule on overbooking, because they are what a booking locks.
    pub(super) async fn follow_overbooking_rule(
        &self,
        tx: &mut Tx,
        before: &PropertyView,
    ) -> store::Result<()> {
        let rule = self.organization.details.refuses_overbooking;
        if before.organization.details.refuses_overbooking == rule {
            return Ok(());
        }
        for room in &before.rooms {
            let parameters = [
                i64::from(rule).into(),
                self.stamp.tenant_id.into(),
                Value::from(room.resource.id),
            ];
            let sql = "UPDATE lane SET refuses_overbooking = $1 WHERE tenant_id = $2 AND id = $3";
            tx.execute(sql, &parameters).await?;
        }
        Ok(())
    }

    async fn run(&self, tx: &mut Tx, command: Command) -> store::Result<Option<Refusal>> {
        run_command(tx, self.stamp, self.ids, command).await
    }

    async fn put_units(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        write: &RoomWrite,
        before: Option<&RoomView>,
    ) -> store::Result<Vec<Unit>> {
        let mut units = before
            .map(|before| before.units.clone())
            .unwrap_or_default();
        for patch in &write.units {
            if let Some(unit) = units.iter_mut().find(|unit| unit.number == patch.number) {
                apply_unit(unit, patch, self.stamp.now);
                tx.update(unit).await?;
            }
        }
        self.keep_units(tx, resource, &mut units).await?;
        let mut new = self.new_units(resource, write, &units);
        for patch in &write.units {
            if let Some(unit) = new.iter_mut().find(|unit| unit.number == patch.number) {
                apply_unit(unit, patch, self.stamp.now);
            }
        }
        tx.insert(&new).await?;
        units.extend(new);
        units.sort_by_key(|unit| unit.number);
        Ok(units)
    }

    /// Units that there is no room for any more are put away. Raised again, the room type has them back as
    /// they were: somebody has to take them out of the archive.
    async fn keep_units(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        units: &mut [Unit],
    ) -> store::Result<()> {
        let gone = |unit: &&mut Unit| unit.number > resource.quantity && unit.archived_at.is_none();
        for unit in units.iter_mut().filter(gone) {
            unit.archived_at = Some(self.stamp.now);
            unit.changed_at = self.stamp.now;
            tx.update(unit).await?;
        }
        Ok(())
    }

    /// The rows of units that have none yet: of all where units are numbered, otherwise of those that
    /// something is said about.
    fn new_units(&self, resource: &Resource, write: &RoomWrite, known: &[Unit]) -> Vec<Unit> {
        let mut numbers: BTreeSet<i64> = write.units.iter().map(|unit| unit.number).collect();
        if resource.quantity <= MOST_NUMBERED {
            numbers.extend(1..=resource.quantity);
        }
        for unit in known {
            numbers.remove(&unit.number);
        }
        let (of, now) = (resource.organization_id, self.stamp.now);
        let new = |number| {
            let id = self.ids.next(now);
            new_unit(self.stamp.tenant_id, id, of, resource.id, number, now)
        };
        numbers.into_iter().map(new).collect()
    }
}

/// Decides a hot command about a lane in the transaction at hand.
pub(crate) async fn run_command(
    tx: &mut Tx,
    stamp: &Stamp,
    ids: &IdSource,
    command: Command,
) -> store::Result<Option<Refusal>> {
    // The caller's reach was checked with the property, which may be new and thus outside of it.
    let stamp = Stamp {
        organizations: None,
        ..stamp.clone()
    };
    let submission = hot::Submission {
        stamp,
        commands: vec![command],
        all_or_nothing: false,
        idempotency: None,
    };
    let answers = hot::run(tx, &[&submission], ids).await?;
    Ok(answers.into_iter().find_map(|answer| match answer {
        hot::Answer::Fresh(outcomes) => outcomes.into_iter().find_map(|outcome| match outcome {
            Outcome::Refused(refusal) => Some(refusal.into()),
            Outcome::Done(_) => None,
        }),
        hot::Answer::Replayed(_) | hot::Answer::KeyReused => None,
    }))
}

fn check_room(write: &RoomWrite, before: Option<&RoomView>) -> Result<(), Refusal> {
    let named = write
        .patch
        .name
        .as_deref()
        .map_or(before.is_some(), |name| !name.trim().is_empty());
    if !named {
        return Err(invalid("name", "a name that is not empty"));
    }
    check_text("name", write.patch.details.names.as_ref())?;
    check_text("description", write.patch.details.description.as_ref())?;
    let quantity = write
        .patch
        .quantity
        .or(before.map(|before| before.resource.quantity))
        .unwrap_or(1);
    if !(0..=MOST_UNITS).contains(&quantity) {
        return Err(invalid(
            "quantity",
            format!("a number from 0 to {MOST_UNITS}"),
        ));
    }
    if let Some(unit) = write
        .units
        .iter()
        .find(|unit| unit.number < 1 || unit.number > quantity)
    {
        return Err(invalid(
            "units",
            format!("unit numbers from 1 to {quantity}, not {}", unit.number),
        ));
    }
    Ok(())
}

/// Whether nobody could tell them apart, unless by when they were last written.
fn is_same(one: &Unit, other: &Unit) -> bool {
    (&one.name, &one.extra, one.archived_at) == (&other.name, &other.extra, other.archived_at)
}

fn apply(resource: &mut Resource, patch: &RoomPatch) {
    if let Some(name) = &patch.name {
        resource.name.clone_from(name);
    }
    resource.quantity = patch.quantity.unwrap_or(resource.quantity);
    patch.details.clone().apply(&mut resource.details);
}

fn apply_unit(unit: &mut Unit, patch: &UnitPatch, now: Timestamp) {
    if let Some(name) = &patch.name {
        unit.name.clone_from(name);
    }
    merge(&mut unit.extra, &patch.extra);
    unit.search = unit.search_text();
    unit.changed_at = now;
}
