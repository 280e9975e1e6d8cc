//! Prices, computed here from what the calendar says and never taken from whoever asks for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalogue::inventory::{Organization, Resource};
use domain::{
    access::Actor,
    calendar::CalendarDay,
    id::Id,
    party::{Party, Room},
    rate::{Linking, PriceBook, Pricing, Quote, RatePlan, Sheet, Wanted, cheapest_of_each_offer},
    time::today,
};
use jiff::civil::Date;
use store::{Condition, Tx, Value, calendar::Days};

use crate::{
    Result, Service,
    bookings::write::{BookingWrite, NewBooking},
    stamp::reached,
};

/// Everything that prices of some resources follow from.
pub(crate) struct PriceList {
    organizations: HashMap<Id, Organization>,
    resources: HashMap<Id, Resource>,
    sheets: BTreeMap<Id, Sheet>,
}

/// How often links lead to further resources; deeper ones have no price.
const LINK_ROUNDS: usize = 8;

impl PriceList {
    /// Reads what stays of `days` in these resources cost, following links to other resources.
    pub(crate) async fn read(
        tx: &mut Tx,
        actor: &Actor,
        resources: Vec<Resource>,
        first: Date,
        until: Date,
    ) -> Result<Self> {
        let mut list = Self {
            organizations: HashMap::new(),
            resources: HashMap::new(),
            sheets: BTreeMap::new(),
        };
        let mut next = resources;
        for _ in 0..LINK_ROUNDS {
            let linked = list.add(tx, actor, next, first, until).await?;
            if linked.is_empty() {
                break;
            }
            next = find_resources(tx, actor, &linked).await?;
        }
        let ids: BTreeSet<Id> = list
            .resources
            .values()
            .map(|resource| resource.organization_id)
            .collect();
        let condition = Condition::All(vec![
            Condition::Is("tenant_id", actor.tenant_id.into()),
            Condition::In("id", ids.into_iter().map(Value::from).collect()),
        ]);
        let organizations = tx.find::<Organization>(&condition, "", None, 0).await?;
        list.organizations = organizations
            .into_iter()
            .map(|organization| (organization.id, organization))
            .collect();
        Ok(list)
    }

    /// Adds resources and says which others their prices are linked to.
    async fn add(
        &mut self,
        tx: &mut Tx,
        actor: &Actor,
        resources: Vec<Resource>,
        first: Date,
        until: Date,
    ) -> Result<Vec<Id>> {
        let stretches: Vec<Days> = resources
            .iter()
            .map(|resource| Days {
                resource_id: resource.id,
                first,
                until,
            })
            .collect();
        let days = store::calendar::read(tx, actor.tenant_id, &stretches).await?;
        for resource in resources {
            let plans = resource
                .details
                .rate_plans
                .values()
                .map(|record| record.plan.clone())
                .collect();
            self.sheets.insert(
                resource.id,
                Sheet {
                    days: BTreeMap::new(),
                    plans,
                },
            );
            self.resources.insert(resource.id, resource);
        }
        for day in days {
            if let Some(sheet) = self.sheets.get_mut(&day.resource_id) {
                sheet.days.insert(day.day, day.settings);
            }
        }
        let plans = self.sheets.values().flat_map(|sheet| &sheet.plans);
        let linked: BTreeSet<Id> = plans
            .filter_map(|plan| Some(plan.linking?.resource))
            .collect();
        Ok(linked
            .into_iter()
            .filter(|resource_id| !self.sheets.contains_key(resource_id))
            .collect())
    }

