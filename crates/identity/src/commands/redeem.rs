//! Exchanges an invite code for a refresh token and a first access token.

use std::net::IpAddr;

use catalogue::Value;
use catalogue::access::{Grant, Token};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Tx};

use super::{add_access, lock_grant, token};
use crate::Quota;
use crate::denied::Denied;
use crate::lookup;
use crate::secret::{Hash, TokenKind};

/// Exchanges an invite code, once. The row of the code is removed first, and whoever removed it has won: of
/// any number that race for one code, on any number of servers, the others find nothing to remove.
pub(crate) struct RedeemInvite {
    pub(crate) dialect: &'static str,
    pub(crate) code: Hash,
    pub(crate) device_name: Option<String>,
    pub(crate) refresh: Hash,
    pub(crate) access: Hash,
    pub(crate) remote_ip: Option<IpAddr>,
    pub(crate) now: Timestamp,
}

impl ColdCommand for RedeemInvite {
    type Output = Result<(Id, Quota), Denied>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        let found = match lookup::find(tx, self.dialect, &self.code).await? {
            Ok(found) => found,
            Err(denied) => return Ok(Err(denied)),
        };
        if let Err(denied) = found.check(TokenKind::Invite, self.remote_ip, self.now) {
            return Ok(Err(denied));
        }
        let removed = tx
            .remove::<Token>(&[vec![Value::Bytes(self.code.to_vec())]])
            .await?;
        if removed != 1 {
            return Ok(Err(Denied::Unknown));
        }
        let (tenant_id, grant_id) = (found.tenant.id, found.grant.id);
        if let Some(device_name) = &self.device_name {
            name_device(tx, grant_id, device_name).await?;
        }
        let tenant_now = found.tenant_now(self.now);
        let refresh = token(
            self.refresh,
            TokenKind::Refresh,
            tenant_id,
            grant_id,
            tenant_now,
        );
        tx.insert(&[refresh]).await?;
        add_access(tx, &found, self.access, self.now).await?;
        Ok(Ok((grant_id, found.grant.quota)))
    }
}

/// Names the grant's device. The row is locked and read again, so that a revocation meanwhile stands.
async fn name_device(tx: &mut Tx, grant_id: Id, device_name: &str) -> store::Result<()> {
    lock_grant(tx, grant_id).await?;
    if let Some(mut grant) = tx.get::<Grant>(&[grant_id.into()]).await? {
        grant.device_name = device_name.to_owned();
        tx.update(&mut grant).await?;
    }
    Ok(())
}
