//! What a search has found.

use std::collections::BTreeMap;

use domain::{
    id::Id,
    money::Money,
    time::{Date, date_of, day_number},
};

/// A stay that is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The resource.
    pub resource_id: Id,
    /// The organization it belongs to.
    pub organization_id: Id,
    /// The day of arrival.
    pub arrival: Date,
    /// How many nights.
    pub nights: u16,
    /// What the party pays for the whole stay, after what is taken off.
    pub price: Money,
    /// What a discount of the query has taken off.
    pub off: Money,
    /// The rate plan with that price; of equal ones that of the first offer.
    pub plan: u8,
    /// The offer under which the plan is sold.
    pub offer: u8,
}

impl Hit {
    /// The day of departure.
    #[must_use]
    pub fn departure(&self) -> Date {
        let day = day_number(self.arrival).saturating_add(self.nights.into());
        date_of(day).unwrap_or(Date::MAX)
    }
}

/// What was found, and how much there is of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The stays that are shown, in order; those of one group stand together.
    pub hits: Vec<Hit>,
    /// How many groups there are, shown or not: what the limiter counts.
    pub groups: u64,
    /// How many stays fit the query.
    pub stays: u64,
    /// How many resources have such a stay.
    pub resources: u64,
    /// For each segment how many resources of it have such a stay; empty unless asked for.
    pub segments: BTreeMap<Id, u64>,
    /// For each amenity how many resources with it have such a stay; empty unless asked for.
    pub amenities: BTreeMap<Id, u64>,
}

/// How much work a search was, whatever the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// How often the days of a resource were walked.
    pub resources: u64,
    /// For how many nights prices were looked up.
    pub nights_priced: u64,
    /// How many stays were looked at by themselves: free, of a length that its days allow, and neither begun
    /// nor ended on a wrong day.
    pub stays_tried: u64,
}

impl Effort {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            resources: self.resources + other.resources,
            nights_priced: self.nights_priced + other.nights_priced,
            stays_tried: self.stays_tried + other.stays_tried,
        }
    }
}
