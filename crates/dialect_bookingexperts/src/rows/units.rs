//! Units, under their three names.

use std::collections::HashMap;

use domain::id::Id;
use jiff::tz::TimeZone;
use jsonapi::{Identifier, ResourceType, Row, Term, Test as Asked};
use service::{
    inventory::{Resource, Unit},
    links::Labelled,
    records::{Field, Test},
};
use tokio::try_join;

use super::{
    parts::{begun, many, to},
    structure::amenities,
};
use crate::kinds::structure;
use crate::read::lookup::{says, text, undivided};
use crate::read::{Look, Lookup, Shown, when};

fn units_by(name: &str) -> Option<Lookup<Unit>> {
    Some(match name {
        "name" => Lookup::Own(by_name),
        "number" => Lookup::Whole(const { Field::new("number") }),
        "created_at" => Lookup::Instant(const { Field::new("created_at") }),
        "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
        "administration" => Lookup::Id(const { Field::new("organization_id") }),
        "rentable_type" | "category" => Lookup::Id(const { Field::new("resource_id") }),
        "labels" => Lookup::Through(|ids| Test::has::<Labelled>(&ids)),
        "inventory_object" | "rentable_identity" => Lookup::Id(const { Field::new("id") }),
        _ => return None,
    })
}

/// Units with a name are found by it, and those without by their number, which is shown in its place.
fn by_name(asked: &Asked) -> Option<Test<Unit>> {
    let search = const { Field::new("search") };
    let one = |term: &Term| {
        let Ok(number) = text(term).parse::<i64>() else {
            return says(search, term);
        };
        let unnamed = Test::all([
            Test::is(search, NAMELESS.to_owned()),
            Test::is(const { Field::new("number") }, number),
        ]);
        Test::any([says(search, term), unnamed])
    };
    match asked {
        Asked::OneOf(terms) => Some(Test::any(terms.iter().map(one))),
        Asked::Contains(part) => Some(Test::contains(search, part)),
        Asked::Between { from, to } => Some(one(&undivided(from.as_ref(), to.as_ref()))),
    }
}

/// What is searched of a unit that has no name.
const NAMELESS: &str = "\n\n";

/// The labels of these, by whose they are.
pub async fn labels(
    ids: &[Id],
    subject: &str,
    look: &Look<'_>,
) -> service::Result<HashMap<Id, Vec<Id>>> {
    let from = const { Field::<Labelled>::new("from_id") };
    let of = |link: &Labelled| link.from_id;
    let links = look.reading.hanging(from, of, ids).await?;
    let labels = links.into_iter().map(|(id, mut links)| {
        links.retain(|link| link.subject == subject);
        links.sort_by_key(|link| (link.position, link.id));
        (id, links.iter().map(|link| link.to_id).collect())
    });
    Ok(labels.collect())
}

/// The labels of units.
async fn of_units(
    kind: &ResourceType,
    ids: &[Id],
    look: &Look<'_>,
) -> service::Result<HashMap<Id, Vec<Id>>> {
    when(look.wants(kind, "labels"), labels(ids, "unit", look)).await
}

async fn objects(
    kind: &'static ResourceType,
    stored: &[Unit],
    look: &Look<'_>,
) -> service::Result<Vec<Row>> {
    let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
    let of_types: Vec<Id> = stored.iter().map(|row| row.resource_id).collect();
    let (mut labelled, types) = try_join!(
        of_units(kind, &ids, look),
        when(
            look.query.shows(kind, "name_with_type"),
            look.reading.by_ids::<Resource>(&of_types)
        ),
    )?;
    let types: HashMap<Id, String> = types.into_iter().map(|row| (row.id, row.name)).collect();
    let shown = stored.iter().map(|row| {
        let own = labelled.remove(&row.id).unwrap_or_default();
        let name_with_type = types
            .get(&row.resource_id)
            .map(|name| format!("{} ({name})", name_of(row)));
        begun(kind, row)
            .with("name", name_of(row))
            .with("name_with_type", name_with_type)
            .with("number", row.number)
            .with("archived", row.archived_at.is_some())
            .with("created_at", row.created_at)
            .with("updated_at", row.changed_at)
            .to_one("administration", to("administration", row.organization_id))
            .to_one(
                "rentable_type",
                Some(Identifier::new("rentable_type", row.resource_id)),
            )
            .to_many("labels", many("label", own))
            .to_many("rentables", many("rentable", [row.id]))
    });
    Ok(shown.collect())
}

/// A unit's name, or its number where it has none.
fn name_of(unit: &Unit) -> String {
    if unit.name.trim().is_empty() {
        unit.number.to_string()
    } else {
        unit.name.clone()
    }
}

/// Declares units under one of their names.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident, $kind:expr;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = Unit;
            const KIND: &'static ResourceType = &$kind;

            fn lookup(name: &str) -> Option<Lookup<Unit>> {
                units_by(name)
            }

            async fn hanging(ids: &[Id], look: &Look<'_>) -> service::Result<()> {
                of_units(Self::KIND, ids, look).await.map(drop)
            }

            async fn show(stored: &[Unit], look: &Look<'_>) -> service::Result<Vec<Row>> {
                objects(Self::KIND, stored, look).await
            }
        }
    )* };
}

objects! {
    /// Units.
    InventoryObject, structure::INVENTORY_OBJECT;
    /// Units under their older name.
    RentableIdentity, structure::RENTABLE_IDENTITY;
}

/// Units while they are let.
pub struct Rentable;

impl Shown for Rentable {
    type Stored = Unit;
    const KIND: &'static ResourceType = &structure::RENTABLE;

    fn lookup(name: &str) -> Option<Lookup<Unit>> {
        units_by(name)
    }

    async fn show(stored: &[Unit], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
        let mut answers = HashMap::new();
        if look.wants(Self::KIND, "rentable_amenities") {
            answers = amenities(&ids, "unit", look).await?;
        }
        let day = |at: jiff::Timestamp| at.to_zoned(TimeZone::UTC).date();
        let shown = stored.iter().map(|row| {
            let own = answers.remove(&row.id).unwrap_or_default();
            let one = |kind, id: Id| Some(Identifier::new(kind, id));
            begun(Self::KIND, row)
                .with("name", name_of(row))
                .with("active_from", day(row.created_at))
                .with("active_till", row.archived_at.map(day))
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one("administration", to("administration", row.organization_id))
                .to_one("rentable_type", one("rentable_type", row.resource_id))
                .to_one("category", one("category", row.resource_id))
                .to_one("inventory_object", one("inventory_object", row.id))
                .to_one("rentable_identity", one("rentable_identity", row.id))
                .to_many("rentable_amenities", many("rentable_amenity", own))
        });
        Ok(shown.collect())
    }
}
