//! Takes a grant back, with every token that stands for it.

use catalogue::access::Grant;
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Tx};

use super::lock_grant;
use crate::denied::Denied;
use crate::lookup;
use crate::secret::{Hash, TokenKind};

/// Takes a grant back by its id, within its tenant.
pub(crate) struct RevokeGrant {
    pub(crate) tenant_id: Id,
    pub(crate) grant_id: Id,
    pub(crate) now: Timestamp,
}

impl ColdCommand for RevokeGrant {
    /// Whether there was such a grant.
    type Output = bool;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<bool> {
        revoke(tx, self.tenant_id, self.grant_id, self.now).await
    }
}

/// Takes the grant of a refresh token back, asked for by whoever holds the token.
pub(crate) struct ForgetRefresh {
    pub(crate) dialect: &'static str,
    pub(crate) refresh: Hash,
    pub(crate) now: Timestamp,
}

impl ColdCommand for ForgetRefresh {
    /// The grant that ended.
    type Output = Result<Id, Denied>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        let found = match lookup::find(tx, self.dialect, &self.refresh).await? {
            Ok(found) => found,
            Err(denied) => return Ok(Err(denied)),
        };
        if let Err(denied) = found.check(TokenKind::Refresh, None, self.now) {
            return Ok(Err(denied));
        }
        let grant_id = found.grant.id;
        revoke(tx, found.tenant.id, grant_id, found.tenant_now(self.now)).await?;
        Ok(Ok(grant_id))
    }
}

async fn revoke(tx: &mut Tx, tenant_id: Id, grant_id: Id, at: Timestamp) -> store::Result<bool> {
    lock_grant(tx, grant_id).await?;
    let grant = tx.get::<Grant>(&[grant_id.into()]).await?;
    let Some(mut grant) = grant.filter(|grant| grant.tenant_id == tenant_id) else {
        return Ok(false);
    };
    grant.revoked_at = grant.revoked_at.or(Some(at));
    tx.update(&mut grant).await?;
    let sql = "DELETE FROM token WHERE grant_id = $1";
    tx.execute(sql, &[grant_id.into()]).await?;
    Ok(true)
}
