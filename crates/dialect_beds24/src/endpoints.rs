//! The table of contents: every call of this dialect, who may make it, and what it costs.

use domain::access::capability as c;
use http_kit::openapi::{Document, Parameter};
use http_kit::{Api, Endpoint, Refusal, delete, get, post};
use serde_json::json;

use crate::described::{self as d, List, asking};
use crate::dialect::Beds24;
use crate::state::State;
use crate::{authentication, bookings, inventory, properties};

/// All endpoints, in the vendor's order.
pub fn endpoints() -> Vec<Endpoint<State>> {
    let mut all = authentication_endpoints();
    all.extend(booking_endpoints());
    all.extend(inventory_endpoints());
    all.extend(property_endpoints());
    all
}

fn authentication_endpoints() -> Vec<Endpoint<State>> {
    let secret = |name| Parameter::header(name, json!({"type": "string"})).required();
    let setup = |endpoint: Endpoint<State>| {
        let device_name =
            Parameter::header("deviceName", json!({"type": "string", "maxLength": 100}));
        endpoint
            .summary("Exchanges an invite code for a refresh token")
            .tag("Authentication")
            .param(secret("code"))
            .param(device_name)
            .answer::<d::TokenIssued>(200)
            .cost(1.0)
    };
    vec![
        setup(get("/authentication/setup", authentication::setup).public()),
        setup(post("/authentication/setup", authentication::setup).public()),
        get("/authentication/token", authentication::token)
            .public()
            .cost(1.0)
            .summary("Makes an access token")
            .tag("Authentication")
            .param(secret("refreshToken"))
            .answer::<d::TokenIssued>(200),
        delete("/authentication/token", authentication::forget)
            .public()
            .summary("Ends a refresh token")
            .tag("Authentication")
            .param(secret("refreshToken"))
            .answer_empty(200),
        get("/authentication/details", authentication::details)
            .any_caller()
            .summary("Says what the token is")
            .tag("Authentication")
            .answer::<d::TokenDetails>(200),
    ]
}

fn booking_endpoints() -> Vec<Endpoint<State>> {
    let find = get("/bookings", bookings::find)
        .needs(c::BOOKINGS_READ)
        .cost(1.0);
    let write = post("/bookings", bookings::write)
        .needs(c::BOOKINGS_WRITE)
        .cost_per_item(1.0, 0.1);
    let remove = delete("/bookings", bookings::delete)
        .needs(c::BOOKINGS_DELETE)
        .cost(1.0);
    vec![
        asking(find, d::BOOKINGS)
            .summary("Finds bookings")
            .tag("Bookings")
            .answer::<List<d::Booking>>(200),
        write
            .accepts_idempotency()
            .summary("Makes and changes bookings")
            .tag("Bookings")
            .body::<Vec<d::BookingWritten>>()
            .answer::<Vec<d::Element>>(201),
        asking(remove, d::IDS)
            .summary("Removes bookings")
            .tag("Bookings")
            .answer::<Vec<d::Element>>(201),
    ]
}

fn inventory_endpoints() -> Vec<Endpoint<State>> {
    let read = |endpoint: Endpoint<State>| endpoint.cost(1.0).tag("Inventory");
    let offers = get("/inventory/rooms/offers", inventory::offers).needs(c::INVENTORY_READ);
    let availability =
        get("/inventory/rooms/availability", inventory::availability).needs(c::INVENTORY_READ);
    let units =
        get("/inventory/rooms/unitBookings", inventory::unit_bookings).needs(c::INVENTORY_READ);
    let calendar = get("/inventory/rooms/calendar", inventory::calendar).needs(c::INVENTORY_READ);
    let write =
        post("/inventory/rooms/calendar", inventory::write_calendar).needs(c::INVENTORY_WRITE);
    vec![
        read(asking(offers, d::OFFERS))
            .summary("Prices a stay")
            .answer::<List<d::RoomOffers>>(200),
        read(asking(availability, d::NIGHTS))
            .summary("Says in which nights rooms can be booked")
            .answer::<List<d::RoomAvailability>>(200),
        read(asking(units, d::NIGHTS))
            .summary("Says how many bookings each unit has")
            .answer::<List<d::RoomUnitBookings>>(200),
        read(asking(calendar, d::CALENDAR))
            .summary("Shows calendars")
            .answer::<List<d::RoomCalendar>>(200),
        write
            .cost_per_item(1.0, 0.1)
            .accepts_idempotency()
            .summary("Writes calendars")
            .tag("Inventory")
            .body::<Vec<d::CalendarWritten>>()
            .answer::<Vec<d::Element>>(201),
    ]
}

fn property_endpoints() -> Vec<Endpoint<State>> {
    let find = get("/properties", properties::find)
        .needs(c::PROPERTIES_READ)
        .cost(1.0);
    let rooms = get("/properties/rooms", properties::find_rooms)
        .needs(c::PROPERTIES_READ)
        .cost(1.0);
    let write = post("/properties", properties::write)
        .needs(c::PROPERTIES_WRITE)
        .cost_per_item(1.0, 0.1);
    let remove = delete("/properties", properties::delete)
        .needs(c::PROPERTIES_DELETE)
        .cost(1.0);
    let remove_rooms = delete("/properties/rooms", properties::delete_rooms)
        .needs(c::PROPERTIES_DELETE)
        .cost(1.0);
    vec![
        asking(find, d::PROPERTIES)
            .summary("Finds properties")
            .tag("Properties")
            .answer::<List<d::Property>>(200),
        write
            .accepts_idempotency()
            .summary("Makes and changes properties with their rooms")
            .tag("Properties")
            .body::<Vec<d::PropertyWritten>>()
            .answer::<Vec<d::Element>>(201),
        asking(remove, d::IDS)
            .summary("Removes properties that nobody has booked")
            .tag("Properties")
            .answer::<Vec<d::Element>>(201),
        asking(rooms, d::ROOMS)
            .summary("Finds rooms")
            .tag("Properties")
            .answer::<List<d::Room>>(200),
        asking(remove_rooms, d::IDS)
            .summary("Removes rooms that nobody has booked")
            .tag("Properties")
            .answer::<Vec<d::Element>>(201),
    ]
}

/// What the API document says of the dialect as a whole.
pub fn document() -> Document {
    let token = json!({"type": "apiKey", "in": "header", "name": "token"});
    let mut about =
        Document::new("Beds24 API V2, as Tabard speaks it", "3.0.0", token).errors::<d::Error>();
    about.description =
        "Compatible with the Beds24 API V2. What the vendor leaves open is decided in \
                         docs/dialects/beds24.md."
            .into();
    about.servers = vec!["/beds24/v2".into(), "/beds24/api/v2".into()];
    about
}

/// The dialect with its table, serving its own document at `/openapi.json`.
///
/// # Errors
/// When the document has no JSON form; a mistake of ours.
pub fn api() -> Result<Api<State>, Refusal> {
    Api::new(Beds24, endpoints()).serving_document("/openapi.json", &document())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_call_and_names_each_schema_once() {
        let written = Api::new(Beds24, endpoints()).document(&document());
        let calls: usize = written["paths"]
            .as_object()
            .unwrap()
            .values()
            .map(|path| path.as_object().unwrap().len())
            .sum();
        assert_eq!(calls, endpoints().len());
        let names: Vec<&String> = written["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert!(
            names.iter().all(|name| !name.ends_with("Answer")),
            "{names:?}"
        );
        assert!(names.iter().any(|name| *name == "BookingWritten"));
    }
}
