//! What can be taken: organizations, resources with their rate plans, units.

use std::collections::BTreeMap;

use catalogue_derive::Kind;
use domain::{
    calendar::{CalendarDay, StayRules},
    contact::Contact,
    id::Id,
    money::Currency,
    rate::{OfferTerms, RatePlan, sold_plans},
    text::{Locale, Localized},
    time::Zone,
};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    patch::{ContactPatch, ExtraPatch, patched},
    sale::Extra,
};

patched! {
    /// What an organization is, apart from its place in the tree.
    pub struct OrganizationDetails,
    /// A change of [`OrganizationDetails`].
    OrganizationDetailsPatch {
        /// The currency of all its prices.
        pub currency: Currency,
        /// The time zone in which its nights begin and end.
        pub zone: Zone,
        /// From when guests may arrive, `HH:MM` local time.
        pub check_in_from: String,
        /// Until when guests may arrive, `HH:MM` local time.
        pub check_in_to: String,
        /// Until when guests must leave, `HH:MM` local time.
        pub check_out_to: String,
        /// Address and telephone numbers.
        pub contact: Contact as ContactPatch,
        /// Degrees north.
        pub latitude: Option<Decimal>,
        /// Degrees east.
        pub longitude: Option<Decimal>,
        /// Whether a booking beyond capacity is refused even where the caller did not ask for a check.
        pub refuses_overbooking: bool,
        /// The languages in which it is described, its own first.
        pub locales: Vec<Locale>,
        /// What it is.
        pub description: Localized,
        /// What lies around it.
        pub surroundings: Localized,
        /// Its address in the web.
        pub website: String,
        /// How far it is from being let: subscribers hear of it when it is in test or in production.
        pub stage: Stage,
        /// Attributes of one dialect.
        pub extra: Extra as ExtraPatch,
    }
}

impl Default for OrganizationDetails {
    fn default() -> Self {
        Self {
            currency: Currency::EUR,
            zone: Zone::UTC,
            check_in_from: "15:00".to_owned(),
            check_in_to: "22:00".to_owned(),
            check_out_to: "11:00".to_owned(),
            contact: Contact::default(),
            latitude: None,
            longitude: None,
            refuses_overbooking: false,
            locales: Vec::new(),
            description: Localized::default(),
            surroundings: Localized::default(),
            website: String::new(),
            stage: Stage::default(),
            extra: Extra::new(),
        }
    }
}

/// How far an organization is from being let.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Staff is still writing it down.
    SetUp,
    /// It is tried out.
    Test,
    /// It is let.
    #[default]
    Production,
    /// It is no longer let.
    Closed,
}

/// A node of the tenant's tree: a property, park, branch or venue.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "organization")]
pub struct Organization {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The organization's id.
    #[column(key)]
    pub id: Id,
    /// The organization above it.
    #[column]
    pub parent_id: Option<Id>,
    /// Its name.
    #[column]
    pub name: String,
    /// Counts the writes.
    #[column]
    pub version: i64,
    /// Everything else.
    pub details: OrganizationDetails,
}

/// A rate plan with what a dialect adds to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePlanRecord {
    /// How it prices.
    pub plan: RatePlan,
    /// Attributes of one dialect.
    #[serde(default)]
    pub extra: Extra,
}

patched! {
    compact
    /// What a resource is, apart from its capacity.
    pub struct ResourceDetails,
    /// A change of [`ResourceDetails`].
    ResourceDetailsPatch {
        /// Minimum and maximum stay, and from which night they are read.
        pub rules: StayRules,
        /// How many people fit into one unit.
        pub max_people: Option<u16>,
        /// How many adults.
        pub max_adults: Option<u16>,
        /// How many children.
        pub max_children: Option<u16>,
        /// The lowest price a night may have.
        pub min_price: Decimal,
        /// Named ways of pricing, by number.
        pub rate_plans: BTreeMap<u8, RatePlanRecord>,
        /// What is said of the offers under which it is sold, by number; names and settings are a
        /// dialect's.
        pub offers: BTreeMap<u16, Extra>,
        /// Its name in other languages.
        pub names: Localized,
        /// What it is.
        pub description: Localized,
        /// What one unit has, counted.
        pub rooms: RoomCounts,
        /// The master price list by which channels sell it.
        pub price_list_id: Option<Id>,
        /// Whether it is shown before others.
        pub highlighted: bool,
        /// Since when it is no longer sold.
        pub archived_at: Option<Timestamp>,
        /// Attributes of one dialect.
        pub extra: Extra as ExtraPatch,
    }
}

/// What one unit has, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the number of what it names")]
pub struct RoomCounts {
    pub bedrooms: u16,
    pub beds: u16,
    pub showers: u16,
    pub toilets: u16,
    pub bathrooms: u16,
    pub parking_spots: u16,
    pub child_beds: u16,
    pub child_chairs: u16,
}

