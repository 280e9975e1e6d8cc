//! Pictures of rentable types: by themselves, or in the order in which their type names them.

use domain::id::Id;
use jsonapi::{Aim, Errors, Identifier};
use service::{
    content::{Image, ImageDetails},
    inventory::Resource,
    records::{Field, Write, create, remove},
};

use super::{Planned, Stand, Wish, Writes, Written, not_so};
use crate::rows::structure::ImageShown;

/// The relationships that name the type of a picture.
const TYPES: [&str; 2] = ["rentable_type", "category"];

impl Written for ImageShown {
    const NAMES: &'static [(&'static str, &'static str)] =
        &[("caption", "description"), ("parent_id", "rentable_type")];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let of = match type_of(wish, stand.administration, stand).await? {
            Ok(of) => of,
            Err(errors) => return Ok(Err(errors)),
        };
        let Some(id) = of.or(stand.parent) else {
            let detail = "rentable_type is missing";
            return Ok(Err(wish.draft().refuse_link(TYPES[0], detail).into()));
        };
        let (Some(resource), true) = (
            stand.look.reading.one::<Resource>(id).await?,
            stand.parent.is_none_or(|parent| parent == id),
        ) else {
            return Ok(Err(elsewhere(wish, id)));
        };
        let last = images_of(id, stand).await?.last().map(|last| last.position);
        let mut row = picture(
            wish,
            &resource,
            last.map_or(0, |last| last.saturating_add(1)),
        );
        take(&mut row, wish);
        Ok(Ok(vec![wish.plan(create(row))]))
    }

    async fn update(
        stored: &Image,
        wish: &Wish,
        stand: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let of = match type_of(wish, stored.organization_id, stand).await? {
            Ok(of) => of,
            Err(errors) => return Ok(Err(errors)),
        };
        Ok(Ok(vec![wish.change(stored.id, move |row, wish| {
            take(row, wish);
            row.parent_id = of.or(row.parent_id);
        })]))
    }

    fn remove(stored: &Image) -> Option<Write> {
        Some(remove::<Image>(stored.id))
    }
}

fn take(row: &mut Image, wish: &Wish) {
    wish.text(&mut row.details.url, "url");
    wish.words(&mut row.details.caption, "description");
    wish.whole(&mut row.position, "position");
}

fn picture(wish: &Wish, of: &Resource, position: i64) -> Image {
    let mut row = Image::new(wish.id(), ImageDetails::default());
    row.organization_id = Some(of.organization_id);
    row.parent_id = Some(of.id);
    row.position = position;
    row
}

/// The type that a request names, if it names one of this administration.
async fn type_of(
    wish: &Wish,
    administration: Option<Id>,
    stand: &mut Stand<'_, '_>,
) -> service::Result<Result<Option<Id>, Errors>> {
    let mut of = None;
    for name in TYPES {
        let Some(ids) = wish.many(name) else {
            continue;
        };
        let Some(id) = ids.first().copied() else {
            let detail = "A picture is always of a rentable type";
            return Ok(Err(wish.draft().refuse_link(name, detail).into()));
        };
        let found = stand.look.reading.one::<Resource>(id).await?;
        let is_here =
            |found: &Resource| administration.is_none_or(|id| found.organization_id == id);
        if found.filter(is_here).is_none() || of.is_some_and(|known| known != id) {
            let missing = Identifier::new(name, id);
            return Ok(Err(wish.draft().missing_link(name, &missing).into()));
        }
        of = Some(id);
    }
    Ok(Ok(of))
}

/// The refusal of a type that is not the one of the path.
fn elsewhere(wish: &Wish, id: Id) -> Errors {
    let named = TYPES.iter().find(|name| wish.many(name).is_some());
    let name = named.copied().unwrap_or(TYPES[0]);
    let missing = Identifier::new(name, id);
    wish.draft().missing_link(name, &missing).into()
}

/// The pictures of a type, in their order.
async fn images_of(id: Id, stand: &mut Stand<'_, '_>) -> service::Result<Vec<Image>> {
    let parent = const { Field::<Image>::new("parent_id") };
    let mut found = stand.look.reading.of::<Image>(parent, &[id]).await?;
    found.sort_by_key(|image| (image.position, image.id));
    Ok(found)
}

/// The writes by which a type has the pictures that it names, in their order: those that travel along, and
/// those that are there. What is not named goes. Nothing where pictures are not mentioned.
pub(super) async fn of_type(
    wish: &Wish,
    organization_id: Id,
    stand: &mut Stand<'_, '_>,
) -> service::Result<Writes> {
    let Some(ids) = wish.many("images") else {
        return Ok(Ok(Vec::new()));
    };
    let known = images_of(wish.id(), stand).await?;
    let beside = wish.beside("images");
    let mut errors = Errors::default();
    let mut writes: Vec<Planned> = Vec::new();
    for (position, id) in (0_i64..).zip(&ids) {
        let is_known = known.iter().any(|image| image.id == *id);
        let travels = beside.iter().find(|one| one.id() == *id);
        match travels {
            Some(new) if new.draft().aim == Aim::Create => {
                if TYPES.iter().any(|name| new.many(name).is_some()) {
                    return Ok(Err(not_so("created for another rentable type")));
                }
                let mut row = Image::new(new.id(), ImageDetails::default());
                row.organization_id = Some(organization_id);
                row.parent_id = Some(wish.id());
                take(&mut row, new);
                row.position = position;
                writes.push(new.plan(create(row)));
            }
            Some(changed) if is_known => {
                writes.push(changed.change(*id, move |row: &mut Image, wish| {
                    take(row, wish);
                    row.position = position;
                }));
            }
            None if is_known => writes.push(wish.change(*id, move |row: &mut Image, _| {
                row.position = position;
            })),
            _ => {
                let missing = Identifier::new("image", id);
                errors.push(wish.draft().missing_link("images", &missing));
            }
        }
    }
    let gone = known.iter().filter(|image| !ids.contains(&image.id));
    writes.extend(gone.map(|image| wish.plan(remove::<Image>(image.id))));
    Ok(errors.unless_any(writes))
}
