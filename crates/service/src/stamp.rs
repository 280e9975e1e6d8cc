//! A caller, as the store stamps rows with it.

use domain::access::Actor;
use store::{Condition, Value, hot::Stamp};

/// The stamp of this caller's changes.
pub(crate) fn stamp(actor: &Actor) -> Stamp {
    Stamp {
        tenant_id: actor.tenant_id,
        client_id: actor.client_id,
        grant_id: actor.grant_id,
        request_id: actor.request_id.as_str().into(),
        organizations: actor.organizations.clone(),
        now: actor.now,
    }
}

/// What the caller reaches, as a condition on rows that name their organization in `column`.
pub(crate) fn reached(actor: &Actor, column: &'static str) -> Condition {
    let tenant = Condition::Is("tenant_id", actor.tenant_id.into());
    match &actor.organizations {
        None => tenant,
        Some(organizations) => {
            let ids = organizations.iter().map(|id| Value::from(*id)).collect();
            Condition::All(vec![tenant, Condition::In(column, ids)])
        }
    }
}
