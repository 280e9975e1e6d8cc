//! Whom to tell that a subscription was switched off, where its client named nobody.
//!
//! Whoever let the client in has to know: the user who consented to the app, or, where nobody did or that
//! user is gone, one who may change the tenant's account, which is what it takes to let apps in. Who that is
//! is found out when the mail is written, since people come and go.

use catalogue::{
    access::Grant,
    delivery::{Owner, Subscription},
    inventory::Organization,
    oauth::Installation,
    people::{Employee, User},
};
use domain::{access::capability, id::Id};
use store::{Condition, Tx};

use crate::{
    limits::{ORGANIZATIONS_LOOKED_AT, USERS_LOOKED_AT},
    mail::templates::language_among,
};

/// Whom to tell of a subscription; none where nobody may let apps in.
pub(crate) async fn owner_of(
    tx: &mut Tx,
    subscription: &Subscription,
) -> store::Result<Option<Owner>> {
    if let Some(named) = &subscription.owner {
        return Ok(Some(named.clone()));
    }
    let grant = tx.get::<Grant>(&[subscription.grant_id.into()]).await?;
    let within = grant.and_then(|grant| grant.organizations);
    let email = match consenting(tx, subscription).await? {
        Some(user) => Some(user.email),
        None => accountable(tx, subscription.tenant_id, within.as_deref()).await?,
    };
    let Some(email) = email else { return Ok(None) };
    let language = language(tx, subscription.tenant_id, within.as_deref()).await?;
    Ok(Some(Owner {
        email,
        language: language.to_owned(),
    }))
}

/// The user who consented last to the installation, as long as that user works for the tenant.
async fn consenting(tx: &mut Tx, subscription: &Subscription) -> store::Result<Option<User>> {
    let tenant_id = subscription.tenant_id;
    let key = [tenant_id.into(), subscription.grant_id.into()];
    let installation = tx.get::<Installation>(&key).await?;
    let Some(user_id) = installation.and_then(|one| one.user_id) else {
        return Ok(None);
    };
    let place = [tenant_id.into(), user_id.into()];
    match tx.get::<Employee>(&place).await? {
        Some(_) => open_user(tx, user_id).await,
        None => Ok(None),
    }
}

/// The address of a user who may change the tenant's account. Who reaches all that the subscription's grant
/// does comes first, and of those whoever has worked there the longest.
async fn accountable(
    tx: &mut Tx,
    tenant_id: Id,
    within: Option<&[Id]>,
) -> store::Result<Option<String>> {
    let there = Condition::Is("tenant_id", tenant_id.into());
    let order = "created_at, user_id";
    let mut employees = tx
        .find::<Employee>(&there, order, Some(USERS_LOOKED_AT), 0)
        .await?;
    employees.retain(|one| one.capabilities.contains(capability::ACCOUNTS_WRITE));
    employees.sort_by_key(|one| !reaches(one, within));
    for employee in employees {
        if let Some(user) = open_user(tx, employee.user_id).await? {
            return Ok(Some(user.email));
        }
    }
    Ok(None)
}

/// Whether somebody's place reaches all of these organizations; none are all of the tenant's.
fn reaches(employee: &Employee, within: Option<&[Id]>) -> bool {
    match (&employee.organizations, within) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(reached), Some(within)) => within.iter().all(|id| reached.contains(id)),
    }
}

/// A user whose account is open.
async fn open_user(tx: &mut Tx, user_id: Id) -> store::Result<Option<User>> {
    let user = tx.get::<User>(&[user_id.into()]).await?;
    Ok(user.filter(|user| user.closed_at.is_none()))
}

/// The language of the organizations that a grant reaches: the first one of the oldest that there are words
/// in.
async fn language(
    tx: &mut Tx,
    tenant_id: Id,
    within: Option<&[Id]>,
) -> store::Result<&'static str> {
    let mut known = vec![Condition::Is("tenant_id", tenant_id.into())];
    if let Some(within) = within {
        let ids = within.iter().map(|id| (*id).into()).collect();
        known.push(Condition::In("id", ids));
    }
    let oldest = tx
        .find::<Organization>(
            &Condition::All(known),
            "id",
            Some(ORGANIZATIONS_LOOKED_AT),
            0,
        )
        .await?;
    let own = oldest.iter().flat_map(|one| &one.details.locales);
    Ok(language_among(own.map(|locale| locale.as_str())))
}
