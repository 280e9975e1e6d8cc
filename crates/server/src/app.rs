//! The rooms of the house, wired together.
//!
//! [`App::build`] takes an open store and gives routers. The program serves them on a socket; tests
//! call them without one.

use std::{net::IpAddr, sync::Arc};

use axum::Router;
use delivery::carry::Carrier;
use domain::id::IdSource;
use http_kit::{
    Api, Callers, Clock, Credential, Denied, Kit, Mount, Proxies, idempotency::NoStoredAnswers,
    oauth::WELL_KNOWN,
};
use identity::{Caller, Identity, oauth::OAuth};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use service::{Service, outgoing::Outgoing};
use store::Store;

pub use crate::routers::Routers;
use crate::{
    apps::{self, AppDialect, Rooms},
    house_api, leaving, routers,
    settings::Settings,
};

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
    /// The server's own secret, the same after a restart and on all servers of one store.
    pub secret: [u8; 32],
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
    /// Subscriptions, and the log of what was sent to them.
    pub outgoing: Outgoing,
    /// The one way out to other servers.
    pub carrier: Carrier,
    /// The OAuth 2.0 servers on the shared host, one for each dialect that lets apps in.
    pub oauth: Vec<OAuth>,
    /// The real clock, or a test's.
    pub clock: Arc<dyn Clock>,
    /// What answers requests.
    pub routers: Routers,
}

impl App {
    /// Wires the rooms together.
    ///
    /// # Errors
    /// When an API document can't be written, a mistake of ours, or the machine's TLS can't be used.
    pub fn build(parts: Parts, settings: &Settings) -> anyhow::Result<Self> {
        Self::build_with(parts, settings, apps::DIALECTS)
    }

    /// The same, where these dialects let apps in.
    ///
    /// # Errors
    /// When an API document can't be written, a dialect's OAuth 2.0 would not be safe, or the machine's
    /// TLS can't be used.
    pub fn build_with(
        parts: Parts,
        settings: &Settings,
        dialects: &[AppDialect],
    ) -> anyhow::Result<Self> {
        let Parts {
            store,
            ids,
            clock,
            seed,
            secret,
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
        let places = dialects
            .iter()
            .map(|dialect| Place::new(dialect, &public_url, dialect.prefix));
        let places: Vec<Place<'_>> = places.collect();
        let oauth = places.iter().map(|place| place.oauth(&identity));
        let oauth: Vec<OAuth> = oauth.collect::<anyhow::Result<_>>()?;
        let each = dialects.iter().zip(&oauth);
        let formats = apps::formats(leaving::formats(), each, &service, settings)?;
        let outgoing = leaving::outgoing(&store, &clock, &secret, &seed, settings, formats);
        let carrier = leaving::carrier(&outgoing)?;
        let kit = kit(&identity, &clock, ids, settings, dialects);
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
            .fallback(|| async { routers::not_found() });
        let mut routers = Routers::new(shared)
            .worded(&BEDS24, dialect_beds24::errors::answer)
            .worded(&[house_api::PREFIX], house_api::refuse);
        for host in &settings.hosts.beds24 {
            let origin = with_host(&public_url, host);
            let mounts = BEDS24_ALONE.map(|prefix| Mount::new(&origin, prefix));
            let alone = Routers::new(beds24_api.router(&beds24, &kit, &mounts));
            routers.add_host(
                host,
                alone.worded(&BEDS24_ALONE, dialect_beds24::errors::answer),
            );
        }
        let rooms = |oauth: &OAuth| Rooms {
            service: service.clone(),
            identity: identity.clone(),
            outgoing: outgoing.clone(),
            oauth: oauth.clone(),
            ask: Arc::new(carrier.clone()),
            environment: settings.environment.as_str().into(),
            seed,
        };
        for (place, shared) in places.iter().zip(&oauth) {
            let router = place.router(rooms(shared), &kit)?;
            routers = place.words(routers.with(router));
        }
        for dialect in dialects {
            for host in (dialect.hosts)(&settings.hosts) {
                let place = Place::new(dialect, &with_host(&public_url, host), "");
                let alone = place.oauth(&identity)?;
                let router = place.router(rooms(&alone), &kit)?;
                routers.add_host(host, place.words(Routers::new(router)));
            }
        }
        Ok(Self {
            store,
            service,
            identity,
            outgoing,
            carrier,
            oauth,
            clock,
            routers,
        })
    }
}

/// One place where a dialect that lets apps in stands.
struct Place<'a> {
    dialect: &'a AppDialect,
    /// Scheme and host.
    origin: String,
    /// What precedes everything of the dialect there.
    prefix: &'a str,
}

