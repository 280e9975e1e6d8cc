//! A small holiday park: its types, its rows, and somebody who reads them and counts.

use std::sync::Mutex;

use http::HeaderMap;
use jsonapi::{
    Address, Attribute, Change, Errors, Expected, Failure, Identifier, Kind, Loader, Locales,
    Member, Money, Query, Relationship, ResourceType, Row, Rules, Schema, Value, View, included,
};
use serde_json::Value as Json;

pub const BASE: &str = "https://tabard.example/v3";

const PARTY: Kind = Kind::Object(&[
    Member::new("adults", Kind::Integer).between(0, 99),
    Member::new("children", Kind::Integer).between(0, 99),
]);

pub static RESERVATION: ResourceType = ResourceType::new("reservation")
    .scopes("reservation|read", "reservation|write")
    .attributes(&[
        Attribute::new("start_date", Kind::Date)
            .required()
            .filterable()
            .sortable(),
        Attribute::new("end_date", Kind::Date)
            .required()
            .filterable(),
        Attribute::new("guest_group", PARTY).writable().filterable(),
        Attribute::new("guest_name", Kind::Text)
            .writable()
            .filterable()
            .between(0, 50),
        Attribute::new("state", Kind::Text).filterable(),
        Attribute::new("remote_key", Kind::Text).writable_on_create(),
        Attribute::new("came_on", Kind::Date).writable_on_change(),
        Attribute::new("fixed", Kind::Boolean)
            .writable()
            .filterable(),
        Attribute::new("nights", Kind::Integer)
            .filterable()
            .sortable(),
        Attribute::new("price", Kind::Money).filterable().sortable(),
        Attribute::new("rating", Kind::Decimal)
            .writable()
            .filterable(),
        Attribute::new("tags", Kind::Array(&Kind::Text))
            .writable()
            .filterable(),
        Attribute::new("created_at", Kind::DateTime)
            .filterable()
            .sortable(),
        Attribute::new("note", Kind::Text).writable().on_request(),
        Attribute::new("extra_settings", Kind::Json)
            .writable()
            .on_request(),
        Attribute::new("password", Kind::Text).writable().hidden(),
        Attribute::new("type", Kind::Text).hidden().filterable(),
    ])
    .relationships(&[
        Relationship::to_one("booking", &["booking"])
            .sidepostable()
            .filterable()
            .with_related_link(),
        Relationship::to_one("rentable_type", &["rentable_type", "category"])
            .required()
            .filterable(),
        Relationship::to_many("items", &["item"]).sidepostable(),
        Relationship::to_many("labels", &["label"])
            .writable()
            .filterable()
            .on_request(),
        Relationship::to_one("secret", &["secret"])
            .sidepostable()
            .on_request(),
        Relationship::to_one("invoice", &["invoice"]).not_includable(),
    ]);

pub static BOOKING: ResourceType = ResourceType::new("booking")
    .scopes("booking|read", "booking|write")
    .attributes(&[
        Attribute::new("booking_nr", Kind::Text),
        Attribute::new("reference", Kind::Text).writable(),
    ])
    .relationships(&[
        Relationship::to_many("reservations", &["reservation"]),
        Relationship::to_one("customer", &["customer"]).sidepostable(),
    ]);

pub static CUSTOMER: ResourceType = ResourceType::new("customer")
    .scopes("customer|read", "customer|write")
    .attributes(&[
        Attribute::new("first_name", Kind::Text).writable(),
        Attribute::new("last_name", Kind::Text).required(),
        Attribute::new("gender", Kind::Text)
            .writable()
            .one_of(&["male", "female", "other"]),
    ]);

pub const RENTABLE_TYPE: ResourceType = ResourceType::new("rentable_type")
    .readable_with("rentable_type|read")
    .attributes(&[
        Attribute::new("name", Kind::Text)
            .localized()
            .writable()
            .filterable(),
        Attribute::new("beds", Kind::Integer).sortable(),
    ])
    .relationships(&[Relationship::to_many("amenities", &["amenity"])]);

