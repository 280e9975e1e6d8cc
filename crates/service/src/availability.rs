//! What is free, what can be sold, at which price, and in which units guests stay.

use std::{collections::BTreeMap, sync::Arc};

use catalogue::inventory::{Organization, Resource};
use domain::{access::Actor, calendar::judge_stay, id::Id, party::Party};
use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use store::{
    Condition, Tx, Value,
    looks::{Look, Looked},
    occupancy::{self, LaneView, Occupied},
    terms::{Sold, Terms},
};

use crate::{Error, Page, PageOf, Result, Service, UseCase, stamp::reached};

/// The most days that one look takes, over all its resources: bounds what a call makes the store read.
pub const MOST_DAYS: i64 = 366 * 3;

/// Which resources are wanted. Empty lists ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceFilter {
    /// These resources.
    pub ids: Vec<Id>,
    /// The resources of these organizations.
    pub organization_ids: Vec<Id>,
}

impl ResourceFilter {
    pub(crate) fn condition(&self, actor: &Actor) -> Condition {
        let mut all = vec![reached(actor, "organization_id")];
        for (column, ids) in [
            ("id", &self.ids),
            ("organization_id", &self.organization_ids),
        ] {
            if !ids.is_empty() {
                all.push(Condition::In(
                    column,
                    ids.iter().map(|id| Value::from(*id)).collect(),
                ));
            }
        }
        Condition::All(all)
    }

    /// The ids, where all that can be on the page are named; in their order.
    fn named(&self, page: PageOf) -> Option<Vec<Id>> {
        let named = page.offset() == 0 && (1..=page.size as usize).contains(&self.ids.len());
        named.then(|| {
            let mut ids = self.ids.clone();
            ids.sort_unstable();
            ids.dedup();
            ids
        })
    }

    pub(crate) async fn page(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        page: PageOf,
    ) -> Result<Page<Resource>> {
        let rows = tx
            .find::<Resource>(
                &self.condition(actor),
                "id",
                Some(page.limit()),
                page.offset(),
            )
            .await?;
        Ok(page.page(rows))
    }
}

/// A resource and for each night whether a stay may begin with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    /// The resource.
    pub resource: Arc<Resource>,
    /// One answer per night.
    pub nights: Vec<(Date, bool)>,
}

/// A resource and what of it can be booked for a stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Offers {
    /// The resource.
    pub resource: Arc<Resource>,
    /// The organization it belongs to.
    pub organization: Arc<Organization>,
    /// Its offers, by number; empty when nothing can be sold.
    pub offers: Vec<OfferView>,
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferView {
    /// Its number.
    pub number: u8,
    /// The price of the whole stay, major units of the property's currency.
    pub price: Decimal,
    /// How many can still be sold for the whole stay.
    pub free: i64,
}

/// A stay that somebody asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayWanted {
    /// The first night.
    pub arrival: Date,
    /// The morning after the last night.
    pub departure: Date,
    /// Who comes.
    pub party: Party,
    /// Only these offers; empty for all.
    pub offer_numbers: Vec<u8>,
}

/// A resource and how many bookings each of its units has in each night.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitOccupancy {
    /// The resource.
    pub resource: Arc<Resource>,
    /// One entry per night.
    pub nights: Vec<UnitNight>,
}

/// The units of one night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitNight {
    /// The night.
    pub night: Date,
    /// Bookings by unit number.
    pub units: BTreeMap<i64, i64>,
    /// Units taken by bookings that have none assigned.
    pub unassigned: i64,
}

impl Service {
    /// For each night of `[first, until)` whether a stay may begin with it: there is room, it is not
    /// closed to arrivals, and it has a price in an offer that is made.
    pub async fn availability(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        (first, until): (Date, Date),
        page: PageOf,
    ) -> Result<Page<Availability>> {
        UseCase::ReadCalendar.authorize(actor)?;
        let nights = nights_between(first, until)?;
        let seen = self.look(actor, filter, (first, until), page).await?;
        Ok(seen.map(actor.tenant_id, |Seen { sold, lane, terms }| {
            let free = lane.free(first, nights);
            let days =
                (0..nights).filter_map(|night| first.checked_add((night as i64).days()).ok());
            let nights = days
                .zip(free)
                .map(|(day, free)| (day, free > 0 && opens(terms, sold, day)))
                .collect();
            let resource = Arc::clone(&sold.resource);
            Availability { nights, resource }
        }))
    }

    /// What can be booked for a stay: allowed by the calendar, with room, with a price for the party. An
    /// offer that is switched off, or wants more nights than the stay has, is not among them.
    pub async fn offers(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        wanted: &StayWanted,
        page: PageOf,
    ) -> Result<Page<Offers>> {
        UseCase::ReadCalendar.authorize(actor)?;
        let stay = (wanted.arrival, wanted.departure);
        nights_between(stay.0, stay.1)?;
        let seen = self.look(actor, filter, stay, page).await?;
        Ok(seen.map(actor.tenant_id, |seen| Offers {
            offers: offers_of(actor, &seen, wanted),
            resource: Arc::clone(&seen.sold.resource),
            organization: Arc::clone(&seen.sold.organization),
        }))
    }

    /// In which units guests stay, for each night of `[first, until)`.
    pub async fn unit_occupancy(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        (first, until): (Date, Date),
        page: PageOf,
    ) -> Result<Page<UnitOccupancy>> {
        UseCase::ReadCalendar.authorize(actor)?;
        let nights = nights_between(first, until)?;
        let seen = self.look(actor, filter, (first, until), page).await?;
        let looks = Look::each(actor.tenant_id, &seen.ids, (first, until));
        let stays = occupancy::stays(&self.store.reader().await?, &looks).await?;
        Ok(seen.map(actor.tenant_id, |seen| {
            let stays = stays.get(&seen.sold.resource.id);
            UnitOccupancy {
                resource: Arc::clone(&seen.sold.resource),
                nights: unit_nights(&seen.lane.edges(first, nights), first, stays),
            }
        }))
    }

