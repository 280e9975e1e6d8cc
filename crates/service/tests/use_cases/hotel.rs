//! A tenant with rooms to search.

use std::collections::BTreeMap;

use domain::{
    id::Id,
    party::Party,
    rate::RatePlan,
    time::{Date, Timestamp},
};
use rust_decimal::Decimal;
use serde_json::Value;
use service::{
    PageOf, Service,
    availability::{ResourceFilter, StayWanted},
    calendar::{CalendarRange, CalendarWrite, DayPatch},
    domain::{self, access::Actor, access::capability as c},
    inventory::{OrganizationDetailsPatch, RatePlanRecord, ResourceDetailsPatch},
    patch::ExtraPatch,
    properties::{PropertyPatch, PropertyWrite, RoomPatch, RoomWrite},
    search::{DateRange, FoundStays, Limiter, Query, Searched},
};
use store::Store;
use testkit::{LaneOf, Scene, day};

use crate::who_may;

/// A tenant with rooms, seen through a server.
pub struct Hotel {
    pub scene: Scene,
    pub service: Service,
    pub actor: Actor,
    pub rooms: Vec<Id>,
}

/// A stay with its price.
pub type Stay = (Id, Date, u16, Decimal);

/// The lengths of stay that are asked about.
const LENGTHS: std::ops::RangeInclusive<u16> = 1..=4;
/// The days of arrival that are asked about.
const ARRIVALS: i32 = 14;

/// The use cases over a store, whose searches wait until they are answered.
fn searching(store: &Store) -> Service {
    Service::new(store.clone()).with_search_wait(testkit::SEARCH_WAIT)
}

impl Hotel {
    /// Rooms that cost 100 a night, all year.
    pub async fn new(scene: Scene, capacities: &[i64]) -> Self {
        let service = searching(&scene.store);
        let all = [
            c::INVENTORY_READ,
            c::INVENTORY_WRITE,
            c::PROPERTIES_READ,
            c::PROPERTIES_WRITE,
            c::PROPERTIES_DELETE,
        ];
        let actor = who_may(&scene, &all);
        let mut hotel = Self {
            scene,
            service,
            actor,
            rooms: Vec::new(),
        };
        for capacity in capacities {
            let room = hotel.scene.lane(LaneOf::units(*capacity)).await;
            hotel.rooms.push(room);
            hotel.set_plans(room, vec![RatePlan::new(1)]).await;
            hotel.set_days(room, (0, 400), price(1, 100)).await;
        }
        hotel
    }

    /// The same, seen through another server.
    pub fn through(&self, store: &Store) -> Self {
        Self {
            scene: self.scene.clone(),
            service: searching(store),
            actor: self.actor.clone(),
            rooms: self.rooms.clone(),
        }
    }

    /// Sets the plans of a room.
    pub async fn set_plans(&self, room: Id, plans: Vec<RatePlan>) {
        let record = |plan: RatePlan| {
            let extra = Default::default();
            (plan.number, RatePlanRecord { plan, extra })
        };
        let details = ResourceDetailsPatch {
            rate_plans: Some(plans.into_iter().map(record).collect()),
            ..ResourceDetailsPatch::default()
        };
        self.set_room(room, details).await;
    }

    /// Sets what is said of the offers of a room, by number, and attributes of its organization.
    pub async fn set_offers(&self, room: Id, of_room: &Value, of_house: &Value) {
        let details = ResourceDetailsPatch {
            offers: Some(serde_json::from_value(of_room.clone()).unwrap()),
            ..ResourceDetailsPatch::default()
        };
        self.set_room(room, details).await;
        let details = OrganizationDetailsPatch {
            extra: ExtraPatch(serde_json::from_value(of_house.clone()).unwrap()),
            ..OrganizationDetailsPatch::default()
        };
        let write = PropertyWrite {
            id: Some(self.scene.organization_id),
            patch: PropertyPatch {
                details,
                ..PropertyPatch::default()
            },
            ..PropertyWrite::default()
        };
        let properties = self.service.properties();
        let written = properties.write(&self.actor, vec![write]).await.unwrap();
        assert!(written.iter().all(|written| written.is_ok()), "{written:?}");
    }

    /// What so many nights from the first day on cost one person by the terms of the stay.
    pub async fn price(&self, room: Id, nights: i32) -> Option<Decimal> {
        let wanted = StayWanted {
            arrival: day(0),
            departure: day(nights),
            party: Party::new(1, 0),
            offer_numbers: Vec::new(),
        };
        let terms = self.service.stay_terms(&self.actor, room, &wanted).await;
        terms.unwrap().unwrap().price
    }

