//! Administrations, rentable types, owners and agreements.

use std::collections::HashMap;

use domain::id::Id;
use jsonapi::{ResourceType, Row, Value};
use rust_decimal::Decimal;
use service::{
    content::{Channel, Image},
    customers::{Contractor, Owner},
    inventory::{Organization, Resource, Stage},
    kept::{Agreement, Review},
    links::{AmenityValue, InCity, InRegion, InSegment, SoldIn},
    records::{Field, Test},
};
use tokio::try_join;

use super::{
    parts::{amount, begun, localized, many, number, person, text, to},
    plain,
};
use crate::kinds::structure;
use crate::read::{Look, Lookup, Shown, when};

/// Administrations.
pub struct Administration;

impl Shown for Administration {
    type Stored = Organization;
    const KIND: &'static ResourceType = &structure::ADMINISTRATION;

    fn lookup(name: &str) -> Option<Lookup<Organization>> {
        Some(match name {
            "name" => Lookup::Text(const { Field::new("name") }),
            "region" => Lookup::Through(|ids| Test::has::<InRegion>(&ids)),
            "city" => Lookup::Through(|ids| Test::has::<InCity>(&ids)),
            _ => return None,
        })
    }

    async fn hanging(ids: &[Id], look: &Look<'_>) -> service::Result<()> {
        places(ids, look).await.map(drop)
    }

    async fn show(stored: &[Organization], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
        let (mut answers, (regions, cities)) = try_join!(
            when(
                look.wants(Self::KIND, "administration_amenities"),
                amenities(&ids, "organization", look)
            ),
            places(&ids, look),
        )?;
        let now = look.now;
        let shown = stored.iter().map(|row| {
            let details = &row.details;
            let own = answers.remove(&row.id).unwrap_or_default();
            let locales = details.locales.iter().map(|locale| locale.as_str());
            let offset = details.zone.rules().to_offset(now).seconds();
            Row::new(Self::KIND, row.id)
                .at(format!("/administrations/{}", row.id))
                .with("name", row.name.as_str())
                .with("phone", text(&details.contact.phone))
                .with("email", text(&details.contact.email))
                .with("website", text(&details.website))
                .with("description", localized(&details.description))
                .with("surroundings_description", localized(&details.surroundings))
                .with("available_locales", locales.collect::<Vec<&str>>())
                .with("utc_offset", utc_offset(offset))
                .with("timezone", details.zone.name())
                .with("currency", details.currency.code())
                .with("status", stage(details.stage))
                .to_many(
                    "administration_amenities",
                    many("administration_amenity", own),
                )
                .to_one("region", to("region", first(&regions, row.id)))
                .to_one("city", to("city", first(&cities, row.id)))
        });
        Ok(shown.collect())
    }
}

/// What belongs to each of these.
type Linked = HashMap<Id, Vec<Id>>;

/// The regions and the cities that administrations lie in.
async fn places(ids: &[Id], look: &Look<'_>) -> service::Result<(Linked, Linked)> {
    let wants = |name| look.wants(&structure::ADMINISTRATION, name);
    try_join!(
        when(wants("region"), look.reading.linked::<InRegion>(ids)),
        when(wants("city"), look.reading.linked::<InCity>(ids)),
    )
}

/// The one place that an administration lies in.
fn first(places: &Linked, id: Id) -> Option<Id> {
    places.get(&id)?.first().copied()
}

/// `+01:00` of so many seconds.
fn utc_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How far an administration is, in the vendor's words.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::SetUp => "setup",
        Stage::Test => "test",
        Stage::Production => "production",
        Stage::Closed => "closed",
    }
}

/// The answers to amenities of these, by whose they are.
pub async fn amenities(
    ids: &[Id],
    subject: &str,
    look: &Look<'_>,
) -> service::Result<HashMap<Id, Vec<Id>>> {
    let from = const { Field::<AmenityValue>::new("from_id") };
    let links = look.reading.of::<AmenityValue>(from, ids).await?;
    let mut found: HashMap<Id, Vec<Id>> = HashMap::new();
    for link in links.iter().filter(|link| link.subject == subject) {
        found.entry(link.from_id).or_default().push(link.id);
    }
    Ok(found)
}

