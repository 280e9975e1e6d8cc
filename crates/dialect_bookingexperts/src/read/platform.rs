//! The organization that has installed the app, and its subscription: there is one of each, without id.

use domain::id::Id;
use http_kit::{Answer, Call, Refusal};
use identity::oauth::Untrusted;
use jsonapi::{Row, Rules};
use service::{content::TenantProfile, inventory::Organization};

use super::{Writing, begin, needs_word, parse};
use crate::errors::{not_found, refused};
use crate::kinds::{platform::SUBSCRIPTION, structure::ORGANIZATION};
use crate::{rows::platform as rows, state::State};
use domain::access::capability;

/// The organization.
///
/// # Errors
/// The refusal.
pub async fn organization(state: State, call: Call) -> Result<Answer, Refusal> {
    needs_word(&call, &ORGANIZATION)?;
    let query = parse(&call, &Rules::one(&state.schema, &ORGANIZATION))?;
    let tenant_id = call.actor.tenant_id;
    let tenant = state.service.tenant(tenant_id).await.map_err(refused)?;
    let tenant = tenant.ok_or_else(|| not_found("organization"))?;
    let look = begin(&state, &call, &query).await?;
    let profile = look.reading.one::<TenantProfile>(tenant_id).await;
    let profile = profile.map_err(refused)?;
    let row = rows::organization(tenant_id, &tenant.name, profile.as_ref());
    finish(&state, &call, &query, look, row).await
}

/// The installation that is calling, with the administrations that it was granted.
///
/// # Errors
/// 404 for a credential that belongs to no installation.
pub async fn subscription(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &SUBSCRIPTION))?;
    let (tenant_id, grant_id) = (call.actor.tenant_id, call.actor.grant_id);
    let installed = state.oauth.installation(tenant_id, grant_id).await;
    let installed = installed.map_err(|error| refused(error.into()))?;
    let installed = installed.ok_or_else(|| not_found("subscription"))?;
    // A look holds a connection, so whatever takes another one comes before it.
    let tenant = state.service.tenant(tenant_id).await.map_err(refused)?;
    let page = state.oauth.installation_link(&installed.app_client_id);
    let page = match page.await {
        Ok(page) => Some(page),
        Err(Untrusted::Unavailable { retry_after_s }) => {
            return Err(Refusal::Busy { retry_after_s });
        }
        // An app that nobody can be sent to allow has no page here.
        Err(_) => None,
    };
    let mut look = begin(&state, &call, &query).await?;
    look.tenant = tenant.map(|tenant| tenant.name);
    let may_read = call.actor.may(capability::PROPERTIES_READ);
    let places: Vec<Organization> = match &installed.organizations {
        _ if !may_read => Vec::new(),
        Some(granted) => look.reading.by_ids(granted).await.map_err(refused)?,
        None => {
            let all = service::records::Query::<Organization>::new();
            let page = look.reading.page(&all, service::PageOf::first(1_000)).await;
            page.map_err(refused)?.rows
        }
    };
    let granted: Vec<Id> = match &installed.organizations {
        Some(granted) => granted.clone(),
        None => places.iter().map(|place| place.id).collect(),
    };
    let mut row = rows::subscription(tenant_id, &installed, &granted);
    row.set("user_locale", rows::locale_of(places));
    let row = match page {
        Some(page) => row.with_link("url", page),
        None => row,
    };
    finish(&state, &call, &query, look, row).await
}

async fn finish(
    state: &State,
    call: &Call,
    query: &jsonapi::Query,
    look: super::Look<'_>,
    row: Row,
) -> Result<Answer, Refusal> {
    let writing = Writing {
        state,
        call,
        query,
        locale: None,
    };
    let primary = std::slice::from_ref(&row);
    writing
        .answer(look, primary, |view, rows, related| {
            view.single(rows.first(), related)
        })
        .await
}
