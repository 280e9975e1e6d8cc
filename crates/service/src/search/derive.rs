//! What is read of resources, and the entries that are made of it.
//!
//! Versions are read before what they stand for. So an entry may know more than its versions say, and is
//! then made once more for nothing, but never less.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use ::search::{DAYS, Entry, Listed, Resource as Found, Terms};
use catalogue::{
    ColumnKind::{self, Int},
    Row,
    content::PriceList,
    inventory::{Organization, Resource, StoredPrice},
};
use domain::{
    id::Id,
    money::Currency,
    party::Room,
    rate::{MOST_LINKS, Sheet},
};
use jiff::civil::Date;
use store::{
    Condition, Result, Tx,
    calendar::Days,
    derived::{self, LaneVersion},
    occupancy::LaneView,
};

use super::attributes::{Around, attributes};

/// Days from `first` to the one before `until`.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) first: Date,
    pub(super) until: Date,
}

/// An entry with what it was made of.
pub(super) struct Made {
    /// The state of the lane.
    pub(super) version: LaneVersion,
    /// The entry; none of a lane whose resource is not there.
    pub(super) entry: Option<Entry>,
    /// The resources whose prices it takes, with the versions of their terms.
    pub(super) links: Vec<(Id, i64)>,
}

/// Calendars and plans, with the versions they were read after.
#[derive(Default)]
struct Book {
    sheets: BTreeMap<Id, Sheet>,
    resources: HashMap<Id, Resource>,
    terms: HashMap<Id, i64>,
}

/// Makes the entries of those of these resources that have a lane.
pub(super) async fn entries(
    tx: &mut Tx,
    tenant_id: Id,
    ids: &[Id],
    window: Window,
) -> Result<Vec<Made>> {
    let lanes = derived::lanes(tx, tenant_id, ids, window.first, window.until).await?;
    let mut book = Book::default();
    let mut wanted: BTreeSet<Id> = lanes.iter().map(|(lane, _)| lane.resource_id).collect();
    for (version, _) in &lanes {
        book.terms.insert(version.resource_id, version.terms);
    }
    for _ in 0..=MOST_LINKS {
        book.add(tx, tenant_id, &wanted, window).await?;
        wanted = book.linked();
        if wanted.is_empty() {
            break;
        }
        let ids: Vec<Id> = wanted.iter().copied().collect();
        // One that is not there has no version, and no sheet either.
        book.terms.extend(ids.iter().map(|id| (*id, 0)));
        for version in derived::versions_of(tx, tenant_id, &ids).await? {
            book.terms.insert(version.resource_id, version.terms);
        }
    }
    let organizations = organizations(tx, tenant_id, &lanes).await?;
    let own = lanes.iter().map(|(lane, _)| lane.resource_id).collect();
    let homes = organizations.keys().copied().collect();
    let around = Around::read(tx, tenant_id, &own, &homes).await?;
    let listed = book.listed(tx, tenant_id, &own, window).await?;
    let make = |(version, lane): (LaneVersion, LaneView)| Made {
        entry: book.entry(&lane, &organizations, (&around, &listed), window.first),
        links: book.links(version.resource_id),
        version,
    };
    Ok(lanes.into_iter().map(make).collect())
}