/// Something that can be taken, such as a room type.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "resource")]
pub struct Resource {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The resource's id, which is its lane's id too.
    #[column(key)]
    pub id: Id,
    /// The organization it belongs to.
    #[column]
    pub organization_id: Id,
    /// Its name.
    #[column]
    pub name: String,
    /// Counts the writes.
    #[column]
    pub version: i64,
    /// How many units there are; the lane's capacity says the same.
    pub quantity: i64,
    /// Everything else.
    pub details: ResourceDetails,
}

impl Resource {
    /// All its rate plans, by number.
    pub fn plans(&self) -> impl Iterator<Item = &RatePlan> {
        self.details.rate_plans.values().map(|record| &record.plan)
    }

    /// The rate plans under which it is sold to whoever names no offer, by number: without those of
    /// offers that are switched off, and with the fewest nights that their offers want. `organization`
    /// is the one it belongs to. Prices that the public sees, and that a booking gets by itself, are of
    /// these plans.
    #[must_use]
    pub fn sold_plans(&self, organization: &Organization) -> Vec<RatePlan> {
        sold_plans(self.plans(), |offer| self.offer_terms(organization, offer))
    }

    fn offer_terms(&self, organization: &Organization, offer: u8) -> OfferTerms {
        let setting = |name| self.offer_setting(organization, offer, name);
        let is_off = setting("enable").and_then(Json::as_str) == Some("no");
        let fewest = setting("minimumStay").filter(|stay| stay["type"] == "numberOfDays");
        let fewest = fewest.and_then(|stay| stay["numberOfDaysValue"].as_u64());
        OfferTerms {
            is_made: !is_off,
            // More nights than can be counted are more than any stay has.
            min_stay: fewest.map(|nights| nights.try_into().unwrap_or(u16::MAX)),
        }
    }

    /// What is set for an offer under a name, as it was written: by the organization where it sells the
    /// same offers in all its resources (`offerType` is `perProperty`), otherwise by the resource.
    #[must_use]
    pub fn offer_setting<'a>(
        &'a self,
        organization: &'a Organization,
        offer: u8,
        name: &str,
    ) -> Option<&'a Json> {
        let shared = &organization.details.extra;
        if shared.get("offerType").and_then(Json::as_str) == Some("perProperty") {
            let mut offers = shared.get("offers")?.as_array()?.iter();
            return offers.find(|one| one["offerId"] == offer)?.get(name);
        }
        self.details.offers.get(&u16::from(offer))?.get(name)
    }
}

/// One physical piece of a resource.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "unit")]
pub struct Unit {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The unit's id.
    #[column(key)]
    pub id: Id,
    /// The resource it is a piece of.
    #[column]
    pub resource_id: Id,
    /// Its number within the resource, from 1.
    #[column]
    pub number: i64,
    /// The organization of the resource.
    #[column]
    pub organization_id: Option<Id>,
    /// Since when it is no longer used.
    #[column]
    pub archived_at: Option<Timestamp>,
    /// What a search looks through: its name in lower case.
    #[column]
    pub search: String,
    /// When it was added, by the tenant's clock; the beginning of 1970 where that was not noted.
    #[column]
    pub created_at: Timestamp,
    /// When it was last changed, by the tenant's clock.
    #[column]
    pub changed_at: Timestamp,
    /// Its name.
    pub name: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Unit {
    /// The text of its column `search`.
    pub fn search_text(&self) -> String {
        format!("\n{}\n", self.name.trim().to_lowercase())
    }
}

/// One price of a master price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Kind)]
#[kind(table = "price")]
pub struct StoredPrice {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The list.
    #[column(key)]
    pub list_id: Id,
    /// The night, or the arrival.
    #[column(key)]
    pub day: Date,
    /// How many nights the price is for; 0 for the price of one night in a sum.
    #[column(key)]
    pub nights: i64,
    /// The price's own id, which it keeps when it is written again.
    #[column]
    pub id: Id,
    /// In minor units of the list's currency.
    #[column]
    pub price_minor: i64,
    /// Whether it may be sold.
    #[column]
    pub active: bool,
    /// When it was last changed, by the tenant's clock.
    #[column]
    pub changed_at: Timestamp,
}

/// One calendar day of a resource as it is stored. A day that says nothing has no row.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "calendar_day")]
pub struct StoredDay {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The resource.
    #[column(key)]
    pub resource_id: Id,
    /// The date.
    #[column(key)]
    pub day: Date,
    /// At most so much is sold of this night; the same as in `settings`.
    #[column]
    pub sell_limit: Option<i64>,
    /// Restrictions and prices.
    pub settings: CalendarDay,
    /// Attributes of one dialect.
    pub extra: Extra,
}
