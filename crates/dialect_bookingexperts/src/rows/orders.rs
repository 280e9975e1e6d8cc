//! Orders with their items, and the prices of price lists.

use std::collections::HashMap;

use domain::{
    id::Id,
    money::{Currency, Money},
    time::nights,
};
use jsonapi::{Identifier, ResourceType, Row};
use rust_decimal::Decimal;
use service::{
    content::PriceList,
    inventory::{Organization, StoredPrice},
    links::BookedPackage,
    records::{Field, Linking, Test},
    sale::{Booking, Line, LineItem, LineKind},
};
use tokio::try_join;

use super::{
    bookings::{bookings_by, is_reserved, reserved},
    parts::{amount, begun, many, text, to},
};
use crate::kinds::{bookings as kinds, selling};
use crate::read::{Look, Lookup, Shown, when};
use crate::seen::Seen;

/// What a line comes to.
fn total(line: &Line) -> Decimal {
    let details = &line.details;
    details.amount.saturating_mul(details.quantity.into())
}

/// Whether a line is for an extra.
pub fn is_extra(line: &Line) -> bool {
    line.details.kind == LineKind::Charge && line.details.item == LineItem::Extra
}

fn is_main(line: &Line) -> bool {
    line.details.kind == LineKind::Charge && line.details.item != LineItem::Extra
}

/// The lines of these reservations, by reservation.
pub async fn lines(ids: &[Id], look: &Look<'_>) -> service::Result<HashMap<Id, Vec<Line>>> {
    let booking = const { Field::<Line>::new("booking_id") };
    let of_booking = |line: &Line| line.booking_id;
    look.reading.hanging(booking, of_booking, ids).await
}

/// The packages of a reservation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Booked {
    /// The main one. The first place among the linked ones is its own, and stays empty where there is none.
    pub primary: Option<Id>,
    /// The others, each once.
    pub extra: Vec<Id>,
}

impl Booked {
    /// Those of these reservations, by reservation.
    pub async fn of(ids: &[Id], look: &Look<'_>) -> service::Result<HashMap<Id, Self>> {
        let placed = look.reading.placed::<BookedPackage>(ids).await?;
        let booked = placed.into_iter().map(|(id, links)| {
            let mut booked = Self::default();
            for (position, package_id) in links {
                match position {
                    0 => booked.primary = Some(package_id),
                    _ => booked.extra.push(package_id),
                }
            }
            (id, booked)
        });
        Ok(booked.collect())
    }

    /// All of them, the main one first.
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        self.primary.into_iter().chain(self.extra.iter().copied())
    }

    /// Whether this package is one of them.
    pub fn has(&self, id: Id) -> bool {
        self.ids().any(|own| own == id)
    }

    /// All of them as they are linked to their reservation.
    pub fn linking(&self, booking_id: Id) -> Linking {
        Linking {
            first: i64::from(self.primary.is_none()),
            ..Linking::plain("booking", booking_id, self.ids())
        }
    }
}

/// Orders: each reservation has one, under its own id.
pub struct OrderShown;

impl Shown for OrderShown {
    type Stored = Booking;
    const KIND: &'static ResourceType = &kinds::ORDER;

    fn narrowed(seen: &Seen) -> Vec<Test<Booking>> {
        reserved(Self::KIND, seen)
    }

    fn keeps(row: &Booking, seen: &Seen) -> bool {
        is_reserved(Self::KIND, row, seen)
    }

    fn lookup(name: &str) -> Option<Lookup<Booking>> {
        bookings_by(name)
    }

    async fn hanging(ids: &[Id], look: &Look<'_>) -> service::Result<()> {
        try_join!(lines(ids, look), packages(ids, look)).map(drop)
    }

    async fn show(stored: &[Booking], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
        let places: Vec<Id> = stored.iter().map(|row| row.organization_id).collect();
        let (mut charged, places, mut packages) = try_join!(
            lines(&ids, look),
            look.reading.by_ids::<Organization>(&places),
            packages(&ids, look)
        )?;
        let currencies: HashMap<Id, Currency> = places
            .iter()
            .map(|place| (place.id, place.details.currency))
            .collect();
        let shown = stored.iter().map(|row| {
            let lines = charged.remove(&row.id).unwrap_or_default();
            let currency = currencies.get(&row.organization_id);
            let packages = packages.remove(&row.id).unwrap_or_default();
            order(row, &lines, &packages).with("currency", currency.map(|currency| currency.code()))
        });
        Ok(shown.collect())
    }
}

