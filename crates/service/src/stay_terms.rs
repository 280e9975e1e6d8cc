//! On which terms a stay is sold, whether or not there is room for it.

use std::sync::Arc;

use catalogue::inventory::{Organization, Resource};
use domain::{
    access::Actor,
    calendar::{Restriction, judge_stay},
    id::Id,
    party::Room,
};
use rust_decimal::Decimal;
use store::looks::Look;

use crate::{
    Result, Service, UseCase,
    availability::{StayWanted, nights_between},
};

/// What the calendar says of a stay.
#[derive(Clone, Debug)]
pub struct StayTerms {
    /// The resource.
    pub resource: Arc<Resource>,
    /// The organization that it belongs to.
    pub organization: Arc<Organization>,
    /// Whether the calendar and the resource's own rules allow it.
    pub allowed: std::result::Result<(), Restriction>,
    /// Whether the party fits in.
    pub admits: bool,
    /// What it costs by the calendar, major units of the organization's currency: under the cheapest of
    /// the offers that are wanted, of those that are made. None where nobody has said so.
    pub price: Option<Decimal>,
    /// The fewest days before the arrival on which any of its rate plans sells it; none without plans
    /// whose offer is made.
    pub notice_days: Option<u16>,
    /// How many can still be sold for the whole stay; may be negative.
    pub free: i64,
}

impl Service {
    /// The terms of a stay; none for a resource that the caller may not know of.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`]; [`crate::Error::TooMany`] for a stay that is too long to be judged.
    pub async fn stay_terms(
        &self,
        actor: &Actor,
        resource_id: Id,
        wanted: &StayWanted,
    ) -> Result<Option<StayTerms>> {
        UseCase::ReadCalendar.authorize(actor)?;
        let stay = (wanted.arrival, wanted.departure);
        nights_between(stay.0, stay.1)?;
        let looks = Look::each(actor.tenant_id, &[resource_id], stay);
        let looked = self.store.look(looks).await?;
        let key = (actor.tenant_id, resource_id);
        let Some(lane) = looked.lane(key.0, key.1) else {
            return Ok(None);
        };
        let Some(sold) = looked.terms.sold(key.0, key.1) else {
            return Ok(None);
        };
        if !actor.reaches(lane.organization_id) {
            return Ok(None);
        }
        let details = &sold.resource.details;
        let day_of = |day| looked.terms.day(key.0, key.1, day);
        let quotes = looked.terms.quotes(key, actor.now, stay, wanted.party);
        let is_wanted =
            |number: &u8| wanted.offer_numbers.is_empty() || wanted.offer_numbers.contains(number);
        let quotes = quotes.iter().filter(|(number, _)| is_wanted(number));
        let cheapest = quotes
            .map(|(_, quote)| quote.total)
            .min_by_key(|total| total.minor);
        let room = Room {
            people: details.max_people,
            adults: details.max_adults,
            children: details.max_children,
        };
        let notices = sold.offered.iter();
        let notices = notices.map(|plan| plan.min_days_until_check_in.unwrap_or(0));
        Ok(Some(StayTerms {
            notice_days: notices.min(),
            resource: Arc::clone(&sold.resource),
            organization: Arc::clone(&sold.organization),
            allowed: judge_stay(day_of, &details.rules, stay.0, stay.1),
            admits: room.admits(wanted.party),
            price: cheapest.map(|total| total.to_decimal()),
            free: lane.free_for(stay.0, stay.1),
        }))
    }
}
