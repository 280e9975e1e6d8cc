//! The dialect over a fresh store, as an app meets it: requests in, documents out.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use dialect_bookingexperts::{NAME, Outside, State, api, other_versions, scopes};
use domain::access::{Actor, Capabilities, Reach};
use domain::booking::Status;
use domain::id::{Id, IdSource};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use http_kit::idempotency::NoStoredAnswers;
use http_kit::{Clock, Kit, Mount};
use identity::oauth::apps::NewApp;
use identity::oauth::{OAuth, Profile};
use identity::{Identity, Occasion, Quota, ROOMY_QUOTA, Settings};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use service::bookings::{
    BookingChange, BookingOutcome, BookingPatch, BookingWrite, GroupChoice, NewBooking, UnitChoice,
};
use service::inventory::OrganizationDetailsPatch;
use service::once::WriteAnswer;
use service::outgoing::seal::SealKey;
use service::outgoing::{Outgoing, Parts};
use service::patch::ContactField;
use service::properties::{PropertyPatch, PropertyWrite, RoomPatch, RoomWrite};
use service::records::Write;
use service::sale::{Booking, BookingDetails};
use service::tenants::NewTenant;
use service::{Refusal, Service};
use testkit::{MovableClock, Store};
use tower::ServiceExt;

use crate::outside::{self, Button};

struct HouseClock(MovableClock);

impl Clock for HouseClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The dialect over one store, with a tenant in it that has two administrations.
#[derive(Clone)]
pub struct House {
    pub clock: MovableClock,
    pub store: Store,
    pub oauth: OAuth,
    pub identity: Identity,
    pub service: Service,
    pub state: State,
    pub outgoing: Outgoing,
    pub button: Arc<Button>,
    pub tenant_id: Id,
    /// Somebody of the house, who may do everything.
    pub actor: Actor,
    /// Two administrations, with a rentable type of ten units each.
    pub parks: [(Id, Id); 2],
    /// A key that may do everything.
    pub key: String,
    /// The app that the key is for, and its installation.
    pub installation: (Id, Id),
    router: axum::Router,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        let text = || String::from_utf8_lossy(&self.body).into_owned();
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", text()))
    }

    /// The code of the first error.
    pub fn code(&self) -> (u16, String) {
        let body = self.json();
        let code = body["errors"][0]["code"].as_str();
        (
            self.status,
            code.unwrap_or_else(|| panic!("{body}")).to_owned(),
        )
    }
}

/// Runs a test over every store.
pub async fn in_every_house<F, Run>(test: F)
where
    F: Fn(Arc<House>) -> Run,
    Run: Future<Output = ()>,
{
    testkit::for_each_store(|store| {
        let test = &test;
        async move {
            let clock = MovableClock::default();
            let identity = Identity::new(store.clone(), Settings::default());
            let service = Service::new(store.clone()).with_search_wait(testkit::SEARCH_WAIT);
            let profile = Profile::new(NAME, "https://book.example/bookingexperts").unwrap();
            let oauth = identity.oauth(Arc::new(profile));
            let outgoing = Outgoing::new(Parts {
                store: store.clone(),
                formats: outside::formats(&service, &oauth),
                rules: outside::rules(),
                key: SealKey::new([3; 32]),
                now: outside::now(&clock),
                chance: outside::chance(),
            });
            let button = Arc::<Button>::default();
            let state = State::new(service.clone(), oauth.clone()).unwrap();
            let state = state.with_outside(Outside {
                outgoing: outgoing.clone(),
                ask: button.clone(),
                environment: "staging".into(),
            });
            let router = router(&clock, &identity, &state);
            let rooms = Rooms {
                clock,
                store: store.clone(),
                oauth,
                identity,
                service,
                state,
                outgoing,
                button,
                router,
            };
            let house = House::new(rooms, "Dunes").await;
            let tenant_id = house.tenant_id;
            test(Arc::new(house)).await;
            testkit::verify(&store, tenant_id).await;
        }
    })
    .await;
}

