//! Master price lists, with their prices in the same request.

use std::collections::HashSet;

use domain::{
    id::Id,
    money::{Currency, Money},
};
use jsonapi::{Errors, Link, Value};
use service::{
    content::{PriceList, PriceListDetails},
    inventory::StoredPrice,
    records::{NewPrice, Write, create, remove},
};

use super::{Planned, Stand, Wish, Writes, Written};
use crate::rows::content::MasterPriceList;

impl Written for MasterPriceList {
    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let mut row = PriceList::new(wish.id(), PriceListDetails::default());
        row.organization_id = stand.administration;
        row.details.client_id = Some(stand.call.caller.client_id);
        wish.text(&mut row.details.name, "name");
        if let Some(code) = wish.draft().text("currency") {
            let Some(currency) = Currency::from_code(code) else {
                let detail = "Expected a currency in three letters, such as EUR";
                return Ok(Err(wish.draft().refuse("currency", detail).into()));
            };
            row.details.currency = currency;
        }
        let (id, currency) = (row.id, row.details.currency);
        let list = wish.plan(create(row));
        let errors = not_in_the_list(wish, stand, id).await?;
        Ok(with_prices(list, (id, currency), wish, errors))
    }

    async fn update(
        stored: &PriceList,
        wish: &Wish,
        stand: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let list = wish.change(stored.id, |row: &mut PriceList, wish| {
            wish.text(&mut row.details.name, "name");
        });
        let errors = not_in_the_list(wish, stand, stored.id).await?;
        let list_of = (stored.id, stored.details.currency);
        Ok(with_prices(list, list_of, wish, errors))
    }

    fn remove(stored: &PriceList) -> Option<Write> {
        Some(remove::<PriceList>(stored.id))
    }
}

/// The relationships that prices are written through, and whether they are for stays.
const PRICES: [(&str, bool); 2] = [("simple_prices", false), ("complex_prices", true)];

/// What is wrong with links to prices that are there. One of this list stays as it is, as do all others
/// that are not written; one of another list, or of none, cannot be linked.
async fn not_in_the_list(
    wish: &Wish,
    stand: &mut Stand<'_, '_>,
    list_id: Id,
) -> service::Result<Errors> {
    let draft = wish.draft();
    let mut linked = Vec::new();
    for (name, is_of_stays) in PRICES {
        let links = draft.links(name).map_or(&[][..], jsonapi::Links::as_slice);
        let there = links.iter().filter_map(|link| match link {
            Link::To(identifier) => Some((name, is_of_stays, identifier)),
            Link::Draft(_) => None,
        });
        linked.extend(there);
    }
    let ids: Vec<Id> = linked
        .iter()
        .filter_map(|(_, _, identifier)| identifier.id.parse().ok())
        .collect();
    let known = stand.look.reading.by_ids::<StoredPrice>(&ids).await?;
    let known: HashSet<(bool, String)> = known
        .iter()
        .filter(|price| price.list_id == list_id)
        .map(|price| (price.nights > 0, price.id.to_string()))
        .collect();
    let mut errors = Errors::default();
    for (name, is_of_stays, identifier) in linked {
        if !known.contains(&(is_of_stays, identifier.id.clone())) {
            errors.push(draft.missing_link(name, identifier));
        }
    }
    Ok(errors)
}

/// The list, then all prices that are written with it. A price that is there already is the one of the same
/// day and length of stay, whatever the request calls it.
fn with_prices(
    list: Planned,
    (list_id, currency): (Id, Currency),
    wish: &Wish,
    mut errors: Errors,
) -> Writes {
    let mut prices = Vec::new();
    for (name, _) in PRICES {
        for beside in wish.beside(name) {
            prices.extend(price(&beside, currency, &mut errors));
        }
    }
    let mut writes = vec![list];
    if !prices.is_empty() {
        writes.push(wish.plan(Write::prices(list_id, prices)));
    }
    errors.unless_any(writes)
}

/// One price; none, and what is wrong with it among the errors.
fn price(wish: &Wish, currency: Currency, errors: &mut Errors) -> Option<NewPrice> {
    let draft = wish.draft();
    let is_of_stays = draft.kind.name == "complex_price";
    let day_name = if is_of_stays { "arrival_date" } else { "date" };
    let day = draft.value(day_name).and_then(Value::as_date);
    let nights = draft.value("length_of_stay").and_then(Value::as_integer);
    let nights = nights.and_then(|nights| u16::try_from(nights).ok());
    let money = draft.value("price").and_then(Value::as_money);
    if is_of_stays && nights.is_none_or(|nights| nights == 0) {
        errors.push(draft.refuse("length_of_stay", "A price of a stay needs its nights"));
    }
    let minor = match money {
        None => Err("A price needs a currency and a value".to_owned()),
        Some(money) if money.currency != currency => Err(format!(
            "The prices of this list are in {}",
            currency.code()
        )),
        Some(money) => Money::from_decimal_exact(money.value, currency)
            .map(|money| money.minor)
            .map_err(|error| error.to_string()),
    };
    let Some(day) = day else {
        errors.push(draft.refuse(day_name, "A price needs its day"));
        return None;
    };
    let minor = match minor {
        Ok(minor) => minor,
        Err(detail) => {
            errors.push(draft.refuse("price", detail));
            return None;
        }
    };
    let active = draft.value("is_active").and_then(Value::as_boolean);
    Some(NewPrice {
        day,
        nights: if is_of_stays {
            nights.unwrap_or_default()
        } else {
            0
        },
        minor,
        active: active.unwrap_or(true),
    })
}
