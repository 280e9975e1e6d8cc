//! Who stands behind something that leaves: an installation, with what it may read today.

use std::sync::Arc;

use domain::{
    access::{Actor, Capabilities, Reach},
    id::Id,
};
use identity::{BOOKING_EXPERTS_QUOTA, Caller, oauth::installations::Installed};
use jiff::Timestamp;

use crate::scopes;

/// An installation as a caller, with the capabilities that its words open.
pub fn caller(tenant_id: Id, installed: &Installed) -> Caller {
    let has = |word: &String| installed.scopes.contains(word);
    let granted = scopes::permissions()
        .into_iter()
        .filter(|known| has(&known.word));
    let opened: Vec<_> = granted
        .flat_map(|known| known.capabilities.iter().collect::<Vec<_>>())
        .collect();
    let links = installed.channels.iter();
    Caller {
        client_id: installed.app_id,
        client_name: installed.app_name.as_str().into(),
        grant_id: installed.id,
        tenant_id,
        capabilities: Arc::new(opened.into_iter().collect()),
        scopes: installed.scopes.clone().into(),
        organizations: installed.organizations.clone().map(Into::into),
        channels: links
            .map(|link| (link.organization_id, link.channel_id))
            .collect(),
        linked_organizations: false,
        allow_list: Arc::new([]),
        quota: BOOKING_EXPERTS_QUOTA,
        sandbox: false,
        clock_offset_ms: 0,
        token_created_at: installed.created_at,
        token_expires_at: None,
    }
}

/// The house itself, to find out what something is about. What it reads is shown to nobody.
pub fn house(tenant_id: Id, now: Timestamp) -> Actor {
    Actor {
        tenant_id,
        client_id: tenant_id,
        grant_id: tenant_id,
        capabilities: Arc::new(Capabilities::everything(Reach::Tenant)),
        organizations: None,
        now,
        request_id: "webhook".to_owned(),
    }
}