/// The packages of orders, where an order is to say them.
async fn packages(ids: &[Id], look: &Look<'_>) -> service::Result<HashMap<Id, Booked>> {
    let wants = |name: &str| look.query.shows(OrderShown::KIND, name);
    let wanted = wants("primary_package_id") || wants("extra_package_ids");
    when(wanted, Booked::of(ids, look)).await
}

fn order(row: &Booking, lines: &[Line], packages: &Booked) -> Row {
    let ids = |is: fn(&Line) -> bool| {
        let found = lines.iter().filter(move |line| is(line));
        found.map(|line| line.id)
    };
    let charges = lines.iter();
    let mut charges = charges
        .filter(|line| line.details.kind == LineKind::Charge)
        .peekable();
    // A booking that nobody wrote lines for has the price that it was booked at.
    let sum = match charges.peek() {
        None => row.details.price,
        Some(_) => charges
            .map(total)
            .fold(Decimal::ZERO, Decimal::saturating_add),
    };
    let extra_packages: Vec<String> = packages.extra.iter().map(Id::to_string).collect();
    begun(&kinds::ORDER, row)
        .with(
            "reservation_days",
            i64::from(nights(row.arrival_on, row.departure_on)),
        )
        .with("total", amount(sum))
        .with(
            "primary_package_id",
            packages.primary.map(|id| id.to_string()),
        )
        .with("extra_package_ids", extra_packages)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one(
            "administration",
            to("administration", Some(row.organization_id)),
        )
        .to_one("reservation", to("reservation", Some(row.id)))
        .to_many("main_order_items", many("main_order_item", ids(is_main)))
        .to_many("extra_order_items", many("extra_order_item", ids(is_extra)))
}

/// The order that a reservation would have, with its items.
pub fn previewed(row: &Booking, lines: &[Line], packages: &Booked, currency: Currency) -> Vec<Row> {
    let items = lines.iter().map(|line| {
        if is_extra(line) {
            extra_item(line)
        } else {
            item(&kinds::MAIN_ORDER_ITEM, line)
        }
    });
    let order = order(row, lines, packages).with("currency", currency.code());
    let rows = [order.nowhere()].into_iter().chain(items);
    rows.collect()
}

fn extra_item(line: &Line) -> Row {
    item(&kinds::EXTRA_ORDER_ITEM, line)
        .with("memo", text(&line.details.memo))
        .to_one("extra", to("extra", line.details.product_id))
}

fn item(kind: &'static ResourceType, line: &Line) -> Row {
    let details = &line.details;
    Row::new(kind, line.id)
        .with("name", text(&details.description))
        .with("quantity", details.quantity)
        .with("price", amount(details.amount))
        .with("total", amount(total(line)))
        .with("vat_percentage", amount(details.vat_rate))
        .with("created_at", line.created_at)
        .to_one("order", Some(Identifier::new("order", line.booking_id)))
}

fn lines_by(name: &str) -> Option<Lookup<Line>> {
    match name {
        "order" => Some(Lookup::Id(const { Field::new("booking_id") })),
        _ => None,
    }
}

/// Lines for the stay itself.
pub struct MainOrderItem;

impl Shown for MainOrderItem {
    type Stored = Line;
    const KIND: &'static ResourceType = &kinds::MAIN_ORDER_ITEM;

    fn keeps(row: &Line, _: &Seen) -> bool {
        is_main(row)
    }

    fn lookup(name: &str) -> Option<Lookup<Line>> {
        lines_by(name)
    }

    async fn show(stored: &[Line], _: &Look<'_>) -> service::Result<Vec<Row>> {
        Ok(stored.iter().map(|line| item(Self::KIND, line)).collect())
    }
}

