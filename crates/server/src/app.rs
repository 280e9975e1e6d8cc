//! The rooms of the house, wired together.
//!
//! [`App::build`] takes an open store and gives routers. The program serves them on a socket; tests
//! call them without one.

use std::{net::IpAddr, sync::Arc};

use axum::{Router, body::Body, response::IntoResponse as _};
use domain::id::IdSource;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_kit::{
    Api, Callers, Clock, Credential, Denied, Kit, Mount, Proxies, idempotency::NoStoredAnswers,
};
use identity::{Caller, Identity};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use service::Service;
use store::Store;
use tower::Service as _;

use crate::{house_api, settings::Settings};

/// The dialects whose access tokens open the house's own API.
const DIALECTS: &[&str] = &[dialect_beds24::NAME];

/// Where Beds24 stands beside the others, and where on a host name of its own.
const BEDS24: [&str; 2] = ["/beds24/v2", "/beds24/api/v2"];
const BEDS24_ALONE: [&str; 2] = ["/v2", "/api/v2"];

/// What an app is made from.
pub struct Parts {
    /// The store, open for writing.
    pub store: Store,
    /// The same ids that the store draws from.
    pub ids: Arc<IdSource>,
    /// The real clock, or a test's.
    pub clock: Arc<dyn Clock>,
    /// What all secrets of this run follow from.
    pub seed: [u8; 32],
    /// Scheme and host by which clients reach it.
    pub public_url: String,
}

/// The rooms, and the routers in front of them.
#[derive(Clone)]
pub struct App {
    /// The store.
    pub store: Store,
    /// The use cases.
    pub service: Service,
    /// Clients, grants, tokens and clocks.
    pub identity: Identity,
    /// The real clock, or a test's.
    pub clock: Arc<dyn Clock>,
    /// What answers requests.
    pub routers: Routers,
}

impl App {
    /// Wires the rooms together.
    ///
    /// # Errors
    /// When an API document can't be written; a mistake of ours.
    pub fn build(parts: Parts, settings: &Settings) -> anyhow::Result<Self> {
        let Parts {
            store,
            ids,
            clock,
            seed,
            public_url,
        } = parts;
        let service = Service::new(store.clone());
        let max_age = i64::try_from(settings.token_cache_s).unwrap_or(i64::MAX);
        let identity = Identity::new(
            store.clone(),
            identity::Settings {
                max_age: SignedDuration::from_secs(max_age),
                ..identity::Settings::default()
            },
        );
        let kit = kit(&identity, &clock, ids, &settings.trusted_proxies);
        let house = house_api::State {
            service: service.clone(),
            identity: identity.clone(),
            store: store.clone(),
        };
        let beds24 = dialect_beds24::State::new(service.clone(), identity.clone(), seed);
        let beds24_api = beds24_api()?;
        let at = |prefix: &&str| Mount::new(&public_url, prefix);
        let shared = Router::new()
            .merge(beds24_api.router(&beds24, &kit, &BEDS24.iter().map(at).collect::<Vec<_>>()))
            .merge(house_api::api()?.router(&house, &kit, &[at(&house_api::PREFIX)]))
            .fallback(|| async { not_found() });
        let mut routers = Routers::new(shared);
        for host in &settings.hosts.beds24 {
            let origin = with_host(&public_url, host);
            let mounts = BEDS24_ALONE.map(|prefix| Mount::new(&origin, prefix));
            let alone = beds24_api.router(&beds24, &kit, &mounts);
            routers.add_host(host, alone.fallback(|| async { not_found() }));
        }
        Ok(Self {
            store,
            service,
            identity,
            clock,
            routers,
        })
    }
}

/// The OpenAPI document of each dialect, by name.
///
/// # Errors
/// When a document can't be written; a mistake of ours.
pub fn documents() -> anyhow::Result<Vec<(&'static str, Value)>> {
    Ok(vec![
        (
            dialect_beds24::NAME,
            Api::new(dialect_beds24::Beds24, dialect_beds24::endpoints())
                .document(&dialect_beds24::document()),
        ),
        (house_api::NAME, house_api::document()),
    ])
}

fn kit(
    identity: &Identity,
    clock: &Arc<dyn Clock>,
    ids: Arc<IdSource>,
    proxies: &[IpNet],
) -> Arc<Kit> {
    let callers = Arc::new(EveryDialect(identity.clone()));
    let mut kit = Kit::new(Arc::clone(clock), callers, Arc::new(NoStoredAnswers), ids);
    kit.proxies = Proxies::new(proxies.to_vec());
    Arc::new(kit)
}

/// A public URL with another host: scheme and port stay.
fn with_host(public_url: &str, host: &str) -> String {
    let (scheme, authority) = public_url.split_once("://").unwrap_or(("http", public_url));
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    match port.filter(|port| port.parse::<u16>().is_ok()) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

fn not_found() -> Response<Body> {
    let body = r#"{"error":{"code":"not_found","message":"There is nothing at this address. APIs stand under /beds24/v2 and /tabard/v1."}}"#;
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::NOT_FOUND, json, body).into_response()
}

/// Looks credentials up. The house's own API takes the access token of any dialect, and lets those of
/// a sandbox that have ended by its clock come as far as the clock.
struct EveryDialect(Identity);

#[async_trait::async_trait]
impl Callers for EveryDialect {
    async fn resolve(
        &self,
        presented: &Credential<'_>,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        if presented.dialect != house_api::NAME {
            return self
                .0
                .resolve(presented.dialect, &presented.text, remote_ip, now)
                .await;
        }
        let mut denied = Denied::Unknown;
        for dialect in DIALECTS {
            match self
                .0
                .resolve_for_clock(dialect, &presented.text, remote_ip, now)
                .await
            {
                Err(Denied::Unknown) => {}
                Err(other) => denied = other,
                found => return found,
            }
        }
        Err(denied)
    }
}

/// The routers: one for all, and one for each host name of its own.
#[derive(Clone)]
pub struct Routers {
    shared: Router,
    hosts: Arc<Vec<(String, Router)>>,
}

impl Routers {
    /// One router for everybody.
    pub fn new(shared: Router) -> Self {
        Self {
            shared,
            hosts: Arc::default(),
        }
    }

    /// Answers more paths on every host that has no router of its own.
    #[must_use]
    pub fn with(mut self, more: Router) -> Self {
        self.shared = self.shared.merge(more);
        self
    }

    fn add_host(&mut self, host: &str, router: Router) {
        Arc::make_mut(&mut self.hosts).push((host.to_lowercase(), router));
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let mut router = self.of_host(&request).clone();
        match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn of_host(&self, request: &Request<Body>) -> &Router {
        if self.hosts.is_empty() {
            return &self.shared;
        }
        let named = request.uri().host().or_else(|| host(request.headers()));
        let own = named.and_then(|named| {
            let mut hosts = self.hosts.iter();
            hosts.find(|(host, _)| host.eq_ignore_ascii_case(named))
        });
        own.map_or(&self.shared, |(_, router)| router)
    }
}

/// The name in the `Host` header, without its port.
fn host(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::HOST)?.to_str().ok()?;
    Some(text.rsplit_once(':').map_or(text, |(name, _)| name))
}

/// Beds24 with its table, serving its own document.
fn beds24_api() -> anyhow::Result<Api<dialect_beds24::State>> {
    dialect_beds24::api().map_err(|_| anyhow::anyhow!("the document of Beds24 can't be written"))
}