    /// Looks at a page of resources.
    async fn look(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        (first, until): (Date, Date),
        page: PageOf,
    ) -> Result<PageSeen> {
        let (ids, more) = match filter.named(page) {
            Some(ids) => (ids, false),
            None => {
                let mut tx = self.store.reader().await?;
                let page = filter.page(&mut tx, actor, page).await?;
                let ids = page.rows.into_iter().map(|resource| resource.id);
                (ids.collect(), page.more)
            }
        };
        let looks = Look::each(actor.tenant_id, &ids, (first, until));
        let looked = self.store.look(looks).await?;
        let mut seen = PageSeen { ids, looked, more };
        seen.keep_reached(actor, filter);
        Ok(seen)
    }
}

/// The resources of a page with their lanes and terms.
struct PageSeen {
    ids: Vec<Id>,
    looked: Arc<Looked>,
    more: bool,
}

/// One resource of a page.
#[derive(Clone, Copy)]
struct Seen<'a> {
    sold: &'a Arc<Sold>,
    lane: &'a LaneView,
    terms: &'a Terms,
}

impl PageSeen {
    /// Ids that somebody named may be of anybody's resources.
    fn keep_reached(&mut self, actor: &Actor, filter: &ResourceFilter) {
        let looked = Arc::clone(&self.looked);
        self.ids.retain(|id| {
            let lane = looked.lane(actor.tenant_id, *id);
            lane.is_some_and(|lane| {
                let wanted = &filter.organization_ids;
                actor.reaches(lane.organization_id)
                    && (wanted.is_empty() || wanted.contains(&lane.organization_id))
            })
        });
    }

    fn map<T>(&self, tenant_id: Id, each: impl Fn(Seen<'_>) -> T) -> Page<T> {
        let seen = self.ids.iter().filter_map(|id| {
            Some(Seen {
                sold: self.looked.terms.sold(tenant_id, *id)?,
                lane: self.looked.lane(tenant_id, *id)?,
                terms: &self.looked.terms,
            })
        });
        Page {
            rows: seen.map(each).collect(),
            more: self.more,
        }
    }
}

/// How many nights `[first, until)` has.
pub(crate) fn nights_between(first: Date, until: Date) -> Result<usize> {
    let nights = i64::from(domain::time::nights(first, until)).max(0);
    if nights > MOST_DAYS {
        return Err(Error::TooMany {
            limit: MOST_DAYS as usize,
        });
    }
    Ok(nights as usize)
}

pub(crate) async fn lanes(
    tx: &mut Tx,
    actor: &Actor,
    resources: &[Resource],
    first: Date,
    until: Date,
) -> Result<BTreeMap<Id, LaneView>> {
    let ids: Vec<Id> = resources.iter().map(|resource| resource.id).collect();
    let lanes = occupancy::look(tx, actor.tenant_id, &ids, first, until).await?;
    Ok(lanes
        .into_iter()
        .map(|lane| (lane.resource_id, lane))
        .collect())
}

fn opens(terms: &Terms, sold: &Sold, day: Date) -> bool {
    let resource = &sold.resource;
    let settings = terms.day(resource.tenant_id, resource.id, day);
    let shut = settings.is_some_and(|settings| {
        settings.closed
            || settings.no_check_in
            || (settings.exception && resource.details.rules.exception_closes)
    });
    !shut && terms.has_price(resource.tenant_id, resource.id, day)
}

fn offers_of(actor: &Actor, seen: &Seen<'_>, wanted: &StayWanted) -> Vec<OfferView> {
    let (sold, terms) = (seen.sold, seen.terms);
    let resource = &sold.resource;
    let stay = (wanted.arrival, wanted.departure);
    let day_of = |day: Date| terms.day(resource.tenant_id, resource.id, day);
    let allowed = judge_stay(day_of, &resource.details.rules, stay.0, stay.1).is_ok();
    let free = seen.lane.free_for(stay.0, stay.1);
    if free <= 0 || !allowed {
        return Vec::new();
    }
    let key = (resource.tenant_id, resource.id);
    let quotes = terms.quotes(key, actor.now, stay, wanted.party);
    let is_wanted =
        |number: &u8| wanted.offer_numbers.is_empty() || wanted.offer_numbers.contains(number);
    quotes
        .into_iter()
        .filter(|(number, _)| is_wanted(number))
        .map(|(number, quote)| OfferView {
            number,
            price: quote.total.to_decimal(),
            free,
        })
        .collect()
}

/// What the units have in each night from `first` on; `edges` are the moments at which the nights turn over.
fn unit_nights(edges: &[i64], first: Date, stays: Option<&Vec<Occupied>>) -> Vec<UnitNight> {
    let mut found: Vec<UnitNight> = (1..edges.len())
        .filter_map(|night| first.checked_add((night as i64 - 1).days()).ok())
        .map(|night| UnitNight {
            night,
            units: BTreeMap::new(),
            unassigned: 0,
        })
        .collect();
    for one in stays.into_iter().flatten() {
        for (night, of_night) in found.iter_mut().enumerate() {
            if one.starts_at < edges[night + 1] && edges[night] < one.ends_at {
                match one.unit {
                    Some(unit) => *of_night.units.entry(unit).or_default() += 1,
                    None => of_night.unassigned += one.quantity,
                }
            }
        }
    }
    found
}
