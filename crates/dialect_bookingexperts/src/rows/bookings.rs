//! Reservations, and the bookings that they belong to.

use std::collections::{HashMap, HashSet};

use domain::{booking::Status, id::Id};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use jsonapi::{ResourceType, Row, Term, Test as Asked, Value};
use service::{
    content::{Channel, Coupon, DiscountCard},
    customers::Order,
    inventory::Unit,
    links::{AmenityValue, Labelled},
    records::{Field, Lodging, Readable, Test},
    sale::{Booking, Line},
};
use tokio::try_join;

use super::{
    discounts::{Voucher, campaign_of, voucher_of},
    orders::{Booked, is_extra, lines},
    parts::{begun, many, number, text, to},
    prepare,
    structure::amenities,
    units::labels,
};
use crate::kinds::{bookings as kinds, structure};
use crate::read::{Look, Lookup, Shown, lookup, when};
use crate::seen::Seen;

/// The vendor's words for our states. Inquiries and blocks are no reservations.
const STATES: &[(&str, &[Status])] = &[
    ("request", &[Status::Requested]),
    ("unconfirmed", &[Status::Held]),
    ("option", &[Status::Optional]),
    (
        "confirmed",
        &[Status::Confirmed, Status::InHouse, Status::Completed],
    ),
    ("cancelled", &[Status::Cancelled, Status::Refused]),
    ("expired", &[Status::Expired]),
];

/// The vendor's word for a state.
pub fn state(status: Status) -> Option<&'static str> {
    let found = STATES.iter().find(|(_, ours)| ours.contains(&status));
    found.map(|(word, _)| *word)
}

fn in_states(is_asked: &lookup::IsAsked<'_>) -> Test<Booking> {
    let named = STATES.iter().filter(|(word, _)| is_asked(word));
    let statuses: Vec<Status> = named.flat_map(|(_, ours)| ours.iter().copied()).collect();
    Test::one_of(const { Field::new("status") }, statuses)
}

/// What bookings meet that are shown as reservations, bookings or orders.
pub fn reserved(kind: &ResourceType, seen: &Seen) -> Vec<Test<Booking>> {
    let own = seen.of_own_channels(kind);
    [has_state()].into_iter().chain(own).collect()
}

/// Bookings in one of the states that the vendor has a word for.
fn has_state() -> Test<Booking> {
    // The few that are left out are compared faster than the many that are shown, row by row of a count.
    let others = Status::ALL.into_iter();
    let others = others.filter(|status| state(*status).is_none());
    Test::not(Test::one_of(const { Field::new("status") }, others))
}

/// The same, asked of a booking.
pub fn is_reserved(kind: &ResourceType, row: &Booking, seen: &Seen) -> bool {
    state(row.status).is_some() && seen.shows_booking(kind, row)
}

/// Under which name a booking notes on which day its guests came.
pub const CHECKED_IN_ON: &str = "checked_in_on";

/// Under which name it notes on which day they left.
pub const CHECKED_OUT_ON: &str = "checked_out_on";

/// On which day the guests came, as long as they are here or have been.
pub fn checked_in_on(row: &Booking) -> Option<Date> {
    let has_begun = matches!(row.status, Status::InHouse | Status::Completed);
    noted_day(row, CHECKED_IN_ON).filter(|_| has_begun)
}

/// On which day the guests left, if they have.
pub fn checked_out_on(row: &Booking) -> Option<Date> {
    noted_day(row, CHECKED_OUT_ON).filter(|_| row.status == Status::Completed)
}

fn noted_day(row: &Booking, name: &str) -> Option<Date> {
    row.details.extra.get(name)?.as_str()?.parse().ok()
}

/// The id of the booking that a reservation belongs to.
pub fn booking_of(row: &Booking) -> Id {
    row.group_id.unwrap_or(row.id)
}

