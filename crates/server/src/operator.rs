//! Whoever runs the server, as an actor: for what the program itself does in a tenant.

use std::sync::Arc;

use domain::{
    access::{Actor, Capabilities, Reach},
    id::Id,
};
use jiff::Timestamp;

/// The client and the grant under which the program's own doings stand in the audit trail. No
/// client has this id: ids that are drawn are larger.
fn house() -> Id {
    Id::new(1).expect("1 is an id")
}

/// The operator in a tenant. `now` is the tenant's clock; `doing` names what is done, in the place
/// where the audit trail has a request id.
pub(crate) fn actor(tenant_id: Id, now: Timestamp, doing: &str) -> Actor {
    Actor {
        tenant_id,
        client_id: house(),
        grant_id: house(),
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now,
        request_id: doing.to_owned(),
    }
}
