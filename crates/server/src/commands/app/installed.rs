//! Installations: which apps may do what in a tenant, by a key of one's own or by somebody's consent.

use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use catalogue::{content::Channel, inventory::Organization};
use domain::id::Id;
use identity::oauth::{
    OAuth,
    installations::{How, Installed},
};
use store::Store;

use super::{OneApp, Speaks, oauth};
use crate::{
    apps::AppDialect,
    commands::places::{self, Place, occasion},
    entropy,
};

/// `tabard app key`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The key opens what the app may ask for, without anybody's consent, in the tenant that registered\n\
    it. It is shown once, and ends when another one is made. Client credentials act for the same\n\
    installation.\n\n\
    Example:\n  \
    tabard app key --tenant 7 --app 12\n\n\
    A SQLite store must not be served at the same time."
)]
pub struct KeyOfApp {
    #[command(flatten)]
    app: OneApp,
    /// A property to which the key is limited; may be repeated
    #[arg(long = "organization", value_name = "ID", value_parser = places::id)]
    organizations: Vec<Id>,
}

/// `tabard app installations`.
#[derive(Debug, clap::Args)]
pub struct Installations {
    /// The tenant
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    #[command(flatten)]
    place: Place,
}

/// `tabard app channel`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An app that sells through a channel sees and books through the one that is granted here, property by\n\
    property.\n\n\
    Examples:\n  \
    tabard app channel --tenant 7 --installation 13 --organization 8 --channel 21\n  \
    tabard app channel --tenant 7 --installation 13 --organization 8 --none\n\n\
    A SQLite store must not be served at the same time."
)]
pub struct GrantChannel {
    #[command(flatten)]
    installation: OneInstallation,
    /// The property
    #[arg(long, value_name = "ID", value_parser = places::id)]
    organization: Id,
    /// The channel
    #[arg(long, value_name = "ID", value_parser = places::id, required_unless_present = "none")]
    channel: Option<Id>,
    /// Take the channel of this property back
    #[arg(long, conflicts_with = "channel")]
    none: bool,
}

/// `tabard app cancel`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The app itself stays, and so do its other installations; `tabard app halt` stops them all.\n\n\
    Example:\n  \
    tabard app cancel --tenant 7 --installation 13\n\n\
    A SQLite store must not be served at the same time."
)]
pub struct Cancel {
    #[command(flatten)]
    installation: OneInstallation,
}

/// An installation, by its tenant and its id.
#[derive(Debug, clap::Args)]
struct OneInstallation {
    /// The tenant in which the app is installed
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// The installation, by its id; `tabard app installations` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    installation: Id,
    #[command(flatten)]
    speaks: Speaks,
    #[command(flatten)]
    place: Place,
}

impl KeyOfApp {
    pub(super) async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let (store, oauth) = self.app.open(dialects).await?;
        let organizations = (!self.organizations.is_empty()).then(|| self.organizations.clone());
        let (tenant, app) = (self.app.tenant, self.app.app);
        let occasion = occasion("app key");
        let mut rng = entropy::secrets();
        let making = oauth.api_key(tenant, app, organizations, &occasion, &mut rng);
        let made = making.await?;
        store.close().await;
        let (installation, key) = made.context("there is no key")?;
        Ok(format!(
            "api_key {}\nthe key is shown this once; its installation is {installation}",
            key.reveal()
        ))
    }
}

impl Installations {
    pub(super) async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let store = self.place.open_for_reading().await?;
        let mut text = String::new();
        for dialect in dialects {
            let oauth = oauth(dialect, &store, &self.place)?;
            for one in oauth.installations(self.tenant).await? {
                let (id, app, name) = (one.id, one.app_id, &one.app_name);
                let (how, state) = (way(&one), state(&one));
                let scopes = one.scopes.len();
                writeln!(
                    text,
                    "{id}\t{}\tapp {app}\t{name}\t{how}\t{scopes} scopes\t{}\t{state}",
                    dialect.name,
                    reach(&one)
                )?;
            }
        }
        if text.is_empty() {
            text.push_str("no app is installed; give one a key with: tabard app key");
        }
        Ok(text)
    }
}

fn way(one: &Installed) -> &'static str {
    match one.how {
        How::Own => "own key",
        How::Consent => "consent",
    }
}

/// How far it reaches, and through which channels it sells.
fn reach(one: &Installed) -> String {
    let properties = match &one.organizations {
        None => "every property".to_owned(),
        Some(known) => {
            let known: Vec<String> = known.iter().map(Id::to_string).collect();
            format!("properties {}", known.join(", "))
        }
    };
    let links = one.channels.iter().map(|link| {
        let (organization, channel) = (link.organization_id, link.channel_id);
        format!("{organization} through channel {channel}")
    });
    let parts: Vec<String> = std::iter::once(properties).chain(links).collect();
    parts.join("; ")
}

fn state(one: &Installed) -> &'static str {
    if one.cancelled_at.is_some() {
        "cancelled"
    } else if one.needs_consent {
        "asks for more"
    } else {
        "active"
    }
}

impl GrantChannel {
    pub(super) async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let one = &self.installation;
        let store = one.place.open().await?;
        let oauth = oauth(one.speaks.of(dialects)?, &store, &one.place)?;
        let granted = self.grant(&store, &oauth).await;
        store.close().await;
        granted?;
        let organization = self.organization;
        Ok(match self.channel {
            Some(channel) => format!("property {organization} sells through channel {channel}"),
            None => format!("property {organization} sells through no channel"),
        })
    }

    async fn grant(&self, store: &Store, oauth: &OAuth) -> anyhow::Result<()> {
        self.check(store).await?;
        let (tenant, one) = (self.installation.tenant, self.installation.installation);
        let occasion = occasion("app channel");
        let granting = oauth.set_channel(tenant, one, self.organization, self.channel, &occasion);
        Ok(granting.await??)
    }

    /// An id that leads nowhere is a slip of the pen.
    async fn check(&self, store: &Store) -> anyhow::Result<()> {
        let tenant = self.installation.tenant;
        let tx = store.reader().await?;
        let key = |id: Id| [tenant.into(), id.into()];
        let organization = tx.get::<Organization>(&key(self.organization)).await?;
        ensure!(
            organization.is_some(),
            "tenant {tenant} has no property {}",
            self.organization
        );
        let Some(channel) = self.channel else {
            return Ok(());
        };
        let sells_for = |known: Channel| {
            known
                .organization_id
                .is_none_or(|id| id == self.organization)
        };
        ensure!(
            tx.get::<Channel>(&key(channel))
                .await?
                .is_some_and(sells_for),
            "property {} has no channel {channel}",
            self.organization
        );
        Ok(())
    }
}

impl Cancel {
    pub(super) async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let one = &self.installation;
        let store = one.place.open().await?;
        let oauth = oauth(one.speaks.of(dialects)?, &store, &one.place)?;
        let occasion = occasion("app cancel");
        let cancelling = oauth.cancel(one.tenant, one.installation, &occasion);
        let cancelled = cancelling.await?;
        store.close().await;
        cancelled?;
        Ok("the installation is cancelled: its tokens and keys have ended".to_owned())
    }
}