/// How bookings are looked up in all of their roles.
pub fn bookings_by(name: &str) -> Option<Lookup<Booking>> {
    Some(match name {
        "start_date" => Lookup::Day(const { Field::new("arrival_on") }),
        "end_date" => Lookup::Day(const { Field::new("departure_on") }),
        "created_at" => Lookup::Instant(const { Field::new("created_at") }),
        "created_at_date" => Lookup::DayOf(const { Field::new("created_at") }),
        "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
        "remote_reservation_key" => Lookup::Text(const { Field::new("external_reference") }),
        "state" => Lookup::Words(in_states),
        "administration" => Lookup::Id(const { Field::new("organization_id") }),
        "rentable_type" | "category" => Lookup::Id(const { Field::new("resource_id") }),
        "labels" => Lookup::Through(|ids| Test::has::<Labelled>(&ids)),
        "booking" => Lookup::Through(|ids| {
            let alone = Test::all([
                Test::is(const { Field::new("group_id") }, None::<Id>),
                Test::one_of(const { Field::new("id") }, ids.clone()),
            ]);
            Test::any([Test::one_of(const { Field::new("group_id") }, ids), alone])
        }),
        _ => return None,
    })
}

/// Reservations.
pub struct Reservation;

impl Shown for Reservation {
    type Stored = Booking;
    const KIND: &'static ResourceType = &kinds::RESERVATION;

    fn narrowed(seen: &Seen) -> Vec<Test<Booking>> {
        reserved(Self::KIND, seen)
    }

    fn keeps(row: &Booking, seen: &Seen) -> bool {
        is_reserved(Self::KIND, row, seen)
    }

    fn in_channel(channel: &Channel) -> Option<Test<Booking>> {
        Some(Test::is(const { Field::new("channel") }, channel.slug()))
    }

    fn lookup(name: &str) -> Option<Lookup<Booking>> {
        Some(match name {
            "order" => Lookup::Id(const { Field::new("id") }),
            "inventory_object" | "rentable_identity" | "rentable" => Lookup::Read,
            "fixed_rentable" => Lookup::Own(is_fixed),
            "reservation_amenities" => Lookup::Through(|ids| {
                let (own, of) = const { (Field::new("id"), Field::new("from_id")) };
                let answers = Test::one_of(const { Field::new("id") }, ids);
                Test::among::<AmenityValue>(own, of, answers)
            }),
            name => return bookings_by(name),
        })
    }

    /// A unit is known to bookings by its place in its rentable type.
    async fn looked_up(
        _: &str,
        asked: &Asked,
        look: &Look<'_>,
    ) -> service::Result<Option<Test<Booking>>> {
        let Asked::OneOf(terms) = asked else {
            return Ok(None);
        };
        let Some(ids) = terms.iter().map(Term::id).collect::<Option<Vec<&str>>>() else {
            return Ok(None);
        };
        let ids: Vec<Id> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let units = look.reading.by_ids::<Unit>(&ids).await?;
        let places = units.iter().map(|unit| (unit.resource_id, unit.number));
        Ok(Some(Test::stays_in(&places.collect::<Vec<_>>())))
    }

    async fn show(stored: &[Booking], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let rows = stored.iter().map(|row| reservation(row, &look.seen));
        let rows: Vec<Row> = rows.collect();
        let (mut beside, ()) = try_join!(Beside::of(stored, look), look.ahead(Self::KIND, &rows))?;
        let shown = stored.iter().zip(rows);
        Ok(shown
            .map(|(stored, row)| beside.link(stored, row))
            .collect())
    }
}

/// Whether the guests keep their unit.
fn is_fixed(asked: &Asked) -> Option<Test<Booking>> {
    let is_asked = |fixed: bool| asked.holds_for(&Value::Boolean(fixed));
    Some(match (is_asked(true), is_asked(false)) {
        (true, true) => Test::all([]),
        (true, false) => Test::is_pinned(),
        (false, true) => Test::not(Test::is_pinned()),
        (false, false) => Test::any([]),
    })
}

/// The bookings that these reservations belong to.
fn with_reservations(ids: Vec<Id>) -> Test<Booking> {
    let (own, group) = const { (Field::<Booking>::new("id"), Field::new("group_id")) };
    let members = Test::all([Test::one_of(own, ids.clone()), has_state()]);
    // A booking has the id of its first reservation.
    let first = Test::one_of(own, ids);
    Test::any([first, Test::among::<Booking>(own, group, members)])
}

