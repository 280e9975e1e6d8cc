//! Makes and changes properties with their rooms, units and lanes.
//!
//! One item is one property. What it becomes may depend on how it stands: then the item is a
//! [`PropertyPlan`], which is asked inside the transaction, with the property locked. What its
//! rooms become is told room by room.

use std::collections::BTreeSet;

use catalogue::{
    inventory::{
        Organization, OrganizationDetails, OrganizationDetailsPatch, ResourceDetailsPatch,
    },
    sale::Extra,
    told::changes,
};
use domain::{
    access::Actor,
    id::{Id, IdSource},
    text::Localized,
    time::Zone,
};
use store::{ColdCommand, Condition, Tx, events::EventRow, hot::Stamp};

use super::{Properties, PropertyView, RoomView, find, rooms::RoomWriter};
use crate::{
    Error, Refusal, Result, UseCase,
    once::{Once, WriteAnswer},
    stamp::stamp,
};

/// The most properties that one call takes.
pub const MOST_ITEMS: usize = 10_000;

/// The most properties that one call with an idempotency key takes: they are written in one
/// transaction, and everybody else who writes waits for it.
pub const MOST_ITEMS_AT_ONCE: usize = 1_000;

/// The most units that a room may have.
pub const MOST_UNITS: i64 = 1_000_000;

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
    /// Everything else; `extra` is merged key by key and null removes. A new property that names no
    /// zone lies where the tenant's oldest does.
    pub details: OrganizationDetailsPatch,
}

impl PropertyPatch {
    /// Whether nothing would change.
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.details.is_empty()
    }
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

/// An item whose change depends on how the property stands, because it names parts of what is
/// stored as a whole.
pub trait PropertyPlan: Send + Sync + 'static {
    /// What the plan has to say beside the change.
    type Notes: Send + Sync + 'static;

    /// The property; none makes one.
    fn id(&self) -> Option<Id>;

    /// What the property becomes, and what there is to say about it. `before` is the property as it
    /// stands, and nobody else changes it until this change is committed. It may be asked more than
    /// once, and the id of what it gives counts for nothing.
    fn plan(&self, before: Option<&PropertyView>) -> (PropertyWrite, Self::Notes);
}

/// A change that is the same however the property stands.
impl PropertyPlan for PropertyWrite {
    type Notes = ();

    fn id(&self) -> Option<Id> {
        self.id
    }

    fn plan(&self, _: Option<&PropertyView>) -> (PropertyWrite, ()) {
        (self.clone(), ())
    }
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyAnswer<N> {
    /// What the plan had to say; none where there was nothing to plan for.
    pub notes: Option<N>,
    /// The property, or why nothing was done.
    pub result: std::result::Result<PropertyOutcome, Refusal>,
}

impl<N> From<Refusal> for PropertyAnswer<N> {
    fn from(refusal: Refusal) -> Self {
        Self {
            notes: None,
            result: Err(refusal),
        }
    }
}

impl Properties<'_> {
    /// Makes and changes properties; each is done or refused by itself, and so is each of its rooms.
    pub async fn write(
        &self,
        actor: &Actor,
        items: Vec<PropertyWrite>,
    ) -> Result<Vec<std::result::Result<PropertyOutcome, Refusal>>> {
        let answers = match self.write_planned(actor, items, None).await? {
            WriteAnswer::Fresh(answers) => answers,
            WriteAnswer::Replayed { .. } => Vec::new(),
        };
        Ok(answers.into_iter().map(|answer| answer.result).collect())
    }

    /// The same for changes that depend on how the properties stand. With a key all items are done
    /// in one transaction, which keeps their answer; without one each has its own.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more than [`MOST_ITEMS`] items, with a key [`MOST_ITEMS_AT_ONCE`].
    pub async fn write_planned<P: PropertyPlan>(
        &self,
        actor: &Actor,
        items: Vec<P>,
        once: Option<Once<PropertyAnswer<P::Notes>>>,
    ) -> Result<WriteAnswer<PropertyAnswer<P::Notes>>> {
        UseCase::WriteProperties.authorize(actor)?;
        let limit = match once {
            Some(_) => MOST_ITEMS_AT_ONCE,
            None => MOST_ITEMS,
        };
        if items.len() > limit {
            return Err(Error::TooMany { limit });
        }
        let stamp = stamp(actor);
        if once.is_some() {
            let command = WriteProperties {
                stamp: stamp.clone(),
                items,
            };
            return self.service.run_once(stamp, command, once).await;
        }
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            let command = WriteProperties {
                stamp: stamp.clone(),
                items: vec![item],
            };
            answers.extend(self.service.store.run(command).await?);
        }
        Ok(WriteAnswer::Fresh(answers))
    }
}

