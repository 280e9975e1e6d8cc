//! Makes installations and renews them, within the transaction of whoever does.

use std::collections::BTreeSet;

use catalogue::access::Grant;
use catalogue::inventory::Organization;
use catalogue::oauth::{App, Installation};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::events::EventRow;
use store::{Condition, Tx};

use super::{How, MOST_ORGANIZATIONS};
use crate::Occasion;
use crate::oauth::{families, scopes};

/// The installation of an app in a tenant, of this kind.
pub(crate) async fn find(
    tx: &mut Tx,
    app_id: Id,
    tenant_id: Id,
    how: How,
) -> store::Result<Option<Installation>> {
    let condition = Condition::All(vec![
        Condition::Is("app_id", app_id.into()),
        Condition::Is("tenant_id", tenant_id.into()),
        Condition::Is("how", how.as_str().into()),
    ]);
    Ok(tx
        .find::<Installation>(&condition, "", Some(1), 0)
        .await?
        .pop())
}

/// Whether these are organizations of the tenant, each once.
pub(crate) async fn are_organizations(
    tx: &mut Tx,
    tenant_id: Id,
    organizations: &[Id],
) -> store::Result<bool> {
    let distinct: BTreeSet<Id> = organizations.iter().copied().collect();
    if distinct.len() != organizations.len()
        || organizations.is_empty()
        || organizations.len() > MOST_ORGANIZATIONS
    {
        return Ok(false);
    }
    for id in distinct {
        let key = [tenant_id.into(), id.into()];
        if tx.get::<Organization>(&key).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What an installation is made or renewed with.
pub(crate) struct Terms<'t> {
    pub(crate) tenant_id: Id,
    pub(crate) app: &'t App,
    pub(crate) how: How,
    pub(crate) user_id: Option<Id>,
    pub(crate) scopes: Vec<String>,
    pub(crate) organizations: Option<Vec<Id>>,
}

/// Makes an installation, or renews the one there is on new terms. The app's row has to be locked. A
/// cancelled one comes back without any token that it had.
pub(crate) async fn install(
    tx: &mut Tx,
    ids: &IdSource,
    terms: Terms<'_>,
    occasion: &Occasion,
    tenant_now: Timestamp,
) -> store::Result<Id> {
    match known(tx, &terms).await? {
        Some((installation, grant)) => renew(tx, installation, grant, terms, tenant_now).await,
        None => make(tx, ids, terms, occasion.now, tenant_now).await,
    }
}

/// The installation that is there, with its grant. They are locked in the order in which all others lock them.
async fn known(tx: &mut Tx, terms: &Terms<'_>) -> store::Result<Option<(Installation, Grant)>> {
    let Some(found) = find(tx, terms.app.id, terms.tenant_id, terms.how).await? else {
        return Ok(None);
    };
    let key = [terms.tenant_id.into(), found.id.into()];
    let installation = tx.get_locked::<Installation>(&key).await?;
    let grant = tx.get_locked::<Grant>(&[found.id.into()]).await?;
    Ok(installation.zip(grant))
}

async fn renew(
    tx: &mut Tx,
    mut installation: Installation,
    mut grant: Grant,
    terms: Terms<'_>,
    tenant_now: Timestamp,
) -> store::Result<Id> {
    if installation.cancelled_at.take().is_some() {
        families::revoke_all(tx, grant.id, tenant_now).await?;
        installation.channels.clear();
    }
    installation.user_id = terms.user_id;
    let reached = terms.organizations.as_deref();
    installation
        .channels
        .retain(|link| reached.is_none_or(|reached| reached.contains(&link.organization_id)));
    grant.revoked_at = None;
    grant.capabilities = scopes::opened(scopes::permissions(terms.app, &terms.scopes));
    grant.scopes = terms.scopes;
    grant.organizations = terms.organizations;
    tx.update(&mut installation).await?;
    tx.update(&mut grant).await?;
    Ok(grant.id)
}

async fn make(
    tx: &mut Tx,
    ids: &IdSource,
    terms: Terms<'_>,
    now: Timestamp,
    tenant_now: Timestamp,
) -> store::Result<Id> {
    let id = ids.next(now);
    tx.insert(&[Grant {
        id,
        tenant_id: terms.tenant_id,
        client_id: terms.app.id,
        dialect: terms.app.dialect.clone(),
        created_at: tenant_now,
        revoked_at: None,
        capabilities: scopes::opened(scopes::permissions(terms.app, &terms.scopes)),
        scopes: terms.scopes,
        organizations: terms.organizations,
        allow_list: Vec::new(),
        quota: terms.app.quota,
        device_name: String::new(),
        linked_properties: false,
    }])
    .await?;
    tx.insert(&[Installation {
        tenant_id: terms.tenant_id,
        id,
        app_id: terms.app.id,
        how: terms.how.as_str().to_owned(),
        created_at: tenant_now,
        cancelled_at: None,
        version: 1,
        user_id: terms.user_id,
        channels: Vec::new(),
    }])
    .await?;
    Ok(id)
}

/// Writes into the audit trail what was done to an installation. Subscribers are not told.
pub(crate) async fn note(
    tx: &mut Tx,
    ids: &IdSource,
    occasion: &Occasion,
    (tenant_id, app_id, installation_id): (Id, Id, Id),
    event: &'static str,
    tenant_now: Timestamp,
) -> store::Result<()> {
    let stamp = occasion.stamp(tenant_id, app_id, installation_id, tenant_now);
    let id = ids.next(occasion.now);
    let event = EventRow::new(&stamp, id, event, installation_id, tenant_id, false);
    tx.record(&[event]).await
}