pub static TYPE: ResourceType = RENTABLE_TYPE;
pub static CATEGORY: ResourceType = RENTABLE_TYPE.renamed("category");
pub static AMENITY: ResourceType =
    ResourceType::new("amenity").attributes(&[Attribute::new("name", Kind::Text).localized()]);
pub static ITEM: ResourceType = ResourceType::new("item")
    .attributes(&[Attribute::new("quantity", Kind::Integer).writable()])
    .relationships(&[
        Relationship::to_one("extra", &["amenity"]).writable(),
        Relationship::to_one("reservation", &["reservation"]).sidepostable(),
    ]);
pub static LABEL: ResourceType =
    ResourceType::new("label").attributes(&[Attribute::new("name", Kind::Text)]);
pub static SECRET: ResourceType = ResourceType::new("secret").scopes("secret|read", "secret|write");
pub static INVOICE: ResourceType = ResourceType::new("invoice");
pub static DAY: ResourceType = ResourceType::new("day")
    .with_opaque_ids()
    .attributes(&[Attribute::new("stock", Kind::Integer)]);

pub fn schema() -> Schema {
    let types = [
        &RESERVATION,
        &BOOKING,
        &CUSTOMER,
        &TYPE,
        &CATEGORY,
        &AMENITY,
        &ITEM,
        &LABEL,
        &SECRET,
        &INVOICE,
        &DAY,
    ];
    Schema::new(&types)
        .unwrap()
        .with_locales(&["en", "nl", "de"])
}

fn may(kind: &ResourceType) -> bool {
    kind.name != "secret"
}

/// Parses the query of a list of reservations.
pub fn list_query(text: &str) -> Result<Query, Errors> {
    let schema = schema();
    Query::parse(&Rules::list(&schema, &RESERVATION), text, &may)
}

/// Parses the query of one reservation.
pub fn single_query(text: &str) -> Result<Query, Errors> {
    let schema = schema();
    Query::parse(&Rules::one(&schema, &RESERVATION), text, &may)
}

pub fn create(kind: &'static ResourceType, body: &Json) -> Result<Change, Errors> {
    create_bytes(kind, body.to_string().as_bytes())
}

pub fn create_bytes(kind: &'static ResourceType, body: &[u8]) -> Result<Change, Errors> {
    let schema = schema();
    let expected = Expected {
        schema: &schema,
        kind,
        may_write: &may,
    };
    expected.create(body)
}

pub fn update(kind: &'static ResourceType, id: &str, body: &Json) -> Result<Change, Errors> {
    let schema = schema();
    let expected = Expected {
        schema: &schema,
        kind,
        may_write: &may,
    };
    expected.update(id, body.to_string().as_bytes())
}

/// Status, code and place of each error, for comparing.
pub fn told(errors: &Errors) -> Vec<(String, String, String)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let told = |error: Json| {
        assert!(!text(&error["title"]).is_empty() && !text(&error["detail"]).is_empty());
        let source = error["source"]
            .as_object()
            .and_then(|source| source.values().next());
        let source = source.map(text).unwrap_or_default();
        (text(&error["status"]), text(&error["code"]), source)
    };
    errors.iter().map(|error| told(error.to_json())).collect()
}

/// The only error that there is, written in one line.
pub fn only(errors: &Errors) -> String {
    let told = told(errors);
    assert_eq!(told.len(), 1, "{errors}");
    format!("{} {} {}", told[0].0, told[0].1, told[0].2)
}