/// What a reservation says itself.
fn reservation(row: &Booking, seen: &Seen) -> Row {
    let details = &row.details;
    let groups = details.groups();
    let group = [
        ("seniors", groups.seniors),
        ("adults", groups.adults),
        ("adolescents", groups.adolescents),
        ("children", groups.children),
        ("babies", groups.babies),
        ("pets", groups.pets),
    ];
    let name = Some(details.contact.full_name()).filter(|_| seen.shows_person(row));
    let noted = |name: &str| details.extra.get(name);
    let flag = |name: &str| noted(name).and_then(serde_json::Value::as_bool);
    let word = |name: &str| {
        text(
            noted(name)
                .and_then(serde_json::Value::as_str)
                .unwrap_or(""),
        )
    };
    let made = row.created_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let noted_flags = kinds::NOTED_FLAGS.iter();
    let row_begun = noted_flags.fold(begun(&kinds::RESERVATION, row), |row, name| {
        row.with(name, flag(name).unwrap_or(false))
    });
    row_begun
        .with("access_code", word("access_code"))
        .with("stay_reason", word("stay_reason"))
        .with("start_date", row.arrival_on)
        .with("end_date", row.departure_on)
        .with(
            "guest_group",
            Value::object(group.map(|(name, people)| (name, number(people)))),
        )
        .with("state", state(row.status))
        .with("guest_name", name.as_deref().map_or(Value::Null, text))
        .with("note", text(&details.notes))
        .with("remote_reservation_key", text(&row.external_reference))
        .with(CHECKED_IN_ON, checked_in_on(row))
        .with(CHECKED_OUT_ON, checked_out_on(row))
        .with("expires_at", row.held_until)
        .with("cancelled_at", row.cancelled_at)
        .with("created_at_date", made)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one(
            "administration",
            to("administration", Some(row.organization_id)),
        )
        .to_one("booking", to("booking", Some(booking_of(row))))
        .to_one("order", to("order", Some(row.id)))
        .to_one("rentable_type", to("rentable_type", Some(row.resource_id)))
        .to_one("category", to("category", Some(row.resource_id)))
}

/// What stands beside reservations, for all of them at once.
struct Beside {
    units: HashMap<Id, Lodging>,
    labels: HashMap<Id, Vec<Id>>,
    amenities: HashMap<Id, Vec<Id>>,
    packages: HashMap<Id, Booked>,
    charged: Charged,
    rules: HashMap<Id, Id>,
}

impl Beside {
    /// Asks for everything at once, since nothing of it needs the rest.
    async fn of(stored: &[Booking], look: &Look<'_>) -> service::Result<Self> {
        let wants = |names: &[&str]| {
            let mut names = names.iter();
            names.any(|name| look.wants(Reservation::KIND, name))
        };
        let of_unit = wants(&OBJECTS.map(|(name, _)| name)) || wants(&["fixed_rentable"]);
        let of_package = wants(&["primary_package", "extra_packages"]);
        let of_order = look.seen.financial
            && wants(&[
                "extra_order_items",
                "discount_campaign",
                "discount_cards",
                "coupons",
            ]);
        let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
        let (units, labels, amenities, packages, charged, rules) = try_join!(
            when(of_unit, lodgings(stored, look)),
            when(wants(&["labels"]), labels(&ids, "booking", look)),
            when(
                wants(&["reservation_amenities"]),
                amenities(&ids, "booking", look)
            ),
            when(of_package, Booked::of(&ids, look)),
            when(of_order, Charged::of(stored, look)),
            when(wants(&["cancellation_rule"]), rules(stored, look)),
        )?;
        Ok(Self {
            units,
            labels,
            amenities,
            packages,
            charged,
            rules,
        })
    }

    fn link(&mut self, stored: &Booking, row: Row) -> Row {
        let id = stored.id;
        let take = |from: &mut HashMap<Id, Vec<Id>>| from.remove(&id).unwrap_or_default();
        // The same booking is shown as it was and as it is: in both it has the place that it has now.
        let lodging = self.units.get(&id);
        let unit = lodging.and_then(|lodging| lodging.units.first());
        let unit = unit.map(|unit| unit.id);
        let packages = self.packages.remove(&id).unwrap_or_default();
        let rule = self.rules.get(&booking_of(stored)).copied();
        row.with("fixed_rentable", lodging.is_some_and(|of| of.pinned))
            .to_one("inventory_object", to("inventory_object", unit))
            .to_one("rentable_identity", to("rentable_identity", unit))
            .to_one("rentable", to("rentable", unit))
            .to_many("labels", many("label", take(&mut self.labels)))
            .to_many(
                "reservation_amenities",
                many("reservation_amenity", take(&mut self.amenities)),
            )
            .to_one("primary_package", to("package", packages.primary))
            .to_many("extra_packages", many("package", packages.extra))
            .to_many(
                "extra_order_items",
                many("extra_order_item", take(&mut self.charged.items)),
            )
            .to_one("cancellation_rule", to("cancellation_rule", rule))
            .to_one(
                "discount_campaign",
                to(
                    "discount_campaign",
                    self.charged.campaigns.get(&id).copied(),
                ),
            )
            .to_many(
                "discount_cards",
                many("discount_card", take(&mut self.charged.cards)),
            )
            .to_many("coupons", many("coupon", take(&mut self.charged.coupons)))
    }
}

