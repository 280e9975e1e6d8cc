//! The demo's app for Booking Experts: a key of its own, the same with the vendor's limit, credentials for
//! OAuth 2.0, and a channel through which it sells.

use anyhow::{Context as _, anyhow};
use catalogue::access::Tenant;
use dialect_bookingexperts::{NAME, scopes};
use domain::{access::Actor, id::Id};
use identity::{Identity, Occasion, Quota, oauth::OAuth, oauth::apps::NewApp};
use jiff::Timestamp;
use rand::rngs::StdRng;
use service::{
    PageOf, Service,
    content::{Channel, ChannelDetails},
    records::{Query, create},
};

use super::{HERE, file::BookingExperts};

/// The name of the demo's channel, by which a later start finds it.
const CHANNEL: &str = "Demo site";

/// Where codes of the demo's app may be sent: to a program on this machine.
const REDIRECT_URI: &str = "http://127.0.0.1:8765/callback";

/// What the app is made with.
pub(super) struct Making<'a> {
    pub identity: &'a Identity,
    pub oauth: &'a OAuth,
    pub service: &'a Service,
    pub tenant: &'a Tenant,
    pub actor: Actor,
    pub property_id: Id,
    pub room_ids: &'a [i64],
    pub url: &'a str,
    pub now: Timestamp,
}

impl Making<'_> {
    /// The credentials: those of an earlier start, as long as they are good.
    pub async fn prepare(
        &self,
        before: Option<&BookingExperts>,
        rng: &mut StdRng,
    ) -> anyhow::Result<BookingExperts> {
        let channel_id = self.channel().await?;
        let text = |id: Id| id.to_string();
        let (base, issuer) = (
            format!("{}/bookingexperts/v3", self.url),
            format!("{}/bookingexperts/oauth", self.url),
        );
        if let Some(before) = before
            && self.is_good(&before.api_key).await
            && self.is_good(&before.limited_api_key).await
        {
            return Ok(BookingExperts {
                base_url: base,
                authorize_url: format!("{issuer}/authorize"),
                token_url: format!("{issuer}/token"),
                ..before.clone()
            });
        }
        let roomy = self
            .app("Demo", identity::ROOMY_QUOTA, channel_id, rng)
            .await?;
        let quota = identity::BOOKING_EXPERTS_QUOTA;
        let limited = self.app("Demo with the vendor's limit", quota, channel_id, rng);
        let limited = limited.await?;
        Ok(BookingExperts {
            base_url: base,
            api_key: roomy.key,
            limited_api_key: limited.key,
            client_id: roomy.client_id,
            client_secret: roomy.client_secret,
            redirect_uri: REDIRECT_URI.to_owned(),
            authorize_url: format!("{issuer}/authorize"),
            token_url: format!("{issuer}/token"),
            administration_id: text(self.property_id),
            channel_id: text(channel_id),
            rentable_type_ids: self.room_ids.iter().map(i64::to_string).collect(),
        })
    }

    async fn is_good(&self, key: &str) -> bool {
        let found = self.identity.resolve(NAME, key, HERE, self.now).await;
        found.is_ok_and(|caller| caller.tenant_id == self.tenant.id)
    }

    /// The demo's channel, which sells all its rooms.
    async fn channel(&self) -> anyhow::Result<Id> {
        let reading = self.service.reading(&self.actor).await?;
        let all = Query::<Channel>::new();
        let known = reading.page(&all, PageOf::first(100)).await?.rows;
        drop(reading);
        let mut known = known.into_iter();
        if let Some(known) = known.find(|channel| channel.details.name == CHANNEL) {
            return Ok(known.id);
        }
        let details = ChannelDetails {
            name: CHANNEL.to_owned(),
            sells_everything: true,
            ..ChannelDetails::default()
        };
        let mut channel = Channel::new(self.service.new_id(&self.actor), details);
        channel.organization_id = Some(self.property_id);
        let written = self.service.write_one(&self.actor, create(channel)).await?;
        written.map_err(|refusal| anyhow!("the demo's channel was refused: {refusal:?}"))
    }

    async fn app(
        &self,
        name: &str,
        quota: Quota,
        channel_id: Id,
        rng: &mut StdRng,
    ) -> anyhow::Result<App> {
        let occasion = Occasion {
            now: self.now,
            remote_ip: HERE,
            request_id: "demo".into(),
        };
        let tenant_id = self.tenant.id;
        let new = NewApp {
            tenant_id,
            name: name.to_owned(),
            confidential: true,
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            permissions: scopes::permissions(),
            quota,
        };
        let registered = self.oauth.register(new, &occasion, rng).await??;
        let app_id = registered.app_id;
        let organizations = Some(vec![self.property_id]);
        let made = self
            .oauth
            .api_key(tenant_id, app_id, organizations, &occasion, rng);
        let (installation_id, key) = made.await??;
        let channel = Some(channel_id);
        let organization = self.property_id;
        let given =
            self.oauth
                .set_channel(tenant_id, installation_id, organization, channel, &occasion);
        given.await??;
        let secret = registered.client_secret;
        let secret = secret.context("an app that keeps a secret has one")?;
        Ok(App {
            key: key.reveal().to_owned(),
            client_id: registered.client_id,
            client_secret: secret.reveal().to_owned(),
        })
    }
}

/// What an app signs in with.
struct App {
    key: String,
    client_id: String,
    client_secret: String,
}
