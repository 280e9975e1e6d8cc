//! What a change has changed, in this dialect's attributes.
//!
//! An event of a booking knows the house's attributes with their old and new values, and several of them may be one of
//! the dialect's: adults and children are one group of guests. So the booking is put together as it was
//! and as it became, both are shown, and what differs is told. Whatever a caller may not read differs in
//! neither. An event of any other row notes what has differed in it, and the row is put together likewise.

use domain::id::Id;
use jsonapi::{Locales, ResourceType, Row};
use serde_json::{Map, Value, json};
use service::sale::{Booking, changes::set};

use crate::kinds::bookings as kinds;
use crate::read::{Look, Shown};
use crate::rows::{
    self,
    bookings::{BookingShown, Reservation},
    periods::AgendaPeriod,
};

/// Relationships of bookings whose ends are told like attributes.
const LINKS: &[&str] = &["administration", "booking", "category", "rentable_type"];

/// The changes of a resource that a booking is shown as, `[old, new]` by name.
///
/// # Errors
/// Those of the use cases.
pub async fn of(
    kind: &ResourceType,
    now: &Booking,
    changes: &Map<String, Value>,
    look: &Look<'_>,
) -> service::Result<Map<String, Value>> {
    let (mut old, mut new) = (now.clone(), now.clone());
    for (name, pair) in changes {
        set(&mut old, name, &pair[0]);
        set(&mut new, name, &pair[1]);
    }
    let both = [old, new];
    let shown = if *kind == kinds::RESERVATION {
        Reservation::show(&both, look).await?
    } else if *kind == kinds::BOOKING {
        BookingShown::show(&both, look).await?
    } else if *kind == kinds::AGENDA_PERIOD {
        AgendaPeriod::show(&both, look).await?
    } else {
        Vec::new()
    };
    Ok(match shown.as_slice() {
        [old, new] => {
            let attributes = kind.attributes.iter().map(|known| known.name);
            let mut told = differences(attributes, LINKS.iter().copied(), old, new);
            // Both were shown with the unit that the booking has now, which is no attribute of it.
            if let Some(pair) = changes
                .get("pinned")
                .filter(|_| *kind == kinds::RESERVATION)
            {
                told.insert("fixed_rentable".to_owned(), pair.clone());
            }
            told
        }
        _ => Map::new(),
    })
}

/// The changes of a resource of any other row, as far as a request for it would show them; none where the
/// event notes none.
///
/// # Errors
/// Those of the use cases.
pub async fn of_row(
    kind: &'static ResourceType,
    id: Id,
    facts: &Value,
    look: &Look<'_>,
) -> service::Result<Map<String, Value>> {
    let Some([old, new]) = rows::sides(kind, id, facts, look).await? else {
        return Ok(Map::new());
    };
    let is_shown = |name: &&str| look.query.shows(kind, name);
    let attributes = kind.attributes.iter().map(|known| known.name);
    let links = kind.relationships.iter().filter(|known| !known.many);
    let links = links.map(|known| known.name);
    let (attributes, links) = (attributes.filter(is_shown), links.filter(is_shown));
    Ok(differences(attributes, links, &old, &new))
}

fn differences(
    attributes: impl Iterator<Item = &'static str>,
    links: impl Iterator<Item = &'static str>,
    old: &Row,
    new: &Row,
) -> Map<String, Value> {
    let locales = Locales::all();
    let mut changes = Map::new();
    for name in attributes {
        let (was, is) = (old.value(name), new.value(name));
        if was != is {
            let pair = json!([was.to_json(&locales), is.to_json(&locales)]);
            changes.insert(name.to_owned(), pair);
        }
    }
    for name in links {
        let end = |row: &Row| row.linked(name).first().map(|end| end.id.clone());
        let (was, is) = (end(old), end(new));
        if was != is {
            changes.insert(name.to_owned(), json!([was, is]));
        }
    }
    changes
}
