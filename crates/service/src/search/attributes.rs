//! What resources are filtered by besides days and prices, as far as it is stored.

use std::collections::{BTreeSet, HashMap};

use ::search::{Amenity, AmenityValue as Found, Attributes, Count};
use catalogue::{
    ColumnKind::{self, Int},
    Row,
    content::AmenityAnswer,
    inventory::{Organization, Resource, RoomCounts},
    links::{AmenityValue, InRegion, InSegment},
    records::Review,
};
use domain::id::Id;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use store::{Result, Tx};

/// What hangs on resources, by resource. Whatever changes any of it calls [`Tx::terms_changed`].
#[derive(Default)]
pub(super) struct Around {
    segments: HashMap<Id, Vec<Id>>,
    amenities: HashMap<Id, Vec<Amenity>>,
    /// The scores of reviews, added up, and how many there are.
    scores: HashMap<Id, (Decimal, u32)>,
    /// The region that an organization lies in.
    regions: HashMap<Id, Id>,
}

const OF_LINK: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("from_id", Int)];
const OF_RECORD: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("parent_id", Int)];

impl Around {
    pub(super) async fn read(
        tx: &mut Tx,
        tenant_id: Id,
        ids: &BTreeSet<Id>,
        organizations: &BTreeSet<Id>,
    ) -> Result<Self> {
        let key = |id: &Id| vec![tenant_id.into(), (*id).into()];
        let keys: Vec<Row> = ids.iter().map(key).collect();
        let homes: Vec<Row> = organizations.iter().map(key).collect();
        let mut around = Self::default();
        for link in tx.find_each::<InRegion>(OF_LINK, &homes).await? {
            around.regions.insert(link.from_id, link.to_id);
        }
        for link in tx.find_each::<InSegment>(OF_LINK, &keys).await? {
            let segments = around.segments.entry(link.from_id).or_default();
            segments.push(link.to_id);
        }
        for link in tx.find_each::<AmenityValue>(OF_LINK, &keys).await? {
            let value = match link.details.answer {
                None => Found::Flag(true),
                Some(AmenityAnswer::There(there)) => Found::Flag(there),
                Some(AmenityAnswer::Option(id)) => Found::Option(id),
                Some(AmenityAnswer::Number(number)) => {
                    Found::Number(number.round().to_i64().unwrap_or_default())
                }
            };
            let id = link.to_id;
            let amenities = around.amenities.entry(link.from_id).or_default();
            amenities.push(Amenity { id, value });
        }
        for review in tx.find_each::<Review>(OF_RECORD, &keys).await? {
            if let Some(id) = review.parent_id {
                let (sum, count) = around.scores.entry(id).or_default();
                *sum = sum.saturating_add(review.details.score);
                *count += 1;
            }
        }
        Ok(around)
    }
}

/// The attributes of a resource. Whoever stores more of them adds it here, and calls
/// [`store::Tx::terms_changed`] in the commit that changes it.
pub(super) fn attributes(
    organization: &Organization,
    resource: &Resource,
    around: &Around,
) -> Attributes {
    let id = &resource.id;
    let details = &resource.details;
    let contact = &organization.details.contact;
    let country = if contact.country_code.is_empty() {
        &contact.country
    } else {
        &contact.country_code
    };
    Attributes {
        country: country.clone(),
        region: around.regions.get(&organization.id).copied(),
        counts: Count::ALL.map(|count| Some(counted(count, &details.rooms))),
        segments: around.segments.get(id).cloned().unwrap_or_default(),
        amenities: around.amenities.get(id).cloned().unwrap_or_default(),
        score: around
            .scores
            .get(id)
            .map(|(sum, count)| sum / Decimal::from(*count)),
        highlighted: details.highlighted,
        archived: details.archived_at.is_some(),
        ..Attributes::default()
    }
}

fn counted(count: Count, rooms: &RoomCounts) -> u16 {
    match count {
        Count::Bedrooms => rooms.bedrooms,
        Count::Beds => rooms.beds,
        Count::Showers => rooms.showers,
        Count::Toilets => rooms.toilets,
        Count::Bathrooms => rooms.bathrooms,
        Count::ParkingSpots => rooms.parking_spots,
        Count::ChildBeds => rooms.child_beds,
        Count::ChildChairs => rooms.child_chairs,
    }
}