    /// Changes what a room is.
    pub async fn set_room(&self, room: Id, details: ResourceDetailsPatch) {
        let patch = RoomPatch {
            details,
            ..RoomPatch::default()
        };
        let write = PropertyWrite {
            id: Some(self.scene.organization_id),
            rooms: vec![RoomWrite {
                id: Some(room),
                patch,
                ..RoomWrite::default()
            }],
            ..PropertyWrite::default()
        };
        let properties = self.service.properties();
        let written = properties.write(&self.actor, vec![write]).await.unwrap();
        for written in written {
            for room in written.unwrap().rooms {
                room.unwrap();
            }
        }
    }

    /// Changes days of a room, both ends included.
    pub async fn set_days(&self, room: Id, (first, last): (i32, i32), patch: DayPatch) {
        let write = CalendarWrite {
            resource_id: room,
            ranges: vec![CalendarRange {
                from: day(first),
                to: day(last),
                patch,
            }],
        };
        let written = self.service.calendar_write(&self.actor, vec![write]).await;
        assert_eq!(written, Ok(vec![Ok(())]));
    }

    /// Asks for all stays of a fortnight.
    pub fn query(&self, party: Party) -> Query {
        Query {
            arrival: Some(DateRange::new(day(0), day(ARRIVALS))),
            nights: (*LENGTHS.start(), *LENGTHS.end()),
            limiter: Limiter::stays(10_000),
            ..Query::new(self.actor.now, party)
        }
    }

    /// Searches, and must be answered.
    pub async fn searched(&self, query: Query, real_now: Timestamp) -> FoundStays {
        let searched = self.service.search(&self.actor, query, real_now).await;
        match searched.unwrap() {
            Searched::Found(found) => found,
            other => panic!("stays were expected, not {other:?}"),
        }
    }

    /// What a search finds.
    pub async fn found(&self, party: Party, real_now: Timestamp) -> Vec<Stay> {
        let found = self.searched(self.query(party), real_now).await.found;
        assert_eq!(found.stays, found.hits.len() as u64);
        let hits = found.hits.iter();
        let mut stays: Vec<Stay> = hits
            .map(|hit| {
                (
                    hit.resource_id,
                    hit.arrival,
                    hit.nights,
                    hit.price.to_decimal(),
                )
            })
            .collect();
        stays.sort_unstable();
        stays
    }

    /// The cheapest offers of all those stays, asked for one by one.
    pub async fn offered(&self, party: Party) -> Vec<Stay> {
        let mut stays = Vec::new();
        for (arrival, nights) in (0..ARRIVALS).flat_map(|day| LENGTHS.map(move |of| (day, of))) {
            let wanted = StayWanted {
                arrival: day(arrival),
                departure: day(arrival + i32::from(nights)),
                party,
                offer_numbers: Vec::new(),
            };
            let all = ResourceFilter::default();
            let page = PageOf::first(100);
            let offers = self.service.offers(&self.actor, &all, &wanted, page).await;
            for offers in offers.unwrap().rows {
                let prices = offers.offers.iter().map(|offer| offer.price);
                let cheapest = prices.min();
                let stay = |price| (offers.resource.id, day(arrival), nights, price);
                stays.extend(cheapest.map(stay));
            }
        }
        stays.sort_unstable();
        stays
    }

    /// Real time.
    pub fn real_now(&self) -> Timestamp {
        self.scene.clock.now()
    }

    /// Books a room.
    pub async fn book(&self, room: Id, arrival: i32, nights: i32) -> Id {
        let place = self.scene.place(room, arrival, nights);
        self.scene.placed(place).await
    }

    /// On how many days a night may begin in a room.
    pub async fn nights(&self, room: Id, real_now: Timestamp) -> usize {
        let query = Query {
            nights: (1, 1),
            ..self.query(Party::new(2, 0))
        };
        let found = self.searched(query, real_now).await.found;
        let hits = found.hits.iter();
        hits.filter(|hit| hit.resource_id == room).count()
    }
}

/// A price under one plan.
pub fn price(number: u8, price: i64) -> DayPatch {
    DayPatch {
        prices: BTreeMap::from([(number, Some(price.into()))]),
        ..DayPatch::default()
    }
}
