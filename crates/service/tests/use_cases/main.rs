//! What the use cases promise, on both engines.
#![cfg(test)]

mod calendar;
mod hotel;
mod properties;
mod records;
mod search;

use std::sync::Arc;

use service::domain::access::{Actor, Capabilities, Capability, Reach};
use testkit::Scene;

/// Somebody who may do just this for the whole tenant.
pub fn who_may(scene: &Scene, capabilities: &[Capability]) -> Actor {
    let none = Capabilities::default();
    let all = capabilities
        .iter()
        .fold(none, |all, one| all.with(*one, Reach::Tenant));
    Actor {
        tenant_id: scene.tenant_id,
        client_id: scene.client_id,
        grant_id: scene.grant_id,
        capabilities: Arc::new(all),
        organizations: None,
        now: scene.clock.now(),
        request_id: "test".into(),
    }
}
