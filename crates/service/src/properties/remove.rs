//! Removes properties and rooms that nobody has booked.

use catalogue::inventory::{Organization, Resource, StoredDay, Unit};
use domain::{
    access::Actor,
    id::{Id, IdSource},
};
use store::{ColdCommand, Condition, Row, Tx, Value, events::EventRow, hot::Stamp};

use super::{Properties, write::any_allocation};
use crate::{Refusal, Result, UseCase, records::unlink, stamp::stamp};

impl Properties<'_> {
    /// Removes properties with their rooms. One that has any booking, of whatever state, stays.
    pub async fn remove(
        &self,
        actor: &Actor,
        ids: &[Id],
    ) -> Result<Vec<std::result::Result<(), Refusal>>> {
        self.remove_each(actor, ids, What::Properties).await
    }

    /// Removes rooms. One that has any booking, of whatever state, stays.
    pub async fn rooms_remove(
        &self,
        actor: &Actor,
        ids: &[Id],
    ) -> Result<Vec<std::result::Result<(), Refusal>>> {
        self.remove_each(actor, ids, What::Rooms).await
    }

    async fn remove_each(
        &self,
        actor: &Actor,
        ids: &[Id],
        what: What,
    ) -> Result<Vec<std::result::Result<(), Refusal>>> {
        UseCase::RemoveProperties.authorize(actor)?;
        let mut results = Vec::with_capacity(ids.len());
        for id in ids {
            let command = Remove {
                stamp: stamp(actor),
                id: *id,
                what,
            };
            results.push(self.service.store.run(command).await?);
        }
        Ok(results)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Properties,
    Rooms,
}

struct Remove {
    stamp: Stamp,
    id: Id,
    what: What,
}

impl ColdCommand for Remove {
    type Output = std::result::Result<(), Refusal>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> store::Result<Self::Output> {
        let tenant_id = self.stamp.tenant_id;
        let column = if self.what == What::Properties {
            "organization_id"
        } else {
            "id"
        };
        let condition = Condition::All(vec![
            Condition::Is("tenant_id", tenant_id.into()),
            Condition::Is(column, self.id.into()),
        ]);
        let rooms = tx.find::<Resource>(&condition, "id", None, 0).await?;
        let organization_id = match (self.what, rooms.first()) {
            (What::Properties, _) => Some(self.id),
            (What::Rooms, room) => room.map(|room| room.organization_id),
        };
        let key = organization_id
            .filter(|id| self.stamp.reaches(*id))
            .map(|id| [tenant_id.into(), Value::from(id)]);
        let organization = match &key {
            Some(key) => tx.get_locked::<Organization>(key).await?,
            None => None,
        };
        let Some(organization) = organization else {
            return Ok(Err(self.unknown()));
        };
        // Rooms are made and changed under the lock of their property, which is held from here on.
        let rooms = tx.find::<Resource>(&condition, "id", None, 0).await?;
        if rooms.is_empty() && self.what == What::Rooms {
            return Ok(Err(self.unknown()));
        }
        let room_ids: Vec<Id> = rooms.iter().map(|room| room.id).collect();
        tx.lock_lanes(tenant_id, &room_ids).await?;
        if any_allocation(tx, tenant_id, &room_ids).await?
            || any_booking(tx, tenant_id, &room_ids).await?
        {
            return Ok(Err(Refusal::InUse));
        }
        remove_rooms(tx, tenant_id, &room_ids).await?;
        let mut word = "room.removed";
        if self.what == What::Properties {
            tx.remove::<Organization>(&[vec![tenant_id.into(), self.id.into()]])
                .await?;
            unlink(tx, tenant_id, self.id).await?;
            word = "property.removed";
        }
        let event = EventRow::new(
            &self.stamp,
            ids.next(self.stamp.now),
            word,
            self.id,
            organization.id,
            true,
        );
        tx.record(&[event]).await?;
        Ok(Ok(()))
    }
}

impl Remove {
    fn unknown(&self) -> Refusal {
        match self.what {
            What::Properties => Refusal::UnknownOrganization,
            What::Rooms => Refusal::UnknownResource,
        }
    }
}

async fn any_booking(tx: &mut Tx, tenant_id: Id, room_ids: &[Id]) -> store::Result<bool> {
    for id in room_ids {
        let sql = "SELECT 1 FROM booking WHERE tenant_id = $1 AND resource_id = $2 LIMIT 1";
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

/// The lane goes too, its journal stays: it tells what happened while there was a room.
async fn remove_rooms(tx: &mut Tx, tenant_id: Id, room_ids: &[Id]) -> store::Result<()> {
    tx.lanes_changed(tenant_id, room_ids);
    for id in room_ids {
        unlink(tx, tenant_id, *id).await?;
        let of_room = Condition::All(vec![
            Condition::Is("tenant_id", tenant_id.into()),
            Condition::Is("resource_id", (*id).into()),
        ]);
        let units = tx.find::<Unit>(&of_room, "", None, 0).await?;
        let units: Vec<Row> = units
            .iter()
            .map(|unit| vec![tenant_id.into(), unit.id.into()])
            .collect();
        tx.remove::<Unit>(&units).await?;
        let days = tx.find::<StoredDay>(&of_room, "", None, 0).await?;
        let key = |day: &StoredDay| {
            vec![
                tenant_id.into(),
                (*id).into(),
                catalogue::day_number(day.day).into(),
            ]
        };
        let days: Vec<Row> = days.iter().map(key).collect();
        tx.remove::<StoredDay>(&days).await?;
        tx.execute(
            "DELETE FROM lane WHERE tenant_id = $1 AND id = $2",
            &[tenant_id.into(), (*id).into()],
        )
        .await?;
    }
    let rooms: Vec<Row> = room_ids
        .iter()
        .map(|id| vec![tenant_id.into(), (*id).into()])
        .collect();
    tx.remove::<Resource>(&rooms).await?;
    Ok(())
}
