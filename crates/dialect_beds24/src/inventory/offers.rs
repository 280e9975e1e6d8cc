//! GET /inventory/rooms/offers.

use domain::party::Party;
use http::StatusCode;
use http_kit::{Answer, Call, Result};
use serde::Serialize;
use serde_json::Value;
use service::availability::{Offers, StayWanted};

use crate::state::{State, page_of, refused};
use crate::wire::envelope::ListOut;
use crate::wire::parts::Amount;
use crate::wire::queries::OffersQuery;
use crate::wire::query::Reader;

/// A room, and what of it can be booked for the stay.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomOffersOut {
    room_id: i64,
    property_id: i64,
    offers: Vec<OfferOut>,
}

/// An offer with the price of the whole stay.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OfferOut {
    offer_id: u8,
    offer_name: String,
    price: Amount,
    units_available: i64,
}

/// Says what rooms cost for a stay and a party. A room that cannot be booked has a row without
/// offers.
pub async fn offers(state: State, call: Call) -> Result<Answer> {
    let query = call.query()?;
    let asked = OffersQuery::read(Reader(&query))?;
    let page = asked.rooms.page;
    let offer_numbers: Vec<u8> = asked
        .offer_ids
        .iter()
        .filter_map(|id| u8::try_from(id.get()).ok())
        .collect();
    if !asked.offer_ids.is_empty() && offer_numbers.is_empty() {
        // No offer has such a number; an empty list would ask for all of them.
        return Answer::json(
            StatusCode::OK,
            &ListOut::<RoomOffersOut>::new("offer", Vec::new(), None),
        );
    }
    let wanted = StayWanted {
        arrival: asked.arrival,
        departure: asked.departure,
        party: Party::new(asked.adults, asked.children),
        offer_numbers,
    };
    let rooms = super::rooms(&asked.rooms);
    let found = state
        .service
        .offers(&call.actor, &rooms, &wanted, page_of(page));
    let found = found.await.map_err(refused)?;

    let next = super::next(&call, page, found.more);
    let rows = found.rows.iter().map(row).collect();
    Answer::json(
        StatusCode::OK,
        &ListOut::<RoomOffersOut>::new("offer", rows, next),
    )
}

fn row(room: &Offers) -> RoomOffersOut {
    let offers = room.offers.iter();
    let offers = offers.map(|offer| OfferOut {
        offer_id: offer.number,
        offer_name: name(room, offer.number),
        price: Amount(offer.price),
        units_available: offer.free,
    });
    RoomOffersOut {
        room_id: room.resource.id.get(),
        property_id: room.resource.organization_id.get(),
        offers: offers.collect(),
    }
}

fn name(room: &Offers, number: u8) -> String {
    let name = room
        .resource
        .offer_setting(&room.organization, number, "name");
    name.and_then(Value::as_str)
        .filter(|name| !name.is_empty())
        .map_or_else(|| format!("Offer {number}"), str::to_owned)
}
