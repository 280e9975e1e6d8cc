//! What the API document says of requests and answers: schemas made from the tables of fields, and
//! the parameters of each list.

use std::borrow::Cow;
use std::marker::PhantomData;

use domain::id::Id;
use http_kit::Endpoint;
use http_kit::openapi::Parameter;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::wire::booking_query::{FILTERS, STATUSES};
use crate::wire::queries::{LANGUAGES, MOST_PEOPLE, TEXTS};
use crate::wire::query::{LARGEST_LIMIT, LONGEST_TEXT};
use crate::wire::schema::{Side, schema};
use crate::wire::{booking, calendar, property};

/// Declares a type that stands for a schema in the document.
macro_rules! schemas {
    ($($(#[$about:meta])* $name:ident = $schema:expr;)+) => {$(
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).unwrap_or_default()
            }
        }
    )+};
}

schemas! {
    /// A booking as it is shown.
    Booking = schema(booking::shape(), Side::Shown);
    /// A booking as it may be written.
    BookingWritten = schema(booking::shape(), Side::Written);
    /// A property as it is shown.
    Property = schema(property::shape(), Side::Shown);
    /// A property as it may be written.
    PropertyWritten = schema(property::shape(), Side::Written);
    /// A room type as it is shown.
    Room = schema(property::room_shape(), Side::Shown);
    /// The calendar of a room as it may be written.
    CalendarWritten = schema(calendar::shape(), Side::Written);
    /// The calendar of a room as it is shown.
    RoomCalendar = room_row(&json!({
        "name": {"type": "string"},
        "calendar": {"type": "array", "items": calendar_entry()},
    }));
    /// Whether a room can be booked, by date.
    RoomAvailability = room_row(&json!({
        "name": {"type": "string"},
        "availability": {"type": "object", "additionalProperties": {"type": "boolean"}},
    }));
    /// What a room costs for a stay.
    RoomOffers = room_row(&json!({
        "offers": {"type": "array", "items": {"type": "object", "properties": {
            "offerId": {"type": "integer"},
            "offerName": {"type": "string"},
            "price": {"type": "number"},
            "unitsAvailable": {"type": "integer"},
        }}},
    }));
    /// How many bookings each unit of a room has, by date.
    RoomUnitBookings = room_row(&json!({
        "name": {"type": "string"},
        "qty": {"type": "integer"},
        "unitBookings": {"type": "object", "additionalProperties":
            {"type": "object", "additionalProperties": {"type": "integer"}}},
    }));
    /// What became of one item of a write.
    Element = element();
    /// A call that was refused.
    Error = json!({"type": "object", "required": ["success", "type", "code", "error"], "properties": {
        "success": {"const": false},
        "type": {"const": "error"},
        "code": {"type": "integer"},
        "error": {"type": "string"},
    }});
    /// A token for calls, and where it was just made, the one that makes more of them.
    TokenIssued = json!({"type": "object", "required": ["token", "expiresIn"], "properties": {
        "token": {"type": "string"},
        "expiresIn": {"type": "integer"},
        "refreshToken": {"type": "string"},
    }});
    /// What a token is.
    TokenDetails = token_details();
}

/// A page of a list.
#[derive(Debug)]
pub struct List<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for List<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}List", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let row = generator.subschema_for::<T>().to_value();
        let list = json!({"type": "object", "required": ["success", "type", "count", "pages", "data"],
        "properties": {
            "success": {"const": true},
            "type": {"type": "string"},
            "count": {"type": "integer"},
            "pages": {"type": "object", "required": ["nextPageExists", "nextPageLink"], "properties": {
                "nextPageExists": {"type": "boolean"},
                "nextPageLink": {"type": ["string", "null"]},
            }},
            "data": {"type": "array", "items": row},
        }});
        Schema::try_from(list).unwrap_or_default()
    }
}

