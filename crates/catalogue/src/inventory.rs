//! What can be taken: organizations, resources with their rate plans, units.

use std::collections::BTreeMap;

use catalogue_derive::Kind;
use domain::{
    calendar::{CalendarDay, StayRules},
    contact::Contact,
    id::Id,
    money::Currency,
    rate::RatePlan,
    time::Zone,
};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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
            extra: Extra::new(),
        }
    }
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
        /// Names of the offers under which it is sold, by number.
        pub offers: BTreeMap<u16, Extra>,
        /// Attributes of one dialect.
        pub extra: Extra as ExtraPatch,
    }
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
    /// Its name.
    pub name: String,
    /// Attributes of one dialect.
    pub extra: Extra,
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
