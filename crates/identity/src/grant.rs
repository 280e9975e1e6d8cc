//! What is granted: the input from which a client and its grant are made.

use std::net::IpAddr;

use catalogue::access::{Client, Grant};
use domain::access::{Capabilities, Verb};
use domain::id::Id;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::Quota;

/// A grant to be made, with the client that will hold it.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// The tenant that grants.
    pub tenant_id: Id,
    /// The dialect for which it is good.
    pub dialect: &'static str,
    /// The client's name, for the operator.
    pub client_name: String,
    /// What it allows.
    pub capabilities: Capabilities,
    /// The dialect's words for that, to be shown back.
    pub scopes: Vec<String>,
    /// The organizations it is limited to; `None` for the whole tenant.
    pub organizations: Option<Vec<Id>>,
    /// Addresses or networks it may be used from; empty for any.
    pub allow_list: Vec<String>,
    /// How often it may call.
    pub quota: Quota,
    /// Whether organizations linked from other accounts are included.
    pub linked_organizations: bool,
}

/// An entry of an allow list that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is neither an address such as 203.0.113.7 nor a network such as 203.0.113.0/24")]
pub struct BadNetwork(pub String);

/// An entry of an allow list: an address, or a network in CIDR notation.
///
/// # Errors
/// When it is neither.
pub fn network(text: &str) -> Result<IpNet, BadNetwork> {
    let text = text.trim();
    let address = text
        .parse::<IpAddr>()
        .map(|address| IpNet::from(address.to_canonical()));
    address
        .or_else(|_| text.parse::<IpNet>())
        .map_err(|_| BadNetwork(text.to_owned()))
}

impl NewGrant {
    /// The same, with nothing but reading left.
    #[must_use]
    pub(crate) fn reading_only(mut self) -> NewGrant {
        let mut reading = Capabilities::none();
        for (capability, reach) in self.capabilities.iter() {
            if capability.verb == Verb::Read {
                reading.grant(capability, reach);
            }
        }
        self.capabilities = reading;
        self
    }

    /// # Errors
    /// The first entry of the allow list that is no network.
    pub(crate) fn check(&self) -> Result<(), BadNetwork> {
        self.allow_list
            .iter()
            .try_for_each(|entry| network(entry).map(|_| ()))
    }

    pub(crate) fn client(&self, id: Id, now: Timestamp) -> Client {
        Client {
            id,
            name: self.client_name.clone(),
            created_at: now,
        }
    }

    pub(crate) fn grant(&self, id: Id, client_id: Id, tenant_now: Timestamp) -> Grant {
        Grant {
            id,
            tenant_id: self.tenant_id,
            client_id,
            dialect: self.dialect.to_owned(),
            created_at: tenant_now,
            revoked_at: None,
            capabilities: self.capabilities.clone(),
            scopes: self.scopes.clone(),
            organizations: self.organizations.clone(),
            allow_list: self.allow_list.clone(),
            quota: self.quota,
            device_name: String::new(),
            linked_properties: self.linked_organizations,
        }
    }
}
