//! A stay as somebody wants it, held against the terms on which it is sold.

use domain::{
    calendar::Rule,
    id::Id,
    party::AgeGroups,
    time::{nights, today},
};
use http_kit::{Call, Refusal};
use jiff::civil::Date;
use jsonapi::{Draft, Errors};
use rust_decimal::Decimal;
use service::{
    Service, availability::StayWanted, content::Channel, records::StayAsked, sale::Booking,
    stay_terms::StayTerms,
};

use super::{bad, flags::Flags};
use crate::errors::{refusal, refused};
use crate::read::Look;

/// The longest stay that a search finds, in nights.
pub const LONGEST_FOUND: i32 = 30;

/// A stay as somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The rentable type.
    pub resource_id: Id,
    /// The first night.
    pub arrival: Date,
    /// The morning after the last night.
    pub departure: Date,
    /// Who comes.
    pub groups: AgeGroups,
}

impl Stay {
    /// Whether it is another stay than the one that is booked.
    pub fn differs_from(&self, booked: &Booking) -> bool {
        (self.resource_id, self.arrival, self.departure, self.groups)
            != (
                booked.resource_id,
                booked.arrival_on,
                booked.departure_on,
                booked.details.groups(),
            )
    }

    /// The terms on which it is sold; none for a rentable type that the caller may not know of. No look
    /// is open meanwhile: the terms are read on a connection of their own.
    ///
    /// # Errors
    /// 422 for dates that make no stay.
    pub async fn terms(
        &self,
        service: &Service,
        call: &Call,
        draft: &Draft,
    ) -> Result<Option<StayTerms>, Refusal> {
        if self.departure <= self.arrival {
            let detail = "A stay has at least one night";
            return Err(bad(draft.refuse("end_date", detail)));
        }
        let wanted = StayWanted {
            arrival: self.arrival,
            departure: self.departure,
            party: self.groups.party(),
            offer_numbers: Vec::new(),
        };
        let terms = service
            .stay_terms(&call.actor, self.resource_id, &wanted)
            .await;
        match terms {
            Err(service::Error::TooMany { limit }) => {
                let detail = format!("A stay has at most {limit} nights");
                Err(bad(draft.refuse("end_date", detail)))
            }
            terms => terms.map_err(refused),
        }
    }

    /// Judges it by its terms and by what the request wants to be judged.
    ///
    /// # Errors
    /// 422 with everything that stands against it.
    pub fn judge(
        &self,
        call: &Call,
        draft: &Draft,
        terms: &StayTerms,
        flags: Flags,
    ) -> Result<(), Refusal> {
        let mut errors = Errors::default();
        let mut refuse = |name: &str, detail: String| errors.push(draft.refuse(name, detail));
        let today = today(&terms.organization.details.zone, call.actor.now);
        if self.arrival < today && !flags.in_the_past {
            refuse("start_date", format!("It begins before today, {today}"));
        }
        let length = nights(self.arrival, self.departure);
        if flags.longest_stay && length > LONGEST_FOUND {
            refuse("end_date", format!("At most {LONGEST_FOUND} nights"));
        }
        if let Err(restriction) = terms.allowed {
            let name = match restriction.rule {
                Rule::NoCheckIn => "start_date",
                Rule::Closed | Rule::Exception if restriction.day == self.arrival => "start_date",
                _ => "end_date",
            };
            refuse(name, format!("Not for sale: {restriction}"));
        }
        let notice = terms.notice_days.filter(|_| flags.advance_notice);
        if let Some(notice) = notice.filter(|days| nights(today, self.arrival) < i32::from(*days)) {
            let detail = format!("It is sold {notice} days before the arrival and no later");
            refuse("start_date", detail);
        }
        if self.groups.party().is_empty() {
            refuse("guest_group", "Somebody has to come".to_owned());
        } else if !terms.admits {
            refuse("guest_group", "There is no room for so many".to_owned());
        }
        errors.unless_any(()).map_err(refusal)
    }

    /// What it costs in a channel: by the master price list of its type, if that has a price for it.
    /// Otherwise the calendar has the price.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_price(
        &self,
        look: &Look<'_>,
        channel: &Channel,
        terms: &StayTerms,
    ) -> Result<Option<Decimal>, Refusal> {
        let Some(list_id) = terms.resource.details.price_list_id else {
            return Ok(None);
        };
        let Ok(nights) = u16::try_from(nights(self.arrival, self.departure)) else {
            return Ok(None);
        };
        let asked = StayAsked {
            list_id,
            arrival: self.arrival,
            nights,
        };
        let prices = look.reading.stay_prices(channel, &[asked]).await;
        let price = prices.map_err(refused)?.into_iter().next();
        let total = price.and_then(Result::ok).map(|price| price.total);
        // Prices in another currency say nothing of what is owed here.
        let own = terms.organization.details.currency;
        Ok(total
            .filter(|total| total.currency == own)
            .map(|total| total.to_decimal()))
    }
}
