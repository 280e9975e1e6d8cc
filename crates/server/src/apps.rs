//! Which dialects let apps in by OAuth 2.0: where each stands, what it stands on, its scope words, its API
//! and the format of its webhooks.
//!
//! A dialect that is added to [`DIALECTS`] has its API and its OAuth routes mounted on the shared host and
//! on hosts of its own, its tokens open the house's own API, subscriptions may name its format, its
//! document is written beside the others, and `tabard app` knows it.

use std::sync::Arc;

use anyhow::anyhow;
use axum::Router;
use http_kit::{Answer, Kit, Mount, Refusal};
use identity::{
    Identity, Quota,
    oauth::{BadProfile, OAuth, Permission, Profile},
};
use serde_json::Value;
use service::{
    Service,
    outgoing::{
        Outgoing,
        ask::Ask,
        render::{Formats, Render},
    },
};

use crate::settings::{Hosts, Settings};

/// All of them.
pub const DIALECTS: &[AppDialect] = &[BOOKING_EXPERTS];

const BOOKING_EXPERTS: AppDialect = AppDialect {
    name: dialect_bookingexperts::NAME,
    prefix: "/bookingexperts",
    api_prefix: "/v3",
    hosts: |hosts| &hosts.bookingexperts,
    permissions: dialect_bookingexperts::scopes::permissions,
    quota: identity::BOOKING_EXPERTS_QUOTA,
    adjust: |_| {},
    api: booking_experts,
    refuse: dialect_bookingexperts::errors::answer,
    document: || Ok(dialect_bookingexperts::document()?),
    format: Some(|service, oauth, settings| {
        let (service, oauth) = (service.clone(), oauth.clone());
        let format = dialect_bookingexperts::Webhooks::new(service, oauth, &settings.environment)?;
        Ok(Arc::new(format))
    }),
};

fn booking_experts(rooms: Rooms, kit: &Arc<Kit>, place: &Mount) -> anyhow::Result<Router> {
    let outside = dialect_bookingexperts::Outside {
        outgoing: rooms.outgoing,
        ask: rooms.ask,
        environment: rooms.environment,
    };
    let state = dialect_bookingexperts::State::new(rooms.service, rooms.oauth)?;
    let api = dialect_bookingexperts::api();
    let api = api.map_err(|_| anyhow!("the document of Booking Experts can't be written"))?;
    let places = std::slice::from_ref(place);
    let state = state.with_outside(outside);
    let before = place.prefix.strip_suffix(BOOKING_EXPERTS.api_prefix);
    let other = |version: &&str| Mount {
        origin: place.origin.clone(),
        prefix: format!("{}{version}", before.unwrap_or_default()),
    };
    let others = dialect_bookingexperts::OTHER_VERSIONS.iter().map(other);
    let others: Vec<Mount> = others.collect();
    let router = api.router(&state, kit, places);
    Ok(router.merge(dialect_bookingexperts::other_versions().router(&state, kit, &others)))
}

/// A dialect whose apps come in by OAuth 2.0.
#[derive(Clone, Copy)]
pub struct AppDialect {
    /// Its name.
    pub name: &'static str,
    /// Where it stands beside the others, such as `/bookingexperts`; its issuer ends so.
    pub prefix: &'static str,
    /// Where its API stands below the prefix, and below nothing on a host of its own, such as `/v3`.
    pub api_prefix: &'static str,
    /// The host names of its own.
    pub hosts: fn(&Hosts) -> &[String],
    /// Its scope words, with what each opens and what the consent page says of it.
    pub permissions: fn() -> Vec<Permission>,
    /// How much each installation of an app may ask for.
    pub quota: Quota,
    /// What its OAuth 2.0 does otherwise than others'.
    pub adjust: fn(&mut Profile),
    /// Its API on these rooms, at this place; called once for the shared host and once for each of its
    /// own, each with the OAuth 2.0 server of that host.
    pub api: fn(Rooms, &Arc<Kit>, &Mount) -> anyhow::Result<Router>,
    /// Words a refusal as its API does, for calls that are refused before it is asked.
    pub refuse: fn(&Refusal) -> Answer,
    /// The document of its API.
    pub document: fn() -> anyhow::Result<Value>,
    /// The format of its webhooks, under its name; none when it tells nobody.
    pub format: Option<MakesFormat>,
}

/// Makes the format of a dialect's webhooks, which may ask what the installations of apps may know, and
/// names addresses on the shared host.
pub type MakesFormat = fn(&Service, &OAuth, &Settings) -> anyhow::Result<Arc<dyn Render>>;

/// What the API of a dialect stands on.
#[derive(Clone)]
pub struct Rooms {
    /// Use cases.
    pub service: Service,
    /// Clients, grants and tokens.
    pub identity: Identity,
    /// Subscriptions, and the log of what was sent to them.
    pub outgoing: Outgoing,
    /// The OAuth 2.0 server beside the API.
    pub oauth: OAuth,
    /// Asks other servers, by the rules by which webhooks leave.
    pub ask: Arc<dyn Ask>,
    /// The name of the environment.
    pub environment: Arc<str>,
    /// What the secrets of this run follow from.
    pub seed: [u8; 32],
}

impl AppDialect {
    /// What its OAuth 2.0 is like, at this issuer.
    ///
    /// # Errors
    /// When it would not be safe.
    pub fn profile(&self, issuer: &str) -> Result<Profile, BadProfile> {
        let mut profile = Profile::new(self.name, issuer)?;
        let permissions = (self.permissions)();
        profile.scopes = permissions.into_iter().map(|known| known.word).collect();
        (self.adjust)(&mut profile);
        profile.check()?;
        Ok(profile)
    }
}

/// The formats of these dialects, besides those that are there. Each comes with its OAuth 2.0 server on the
/// shared host.
///
/// # Errors
/// When a format can't be made; a mistake of ours.
pub(crate) fn formats<'a>(
    formats: Formats,
    dialects: impl Iterator<Item = (&'a AppDialect, &'a OAuth)>,
    service: &Service,
    settings: &Settings,
) -> anyhow::Result<Formats> {
    let mut all = formats;
    for (dialect, oauth) in dialects {
        if let Some(format) = dialect.format {
            all = all.with(dialect.name, format(service, oauth, settings)?);
        }
    }
    Ok(all)
}