/// A park with reservations from 1 to `many`; everything else is shared among them.
pub struct Park {
    pub rows: Vec<Row>,
    pub asked: Mutex<Vec<(&'static str, usize)>>,
    broken: bool,
}

impl Park {
    pub fn new(many: u32) -> Park {
        let mut rows: Vec<Row> = (1..=many).map(reservation).collect();
        rows.extend((1..=many.div_ceil(2)).map(|number| booking(number, many)));
        rows.extend((1..=3).map(customer));
        rows.extend((1..=4).map(rentable_type));
        rows.extend((1..=2).map(category));
        let named = |kind: &'static ResourceType| {
            move |number: u32| {
                Row::new(kind, number).with("name", format!("{} {number}", kind.name))
            }
        };
        rows.extend((1..=3).map(named(&LABEL)));
        rows.extend((1..=3).map(amenity));
        rows.extend((1..=many).map(item));
        rows.push(Row::new(&DAY, "2027-05-07").with("stock", 3));
        for row in &rows {
            assert_eq!(row.flaws(), [], "{row:?}");
        }
        Park {
            rows,
            asked: Mutex::default(),
            broken: false,
        }
    }

    pub fn broken(many: u32) -> Park {
        Park {
            broken: true,
            ..Park::new(many)
        }
    }

    pub fn of(&self, kind: &ResourceType) -> Vec<Row> {
        let rows = self.rows.iter().filter(|row| row.kind == kind);
        rows.cloned().collect()
    }

    pub fn row(&self, kind: &ResourceType, id: &str) -> Option<Row> {
        self.of(kind).into_iter().find(|row| row.id == id)
    }

    /// Answers a request for a list of reservations, as a dialect would.
    pub fn list(&self, query: &str) -> Json {
        self.list_in(query, &Locales::of(["en"]))
    }

    pub fn list_in(&self, text: &str, locales: &Locales) -> Json {
        let query = list_query(text).unwrap();
        let mut rows = self.of(&RESERVATION);
        rows.retain(|row| query.filter.matches(row));
        query.sort.sort(&mut rows);
        let page = query.page.of(&rows);
        let related = self.included(page, &query).unwrap();
        let view = View {
            query: &query,
            address: address("/reservations", text),
            locales,
        };
        let total = u64::try_from(rows.len()).unwrap();
        view.collection(page, total, &related).to_json()
    }

    pub fn one(&self, id: &str, text: &str) -> Json {
        let query = single_query(text).unwrap();
        let row = self.row(&RESERVATION, id);
        let related = self.included(row.as_slice(), &query).unwrap();
        let path = format!("/reservations/{id}");
        let view = View {
            query: &query,
            address: address(&path, text),
            locales: &Locales::all(),
        };
        view.single(row.as_ref(), &related).to_json()
    }

    pub fn included(&self, rows: &[Row], query: &Query) -> Result<Vec<Row>, Failure<&'static str>> {
        let schema = schema();
        now(included(&schema, rows, query.include.as_ref(), self))
    }
}

impl Loader for Park {
    type Error = &'static str;

    async fn load(
        &self,
        kind: &'static ResourceType,
        ids: &[String],
    ) -> Result<Vec<Row>, &'static str> {
        if self.broken {
            return Err("the disk is gone");
        }
        self.asked.lock().unwrap().push((kind.name, ids.len()));
        // In another order than asked for, and with one that nobody asked for.
        let rows = self.rows.iter().rev().filter(|row| row.kind == kind);
        let wanted = rows.filter(|row| ids.contains(&row.id) || row.id == "3");
        Ok(wanted.cloned().collect())
    }
}

pub fn address<'a>(path: &'a str, query: &'a str) -> Address<'a> {
    Address {
        base: BASE,
        path,
        query,
    }
}

/// Waits for something that never waits itself.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

pub fn headers(name: http::HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, value.parse().unwrap())])
}

