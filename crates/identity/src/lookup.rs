//! From a presented secret to the rows behind it, and from those to a caller.

use std::net::IpAddr;
use std::sync::Arc;

use catalogue::Value;
use catalogue::access::{Client, Grant, Tenant, Token};
use domain::access::{Capabilities, Reach, capability};
use domain::id::Id;
use jiff::Timestamp;
use store::Tx;

use crate::caller::Caller;
use crate::denied::Denied;
use crate::grant;
use crate::lifetimes;
use crate::oauth;
use crate::secret::{Hash, TokenKind};

/// A token with everything that stands behind it.
pub(crate) struct Found {
    pub(crate) token: Token,
    pub(crate) kind: TokenKind,
    pub(crate) grant: Grant,
    pub(crate) tenant: Tenant,
}

/// Finds the token of this hash, if it belongs to the dialect and its grant stands. It may have expired.
pub(crate) async fn find(
    tx: &mut Tx,
    dialect: &str,
    hash: &Hash,
) -> store::Result<Result<Found, Denied>> {
    let Some(token) = tx.get::<Token>(&[Value::Bytes(hash.to_vec())]).await? else {
        return Ok(Err(Denied::Unknown));
    };
    let grant = tx.get::<Grant>(&[token.grant_id.into()]).await?;
    let tenant = tx.get::<Tenant>(&[token.tenant_id.into()]).await?;
    let (Some(kind), Some(grant), Some(tenant)) =
        (TokenKind::from_word(&token.kind), grant, tenant)
    else {
        return Ok(Err(Denied::Unknown));
    };
    if grant.dialect != dialect {
        return Ok(Err(Denied::Unknown));
    }
    if grant.revoked_at.is_some() {
        return Ok(Err(Denied::GrantEnded));
    }
    Ok(Ok(Found {
        token,
        kind,
        grant,
        tenant,
    }))
}

impl Found {
    /// The tenant's clock, given the real one.
    pub(crate) fn tenant_now(&self, now: Timestamp) -> Timestamp {
        lifetimes::tenant_now(now, self.tenant.clock_offset_ms)
    }

    /// When the token ends, by the tenant's clock; `None` for keys.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let by_kind = || lifetimes::end(self.kind, self.token.created_at, self.token.used_at);
        self.token.expires_at.or_else(by_kind)
    }

    /// Whether the token is of this kind, not expired, and may be used from this address.
    pub(crate) fn check(
        &self,
        kind: TokenKind,
        remote_ip: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Denied> {
        if self.kind != kind {
            return Err(Denied::Unknown);
        }
        if self
            .ends_at()
            .is_some_and(|end| self.tenant_now(now) >= end)
        {
            return Err(Denied::Expired);
        }
        let allow_list = allow_list(&self.grant)?;
        let outside = |ip: IpAddr| !allow_list.iter().any(|net| net.contains(&ip));
        if !allow_list.is_empty() && remote_ip.is_some_and(outside) {
            return Err(Denied::WrongAddress);
        }
        Ok(())
    }

    /// Whether its last use should be written down.
    pub(crate) fn use_is_worth_noting(&self, now: Timestamp) -> bool {
        let lives_by_use = matches!(self.kind, TokenKind::Refresh | TokenKind::LongLife);
        let noted_at = self.token.used_at.unwrap_or(self.token.created_at);
        lives_by_use && self.tenant_now(now).duration_since(noted_at) >= lifetimes::USE_NOTED_EVERY
    }

    /// The caller that requests see.
    pub(crate) async fn caller(self, tx: &mut Tx) -> store::Result<Result<Caller, Denied>> {
        let Some(client) = tx.get::<Client>(&[self.grant.client_id.into()]).await? else {
            return Ok(Err(Denied::Unknown));
        };
        let allow_list = match allow_list(&self.grant) {
            Ok(allow_list) => allow_list,
            Err(denied) => return Ok(Err(denied)),
        };
        let ends_at = self.ends_at();
        let allowed = match allowed(tx, &self).await? {
            Ok(allowed) => allowed,
            Err(denied) => return Ok(Err(denied)),
        };
        let name = match self.grant.device_name.as_str() {
            "" => client.name.as_str(),
            device_name => device_name,
        };
        Ok(Ok(Caller {
            client_id: client.id,
            client_name: name.into(),
            grant_id: self.grant.id,
            tenant_id: self.tenant.id,
            token_created_at: self.token.created_at,
            token_expires_at: ends_at,
            capabilities: Arc::new(with_clock(allowed.capabilities, self.tenant.sandbox)),
            scopes: allowed.scopes.into(),
            channels: allowed.channels.into(),
            organizations: self.grant.organizations.map(Into::into),
            linked_organizations: self.grant.linked_properties,
            allow_list: allow_list.into(),
            quota: allowed.quota,
            sandbox: self.tenant.sandbox,
            clock_offset_ms: self.tenant.clock_offset_ms,
        }))
    }
}

/// What a token allows at this moment.
pub(crate) struct Allowed {
    pub(crate) capabilities: Capabilities,
    pub(crate) scopes: Vec<String>,
    pub(crate) channels: Vec<(Id, Id)>,
    pub(crate) quota: crate::Quota,
}

/// What the grant says; where its client is an app, what is left of that today.
async fn allowed(tx: &mut Tx, found: &Found) -> store::Result<Result<Allowed, Denied>> {
    if let Some(allowed) = oauth::installations::allowed(tx, &found.grant, &found.token).await? {
        return Ok(allowed);
    }
    Ok(Ok(Allowed {
        capabilities: found.grant.capabilities.clone(),
        scopes: found.grant.scopes.clone(),
        channels: Vec::new(),
        quota: found.grant.quota,
    }))
}

/// Every client of a sandbox may move its clock, whatever it was granted; outside there is none to move.
fn with_clock(mut capabilities: Capabilities, sandbox: bool) -> Capabilities {
    if sandbox {
        capabilities.grant(capability::CLOCK_READ, Reach::Tenant);
        capabilities.grant(capability::CLOCK_WRITE, Reach::Tenant);
    } else {
        capabilities.revoke(capability::CLOCK_READ);
        capabilities.revoke(capability::CLOCK_WRITE);
    }
    capabilities
}

/// The networks of a grant. An entry that cannot be read lets nobody in, rather than everybody.
fn allow_list(stored: &Grant) -> Result<Vec<ipnet::IpNet>, Denied> {
    let networks: Result<Vec<_>, _> = stored
        .allow_list
        .iter()
        .map(|entry| grant::network(entry))
        .collect();
    networks.map_err(|error| {
        tracing::error!(grant_id = stored.id.get(), %error, "a stored allow list cannot be read");
        Denied::WrongAddress
    })
}
