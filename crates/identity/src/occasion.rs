//! When, from where and in which request something is done.

use std::net::IpAddr;
use std::sync::Arc;

use domain::id::Id;
use jiff::Timestamp;
use store::hot::Stamp;

/// When, from where and in which request something is done.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The real clock.
    pub now: Timestamp,
    /// Where the request came from.
    pub remote_ip: IpAddr,
    /// The request, as the access log names it.
    pub request_id: Arc<str>,
}

impl Occasion {
    /// The stamp for the audit trail. What people do carries their id in place of a client's and a grant's.
    pub(crate) fn stamp(
        &self,
        tenant_id: Id,
        client_id: Id,
        grant_id: Id,
        tenant_now: Timestamp,
    ) -> Stamp {
        Stamp {
            tenant_id,
            client_id,
            grant_id,
            request_id: Arc::clone(&self.request_id),
            organizations: None,
            now: tenant_now,
        }
    }
}
