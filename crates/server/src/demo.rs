//! The demo: a sandbox tenant with a property to book, and credentials for it.
//!
//! It is made with the use cases that clients use, when the store is empty. At each start fresh
//! access tokens are made; the grants behind them stay, so that what a client did under one of them,
//! such as an idempotency key, goes on. Secrets stand in `demo.json` in the data directory, which
//! only its owner can read, and nowhere else.

mod bookingexperts;
mod file;
mod scene;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use catalogue::access::Tenant;
use dialect_beds24::scopes;
use domain::{access::Actor, id::Id};
use identity::{NewGrant, Quota, Secret};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use service::{PageOf, Service, properties::PropertyFilter, tenants::NewTenant};

pub use self::file::{Beds24, BookingExperts, File, House};
use crate::{app::App, entropy, house_api, operator};

/// The name of the tenant, by which a later start finds it.
const TENANT: &str = "Demo";

/// The demo calls from this machine.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Makes the demo where the store is empty, and credentials for it; writes `demo.json`. `None` where
/// the store holds other tenants and no demo.
///
/// # Errors
/// When the store or the data directory can't be written.
pub async fn prepare(app: &App, data: &Path, url: &str) -> anyhow::Result<Option<File>> {
    let now = app.clock.now();
    let tenants = app.service.tenants().await?;
    let is_empty = tenants.is_empty();
    let known = tenants
        .into_iter()
        .find(|tenant| tenant.sandbox && tenant.name == TENANT);
    let tenant = match known {
        Some(tenant) => tenant,
        None if is_empty => create_tenant(&app.service, now).await?,
        None => return Ok(None),
    };
    let before = File::read(data).ok();
    let (property_id, room_ids) = property(&app.service, &tenant, now).await?;
    let mut keys = Keys {
        app,
        tenant: &tenant,
        now,
        rng: entropy::secrets(),
    };
    let known = before
        .as_ref()
        .and_then(|file| file.bookingexperts.as_ref());
    let bookingexperts =
        booking_experts(app, &tenant, (property_id, &room_ids), url, known).await?;
    let before = before.as_ref().map(|file| &file.beds24);
    let roomy = keys
        .pair(
            "demo",
            identity::ROOMY_QUOTA,
            before.map(|before| before.refresh_token.as_str()),
        )
        .await?;
    let limited = keys
        .pair(
            "demo with the vendor's limit",
            identity::BEDS24_QUOTA,
            before.map(|before| before.limited_refresh_token.as_str()),
        )
        .await?;
    let invite = keys.invite("demo client", identity::ROOMY_QUOTA).await?;
    let file = File {
        url: url.to_owned(),
        beds24: Beds24 {
            base_url: format!("{url}/beds24/v2"),
            invite_code: invite.reveal().to_owned(),
            refresh_token: roomy.refresh_token,
            token: roomy.token,
            property_id,
            room_ids,
            limited_token: limited.token,
            limited_refresh_token: limited.refresh_token,
        },
        bookingexperts,
        tabard: House {
            base_url: format!("{url}{}", house_api::PREFIX),
            tenant_id: tenant.id.get(),
        },
    };
    file.write(data)?;
    Ok(Some(file))
}

/// The demo's app for Booking Experts, where that lets apps in.
async fn booking_experts(
    app: &App,
    tenant: &Tenant,
    (property_id, room_ids): (i64, &[i64]),
    url: &str,
    before: Option<&BookingExperts>,
) -> anyhow::Result<Option<BookingExperts>> {
    let mut known = app.oauth.iter();
    let name = dialect_bookingexperts::NAME;
    let Some(oauth) = known.find(|oauth| oauth.profile().dialect == name) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let tenant_now = now + SignedDuration::from_millis(tenant.clock_offset_ms);
    let making = bookingexperts::Making {
        identity: &app.identity,
        oauth,
        service: &app.service,
        tenant,
        actor: operator::actor(tenant.id, tenant_now, "demo"),
        property_id: Id::new(property_id).context("a property has an id")?,
        room_ids,
        url,
        now,
    };
    Ok(Some(making.prepare(before, &mut entropy::secrets()).await?))
}

async fn create_tenant(service: &Service, now: Timestamp) -> anyhow::Result<Tenant> {
    let new = NewTenant {
        name: TENANT.to_owned(),
        sandbox: true,
        clock: None,
    };
    Ok(service.tenant_create(new, now).await?)
}

/// The demo's property and its rooms, made where a first start did not come that far.
async fn property(
    service: &Service,
    tenant: &Tenant,
    now: Timestamp,
) -> anyhow::Result<(i64, Vec<i64>)> {
    let tenant_now = now + SignedDuration::from_millis(tenant.clock_offset_ms);
    let actor: Actor = operator::actor(tenant.id, tenant_now, "demo");
    let filter = PropertyFilter::default();
    let found = service
        .properties()
        .find(&actor, &filter, PageOf::first(1))
        .await?;
    let view = match found.rows.into_iter().next() {
        Some(view) => view,
        None => scene::create(service, &actor).await?,
    };
    let rooms = view
        .rooms
        .iter()
        .map(|room| room.resource.id.get())
        .collect();
    Ok((view.organization.id.get(), rooms))
}

/// An access token and the refresh token behind it.
struct Pair {
    token: String,
    refresh_token: String,
}

/// Makes credentials.
struct Keys<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    now: Timestamp,
    rng: StdRng,
}

impl Keys<'_> {
    /// A fresh access token: under the grant of an earlier refresh token if that still stands.
    async fn pair(
        &mut self,
        name: &str,
        quota: Quota,
        before: Option<&str>,
    ) -> anyhow::Result<Pair> {
        let (identity, dialect) = (&self.app.identity, dialect_beds24::NAME);
        if let Some(refresh_token) = before.filter(|token| !token.is_empty())
            && let Ok(minted) = identity
                .refresh(dialect, refresh_token, HERE, self.now, &mut self.rng)
                .await
        {
            return Ok(Pair {
                token: minted.token.reveal().to_owned(),
                refresh_token: refresh_token.to_owned(),
            });
        }
        let code = self.invite(name, quota).await?;
        let redeeming = identity.redeem_invite(
            dialect,
            code.reveal(),
            Some(name),
            HERE,
            self.now,
            &mut self.rng,
        );
        let minted = redeeming
            .await
            .map_err(|denied| anyhow!("the demo's own invite code: {denied}"))?;
        let refresh_token = minted
            .refresh_token
            .context("an invite code gives a refresh token")?;
        Ok(Pair {
            token: minted.token.reveal().to_owned(),
            refresh_token: refresh_token.reveal().to_owned(),
        })
    }

    async fn invite(&mut self, name: &str, quota: Quota) -> anyhow::Result<Secret> {
        let words = scopes::all_scopes();
        let grant = NewGrant {
            tenant_id: self.tenant.id,
            dialect: dialect_beds24::NAME,
            client_name: name.to_owned(),
            capabilities: scopes::capabilities(words.iter().map(String::as_str))?,
            scopes: words,
            organizations: None,
            allow_list: Vec::new(),
            quota,
            linked_organizations: false,
        };
        let invited = self
            .app
            .identity
            .invite(grant, self.now, &mut self.rng)
            .await?;
        let (_, code) = invited.context("the demo's tenant is gone")?;
        Ok(code)
    }
}
