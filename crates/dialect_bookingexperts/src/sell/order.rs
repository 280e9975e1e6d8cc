//! What is charged for a stay: its nights, the costs that come with it, the extras that are taken.

use std::collections::HashMap;

use domain::{
    charge::StayFacts,
    id::Id,
    money::{Currency, Money, MoneyError, Rounding},
    text::Locale,
};
use http_kit::Refusal;
use jsonapi::{Change, Draft, Value};
use rust_decimal::Decimal;
use service::{
    bookings::ItemWrite,
    content::{AddOnDetails, Cost, ExtraItem, PeriodicCost},
    inventory::Resource,
    links::LimitedTo,
    records::{Field, Query, Readable, Test},
    sale::{Booking, Line, LineDetails, LineDetailsPatch, LineItem},
};

use super::{bad, stay::Stay};
use crate::errors::{refusal, refused};
use crate::read::Look;
use crate::rows::discounts::{campaign_of, voucher_of};

/// At most so many costs come with a stay, and so many that belong to parts of the year.
const MOST_COSTS: u32 = 100;

/// The lines of a reservation as they will be.
#[derive(Clone, Debug, Default)]
pub struct OrderPlan {
    /// Those that are there already.
    pub kept: Vec<Line>,
    /// The one for the nights, if it is new and its amount is the price of the booking.
    pub rent: Option<LineDetails>,
    /// All others that are new.
    pub added: Vec<LineDetails>,
}

/// A change of a line.
pub type LineWrite = ItemWrite<LineDetails, LineDetailsPatch>;

/// The lines of a reservation after a preview, in their order.
pub fn as_they_would_be(rent: Option<Line>, lines: Vec<Line>, after: &Booking) -> Vec<Line> {
    let rent = rent.map(|mut line| {
        line.details.amount = after.details.price;
        line
    });
    let lines = rent.into_iter().chain(lines);
    let lines = lines.map(|line| Line {
        booking_id: after.id,
        ..line
    });
    lines.collect()
}

/// The line for the nights, still without an amount.
pub fn rent_line(resource: &Resource) -> LineDetails {
    LineDetails {
        item: LineItem::Main,
        description: resource.name.clone(),
        quantity: 1,
        ..LineDetails::default()
    }
}

/// The costs that come with a stay in this resource.
///
/// # Errors
/// Those of the store.
pub async fn costs(
    look: &Look<'_>,
    resource: &Resource,
    facts: &StayFacts,
) -> Result<Vec<LineDetails>, Refusal> {
    let mut costs: Vec<(Id, AddOnDetails)> = Vec::new();
    for cost in of_place::<Cost>(look, resource).await? {
        costs.push((cost.id, cost.details));
    }
    for cost in of_place::<PeriodicCost>(look, resource).await? {
        costs.push((cost.id, cost.details));
    }
    let ids: Vec<Id> = costs.iter().map(|(id, _)| *id).collect();
    let limits = limits(look, &ids).await?;
    let is_here = |(id, _): &&(Id, AddOnDetails)| {
        let only = limits.get(id);
        only.is_none_or(|only| only.contains(&resource.id))
    };
    let mut lines = Vec::new();
    for (id, details) in costs.iter().filter(is_here) {
        let line = charged(details, (LineItem::Cost, *id), facts, 1);
        lines.extend(line.map_err(too_large)?);
    }
    Ok(lines)
}

/// What is declared for all administrations, or for the one that a resource belongs to.
async fn of_place<K: Readable + Send>(
    look: &Look<'_>,
    resource: &Resource,
) -> Result<Vec<K>, Refusal> {
    let owner = const { Field::<K>::new("organization_id") };
    let here = Test::any([
        Test::is(owner, resource.organization_id),
        Test::is(owner, None::<Id>),
    ]);
    let most = service::PageOf::first(MOST_COSTS);
    let page = look.reading.page(&Query::new().meets(here), most).await;
    Ok(page.map_err(refused)?.rows)
}

/// The resources that these are limited to, where they are limited.
async fn limits(look: &Look<'_>, ids: &[Id]) -> Result<HashMap<Id, Vec<Id>>, Refusal> {
    look.reading.linked::<LimitedTo>(ids).await.map_err(refused)
}

/// The extras that a request takes.
///
/// # Errors
/// 404 for an extra that is not there; 422 for more of it than may be taken.
pub async fn extras(
    look: &Look<'_>,
    change: &Change,
    resource: &Resource,
    facts: &StayFacts,
) -> Result<Vec<LineDetails>, Refusal> {
    let links = change.root().links("extra_order_items");
    let links = links.map(jsonapi::Links::as_slice).unwrap_or_default();
    if links
        .iter()
        .any(|link| matches!(link, jsonapi::Link::To(_)))
    {
        let detail = "An order item belongs to the reservation that it was made with";
        return Err(refusal(
            change.root().refuse_link("extra_order_items", detail),
        ));
    }
    let drafts: Vec<&Draft> = change
        .sideposted(change.root(), "extra_order_items")
        .collect();
    let ids: Vec<Id> = drafts.iter().filter_map(|draft| extra_of(draft)).collect();
    let found = look.reading.by_ids::<ExtraItem>(&ids).await;
    let found = found.map_err(refused)?;
    let limits = limits(look, &ids).await?;
    let mut lines = Vec::new();
    for draft in drafts {
        let extra = extra_of(draft).and_then(|id| found.iter().find(|extra| extra.id == id));
        let is_sold = |extra: &&ExtraItem| {
            let here = extra
                .organization_id
                .is_none_or(|id| id == resource.organization_id);
            let only = limits.get(&extra.id);
            here && only.is_none_or(|only| only.contains(&resource.id))
        };
        let Some(extra) = extra.filter(is_sold) else {
            return Err(bad(missing(draft)));
        };
        lines.extend(taken(draft, extra, facts)?);
    }
    Ok(lines)
}

