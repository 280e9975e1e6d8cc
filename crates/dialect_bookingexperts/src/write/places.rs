//! Administrations and rentable types.

use domain::{
    id::Id,
    text::{Locale, Localized},
};
use jsonapi::{Draft, Errors, Identifier, Value};
use service::{
    content::{City, Region},
    inventory::{Organization, Resource, RoomCounts, Stage},
    links::{InCity, InRegion, InSegment},
    patch::ContactField,
    properties::{PropertyPatch, RoomPatch},
    records::{Linking, RoomWish, Write},
};

use super::{Archived, Planned, Stand, Wish, Writes, Written, not_so};
use crate::rows::structure as s;

/// Declares rentable types under one of their names.
macro_rules! rentable_types {
    ($($shown:ty;)*) => { $(
        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] = &[
                ("price_list_id", "master_price_list"),
                ("to_id", "rentable_segments"),
            ];

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let Some(administration) = stand.administration else {
                    return Ok(Err(not_so("created")));
                };
                let now = stand.look.now;
                let writes = rentable_type(wish, administration, true, now);
                with_images(wish, administration, writes, stand).await
            }

            async fn update(
                stored: &Resource,
                wish: &Wish,
                stand: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                let now = stand.look.now;
                let home = stored.organization_id;
                let writes = rentable_type(wish, home, false, now);
                with_images(wish, home, writes, stand).await
            }
        }

        impl Archived for $shown {
            fn archive(stored: &Resource, now: jiff::Timestamp) -> Write {
                Write::room(RoomWish {
                    id: stored.id,
                    organization_id: stored.organization_id,
                    is_new: false,
                    price_list_id: None,
                    how: Box::new(move |before| {
                        let mut patch = RoomPatch::default();
                        archive(&mut patch, before, true, now);
                        patch
                    }),
                })
            }
        }
    )* };
}

rentable_types! {
    s::RentableType;
    s::Category;
}

fn rentable_type(wish: &Wish, organization_id: Id, is_new: bool, now: jiff::Timestamp) -> Writes {
    let said = wish.clone();
    let room = RoomWish {
        id: wish.id(),
        organization_id,
        is_new,
        price_list_id: wish
            .many("master_price_list")
            .and_then(|ids| ids.first().copied()),
        how: Box::new(move |before| room(&said, before, now)),
    };
    let mut writes = vec![wish.plan(Write::room(room))];
    if let Some(segments) = wish.many("rentable_segments") {
        let linking = Linking::plain("resource", wish.id(), segments);
        writes.push(wish.plan(linking.write::<InSegment>()));
    }
    has_name(wish, "name").map(|()| writes)
}

/// The writes of a rentable type with those of its pictures.
async fn with_images(
    wish: &Wish,
    organization_id: Id,
    writes: Writes,
    stand: &mut Stand<'_, '_>,
) -> service::Result<Writes> {
    let mut writes = match writes {
        Ok(writes) => writes,
        Err(errors) => return Ok(Err(errors)),
    };
    let images = super::images::of_type(wish, organization_id, stand).await?;
    Ok(images.map(|images| {
        writes.extend(images);
        writes
    }))
}

/// A name that is mentioned has words in some language.
fn has_name(wish: &Wish, name: &str) -> Result<(), Errors> {
    let Some(value) = wish.draft().value(name) else {
        return Ok(());
    };
    let languages = value.as_localized().unwrap_or_default();
    let is_said = |words: &Value| words.as_text().is_none_or(|words| !words.trim().is_empty());
    if languages.iter().any(|(_, words)| is_said(words)) {
        Ok(())
    } else {
        let detail = "Expected a text in at least one language";
        Err(wish.draft().refuse(name, detail).into())
    }
}

