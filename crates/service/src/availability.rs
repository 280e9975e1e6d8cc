//! What is free, what can be sold, at which price, and in which units guests stay.

use std::collections::BTreeMap;

use catalogue::inventory::Resource;
use domain::{access::Actor, calendar::judge_stay, id::Id, party::Party};
use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use store::{
    Condition, Tx, Value,
    occupancy::{self, LaneView},
};

use crate::{Error, Page, PageOf, Result, Service, UseCase, pricing::PriceList, stamp::reached};

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
    pub resource: Resource,
    /// One answer per night.
    pub nights: Vec<(Date, bool)>,
}

/// A resource and what of it can be booked for a stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Offers {
    /// The resource.
    pub resource: Resource,
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
    pub resource: Resource,
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
    /// closed to arrivals, and it has a price.
    pub async fn availability(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        (first, until): (Date, Date),
        page: PageOf,
    ) -> Result<Page<Availability>> {
        UseCase::ReadCalendar.authorize(actor)?;
        let nights = nights_between(first, until)?;
        let mut tx = self.store.reader().await?;
        let resources = filter.page(&mut tx, actor, page).await?;
        let prices = PriceList::read(&mut tx, actor, resources.rows.clone(), first, until).await?;
        let lanes = lanes(&mut tx, actor, &resources.rows, first, until).await?;
        Ok(resources.map(|resource| {
            let free = lanes
                .get(&resource.id)
                .map(|lane| lane.free(first, nights))
                .unwrap_or_default();
            let days =
                (0..nights).filter_map(|night| first.checked_add((night as i64).days()).ok());
            let nights = days
                .zip(free.iter().copied().chain(std::iter::repeat(0)))
                .map(|(day, free)| (day, free > 0 && opens(&prices, &resource, day)))
                .collect();
            Availability { nights, resource }
        }))
    }

    /// What can be booked for a stay: allowed by the calendar, with room, with a price for the party.
    pub async fn offers(
        &self,
        actor: &Actor,
        filter: &ResourceFilter,
        wanted: &StayWanted,
        page: PageOf,
    ) -> Result<Page<Offers>> {
        UseCase::ReadCalendar.authorize(actor)?;
        nights_between(wanted.arrival, wanted.departure)?;
        let until = wanted.departure.tomorrow().unwrap_or(wanted.departure);
        let mut tx = self.store.reader().await?;
        let resources = filter.page(&mut tx, actor, page).await?;
        let prices = PriceList::read(
            &mut tx,
            actor,
            resources.rows.clone(),
            wanted.arrival,
            until,
        )
        .await?;
        let lanes = lanes(
            &mut tx,
            actor,
            &resources.rows,
            wanted.arrival,
            wanted.departure,
        )
        .await?;
        Ok(resources.map(|resource| {
            let free = lanes
                .get(&resource.id)
                .map_or(0, |lane| lane.free_for(wanted.arrival, wanted.departure));
            Offers {
                offers: offers_of(actor, &prices, &resource, wanted, free),
                resource,
            }
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
        let mut tx = self.store.reader().await?;
        let resources = filter.page(&mut tx, actor, page).await?;
        let lanes = lanes(&mut tx, actor, &resources.rows, first, until).await?;
        Ok(resources.map(|resource| {
            let nights = lanes
                .get(&resource.id)
                .map(|lane| unit_nights(lane, first, nights))
                .unwrap_or_default();
            UnitOccupancy { resource, nights }
        }))
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

fn opens(prices: &PriceList, resource: &Resource, day: Date) -> bool {
    let shut = prices.day(resource.id, day).is_some_and(|settings| {
        settings.closed
            || settings.no_check_in
            || (settings.exception && resource.details.rules.exception_closes)
    });
    !shut && prices.has_price(resource.id, day)
}

fn offers_of(
    actor: &Actor,
    prices: &PriceList,
    resource: &Resource,
    wanted: &StayWanted,
    free: i64,
) -> Vec<OfferView> {
    let day_of = |day: Date| prices.day(resource.id, day);
    let allowed = judge_stay(
        day_of,
        &resource.details.rules,
        wanted.arrival,
        wanted.departure,
    )
    .is_ok();
    if free <= 0 || !allowed {
        return Vec::new();
    }
    prices
        .quotes(
            actor,
            resource.id,
            wanted.arrival,
            wanted.departure,
            wanted.party,
        )
        .into_iter()
        .filter(|(number, _)| {
            wanted.offer_numbers.is_empty() || wanted.offer_numbers.contains(number)
        })
        .map(|(number, quote)| OfferView {
            number,
            price: quote.total.to_decimal(),
            free,
        })
        .collect()
}

fn unit_nights(lane: &LaneView, first: Date, nights: usize) -> Vec<UnitNight> {
    let edges = lane.edges(first, nights);
    let mut found: Vec<UnitNight> = (0..nights)
        .filter_map(|night| first.checked_add((night as i64).days()).ok())
        .map(|night| UnitNight {
            night,
            units: BTreeMap::new(),
            unassigned: 0,
        })
        .collect();
    for allocation in &lane.allocations {
        for (night, of_night) in found.iter_mut().enumerate() {
            if allocation.starts_at < edges[night + 1] && edges[night] < allocation.ends_at {
                match allocation.unit {
                    Some(unit) => *of_night.units.entry(unit).or_default() += 1,
                    None => of_night.unassigned += allocation.quantity,
                }
            }
        }
    }
    found
}
