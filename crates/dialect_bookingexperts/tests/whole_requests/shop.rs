//! A channel with something to sell: a rentable type at a hundred a night, in June of 2027.

use domain::charge::{Charge, Per};
use domain::id::Id;
use domain::text::{Locale, Localized};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use service::availability::ResourceFilter;
use service::content::{
    AddOnDetails, Channel, ChannelDetails, Cost, ExtraItem, PriceList, PriceListDetails,
};
use service::inventory::ResourceDetailsPatch;
use service::properties::{PropertyWrite, RoomPatch, RoomWrite};
use service::records::{NewPrice, Write, create};

use crate::house::{House, Reply};

/// The first day that has a price.
pub const JUNE: Date = date(2027, 6, 1);

/// A channel, and what it sells.
pub struct Shop {
    pub park: Id,
    pub room: Id,
    pub channel: Id,
}

impl Shop {
    /// A shop with so many units of one type.
    pub async fn new(house: &House, units: u16) -> Self {
        let (park, _) = house.parks[0];
        let id = || house.service.new_id(&house.actor);
        let (channel, list) = (id(), id());
        let mut sells = Channel::new(
            channel,
            ChannelDetails {
                name: "Shop".into(),
                slug: "shop".into(),
                sells_everything: true,
                ..ChannelDetails::default()
            },
        );
        sells.organization_id = Some(park);
        let mut prices = PriceList::new(
            list,
            PriceListDetails {
                name: "June".into(),
                ..PriceListDetails::default()
            },
        );
        prices.organization_id = Some(park);
        let nights = (0..30).map(|number| NewPrice {
            day: JUNE.checked_add(jiff::Span::new().days(number)).unwrap(),
            nights: 0,
            minor: 10_000,
            active: true,
        });
        house
            .write(vec![
                create(sells),
                create(prices),
                Write::prices(list, nights.collect()),
            ])
            .await;
        let room = RoomWrite {
            id: None,
            patch: RoomPatch {
                name: Some("Cabin".into()),
                quantity: Some(units.into()),
                details: ResourceDetailsPatch {
                    price_list_id: Some(Some(list)),
                    max_people: Some(Some(4)),
                    ..ResourceDetailsPatch::default()
                },
            },
            units: Vec::new(),
        };
        let write = PropertyWrite {
            id: Some(park),
            rooms: vec![room],
            ..PropertyWrite::default()
        };
        let properties = house.service.properties();
        let written = properties.write(&house.actor, vec![write]).await;
        let view = written.unwrap().remove(0).unwrap();
        let room = view.rooms[0].as_ref().unwrap().after.resource.id;
        Self {
            park,
            room,
            channel,
        }
    }

    /// A cost of two euros a night and person, an extra of nine a piece and at most five of it, and an
    /// extra of the other administration.
    pub async fn add_ons(&self, house: &House) -> (Id, Id, Id) {
        let id = || house.service.new_id(&house.actor);
        let ids = (id(), id(), id());
        let details = |name: &str, amount: i64, per: Per| AddOnDetails {
            name: Localized::of(Locale::english(), name),
            charge: Charge {
                amount: Decimal::from(amount),
                per,
                ..Charge::default()
            },
            maximum_quantity: Some(5),
            ..AddOnDetails::default()
        };
        let mut cost = Cost::new(ids.0, details("Tourist tax", 2, Per::PersonNight));
        cost.organization_id = Some(self.park);
        let mut breakfast = ExtraItem::new(ids.1, details("Breakfast", 9, Per::Piece));
        breakfast.organization_id = Some(self.park);
        let mut elsewhere = ExtraItem::new(ids.2, details("Sauna", 9, Per::Piece));
        elsewhere.organization_id = Some(house.parks[1].0);
        house
            .write(vec![create(cost), create(breakfast), create(elsewhere)])
            .await;
        ids
    }

    /// The path of the channel's reservations, and what stands behind it.
    pub fn at(&self, rest: &str) -> String {
        format!("/channels/{}/reservations{rest}", self.channel)
    }

    /// The document that reserves a stay for two.
    pub fn wanted(&self, start: &str, end: &str) -> Value {
        json!({ "data": {
            "type": "reservation",
            "attributes": {
                "start_date": start,
                "end_date": end,
                "guest_group": { "seniors": 0, "adults": 2, "adolescents": 0, "children": 0, "babies": 0, "pets": 0 },
            },
            "relationships": {
                "rentable_type": { "data": { "type": "rentable_type", "id": self.room.to_string() } },
            },
        } })
    }

    /// Reserves a stay for two, which has to be had.
    pub async fn reserve(&self, house: &House, start: &str, end: &str, query: &str) -> Value {
        let wanted = self.wanted(start, end);
        let reply = house.send("POST", &self.at(query), &wanted).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        reply.json()
    }

    /// What is free in each night, as every other API of the house reads it.
    pub async fn free(&self, house: &House, first: Date, nights: i32) -> Vec<i64> {
        let filter = ResourceFilter {
            ids: vec![self.room],
            ..ResourceFilter::default()
        };
        let until = first.checked_add(jiff::Span::new().days(nights)).unwrap();
        let page = service::PageOf::first(1);
        let actor = house.actor_now();
        let read = house
            .service
            .calendar_read(&actor, &filter, (first, until), page);
        let calendar = read.await.unwrap().rows.remove(0);
        calendar.days.iter().map(|day| day.free).collect()
    }
}

/// The id of a document's resource.
pub fn id(document: &Value) -> &str {
    document["data"]["id"].as_str().unwrap()
}

/// Status, code and pointer or parameter of the first error.
pub fn error(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    let (status, code) = reply.code();
    let source = &body["errors"][0]["source"];
    let place = source["pointer"].as_str().or(source["parameter"].as_str());
    (status, code, place.unwrap_or_default().to_owned())
}

/// A document that changes a reservation.
pub fn changed(id: &str, attributes: Value, relationships: Value) -> Value {
    json!({ "data": {
        "type": "reservation",
        "id": id,
        "attributes": attributes,
        "relationships": relationships,
    } })
}
