//! A whole app inside a test: the routers that the server serves, on either store, with a clock
//! that the test moves, a sandbox tenant with a property, and a token for it.

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::body::Body;
use catalogue::inventory::{OrganizationDetailsPatch, RatePlanRecord, ResourceDetailsPatch};
use dialect_beds24::scopes;
use domain::{
    access::{Actor, Capabilities, Reach},
    id::{Id, IdSource},
    rate::RatePlan,
    time::{Zone, today},
};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use http_kit::{Clock, Peer};
use identity::{NewGrant, ROOMY_QUOTA};
use jiff::{Timestamp, ToSpan};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde_json::Value;
use server::{
    app::{App, Parts},
    apps::AppDialect,
    settings::Settings,
};
use service::{
    calendar::{CalendarRange, CalendarWrite, DayPatch},
    properties::{PropertyPatch, PropertyWrite, RoomPatch, RoomWrite},
    tenants::NewTenant,
};

use crate::{
    clock::MovableClock,
    store::{OnStore, TestStore, stores},
};

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        MovableClock::now(self)
    }
}

/// An app, and a tenant to call it for.
pub struct TestApp {
    /// The app.
    pub app: App,
    /// Its real clock, as far as it knows.
    pub clock: MovableClock,
    /// The sandbox tenant.
    pub tenant_id: Id,
    /// Its property, in Berlin.
    pub property_id: Id,
    /// The property's rooms: ten units, and one.
    pub room_ids: Vec<Id>,
    /// An access token of the Beds24 dialect that may do everything, as often as it likes.
    pub token: String,
    /// Where requests come from.
    pub peer: SocketAddr,
    home: TestStore,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl TestApp {
    /// An app on this store, with default settings.
    pub async fn on(home: TestStore) -> Self {
        Self::with(home, &Settings::default()).await
    }

    /// An app on SQLite.
    pub async fn sqlite() -> Self {
        Self::on(TestStore::sqlite().await).await
    }

    /// An app on this store, set as the test likes.
    pub async fn with(home: TestStore, settings: &Settings) -> Self {
        Self::letting_in(home, settings, server::apps::DIALECTS).await
    }

    /// An app on this store, set as the test likes, where these dialects let apps in by OAuth 2.0.
    pub async fn letting_in(home: TestStore, settings: &Settings, dialects: &[AppDialect]) -> Self {
        let clock = MovableClock::default();
        let parts = Parts {
            store: home.store.clone(),
            ids: Arc::new(IdSource::new(1)),
            clock: Arc::new(clock.clone()),
            seed: [7; 32],
            secret: [9; 32],
            public_url: "http://tabard.test".to_owned(),
        };
        let app = App::build_with(parts, settings, dialects).expect("the rooms fit together");
        let tenant_id = tenant(&app, &clock, true).await;
        let (property_id, room_ids) = property(&app, &clock, tenant_id).await;
        let peer = SocketAddr::from(([127, 0, 0, 1], 4711));
        let token = String::new();
        let mut test = Self {
            app,
            clock,
            tenant_id,
            property_id,
            room_ids,
            token,
            peer,
            home,
        };
        let words = scopes::all_scopes();
        test.token = test
            .token_for(
                tenant_id,
                &words.iter().map(String::as_str).collect::<Vec<_>>(),
            )
            .await;
        test
    }

    /// Another tenant with nothing in it: a sandbox, or one with the real clock.
    pub async fn another_tenant(&self, sandbox: bool) -> Id {
        tenant(&self.app, &self.clock, sandbox).await
    }

    /// A token of the Beds24 dialect with these scopes.
    pub async fn token_for(&self, tenant_id: Id, words: &[&str]) -> String {
        self.token_of(self.grant(tenant_id, words)).await
    }

    /// What a token with these scopes is made from, to be changed before [`TestApp::token_of`].
    #[must_use]
    pub fn grant(&self, tenant_id: Id, words: &[&str]) -> NewGrant {
        NewGrant {
            tenant_id,
            dialect: dialect_beds24::NAME,
            client_name: "test".to_owned(),
            capabilities: scopes::capabilities(words.iter().copied())
                .expect("tests know the scopes"),
            scopes: words.iter().map(|word| (*word).to_owned()).collect(),
            organizations: None,
            allow_list: Vec::new(),
            quota: ROOMY_QUOTA,
            linked_organizations: false,
        }
    }

    /// An access token for a grant.
    pub async fn token_of(&self, grant: NewGrant) -> String {
        let (identity, now) = (&self.app.identity, self.clock.now());
        let seed = self.app.store.ids().next(now).get().to_le_bytes();
        let mut rng = ChaCha20Rng::from_seed(
            [seed; 4]
                .concat()
                .try_into()
                .expect("four times eight is 32"),
        );
        let dialect = grant.dialect;
        let invited = identity
            .invite(grant, now, &mut rng)
            .await
            .expect("the store can write");
        let (_, code) = invited.expect("the tenant is there");
        let redeeming =
            identity.redeem_invite(dialect, code.reveal(), None, self.peer.ip(), now, &mut rng);
        redeeming
            .await
            .expect("a fresh code is good")
            .token
            .reveal()
            .to_owned()
    }

    /// Asks with the tenant's token.
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("token", &self.token)], Vec::new())
            .await
    }

    /// Sends JSON with the tenant's token.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let headers = [
            ("token", self.token.as_str()),
            ("content-type", "application/json"),
        ];
        self.send("POST", path, &headers, body.to_string().into_bytes())
            .await
    }

    /// Sends anything. The path is whole: `/beds24/v2/bookings`.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("tests send methods");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(Peer(self.peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("tests send requests");
        let (parts, body) = self.app.routers.answer(request).await.into_parts();
        let body = body.collect().await.expect("an answer can be read");
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_bytes().to_vec(),
        }
    }

    /// Closes the store and removes what it lived in.
    pub async fn finish(self) {
        drop(self.app);
        self.home.finish().await;
    }
}

