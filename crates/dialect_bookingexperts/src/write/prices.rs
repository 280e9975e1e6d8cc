//! Master price lists, with their prices in the same request.

use domain::{
    id::Id,
    money::{Currency, Money},
};
use jsonapi::{Errors, Value};
use service::{
    content::{PriceList, PriceListDetails},
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
        Ok(with_prices(list, id, currency, wish))
    }

    async fn update(
        stored: &PriceList,
        wish: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let list = wish.change(stored.id, |row: &mut PriceList, wish| {
            wish.text(&mut row.details.name, "name");
        });
        Ok(with_prices(list, stored.id, stored.details.currency, wish))
    }

    fn remove(stored: &PriceList) -> Option<Write> {
        Some(remove::<PriceList>(stored.id))
    }
}

/// The list, then all prices that are written with it. A price that is there already is the one of the same
/// day and length of stay, whatever the request calls it.
fn with_prices(list: Planned, list_id: Id, currency: Currency, wish: &Wish) -> Writes {
    let mut errors = Errors::default();
    let mut prices = Vec::new();
    for name in ["simple_prices", "complex_prices"] {
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
