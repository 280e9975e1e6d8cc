//! What a campaign takes off the nights of a stay, decided by [`domain::reduction`] as for a search.

use domain::{charge::StayFacts, id::Id, reduction::Reduced, text::Locale, time::today};
use http_kit::Refusal;
use jiff::{Timestamp, civil::Date};
use jsonapi::{Draft, Identifier};
use rust_decimal::Decimal;
use service::{
    content::Campaign,
    inventory::{Organization, Resource},
    records::{CampaignChoice, CampaignsAsked},
    sale::{Booking, Line, LineDetails, LineItem},
    stay_terms::StayTerms,
};

use super::{
    bad, order,
    stay::Stay,
    vouchers::{Had, taken_off},
    wish::Wish,
};
use crate::errors::refused;
use crate::read::Look;
use crate::rows::discounts::campaign_of;

/// Why nothing becomes another in an order.
pub const ORDER_STAYS: &str =
    "The order stays as it is: order_update_mode is based_on_current_order";

/// The relationship that names a campaign.
const CAMPAIGN: &str = "discount_campaign";

/// What the nights of a stay come to.
pub struct Rent {
    /// What is owed for them.
    pub net: Decimal,
    /// The same, for what is charged by the rent.
    pub facts: StayFacts,
    /// The lines that say so, where something is taken off: the nights, and all that is taken off.
    pub lines: Vec<LineDetails>,
}

/// The campaign that a booked stay has got the discount of, with the day on which it was booked.
pub fn had(booking: &Booking, lines: &[Line], organization: &Organization) -> Option<(Id, Date)> {
    let id = lines.iter().find_map(campaign_of)?;
    Some((id, booked_on(booking, organization)))
}

/// The day on which a stay was booked, where it is.
pub fn booked_on(booking: &Booking, organization: &Organization) -> Date {
    today(&organization.details.zone, booking.created_at)
}

/// What may be taken off, as somebody asks for it.
pub struct Asked<'a> {
    /// The reservation of the request.
    pub draft: &'a Draft,
    /// The campaigns.
    pub campaigns: CampaignsAsked,
    /// The cards and coupons that the guest has.
    pub vouchers: Vec<Had>,
    /// The day on which the stay was booked; none for a new one.
    pub booked_on: Option<Date>,
}

/// Takes off the price of a stay what the best of the campaigns takes off that are asked for, and of what
/// that leaves what cards and coupons take off.
///
/// # Errors
/// 404 for a campaign that is not there; 422 for one, or for a token, that this stay gets nothing by.
pub async fn rent(
    look: &Look<'_>,
    asked: &Asked<'_>,
    (stay, terms): (&Stay, &StayTerms),
    (gross, now): (Decimal, Timestamp),
) -> Result<Rent, Refusal> {
    let currency = terms.organization.details.currency;
    let facts = order::facts(stay, gross, currency)?;
    let campaigns = look.reading.campaigns(&asked.campaigns).await;
    let campaigns = campaigns.map_err(refused)?;
    let place = (terms.resource.id, terms.organization.id);
    let today = today(&terms.organization.details.zone, now);
    let best = campaigns.best(place, &facts, today);
    let best = best.map_err(order::too_large)?;
    if !campaigns.admits(&best) {
        return Err(not_had(look, asked.draft, &asked.campaigns).await?);
    }
    let mut lines = Vec::new();
    let whole = facts.rent;
    let mut left = whole;
    if let Some(reduced) = best.reduced {
        let campaign = look.reading.one::<Campaign>(reduced.by).await;
        let campaign = campaign.map_err(refused)?;
        left = left.minus(reduced.off).map_err(order::too_large)?;
        lines.push(line(campaign.as_ref(), reduced, &terms.resource));
    }
    let facts = StayFacts {
        rent: left,
        ..facts
    };
    let days = (today, asked.booked_on.unwrap_or(today));
    let (left, of_vouchers) = taken_off(&asked.vouchers, &facts, days)?;
    lines.extend(of_vouchers);
    if lines.is_empty() {
        return Ok(Rent {
            net: gross,
            facts,
            lines,
        });
    }
    let nights = LineDetails {
        // As it was counted, so that the lines add up to what is left.
        amount: whole.to_decimal(),
        ..order::rent_line(&terms.resource)
    };
    lines.insert(0, nights);
    Ok(Rent {
        net: left.to_decimal(),
        facts: StayFacts {
            rent: left,
            ..facts
        },
        lines,
    })
}

/// Refuses whoever wants something taken off an order that stays as it is.
///
/// # Errors
/// 422 on what asks for it.
pub fn nothing_asked(draft: &Draft, wish: &Wish) -> Result<(), Refusal> {
    let detail = ORDER_STAYS;
    if wish.campaign.is_some() {
        return Err(bad(draft.refuse_link(CAMPAIGN, detail)));
    }
    if wish.token.is_some() {
        return Err(bad(draft.refuse("promotion_token", detail)));
    }
    for name in ["discount_cards", "coupons"] {
        if draft.links(name).is_some() {
            return Err(bad(draft.refuse_link(name, detail)));
        }
    }
    Ok(())
}

/// The line that takes something off.
fn line(campaign: Option<&Campaign>, reduced: Reduced, resource: &Resource) -> LineDetails {
    let name = campaign.map(|campaign| &campaign.details.name);
    let name = name.and_then(|name| name.best(&[], Some(&Locale::english())));
    LineDetails {
        item: LineItem::Discount,
        product_id: Some(reduced.by),
        description: name.unwrap_or(&resource.name).to_owned(),
        quantity: 1,
        amount: -reduced.off.to_decimal(),
        ..LineDetails::default()
    }
}

/// Why somebody does not get the discount that they asked for.
async fn not_had(
    look: &Look<'_>,
    draft: &Draft,
    asked: &CampaignsAsked,
) -> Result<Refusal, Refusal> {
    let CampaignChoice::Only(id) = asked.choice else {
        let detail = "No campaign with this token is for this stay";
        return Ok(bad(draft.refuse("promotion_token", detail)));
    };
    let found = look.reading.one::<Campaign>(id).await.map_err(refused)?;
    Ok(bad(match found {
        None => draft.missing_link(CAMPAIGN, &Identifier::new(CAMPAIGN, id)),
        Some(_) => draft.refuse_link(CAMPAIGN, "This campaign is not for this stay"),
    }))
}