fn room_row(more: &Value) -> Value {
    let mut properties = json!({"roomId": {"type": "integer"}, "propertyId": {"type": "integer"}});
    for (name, schema) in more.as_object().into_iter().flatten() {
        properties[name] = schema.clone();
    }
    json!({"type": "object", "required": ["roomId", "propertyId"], "properties": properties})
}

fn calendar_entry() -> Value {
    let written = calendar::shape().inner("calendar");
    written.map_or(json!({}), |shape| schema(shape, Side::Shown))
}

fn element() -> Value {
    let remarks = json!({"type": "array", "items": {"type": "object", "properties": {
        "action": {"type": "string"},
        "id": {"type": "integer"},
        "field": {"type": "string"},
        "message": {"type": "string"},
    }}});
    json!({"type": "object", "required": ["success"], "properties": {
        "success": {"type": "boolean"},
        "new": {"type": "object"},
        "modified": {"type": "object"},
        "errors": remarks,
        "warnings": remarks,
        "info": remarks,
    }})
}

fn token_details() -> Value {
    json!({"type": "object", "required": ["validToken"], "properties": {
        "validToken": {"type": "boolean"},
        "token": {"type": "object", "properties": {
            "ownerId": {"type": "integer"},
            "expiresIn": {"type": "integer"},
            "created": {"type": "string", "format": "date-time"},
            "scopes": {"type": "array", "items": {"type": "string"}},
            "deviceName": {"type": "string"},
            "linkedProperties": {"type": "boolean"},
            "onlyPropertyId": {"type": ["integer", "null"]},
            "whiteListOnly": {"type": "boolean"},
            "whiteList": {"type": "array", "items": {"type": "string"}},
        }},
        "diagnostics": {"type": "object", "properties": {"requestIp": {"type": "string"}}},
    }})
}

/// What a parameter takes.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Whole numbers, the name repeated.
    Ids,
    /// Texts, the name repeated.
    Texts,
    /// One text.
    Text,
    /// One date.
    Day,
    /// One instant or date.
    Instant,
    /// `true` or `false`.
    Flag,
    /// A whole number from the one to the other.
    Whole(i64, i64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of the words of a table that is read when the server starts.
    ChoiceOf(fn() -> &'static [&'static str]),
    /// Some of these words, the name repeated.
    Choices(&'static [&'static str]),
}

