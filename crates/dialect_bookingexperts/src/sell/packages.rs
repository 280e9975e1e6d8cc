//! The packages of a stay, and what they cost: each is charged once, as its `package_type` says.

use domain::{charge::StayFacts, id::Id};
use http_kit::Refusal;
use jsonapi::{Draft, Identifier};
use rust_decimal::Decimal;
use service::{
    bookings::ItemWrite,
    content::Package,
    inventory::Resource,
    sale::{Booking, Line, LineDetails, LineItem, LineKind},
};

use super::{
    bad,
    discount::ORDER_STAYS,
    order::{LineWrite, OrderPlan, adjusted, charged, rent_line, too_large},
    wish::Wish,
};
use crate::errors::refused;
use crate::read::Look;
use crate::rows::orders::Booked;

/// The relationships that name packages, the main one first.
const NAMES: [&str; 2] = ["primary_package", "extra_packages"];

/// The packages that a reservation has from now on, each once; none where nobody said.
pub fn wanted(wish: &Wish, before: &Booked) -> Option<Booked> {
    if wish.primary_package.is_none() && wish.extra_packages.is_none() {
        return None;
    }
    let primary = wish.primary_package.unwrap_or(before.primary);
    let mut extra: Vec<Id> = Vec::new();
    for id in wish.extra_packages.as_ref().unwrap_or(&before.extra) {
        if primary != Some(*id) && !extra.contains(id) {
            extra.push(*id);
        }
    }
    Some(Booked { primary, extra })
}

/// The packages that a stay will have.
pub struct Packages<'a> {
    /// As they are sold now.
    sold: Vec<Package>,
    /// All of them, those that nobody sells any more too.
    wanted: Booked,
    /// Those that it had before.
    before: &'a Booked,
}

/// The packages that a stay will have. What was booked before stays, wherever it is sold today.
///
/// # Errors
/// 404 for a new one that is not there, or not in this administration.
pub async fn of<'a>(
    look: &Look<'_>,
    draft: &Draft,
    wish: &Wish,
    before: &'a Booked,
    organization_id: Id,
) -> Result<Packages<'a>, Refusal> {
    let wanted = wanted(wish, before).unwrap_or_else(|| before.clone());
    let place = (before, organization_id);
    let sold = sold(look, draft, &wanted, place).await?;
    Ok(Packages {
        sold,
        wanted,
        before,
    })
}

async fn sold(
    look: &Look<'_>,
    draft: &Draft,
    wanted: &Booked,
    (before, organization_id): (&Booked, Id),
) -> Result<Vec<Package>, Refusal> {
    let wanted: Vec<Id> = wanted.ids().collect();
    let found = look.reading.by_ids::<Package>(&wanted).await;
    let mut found = found.map_err(refused)?;
    let mut sold = Vec::new();
    for id in &wanted {
        let is_booked = before.has(*id);
        let is_it = |package: &Package| {
            let own = package.organization_id;
            let is_here = own.is_none_or(|own| own == organization_id);
            package.id == *id && (is_booked || is_here)
        };
        match found.iter().position(is_it) {
            Some(index) => sold.push(found.swap_remove(index)),
            None if is_booked => {}
            None => return Err(missing(draft, *id)),
        }
    }
    Ok(sold)
}

fn missing(draft: &Draft, id: Id) -> Refusal {
    let is_main = draft.linked_id(NAMES[0]) == Some(&*id.to_string());
    let name = if is_main { NAMES[0] } else { NAMES[1] };
    bad(draft.missing_link(name, &Identifier::new("package", id)))
}

/// Refuses whoever wants other packages in an order that stays as it is.
pub fn order_stays(draft: &Draft) -> Refusal {
    let is_main = draft.links(NAMES[0]).is_some();
    let name = if is_main { NAMES[0] } else { NAMES[1] };
    bad(draft.refuse_link(name, ORDER_STAYS))
}

impl Packages<'_> {
    /// Whether the stay had this package and has it no more.
    fn let_go_of(&self, id: Id) -> bool {
        self.before.has(id) && !self.wanted.has(id)
    }
}

/// The line of a package; none where it costs nothing, or nobody counts.
fn line(package: &Package, facts: &StayFacts) -> Result<Option<LineDetails>, Refusal> {
    let of = (LineItem::Package, package.id);
    let line = charged(&package.details, of, facts, 1).map_err(too_large)?;
    Ok(line.filter(|line| !line.amount.is_zero()))
}

/// Whether a line is that of a package.
fn is_of(line: &Line) -> bool {
    line.details.kind == LineKind::Charge && line.details.item == LineItem::Package
}

/// The lines of a stay with those of its packages: of packages that it has no more they go, of new ones they come.
/// Those of packages that it keeps come to what they cost now where the stay is priced anew, and stay what they were
/// sold for otherwise. What is added is in the plan only, what changes or goes is written too.
///
/// # Errors
/// 422 for more than can be written down.
pub fn charged_for(
    packages: &Packages<'_>,
    lines: Vec<Line>,
    facts: &StayFacts,
    anew: bool,
) -> Result<(OrderPlan, Vec<LineWrite>), Refusal> {
    let mut plan = OrderPlan::default();
    let mut writes = Vec::new();
    let mut open: Vec<&Package> = packages.sold.iter().collect();
    for stored in lines {
        if !is_of(&stored) {
            plan.kept.push(stored);
            continue;
        }
        let product = stored.details.product_id;
        if product.is_some_and(|id| packages.let_go_of(id)) {
            writes.push(ItemWrite::Remove(stored.id));
            continue;
        }
        let of = |package: &&Package| product == Some(package.id);
        match open.iter().position(of) {
            Some(index) if anew => {
                let new = line(open.remove(index), facts)?;
                writes.extend(adjusted(stored, new, &mut plan.kept));
            }
            // It stays what it was sold for; or nobody sells it any more, and nobody has said that it is not wanted.
            _ => plan.kept.push(stored),
        }
    }
    for package in open {
        if anew || !packages.before.has(package.id) {
            plan.added.extend(line(package, facts)?);
        }
    }
    Ok((plan, writes))
}

/// The line for the nights of a stay that has been charged for nothing yet: whatever is charged beside them, they
/// are owed as well.
pub fn nights_owed(lines: &[Line], booked: &Booking, resource: &Resource) -> Option<LineDetails> {
    let is_charged = lines
        .iter()
        .any(|line| line.details.kind == LineKind::Charge);
    let price: Decimal = booked.details.price;
    (!is_charged && !price.is_zero()).then(|| LineDetails {
        amount: price,
        ..rent_line(resource)
    })
}
