//! What the tables do not say: where ids stand in a call, whose ids they are, and what else a good
//! call needs. An endpoint of a table that is not described here fails the tests.

use http_kit::Row;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::world::{ALL_OF_BOOKINGS, ALL_OF_CALENDARS, ALL_OF_PROPERTIES, BEDS24, Things};

/// Whose id it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Property,
    Room,
    Booking,
    Group,
    Line,
    Note,
    /// Something that is not there yet, such as a customer: the number is kept as it was sent.
    Kept,
}

impl Kind {
    /// The id of that kind in a property.
    pub fn of(self, things: &Things) -> i64 {
        match self {
            Kind::Property => things.property,
            Kind::Room => things.room,
            Kind::Booking | Kind::Kept => things.booking,
            Kind::Group => things.master,
            Kind::Line => things.line,
            Kind::Note => things.note,
        }
    }
}

/// An id in an item of a body.
pub struct InBody {
    /// Where it stands, such as `invoiceItems[].id`.
    pub path: String,
    /// Whose it is.
    pub kind: Kind,
    /// The items in which it is tried, each made for a property of the caller.
    pub items: fn(&Things) -> Vec<Value>,
    /// Whether the number is kept as it was sent, so that later answers show it.
    pub is_kept: bool,
    /// What is read afterwards: it must not tell whether the id was there.
    pub reads: fn(&Things) -> Vec<Ask>,
}

/// What is described of an endpoint.
pub struct Described {
    pub dialect: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    /// Ids in the path.
    pub in_path: &'static [(&'static str, Kind)],
    /// Queries with which the endpoint is asked; the first of them is a good call by itself.
    pub queries: Vec<String>,
    /// Ids in the query.
    pub in_query: &'static [(&'static str, Kind)],
    /// A good item that changes nothing, or the whole body where it is no array.
    pub item: Option<fn(&Things) -> Value>,
    /// Ids in the body.
    pub in_body: Vec<InBody>,
    /// What looks like an id and is none.
    pub no_ids: &'static [&'static str],
}

/// What is described of a row.
pub fn of(dialect: &str, row: &Row) -> Described {
    let is_it = |known: &Described| {
        (known.dialect, known.method, known.path) == (dialect, row.method.as_str(), row.path)
    };
    let found = all().into_iter().find(is_it);
    found.unwrap_or_else(|| {
        panic!(
            "{dialect} {} {} is new: describe it in places.rs",
            row.method, row.path
        )
    })
}

/// Everything that is described.
pub fn all() -> Vec<Described> {
    let mut all = authentication();
    all.extend(bookings());
    all.extend(inventory());
    all.extend(properties());
    all.extend(house());
    all
}

fn plain(dialect: &'static str, method: &'static str, path: &'static str) -> Described {
    Described {
        dialect,
        method,
        path,
        in_path: &[],
        queries: vec![String::new()],
        in_query: &[],
        item: None,
        in_body: Vec::new(),
        no_ids: &[],
    }
}

fn beds24(method: &'static str, path: &'static str) -> Described {
    plain("beds24", method, path)
}

fn queries(queries: &[&str]) -> Vec<String> {
    queries.iter().map(|query| (*query).to_owned()).collect()
}

fn place(path: impl Into<String>, kind: Kind, items: fn(&Things) -> Vec<Value>) -> InBody {
    InBody {
        path: path.into(),
        kind,
        items,
        is_kept: kind == Kind::Kept,
        reads: |_| Vec::new(),
    }
}

/// The same, with the number kept.
fn kept(place: InBody) -> InBody {
    InBody {
        is_kept: true,
        ..place
    }
}

fn authentication() -> Vec<Described> {
    // The secrets of these calls stand in headers; `secrets` tries them.
    vec![
        beds24("GET", "/authentication/setup"),
        beds24("POST", "/authentication/setup"),
        beds24("GET", "/authentication/token"),
        beds24("DELETE", "/authentication/token"),
        beds24("GET", "/authentication/details"),
        beds24("GET", "/openapi.json"),
    ]
}