    /// The cheapest quote of each offer.
    pub(crate) fn quotes(
        &self,
        actor: &Actor,
        resource_id: Id,
        arrival: Date,
        departure: Date,
        party: Party,
    ) -> BTreeMap<u8, Quote> {
        let Some(resource) = self.resources.get(&resource_id) else {
            return BTreeMap::new();
        };
        let Some(organization) = self.organizations.get(&resource.organization_id) else {
            return BTreeMap::new();
        };
        let pricing = Pricing {
            resource: resource_id,
            room: Room {
                people: resource.details.max_people,
                adults: resource.details.max_adults,
                children: resource.details.max_children,
            },
            currency: organization.details.currency,
            book: &self.sheets,
        };
        let wanted = Wanted {
            arrival,
            departure,
            party,
            today: today(&organization.details.zone, actor.now),
        };
        cheapest_of_each_offer(&pricing, self.plans(resource_id), &wanted)
    }

    fn plans(&self, resource_id: Id) -> &[RatePlan] {
        self.sheets
            .get(&resource_id)
            .map_or(&[], |sheet| &sheet.plans)
    }

    /// Whether any plan of the resource has a price for the night.
    pub(crate) fn has_price(&self, resource_id: Id, night: Date) -> bool {
        self.plans(resource_id)
            .iter()
            .any(|plan| self.plan_has_price(resource_id, plan.number, plan.linking, night))
    }

    fn plan_has_price(
        &self,
        resource_id: Id,
        number: u8,
        linking: Option<Linking>,
        night: Date,
    ) -> bool {
        let (mut resource_id, mut number, mut linking) = (resource_id, number, linking);
        for _ in 0..LINK_ROUNDS {
            let Some(link) = linking else {
                return self
                    .sheets
                    .day(resource_id, night)
                    .is_some_and(|day| day.prices.contains_key(&number));
            };
            (resource_id, number) = (link.resource, link.number);
            linking = self.sheets.linking(resource_id, number).copied();
        }
        false
    }

    /// What the calendar says of a day.
    pub(crate) fn day(&self, resource_id: Id, day: Date) -> Option<&CalendarDay> {
        self.sheets.day(resource_id, day)
    }
}

/// Resources of the tenant by id, whatever the caller reaches: prices may be linked across.
async fn find_resources(tx: &mut Tx, actor: &Actor, ids: &[Id]) -> Result<Vec<Resource>> {
    let condition = Condition::All(vec![
        Condition::Is("tenant_id", actor.tenant_id.into()),
        Condition::In("id", ids.iter().map(|id| Value::from(*id)).collect()),
    ]);
    Ok(tx.find::<Resource>(&condition, "", None, 0).await?)
}

/// Fills in the prices that the caller left to us.
pub(crate) async fn price(
    service: &Service,
    actor: &Actor,
    mut items: Vec<BookingWrite>,
) -> Result<Vec<BookingWrite>> {
    let unpriced: Vec<&mut NewBooking> = items
        .iter_mut()
        .filter_map(|item| match item {
            BookingWrite::Create(new) if !new.price_given => Some(&mut **new),
            _ => None,
        })
        .collect();
    let (Some(first), Some(until)) = (
        unpriced.iter().map(|new| new.arrival).min(),
        unpriced.iter().map(|new| new.departure).max(),
    ) else {
        return Ok(items);
    };
    let ids: BTreeSet<Id> = unpriced.iter().map(|new| new.resource_id).collect();
    let condition = Condition::All(vec![
        reached(actor, "organization_id"),
        Condition::In("id", ids.into_iter().map(Value::from).collect()),
    ]);
    let mut tx = service.store.reader().await?;
    let resources = tx.find::<Resource>(&condition, "", None, 0).await?;
    let list = PriceList::read(&mut tx, actor, resources, first, until).await?;
    for new in unpriced {
        let quotes = list.quotes(
            actor,
            new.resource_id,
            new.arrival,
            new.departure,
            new.details.party,
        );
        let offer = u8::try_from(new.details.offer_number)
            .ok()
            .filter(|number| *number > 0);
        let quote = match offer {
            Some(number) => quotes.get(&number),
            None => quotes.values().min_by_key(|quote| quote.total.minor),
        };
        // A stay that the calendar has no price for costs nothing until somebody says otherwise.
        new.details.price = quote
            .map(|quote| quote.total.to_decimal())
            .unwrap_or_default();
    }
    Ok(items)
}
