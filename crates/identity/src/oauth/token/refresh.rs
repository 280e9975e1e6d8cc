//! Refreshes: from a refresh token to another access token.

use std::sync::Arc;

use catalogue::oauth::TokenFamily;
use domain::id::{Id, IdSource};
use store::{ColdCommand, Tx};

use super::{Given, Refused, Standing, narrowed, standing};
use crate::oauth::installations::{self, How};
use crate::oauth::{Profile, Reason, families};
use crate::secret::{self, Hash};
use crate::{Occasion, lifetimes};

/// Refreshes. The family's row is locked: of any number that come with one token at once, one finds it to be the
/// newest, and the next one takes the family back.
pub(crate) struct Refresh {
    pub(crate) selector: Hash,
    pub(crate) verifier: Hash,
    /// The verifier of the token that follows, where tokens rotate.
    pub(crate) next: Option<Hash>,
    pub(crate) scope: Option<String>,
    pub(crate) app_id: Id,
    pub(crate) access: Hash,
    pub(crate) profile: Arc<Profile>,
    pub(crate) occasion: Occasion,
}

impl ColdCommand for Refresh {
    type Output = Result<Given, Refused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let Some(family) = families::find_locked(tx, &self.selector).await? else {
            return Ok(Err(Reason::UnknownRefresh.into()));
        };
        let names = (family.grant_id, family.tenant_id);
        // The grant names its client: a family of another app has no standing with this one.
        let Some(standing) = standing(tx, names.0, names.1, self.app_id, self.occasion.now).await?
        else {
            return Ok(Err(Reason::RefreshOfAnother.into()));
        };
        if family.revoked_at.is_some() {
            return Ok(Err(Reason::RefreshRevoked.into()));
        }
        if !secret::same(&family.verifier, &self.verifier) {
            return self.replayed(tx, ids, &family, &standing).await.map(Err);
        }
        if let Some(reason) = self.refused(&family, &standing) {
            return Ok(Err(reason.into()));
        }
        let granted = installations::in_force(
            &standing.app,
            How::Consent,
            &standing.grant,
            Some(&family.scopes),
        );
        match narrowed(self.scope.as_deref(), granted) {
            Ok(scopes) => self.give(tx, family, standing, scopes).await.map(Ok),
            Err(reason) => Ok(Err(reason.into())),
        }
    }
}

impl Refresh {
    fn refused(&self, family: &TokenFamily, standing: &Standing) -> Option<Reason> {
        let end = lifetimes::after(family.used_at, self.profile.refresh_unused);
        if standing.tenant_now >= end {
            return Some(Reason::RefreshEnded);
        }
        standing.ended()
    }

    async fn replayed(
        &self,
        tx: &mut Tx,
        ids: &IdSource,
        family: &TokenFamily,
        standing: &Standing,
    ) -> store::Result<Refused> {
        families::revoke(tx, family.id, family.grant_id, standing.tenant_now).await?;
        let names = (family.tenant_id, self.app_id, family.grant_id);
        let event = "installation.refresh_replayed";
        installations::note(tx, ids, &self.occasion, names, event, standing.tenant_now).await?;
        Ok(Refused {
            reason: Reason::RefreshUsed,
            revoked: Some(family.grant_id),
        })
    }

    async fn give(
        &self,
        tx: &mut Tx,
        mut family: TokenFamily,
        standing: Standing,
        scopes: Vec<String>,
    ) -> store::Result<Given> {
        if let Some(next) = self.next {
            family.verifier = next.to_vec();
        }
        family.used_at = standing.tenant_now;
        tx.update(&mut family).await?;
        standing
            .give(tx, self.access, Some(family.id), scopes, &self.profile)
            .await
    }
}