async fn organizations(
    tx: &mut Tx,
    tenant_id: Id,
    lanes: &[(LaneVersion, LaneView)],
) -> Result<HashMap<Id, Organization>> {
    let ids = lanes.iter().map(|(_, lane)| lane.organization_id).collect();
    let found: Vec<Organization> = tx.find_each(BY_ID, &keys(tenant_id, &ids)).await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

impl Book {
    /// Reads resources and their calendars.
    async fn add(
        &mut self,
        tx: &mut Tx,
        tenant_id: Id,
        ids: &BTreeSet<Id>,
        window: Window,
    ) -> Result<()> {
        let resources: Vec<Resource> = tx.find_each(BY_ID, &keys(tenant_id, ids)).await?;
        for id in ids {
            self.sheets.entry(*id).or_default();
        }
        for resource in resources {
            let sheet = self.sheets.entry(resource.id).or_default();
            // All of them: prices may be linked to a plan whose own offer is not made.
            sheet.plans = resource.plans().cloned().collect();
            self.resources.insert(resource.id, resource);
        }
        let days = |id: &Id| Days {
            resource_id: *id,
            first: window.first,
            until: window.until,
        };
        let stretches: Vec<Days> = ids.iter().map(days).collect();
        for day in store::calendar::read(tx, tenant_id, &stretches).await? {
            let sheet = self.sheets.entry(day.resource_id).or_default();
            sheet.days.insert(day.day, day.settings);
        }
        Ok(())
    }

    /// The master price lists by which these resources are sold, with what may be sold of them.
    async fn listed(
        &self,
        tx: &mut Tx,
        tenant_id: Id,
        ids: &BTreeSet<Id>,
        window: Window,
    ) -> Result<HashMap<Id, (Currency, Arc<Listed>)>> {
        let resources = ids.iter().filter_map(|id| self.resources.get(id));
        let lists: BTreeSet<Id> = resources
            .filter_map(|resource| resource.details.price_list_id)
            .collect();
        let found: Vec<PriceList> = tx.find_each(BY_ID, &keys(tenant_id, &lists)).await?;
        let mut listed = HashMap::new();
        for list in found {
            let condition = Condition::All(vec![
                Condition::Is("tenant_id", tenant_id.into()),
                Condition::Is("list_id", list.id.into()),
            ]);
            let prices = tx.find::<StoredPrice>(&condition, "", None, 0).await?;
            let is_sold = |price: &&StoredPrice| {
                price.active && (window.first..window.until).contains(&price.day)
            };
            let sold = || prices.iter().filter(is_sold);
            let nights = sold().filter(|price| price.nights == 0);
            let nights = nights.map(|price| (price.day, price.price_minor));
            let stays = sold().filter_map(|price| {
                let nights = u16::try_from(price.nights)
                    .ok()
                    .filter(|nights| *nights > 0)?;
                Some(((price.day, nights), price.price_minor))
            });
            let made = Arc::new(Listed::new(nights, stays));
            listed.insert(list.id, (list.details.currency, made));
        }
        Ok(listed)
    }

    /// Resources whose prices are wanted and not read yet.
    fn linked(&self) -> BTreeSet<Id> {
        let sheets = self.sheets.values();
        let links = sheets.flat_map(links_of);
        links.filter(|id| !self.sheets.contains_key(id)).collect()
    }

    /// All resources to which a resource's prices lead, link by link, with the versions of their terms.
    fn links(&self, id: Id) -> Vec<(Id, i64)> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            let links = self.sheets.get(&next).into_iter().flat_map(links_of);
            open.extend(links.filter(|link| *link != id && found.insert(*link)));
        }
        let version = |id: Id| (id, self.terms.get(&id).copied().unwrap_or_default());
        found.into_iter().map(version).collect()
    }

    fn entry(
        &self,
        lane: &LaneView,
        organizations: &HashMap<Id, Organization>,
        (around, listed): (&Around, &HashMap<Id, (Currency, Arc<Listed>)>),
        first: Date,
    ) -> Option<Entry> {
        let resource = self.resources.get(&lane.resource_id)?;
        let organization = organizations.get(&resource.organization_id)?;
        let details = &resource.details;
        let found = Found {
            id: resource.id,
            organization_id: resource.organization_id,
            zone: organization.details.zone.clone(),
            currency: organization.details.currency,
            room: Room {
                people: details.max_people,
                adults: details.max_adults,
                children: details.max_children,
            },
            rules: details.rules,
            plans: resource.sold_plans(organization),
            attributes: attributes(organization, resource, around),
        };
        // What is priced in another currency is not sold by that list.
        let currency = organization.details.currency;
        let list = details.price_list_id.and_then(|id| listed.get(&id));
        let list = list.filter(|(known, _)| *known == currency);
        let list = list.map(|(_, listed)| Arc::clone(listed));
        let terms = Terms::new(found, &self.sheets, first).sold_by(list);
        let taken = lane.taken(first, DAYS);
        Some(Entry::new(Arc::new(terms), lane.capacity, &taken))
    }
}

fn links_of(sheet: &Sheet) -> impl Iterator<Item = Id> + '_ {
    let links = sheet.plans.iter().filter_map(|plan| plan.linking);
    links.map(|link| link.resource)
}

const BY_ID: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("id", Int)];

fn keys(tenant_id: Id, ids: &BTreeSet<Id>) -> Vec<Row> {
    let row = |id: &Id| vec![tenant_id.into(), (*id).into()];
    ids.iter().map(row).collect()
}
