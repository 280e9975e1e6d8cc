//! Units that come, go into the archive, come back and go for good, one at a time.
//!
//! A lane's units have the numbers from 1 to its capacity. So a unit that goes first changes places with
//! the last one, in everything that anybody has ever booked of the two: each keeps its own guests, and only
//! the numbers change. Then the capacity is lowered by the one way in, which moves away those guests who
//! were to come and may be moved.

use catalogue::{
    inventory::{Organization, Resource, Unit},
    sale::Extra,
};
use domain::id::Id;
use store::{
    Tx, Value,
    hot::{Command, Overbooking, SetCapacity},
};

use super::{
    Readable, Writable,
    kinds::key,
    rows::{is_in_use, unknown, unlink},
    units::{MOST_NUMBERED, new_unit},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Refusal, UseCase, properties::rooms::run_command};

/// A unit to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUnit {
    /// Its id.
    pub id: Id,
    /// The resource that it is a piece of.
    pub resource_id: Id,
    /// Its name; empty for none.
    pub name: String,
}

impl Write {
    /// Makes a unit, and room for it.
    pub fn unit(new: NewUnit) -> Write {
        Write::new(UnitStep::Make(new))
    }

    /// Puts a unit away: it can't be booked any more. One that is put away stays so. Whoever was to come
    /// gets another unit; somebody who can't be moved stands against it.
    pub fn unit_archive(id: Id) -> Write {
        Write::new(UnitStep::Archive(id))
    }

    /// Takes a unit out of the archive: it can be booked again.
    pub fn unit_restore(id: Id) -> Write {
        Write::new(UnitStep::Restore(id))
    }

    /// Removes a unit in which nobody has stayed, and that nothing else is about.
    pub fn unit_remove(id: Id) -> Write {
        Write::new(UnitStep::Remove(id))
    }
}

enum UnitStep {
    Make(NewUnit),
    Archive(Id),
    Restore(Id),
    Remove(Id),
}

/// A resource whose units are counted anew, with its lane locked.
struct Counted {
    organization: Organization,
    resource: Resource,
}

impl Step for UnitStep {
    fn needs(&self) -> Vec<UseCase> {
        let of_units = match self {
            UnitStep::Remove(_) => UseCase::Remove(Unit::SUBJECT),
            _ => UseCase::Write(Unit::SUBJECT),
        };
        vec![of_units, UseCase::WriteProperties]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            match self {
                UnitStep::Make(new) => make(tx, by, new).await,
                UnitStep::Archive(id) => archive(tx, by, *id).await,
                UnitStep::Restore(id) => restore(tx, by, *id).await,
                UnitStep::Remove(id) => remove(tx, by, *id).await,
            }
        })
    }
}

async fn make(tx: &mut Tx, by: &By<'_>, new: &NewUnit) -> store::Result<Stepped> {
    let Some(mut of) = locked(tx, by, new.resource_id).await? else {
        return Ok(Err(unknown("resource_id")));
    };
    if let Some(refusal) = not_numbered(tx, by, &of).await? {
        return Ok(Err(refusal));
    }
    let number = of.resource.quantity + 1;
    make_way(tx, by, &of, number).await?;
    let (organization_id, resource_id) = (of.organization.id, of.resource.id);
    let (tenant_id, now) = (by.tenant_id(), by.stamp.now);
    let mut unit = new_unit(tenant_id, new.id, organization_id, resource_id, number, now);
    unit.name.clone_from(&new.name);
    unit.extra = Extra::new();
    unit.search = unit.search_text();
    if let Err(invalid) = unit.check() {
        return Ok(Err(invalid.into()));
    }
    tx.insert(std::slice::from_ref(&unit)).await?;
    if let Some(refusal) = set_quantity(tx, by, &mut of, number).await? {
        return Ok(Err(refusal));
    }
    by.tell(tx, Unit::EVENTS.created, unit.id, unit.organization_id)
        .await?;
    Ok(Ok(unit.id))
}

async fn archive(tx: &mut Tx, by: &By<'_>, id: Id) -> store::Result<Stepped> {
    let Some((mut of, mut unit)) = unit(tx, by, id).await? else {
        return Ok(Err(unknown("id")));
    };
    if unit.archived_at.is_some() {
        return Ok(Ok(id));
    }
    let before = unit.clone();
    if let Err(refusal) = take_out(tx, by, &mut of, &mut unit).await? {
        return Ok(Err(refusal));
    }
    unit.archived_at = Some(by.stamp.now);
    unit.changed_at = by.stamp.now;
    tx.update(&mut unit).await?;
    let what = (Unit::EVENTS.changed, id, unit.organization_id);
    by.tell_changed(tx, what, (&before, &unit)).await?;
    Ok(Ok(id))
}