fn reservation(number: u32) -> Row {
    let day = i8::try_from(number % 28 + 1).unwrap();
    let name = ["Ada Vos", "", "Bob", "Ällie"][number as usize % 4];
    let price = Money {
        currency: iso_currency::Currency::EUR,
        value: rust_decimal::Decimal::new(i64::from(number % 7) * 1250, 2),
    };
    let labels = (1..=number % 4).map(|label| Identifier::new("label", label));
    let one = |known: bool, kind, id: u32| known.then(|| Identifier::new(kind, id));
    let start = jiff::civil::date(2027, 5, day);
    let created = start.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    Row::new(&RESERVATION, number)
        .at(format!("/reservations/{number}"))
        .with("start_date", start)
        .with("end_date", jiff::civil::date(2027, 6, day))
        .with(
            "guest_group",
            Value::object([("adults", number % 5), ("children", 0)]),
        )
        .with("guest_name", name)
        .with("state", ["confirmed", "cancelled"][number as usize % 2])
        .with(
            "fixed",
            (!number.is_multiple_of(3)).then_some(number.is_multiple_of(2)),
        )
        .with("nights", number % 9)
        .with("price", price)
        .with("rating", rust_decimal::Decimal::new(i64::from(number), 1))
        .with("tags", vec!["a"; number as usize % 3])
        .with("created_at", created)
        .with("note", "only on request")
        .with("type", "Stay")
        .to_one(
            "booking",
            one(!number.is_multiple_of(5), "booking", number.div_ceil(2)),
        )
        .to_one("rentable_type", rentable_of(number))
        .to_many("items", vec![Identifier::new("item", number)])
        .to_many("labels", labels.collect())
}

/// Some lead to the deprecated name of the type.
fn rentable_of(number: u32) -> Option<Identifier> {
    Some(match number % 6 {
        0 => Identifier::new("category", number % 2 + 1),
        rest => Identifier::new("rentable_type", rest % 4 + 1),
    })
}

fn booking(number: u32, many: u32) -> Row {
    let reservations = [number * 2 - 1, number * 2].into_iter();
    let reservations = reservations.filter(|id| *id <= many && !id.is_multiple_of(5));
    let links = reservations.map(|id| Identifier::new("reservation", id));
    // Customer 4 does not exist, or the caller may not know of it.
    let customer = Identifier::new("customer", number % 4 + 1);
    Row::new(&BOOKING, number)
        .at(format!("/bookings/{number}"))
        .with("booking_nr", format!("B{number}"))
        .to_many("reservations", links.collect())
        .to_one("customer", Some(customer))
}

fn customer(number: u32) -> Row {
    Row::new(&CUSTOMER, number).with("last_name", format!("Vos {number}"))
}

fn rentable_type(number: u32) -> Row {
    let amenities = vec![Identifier::new("amenity", number % 3 + 1)];
    let names = [("en", "Lodge"), ("nl", "Huisje"), ("de", "Haus")];
    let names = names.map(|(locale, name)| (locale, format!("{name} {number}")));
    Row::new(&TYPE, number)
        .with("name", Value::localized(names))
        .with("beds", number)
        .to_many("amenities", amenities)
}

fn category(number: u32) -> Row {
    Row::new(&CATEGORY, number)
        .with("name", Value::localized([("en", "Old")]))
        .to_many("amenities", vec![Identifier::new("amenity", 1)])
}

fn amenity(number: u32) -> Row {
    Row::new(&AMENITY, number).with(
        "name",
        Value::localized([("en", format!("Sauna {number}"))]),
    )
}

fn item(number: u32) -> Row {
    let extra = Identifier::new("amenity", number % 3 + 1);
    Row::new(&ITEM, number)
        .with("quantity", 1)
        .to_one("extra", Some(extra))
}

/// The ids of a list, in its order.
pub fn ids(document: &Json) -> Vec<&str> {
    let data = document["data"].as_array().unwrap();
    data.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// The names of an object, in its order.
pub fn names(object: &Json) -> Vec<&str> {
    let names = object.as_object().map(|object| object.keys());
    names.into_iter().flatten().map(String::as_str).collect()
}