/// The segments of rentable types.
async fn segments(kind: &ResourceType, ids: &[Id], look: &Look<'_>) -> service::Result<Linked> {
    let wanted = look.wants(kind, "rentable_segments");
    when(wanted, look.reading.linked::<InSegment>(ids)).await
}

async fn rentable_types(
    kind: &'static ResourceType,
    stored: &[Resource],
    look: &Look<'_>,
) -> service::Result<Vec<Row>> {
    let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
    let parent = const { Field::<Image>::new("parent_id") };
    let of_review = const { Field::<Review>::new("parent_id") };
    let (mut segments, mut answers, mut images, reviews) = try_join!(
        segments(kind, &ids, look),
        when(
            look.wants(kind, "rentable_type_amenities"),
            amenities(&ids, "resource", look)
        ),
        when(
            look.wants(kind, "images"),
            look.reading.of::<Image>(parent, &ids)
        ),
        when(
            look.query.shows(kind, "avg_score"),
            look.reading.of::<Review>(of_review, &ids)
        ),
    )?;
    images.sort_by_key(|image| (image.position, image.id));
    let mut pictures: HashMap<Id, Vec<Id>> = HashMap::new();
    for image in images {
        if let Some(id) = image.parent_id {
            pictures.entry(id).or_default().push(image.id);
        }
    }
    let mut scores: HashMap<Id, Vec<Decimal>> = HashMap::new();
    for review in reviews {
        if let Some(id) = review.parent_id {
            scores.entry(id).or_default().push(review.details.score);
        }
    }
    let shown = stored.iter().map(|row| {
        let scores = scores.remove(&row.id).unwrap_or_default();
        let segments = segments.remove(&row.id).unwrap_or_default();
        let answers = answers.remove(&row.id).unwrap_or_default();
        let pictures = pictures.remove(&row.id).unwrap_or_default();
        rentable_type(kind, row)
            .to_many("images", many("image", pictures))
            .with("avg_score", average(&scores).map(amount))
            .to_many("rentable_segments", many("rentable_segment", segments))
            .to_many(
                "rentable_type_amenities",
                many("rentable_type_amenity", answers),
            )
    });
    Ok(shown.collect())
}

/// What guests think on average, with two digits; nothing where nobody said anything.
fn average(scores: &[Decimal]) -> Option<Decimal> {
    let sum: Decimal = scores.iter().sum();
    let average = sum.checked_div(Decimal::from(scores.len()))?;
    Some(average.round_dp(2))
}

fn rentable_type(kind: &'static ResourceType, row: &Resource) -> Row {
    let details = &row.details;
    let rooms = details.rooms;
    // A type that was named in one language only is shown in the one that everybody is shown.
    let name = if details.names.is_empty() {
        Value::localized([("en", row.name.as_str())])
    } else {
        localized(&details.names)
    };
    begun(kind, row)
        .with("name", name)
        .with("description", localized(&details.description))
        .with("archived", details.archived_at.is_some())
        .with("highlighted", details.highlighted)
        .with("max_guests", details.max_people.map(i64::from))
        .with("number_of_bedrooms", number(rooms.bedrooms))
        .with("number_of_beds", number(rooms.beds))
        .with("number_of_showers", number(rooms.showers))
        .with("number_of_toilets", number(rooms.toilets))
        .with("number_of_bathrooms", number(rooms.bathrooms))
        .with("number_of_parking_spots", number(rooms.parking_spots))
        .with("number_of_child_beds", number(rooms.child_beds))
        .with("number_of_child_chairs", number(rooms.child_chairs))
        .with("number_of_rentables", row.quantity)
        .to_one(
            "administration",
            to("administration", Some(row.organization_id)),
        )
        .to_one(
            "master_price_list",
            to("master_price_list", details.price_list_id),
        )
}