async fn restore(tx: &mut Tx, by: &By<'_>, id: Id) -> store::Result<Stepped> {
    let Some((mut of, mut unit)) = unit(tx, by, id).await? else {
        return Ok(Err(unknown("id")));
    };
    if unit.archived_at.is_none() {
        return Ok(Ok(id));
    }
    if let Some(refusal) = not_numbered(tx, by, &of).await? {
        return Ok(Err(refusal));
    }
    let next = of.resource.quantity + 1;
    let before = unit.clone();
    // There is room for it already where somebody has raised the capacity meanwhile.
    let lacks_room = unit.number >= next;
    if unit.number > next {
        make_way(tx, by, &of, next).await?;
        renumber(tx, by, &of, unit.number, next).await?;
        unit.number = next;
    }
    unit.archived_at = None;
    unit.changed_at = by.stamp.now;
    tx.update(&mut unit).await?;
    if lacks_room && let Some(refusal) = set_quantity(tx, by, &mut of, next).await? {
        return Ok(Err(refusal));
    }
    let what = (Unit::EVENTS.changed, id, unit.organization_id);
    by.tell_changed(tx, what, (&before, &unit)).await?;
    Ok(Ok(id))
}

async fn remove(tx: &mut Tx, by: &By<'_>, id: Id) -> store::Result<Stepped> {
    let Some((mut of, mut unit)) = unit(tx, by, id).await? else {
        return Ok(Err(unknown("id")));
    };
    if is_in_use(tx, by.tenant_id(), id).await? {
        return Ok(Err(Refusal::InUse));
    }
    if let Err(refusal) = take_out(tx, by, &mut of, &mut unit).await? {
        return Ok(Err(refusal));
    }
    // Whoever was to come is elsewhere now; what is left has been.
    let sql =
        "SELECT 1 FROM allocation WHERE tenant_id = $1 AND lane_id = $2 AND unit = $3 LIMIT 1";
    let parameters = [
        by.tenant_id().into(),
        of.resource.id.into(),
        unit.number.into(),
    ];
    if !tx.query(sql, &parameters).await?.is_empty() {
        return Ok(Err(Refusal::InUse));
    }
    unlink(tx, by.tenant_id(), id).await?;
    tx.remove::<Unit>(&[key(by.tenant_id(), id)]).await?;
    by.tell(tx, Unit::EVENTS.removed, id, unit.organization_id)
        .await?;
    Ok(Ok(id))
}

/// Takes the unit's room away, if there is room for it.
async fn take_out(
    tx: &mut Tx,
    by: &By<'_>,
    of: &mut Counted,
    unit: &mut Unit,
) -> store::Result<Result<(), Refusal>> {
    let last = of.resource.quantity;
    if unit.number > last {
        return Ok(Ok(()));
    }
    if unit.number != last {
        swap(tx, by, of, unit.number, last).await?;
        unit.number = last;
    }
    let refused = set_quantity(tx, by, of, last - 1).await?;
    Ok(refused.map_or(Ok(()), Err))
}

/// A resource that the caller reaches. Rooms are written under the lock of their property, and bookings
/// under the lock of their lane.
async fn locked(tx: &mut Tx, by: &By<'_>, resource_id: Id) -> store::Result<Option<Counted>> {
    let of_resource = key(by.tenant_id(), resource_id);
    let Some(seen) = tx.get::<Resource>(&of_resource).await? else {
        return Ok(None);
    };
    if !by.stamp.reaches(seen.organization_id) {
        return Ok(None);
    }
    let of_place = key(by.tenant_id(), seen.organization_id);
    let Some(organization) = tx.get_locked::<Organization>(&of_place).await? else {
        return Ok(None);
    };
    tx.lock_lanes(by.tenant_id(), &[resource_id]).await?;
    let resource = tx.get::<Resource>(&of_resource).await?;
    Ok(resource.map(|resource| Counted {
        organization,
        resource,
    }))
}

