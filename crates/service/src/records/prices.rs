//! Prices of master price lists: written by the thousand, read for stays.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use catalogue::{
    ColumnKind::Int,
    Kind, Row, Value,
    content::{Channel, PriceList},
    day_number,
    inventory::StoredPrice,
};
use domain::{
    id::Id,
    price_list::{LONGEST_STAY, NoListPrice, Price, PriceSheet, Pricing, StayPrice, stay_price},
};
use jiff::{ToSpan, civil::Date};
use store::{Each, Tx};

use super::{
    Readable, Reading,
    rows::{locked, update},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Error, Refusal, Result, UseCase};

/// The most prices of one write.
pub const MOST_PRICES: usize = 10_000;

/// So many are written in one statement.
const AT_ONCE: usize = 2_000;

/// The largest price, in minor units: a thousand nights of it can be added up.
const LARGEST_PRICE: i64 = 1_000_000_000_000;

/// A price to be written. It replaces the one of the same day and length, and keeps that one's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPrice {
    /// The night, or the arrival.
    pub day: Date,
    /// How many nights it is for; 0 for the price of one night in a sum.
    pub nights: u16,
    /// In minor units of the list's currency.
    pub minor: i64,
    /// Whether it may be sold.
    pub active: bool,
}

impl Write {
    /// Writes prices into a list. Of two for the same day and length the last counts.
    pub fn prices(list_id: Id, prices: Vec<NewPrice>) -> Write {
        Write::new(UpsertPrices { list_id, prices })
    }
}

struct UpsertPrices {
    list_id: Id,
    prices: Vec<NewPrice>,
}

static UPSERT: LazyLock<Each> = LazyLock::new(|| {
    let columns = StoredPrice::TABLE.columns;
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = names.iter().map(|name| format!("each.{name}")).collect();
    Each::owned(
        format!(
            "INSERT INTO price ({}) SELECT {} FROM {{each}} WHERE 1 = 1 \
             ON CONFLICT (tenant_id, list_id, day, nights) DO UPDATE SET price_minor = excluded.price_minor, \
             active = excluded.active, changed_at = excluded.changed_at",
            names.join(", "),
            values.join(", ")
        ),
        columns
            .iter()
            .map(|column| (column.name, column.kind))
            .collect(),
    )
});

impl Step for UpsertPrices {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(PriceList::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move { self.upsert(tx, by).await })
    }
}

