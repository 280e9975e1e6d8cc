//! Cards and coupons that guests have, and what they take off what a campaign has left.
//!
//! A reservation names them by their ids, for apps that may read them, or by the codes that stand on them.
//! Those that it had already stay with it, as of the day on which it was booked, as long as the stay is one
//! that they are for.

use domain::{
    charge::{Discount, StayFacts},
    id::Id,
    money::Money,
    text::{Locale, Localized},
};
use http_kit::Refusal;
use jiff::civil::Date;
use jsonapi::{Aim, Change, Code, Draft, Error, Identifier, Link};
use service::{
    content::{Coupon, DiscountCard},
    inventory::Resource,
    records::{Field, Query, Test},
    sale::{Line, LineDetails, LineItem},
};

use super::{bad, order::too_large};
use crate::errors::refused;
use crate::read::{Look, needs_word};
use crate::rows::discounts::{Voucher, voucher_of};

/// A stay gets no more of them than this.
const MOST: usize = 10;

/// What a guest has.
#[derive(Clone, Debug)]
pub struct Had {
    id: Id,
    name: Localized,
    discount: Discount,
    /// The refusal where the stay gets nothing by it; none for what the reservation had already.
    refusal: Option<Error>,
}

/// The cards and coupons of a reservation from now on, each once.
///
/// # Errors
/// 404 for one that is not there; 422 for a code that stands on none; 403 for whoever may not name them by
/// their ids.
pub async fn had(
    look: &Look<'_>,
    call: &http_kit::Call,
    request: &Change,
    resource: &Resource,
    lines: &[Line],
) -> Result<Vec<Had>, Refusal> {
    let before: Vec<Id> = lines.iter().filter_map(voucher_of).collect();
    let mut all = of_kind::<DiscountCard>(look, call, request, resource, &before).await?;
    all.extend(of_kind::<Coupon>(look, call, request, resource, &before).await?);
    let mut seen = Vec::new();
    all.retain(|one| {
        let is_new = !seen.contains(&one.id);
        seen.push(one.id);
        is_new
    });
    if all.len() > MOST {
        let detail = format!("At most {MOST} cards and coupons");
        return Err(bad(request.root().refuse_link(DiscountCard::NAME, detail)));
    }
    Ok(all)
}

async fn of_kind<K: Voucher>(
    look: &Look<'_>,
    call: &http_kit::Call,
    request: &Change,
    resource: &Resource,
    before: &[Id],
) -> Result<Vec<Had>, Refusal> {
    let known = look.reading.by_ids::<K>(before).await.map_err(refused)?;
    let root = request.root();
    let Some(links) = root.links(K::NAME) else {
        let kept = known.iter().map(|one| had_of(one, None));
        return Ok(kept.collect());
    };
    let mut all = Vec::new();
    for link in links.as_slice() {
        match link {
            Link::To(identifier) => {
                let old = known
                    .iter()
                    .find(|one| one.id().to_string() == identifier.id);
                if let Some(old) = old {
                    all.push(had_of(old, None));
                    continue;
                }
                needs_word(call, K::KIND)?;
                let found = by_id::<K>(look, identifier, resource).await?;
                let found = found.ok_or_else(|| bad(root.missing_link(K::NAME, identifier)))?;
                let refusal = root.refuse_link(K::NAME, NOT_FOR_IT);
                all.push(had_of(&found, Some(refusal)));
            }
            Link::Draft(index) => {
                let drafts = request.drafts();
                let draft = drafts.get(*index).unwrap_or(root);
                all.push(by_code::<K>(look, draft, resource).await?);
            }
        }
    }
    Ok(all)
}

/// Why a stay gets nothing by what is there.
const NOT_FOR_IT: &str = "It is not for this stay";

fn had_of<K: Voucher>(one: &K, refusal: Option<Error>) -> Had {
    let details = one.details();
    Had {
        id: one.id(),
        name: details.name.clone(),
        discount: details.discount,
        refusal,
    }
}

fn is_here<K: Voucher>(one: &K, resource: &Resource) -> bool {
    let own = one.organization_id();
    own.is_none_or(|own| own == resource.organization_id)
}

async fn by_id<K: Voucher>(
    look: &Look<'_>,
    identifier: &Identifier,
    resource: &Resource,
) -> Result<Option<K>, Refusal> {
    let Ok(id) = identifier.id.parse::<Id>() else {
        return Ok(None);
    };
    let found = look.reading.one::<K>(id).await.map_err(refused)?;
    Ok(found.filter(|found| is_here(found, resource)))
}

/// The one with the code of a draft. A draft makes none: whoever holds a card says what stands on it.
async fn by_code<K: Voucher>(
    look: &Look<'_>,
    draft: &Draft,
    resource: &Resource,
) -> Result<Had, Refusal> {
    let says_more = draft.attributes().iter().any(|(name, _)| *name != "code");
    if says_more || draft.aim != Aim::Create {
        let detail = "A card or a coupon is named by its code, and changed at its own path";
        let error = Error::new(Code::ForbiddenInput, detail);
        return Err(bad(error.at(draft.pointer())));
    }
    let code = draft.text("code").unwrap_or_default().trim().to_owned();
    let test = Test::says(const { Field::<K>::new("search") }, &code);
    let most = service::PageOf::first(100);
    let page = look.reading.page(&Query::new().meets(test), most).await;
    let rows = page.map_err(refused)?.rows;
    let is_it = |one: &&K| {
        let own = one.details().code.to_lowercase();
        own == code.to_lowercase() && is_here(*one, resource)
    };
    match rows.iter().find(is_it) {
        Some(found) => Ok(had_of(found, Some(draft.refuse("code", NOT_FOR_IT)))),
        None => Err(bad(draft.refuse("code", "This code stands on none"))),
    }
}

/// The lines by which cards and coupons take off what they do of a stay, and what they leave of the rent.
///
/// # Errors
/// 422 for one that the stay gets nothing by, unless it was had before.
pub fn taken_off(
    all: &[Had],
    stay: &StayFacts,
    (today, booked_on): (Date, Date),
) -> Result<(Money, Vec<LineDetails>), Refusal> {
    let mut left = stay.rent;
    let mut lines = Vec::new();
    for one in all {
        let day = if one.refusal.is_some() {
            today
        } else {
            booked_on
        };
        let facts = StayFacts {
            rent: left,
            ..*stay
        };
        if !one.discount.applies(&facts, day) {
            match &one.refusal {
                Some(refusal) => return Err(bad(refusal.clone())),
                None => continue,
            }
        }
        let off = one.discount.of(&facts, day).map_err(too_large)?;
        if off.minor == 0 {
            continue;
        }
        left = left.minus(off).map_err(too_large)?;
        let name = one.name.best(&[], Some(&Locale::english()));
        lines.push(LineDetails {
            item: LineItem::Card,
            product_id: Some(one.id),
            description: name.unwrap_or("Discount").to_owned(),
            quantity: 1,
            amount: -off.to_decimal(),
            ..LineDetails::default()
        });
    }
    Ok((left, lines))
}