fn extra_of(draft: &Draft) -> Option<Id> {
    draft.linked_id("extra")?.parse().ok()
}

fn missing(draft: &Draft) -> jsonapi::Error {
    let id = draft.linked_id("extra").unwrap_or_default();
    draft.missing_link("extra", &jsonapi::Identifier::new("extra", id))
}

/// The line of an extra that is taken.
fn taken(
    draft: &Draft,
    extra: &ExtraItem,
    facts: &StayFacts,
) -> Result<Option<LineDetails>, Refusal> {
    let pieces = draft.value("quantity").and_then(Value::as_integer);
    let pieces = u32::try_from(pieces.unwrap_or(1)).unwrap_or(u32::MAX);
    let most = extra.details.maximum_quantity;
    if let Some(most) = most.filter(|most| pieces > *most) {
        return Err(refusal(
            draft.refuse("quantity", format!("At most {most} of it")),
        ));
    }
    let memo = draft.text("memo").unwrap_or_default();
    if extra.details.memo_required && memo.is_empty() {
        return Err(refusal(draft.refuse("memo", "This extra needs a memo")));
    }
    let line = charged(&extra.details, (LineItem::Extra, extra.id), facts, pieces);
    let line = line.map_err(too_large)?;
    Ok(line.map(|line| LineDetails {
        memo: memo.to_owned(),
        ..line
    }))
}

/// The line of something that is charged beside the nights; none where it does not apply.
///
/// # Errors
/// More than can be written down.
pub fn charged(
    details: &AddOnDetails,
    (item, product_id): (LineItem, Id),
    facts: &StayFacts,
    pieces: u32,
) -> Result<Option<LineDetails>, MoneyError> {
    let charged = details.charge.on(facts, pieces)?;
    let name = match details.invoiced_as.as_str() {
        "" => details
            .name
            .best(&[], Some(&Locale::english()))
            .unwrap_or(""),
        name => name,
    };
    Ok(charged.map(|charged| LineDetails {
        item,
        product_id: Some(product_id),
        description: name.to_owned(),
        quantity: charged.quantity,
        amount: charged.price.to_decimal(),
        vat_rate: details.vat_rate,
        ..LineDetails::default()
    }))
}

/// The refusal of what cannot be written down.
pub fn too_large(_: MoneyError) -> Refusal {
    let detail = "The order comes to more than can be written down";
    bad(jsonapi::Error::new(jsonapi::Code::InvalidAttribute, detail).at("/data"))
}

/// The lines of a reservation whose stay changes, priced anew: as they will be, and what is written.
///
/// # Errors
/// Those of the store.
pub async fn repriced(
    look: &Look<'_>,
    lines: Vec<Line>,
    resource: &Resource,
    (before, after): (&StayFacts, &StayFacts),
) -> Result<(OrderPlan, Vec<LineWrite>), Refusal> {
    let ids: Vec<Id> = lines
        .iter()
        .filter_map(|line| line.details.product_id)
        .collect();
    let extras = look.reading.by_ids::<ExtraItem>(&ids).await;
    let extras = extras.map_err(refused)?;
    let mut plan = OrderPlan::default();
    let mut writes = Vec::new();
    for line in lines {
        let item = line.details.item;
        // What comes with the stay is worked out anew, and so is what is taken off.
        let is_off = campaign_of(&line).or(voucher_of(&line)).is_some();
        if is_off || matches!(item, LineItem::Main | LineItem::Cost) {
            writes.push(ItemWrite::Remove(line.id));
            continue;
        }
        let extra = extras
            .iter()
            .find(|extra| item == LineItem::Extra && line.details.product_id == Some(extra.id));
        match extra {
            None => plan.kept.push(line),
            Some(extra) => {
                let pieces = pieces(&line, extra, before).map_err(too_large)?;
                let key = (LineItem::Extra, extra.id);
                let new = charged(&extra.details, key, after, pieces).map_err(too_large)?;
                let write = adjusted(line, new, &mut plan.kept);
                writes.extend(write);
            }
        }
    }
    plan.added = costs(look, resource, after).await?;
    Ok((plan, writes))
}

/// How many pieces a line is for, whose quantity may count nights as well.
fn pieces(line: &Line, extra: &ExtraItem, facts: &StayFacts) -> Result<u32, MoneyError> {
    let of_one = extra.details.charge.on(facts, 1)?;
    let of_one = of_one.map_or(1, |charged| charged.quantity).max(1);
    Ok(u32::try_from(line.details.quantity / of_one)
        .unwrap_or(1)
        .max(1))
}

/// Brings a line to what it comes to now; one that comes to nothing goes.
pub fn adjusted(
    mut line: Line,
    new: Option<LineDetails>,
    kept: &mut Vec<Line>,
) -> Option<LineWrite> {
    let Some(new) = new else {
        return Some(ItemWrite::Remove(line.id));
    };
    let is_same = line.details.quantity == new.quantity && line.details.amount == new.amount;
    let patch = LineDetailsPatch {
        quantity: Some(new.quantity),
        amount: Some(new.amount),
        ..LineDetailsPatch::default()
    };
    let id = line.id;
    patch.clone().apply(&mut line.details);
    kept.push(line);
    (!is_same).then_some(ItemWrite::Change(id, patch))
}

/// What a stay is like, as far as charges ask.
pub fn facts(stay: &Stay, price: Decimal, currency: Currency) -> Result<StayFacts, Refusal> {
    let rent = Money::from_decimal(price, currency, Rounding::HalfUp).map_err(too_large)?;
    Ok(StayFacts {
        arrival: stay.arrival,
        departure: stay.departure,
        group: stay.groups,
        rent,
    })
}