/// The relationships to the unit, under all of its names.
const OBJECTS: [(&str, &ResourceType); 3] = [
    ("inventory_object", &structure::INVENTORY_OBJECT),
    ("rentable_identity", &structure::RENTABLE_IDENTITY),
    ("rentable", &structure::RENTABLE),
];

/// Where they stay. What hangs on units that are included is asked for as soon as these are known.
async fn lodgings(stored: &[Booking], look: &Look<'_>) -> service::Result<HashMap<Id, Lodging>> {
    let lodgings = look.reading.units_of(stored).await?;
    let units = lodgings.values().flat_map(|lodging| &lodging.units);
    let ids: Vec<Id> = units.map(|unit| unit.id).collect();
    let included = OBJECTS
        .iter()
        .filter(|(name, _)| look.includes(Reservation::KIND, name));
    try_join_all(included.map(|(_, kind)| prepare(kind, &ids, look))).await?;
    Ok(lodgings)
}

/// The rules for cancelling these reservations, by the booking that they belong to.
async fn rules(stored: &[Booking], look: &Look<'_>) -> service::Result<HashMap<Id, Id>> {
    let masters: Vec<Id> = stored.iter().map(booking_of).collect();
    let orders = look.reading.by_ids::<Order>(&masters).await?;
    let orders = orders.iter();
    let rules = orders.filter_map(|order| Some((order.id, order.details.cancellation_rule_id?)));
    Ok(rules.collect())
}

/// What the lines of reservations say of them.
#[derive(Default)]
struct Charged {
    items: HashMap<Id, Vec<Id>>,
    campaigns: HashMap<Id, Id>,
    /// Cards and coupons, by the reservation that has got something off by them.
    vouchers: Vec<(Id, Id)>,
    cards: HashMap<Id, Vec<Id>>,
    coupons: HashMap<Id, Vec<Id>>,
}

impl Charged {
    async fn of(stored: &[Booking], look: &Look<'_>) -> service::Result<Self> {
        let shown = stored.iter();
        let shown = shown.filter(|row| look.seen.shows_booking(&kinds::ORDER, row));
        let ids: Vec<Id> = shown.map(|row| row.id).collect();
        let mut charged = Self::default();
        for line in lines(&ids, look).await?.values().flatten() {
            charged.note(line);
        }
        let (cards, coupons) = try_join!(
            charged.those::<DiscountCard>(look),
            charged.those::<Coupon>(look)
        )?;
        Ok(Self {
            cards,
            coupons,
            ..charged
        })
    }

    fn note(&mut self, line: &Line) {
        let booking_id = line.booking_id;
        if is_extra(line) {
            self.items.entry(booking_id).or_default().push(line.id);
        }
        let campaign = campaign_of(line);
        self.campaigns.extend(campaign.map(|id| (booking_id, id)));
        let voucher = voucher_of(line);
        self.vouchers.extend(voucher.map(|id| (booking_id, id)));
    }

    /// The vouchers of one kind, by reservation.
    async fn those<K: Voucher>(&self, look: &Look<'_>) -> service::Result<HashMap<Id, Vec<Id>>> {
        let mut found: HashMap<Id, Vec<Id>> = HashMap::new();
        if !look.wants(&kinds::RESERVATION, K::NAME) {
            return Ok(found);
        }
        let ids: Vec<Id> = self.vouchers.iter().map(|(_, id)| *id).collect();
        let known = look.reading.by_ids::<K>(&ids).await?;
        let known: HashSet<Id> = known.iter().map(Readable::id).collect();
        for (booking_id, id) in &self.vouchers {
            if known.contains(id) {
                found.entry(*booking_id).or_default().push(*id);
            }
        }
        Ok(found)
    }
}

/// Bookings: what the vendor calls one or several reservations that were made together.
pub struct BookingShown;

impl Shown for BookingShown {
    type Stored = Booking;
    const KIND: &'static ResourceType = &kinds::BOOKING;