/// Runs a test on an app on every store, one after another, and says on which it failed.
pub async fn in_every_app<F, Run>(mut test: F)
where
    F: FnMut(Arc<TestApp>) -> Run,
    Run: Future<Output = ()>,
{
    for one in stores().await {
        let on = OnStore(one.name);
        let app = Arc::new(TestApp::on(one).await);
        test(Arc::clone(&app)).await;
        drop(on);
        if let Some(app) = Arc::into_inner(app) {
            app.finish().await;
        }
    }
}

async fn tenant(app: &App, clock: &MovableClock, sandbox: bool) -> Id {
    let new = NewTenant {
        name: "Test".to_owned(),
        sandbox,
        clock: None,
    };
    app.service
        .tenant_create(new, clock.now())
        .await
        .expect("a tenant can be made")
        .id
}

/// A property in Berlin with two kinds of rooms, sold at 100 a night for a year.
async fn property(app: &App, clock: &MovableClock, tenant_id: Id) -> (Id, Vec<Id>) {
    let next = || app.store.ids().next(clock.now());
    let actor = Actor {
        tenant_id,
        client_id: next(),
        grant_id: next(),
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now: clock.now(),
        request_id: "testkit".to_owned(),
    };
    let zone = Zone::new("Europe/Berlin").expect("Berlin has a time zone");
    let today = today(&zone, clock.now());
    let details = OrganizationDetailsPatch {
        zone: Some(zone),
        ..OrganizationDetailsPatch::default()
    };
    let patch = PropertyPatch {
        name: Some("House".to_owned()),
        details,
    };
    let write = PropertyWrite {
        id: None,
        patch,
        rooms: vec![room("Double", 10), room("Single", 1)],
    };
    let written = app
        .service
        .properties()
        .write(&actor, vec![write])
        .await
        .expect("a property can be made");
    let view = written
        .into_iter()
        .next()
        .expect("one item, one answer")
        .expect("it is a good one")
        .after;
    let room_ids: Vec<Id> = view.rooms.iter().map(|room| room.resource.id).collect();
    let days = CalendarRange {
        from: today,
        to: today.saturating_add(1.year()),
        patch: DayPatch {
            prices: [(1, Some(100.into()))].into(),
            ..DayPatch::default()
        },
    };
    let calendars = room_ids.iter().map(|id| CalendarWrite {
        resource_id: *id,
        ranges: vec![days.clone()],
    });
    app.service
        .calendar_write(&actor, calendars.collect())
        .await
        .expect("calendars can be written");
    (view.organization.id, room_ids)
}

fn room(name: &str, quantity: i64) -> RoomWrite {
    let plan = RatePlanRecord {
        plan: RatePlan::new(1),
        extra: Default::default(),
    };
    let details = ResourceDetailsPatch {
        rate_plans: Some([(1, plan)].into()),
        ..ResourceDetailsPatch::default()
    };
    let patch = RoomPatch {
        name: Some(name.to_owned()),
        quantity: Some(quantity),
        details,
    };
    RoomWrite {
        id: None,
        patch,
        units: Vec::new(),
    }
}
