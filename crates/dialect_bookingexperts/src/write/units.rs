//! Units: they come, get names and labels, go into the archive and out of it.

use domain::id::Id;
use service::{
    inventory::Unit,
    links::Labelled,
    records::{Linking, NewUnit, Write},
};

use super::{
    Archived, Planned, Stand, Wish, Writes, Written,
    places::{archived, type_of_unit},
};
use crate::rows::units as u;

fn labels(wish: &Wish) -> Option<Planned> {
    let labels = wish.many("labels")?;
    let linking = Linking::plain("unit", wish.id(), labels);
    Some(wish.plan(linking.write::<Labelled>()))
}

/// Puts a unit into the archive, or takes it out.
fn put(id: Id, archived: bool) -> Write {
    if archived {
        Write::unit_archive(id)
    } else {
        Write::unit_restore(id)
    }
}

/// Declares units under one of their names.
macro_rules! units {
    ($($shown:ty;)*) => { $(
        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] =
                &[("to_id", "labels"), ("resource_id", "rentable_type")];

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let resource_id = match type_of_unit(wish, stand).await? {
                    Ok(id) => id,
                    Err(errors) => return Ok(Err(errors)),
                };
                let new = NewUnit {
                    id: wish.id(),
                    resource_id,
                    name: wish.draft().text("name").unwrap_or_default().to_owned(),
                };
                let mut writes = vec![wish.plan(Write::unit(new))];
                writes.extend(labels(wish));
                Ok(Ok(archived(wish, |archived| put(wish.id(), archived), writes)))
            }

            async fn update(
                stored: &Unit,
                wish: &Wish,
                _: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                let id = stored.id;
                let take = |row: &mut Unit, wish: &Wish| wish.text(&mut row.name, "name");
                let mut writes = vec![wish.change(id, take)];
                writes.extend(labels(wish));
                Ok(Ok(archived(wish, |archived| put(id, archived), writes)))
            }

            fn remove(stored: &Unit) -> Option<Write> {
                Some(Write::unit_remove(stored.id))
            }
        }

        impl Archived for $shown {
            fn archive(stored: &Unit, _: jiff::Timestamp) -> Write {
                Write::unit_archive(stored.id)
            }
        }
    )* };
}

units! {
    u::InventoryObject;
    u::RentableIdentity;
}