fn bookings() -> Vec<Described> {
    let find = Described {
        queries: queries(&[
            ALL_OF_BOOKINGS,
            "",
            "limit=1&page=2&status=confirmed",
            "filter=new",
        ]),
        in_query: &[
            ("propertyId", Kind::Property),
            ("roomId", Kind::Room),
            ("id", Kind::Booking),
            ("masterId", Kind::Group),
            ("searchString", Kind::Booking),
            ("apiReference", Kind::Booking),
        ],
        ..beds24("GET", "/bookings")
    };
    let write = Described {
        item: Some(|own| json!({"id": own.plain, "comments": "same"})),
        in_body: booking_places(),
        no_ids: &["unitId", "offerId"],
        ..beds24("POST", "/bookings")
    };
    let in_query: &[_] = &[("id", Kind::Booking)];
    vec![
        find,
        write,
        Described {
            in_query,
            ..beds24("DELETE", "/bookings")
        },
    ]
}

fn new_booking(own: &Things, more: Value) -> Value {
    let mut item = json!({"roomId": own.room, "arrival": "2026-12-10", "departure": "2026-12-12"});
    for (name, value) in more.as_object().into_iter().flatten() {
        item[name] = value.clone();
    }
    item
}

fn booking_places() -> Vec<InBody> {
    let read_booking = |own: &Things| {
        vec![Ask::get(format!(
            "{BEDS24}/bookings?id={}&{ALL_OF_BOOKINGS}",
            own.booking
        ))]
    };
    let reading = |place: InBody| InBody {
        reads: read_booking,
        ..place
    };
    vec![
        reading(place("id", Kind::Booking, changes_of_a_booking)),
        reading(place("masterId", Kind::Group, |own| {
            vec![
                new_booking(own, json!({})),
                json!({"id": own.booking}),
                json!({"id": own.booking, "groupNote": "x"}),
            ]
        })),
        reading(place("roomId", Kind::Room, |own| {
            vec![
                new_booking(own, json!({})),
                new_booking(own, json!({"actions": {"checkAvailability": true}})),
                new_booking(
                    own,
                    json!({"status": "black", "actions": {"makeGroup": true}}),
                ),
                json!({"id": own.booking}),
                json!({"id": own.booking, "status": "cancelled"}),
                json!({"id": own.booking, "arrival": "2026-12-20", "departure": "2026-12-21"}),
            ]
        })),
        place("propertyId", Kind::Property, |own| {
            vec![
                new_booking(own, json!({})),
                json!({"id": own.plain, "comments": "same"}),
            ]
        }),
        reading(place("invoiceItems[].id", Kind::Line, |own| {
            vec![
                json!({"id": own.booking}),
                json!({"id": own.booking, "invoiceItems": [{"description": "taken", "amount": 1}]}),
                new_booking(own, json!({"invoiceItems": [{"description": "taken"}]})),
            ]
        })),
        reading(place("infoItems[].id", Kind::Note, |own| {
            vec![
                json!({"id": own.booking}),
                json!({"id": own.booking, "infoItems": [{"text": "taken"}]}),
                new_booking(own, json!({"infoItems": [{"text": "taken"}]})),
            ]
        })),
        reading(place("invoiceeId", Kind::Kept, |own| {
            vec![json!({"id": own.booking}), new_booking(own, json!({}))]
        })),
        place("invoiceItems[].invoiceeId", Kind::Kept, |own| {
            vec![json!({"id": own.plain})]
        }),
        place("invoiceItems[].createdBy", Kind::Kept, |own| {
            vec![json!({"id": own.plain})]
        }),
        reading(place(
            "actions.assignInvoiceNumberInvoicee",
            Kind::Kept,
            |own| vec![json!({"id": own.booking, "actions": {"assignInvoiceNumber": true}})],
        )),
    ]
}

