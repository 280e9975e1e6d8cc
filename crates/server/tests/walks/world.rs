//! Two tenants with two properties each, everything that can be booked in them, and a word in every
//! text that says whose it is.

use std::{future::Future, net::IpAddr, sync::Arc};

use catalogue::sale::{Extra, Guest, Registration};
use dialect_beds24::scopes;
use domain::{
    contact::Contact,
    id::{Id, IdSource},
};
use identity::NewGrant;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use store::{ColdCommand, Tx};
use testkit::{TestApp, in_every_app};

use crate::ask::Ask;

/// Where the Beds24 dialect stands.
pub const BEDS24: &str = "/beds24/v2";

/// Shows all of a booking.
pub const ALL_OF_BOOKINGS: &str = "includeInvoiceItems=true&includeInfoItems=true&includeGuests=true&includeBookingGroup=true\
    &status=confirmed&status=request&status=new&status=cancelled&status=black&status=inquiry";

/// Shows all of a property or room.
pub const ALL_OF_PROPERTIES: &str = "includeLanguages=all&includeTexts=all&includePictures=true&includeOffers=true\
    &includePriceRules=true&includeUpsellItems=true&includeUnitDetails=true";

/// Shows all of a calendar.
pub const ALL_OF_CALENDARS: &str = "startDate=2026-12-01&endDate=2027-01-31&includeNumAvail=true&includeMinStay=true\
    &includeMaxStay=true&includeMultiplier=true&includeOverride=true&includePrices=true\
    &includeLinkedPrices=true&includeChannels=true";

/// An app with two tenants.
pub struct World {
    /// The app.
    pub app: Arc<TestApp>,
    /// Whose things strangers ask for.
    pub host: Tenant,
    /// Another tenant.
    pub stranger: Tenant,
}

/// A tenant with two properties.
pub struct Tenant {
    /// Its id.
    pub id: Id,
    /// A token that may do everything.
    pub token: String,
    /// One property.
    pub first: Things,
    /// Another.
    pub second: Things,
}

/// A property with what is in it, by id.
pub struct Things {
    /// A word that stands in all its texts and nowhere else.
    pub marker: &'static str,
    pub property: i64,
    pub room: i64,
    pub other_room: i64,
    /// A booking of its own, with a line, a note and a guest.
    pub booking: i64,
    /// A booking whose comments are `same`.
    pub plain: i64,
    pub master: i64,
    pub member: i64,
    pub line: i64,
    pub note: i64,
}

impl Things {
    /// All ids.
    pub fn ids(&self) -> Vec<i64> {
        let Self {
            property,
            room,
            other_room,
            booking,
            plain,
            master,
            member,
            line,
            note,
            ..
        } = *self;
        vec![
            property, room, other_room, booking, plain, master, member, line, note,
        ]
    }
}

/// What a token is made from, beside its tenant.
pub struct Token<'a> {
    pub grant: NewGrant,
    pub ip: &'a str,
    pub hours_ago: i64,
}

/// The secrets of a grant.
pub struct Minted {
    pub grant_id: Id,
    pub invite: String,
    pub token: String,
    pub refresh_token: String,
}

/// Runs a test in a world on every store.
pub async fn in_every_world<F, Run>(test: F)
where
    F: Fn(Arc<World>) -> Run,
    Run: Future<Output = ()>,
{
    in_every_app(|app| {
        let test = &test;
        async move { test(Arc::new(World::new(app).await)).await }
    })
    .await;
}

impl World {
    async fn new(app: Arc<TestApp>) -> Self {
        let host = Tenant::new(&app, ["marker-alder", "marker-birch"]).await;
        let stranger = Tenant::new(&app, ["marker-cedar", "marker-dogwood"]).await;
        Self {
            app,
            host,
            stranger,
        }
    }

    /// Makes secrets for a grant.
    pub async fn mint(&self, token: Token<'_>) -> Minted {
        let (app, ip) = (&self.app, token.ip.parse::<IpAddr>().unwrap());
        let now = app.clock.now() - jiff::SignedDuration::from_hours(token.hours_ago);
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&app.app.store.ids().next(now).get().to_le_bytes());
        let (mut random, dialect) = (StdRng::from_seed(seed), token.grant.dialect);
        let identity = &app.app.identity;
        let (grant_id, invite) = identity
            .invite(token.grant, now, &mut random)
            .await
            .unwrap()
            .unwrap();
        let minted = identity
            .redeem_invite(dialect, invite.reveal(), None, ip, now, &mut random)
            .await
            .unwrap();
        let refresh_token = minted.refresh_token.unwrap().reveal().to_owned();
        let token = minted.token.reveal().to_owned();
        Minted {
            grant_id,
            invite: invite.reveal().to_owned(),
            token,
            refresh_token,
        }
    }

    /// A grant of a tenant for everything.
    pub fn full_grant(&self, tenant_id: Id) -> NewGrant {
        let words = scopes::all_scopes();
        self.app.grant(
            tenant_id,
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }

    /// A token of the host that is limited to its first property.
    pub async fn limited_token(&self) -> String {
        let organizations = Some(vec![Id::new(self.host.first.property).unwrap()]);
        let grant = NewGrant {
            organizations,
            ..self.full_grant(self.host.id)
        };
        self.app.token_of(grant).await
    }
}