/// Writes properties one after another, each over what the ones before it have left. A refusal is
/// decided before anything of its part is written, so it leaves no trace and needs no savepoint.
struct WriteProperties<P> {
    stamp: Stamp,
    items: Vec<P>,
}

impl<P: PropertyPlan> ColdCommand for WriteProperties<P> {
    type Output = Vec<PropertyAnswer<P::Notes>>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        let writer = Writer {
            stamp: &self.stamp,
            ids,
            room_id: None,
        };
        writer.lock_all(tx, &self.items).await?;
        let mut answers = Vec::with_capacity(self.items.len());
        for item in &self.items {
            answers.push(writer.write(tx, item).await?);
        }
        Ok(answers)
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
    if !named {
        return Err(invalid("name", "a name that is not empty"));
    }
    let details = &patch.details;
    check_text("description", details.description.as_ref())?;
    check_text("surroundings", details.surroundings.as_ref())
}

/// A text that is not longer than can be kept, if it is mentioned.
pub(super) fn check_text(
    field: &'static str,
    text: Option<&Localized>,
) -> std::result::Result<(), Refusal> {
    match text.map(Localized::check) {
        Some(Err(bad)) => Err(invalid(field, bad.to_string())),
        _ => Ok(()),
    }
}

pub(super) fn invalid(field: &'static str, expected: impl Into<String>) -> Refusal {
    Refusal::Invalid {
        field,
        expected: expected.into(),
    }
}

/// Writes properties for one caller.
pub(crate) struct Writer<'a> {
    pub(crate) stamp: &'a Stamp,
    pub(crate) ids: &'a IdSource,
    /// The id that the next new room gets; none for any.
    pub(crate) room_id: Option<Id>,
}