/// Declares rentable types under one of their names.
macro_rules! rentable_types {
    ($($(#[$doc:meta])* $name:ident, $kind:expr;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = Resource;
            const KIND: &'static ResourceType = &$kind;

            fn in_channel(channel: &Channel) -> Option<Test<Resource>> {
                if !channel.details.sells_everything {
                    return Some(Test::belongs_to::<SoldIn>(&[channel.id]));
                }
                // A channel of no administration sells those of all of them.
                Some(match channel.organization_id {
                    Some(id) => Test::is(const { Field::new("organization_id") }, id),
                    None => Test::all([]),
                })
            }

            fn lookup(name: &str) -> Option<Lookup<Resource>> {
                Some(match name {
                    "administration" => Lookup::Id(const { Field::new("organization_id") }),
                    "rentable_segments" => Lookup::Through(|ids| Test::has::<InSegment>(&ids)),
                    _ => return None,
                })
            }

            async fn hanging(ids: &[Id], look: &Look<'_>) -> service::Result<()> {
                segments(Self::KIND, ids, look).await.map(drop)
            }

            async fn show(stored: &[Resource], look: &Look<'_>) -> service::Result<Vec<Row>> {
                rentable_types(Self::KIND, stored, look).await
            }
        }
    )* };
}

rentable_types! {
    /// Rentable types.
    RentableType, structure::RENTABLE_TYPE;
    /// Rentable types under their older name.
    Category, structure::CATEGORY;
}

/// Declares people of whom names and addresses are shown.
macro_rules! people {
    ($($(#[$doc:meta])* $name:ident: $stored:ty as $kind:expr;)*) => { $(
        plain! {
            $(#[$doc])*
            $name: $stored as $kind,
            ["email" => Email "email", "created_at" => Instant "created_at",
             "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
            |row, begun| person(begun, &row.details.contact)
                .with("company", text(&row.details.contact.company))
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
        }
    )* };
}

people! {
    /// Owners.
    OwnerShown: Owner as structure::OWNER;
    /// Contractors.
    ContractorShown: Contractor as structure::CONTRACTOR;
}

plain! {
    /// Contracts with owners.
    AgreementShown: Agreement as structure::AGREEMENT,
    ["start_date" => Day "on_day", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Id "organization_id",
     "rentable_identity" => Id "parent_id", "inventory_object" => Id "parent_id"],
    |row, begun| begun
        .with("name", text(&row.details.name))
        .with("start_date", row.on_day)
        .with("end_date", row.details.until)
        .with("share", amount(row.details.share))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("owner", to("owner", row.details.owner_id))
        .to_one("rentable_identity", to("rentable_identity", row.parent_id))
        .to_one("inventory_object", to("inventory_object", row.parent_id))
}

/// Whether an administration has this rentable type, below which pictures and answers stand.
pub async fn has_type(administration: Id, id: Id, look: &Look<'_>) -> service::Result<bool> {
    let found = look.reading.one::<Resource>(id).await?;
    Ok(found.is_some_and(|found| found.organization_id == administration))
}

/// Pictures of rentable types.
pub struct ImageShown;

impl Shown for ImageShown {
    type Stored = Image;
    const KIND: &'static ResourceType = &structure::IMAGE;

    fn lookup(name: &str) -> Option<Lookup<Image>> {
        Some(match name {
            "position" => Lookup::Whole(const { Field::new("position") }),
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
            "administration" => Lookup::Id(const { Field::new("organization_id") }),
            "rentable_type" | "category" => Lookup::Id(const { Field::new("parent_id") }),
            _ => return None,
        })
    }

    async fn stands_below(
        parent: Id,
        administration: Id,
        look: &Look<'_>,
    ) -> service::Result<bool> {
        has_type(administration, parent, look).await
    }

    async fn show(stored: &[Image], _: &Look<'_>) -> service::Result<Vec<Row>> {
        let shown = stored.iter().map(|row| {
            begun(Self::KIND, row)
                .with("url", row.details.url.as_str())
                .with("description", localized(&row.details.caption))
                .with("position", row.position)
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one("administration", to("administration", row.organization_id))
                .to_one("rentable_type", to("rentable_type", row.parent_id))
                .to_one("category", to("category", row.parent_id))
        });
        Ok(shown.collect())
    }
}