impl UpsertPrices {
    async fn upsert(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<Stepped> {
        if let Err(refusal) = self.check() {
            return Ok(Err(refusal));
        }
        let list = match locked::<PriceList>(tx, by, self.list_id).await? {
            Ok(list) => list,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let last: BTreeMap<(Date, u16), &NewPrice> = self
            .prices
            .iter()
            .map(|price| ((price.day, price.nights), price))
            .collect();
        let rows: Vec<Row> = last
            .into_values()
            .map(|price| self.row(by, price))
            .collect();
        for rows in rows.chunks(AT_ONCE) {
            tx.write_each(&[(&UPSERT, rows)]).await?;
        }
        self.are_searched_anew(tx, by).await?;
        update(tx, by, &list, list.clone()).await
    }

    /// Resources that are sold by this list are found at other prices from now on.
    async fn are_searched_anew(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<()> {
        let ids = sold_by(tx, by, self.list_id).await?;
        let version = by.new_id();
        tx.terms_changed(by.tenant_id(), &ids, version).await
    }

    fn check(&self) -> std::result::Result<(), Refusal> {
        let invalid = |field, expected: String| Err(Refusal::Invalid { field, expected });
        if self.prices.len() > MOST_PRICES {
            return invalid("prices", format!("at most {MOST_PRICES} prices"));
        }
        for price in &self.prices {
            if !(0..=LARGEST_PRICE).contains(&price.minor) {
                return invalid(
                    "price",
                    "an amount from 0 to ten thousand million".to_owned(),
                );
            }
            if price.nights > LONGEST_STAY {
                return invalid("nights", format!("a number from 1 to {LONGEST_STAY}"));
            }
        }
        Ok(())
    }

    fn row(&self, by: &By<'_>, price: &NewPrice) -> Row {
        StoredPrice {
            tenant_id: by.tenant_id(),
            list_id: self.list_id,
            day: price.day,
            nights: price.nights.into(),
            id: by.new_id(),
            price_minor: price.minor,
            active: price.active,
            changed_at: by.stamp.now,
        }
        .to_row()
    }
}

/// The resources that are sold by a list. Which they are stands in their details only.
pub(super) async fn sold_by(tx: &mut Tx, by: &By<'_>, list_id: Id) -> store::Result<Vec<Id>> {
    let tenant_id = by.tenant_id();
    let mut found = Vec::new();
    // A number that goes on behind these digits is another one.
    for end in [",", "}"] {
        let named = format!("%\"price_list_id\":{list_id}{end}%");
        let sql = "SELECT id FROM resource WHERE tenant_id = $1 AND doc LIKE $2";
        let parameters = [tenant_id.into(), named.as_str().into()];
        found.extend(tx.query(sql, &parameters).await?);
    }
    let ids = found.into_iter().filter_map(|row| match row.first() {
        Some(Value::Int(id)) => Id::new(*id),
        _ => None,
    });
    Ok(ids.collect())
}

/// A stay whose price is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StayAsked {
    /// The list by which the resource is priced.
    pub list_id: Id,
    /// The arrival.
    pub arrival: Date,
    /// The nights.
    pub nights: u16,
}

/// What a stay costs, or why it has no price.
pub type StayAnswer = std::result::Result<StayPrice, NoListPrice>;

impl Reading<'_> {
    /// What stays cost in a channel, in the order they are asked for, all in two questions to the store.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::TooMany`] for more prices than [`MOST_PRICES`].
    pub async fn stay_prices(
        &self,
        channel: &Channel,
        asked: &[StayAsked],
    ) -> Result<Vec<StayAnswer>> {
        UseCase::ReadCalendar.authorize(self.actor())?;
        let pricing = channel.details.pricing;
        let tenant_id = Value::from(self.actor().tenant_id);
        let mut keys: Vec<Row> = Vec::new();
        for stay in asked {
            keys.extend(needed(stay, pricing).map(|(day, nights)| {
                vec![
                    tenant_id.clone(),
                    stay.list_id.into(),
                    day_number(day).into(),
                    i64::from(nights).into(),
                ]
            }));
            if keys.len() > MOST_PRICES {
                return Err(Error::TooMany { limit: MOST_PRICES });
            }
        }
        let mut sheets = self.sheets(asked).await?;
        let by = [
            ("tenant_id", Int),
            ("list_id", Int),
            ("day", Int),
            ("nights", Int),
        ];
        for price in self.tx().find_each::<StoredPrice>(&by, &keys).await? {
            if let Some(sheet) = sheets.get_mut(&price.list_id) {
                put(sheet, &price);
            }
        }
        let factor = channel.details.price_factor;
        let answer = |stay: &StayAsked| match sheets.get(&stay.list_id) {
            Some(sheet) => stay_price(sheet, pricing, stay.arrival, stay.nights, factor),
            None => Err(NoListPrice::Night(stay.arrival)),
        };
        Ok(asked.iter().map(answer).collect())
    }

    /// The lists of these stays, still without prices.
    async fn sheets(&self, asked: &[StayAsked]) -> Result<HashMap<Id, PriceSheet>> {
        let tenant_id = self.actor().tenant_id;
        let ids: std::collections::BTreeSet<Id> = asked.iter().map(|stay| stay.list_id).collect();
        let keys: Vec<Row> = ids
            .into_iter()
            .map(|id| vec![tenant_id.into(), id.into()])
            .collect();
        let by = [("tenant_id", Int), ("id", Int)];
        let lists = self.tx().find_each::<PriceList>(&by, &keys).await?;
        let actor = self.actor();
        let known = lists.into_iter().filter(|list| {
            list.organization_id
                .is_none_or(|organization_id| actor.reaches(organization_id))
        });
        Ok(known
            .map(|list| (list.id, PriceSheet::empty(list.details.currency)))
            .collect())
    }
}

/// The prices that a stay is made of.
fn needed(stay: &StayAsked, pricing: Pricing) -> impl Iterator<Item = (Date, u16)> + use<> {
    let (arrival, nights) = (stay.arrival, stay.nights.min(LONGEST_STAY));
    let (count, length) = match pricing {
        Pricing::Simple => (i32::from(nights), 0),
        Pricing::Complex => (1, nights),
    };
    (0..count)
        .filter_map(move |number| arrival.checked_add(number.days()).ok())
        .map(move |day| (day, length))
}

fn put(sheet: &mut PriceSheet, stored: &StoredPrice) {
    let price = Price {
        minor: stored.price_minor,
        active: stored.active,
    };
    match u16::try_from(stored.nights) {
        Ok(0) => drop(sheet.nights.insert(stored.day, price)),
        Ok(nights) => drop(sheet.stays.insert((stored.day, nights), price)),
        Err(_) => {}
    }
}
