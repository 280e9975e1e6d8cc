//! The commands that install an app of one's own, cancel an installation, and grant its channels.

use catalogue::access::{Grant, Tenant};
use catalogue::oauth::{App, ChannelLink, Installation};
use domain::id::{Id, IdSource};
use store::{ColdCommand, Tx};

use super::{How, InstallationRefused, Terms, are_organizations, install, note};
use crate::commands::token;
use crate::oauth::scopes;
use crate::secret::{Hash, TokenKind};
use crate::{Occasion, lifetimes};

pub(super) struct InstallOwn {
    pub(super) dialect: &'static str,
    pub(super) tenant_id: Id,
    pub(super) app_id: Id,
    pub(super) organizations: Option<Vec<Id>>,
    pub(super) hash: Option<Hash>,
    pub(super) occasion: Occasion,
}

impl ColdCommand for InstallOwn {
    type Output = Result<Id, InstallationRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let app = tx.get_locked::<App>(&[self.app_id.into()]).await?;
        let tenant = tx.get::<Tenant>(&[self.tenant_id.into()]).await?;
        let (Some(app), Some(tenant)) = (app, tenant) else {
            return Ok(Err(InstallationRefused::NotFound));
        };
        // A key is for one's own app; others install it by consent.
        if app.dialect != self.dialect || app.tenant_id != self.tenant_id {
            return Ok(Err(InstallationRefused::NotFound));
        }
        if let Some(refused) = self.refused(tx, &app).await? {
            return Ok(Err(refused));
        }
        let tenant_now = lifetimes::tenant_now(self.occasion.now, tenant.clock_offset_ms);
        let terms = Terms {
            tenant_id: self.tenant_id,
            app: &app,
            how: How::Own,
            user_id: None,
            scopes: scopes::words_of(&app)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            organizations: self.organizations.clone(),
        };
        let id = install(tx, ids, terms, &self.occasion, tenant_now).await?;
        let sql = "DELETE FROM token WHERE grant_id = $1 AND kind = $2";
        tx.execute(sql, &[id.into(), TokenKind::ApiKey.as_str().into()])
            .await?;
        if let Some(hash) = self.hash {
            let key = token(hash, TokenKind::ApiKey, self.tenant_id, id, tenant_now);
            tx.insert(&[key]).await?;
        }
        let names = (self.tenant_id, app.id, id);
        let event = match self.hash {
            Some(_) => "installation.key_made",
            None => "installation.made",
        };
        note(tx, ids, &self.occasion, names, event, tenant_now).await?;
        Ok(Ok(id))
    }
}

impl InstallOwn {
    async fn refused(&self, tx: &mut Tx, app: &App) -> store::Result<Option<InstallationRefused>> {
        if app.halted_at.is_some() {
            return Ok(Some(InstallationRefused::ApplicationHalted));
        }
        if !app.confidential {
            return Ok(Some(InstallationRefused::Public));
        }
        let Some(organizations) = &self.organizations else {
            return Ok(None);
        };
        let are_known = are_organizations(tx, self.tenant_id, organizations).await?;
        Ok((!are_known).then_some(InstallationRefused::Organizations))
    }
}

pub(super) enum Change {
    Cancel,
    Channel(Id, Option<Id>),
}

pub(super) struct ChangeInstallation {
    pub(super) dialect: &'static str,
    pub(super) tenant_id: Id,
    pub(super) installation_id: Id,
    pub(super) change: Change,
    pub(super) occasion: Occasion,
}

impl ColdCommand for ChangeInstallation {
    type Output = Result<(), InstallationRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let key = [self.tenant_id.into(), self.installation_id.into()];
        let installation = tx.get_locked::<Installation>(&key).await?;
        let grant = tx
            .get_locked::<Grant>(&[self.installation_id.into()])
            .await?;
        let tenant = tx.get::<Tenant>(&[self.tenant_id.into()]).await?;
        let (Some(mut installation), Some(mut grant), Some(tenant)) = (installation, grant, tenant)
        else {
            return Ok(Err(InstallationRefused::NotFound));
        };
        if grant.dialect != self.dialect {
            return Ok(Err(InstallationRefused::NotFound));
        }
        let tenant_now = lifetimes::tenant_now(self.occasion.now, tenant.clock_offset_ms);
        let event = match self.change {
            Change::Cancel => {
                installation.cancelled_at = installation.cancelled_at.or(Some(tenant_now));
                grant.revoked_at = grant.revoked_at.or(Some(tenant_now));
                tx.update(&mut grant).await?;
                "installation.cancelled"
            }
            Change::Channel(organization_id, channel_id) => {
                let reached = grant.organizations.as_deref();
                if reached.is_some_and(|reached| !reached.contains(&organization_id)) {
                    return Ok(Err(InstallationRefused::OrganizationNotGranted));
                }
                installation
                    .channels
                    .retain(|link| link.organization_id != organization_id);
                installation
                    .channels
                    .extend(channel_id.map(|channel_id| ChannelLink {
                        organization_id,
                        channel_id,
                    }));
                "installation.channel_changed"
            }
        };
        tx.update(&mut installation).await?;
        let names = (self.tenant_id, installation.app_id, installation.id);
        note(tx, ids, &self.occasion, names, event, tenant_now).await?;
        Ok(Ok(()))
    }
}
