//! Writes a consent down and makes its code, in one transaction.

use std::sync::Arc;

use catalogue::access::Tenant;
use catalogue::oauth::{App, AuthorizationCode};
use catalogue::people::{Employee, User};
use domain::id::{Id, IdSource};
use store::{ColdCommand, Tx};

use super::consent::{may_install, reaches};
use super::decide::DecisionRefused;
use super::request::AuthorizationError;
use crate::oauth::installations::{self, How, Terms};
use crate::oauth::pkce::Challenge;
use crate::oauth::{Profile, families, scopes};
use crate::secret::Hash;
use crate::{Occasion, lifetimes};

/// Installs an app in one tenant, or renews its installation, and makes a code for it. Everything that the
/// consent page has shown is looked at again: app, user and organizations may have changed meanwhile.
pub(crate) struct IssueCode {
    pub(crate) code: Hash,
    pub(crate) app_id: Id,
    pub(crate) tenant_id: Id,
    pub(crate) user_id: Id,
    pub(crate) organizations: Vec<Id>,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) scopes: Vec<String>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) occasion: Occasion,
}

impl ColdCommand for IssueCode {
    /// The installation.
    type Output = Result<Id, DecisionRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let app = tx.get_locked::<App>(&[self.app_id.into()]).await?;
        let app = match app.ok_or(AuthorizationError::ApplicationHalted) {
            Ok(app) => app,
            Err(error) => return Ok(Err(DecisionRefused::Authorization(error))),
        };
        if let Some(refused) = self.refused_by_app(&app) {
            return Ok(Err(DecisionRefused::Authorization(refused)));
        }
        let tenant = tx.get::<Tenant>(&[self.tenant_id.into()]).await?;
        let key = [self.tenant_id.into(), self.user_id.into()];
        let employee = tx.get::<Employee>(&key).await?;
        let user = tx.get::<User>(&[self.user_id.into()]).await?;
        let (Some(tenant), Some(employee)) = (tenant, employee) else {
            return Ok(Err(DecisionRefused::Organizations));
        };
        if user.is_none_or(|user| user.closed_at.is_some()) {
            return Ok(Err(DecisionRefused::ForeignForm));
        }
        if let Some(refused) = self.refused_by_place(tx, &app, &employee).await? {
            return Ok(Err(refused));
        }
        let tenant_now = lifetimes::tenant_now(self.occasion.now, tenant.clock_offset_ms);
        let terms = Terms {
            tenant_id: self.tenant_id,
            app: &app,
            how: How::Consent,
            user_id: Some(self.user_id),
            scopes: self.scopes.clone(),
            organizations: Some(self.organizations.clone()),
        };
        let id = installations::install(tx, ids, terms, &self.occasion, tenant_now).await?;
        families::forget_old(tx, id, self.profile.refresh_unused, tenant_now).await?;
        tx.insert(&[self.code(id, ids.next(self.occasion.now), tenant_now)])
            .await?;
        let names = (self.tenant_id, app.id, id);
        let event = "installation.consented";
        installations::note(tx, ids, &self.occasion, names, event, tenant_now).await?;
        Ok(Ok(id))
    }
}

impl IssueCode {
    fn refused_by_app(&self, app: &App) -> Option<AuthorizationError> {
        if app.halted_at.is_some() || !app.redirect_uris.contains(&self.redirect_uri) {
            return Some(AuthorizationError::ApplicationHalted);
        }
        let named = scopes::permissions(app, &self.scopes);
        (named.len() != self.scopes.len()).then_some(AuthorizationError::Scope)
    }

    async fn refused_by_place(
        &self,
        tx: &mut Tx,
        app: &App,
        employee: &Employee,
    ) -> store::Result<Option<DecisionRefused>> {
        let reaches_all = self
            .organizations
            .iter()
            .all(|organization| reaches(employee, *organization));
        if !may_install(employee)
            || !reaches_all
            || !installations::are_organizations(tx, self.tenant_id, &self.organizations).await?
        {
            return Ok(Some(DecisionRefused::Organizations));
        }
        // Nobody gives away more than they have.
        let wanted = scopes::opened(scopes::permissions(app, &self.scopes));
        let beyond = DecisionRefused::Authorization(AuthorizationError::BeyondUser);
        Ok((!scopes::covers(&employee.capabilities, &wanted)).then_some(beyond))
    }

    fn code(
        &self,
        installation_id: Id,
        family_id: Id,
        tenant_now: jiff::Timestamp,
    ) -> AuthorizationCode {
        AuthorizationCode {
            hash: self.code.to_vec(),
            tenant_id: self.tenant_id,
            grant_id: installation_id,
            family_id,
            created_at: tenant_now,
            expires_at: lifetimes::after(tenant_now, self.profile.code_life),
            redeemed_at: None,
            app_id: self.app_id,
            user_id: self.user_id,
            redirect_uri: self.redirect_uri.clone(),
            challenge: self
                .challenge
                .as_ref()
                .map(|challenge| challenge.as_str().to_owned()),
            scopes: self.scopes.clone(),
        }
    }
}