fn changes_of_a_booking(own: &Things) -> Vec<Value> {
    vec![
        json!({}),
        json!({"comments": "taken"}),
        json!({"status": "cancelled"}),
        json!({"status": "confirmed", "actions": {"checkAvailability": true}}),
        json!({"arrival": "2026-12-20", "departure": "2026-12-21"}),
        json!({"roomId": own.room}),
        json!({"unitId": 1}),
        json!({"masterId": own.master}),
        json!({"masterId": null}),
        json!({"actions": {"makeGroup": true}}),
        json!({"actions": {"deleteInvoice": true, "autoInvoiceItemCharge": true}}),
        json!({"invoiceItems": [{"id": own.line}]}),
        json!({"invoiceItems": [{"description": "taken"}], "infoItems": [{"text": "taken"}]}),
    ]
}

fn inventory() -> Vec<Described> {
    const ROOMS: &[(&str, Kind)] = &[("roomId", Kind::Room), ("propertyId", Kind::Property)];
    let asking = |path, asked: &[&str]| Described {
        queries: queries(asked),
        in_query: ROOMS,
        ..beds24("GET", path)
    };
    let nights = "startDate=2026-12-01&endDate=2026-12-20";
    let offers = Described {
        no_ids: &["offerId"],
        ..asking(
            "/inventory/rooms/offers",
            &["arrival=2027-01-10&departure=2027-01-12&numAdults=2"],
        )
    };
    let write = Described {
        item: Some(
            |own| json!({"roomId": own.room, "calendar": [{"from": "2026-12-01", "to": "2026-12-31", "price1": 100}]}),
        ),
        in_body: vec![InBody {
            reads: |own| {
                vec![Ask::get(format!(
                    "{BEDS24}/inventory/rooms/calendar?roomId={}&{ALL_OF_CALENDARS}",
                    own.room
                ))]
            },
            ..place("roomId", Kind::Room, |_| {
                let day = |more: Value| json!({"calendar": [merged(json!({"from": "2026-12-05", "to": "2026-12-06"}), &more)]});
                vec![
                    json!({}),
                    json!({"calendar": []}),
                    day(json!({"price1": 1})),
                    day(json!({"numAvail": 0})),
                    day(json!({"override": "blackout", "minStay": 9})),
                    day(json!({"price9": 1})),
                    json!({"calendar": [{"from": "2020-01-01", "to": "2030-01-01", "price1": 1}]}),
                ]
            })
        }],
        ..beds24("POST", "/inventory/rooms/calendar")
    };
    vec![
        offers,
        asking("/inventory/rooms/availability", &[nights, ""]),
        asking("/inventory/rooms/unitBookings", &[nights, ""]),
        asking(
            "/inventory/rooms/calendar",
            &[
                ALL_OF_CALENDARS,
                "startDate=2026-12-01&endDate=2026-12-02&limit=1&page=2",
            ],
        ),
        write,
    ]
}

fn merged(mut item: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        item[name] = value.clone();
    }
    item
}

fn properties() -> Vec<Described> {
    let all = |more: &str| format!("{ALL_OF_PROPERTIES}{more}");
    let find = Described {
        queries: vec![
            all("&includeAllRooms=true"),
            String::new(),
            "limit=1&page=2".to_owned(),
        ],
        in_query: &[("id", Kind::Property), ("roomId", Kind::Room)],
        ..beds24("GET", "/properties")
    };
    let rooms = Described {
        queries: vec![all(""), String::new(), "limit=1&page=2".to_owned()],
        in_query: &[("id", Kind::Room), ("propertyId", Kind::Property)],
        ..beds24("GET", "/properties/rooms")
    };
    let write = Described {
        item: Some(|own| json!({"id": own.property, "permit": own.marker})),
        in_body: property_places(),
        // Numbers of units, offers and prices within their room, and not the vendor's own ids.
        no_ids: &[
            "offers[].offerId",
            "roomTypes[].units[].id",
            "roomTypes[].offers[].offerId",
            "roomTypes[].priceRules[].id",
            "roomTypes[].priceRules[].priceLinking.priceId",
        ],
        ..beds24("POST", "/properties")
    };
    let (property, room): (&[_], &[_]) = (&[("id", Kind::Property)], &[("id", Kind::Room)]);
    vec![
        find,
        write,
        Described {
            in_query: property,
            ..beds24("DELETE", "/properties")
        },
        rooms,
        Described {
            in_query: room,
            ..beds24("DELETE", "/properties/rooms")
        },
    ]
}