/// What answers calls, at the paths of this version and of one that there is not.
fn router(clock: &MovableClock, identity: &Identity, state: &State) -> axum::Router {
    let kit = Kit::new(
        Arc::new(HouseClock(clock.clone())),
        Arc::new(identity.clone()),
        Arc::new(NoStoredAnswers),
        Arc::new(IdSource::new(1)),
    );
    let mount = Mount::new("https://book.example", "/bookingexperts/v3");
    let kit = Arc::new(kit);
    let other = Mount::new("https://book.example", "/bookingexperts/v2");
    let router = api().unwrap().router(state, &kit, &[mount]);
    router.merge(other_versions().router(state, &kit, &[other]))
}

fn actor_of(tenant_id: Id, now: Timestamp) -> Actor {
    Actor {
        tenant_id,
        client_id: tenant_id,
        grant_id: tenant_id,
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now,
        request_id: "test".into(),
    }
}

async fn park(service: &Service, actor: &Actor, name: &str) -> (Id, Id) {
    let room = RoomWrite {
        id: None,
        patch: RoomPatch {
            name: Some("Lodge".into()),
            quantity: Some(50),
            ..RoomPatch::default()
        },
        units: Vec::new(),
    };
    let write = PropertyWrite {
        id: None,
        patch: PropertyPatch {
            name: Some(name.into()),
            ..PropertyPatch::default()
        },
        rooms: vec![room],
    };
    let written = service
        .properties()
        .write(actor, vec![write])
        .await
        .unwrap();
    let view = written.into_iter().next().unwrap().unwrap().after;
    (view.organization.id, view.rooms[0].resource.id)
}

/// What the houses over one store share.
struct Rooms {
    clock: MovableClock,
    store: Store,
    oauth: OAuth,
    identity: Identity,
    service: Service,
    state: State,
    outgoing: Outgoing,
    button: Arc<Button>,
    router: axum::Router,
}

impl House {
    async fn new(rooms: Rooms, name: &str) -> Self {
        let Rooms {
            clock,
            store,
            oauth,
            identity,
            service,
            state,
            outgoing,
            button,
            router,
        } = rooms;
        let new = NewTenant {
            name: name.into(),
            sandbox: true,
            clock: None,
        };
        let tenant_id = service.tenant_create(new, clock.now()).await.unwrap().id;
        let actor = actor_of(tenant_id, clock.now());
        let parks = [
            park(&service, &actor, "North").await,
            park(&service, &actor, "South").await,
        ];
        let mut house = House {
            clock,
            store,
            oauth,
            identity,
            service,
            state,
            outgoing,
            button,
            tenant_id,
            actor,
            parks,
            key: String::new(),
            installation: (tenant_id, tenant_id),
            router,
        };
        let all = scopes::permissions();
        let words: Vec<&str> = all.iter().map(|known| known.word.as_str()).collect();
        let (app, installation, key) = house.install(&words, None, ROOMY_QUOTA).await;
        (house.key, house.installation) = (key, (app, installation));
        house
    }

    /// Another tenant over the same store, with administrations of its own.
    pub async fn another_tenant(&self, name: &str) -> Self {
        let rooms = Rooms {
            clock: self.clock.clone(),
            store: self.store.clone(),
            oauth: self.oauth.clone(),
            identity: self.identity.clone(),
            service: self.service.clone(),
            state: self.state.clone(),
            outgoing: self.outgoing.clone(),
            button: Arc::clone(&self.button),
            router: self.router.clone(),
        };
        Self::new(rooms, name).await
    }

    /// The same house, put together wrongly: nothing leads out of it, so what asks for its webhooks fails.
    pub fn without_a_way_out(&self) -> Self {
        let state = State::new(self.service.clone(), self.oauth.clone()).unwrap();
        Self {
            router: router(&self.clock, &self.identity, &state),
            state,
            ..self.clone()
        }
    }