/// What a rentable type becomes. A new one has no units until they are made.
fn room(wish: &Wish, before: Option<&Resource>, now: jiff::Timestamp) -> RoomPatch {
    let draft = wish.draft();
    let mut patch = RoomPatch::default();
    if before.is_none() {
        patch.quantity = Some(0);
    }
    if draft.value("name").is_some() {
        let names = names(wish, before);
        let word = names.best(&[], Some(&Locale::english()));
        // The last name is taken out by giving another one.
        patch.name = word
            .filter(|word| !word.trim().is_empty())
            .map(str::to_owned);
        patch.details.names = Some(names);
    }
    if draft.value("description").is_some() {
        let known = before.map(|before| before.details.description.clone());
        let mut description = known.unwrap_or_default();
        wish.words(&mut description, "description");
        patch.details.description = Some(description);
    }
    if let Some(archived) = flag(draft, "archived") {
        archive(&mut patch, before, archived, now);
    }
    patch.details.highlighted = flag(draft, "highlighted");
    if let Some(guests) = draft.value("max_guests") {
        let guests = guests
            .as_integer()
            .and_then(|guests| u16::try_from(guests).ok());
        patch.details.max_people = Some(guests);
    }
    let mut rooms = before
        .map(|before| before.details.rooms)
        .unwrap_or_default();
    if counts(draft, &mut rooms) {
        patch.details.rooms = Some(rooms);
    }
    if let Some(lists) = wish.many("master_price_list") {
        patch.details.price_list_id = Some(lists.first().copied());
    }
    patch
}

/// The names as they become. A type that was named in one language only is shown as if that were English.
fn names(wish: &Wish, before: Option<&Resource>) -> Localized {
    let mut names = Localized::default();
    if let Some(before) = before {
        names.clone_from(&before.details.names);
        if names.is_empty() {
            names.set(Locale::english(), Some(before.name.clone()));
        }
    }
    wish.words(&mut names, "name");
    names
}

fn flag(draft: &Draft, name: &str) -> Option<bool> {
    let value = draft.value(name)?;
    Some(value.as_boolean().unwrap_or_default())
}

/// Whatever is in the archive stays there since it was put there.
fn archive(patch: &mut RoomPatch, before: Option<&Resource>, archived: bool, now: jiff::Timestamp) {
    let since = before.and_then(|before| before.details.archived_at);
    patch.details.archived_at = Some(archived.then(|| since.unwrap_or(now)));
}

/// The numbers that a request mentions; whether there were any.
fn counts(draft: &Draft, rooms: &mut RoomCounts) -> bool {
    let mut any = false;
    for (name, count) in [
        ("number_of_bedrooms", &mut rooms.bedrooms),
        ("number_of_beds", &mut rooms.beds),
        ("number_of_showers", &mut rooms.showers),
        ("number_of_toilets", &mut rooms.toilets),
        ("number_of_bathrooms", &mut rooms.bathrooms),
        ("number_of_parking_spots", &mut rooms.parking_spots),
        ("number_of_child_beds", &mut rooms.child_beds),
        ("number_of_child_chairs", &mut rooms.child_chairs),
    ] {
        if let Some(value) = draft.value(name) {
            let number = value.as_integer().unwrap_or_default();
            *count = u16::try_from(number).unwrap_or_default();
            any = true;
        }
    }
    any
}

impl Written for s::Administration {
    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("surroundings", "surroundings_description"),
        ("to_id", "region"),
    ];

    async fn update(
        stored: &Organization,
        wish: &Wish,
        stand: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let locales = match locales(wish) {
            Ok(locales) => locales,
            Err(errors) => return Ok(Err(errors)),
        };
        let said = wish.clone();
        let write = Write::place(stored.id, move |before| {
            place(&said, before, locales.clone())
        });
        if let Some(errors) = nowhere(wish, stand).await? {
            return Ok(Err(errors));
        }
        let linked = |name| Some(Linking::plain("organization", stored.id, wish.many(name)?));
        let region = linked("region").map(Linking::write::<InRegion>);
        let city = linked("city").map(Linking::write::<InCity>);
        let writes = [Some(write), region, city].into_iter().flatten();
        Ok(Ok(writes.map(|write| wish.plan(write)).collect()))
    }
}

