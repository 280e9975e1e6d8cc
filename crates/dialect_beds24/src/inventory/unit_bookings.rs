//! GET /inventory/rooms/unitBookings.

use std::collections::BTreeMap;

use http::StatusCode;
use http_kit::{Answer, Call, Result};
use jiff::civil::Date;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use service::availability::UnitNight;

use crate::state::{State, page_of, refused};
use crate::wire::envelope::ListOut;
use crate::wire::queries::NightsQuery;
use crate::wire::query::Reader;

/// The most units of a room that are shown one by one.
const MOST_UNITS_SHOWN: i64 = 999;

/// A room, and for each night how many bookings each of its units has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnitBookingsOut {
    room_id: i64,
    property_id: i64,
    name: String,
    qty: i64,
    unit_bookings: BTreeMap<Date, NightOut>,
}

/// The units of one night: every unit by its number, then those without one.
#[derive(Debug)]
struct NightOut {
    units: i64,
    night: UnitNight,
}

impl Serialize for NightOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for number in 1..=self.units {
            let bookings = self.night.units.get(&number).copied().unwrap_or(0);
            map.serialize_entry(&number.to_string(), &bookings)?;
        }
        map.serialize_entry("unassigned", &self.night.unassigned)?;
        map.end()
    }
}

/// Says how many bookings each unit has in each night.
pub async fn unit_bookings(state: State, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let asked = NightsQuery::read(Reader(&query))?;
    let nights = super::nights(&asked, &call)?;
    let rooms = super::rooms(&asked.rooms);
    let page = asked.rooms.page;
    let found = state
        .service
        .unit_occupancy(&call.actor, &rooms, nights, page_of(page));
    let found = found.await.map_err(refused)?;

    let next = super::next(&call, page, found.more);
    let rows = found.rows.into_iter().map(|row| {
        let units = row.resource.quantity.min(MOST_UNITS_SHOWN);
        let nights = row
            .nights
            .into_iter()
            .map(|night| (night.night, NightOut { units, night }));
        UnitBookingsOut {
            room_id: row.resource.id.get(),
            property_id: row.resource.organization_id.get(),
            name: row.resource.name.clone(),
            qty: row.resource.quantity,
            unit_bookings: nights.collect(),
        }
    });
    Answer::json(
        StatusCode::OK,
        &ListOut::new("unitBookings", rows.collect(), next),
    )
}