    /// An app with these words, and a key for it: (app, installation, key).
    pub async fn install(
        &self,
        words: &[&str],
        organizations: Option<Vec<Id>>,
        quota: Quota,
    ) -> (Id, Id, String) {
        let known = scopes::permissions().into_iter();
        let permissions: Vec<_> = known
            .filter(|permission| words.contains(&permission.word.as_str()))
            .collect();
        assert_eq!(permissions.len(), words.len(), "{words:?}");
        static APPS: AtomicU64 = AtomicU64::new(0);
        let number = APPS.fetch_add(1, Ordering::Relaxed);
        let seed = number.to_le_bytes().repeat(4);
        let mut random = ChaCha20Rng::from_seed(seed.try_into().unwrap());
        let app = NewApp {
            tenant_id: self.tenant_id,
            name: format!("App {number}"),
            confidential: true,
            redirect_uris: Vec::new(),
            permissions,
            quota,
        };
        let occasion = self.occasion();
        let registered = self.oauth.register(app, &occasion, &mut random).await;
        let app_id = registered.unwrap().unwrap().app_id;
        let made = self
            .oauth
            .api_key(
                self.tenant_id,
                app_id,
                organizations,
                &occasion,
                &mut random,
            )
            .await;
        let (installation, key) = made.unwrap().unwrap();
        (app_id, installation, key.reveal().to_owned())
    }

    /// A key with these words.
    pub async fn key_for(&self, words: &[&str]) -> String {
        self.install(words, None, ROOMY_QUOTA).await.2
    }

    /// A key of an app that was halted since.
    pub async fn halted_key(&self, words: &[&str]) -> String {
        let (app, _, key) = self.install(words, None, ROOMY_QUOTA).await;
        let halting = self.oauth.halt(self.tenant_id, app, &self.occasion()).await;
        halting.unwrap().unwrap();
        self.clock.advance_ms(60_000);
        key
    }

    /// A key of an installation that was cancelled since.
    pub async fn cancelled_key(&self, words: &[&str]) -> String {
        let (_, installation, key) = self.install(words, None, ROOMY_QUOTA).await;
        let occasion = self.occasion();
        let cancelling = self.oauth.cancel(self.tenant_id, installation, &occasion);
        cancelling.await.unwrap().unwrap();
        self.clock.advance_ms(60_000);
        key
    }

    /// Changes a property, as no call of this dialect does.
    pub async fn describe(&self, park: Id, details: OrganizationDetailsPatch) {
        let write = PropertyWrite {
            id: Some(park),
            patch: PropertyPatch {
                details,
                ..PropertyPatch::default()
            },
            ..PropertyWrite::default()
        };
        let properties = self.service.properties();
        let written = properties.write(&self.actor_now(), vec![write]).await;
        written.unwrap().remove(0).unwrap();
    }

    pub fn occasion(&self) -> Occasion {
        Occasion {
            now: self.clock.now(),
            remote_ip: [127, 0, 0, 1].into(),
            request_id: "test".into(),
        }
    }

    /// Writes rows, all or nothing.
    pub async fn write(&self, writes: Vec<Write>) {
        let written = self.service.write_all(&self.actor, writes).await.unwrap();
        written.unwrap();
    }

    /// Books a stay in a rentable type, as another API does.
    pub async fn book(&self, new: NewBooking) -> Id {
        self.try_to_book(new).await.unwrap()
    }

    /// The same, where it may be refused.
    pub async fn try_to_book(&self, new: NewBooking) -> Result<Id, Refusal> {
        let write = BookingWrite::Create(Box::new(new));
        Ok(self.written(write).await?.id)
    }

    /// Brings a booking to another state, as another API does.
    pub async fn become_(&self, id: Id, status: Status) {
        let change = BookingChange {
            status: Some(status),
            ..BookingChange::default()
        };
        self.change(id, change).await;
    }

    /// Gives the guest of a booking a mail address.
    pub async fn has_address(&self, id: Id, address: &str) {
        let mut change = BookingChange::default();
        let email = (ContactField::Email, address.to_owned());
        change.details.contact.0.push(email);
        self.change(id, change).await;
    }

