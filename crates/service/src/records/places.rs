//! Organizations and their resources as parts of a document: changed, and made, in the one way that every
//! API of the house changes and makes them.

use catalogue::{
    content::PriceList,
    inventory::{Organization, Resource},
    shared::Reference,
};
use domain::id::Id;
use store::Tx;

use super::{
    kinds::key,
    rows::{missing, unknown},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{
    Refusal, UseCase,
    properties::{
        PropertyPatch, PropertyPlan, PropertyView, PropertyWrite, RoomPatch, RoomWrite,
        write::Writer,
    },
};

/// What a resource becomes, by how it stands; a new one has nothing to stand on.
type HowRoom = Box<dyn Fn(Option<&Resource>) -> RoomPatch + Send + Sync>;

/// What an organization becomes, by how it stands.
type HowPlace = Box<dyn Fn(&Organization) -> PropertyPatch + Send + Sync>;

/// A resource that is to be made or changed.
pub struct RoomWish {
    /// Its id.
    pub id: Id,
    /// Its organization.
    pub organization_id: Id,
    /// Whether it is made.
    pub is_new: bool,
    /// A price list that it is to name, which has to be there.
    pub price_list_id: Option<Id>,
    /// What it becomes. It may be asked more than once.
    pub how: HowRoom,
}

impl Write {
    /// Makes or changes a resource. A new one has as many units as its patch says.
    pub fn room(wish: RoomWish) -> Write {
        Write::new(wish)
    }

    /// Changes an organization. `how` may be asked more than once.
    pub fn place(
        id: Id,
        how: impl Fn(&Organization) -> PropertyPatch + Send + Sync + 'static,
    ) -> Write {
        let how = Box::new(how);
        Write::new(ChangePlace { id, how })
    }
}

impl Step for RoomWish {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::WriteProperties]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(self.write(tx, by))
    }
}

impl RoomWish {
    async fn write(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<Stepped> {
        let list = self.price_list_id;
        let list = list.map(|id| Reference::to::<PriceList>("price_list_id", id));
        if let Some(refusal) = missing(tx, by, list.as_slice()).await? {
            return Ok(Err(refusal));
        }
        let writer = Writer {
            stamp: by.stamp,
            ids: by.ids,
            room_id: self.is_new.then_some(self.id),
        };
        let answer = writer.write(tx, self).await?;
        Ok(answer
            .result
            .and_then(|mut outcome| match outcome.rooms.pop() {
                Some(Ok(_)) => Ok(self.id),
                Some(Err(refusal)) => Err(refusal),
                None => Err(Refusal::UnknownResource),
            }))
    }
}

impl PropertyPlan for RoomWish {
    type Notes = ();

    fn id(&self) -> Option<Id> {
        Some(self.organization_id)
    }

    fn plan(&self, before: Option<&PropertyView>) -> (PropertyWrite, ()) {
        let rooms = before.map(|before| before.rooms.as_slice());
        let mut rooms = rooms.unwrap_or_default().iter();
        let known = rooms.find(|room| room.resource.id == self.id);
        let room = RoomWrite {
            id: (!self.is_new).then_some(self.id),
            patch: (self.how)(known.map(|room| &room.resource)),
            units: Vec::new(),
        };
        let write = PropertyWrite {
            id: Some(self.organization_id),
            rooms: vec![room],
            ..PropertyWrite::default()
        };
        (write, ())
    }
}

struct ChangePlace {
    id: Id,
    how: HowPlace,
}

impl Step for ChangePlace {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::WriteProperties]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let key = key(by.tenant_id(), self.id);
            if !by.stamp.reaches(self.id) || tx.get::<Organization>(&key).await?.is_none() {
                return Ok(Err(unknown("id")));
            }
            let writer = Writer {
                stamp: by.stamp,
                ids: by.ids,
                room_id: None,
            };
            let answer = writer.write(tx, self).await?;
            Ok(answer.result.map(|_| self.id))
        })
    }
}

impl PropertyPlan for ChangePlace {
    type Notes = ();

    fn id(&self) -> Option<Id> {
        Some(self.id)
    }

    fn plan(&self, before: Option<&PropertyView>) -> (PropertyWrite, ()) {
        let patch = before.map(|before| (self.how)(&before.organization));
        let write = PropertyWrite {
            id: Some(self.id),
            patch: patch.unwrap_or_default(),
            rooms: Vec::new(),
        };
        (write, ())
    }
}