    fn narrowed(seen: &Seen) -> Vec<Test<Booking>> {
        let mut tests = reserved(Self::KIND, seen);
        tests.push(Test::is_master());
        tests
    }

    fn keeps(row: &Booking, seen: &Seen) -> bool {
        booking_of(row) == row.id && is_reserved(Self::KIND, row, seen)
    }

    fn lookup(name: &str) -> Option<Lookup<Booking>> {
        fn of_orders(test: Test<Order>) -> Test<Booking> {
            let id = const { Field::<Order>::new("id") };
            Test::among::<Order>(const { Field::new("id") }, id, test)
        }
        Some(match name {
            "booking_nr" => Lookup::Own(|asked| {
                let reference = Lookup::Text(const { Field::<Order>::new("reference") });
                let named = of_orders(reference.test(asked)?);
                // One that was given no number goes by its id.
                let Asked::OneOf(terms) = asked else {
                    return Some(named);
                };
                let ids = terms
                    .iter()
                    .filter_map(|term| lookup::text(term).parse::<Id>().ok());
                let with_ids = Test::one_of(const { Field::new("id") }, ids);
                Some(Test::any([named, with_ids]))
            }),
            "reservations" => Lookup::Through(with_reservations),
            "customer" => Lookup::Through(|ids| {
                of_orders(Test::one_of(const { Field::new("customer_id") }, ids))
            }),
            "channel" => Lookup::Through(|ids| {
                of_orders(Test::one_of(const { Field::new("channel_id") }, ids))
            }),
            "owner" => Lookup::Through(|ids| {
                of_orders(Test::one_of(const { Field::new("owner_id") }, ids))
            }),
            name => return bookings_by(name),
        })
    }

    async fn hanging(ids: &[Id], look: &Look<'_>) -> service::Result<()> {
        let orders = look.reading.ahead::<Order>(ids);
        try_join!(orders, members(ids, look)).map(drop)
    }

    async fn show(stored: &[Booking], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
        let orders = look.reading.by_ids::<Order>(&ids);
        let (orders, together) = try_join!(orders, members(&ids, look))?;
        let orders: HashMap<Id, Order> = orders.into_iter().map(|row| (row.id, row)).collect();
        let shown = stored.iter().map(|row| {
            let members = together.get(&row.id).map_or(&[][..], Vec::as_slice);
            let reserved = |member: &&Booking| is_reserved(Reservation::KIND, member, &look.seen);
            let reserved = members.iter().filter(reserved).map(|member| member.id);
            let mut reserved: Vec<Id> = reserved.collect();
            // Whoever books alone is no group.
            if reserved.is_empty() {
                reserved.push(row.id);
            }
            booking(row, orders.get(&row.id)).to_many("reservations", many("reservation", reserved))
        });
        Ok(shown.collect())
    }
}

/// What was booked together, by the booking that it belongs to, where that is asked for.
async fn members(ids: &[Id], look: &Look<'_>) -> service::Result<HashMap<Id, Vec<Booking>>> {
    let group = const { Field::<Booking>::new("group_id") };
    let wanted = look.wants(BookingShown::KIND, "reservations");
    when(wanted, look.reading.hanging(group, booking_of, ids)).await
}

fn booking(row: &Booking, order: Option<&Order>) -> Row {
    let number = order.map(|order| order.reference.clone());
    let number = number.filter(|number| !number.is_empty());
    let reference = order.map(|order| order.external_reference.as_str());
    let reference = reference.filter(|text| !text.is_empty());
    let contact = &row.details.contact;
    // Whoever booked without an account of a customer is shown under the booking's own id.
    let is_named = !contact.full_name().is_empty() || !contact.email.is_empty();
    let customer = order.and_then(|order| order.customer_id);
    let customer = customer.or(row.details.customer_id);
    let customer = customer.or_else(|| is_named.then_some(row.id));
    begun(&kinds::BOOKING, row)
        .with("booking_nr", number.unwrap_or_else(|| row.id.to_string()))
        .with(
            "reference_nr",
            text(reference.unwrap_or(&row.details.reference)),
        )
        .with("state", state(row.status))
        .with("confirmed_at", order.and_then(|order| order.confirmed_at))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one(
            "administration",
            to("administration", Some(row.organization_id)),
        )
        .to_one("customer", to("customer", customer))
        .to_one(
            "channel",
            to("channel", order.and_then(|order| order.channel_id)),
        )
        .to_one("owner", to("owner", order.and_then(|order| order.owner_id)))
}