    async fn change(&self, id: Id, change: BookingChange) {
        let patch = BookingPatch {
            id,
            change,
            lines: Vec::new(),
            notes: Vec::new(),
            remove_lines: false,
            check_availability: true,
            announce: false,
        };
        let write = BookingWrite::Change(Box::new(patch));
        self.written(write).await.unwrap();
    }

    async fn written(&self, write: BookingWrite) -> Result<Booking, Refusal> {
        let bookings = self.service.bookings();
        let answer = bookings.write(&self.actor_now(), vec![write], None).await;
        let WriteAnswer::Fresh(outcomes) = answer.unwrap() else {
            panic!("nothing was replayed");
        };
        let outcome: BookingOutcome = outcomes.into_iter().next().unwrap();
        outcome.result.map(|written| written.after.booking)
    }

    /// A booking as every API of the house finds it.
    pub async fn booking(&self, id: &str) -> Booking {
        let reading = self.service.reading(&self.actor).await.unwrap();
        let found = reading.one::<Booking>(id.parse().unwrap()).await;
        found.unwrap().unwrap()
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answered(request.body(Body::empty()).unwrap()).await
    }

    /// Asks without a body, with the key that may do everything.
    pub async fn ask_to(&self, method: &str, path: &str) -> Reply {
        let path = format!("/bookingexperts/v3{path}");
        self.ask(method, &path, &[("x-api-key", &self.key)]).await
    }

    /// Sends a document with the key that may do everything.
    pub async fn send(&self, method: &str, path: &str, document: &Value) -> Reply {
        self.send_as(&self.key, method, path, document).await
    }

    /// Sends a document.
    pub async fn send_as(&self, key: &str, method: &str, path: &str, document: &Value) -> Reply {
        let media = [("content-type", "application/vnd.api+json")];
        self.send_under(key, method, path, document, &media).await
    }

    /// Sends a document under headers of its own, which say what it is.
    pub async fn send_under(
        &self,
        key: &str,
        method: &str,
        path: &str,
        document: &Value,
        headers: &[(&str, &str)],
    ) -> Reply {
        let text = document.to_string();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/bookingexperts/v3{path}"))
            .header("x-api-key", key)
            .header("content-length", text.len());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answered(request.body(Body::from(text)).unwrap()).await
    }

    async fn answered(&self, request: Request<Body>) -> Reply {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// Asks with or without a document.
    pub async fn call_as(
        &self,
        key: &str,
        method: &str,
        path: &str,
        document: Option<&Value>,
    ) -> Reply {
        let Some(document) = document else {
            let path = format!("/bookingexperts/v3{path}");
            return self.ask(method, &path, &[("x-api-key", key)]).await;
        };
        self.send_as(key, method, path, document).await
    }

    /// The one who may do everything, now.
    pub fn actor_now(&self) -> Actor {
        Actor {
            now: self.clock.now(),
            ..self.actor.clone()
        }
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Reply {
        let path = format!("/bookingexperts/v3{path}");
        self.ask("GET", &path, &[("x-api-key", key)]).await
    }

    /// The document at a path, which has to be there.
    pub async fn get(&self, path: &str) -> Value {
        let reply = self.get_as(&self.key, path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.json());
        assert_eq!(reply.headers["content-type"], "application/vnd.api+json");
        reply.json()
    }
}

/// A stay for two.
pub fn stay(resource_id: Id, arrival: Date, departure: Date) -> NewBooking {
    let mut details = BookingDetails::default();
    details.party.adults = 2;
    details.contact.last_name = "Vos".into();
    NewBooking {
        resource_id,
        arrival,
        departure,
        quantity: 1,
        unit: UnitChoice::Any,
        status: Status::Confirmed,
        opened: false,
        held_until: None,
        group: GroupChoice::Alone,
        channel: "direct".into(),
        external_reference: String::new(),
        details,
        price_given: true,
        lines: Vec::new(),
        notes: Vec::new(),
        check_availability: true,
        charge_price: false,
        announce: false,
    }
}

/// The ids of a document's list.
pub fn ids(document: &Value) -> Vec<String> {
    let rows = document["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}
