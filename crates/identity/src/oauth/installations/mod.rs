//! Installations: what joins an app to a tenant, either by a key of one's own or by consent.
//!
//! An installation shares its id with its grant. The grant says which words and organizations were granted;
//! the app says which of these words it has today and what they open. A key of one's own follows the app's
//! permissions at once; what was consented to never grows without a new consent.

mod change;
mod terms;

use catalogue::access::{Grant, Token};
use catalogue::oauth::{App, ChannelLink, Installation};
use domain::id::Id;
use jiff::Timestamp;
use rand::CryptoRng;
use store::{Condition, Tx};

use self::change::{Change, ChangeInstallation, InstallOwn};
pub(crate) use self::terms::{Terms, are_organizations, find, install, note};
use super::{OAuth, scopes};
use crate::denied::Denied;
use crate::lookup::Allowed;
use crate::secret::{Hash, Secret};
use crate::{Identity, Occasion};

/// The most organizations of one installation.
pub(crate) const MOST_ORGANIZATIONS: usize = 500;

/// How an app came to be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By a key of one's own or client credentials, without anybody's consent.
    Own,
    /// By somebody's consent.
    Consent,
}

impl How {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            How::Own => Installation::OWN,
            How::Consent => "consent",
        }
    }

    fn of(word: &str) -> How {
        if word == How::Own.as_str() {
            How::Own
        } else {
            How::Consent
        }
    }
}

/// An installation as its tenant sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    /// Its id, which is the grant's id that callers carry.
    pub id: Id,
    /// The app.
    pub app_id: Id,
    /// The app's `client_id` of OAuth 2.0.
    pub app_client_id: String,
    /// The app's name.
    pub app_name: String,
    /// How it came to be installed.
    pub how: How,
    /// The words that are in force today.
    pub scopes: Vec<String>,
    /// The organizations that were granted; `None` for the whole tenant.
    pub organizations: Option<Vec<Id>>,
    /// The channels that were granted.
    pub channels: Vec<ChannelLink>,
    /// When it was installed, the tenant's clock.
    pub created_at: Timestamp,
    /// When it was cancelled, the tenant's clock.
    pub cancelled_at: Option<Timestamp>,
    /// Whether the app asks for words that were not consented to yet.
    pub needs_consent: bool,
}

/// Why an installation is not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallationRefused {
    /// No such tenant, app or installation.
    #[error("there is no such installation")]
    NotFound,
    /// An organization that is not the tenant's, or none, or too many.
    #[error("an installation needs one to {MOST_ORGANIZATIONS} organizations of its tenant")]
    Organizations,
    /// The app was halted.
    #[error("the application was halted")]
    ApplicationHalted,
    /// A public app can't keep a key.
    #[error("a public app can't keep a key")]
    Public,
    /// The channel belongs to an organization that was not granted.
    #[error("the organization was not granted")]
    OrganizationNotGranted,
}

impl OAuth {
    /// Makes the API key of an app for the tenant that registered it, limited to some organizations. There is
    /// one key per app: a new one ends the old at once. It follows the app's permissions. Client credentials
    /// act for the same installation.
    ///
    /// The caller has to have authorized it.
    ///
    /// # Errors
    /// When the store cannot write; inside, why there is no key.
    pub async fn api_key(
        &self,
        tenant_id: Id,
        app_id: Id,
        organizations: Option<Vec<Id>>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Result<(Id, Secret), InstallationRefused>> {
        let secret = Secret::url_safe(rng);
        let hash = Some(secret.hash());
        let made = self
            .own(tenant_id, app_id, organizations, hash, occasion)
            .await?;
        Ok(made.map(|installation_id| (installation_id, secret)))
    }

    /// Installs an app in the tenant that registered it, for its client credentials. A key that it has ends.
    ///
    /// The caller has to have authorized it.
    ///
    /// # Errors
    /// When the store cannot write; inside, why it is not installed.
    pub async fn install_own(
        &self,
        tenant_id: Id,
        app_id: Id,
        organizations: Option<Vec<Id>>,
        occasion: &Occasion,
    ) -> store::Result<Result<Id, InstallationRefused>> {
        self.own(tenant_id, app_id, organizations, None, occasion)
            .await
    }

    async fn own(
        &self,
        tenant_id: Id,
        app_id: Id,
        organizations: Option<Vec<Id>>,
        hash: Option<Hash>,
        occasion: &Occasion,
    ) -> store::Result<Result<Id, InstallationRefused>> {
        let command = InstallOwn {
            dialect: self.profile.dialect,
            tenant_id,
            app_id,
            organizations,
            hash,
            occasion: occasion.clone(),
        };
        let made = self.identity.store().run(command).await?;
        if let Ok(installation_id) = made {
            self.identity.note_change(installation_id);
        }
        Ok(made)
    }

    /// Cancels an installation. Its tokens and keys are refused from now on, as cancelled; what is
    /// installed anew begins with new ones.
    ///
    /// # Errors
    /// When the store cannot write; inside, when there is no such installation.
    pub async fn cancel(
        &self,
        tenant_id: Id,
        installation_id: Id,
        occasion: &Occasion,
    ) -> store::Result<Result<(), InstallationRefused>> {
        let change = Change::Cancel;
        self.change_installation(tenant_id, installation_id, change, occasion)
            .await
    }

    /// Grants a channel of an organization, or takes it back with `None`.
    ///
    /// # Errors
    /// When the store cannot write; inside, why the channel is not granted.
    pub async fn set_channel(
        &self,
        tenant_id: Id,
        installation_id: Id,
        organization_id: Id,
        channel_id: Option<Id>,
        occasion: &Occasion,
    ) -> store::Result<Result<(), InstallationRefused>> {
        let change = Change::Channel(organization_id, channel_id);
        self.change_installation(tenant_id, installation_id, change, occasion)
            .await
    }

    async fn change_installation(
        &self,
        tenant_id: Id,
        installation_id: Id,
        change: Change,
        occasion: &Occasion,
    ) -> store::Result<Result<(), InstallationRefused>> {
        let command = ChangeInstallation {
            dialect: self.profile.dialect,
            tenant_id,
            installation_id,
            change,
            occasion: occasion.clone(),
        };
        let changed = self.identity.store().run(command).await?;
        self.identity.note_change(installation_id);
        Ok(changed)
    }

    /// An installation of a tenant.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn installation(
        &self,
        tenant_id: Id,
        installation_id: Id,
    ) -> store::Result<Option<Installed>> {
        let key = [tenant_id.into(), installation_id.into()];
        let mut tx = self.identity.store().reader().await?;
        match tx.get::<Installation>(&key).await? {
            Some(installation) => view(&mut tx, self.profile.dialect, installation).await,
            None => Ok(None),
        }
    }