/// A unit that the caller reaches, with its resource.
async fn unit(tx: &mut Tx, by: &By<'_>, id: Id) -> store::Result<Option<(Counted, Unit)>> {
    let of_unit = key(by.tenant_id(), id);
    let Some(seen) = tx.get::<Unit>(&of_unit).await? else {
        return Ok(None);
    };
    let Some(of) = locked(tx, by, seen.resource_id).await? else {
        return Ok(None);
    };
    let unit = tx.get::<Unit>(&of_unit).await?;
    Ok(unit.map(|unit| (of, unit)))
}

/// Refuses one more unit where units have no numbers, or there are as many as have numbers.
async fn not_numbered(tx: &mut Tx, by: &By<'_>, of: &Counted) -> store::Result<Option<Refusal>> {
    let sql = "SELECT has_units FROM lane WHERE tenant_id = $1 AND id = $2";
    let rows = tx
        .query(sql, &[by.tenant_id().into(), of.resource.id.into()])
        .await?;
    let has_units = rows.first().and_then(|row| row.first()) == Some(&Value::Int(1));
    let refused = !has_units || of.resource.quantity >= MOST_NUMBERED;
    Ok(refused.then(|| Refusal::Invalid {
        field: "resource_id",
        expected: format!("a type of fewer than {MOST_NUMBERED} units, which have numbers"),
    }))
}

/// Gives the lane another capacity, by the one way in. One less clears the last unit first.
async fn set_quantity(
    tx: &mut Tx,
    by: &By<'_>,
    of: &mut Counted,
    quantity: i64,
) -> store::Result<Option<Refusal>> {
    let clears_last_unit = quantity < of.resource.quantity;
    of.resource.quantity = quantity;
    tx.update(&mut of.resource).await?;
    let set = SetCapacity {
        resource_id: of.resource.id,
        capacity: quantity,
        overbooking: if clears_last_unit {
            Overbooking::Refuse
        } else {
            Overbooking::Mark
        },
        refuses_overbooking: of.organization.details.refuses_overbooking,
        clears_last_unit,
        event_id: by.new_id(),
    };
    let command = Command::SetCapacity(set);
    if let Some(refusal) = run_command(tx, by.stamp, by.ids, command).await? {
        return Ok(Some(refusal));
    }
    let version = by.new_id();
    tx.terms_changed(by.tenant_id(), &[of.resource.id], version)
        .await?;
    Ok(None)
}

/// Gives whoever has this number, in the archive, one behind all others.
async fn make_way(tx: &mut Tx, by: &By<'_>, of: &Counted, number: i64) -> store::Result<()> {
    let sql = "SELECT max(number) FROM unit WHERE tenant_id = $1 AND resource_id = $2";
    let rows = tx
        .query(sql, &[by.tenant_id().into(), of.resource.id.into()])
        .await?;
    match rows.first().and_then(|row| row.first()) {
        Some(Value::Int(most)) if *most >= number => renumber(tx, by, of, number, most + 1).await,
        _ => Ok(()),
    }
}

/// Two units change numbers.
async fn swap(tx: &mut Tx, by: &By<'_>, of: &Counted, one: i64, other: i64) -> store::Result<()> {
    // No unit has the number 0.
    for (from, to) in [(one, 0), (other, one), (0, other)] {
        renumber(tx, by, of, from, to).await?;
    }
    let sql = "SELECT id FROM unit WHERE tenant_id = $1 AND resource_id = $2 AND number = $3";
    let parameters = [by.tenant_id().into(), of.resource.id.into(), one.into()];
    let rows = tx.query(sql, &parameters).await?;
    if let Some(Value::Int(id)) = rows.first().and_then(|row| row.first())
        && let Some(id) = Id::new(*id)
        && let Some(after) = tx.get::<Unit>(&key(by.tenant_id(), id)).await?
    {
        let before = Unit {
            number: other,
            ..after.clone()
        };
        let what = (Unit::EVENTS.changed, id, Some(of.organization.id));
        by.tell_changed(tx, what, (&before, &after)).await?;
    }
    Ok(())
}

/// Gives a unit another number, also in everything that was ever booked of it.
async fn renumber(tx: &mut Tx, by: &By<'_>, of: &Counted, from: i64, to: i64) -> store::Result<()> {
    let parameters = [
        to.into(),
        by.tenant_id().into(),
        of.resource.id.into(),
        from.into(),
    ];
    for sql in [
        "UPDATE unit SET number = $1 WHERE tenant_id = $2 AND resource_id = $3 AND number = $4",
        "UPDATE allocation SET unit = $1 WHERE tenant_id = $2 AND lane_id = $3 AND unit = $4",
    ] {
        tx.execute(sql, &parameters).await?;
    }
    Ok(())
}