impl Takes {
    fn schema(self) -> Value {
        match self {
            Takes::Ids => json!({"type": "array", "items":
                {"type": "integer", "minimum": 1, "maximum": Id::LARGEST}}),
            Takes::Texts => json!({"type": "array", "items": Takes::Text.schema()}),
            Takes::Text => json!({"type": "string", "maxLength": LONGEST_TEXT}),
            Takes::Day => json!({"type": "string", "format": "date"}),
            Takes::Instant => json!({"type": "string", "format": "date-time"}),
            Takes::Flag => json!({"type": "boolean"}),
            Takes::Whole(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Takes::Choice(words) => json!({"type": "string", "enum": words}),
            Takes::ChoiceOf(words) => Takes::Choice(words()).schema(),
            Takes::Choices(words) => {
                json!({"type": "array", "items": {"type": "string", "enum": words}})
            }
        }
    }
}

/// Describes the parameters of an endpoint's query; a name that ends in `*` is required.
pub fn asking<S>(mut endpoint: Endpoint<S>, names: &[(&'static str, Takes)]) -> Endpoint<S> {
    for (name, takes) in names {
        let parameter = Parameter::query(name.trim_end_matches('*'), takes.schema());
        let required = name.ends_with('*');
        endpoint = endpoint.param(if required {
            parameter.required()
        } else {
            parameter
        });
    }
    endpoint
}

const PAGE: (&str, Takes) = (
    "page",
    Takes::Whole(1, http_kit::limits::PAGE_NUMBER as i64),
);
const LIMIT: (&str, Takes) = ("limit", Takes::Whole(1, LARGEST_LIMIT));

/// GET /bookings.
pub const BOOKINGS: &[(&str, Takes)] = &[
    ("filter", Takes::Choice(&FILTERS)),
    ("propertyId", Takes::Ids),
    ("roomId", Takes::Ids),
    ("id", Takes::Ids),
    ("masterId", Takes::Ids),
    ("apiReference", Takes::Texts),
    ("channel", Takes::ChoiceOf(booking::channels)),
    ("arrival", Takes::Day),
    ("arrivalFrom", Takes::Day),
    ("arrivalTo", Takes::Day),
    ("departure", Takes::Day),
    ("departureFrom", Takes::Day),
    ("departureTo", Takes::Day),
    ("bookingTimeFrom", Takes::Instant),
    ("bookingTimeTo", Takes::Instant),
    ("modifiedFrom", Takes::Instant),
    ("modifiedTo", Takes::Instant),
    ("searchString", Takes::Text),
    ("includeInvoiceItems", Takes::Flag),
    ("includeInfoItems", Takes::Flag),
    ("includeGuests", Takes::Flag),
    ("includeBookingGroup", Takes::Flag),
    ("status", Takes::Choices(&STATUSES)),
    PAGE,
    LIMIT,
];

/// GET /properties.
pub const PROPERTIES: &[(&str, Takes)] = &[
    ("id", Takes::Ids),
    ("includeLanguages", Takes::Choices(LANGUAGES)),
    ("includeTexts", Takes::Choices(TEXTS)),
    ("includePictures", Takes::Flag),
    ("includeOffers", Takes::Flag),
    ("includePriceRules", Takes::Flag),
    ("includeUpsellItems", Takes::Flag),
    ("includeAllRooms", Takes::Flag),
    ("includeUnitDetails", Takes::Flag),
    ("roomId", Takes::Ids),
    PAGE,
    LIMIT,
];

/// GET /properties/rooms.
pub const ROOMS: &[(&str, Takes)] = &[
    ("id", Takes::Ids),
    ("propertyId", Takes::Ids),
    ("includeLanguages", Takes::Choices(LANGUAGES)),
    ("includeTexts", Takes::Choices(TEXTS)),
    ("includePictures", Takes::Flag),
    ("includeOffers", Takes::Flag),
    ("includePriceRules", Takes::Flag),
    ("includeUpsellItems", Takes::Flag),
    ("includeUnitDetails", Takes::Flag),
    PAGE,
    LIMIT,
];

/// GET /inventory/rooms/calendar.
pub const CALENDAR: &[(&str, Takes)] = &[
    ("startDate*", Takes::Day),
    ("endDate*", Takes::Day),
    ("roomId", Takes::Ids),
    ("propertyId", Takes::Ids),
    ("includeNumAvail", Takes::Flag),
    ("includeMinStay", Takes::Flag),
    ("includeMaxStay", Takes::Flag),
    ("includeMultiplier", Takes::Flag),
    ("includeOverride", Takes::Flag),
    ("includePrices", Takes::Flag),
    ("includeLinkedPrices", Takes::Flag),
    ("includeChannels", Takes::Flag),
    PAGE,
    LIMIT,
];

/// GET /inventory/rooms/availability and /inventory/rooms/unitBookings.
pub const NIGHTS: &[(&str, Takes)] = &[
    ("roomId", Takes::Ids),
    ("propertyId", Takes::Ids),
    ("startDate", Takes::Day),
    ("endDate", Takes::Day),
    PAGE,
    LIMIT,
];

/// GET /inventory/rooms/offers.
pub const OFFERS: &[(&str, Takes)] = &[
    ("propertyId", Takes::Ids),
    ("roomId", Takes::Ids),
    ("offerId", Takes::Ids),
    ("arrival*", Takes::Day),
    ("departure*", Takes::Day),
    ("numAdults*", Takes::Whole(0, MOST_PEOPLE)),
    ("numChildren", Takes::Whole(0, MOST_PEOPLE)),
    ("includeTexts", Takes::Texts),
    ("agentCode", Takes::Text),
    PAGE,
    LIMIT,
];

/// DELETE with ids.
pub const IDS: &[(&str, Takes)] = &[("id*", Takes::Ids)];