/// What is wrong with where an administration shall lie; nothing where the places are there.
async fn nowhere(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Option<Errors>> {
    let draft = wish.draft();
    let first = |name| wish.many(name).and_then(|ids| ids.first().copied());
    let reading = &stand.look.reading;
    let mut errors = Errors::default();
    if let Some(id) = first("region")
        && reading.one::<Region>(id).await?.is_none()
    {
        errors.push(draft.missing_link("region", &Identifier::new("region", id)));
    }
    if let Some(id) = first("city")
        && reading.one::<City>(id).await?.is_none()
    {
        errors.push(draft.missing_link("city", &Identifier::new("city", id)));
    }
    Ok(errors.unless_any(()).err())
}

/// The languages that a request names.
fn locales(wish: &Wish) -> Result<Option<Vec<Locale>>, Errors> {
    let Some(value) = wish.draft().value("available_locales") else {
        return Ok(None);
    };
    let words = value.as_items().unwrap_or_default();
    let locales = words
        .iter()
        .map(|word| word.as_text().unwrap_or_default().parse());
    let mut known: Vec<Locale> = Vec::new();
    for locale in locales {
        match locale {
            Ok(locale) if !known.contains(&locale) => known.push(locale),
            Ok(_) => {}
            Err(_) => {
                let detail = "Expected languages such as en or de-AT";
                return Err(wish.draft().refuse("available_locales", detail).into());
            }
        }
    }
    Ok(Some(known))
}

fn place(wish: &Wish, before: &Organization, locales: Option<Vec<Locale>>) -> PropertyPatch {
    let draft = wish.draft();
    let text = |name: &str| {
        let value = draft.value(name)?;
        Some(value.as_text().unwrap_or_default().to_owned())
    };
    let localized = |known: &Localized, name: &str| {
        draft.value(name)?;
        let mut words = known.clone();
        wish.words(&mut words, name);
        Some(words)
    };
    let mut patch = PropertyPatch {
        name: text("name"),
        ..PropertyPatch::default()
    };
    let known = &before.details;
    patch.details.locales = locales;
    patch.details.description = localized(&known.description, "description");
    patch.details.surroundings = localized(&known.surroundings, "surroundings_description");
    patch.details.website = text("website");
    let stage = draft.text("status");
    patch.details.stage = stage.and_then(|word| {
        let mut stages = [Stage::SetUp, Stage::Test, Stage::Production, Stage::Closed].into_iter();
        stages.find(|stage| s::stage(*stage) == word)
    });
    let contact = [
        ("phone", ContactField::Phone),
        ("email", ContactField::Email),
    ];
    let contact = contact
        .into_iter()
        .filter_map(|(name, field)| Some((field, text(name)?)));
    patch.details.contact.0 = contact.collect();
    patch
}

/// The rentable type that a unit is to be a piece of, in the administration of the path.
pub(super) async fn type_of_unit(
    wish: &Wish,
    stand: &mut Stand<'_, '_>,
) -> service::Result<Result<Id, Errors>> {
    let draft = wish.draft();
    let Some(id) = wish
        .many("rentable_type")
        .and_then(|ids| ids.first().copied())
    else {
        let detail = "rentable_type is missing";
        return Ok(Err(draft.refuse_link("rentable_type", detail).into()));
    };
    let found = stand.look.reading.one::<Resource>(id).await?;
    let administration = stand.administration;
    let is_here = |found: &Resource| administration.is_none_or(|id| found.organization_id == id);
    Ok(match found.filter(is_here) {
        Some(found) => Ok(found.id),
        None => {
            let to = Identifier::new("rentable_type", id);
            Err(draft.missing_link("rentable_type", &to).into())
        }
    })
}

/// The writes with the one that puts a thing into the archive or takes it out, if that is mentioned.
pub(super) fn archived(
    wish: &Wish,
    archive: impl FnOnce(bool) -> Write,
    mut writes: Vec<Planned>,
) -> Vec<Planned> {
    if let Some(archived) = flag(wish.draft(), "archived") {
        writes.push(wish.plan(archive(archived)));
    }
    writes
}