impl<'a> Place<'a> {
    fn new(dialect: &'a AppDialect, origin: &str, prefix: &'a str) -> Self {
        Self {
            dialect,
            origin: origin.to_owned(),
            prefix,
        }
    }

    /// Its OAuth 2.0 server.
    fn oauth(&self, identity: &Identity) -> anyhow::Result<OAuth> {
        let issuer = format!("{}{}", self.origin, self.prefix);
        let profile = self.dialect.profile(&issuer)?;
        Ok(identity.oauth(Arc::new(profile)))
    }

    /// Its API; the OAuth routes below the issuer, with the metadata also where RFC 8414 has clients look
    /// for it.
    fn router(&self, rooms: Rooms, kit: &Arc<Kit>) -> anyhow::Result<Router> {
        let state = http_kit::oauth::State::new(rooms.oauth.clone(), rooms.seed);
        let prefix = format!("{}{}", self.prefix, self.dialect.api_prefix);
        let api = (self.dialect.api)(rooms, kit, &Mount::new(&self.origin, &prefix))?;
        Ok(api.merge(http_kit::oauth::router(&state, kit)))
    }

    /// These routers, with the words in which it refuses: the dialect's for everything below its prefix, those
    /// of RFC 6749 where its OAuth 2.0 stands.
    fn words(&self, routers: Routers) -> Routers {
        let prefix = self.prefix;
        let oauth = [
            format!("{prefix}{}", identity::oauth::BELOW),
            format!("{prefix}{WELL_KNOWN}"),
            format!("{WELL_KNOWN}{prefix}"),
        ];
        let oauth = oauth.each_ref().map(String::as_str);
        routers
            .worded(&[prefix], self.dialect.refuse)
            .worded(&oauth, http_kit::oauth::refuse)
    }
}

/// The OpenAPI document of each dialect, by name.
///
/// # Errors
/// When a document can't be written; a mistake of ours.
pub fn documents() -> anyhow::Result<Vec<(&'static str, Value)>> {
    let beds24 = Api::new(dialect_beds24::Beds24, dialect_beds24::endpoints());
    let mut documents = vec![
        (
            dialect_beds24::NAME,
            beds24.document(&dialect_beds24::document()),
        ),
        (house_api::NAME, house_api::document()),
    ];
    for dialect in apps::DIALECTS {
        documents.push((dialect.name, (dialect.document)()?));
    }
    Ok(documents)
}

fn kit(
    identity: &Identity,
    clock: &Arc<dyn Clock>,
    ids: Arc<IdSource>,
    settings: &Settings,
    dialects: &[AppDialect],
) -> Arc<Kit> {
    let mut names = vec![dialect_beds24::NAME];
    names.extend(dialects.iter().map(|dialect| dialect.name));
    let callers = Arc::new(EveryDialect {
        identity: identity.clone(),
        names,
    });
    let mut kit = Kit::new(Arc::clone(clock), callers, Arc::new(NoStoredAnswers), ids);
    kit.proxies = Proxies::new(settings.trusted_proxies.clone());
    kit.blocked.clone_from(&settings.blocked_networks);
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

/// Looks credentials up. The house's own API takes the access token of any dialect, and lets those of
/// a sandbox that have ended by its clock come as far as the clock.
struct EveryDialect {
    identity: Identity,
    /// The dialects whose access tokens open the house's own API.
    names: Vec<&'static str>,
}

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
                .identity
                .resolve(presented.dialect, &presented.text, remote_ip, now)
                .await;
        }
        let mut denied = Denied::Unknown;
        for dialect in &self.names {
            match self
                .identity
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

/// Beds24 with its table, serving its own document.
fn beds24_api() -> anyhow::Result<Api<dialect_beds24::State>> {
    dialect_beds24::api().map_err(|_| anyhow::anyhow!("the document of Beds24 can't be written"))
}
