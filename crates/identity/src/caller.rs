//! The caller of one request: a token, looked up and turned into what the rest of the program needs.

use std::net::IpAddr;
use std::sync::Arc;

use domain::access::{Actor, Capabilities, Capability};
use domain::id::Id;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::oauth::AccessRefused;
use crate::{Quota, lifetimes};

/// What a valid credential stands for. It is shared between requests, so it holds nothing that
/// changes from one call to the next.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The program that calls.
    pub client_id: Id,
    /// How its owner named it, such as a device name. Shown to the operator, never trusted.
    pub client_name: Arc<str>,
    /// What it was granted; the quota is counted per grant.
    pub grant_id: Id,
    /// The tenant it acts in.
    pub tenant_id: Id,
    /// What it may do.
    pub capabilities: Arc<Capabilities>,
    /// The scope words with which it was granted, in its dialect's spelling, for showing back.
    pub scopes: Arc<[String]>,
    /// The organizations it reaches; `None` is the whole tenant.
    pub organizations: Option<Arc<[Id]>>,
    /// The channels of an app's installation: which organization granted which one.
    pub channels: Arc<[(Id, Id)]>,
    /// Whether organizations linked from other accounts were granted too.
    pub linked_organizations: bool,
    /// The addresses it may call from; empty is everywhere.
    pub allow_list: Arc<[IpNet]>,
    /// How often it may call.
    pub quota: Quota,
    /// Whether its tenant is a sandbox, whose clock its clients may move.
    pub sandbox: bool,
    /// How far the tenant's clock is ahead of the real one, in milliseconds; 0 outside sandboxes.
    pub clock_offset_ms: i64,
    /// When the token was made, by the tenant's clock.
    pub token_created_at: Timestamp,
    /// When the token ends, by the tenant's clock; `None` for keys that end only by revocation.
    pub token_expires_at: Option<Timestamp>,
}

impl Caller {
    /// The tenant's clock, given the real one. A clock moved past the end of time stands still there.
    #[must_use]
    pub fn tenant_now(&self, now: Timestamp) -> Timestamp {
        lifetimes::tenant_now(now, self.clock_offset_ms)
    }

    /// Whether the token has ended, given the real clock.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.token_expires_at
            .is_some_and(|end| self.tenant_now(now) >= end)
    }

    /// Whether the grant allows calls from this address.
    #[must_use]
    pub fn allows_address(&self, address: IpAddr) -> bool {
        self.allow_list.is_empty() || self.allow_list.iter().any(|net| net.contains(&address))
    }

    /// Whether the grant holds this capability, with any reach.
    #[must_use]
    pub fn may(&self, capability: Capability) -> bool {
        self.capabilities.contains(capability)
    }

    /// # Errors
    /// [`AccessRefused::OrganizationNotGranted`] when this organization was not granted.
    pub fn needs_organization(&self, organization_id: Id) -> Result<(), AccessRefused> {
        let reached = self.organizations.as_deref();
        if reached.is_none_or(|reached| reached.contains(&organization_id)) {
            return Ok(());
        }
        Err(AccessRefused::OrganizationNotGranted)
    }

    /// # Errors
    /// [`AccessRefused::ChannelNotGranted`] when no granted organization granted this channel.
    pub fn needs_channel(&self, channel_id: Id) -> Result<(), AccessRefused> {
        let granted = |(organization_id, granted): &(Id, Id)| {
            *granted == channel_id && self.needs_organization(*organization_id).is_ok()
        };
        if self.channels.iter().any(granted) {
            return Ok(());
        }
        Err(AccessRefused::ChannelNotGranted)
    }

    /// # Errors
    /// [`AccessRefused::ScopeMissing`] with the words that would do, when none of them was granted.
    pub fn needs_scope(&self, acceptable: &[&str]) -> Result<(), AccessRefused> {
        if self
            .scopes
            .iter()
            .any(|scope| acceptable.contains(&scope.as_str()))
        {
            return Ok(());
        }
        let acceptable = acceptable.iter().map(|word| (*word).to_owned()).collect();
        Err(AccessRefused::ScopeMissing { acceptable })
    }

    /// The actor that use cases see, at this moment of the real clock.
    #[must_use]
    pub fn actor(&self, now: Timestamp, request_id: String) -> Actor {
        Actor {
            tenant_id: self.tenant_id,
            client_id: self.client_id,
            grant_id: self.grant_id,
            capabilities: Arc::clone(&self.capabilities),
            organizations: self.organizations.clone(),
            now: self.tenant_now(now),
            request_id,
        }
    }
}
