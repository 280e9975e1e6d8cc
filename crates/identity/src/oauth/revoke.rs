//! Revocation (RFC 7009): a client gives a token back.
//!
//! A refresh token goes with its whole family, an access token alone. What is not known here is gone already,
//! so the answer is the same. What was given to another client is left alone.

use catalogue::access::{Grant, Token};
use domain::id::{Id, IdSource};
use http::StatusCode;
use jiff::Timestamp;
use store::{ColdCommand, Tx, Value};

use super::families::{self, Halves};
use super::{OAuth, Posted, Reason, Reply, client_auth, reply};
use crate::Occasion;
use crate::secret::{self, Hash, TokenKind};

impl OAuth {
    /// Answers a POST of the revocation endpoint.
    pub async fn revoke(&self, posted: &Posted<'_>, occasion: &Occasion) -> Reply {
        match self.revoked(posted, occasion).await {
            Ok(()) => reply::empty(StatusCode::OK),
            Err(reason) => reply::refused(&reason),
        }
    }

    async fn revoked(&self, posted: &Posted<'_>, occasion: &Occasion) -> Result<(), Reason> {
        let body = posted.parameters().await?;
        let presented = client_auth::presented(posted.headers, &body)?;
        // The hint would only say where to look first, and there is no need to.
        body.one("token_type_hint")?;
        let token = body.one("token")?.ok_or(Reason::Missing("token"))?;
        // A halted app may give back what it has.
        let app = self.client(&presented, occasion.now).await?;
        let command = GiveBack {
            app_id: app.id,
            access: secret::hash(token),
            selector: Halves::of(token).map(|halves| halves.selector_hash()),
            now: occasion.now,
        };
        let given_back = self.identity.store().run(command).await;
        let grant_id = given_back.map_err(|error| Reason::unavailable(&error))??;
        if let Some(grant_id) = grant_id {
            self.identity.note_change(grant_id);
        }
        Ok(())
    }
}

struct GiveBack {
    app_id: Id,
    access: Hash,
    selector: Option<Hash>,
    now: Timestamp,
}

impl ColdCommand for GiveBack {
    /// The grant whose token it was.
    type Output = Result<Option<Id>, Reason>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        match self.selector {
            Some(selector) => self.family(tx, &selector).await,
            None => self.access(tx).await,
        }
    }
}

impl GiveBack {
    async fn family(
        &self,
        tx: &mut Tx,
        selector: &Hash,
    ) -> store::Result<Result<Option<Id>, Reason>> {
        let Some(family) = families::find_locked(tx, selector).await? else {
            return Ok(Ok(None));
        };
        if !self.owns(tx, family.grant_id).await? {
            return Ok(Err(Reason::TokenOfAnother));
        }
        let tenant = tx
            .get::<catalogue::access::Tenant>(&[family.tenant_id.into()])
            .await?;
        let offset_ms = tenant.map_or(0, |tenant| tenant.clock_offset_ms);
        let tenant_now = crate::lifetimes::tenant_now(self.now, offset_ms);
        families::revoke(tx, family.id, family.grant_id, tenant_now).await?;
        Ok(Ok(Some(family.grant_id)))
    }

    async fn access(&self, tx: &mut Tx) -> store::Result<Result<Option<Id>, Reason>> {
        let key = [Value::Bytes(self.access.to_vec())];
        let token = tx.get::<Token>(&key).await?;
        // Keys and the tokens of other dialects are not for this endpoint.
        let of_kind = |token: &Token| token.kind == TokenKind::Access.as_str();
        let Some(token) = token.filter(of_kind) else {
            return Ok(Ok(None));
        };
        if !self.owns(tx, token.grant_id).await? {
            return Ok(Err(Reason::TokenOfAnother));
        }
        tx.remove::<Token>(&[key.to_vec()]).await?;
        Ok(Ok(Some(token.grant_id)))
    }

    async fn owns(&self, tx: &mut Tx, grant_id: Id) -> store::Result<bool> {
        let grant = tx.get::<Grant>(&[grant_id.into()]).await?;
        Ok(grant.is_some_and(|grant| grant.client_id == self.app_id))
    }
}
