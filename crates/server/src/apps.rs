//! Which dialects let apps in by OAuth 2.0: where each stands, what it stands on, its scope words, its API
//! and the format of its webhooks.
//!
//! A dialect that is added to [`DIALECTS`] has its API and its OAuth routes mounted on the shared host and
//! on hosts of its own, its tokens open the house's own API, subscriptions may name its format, its
//! document is written beside the others, and `tabard app` knows it.

use std::sync::Arc;

use axum::Router;
use http_kit::{Kit, Mount};
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
    api: |rooms, kit, place| {
        let state = dialect_bookingexperts::State::new(rooms.service, rooms.oauth)
            .map_err(|flaws| anyhow::anyhow!("the types of Booking Experts: {flaws}"))?;
        let api = dialect_bookingexperts::api()
            .map_err(|_| anyhow::anyhow!("the document of Booking Experts can't be written"))?;
        Ok(api.router(&state, kit, std::slice::from_ref(place)))
    },
    document: || {
        dialect_bookingexperts::document()
            .map_err(|flaws| anyhow::anyhow!("the types of Booking Experts: {flaws}"))
    },
    format: None,
};

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
    /// The document of its API.
    pub document: fn() -> anyhow::Result<Value>,
    /// The format of its webhooks, under its name; none when it tells nobody.
    pub format: Option<MakesFormat>,
}

/// Makes the format of a dialect's webhooks.
pub type MakesFormat = fn(&Service, &Settings) -> Arc<dyn Render>;

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

/// The formats of these dialects, besides those that are there.
pub(crate) fn formats(
    formats: Formats,
    dialects: &[AppDialect],
    service: &Service,
    settings: &Settings,
) -> Formats {
    let told = |dialect: &AppDialect| Some((dialect.name, dialect.format?(service, settings)));
    let own = dialects.iter().filter_map(told);
    own.fold(formats, |all, (name, format)| all.with(name, format))
}
