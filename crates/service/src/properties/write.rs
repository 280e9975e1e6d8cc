//! Makes and changes properties with their rooms, units and lanes.
//!
//! One item is one property; what its rooms become is told room by room. A room's quantity is its
//! lane's capacity, so it changes under the lane's lock and leaves an entry in the journal.

use catalogue::{
    inventory::{
        Organization, OrganizationDetails, OrganizationDetailsPatch, Resource, ResourceDetails,
        ResourceDetailsPatch, Unit,
    },
    sale::Extra,
};
use domain::{
    access::Actor,
    id::{Id, IdSource},
};
use store::{
    ColdCommand, Tx, Value,
    events::EventRow,
    hot::{self, Command, OpenLane, Outcome, Overbooking, SetCapacity, Stamp},
};

use super::{Properties, PropertyView, RoomView, find};
use crate::{Error, Refusal, Result, UseCase, calendar::merge, stamp::stamp};

/// The most properties that one call takes.
pub const MOST_ITEMS: usize = 10_000;

/// The most units that a room may have.
pub const MOST_UNITS: i64 = 1_000_000;

/// Up to so many units a stay gets one of them by number; more are counted only.
const MOST_NUMBERED_UNITS: i64 = 999;

/// A property to be made, or changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PropertyWrite {
    /// The property; none makes one.
    pub id: Option<Id>,
    /// What it becomes.
    pub patch: PropertyPatch,
    /// Its rooms to be made or changed; others stay.
    pub rooms: Vec<RoomWrite>,
}

/// What a property becomes. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PropertyPatch {
    /// Its name; a new property needs one.
    pub name: Option<String>,
    /// Everything else; `extra` is merged key by key and null removes.
    pub details: OrganizationDetailsPatch,
}

/// A room to be made, or changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoomWrite {
    /// The room; none makes one.
    pub id: Option<Id>,
    /// What it becomes.
    pub patch: RoomPatch,
    /// Its units; others stay.
    pub units: Vec<UnitPatch>,
}

/// What a room becomes. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoomPatch {
    /// Its name; a new room needs one.
    pub name: Option<String>,
    /// How many units it has; 1 for a new room that does not say.
    pub quantity: Option<i64>,
    /// Everything else; `extra` is merged key by key and null removes.
    pub details: ResourceDetailsPatch,
}

/// What a unit becomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitPatch {
    /// Its number, from 1.
    pub number: i64,
    /// Its name.
    pub name: Option<String>,
    /// Attributes of one dialect, merged key by key; null removes.
    pub extra: Extra,
}

/// What became of a property.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyOutcome {
    /// How it was; none for a new one.
    pub before: Option<PropertyView>,
    /// How it is, with all its rooms.
    pub after: PropertyView,
    /// What became of the rooms that were written, in order.
    pub rooms: Vec<std::result::Result<RoomOutcome, Refusal>>,
}

/// What became of a room.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomOutcome {
    /// How it was; none for a new one.
    pub before: Option<RoomView>,
    /// How it is.
    pub after: RoomView,
}

impl Properties<'_> {
    /// Makes and changes properties; each is done or refused by itself, and so is each of its rooms.
    pub async fn write(
        &self,
        actor: &Actor,
        items: Vec<PropertyWrite>,
    ) -> Result<Vec<std::result::Result<PropertyOutcome, Refusal>>> {
        UseCase::WriteProperties.authorize(actor)?;
        if items.len() > MOST_ITEMS {
            return Err(Error::TooMany { limit: MOST_ITEMS });
        }
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            let command = WriteProperty {
                stamp: stamp(actor),
                item,
            };
            outcomes.push(self.service.store.run(command).await?);
        }
        Ok(outcomes)
    }
}

struct WriteProperty {
    stamp: Stamp,
    item: PropertyWrite,
}