fn property_places() -> Vec<InBody> {
    let own_room =
        |own: &Things| vec![json!({"id": own.property, "roomTypes": [{"id": own.room}]})];
    let reading = |place: InBody| InBody {
        reads: reads_of_a_property,
        ..place
    };
    let mut places = vec![
        reading(place("id", Kind::Property, |own| {
            vec![
                json!({}),
                json!({"name": "taken"}),
                json!({"roomTypes": [{"id": own.room, "qty": 1}]}),
                json!({"roomTypes": [{"name": "taken"}]}),
                json!({"name": "taken", "refuseOverbooking": true, "timeZone": "UTC"}),
            ]
        })),
        reading(place("roomTypes[].id", Kind::Room, |own| {
            vec![
                json!({"id": own.property}),
                json!({"id": own.property, "roomTypes": [{"name": "taken", "qty": 1}]}),
                json!({"id": own.property, "roomTypes": [{"units": [{"id": 1, "name": "taken"}]}]}),
                json!({"name": "new", "roomTypes": [{"name": "taken"}]}),
            ]
        })),
        kept(reading(place(
            "roomTypes[].dependencies.assignBookingsTo.roomIdValue",
            Kind::Room,
            |own| {
                let to = json!({"type": "roomId"});
                vec![
                    json!({"id": own.property, "roomTypes": [{"id": own.room, "dependencies": {"assignBookingsTo": to}}]}),
                ]
            },
        ))),
        kept(reading(place(
            "roomTypes[].priceRules[].priceLinking.roomId",
            Kind::Room,
            |own| {
                let linking = json!({"priceId": 1, "offsetMultiplier": 1, "offsetAmount": 0});
                let rule = json!({"id": 2, "priceLinking": linking});
                vec![
                    json!({"id": own.property, "roomTypes": [{"id": own.room, "priceRules": [rule]}]}),
                ]
            },
        ))),
    ];
    for number in 1..=12 {
        for name in ["includeBookingsRoomId", "dependentRoomId"] {
            let path = format!("roomTypes[].dependencies.{name}{number}");
            let reads = |own: &Things| reads_of_a_property(own).into_iter().take(1).collect();
            places.push(InBody {
                reads,
                ..kept(place(path, Kind::Room, own_room))
            });
        }
    }
    places
}

fn reads_of_a_property(own: &Things) -> Vec<Ask> {
    let (property, room) = (own.property, own.room);
    let get = |path: String| Ask::get(format!("{BEDS24}{path}"));
    vec![
        get(format!(
            "/properties?id={property}&includeAllRooms=true&{ALL_OF_PROPERTIES}"
        )),
        get(format!(
            "/inventory/rooms/calendar?roomId={room}&{ALL_OF_CALENDARS}"
        )),
        get(format!(
            "/inventory/rooms/availability?roomId={room}&startDate=2027-01-01&endDate=2027-01-31"
        )),
        get(format!(
            "/inventory/rooms/offers?roomId={room}&arrival=2027-01-10&departure=2027-01-12&numAdults=2"
        )),
    ]
}

fn house() -> Vec<Described> {
    let tabard = |method, path| plain("tabard", method, path);
    vec![
        tabard("GET", "/clock"),
        Described {
            item: Some(|_| json!({"to": "real"})),
            ..tabard("POST", "/clock")
        },
        // A lane has the id of its room.
        Described {
            in_query: &[("lane", Kind::Room)],
            ..tabard("GET", "/journal")
        },
        tabard("GET", "/openapi.json"),
    ]
}
