//! Units: their names and labels.

use service::{inventory::Unit, links::Labelled, records::Linking};

use super::{Stand, Wish, Writes, Written};
use crate::rows::units as u;

/// Declares units under one of their names.
macro_rules! units {
    ($($shown:ty;)*) => { $(
        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] = &[("to_id", "labels")];

            async fn update(
                stored: &Unit,
                wish: &Wish,
                _: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                let take = |row: &mut Unit, wish: &Wish| wish.text(&mut row.name, "name");
                let mut writes = vec![wish.change(stored.id, take)];
                if let Some(labels) = wish.many("labels") {
                    let linking = Linking::plain("unit", stored.id, labels);
                    writes.push(wish.plan(linking.write::<Labelled>()));
                }
                Ok(Ok(writes))
            }
        }
    )* };
}

units! {
    u::InventoryObject;
    u::RentableIdentity;
}
