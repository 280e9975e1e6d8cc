//! Gives a grant to a new client, together with the first token that stands for it.

use catalogue::access::Tenant;
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Tx};

use super::token;
use crate::grant::NewGrant;
use crate::lifetimes;
use crate::secret::{Hash, TokenKind};

/// Makes a client, its grant, and an invite code or long-life token for it.
pub(crate) struct GiveGrant {
    pub(crate) grant: NewGrant,
    pub(crate) kind: TokenKind,
    pub(crate) hash: Hash,
    pub(crate) now: Timestamp,
}

impl ColdCommand for GiveGrant {
    /// The grant's id; `None` where there is no such tenant.
    type Output = Option<Id>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Option<Id>> {
        let tenant_id = self.grant.tenant_id;
        let Some(tenant) = tx.get::<Tenant>(&[tenant_id.into()]).await? else {
            return Ok(None);
        };
        let tenant_now = lifetimes::tenant_now(self.now, tenant.clock_offset_ms);
        let client = self.grant.client(ids.next(self.now), self.now);
        let grant = self.grant.grant(ids.next(self.now), client.id, tenant_now);
        let grant_id = grant.id;
        tx.insert(&[client]).await?;
        tx.insert(&[grant]).await?;
        tx.insert(&[token(self.hash, self.kind, tenant_id, grant_id, tenant_now)])
            .await?;
        Ok(Some(grant_id))
    }
}
