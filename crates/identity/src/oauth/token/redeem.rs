//! Redeems an authorization code, once.

use std::sync::Arc;

use catalogue::oauth::{AuthorizationCode, TokenFamily};
use domain::id::{Id, IdSource};
use store::{ColdCommand, Tx, Value};

use super::{Given, Refused, Standing, standing};
use crate::Occasion;
use crate::oauth::installations::{self, How};
use crate::oauth::{Profile, Reason, families, pkce};
use crate::secret::Hash;

/// Redeems a code for a first access token and the refresh token of a new family. The code's row is locked: of
/// any number that come with it at once one finds it unused. Whoever comes with a used one holds a copy, so
/// what came from it is taken back.
pub(crate) struct Redeem {
    pub(crate) code: Hash,
    pub(crate) redirect_uri: String,
    pub(crate) verifier: Option<String>,
    pub(crate) app_id: Id,
    pub(crate) access: Hash,
    pub(crate) selector: Hash,
    pub(crate) refresh_verifier: Hash,
    pub(crate) profile: Arc<Profile>,
    pub(crate) occasion: Occasion,
}

impl ColdCommand for Redeem {
    type Output = Result<Given, Refused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let key = [Value::Bytes(self.code.to_vec())];
        let code = tx.get_locked::<AuthorizationCode>(&key).await?;
        let Some(code) = code else {
            return Ok(Err(Reason::UnknownCode.into()));
        };
        // Another client that found the code may neither use it nor take anything back.
        if code.app_id != self.app_id {
            return Ok(Err(Reason::CodeOfAnother.into()));
        }
        let names = (code.grant_id, code.tenant_id);
        let Some(standing) = standing(tx, names.0, names.1, self.app_id, self.occasion.now).await?
        else {
            return Ok(Err(Reason::UnknownCode.into()));
        };
        if code.redeemed_at.is_some() {
            return self.replayed(tx, ids, &code, &standing).await.map(Err);
        }
        if let Some(reason) = self.refused(&code, &standing) {
            return Ok(Err(reason.into()));
        }
        self.give(tx, code, standing).await.map(Ok)
    }
}

impl Redeem {
    fn refused(&self, code: &AuthorizationCode, standing: &Standing) -> Option<Reason> {
        if standing.tenant_now >= code.expires_at {
            return Some(Reason::CodeEnded);
        }
        if code.redirect_uri != self.redirect_uri {
            return Some(Reason::WrongRedirectUri);
        }
        let proven = pkce::check(code.challenge.as_deref(), self.verifier.as_deref());
        proven.err().or_else(|| standing.ended())
    }

    async fn replayed(
        &self,
        tx: &mut Tx,
        ids: &IdSource,
        code: &AuthorizationCode,
        standing: &Standing,
    ) -> store::Result<Refused> {
        families::revoke(tx, code.family_id, code.grant_id, standing.tenant_now).await?;
        let names = (code.tenant_id, self.app_id, code.grant_id);
        let event = "installation.code_replayed";
        installations::note(tx, ids, &self.occasion, names, event, standing.tenant_now).await?;
        Ok(Refused {
            reason: Reason::CodeUsed,
            revoked: Some(code.grant_id),
        })
    }

    async fn give(
        &self,
        tx: &mut Tx,
        mut code: AuthorizationCode,
        standing: Standing,
    ) -> store::Result<Given> {
        let tenant_now = standing.tenant_now;
        code.redeemed_at = Some(tenant_now);
        tx.update(&mut code).await?;
        tx.insert(&[TokenFamily {
            id: code.family_id,
            tenant_id: code.tenant_id,
            grant_id: code.grant_id,
            selector: self.selector.to_vec(),
            verifier: self.refresh_verifier.to_vec(),
            created_at: tenant_now,
            used_at: tenant_now,
            revoked_at: None,
            scopes: code.scopes.clone(),
        }])
        .await?;
        let limited_to = Some(code.scopes.as_slice());
        let scopes =
            installations::in_force(&standing.app, How::Consent, &standing.grant, limited_to);
        let family_id = Some(code.family_id);
        standing
            .give(tx, self.access, family_id, scopes, &self.profile)
            .await
    }
}