impl Writer<'_> {
    /// Locks several properties in ascending order, so that two calls that name the same ones do not
    /// wait for each other in a circle.
    async fn lock_all<P: PropertyPlan>(&self, tx: &mut Tx, items: &[P]) -> store::Result<()> {
        if items.len() < 2 {
            return Ok(());
        }
        let named: BTreeSet<Id> = items.iter().filter_map(PropertyPlan::id).collect();
        for id in named.into_iter().filter(|id| self.stamp.reaches(*id)) {
            let key = [self.stamp.tenant_id.into(), id.into()];
            tx.get_locked::<Organization>(&key).await?;
        }
        Ok(())
    }

    pub(crate) async fn write<P: PropertyPlan>(
        &self,
        tx: &mut Tx,
        item: &P,
    ) -> store::Result<PropertyAnswer<P::Notes>> {
        let before = match item.id() {
            Some(id) => match self.locked(tx, id).await? {
                None => return Ok(Refusal::UnknownOrganization.into()),
                known => known,
            },
            // Whoever is limited to some properties can't make others.
            None if self.stamp.organizations.is_some() => {
                return Ok(Refusal::UnknownOrganization.into());
            }
            None => None,
        };
        let (write, notes) = item.plan(before.as_ref());
        Ok(PropertyAnswer {
            notes: Some(notes),
            result: self.carry_out(tx, &write, before).await?,
        })
    }

    /// A property that the caller reaches, as it stands. It is locked before its rooms are read, and
    /// whoever changes a room locks its property too, so that nothing of it changes meanwhile.
    async fn locked(&self, tx: &mut Tx, id: Id) -> store::Result<Option<PropertyView>> {
        let tenant_id = self.stamp.tenant_id;
        let key = [tenant_id.into(), id.into()];
        if !self.stamp.reaches(id) {
            return Ok(None);
        }
        match tx.get_locked::<Organization>(&key).await? {
            Some(organization) => Ok(Some(self.view(tx, organization).await?)),
            None => Ok(None),
        }
    }

    async fn view(&self, tx: &mut Tx, organization: Organization) -> store::Result<PropertyView> {
        let of = std::slice::from_ref(&organization);
        let mut rooms = find::rooms_of(tx, self.stamp.tenant_id, of).await?;
        Ok(PropertyView {
            rooms: rooms.remove(&organization.id).unwrap_or_default(),
            organization,
        })
    }

    async fn carry_out(
        &self,
        tx: &mut Tx,
        write: &PropertyWrite,
        before: Option<PropertyView>,
    ) -> store::Result<std::result::Result<PropertyOutcome, Refusal>> {
        if let Err(refusal) = check(&write.patch, before.as_ref()) {
            return Ok(Err(refusal));
        }
        let zone = write.patch.details.zone.as_ref();
        if let Some(refusal) = self.zone_in_use(tx, before.as_ref(), zone).await? {
            return Ok(Err(refusal));
        }
        let known = before.as_ref().map(|view| &view.organization);
        let organization = self.put(tx, known, &write.patch).await?;
        let rooms = self
            .write_rooms(tx, &organization, write, before.as_ref())
            .await?;
        let after = self.view(tx, organization).await?;
        let sold: Vec<Id> = after.rooms.iter().map(|room| room.resource.id).collect();
        let version = self.ids.next(self.stamp.now);
        tx.terms_changed(self.stamp.tenant_id, &sold, version)
            .await?;
        Ok(Ok(PropertyOutcome {
            before,
            after,
            rooms,
        }))
    }

    async fn write_rooms(
        &self,
        tx: &mut Tx,
        organization: &Organization,
        write: &PropertyWrite,
        before: Option<&PropertyView>,
    ) -> store::Result<Vec<std::result::Result<RoomOutcome, Refusal>>> {
        let mut writer = RoomWriter {
            stamp: self.stamp,
            organization,
            ids: self.ids,
            room_id: self.room_id,
        };
        if let Some(before) = before {
            // All of them change, if only in what they are sold on; batches lock in the same order.
            let lanes: Vec<Id> = before.rooms.iter().map(|room| room.resource.id).collect();
            tx.lock_lanes(self.stamp.tenant_id, &lanes).await?;
            writer.follow_overbooking_rule(tx, before).await?;
        }
        let mut rooms = Vec::with_capacity(write.rooms.len());
        for room in &write.rooms {
            let known = room.id.and_then(|id| known_room(before, id));
            rooms.push(writer.write(tx, room, known).await?);
        }
        Ok(rooms)
    }

    /// Nights of another zone lie elsewhere, so the zone stays while anything is booked.
    async fn zone_in_use(
        &self,
        tx: &mut Tx,
        before: Option<&PropertyView>,
        zone: Option<&Zone>,
    ) -> store::Result<Option<Refusal>> {
        let (Some(before), Some(zone)) = (before, zone) else {
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
        tx.lanes_changed(self.stamp.tenant_id, &ids);
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
        patch: &PropertyPatch,
    ) -> store::Result<Organization> {
        let mut organization = match before {
            // Its rooms tell by themselves what becomes of them.
            Some(before) if patch.is_empty() => return Ok(before.clone()),
            Some(before) => before.clone(),
            None => self.new_property(tx).await?,
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
        let event_id = self.ids.next(self.stamp.now);
        let event = EventRow::new(self.stamp, event_id, word, id, id, true);
        let what = before.and_then(|before| changes(before, &organization));
        tx.record(&[event.with_facts(what)]).await?;
        Ok(organization)
    }

    /// A property without settings. Not every dialect has a word for the time zone, so as long as
    /// none is named it lies where the tenant's oldest property does.
    async fn new_property(&self, tx: &mut Tx) -> store::Result<Organization> {
        let tenant_id = self.stamp.tenant_id;
        let of_tenant = Condition::Is("tenant_id", tenant_id.into());
        let oldest = tx
            .find::<Organization>(&of_tenant, "id", Some(1), 0)
            .await?
            .pop();
        let mut details = OrganizationDetails::default();
        if let Some(oldest) = oldest {
            details.zone = oldest.details.zone;
        }
        Ok(Organization {
            tenant_id,
            id: self.ids.next(self.stamp.now),
            parent_id: None,
            name: String::new(),
            version: 1,
            details,
        })
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