    /// The installations of a tenant, in the order in which they were made.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn installations(&self, tenant_id: Id) -> store::Result<Vec<Installed>> {
        let of_tenant = Condition::Is("tenant_id", tenant_id.into());
        let mut tx = self.identity.store().reader().await?;
        let rows = tx
            .find::<Installation>(&of_tenant, "id", Some(1_000), 0)
            .await?;
        let mut installed = Vec::with_capacity(rows.len());
        for row in rows {
            installed.extend(view(&mut tx, self.profile.dialect, row).await?);
        }
        Ok(installed)
    }
}

async fn view(
    tx: &mut Tx,
    dialect: &str,
    installation: Installation,
) -> store::Result<Option<Installed>> {
    let app = tx.get::<App>(&[installation.app_id.into()]).await?;
    let client = tx
        .get::<catalogue::access::Client>(&[installation.app_id.into()])
        .await?;
    let grant = tx.get::<Grant>(&[installation.id.into()]).await?;
    let (Some(app), Some(client), Some(grant)) = (app, client, grant) else {
        return Ok(None);
    };
    if app.dialect != dialect {
        return Ok(None);
    }
    let how = How::of(&installation.how);
    let scopes = in_force(&app, how, &grant, None);
    Ok(Some(Installed {
        id: installation.id,
        app_id: app.id,
        app_name: client.name,
        how,
        needs_consent: how == How::Consent && scopes.len() < app.permissions.len(),
        app_client_id: app.public_id,
        scopes,
        organizations: grant.organizations,
        channels: installation.channels,
        created_at: installation.created_at,
        cancelled_at: installation.cancelled_at,
    }))
}

/// The words that are in force today.
pub(crate) fn in_force(
    app: &App,
    how: How,
    grant: &Grant,
    limited_to: Option<&[String]>,
) -> Vec<String> {
    let is_within = |word: &&String| limited_to.is_none_or(|known| known.contains(*word));
    let permissions = app.in_force(how == How::Own, &grant.scopes);
    let words = permissions.map(|permission| &permission.word);
    words.filter(is_within).cloned().collect()
}

/// What a token of an app allows at this moment. `None` where the grant's client is no app.
pub(crate) async fn allowed(
    tx: &mut Tx,
    grant: &Grant,
    token: &Token,
) -> store::Result<Option<Result<Allowed, Denied>>> {
    let Some(app) = tx.get::<App>(&[grant.client_id.into()]).await? else {
        return Ok(None);
    };
    let key = [grant.tenant_id.into(), grant.id.into()];
    let Some(installation) = tx.get::<Installation>(&key).await? else {
        return Ok(Some(Err(Denied::Unknown)));
    };
    if installation.cancelled_at.is_some() {
        return Ok(Some(Err(Denied::GrantEnded)));
    }
    if app.halted_at.is_some() {
        return Ok(Some(Err(Denied::ClientHalted)));
    }
    let how = How::of(&installation.how);
    let scopes = in_force(&app, how, grant, token.scopes.as_deref());
    let channels = installation.channels.iter();
    Ok(Some(Ok(Allowed {
        capabilities: scopes::opened(scopes::permissions(&app, &scopes)),
        scopes,
        channels: channels
            .map(|link| (link.organization_id, link.channel_id))
            .collect(),
        quota: app.quota,
    })))
}

impl Identity {
    /// Why a token, key or their grant is refused, as apps are told.
    ///
    /// # Errors
    /// Always the reason, where the token is refused.
    pub async fn resolve_for_app(
        &self,
        dialect: &'static str,
        token: &str,
        remote_ip: std::net::IpAddr,
        now: Timestamp,
    ) -> Result<std::sync::Arc<crate::Caller>, super::AccessRefused> {
        Ok(self.resolve(dialect, token, remote_ip, now).await?)
    }
}