impl ColdCommand for WriteProperty {
    type Output = std::result::Result<PropertyOutcome, Refusal>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        let before = match self.before(tx).await? {
            Ok(before) => before,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = check(&self.item.patch, before.as_ref()) {
            return Ok(Err(refusal));
        }
        if let Some(refusal) = self.zone_in_use(tx, before.as_ref()).await? {
            return Ok(Err(refusal));
        }
        let organization = self
            .put(tx, before.as_ref().map(|view| &view.organization), ids)
            .await?;
        let mut writer = RoomWriter {
            stamp: &self.stamp,
            organization: &organization,
            ids,
        };
        if let Some(before) = &before {
            writer.follow_overbooking_rule(tx, before).await?;
        }
        let mut rooms = Vec::with_capacity(self.item.rooms.len());
        for room in &self.item.rooms {
            let known = room.id.and_then(|id| known_room(before.as_ref(), id));
            rooms.push(writer.write(tx, room, known).await?);
        }
        let tenant_id = self.stamp.tenant_id;
        let after = find::rooms_of(tx, tenant_id, std::slice::from_ref(&organization))
            .await?
            .remove(&organization.id);
        let after = PropertyView {
            organization,
            rooms: after.unwrap_or_default(),
        };
        let sold: Vec<Id> = after.rooms.iter().map(|room| room.resource.id).collect();
        tx.terms_changed(tenant_id, &sold, ids.next(self.stamp.now))
            .await?;
        Ok(Ok(PropertyOutcome {
            before,
            after,
            rooms,
        }))
    }
}

fn known_room(before: Option<&PropertyView>, id: Id) -> Option<&RoomView> {
    before?.rooms.iter().find(|room| room.resource.id == id)
}

fn check(patch: &PropertyPatch, before: Option<&PropertyView>) -> std::result::Result<(), Refusal> {
    let named = patch
        .name
        .as_deref()
        .map_or(before.is_some(), |name| !name.trim().is_empty());
    if named {
        Ok(())
    } else {
        Err(invalid("name", "a name that is not empty"))
    }
}

fn invalid(field: &'static str, expected: impl Into<String>) -> Refusal {
    Refusal::Invalid {
        field,
        expected: expected.into(),
    }
}

impl WriteProperty {
    async fn before(
        &self,
        tx: &mut Tx,
    ) -> store::Result<std::result::Result<Option<PropertyView>, Refusal>> {
        let Some(id) = self.item.id else {
            // Whoever is limited to some properties can't make others.
            let limited = self.stamp.organizations.is_some();
            return Ok(if limited {
                Err(Refusal::UnknownOrganization)
            } else {
                Ok(None)
            });
        };
        let found = tx
            .get::<Organization>(&[self.stamp.tenant_id.into(), id.into()])
            .await?;
        let Some(organization) = found.filter(|organization| self.stamp.reaches(organization.id))
        else {
            return Ok(Err(Refusal::UnknownOrganization));
        };
        let mut rooms = find::rooms_of(
            tx,
            self.stamp.tenant_id,
            std::slice::from_ref(&organization),
        )
        .await?;
        let rooms = rooms.remove(&organization.id).unwrap_or_default();
        Ok(Ok(Some(PropertyView {
            organization,
            rooms,
        })))
    }

    /// Nights of another zone lie elsewhere, so the zone stays while anything is booked.
    async fn zone_in_use(
        &self,
        tx: &mut Tx,
        before: Option<&PropertyView>,
    ) -> store::Result<Option<Refusal>> {
        let (Some(before), Some(zone)) = (before, &self.item.patch.details.zone) else {
            return Ok(None);
        };
        if before.organization.details.zone == *zone {
            return Ok(None);
        }
        let ids: Vec<Id> = before.rooms.iter().map(|room| room.resource.id).collect();
        tx.lock_lanes(self.stamp.tenant_id, &ids).await?;
        if any_allocation(tx, self.stamp.tenant_id, &ids).await? {
            return Ok(Some(invalid(
                "zone",
                "the time zone stays as it is while there are bookings",
            )));
        }
        for id in ids {
            let parameters = [zone.name().into(), self.stamp.tenant_id.into(), id.into()];
            tx.execute(
                "UPDATE lane SET zone = $1 WHERE tenant_id = $2 AND id = $3",
                &parameters,
            )
            .await?;
        }
        Ok(None)
    }