impl Tenant {
    async fn new(app: &TestApp, markers: [&'static str; 2]) -> Self {
        let id = app.another_tenant(true).await;
        let words = scopes::all_scopes();
        let token = app
            .token_for(id, &words.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        let [first, second] = markers;
        let first = Things::new(app, id, &token, first).await;
        let second = Things::new(app, id, &token, second).await;
        Self {
            id,
            token,
            first,
            second,
        }
    }
}

impl Things {
    async fn new(app: &TestApp, tenant_id: Id, token: &str, marker: &'static str) -> Self {
        let property = write(app, token, "/properties", &json!([property(marker)]))
            .await
            .remove(0);
        let room_of = |at: usize| id(&property["new"]["roomTypes"][at]["id"]);
        let (room, other_room, property) = (room_of(0), room_of(1), id(&property["new"]["id"]));
        for room in [room, other_room] {
            write(
                app,
                token,
                "/inventory/rooms/calendar",
                &json!([calendar(room)]),
            )
            .await;
        }
        let written = write(app, token, "/bookings", &bookings(room, marker)).await;
        let made = |at: usize| &written[at]["new"];
        let things = Self {
            marker,
            property,
            room,
            other_room,
            booking: id(&made(0)["id"]),
            plain: id(&made(1)["id"]),
            master: id(&made(2)["id"]),
            member: id(&made(3)["id"]),
            line: id(&made(0)["invoiceItems"][0]["id"]),
            note: id(&made(0)["infoItems"][0]["id"]),
        };
        assert_eq!(id(&made(3)["masterId"]), things.master);
        let booking_id = Id::new(things.booking).unwrap();
        app.app
            .store
            .run(AddGuest {
                tenant_id,
                booking_id,
                marker,
            })
            .await
            .unwrap();
        things
    }
}

/// Writes items and gives the elements of the answer, all of which have succeeded.
pub async fn write(app: &TestApp, token: &str, path: &str, items: &Value) -> Vec<Value> {
    let reply = Ask::post(format!("{BEDS24}{path}"), items)
        .send(app, Some(token))
        .await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.text());
    let elements = reply.json().as_array().unwrap().clone();
    assert!(
        elements.iter().all(|element| element["success"] == true),
        "{path}: {}",
        reply.text()
    );
    elements
}

/// Replays the journal of a tenant, whose token this is.
pub async fn verify_journal(world: &World, token: &str) {
    let lines = Ask::get("/tabard/v1/journal")
        .send(&world.app, Some(token))
        .await;
    assert_eq!(lines.status, 200);
    let mut checker = journal::Checker::new();
    for line in lines.text().lines() {
        checker.feed(line.as_bytes()).unwrap();
    }
    assert!(checker.finish().unwrap().lanes >= 4);
}

/// An id in an answer.
pub fn id(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no id"))
}

fn property(marker: &str) -> Value {
    let room = |name: &str| {
        json!({
            "name": format!("{marker} {name}"), "qty": 90, "maxPeople": 4,
            "texts": [{"language": "en", "displayName": marker, "roomDescription": marker}],
            "units": [{"id": 1, "name": marker, "note": marker}],
            "offers": [{"offerId": 1, "name": marker, "enable": "always"}],
            "priceRules": [{"id": 1, "name": marker}, {"id": 2, "name": format!("{marker} linked")}],
        })
    };
    json!({
        "name": format!("{marker} inn"), "currency": "EUR", "timeZone": "Europe/Berlin",
        "address": marker, "city": marker, "phone": marker, "email": format!("{marker}@example.test"),
        "contactLastName": marker, "permit": marker, "groupKeywords": [marker],
        "templates": {"template1": marker},
        "texts": [{"language": "en", "headline": marker, "houseRules": marker}],
        "offers": [{"offerId": 1, "name": marker}],
        "oneTimeVouchers": [{"phrase": marker, "discount": 5}],
        "roomTypes": [room("double"), room("single")],
    })
}

fn calendar(room: i64) -> Value {
    json!({"roomId": room, "calendar": [
        {"from": "2026-12-01", "to": "2026-12-31", "price1": 100, "minStay": 1},
        {"from": "2027-01-01", "to": "2027-01-31", "price1": 120, "channels": {"airbnb": {"maxBookings": 3}}},
    ]})
}

fn bookings(room: i64, marker: &str) -> Value {
    let stay = |more: Value| {
        let mut item = json!({
            "roomId": room, "arrival": "2026-12-01", "departure": "2026-12-03", "numAdult": 2, "price": 4711.13,
            "firstName": marker, "lastName": marker, "email": format!("{marker}@example.test"), "phone": marker,
            "notes": marker, "message": marker, "voucher": marker, "custom1": marker, "comments": marker,
            "apiReference": format!("{marker}-reference"), "flagText": marker, "rateDescription": marker,
        });
        for (name, value) in more.as_object().unwrap() {
            item[name] = value.clone();
        }
        item
    };
    json!([
        stay(json!({
            "invoiceItems": [{"type": "charge", "description": marker, "amount": 4712.17}],
            "infoItems": [{"code": "NOTE", "text": marker}],
        })),
        stay(json!({"comments": "same"})),
        stay(json!({"actions": {"makeGroup": true}, "groupNote": marker})),
        stay(json!({"actions": {"makeGroup": true}})),
    ])
}

/// Adds a guest, which no API of the house can do yet.
struct AddGuest {
    tenant_id: Id,
    booking_id: Id,
    marker: &'static str,
}

impl ColdCommand for AddGuest {
    type Output = ();

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<()> {
        let created_at = "2026-11-21T12:00:00Z".parse().expect("this is an instant");
        let contact = Contact {
            first_name: self.marker.to_owned(),
            last_name: self.marker.to_owned(),
            email: format!("{}@example.test", self.marker),
            ..Contact::default()
        };
        let guest = Guest {
            tenant_id: self.tenant_id,
            id: ids.next(created_at),
            booking_id: self.booking_id,
            created_at,
            contact,
            note: self.marker.to_owned(),
            registration: Registration::default(),
            extra: Extra::default(),
        };
        tx.insert(&[guest]).await
    }
}