/// Lines for extras.
pub struct ExtraOrderItem;

impl Shown for ExtraOrderItem {
    type Stored = Line;
    const KIND: &'static ResourceType = &kinds::EXTRA_ORDER_ITEM;

    fn keeps(row: &Line, _: &Seen) -> bool {
        is_extra(row)
    }

    fn lookup(name: &str) -> Option<Lookup<Line>> {
        lines_by(name)
    }

    async fn show(stored: &[Line], _: &Look<'_>) -> service::Result<Vec<Row>> {
        Ok(stored.iter().map(extra_item).collect())
    }
}

/// Prices of lists that belong to these administrations, or to all.
fn of_administrations(ids: Vec<Id>) -> Test<StoredPrice> {
    let owner = const { Field::<PriceList>::new("organization_id") };
    Test::among::<PriceList>(
        const { Field::new("list_id") },
        const { Field::new("id") },
        Test::any([Test::one_of(owner, ids), Test::is(owner, None::<Id>)]),
    )
}

async fn prices(
    kind: &'static ResourceType,
    stored: &[StoredPrice],
    look: &Look<'_>,
) -> service::Result<Vec<Row>> {
    let lists: Vec<Id> = stored.iter().map(|row| row.list_id).collect();
    let lists = look.reading.by_ids::<PriceList>(&lists).await?;
    let currencies: HashMap<Id, Currency> = lists
        .iter()
        .map(|list| (list.id, list.details.currency))
        .collect();
    let shown = stored.iter().map(|row| {
        let currency = currencies.get(&row.list_id).copied();
        let price = currency.map(|currency| jsonapi::Money {
            currency,
            value: Money::new(row.price_minor, currency).to_decimal(),
        });
        let list = Identifier::new("master_price_list", row.list_id);
        Row::new(kind, row.id)
            .with("price", price)
            .with("is_active", row.active)
            .with("updated_at", row.changed_at)
            .to_one("master_price_list", Some(list))
    });
    Ok(shown.collect())
}

/// Declares the prices of one kind: whether they are for stays, and how the days are called.
macro_rules! prices {
    ($($(#[$doc:meta])* $name:ident, $kind:expr, $day:literal, $of_stays:literal;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = StoredPrice;
            const KIND: &'static ResourceType = &$kind;

            fn narrowed(_: &Seen) -> Vec<Test<StoredPrice>> {
                let of_nights = Test::is(const { Field::new("nights") }, 0_i64);
                vec![if $of_stays { Test::not(of_nights) } else { of_nights }]
            }

            fn keeps(row: &StoredPrice, _: &Seen) -> bool {
                (row.nights > 0) == $of_stays
            }

            fn lookup(name: &str) -> Option<Lookup<StoredPrice>> {
                if name == $day {
                    return Some(Lookup::Day(const { Field::new("day") }));
                }
                Some(match name {
                    "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
                    "length_of_stay" => Lookup::Whole(const { Field::new("nights") }),
                    "master_price_list" => Lookup::Id(const { Field::new("list_id") }),
                    "administration" => Lookup::Through(of_administrations),
                    _ => return None,
                })
            }

            async fn stands_below(
                list: Id,
                administration: Id,
                look: &Look<'_>,
            ) -> service::Result<bool> {
                let found = look.reading.one::<PriceList>(list).await?;
                let owner = found.map(|list| list.organization_id);
                Ok(owner.is_some_and(|owner| owner.is_none_or(|owner| owner == administration)))
            }

            async fn show(stored: &[StoredPrice], look: &Look<'_>) -> service::Result<Vec<Row>> {
                let rows = prices(Self::KIND, stored, look).await?;
                let shown = rows.into_iter().zip(stored).map(|(row, price)| {
                    let row = row.with($day, price.day);
                    if $of_stays { row.with("length_of_stay", price.nights) } else { row }
                });
                Ok(shown.collect())
            }
        }
    )* };
}

prices! {
    /// Prices of nights.
    SimplePrice, selling::SIMPLE_PRICE, "date", false;
    /// Prices of stays.
    ComplexPrice, selling::COMPLEX_PRICE, "arrival_date", true;
}