    async fn put(
        &self,
        tx: &mut Tx,
        before: Option<&Organization>,
        ids: &IdSource,
    ) -> store::Result<Organization> {
        let patch = &self.item.patch;
        let mut organization = match before {
            Some(before) => before.clone(),
            None => Organization {
                tenant_id: self.stamp.tenant_id,
                id: ids.next(self.stamp.now),
                parent_id: None,
                name: String::new(),
                version: 1,
                details: OrganizationDetails::default(),
            },
        };
        if let Some(name) = &patch.name {
            organization.name.clone_from(name);
        }
        patch.details.clone().apply(&mut organization.details);
        let word = if before.is_some() {
            tx.update(&mut organization).await?;
            "property.changed"
        } else {
            tx.insert(std::slice::from_ref(&organization)).await?;
            "property.created"
        };
        let id = organization.id;
        tx.record(&[EventRow::new(
            &self.stamp,
            ids.next(self.stamp.now),
            word,
            id,
            id,
            true,
        )])
        .await?;
        Ok(organization)
    }
}

pub(super) async fn any_allocation(
    tx: &mut Tx,
    tenant_id: Id,
    resource_ids: &[Id],
) -> store::Result<bool> {
    for id in resource_ids {
        let sql = "SELECT 1 FROM allocation WHERE tenant_id = $1 AND lane_id = $2 LIMIT 1";
        if !tx
            .query(sql, &[tenant_id.into(), (*id).into()])
            .await?
            .is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the rooms of one property.
struct RoomWriter<'a> {
    stamp: &'a Stamp,
    organization: &'a Organization,
    ids: &'a IdSource,
}

impl RoomWriter<'_> {
    async fn write(
        &mut self,
        tx: &mut Tx,
        write: &RoomWrite,
        before: Option<&RoomView>,
    ) -> store::Result<std::result::Result<RoomOutcome, Refusal>> {
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
        let after = RoomView { resource, units };
        Ok(Ok(RoomOutcome {
            before: before.cloned(),
            after,
        }))
    }

    fn new_room(&self) -> Resource {
        Resource {
            tenant_id: self.stamp.tenant_id,
            id: self.ids.next(self.stamp.now),
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
                has_units: resource.quantity <= MOST_NUMBERED_UNITS,
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
            event_id: self.ids.next(self.stamp.now),
        }
    }

    /// Lanes carry the property's rule on overbooking, because they are what a booking locks.
    async fn follow_overbooking_rule(
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
        // The caller's reach was checked with the property, which may be new and thus outside of it.
        let stamp = Stamp {
            organizations: None,
            ..self.stamp.clone()
        };
        let submission = hot::Submission {
            stamp,
            commands: vec![command],
            all_or_nothing: false,
            idempotency: None,
        };
        let answers = hot::run(tx, &[&submission], self.ids).await?;
        Ok(answers.into_iter().find_map(|answer| match answer {
            hot::Answer::Fresh(outcomes) => {
                outcomes.into_iter().find_map(|outcome| match outcome {
                    Outcome::Refused(refusal) => Some(refusal.into()),
                    Outcome::Done(_) => None,
                })
            }
            hot::Answer::Replayed(_) | hot::Answer::KeyReused => None,
        }))
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
            let known = units.iter_mut().find(|unit| unit.number == patch.number);
            match known {
                Some(unit) => {
                    apply_unit(unit, patch);
                    tx.update(unit).await?;
                }
                None => {
                    let mut unit = self.new_unit(resource, patch.number);
                    apply_unit(&mut unit, patch);
                    tx.insert(std::slice::from_ref(&unit)).await?;
                    units.push(unit);
                }
            }
        }
        units.sort_by_key(|unit| unit.number);
        Ok(units)
    }

    fn new_unit(&self, resource: &Resource, number: i64) -> Unit {
        Unit {
            tenant_id: self.stamp.tenant_id,
            id: self.ids.next(self.stamp.now),
            resource_id: resource.id,
            number,
            name: String::new(),
            extra: Extra::new(),
        }
    }
}

fn check_room(write: &RoomWrite, before: Option<&RoomView>) -> std::result::Result<(), Refusal> {
    let named = write
        .patch
        .name
        .as_deref()
        .map_or(before.is_some(), |name| !name.trim().is_empty());
    if !named {
        return Err(invalid("name", "a name that is not empty"));
    }
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

fn apply(resource: &mut Resource, patch: &RoomPatch) {
    if let Some(name) = &patch.name {
        resource.name.clone_from(name);
    }
    resource.quantity = patch.quantity.unwrap_or(resource.quantity);
    patch.details.clone().apply(&mut resource.details);
}

fn apply_unit(unit: &mut Unit, patch: &UnitPatch) {
    if let Some(name) = &patch.name {
        unit.name.clone_from(name);
    }
    merge(&mut unit.extra, &patch.extra);
}
