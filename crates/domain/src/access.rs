//! Who may do what: one model of capabilities, into which every dialect translates its own words.
//!
//! A capability is an area, a facet and a verb, written `bookings.personal:read`; a caller holds a
//! set of them, each with how far it reaches. [`Actor`] is a caller as the use cases see it: its
//! capabilities, its tenant, and what time it is there.
//!
//! This module knows no tokens, passwords or endpoints. Start at [`Actor::may`].

pub mod capability;

use std::sync::Arc;

use crate::id::Id;
use crate::time::Timestamp;

pub use capability::{Area, Capabilities, Capability, Facet, Reach, UnknownCapability, Verb};

/// The caller of a use case, for the length of one request.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The tenant on whose rows the caller acts.
    pub tenant_id: Id,
    /// The program that calls.
    pub client_id: Id,
    /// The grant through which it calls.
    pub grant_id: Id,
    /// What it may do.
    pub capabilities: Arc<Capabilities>,
    /// The organizations it may know of; `None` means all of the tenant.
    pub organizations: Option<Arc<[Id]>>,
    /// The tenant's clock at the start of the request.
    pub now: Timestamp,
    /// The id under which the request appears in logs and the audit trail.
    pub request_id: String,
}

impl Actor {
    /// Whether the caller holds this capability, however far it reaches.
    #[must_use]
    pub fn may(&self, capability: Capability) -> bool {
        self.capabilities.contains(capability)
    }

    /// How far this capability of the caller reaches, or `None` when it does not hold it.
    #[must_use]
    pub fn reach(&self, capability: Capability) -> Option<Reach> {
        self.capabilities.reach(capability)
    }

    /// Whether the caller may know of this organization of its tenant.
    #[must_use]
    pub fn reaches(&self, organization_id: Id) -> bool {
        match &self.organizations {
            None => true,
            Some(organizations) => organizations.contains(&organization_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    fn actor(organizations: Option<Arc<[Id]>>) -> Actor {
        let capabilities = Capabilities::none().with(capability::BOOKINGS_READ, Reach::Tenant);
        Actor {
            tenant_id: id(1),
            client_id: id(2),
            grant_id: id(3),
            capabilities: Arc::new(capabilities),
            organizations,
            now: Timestamp::UNIX_EPOCH,
            request_id: "r-1".into(),
        }
    }

    #[test]
    fn an_actor_may_what_its_capabilities_say_and_nothing_else() {
        let actor = actor(None);
        assert!(actor.may(capability::BOOKINGS_READ));
        assert!(!actor.may(capability::BOOKINGS_WRITE));
        assert!(!actor.may(capability::BOOKINGS_PERSONAL_READ));
        assert_eq!(actor.reach(capability::BOOKINGS_READ), Some(Reach::Tenant));
    }

    #[test]
    fn an_actor_without_a_list_reaches_the_whole_tenant_and_with_an_empty_one_nothing() {
        assert!(actor(None).reaches(id(9)));
        assert!(actor(Some([id(8), id(9)].into())).reaches(id(9)));
        assert!(!actor(Some([id(8)].into())).reaches(id(9)));
        assert!(!actor(Some([].into())).reaches(id(9)));
    }
}
