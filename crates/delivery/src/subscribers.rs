//! Who is behind a subscription, and what they may know today.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use catalogue::{
    ColumnKind, Row, Value,
    access::Grant,
    delivery::Subscription,
    oauth::{App, Installation},
};
use domain::{
    access::{Actor, Capabilities},
    id::Id,
};
use jiff::Timestamp;
use store::{Condition, Tx};

/// A subscription with the caller behind it.
#[derive(Clone)]
pub(crate) struct Subscriber {
    pub(crate) subscription: Subscription,
    pub(crate) actor: Actor,
}

/// Adds the callers behind subscriptions, and leaves out those whose grant was taken back or whose app was
/// halted. `clocks` says what time it is for each tenant.
pub(crate) async fn with_grants(
    tx: &mut Tx,
    subscriptions: Vec<Subscription>,
    clocks: &HashMap<Id, Timestamp>,
) -> store::Result<Vec<Subscriber>> {
    let ids = distinct(subscriptions.iter().map(|of| of.grant_id));
    let grants = tx
        .find::<Grant>(&Condition::In("id", ids), "", None, 0)
        .await?;
    let apps = Apps::of(tx, &grants).await?;
    let grants: HashMap<Id, Grant> = grants.into_iter().map(|grant| (grant.id, grant)).collect();
    let with_grant = |subscription: Subscription| {
        let grant = grants.get(&subscription.grant_id)?;
        let is_good = grant.revoked_at.is_none() && grant.tenant_id == subscription.tenant_id;
        let now = *clocks.get(&subscription.tenant_id)?;
        let capabilities = apps.allow(grant).filter(|_| is_good)?;
        Some(Subscriber {
            actor: actor(grant, capabilities, now),
            subscription,
        })
    };
    Ok(subscriptions.into_iter().filter_map(with_grant).collect())
}

fn distinct(ids: impl Iterator<Item = Id>) -> Vec<Value> {
    let ids: BTreeSet<Id> = ids.collect();
    ids.into_iter().map(Value::from).collect()
}

/// The apps among clients. What an app's installation may do is not what its grant says alone: the app may
/// have lost it since.
struct Apps {
    apps: HashMap<Id, App>,
    /// The installations that follow their app.
    following: HashSet<Id>,
}

impl Apps {
    async fn of(tx: &mut Tx, grants: &[Grant]) -> store::Result<Self> {
        let ids = distinct(grants.iter().map(|grant| grant.client_id));
        let apps = tx
            .find::<App>(&Condition::In("id", ids), "", None, 0)
            .await?;
        let apps: HashMap<Id, App> = apps.into_iter().map(|app| (app.id, app)).collect();
        let rows: Vec<Row> = grants
            .iter()
            .filter(|grant| apps.contains_key(&grant.client_id))
            .map(|grant| vec![grant.tenant_id.into(), grant.id.into()])
            .collect();
        let by = [("tenant_id", ColumnKind::Int), ("id", ColumnKind::Int)];
        let installations = tx.find_each::<Installation>(&by, &rows).await?;
        let following = installations.iter().filter(|one| one.follows_app());
        Ok(Self {
            following: following.map(|one| one.id).collect(),
            apps,
        })
    }

    /// What a grant allows today; nothing at all while its app is halted.
    fn allow(&self, grant: &Grant) -> Option<Capabilities> {
        let Some(app) = self.apps.get(&grant.client_id) else {
            return Some(grant.capabilities.clone());
        };
        let follows_app = self.following.contains(&grant.id);
        let permissions = app.in_force(follows_app, &grant.scopes);
        let opened = permissions.flat_map(|one| one.capabilities.iter());
        app.halted_at.is_none().then(|| opened.collect())
    }
}

/// A grant as a caller.
fn actor(grant: &Grant, capabilities: Capabilities, now: Timestamp) -> Actor {
    Actor {
        tenant_id: grant.tenant_id,
        client_id: grant.client_id,
        grant_id: grant.id,
        capabilities: Arc::new(capabilities),
        organizations: grant.organizations.clone().map(Into::into),
        now,
        request_id: "delivery".to_owned(),
    }
}
