//! Mints an access token from a refresh token, which stays as it is.

use std::net::IpAddr;

use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Tx};

use super::{add_access, note_use};
use crate::Quota;
use crate::denied::Denied;
use crate::lookup;
use crate::secret::{Hash, TokenKind};

/// Mints an access token.
pub(crate) struct MintAccess {
    pub(crate) dialect: &'static str,
    pub(crate) refresh: Hash,
    pub(crate) access: Hash,
    pub(crate) remote_ip: Option<IpAddr>,
    pub(crate) now: Timestamp,
}

impl ColdCommand for MintAccess {
    type Output = Result<(Id, Quota), Denied>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        let found = match lookup::find(tx, self.dialect, &self.refresh).await? {
            Ok(found) => found,
            Err(denied) => return Ok(Err(denied)),
        };
        if let Err(denied) = found.check(TokenKind::Refresh, self.remote_ip, self.now) {
            return Ok(Err(denied));
        }
        if found.use_is_worth_noting(self.now) {
            note_use(tx, &found, self.now).await?;
        }
        add_access(tx, &found, self.access, self.now).await?;
        Ok(Ok((found.grant.id, found.grant.quota)))
    }
}
